#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "oracle/autodiff.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy_oracle.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"
#include "surprisal/entropy/entropy_oracle.h"
#include "surprisal/exp/exp_oracle.h"
#include "surprisal/expm1/expm1_oracle.h"
#include "surprisal/kl_divergence/kl_divergence_oracle.h"
#include "surprisal/log/log_oracle.h"
#include "surprisal/log1p/log1p_oracle.h"
#include "surprisal/log_softmax/log_softmax_oracle.h"
#include "surprisal/log_sum_exp/log_sum_exp_oracle.h"
#include "surprisal/nll/nll_oracle.h"
#include "surprisal/sigmoid/sigmoid_oracle.h"
#include "surprisal/softmax/softmax_oracle.h"
#include "surprisal/softplus/softplus_oracle.h"

// Each gradient is known twice: in closed form, and as the derivative that
// automatic differentiation takes of the textbook definition. The two share
// the definition of nothing but targets and divisors.

namespace surprisal {
namespace {

using Row = std::vector<double>;

constexpr double kDigits = 80;

/// The same numbers everywhere: the distributions of <random> are not.
class Generator {
 public:
  double Uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(bits_() >> 11) * 0x1p-53;
  }

  Row Uniforms(size_t count, double low, double high) {
    Row row(count);
    for (double& x : row) x = Uniform(low, high);
    return row;
  }

