#include "surprisal/softmax/softmax.h"

#include <limits>
#include <vector>

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/softmax/softmax.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/softmax/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void SoftmaxRows(InRows logits, OutRows probs, const SoftmaxOptions& options) {
  if (options.temperature == 1.0 && AreShort(logits, probs.type)) {
    return ShortSoftmaxRows(logits, probs);
  }
  for (size_t r = 0; r < logits.rows; ++r) {
    SoftmaxRow(logits[r], options.temperature, probs[r]);
  }
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

void Softmax(InRows logits, OutRows probs, const SoftmaxOptions& options) {
  CheckFloatingPointEnvironment();
  CheckLike("logits", logits, logits);
  CheckLike("probs", probs, logits);
  CheckTemperature(options.temperature);
  HWY_DYNAMIC_DISPATCH(SoftmaxRows)(logits, probs, options);
}

void MaskedSoftmax(InRows logits, Rows<const std::uint8_t> mask, OutRows probs,
                   const SoftmaxOptions& options) {
  CheckFloatingPointEnvironment();
  CheckLike("logits", logits, logits);
  CheckShape("mask", mask.rows, mask.classes, logits.rows, logits.classes);
  CheckLike("probs", probs, logits);
  CheckTemperature(options.temperature);
  // What is masked is a -inf logit to the others, and gets 0 even where they
  // get NaN. Nothing here is worth a vector.
  std::vector<double> kept(logits.classes);
  for (size_t r = 0; r < logits.rows; ++r) {
    const InRow row = logits[r];
    const OutRow to = probs[r];
    bool any = false;
    for (size_t c = 0; c < logits.classes; ++c) {
      const bool keep = mask[r][c] != 0;
      kept[c] = keep ? row[c] : -std::numeric_limits<double>::infinity();
      any = any || keep;
    }
    if (any) HWY_DYNAMIC_DISPATCH(SoftmaxRows)(kept, OneRow(to), options);
    for (size_t c = 0; c < logits.classes; ++c) {
      if (mask[r][c] == 0) to.Set(c, 0.0);
    }
  }
}

void SoftmaxVjp(InRows logits, InRows upstream, OutRows d_logits,
                const SoftmaxOptions& options) {
  CheckFloatingPointEnvironment();
  CheckLike("logits", logits, logits);
  CheckLike("upstream", upstream, logits);
  CheckLike("d_logits", d_logits, logits);
  CheckTemperature(options.temperature);
  HWY_DYNAMIC_DISPATCH(SoftmaxVjpRows)(logits, upstream, d_logits, options);
}

}  // namespace surprisal
#endif  // HWY_ONCE
