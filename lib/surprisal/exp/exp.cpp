#include "surprisal/exp/exp.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/exp/exp.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/exp/exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

template <class T>
void ExpAll(std::span<const T> x, std::span<T> y) {
  const auto lanes = [](auto d, auto v) HWY_ATTR { return ExpLanes<T>(d, v); };
  MapElements(y, lanes, x);
}

template <class T>
void ExpVjpAll(std::span<const T> x, std::span<const T> upstream,
               std::span<T> d_x) {
  const auto lanes = [](auto d, auto v, auto g) HWY_ATTR {
    return TimesUpstream<T>(d, g, ExpFactor(d, v));
  };
  MapElements(d_x, lanes, x, upstream);
}

void ExpF32(std::span<const float> x, std::span<float> y) { ExpAll(x, y); }
void ExpVjpF32(std::span<const float> x, std::span<const float> upstream,
               std::span<float> d_x) {
  ExpVjpAll(x, upstream, d_x);
}
void ExpF64(std::span<const double> x, std::span<double> y) { ExpAll(x, y); }
void ExpVjpF64(std::span<const double> x, std::span<const double> upstream,
               std::span<double> d_x) {
  ExpVjpAll(x, upstream, d_x);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(ExpF32);
HWY_EXPORT(ExpVjpF32);

void Exp(std::span<const float> x, std::span<float> y) {
  CheckElementwise(x.size(), y.size(), "y");
  HWY_DYNAMIC_DISPATCH(ExpF32)(x, y);
}

void ExpVjp(std::span<const float> x, std::span<const float> upstream,
            std::span<float> d_x) {
  CheckElementwise(x.size(), upstream.size(), "upstream");
  CheckElementwise(x.size(), d_x.size(), "d_x");
  HWY_DYNAMIC_DISPATCH(ExpVjpF32)(x, upstream, d_x);
}

HWY_EXPORT(ExpF64);
HWY_EXPORT(ExpVjpF64);

void Exp(std::span<const double> x, std::span<double> y) {
  CheckElementwise(x.size(), y.size(), "y");
  HWY_DYNAMIC_DISPATCH(ExpF64)(x, y);
}

void ExpVjp(std::span<const double> x, std::span<const double> upstream,
            std::span<double> d_x) {
  CheckElementwise(x.size(), upstream.size(), "upstream");
  CheckElementwise(x.size(), d_x.size(), "d_x");
  HWY_DYNAMIC_DISPATCH(ExpVjpF64)(x, upstream, d_x);
}

}  // namespace surprisal
#endif  // HWY_ONCE
