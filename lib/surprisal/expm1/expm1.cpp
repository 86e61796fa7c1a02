#include "surprisal/expm1/expm1.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/expm1/expm1.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/exp/exp-inl.h"
#include "surprisal/expm1/expm1-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void Expm1All(InRow x, OutRow y) { MapElements<Expm1Function>(x, x, y); }
void Expm1VjpAll(InRow x, InRow upstream, OutRow d_x) {
  MapElements<ExpVjpFunction>(x, upstream, d_x);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(Expm1All);
HWY_EXPORT(Expm1VjpAll);

void Expm1(InRow x, OutRow y) {
  CheckElementwise(x, y, "y");
  HWY_DYNAMIC_DISPATCH(Expm1All)(x, y);
}

void Expm1Vjp(InRow x, InRow upstream, OutRow d_x) {
  CheckElementwise(x, upstream, "upstream");
  CheckElementwise(x, d_x, "d_x");
  HWY_DYNAMIC_DISPATCH(Expm1VjpAll)(x, upstream, d_x);
}

}  // namespace surprisal
#endif  // HWY_ONCE
