#include "surprisal/log_softmax/log_softmax.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/log_softmax/log_softmax.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/log_softmax/log_softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void LogSoftmaxRows(InRows logits, OutRows log_probs,
                    const SoftmaxOptions& options) {
  if (options.temperature == 1.0 && AreShort(logits, log_probs.type)) {
    return ShortLogSoftmaxRows(logits, log_probs);
  }
  for (size_t r = 0; r < logits.rows; ++r) {
    LogSoftmaxRow(logits[r], options.temperature, log_probs[r]);
  }
}

void LogSoftmaxVjpRows(InRows logits, InRows upstream, OutRows d_logits,
                       const SoftmaxOptions& options) {
  for (size_t r = 0; r < logits.rows; ++r) {
    LogSoftmaxVjpRow(logits[r], upstream[r], options.temperature, d_logits[r]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(LogSoftmaxRows);
HWY_EXPORT(LogSoftmaxVjpRows);

void LogSoftmax(InRows logits, OutRows log_probs,
                const SoftmaxOptions& options) {
  CheckFloatingPointEnvironment();
  CheckLike("logits", logits, logits);
  CheckLike("log_probs", log_probs, logits);
  CheckTemperature(options.temperature);
  HWY_DYNAMIC_DISPATCH(LogSoftmaxRows)(logits, log_probs, options);
}

void LogSoftmaxVjp(InRows logits, InRows upstream, OutRows d_logits,
                   const SoftmaxOptions& options) {
  CheckFloatingPointEnvironment();
  CheckLike("logits", logits, logits);
  CheckLike("upstream", upstream, logits);
  CheckLike("d_logits", d_logits, logits);
  CheckTemperature(options.temperature);
  HWY_DYNAMIC_DISPATCH(LogSoftmaxVjpRows)(logits, upstream, d_logits, options);
}

}  // namespace surprisal
#endif  // HWY_ONCE
