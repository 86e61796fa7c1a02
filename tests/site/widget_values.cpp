#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "live/element_row.h"
#include "live/live.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/entropy/entropy.h"
#include "surprisal/kl_divergence/kl_divergence.h"
#include "surprisal/log/log.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/softmax/softmax.h"

// widget_values < RECORDS: compares what the widgets of the pages showed, as
// check_widgets.js wrote it down, with what the library says on this machine,
// bit for bit. Prints the differences, then one line that counts; exits with 0
// if there are none.
//   {"digits": {"weights": bytes in hexadecimal digits, "epochs": [[loss,
//    accuracy], ...]}, "records": [{"page", "widget", "action", "change",
//    "values", "texts"}]}
// A number is its 64 bits, "d:3ff0000000000000", or "d:nan". `change` says what
// the action did to the inputs, each as a list of numbers: {"logit": [2, 0.5]}.
// The inputs are kept here too and all values made anew from them, so that what
// is accepted, lost or moved by mistake is seen. `texts` are [type, text,
// value], where the text is to be the shortest that leads back to the value.

namespace {

using namespace surprisal;  // NOLINT: what is compared with
using live::ElementRow;
using Json = nlohmann::json;
using Row = std::vector<double>;
using Floats = std::vector<float>;

constexpr int kFloat32 = 0, kFloat64 = 1;
constexpr double kPhoto[] = {2.44, 3.92, 2.50, -1.27, 3.23};

// --- Numbers as they are written down ---

Json Written(double x) {
  if (std::isnan(x)) return "d:nan";
  char text[19];
  std::snprintf(text, sizeof(text), "d:%016llx",
                static_cast<unsigned long long>(std::bit_cast<uint64_t>(x)));
  return text;
}

template <class T>
Json Written(const std::vector<T>& numbers) {
  Json list = Json::array();
  for (const T x : numbers) list.push_back(Written(static_cast<double>(x)));
  return list;
}

double Read(const std::string& text) {
  return text == "d:nan"
             ? NAN
             : std::bit_cast<double>(std::stoull(text.substr(2), nullptr, 16));
}

Row ReadRow(const Json& list) {
  Row row;
  for (const Json& text : list) row.push_back(Read(text));
  return row;
}

/// A value for people, and its bits.
std::string Plain(const Json& value) {
  if (!value.is_string() || value.get<std::string>().substr(0, 2) != "d:") {
    return value.dump();
  }
  char text[40];
  std::snprintf(text, sizeof(text), "%.17g", Read(value));
  return text + (" (" + value.get<std::string>() + ")");
}

template <class T>
Row Rounded(int type, const T& numbers) {
  Row row(std::begin(numbers), std::end(numbers));
  for (double& x : row) x = live_round(type, x);
  return row;
}

Floats RoundedToFloats(const auto& numbers) {
  const Row row = Rounded(kFloat32, numbers);
  return {row.begin(), row.end()};
}

size_t IndexOf(double x) { return static_cast<size_t>(x); }

// --- The widgets ---

/// What a widget is to show after all that its reader did.
class Widget {
 public:
  Widget() = default;
  Widget(const Widget&) = default;
  Widget& operator=(const Widget&) = default;
  virtual ~Widget() = default;

  /// False if there is no such input.
  virtual bool Set(const std::string& input, const Row& to) = 0;
  virtual Json Values() const = 0;
};

/// What is made of a row of floats and its label.
struct Results {
  Results(const Floats& logits, Label label)
      : probs(Softmax(logits)),
        log_probs(LogSoftmax(logits)),
        gradient(logits.size()) {
    CrossEntropyWithGradient(logits, std::span(&label, 1), std::span(&loss, 1),
                             gradient);
  }

  void AppendTo(Json& values) const {
    values["probs"] = Written(probs);
    values["log_probs"] = Written(log_probs);
    values["loss"] = Written(loss);
    values["gradient"] = Written(gradient);
  }

  Floats probs, log_probs, gradient;
  float loss = 0;
};

class LogitsToLoss : public Widget {
 public:
  bool Set(const std::string& input, const Row& to) override {
    if (input == "logit") {
      logits_[IndexOf(to.at(0))] =
          static_cast<float>(live_round(kFloat32, to.at(1)));
      steps_ = 0;
    } else if (input == "label") {
      label_ = static_cast<Label>(to.at(0));
      steps_ = 0;
    } else if (input == "step_size") {
      step_size_ = to.at(0);
    } else if (input == "descend") {
      Descend();
    } else if (input == "reset") {
      *this = {};
    } else {
      return false;
    }
    return true;
  }

