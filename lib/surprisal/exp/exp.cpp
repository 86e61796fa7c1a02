#include "surprisal/exp/exp.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/exp/exp.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/exp/exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void ExpAll(InRow x, OutRow y) { MapElements<ExpFunction>(x, x, y); }
void ExpVjpAll(InRow x, InRow upstream, OutRow d_x) {
  MapElements<ExpVjpFunction>(x, upstream, d_x);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(ExpAll);
HWY_EXPORT(ExpVjpAll);

void Exp(InRow x, OutRow y) {
  CheckElementwise(x, y, "y");
  HWY_DYNAMIC_DISPATCH(ExpAll)(x, y);
}

void ExpVjp(InRow x, InRow upstream, OutRow d_x) {
  CheckElementwise(x, upstream, "upstream");
  CheckElementwise(x, d_x, "d_x");
  HWY_DYNAMIC_DISPATCH(ExpVjpAll)(x, upstream, d_x);
}

}  // namespace surprisal
#endif  // HWY_ONCE
