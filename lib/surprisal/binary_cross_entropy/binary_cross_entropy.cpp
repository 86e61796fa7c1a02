#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE \
  "surprisal/binary_cross_entropy/binary_cross_entropy.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/binary_cross_entropy/binary_cross_entropy-inl.h"

#if HWY_ONCE
namespace surprisal {
namespace {

void CheckBatch(const char* what, const InRows& inputs, const InRows& targets,
                const BinaryCrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckLike(what, inputs, inputs);
  CheckLike("targets", targets, inputs);
  CheckEntries("targets", targets, Domain::kUnitTargets);
  const size_t weights = options.pos_weight.size() == 1 ? 1 : inputs.classes;
  CheckWeights("pos_weight", options.pos_weight, weights);
}

void CheckProbs(const InRows& probs, const InRows& targets,
                const BinaryCrossEntropyOptions& options) {
  CheckBatch("probs", probs, targets, options);
  CheckEntries("probs", probs, Domain::kUnitOrNaN);
}

void CheckLoss(const OutRow& loss, const InRows& inputs,
               const BinaryCrossEntropyOptions& options) {
  const bool each = options.reduction == Reduction::kNone;
  CheckScalars("loss", loss, each ? inputs.rows * inputs.classes : 1,
               inputs.type);
}

}  // namespace

HWY_EXPORT(LossesFromLogits);
HWY_EXPORT(GradientsFromLogits);
HWY_EXPORT(LossesFromProbs);
HWY_EXPORT(GradientsFromProbs);

void BinaryCrossEntropy(InRows logits, InRows targets, OutRow loss,
                        const BinaryCrossEntropyOptions& options,
                        const Executor* executor) {
  CheckBatch("logits", logits, targets, options);
  CheckLoss(loss, logits, options);
  HWY_DYNAMIC_DISPATCH(LossesFromLogits)
  (logits, targets, loss, options, executor);
}

void BinaryCrossEntropyGradient(InRows logits, InRows targets, OutRows d_logits,
                                const BinaryCrossEntropyOptions& options,
                                const Executor* executor) {
  CheckBatch("logits", logits, targets, options);
  CheckLike("d_logits", d_logits, logits);
  HWY_DYNAMIC_DISPATCH(GradientsFromLogits)
  (logits, targets, d_logits, options, executor);
}

void BinaryCrossEntropyFromProbs(InRows probs, InRows targets, OutRow loss,
                                 const BinaryCrossEntropyOptions& options,
                                 const Executor* executor) {
  CheckProbs(probs, targets, options);
  CheckLoss(loss, probs, options);
  HWY_DYNAMIC_DISPATCH(LossesFromProbs)
  (probs, targets, loss, options, executor);
}

void BinaryCrossEntropyFromProbsGradient(
    InRows probs, InRows targets, OutRows d_probs,
    const BinaryCrossEntropyOptions& options, const Executor* executor) {
  CheckProbs(probs, targets, options);
  CheckLike("d_probs", d_probs, probs);
  HWY_DYNAMIC_DISPATCH(GradientsFromProbs)
  (probs, targets, d_probs, options, executor);
}

}  // namespace surprisal
#endif  // HWY_ONCE
