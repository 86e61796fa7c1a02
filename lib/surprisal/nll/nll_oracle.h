#ifndef SURPRISAL_NLL_NLL_ORACLE_H_
#define SURPRISAL_NLL_NLL_ORACLE_H_

#include <cstddef>
#include <span>
#include <vector>

#include "oracle/definition.h"
#include "surprisal/common/rows.h"
#include "surprisal/nll/nll.h"

namespace surprisal {

/// The weight of class c; 1 where none are given.
template <class N>
N WeightOf(std::span<const double> weights, size_t c) {
  return weights.empty() ? N(1) : N(weights[c]);
}

/// The sum of the labels' weights over the rows that count.
template <class N, class Options>
N LabelWeight(std::span<const Label> labels, const Options& options) {
  N sum = 0;
  for (const Label label : labels) {
    if (label == options.ignore_index) continue;
    sum += WeightOf<N>(options.class_weights, static_cast<size_t>(label));
  }
  return sum;
}

/// The losses of the rows, or their sum, or their sum over the divisor.
template <class N>
std::vector<N> Reduced(const std::vector<N>& losses, Reduction reduction,
                       const N& divisor) {
  if (reduction == Reduction::kNone) return losses;
  N sum = 0;
  for (const N& loss : losses) sum += loss;
  if (reduction == Reduction::kSum) return {PlusZero(sum)};
  return {divisor == 0 ? NaN<N>() : PlusZero(N(sum / divisor))};
}

/// What the reduction makes of one entry of the gradient: over the divisor for
/// the mean, 0 in a mean over nothing. A mean that is a tie only after the
/// division, of a rational number that N had to round, may miss it by a digit.
template <class N>
N ReducedGradient(const N& d, Reduction reduction, const N& divisor) {
  if (reduction != Reduction::kMean) return PlusZero(d);
  return divisor == 0 ? N(0) : PlusZero(N(d / divisor));
}

/// The exact value of Nll: [rows] for kNone, else [1]. Arguments are valid.
/// A reduced loss whose rows cancel more than 10^80 times, or span as many
/// powers of ten, needs an N with more digits.
template <class N = Exact>
std::vector<N> NllOracle(Rows<const double> log_probs,
                         std::span<const Label> labels,
                         const NllOptions& options = {}) {
  std::vector<N> losses(log_probs.rows, N(0));
  for (size_t r = 0; r < losses.size(); ++r) {
    if (labels[r] == options.ignore_index) continue;
    const auto label = static_cast<size_t>(labels[r]);
    const N weight = WeightOf<N>(options.class_weights, label);
    const N log_prob = log_probs[r][label];
    if (weight == 0 && !isnan(log_prob)) continue;
    losses[r] = PlusZero(N(-weight * log_prob));
  }
  return Reduced(losses, options.reduction, LabelWeight<N>(labels, options));
}

/// The exact value of NllGradient, row-major [rows * classes].
template <class N = Exact>
std::vector<N> NllGradientOracle(Rows<const double> log_probs,
                                 std::span<const Label> labels,
                                 const NllOptions& options = {}) {
  const N divisor = LabelWeight<N>(labels, options);
  std::vector<N> d_log_probs(log_probs.rows * log_probs.classes, N(0));
  for (size_t r = 0; r < log_probs.rows; ++r) {
    if (labels[r] == options.ignore_index) continue;
    const auto label = static_cast<size_t>(labels[r]);
    const N d = -WeightOf<N>(options.class_weights, label);
    d_log_probs[r * log_probs.classes + label] =
        ReducedGradient(d, options.reduction, divisor);
  }
  return d_log_probs;
}

}  // namespace surprisal

#endif  // SURPRISAL_NLL_NLL_ORACLE_H_
