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
#include "surprisal/common/certain.h"
#include "surprisal/common/prob_row-inl.h"
#include "surprisal/common/short_rows-inl.h"
#include "surprisal/common/streaming.h"
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

/// What OthersOf() is off by.
HWY_INLINE double ErrorOfOthers(const ExpRow& row, size_t c) {
  const double own = row.others.hi * row.others_relative;
  return c == row.arg_max ? own : own + 0x1p502 * row.relative;
}

/// weight * (ln(sum) - t_y). Where t_y = 0, the scaled ln(sum) alone, which has
/// all its bits when the row is confident; for huge t_y times 2^-64, so that no
/// product overflows; and for a weight of 1 or another power of two, -t_y with
/// what ln(sum) adds kept apart where that is little: -t_y alone is often a tie.
HWY_INLINE WideValue LabelLoss(const ExpRow& row, size_t y, double weight) {
  if (row.kind != RowKind::kRegular) return {{}, 0.0, NAN};
  if (weight == 0.0) return {};
  const One one;
  const DoubleDouble t = {row.shifted.hi[y], row.shifted.lo[y]};
  if (std::isinf(t.hi)) return {{}, 0.0, HUGE_VAL};
  const Scaled<One> w = Normalize(one, hn::Set(one, weight));
  const double w_value = FromLane(w.value.hi);
  const double w_exponent = FromLane(w.exponent);
  if (t.hi == 0.0) {
    const DoubleDouble loss = Product(row.log_sum, {w_value, 0.0});
    return {loss, w_exponent - kUp, 0.0, loss.hi * row.others_relative};
  }
  const double down = t.hi < -0x1p900 ? 0x1p-64 : 1.0;
  const double exponent = w_exponent + (down == 1.0 ? 0.0 : 64.0);
  const DoubleDouble depth = {-t.hi * down, -t.lo * down};
  const DoubleDouble log_sum = row.LogSum();
  if (w_value == 1.0 && log_sum.hi * 0x1p60 < -t.hi) {
    return {depth, exponent, 0.0, 0.0, std::max(2 * log_sum.hi, 0x1p-1074)};
  }
  const DoubleDouble loss = Product(
      Sum(depth, {log_sum.hi * down, log_sum.lo * down}), {w_value, 0.0});
  return {loss, exponent, 0.0,
          loss.hi * kRelative + 2 * log_sum.hi * row.others_relative};
}

/// Row r of a view, or a row without data where the view has none.
HWY_INLINE OutRow RowOrNone(const OutRows& view, size_t r) {
  return view.data == nullptr ? OutRow{} : view[r];
}

/// weight * p_c / divisor, less weight / divisor at the label y, times
/// 2^exponent; NaN throughout a row that is not regular.
template <class LastResort>
HWY_INLINE void LabelGradient(const ExpRow& row, size_t y, double weight,
                              const Shares& shares, double exponent,
                              OutRow d_logits, const Undecided& open,
                              const LastResort& last_resort) {
  if (d_logits.data == nullptr) return;
  if (row.kind != RowKind::kRegular) return FillRow(d_logits, NAN);
  if (weight == 0.0) return FillRow(d_logits, 0.0);
  const One one;
  const Scaled<One> w = Normalize(one, hn::Set(one, weight));
  const DoubleDouble factor =
      Quotient({FromLane(w.value.hi), 0.0}, Product(row.sum, shares.divisor));
  const double scale = exponent + FromLane(w.exponent);
  const double relative = 2 * row.relative + shares.relative;
  // At the label minus the others, never p - 1
  const DoubleDouble others = Product(OthersOf(row, y), factor);
  const Apart label = {
      y,
      {{-others.hi, -others.lo},
       scale - kUp,
       0.0,
       others.hi * relative + 2 * ErrorOfOthers(row, y) * factor.hi}};
  const auto lanes_of = [&](auto d, size_t i, Rounder& round) HWY_ATTR {
    const auto e = ExpAt(d, row, i);
    const auto value = Mul(d, e.value, ToDd(d, factor));
    return round(
        d, i,
        Within(d, relative,
               Scaled<Doubles>{value, hn::Add(e.exponent, hn::Set(d, scale))}));
  };
  StoreRow(d_logits, lanes_of, last_resort, label, open);
}

