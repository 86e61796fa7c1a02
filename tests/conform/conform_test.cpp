// The judge of test vectors: what it reads, what it refuses to read, what it
// lets pass, and which planted faults it finds.

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "judge.h"
#include "number.h"
#include "oracle/rounding.h"
#include "oracle_answers.h"
#include "subject.h"
#include "surprisal/sigmoid/sigmoid_oracle.h"
#include "vectors.h"

namespace surprisal::conform {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

/// The double, or the number of a narrower type, that a text is read as.
double Read(const std::string& text, Dtype dtype = Dtype::kF64) {
  return Nearest(ReadNumber(text), dtype);
}

TEST_CASE("decimal and hex texts are read to the nearest number") {
  CHECK(Read("0.1") == 0.1);
  CHECK(Read("-.5") == -0.5);
  CHECK(Read("+1.e2") == 100);
  CHECK(Read("0010") == 10);
  CHECK(Read("0x1.8p-3") == 0x1.8p-3);
  CHECK(Read("-0X.8P1") == -1);
  CHECK(Read("0xff") == 255);
  CHECK(Read("4.9406564584124654e-324") == 0x1p-1074);
  CHECK(Read("1e400") == kInf);
  CHECK(Read("-Inf") == -kInf);
  CHECK(std::isnan(Read("NaN")));
  CHECK(std::signbit(Read("-0")));
  CHECK(Read("0.1", Dtype::kF32) == double{0.1f});
  CHECK(Read("0.1", Dtype::kF16) == 0x1.998p-4);
  CHECK(Read("0.1", Dtype::kBF16) == 0x1.9ap-4);
}

TEST_CASE("a text is rounded once, however many digits it has") {
  // Just above the middle between 1 and the next float; as a double, on it.
  const std::string above = "1.000000059604644775390625" + std::string(50, '0');
  CHECK(Read(above, Dtype::kF32) == 1);
  CHECK(Read(above + "1", Dtype::kF32) == 1 + 0x1p-23);
  // Beyond the 100 digits of an Exact.
  CHECK(Read(above + std::string(700, '0') + "1", Dtype::kF32) == 1 + 0x1p-23);
  CHECK(Read("0x1.000001" + std::string(300, '0') + "1", Dtype::kF32) ==
        1 + 0x1p-23);
  CHECK(Read("0x1.00000100", Dtype::kF32) == 1);
}

TEST_CASE("what is written is read as the same number") {
  for (const char* text : {"0.5", "-2.5e-7", "nan", "-inf", "1e300"}) {
    CHECK(WriteNumber(ReadNumber(WriteNumber(ReadNumber(text), 40)), 40) ==
          WriteNumber(ReadNumber(text), 40));
  }
  CHECK(WriteNumber(Exact(0.5), 40) == "0.5");
  CHECK(WriteNumber(ldexp(Exact(-1), -1000000), 40) == "-1e-9999");
  CHECK(WriteNumber(ldexp(Exact(1), 1000000), 40) == "1e9999");
}

TEST_CASE("a text that is no number is refused by name") {
  for (const std::string text : {"", ".", "e5", "1e", "0x", "1,5", "1 ", "--1",
                                 "infinity", "1e999999", "0x1.8q3"}) {
    CAPTURE(text);
    const std::string start = "'" + text + "' is not a number";
    std::string said;
    try {
      ReadNumber(text);
    } catch (const std::invalid_argument& error) {
      said = error.what();
    }
    CHECK(said.substr(0, start.size()) == start);
  }
}

/// A file of one case with these members.
std::string FileWith(const std::string& members) {
  return R"({"schema": "surprisal-vectors/1", "source": "test", "cases": [{)" +
         members + "}]}";
}

/// A softmax of [1, 2] with further members.
std::string Softmax(const std::string& more) {
  return FileWith(
      R"("id": "a", "op": "softmax", "dtype": "f32", "shape": [1, 2],
         "logits": ["1", "2"])" +
      more);
}

std::string Loss(const std::string& more) {
  return FileWith(
      R"("id": "a", "op": "cross_entropy", "dtype": "f32", "shape": [2, 2],
         "logits": ["1", "2", "3", "4"], "want": {"loss": ["1"]})" +
      more);
}

