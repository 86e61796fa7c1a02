#include "surprisal/softplus/softplus.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/softplus/softplus.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/softplus/softplus-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void SoftplusAll(InRow x, OutRow y) { MapElements<SoftplusFunction>(x, x, y); }
void SoftplusVjpAll(InRow x, InRow upstream, OutRow d_x) {
  MapElements<SoftplusVjpFunction>(x, upstream, d_x);
}

void LogSigmoidAll(InRow x, OutRow y) {
  MapElements<LogSigmoidFunction>(x, x, y);
}
void LogSigmoidVjpAll(InRow x, InRow upstream, OutRow d_x) {
  MapElements<LogSigmoidVjpFunction>(x, upstream, d_x);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(SoftplusAll);
HWY_EXPORT(SoftplusVjpAll);

void Softplus(InRow x, OutRow y) {
  CheckElementwise(x, y, "y");
  HWY_DYNAMIC_DISPATCH(SoftplusAll)(x, y);
}

void SoftplusVjp(InRow x, InRow upstream, OutRow d_x) {
  CheckElementwise(x, upstream, "upstream");
  CheckElementwise(x, d_x, "d_x");
  HWY_DYNAMIC_DISPATCH(SoftplusVjpAll)(x, upstream, d_x);
}

HWY_EXPORT(LogSigmoidAll);
HWY_EXPORT(LogSigmoidVjpAll);

void LogSigmoid(InRow x, OutRow y) {
  CheckElementwise(x, y, "y");
  HWY_DYNAMIC_DISPATCH(LogSigmoidAll)(x, y);
}

void LogSigmoidVjp(InRow x, InRow upstream, OutRow d_x) {
  CheckElementwise(x, upstream, "upstream");
  CheckElementwise(x, d_x, "d_x");
  HWY_DYNAMIC_DISPATCH(LogSigmoidVjpAll)(x, upstream, d_x);
}

}  // namespace surprisal
#endif  // HWY_ONCE
