#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE \
  "surprisal/binary_cross_entropy/binary_cross_entropy.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/binary_cross_entropy/binary_cross_entropy-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void BinaryCrossEntropyF32(Rows<const float> logits, Rows<const float> targets,
                           std::span<float> loss,
                           const BinaryCrossEntropyOptions& options) {
  BinaryLosses<FromLogits, float>(logits, targets, loss, options);
}
void BinaryCrossEntropyF64(Rows<const double> logits,
                           Rows<const double> targets, std::span<double> loss,
                           const BinaryCrossEntropyOptions& options) {
  BinaryLosses<FromLogits, double>(logits, targets, loss, options);
}

void BinaryCrossEntropyGradientF32(Rows<const float> logits,
                                   Rows<const float> targets,
                                   Rows<float> d_logits,
                                   const BinaryCrossEntropyOptions& options) {
  BinaryGradients<FromLogits, float>(logits, targets, d_logits, options);
}
void BinaryCrossEntropyGradientF64(Rows<const double> logits,
                                   Rows<const double> targets,
                                   Rows<double> d_logits,
                                   const BinaryCrossEntropyOptions& options) {
  BinaryGradients<FromLogits, double>(logits, targets, d_logits, options);
}

void BinaryCrossEntropyFromProbsF32(Rows<const float> probs,
                                    Rows<const float> targets,
                                    std::span<float> loss,
                                    const BinaryCrossEntropyOptions& options) {
  BinaryLosses<FromProbs, float>(probs, targets, loss, options);
}
void BinaryCrossEntropyFromProbsF64(Rows<const double> probs,
                                    Rows<const double> targets,
                                    std::span<double> loss,
                                    const BinaryCrossEntropyOptions& options) {
  BinaryLosses<FromProbs, double>(probs, targets, loss, options);
}

void BinaryCrossEntropyFromProbsGradientF32(
    Rows<const float> probs, Rows<const float> targets, Rows<float> d_probs,
    const BinaryCrossEntropyOptions& options) {
  BinaryGradients<FromProbs, float>(probs, targets, d_probs, options);
}
void BinaryCrossEntropyFromProbsGradientF64(
    Rows<const double> probs, Rows<const double> targets, Rows<double> d_probs,
    const BinaryCrossEntropyOptions& options) {
  BinaryGradients<FromProbs, double>(probs, targets, d_probs, options);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

namespace {

template <class T>
void CheckBatch(const char* what, Rows<const T> inputs, Rows<const T> targets,
                const BinaryCrossEntropyOptions& options) {
  CheckSameShape(what, inputs, inputs.rows, inputs.classes);
  CheckSameShape("targets", targets, inputs.rows, inputs.classes);
  CheckEntries("targets", targets, Domain::kUnitTargets);
  const size_t weights = options.pos_weight.size() == 1 ? 1 : inputs.classes;
  CheckWeights("pos_weight", options.pos_weight, weights);
}

template <class T>
void CheckLossSize(std::span<T> loss, Reduction reduction, size_t elements) {
  CheckSize("loss", loss.size(), reduction == Reduction::kNone ? elements : 1);
}

}  // namespace

HWY_EXPORT(BinaryCrossEntropyF32);

void BinaryCrossEntropy(Rows<const float> logits, Rows<const float> targets,
                        std::span<float> loss,
                        const BinaryCrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch("logits", logits, targets, options);
  CheckLossSize(loss, options.reduction, logits.rows * logits.classes);
  HWY_DYNAMIC_DISPATCH(BinaryCrossEntropyF32)(logits, targets, loss, options);
}

HWY_EXPORT(BinaryCrossEntropyF64);

void BinaryCrossEntropy(Rows<const double> logits, Rows<const double> targets,
                        std::span<double> loss,
                        const BinaryCrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch("logits", logits, targets, options);
  CheckLossSize(loss, options.reduction, logits.rows * logits.classes);
  HWY_DYNAMIC_DISPATCH(BinaryCrossEntropyF64)(logits, targets, loss, options);
}

HWY_EXPORT(BinaryCrossEntropyGradientF32);

void BinaryCrossEntropyGradient(Rows<const float> logits,
                                Rows<const float> targets, Rows<float> d_logits,
                                const BinaryCrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch("logits", logits, targets, options);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  HWY_DYNAMIC_DISPATCH(BinaryCrossEntropyGradientF32)
  (logits, targets, d_logits, options);
}

HWY_EXPORT(BinaryCrossEntropyGradientF64);

void BinaryCrossEntropyGradient(Rows<const double> logits,
                                Rows<const double> targets,
                                Rows<double> d_logits,
                                const BinaryCrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch("logits", logits, targets, options);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  HWY_DYNAMIC_DISPATCH(BinaryCrossEntropyGradientF64)
  (logits, targets, d_logits, options);
}

HWY_EXPORT(BinaryCrossEntropyFromProbsF32);

void BinaryCrossEntropyFromProbs(Rows<const float> probs,
                                 Rows<const float> targets,
                                 std::span<float> loss,
                                 const BinaryCrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch("probs", probs, targets, options);
  CheckEntries("probs", probs, Domain::kUnitOrNaN);
  CheckLossSize(loss, options.reduction, probs.rows * probs.classes);
  HWY_DYNAMIC_DISPATCH(BinaryCrossEntropyFromProbsF32)
  (probs, targets, loss, options);
}

HWY_EXPORT(BinaryCrossEntropyFromProbsF64);

void BinaryCrossEntropyFromProbs(Rows<const double> probs,
                                 Rows<const double> targets,
                                 std::span<double> loss,
                                 const BinaryCrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch("probs", probs, targets, options);
  CheckEntries("probs", probs, Domain::kUnitOrNaN);
  CheckLossSize(loss, options.reduction, probs.rows * probs.classes);
  HWY_DYNAMIC_DISPATCH(BinaryCrossEntropyFromProbsF64)
  (probs, targets, loss, options);
}

HWY_EXPORT(BinaryCrossEntropyFromProbsGradientF32);

void BinaryCrossEntropyFromProbsGradient(
    Rows<const float> probs, Rows<const float> targets, Rows<float> d_probs,
    const BinaryCrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch("probs", probs, targets, options);
  CheckEntries("probs", probs, Domain::kUnitOrNaN);
  CheckSameShape("d_probs", d_probs, probs.rows, probs.classes);
  HWY_DYNAMIC_DISPATCH(BinaryCrossEntropyFromProbsGradientF32)
  (probs, targets, d_probs, options);
}

HWY_EXPORT(BinaryCrossEntropyFromProbsGradientF64);

void BinaryCrossEntropyFromProbsGradient(
    Rows<const double> probs, Rows<const double> targets, Rows<double> d_probs,
    const BinaryCrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch("probs", probs, targets, options);
  CheckEntries("probs", probs, Domain::kUnitOrNaN);
  CheckSameShape("d_probs", d_probs, probs.rows, probs.classes);
  HWY_DYNAMIC_DISPATCH(BinaryCrossEntropyFromProbsGradientF64)
  (probs, targets, d_probs, options);
}

}  // namespace surprisal
#endif  // HWY_ONCE