  Json Values() const override {
    Json values = {{"logits", Written(logits_)},
                   {"label", Written(label_)},
                   {"step_size", Written(step_size_)},
                   {"steps", Written(steps_)}};
    Results(logits_, label_).AppendTo(values);
    return values;
  }

 private:
  /// In doubles, as JavaScript has them, and rounded once.
  void Descend() {
    const Floats gradient = Results(logits_, label_).gradient;
    for (size_t c = 0; c < logits_.size(); ++c) {
      const double moved = logits_[c] - step_size_ * gradient[c];
      logits_[c] = static_cast<float>(live_round(kFloat32, moved));
    }
    ++steps_;
  }

  Floats logits_ = RoundedToFloats(kPhoto);
  Label label_ = 1;
  double step_size_ = 1;
  int steps_ = 0;
};

class PrecisionExplorer : public Widget {
 public:
  bool Set(const std::string& input, const Row& to) override {
    if (input == "row") {
      typed_ = to;
    } else if (input == "type") {
      type_ = static_cast<int>(to.at(0));
    } else {
      return false;
    }
    return true;
  }

  Json Values() const override {
    constexpr const char* kMethods[] = {"naive", "shifted", "online", "exact"};
    const Row logits = Rounded(type_, typed_);
    Json values = {{"type", Written(type_)},
                   {"logits", Written(logits)},
                   {"oracle", OracleOf(logits)}};
    for (int method = 0; method < 4; ++method) {
      values[kMethods[method]] = Judged(logits, ProbsBy(method, logits));
    }
    return values;
  }

 private:
  static int Size(const Row& row) { return static_cast<int>(row.size()); }

  Row ProbsBy(int method, const Row& logits) const {
    Row probs(logits.size());
    if (method < 3) {
      live_softmax_by(method, type_, logits.data(), Size(logits), probs.data());
      return probs;
    }
    const ElementType type = live::TypeOf(type_);
    const ElementRow in(type, logits.data(), logits.size());
    ElementRow out(type, logits.size());
    Softmax(in.in_rows(), out.out_rows());
    out.CopyTo(probs.data());
    return probs;
  }

  Json Judged(const Row& logits, const Row& probs) const {
    Row ulps(probs.size());
    live_softmax_ulps(type_, logits.data(), probs.data(), Size(probs),
                      ulps.data());
    Json bits = Json::array();
    for (const double p : probs) {
      char text[20];
      live_bits(type_, p, text, sizeof(text));
      bits.push_back(text);
    }
    return {{"probs", Written(probs)}, {"ulps", Written(ulps)}, {"bits", bits}};
  }

  /// Of the ten that are shown.
  static Json OracleOf(const Row& logits) {
    Json texts = Json::array();
    for (int i = 0; i < std::min(10, Size(logits)); ++i) {
      char text[80];
      live_oracle_softmax(logits.data(), Size(logits), i, 20, text,
                          sizeof(text));
      texts.push_back(text);
    }
    return texts;
  }

  Row typed_ = {88.44, 89.92, 88.50, 84.73, 89.23};
  int type_ = kFloat32;
};

class EntropyAndKl : public Widget {
 public:
  bool Set(const std::string& input, const Row& to) override {
    if (input == "p" || input == "q") {
      Row& row = input == "p" ? p_ : q_;
      row = WithEntry(row, IndexOf(to.at(0)), to.at(1));
    } else if (input == "right") {
      q_ = p_;
    } else if (input == "swap") {
      std::swap(p_, q_);
    } else if (input == "even") {
      q_ = {0.25, 0.25, 0.25, 0.25};
    } else if (input == "certain") {
      p_ = {0, 1, 0, 0};
    } else if (input == "reset") {
      *this = {};
    } else {
      return false;
    }
    return true;
  }

  Json Values() const override {
    double cross_entropy = 0;
    CrossEntropyFromProbs(p_, q_, std::span(&cross_entropy, 1));
    return {{"p", Written(p_)},
            {"q", Written(q_)},
            {"entropy", Written(Entropy(p_))},
            {"cross_entropy", Written(cross_entropy)},
            {"kl_divergence", Written(KlDivergence(p_, q_))},
            {"code_p", Written(CodeLengths(p_))},
            {"code_q", Written(CodeLengths(q_))},
            {"nats_per_bit", Written(Logs({2})[0])}};
  }

