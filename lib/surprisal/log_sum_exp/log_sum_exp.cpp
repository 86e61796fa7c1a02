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

void LogSumExp(InRows logits, OutRow log_sum_exp, const Executor* executor) {
  CheckFloatingPointEnvironment();
  CheckLike("logits", logits, logits);
  CheckScalars("log_sum_exp", log_sum_exp, logits.rows, logits.type);
  ForPieces(executor, logits.rows, logits.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(LogSumExpRows)
              (logits.Slice(first, rows), log_sum_exp.Slice(first, rows));
            });
}

void LogSumExpGradient(InRows logits, InRow upstream, OutRows d_logits,
                       const Executor* executor) {
  CheckFloatingPointEnvironment();
  CheckLike("logits", logits, logits);
  CheckScalars("upstream", upstream, logits.rows, logits.type);
  CheckLike("d_logits", d_logits, logits);
  ForPieces(executor, logits.rows, logits.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(LogSumExpGradientRows)
              (logits.Slice(first, rows), upstream.Slice(first, rows),
               d_logits.Slice(first, rows));
            });
}

}  // namespace surprisal
#endif  // HWY_ONCE
