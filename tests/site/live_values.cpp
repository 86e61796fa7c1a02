#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "digits/random.h"
#include "live/live.h"

// live_values: what the functions of the live pages return on this machine, as
// JSON, to be compared with what they return in a browser, bit for bit. A row
// is a list of calls:
//   {"row": "float32: ties", "calls": [{"call": "live_exp", "arguments": [...],
//    "returned": 1, "results": [...]}]}
// An argument is an integer; {"double": bits}; {"in": "double" | "float" |
// "byte", "values": [...]}; or {"out": "double" | "float" | "text", "size": n},
// whose contents are in "results", in their order. Doubles and floats are their
// bits in hexadecimal digits, any NaN is "nan".

namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<double>;
using surprisal::digits::Random;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int kFloat32 = 0, kFloat64 = 1, kTypes = 4;
constexpr const char* kTypeNames[] = {"float32", "float64", "float16",
                                      "bfloat16"};

// --- Calls, as they are written down ---

template <class T>
std::string Bits(T x) {
  using Unsigned =
      std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
  if (std::isnan(x)) return "nan";
  char text[17];
  std::snprintf(text, sizeof(text), "%0*llx", static_cast<int>(2 * sizeof(T)),
                static_cast<unsigned long long>(std::bit_cast<Unsigned>(x)));
  return text;
}

template <class T>
Json BitsOf(const std::vector<T>& numbers) {
  Json list = Json::array();
  for (const T x : numbers) list.push_back(Bits(x));
  return list;
}

/// Memory that a function writes to.
template <class T>
struct Out {
  explicit Out(size_t size) : numbers(size, T{}) {}
  std::vector<T> numbers;
};
using Text = Out<char>;

int Passed(int x) { return x; }
double Passed(double x) { return x; }
const double* Passed(const Row& row) { return row.data(); }
const float* Passed(const std::vector<float>& row) { return row.data(); }
const std::uint8_t* Passed(const std::vector<std::uint8_t>& row) {
  return row.data();
}
template <class T>
T* Passed(Out<T>& out) {
  return out.numbers.data();
}

Json Written(int x) { return x; }
Json Written(double x) { return {{"double", Bits(x)}}; }
Json Written(const Row& row) {
  return {{"in", "double"}, {"values", BitsOf(row)}};
}
Json Written(const std::vector<float>& row) {
  return {{"in", "float"}, {"values", BitsOf(row)}};
}
Json Written(const std::vector<std::uint8_t>& row) {
  return {{"in", "byte"}, {"values", row}};
}
Json Written(const Out<double>& out) {
  return {{"out", "double"}, {"size", out.numbers.size()}};
}
Json Written(const Out<float>& out) {
  return {{"out", "float"}, {"size", out.numbers.size()}};
}
Json Written(const Text& out) {
  return {{"out", "text"}, {"size", out.numbers.size()}};
}

/// What a function has left there; nothing of what it reads.
template <class T>
void AppendResult(const T& /*argument*/, Json& /*results*/) {}
template <class T>
void AppendResult(const Out<T>& out, Json& results) {
  results.push_back(BitsOf(out.numbers));
}
void AppendResult(const Text& out, Json& results) {
  results.push_back(std::string(out.numbers.data()));
}

Json Returned(int x) { return x; }
Json Returned(double x) { return Bits(x); }

/// The calls of a row.
class Calls {
 public:
  template <class Function, class... Arguments>
  void Add(const char* name, Function function, Arguments&&... arguments) {
    Json written = Json::array();
    (written.push_back(Written(arguments)), ...);
    const Json returned = Returned(function(Passed(arguments)...));
    Json results = Json::array();
    (AppendResult(arguments, results), ...);
    calls_.push_back({{"call", name},
                      {"arguments", written},
                      {"returned", returned},
                      {"results", results}});
  }

  Json Take() { return std::move(calls_); }

 private:
  Json calls_ = Json::array();
};