 private:
  /// Entry i is x; the others keep their proportions.
  static Row WithEntry(Row p, size_t i, double x) {
    double others = 0;
    for (size_t j = 0; j < p.size(); ++j) others += j == i ? 0 : p[j];
    const double left = 1 - x;
    for (size_t j = 0; j < p.size(); ++j) {
      p[j] = j == i       ? x
             : others > 0 ? p[j] / others * left
                          : left / static_cast<double>(p.size() - 1);
    }
    return p;
  }

  static Row Logs(const Row& x) {
    Row y(x.size());
    Log(x, y);
    return y;
  }

  static Row CodeLengths(const Row& p) {
    Row lengths = Logs(p);
    for (double& x : lengths) x = 0 - x;
    return lengths;
  }

  Row p_ = {0.125, 0.125, 0.25, 0.5};
  Row q_ = {0.5, 0.25, 0.125, 0.125};
};

class GradientCheck : public Widget {
 public:
  bool Set(const std::string& input, const Row& to) override {
    if (input == "step") {
      step_ = to.at(0);
    } else if (input == "index") {
      index_ = static_cast<int>(to.at(0));
    } else if (input == "reset") {
      *this = {};
    } else {
      return false;
    }
    return true;
  }

  Json Values() const override {
    Row slopes(logits_.size());
    CrossEntropyGradient(logits_, std::span(&kLabel, 1), slopes);
    const double slope = slopes[static_cast<size_t>(index_)];
    const int exponent = std::ilogb(slope);
    Json values = {{"logits", Written(logits_)},
                   {"label", Written(kLabel)},
                   {"index", Written(index_)},
                   {"step", Written(step_)},
                   {"slope", Written(slope)},
                   {"floor_float32", Written(std::ldexp(1.0, exponent - 24))},
                   {"floor_float64", Written(std::ldexp(1.0, exponent - 53))}};
    AppendMethod("forward_float32", 0, kFloat32, values);
    AppendMethod("central_float32", 1, kFloat32, values);
    AppendMethod("forward_float64", 0, kFloat64, values);
    AppendMethod("central_float64", 1, kFloat64, values);
    AppendMethod("complex_step", 2, kFloat64, values);
    return values;
  }

 private:
  static constexpr Label kLabel = 1;

  void AppendMethod(const char* name, int kind, int type, Json& values) const {
    double derivative = NAN, error = NAN;
    live_numeric_gradient(kind, type, logits_.data(),
                          static_cast<int>(logits_.size()), kLabel, index_,
                          step_, &derivative, &error);
    values["derivative"][name] = Written(derivative);
    values["error"][name] = Written(error);
  }

  Row logits_ = Rounded(kFloat32, kPhoto);
  int index_ = 0;
  double step_ = 1e-5;
};

class DrawADigit : public Widget {
 public:
  /// Loads the network that the page brings, too.
  explicit DrawADigit(const Json& digits) {
    for (const Json& epoch : digits.at("epochs")) {
      epochs_.push_back(ReadRow(epoch));
    }
    state_["epoch"] = {static_cast<double>(epochs_.size() - 1)};
    const std::string bytes = digits.at("weights");
    Floats weights;
    for (size_t i = 0; i < bytes.size(); i += 8) {
      const std::uint32_t swapped = std::stoul(bytes.substr(i, 8), nullptr, 16);
      weights.push_back(std::bit_cast<float>(__builtin_bswap32(swapped)));
    }
    if (!live_load_network(weights.data(), static_cast<int>(weights.size()))) {
      throw std::runtime_error("the weights do not fit");
    }
  }

  bool Set(const std::string& input, const Row& to) override {
    if (!state_.contains(input)) return false;
    state_[input] = to;
    return true;
  }

  Json Values() const override {
    const Row& pixels = state_.at("pixels");
    const std::vector<std::uint8_t> ink(pixels.begin(), pixels.end());
    Floats logits(10);
    live_digit_logits(ink.data(), logits.data());
    const Row& epoch = epochs_.at(IndexOf(state_.at("epoch").at(0)));
    Json values = {
        {"pixels", Written(pixels)},
        {"logits", Written(logits)},
        {"answer", Written(std::distance(logits.begin(),
                                         std::ranges::max_element(logits)))},
        {"train_loss", Written(epoch[0])},
        {"test_accuracy", Written(epoch[1])}};
    for (const char* input : {"label", "epoch", "digit"}) {
      values[input] = Written(state_.at(input)[0]);
    }
    const auto label = static_cast<Label>(state_.at("label").at(0));
    Results(logits, label).AppendTo(values);
    return values;
  }

