#ifndef SURPRISAL_ENTROPY_ENTROPY_H_
#define SURPRISAL_ENTROPY_ENTROPY_H_

#include <span>

#include "surprisal/common/executor.h"
#include "surprisal/common/rows.h"

namespace surprisal {

/// \defgroup entropy Entropy
/// The mean surprisal of a distribution, of probabilities or of the softmax of
/// logits, which is then never formed; and the gradients. It is 0 for what is
/// certain and at most ln K for K classes.
/// @{

/// Shannon entropy of each row, in nats: H(p) = -sum_c p_c ln p_c.
/// @param[in]  probs    [rows, classes], entries finite and at least 0 (0 ln 0
///                      counts as 0), or NaN; a negative or infinite one is an
///                      Error. They are not required to sum to 1.
/// @param[out] entropy  [rows]; NaN where the row holds NaN. Of type float for
///                      16-bit probabilities.
/// Error if the sizes differ, some but not all are of type double, or classes =
/// 0.
/// Accuracy: every result is correctly rounded.
void Entropy(InRows probs, OutRow entropy, const Executor* executor = nullptr);

/// Gradient of Entropy: d_probs[c] = -upstream (1 + ln p_c); at p_c = 0 the
/// limit, +inf times upstream (0 where upstream is 0). NaN in a row makes it
/// all NaN.
/// @param[in]  upstream  [rows].
/// @param[out] d_probs   [rows, classes]; may be `probs` itself.
void EntropyGradient(InRows probs, InRow upstream, OutRows d_probs,
                     const Executor* executor = nullptr);

/// Entropy of the softmax of each row of logits, without forming it:
/// H = LSE - sum_c p_c z_c.
/// Special values: -inf logits contribute nothing; a row that holds NaN or
/// +inf, or nothing but -inf, gives NaN.
void EntropyOfLogits(InRows logits, OutRow entropy,
                     const Executor* executor = nullptr);

/// Gradient of EntropyOfLogits: d_logits[c] = -upstream p_c (ln p_c + H); +0 at
/// a -inf logit.
void EntropyOfLogitsGradient(InRows logits, InRow upstream, OutRows d_logits,
                             const Executor* executor = nullptr);

/// The entropy of one distribution, returned by value.
template <ElementRange Row>
auto Entropy(const Row& probs) {
  RowScalar<std::ranges::range_value_t<Row>> result = 0;
  Entropy(probs, std::span(&result, 1));
  return result;
}

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_ENTROPY_ENTROPY_H_