#define CALL(function, ...) calls.Add(#function, function, __VA_ARGS__)

// --- The rows ---

struct Inputs {
  std::string name;
  int type;
  Row logits;
  double temperature = 1;
  int label = 0;
  int index = 0;
  double step = 0x1p-10;
};

/// What distributions are tried on a row of logits: weights made of them, some
/// of which are 0, NaN or out of range as the logits are.
Row WeightsOf(const Inputs& inputs, int method) {
  Row weights = inputs.logits;
  live_softmax_by(method, inputs.type, inputs.logits.data(),
                  static_cast<int>(weights.size()), weights.data());
  return weights;
}

void AddKernels(const Inputs& in, Calls& calls) {
  const int n = static_cast<int>(in.logits.size());
  const auto out = [n] { return Out<double>(static_cast<size_t>(n)); };
  const auto one = [] { return Out<double>(1); };
  CALL(live_softmax, in.type, in.logits, n, in.temperature, out());
  CALL(live_log_softmax, in.type, in.logits, n, out());
  CALL(live_log_sum_exp, in.type, in.logits, n, one());
  CALL(live_cross_entropy, in.type, in.logits, n, in.label, one(), out());
  CALL(live_exp, in.type, in.logits, n, out());
  CALL(live_log, in.type, in.logits, n, out());

  Row p = WeightsOf(in, 3), q = p;
  std::rotate(q.begin(), q.begin() + 1, q.end());
  CALL(live_entropy, in.type, p, n, one());
  CALL(live_cross_entropy_of, in.type, p, q, n, one());
  CALL(live_kl_divergence, in.type, p, q, n, one());
  // The logits themselves: weights that are large, or refused
  CALL(live_entropy, in.type, in.logits, n, one());
  CALL(live_cross_entropy_of, in.type, p, in.logits, n, one());
  CALL(live_kl_divergence, in.type, in.logits, p, n, one());
}

void AddMethods(const Inputs& in, Calls& calls) {
  const int n = static_cast<int>(in.logits.size());
  const auto out = [n] { return Out<double>(static_cast<size_t>(n)); };
  for (int method = 0; method < 4; ++method) {
    CALL(live_softmax_by, method, in.type, in.logits, n, out());
    CALL(live_softmax_ulps, in.type, in.logits, WeightsOf(in, method), n,
         out());
  }
  CALL(live_oracle_softmax, in.logits, n, in.index, 50, Text(80), 80);
  for (int kind = 0; kind < 3; ++kind) {
    CALL(live_numeric_gradient, kind, in.type, in.logits, n, in.label, in.index,
         in.step, Out<double>(1), Out<double>(1));
  }
}

void AddNumbers(const Inputs& in, Calls& calls) {
  for (const double x : in.logits) {
    // Between numbers of the type, and near its ends
    for (const double y : {x, x * 1.0009765625, x * 0.7}) {
      CALL(live_round, in.type, y);
      CALL(live_bits, in.type, y, Text(20), 20);
    }
  }
}

Json RowOf(const Inputs& inputs) {
  Calls calls;
  AddKernels(inputs, calls);
  AddMethods(inputs, calls);
  AddNumbers(inputs, calls);
  return {{"row", inputs.name}, {"calls", calls.Take()}};
}

Row Rounded(int type, Row row) {
  for (double& x : row) x = live_round(type, x);
  return row;
}

/// Rows that somebody thought of.
std::vector<Row> SpecialRows() {
  return {{0},
          {-kInfinity},
          {1000},
          {1000, -1000},
          {1000, 1000, 1000},
          {-1000, -1000},
          {0, -0.0},
          {2.5, 2.5, 2.5, 2.5},
          {1, kNaN, 2},
          {1, kInfinity, 2},
          {kInfinity, kInfinity},
          {-kInfinity, -kInfinity, -kInfinity},
          {-kInfinity, 3, 1},
          {kInfinity, -kInfinity, kNaN},
          {0x1p-1074, -0x1p-1074, 0},
          {0x1p-149, 0x1p-140, -0x1p-149},
          {0x1p-24, -0x1p-24, 0x1p-20},
          {1e308, -1e308, 0},
          {3e38, 3e38, -3e38},
          {65504, 65504, 0},
          {88, 89, 90},
          {11, 12, -17},
          {709, 710, -745},
          {0, -104, -745.5},
          {2.44, 3.92, 2.50, -1.27, 3.23},
          {0.1, 0.2, 0.3, 0.4},
          {16, 0, 0, 0, 0, 0, 0, 0, 0, 0}};
}

