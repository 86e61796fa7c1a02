#if defined(SURPRISAL_CROSS_ENTROPY_CROSS_ENTROPY_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_CROSS_ENTROPY_CROSS_ENTROPY_INL_H_
#undef SURPRISAL_CROSS_ENTROPY_CROSS_ENTROPY_INL_H_
#else
#define SURPRISAL_CROSS_ENTROPY_CROSS_ENTROPY_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "hwy/highway.h"
#include "surprisal/common/prob_row-inl.h"
#include "surprisal/common/wide_sum-inl.h"
#include "surprisal/cross_entropy/cross_entropy.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// 2^500 times the sum of the exponentials of all classes but c: the sum
/// without the largest where c is the largest; elsewhere a difference of which
/// at least half is left.
HWY_INLINE DoubleDouble OthersOf(const ExpRow& row, size_t c) {
  if (c == row.arg_max) return row.others;
  const DoubleDouble all = Sum(row.others, {0x1p500, 0.0});
  return Sum(all, {-row.exps.hi[c], -row.exps.lo[c]});
}

/// weight * (ln(sum) - t_y). Where t_y = 0, the scaled ln(sum) alone, which has
/// all its bits when the row is confident; for huge t_y times 2^-64, so that no
/// product overflows.
HWY_INLINE WideValue LabelLoss(const ExpRow& row, size_t y, double weight) {
  if (row.kind != RowKind::kRegular) return {{}, 0.0, NAN};
  if (weight == 0.0) return {};
  const One one;
  const DoubleDouble t = {row.shifted.hi[y], row.shifted.lo[y]};
  if (std::isinf(t.hi)) return {{}, 0.0, HUGE_VAL};
  const double down = t.hi < -0x1p900 ? 0x1p-64 : 1.0;
  Dd<One> loss = Sub(one, ToDd(one, row.LogSum()), ToDd(one, t));
  loss = Scale(one, loss, hn::Set(one, down));
  double exponent = down == 1.0 ? 0.0 : 64.0;
  if (t.hi == 0.0) {
    loss = ToDd(one, row.log_sum);
    exponent = -kUp;
  }
  const Scaled<One> w = Normalize(one, hn::Set(one, weight));
  return {FromLane(Mul(one, loss, w.value)), FromLane(w.exponent) + exponent,
          0.0};
}

/// Row r of a view, or a row without data where the view has none.
template <class T>
HWY_INLINE StridedRow<T> RowOrNone(const Rows<T>& view, size_t r) {
  return view.data == nullptr ? StridedRow<T>{} : view[r];
}

/// weight * p_c / divisor, less weight / divisor at the label y, times
/// 2^exponent; NaN throughout a row that is not regular.
template <class T>
HWY_INLINE void LabelGradient(const ExpRow& row, size_t y, double weight,
                              DoubleDouble divisor, double exponent,
                              StridedRow<T> d_logits) {
  if (d_logits.data == nullptr) return;
  if (row.kind != RowKind::kRegular) return FillRow(d_logits, T(NAN));
  if (weight == 0.0) return FillRow(d_logits, T{0});
  const One one;
  const Scaled<One> w = Normalize(one, hn::Set(one, weight));
  const DoubleDouble factor =
      Quotient({FromLane(w.value.hi), 0.0}, Product(row.sum, divisor));
  const double scale = exponent + FromLane(w.exponent) - kUp;
  StoreRow(d_logits, [&](auto d, size_t i) HWY_ATTR {
    const auto value = Mul(d, row.exps.At(d, i), ToDd(d, factor));
    return BeforeRounding<T>(d, {value, hn::Set(d, scale)});
  });
  // At the label minus the others, never p - 1
  const DoubleDouble others = Product(OthersOf(row, y), factor);
  d_logits[y] = RoundScalar<T>({-others.hi, -others.lo}, scale);
}

/// Target weights t_c of one row, times 2^-exponent and, with smoothing, times
/// the number of classes: then none of them is rounded.
struct TargetRow {
  DoubleRow values;
  DoubleDouble total;
  double exponent = 0.0;
  double times = 1.0;  ///< the classes, or 1 without smoothing
};

