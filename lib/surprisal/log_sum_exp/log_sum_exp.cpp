#include "surprisal/log_sum_exp/log_sum_exp.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/log_sum_exp/log_sum_exp.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/log_sum_exp/log_sum_exp-inl.h"

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(LogSumExpRows);
HWY_EXPORT(LogSumExpGradientRows);

void LogSumExp(InRows logits, OutRow log_sum_exp) {
  CheckFloatingPointEnvironment();
  CheckLike("logits", logits, logits);
  CheckScalars("log_sum_exp", log_sum_exp, logits.rows, logits.type);
  HWY_DYNAMIC_DISPATCH(LogSumExpRows)(logits, log_sum_exp);
}

void LogSumExpGradient(InRows logits, InRow upstream, OutRows d_logits) {
  CheckFloatingPointEnvironment();
  CheckLike("logits", logits, logits);
  CheckScalars("upstream", upstream, logits.rows, logits.type);
  CheckLike("d_logits", d_logits, logits);
  HWY_DYNAMIC_DISPATCH(LogSumExpGradientRows)(logits, upstream, d_logits);
}

}  // namespace surprisal
#endif  // HWY_ONCE
