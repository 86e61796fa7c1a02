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
#include "surprisal/common/target_row-inl.h"
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
  if (std::isinf(t.hi)) {
    return row.beyond ? Unknown() : WideValue{{}, 0.0, HUGE_VAL};
  }
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
                                   LineStream* stream) {
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
  SetStored(d_logits, y, FromLane(label) + 0.0, stream);
  if (!decided && stream != nullptr) stream->Flush();
  return done && decided;
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
                                        bool has_loss, LabelLossWriter& writer,
                                        LineStream* stream) {
  FirstRowResult result;
  result.loss = has_loss;
  const InRow logits = batch.logits[r];
  const OutRow to = RowOrNone(batch.d_logits, r);
  const bool wants_gradient = to.data != nullptr;
  const FirstRow row = wants_gradient
                           ? LoadFirstRow<Exps::kKept>(logits, true)
                           : LoadFirstRow<Exps::kAdded>(logits, true);
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
                                       to, result.open, stream);
  return result;
}

/// A row by its target weights, which load_parts() returns times -1; `source` is
/// what the gradient may lie over.
template <class LoadParts>
HWY_INLINE FirstRowResult FirstTargetRow(const Shares& shares, double exponent,
                                         size_t r, bool has_loss, InRow logits,
                                         const void* source, OutRow to,
                                         const LoadParts& load_parts,
                                         LabelLossWriter& writer) {
  FirstRowResult result;
  result.loss = has_loss;
  const bool wants_gradient = to.data != nullptr;
  const FirstRow row = wants_gradient
                           ? LoadFirstRow<Exps::kKept>(logits, true)
                           : LoadFirstRow<Exps::kAdded>(logits, true);
  if (!row.known) return result;
  const FirstParts parts = load_parts();
  if (parts.values == nullptr) return result;
  if (!has_loss) {
    const WideValue loss = FirstTargetLoss(row, parts, logits);
    result.loss =
        loss.error < HUGE_VAL && writer.FirstRow(r, Raised(loss, exponent));
  }
  if (!wants_gradient) {
    result.gradient = true;
    return result;
  }
  const double scale =
      std::ldexp(1.0 / shares.divisor.hi, static_cast<int>(exponent));
  if (!(scale > 0x1p-300 && scale < 0x1p300) || shares.relative > 0x1p-60 ||
      (!result.loss && to.data == source)) {
    return result;
  }
  result.gradient =
      StoreLessShares(row, parts, scale, logits, source, to, result.open);
  return result;
}

/// The first stage of a row with a label and smoothing.
HWY_INLINE FirstRowResult FirstSmoothedRow(const LabelBatch& batch, size_t r,
                                           bool has_loss,
                                           LabelLossWriter& writer) {
  const InRow logits = batch.logits[r];
  const auto load_parts = [&] {
    return FirstSmoothedLabel(static_cast<size_t>(batch.labels[r]),
                              logits.classes, batch.smoothing, batch.weights);
  };
  has_loss = has_loss || !writer.Wanted();
  return FirstTargetRow(batch.shares, batch.exponent, r, has_loss, logits,
                        logits.data, RowOrNone(batch.d_logits, r), load_parts,
                        writer);
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
      const WideValue loss = LabelLoss(row, y, weight);
      const bool known = batch.weights.exact || loss.special != 0.0;
      writer.Row(r, known ? Raised(loss, exponent) : Unknown());
    }
    if (first.gradient) return;
    if (row.kind == RowKind::kRegular && !batch.weights.exact) {
      return StoreByLastResort(to, gradient, first.open);
    }
    LabelGradient(row, y, weight, batch.shares, exponent, to, first.open,
                  gradient);
  } else {
    const TargetRow targets = SmoothedLabel(
        y, batch.logits.classes, batch.smoothing, batch.weights, row.arg_max);
    if (!first.loss) {
      writer.Row(r, Raised(TargetLoss(row, targets), exponent));
    }
    if (first.gradient) return;
    TargetGradient(row, targets, batch.shares, exponent, to, first.open,
                   gradient);
  }
}

/// Whether a row of the batch counts.
HWY_INLINE bool Counts(const LabelBatch& batch, size_t r) {
  return batch.labels[r] != batch.last_resort.args.ignore_index &&
         !batch.shares.nothing;
}

/// One row, by the first stage where `first` says so, and then by the full one.
HWY_INLINE void LabelRow(const LabelBatch& batch, size_t r, bool has_loss,
                         LabelLossWriter& writer, bool first = true,
                         LineStream* stream = nullptr) {
  if (!Counts(batch, r)) {
    if (!has_loss) writer.Row(r, {});
    return FillRow(RowOrNone(batch.d_logits, r), 0.0);
  }
  FirstRowResult result;
  result.loss = has_loss;
  if (first && batch.weights.exact) {
    result = batch.smoothing == 0.0
                 ? FirstLabelRow(batch, r, has_loss, writer, stream)
                 : FirstSmoothedRow(batch, r, has_loss, writer);
  }
  if (!result.loss || !result.gradient) FullLabelRow(batch, r, result, writer);
}

