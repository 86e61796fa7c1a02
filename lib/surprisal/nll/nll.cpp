#include "surprisal/nll/nll.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/nll/nll.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/nll/nll-inl.h"

#if HWY_ONCE
namespace surprisal {
namespace {

void CheckBatch(const InRows& log_probs, std::span<const Label> labels,
                const NllOptions& options) {
  CheckFloatingPointEnvironment();
  CheckLike("log_probs", log_probs, log_probs);
  CheckSize("labels", labels.size(), log_probs.rows);
  CheckLabels(labels, log_probs.classes, options.ignore_index);
  CheckWeights("class_weights", options.class_weights, log_probs.classes);
}

}  // namespace

HWY_EXPORT(NllRows);
HWY_EXPORT(NllGradientRows);

void Nll(InRows log_probs, std::span<const Label> labels, OutRow loss,
         const NllOptions& options) {
  CheckBatch(log_probs, labels, options);
  const bool each = options.reduction == Reduction::kNone;
  CheckScalars("loss", loss, each ? log_probs.rows : 1, log_probs.type);
  HWY_DYNAMIC_DISPATCH(NllRows)(log_probs, labels, loss, options);
}

void NllGradient(InRows log_probs, std::span<const Label> labels,
                 OutRows d_log_probs, const NllOptions& options) {
  CheckBatch(log_probs, labels, options);
  CheckLike("d_log_probs", d_log_probs, log_probs);
  HWY_DYNAMIC_DISPATCH(NllGradientRows)
  (log_probs, labels, d_log_probs, options);
}

}  // namespace surprisal
#endif  // HWY_ONCE
