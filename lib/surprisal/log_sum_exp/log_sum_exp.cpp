#include "surprisal/log_sum_exp/log_sum_exp.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/log_sum_exp/log_sum_exp.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/log_sum_exp/log_sum_exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void LogSumExpF32(Rows<const float> logits, std::span<float> log_sum_exp) {
  LogSumExpRows<float>(logits, log_sum_exp);
}
void LogSumExpF64(Rows<const double> logits, std::span<double> log_sum_exp) {
  LogSumExpRows<double>(logits, log_sum_exp);
}

void LogSumExpGradientF32(Rows<const float> logits,
                          std::span<const float> upstream,
                          Rows<float> d_logits) {
  LogSumExpGradientRows<float>(logits, upstream, d_logits);
}
void LogSumExpGradientF64(Rows<const double> logits,
                          std::span<const double> upstream,
                          Rows<double> d_logits) {
  LogSumExpGradientRows<double>(logits, upstream, d_logits);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(LogSumExpF32);

void LogSumExp(Rows<const float> logits, std::span<float> log_sum_exp) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSize("log_sum_exp", log_sum_exp.size(), logits.rows);
  HWY_DYNAMIC_DISPATCH(LogSumExpF32)(logits, log_sum_exp);
}

HWY_EXPORT(LogSumExpF64);

void LogSumExp(Rows<const double> logits, std::span<double> log_sum_exp) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSize("log_sum_exp", log_sum_exp.size(), logits.rows);
  HWY_DYNAMIC_DISPATCH(LogSumExpF64)(logits, log_sum_exp);
}

HWY_EXPORT(LogSumExpGradientF32);

void LogSumExpGradient(Rows<const float> logits,
                       std::span<const float> upstream, Rows<float> d_logits) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSize("upstream", upstream.size(), logits.rows);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  HWY_DYNAMIC_DISPATCH(LogSumExpGradientF32)(logits, upstream, d_logits);
}

HWY_EXPORT(LogSumExpGradientF64);

void LogSumExpGradient(Rows<const double> logits,
                       std::span<const double> upstream,
                       Rows<double> d_logits) {
  CheckFloatingPointEnvironment();
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckSize("upstream", upstream.size(), logits.rows);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  HWY_DYNAMIC_DISPATCH(LogSumExpGradientF64)(logits, upstream, d_logits);
}

}  // namespace surprisal
#endif  // HWY_ONCE
