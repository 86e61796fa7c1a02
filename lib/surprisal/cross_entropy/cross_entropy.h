#ifndef SURPRISAL_CROSS_ENTROPY_CROSS_ENTROPY_H_
#define SURPRISAL_CROSS_ENTROPY_CROSS_ENTROPY_H_

#include <span>

#include "surprisal/common/executor.h"
#include "surprisal/common/rows.h"

namespace surprisal {

/// \defgroup cross_entropy Cross-entropy
/// The loss of a classifier, from its logits, with integer labels or with
/// target distributions: log-softmax and negative log-likelihood in one, and
/// its gradient, p - y. Below that the cross-entropy H(p, q) of two given
/// distributions.
/// @{

/// What else CrossEntropy may be told.
struct CrossEntropyOptions {
  Reduction reduction = Reduction::kMean;
  Label ignore_index = -100;  ///< integer labels only
  std::span<const double> class_weights =
      {};                        ///< [classes], or empty for all 1
  double label_smoothing = 0.0;  ///< in [0, 1]
};

/// Cross-entropy of integer labels under the softmax of the logits, in nats:
/// loss of row r = -ln softmax(logits[r])[labels[r]].
///
/// With weights w and smoothing eps over K classes, the target of class c is
/// t_c = w_c ((1 - eps) [c = y] + eps / K) and the loss sum_c t_c (LSE - z_c).
/// @param[in]  logits  [rows, classes].
/// @param[in]  labels  [rows], each in [0, classes) or ignore_index. Ignored
///                     rows have loss 0 and do not count in the mean.
/// @param[out] loss    [rows] for kNone, else [1]; of type float for 16-bit
///                     logits. The mean divides by the sum of the labels'
///                     weights; over nothing it is NaN.
/// Special values: a row that holds NaN or +inf, or nothing but -inf, has loss
/// NaN; a -inf logit whose target is not 0 makes the loss +inf; never -0.
/// Error on sizes, classes = 0, a label, weight or smoothing out of range;
/// nothing is written then.
/// Accuracy: every loss is correctly rounded, those of confident rows and reduced
/// ones included.
void CrossEntropy(InRows logits, std::span<const Label> labels, OutRow loss,
                  const CrossEntropyOptions& options = {},
                  const Executor* executor = nullptr);

/// The same for target distributions (one-hot, soft): loss of row r =
/// sum_c t_c (LSE - z_c) with t_c = w_c ((1 - eps) targets[r][c] + eps / K).
/// @param[in] targets  [rows, classes], each finite and at least 0, else Error;
///                     they need not sum to 1. The mean divides by rows.
/// A target of 0 contributes nothing, even where the logit is -inf.
void CrossEntropy(InRows logits, InRows targets, OutRow loss,
                  const CrossEntropyOptions& options = {},
                  const Executor* executor = nullptr);

/// Gradient of CrossEntropy (its mean, its sum, or for kNone each row's own
/// loss) with respect to the logits. At the label it is minus the sum of the
/// other probabilities, never p - 1: it keeps its bits when the row is
/// confident.
/// @param[out] d_logits  [rows, classes]; may be `logits` itself.
/// Special values: rows with NaN or +inf get NaN; ignored rows exactly +0; a
/// mean over nothing has gradient 0.
void CrossEntropyGradient(InRows logits, std::span<const Label> labels,
                          OutRows d_logits,
                          const CrossEntropyOptions& options = {},
                          const Executor* executor = nullptr);

/// The same for target distributions: (sum_k t_k) p_c - t_c.
void CrossEntropyGradient(InRows logits, InRows targets, OutRows d_logits,
                          const CrossEntropyOptions& options = {},
                          const Executor* executor = nullptr);

/// Loss and gradient in one pass over the exponentials: the bits of
/// CrossEntropy and of CrossEntropyGradient.
void CrossEntropyWithGradient(InRows logits, std::span<const Label> labels,
                              OutRow loss, OutRows d_logits,
                              const CrossEntropyOptions& options = {},
                              const Executor* executor = nullptr);
void CrossEntropyWithGradient(InRows logits, InRows targets, OutRow loss,
                              OutRows d_logits,
                              const CrossEntropyOptions& options = {},
                              const Executor* executor = nullptr);

/// Cross-entropy of two given distributions, per row: H(p, q) = -sum_c p_c ln
/// q_c, in nats.
/// @param[in]  p, q  [rows, classes], entries finite and at least 0, or NaN;
///                   a negative or infinite one is an Error.
/// @param[out] cross_entropy  [rows]; +inf where some p_c > 0 meets q_c = 0; 0
///                   ln 0 counts as 0; NaN if the row holds NaN.
void CrossEntropyFromProbs(InRows p, InRows q, OutRow cross_entropy,
                           const Executor* executor = nullptr);

/// The same with the second distribution as log-probabilities:
/// -sum_c p_c log_q_c; log_q may be -inf, +inf is an Error.
void CrossEntropyFromLogProbs(InRows p, InRows log_q, OutRow cross_entropy,
                              const Executor* executor = nullptr);

/// Gradient of CrossEntropyFromProbs: d_p[c] = -upstream ln q_c, d_q[c] =
/// -upstream p_c / q_c (0 where p_c = 0). An infinite slope times an upstream
/// of 0 is 0. A NaN in either row makes both rows NaN.
/// @param[in]  upstream  [rows].
/// @param[out] d_p, d_q  [rows, classes] each, or an empty view (`{}`) to leave
///                       one out.
void CrossEntropyFromProbsGradient(InRows p, InRows q, InRow upstream,
                                   OutRows d_p, OutRows d_q,
                                   const Executor* executor = nullptr);

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_CROSS_ENTROPY_CROSS_ENTROPY_H_
