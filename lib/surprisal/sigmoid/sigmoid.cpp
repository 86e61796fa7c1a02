#include "surprisal/sigmoid/sigmoid.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/sigmoid/sigmoid.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/sigmoid/sigmoid-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void SigmoidAll(InRow x, OutRow y) { MapElements<SigmoidFunction>(x, x, y); }
void SigmoidVjpAll(InRow x, InRow upstream, OutRow d_x) {
  MapElements<SigmoidVjpFunction>(x, upstream, d_x);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(SigmoidAll);
HWY_EXPORT(SigmoidVjpAll);

void Sigmoid(InRow x, OutRow y) {
  CheckElementwise(x, y, "y");
  HWY_DYNAMIC_DISPATCH(SigmoidAll)(x, y);
}

void SigmoidVjp(InRow x, InRow upstream, OutRow d_x) {
  CheckElementwise(x, upstream, "upstream");
  CheckElementwise(x, d_x, "d_x");
  HWY_DYNAMIC_DISPATCH(SigmoidVjpAll)(x, upstream, d_x);
}

}  // namespace surprisal
#endif  // HWY_ONCE
