// Rows of target weights - distributions, or a smoothed label - and what logits
// cost under them, in both stages.

#if defined(SURPRISAL_COMMON_TARGET_ROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_TARGET_ROW_INL_H_
#undef SURPRISAL_COMMON_TARGET_ROW_INL_H_
#else
#define SURPRISAL_COMMON_TARGET_ROW_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "hwy/highway.h"
#include "surprisal/common/first_sums-inl.h"
#include "surprisal/common/wide_sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// Target weights t_c of one row, times 2^-exponent and, with smoothing, times
/// the number of classes: then none of them is rounded.
struct TargetRow {
  DoubleRow values;
  DoubleDouble total;
  DoubleDouble others;  ///< the total without the most probable class
  double exponent = 0.0;
  double times = 1.0;  ///< the classes, or 1 without smoothing
  double error = 0.0;  ///< what values below kLeastScaled are off by
  bool known = true;   ///< else none of the values is to be used
};

/// t_c = w_c ((1 - eps) target_c K + eps), or w_c target_c without smoothing,
/// from the targets in `hi`.
HWY_INLINE void WeighTargets(double smoothing, const ScaledWeights& weights,
                             size_t arg_max, TargetRow& row) {
  const One one;
  const auto classes = static_cast<double>(row.values.classes);
  row.times = smoothing == 0.0 ? 1.0 : classes;
  row.known = weights.exact;
  const Dd<One> keep =
      Mul(one, TwoSum(one, hn::Set(one, 1.0), hn::Set(one, -smoothing)),
          hn::Set(one, row.times));
  for (size_t c = 0; c < row.values.classes; ++c) {
    Dd<One> t = Mul(one, keep, hn::Set(one, row.values.hi[c]));
    t = Add(one, t, hn::Set(one, ScaledDown(smoothing, row.exponent)));
    const double weight = weights[c];
    Dd<One> product = Mul(one, t, hn::Set(one, weight));
    if (FromLane(t.hi) != 0.0 && weight != 0.0 &&
        FromLane(product.hi) < kLeastScaled) {
      if (FromLane(product.hi) == 0.0) product.hi = hn::Set(one, 0x1p-1074);
      row.error = kScaledError * row.times;
    }
    row.values.Put(one, c, product);
  }
  std::fill(row.values.hi + row.values.classes,
            row.values.hi + row.values.padded, 0.0);
  std::fill(row.values.lo + row.values.classes,
            row.values.lo + row.values.padded, 0.0);
  row.total = SumRow(row.values);
  if (row.error != 0.0 && row.total.hi < kLeastScaled) row.known = false;
  const DoubleDouble at_max = {row.values.hi[arg_max], row.values.lo[arg_max]};
  row.values.Put(one, arg_max, ToDd(one, hn::Zero(one)));
  row.others = SumRow(row.values);
  row.values.Put(one, arg_max, ToDd(one, at_max));
}

HWY_INLINE TargetRow SmoothedLabel(size_t y, size_t classes, double smoothing,
                                   const ScaledWeights& weights,
                                   size_t arg_max) {
  TargetRow row;
  row.values = NewRow(classes, Slot::kOtherHi, Slot::kOtherLo);
  std::fill(row.values.hi, row.values.hi + classes, 0.0);
  row.values.hi[y] = 1.0;
  WeighTargets(smoothing, weights, arg_max, row);
  return row;
}

HWY_INLINE TargetRow LoadTargets(InRow targets, double smoothing,
                                 const ScaledWeights& weights, size_t arg_max) {
  TargetRow row;
  row.values = NewRow(targets.classes, Slot::kOtherHi, Slot::kOtherLo);
  LoadRow(targets, 0.0, row.values.hi);
  const double largest =
      *std::max_element(row.values.hi, row.values.hi + targets.classes);
  const bool tiny = largest > 0.0 && largest < 0x1p-400 && smoothing == 0.0;
  if (tiny || largest > 2.0) {
    row.exponent = SafeExponent(largest);
    for (size_t c = 0; c < targets.classes; ++c) {
      row.values.hi[c] = ScaledDown(row.values.hi[c], row.exponent);
    }
  }
  WeighTargets(smoothing, weights, arg_max, row);
  return row;
}