 private:
  std::mt19937_64 bits_{20260917};
};

/// Rows whose exponentials lie in the range of Wide.
std::vector<Row> LogitRows() {
  std::vector<Row> rows = {{3},
                           {2, 2, 2, 2},
                           {0, -700},
                           {0, -700, -700, 1},
                           {-40, 0},
                           {-700, -699.5, -1400},
                           {1e4, 1e4, 9999.5},
                           {88.7, 0, -103.9, 5e-324},
                           {16.942384719848633, 0}};
  Generator generator;
  for (const size_t classes : {2u, 3u, 5u}) {
    rows.push_back(generator.Uniforms(classes, -5, 5));
    rows.push_back(generator.Uniforms(classes, -300, 300));
  }
  return rows;
}

/// Pairs of rows above 0.
std::vector<std::pair<Row, Row>> PositivePairs() {
  std::vector<std::pair<Row, Row>> pairs = {
      {{1}, {1}},
      {{.3, .7}, {.3 + 0x1p-54, .7}},
      {{1e-300, 1, .5}, {5e-324, 1 - 0x1p-53, 2}},
      {{1 - 0x1p-53, 0x1p-53}, {0x1p-60, 1}}};
  Generator generator;
  for (const size_t classes : {2u, 3u, 5u}) {
    pairs.emplace_back(generator.Uniforms(classes, 0.001, 1),
                       generator.Uniforms(classes, 0.001, 1));
  }
  return pairs;
}

std::string Text(const Row& row) {
  std::string text = "[";
  for (const double x : row) text += " " + std::to_string(x);
  return text + " ]";
}

void CheckAgree(const std::vector<Exact>& closed,
                const std::vector<Exact>& differentiated) {
  REQUIRE(closed.size() == differentiated.size());
  // What is 0 in closed form is the rounding errors of 500 digits in the other
  Exact largest = 0;
  for (const Exact& d : closed) largest = std::max(largest, Exact(fabs(d)));
  const Exact zero = ldexp(std::max(largest, Exact(1)), -1000);
  for (size_t i = 0; i < closed.size(); ++i) {
    CAPTURE(i);
    CAPTURE(closed[i].str(25));
    CAPTURE(differentiated[i].str(25));
    if (closed[i] == 0) {
      CHECK(fabs(differentiated[i]) <= zero);
    } else {
      CHECK(AgreeingDigits(closed[i], differentiated[i]) >= kDigits);
    }
  }
}

/// x from [0] of a vector, as Gradient() hands it over.
template <class F>
Exact Slope(const F& f, double x) {
  return Gradient([&f](const auto& at) { return f(at[0]); }, Row{x})[0];
}

/// The dot product with an upstream of what `of` gives for each class.
template <class X, class Of>
X WithUpstream(const Row& upstream, const std::vector<X>& row, const Of& of) {
  X sum(0);
  for (size_t c = 0; c < row.size(); ++c) sum += of(row, c) * X(upstream[c]);
  return sum;
}

/// Row r of logits that stand one row behind the other.
template <class X>
std::vector<X> RowAt(const std::vector<X>& flat, size_t r, size_t classes) {
  const auto first = flat.begin() + static_cast<std::ptrdiff_t>(r * classes);
  return std::vector<X>(first, first + static_cast<std::ptrdiff_t>(classes));
}

const std::vector<Reduction> kReductions = {Reduction::kNone, Reduction::kMean,
                                            Reduction::kSum};

Wide DivisorOf(Reduction reduction, const Wide& divisor) {
  return reduction == Reduction::kMean ? divisor : Wide(1);
}

/// The derivative of the (summed or mean) cross-entropy under final targets.
std::vector<Exact> DifferentiatedCrossEntropy(
    const Row& logits, const std::vector<std::vector<Wide>>& targets,
    const Wide& divisor) {
  const size_t classes = logits.size() / targets.size();
  return Gradient(
      [&](const auto& z) {
        auto loss = CrossEntropyDefinition(RowAt(z, 0, classes), targets[0]);
        for (size_t r = 1; r < targets.size(); ++r) {
          loss += CrossEntropyDefinition(RowAt(z, r, classes), targets[r]);
        }
        return loss / divisor;
      },
      logits);
}

TEST_CASE("elementwise gradients are the slopes of the definitions") {
  Generator generator;
  Row points = {0.0,  5e-324, -1e-300, 0x1p-53, 0.3, -0.75,
                40.0, -40.0,  88.7,    -103.9,  300, -300};
  for (int i = 0; i < 20; ++i) points.push_back(generator.Uniform(-30, 30));
  for (const double x : points) {
    CAPTURE(x);
    const auto sigmoid = [](const auto& t) { return SigmoidDefinition(t); };
    const auto softplus = [](const auto& t) { return SoftplusDefinition(t); };
    const auto log_sigmoid = [](const auto& t) {
      return LogSigmoidDefinition(t);
    };
    CheckAgree(
        {ExpVjpOracle(x, 1), Expm1VjpOracle(x, 1), SigmoidVjpOracle(x, 1),
         SoftplusVjpOracle(x, 1), LogSigmoidVjpOracle(x, 1)},
        {Slope([](const auto& t) { return ExpDefinition(t); }, x),
         Slope([](const auto& t) { return Expm1Definition(t); }, x),
         Slope(sigmoid, x), Slope(softplus, x), Slope(log_sigmoid, x)});
    if (x > 0) {
      CheckAgree({LogVjpOracle(x, 1)},
                 {Slope([](const auto& t) { return LogDefinition(t); }, x)});
    }
    if (x > -1) {
      CheckAgree({Log1pVjpOracle(x, 1)},
                 {Slope([](const auto& t) { return Log1pDefinition(t); }, x)});
    }
  }
}

TEST_CASE("an upstream scales an elementwise gradient") {
  for (const double x : {0.5, 3.0}) {
    CheckAgree({ExpVjpOracle(x, 5), LogVjpOracle(x, 5), Log1pVjpOracle(x, 5),
                Expm1VjpOracle(x, 5), SigmoidVjpOracle(x, 5),
                SoftplusVjpOracle(x, 5), LogSigmoidVjpOracle(x, 5)},
               {5 * ExpVjpOracle(x, 1), 5 * LogVjpOracle(x, 1),
                5 * Log1pVjpOracle(x, 1), 5 * Expm1VjpOracle(x, 1),
                5 * SigmoidVjpOracle(x, 1), 5 * SoftplusVjpOracle(x, 1),
                5 * LogSigmoidVjpOracle(x, 1)});
  }
}

TEST_CASE("softmax and log-softmax pull an upstream back") {
  Generator generator;
  for (const Row& row : LogitRows()) {
    const std::string logits = Text(row);
    CAPTURE(logits);
    const Row upstream = generator.Uniforms(row.size(), -2, 2);
    for (const double temperature : {1.0, 2.5}) {
      const auto softmax = [temperature](const auto& z, size_t c) {
        return SoftmaxDefinition(z, c, temperature);
      };
      const auto log_softmax = [temperature](const auto& z, size_t c) {
        return LogSoftmaxDefinition(z, c, temperature);
      };
      CheckAgree(
          SoftmaxVjpOracle(row, upstream, temperature),
          Gradient(
              [&](const auto& z) { return WithUpstream(upstream, z, softmax); },
              row));
      CheckAgree(LogSoftmaxVjpOracle(row, upstream, temperature),
                 Gradient(
                     [&](const auto& z) {
                       return WithUpstream(upstream, z, log_softmax);
                     },
                     row));
    }
  }
}

TEST_CASE("the gradient of log-sum-exp is the softmax") {
  for (const Row& row : LogitRows()) {
    const std::string logits = Text(row);
    CAPTURE(logits);
    const auto scaled = [](const auto& z) {
      return LogSumExpDefinition(z) * Wide(-2.5);
    };
    CheckAgree(LogSumExpGradientOracle(row, -2.5), Gradient(scaled, row));
  }
}

TEST_CASE("the gradient of the negative log-likelihood") {
  const Row log_probs = {-1, -2, -3, 0, -700, .5, -1e-300, -4, -5};
  const Rows<const double> rows(log_probs.data(), 3, 3);
  const std::vector<Label> labels = {2, -100, 0};
  const Row weights = {.1, 3, 7};
  for (const Reduction reduction : kReductions) {
    const NllOptions options = {.reduction = reduction,
                                .class_weights = weights};
    const Wide divisor =
        DivisorOf(reduction, LabelWeight<Wide>(labels, options));
    const auto loss = [&](const auto& at) {
      return -(at[2] * weights[2] + at[6] * weights[0]) / divisor;
    };
    CheckAgree(NllGradientOracle(rows, labels, options),
               Gradient(loss, log_probs));
  }
}

TEST_CASE("the gradient of cross-entropy with labels, row by row") {
  for (const Row& row : LogitRows()) {
    const std::string logits = Text(row);
    CAPTURE(logits);
    for (size_t c = 0; c < row.size(); ++c) {
      const std::vector<Label> label = {static_cast<Label>(c)};
      for (const double smoothing : {0.0, 0.1, 1.0}) {
        const CrossEntropyOptions options = {.label_smoothing = smoothing};
        CheckAgree(
            CrossEntropyGradientOracle(row, label, options),
            DifferentiatedCrossEntropy(
                row, {TargetsOfLabel<Wide>(label[0], row.size(), options)}, 1));
      }
    }
  }
}

TEST_CASE("the gradient of cross-entropy with labels under every option") {
  const Row logits = {1, -2, .5, 30, 0, -40, 7, 7, 7, 2, 3, -700};
  const std::vector<Label> labels = {0, 2, -1, 2};
  const Row weights = {.1, 3, 7};
  for (const Reduction reduction : kReductions) {
    for (const double smoothing : {0.0, 0.2}) {
      const CrossEntropyOptions options = {.reduction = reduction,
                                           .ignore_index = -1,
                                           .class_weights = weights,
                                           .label_smoothing = smoothing};
      std::vector<std::vector<Wide>> targets;
      for (const Label label : labels) {
        targets.push_back(TargetsOfLabel<Wide>(label, 3, options));
      }
      const Wide divisor =
          DivisorOf(reduction, LabelWeight<Wide>(labels, options));
      CheckAgree(CrossEntropyGradientOracle(
                     Rows<const double>(logits.data(), 4, 3), labels, options),
                 DifferentiatedCrossEntropy(logits, targets, divisor));
    }
  }
}

TEST_CASE("the gradient of cross-entropy with targets under every option") {
  const Row logits = {1, -2, .5, 30, 0, -40, 7, 7, 7, 2, 3, -700};
  const Row targets = {1, 0, 0, .2, .3, .6, 0, 0, 0, 3, .5, 1e-9};
  const Row weights = {.1, 3, 7};
  const Rows<const double> target_rows(targets.data(), 4, 3);
  for (const Reduction reduction : kReductions) {
    for (const double smoothing : {0.0, 0.2}) {
      const CrossEntropyOptions options = {.reduction = reduction,
                                           .class_weights = weights,
                                           .label_smoothing = smoothing};
      std::vector<std::vector<Wide>> final_targets;
      for (size_t r = 0; r < 4; ++r) {
        final_targets.push_back(
            SmoothedTargets<Wide>(RowOf(target_rows, r), options));
      }
      CheckAgree(
          CrossEntropyGradientOracle(Rows<const double>(logits.data(), 4, 3),
                                     target_rows, options),
          DifferentiatedCrossEntropy(logits, final_targets,
                                     DivisorOf(reduction, 4)));
    }
  }
}

TEST_CASE("the gradients of binary cross-entropy") {
  const Row logits = {0, 1.5, -30, 100, -200, 5e-324};
  const Row probs = {.5, .001, 1e-300, 1 - 0x1p-53, .9, 0x1p-60};
  const Row targets = {0, 1, .25, 1, 1e-9, .5};
  const Row weights = {.1, 3, 7};
  for (const Reduction reduction : kReductions) {
    const BinaryCrossEntropyOptions options = {.reduction = reduction,
                                               .pos_weight = weights};
    const Wide divisor = DivisorOf(reduction, 6);
    const auto total = [&](const auto& x, const auto& loss_of) {
      auto loss = loss_of(x[0], targets[0], weights[0]);
      for (size_t i = 1; i < 6; ++i) {
        loss += loss_of(x[i], targets[i], weights[i % 3]);
      }
      return loss / divisor;
    };
    const auto from_logits = [](const auto& x, double t, double w) {
      return BinaryCrossEntropyDefinition(x, t, w);
    };
    const auto from_probs = [](const auto& p, double t, double w) {
      return BinaryCrossEntropyFromProbsDefinition(p, t, w);
    };
    const Rows<const double> target_rows(targets.data(), 2, 3);
    CheckAgree(
        BinaryCrossEntropyGradientOracle(
            Rows<const double>(logits.data(), 2, 3), target_rows, options),
        Gradient([&](const auto& x) { return total(x, from_logits); }, logits));
    CheckAgree(
        BinaryCrossEntropyFromProbsGradientOracle(
            Rows<const double>(probs.data(), 2, 3), target_rows, options),
        Gradient([&](const auto& p) { return total(p, from_probs); }, probs));
  }
}

TEST_CASE("the gradient of entropy, from probabilities and from logits") {
  for (const auto& [p, q] : PositivePairs()) {
    const std::string probs = Text(p);
    CAPTURE(probs);
    const auto scaled = [](const auto& x) {
      return EntropyDefinition(x) * Wide(-2.5);
    };
    CheckAgree(EntropyGradientOracle(p, -2.5), Gradient(scaled, p));
  }
  for (const Row& row : LogitRows()) {
    const std::string logits = Text(row);
    CAPTURE(logits);
    const auto scaled = [](const auto& x) {
      return EntropyOfLogitsDefinition(x) * Wide(0.75);
    };
    CheckAgree(EntropyOfLogitsGradientOracle(row, 0.75), Gradient(scaled, row));
  }
}

/// Checks both halves of a gradient of a function of two rows.
template <class F>
void CheckPair(const PairGradient<Exact>& closed, const F& f, const Row& p,
               const Row& q) {
  const auto constant = []<class X>(const Row& row, const std::vector<X>&) {
    return std::vector<X>(row.begin(), row.end());
  };
  CheckAgree(
      closed.first,
      Gradient([&](const auto& x) { return f(x, constant(q, x)) * Wide(-2.5); },
               p));
  CheckAgree(
      closed.second,
      Gradient([&](const auto& x) { return f(constant(p, x), x) * Wide(-2.5); },
               q));
}

TEST_CASE("the gradients of functions of two distributions") {
  for (const auto& [p, q] : PositivePairs()) {
    const std::string rows = Text(p) + Text(q);
    CAPTURE(rows);
    CheckPair(
        KlDivergenceGradientOracle(p, q, -2.5),
        [](const auto& x, const auto& y) {
          return KlDivergenceDefinition(x, y);
        },
        p, q);
    CheckPair(
        CrossEntropyFromProbsGradientOracle(p, q, -2.5),
        [](const auto& x, const auto& y) {
          return CrossEntropyFromProbsDefinition(x, y);
        },
        p, q);
  }
}

TEST_CASE("the gradient of the divergence from log-probabilities") {
  for (const Row& log_p : LogitRows()) {
    const std::string text = Text(log_p);
    CAPTURE(text);
    Row log_q = log_p;
    for (double& x : log_q) x = 0.5 * x - 0.25;
    CheckPair(
        KlDivergenceFromLogProbsGradientOracle(log_p, log_q, -2.5),
        [](const auto& x, const auto& y) {
          return KlDivergenceFromLogProbsDefinition(x, y);
        },
        log_p, log_q);
  }
}

}  // namespace
}  // namespace surprisal