/// weight * ((max - z_y) + ln(sum / e^max)) by the first stage.
HWY_INLINE WideValue FirstLabelLoss(const FirstRow& row, double logit,
                                    double weight) {
  if (weight == 0.0) return {};
  if (logit == -HUGE_VAL) return {{}, 0.0, HUGE_VAL};
  const FirstLogSum log_sum = LogSumOf(row);
  const One one;
  const Scaled<One> w = Normalize(one, hn::Set(one, weight));
  const double w_value = FromLane(w.value.hi);
  const double loss = w_value * ((row.max - logit) + log_sum.value);
  return {{loss, 0.0},
          FromLane(w.exponent),
          0.0,
          loss * 6 * kUnit + log_sum.error * w_value * (1 + 0x1p-40)};
}

/// The gradient of a row by the first stage: factor times the exponentials, and
/// at the label minus factor times the others, never -0. Returns as StoreFirst()
/// does.
HWY_INLINE bool StoreLabelGradient(const FirstRow& row, double max_logit_gap,
                                   size_t y, double factor, InRow logits,
                                   OutRow d_logits, Undecided& open,
                                   bool stream) {
  constexpr double kRelativeError = kFirstProbError + 4 * kUnit;
  // Others than the largest exponential leave it in, and themselves out
  const bool at_max = max_logit_gap == 0.0;
  const double others = at_max ? row.others : row.sum - row.exps[y];
  const double off =
      at_max ? row.others_error : row.sum * kFirstDifferenceError;
  const One one;
  V<One> label = hn::Zero(one);
  const Estimate<One> estimate = {
      hn::Set(one, -others * factor),
      hn::Set(one, factor * (others * kRelativeError + 2 * off))};
  const bool decided =
      RoundEstimate(one, FormatOf(d_logits.type), estimate, label);
  if (!decided && d_logits.data == logits.data) return false;
  const bool done = StoreProducts(row.exps, factor, kRelativeError, logits.data,
                                  d_logits, open, stream);
  if (!done && open.Empty()) return false;
  if (!decided) open.Note(y);
  d_logits.Set(y, FromLane(label) + 0.0);
  return done && decided;
}

/// Target weights t_c of one row, times 2^-exponent and, with smoothing, times
/// the number of classes: then none of them is rounded.
struct TargetRow {
  DoubleRow values;
  DoubleDouble total;
  DoubleDouble others;  ///< the total without the most probable class
  double exponent = 0.0;
  double times = 1.0;  ///< the classes, or 1 without smoothing
};

