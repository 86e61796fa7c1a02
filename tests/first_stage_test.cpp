// The bounds of the first stage against the double-double stage, on every SIMD
// target: what they say of a number holds, and they are no thousand times too
// wide. The kernels are included here, not called: their estimates are not public.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "../tests/first_stage_test.cpp"  // as from lib/
#include "hwy/foreach_target.h"                             // IWYU pragma: keep
// Second, for foreach_target:
#include <cmath>
#include <cstddef>
#include <span>

#include "hwy/highway.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy-inl.h"
#include "surprisal/common/fine_sum-inl.h"
#include "surprisal/cross_entropy/cross_entropy-inl.h"
#include "surprisal/entropy/entropy-inl.h"
#include "surprisal/kl_divergence/kl_divergence-inl.h"

#ifndef SURPRISAL_TESTS_FIRST_STAGE_TEST_USE_
#define SURPRISAL_TESTS_FIRST_STAGE_TEST_USE_
namespace surprisal {
/// Up to three arguments of a function of numbers.
struct Numbers {
  double a, b, c;
};

/// How much of the bounds was used at most: 1 is all; and of how many numbers
/// something was known.
struct Use {
  double worst = 0.0;
  size_t known = 0;

  void Take(double off, double error) {
    if (!std::isfinite(error)) return;
    ++known;
    if (!(off <= worst * error)) worst = off / error;
  }
};
}  // namespace surprisal
#endif

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// The distance of an estimate from x, which is value times 2^exponent.
HWY_INLINE double DistanceFrom(const Estimate<One>& estimate, Scaled<One> x) {
  const One one;
  const Dd<One> truth = {LdExp<One>(one, x.value.hi, x.exponent),
                         LdExp<One>(one, x.value.lo, x.exponent)};
  const Dd<One> apart =
      Add(one, truth, hn::Neg(static_cast<V<One>>(estimate.value)));
  return std::abs(FromLane(apart.hi));
}

/// first(d, a, b, c) is an Estimate of full(one, a, b, c): whole vectors of the
/// same numbers, for the kernels' estimates are of vectors.
template <class First, class Full>
HWY_INLINE Use UseOf(std::span<const Numbers> trials, const First& first,
                     const Full& full) {
  const Doubles d;
  const One one;
  Use use;
  for (const Numbers& x : trials) {
    const Estimate<Doubles> lanes =
        first(d, hn::Set(d, x.a), hn::Set(d, x.b), hn::Set(d, x.c));
    const V<Doubles> value = lanes.value, error = lanes.error;
    const Estimate<One> estimate = {hn::Set(one, hn::GetLane(value)),
                                    hn::Set(one, hn::GetLane(error))};
    const Scaled<One> truth =
        full(one, hn::Set(one, x.a), hn::Set(one, x.b), hn::Set(one, x.c));
    use.Take(DistanceFrom(estimate, truth), hn::GetLane(error));
  }
  return use;
}

/// Slopes of probabilities a and b.
Use UseOfOnePlusLog(std::span<const Numbers> trials) {
  return UseOf(
      trials,
      [](auto d, auto a, auto, auto) HWY_ATTR { return FirstOnePlusLog(d, a); },
      [](auto d, auto a, auto, auto)
          HWY_ATTR { return OnePlusLog(d, a).factor.exact; });
}
Use UseOfLog(std::span<const Numbers> trials) {
  return UseOf(
      trials,
      [](auto d, auto a, auto, auto) HWY_ATTR { return FirstLogSlope(d, a); },
      [](auto d, auto a, auto, auto)
          HWY_ATTR { return LogProbOf(d, a).exact; });
}
Use UseOfRatio(std::span<const Numbers> trials) {
  return UseOf(
      trials,
      [](auto d, auto a, auto b, auto) HWY_ATTR { return FirstRatio(d, a, b); },
      [](auto d, auto a, auto b, auto)
          HWY_ATTR { return RatioFactor(d, a, b).exact; });
}
Use UseOfOnePlusLogRatio(std::span<const Numbers> trials) {
  return UseOf(
      trials,
      [](auto d, auto a, auto b, auto)
          HWY_ATTR { return FirstOnePlusLogRatio(d, a, b); },
      [](auto d, auto a, auto b, auto)
          HWY_ATTR { return OnePlusLogRatio(d, a, b).factor.exact; });
}

