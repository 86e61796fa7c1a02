#ifndef SURPRISAL_SOFTMAX_SOFTMAX_H_
#define SURPRISAL_SOFTMAX_SOFTMAX_H_

#include <cstdint>
#include <vector>

#include "surprisal/common/executor.h"
#include "surprisal/common/rows.h"

namespace surprisal {

/// \defgroup softmax Softmax
/// Every row of logits as probabilities: e^z over the sum of all e^z. With a
/// temperature, with a mask of the classes that count, and with the product of
/// an upstream gradient and the Jacobian (the VJP), which is never built.
/// @{

/// What else Softmax and LogSoftmax may be told.
struct SoftmaxOptions {
  double temperature = 1.0;  ///< logits are divided by it; finite, above 0
};

/// Normalised exponentials of each row: probs[r][c] = e^(z_c) / sum_k e^(z_k)
/// with z = logits[r] / temperature.
/// @param[in]  logits  [rows, classes], nats.
/// @param[out] probs   [rows, classes], in [0, 1]; may be `logits` itself.
/// Special values: a row that holds NaN or +inf, or nothing but -inf, becomes
/// all NaN; a single -inf logit has probability +0.
/// Error if the shapes differ, some but not all are of type double, classes = 0,
/// or the temperature is out of range.
/// Accuracy: every result is correctly rounded, subnormal ones included.
void Softmax(InRows logits, OutRows probs, const SoftmaxOptions& options = {},
             const Executor* executor = nullptr);

/// Softmax over the classes whose mask is not 0; the others get probability +0
/// and may hold anything, NaN included. A row without a single unmasked class
/// becomes all +0.
/// @param[in] mask  [rows, classes], 0 to leave a class out.
void MaskedSoftmax(InRows logits, Rows<const std::uint8_t> mask, OutRows probs,
                   const SoftmaxOptions& options = {},
                   const Executor* executor = nullptr);

/// Gradient of Softmax with respect to the logits:
/// d_logits[j] = probs[j] (upstream[j] - sum_k probs[k] upstream[k]) /
/// temperature.
/// @param[in]  upstream  [rows, classes], the gradient with respect to `probs`.
/// @param[out] d_logits  [rows, classes]; may be `logits` or `upstream` itself.
/// Special values: rows whose probabilities are NaN get NaN. A probability of
/// +0 from a -inf logit has gradient 0.
/// Accuracy: every result is correctly rounded.
void SoftmaxVjp(InRows logits, InRows upstream, OutRows d_logits,
                const SoftmaxOptions& options = {},
                const Executor* executor = nullptr);

/// The softmax of one row, returned by value.
template <ElementRange Row>
auto Softmax(const Row& logits, const SoftmaxOptions& options = {}) {
  std::vector<std::ranges::range_value_t<Row>> probs(std::ranges::size(logits));
  Softmax(logits, probs, options);
  return probs;
}

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_SOFTMAX_SOFTMAX_H_