 private:
  std::vector<Row> epochs_;
  // Which sample the page opens with, the first record says.
  std::map<std::string, Row> state_ = {
      {"pixels", Row(784)}, {"label", {2}}, {"epoch", {}}, {"digit", {1}}};
};

// --- The comparison ---

class Report {
 public:
  explicit Report(Json digits) : digits_(std::move(digits)) {}

  void Check(const Json& record) {
    where_ = record.value("page", "") + ": " + record.value("widget", "") +
             ", " + record.value("action", "");
    try {
      Widget& widget = Of(record.at("page"), record.at("widget"));
      for (const auto& [input, to] : record.at("change").items()) {
        if (!widget.Set(input, ReadRow(to))) Fail("no input " + input);
      }
      Compare("", record.at("values"), widget.Values());
      for (const Json& text : record.at("texts")) CheckShortest(text);
    } catch (const std::exception& error) {
      Fail(error.what());
    }
  }

  bool Print() const {
    std::printf("%d values compared, %d different\n", compared_, different_);
    return compared_ > 0 && different_ == 0;
  }

 private:
  /// The widget on that page, new at its first record.
  Widget& Of(const std::string& page, const std::string& name) {
    std::unique_ptr<Widget>& widget = widgets_[page];
    if (widget) return *widget;
    if (name == "live-logits-to-loss") {
      widget = std::make_unique<LogitsToLoss>();
    } else if (name == "live-precision-explorer") {
      widget = std::make_unique<PrecisionExplorer>();
    } else if (name == "live-entropy-and-kl") {
      widget = std::make_unique<EntropyAndKl>();
    } else if (name == "live-gradient-check") {
      widget = std::make_unique<GradientCheck>();
    } else if (name == "live-draw-a-digit") {
      widget = std::make_unique<DrawADigit>(digits_);
    } else {
      throw std::runtime_error("no widget of this name is known");
    }
    return *widget;
  }

  void Fail(const std::string& text) {
    ++different_;
    std::printf("%s: %s\n", where_.c_str(), text.c_str());
  }

  void Compare(const std::string& name, const Json& seen, const Json& right) {
    if (seen.is_object() && right.is_object()) {
      for (const auto& [key, value] : seen.items()) {
        if (!right.contains(key)) Fail(key + " is not known here");
      }
      for (const auto& [key, value] : right.items()) {
        std::string member = name;
        if (!name.empty()) member += '.';
        member += key;
        Compare(member, seen.value(key, Json("missing")), value);
      }
    } else if (seen.is_array() && right.is_array() &&
               seen.size() == right.size()) {
      for (size_t i = 0; i < right.size(); ++i) {
        Compare(name + "[" + std::to_string(i) + "]", seen[i], right[i]);
      }
    } else {
      ++compared_;
      if (seen != right) {
        Fail(name + " is " + Plain(seen) + ", the library's " + Plain(right));
      }
    }
  }

  /// The text says the value, and would not with a digit less.
  void CheckShortest(const Json& item) {
    const int type = item.at(0);
    const std::string text = item.at(1);
    const auto leads = [&](const std::string& shown) {
      const double x = std::strtod(shown.c_str(), nullptr);
      return Written(live_round(type, x)) == item.at(2);
    };
    ++compared_;
    if (!leads(text)) Fail('"' + text + "\" is shown for " + Plain(item.at(2)));
    const std::string mantissa = text.substr(0, text.find('e'));
    std::string figures;
    std::ranges::copy_if(mantissa, std::back_inserter(figures),
                         [](char c) { return c >= '0' && c <= '9'; });
    figures.erase(0, figures.find_first_not_of('0'));
    figures.erase(figures.find_last_not_of('0') + 1);
    if (figures.size() < 2) return;
    char fewer[40];
    std::snprintf(fewer, sizeof(fewer), "%.*e",
                  static_cast<int>(figures.size()) - 2,
                  std::strtod(text.c_str(), nullptr));
    if (leads(fewer)) Fail('"' + text + "\" is shown, " + fewer + " would do");
  }

  Json digits_;
  std::map<std::string, std::unique_ptr<Widget>> widgets_;
  std::string where_;
  int compared_ = 0, different_ = 0;
};

}  // namespace

int main() {
  try {
    const Json seen = Json::parse(std::cin);
    Report report(seen.at("digits"));
    for (const Json& record : seen.at("records")) report.Check(record);
    return report.Print() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