/// The same of logarithms of probabilities.
Use UseOfProb(std::span<const Numbers> trials) {
  return UseOf(
      trials,
      [](auto d, auto a, auto, auto) HWY_ATTR { return FirstProbSlope(d, a); },
      [](auto d, auto a, auto, auto) HWY_ATTR { return ProbOf(d, a).exact; });
}
Use UseOfProbTimesLead(std::span<const Numbers> trials) {
  return UseOf(
      trials,
      [](auto d, auto a, auto b, auto)
          HWY_ATTR { return FirstProbTimesLead(d, a, b); },
      [](auto d, auto a, auto b, auto)
          HWY_ATTR { return ProbTimesLead(d, a, b).exact; });
}

/// What EndsOfTerms() counts with.
HWY_INLINE Estimate<Doubles> SumOfTerms(Doubles d, const FirstTerms& terms) {
  const Ends ends = EndsOfTerms(d, terms, 1.0);
  const V<Doubles> low = ends.low, high = ends.high, half = hn::Set(d, 0.5);
  return {hn::Add(V<Doubles>(terms.positive), V<Doubles>(terms.negative)),
          hn::Mul(hn::Sub(high, low), half)};
}

/// Binary cross-entropy of an input a, a target b and a weight c.
template <class From>
HWY_INLINE Use UseOfLoss(std::span<const Numbers> trials) {
  return UseOf(
      trials,
      [](auto d, auto a, auto b, auto c)
          HWY_ATTR { return SumOfTerms(d, From::FirstLoss(d, a, b, c)); },
      [](auto d, auto a, auto b, auto c)
          HWY_ATTR { return From::Loss(d, a, b, c).regular; });
}
template <class From>
HWY_INLINE Use UseOfGradient(std::span<const Numbers> trials) {
  return UseOf(
      trials,
      [](auto d, auto a, auto b, auto c)
          HWY_ATTR { return SumOfTerms(d, From::FirstGradient(d, a, b, c)); },
      [](auto d, auto a, auto b, auto c)
          HWY_ATTR { return From::Gradient(d, a, b, c).regular; });
}
Use UseOfLossFromLogits(std::span<const Numbers> trials) {
  return UseOfLoss<FromLogits>(trials);
}
Use UseOfLossFromProbs(std::span<const Numbers> trials) {
  return UseOfLoss<FromProbs>(trials);
}
Use UseOfGradientFromLogits(std::span<const Numbers> trials) {
  return UseOfGradient<FromLogits>(trials);
}
Use UseOfGradientFromProbs(std::span<const Numbers> trials) {
  return UseOfGradient<FromProbs>(trials);
}

HWY_INLINE Scaled<One> ScaledOf(const WideValue& x) {
  const One one;
  return {ToDd(one, x.value), hn::Set(one, x.exponent)};
}

/// The entropy of a row of logits.
Use UseOfEntropy(std::span<const float> logits,
                 std::span<const float> /*targets*/) {
  const Estimate<One> estimate = FirstEntropyOfLogits(logits);
  const WideValue truth = EntropyOf(LoadExpRow(logits));
  Use use;
  use.Take(DistanceFrom(estimate, ScaledOf(truth)), FromLane(estimate.error));
  return use;
}

/// Its cross-entropy under target weights, a tenth of them smoothed.
Use UseOfTargetLoss(std::span<const float> logits,
                    std::span<const float> targets) {
  const One one;
  const ScaledWeights weights;
  const FirstRow first = LoadFirstRow<Exps::kAdded>(logits, true);
  if (!first.known) return {};
  const WideValue loss =
      FirstTargetLoss(first, FirstTargets(targets, 0.1, weights), logits);
  const ExpRow row = LoadExpRow(logits);
  const TargetRow target_row = LoadTargets(targets, 0.1, weights, row.arg_max);
  const Estimate<One> estimate = {hn::Set(one, loss.value.hi),
                                  hn::Set(one, loss.error)};
  Use use;
  use.Take(DistanceFrom(estimate, ScaledOf(TargetLoss(row, target_row))),
           loss.error);
  return use;
}

/// The logarithm of a coarse sum.
Use UseOfCoarseSum(std::span<const float> logits,
                   std::span<const float> /*targets*/) {
  const One one;
  const FirstRow coarse = LoadFirstRow<Exps::kCoarse>(logits, true);
  if (!coarse.known) return {};
  const FirstLogSum log_sum = LogSumOf(coarse);
  const Estimate<One> estimate = {hn::Set(one, log_sum.value),
                                  hn::Set(one, log_sum.error)};
  const DoubleDouble truth = LoadExpRow(logits).log_sum;
  Use use;
  use.Take(DistanceFrom(estimate, {ToDd(one, truth), hn::Set(one, -kUp)}),
           log_sum.error);
  return use;
}

