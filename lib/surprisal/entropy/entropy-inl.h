#if defined(SURPRISAL_ENTROPY_ENTROPY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_ENTROPY_ENTROPY_INL_H_
#undef SURPRISAL_ENTROPY_ENTROPY_INL_H_
#else
#define SURPRISAL_ENTROPY_ENTROPY_INL_H_
#endif

#include <cmath>

#include "hwy/highway.h"
#include "surprisal/common/certain.h"
#include "surprisal/common/prob_row-inl.h"
#include "surprisal/entropy/entropy.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// -sum_c p_c ln p_c by the first stage.
HWY_INLINE Estimate<One> FirstEntropy(InRow probs) {
  const size_t padded = hwy::RoundUpTo(probs.classes, hn::Lanes(Doubles()));
  const double* p = LoadPlain(probs, 0.0, Slot::kOtherHi);
  const auto log_at = [&](Doubles d, size_t i) HWY_ATTR {
    return hn::Neg(FirstLog(d, hn::Load(d, p + i)));
  };
  return EstimateOf(SumWeighted(p, padded, log_at), kFirst);
}

inline HWY_NOINLINE double FullEntropy(InRow probs, ElementType type) {
  const ProbRow row = LoadProbs(probs, Slot::kShiftedHi);
  const double* plain = LoadPlain(probs, 1.0, Slot::kOtherHi);
  const auto term = [&](auto d, size_t i) HWY_ATTR {
    const auto p_i = hn::Load(d, row.values + i);
    const auto log_p =
        Log(d, Scaled<Doubles>{ToDd(d, hn::Load(d, plain + i)), hn::Zero(d)});
    const auto limit = hn::IfThenElseZero(hn::IsNaN(p_i), p_i);
    const auto value = Mul(d, Neg(d, log_p), p_i);
    return Term<Doubles>{value, hn::Ne(p_i, hn::Zero(d)), limit,
                         hn::Abs(value.hi)};
  };
  return RoundScalar(type, SumTerms(row.padded, row.exponent, term),
                     [&] { return certain::Entropy(type, probs); });
}

void EntropyRows(InRows probs, OutRow entropy) {
  const ElementType type = entropy.type;
  for (size_t r = 0; r < probs.rows; ++r) {
    const InRow row = probs[r];
    entropy.Set(r, RowScalarOf(
                       type, [&] { return FirstEntropy(row); },
                       [&] { return FullEntropy(row, type); }));
  }
}

/// 1 + ln p, -inf at p = 0.
template <class D>
HWY_INLINE CancellingFactor<D> OnePlusLog(D d, V<D> p) {
  const V<D> zero = hn::Zero(d), one = hn::Set(d, 1.0);
  const Dd<D> log = Log(d, Scaled<D>{ToDd(d, p), zero});
  const Dd<D> value = Add(d, log, one);
  const V<D> sign = hn::IfThenElse(hn::Lt(value.hi, zero), hn::Neg(one), one);
  const V<D> size = hn::Add(hn::Abs(log.hi), one);
  return {{{value, zero},
           hn::IfThenElse(hn::Eq(p, zero), hn::Set(d, -HUGE_VAL), sign)},
          hn::Mul(size, hn::Set(d, kRelative))};
}

/// 1 + ln p by the first stage.
HWY_INLINE Estimate<Doubles> FirstOnePlusLog(Doubles d, V<Doubles> p) {
  const V<Doubles> log = FirstLogProb(d, p);
  return SlopeOf(d, hn::Add(log, hn::Set(d, 1.0)),
                 hn::Mul(hn::Abs(log), hn::Set(d, kFirst)));
}

/// -upstream (1 + ln p).
void EntropyGradientRows(InRows probs, InRow upstream, OutRows d_probs) {
  const auto one_plus_log = [](auto d, auto p, auto /*q*/)
                                HWY_ATTR { return OnePlusLog(d, p); };
  const auto slope = [](auto d, auto p, auto /*q*/)
                         HWY_ATTR { return FirstOnePlusLog(d, p); };
  for (size_t r = 0; r < probs.rows; ++r) {
    const double g = upstream[r];
    const PairRow pair = LoadPair(probs[r], probs[r]);
    const auto last_resort = [&](double p, double /*q*/) {
      return certain::EntropyGradient(d_probs.type, p, g);
    };
    StorePairGradient(pair, -g, slope, one_plus_log, last_resort, d_probs, r);
  }
}