std::string Refusal(const std::string& text) {
  try {
    ParseVectors(text, "file.json");
  } catch (const InvalidVectors& error) {
    return error.what();
  }
  return "accepted";
}

struct BadFile {
  std::string text;
  std::string said;
};

const std::string kHalves = R"(, "want": {"probs": ["0.5", "0.5"]})";

const BadFile kBadFiles[] = {
    {"{", "file.json: parse error at line 1, column 2"},
    {"[]", "file.json: is not an object"},
    {R"({"schema": "surprisal-vectors/2"})",
     "file.json: unknown schema 'surprisal-vectors/2'"},
    {R"({"schema": "surprisal-vectors/1", "source": "s", "case": []})",
     "file.json: unknown key 'case'"},
    {FileWith(R"("id": "a", "id": "b")"),
     "file.json: in or after the case \"a\": the key 'id' stands twice"},
    {FileWith(R"("op": "exp")"), "file.json: cases[0]: lacks 'id'"},
    {Softmax(""), "file.json: cases[0] (a): lacks 'want'"},
    {Softmax(kHalves + R"(, "wants": {})"),
     "file.json: cases[0] (a): unknown key 'wants'"},
    {Softmax(R"(, "want": {})"), "cases[0] (a).want: asks for nothing"},
    {Softmax(R"(, "want": {"prob": "oracle"})"),
     "cases[0] (a).want: unknown output 'prob'; it is one of: probs "
     "d_logits"},
    {Softmax(R"(, "want": {"probs": ["0.5"]})"),
     "cases[0] (a).want.probs: has 1 values where the shape needs 2"},
    {Softmax(R"(, "want": {"probs": ["0.5", "x"]})"),
     "cases[0] (a).want.probs[1]: 'x' is not a number"},
    {Softmax(R"(, "want": {"probs": ["0.5", 0.5]})"),
     "cases[0] (a).want.probs[1]: is 0.5 where a string is needed"},
    {Softmax(R"(, "want": {"probs": [{"repeat": ["0", 3]}]})"),
     "cases[0] (a).want.probs[0]: is one more than the shape has room for"},
    {Softmax(R"(, "want": {"error": "x", "probs": "oracle"})"),
     "cases[0] (a).want: unknown key 'probs'"},
    {Softmax(kHalves + R"(, "flags": ["Offfset"])"),
     "cases[0] (a).flags: unknown flag 'Offfset'; it is one of: Binary"},
    {Softmax(kHalves + R"(, "options": {"temprature": "2"})"),
     "cases[0] (a).options: unknown option 'temprature'; it is one of: "
     "temperature"},
    {Softmax(kHalves + R"(, "options": {"reduction": "sum"})"),
     "cases[0] (a).options: unknown option 'reduction'"},
    {Softmax(kHalves + R"(, "max_ulp": "exakt")"),
     "cases[0] (a).max_ulp: is \"exakt\" where a number of at least 0"},
    {Softmax(kHalves + R"(, "max_ulp": -1)"), "cases[0] (a).max_ulp: is -1"},
    {Softmax(kHalves + R"(, "x": ["1"])"),
     "cases[0] (a): softmax takes logits, or logits and mask; given are: x "
     "logits"},
    {Softmax(kHalves + R"(, "upstream": ["1"])"),
     "cases[0] (a).upstream: has 1 values where the shape needs 2"},
    {FileWith(R"("id": "a", "op": "softmux", "dtype": "f32")"),
     "cases[0] (a).op: unknown op 'softmux'; it is one of: exp log"},
    {FileWith(R"("id": "a", "op": "exp", "dtype": "f8")"),
     "cases[0] (a).dtype: unknown dtype 'f8'; it is one of: f32 f64 f16"},
    {FileWith(R"("id": "a", "op": "exp", "dtype": "f32", "x": [],
                   "shape": [4294967295, 4294967295])"),
     "cases[0] (a).shape[0]: makes more than 67108864 elements"},
    {FileWith(R"("id": "a", "op": "exp", "dtype": "f32", "x": [],
                   "shape": [-1])"),
     "cases[0] (a).shape[0]: is -1 where an integer in [0, 4294967295]"},
    {Loss(R"(, "labels": [0])"),
     "cases[0] (a).labels: has 1 values where the shape needs 2"},
    {Loss(R"(, "labels": [0, 2147483648])"),
     "cases[0] (a).labels[1]: is 2147483648 where an integer in "
     "[-2147483648, 2147483647]"},
    {Loss(R"(, "labels": [0, 1], "upstream": ["1"])"),
     "cases[0] (a).upstream: a loss has the upstream gradient 1"},
    {Loss(R"(, "labels": [0, 1], "options": {"reduction": "avg"})"),
     "cases[0] (a).options.reduction: unknown reduction 'avg'"},
    {Loss(R"(, "labels": [0, 1], "options": {"class_weights": ["1"]})"),
     "cases[0] (a).options.class_weights: has 1 values where the shape needs "
     "2"},
};

