#if defined(SURPRISAL_NLL_NLL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_NLL_NLL_INL_H_
#undef SURPRISAL_NLL_NLL_INL_H_
#else
#define SURPRISAL_NLL_NLL_INL_H_
#endif

#include <cmath>
#include <span>

#include "hwy/highway.h"
#include "surprisal/common/wide_sum-inl.h"
#include "surprisal/nll/nll.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// -weight * log_prob.
HWY_INLINE WideValue NllOf(double weight, double log_prob) {
  if (std::isnan(log_prob)) return {{}, 0.0, NAN};
  if (weight == 0.0) return {};
  if (std::isinf(log_prob)) return {{}, 0.0, -log_prob};
  const One one;
  const Scaled<One> w = Normalize(one, hn::Set(one, weight));
  if (log_prob == 0.0) return {};
  const Scaled<One> l = Normalize(one, hn::Set(one, -log_prob));
  return {FromLane(Mul(one, w.value, l.value)),
          hn::GetLane(hn::Add(w.exponent, l.exponent)), 0.0};
}

template <class T>
void NllRows(Rows<const T> log_probs, std::span<const Label> labels,
             std::span<T> loss, const NllOptions& options) {
  const ScaledWeights weights = LoadWeights(options.class_weights);
  const LabelShares shares =
      SharesOf(labels, options.ignore_index, weights, options.reduction);
  LossWriter<T> writer(loss, options.reduction);
  for (size_t r = 0; r < log_probs.rows; ++r) {
    WideValue value;
    if (labels[r] != options.ignore_index) {
      const auto y = static_cast<size_t>(labels[r]);
      value = NllOf(weights[y], static_cast<double>(log_probs[r][y]));
    }
    if (options.reduction != Reduction::kMean) {
      value.exponent += weights.exponent;
    }
    writer.Row(r, value);
  }
  writer.Finish(shares.divisor, shares.nothing);
}

template <class T>
void NllGradientRows(Rows<const T> log_probs, std::span<const Label> labels,
                     Rows<T> d_log_probs, const NllOptions& options) {
  const ScaledWeights weights = LoadWeights(options.class_weights);
  const LabelShares shares =
      SharesOf(labels, options.ignore_index, weights, options.reduction);
  const double exponent =
      options.reduction == Reduction::kMean ? 0.0 : weights.exponent;
  for (size_t r = 0; r < log_probs.rows; ++r) {
    FillRow(d_log_probs[r], T{0});
    if (labels[r] == options.ignore_index || shares.nothing) continue;
    const auto y = static_cast<size_t>(labels[r]);
    if (weights[y] == 0.0) continue;
    d_log_probs[r][y] =
        RoundScalar<T>(Quotient({-weights[y], 0.0}, shares.divisor), exponent);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
