#include "surprisal/log1p/log1p.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/log1p/log1p.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/log1p/log1p-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void Log1pAll(InRow x, OutRow y) { MapElements<Log1pFunction>(x, x, y); }
void Log1pVjpAll(InRow x, InRow upstream, OutRow d_x) {
  MapElements<Log1pVjpFunction>(x, upstream, d_x);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(Log1pAll);
HWY_EXPORT(Log1pVjpAll);

void Log1p(InRow x, OutRow y) {
  CheckElementwise(x, y, "y");
  HWY_DYNAMIC_DISPATCH(Log1pAll)(x, y);
}

void Log1pVjp(InRow x, InRow upstream, OutRow d_x) {
  CheckElementwise(x, upstream, "upstream");
  CheckElementwise(x, d_x, "d_x");
  HWY_DYNAMIC_DISPATCH(Log1pVjpAll)(x, upstream, d_x);
}

}  // namespace surprisal
#endif  // HWY_ONCE