TEST_CASE("a file that is not valid is refused with the place") {
  for (const BadFile& file : kBadFiles) {
    const std::string said = Refusal(file.text);
    CAPTURE(file.text);
    CAPTURE(file.said);
    CAPTURE(said);
    CHECK(said.find(file.said) != std::string::npos);
    CHECK(said.starts_with("file.json: "));
  }
}

TEST_CASE("an id may not stand twice in a file") {
  const std::string one = R"({"id": "a", "op": "exp", "dtype": "f32",
    "shape": [1], "x": ["0"], "want": {"exp": ["1"]}})";
  CHECK(
      Refusal(R"({"schema": "surprisal-vectors/1", "source": "s", "cases": [)" +
              one + "," + one + "]}") ==
      "file.json: cases[1]: the id 'a' is taken by a case before it");
}

TEST_CASE("a shape of one number is one row, further ones are pixels") {
  const auto shape_of = [](const std::string& shape, const std::string& list) {
    const std::string text = FileWith(
        R"("id": "a", "op": "softmax", "dtype": "f32", "shape": )" + shape +
        R"(, "logits": )" + list + R"(, "want": {"probs": "oracle"})");
    return ParseVectors(text, "file.json").cases[0].shape;
  };
  const Shape row = shape_of("[2]", R"(["1", "2"])");
  CHECK(row.images == 1);
  CHECK(row.classes == 2);
  CHECK(row.pixels == 1);
  const Shape images = shape_of("[2, 3, 2, 5]", R"([{"repeat": ["0", 60]}])");
  CHECK(images.images == 2);
  CHECK(images.classes == 3);
  CHECK(images.pixels == 10);
}

/// The function that the subject of a test answers with.
std::function<int(const SurprisalRequest&)> answer_of_test;

int AnswerOfTest(const SurprisalRequest* request, char* message, size_t size) {
  std::snprintf(message, size, "labels[0] is wrong");
  return answer_of_test(*request);
}

/// What the judge says of a subject that answers so, on one case.
Verdict JudgeOne(const std::string& text,
                 const std::function<int(const SurprisalRequest&)>& answer) {
  answer_of_test = answer;
  const VectorFile file = ParseVectors(text, "file.json");
  return Judge({"test", AnswerOfTest}, file.cases[0]);
}

std::string FirstFinding(const Verdict& verdict) {
  return verdict.Passed() ? "passed" : verdict.findings[0].Text();
}

/// A subject whose softmax is just this.
template <class T>
auto Answers(const std::vector<T>& probs) {
  return [probs](const SurprisalRequest& q) {
    std::copy(probs.begin(), probs.end(), static_cast<T*>(q.out.probs));
    return int{SURPRISAL_ANSWERED};
  };
}

TEST_CASE("a float must be the nearest one, bit for bit") {
  const std::string file = Softmax(R"(, "want": {"probs": ["0.1", "0"]})");
  CHECK(JudgeOne(file, Answers<float>({0.1f, 0})).Passed());
  CHECK(JudgeOne(file, Answers<float>({0.1f, -0.0f})).Passed());
  const float next = std::nextafter(0.1f, 1.0f);
  CHECK(FirstFinding(JudgeOne(file, Answers<float>({next, 0}))) ==
        "probs[0]: asked 0.1, got 0x1.99999cp-4 (0.100000009), 1.2 ulp off");
  CHECK_FALSE(JudgeOne(file, Answers<float>({0.1f, 0x1p-149f})).Passed());
  CHECK_FALSE(JudgeOne(file, Answers<float>({NAN, 0})).Passed());
}