/// t_c = w_c ((1 - eps) target_c K + eps), or w_c target_c without smoothing,
/// from the targets in `hi`.
HWY_INLINE void WeighTargets(double smoothing, const ScaledWeights& weights,
                             TargetRow& row) {
  const One one;
  const auto classes = static_cast<double>(row.values.classes);
  const int down = static_cast<int>(row.exponent);
  row.times = smoothing == 0.0 ? 1.0 : classes;
  const Dd<One> keep =
      Mul(one, TwoSum(one, hn::Set(one, 1.0), hn::Set(one, -smoothing)),
          hn::Set(one, row.times));
  for (size_t c = 0; c < row.values.classes; ++c) {
    Dd<One> t = Mul(one, keep, hn::Set(one, row.values.hi[c]));
    t = Add(one, t, hn::Set(one, std::ldexp(smoothing, -down)));
    row.values.Put(one, c, Mul(one, t, hn::Set(one, weights[c])));
  }
  std::fill(row.values.hi + row.values.classes,
            row.values.hi + row.values.padded, 0.0);
  std::fill(row.values.lo + row.values.classes,
            row.values.lo + row.values.padded, 0.0);
  row.total = SumRow(row.values);
}

HWY_INLINE TargetRow SmoothedLabel(size_t y, size_t classes, double smoothing,
                                   const ScaledWeights& weights) {
  TargetRow row;
  row.values = NewRow(classes, Slot::kOtherHi, Slot::kOtherLo);
  std::fill(row.values.hi, row.values.hi + classes, 0.0);
  row.values.hi[y] = 1.0;
  WeighTargets(smoothing, weights, row);
  return row;
}

template <class T>
HWY_INLINE TargetRow LoadTargets(StridedRow<const T> targets, double smoothing,
                                 const ScaledWeights& weights) {
  TargetRow row;
  row.values = NewRow(targets.classes, Slot::kOtherHi, Slot::kOtherLo);
  LoadRow(targets, 0.0, row.values.hi);
  const double largest =
      *std::max_element(row.values.hi, row.values.hi + targets.classes);
  const bool tiny = largest > 0.0 && largest < 0x1p-400 && smoothing == 0.0;
  if (tiny || largest > 0x1p400) {
    row.exponent = SafeExponent(largest);
    for (size_t c = 0; c < targets.classes; ++c) {
      row.values.hi[c] =
          std::ldexp(row.values.hi[c], -static_cast<int>(row.exponent));
    }
  }
  WeighTargets(smoothing, weights, row);
  return row;
}

/// sum_c t_c (ln(sum) - t). All terms are >= 0.
HWY_INLINE WideValue TargetLoss(const ExpRow& row, const TargetRow& targets) {
  if (row.kind != RowKind::kRegular) return {{}, 0.0, NAN};
  const Doubles d;
  const V<Doubles> zero = hn::Zero(d);
  Dd<Doubles> below = ToDd(d, zero);  // sum of t_c (max - z_c) 2^-64
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
  }
  if (!hn::AllFalse(d, infinite)) return {{}, 0.0, HUGE_VAL};
  const DoubleDouble depth = SumOfLanes(d, below);
  const DoubleDouble log_part = Product(targets.total, row.log_sum);
  const double exponent = targets.exponent;
  WideValue loss = {log_part, exponent - kUp, 0.0};
  if (depth.hi != 0.0) {
    // What underflows must not vanish, nor in the division at the end: beside a
    // depth from e^-600 or less, 2^-960 is as good as nothing
    DoubleDouble unscaled = {log_part.hi * 0x1p-564, log_part.lo * 0x1p-564};
    if (log_part.hi > 0.0 && unscaled.hi < 0x1p-960) unscaled = {0x1p-960, 0.0};
    loss = {Sum(unscaled, depth), exponent + 64.0, 0.0};
  }
  return DivideWide(loss, {targets.times, 0.0});
}

