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

void LogSoftmaxF32(Rows<const float> logits, Rows<float> log_probs,
                   const SoftmaxOptions& options) {
  LogSoftmaxRows<float>(logits, log_probs, options);
}
void LogSoftmaxF64(Rows<const double> logits, Rows<double> log_probs,
                   const SoftmaxOptions& options) {
  LogSoftmaxRows<double>(logits, log_probs, options);
}

void LogSoftmaxVjpF32(Rows<const float> logits, Rows<const float> upstream,
                      Rows<float> d_logits, const SoftmaxOptions& options) {
  LogSoftmaxVjpRows<float>(logits, upstream, d_logits, options);
}
void LogSoftmaxVjpF64(Rows<const double> logits, Rows<const double> upstream,
                      Rows<double> d_logits, const SoftmaxOptions& options) {
  LogSoftmaxVjpRows<double>(logits, upstream, d_logits, options);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(LogSoftmaxF32);

void LogSoftmax(Rows<const float> logits, Rows<float> log_probs,
                const SoftmaxOptions& options) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSameShape("log_probs", log_probs, logits.rows, logits.classes);
  CheckTemperature(options.temperature);
  HWY_DYNAMIC_DISPATCH(LogSoftmaxF32)(logits, log_probs, options);
}

HWY_EXPORT(LogSoftmaxF64);

void LogSoftmax(Rows<const double> logits, Rows<double> log_probs,
                const SoftmaxOptions& options) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSameShape("log_probs", log_probs, logits.rows, logits.classes);
  CheckTemperature(options.temperature);
  HWY_DYNAMIC_DISPATCH(LogSoftmaxF64)(logits, log_probs, options);
}

HWY_EXPORT(LogSoftmaxVjpF32);

void LogSoftmaxVjp(Rows<const float> logits, Rows<const float> upstream,
                   Rows<float> d_logits, const SoftmaxOptions& options) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSameShape("upstream", upstream, logits.rows, logits.classes);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  CheckTemperature(options.temperature);
  HWY_DYNAMIC_DISPATCH(LogSoftmaxVjpF32)(logits, upstream, d_logits, options);
}

HWY_EXPORT(LogSoftmaxVjpF64);

void LogSoftmaxVjp(Rows<const double> logits, Rows<const double> upstream,
                   Rows<double> d_logits, const SoftmaxOptions& options) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSameShape("upstream", upstream, logits.rows, logits.classes);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  CheckTemperature(options.temperature);
  HWY_DYNAMIC_DISPATCH(LogSoftmaxVjpF64)(logits, upstream, d_logits, options);
}

}  // namespace surprisal
#endif  // HWY_ONCE
