#ifndef SURPRISAL_ENTROPY_ENTROPY_H_
#define SURPRISAL_ENTROPY_ENTROPY_H_

#include <span>

#include "surprisal/common/rows.h"

namespace surprisal {

/// Shannon entropy of each row, in nats: H(p) = -sum_c p_c ln p_c.
/// @param[in]  probs    [rows, classes], entries finite and at least 0 (0 ln 0
///                      counts as 0), or NaN; a negative or infinite one is an
///                      Error. They are not required to sum to 1.
/// @param[out] entropy  [rows]; NaN where the row holds NaN.
/// Error if the sizes differ or classes = 0.
/// Accuracy: float results are correctly rounded, double results within 1 ulp
/// where the terms do not cancel (they cannot when every entry is at most 1).
void Entropy(Rows<const float> probs, std::span<float> entropy);
void Entropy(Rows<const double> probs, std::span<double> entropy);

/// Gradient of Entropy: d_probs[c] = -upstream (1 + ln p_c); at p_c = 0 the
/// limit, +inf times upstream (0 where upstream is 0). NaN in a row makes it
/// all NaN.
/// @param[in]  upstream  [rows].
/// @param[out] d_probs   [rows, classes]; may be `probs` itself.
void EntropyGradient(Rows<const float> probs, std::span<const float> upstream,
                     Rows<float> d_probs);
void EntropyGradient(Rows<const double> probs, std::span<const double> upstream,
                     Rows<double> d_probs);

/// Entropy of the softmax of each row of logits, without forming it:
/// H = LSE - sum_c p_c z_c.
/// Special values: -inf logits contribute nothing; a row that holds NaN or
/// +inf, or nothing but -inf, gives NaN.
void EntropyOfLogits(Rows<const float> logits, std::span<float> entropy);
void EntropyOfLogits(Rows<const double> logits, std::span<double> entropy);

/// Gradient of EntropyOfLogits: d_logits[c] = -upstream p_c (ln p_c + H); +0 at
/// a -inf logit.
void EntropyOfLogitsGradient(Rows<const float> logits,
                             std::span<const float> upstream,
                             Rows<float> d_logits);
void EntropyOfLogitsGradient(Rows<const double> logits,
                             std::span<const double> upstream,
                             Rows<double> d_logits);

/// The entropy of one distribution, returned by value.
template <FloatingRow Row>
auto Entropy(const Row& probs) {
  using T = std::ranges::range_value_t<Row>;
  T result = 0;
  Entropy(Rows<const T>(probs), std::span<T>(&result, 1));
  return result;
}

}  // namespace surprisal

#endif  // SURPRISAL_ENTROPY_ENTROPY_H_
