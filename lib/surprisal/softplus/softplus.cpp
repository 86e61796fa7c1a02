#include "surprisal/softplus/softplus.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/softplus/softplus.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/softplus/softplus-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

template <class T>
void SoftplusAll(std::span<const T> x, std::span<T> y) {
  const auto lanes = [](auto d, auto v)
                         HWY_ATTR { return SoftplusLanes<T>(d, v); };
  MapElements(y, lanes, x);
}

template <class T>
void SoftplusVjpAll(std::span<const T> x, std::span<const T> upstream,
                    std::span<T> d_x) {
  const auto lanes = [](auto d, auto v, auto g) HWY_ATTR {
    return TimesUpstream<T>(d, g, SigmoidFactor(d, v));
  };
  MapElements(d_x, lanes, x, upstream);
}

void SoftplusF32(std::span<const float> x, std::span<float> y) {
  SoftplusAll(x, y);
}
void SoftplusVjpF32(std::span<const float> x, std::span<const float> upstream,
                    std::span<float> d_x) {
  SoftplusVjpAll(x, upstream, d_x);
}
void SoftplusF64(std::span<const double> x, std::span<double> y) {
  SoftplusAll(x, y);
}
void SoftplusVjpF64(std::span<const double> x, std::span<const double> upstream,
                    std::span<double> d_x) {
  SoftplusVjpAll(x, upstream, d_x);
}

template <class T>
void LogSigmoidAll(std::span<const T> x, std::span<T> y) {
  const auto lanes = [](auto d, auto v)
                         HWY_ATTR { return LogSigmoidLanes<T>(d, v); };
  MapElements(y, lanes, x);
}

template <class T>
void LogSigmoidVjpAll(std::span<const T> x, std::span<const T> upstream,
                      std::span<T> d_x) {
  const auto lanes = [](auto d, auto v, auto g) HWY_ATTR {
    return TimesUpstream<T>(d, g, SigmoidFactor(d, hn::Neg(v)));
  };
  MapElements(d_x, lanes, x, upstream);
}

void LogSigmoidF32(std::span<const float> x, std::span<float> y) {
  LogSigmoidAll(x, y);
}
void LogSigmoidVjpF32(std::span<const float> x, std::span<const float> upstream,
                      std::span<float> d_x) {
  LogSigmoidVjpAll(x, upstream, d_x);
}
void LogSigmoidF64(std::span<const double> x, std::span<double> y) {
  LogSigmoidAll(x, y);
}
void LogSigmoidVjpF64(std::span<const double> x,
                      std::span<const double> upstream, std::span<double> d_x) {
  LogSigmoidVjpAll(x, upstream, d_x);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(SoftplusF32);
HWY_EXPORT(SoftplusVjpF32);

void Softplus(std::span<const float> x, std::span<float> y) {
  CheckElementwise(x.size(), y.size(), "y");
  HWY_DYNAMIC_DISPATCH(SoftplusF32)(x, y);
}

void SoftplusVjp(std::span<const float> x, std::span<const float> upstream,
                 std::span<float> d_x) {
  CheckElementwise(x.size(), upstream.size(), "upstream");
  CheckElementwise(x.size(), d_x.size(), "d_x");
  HWY_DYNAMIC_DISPATCH(SoftplusVjpF32)(x, upstream, d_x);
}

HWY_EXPORT(SoftplusF64);
HWY_EXPORT(SoftplusVjpF64);

void Softplus(std::span<const double> x, std::span<double> y) {
  CheckElementwise(x.size(), y.size(), "y");
  HWY_DYNAMIC_DISPATCH(SoftplusF64)(x, y);
}

void SoftplusVjp(std::span<const double> x, std::span<const double> upstream,
                 std::span<double> d_x) {
  CheckElementwise(x.size(), upstream.size(), "upstream");
  CheckElementwise(x.size(), d_x.size(), "d_x");
  HWY_DYNAMIC_DISPATCH(SoftplusVjpF64)(x, upstream, d_x);
}

HWY_EXPORT(LogSigmoidF32);
HWY_EXPORT(LogSigmoidVjpF32);

void LogSigmoid(std::span<const float> x, std::span<float> y) {
  CheckElementwise(x.size(), y.size(), "y");
  HWY_DYNAMIC_DISPATCH(LogSigmoidF32)(x, y);
}

void LogSigmoidVjp(std::span<const float> x, std::span<const float> upstream,
                   std::span<float> d_x) {
  CheckElementwise(x.size(), upstream.size(), "upstream");
  CheckElementwise(x.size(), d_x.size(), "d_x");
  HWY_DYNAMIC_DISPATCH(LogSigmoidVjpF32)(x, upstream, d_x);
}

HWY_EXPORT(LogSigmoidF64);
HWY_EXPORT(LogSigmoidVjpF64);

void LogSigmoid(std::span<const double> x, std::span<double> y) {
  CheckElementwise(x.size(), y.size(), "y");
  HWY_DYNAMIC_DISPATCH(LogSigmoidF64)(x, y);
}

void LogSigmoidVjp(std::span<const double> x, std::span<const double> upstream,
                   std::span<double> d_x) {
  CheckElementwise(x.size(), upstream.size(), "upstream");
  CheckElementwise(x.size(), d_x.size(), "d_x");
  HWY_DYNAMIC_DISPATCH(LogSigmoidVjpF64)(x, upstream, d_x);
}

}  // namespace surprisal
#endif  // HWY_ONCE