/// Below e^-2000 exponentials are stand-ins (see ScaledExp), not to be
/// multiplied by logits of any size.
inline constexpr double kNegligible = -2000.0;

/// 2^500 times a mean, and what it is off by.
struct ScaledMean {
  DoubleDouble value;
  double error = 0.0;
};

/// 2^500 times sum_c p_c (max - z_c), p being the probabilities. What stands in
/// for exponentials, or is negligible, may all be error.
HWY_INLINE ScaledMean MeanDepth(const ExpRow& row) {
  const Doubles d;
  const V<Doubles> zero = hn::Zero(d);
  Dd<Doubles> depth = ToDd(d, zero);
  for (size_t i = 0; i < row.exps.padded; i += hn::Lanes(d)) {
    const Dd<Doubles> t = row.shifted.At(d, i);
    const auto counts = hn::Gt(V<Doubles>(t.hi), hn::Set(d, kNegligible));
    const Dd<Doubles> size = IfThenElse(d, counts, Neg(d, t), ToDd(d, zero));
    depth = Add(d, depth, Mul(d, row.exps.At(d, i), size));
  }
  const DoubleDouble mean = Quotient(SumOfLanes(d, depth), row.sum);
  const double stand_ins =
      static_cast<double>(row.exps.classes) * kStandIn * -kNegligible;
  return {mean, mean.hi * 2 * row.relative + stand_ins};
}

/// H = ln(sum) + depth / sum, two terms that are never negative.
HWY_INLINE WideValue EntropyOf(const ExpRow& row) {
  if (row.kind != RowKind::kRegular) return {{}, 0.0, NAN};
  const ScaledMean depth = MeanDepth(row);
  const DoubleDouble value = Sum(row.log_sum, depth.value);
  return {value, -kUp, 0.0,
          value.hi * kRelative + row.log_sum.hi * row.others_relative +
              depth.error};
}

/// z_c - max by the first stage, 0 where z_c is -inf.
HWY_INLINE V<Doubles> FirstDepth(Doubles d, const double* x, double max,
                                 size_t i) {
  const V<Doubles> x_i = hn::Load(d, x + i);
  const auto masked = hn::Eq(x_i, hn::Set(d, -HUGE_VAL));
  return hn::IfThenZeroElse(masked, hn::Sub(x_i, hn::Set(d, max)));
}

/// What the first stage's entropy is off by relatively, but for the logarithm.
inline constexpr double kFirstEntropyError = 24 * kUnit;

/// EntropyOf() by the first stage.
HWY_INLINE Estimate<One> FirstEntropyOfLogits(InRow logits) {
  const One one;
  const V<One> unknown = hn::Set(one, HUGE_VAL);
  const FirstRow row = LoadFirstRow<Exps::kKept>(logits, true);
  if (!row.known) return {unknown, unknown};
  const double* x = PaddedRow(logits);
  const size_t padded = hwy::RoundUpTo(logits.classes, hn::Lanes(Doubles()));
  const FirstSum depth =
      SumFirstTerms(padded, [&](Doubles d, size_t i) HWY_ATTR {
        return hn::Mul(hn::Load(d, row.exps + i), FirstDepth(d, x, row.max, i));
      });
  if (!depth.Plain()) return {unknown, unknown};
  const FirstLogSum log_sum = LogSumOf(row);
  const double value = log_sum.value - depth.value / row.sum;
  return {hn::Set(one, value),
          hn::Set(one, value * (kFirstEntropyError + ShiftedError(row)) +
                           log_sum.error)};
}

void EntropyOfLogitsRows(InRows logits, OutRow entropy) {
  const ElementType type = entropy.type;
  for (size_t r = 0; r < logits.rows; ++r) {
    const InRow row = logits[r];
    const auto full = [&] {
      return RoundScalar(type, EntropyOf(LoadExpRow(row)),
                         [&] { return certain::EntropyOfLogits(type, row); });
    };
    entropy.Set(r, RowScalarOf(
                       type, [&] { return FirstEntropyOfLogits(row); }, full));
  }
}