/// d_c = (e_c (total - t_c) - t_c others_c) / (sum divisor): the gradient
/// (sum t) p_c - t_c without the part of it that always cancels.
template <class T>
HWY_INLINE void TargetGradient(const ExpRow& row, const TargetRow& targets,
                               DoubleDouble divisor, double exponent,
                               StridedRow<T> d_logits) {
  if (d_logits.data == nullptr) return;
  if (row.kind != RowKind::kRegular) return FillRow(d_logits, T(NAN));
  const DoubleDouble inverse = Quotient(
      {1.0, 0.0}, Product(Product(row.sum, divisor), {targets.times, 0.0}));
  const double scale = exponent + targets.exponent - kUp;
  const DoubleDouble all = Sum(row.others, {0x1p500, 0.0});
  const auto value_at = [&](auto d, size_t i, auto others) HWY_ATTR {
    const auto t = targets.values.At(d, i);
    const auto pull =
        Mul(d, row.exps.At(d, i), Sub(d, ToDd(d, targets.total), t));
    const auto value =
        Mul(d, Sub(d, pull, Mul(d, t, others)), ToDd(d, inverse));
    return BeforeRounding<T>(d, {value, hn::Set(d, scale)});
  };
  StoreRow(d_logits, [&](auto d, size_t i) HWY_ATTR {
    return value_at(d, i, Sub(d, ToDd(d, all), row.exps.At(d, i)));
  });
  const One one;
  T at_max;
  StoreRounded(one, value_at(one, row.arg_max, ToDd(one, row.others)), &at_max);
  d_logits[row.arg_max] = at_max;
}

/// Loss and gradient of a batch with integer labels; an empty `loss` or a view
/// without data leaves that one out.
template <class T>
void CrossEntropyOfLabels(Rows<const T> logits, std::span<const Label> labels,
                          std::span<T> loss, Rows<T> d_logits,
                          const CrossEntropyOptions& options) {
  const ScaledWeights weights = LoadWeights(options.class_weights);
  const LabelShares shares =
      SharesOf(labels, options.ignore_index, weights, options.reduction);
  const double exponent =
      options.reduction == Reduction::kMean ? 0.0 : weights.exponent;
  const double smoothing = options.label_smoothing;
  LossWriter<T> writer(loss, options.reduction);
  for (size_t r = 0; r < logits.rows; ++r) {
    const StridedRow<T> d_row = RowOrNone(d_logits, r);
    if (labels[r] == options.ignore_index || shares.nothing) {
      writer.Row(r, {});
      FillRow(d_row, T{0});
      continue;
    }
    const auto y = static_cast<size_t>(labels[r]);
    const ExpRow row = LoadExpRow(logits[r]);
    WideValue value;
    if (smoothing == 0.0) {
      value = LabelLoss(row, y, weights[y]);
      LabelGradient(row, y, weights[y], shares.divisor, exponent, d_row);
    } else {
      const TargetRow targets =
          SmoothedLabel(y, logits.classes, smoothing, weights);
      value = TargetLoss(row, targets);
      TargetGradient(row, targets, shares.divisor, exponent, d_row);
    }
    value.exponent += exponent;
    writer.Row(r, value);
  }
  writer.Finish(shares.divisor, shares.nothing);
}

/// The same for target distributions.
template <class T>
void CrossEntropyOfTargets(Rows<const T> logits, Rows<const T> targets,
                           std::span<T> loss, Rows<T> d_logits,
                           const CrossEntropyOptions& options) {
  const ScaledWeights weights = LoadWeights(options.class_weights);
  const bool mean = options.reduction == Reduction::kMean;
  const DoubleDouble divisor = {mean ? static_cast<double>(logits.rows) : 1.0,
                                0.0};
  LossWriter<T> writer(loss, options.reduction);
  for (size_t r = 0; r < logits.rows; ++r) {
    const ExpRow row = LoadExpRow(logits[r]);
    const TargetRow target_row =
        LoadTargets(targets[r], options.label_smoothing, weights);
    WideValue value = TargetLoss(row, target_row);
    value.exponent += weights.exponent;
    writer.Row(r, value);
    TargetGradient(row, target_row, divisor, weights.exponent,
                   RowOrNone(d_logits, r));
  }
  writer.Finish(divisor, mean && logits.rows == 0);
}