/// sum_c t_c (ln(sum) - t). All terms are >= 0.
HWY_INLINE WideValue TargetLoss(const ExpRow& row, const TargetRow& targets) {
  if (row.kind != RowKind::kRegular) return {{}, 0.0, NAN};
  const Doubles d;
  const V<Doubles> zero = hn::Zero(d);
  Dd<Doubles> below = ToDd(d, zero);  // sum of t_c (max - z_c) 2^-64
  V<Doubles> uncertain = zero;        // of these max - z_c with an error in t_c
  auto infinite = hn::Lt(zero, zero);
  for (size_t i = 0; i < targets.values.padded; i += hn::Lanes(d)) {
    const Dd<Doubles> t = row.shifted.At(d, i);
    const Dd<Doubles> weight = targets.values.At(d, i);
    const auto counts = hn::Gt(V<Doubles>(weight.hi), zero);
    const auto masked = hn::Not(hn::IsFinite(V<Doubles>(t.hi)));
    infinite = hn::Or(infinite, hn::And(counts, masked));
    const Dd<Doubles> depth = IfThenElse(
        d, masked, ToDd(d, zero), Scale(d, Neg(d, t), hn::Set(d, 0x1p-64)));
    below = Add(d, below, Mul(d, weight, depth));
    const auto is_small =
        hn::Lt(V<Doubles>(weight.hi), hn::Set(d, kLeastScaled));
    uncertain = hn::Add(uncertain, hn::IfThenElseZero(hn::And(counts, is_small),
                                                      V<Doubles>(depth.hi)));
  }
  if (row.beyond || !targets.known) return Unknown();
  if (!hn::AllFalse(d, infinite)) return {{}, 0.0, HUGE_VAL};
  const DoubleDouble depth = SumOfLanes(d, below);
  const DoubleDouble log_part = Product(targets.total, row.log_sum);
  const double exponent = targets.exponent;
  WideValue loss = {log_part, exponent - kUp, 0.0,
                    2 * log_part.hi * row.others_relative};
  if (log_part.hi < kLeastProduct && depth.hi == 0.0 &&
      targets.total.hi != 0.0 && row.log_sum.hi != 0.0) {
    return Unknown();
  }
  if (depth.hi != 0.0) {
    // What underflows must not vanish, nor in the division at the end: beside a
    // depth from e^-600 or less, 2^-960 is as good as nothing
    DoubleDouble unscaled = {log_part.hi * 0x1p-564, log_part.lo * 0x1p-564};
    const bool lost = log_part.hi > 0.0 && unscaled.hi < 0x1p-960;
    if (lost) unscaled = {0x1p-960, 0.0};
    loss = {Sum(unscaled, depth), exponent + 64.0, 0.0,
            2 * depth.hi * row.relative +
                2 * targets.error * SumOfLanes(d, ToDd(d, uncertain)).hi +
                unscaled.hi * (lost ? 1.0 : 2 * row.others_relative)};
  }
  return DivideWide(loss, {targets.times, 0.0});
}

