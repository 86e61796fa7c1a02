#include "surprisal/log/log.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/log/log.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/log/log-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

template <class T>
void LogAll(std::span<const T> x, std::span<T> y) {
  const auto lanes = [](auto d, auto v) HWY_ATTR { return LogLanes<T>(d, v); };
  MapElements(y, lanes, x);
}

template <class T>
void LogVjpAll(std::span<const T> x, std::span<const T> upstream,
               std::span<T> d_x) {
  const auto lanes = [](auto d, auto v, auto g) HWY_ATTR {
    return TimesUpstream<T>(d, g, LogFactor(d, v));
  };
  MapElements(d_x, lanes, x, upstream);
}

void LogF32(std::span<const float> x, std::span<float> y) { LogAll(x, y); }
void LogVjpF32(std::span<const float> x, std::span<const float> upstream,
               std::span<float> d_x) {
  LogVjpAll(x, upstream, d_x);
}
void LogF64(std::span<const double> x, std::span<double> y) { LogAll(x, y); }
void LogVjpF64(std::span<const double> x, std::span<const double> upstream,
               std::span<double> d_x) {
  LogVjpAll(x, upstream, d_x);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(LogF32);
HWY_EXPORT(LogVjpF32);

void Log(std::span<const float> x, std::span<float> y) {
  CheckElementwise(x.size(), y.size(), "y");
  HWY_DYNAMIC_DISPATCH(LogF32)(x, y);
}

void LogVjp(std::span<const float> x, std::span<const float> upstream,
            std::span<float> d_x) {
  CheckElementwise(x.size(), upstream.size(), "upstream");
  CheckElementwise(x.size(), d_x.size(), "d_x");
  HWY_DYNAMIC_DISPATCH(LogVjpF32)(x, upstream, d_x);
}

HWY_EXPORT(LogF64);
HWY_EXPORT(LogVjpF64);

void Log(std::span<const double> x, std::span<double> y) {
  CheckElementwise(x.size(), y.size(), "y");
  HWY_DYNAMIC_DISPATCH(LogF64)(x, y);
}

void LogVjp(std::span<const double> x, std::span<const double> upstream,
            std::span<double> d_x) {
  CheckElementwise(x.size(), upstream.size(), "upstream");
  CheckElementwise(x.size(), d_x.size(), "d_x");
  HWY_DYNAMIC_DISPATCH(LogVjpF64)(x, upstream, d_x);
}

}  // namespace surprisal
#endif  // HWY_ONCE