/// -upstream p_c (ln p_c + H) = -upstream p_c (t_c + depth / sum), times 2^500
/// within: ln(sum) cancels, so it is never formed. The places that `open` names, or without any
/// the whole row.
inline HWY_NOINLINE void FullEntropyOfLogitsGradientRow(InRow logits,
                                                        double upstream,
                                                        OutRow d_logits,
                                                        const Undecided& open) {
  const ExpRow row = LoadExpRow(logits);
  if (row.kind != RowKind::kRegular) return FillRow(d_logits, NAN);
  const ScaledMean depth = MeanDepth(row);
  const DoubleDouble inverse = InverseSum(row);
  const auto lanes_of = [&](auto d, size_t i, Rounder& round) HWY_ATTR {
    const auto zero = hn::Zero(d);
    const auto t = row.shifted.At(d, i);
    const auto at_max = hn::Eq(t.hi, zero);
    const auto negligible = hn::Lt(t.hi, hn::Set(d, kNegligible));
    const auto safe_t = Scale(d, IfThenElse(d, negligible, ToDd(d, zero), t),
                              hn::Set(d, 0x1p500));
    const auto sum = Add(d, safe_t, ToDd(d, depth.value));
    const auto e = ExpAt(d, row, i);
    const auto value = Mul(d, Mul(d, e.value, sum), ToDd(d, inverse));
    const auto size = hn::Sub(hn::Set(d, depth.value.hi), safe_t.hi);
    const auto sum_error = hn::MulAdd(size, hn::Set(d, 4 * row.relative),
                                      hn::Set(d, 2 * depth.error));
    const auto error =
        hn::Mul(hn::Mul(e.value.hi, sum_error), hn::Set(d, inverse.hi));
    // Never 0 where the row is not flat, whatever the bits say
    const auto lost =
        hn::AndNot(negligible, hn::AndNot(at_max, hn::Eq(sum.hi, zero)));
    const auto coarse = hn::IfThenElse(lost, hn::Set(d, 1.0), value.hi);
    const auto exponent = hn::Sub(V<Doubles>(e.exponent), hn::Set(d, kUp));
    return TimesAsked(
        d, round, i, -upstream,
        CancellingFactor<Doubles>{{{value, exponent}, coarse}, error});
  };
  const auto last_resort = [&](size_t c) {
    // Never -0, as in TimesAsked()
    return certain::EntropyOfLogitsGradient(d_logits.type, logits, upstream,
                                            c) +
           0.0;
  };
  StoreRow(d_logits, lanes_of, last_resort, {}, open);
}

/// The first stage: how far t_c is ahead of the mean. Returns as StoreFirst()
/// does.
HWY_INLINE bool FirstEntropyOfLogitsGradientRow(InRow logits, double upstream,
                                                OutRow d_logits,
                                                Undecided& open) {
  if (upstream == 0.0 || !std::isfinite(upstream)) return false;
  const FirstRow row = LoadFirstRow<Exps::kKept>(logits, false);
  if (!row.known) return false;
  const double* x = PaddedRow(logits);
  const auto ahead_at = [&](Doubles d, size_t i)
                            HWY_ATTR { return FirstDepth(d, x, row.max, i); };
  return StoreAheadOfMean(row, ahead_at, -upstream, HalfOfLeast(d_logits.type),
                          logits, logits.data, d_logits, open);
}

HWY_INLINE void EntropyOfLogitsGradientRow(InRow logits, double upstream,
                                           OutRow d_logits) {
  Undecided open;
  if (HasFirstStage(d_logits.type) &&
      FirstEntropyOfLogitsGradientRow(logits, upstream, d_logits, open)) {
    return;
  }
  FullEntropyOfLogitsGradientRow(logits, upstream, d_logits, open);
}

void EntropyOfLogitsGradientRows(InRows logits, InRow upstream,
                                 OutRows d_logits) {
  for (size_t r = 0; r < logits.rows; ++r) {
    EntropyOfLogitsGradientRow(logits[r], upstream[r], d_logits[r]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