TEST_CASE("a double may be one unit away, or what the case allows") {
  std::string file = Softmax(R"(, "want": {"probs": ["1", "nan"]})");
  file.replace(file.find("f32"), 3, "f64");
  CHECK(JudgeOne(file, Answers<double>({1, NAN})).Passed());
  CHECK(JudgeOne(file, Answers<double>({1 + 0x1p-52, NAN})).Passed());
  CHECK_FALSE(JudgeOne(file, Answers<double>({1 + 0x1p-51, NAN})).Passed());
  CHECK_FALSE(JudgeOne(file, Answers<double>({1, 0})).Passed());
  CHECK_FALSE(JudgeOne(file, Answers<double>({kInf, NAN})).Passed());
  std::string exact = file;
  exact.insert(exact.find("\"want\""), R"("max_ulp": "exact", )");
  CHECK(JudgeOne(exact, Answers<double>({1, NAN})).Passed());
  CHECK_FALSE(JudgeOne(exact, Answers<double>({1 + 0x1p-52, NAN})).Passed());
  std::string loose = file;
  loose.insert(loose.find("\"want\""), R"("max_ulp": 2, )");
  CHECK(JudgeOne(loose, Answers<double>({1 + 0x1p-51, NAN})).Passed());
}

TEST_CASE("an infinity must have its sign") {
  const std::string file = Softmax(R"(, "want": {"probs": ["inf", "-inf"]})");
  const float inf = std::numeric_limits<float>::infinity();
  CHECK(JudgeOne(file, Answers<float>({inf, -inf})).Passed());
  CHECK_FALSE(JudgeOne(file, Answers<float>({inf, inf})).Passed());
  CHECK_FALSE(JudgeOne(file, Answers<float>({3e38f, -inf})).Passed());
}

TEST_CASE("an output that is not written is not right, even where NaN is") {
  const std::string file = Softmax(R"(, "want": {"probs": ["nan", "nan"]})");
  const auto nothing = [](const SurprisalRequest&) { return 0; };
  CHECK_FALSE(JudgeOne(file, nothing).Passed());
}

TEST_CASE("a loss of -0 is wrong") {
  const std::string file = FileWith(
      R"("id": "a", "op": "cross_entropy", "dtype": "f32", "shape": [1, 1],
         "logits": ["1"], "labels": [0], "want": {"loss": ["0"]})");
  for (const float zero : {0.0f, -0.0f}) {
    const Verdict verdict = JudgeOne(file, [zero](const SurprisalRequest& q) {
      *static_cast<float*>(q.out.loss) = zero;
      return 0;
    });
    CHECK(verdict.Passed() == !std::signbit(zero));
  }
}

TEST_CASE("whoever writes outside an output is found out") {
  const std::string file = Softmax(R"(, "want": {"probs": ["0", "0"]})");
  for (const std::ptrdiff_t place : {-1, 2}) {
    const Verdict verdict = JudgeOne(file, [&](const SurprisalRequest& q) {
      auto* probs = static_cast<float*>(q.out.probs);
      probs[0] = probs[1] = probs[place] = 0;
      return 0;
    });
    CHECK(FirstFinding(verdict) ==
          "probs[0]: asked nothing outside it written, got memory before or "
          "behind it changed");
  }
}

TEST_CASE("an error must come, name its cause, and leave the outputs alone") {
  const std::string file = FileWith(
      R"("id": "a", "op": "nll", "dtype": "f32", "shape": [1, 1],
         "log_probs": ["1"], "labels": [7], "want": {"error": "labels"})");
  const auto refuses = [](const SurprisalRequest&) {
    return int{SURPRISAL_MISUSED};
  };
  CHECK(JudgeOne(file, refuses).Passed());
  CHECK(FirstFinding(JudgeOne(file, [](const SurprisalRequest&) {
          return int{SURPRISAL_ANSWERED};
        })) == "loss[0]: asked an error that names 'labels', got an answer");
  CHECK(FirstFinding(JudgeOne(file,
                              [](const SurprisalRequest& q) {
                                if (q.out.d_log_probs != nullptr) {
                                  *static_cast<float*>(q.out.d_log_probs) = 0;
                                }
                                return int{SURPRISAL_MISUSED};
                              })) ==
        "d_log_probs[0]: asked an output left as it was, got a changed one");
  std::string other = file;
  other.replace(other.find("\"error\": \"labels\""), 17,
                "\"error\": \"weights\"");
  CHECK(FirstFinding(JudgeOne(other, refuses)) ==
        "loss[0]: asked an error that names 'weights', got the error "
        "'labels[0] is wrong'");
}