double Any(Random& random, double width) {
  return (2 * random.Uniform() - 1) * width;
}

Inputs RandomInputs(int number, int type, Random& random) {
  constexpr double kWidths[] = {1, 10, 100, 1000};
  const size_t n = 1 + random.Below(number % 20 == 0 ? 200 : 12);
  Row logits;
  for (size_t c = 0; c < n; ++c) {
    logits.push_back(Any(random, kWidths[number % 4]));
  }
  const std::string name = "random " + std::to_string(number);
  return {.name = name,
          .type = type,
          .logits = logits,
          .temperature = std::ldexp(1 + random.Uniform(),
                                    static_cast<int>(random.Below(7)) - 3),
          .label = static_cast<int>(random.Below(n)),
          .index = static_cast<int>(random.Below(n)),
          .step = std::ldexp(1.0, -static_cast<int>(random.Below(40)))};
}

std::vector<Inputs> AllInputs() {
  std::vector<Inputs> all;
  Random random(5);
  for (int type = 0; type < kTypes; ++type) {
    const std::vector<Row> special = SpecialRows();
    for (size_t i = 0; i < special.size(); ++i) {
      all.push_back({.name = "special " + std::to_string(i),
                     .type = type,
                     .logits = special[i],
                     .temperature = 0.5});
    }
    for (int i = 0; i < 100; ++i) {
      all.push_back(RandomInputs(i, type, random));
    }
  }
  for (Inputs& inputs : all) {
    inputs.name = kTypeNames[inputs.type] + (": " + inputs.name);
    inputs.logits = Rounded(inputs.type, inputs.logits);
  }
  return all;
}

// --- What is not about rows ---

/// Arguments that are refused: 0 is returned, and nothing written.
Json RefusedArguments() {
  Calls calls;
  const Row row = {1, 2};
  const Row negative = {1, -1};
  Out<double> out(2), one(1), two(1);
  for (const int type : {-1, 4}) {
    CALL(live_softmax, type, row, 2, 1.0, out);
    CALL(live_exp, type, row, 2, out);
    CALL(live_round, type, 1.0);
    CALL(live_bits, type, 1.0, Text(20), 20);
  }
  for (const int n : {-1, 0, 4097}) {
    CALL(live_log_softmax, kFloat32, row, n, out);
    CALL(live_log_sum_exp, kFloat32, row, n, one);
    CALL(live_softmax_by, 1, kFloat32, row, n, out);
    CALL(live_softmax_ulps, kFloat32, row, row, n, out);
  }
  for (const double temperature : {0.0, -1.0, kInfinity, kNaN}) {
    CALL(live_softmax, kFloat32, row, 2, temperature, out);
  }
  for (const int label : {-1, 2}) {
    CALL(live_cross_entropy, kFloat32, row, 2, label, one, out);
    CALL(live_numeric_gradient, 0, kFloat32, row, 2, label, 0, 0.5, one, two);
    CALL(live_numeric_gradient, 0, kFloat32, row, 2, 0, label, 0.5, one, two);
    CALL(live_oracle_softmax, row, 2, label, 5, Text(20), 20);
  }
  for (const double step : {0.0, -0.5, 1.5, kNaN, 1e-300}) {
    CALL(live_numeric_gradient, 0, kFloat32, row, 2, 0, 0, step, one, two);
  }
  CALL(live_numeric_gradient, 2, kFloat32, row, 2, 0, 0, 0.5, one, two);
  CALL(live_numeric_gradient, 3, kFloat64, row, 2, 0, 0, 0.5, one, two);
  CALL(live_softmax_by, 4, kFloat32, row, 2, out);
  CALL(live_entropy, kFloat32, negative, 2, one);
  CALL(live_cross_entropy_of, kFloat32, row, negative, 2, one);
  CALL(live_kl_divergence, kFloat32, negative, row, 2, one);
  CALL(live_oracle_softmax, row, 2, 0, 61, Text(80), 80);
  CALL(live_oracle_softmax, row, 2, 0, 20, Text(20), 20);
  CALL(live_bits, kFloat64, 1.0, Text(18), 18);
  return {{"row", "refused arguments"}, {"calls", calls.Take()}};
}

