#include "surprisal/softmax/softmax.h"

#include <limits>
#include <vector>

#include "surprisal/common/check.h"
#include "surprisal/common/streaming.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/softmax/softmax.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/softmax/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void SoftmaxRows(InRows logits, OutRows probs, const SoftmaxOptions& options,
                 [[maybe_unused]] bool stream) {
  if (options.temperature == 1.0 && AreShort(logits, probs.type)) {
    return ShortSoftmaxRows(logits, probs);
  }
#if SURPRISAL_STREAMS
  if (stream) return StreamSoftmaxRows(logits, probs);
#endif
  LongSoftmaxRows(logits, options.temperature, probs);
}

void SoftmaxVjpRows(InRows logits, InRows upstream, OutRows d_logits,
                    const SoftmaxOptions& options) {
  for (size_t r = 0; r < logits.rows; ++r) {
    SoftmaxVjpRow(logits[r], upstream[r], options.temperature, d_logits[r]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(SoftmaxRows);
HWY_EXPORT(SoftmaxVjpRows);

namespace {

/// What is masked is a -inf logit to the others, and gets 0 even where they get
/// NaN. Nothing here is worth a vector.
void MaskedSoftmaxRow(InRow logits, StridedRow<const std::uint8_t> mask,
                      OutRow probs, const SoftmaxOptions& options,
                      std::vector<double>& kept) {
  bool any = false;
  for (size_t c = 0; c < logits.classes; ++c) {
    const bool keep = mask[c] != 0;
    kept[c] = keep ? logits[c] : -std::numeric_limits<double>::infinity();
    any = any || keep;
  }
  if (any)
    HWY_DYNAMIC_DISPATCH(SoftmaxRows)(kept, OneRow(probs), options, false);
  for (size_t c = 0; c < logits.classes; ++c) {
    if (mask[c] == 0) probs.Set(c, 0.0);
  }
}

}  // namespace

void Softmax(InRows logits, OutRows probs, const SoftmaxOptions& options,
             const Executor* executor) {
  CheckFloatingPointEnvironment();
  CheckLike("logits", logits, logits);
  CheckLike("probs", probs, logits);
  CheckTemperature(options.temperature);
  const bool stream = options.temperature == 1.0 && AreFloats(logits, probs) &&
                      IsWorthStreaming(probs);
  ForPieces(executor, logits.rows, logits.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(SoftmaxRows)
              (logits.Slice(first, rows), probs.Slice(first, rows), options,
               stream);
            });
}

void MaskedSoftmax(InRows logits, Rows<const std::uint8_t> mask, OutRows probs,
                   const SoftmaxOptions& options, const Executor* executor) {
  CheckFloatingPointEnvironment();
  CheckLike("logits", logits, logits);
  CheckShape("mask", mask.rows, mask.classes, logits.rows, logits.classes);
  CheckLike("probs", probs, logits);
  CheckTemperature(options.temperature);
  ForPieces(executor, logits.rows, logits.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              std::vector<double> kept(logits.classes);
              for (size_t r = first; r < first + rows; ++r) {
                MaskedSoftmaxRow(logits[r], mask[r], probs[r], options, kept);
              }
            });
}

void SoftmaxVjp(InRows logits, InRows upstream, OutRows d_logits,
                const SoftmaxOptions& options, const Executor* executor) {
  CheckFloatingPointEnvironment();
  CheckLike("logits", logits, logits);
  CheckLike("upstream", upstream, logits);
  CheckLike("d_logits", d_logits, logits);
  CheckTemperature(options.temperature);
  ForPieces(executor, logits.rows, logits.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(SoftmaxVjpRows)
              (logits.Slice(first, rows), upstream.Slice(first, rows),
               d_logits.Slice(first, rows), options);
            });
}

}  // namespace surprisal
#endif  // HWY_ONCE
