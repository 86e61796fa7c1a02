#include "surprisal/log/log.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/log/log.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/log/log-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void LogAll(InRow x, OutRow y) { MapElements<LogFunction>(x, x, y); }
void LogVjpAll(InRow x, InRow upstream, OutRow d_x) {
  MapElements<LogVjpFunction>(x, upstream, d_x);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(LogAll);
HWY_EXPORT(LogVjpAll);

void Log(InRow x, OutRow y) {
  CheckElementwise(x, y, "y");
  HWY_DYNAMIC_DISPATCH(LogAll)(x, y);
}

void LogVjp(InRow x, InRow upstream, OutRow d_x) {
  CheckElementwise(x, upstream, "upstream");
  CheckElementwise(x, d_x, "d_x");
  HWY_DYNAMIC_DISPATCH(LogVjpAll)(x, upstream, d_x);
}

}  // namespace surprisal
#endif  // HWY_ONCE
