#ifndef SURPRISAL_LOG_SOFTMAX_LOG_SOFTMAX_H_
#define SURPRISAL_LOG_SOFTMAX_LOG_SOFTMAX_H_

#include <vector>

#include "surprisal/common/executor.h"
#include "surprisal/common/rows.h"
#include "surprisal/softmax/softmax.h"

namespace surprisal {

/// \defgroup log_softmax Log-softmax
/// The logarithms of the softmax in one step, z - LogSumExp(z). Taken in two
/// steps they are -inf where a probability was rounded to 0, and 0 where it was
/// rounded to 1; here they keep all their digits at both ends.
/// @{

/// Logarithms of the softmax, in one step: log_probs[r][c] = z_c - ln sum_k
/// e^(z_k) with z = logits[r] / temperature.
/// @param[in]  logits     [rows, classes], nats.
/// @param[out] log_probs  [rows, classes], at most 0; may be `logits` itself.
/// Special values: a row that holds NaN or +inf, or nothing but -inf, becomes
/// all NaN; a single -inf logit has log-probability -inf. The logarithm of 1 is
/// +0; a negative one too small for the type is -0.
/// Error if the shapes differ, some but not all are of type double, classes = 0,
/// or the temperature is out of range.
/// Accuracy: every result is correctly rounded, also where the probability is so
/// near 1 that its logarithm is subnormal.
void LogSoftmax(InRows logits, OutRows log_probs,
                const SoftmaxOptions& options = {},
                const Executor* executor = nullptr);

/// Gradient of LogSoftmax with respect to the logits:
/// d_logits[j] = (upstream[j] - probs[j] sum_k upstream[k]) / temperature.
/// @param[in]  upstream  [rows, classes], the gradient w.r.t. `log_probs`.
/// @param[out] d_logits  [rows, classes]; may be `logits` or `upstream` itself.
/// Special values: rows whose log-probabilities are NaN get NaN.
/// Accuracy: every result is correctly rounded.
void LogSoftmaxVjp(InRows logits, InRows upstream, OutRows d_logits,
                   const SoftmaxOptions& options = {},
                   const Executor* executor = nullptr);

/// The log-softmax of one row, returned by value.
template <ElementRange Row>
auto LogSoftmax(const Row& logits, const SoftmaxOptions& options = {}) {
  std::vector<std::ranges::range_value_t<Row>> log_probs(
      std::ranges::size(logits));
  LogSoftmax(logits, log_probs, options);
  return log_probs;
}

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_LOG_SOFTMAX_LOG_SOFTMAX_H_
