// Measures the worst error of every stem over random and hard inputs and prints
// it as a table: in units in the last place, against the filtered oracle.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "hwy/targets.h"
#include "oracle/filtered.h"
#include "oracle/filtered_rows.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy_oracle.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"
#include "surprisal/entropy/entropy.h"
#include "surprisal/entropy/entropy_oracle.h"
#include "surprisal/exp/exp.h"
#include "surprisal/exp/exp_oracle.h"
#include "surprisal/expm1/expm1.h"
#include "surprisal/expm1/expm1_oracle.h"
#include "surprisal/kl_divergence/kl_divergence.h"
#include "surprisal/kl_divergence/kl_divergence_oracle.h"
#include "surprisal/log/log.h"
#include "surprisal/log/log_oracle.h"
#include "surprisal/log1p/log1p.h"
#include "surprisal/log1p/log1p_oracle.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/log_softmax/log_softmax_oracle.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"
#include "surprisal/log_sum_exp/log_sum_exp_oracle.h"
#include "surprisal/nll/nll.h"
#include "surprisal/nll/nll_oracle.h"
#include "surprisal/sigmoid/sigmoid.h"
#include "surprisal/sigmoid/sigmoid_oracle.h"
#include "surprisal/softmax/softmax.h"
#include "surprisal/softmax/softmax_oracle.h"
#include "surprisal/softplus/softplus.h"
#include "surprisal/softplus/softplus_oracle.h"
#include "trial_inputs.h"

namespace surprisal {
namespace {

using testing::Random;

/// The worst error so far; a long double tells 0.01 ulp of a double apart.
template <class T>
WorstUlp NewWorst() {
  WorstUlp worst;
  if (std::is_same_v<T, double>) worst.sharpen_above = 0.52;
  return worst;
}

/// One line of the table.
struct Line {
  std::string quantity;
  std::string type;
  uint64_t results = 0;
  WorstUlp worst = {};
  std::string found_at = {};

  template <class T, class ExactFn>
  void Measure(T got, Approx approx, ExactFn&& escalate,
               std::span<const T> input, size_t at) {
    ++results;
    if (!worst.Measure(got, approx, escalate)) return;
    // A long row is named by its length and the logit at the worst result
    found_at =
        input.size() <= 3 ? "" : fmt::format("{} classes, ", input.size());
    const size_t first = input.size() <= 3 ? 0 : at;
    const size_t last = input.size() <= 3 ? input.size() : at + 1;
    for (size_t i = first; i < last; ++i) {
      found_at += fmt::format("{}{:a}", i == first ? "" : " ",
                              static_cast<double>(input[i]));
    }
  }
};

template <class T>
const char* TypeName() {
  return std::is_same_v<T, float> ? "float" : "double";
}

/// An elementwise function, its filtered reference and its oracle.
struct Elementwise {
  const char* name;
  std::function<void(std::span<const float>, std::span<float>)> f32;
  std::function<void(std::span<const double>, std::span<double>)> f64;
  Approx (*filtered)(long double);
  Exact (*oracle)(double);

