#ifndef SURPRISAL_BINARY_CROSS_ENTROPY_BINARY_CROSS_ENTROPY_H_
#define SURPRISAL_BINARY_CROSS_ENTROPY_BINARY_CROSS_ENTROPY_H_

#include <span>

#include "surprisal/common/executor.h"
#include "surprisal/common/rows.h"

namespace surprisal {

/// \defgroup binary_cross_entropy Binary cross-entropy
/// The loss of independent yes/no outputs, from their logits or, where only
/// these are at hand, from their probabilities; with a weight for the yes, and
/// with the gradient.
/// @{

/// What else binary cross-entropy may be told.
struct BinaryCrossEntropyOptions {
  Reduction reduction = Reduction::kMean;
  std::span<const double> pos_weight =
      {};  ///< [1] or [classes]; empty for all 1
};

/// Binary cross-entropy of independent yes/no outputs, from their logits:
/// loss = w t ln(1 + e^-x) + (1 - t) ln(1 + e^x), with w the positive weight.
/// @param[in]  logits   [rows, classes].
/// @param[in]  targets  [rows, classes], each in [0, 1], else Error.
/// @param[out] loss     [rows * classes] in row-major order for kNone, else
///                      [1], of type float for 16-bit logits; the mean
///                      divides by rows * classes and is NaN over nothing.
/// Special values: x = +-inf is met by its limit (0 where the target agrees,
/// +inf where it does not); NaN gives NaN; never -0.
/// Error on sizes, types (some but not all double), targets outside [0, 1],
/// weights negative or not finite.
/// Accuracy: every result is correctly rounded.
void BinaryCrossEntropy(InRows logits, InRows targets, OutRow loss,
                        const BinaryCrossEntropyOptions& options = {},
                        const Executor* executor = nullptr);

/// Gradient of BinaryCrossEntropy with respect to the logits:
/// (1 - t) Sigmoid(x) - w t Sigmoid(-x).
/// @param[out] d_logits  [rows, classes]; may be `logits` itself.
void BinaryCrossEntropyGradient(InRows logits, InRows targets, OutRows d_logits,
                                const BinaryCrossEntropyOptions& options = {},
                                const Executor* executor = nullptr);

/// Binary cross-entropy from probabilities: -w t ln p - (1 - t) ln(1 - p).
/// @param[in] probs  [rows, classes], each in [0, 1] or NaN, else Error.
/// 0 ln 0 counts as 0; a certain and wrong probability costs +inf.
void BinaryCrossEntropyFromProbs(InRows probs, InRows targets, OutRow loss,
                                 const BinaryCrossEntropyOptions& options = {},
                                 const Executor* executor = nullptr);

/// Its gradient with respect to the probabilities: (1 - t) / (1 - p) - w t / p,
/// a term whose numerator is 0 being 0.
void BinaryCrossEntropyFromProbsGradient(
    InRows probs, InRows targets, OutRows d_probs,
    const BinaryCrossEntropyOptions& options = {},
    const Executor* executor = nullptr);

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_BINARY_CROSS_ENTROPY_BINARY_CROSS_ENTROPY_H_
