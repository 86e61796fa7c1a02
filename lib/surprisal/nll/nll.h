#ifndef SURPRISAL_NLL_NLL_H_
#define SURPRISAL_NLL_NLL_H_

#include <span>

#include "surprisal/common/rows.h"

namespace surprisal {

/// \defgroup nll Negative log-likelihood
/// Of each row of log-probabilities the one that the label picks, negated; then
/// their mean or sum. With class weights, and with a label that means "ignore
/// this row".
/// @{

/// What else Nll may be told.
struct NllOptions {
  Reduction reduction = Reduction::kMean;
  Label ignore_index = -100;  ///< rows with this label do not count
  std::span<const double> class_weights =
      {};  ///< [classes], or empty for all 1
};

/// Negative log-likelihood of the labels under given log-probabilities:
/// loss of row r = -weight[y] log_probs[r][y] with y = labels[r], in nats.
/// @param[in]  log_probs  [rows, classes], taken as they are: nothing is
///                        normalised and no logarithm is taken.
/// @param[in]  labels     [rows], each in [0, classes) or ignore_index.
/// @param[out] loss       [rows] for kNone, else [1]; of type float for 16-bit
///                        log_probs. The mean divides by the sum of the labels'
///                        weights over the rows that count; over nothing it is
///                        NaN. Ignored rows have loss 0.
/// Special values: a row whose labelled entry is NaN has loss NaN, -inf has
/// +inf (0 where its weight is 0); never -0.
/// Error on sizes, types (some but not all double), a label out of range, a
/// weight that is negative or not finite; nothing is written then.
/// Accuracy: every loss is correctly rounded; a reduced one is rounded once, from
/// the exact sum.
void Nll(InRows log_probs, std::span<const Label> labels, OutRow loss,
         const NllOptions& options = {});

/// Gradient of Nll with respect to `log_probs`: -weight[y] at each label, over
/// the mean's divisor for kMean, +0 elsewhere and in ignored rows.
/// @param[out] d_log_probs  [rows, classes]; may be `log_probs` itself.
void NllGradient(InRows log_probs, std::span<const Label> labels,
                 OutRows d_log_probs, const NllOptions& options = {});

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_NLL_NLL_H_
