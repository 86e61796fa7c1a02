#include "surprisal/sigmoid/sigmoid.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/sigmoid/sigmoid.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/sigmoid/sigmoid-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

template <class T>
void SigmoidAll(std::span<const T> x, std::span<T> y) {
  const auto lanes = [](auto d, auto v)
                         HWY_ATTR { return SigmoidLanes<T>(d, v); };
  MapElements(y, lanes, x);
}

template <class T>
void SigmoidVjpAll(std::span<const T> x, std::span<const T> upstream,
                   std::span<T> d_x) {
  const auto lanes = [](auto d, auto v, auto g) HWY_ATTR {
    return TimesUpstream<T>(d, g, SigmoidSlope(d, v));
  };
  MapElements(d_x, lanes, x, upstream);
}

void SigmoidF32(std::span<const float> x, std::span<float> y) {
  SigmoidAll(x, y);
}
void SigmoidVjpF32(std::span<const float> x, std::span<const float> upstream,
                   std::span<float> d_x) {
  SigmoidVjpAll(x, upstream, d_x);
}
void SigmoidF64(std::span<const double> x, std::span<double> y) {
  SigmoidAll(x, y);
}
void SigmoidVjpF64(std::span<const double> x, std::span<const double> upstream,
                   std::span<double> d_x) {
  SigmoidVjpAll(x, upstream, d_x);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(SigmoidF32);
HWY_EXPORT(SigmoidVjpF32);

void Sigmoid(std::span<const float> x, std::span<float> y) {
  CheckElementwise(x.size(), y.size(), "y");
  HWY_DYNAMIC_DISPATCH(SigmoidF32)(x, y);
}

void SigmoidVjp(std::span<const float> x, std::span<const float> upstream,
                std::span<float> d_x) {
  CheckElementwise(x.size(), upstream.size(), "upstream");
  CheckElementwise(x.size(), d_x.size(), "d_x");
  HWY_DYNAMIC_DISPATCH(SigmoidVjpF32)(x, upstream, d_x);
}

HWY_EXPORT(SigmoidF64);
HWY_EXPORT(SigmoidVjpF64);

void Sigmoid(std::span<const double> x, std::span<double> y) {
  CheckElementwise(x.size(), y.size(), "y");
  HWY_DYNAMIC_DISPATCH(SigmoidF64)(x, y);
}

void SigmoidVjp(std::span<const double> x, std::span<const double> upstream,
                std::span<double> d_x) {
  CheckElementwise(x.size(), upstream.size(), "upstream");
  CheckElementwise(x.size(), d_x.size(), "d_x");
  HWY_DYNAMIC_DISPATCH(SigmoidVjpF64)(x, upstream, d_x);
}

}  // namespace surprisal
#endif  // HWY_ONCE
