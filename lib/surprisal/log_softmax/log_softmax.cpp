#include "surprisal/log_softmax/log_softmax.h"

#include "surprisal/common/check.h"
#include "surprisal/common/streaming.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/log_softmax/log_softmax.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/log_softmax/log_softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void LogSoftmaxRows(InRows logits, OutRows log_probs,
                    const SoftmaxOptions& options,
                    [[maybe_unused]] bool stream) {
  if (options.temperature == 1.0 && AreShort(logits, log_probs.type)) {
    return ShortLogSoftmaxRows(logits, log_probs);
  }
#if SURPRISAL_STREAMS
  if (stream) return StreamLogSoftmaxRows(logits, log_probs);
#endif
  LongLogSoftmaxRows(logits, options.temperature, log_probs);
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

void LogSoftmax(InRows logits, OutRows log_probs, const SoftmaxOptions& options,
                const Executor* executor) {
  CheckFloatingPointEnvironment();
  CheckLike("logits", logits, logits);
  CheckLike("log_probs", log_probs, logits);
  CheckTemperature(options.temperature);
  const bool stream = options.temperature == 1.0 &&
                      AreFloats(logits, log_probs) &&
                      IsWorthStreaming(log_probs);
  ForPieces(executor, logits.rows, logits.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(LogSoftmaxRows)
              (logits.Slice(first, rows), log_probs.Slice(first, rows), options,
               stream);
            });
}

void LogSoftmaxVjp(InRows logits, InRows upstream, OutRows d_logits,
                   const SoftmaxOptions& options, const Executor* executor) {
  CheckFloatingPointEnvironment();
  CheckLike("logits", logits, logits);
  CheckLike("upstream", upstream, logits);
  CheckLike("d_logits", d_logits, logits);
  CheckTemperature(options.temperature);
  ForPieces(executor, logits.rows, logits.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(LogSoftmaxVjpRows)
              (logits.Slice(first, rows), upstream.Slice(first, rows),
               d_logits.Slice(first, rows), options);
            });
}

}  // namespace surprisal
#endif  // HWY_ONCE