/// Whether the oracle's 30 digits of each probability, read as a double, are
/// the kernel's: the two share no step.
bool TextsAreRight(const Inputs& in) {
  const int n = static_cast<int>(in.logits.size());
  Row probs(in.logits.size());
  live_softmax(kFloat64, in.logits.data(), n, 1.0, probs.data());
  for (int i = 0; i < n; ++i) {
    char text[80];
    live_oracle_softmax(in.logits.data(), n, i, 30, text, sizeof(text));
    const double read = std::strtod(text, nullptr);
    const double p = probs[static_cast<size_t>(i)];
    if (read != p && !(std::isnan(read) && std::isnan(p))) {
      std::fprintf(stderr, "%s: probability %d is %a, the oracle says %s\n",
                   in.name.c_str(), i, p, text);
      return false;
    }
  }
  return true;
}

/// Texts of all lengths, and the complex step from large to absurd.
Json FineArguments() {
  Calls calls;
  const Row row = {1, 1, -30, 700, 1};
  for (int digits = 1; digits <= 60; ++digits) {
    for (int index = 0; index < 4; ++index) {
      CALL(live_oracle_softmax, row, 5, index, digits, Text(80), 80);
    }
  }
  for (int k = 0; k <= 1000; k += 8) {
    const double step = std::ldexp(0.75, -k);
    for (int index = 0; index < 2; ++index) {
      CALL(live_numeric_gradient, 2, kFloat64, Row{1, 2, 3, 0.5}, 4, 1, index,
           step, Out<double>(1), Out<double>(1));
    }
  }
  return {{"row", "digits and steps"}, {"calls", calls.Take()}};
}

/// A network of 16 hidden units with weights that are multiples of 1/64, and
/// images of noise; before it is loaded there are no logits.
Json NetworkRow() {
  Calls calls;
  Random random(7);
  std::vector<float> weights(785 * 16 + 17 * 10);
  for (float& weight : weights) {
    weight = static_cast<float>(random.Below(65)) / 64.0f - 0.5f;
  }
  std::vector<std::uint8_t> pixels(784);
  const int count = static_cast<int>(weights.size());
  CALL(live_digit_logits, pixels, Out<float>(10));
  CALL(live_load_network, weights, count - 1);
  CALL(live_load_network, weights, count);
  for (int image = 0; image < 5; ++image) {
    for (std::uint8_t& pixel : pixels) {
      pixel = static_cast<std::uint8_t>(random.Below(4) == 0 ? random.Below(256)
                                                             : 0);
    }
    CALL(live_digit_logits, pixels, Out<float>(10));
  }
  return {{"row", "network"}, {"calls", calls.Take()}};
}

}  // namespace

int main() {
  Json rows = Json::array();
  for (const Inputs& inputs : AllInputs()) {
    rows.push_back(RowOf(inputs));
    if (!TextsAreRight(inputs)) return 1;
  }
  rows.push_back(RefusedArguments());
  rows.push_back(FineArguments());
  rows.push_back(NetworkRow());
  std::puts(Json{{"rows", rows}}.dump().c_str());
  return 0;
}