/// d_c = (e_c (total - t_c) - t_c others_c) / (sum divisor): the gradient
/// (sum t) p_c - t_c without the part of it that always cancels. The places that
/// `open` names, or without any the whole row.
template <class LastResort>
HWY_INLINE void TargetGradient(const ExpRow& row, const TargetRow& targets,
                               const Shares& shares, double exponent,
                               OutRow d_logits, const Undecided& open,
                               const LastResort& last_resort) {
  if (d_logits.data == nullptr) return;
  if (row.kind != RowKind::kRegular) return FillRow(d_logits, NAN);
  if (!targets.known) return StoreByLastResort(d_logits, last_resort, open);
  const DoubleDouble inverse =
      Quotient({1.0, 0.0},
               Product(Product(row.sum, shares.divisor), {targets.times, 0.0}));
  const double relative = 2 * row.relative + shares.relative;
  const double scale = exponent + targets.exponent - kUp;
  const DoubleDouble all = Sum(row.others, {0x1p500, 0.0});

  // At the most probable class the others are a sum by themselves
  const size_t m = row.arg_max;
  const DoubleDouble t_max = {targets.values.hi[m], targets.values.lo[m]};
  const DoubleDouble pull = Product({0x1p500, 0.0}, targets.others);
  const DoubleDouble push = Product(t_max, row.others);
  // Products below 2^-900 may have lost bits, or all
  const double lost = targets.total.hi == 0.0 ? 0.0 : 0x1p-900;
  const Apart at_max = {
      m,
      {Product(Sum(pull, {-push.hi, -push.lo}), inverse), scale, 0.0,
       2 * inverse.hi *
               (pull.hi * relative +
                push.hi * (relative + row.others_relative)) +
           2 * inverse.hi * targets.error *
               (static_cast<double>(row.exps.classes) * 0x1p500 +
                row.others.hi) +
           (row.others.hi == 0.0 ? 0.0 : lost)}};

  const double off = 2 * relative * inverse.hi;
  const double own = 2 * inverse.hi * (targets.error * all.hi);
  const double total = targets.total.hi * 2;
  const double stand_ins = row.others.hi * row.others_relative / 0x1p500;
  const auto lanes_of = [&](auto d, size_t i, Rounder& round) HWY_ATTR {
    const auto t = targets.values.At(d, i);
    const auto e = row.exps.At(d, i);
    const auto pull_i = Mul(d, e, Sub(d, ToDd(d, targets.total), t));
    const auto push_i = Mul(d, t, Sub(d, ToDd(d, all), e));
    const auto value = Mul(d, Sub(d, pull_i, push_i), ToDd(d, inverse));
    const V<Doubles> e_hi = e.hi;
    const auto far =
        hn::IfThenElseZero(hn::Le(e_hi, hn::Set(d, kStandIn)), e_hi);
    const auto size =
        hn::Add(hn::Mul(e_hi, hn::Set(d, total)),
                hn::Mul(push_i.hi, hn::Set(d, 1 + stand_ins / relative)));
    const auto none = hn::And(hn::Eq(e_hi, hn::Zero(d)),
                              hn::Eq(V<Doubles>(t.hi), hn::Zero(d)));
    // Where the total is off, that is nothing to its own relative error
    const V<Doubles> t_hi = t.hi;
    const auto is_small = hn::And(hn::Gt(t_hi, hn::Zero(d)),
                                  hn::Lt(t_hi, hn::Set(d, kLeastScaled)));
    const auto own_error =
        hn::IfThenElse(is_small, hn::Set(d, own + lost), hn::Set(d, lost));
    const auto error =
        hn::Add(hn::Add(hn::Mul(size, hn::Set(d, off)),
                        hn::Mul(far, hn::Set(d, total * inverse.hi))),
                hn::IfThenZeroElse(none, own_error));
    return round(d, i, OffBy<Doubles>(d, {value, hn::Set(d, scale)}, error));
  };
  StoreRow(d_logits, lanes_of, last_resort, at_max, open);
}

/// What the target weights of the first stage are off by, relatively.
inline constexpr double kFirstTargetError = 5 * kUnit;

/// Class weights in scratch memory, padded to whole vectors with 0.
HWY_INLINE const double* PaddedWeights(const ScaledWeights& weights,
                                       size_t classes) {
  const size_t padded = hwy::RoundUpTo(classes, hn::Lanes(Doubles()));
  double* to = Scratch(Slot::kThirdHi, padded);
  for (size_t c = 0; c < classes; ++c) to[c] = weights[c];
  std::fill(to + classes, to + padded, 0.0);
  return to;
}