/// The probabilities of a row by its quick exponentials.
Use UseOfQuickProbs(std::span<const float> logits,
                    std::span<const float> /*targets*/) {
  const One one;
  const FirstRow quick = LoadFirstRow<Exps::kQuick>(logits, false);
  if (!quick.known) return {};
  const ProductEnds ends = QuickProbEndsOf(quick);
  const ExpRow row = LoadExpRow(logits);
  const DoubleDouble inverse_sum = InverseSum(row);
  Use use;
  for (size_t c = 0; c < logits.size(); ++c) {
    if (row.shifted.hi[c] < -104) continue;
    const double value = quick.exps[c] * ends.factor;
    const Estimate<One> estimate = {hn::Set(one, value), hn::Set(one, 0.0)};
    const DoubleDouble e = {row.exps.hi[c], row.exps.lo[c]};
    const Scaled<One> truth = {ToDd(one, Product(e, inverse_sum)),
                               hn::Set(one, -kUp)};
    use.Take(DistanceFrom(estimate, truth), value * kQuickProbError);
  }
  return use;
}

/// A sum of a row's exponentials.
Use UseOfSum(std::span<const float> logits, const SumOfExps& sum) {
  const One one;
  const ExpRow row = LoadExpRow(logits);
  // That sum is of e^(x - shift) 2^-down, the row's of e^(x - max)
  const double shift = row.max - sum.exponential.shift;
  const Scaled<One> at_max = Exp(one, ToDd(one, hn::Set(one, shift)));
  const Dd<One> truth = Mul(one, ToDd(one, row.sum), Dd<One>(at_max.value));
  const double down = FromLane(at_max.exponent) - sum.exponential.Down();
  const Dd<One> scaled = Scale(one, truth, Pow2(one, hn::Set(one, down)));
  const Dd<One> apart = Sub(one, ToDd(one, sum.value), scaled);
  Use use;
  use.Take(std::abs(FromLane(apart.hi)), sum.value.hi * sum.error);
  return use;
}

/// The sum of a row's quick exponentials.
Use UseOfQuickSum(std::span<const float> logits,
                  std::span<const float> /*targets*/) {
  const FirstRow quick = LoadFirstRow<Exps::kQuick>(logits, false);
  return quick.known ? UseOfSum(logits, QuickSum(quick)) : Use();
}

/// The fine sum.
Use UseOfFineSum(std::span<const float> logits,
                 std::span<const float> /*targets*/) {
  const FirstRow first = LoadFirstRow<Exps::kAdded>(logits, false);
  return first.known ? UseOfSum(logits, FineSum(logits, first)) : Use();
}

/// A row that is a chunk by itself.
HWY_INLINE void LoadAsChunk(std::span<const float> logits, ShortChunk& chunk) {
  chunk.rows = 1;
  chunk.classes = logits.size();
  FindRows(chunk.classes, chunk);
  OpenRows open(1);
  LoadShortChunk(logits, 0, chunk, open);
}

/// What is known of the exponentials, the others and the logarithm of a row as
/// one of few classes, shifted by its maximum.
Use UseOfShiftedRow(std::span<const float> logits,
                    std::span<const float> /*targets*/) {
  const One one;
  ShortChunk chunk;
  LoadAsChunk(logits, chunk);
  ShortOthers rows;
  FindShortOthers(chunk, rows);
  const ExpRow row = LoadExpRow(logits);
  Use use;
  const auto take = [&](double value, double relative, DoubleDouble truth,
                        double exponent) {
    const Estimate<One> estimate = {hn::Set(one, value),
                                    hn::Set(one, value * relative)};
    const Scaled<One> scaled = {ToDd(one, truth), hn::Set(one, exponent)};
    use.Take(DistanceFrom(estimate, scaled), value * relative);
  };
  for (size_t c = 0; c < chunk.classes; ++c) {
    if (row.shifted.hi[c] < -kFirstDepth) continue;
    take(chunk.exps[c], chunk.exp_error, {row.exps.hi[c], row.exps.lo[c]},
         -kUp);
  }
  take(chunk.sums[0], chunk.sum_error, row.sum, 0.0);
  take(rows.others[0], rows.others_error, row.others, -kUp);
  take(rows.logs[0], rows.log_error, row.log_sum, -kUp);
  return use;
}

