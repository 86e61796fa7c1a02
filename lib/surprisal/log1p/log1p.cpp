#include "surprisal/log1p/log1p.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/log1p/log1p.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/log1p/log1p-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

template <class T>
void Log1pAll(std::span<const T> x, std::span<T> y) {
  const auto lanes = [](auto d, auto v)
                         HWY_ATTR { return Log1pLanes<T>(d, v); };
  MapElements(y, lanes, x);
}

template <class T>
void Log1pVjpAll(std::span<const T> x, std::span<const T> upstream,
                 std::span<T> d_x) {
  const auto lanes = [](auto d, auto v, auto g) HWY_ATTR {
    return TimesUpstream<T>(d, g, Log1pFactor(d, v));
  };
  MapElements(d_x, lanes, x, upstream);
}

void Log1pF32(std::span<const float> x, std::span<float> y) { Log1pAll(x, y); }
void Log1pVjpF32(std::span<const float> x, std::span<const float> upstream,
                 std::span<float> d_x) {
  Log1pVjpAll(x, upstream, d_x);
}
void Log1pF64(std::span<const double> x, std::span<double> y) {
  Log1pAll(x, y);
}
void Log1pVjpF64(std::span<const double> x, std::span<const double> upstream,
                 std::span<double> d_x) {
  Log1pVjpAll(x, upstream, d_x);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(Log1pF32);
HWY_EXPORT(Log1pVjpF32);

void Log1p(std::span<const float> x, std::span<float> y) {
  CheckElementwise(x.size(), y.size(), "y");
  HWY_DYNAMIC_DISPATCH(Log1pF32)(x, y);
}

void Log1pVjp(std::span<const float> x, std::span<const float> upstream,
              std::span<float> d_x) {
  CheckElementwise(x.size(), upstream.size(), "upstream");
  CheckElementwise(x.size(), d_x.size(), "d_x");
  HWY_DYNAMIC_DISPATCH(Log1pVjpF32)(x, upstream, d_x);
}

HWY_EXPORT(Log1pF64);
HWY_EXPORT(Log1pVjpF64);

void Log1p(std::span<const double> x, std::span<double> y) {
  CheckElementwise(x.size(), y.size(), "y");
  HWY_DYNAMIC_DISPATCH(Log1pF64)(x, y);
}

void Log1pVjp(std::span<const double> x, std::span<const double> upstream,
              std::span<double> d_x) {
  CheckElementwise(x.size(), upstream.size(), "upstream");
  CheckElementwise(x.size(), d_x.size(), "d_x");
  HWY_DYNAMIC_DISPATCH(Log1pVjpF64)(x, upstream, d_x);
}

}  // namespace surprisal
#endif  // HWY_ONCE
