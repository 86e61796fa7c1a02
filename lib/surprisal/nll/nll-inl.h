#if defined(SURPRISAL_NLL_NLL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_NLL_NLL_INL_H_
#undef SURPRISAL_NLL_NLL_INL_H_
#else
#define SURPRISAL_NLL_NLL_INL_H_
#endif

#include <cmath>
#include <span>

#include "hwy/highway.h"
#include "surprisal/common/certain.h"
#include "surprisal/common/wide_sum-inl.h"
#include "surprisal/nll/nll.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// The weight of a class as it was given: scaling costs the smallest ones bits.
HWY_INLINE double PlainWeight(const NllOptions& options, size_t c) {
  return options.class_weights.empty() ? 1.0 : options.class_weights[c];
}

/// -weight * log_prob, exactly.
HWY_INLINE WideValue NllOf(double weight, double log_prob) {
  if (std::isnan(log_prob)) return {{}, 0.0, NAN};
  if (weight == 0.0) return {};
  if (std::isinf(log_prob)) return {{}, 0.0, -log_prob};
  const One one;
  const Scaled<One> w = Normalize(one, hn::Set(one, weight));
  if (log_prob == 0.0) return {};
  const Scaled<One> l = Normalize(one, hn::Set(one, -log_prob));
  return {FromLane(Mul(one, w.value, l.value)),
          hn::GetLane(hn::Add(w.exponent, l.exponent))};
}

/// What the kernels cannot decide, for one batch.
struct NllLastResort {
  ElementType type;
  certain::NllCase args;

  double operator()(size_t row) const {
    return certain::RowLoss(type, args, row);
  }
  double Reduced() const { return certain::ReducedLoss(type, args); }
};

HWY_INLINE certain::NllCase CaseOf(InRows log_probs,
                                   std::span<const Label> labels,
                                   const NllOptions& options) {
  return {log_probs, labels, options.class_weights, options.reduction,
          options.ignore_index};
}

void NllRows(InRows log_probs, std::span<const Label> labels, OutRow loss,
             const NllOptions& options) {
  const ScaledWeights weights = LoadWeights(options.class_weights);
  const Shares shares =
      SharesOf(labels, options.ignore_index, weights, options.reduction);
  const double exponent =
      options.reduction == Reduction::kMean ? -weights.exponent : 0.0;
  const NllLastResort last_resort = {loss.type,
                                     CaseOf(log_probs, labels, options)};
  LossWriter writer(loss, options.reduction, last_resort);
  for (size_t r = 0; r < log_probs.rows; ++r) {
    WideValue value;
    if (labels[r] != options.ignore_index) {
      const auto y = static_cast<size_t>(labels[r]);
      value = NllOf(PlainWeight(options, y), log_probs[r][y]);
    }
    writer.Row(r, Raised(value, exponent));
  }
  writer.Finish(shares);
}

/// -weight / divisor, times 2^exponent: exact but for the mean.
HWY_INLINE WideValue NllSlope(double weight, const Shares& shares,
                              double exponent, Reduction reduction) {
  const One one;
  const Scaled<One> w = Normalize(one, hn::Set(one, -weight));
  const WideValue slope = {FromLane(w.value), FromLane(w.exponent) + exponent};
  if (reduction != Reduction::kMean) return slope;
  return DivideWide(slope, shares.divisor, shares.relative);
}

void NllGradientRows(InRows log_probs, std::span<const Label> labels,
                     OutRows d_log_probs, const NllOptions& options) {
  const ScaledWeights weights = LoadWeights(options.class_weights);
  const Shares shares =
      SharesOf(labels, options.ignore_index, weights, options.reduction);
  const double exponent =
      options.reduction == Reduction::kMean ? -weights.exponent : 0.0;
  const ElementType type = d_log_probs.type;
  const certain::NllCase args = CaseOf(log_probs, labels, options);
  for (size_t r = 0; r < log_probs.rows; ++r) {
    FillRow(d_log_probs[r], 0.0);
    if (labels[r] == options.ignore_index || shares.nothing) continue;
    const auto y = static_cast<size_t>(labels[r]);
    const double weight = PlainWeight(options, y);
    if (weight == 0.0) continue;
    const WideValue slope =
        NllSlope(weight, shares, exponent, options.reduction);
    d_log_probs[r].Set(y, RoundScalar(type, slope, [&] {
                         return certain::LossGradient(type, args, r, y);
                       }));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
