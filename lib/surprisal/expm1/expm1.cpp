#include "surprisal/expm1/expm1.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/expm1/expm1.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/exp/exp-inl.h"
#include "surprisal/expm1/expm1-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

template <class T>
void Expm1All(std::span<const T> x, std::span<T> y) {
  const auto lanes = [](auto d, auto v)
                         HWY_ATTR { return Expm1Lanes<T>(d, v); };
  MapElements(y, lanes, x);
}

template <class T>
void Expm1VjpAll(std::span<const T> x, std::span<const T> upstream,
                 std::span<T> d_x) {
  const auto lanes = [](auto d, auto v, auto g) HWY_ATTR {
    return TimesUpstream<T>(d, g, ExpFactor(d, v));
  };
  MapElements(d_x, lanes, x, upstream);
}

void Expm1F32(std::span<const float> x, std::span<float> y) { Expm1All(x, y); }
void Expm1VjpF32(std::span<const float> x, std::span<const float> upstream,
                 std::span<float> d_x) {
  Expm1VjpAll(x, upstream, d_x);
}
void Expm1F64(std::span<const double> x, std::span<double> y) {
  Expm1All(x, y);
}
void Expm1VjpF64(std::span<const double> x, std::span<const double> upstream,
                 std::span<double> d_x) {
  Expm1VjpAll(x, upstream, d_x);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(Expm1F32);
HWY_EXPORT(Expm1VjpF32);

void Expm1(std::span<const float> x, std::span<float> y) {
  CheckElementwise(x.size(), y.size(), "y");
  HWY_DYNAMIC_DISPATCH(Expm1F32)(x, y);
}

void Expm1Vjp(std::span<const float> x, std::span<const float> upstream,
              std::span<float> d_x) {
  CheckElementwise(x.size(), upstream.size(), "upstream");
  CheckElementwise(x.size(), d_x.size(), "d_x");
  HWY_DYNAMIC_DISPATCH(Expm1VjpF32)(x, upstream, d_x);
}

HWY_EXPORT(Expm1F64);
HWY_EXPORT(Expm1VjpF64);

void Expm1(std::span<const double> x, std::span<double> y) {
  CheckElementwise(x.size(), y.size(), "y");
  HWY_DYNAMIC_DISPATCH(Expm1F64)(x, y);
}

void Expm1Vjp(std::span<const double> x, std::span<const double> upstream,
              std::span<double> d_x) {
  CheckElementwise(x.size(), upstream.size(), "upstream");
  CheckElementwise(x.size(), d_x.size(), "d_x");
  HWY_DYNAMIC_DISPATCH(Expm1VjpF64)(x, upstream, d_x);
}

}  // namespace surprisal
#endif  // HWY_ONCE
