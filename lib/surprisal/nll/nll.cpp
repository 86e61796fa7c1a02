#include "surprisal/nll/nll.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/nll/nll.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/nll/nll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void NllF32(Rows<const float> log_probs, std::span<const Label> labels,
            std::span<float> loss, const NllOptions& options) {
  NllRows<float>(log_probs, labels, loss, options);
}
void NllF64(Rows<const double> log_probs, std::span<const Label> labels,
            std::span<double> loss, const NllOptions& options) {
  NllRows<double>(log_probs, labels, loss, options);
}

void NllGradientF32(Rows<const float> log_probs, std::span<const Label> labels,
                    Rows<float> d_log_probs, const NllOptions& options) {
  NllGradientRows<float>(log_probs, labels, d_log_probs, options);
}
void NllGradientF64(Rows<const double> log_probs, std::span<const Label> labels,
                    Rows<double> d_log_probs, const NllOptions& options) {
  NllGradientRows<double>(log_probs, labels, d_log_probs, options);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(NllF32);

void Nll(Rows<const float> log_probs, std::span<const Label> labels,
         std::span<float> loss, const NllOptions& options) {
  CheckFloatingPointEnvironment();
  CheckSameShape("log_probs", log_probs, log_probs.rows, log_probs.classes);
  CheckSize("labels", labels.size(), log_probs.rows);
  CheckLabels(labels, log_probs.classes, options.ignore_index);
  CheckWeights("class_weights", options.class_weights, log_probs.classes);
  CheckSize("loss", loss.size(),
            options.reduction == Reduction::kNone ? log_probs.rows : 1);
  HWY_DYNAMIC_DISPATCH(NllF32)(log_probs, labels, loss, options);
}

HWY_EXPORT(NllF64);

void Nll(Rows<const double> log_probs, std::span<const Label> labels,
         std::span<double> loss, const NllOptions& options) {
  CheckFloatingPointEnvironment();
  CheckSameShape("log_probs", log_probs, log_probs.rows, log_probs.classes);
  CheckSize("labels", labels.size(), log_probs.rows);
  CheckLabels(labels, log_probs.classes, options.ignore_index);
  CheckWeights("class_weights", options.class_weights, log_probs.classes);
  CheckSize("loss", loss.size(),
            options.reduction == Reduction::kNone ? log_probs.rows : 1);
  HWY_DYNAMIC_DISPATCH(NllF64)(log_probs, labels, loss, options);
}

HWY_EXPORT(NllGradientF32);

void NllGradient(Rows<const float> log_probs, std::span<const Label> labels,
                 Rows<float> d_log_probs, const NllOptions& options) {
  CheckFloatingPointEnvironment();
  CheckSameShape("log_probs", log_probs, log_probs.rows, log_probs.classes);
  CheckSize("labels", labels.size(), log_probs.rows);
  CheckLabels(labels, log_probs.classes, options.ignore_index);
  CheckWeights("class_weights", options.class_weights, log_probs.classes);
  CheckSameShape("d_log_probs", d_log_probs, log_probs.rows, log_probs.classes);
  HWY_DYNAMIC_DISPATCH(NllGradientF32)(log_probs, labels, d_log_probs, options);
}

HWY_EXPORT(NllGradientF64);

void NllGradient(Rows<const double> log_probs, std::span<const Label> labels,
                 Rows<double> d_log_probs, const NllOptions& options) {
  CheckFloatingPointEnvironment();
  CheckSameShape("log_probs", log_probs, log_probs.rows, log_probs.classes);
  CheckSize("labels", labels.size(), log_probs.rows);
  CheckLabels(labels, log_probs.classes, options.ignore_index);
  CheckWeights("class_weights", options.class_weights, log_probs.classes);
  CheckSameShape("d_log_probs", d_log_probs, log_probs.rows, log_probs.classes);
  HWY_DYNAMIC_DISPATCH(NllGradientF64)(log_probs, labels, d_log_probs, options);
}

}  // namespace surprisal
#endif  // HWY_ONCE
