#include "surprisal/common/certain.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "oracle/definition.h"
#include "oracle/exact.h"
#include "oracle/rounding.h"
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
#include "trial_inputs.h"

namespace surprisal::testing {
namespace {

constexpr ElementType kFloat = ElementType::kFloat32;
constexpr double kMax = std::numeric_limits<float>::max();
constexpr double kInf = std::numeric_limits<double>::infinity();

using Row = std::vector<double>;

/// `got` is the correctly rounded float, sign of zero included.
void CheckRounded(double got, const Exact& exact) {
  const double want = RoundTo<float>(exact);
  CHECK(got == want);
  CHECK(std::signbit(got) == std::signbit(want));
}

bool IsRegular(const Exact& exact) { return isfinite(exact); }

/// Trial rows that have probabilities, as doubles.
std::vector<NamedRow<double>> RegularRows(size_t random_rows = 60) {
  std::vector<NamedRow<double>> rows;
  for (const auto& [name, row] : TrialRows<float>(random_rows)) {
    const Row wide = Widen(row);
    if (!HasNoSoftmax(wide)) rows.push_back({name, wide});
  }
  return rows;
}

/// Floats of one size or all sizes, or hardly different from one another.
Row RandomUpstream(Random& random, size_t classes) {
  Row upstream(classes);
  const size_t kind = random.Below(3);
  for (double& g : upstream) {
    if (kind == 0) g = random.AnyFinite<float>();
    if (kind == 1) g = static_cast<float>(random.Uniform(-2, 2));
    if (kind == 2) g = static_cast<float>(random.Uniform(0.99999, 1.00001));
  }
  return upstream;
}

/// Floats in [0, 1], one in eight of them 0.
Row RandomProbs(Random& random, size_t classes) {
  Row probs(classes);
  for (double& p : probs) {
    const double x = std::exp2(random.Uniform(-30, 0));
    p = random.Below(8) == 0 ? 0 : static_cast<float>(x);
  }
  return probs;
}

/// `certain(type, x)` and `certain_vjp(type, x, upstream)` are the oracles'.
template <class Function, class Oracle, class Vjp, class VjpOracle>
void CheckElementwise(const Function& function, const Oracle& oracle,
                      const Vjp& vjp, const VjpOracle& vjp_oracle) {
  Random random(17);
  for (const float x : TrialArguments<float>(300)) {
    CAPTURE(x);
    if (!std::isfinite(x)) continue;
    const Exact exact = oracle(x);
    if (IsRegular(exact)) CheckRounded(function(kFloat, x), exact);
    const double upstream = random.AnyFinite<float>();
    CAPTURE(upstream);
    const Exact d = vjp_oracle(x, upstream);
    if (IsRegular(exact) && IsRegular(d)) {
      CheckRounded(vjp(kFloat, x, upstream), d);
    }
  }
}

Rows<const double> Table(const Row& values, size_t classes) {
  return {values.data(), values.size() / classes, classes};
}

}  // namespace

TEST_CASE("elementwise functions are the oracle's") {
  CheckElementwise(
      certain::Exp, [](double x) { return ExpOracle(x); }, certain::ExpVjp,
      [](double x, double g) { return ExpVjpOracle(x, g); });
  CheckElementwise(
      certain::Expm1, [](double x) { return Expm1Oracle(x); },
      certain::Expm1Vjp,
      [](double x, double g) { return Expm1VjpOracle(x, g); });
  CheckElementwise(
      certain::Log, [](double x) { return LogOracle(x); }, certain::LogVjp,
      [](double x, double g) { return LogVjpOracle(x, g); });
  CheckElementwise(
      certain::Log1p, [](double x) { return Log1pOracle(x); },
      certain::Log1pVjp,
      [](double x, double g) { return Log1pVjpOracle(x, g); });
  CheckElementwise(
      certain::Sigmoid, [](double x) { return SigmoidOracle(x); },
      certain::SigmoidVjp,
      [](double x, double g) { return SigmoidVjpOracle(x, g); });
  CheckElementwise(
      certain::Softplus, [](double x) { return SoftplusOracle(x); },
      certain::SoftplusVjp,
      [](double x, double g) { return SoftplusVjpOracle(x, g); });
  CheckElementwise(
      certain::LogSigmoid, [](double x) { return LogSigmoidOracle(x); },
      certain::LogSigmoidVjp,
      [](double x, double g) { return LogSigmoidVjpOracle(x, g); });
}

TEST_CASE("functions of one row of logits are the oracle's") {
  for (const auto& [name, z] : RegularRows()) {
    CAPTURE(name);
    CheckRounded(certain::LogSumExp(kFloat, z), LogSumExpOracle(z));
    CheckRounded(certain::EntropyOfLogits(kFloat, z), EntropyOfLogitsOracle(z));
    const auto gradient = EntropyOfLogitsGradientOracle(z, -1.5);
    const auto lse_gradient = LogSumExpGradientOracle(z, 3.25);
    for (size_t c = 0; c < z.size(); ++c) {
      CAPTURE(c);
      CheckRounded(certain::EntropyOfLogitsGradient(kFloat, z, -1.5, c),
                   gradient[c]);
      CheckRounded(certain::LogSumExpGradient(kFloat, z, 3.25, c),
                   lse_gradient[c]);
    }
  }
}

TEST_CASE("softmax and log-softmax are the oracle's at any temperature") {
  for (const double temperature : {1.0, 0.7, 1e-300, 1e30}) {
    CAPTURE(temperature);
    for (const auto& [name, z] : RegularRows(40)) {
      CAPTURE(name);
      const auto probs = SoftmaxOracle(z, temperature);
      const auto log_probs = LogSoftmaxOracle(z, temperature);
      for (size_t c = 0; c < z.size(); ++c) {
        CAPTURE(c);
        CheckRounded(certain::Softmax(kFloat, z, temperature, c), probs[c]);
        if (!IsRegular(log_probs[c])) continue;
        CheckRounded(certain::LogSoftmax(kFloat, z, temperature, c),
                     log_probs[c]);
      }
    }
  }
}

TEST_CASE("a mask leaves classes out, whatever they hold") {
  const Row z = {1, NAN, 3, kInf, 2};
  const std::vector<std::uint8_t> mask = {1, 0, 1, 0, 1};
  const StridedRow<const std::uint8_t> mask_row = {mask.data(), 5, 1};
  const auto probs = MaskedSoftmaxOracle(z, mask, 2);
  for (size_t c = 0; c < z.size(); ++c) {
    CheckRounded(certain::MaskedSoftmax(kFloat, z, mask_row, 2, c), probs[c]);
  }
}

TEST_CASE("what softmax and log-softmax hand down is the oracle's") {
  Random random(18);
  for (const auto& [name, z] : RegularRows()) {
    CAPTURE(name);
    const Row g = RandomUpstream(random, z.size());
    const double temperature = random.Below(2) == 0 ? 1 : 0.37;
    const auto d = SoftmaxVjpOracle(z, g, temperature);
    const auto log_d = LogSoftmaxVjpOracle(z, g, temperature);
    for (size_t c = 0; c < z.size(); ++c) {
      CAPTURE(c);
      CheckRounded(certain::SoftmaxVjp(kFloat, z, g, temperature, c), d[c]);
      CheckRounded(certain::LogSoftmaxVjp(kFloat, z, g, temperature, c),
                   log_d[c]);
    }
  }
}

TEST_CASE("cross-entropy of labels and of targets is the oracle's") {
  Random random(19);
  for (const auto& [name, z] : RegularRows()) {
    CAPTURE(name);
    const size_t classes = z.size();
    Row weights(classes), t = RandomProbs(random, classes);
    for (double& w : weights) w = random.Uniform(0, 3);
    const std::vector<Label> label = {
        static_cast<Label>(random.Below(classes))};
    const bool plain = random.Below(3) == 0;
    const double smoothing = plain ? 0 : random.Uniform(0, 1);
    if (plain) weights.clear();
    const CrossEntropyOptions options = {.class_weights = weights,
                                         .label_smoothing = smoothing};
    const certain::CrossEntropyCase labels = {.logits = z,
                                              .labels = label,
                                              .class_weights = weights,
                                              .label_smoothing = smoothing};
    const certain::CrossEntropyCase targets = {.logits = z,
                                               .targets = t,
                                               .class_weights = weights,
                                               .label_smoothing = smoothing};
    const Exact loss = CrossEntropyOracle(z, label, options)[0];
    if (IsRegular(loss)) {
      CheckRounded(certain::ReducedLoss(kFloat, labels), loss);
    }
    const Exact of_targets =
        CrossEntropyOfRow<Exact>(z, SmoothedTargets<Exact>(t, options));
    if (IsRegular(of_targets)) {
      CheckRounded(certain::RowLoss(kFloat, targets, 0), of_targets);
    }
    const auto d = CrossEntropyGradientOracle(z, label, options);
    const auto d_targets =
        CrossEntropyGradientOracle(z, Rows<const double>(t), options);
    for (size_t c = 0; c < classes; ++c) {
      CAPTURE(c);
      CheckRounded(certain::LossGradient(kFloat, labels, 0, c), d[c]);
      CheckRounded(certain::LossGradient(kFloat, targets, 0, c), d_targets[c]);
    }
  }
}

TEST_CASE(
    "a mean over rows divides by the weight, or the number, that counts") {
  Random random(20);
  Row z(7 * 5), t(7 * 5), weights(5);
  for (double& x : z) x = static_cast<float>(random.Uniform(-30, 30));
  for (double& x : t) x = static_cast<float>(random.Uniform(0, 1));
  for (double& x : weights) x = random.Uniform(0, 2);
  const std::vector<Label> y = {4, 0, -100, 2, 2, -100, 1};
  for (const Reduction reduction : {Reduction::kMean, Reduction::kSum}) {
    const CrossEntropyOptions options = {.reduction = reduction,
                                         .class_weights = weights,
                                         .label_smoothing = 0.1};
    certain::CrossEntropyCase args = {.logits = Table(z, 5),
                                      .labels = y,
                                      .class_weights = weights,
                                      .label_smoothing = 0.1,
                                      .reduction = reduction};
    CheckRounded(certain::ReducedLoss(kFloat, args),
                 CrossEntropyOracle(Table(z, 5), y, options)[0]);
    CheckRounded(certain::LossGradient(kFloat, args, 3, 1),
                 CrossEntropyGradientOracle(Table(z, 5), y, options)[16]);
    args.targets = Table(t, 5);
    args.labels = {};
    CheckRounded(certain::ReducedLoss(kFloat, args),
                 CrossEntropyOracle(Table(z, 5), Table(t, 5), options)[0]);
    CheckRounded(
        certain::LossGradient(kFloat, args, 3, 1),
        CrossEntropyGradientOracle(Table(z, 5), Table(t, 5), options)[16]);

    const NllOptions nll_options = {.reduction = reduction,
                                    .class_weights = weights};
    const certain::NllCase nll = {.log_probs = Table(z, 5),
                                  .labels = y,
                                  .class_weights = weights,
                                  .reduction = reduction};
    CheckRounded(certain::ReducedLoss(kFloat, nll),
                 NllOracle(Table(z, 5), y, nll_options)[0]);
    CheckRounded(certain::RowLoss(kFloat, nll, 3),
                 Exact(Exact(-weights[2]) * z[17]));
    const auto d = NllGradientOracle(Table(z, 5), y, nll_options);
    CheckRounded(certain::LossGradient(kFloat, nll, 3, 2), d[17]);
    CheckRounded(certain::LossGradient(kFloat, nll, 3, 1), d[16]);
  }
}

TEST_CASE("binary cross-entropy is the oracle's") {
  Random random(21);
  for (int i = 0; i < 60; ++i) {
    Row x(6), p = RandomProbs(random, 6), t = RandomProbs(random, 6), weights;
    const double spread = std::exp2(random.Uniform(-3, 9));
    for (double& z : x) z = static_cast<float>(random.Uniform(-spread, spread));
    x[0] = i % 3 == 0 ? 0 : x[0];
    p[1] = t[1] = 1;
    if (i % 2 == 0) weights = {1.5};
    if (i % 4 == 1) weights = {0.25, 1, 3};
    const BinaryCrossEntropyOptions mean = {.pos_weight = weights};
    const BinaryCrossEntropyOptions none = {.reduction = Reduction::kNone,
                                            .pos_weight = weights};
    const auto inputs = Table(x, 3), probs = Table(p, 3), targets = Table(t, 3);
    const certain::BinaryCrossEntropyCase of_logits = {
        .inputs = inputs, .targets = targets, .pos_weight = weights};
    certain::BinaryCrossEntropyCase of_probs = of_logits;
    of_probs.inputs = probs;
    of_probs.from_probs = true;
    CheckRounded(certain::ReducedLoss(kFloat, of_logits),
                 BinaryCrossEntropyOracle(inputs, targets, mean)[0]);
    const Exact loss =
        BinaryCrossEntropyFromProbsOracle(probs, targets, mean)[0];
    if (IsRegular(loss)) {
      CheckRounded(certain::ReducedLoss(kFloat, of_probs), loss);
    }
    const auto losses = BinaryCrossEntropyOracle(inputs, targets, none);
    const auto d = BinaryCrossEntropyGradientOracle(inputs, targets, mean);
    const auto d_probs =
        BinaryCrossEntropyFromProbsGradientOracle(probs, targets, mean);
    for (size_t c = 0; c < 6; ++c) {
      CAPTURE(c);
      CheckRounded(certain::ElementLoss(kFloat, of_logits, c / 3, c % 3),
                   losses[c]);
      CheckRounded(certain::LossGradient(kFloat, of_logits, c / 3, c % 3),
                   d[c]);
      if (!IsRegular(d_probs[c])) continue;
      CheckRounded(certain::LossGradient(kFloat, of_probs, c / 3, c % 3),
                   d_probs[c]);
    }
  }
}

TEST_CASE(
    "entropy, cross-entropy and divergence of probabilities are the "
    "oracle's") {
  Random random(22);
  for (size_t i = 0; i < 200; ++i) {
    const size_t classes = 1 + i % 20;
    const Row p = RandomProbs(random, classes);
    Row q = RandomProbs(random, classes);
    for (size_t c = 0; c < classes; ++c) {
      if (i % 3 == 0) q[c] = p[c] * (1 + 1e-12 * random.Uniform(-1, 1));
      if (q[c] == 0) q[c] = 0x1p-149;
    }
    CheckRounded(certain::Entropy(kFloat, p), EntropyOracle(p));
    CheckRounded(certain::CrossEntropyFromProbs(kFloat, p, q),
                 CrossEntropyFromProbsOracle(p, q));
    CheckRounded(certain::KlDivergence(kFloat, p, q), KlDivergenceOracle(p, q));
    if (p[0] == 0) continue;
    const double u = random.Uniform(-2, 2);
    CheckRounded(certain::EntropyGradient(kFloat, p[0], u),
                 EntropyGradientOracle(p, u)[0]);
    const auto d = CrossEntropyFromProbsGradientOracle(p, q, u);
    CheckRounded(certain::CrossEntropyFromProbsGradientP(kFloat, q[0], u),
                 d.first[0]);
    CheckRounded(certain::CrossEntropyFromProbsGradientQ(kFloat, p[0], q[0], u),
                 d.second[0]);
    const auto kl_d = KlDivergenceGradientOracle(p, q, u);
    CheckRounded(certain::KlDivergenceGradientP(kFloat, p[0], q[0], u),
                 kl_d.first[0]);
    CheckRounded(certain::KlDivergenceGradientQ(kFloat, p[0], q[0], u),
                 kl_d.second[0]);
  }
}

TEST_CASE(
    "cross-entropy and divergence from log-probabilities are the "
    "oracle's") {
  Random random(23);
  for (size_t i = 0; i < 100; ++i) {
    const size_t classes = 1 + i % 20;
    const Row p = RandomProbs(random, classes);
    Row log_p(classes), log_q(classes);
    for (size_t c = 0; c < classes; ++c) {
      log_p[c] = static_cast<float>(random.Uniform(-120, 0));
      log_q[c] = i % 3 == 0 ? std::nextafter(log_p[c], 0)
                            : static_cast<float>(random.Uniform(-120, 0));
    }
    if (i % 5 == 0) log_p[0] = -kInf;
    CheckRounded(certain::CrossEntropyFromLogProbs(kFloat, p, log_q),
                 CrossEntropyFromLogProbsOracle(p, log_q));
    CheckRounded(certain::KlDivergenceFromLogProbs(kFloat, log_p, log_q),
                 KlDivergenceFromLogProbsOracle(log_p, log_q));
    const double u = random.Uniform(-2, 2);
    const auto d = KlDivergenceFromLogProbsGradientOracle(log_p, log_q, u);
    CheckRounded(certain::KlDivergenceFromLogProbsGradientP(kFloat, log_p[0],
                                                            log_q[0], u),
                 d.first[0]);
    CheckRounded(
        certain::KlDivergenceFromLogProbsGradientQ(kFloat, log_p[0], u),
        d.second[0]);
  }
}

TEST_CASE("what does not count may be infinite, or an ignored class") {
  const Row log_probs = {-1, -kInf, -3, -4}, weights = {2, 0};
  const std::vector<Label> labels = {1, 0};
  certain::NllCase nll = {.log_probs = Table(log_probs, 2),
                          .labels = labels,
                          .class_weights = weights};
  CHECK(certain::RowLoss(kFloat, nll, 0) == 0);
  CHECK(certain::ReducedLoss(kFloat, nll) == 3);
  const Row even = {1, 3};
  nll.class_weights = even;
  nll.ignore_index = 1;
  CHECK(certain::ReducedLoss(kFloat, nll) == 3);
  CHECK(certain::LossGradient(kFloat, nll, 1, 0) == -1);

  const Row x = {kInf, -kInf, 0}, t = {1, 0, 0.5};
  certain::BinaryCrossEntropyCase binary = {
      .inputs = x, .targets = t, .reduction = Reduction::kSum};
  CHECK(certain::ReducedLoss(kFloat, binary) == 0.6931471805599453F);
  CHECK(certain::LossGradient(kFloat, binary, 0, 0) == 0);
  const Row opposite = {0, 1, 0.5};
  binary.targets = opposite;
  CHECK(certain::LossGradient(kFloat, binary, 0, 0) == 1);
  CHECK(certain::LossGradient(kFloat, binary, 0, 1) == -1);

  const Row certainly = {1}, no_weight = {0};
  const certain::BinaryCrossEntropyCase probs = {.inputs = certainly,
                                                 .targets = certainly,
                                                 .from_probs = true,
                                                 .pos_weight = no_weight};
  CHECK(certain::LossGradient(kFloat, probs, 0, 0) == 0);
  CHECK(certain::ElementLoss(kFloat, probs, 0, 0) == 0);
}

TEST_CASE("exact ties go to the even neighbour") {
  // Two equal logits: p = 1/2, and half of 2^24 + 1 is half way between floats
  const Row z = {0, 0}, weights = {16777217, 16777217};
  const std::vector<Label> label = {0};
  const certain::CrossEntropyCase args = {.logits = z,
                                          .labels = label,
                                          .class_weights = weights,
                                          .reduction = Reduction::kSum};
  CHECK(certain::LossGradient(kFloat, args, 0, 1) == 8388608);
  CHECK(certain::LossGradient(kFloat, args, 0, 0) == -8388608);
  // A smoothing that 1 - eps would round away takes the tie away
  const Row weights_3 = {16777219, 16777219};
  certain::CrossEntropyCase smooth = args;
  smooth.class_weights = weights_3;
  CHECK(certain::LossGradient(kFloat, smooth, 0, 1) == 8388610);
  smooth.label_smoothing = 0x1p-60;
  CHECK(certain::LossGradient(kFloat, smooth, 0, 1) == 8388609);
  CHECK(certain::LogSumExpGradient(kFloat, z, 16777219, 0) == 8388610);
  CHECK(certain::SigmoidVjp(kFloat, 0, 4 + 0x1p-22) == 1);
  CHECK(certain::SigmoidVjp(kFloat, 0, 4 + 3 * 0x1p-22) == 1 + 0x1p-22);
  CHECK(certain::SoftplusVjp(kFloat, 0, 2 + 3 * 0x1p-23) == 1 + 0x1p-22);
  CHECK(certain::Log1pVjp(kFloat, 1, 2 + 0x1p-23) == 1);
  // A quarter and a half of the upstream gradient
  const Row down = {33554434, 0}, up = {33554438, 0};
  CHECK(certain::SoftmaxVjp(kFloat, z, down, 1, 0) == 8388608);
  CHECK(certain::SoftmaxVjp(kFloat, z, up, 1, 0) == 8388610);
  CHECK(certain::LogSoftmaxVjp(kFloat, z, down, 1, 0) == 16777216);
  CHECK(certain::LogSoftmaxVjp(kFloat, z, up, 1, 0) == 16777220);
}

TEST_CASE("what lies infinitely close to a tie goes to its own side") {
  // The last class is so far behind that no precision shows its probability
  for (const double far : {-60.0, -2e3, -3e3, -1e5, -3e7, -1e13, -kMax}) {
    CAPTURE(far);
    const Row z = {0, 0, far};
    CHECK(certain::LogSumExpGradient(kFloat, z, 2 + 0x1p-23, 0) == 1);
    CHECK(certain::LogSumExpGradient(kFloat, z, 2 + 3 * 0x1p-23, 0) ==
          1 + 0x1p-23);
    CHECK(certain::LogSumExpGradient(kFloat, z, -2 - 3 * 0x1p-23, 0) ==
          -1 - 0x1p-23);
    // About g_0 / 4 - e^far g_2 / 4: to either side, as g_2 bids
    const double tie = 4 + 3 * 0x1p-22;
    CHECK(certain::SoftmaxVjp(kFloat, z, Row{tie, 0, 100}, 1, 0) ==
          1 + 0x1p-23);
    CHECK(certain::SoftmaxVjp(kFloat, z, Row{tie, 0, -100}, 1, 0) ==
          1 + 0x1p-22);
    CHECK(certain::LogSumExp(kFloat, Row{16777217, 16777217 + far}) ==
          16777218);
    const Row behind = {0, -16777217, far};
    CHECK(certain::LogSoftmax(kFloat, behind, 1, 1) == -16777218);
    CHECK(certain::LogSoftmax(kFloat, behind, 0x1p-10, 1) ==
          -16777218 * 1024.0);
  }
  CHECK(certain::Softplus(kFloat, 16777217) == 16777218);
  CHECK(certain::Sigmoid(kFloat, kMax) == 1);
  CHECK(certain::Sigmoid(kFloat, -kMax) == 0);
  CHECK(std::signbit(certain::LogSigmoid(kFloat, kMax)));
  CHECK(certain::SoftplusVjp(kFloat, kMax, 1 + 3 * 0x1p-24) == 1 + 0x1p-23);
}

TEST_CASE("far terms of both signs are weighed against each other first") {
  // Behind two equal logits, e^far beats e^(2 far) whatever both are
  for (const double far : {-3.0e3, -1.0e6, -1.0e13, -1.0e30}) {
    CAPTURE(far);
    const Row z = {0, 0, far, 2 * far};
    const double tie = 4 + 3 * 0x1p-22;
    CHECK(certain::SoftmaxVjp(kFloat, z, Row{tie, 0, 100, -1e30}, 1, 0) ==
          1 + 0x1p-23);
    CHECK(certain::SoftmaxVjp(kFloat, z, Row{tie, 0, -100, 1e30}, 1, 0) ==
          1 + 0x1p-22);
    // And where g_2 = 0 it is the second order that e^(2 far) adds to
    CHECK(certain::SoftmaxVjp(kFloat, z, Row{tie, 0, 0, 100}, 1, 0) ==
          1 + 0x1p-23);
    CHECK(certain::SoftmaxVjp(kFloat, z, Row{tie, 0, 0, -100}, 1, 0) ==
          1 + 0x1p-22);
    // Where that cancels too, it is the third: -2 e^(3 far)
    CHECK(certain::SoftmaxVjp(kFloat, z, Row{tie, 0, 0, -tie / 4}, 1, 0) ==
          1 + 0x1p-23);
    // The second alone, and before a third that is 1e30 times as heavy
    const Row three = {0, 0, far}, cubic = {0, 0, far, 3 * far};
    CHECK(certain::SoftmaxVjp(kFloat, three, Row{tie, 0, 0}, 1, 0) ==
          1 + 0x1p-23);
    CHECK(certain::SoftmaxVjp(kFloat, cubic, Row{tie, 0, 0, -1e30}, 1, 0) ==
          1 + 0x1p-23);
    // A divergence that tends to 2^24 + 3, from below or from above
    const auto divergence = [](const Row& log_p, const Row& log_q) {
      return certain::KlDivergenceFromLogProbs(kFloat, log_p, log_q);
    };
    CHECK(divergence({0, far}, {-16777219, 0}) == 16777218);
    CHECK(divergence({0, far}, {-16777219, 2 * far}) == 16777220);
    CHECK(divergence({0, far, 2 * far}, {-16777217, 2 * far, -1}) == 16777218);
  }
}

TEST_CASE("what underflows every format has its sign") {
  for (const double far : {-3.0e3, -1.0e6, -1.0e13, -1.0e30}) {
    CAPTURE(far);
    const Row z = {0, far, 2 * far};
    const auto is_negative_zero = [&z](const Row& upstream) {
      const double d = certain::SoftmaxVjp(kFloat, z, upstream, 1, 0);
      CHECK(d == 0);
      return std::signbit(d);
    };
    CHECK(is_negative_zero({1, 2, -1e30}));
    CHECK(!is_negative_zero({1, 0, 1e30}));
    CHECK(!is_negative_zero({1, 1, 0}));
    CHECK(is_negative_zero({1, 1, 2}));
    const Row log_p = {far, 2 * far};
    const auto divergence = [&log_p](const Row& log_q) {
      return certain::KlDivergenceFromLogProbs(kFloat, log_p, log_q);
    };
    CHECK(!std::signbit(divergence({2 * far, far})));
    CHECK(std::signbit(divergence({0, 5 * far})));
    CHECK(std::signbit(certain::LogSoftmax(kFloat, z, 1, 0)));
  }
}

TEST_CASE("exact zeros of rows that are not flat are found") {
  const auto is_plus_zero = [](double x) { return x == 0 && !std::signbit(x); };
  const Row z = {0, 1, 1}, g = {1, 0, 2};
  CHECK(is_plus_zero(certain::SoftmaxVjp(kFloat, z, g, 1, 0)));
  CHECK(certain::SoftmaxVjp(kFloat, z, g, 1, 1) < 0);
  // An upstream row that sums to 0 goes through log-softmax as it is
  const Row logits = {1, 2, 3, -4}, balanced = {1e30, -1e30, 1e10, -1e10};
  CHECK(certain::LogSoftmaxVjp(kFloat, logits, balanced, 1, 2) == 1e10F);
  CHECK(is_plus_zero(
      certain::LogSoftmaxVjp(kFloat, logits, Row{1, -1, 0, 0}, 1, 2)));
  CHECK(is_plus_zero(certain::EntropyOfLogits(kFloat, Row{-kInf, 3})));
  CHECK(is_plus_zero(
      certain::EntropyOfLogitsGradient(kFloat, Row{5, 5, 5}, 2, 1)));
  // -2 ln 2 + 4 (1/2) ln 2
  CHECK(is_plus_zero(certain::Entropy(kFloat, Row{2, .5, .5, .5, .5})));
  CHECK(is_plus_zero(certain::Entropy(kFloat, Row{1, 0, 1})));
  CHECK(is_plus_zero(
      certain::CrossEntropyFromProbs(kFloat, Row{1, 2}, Row{4, .5})));
  CHECK(certain::CrossEntropyFromProbs(kFloat, Row{1, 2},
                                       Row{4, .5 - 0x1p-54}) > 0);
  const Row p = {.25, .75, .1};
  CHECK(is_plus_zero(certain::KlDivergence(kFloat, p, p)));
  const Row log_p = {-1, -2, -2}, log_q = {-1, -1, -3};
  CHECK(is_plus_zero(certain::KlDivergenceFromLogProbs(kFloat, log_p, log_q)));
  // (1 - t) e^x = w t at x = 0
  const Row logit = {0}, half = {0.5}, third = {0.25}, weight = {3};
  certain::BinaryCrossEntropyCase args = {.inputs = logit, .targets = half};
  CHECK(is_plus_zero(certain::LossGradient(kFloat, args, 0, 0)));
  args.targets = third;
  args.pos_weight = weight;
  CHECK(is_plus_zero(certain::LossGradient(kFloat, args, 0, 0)));
}

TEST_CASE("the divergence finds every product of powers that is 1") {
  const auto divergence = [](const Row& p, const Row& q) {
    return certain::KlDivergence(kFloat, p, q);
  };
  // 15 15 = 9 25; 21 21 = 9 49; 1155 1155 = 15^2 77^2: no odd part is prime
  CHECK(divergence({15, 15}, {9, 25}) == 0);
  CHECK(divergence({21, 21, 8}, {9, 49, 8}) == 0);
  CHECK(divergence({1155, 1155}, {225, 5929}) == 0);
  CHECK(divergence({30, 30}, {9, 100}) == 0);
  CHECK(divergence({15, 15}, {9, 25 + 0x1p-48}) < 0);
  CHECK(divergence({15, 15}, {9, 25 - 0x1p-48}) > 0);
  CHECK(divergence({30, 30}, {9, 50}) > 0);
  // 105 ln 3 - 105 ln 3 from ratios of 3; then a little more, which 128 bits
  // cannot see beside terms 2^160 times as large
  Row p = {15, 30, 60, 7, 14, 28, 56}, q = {5, 10, 20, 21, 42, 84, 168};
  CHECK(divergence(p, q) == 0);
  for (double& x : p) x *= 0x1p100;
  for (double& x : q) x *= 0x1p100;
  p.push_back(15 * 0x1p-60);
  q.push_back(5 * 0x1p-60);
  CHECK(divergence(p, q) ==
        static_cast<float>(15 * 0x1p-60 * 1.0986122886681098));
  // -(2^100 - 2^100 + 2^-49) ln 2
  CHECK(certain::CrossEntropyFromProbs(kFloat, Row{0x1p100, 0x1p100, 0x1p-50},
                                       Row{2, 0.5, 4}) ==
        static_cast<float>(-0x1p-49 * 0.6931471805599453));
}

TEST_CASE("the whole range of the type is no obstacle") {
  const Row z = {kMax, -kMax, 0, 1};
  const Row soft = {0.25, 0.5, 0.125, 0.125};
  const std::vector<Label> label = {0};
  const certain::CrossEntropyCase smooth = {
      .logits = z, .labels = label, .label_smoothing = 0.1};
  const CrossEntropyOptions options = {.label_smoothing = 0.1};
  CheckRounded(certain::ReducedLoss(kFloat, smooth),
               CrossEntropyOracle(z, label, options)[0]);
  const certain::CrossEntropyCase targets = {.logits = z, .targets = soft};
  const Rows<const double> soft_row = soft;
  CheckRounded(certain::ReducedLoss(kFloat, targets),
               CrossEntropyOracle(z, soft_row)[0]);
  const auto d_smooth = CrossEntropyGradientOracle(z, label, options);
  const auto d_targets = CrossEntropyGradientOracle(z, soft_row);
  for (size_t c = 0; c < 4; ++c) {
    CAPTURE(c);
    CheckRounded(certain::LossGradient(kFloat, smooth, 0, c), d_smooth[c]);
    CheckRounded(certain::LossGradient(kFloat, targets, 0, c), d_targets[c]);
  }
}

TEST_CASE("temperatures and weights of every size are no obstacle") {
  const double largest = std::numeric_limits<double>::max();
  const double smallest = std::numeric_limits<double>::denorm_min();
  const Row wide = {largest, -largest, smallest, 0};
  CHECK(certain::Softmax(kFloat, wide, smallest, 0) == 1);
  CHECK(certain::Softmax(kFloat, wide, smallest, 1) == 0);
  CHECK(certain::Softmax(kFloat, Row{smallest, 0}, 0x1p1023, 0) == 0.5);
  CHECK(certain::LogSoftmax(kFloat, wide, 0x1p1000, 2) == -16777216);
  // p = 1/2 + 2^-1076: a tie but for that
  CHECK(certain::LogSumExpGradient(kFloat, Row{smallest, 0}, 2 + 0x1p-23, 0) ==
        1 + 0x1p-23);
  CHECK(certain::LogSumExpGradient(kFloat, Row{0, smallest}, 2 + 3 * 0x1p-23,
                                   0) == 1 + 0x1p-23);
  const Row flat = {0, 0, 0, 0}, weights = {smallest, 0x1p1000, 1, 0};
  const std::vector<Label> label = {0};
  const certain::CrossEntropyCase weighted = {
      .logits = flat, .labels = label, .class_weights = weights};
  CHECK(certain::LossGradient(kFloat, weighted, 0, 1) == 0.25);
}

TEST_CASE("log-softmax of classes 1e8 apart passes the midpoints it meets") {
  // 2^27 + 8 and 2^27 + 24 are midpoints; the larger class is not quite certain
  CHECK(certain::LogSoftmax(kFloat, Row{1e8, -34217736}, 1, 1) == -134217744);
  CHECK(certain::LogSoftmax(kFloat, Row{1e8, -34217752}, 1, 1) == -134217760);
  // Alone in its row, a class has the midpoint itself
  CHECK(certain::LogSumExp(kFloat, Row{16777217}) == 16777216);
  CHECK(certain::LogSumExp(kFloat, Row{-16777217}) == -16777216);
  CHECK(certain::LogSumExp(kFloat, Row{-kInf, 16777219}) == 16777220);
}

TEST_CASE("results of 16 bits are rounded once") {
  // 1 + 2^-8 + 2^-30 would be a tie of bfloat16 if it were a float first
  const double x = std::log1p(0x1p-8 + 0x1p-30);
  CHECK(certain::Exp(ElementType::kBFloat16, x) == 1 + 0x1p-7);
  CHECK(certain::Exp(ElementType::kFloat16, 11.09) == 65504);
  CHECK(certain::Exp(ElementType::kFloat16, 11.1) == HUGE_VAL);
  CHECK(certain::Exp(ElementType::kFloat16, -17.4) == 0);
  CHECK(certain::Exp(ElementType::kFloat16, -17.3) == 0x1p-24);
}

TEST_CASE("what overflows is infinite, however large the exponent") {
  CHECK(certain::Exp(kFloat, 88.72) < kMax);
  CHECK(certain::Exp(kFloat, 88.73) == HUGE_VAL);
  CHECK(certain::Exp(kFloat, 1e300) == HUGE_VAL);
  CHECK(certain::ExpVjp(kFloat, 1e300, -0x1p-149) == -HUGE_VAL);
  CHECK(certain::Expm1(kFloat, 1e300) == HUGE_VAL);
  CHECK(certain::KlDivergenceFromLogProbs(kFloat, Row{1e30, 1e31},
                                          Row{0, 2e31}) == -HUGE_VAL);
}

}  // namespace surprisal::testing