TEST_CASE("a refusal or no support where an answer is wanted is a failure") {
  const std::string file = Softmax(R"(, "want": {"probs": ["0", "0"]})");
  CHECK(FirstFinding(JudgeOne(file, [](const SurprisalRequest&) {
          return int{SURPRISAL_MISUSED};
        })) == "asked an answer, got refused (code 1): labels[0] is wrong");
  const Verdict verdict = JudgeOne(file, [](const SurprisalRequest&) {
    return int{SURPRISAL_NOT_SUPPORTED};
  });
  CHECK_FALSE(verdict.Passed());
  CHECK_FALSE(verdict.supported);
}

TEST_CASE("every output is asked for with the others and alone") {
  const std::string file = FileWith(
      R"("id": "a", "op": "nll", "dtype": "f32", "shape": [1, 1],
         "log_probs": ["-1"], "labels": [0],
         "want": {"loss": ["1"], "d_log_probs": ["-1"]})");
  for (const bool alone_only : {true, false}) {
    const Verdict verdict = JudgeOne(file, [&](const SurprisalRequest& q) {
      const bool both = q.out.loss != nullptr && q.out.d_log_probs != nullptr;
      const float spoilt = both == alone_only ? 2.0f : 1.0f;
      if (q.out.loss != nullptr) *static_cast<float*>(q.out.loss) = spoilt;
      if (q.out.d_log_probs != nullptr) {
        *static_cast<float*>(q.out.d_log_probs) = -1;
      }
      return 0;
    });
    CHECK(
        FirstFinding(verdict).starts_with("loss[0]: asked 1, got 0x1p+1 (2)"));
  }
}

TEST_CASE("the oracle may be asked for what is wanted") {
  const std::string file = Softmax(R"(, "want": {"probs": "oracle"})");
  const VectorFile vectors = ParseVectors(file, "file.json");
  CHECK(Judge(LibrarySubject(), vectors.cases[0]).Passed());
  CHECK_FALSE(JudgeOne(file, Answers<float>({0.25f, 0.75f})).Passed());
}

/// The sigmoid of a 16-bit type, correctly rounded or cut off.
template <class T>
int SigmoidAnswer(const SurprisalRequest& q, bool round) {
  for (size_t i = 0; i < q.classes; ++i) {
    const double x = Format<T>::Widen(static_cast<const T*>(q.in.x)[i]);
    T y = RoundTo<T>(SigmoidOracle(x));
    const bool up = Exact(Format<T>::Widen(y)) > SigmoidOracle(x);
    auto bits = std::bit_cast<std::uint16_t>(y);
    if (!round && up) --bits;
    static_cast<T*>(q.out.y)[i] = std::bit_cast<T>(bits);
  }
  return SURPRISAL_ANSWERED;
}

TEST_CASE("16-bit results are judged by their own bits") {
  const std::string lists = R"("shape": [5], "x": ["-3", "0.1", "0", "7", "-8"],
    "want": {"sigmoid": "oracle"})";
  for (const std::string dtype : {"f16", "bf16"}) {
    const std::string file = FileWith(
        R"("id": "a", "op": "sigmoid", "dtype": ")" + dtype + "\", " + lists);
    for (const bool round : {true, false}) {
      const Verdict verdict = JudgeOne(file, [&](const SurprisalRequest& q) {
        return q.dtype == std::string("f16")
                   ? SigmoidAnswer<hwy::float16_t>(q, round)
                   : SigmoidAnswer<hwy::bfloat16_t>(q, round);
      });
      CHECK(verdict.Passed() == round);
    }
  }
}

TEST_CASE("row scalars and parameters of 16-bit inputs are floats") {
  const std::string file = FileWith(
      R"("id": "a", "op": "nll", "dtype": "bf16", "shape": [1, 1],
         "log_probs": ["-0.1"], "labels": [0], "want": {"loss": ["0.3"]},
         "options": {"class_weights": ["0.7"]})");
  const Verdict verdict = JudgeOne(file, [](const SurprisalRequest& q) {
    CHECK(q.options.class_weights[0] == double{0.7f});
    CHECK(*static_cast<const std::uint16_t*>(q.in.log_probs) == 0xbdcd);
    *static_cast<float*>(q.out.loss) = 0.3f;
    return 0;
  });
  CHECK(FirstFinding(verdict) == "passed");
}