/// -p_c ln q_c, and what it is where that is not a number.
template <class T>
void CrossEntropyFromProbsRows(Rows<const T> p, Rows<const T> q,
                               std::span<T> cross_entropy) {
  for (size_t r = 0; r < p.rows; ++r) {
    const ProbRow row = LoadProbs(p[r], Slot::kShiftedHi);
    const double* other = LoadPlain(q[r], 1.0, Slot::kOtherHi);
    const auto term = [&](auto d, size_t i) HWY_ATTR {
      const auto zero = hn::Zero(d);
      const auto p_i = hn::Load(d, row.values + i);
      const auto q_i = hn::Load(d, other + i);
      const auto log_q = Log(d, {ToDd(d, q_i), zero});
      const auto impossible = hn::And(hn::Eq(q_i, zero), hn::Gt(p_i, zero));
      auto limit = hn::IfThenElseZero(impossible, hn::Set(d, HUGE_VAL));
      limit =
          hn::IfThenElse(hn::IsNaN(hn::Add(p_i, q_i)), hn::Set(d, NAN), limit);
      return Term<decltype(d)>{Mul(d, Neg(d, log_q), p_i), hn::Ne(p_i, zero),
                               limit};
    };
    cross_entropy[r] = RoundWide<T>(SumTerms(row.padded, row.exponent, term));
  }
}

template <class T>
void CrossEntropyFromLogProbsRows(Rows<const T> p, Rows<const T> log_q,
                                  std::span<T> cross_entropy) {
  for (size_t r = 0; r < p.rows; ++r) {
    const ProbRow row = LoadProbs(p[r], Slot::kShiftedHi);
    const double* other = LoadPlain(log_q[r], 0.0, Slot::kOtherHi);
    // Products by the scaled p would overflow: scale huge logarithms down
    const double down = DownExponent(other, row.padded);
    const double factor = std::exp2(-down);
    const auto term = [&](auto d, size_t i) HWY_ATTR {
      const auto zero = hn::Zero(d);
      const auto p_i = hn::Load(d, row.values + i);
      const auto l_i = hn::Mul(hn::Load(d, other + i), hn::Set(d, factor));
      const auto impossible =
          hn::And(hn::Eq(l_i, hn::Set(d, -HUGE_VAL)), hn::Gt(p_i, zero));
      auto limit = hn::IfThenElseZero(impossible, hn::Set(d, HUGE_VAL));
      limit = hn::IfThenElse(hn::IsNaN(hn::Add(p_i, hn::Abs(l_i))),
                             hn::Set(d, NAN), limit);
      return Term<decltype(d)>{TwoProd(d, hn::Neg(l_i), p_i), hn::Ne(p_i, zero),
                               limit};
    };
    cross_entropy[r] =
        RoundWide<T>(SumTerms(row.padded, row.exponent + down, term));
  }
}

/// ln q, -inf at q = 0.
template <class D>
HWY_INLINE Factor<D> LogProbOf(D d, V<D> q) {
  const V<D> zero = hn::Zero(d);
  const V<D> sign = hn::Sub(q, hn::Set(d, 1.0));
  return {{Log(d, Scaled<D>{ToDd(d, q), zero}), zero},
          hn::IfThenElse(hn::Eq(q, zero), hn::Set(d, -HUGE_VAL), sign)};
}

/// d_p = -upstream ln q, d_q = -upstream p / q.
template <class T>
void CrossEntropyFromProbsGradientRows(Rows<const T> p, Rows<const T> q,
                                       std::span<const T> upstream, Rows<T> d_p,
                                       Rows<T> d_q) {
  const auto log_q = [](auto d, auto /*p*/, auto q_i)
                         HWY_ATTR { return LogProbOf(d, q_i); };
  const auto ratio = [](auto d, auto p_i, auto q_i)
                         HWY_ATTR { return RatioFactor(d, p_i, q_i); };
  for (size_t r = 0; r < p.rows; ++r) {
    const auto g = -static_cast<double>(upstream[r]);
    const PairRow pair = LoadPair(p[r], q[r]);
    StorePairGradient(pair, g, log_q, d_p, r);
    StorePairGradient(pair, g, ratio, d_q, r);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
