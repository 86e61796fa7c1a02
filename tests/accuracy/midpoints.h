#ifndef SURPRISAL_TESTS_ACCURACY_MIDPOINTS_H_
#define SURPRISAL_TESTS_ACCURACY_MIDPOINTS_H_

#include "accuracy/inputs.h"

/// Rows made to be hard: the first result lies beside a point where its
/// rounding changes, nearer than any search comes upon.
///
/// A few numbers of the row are drawn, the rest are spare. Let R be what the
/// result, or the sum of exponentials that it is a function of, lacks to the
/// next point half-way between two values of its type. The first spare number
/// is the one of the type that takes up most of R and not more, which leaves
/// about 2^-24 of it for floats; the next takes up most of that, and so on: with
/// one spare number the first stage of the kernels is left undecided, with four
/// the last resort is reached.
namespace surprisal::accuracy {

Batch BuildLogSumExp(const Recipe& recipe, uint64_t number);
Batch BuildLogSumExpGradient(const Recipe& recipe, uint64_t number);
Batch BuildSoftmax(const Recipe& recipe, uint64_t number);
Batch BuildLogSoftmax(const Recipe& recipe, uint64_t number);
Batch BuildCrossEntropy(const Recipe& recipe, uint64_t number);
Batch BuildCrossEntropyGradient(const Recipe& recipe, uint64_t number);
Batch BuildTargetsLoss(const Recipe& recipe, uint64_t number);
Batch BuildTargetsGradient(const Recipe& recipe, uint64_t number);
Batch BuildFromProbs(const Recipe& recipe, uint64_t number);
Batch BuildSoftmaxVjp(const Recipe& recipe, uint64_t number);
Batch BuildLogSoftmaxVjp(const Recipe& recipe, uint64_t number);
Batch BuildEntropy(const Recipe& recipe, uint64_t number);
Batch BuildDivergence(const Recipe& recipe, uint64_t number);

}  // namespace surprisal::accuracy

#endif  // SURPRISAL_TESTS_ACCURACY_MIDPOINTS_H_
