#ifndef SURPRISAL_LOG_SUM_EXP_LOG_SUM_EXP_H_
#define SURPRISAL_LOG_SUM_EXP_LOG_SUM_EXP_H_

#include <span>

#include "surprisal/common/executor.h"
#include "surprisal/common/rows.h"

namespace surprisal {

/// \defgroup log_sum_exp Log-sum-exp
/// ln sum e^z of every row: a smooth maximum, at least the largest logit and at
/// most that plus ln K for K classes. It is what a softmax divides by, as a
/// logarithm; its gradient is the softmax.
/// @{

/// The logarithm of the sum of exponentials of each row:
/// log_sum_exp[r] = ln sum_c e^(logits[r][c]), in nats.
/// @param[in]  logits       [rows, classes].
/// @param[out] log_sum_exp  [rows]; of type float for 16-bit logits.
/// Special values: NaN if the row holds NaN, else +inf if it holds +inf, -inf
/// if it holds nothing but -inf.
/// Error if the sizes differ, some but not all are of type double, or classes =
/// 0.
/// Accuracy: every result is correctly rounded, also near 0, where the largest
/// logit and the logarithm of the sum cancel.
void LogSumExp(InRows logits, OutRow log_sum_exp,
               const Executor* executor = nullptr);

/// Gradient of LogSumExp with respect to the logits: upstream[r] times the
/// softmax of the row.
/// @param[in]  upstream  [rows], the gradient with respect to `log_sum_exp`.
/// @param[out] d_logits  [rows, classes]; may be `logits` itself.
/// Special values: all 0 where all logits are -inf; NaN where a logit is NaN or
/// +inf.
void LogSumExpGradient(InRows logits, InRow upstream, OutRows d_logits,
                       const Executor* executor = nullptr);

/// The log-sum-exp of one row, returned by value.
template <ElementRange Row>
auto LogSumExp(const Row& logits) {
  RowScalar<std::ranges::range_value_t<Row>> result = 0;
  LogSumExp(logits, std::span(&result, 1));
  return result;
}

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_LOG_SUM_EXP_LOG_SUM_EXP_H_
