#ifndef SURPRISAL_KL_DIVERGENCE_KL_DIVERGENCE_H_
#define SURPRISAL_KL_DIVERGENCE_KL_DIVERGENCE_H_

#include <span>

#include "surprisal/common/executor.h"
#include "surprisal/common/rows.h"

namespace surprisal {

/// \defgroup kl_divergence KL divergence
/// How many nats more it costs to expect q where p is true: the cross-entropy
/// H(p, q) less the entropy H(p). It is never computed as that difference, of
/// which little would be left where p and q are close.
/// @{

/// Kullback-Leibler divergence of each pair of rows, in nats:
/// KL(p || q) = sum_c p_c ln(p_c / q_c).
/// @param[in]  p, q  [rows, classes], entries finite and at least 0, or NaN; a
///                   negative or infinite one is an Error. They are not
///                   required to sum to 1.
/// @param[out] kl_divergence  [rows]; +inf where some p_c > 0 meets q_c = 0; a
///                   class with p_c = 0 contributes nothing; NaN if the row
///                   holds NaN. Of type float for 16-bit p and q.
/// Error if the sizes differ, some but not all are of type double, or classes =
/// 0.
/// Accuracy: every result is correctly rounded, however much the sum cancels.
void KlDivergence(InRows p, InRows q, OutRow kl_divergence,
                  const Executor* executor = nullptr);

/// The same from log-probabilities: sum_c e^(log_p_c) (log_p_c - log_q_c).
/// Entries may be -inf; +inf is an Error.
void KlDivergenceFromLogProbs(InRows log_p, InRows log_q, OutRow kl_divergence,
                              const Executor* executor = nullptr);

/// Gradient of KlDivergence: d_p[c] = upstream (1 + ln(p_c / q_c)), d_q[c] =
/// -upstream p_c / q_c. At p_c = 0, d_p is the limit (-inf times upstream, NaN
/// where q_c is 0 too) and d_q is 0. An infinite slope times an upstream of 0
/// is 0. A NaN in either row makes both rows NaN.
/// @param[in]  upstream  [rows].
/// @param[out] d_p, d_q  [rows, classes] each, or an empty view (`{}`) to leave
///                       one out.
void KlDivergenceGradient(InRows p, InRows q, InRow upstream, OutRows d_p,
                          OutRows d_q, const Executor* executor = nullptr);

/// Gradient of KlDivergenceFromLogProbs: d_log_p[c] = upstream e^(log_p_c) (1 +
/// log_p_c - log_q_c), d_log_q[c] = -upstream e^(log_p_c); +0 where log_p_c is
/// -inf.
void KlDivergenceFromLogProbsGradient(InRows log_p, InRows log_q,
                                      InRow upstream, OutRows d_log_p,
                                      OutRows d_log_q,
                                      const Executor* executor = nullptr);

/// The divergence of one pair of distributions, returned by value.
template <ElementRange Row>
auto KlDivergence(const Row& p, const Row& q) {
  RowScalar<std::ranges::range_value_t<Row>> result = 0;
  KlDivergence(p, q, std::span(&result, 1));
  return result;
}

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_KL_DIVERGENCE_KL_DIVERGENCE_H_
