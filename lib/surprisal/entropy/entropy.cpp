#include "surprisal/entropy/entropy.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/entropy/entropy.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/entropy/entropy-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void EntropyF32(Rows<const float> probs, std::span<float> entropy) {
  EntropyRows<float>(probs, entropy);
}
void EntropyF64(Rows<const double> probs, std::span<double> entropy) {
  EntropyRows<double>(probs, entropy);
}

void EntropyGradientF32(Rows<const float> probs,
                        std::span<const float> upstream, Rows<float> d_probs) {
  EntropyGradientRows<float>(probs, upstream, d_probs);
}
void EntropyGradientF64(Rows<const double> probs,
                        std::span<const double> upstream,
                        Rows<double> d_probs) {
  EntropyGradientRows<double>(probs, upstream, d_probs);
}

void EntropyOfLogitsF32(Rows<const float> logits, std::span<float> entropy) {
  EntropyOfLogitsRows<float>(logits, entropy);
}
void EntropyOfLogitsF64(Rows<const double> logits, std::span<double> entropy) {
  EntropyOfLogitsRows<double>(logits, entropy);
}

void EntropyOfLogitsGradientF32(Rows<const float> logits,
                                std::span<const float> upstream,
                                Rows<float> d_logits) {
  EntropyOfLogitsGradientRows<float>(logits, upstream, d_logits);
}
void EntropyOfLogitsGradientF64(Rows<const double> logits,
                                std::span<const double> upstream,
                                Rows<double> d_logits) {
  EntropyOfLogitsGradientRows<double>(logits, upstream, d_logits);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(EntropyF32);

void Entropy(Rows<const float> probs, std::span<float> entropy) {
  CheckFloatingPointEnvironment();
  CheckSameShape("probs", probs, probs.rows, probs.classes);
  CheckEntries("probs", probs, Domain::kProbabilities);
  CheckSize("entropy", entropy.size(), probs.rows);
  HWY_DYNAMIC_DISPATCH(EntropyF32)(probs, entropy);
}

HWY_EXPORT(EntropyF64);

void Entropy(Rows<const double> probs, std::span<double> entropy) {
  CheckFloatingPointEnvironment();
  CheckSameShape("probs", probs, probs.rows, probs.classes);
  CheckEntries("probs", probs, Domain::kProbabilities);
  CheckSize("entropy", entropy.size(), probs.rows);
  HWY_DYNAMIC_DISPATCH(EntropyF64)(probs, entropy);
}

HWY_EXPORT(EntropyGradientF32);

void EntropyGradient(Rows<const float> probs, std::span<const float> upstream,
                     Rows<float> d_probs) {
  CheckFloatingPointEnvironment();
  CheckSameShape("probs", probs, probs.rows, probs.classes);
  CheckEntries("probs", probs, Domain::kProbabilities);
  CheckSize("upstream", upstream.size(), probs.rows);
  CheckSameShape("d_probs", d_probs, probs.rows, probs.classes);
  HWY_DYNAMIC_DISPATCH(EntropyGradientF32)(probs, upstream, d_probs);
}

HWY_EXPORT(EntropyGradientF64);

void EntropyGradient(Rows<const double> probs, std::span<const double> upstream,
                     Rows<double> d_probs) {
  CheckFloatingPointEnvironment();
  CheckSameShape("probs", probs, probs.rows, probs.classes);
  CheckEntries("probs", probs, Domain::kProbabilities);
  CheckSize("upstream", upstream.size(), probs.rows);
  CheckSameShape("d_probs", d_probs, probs.rows, probs.classes);
  HWY_DYNAMIC_DISPATCH(EntropyGradientF64)(probs, upstream, d_probs);
}

HWY_EXPORT(EntropyOfLogitsF32);

void EntropyOfLogits(Rows<const float> logits, std::span<float> entropy) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSize("entropy", entropy.size(), logits.rows);
  HWY_DYNAMIC_DISPATCH(EntropyOfLogitsF32)(logits, entropy);
}

HWY_EXPORT(EntropyOfLogitsF64);

void EntropyOfLogits(Rows<const double> logits, std::span<double> entropy) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSize("entropy", entropy.size(), logits.rows);
  HWY_DYNAMIC_DISPATCH(EntropyOfLogitsF64)(logits, entropy);
}

HWY_EXPORT(EntropyOfLogitsGradientF32);

void EntropyOfLogitsGradient(Rows<const float> logits,
                             std::span<const float> upstream,
                             Rows<float> d_logits) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSize("upstream", upstream.size(), logits.rows);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  HWY_DYNAMIC_DISPATCH(EntropyOfLogitsGradientF32)(logits, upstream, d_logits);
}

HWY_EXPORT(EntropyOfLogitsGradientF64);

void EntropyOfLogitsGradient(Rows<const double> logits,
                             std::span<const double> upstream,
                             Rows<double> d_logits) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSize("upstream", upstream.size(), logits.rows);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  HWY_DYNAMIC_DISPATCH(EntropyOfLogitsGradientF64)(logits, upstream, d_logits);
}

}  // namespace surprisal
#endif  // HWY_ONCE