/// The loss of row r of a chunk at that label: weight * (ln(sum / e^max) + max -
/// z_y), of one sign.
HWY_INLINE WideValue ShortLoss(const ShortChunk& chunk, const ShortOthers& rows,
                               size_t r, size_t label, double weight) {
  const double logit = chunk.x[r * chunk.classes + label];
  if (weight == 0.0) return {};
  if (logit == -HUGE_VAL) return {{}, 0.0, HUGE_VAL};
  const One one;
  const Scaled<One> w = Normalize(one, hn::Set(one, weight));
  const double w_value = FromLane(w.value.hi);
  const double loss = rows.logs[r] + (rows.max[r] - logit);
  const double error = loss < kShortStandIns
                           ? loss
                           : rows.logs[r] * rows.log_error + loss * 5 * kUnit;
  return {{loss * w_value, 0.0}, FromLane(w.exponent), 0.0, error * w_value};
}

/// The losses of a chunk. Notes the rows whose own loss that does not decide.
HWY_INLINE void ShortLosses(const LabelBatch& batch, const ShortChunk& chunk,
                            const ShortOthers& rows, LabelLossWriter& writer,
                            OpenRows& open) {
  for (size_t r = 0; r < chunk.rows; ++r) {
    const size_t row = chunk.first + r;
    if (open[r]) continue;
    if (!Counts(batch, row)) {
      writer.Row(row, {});
      continue;
    }
    const auto y = static_cast<size_t>(batch.labels[row]);
    const WideValue loss = ShortLoss(chunk, rows, r, y, batch.weights[y]);
    if (!writer.FirstRow(row, Raised(loss, batch.exponent))) open.Note(r);
  }
}

/// What a chunk's gradients are made of: factor = weight / (divisor sum).
struct ShortFactors {
  HWY_ALIGN double factors[kShortChunk + kMaxDoubles];
  HWY_ALIGN double labels[kShortChunk + kMaxDoubles];  ///< -(sum - e_y) factor
  HWY_ALIGN double errors[kShortChunk + kMaxDoubles];  ///< of these
};