/// Smaller numbers, but for 0, are not the first stage's: products with them
/// might underflow.
inline constexpr double kFirstLeastTarget = 0x1p-300;

/// From targets in scratch memory, -w_c ((1 - eps) target_c + eps / K); without
/// values where one of these is too small.
HWY_INLINE FirstParts WeighFirstTargets(double* t, size_t classes,
                                        double smoothing,
                                        const ScaledWeights& weights) {
  const Doubles d;
  const V<Doubles> zero = hn::Zero(d), keep = hn::Set(d, smoothing - 1.0);
  const double share = smoothing / static_cast<double>(classes);
  const double* w = PaddedWeights(weights, classes);
  V<Doubles> least = hn::Set(d, HUGE_VAL);
  for (size_t i = 0; i < classes; i += hn::Lanes(d)) {
    const V<Doubles> weight = hn::Load(d, w + i);
    const V<Doubles> target =
        hn::MulAdd(hn::Load(d, t + i), keep, hn::Set(d, -share));
    const V<Doubles> part = hn::Mul(target, weight), size = hn::Abs(part);
    const auto none = hn::Or(hn::Eq(target, zero), hn::Eq(weight, zero));
    least = hn::IfThenElse(hn::Or(none, hn::Ge(size, least)), least, size);
    hn::Store(part, d, t + i);
  }
  const bool plain =
      hn::AllTrue(d, hn::Ge(least, hn::Set(d, kFirstLeastTarget))) &&
      (smoothing == 0.0 || share >= kFirstLeastTarget);
  return {plain ? t : nullptr, kFirstTargetError};
}

HWY_INLINE FirstParts FirstSmoothedLabel(size_t y, size_t classes,
                                         double smoothing,
                                         const ScaledWeights& weights) {
  const size_t padded = hwy::RoundUpTo(classes, hn::Lanes(Doubles()));
  double* t = Scratch(Slot::kOtherHi, padded);
  std::fill(t, t + padded, 0.0);
  t[y] = 1.0;
  return WeighFirstTargets(t, classes, smoothing, weights);
}

HWY_INLINE FirstParts FirstTargets(InRow targets, double smoothing,
                                   const ScaledWeights& weights) {
  double* t = LoadPlain(targets, 0.0, Slot::kOtherHi);
  return WeighFirstTargets(t, targets.classes, smoothing, weights);
}

/// What the loss is off by, relatively, but for the logarithm's own error.
inline constexpr double kFirstTargetLossError = 14 * kUnit;

/// sum_c t_c (max - z_c) + ln(sum / e^max) sum_c t_c, two sums that are never
/// negative, from the target weights times -1. Of infinite error where nothing
/// is known.
HWY_INLINE WideValue FirstTargetLoss(const FirstRow& row,
                                     const FirstParts& parts, InRow logits) {
  const size_t padded = hwy::RoundUpTo(logits.classes, hn::Lanes(Doubles()));
  const double* x = PaddedRow(logits);
  const FirstSum total =
      SumFirstTerms(padded, [&](Doubles d, size_t i) HWY_ATTR {
        return hn::Load(d, parts.values + i);
      });
  const FirstSum depth = SumFirstTerms(padded, [&](Doubles d,
                                                   size_t i) HWY_ATTR {
    const V<Doubles> part = hn::Load(d, parts.values + i);
    const V<Doubles> below = hn::Sub(hn::Load(d, x + i), hn::Set(d, row.max));
    return hn::IfThenZeroElse(hn::Eq(part, hn::Zero(d)), hn::Mul(part, below));
  });
  const FirstLogSum log_sum = LogSumOf(row);
  const double loss = depth.value - total.value * log_sum.value;
  const double error =
      loss * kFirstTargetLossError + total.size * log_sum.error * (1 + 0x1p-40);
  const bool plain = loss >= kFirstLeastSize && loss <= kFirstMostSize;
  return {{loss, 0.0}, 0.0, 0.0, plain ? error : HUGE_VAL};
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