  void Run(std::span<const float> x, std::span<float> y) const { f32(x, y); }
  void Run(std::span<const double> x, std::span<double> y) const { f64(x, y); }
};

#define SURPRISAL_ELEMENTWISE(Name)                                  \
  Elementwise {                                                      \
#Name, [](auto x, auto y) { Name(x, y); },                         \
        [](auto x, auto y) { Name(x, y); }, [](long double x) {        \
          return filtered::Name(x);                                    \
        },                                                             \
        [](double x) { return Name##Oracle<Exact>(x); } \
  }

std::vector<Elementwise> ElementwiseFunctions() {
  std::vector<Elementwise> all = {
      SURPRISAL_ELEMENTWISE(Exp),       SURPRISAL_ELEMENTWISE(Log),
      SURPRISAL_ELEMENTWISE(Log1p),     SURPRISAL_ELEMENTWISE(Expm1),
      SURPRISAL_ELEMENTWISE(Sigmoid),   SURPRISAL_ELEMENTWISE(Softplus),
      SURPRISAL_ELEMENTWISE(LogSigmoid)};
  return all;
}

/// Numbers of all exponents, around 1, and over the ranges of e^x.
template <class T>
T RandomArgument(Random& random) {
  switch (random.Below(4)) {
    case 0:
      return random.AnyFinite<T>();
    case 1:
      return static_cast<T>(random.Uniform(-2, 2));
    case 2:
      return static_cast<T>(random.Uniform(-110, 110));
    default:
      return static_cast<T>(random.Uniform(-760, 760));
  }
}

template <class T>
Line MeasureElementwise(const Elementwise& function, uint64_t results) {
  Line line{function.name, TypeName<T>(), 0, NewWorst<T>()};
  Random random(31);
  std::vector<T> x = testing::TrialArguments<T>(), y;
  while (line.results < results) {
    y.resize(x.size());
    function.Run(std::span<const T>(x), std::span<T>(y));
    for (size_t i = 0; i < x.size(); ++i) {
      line.Measure(
          y[i], function.filtered(x[i]), [&] { return function.oracle(x[i]); },
          std::span<const T>(&x[i], 1), 0);
    }
    x.resize(4096);
    for (T& value : x) value = RandomArgument<T>(random);
  }
  return line;
}

/// The quantities of a row of logits, measured together.
template <class T>
class LogitsLines {
 public:
  LogitsLines() {
    for (size_t i = 0; i < kNames.size(); ++i) {
      lines_[i] = Line{kNames[i], TypeName<T>(), 0, NewWorst<T>()};
    }
  }

  bool Wants(uint64_t results) const {
    for (const Line& line : lines_) {
      if (line.results < results) return true;
    }
    return false;
  }

  void MeasureRow(const std::vector<T>& logits, Label label) {
    const std::vector<double> wide(logits.begin(), logits.end());
    filtered_.Assign(wide);
    const std::span<const Label> labels(&label, 1);
    const Rows<const double> rows(wide);
    const auto y = static_cast<size_t>(label);
    out_.resize(logits.size());
    T loss;
    const std::span<T> one(&loss, 1);

    LogSumExp(logits, one);
    lines_[0].Measure(
        loss, filtered_.LogSumExp(), [&] { return LogSumExpOracle(wide); },
        std::span(logits), 0);
    CrossEntropy(logits, labels, one);
    lines_[1].Measure(
        loss, filtered_.CrossEntropy(y),
        [&] { return CrossEntropyOracle(rows, labels)[0]; }, std::span(logits),
        y);
    EntropyOfLogits(logits, one);
    lines_[2].Measure(
        loss, filtered_.EntropyOfLogits(),
        [&] { return EntropyOfLogitsOracle(wide); }, std::span(logits), 0);

    Softmax(logits, out_);
    Each(
        lines_[3], logits, [&](size_t c) { return filtered_.Softmax(c); },
        [&] { return SoftmaxOracle(wide); });
    LogSoftmax(logits, out_);
    Each(
        lines_[4], logits, [&](size_t c) { return filtered_.LogSoftmax(c); },
        [&] { return LogSoftmaxOracle(wide); });
    CrossEntropyGradient(logits, labels, out_);
    Each(
        lines_[5], logits,
        [&](size_t c) { return filtered_.CrossEntropyGradient(y, c); },
        [&] { return CrossEntropyGradientOracle(rows, labels); });
  }

  std::vector<Line> Lines() const { return {lines_.begin(), lines_.end()}; }

 private:
  static constexpr std::array<const char*, 6> kNames = {
      "LogSumExp", "CrossEntropy", "EntropyOfLogits",
      "Softmax",   "LogSoftmax",   "CrossEntropyGradient"};

  /// Every element of a row; the oracle's row is computed once, if at all.
  template <class ApproxFn, class ExactRowFn>
  void Each(Line& line, const std::vector<T>& logits, const ApproxFn& approx,
            const ExactRowFn& exact_row) {
    std::vector<Exact> exact;
    const auto exact_at = [&](size_t c) {
      if (exact.empty()) exact = exact_row();
      return exact[c];
    };
    for (size_t c = 0; c < logits.size(); ++c) {
      line.Measure(
          out_[c], approx(c), [&] { return exact_at(c); }, std::span(logits),
          c);
    }
  }

  std::array<Line, kNames.size()> lines_;
  filtered::LogitsRow filtered_;
  std::vector<T> out_;
};

/// Mostly short rows, now and then one of a vocabulary's length.
size_t RandomClasses(Random& random) {
  static constexpr size_t kShort[] = {1, 2, 2, 3, 3, 5, 7, 10};
  const size_t kind = random.Below(4096);
  if (kind == 0) return 1000 + random.Below(31000);
  if (kind < 64) return 11 + random.Below(90);
  return kShort[kind % 8];
}

template <class T>
std::vector<Line> MeasureLogits(uint64_t results) {
  LogitsLines<T> lines;
  Random random(37);
  for (const auto& row : testing::TrialRows<T>()) {
    lines.MeasureRow(row.values,
                     static_cast<Label>(random.Below(row.values.size())));
  }
  while (lines.Wants(results)) {
    const size_t classes = RandomClasses(random);
    lines.MeasureRow(testing::RandomRow<T>(random, classes),
                     static_cast<Label>(random.Below(classes)));
  }
  return lines.Lines();
}

/// A distribution that sums to 1 but for rounding, some entries 0.
template <class T>
std::vector<T> RandomProbs(Random& random, size_t classes) {
  std::vector<T> logits = testing::RandomRow<T>(random, classes);
  if (classes > 2 && random.Below(8) == 0) {
    logits[random.Below(classes)] = -std::numeric_limits<T>::infinity();
  }
  std::vector<T> probs(classes);
  Softmax(logits, probs);
  return probs;
}

/// What takes probabilities: entropy, KL, NLL of given log-probabilities, and
/// binary cross-entropy.
template <class T>
std::vector<Line> MeasureProbs(uint64_t results) {
  const auto line = [](const char* name) {
    return Line{name, TypeName<T>(), 0, NewWorst<T>()};
  };
  Line entropy = line("Entropy"), kl = line("KlDivergence");
  Line nll = line("Nll"), bce = line("BinaryCrossEntropy");
  Random random(41);
  while (entropy.results < results) {
    const size_t classes = RandomClasses(random);
    const std::vector<T> p = RandomProbs<T>(random, classes);
    std::vector<T> q = RandomProbs<T>(random, classes);
    for (T& x : q) x = std::max(x, std::numeric_limits<T>::denorm_min());
    const std::vector<double> wide_p(p.begin(), p.end());
    const std::vector<double> wide_q(q.begin(), q.end());
    const std::span<const T> row(p);
    T scalar;
    const std::span<T> one(&scalar, 1);

    Entropy(p, one);
    entropy.Measure(
        scalar, filtered::Entropy(wide_p),
        [&] { return EntropyOracle(wide_p); }, row, 0);
    KlDivergence(p, q, one);
    kl.Measure(
        scalar, filtered::KlDivergence(wide_p, wide_q),
        [&] { return KlDivergenceOracle(wide_p, wide_q); }, row, 0);

    const Label label = static_cast<Label>(random.Below(classes));
    const T log_p = -p[static_cast<size_t>(label)];
    Nll(std::vector<T>(classes, log_p), std::span<const Label>(&label, 1), one);
    nll.Measure(
        scalar, Approx{-static_cast<long double>(log_p)},
        [&] { return -Exact(log_p); }, row, 0);

    const T x = RandomArgument<T>(random), t = p[0];
    BinaryCrossEntropy(std::span(&x, 1), std::span(&t, 1), one);
    const double wide_x = x, wide_t = t;
    bce.Measure(
        scalar, filtered::BinaryCrossEntropy(x, t),
        [&] {
          return BinaryCrossEntropyOracle(
              Rows<const double>(std::span(&wide_x, 1)),
              Rows<const double>(std::span(&wide_t, 1)), {})[0];
        },
        std::span<const T>(&x, 1), 0);
  }
  return {entropy, kl, nll, bce};
}

template <class T>
std::vector<Line> MeasureAll(uint64_t results) {
  std::vector<Line> lines;
  for (const Elementwise& function : ElementwiseFunctions()) {
    lines.push_back(MeasureElementwise<T>(function, results));
  }
  for (const auto& measure : {MeasureLogits<T>, MeasureProbs<T>}) {
    for (Line& line : measure(results)) lines.push_back(std::move(line));
  }
  return lines;
}

/// Prints the table; returns whether every bound holds.
bool PrintTable(const std::vector<Line>& lines) {
  constexpr const char* kRow = "{:<21} {:<6} {:>10} {:>10} {:>9}  {}\n";
  fmt::print(kRow, "quantity", "type", "results", "100 digits", "worst ulp",
             "found at");
  bool all_hold = true;
  for (const Line& line : lines) {
    // A tie that is rounded to even is exactly 0.5 ulp off
    const double bound = line.type == "float" ? 0.501 : 1.0;
    const bool holds = line.worst.ulp <= bound;
    all_hold = all_hold && holds;
    fmt::print(kRow, line.quantity, line.type, line.results,
               line.worst.count.escalated,
               fmt::format("{:.5f}", line.worst.ulp),
               holds ? line.found_at : line.found_at + "  ABOVE THE BOUND");
  }
  return all_hold;
}

}  // namespace
}  // namespace surprisal

int main(int argc, char** argv) {
  CLI::App app{
      "Measures the worst error of every stem, in units in the last place, and "
      "fails if a float is more than 0.501 or a double more than 1 ulp off."};
  uint64_t results = 10'000'000;
  bool every_target = false;
  app.add_option("--results", results, "results to measure per stem and type")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 40))
      ->capture_default_str();
  app.add_flag("--every-target", every_target,
               "on every SIMD target of this CPU, not on its best alone");
  CLI11_PARSE(app, argc, argv);

  std::vector<int64_t> targets = hwy::SupportedAndGeneratedTargets();
  if (!every_target) targets.resize(1);
  bool all_hold = true;
  for (const int64_t target : targets) {
    hwy::SetSupportedTargetsForTest(target);
    fmt::print("SIMD target {}\n", hwy::TargetName(target));
    auto lines = surprisal::MeasureAll<float>(results);
    for (auto& line : surprisal::MeasureAll<double>(results)) {
      lines.push_back(std::move(line));
    }
    all_hold = surprisal::PrintTable(lines) && all_hold;
  }
  return all_hold ? 0 : 1;
}