HWY_INLINE void FillShortFactors(const LabelBatch& batch,
                                 const ShortChunk& chunk,
                                 const ShortOthers& rows, ShortFactors& to,
                                 OpenRows& open) {
  const double scale = std::ldexp(1.0 / batch.shares.divisor.hi,
                                  static_cast<int>(batch.exponent));
  const double relative = chunk.sum_error + 10 * kUnit;
  for (size_t r = 0; r < chunk.rows; ++r) {
    to.factors[r] = to.labels[r] = to.errors[r] = 0.0;
    if (!Counts(batch, chunk.first + r)) continue;
    const auto y = static_cast<size_t>(batch.labels[chunk.first + r]);
    const double factor = batch.weights[y] * scale / chunk.sums[r];
    // Beyond, products lose bits or overflow; a weight of 0 is exact
    if ((factor != 0.0 && !(factor > 0x1p-500 && factor < 0x1p500)) ||
        batch.shares.relative > 0x1p-60) {
      open.Note(r);
    }
    to.factors[r] = factor;
    // Other exponentials than the largest leave it in, and themselves out
    const size_t at = r * chunk.classes + y;
    const bool at_max = chunk.x[at] == rows.max[r];
    const double others =
        at_max ? rows.others[r] : chunk.sums[r] - chunk.exps[at];
    to.labels[r] = 0.0 - others * factor;  // +0 where there are no others
    to.errors[r] = 2 * relative * (at_max ? others : chunk.sums[r]) * factor;
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
    ShortOthers rows;
    FindShortOthers(chunk, rows);
    ShortLosses(batch, chunk, rows, writer, open);
    for (size_t r = 0; r < chunk.rows; ++r) {
      has_loss[chunk.first + r - begin] = !open[r];
    }
    if (!wants_gradient) return;
    ShortFactors factors;
    FillShortFactors(batch, chunk, rows, factors, open);
    StoreShortProducts(chunk, factors.factors,
                       chunk.exp_error + chunk.sum_error + 8 * kUnit,
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
                      last_resort};
  batch.shares =
      SharesOf(labels, options.ignore_index, batch.weights, options.reduction);
  if (options.reduction != Reduction::kMean) {
    batch.exponent = batch.weights.exponent;
  }
  const bool by_chunk =
      first && batch.smoothing == 0.0 && batch.weights.exact &&
      AreShort(logits, ElementType::kFloat32) && d_logits.data != logits.data;
  const bool past =
      d_logits.data != nullptr && first && IsWorthStreaming(d_logits);
  const auto rows = [&](size_t begin, size_t count, LabelLossWriter& writer) {
    if (by_chunk) return ShortLabelRows(batch, begin, count, writer);
    LineStream stream;
    for (size_t r = begin; r < begin + count; ++r) {
      LabelRow(batch, r, false, writer, first, past ? &stream : nullptr);
    }
    if (past) stream.End();
  };
  return WriteBatch(executor, logits,
                    LabelLossWriter(loss, options.reduction, last_resort),
                    batch.shares, !first, rows);
}

/// One batch with target distributions, row by row.
struct TargetBatch {
  InRows logits;
  InRows targets;
  OutRows d_logits;
  double smoothing;
  ScaledWeights weights;
  Shares shares;
  const CrossEntropyLastResort& last_resort;
};

/// One row, by the first stage where `first` says so, and then by the full one.
HWY_INLINE void TargetsRow(const TargetBatch& batch, size_t r,
                           LabelLossWriter& writer, bool first) {
  const InRow logits = batch.logits[r], targets = batch.targets[r];
  const OutRow to = RowOrNone(batch.d_logits, r);
  const double exponent = batch.weights.exponent;
  FirstRowResult done;
  if (first && batch.weights.exact) {
    const auto load_parts = [&] {
      return FirstTargets(targets, batch.smoothing, batch.weights);
    };
    done =
        FirstTargetRow(batch.shares, exponent, r, false, logits,
                       SourceOf(to, logits, targets), to, load_parts, writer);
    if (done.loss && done.gradient) return;
  }
  const ExpRow row = LoadExpRow(logits);
  const TargetRow target_row =
      LoadTargets(targets, batch.smoothing, batch.weights, row.arg_max);
  if (!done.loss) {
    writer.Row(r, Raised(TargetLoss(row, target_row), exponent));
  }
  if (done.gradient) return;
  TargetGradient(row, target_row, batch.shares, exponent, to, done.open,
                 [&](size_t c) { return batch.last_resort.Gradient(r, c); });
}

/// The same for target distributions.
HWY_INLINE bool CrossEntropyOfTargetRows(InRows logits, InRows targets,
                                         OutRow loss, OutRows d_logits,
                                         const CrossEntropyOptions& options,
                                         const Executor* executor, bool first) {
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
  const TargetBatch batch = {logits,
                             targets,
                             d_logits,
                             options.label_smoothing,
                             LoadWeights(options.class_weights),
                             shares,
                             last_resort};
  const auto rows = [&](size_t begin, size_t count, LabelLossWriter& writer) {
    for (size_t r = begin; r < begin + count; ++r) {
      TargetsRow(batch, r, writer, first);
    }
  };
  return WriteBatch(executor, logits,
                    LabelLossWriter(loss, options.reduction, last_resort),
                    shares, !first, rows);
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

/// Runs `batch(loss, d_logits, first)` with the first stage for narrow types;
/// and once more without it where that leaves the reduced loss open.
template <class Batch>
HWY_INLINE void FirstThenFull(InRows logits, OutRow loss, OutRows d_logits,
                              Reduction reduction, const Batch& batch) {
  const bool narrow = logits.type != ElementType::kFloat64;
  LossThenGradient(logits, loss, d_logits, reduction,
                   [&](OutRow to, OutRows gradient) {
                     if (!batch(to, gradient, narrow)) batch(to, {}, false);
                   });
}

void CrossEntropyOfLabels(InRows logits, std::span<const Label> labels,
                          OutRow loss, OutRows d_logits,
                          const CrossEntropyOptions& options,
                          const Executor* executor) {
  FirstThenFull(logits, loss, d_logits, options.reduction,
                [&](OutRow to, OutRows gradient, bool first) {
                  return CrossEntropyOfLabelRows(logits, labels, to, gradient,
                                                 options, executor, first);
                });
}

void CrossEntropyOfTargets(InRows logits, InRows targets, OutRow loss,
                           OutRows d_logits, const CrossEntropyOptions& options,
                           const Executor* executor) {
  FirstThenFull(logits, loss, d_logits, options.reduction,
                [&](OutRow to, OutRows gradient, bool first) {
                  return CrossEntropyOfTargetRows(logits, targets, to, gradient,
                                                  options, executor, first);
                });
}

/// -sum_c p_c ln q_c by the first stage.
HWY_INLINE Estimate<One> FirstCrossEntropyFromProbs(InRow p_row, InRow q_row) {
  const size_t padded = hwy::RoundUpTo(p_row.classes, hn::Lanes(Doubles()));
  const double* p = LoadPlain(p_row, 0.0, Slot::kExpHi);
  const double* q = LoadPlain(q_row, 1.0, Slot::kOtherHi);
  const auto log_at = [&](Doubles d, size_t i) HWY_ATTR {
    return hn::Neg(FirstLogProb(d, hn::Load(d, q + i)));
  };
  return EstimateOf(SumWeighted(p, padded, log_at), kFirst);
}

/// The terms are -p_c ln q_c, or what that is where it is not a number.
inline HWY_NOINLINE double FullCrossEntropyFromProbs(InRow p_row, InRow q_row,
                                                     ElementType type) {
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
  return RoundScalar(type, SumTerms(row.padded, row.exponent, term), [&] {
    return certain::CrossEntropyFromProbs(type, p_row, q_row);
  });
}

void CrossEntropyFromProbsRows(InRows p, InRows q, OutRow cross_entropy) {
  const ElementType type = cross_entropy.type;
  for (size_t r = 0; r < p.rows; ++r) {
    const InRow p_row = p[r], q_row = q[r];
    cross_entropy.Set(
        r, RowScalarOf(
               type, [&] { return FirstCrossEntropyFromProbs(p_row, q_row); },
               [&] { return FullCrossEntropyFromProbs(p_row, q_row, type); }));
  }
}

/// -sum_c p_c log_q_c by the first stage: the products are exact.
HWY_INLINE Estimate<One> FirstCrossEntropyFromLogProbs(InRow p_row,
                                                       InRow q_row) {
  const size_t padded = hwy::RoundUpTo(p_row.classes, hn::Lanes(Doubles()));
  const double* p = LoadPlain(p_row, 0.0, Slot::kExpHi);
  const double* log_q = LoadPlain(q_row, 0.0, Slot::kOtherHi);
  const auto log_at = [&](Doubles d, size_t i)
                          HWY_ATTR { return hn::Neg(hn::Load(d, log_q + i)); };
  return EstimateOf(SumWeighted(p, padded, log_at), 0.0);
}

inline HWY_NOINLINE double FullCrossEntropyFromLogProbs(InRow p_row,
                                                        InRow q_row,
                                                        ElementType type) {
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
  return RoundScalar(
      type, SumTerms(row.padded, row.exponent + down, term),
      [&] { return certain::CrossEntropyFromLogProbs(type, p_row, q_row); });
}

void CrossEntropyFromLogProbsRows(InRows p, InRows log_q,
                                  OutRow cross_entropy) {
  const ElementType type = cross_entropy.type;
  for (size_t r = 0; r < p.rows; ++r) {
    const InRow p_row = p[r], q_row = log_q[r];
    cross_entropy.Set(
        r,
        RowScalarOf(
            type, [&] { return FirstCrossEntropyFromLogProbs(p_row, q_row); },
            [&] { return FullCrossEntropyFromLogProbs(p_row, q_row, type); }));
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

/// The same by the first stage.
HWY_INLINE Estimate<Doubles> FirstLogSlope(Doubles d, V<Doubles> q) {
  const V<Doubles> log = FirstLogProb(d, q);
  return SlopeOf(d, log, hn::Mul(hn::Abs(log), hn::Set(d, kFirst)));
}

/// d_p = -upstream ln q, d_q = -upstream p / q.
void CrossEntropyFromProbsGradientRows(InRows p, InRows q, InRow upstream,
                                       OutRows d_p, OutRows d_q) {
  const auto log_q = [](auto d, auto /*p*/, auto q_i)
                         HWY_ATTR { return LogProbOf(d, q_i); };
  const auto ratio = [](auto d, auto p_i, auto q_i)
                         HWY_ATTR { return RatioFactor(d, p_i, q_i); };
  const auto first_log = [](auto d, auto /*p*/, auto q_i)
                             HWY_ATTR { return FirstLogSlope(d, q_i); };
  const auto first_ratio = [](auto d, auto p_i, auto q_i)
                               HWY_ATTR { return FirstRatio(d, p_i, q_i); };
  for (size_t r = 0; r < p.rows; ++r) {
    const double g = upstream[r];
    const PairRow pair = LoadPair(p[r], q[r]);
    const auto certain_p = [&](double /*p*/, double q_i) {
      return certain::CrossEntropyFromProbsGradientP(d_p.type, q_i, g);
    };
    const auto certain_q = [&](double p_i, double q_i) {
      return certain::CrossEntropyFromProbsGradientQ(d_q.type, p_i, q_i, g);
    };
    StorePairGradient(pair, -g, first_log, log_q, certain_p, d_p, r);
    StorePairGradient(pair, -g, first_ratio, ratio, certain_q, d_q, r);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
