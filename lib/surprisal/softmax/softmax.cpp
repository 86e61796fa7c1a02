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

void SoftmaxF32(Rows<const float> logits, Rows<float> probs,
                const SoftmaxOptions& options) {
  SoftmaxRows<float>(logits, probs, options);
}
void SoftmaxF64(Rows<const double> logits, Rows<double> probs,
                const SoftmaxOptions& options) {
  SoftmaxRows<double>(logits, probs, options);
}

void SoftmaxVjpF32(Rows<const float> logits, Rows<const float> upstream,
                   Rows<float> d_logits, const SoftmaxOptions& options) {
  SoftmaxVjpRows<float>(logits, upstream, d_logits, options);
}
void SoftmaxVjpF64(Rows<const double> logits, Rows<const double> upstream,
                   Rows<double> d_logits, const SoftmaxOptions& options) {
  SoftmaxVjpRows<double>(logits, upstream, d_logits, options);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {
namespace {

/// What is masked is a -inf logit to the others, and gets 0 even where they get
/// NaN. Nothing here is worth a vector, so it stands outside the SIMD targets.
template <class T>
void MaskedSoftmaxRows(Rows<const T> logits, Rows<const std::uint8_t> mask,
                       Rows<T> probs, const SoftmaxOptions& options) {
  std::vector<T> kept(logits.classes);
  for (size_t r = 0; r < logits.rows; ++r) {
    bool any = false;
    for (size_t c = 0; c < logits.classes; ++c) {
      const bool keep = mask[r][c] != 0;
      kept[c] = keep ? logits[r][c] : -std::numeric_limits<T>::infinity();
      any = any || keep;
    }
    const StridedRow<T> row = probs[r];
    if (any) {
      Softmax(kept, Rows<T>(row.data, 1, row.classes, 0, row.stride), options);
    }
    for (size_t c = 0; c < row.classes; ++c) {
      if (mask[r][c] == 0) row[c] = T{0};
    }
  }
}

}  // namespace

HWY_EXPORT(SoftmaxF32);

void Softmax(Rows<const float> logits, Rows<float> probs,
             const SoftmaxOptions& options) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSameShape("probs", probs, logits.rows, logits.classes);
  CheckTemperature(options.temperature);
  HWY_DYNAMIC_DISPATCH(SoftmaxF32)(logits, probs, options);
}

HWY_EXPORT(SoftmaxF64);

void Softmax(Rows<const double> logits, Rows<double> probs,
             const SoftmaxOptions& options) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSameShape("probs", probs, logits.rows, logits.classes);
  CheckTemperature(options.temperature);
  HWY_DYNAMIC_DISPATCH(SoftmaxF64)(logits, probs, options);
}

void MaskedSoftmax(Rows<const float> logits, Rows<const std::uint8_t> mask,
                   Rows<float> probs, const SoftmaxOptions& options) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSameShape("mask", mask, logits.rows, logits.classes);
  CheckSameShape("probs", probs, logits.rows, logits.classes);
  CheckTemperature(options.temperature);
  MaskedSoftmaxRows(logits, mask, probs, options);
}

void MaskedSoftmax(Rows<const double> logits, Rows<const std::uint8_t> mask,
                   Rows<double> probs, const SoftmaxOptions& options) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSameShape("mask", mask, logits.rows, logits.classes);
  CheckSameShape("probs", probs, logits.rows, logits.classes);
  CheckTemperature(options.temperature);
  MaskedSoftmaxRows(logits, mask, probs, options);
}

HWY_EXPORT(SoftmaxVjpF32);

void SoftmaxVjp(Rows<const float> logits, Rows<const float> upstream,
                Rows<float> d_logits, const SoftmaxOptions& options) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSameShape("upstream", upstream, logits.rows, logits.classes);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  CheckTemperature(options.temperature);
  HWY_DYNAMIC_DISPATCH(SoftmaxVjpF32)(logits, upstream, d_logits, options);
}

HWY_EXPORT(SoftmaxVjpF64);

void SoftmaxVjp(Rows<const double> logits, Rows<const double> upstream,
                Rows<double> d_logits, const SoftmaxOptions& options) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSameShape("upstream", upstream, logits.rows, logits.classes);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  CheckTemperature(options.temperature);
  HWY_DYNAMIC_DISPATCH(SoftmaxVjpF64)(logits, upstream, d_logits, options);
}

}  // namespace surprisal
#endif  // HWY_ONCE