TEST_CASE("a value within the oracle's rounding of a tie is the tie") {
  // (u + v + w) / 3 is exact, but thirds are not.
  const std::string file = FileWith(
      R"("id": "a", "op": "log_softmax", "dtype": "f32", "shape": [3],
         "logits": ["0", "0", "0"],
         "upstream": ["-0.65944463", "1.6074731", "-0.7252573"],
         "want": {"d_logits": "oracle"})");
  const Case c = ParseVectors(file, "file.json").cases[0];
  const Exact d = OracleAnswer(c, c.form->outputs[1])[1];
  CHECK(UlpsFromMidpoint<float>(d) == 0);
}

/// All files of vectors.
std::vector<VectorFile> AllVectors() {
  std::vector<VectorFile> files;
  for (const auto& entry : std::filesystem::directory_iterator(VECTORS)) {
    if (entry.path().extension() != ".json") continue;
    files.push_back(ReadVectors(entry.path().string()));
  }
  return files;
}

/// The cases that the subject fails are just those that `should` names.
void CheckFailures(const Subject& subject,
                   const std::function<bool(const Case&)>& should) {
  size_t failed = 0, passed = 0;
  for (const VectorFile& file : AllVectors()) {
    for (const Case& c : file.cases) {
      const Verdict verdict = Judge(subject, c);
      ++(verdict.Passed() ? passed : failed);
      if (verdict.Passed() == !should(c)) continue;
      CAPTURE(c.id);
      const std::string finding = FirstFinding(verdict);
      CAPTURE(finding);
      CHECK(verdict.Passed() == !should(c));
    }
  }
  MESSAGE(subject.name << ": " << failed << " failed, " << passed << " passed");
  CHECK(failed > 100);
  CHECK(passed > 3000);
}

/// The faults are planted in float and double.
bool HasFaultyType(const Case& c) {
  return c.dtype == Dtype::kF32 || c.dtype == Dtype::kF64;
}

TEST_CASE("p - 1 at the label fails the cases of that flag and no other") {
  CheckFailures(LoadSubject(PROB_MINUS_ONE), [](const Case& c) {
    return HasFaultyType(c) && c.HasFlag("LabelGradient");
  });
}

TEST_CASE(
    "a softmax without a shift fails the cases of that flag and no other") {
  CheckFailures(LoadSubject(UNSHIFTED_SOFTMAX), [](const Case& c) {
    return HasFaultyType(c) && c.HasFlag("Unshifted");
  });
}

TEST_CASE("there are at least 3000 vectors, every flag among them") {
  size_t count = 0;
  std::set<std::string> missing(FlagNames().begin(), FlagNames().end());
  for (const VectorFile& file : AllVectors()) {
    count += file.cases.size();
    for (const Case& c : file.cases) {
      for (const std::string& flag : c.flags) missing.erase(flag);
    }
  }
  CHECK(count >= 3000);
  CHECK(missing.empty());
}

TEST_CASE("the example of the format is valid, and passes") {
  std::ifstream stream(std::string(VECTORS) + "/README.md");
  std::ostringstream text;
  text << stream.rdbuf();
  const std::string fence = "\n```json\n";
  const size_t begin = text.str().find(fence) + fence.size();
  const size_t end = text.str().find("\n```\n", begin);
  const VectorFile file =
      ParseVectors(text.str().substr(begin, end - begin), "README.md");
  CHECK(file.cases.size() == 3);
  for (const Case& c : file.cases) CHECK(Judge(LibrarySubject(), c).Passed());
}

std::string LoadError(const std::string& path) {
  try {
    LoadSubject(path);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "loaded";
}

TEST_CASE("a library that is no subject is refused by name") {
  CHECK(LoadError("./no_such_library.so").find("no_such_library.so") !=
        std::string::npos);
  CHECK(LoadError(std::string(VECTORS) + "/README.md") != "loaded");
  CHECK(LoadError(NO_SUBJECT)
            .find("has no function "
                  "surprisal_subject_version") != std::string::npos);
}

}  // namespace
}  // namespace surprisal::conform