/// t_c = w_c ((1 - eps) target_c K + eps), or w_c target_c without smoothing,
/// from the targets in `hi`.
HWY_INLINE void WeighTargets(double smoothing, const ScaledWeights& weights,
                             size_t arg_max, TargetRow& row) {
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
  if (tiny || largest > 0x1p400) {
    row.exponent = SafeExponent(largest);
    for (size_t c = 0; c < targets.classes; ++c) {
      row.values.hi[c] =
          std::ldexp(row.values.hi[c], -static_cast<int>(row.exponent));
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
  WideValue loss = {log_part, exponent - kUp, 0.0,
                    2 * log_part.hi * row.others_relative};
  if (depth.hi != 0.0) {
    // What underflows must not vanish, nor in the division at the end: beside a
    // depth from e^-600 or less, 2^-960 is as good as nothing
    DoubleDouble unscaled = {log_part.hi * 0x1p-564, log_part.lo * 0x1p-564};
    const bool lost = log_part.hi > 0.0 && unscaled.hi < 0x1p-960;
    if (lost) unscaled = {0x1p-960, 0.0};
    loss = {Sum(unscaled, depth), exponent + 64.0, 0.0,
            2 * depth.hi * row.relative +
                unscaled.hi * (lost ? 1.0 : 2 * row.others_relative)};
  }
  return DivideWide(loss, {targets.times, 0.0});
}

/// d_c = (e_c (total - t_c) - t_c others_c) / (sum divisor): the gradient
/// (sum t) p_c - t_c without the part of it that always cancels.
template <class LastResort>
HWY_INLINE void TargetGradient(const ExpRow& row, const TargetRow& targets,
                               const Shares& shares, double exponent,
                               OutRow d_logits, const LastResort& last_resort) {
  if (d_logits.data == nullptr) return;
  if (row.kind != RowKind::kRegular) return FillRow(d_logits, NAN);
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
  const Apart at_max = {
      m,
      {Product(Sum(pull, {-push.hi, -push.lo}), inverse), scale, 0.0,
       2 * inverse.hi *
           (pull.hi * relative + push.hi * (relative + row.others_relative))}};

  const double off = 2 * relative * inverse.hi;
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
    const auto error = hn::Add(hn::Mul(size, hn::Set(d, off)),
                               hn::Mul(far, hn::Set(d, total * inverse.hi)));
    return round(d, i, OffBy<Doubles>(d, {value, hn::Set(d, scale)}, error));
  };
  StoreRow(d_logits, lanes_of, last_resort, at_max);
}

/// What the kernels cannot decide, for one batch.
struct CrossEntropyLastResort {
  ElementType loss_type;
  ElementType gradient_type;
  certain::CrossEntropyCase args;

  double operator()(size_t row) const {
    return certain::RowLoss(loss_type, args, row);
  }
  double Reduced() const { return certain::ReducedLoss(loss_type, args); }
  double Gradient(size_t row, size_t c) const {
    return certain::LossGradient(gradient_type, args, row, c);
  }
};

using LabelLossWriter = LossWriter<CrossEntropyLastResort>;

/// One batch with integer labels, row by row.
struct LabelBatch {
  InRows logits;
  std::span<const Label> labels;
  OutRows d_logits;
  double smoothing;
  ScaledWeights weights;
  Shares shares;
  double exponent;  ///< of losses and gradients
  bool stream;      ///< gradients past the caches
  const CrossEntropyLastResort& last_resort;
};

/// A row by the first stage: true where that decides all that is asked for. What
/// it leaves open of the gradient is noted, and the loss is then not repeated.
struct FirstRowResult {
  bool loss = false;
  bool gradient = false;
  Undecided open;
};

HWY_INLINE FirstRowResult FirstLabelRow(const LabelBatch& batch, size_t r,
                                        bool has_loss,
                                        LabelLossWriter& writer) {
  FirstRowResult result;
  result.loss = has_loss;
  const InRow logits = batch.logits[r];
  const OutRow to = RowOrNone(batch.d_logits, r);
  const bool wants_gradient = to.data != nullptr;
  const FirstRow row = wants_gradient ? LoadFirstRow<true>(logits, true)
                                      : LoadFirstRow<false>(logits, true);
  if (!row.known || row.others_error == HUGE_VAL) return result;
  const auto y = static_cast<size_t>(batch.labels[r]);
  const double weight = batch.weights[y], logit = logits[y];
  if (!has_loss) {
    result.loss = writer.FirstRow(
        r, Raised(FirstLabelLoss(row, logit, weight), batch.exponent));
  }
  if (!wants_gradient) {
    result.gradient = true;
    return result;
  }
  const double factor = std::ldexp(weight / batch.shares.divisor.hi / row.sum,
                                   static_cast<int>(batch.exponent));
  // Beyond, products with exponentials that are but roughly known would count:
  // with what stands in for e^-700, or with those of shifted logits
  if (!(factor > 0x1p-300 && factor < (row.shifted ? 1.0 : 0x1p300)) ||
      batch.shares.relative > 0x1p-60 ||
      (!result.loss && to.data == logits.data)) {
    return result;
  }
  result.gradient = StoreLabelGradient(row, row.max - logit, y, factor, logits,
                                       to, result.open, batch.stream);
  return result;
}

inline HWY_NOINLINE void FullLabelRow(const LabelBatch& batch, size_t r,
                                      const FirstRowResult& first,
                                      LabelLossWriter& writer) {
  const auto gradient = [&](size_t c) {
    return batch.last_resort.Gradient(r, c);
  };
  const OutRow to = RowOrNone(batch.d_logits, r);
  const auto y = static_cast<size_t>(batch.labels[r]);
  const double weight = batch.weights[y], exponent = batch.exponent;
  const ExpRow row = LoadExpRow(batch.logits[r]);
  // The loss first: the gradient may be written over the logits
  if (batch.smoothing == 0.0) {
    if (!first.loss) {
      writer.Row(r, Raised(LabelLoss(row, y, weight), exponent));
    }
    if (first.gradient) return;
    LabelGradient(row, y, weight, batch.shares, exponent, to, first.open,
                  gradient);
  } else {
    const TargetRow targets = SmoothedLabel(
        y, batch.logits.classes, batch.smoothing, batch.weights, row.arg_max);
    writer.Row(r, Raised(TargetLoss(row, targets), exponent));
    TargetGradient(row, targets, batch.shares, exponent, to, gradient);
  }
}

/// Whether a row of the batch counts.
HWY_INLINE bool Counts(const LabelBatch& batch, size_t r) {
  return batch.labels[r] != batch.last_resort.args.ignore_index &&
         !batch.shares.nothing;
}

/// One row, by the first stage where `first` says so, and then by the full one.
HWY_INLINE void LabelRow(const LabelBatch& batch, size_t r, bool has_loss,
                         LabelLossWriter& writer, bool first = true) {
  if (!Counts(batch, r)) {
    if (!has_loss) writer.Row(r, {});
    return FillRow(RowOrNone(batch.d_logits, r), 0.0);
  }
  FirstRowResult result;
  result.loss = has_loss;
  if (first) result = FirstLabelRow(batch, r, has_loss, writer);
  if (!result.loss || !result.gradient) FullLabelRow(batch, r, result, writer);
}

/// The losses of a chunk: weight * (ln(sum) - z_y). Notes the rows whose own loss
/// that does not decide.
HWY_INLINE void ShortLosses(const LabelBatch& batch, const ShortChunk& chunk,
                            LabelLossWriter& writer, OpenRows& open) {
  HWY_ALIGN double logs[kShortChunk + kMaxDoubles];
  ShortLogs(chunk, logs);
  const One one;
  for (size_t r = 0; r < chunk.rows; ++r) {
    const size_t row = chunk.first + r;
    if (!Counts(batch, row)) {
      writer.Row(row, {});
      continue;
    }
    const auto y = static_cast<size_t>(batch.labels[row]);
    const Scaled<One> w = Normalize(one, hn::Set(one, batch.weights[y]));
    const double w_value = batch.weights[y] == 0.0 ? 0.0 : FromLane(w.value.hi);
    const double loss = logs[r] - chunk.x[r * chunk.classes + y];
    const double error = std::abs(logs[r]) * (kShortLogError + kUnit) +
                         std::abs(loss) * 4 * kUnit + chunk.sum_error;
    const WideValue value = {{loss * w_value, 0.0},
                             batch.exponent + FromLane(w.exponent),
                             0.0,
                             error * w_value};
    if (!writer.FirstRow(row, value)) open.Note(r);
  }
}

/// What a chunk's gradients are made of: factor = weight / (divisor sum).
struct ShortFactors {
  HWY_ALIGN double factors[kShortChunk + kMaxDoubles];
  HWY_ALIGN double labels[kShortChunk + kMaxDoubles];  ///< -(sum - e_y) factor
  HWY_ALIGN double errors[kShortChunk + kMaxDoubles];  ///< of these
};

HWY_INLINE void FillShortFactors(const LabelBatch& batch,
                                 const ShortChunk& chunk, ShortFactors& to,
                                 OpenRows& open) {
  const double scale = std::ldexp(1.0 / batch.shares.divisor.hi,
                                  static_cast<int>(batch.exponent));
  const double relative = chunk.sum_error + 8 * kUnit;
  for (size_t r = 0; r < chunk.rows; ++r) {
    to.factors[r] = to.labels[r] = to.errors[r] = 0.0;
    if (!Counts(batch, chunk.first + r)) continue;
    const auto y = static_cast<size_t>(batch.labels[chunk.first + r]);
    const double factor = batch.weights[y] * scale / chunk.sums[r];
    // Beyond, products lose bits or overflow; a weight of 0 is exact, and so is
    // what a single class leaves
    if (chunk.classes == 1 ||
        (factor != 0.0 && !(factor > 0x1p-500 && factor < 0x1p500)) ||
        batch.shares.relative > 0x1p-60) {
      open.Note(r);
    }
    to.factors[r] = factor;
    to.labels[r] =
        -(chunk.sums[r] - chunk.exps[r * chunk.classes + y]) * factor;
    to.errors[r] = 2 * relative * chunk.sums[r] * factor;
  }
}

/// Sets the gradients at the labels of a chunk; never -0.
HWY_INLINE void StoreShortLabels(const LabelBatch& batch,
                                 const ShortChunk& chunk,
                                 const ShortFactors& from, OpenRows& open) {
  const auto ends_at = [&](Doubles d, size_t r) HWY_ATTR {
    const V<Doubles> value = hn::Load(d, from.labels + r);
    const V<Doubles> error = hn::Load(d, from.errors + r);
    return Ends{hn::Sub(value, error), hn::Add(value, error)};
  };
  HWY_ALIGN double rounded[kShortChunk + kMaxDoubles];
  Undecided rows;
  RoundEnds(ends_at, chunk.rows, FormatOf(batch.d_logits.type), rounded, rows);
  open.Note(rows, 1);
  for (size_t r = 0; r < chunk.rows; ++r) {
    const size_t row = chunk.first + r;
    if (!Counts(batch, row)) continue;
    batch.d_logits[row].Set(static_cast<size_t>(batch.labels[row]),
                            rounded[r] + 0.0);
  }
}

/// Rows of few classes; the gradient must not lie over the logits.
HWY_INLINE void ShortLabelRows(const LabelBatch& batch, size_t begin,
                               size_t count, LabelLossWriter& writer) {
  const bool wants_gradient = batch.d_logits.data != nullptr;
  std::vector<bool> has_loss(count, false);
  const auto by_chunk = [&](const ShortChunk& chunk, OpenRows& open) HWY_ATTR {
    ShortLosses(batch, chunk, writer, open);
    for (size_t r = 0; r < chunk.rows; ++r) {
      has_loss[chunk.first + r - begin] = !open[r];
    }
    if (!wants_gradient) return;
    ShortFactors factors;
    FillShortFactors(batch, chunk, factors, open);
    StoreShortProducts(chunk, factors.factors,
                       kFirstExpError + chunk.sum_error + 8 * kUnit,
                       batch.d_logits, open);
    StoreShortLabels(batch, chunk, factors, open);
  };
  ForShortRows(batch.logits, begin, count, by_chunk,
               [&](size_t r, InRow /*logits*/) {
                 LabelRow(batch, r, has_loss[r - begin], writer);
               });
}

/// Loss and gradient of a batch with integer labels; an empty `loss` or a view
/// without data leaves that one out. With `first`, rows go through the first
/// stage; returns false if that does not decide the reduced loss, and all but
/// that is done.
HWY_INLINE bool CrossEntropyOfLabelRows(InRows logits,
                                        std::span<const Label> labels,
                                        OutRow loss, OutRows d_logits,
                                        const CrossEntropyOptions& options,
                                        const Executor* executor, bool first) {
  const CrossEntropyLastResort last_resort = {loss.type,
                                              d_logits.type,
                                              {logits,
                                               labels,
                                               {},
                                               options.class_weights,
                                               options.label_smoothing,
                                               options.reduction,
                                               options.ignore_index}};
  LabelBatch batch = {logits,
                      labels,
                      d_logits,
                      options.label_smoothing,
                      LoadWeights(options.class_weights),
                      {},
                      0.0,
                      d_logits.data != nullptr && IsWorthStreaming(d_logits),
                      last_resort};
  batch.shares =
      SharesOf(labels, options.ignore_index, batch.weights, options.reduction);
  if (options.reduction != Reduction::kMean) {
    batch.exponent = batch.weights.exponent;
  }
  first = first && batch.smoothing == 0.0;
  const bool by_chunk = first && AreShort(logits, ElementType::kFloat32) &&
                        d_logits.data != logits.data;
  const auto rows = [&](size_t begin, size_t count, LabelLossWriter& writer) {
    if (by_chunk) return ShortLabelRows(batch, begin, count, writer);
    for (size_t r = begin; r < begin + count; ++r) {
      LabelRow(batch, r, false, writer, first);
    }
    if (batch.stream) hwy::FlushStream();
  };
  return WriteBatch(executor, logits,
                    LabelLossWriter(loss, options.reduction, last_resort),
                    batch.shares, !first, rows);
}

/// The same for target distributions.
HWY_INLINE void CrossEntropyOfTargetRows(InRows logits, InRows targets,
                                         OutRow loss, OutRows d_logits,
                                         const CrossEntropyOptions& options,
                                         const Executor* executor) {
  const ScaledWeights weights = LoadWeights(options.class_weights);
  const bool mean = options.reduction == Reduction::kMean;
  const Shares shares = {
      {mean && logits.rows > 0 ? static_cast<double>(logits.rows) : 1.0, 0.0},
      0.0,
      mean && logits.rows == 0};
  const CrossEntropyLastResort last_resort = {loss.type,
                                              d_logits.type,
                                              {logits,
                                               {},
                                               targets,
                                               options.class_weights,
                                               options.label_smoothing,
                                               options.reduction,
                                               options.ignore_index}};
  const auto rows = [&](size_t begin, size_t count, LabelLossWriter& writer) {
    for (size_t r = begin; r < begin + count; ++r) {
      const auto gradient = [&](size_t c) {
        return last_resort.Gradient(r, c);
      };
      const ExpRow row = LoadExpRow(logits[r]);
      const TargetRow target_row = LoadTargets(
          targets[r], options.label_smoothing, weights, row.arg_max);
      writer.Row(r, Raised(TargetLoss(row, target_row), weights.exponent));
      TargetGradient(row, target_row, shares, weights.exponent,
                     RowOrNone(d_logits, r), gradient);
    }
  };
  WriteBatch(executor, logits,
             LabelLossWriter(loss, options.reduction, last_resort), shares,
             true, rows);
}

/// Runs `batch(loss, d_logits)`; in two passes where a reduced loss might ask
/// for logits that the gradient has overwritten.
template <class Batch>
HWY_INLINE void LossThenGradient(InRows logits, OutRow loss, OutRows d_logits,
                                 Reduction reduction, const Batch& batch) {
  if (loss.data == nullptr || d_logits.data != logits.data ||
      reduction == Reduction::kNone) {
    return batch(loss, d_logits);
  }
  batch(loss, OutRows{});
  batch(OutRow{}, d_logits);
}

void CrossEntropyOfLabels(InRows logits, std::span<const Label> labels,
                          OutRow loss, OutRows d_logits,
                          const CrossEntropyOptions& options,
                          const Executor* executor) {
  const bool narrow = logits.type != ElementType::kFloat64;
  LossThenGradient(logits, loss, d_logits, options.reduction,
                   [&](OutRow to, OutRows gradient) {
                     if (!CrossEntropyOfLabelRows(logits, labels, to, gradient,
                                                  options, executor, narrow)) {
                       CrossEntropyOfLabelRows(logits, labels, to, {}, options,
                                               executor, false);
                     }
                   });
}

void CrossEntropyOfTargets(InRows logits, InRows targets, OutRow loss,
                           OutRows d_logits, const CrossEntropyOptions& options,
                           const Executor* executor) {
  LossThenGradient(logits, loss, d_logits, options.reduction,
                   [&](OutRow to, OutRows gradient) {
                     CrossEntropyOfTargetRows(logits, targets, to, gradient,
                                              options, executor);
                   });
}

/// -p_c ln q_c, and what it is where that is not a number.
void CrossEntropyFromProbsRows(InRows p, InRows q, OutRow cross_entropy) {
  for (size_t r = 0; r < p.rows; ++r) {
    const InRow p_row = p[r], q_row = q[r];
    const ProbRow row = LoadProbs(p_row, Slot::kShiftedHi);
    const double* other = LoadPlain(q_row, 1.0, Slot::kOtherHi);
    const auto term = [&](auto d, size_t i) HWY_ATTR {
      const auto zero = hn::Zero(d);
      const auto p_i = hn::Load(d, row.values + i);
      const auto q_i = hn::Load(d, other + i);
      const auto log_q = Log(d, Scaled<Doubles>{ToDd(d, q_i), zero});
      const auto impossible = hn::And(hn::Eq(q_i, zero), hn::Gt(p_i, zero));
      auto limit = hn::IfThenElseZero(impossible, hn::Set(d, HUGE_VAL));
      limit =
          hn::IfThenElse(hn::IsNaN(hn::Add(p_i, q_i)), hn::Set(d, NAN), limit);
      const auto value = Mul(d, Neg(d, log_q), p_i);
      return Term<Doubles>{value, hn::Ne(p_i, zero), limit, hn::Abs(value.hi)};
    };
    const auto last_resort = [&] {
      return certain::CrossEntropyFromProbs(cross_entropy.type, p_row, q_row);
    };
    const WideValue sum = SumTerms(row.padded, row.exponent, term);
    cross_entropy.Set(r, RoundScalar(cross_entropy.type, sum, last_resort));
  }
}

void CrossEntropyFromLogProbsRows(InRows p, InRows log_q,
                                  OutRow cross_entropy) {
  for (size_t r = 0; r < p.rows; ++r) {
    const InRow p_row = p[r], q_row = log_q[r];
    const ProbRow row = LoadProbs(p_row, Slot::kShiftedHi);
    const double* other = LoadPlain(q_row, 0.0, Slot::kOtherHi);
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
      const auto value = TwoProd(d, hn::Neg(l_i), p_i);
      return Term<Doubles>{value, hn::Ne(p_i, zero), limit, hn::Abs(value.hi)};
    };
    const auto last_resort = [&] {
      return certain::CrossEntropyFromLogProbs(cross_entropy.type, p_row,
                                               q_row);
    };
    const WideValue sum = SumTerms(row.padded, row.exponent + down, term);
    cross_entropy.Set(r, RoundScalar(cross_entropy.type, sum, last_resort));
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
void CrossEntropyFromProbsGradientRows(InRows p, InRows q, InRow upstream,
                                       OutRows d_p, OutRows d_q) {
  const auto log_q = [](auto d, auto /*p*/, auto q_i)
                         HWY_ATTR { return LogProbOf(d, q_i); };
  const auto ratio = [](auto d, auto p_i, auto q_i)
                         HWY_ATTR { return RatioFactor(d, p_i, q_i); };
  for (size_t r = 0; r < p.rows; ++r) {
    const double g = upstream[r];
    const PairRow pair = LoadPair(p[r], q[r]);
    const auto certain_p = [&](double /*p*/, double q_i) {
      return certain::CrossEntropyFromProbsGradientP(d_p.type, q_i, g);
    };
    const auto certain_q = [&](double p_i, double q_i) {
      return certain::CrossEntropyFromProbsGradientQ(d_q.type, p_i, q_i, g);
    };
    StorePairGradient(pair, -g, log_q, certain_p, d_p, r);
    StorePairGradient(pair, -g, ratio, certain_q, d_q, r);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