/// The loss of a label beside which there is next to nothing, which is 0.
Use UseOfStandIns(std::span<const float> logits,
                  std::span<const float> /*targets*/) {
  ShortChunk chunk;
  LoadAsChunk(logits, chunk);
  ShortOthers rows;
  FindShortOthers(chunk, rows);
  const WideValue loss = ShortLoss(chunk, rows, 0, 0, 1.0);
  Use use;
  use.Take(loss.value.hi, loss.error);
  return use;
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "kernel_testing.h"
#include "trial_inputs.h"

namespace surprisal::testing {
namespace {

HWY_EXPORT(UseOfOnePlusLog);
HWY_EXPORT(UseOfLog);
HWY_EXPORT(UseOfRatio);
HWY_EXPORT(UseOfOnePlusLogRatio);
HWY_EXPORT(UseOfProb);
HWY_EXPORT(UseOfProbTimesLead);
HWY_EXPORT(UseOfLossFromLogits);
HWY_EXPORT(UseOfLossFromProbs);
HWY_EXPORT(UseOfGradientFromLogits);
HWY_EXPORT(UseOfGradientFromProbs);
HWY_EXPORT(UseOfEntropy);
HWY_EXPORT(UseOfTargetLoss);
HWY_EXPORT(UseOfCoarseSum);
HWY_EXPORT(UseOfQuickProbs);
HWY_EXPORT(UseOfQuickSum);
HWY_EXPORT(UseOfFineSum);
HWY_EXPORT(UseOfShiftedRow);
HWY_EXPORT(UseOfStandIns);

/// Floats, as the first stage wants them.
double Narrow(double x) { return static_cast<float>(x); }

template <class Make>
std::vector<Numbers> TrialsOf(const Make& make) {
  Random random(53);
  std::vector<Numbers> trials(20000);
  for (Numbers& trial : trials) trial = make(random);
  return trials;
}

/// A probability, near 1 every other time.
double Probability(Random& random) {
  const double p = std::exp2(random.Uniform(-60, 0));
  return Narrow(random.Below(2) == 0 ? p : 1 - p);
}

std::vector<Numbers> Probabilities() {
  return TrialsOf([](Random& random) {
    const double p = Probability(random), q = Probability(random);
    const double near = Narrow(p * (1 + random.Uniform(-1e-3, 1e-3)));
    const double target = Narrow(random.Uniform(0, 1));
    return random.Below(2) == 0 ? Numbers{p, near, random.Uniform(0, 3)}
                                : Numbers{p, random.Below(2) == 0 ? q : target,
                                          random.Uniform(0, 3)};
  });
}

std::vector<Numbers> Logarithms() {
  return TrialsOf([](Random& random) {
    return Numbers{Narrow(random.Uniform(-100, 5)),
                   Narrow(random.Uniform(-100, 5)), 0};
  });
}

/// Inputs between `low` and `high`, targets in [0, 1] and weights.
std::vector<Numbers> BinaryTrials(double low, double high) {
  return TrialsOf([=](Random& random) {
    const double target = random.Below(3) == 0
                              ? static_cast<double>(random.Below(2))
                              : Narrow(random.Uniform(0, 1));
    return Numbers{Narrow(random.Uniform(low, high)), target,
                   random.Uniform(0.5, 2)};
  });
}

/// The bounds hold on every target, are used, and most numbers are known.
template <class UseFn>
void CheckUse(size_t least_known, const UseFn& use_of,
              double least_use = 0.005) {
  ForEachTarget([&] {
    const Use use = use_of();
    CHECK(use.worst <= 1.0);
    CHECK(use.worst > least_use);
    CHECK(use.known >= least_known);
  });
}

TEST_CASE("slopes of probabilities lie where the first stage says") {
  const std::vector<Numbers> trials = Probabilities();
  CheckUse(19000,
           [&] { return HWY_DYNAMIC_DISPATCH(UseOfOnePlusLog)(trials); });
  CheckUse(19000, [&] { return HWY_DYNAMIC_DISPATCH(UseOfLog)(trials); });
  CheckUse(19000, [&] { return HWY_DYNAMIC_DISPATCH(UseOfRatio)(trials); });
  CheckUse(19000,
           [&] { return HWY_DYNAMIC_DISPATCH(UseOfOnePlusLogRatio)(trials); });
}

TEST_CASE("slopes of log-probabilities lie where the first stage says") {
  const std::vector<Numbers> trials = Logarithms();
  CheckUse(20000, [&] { return HWY_DYNAMIC_DISPATCH(UseOfProb)(trials); });
  CheckUse(20000,
           [&] { return HWY_DYNAMIC_DISPATCH(UseOfProbTimesLead)(trials); });
}

TEST_CASE("binary losses and gradients lie where the first stage says") {
  const std::vector<Numbers> logits = BinaryTrials(-50, 50);
  const std::vector<Numbers> probs = BinaryTrials(0, 1);
  CheckUse(20000,
           [&] { return HWY_DYNAMIC_DISPATCH(UseOfLossFromLogits)(logits); });
  CheckUse(20000, [&] {
    return HWY_DYNAMIC_DISPATCH(UseOfGradientFromLogits)(logits);
  });
  CheckUse(19000,
           [&] { return HWY_DYNAMIC_DISPATCH(UseOfLossFromProbs)(probs); });
  CheckUse(19000,
           [&] { return HWY_DYNAMIC_DISPATCH(UseOfGradientFromProbs)(probs); });
}

/// Rows of logits, from `offset` on, some of them confident, and of targets.
template <class UseFn>
Use UseOfRows(double offset, const UseFn& use_of) {
  Random random(54);
  Use worst;
  for (size_t trial = 0; trial < 3000; ++trial) {
    std::vector<float> logits(2 + random.Below(60)), targets(logits.size());
    const double spread = std::exp2(random.Uniform(-4, 6));
    for (float& x : logits) {
      x = static_cast<float>(offset + random.Uniform(0, spread));
    }
    for (float& t : targets) t = static_cast<float>(random.Uniform(0, 1));
    if (trial % 3 == 0) logits[0] += 40;
    const Use use = use_of(logits, targets);
    worst.known += use.known;
    worst.worst = std::max(worst.worst, use.worst);
  }
  return worst;
}

TEST_CASE("entropies and soft targets' losses lie where the first stage says") {
  CheckUse(2990,
           [] { return UseOfRows(0, HWY_DYNAMIC_DISPATCH(UseOfEntropy)); });
  CheckUse(2990,
           [] { return UseOfRows(0, HWY_DYNAMIC_DISPATCH(UseOfTargetLoss)); });
}

TEST_CASE("coarse sums are as coarse as they say, and no coarser") {
  for (const double offset : {0.0, -100.0, 301.0}) {
    CAPTURE(offset);
    CheckUse(
        2990,
        [&] { return UseOfRows(offset, HWY_DYNAMIC_DISPATCH(UseOfCoarseSum)); },
        0.5);
  }
}

/// Rows of floats near 0, far from it, and shifted; `use_of` gives the function for
/// the target that is on.
template <class UseFn>
void CheckUseOfRows(const UseFn& use_of, double least_use) {
  for (const double offset : {0.0, -200.0, 140.0, 301.0, -500.0}) {
    CAPTURE(offset);
    CheckUse(
        2990, [&] { return UseOfRows(offset, use_of()); }, least_use);
  }
}

TEST_CASE("quick probabilities are as quick as they say, and no quicker") {
  CheckUseOfRows([] { return HWY_DYNAMIC_DISPATCH(UseOfQuickProbs); }, 0.04);
}

TEST_CASE("quick sums are as quick as they say, and no quicker") {
  CheckUseOfRows([] { return HWY_DYNAMIC_DISPATCH(UseOfQuickSum); }, 0.03);
}

TEST_CASE("fine sums are as fine as they say") {
  CheckUseOfRows([] { return HWY_DYNAMIC_DISPATCH(UseOfFineSum); }, 0.03);
}

TEST_CASE("shifted rows of few classes lie where the first stage says") {
  for (const double offset : {301.0, -500.0, 1e5}) {
    CAPTURE(offset);
    CheckUse(3000 * 5, [&] {
      return UseOfRows(offset, HWY_DYNAMIC_DISPATCH(UseOfShiftedRow));
    });
  }
}

/// Rows of logits near 0 and one near 320, from which they differ inexactly.
template <class UseFn>
Use UseOfInexactRows(const UseFn& use_of) {
  Random random(55);
  Use worst;
  for (size_t trial = 0; trial < 3000; ++trial) {
    std::vector<float> logits(2 + random.Below(60));
    for (float& x : logits) x = static_cast<float>(random.Uniform(-1e-3, 1e-3));
    logits[0] = static_cast<float>(random.Uniform(301, 340));
    const Use use = use_of(logits, {});
    worst.known += use.known;
    worst.worst = std::max(worst.worst, use.worst);
  }
  return worst;
}

TEST_CASE("what stands in for a loss below e^-700 is not taken for it") {
  CheckUse(1, [] {
    return HWY_DYNAMIC_DISPATCH(UseOfStandIns)(std::vector<float>{0, -1000},
                                               {});
  });
}

TEST_CASE("differences of logits keep what their rounding takes off") {
  CheckUse(3000 * 5, [] {
    return UseOfInexactRows(HWY_DYNAMIC_DISPATCH(UseOfShiftedRow));
  });
}

}  // namespace
}  // namespace surprisal::testing

#endif  // HWY_ONCE
