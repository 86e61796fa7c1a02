#if defined(SURPRISAL_SOFTPLUS_SOFTPLUS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_SOFTPLUS_SOFTPLUS_INL_H_
#undef SURPRISAL_SOFTPLUS_SOFTPLUS_INL_H_
#else
#define SURPRISAL_SOFTPLUS_SOFTPLUS_INL_H_
#endif

#include "hwy/highway.h"
#include "surprisal/common/certain.h"
#include "surprisal/common/elementwise-inl.h"
#include "surprisal/sigmoid/sigmoid-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// ln(1 + e^x) = max(x, 0) + ln(1 + z) with z = e^-|x|.
template <class D>
HWY_INLINE Scaled<D> SoftplusOf(D d, V<D> x) {
  const V<D> zero = hn::Zero(d);
  const LogisticTail<D> tail = TailOf(d, x);
  const V<D> lowest = hn::Set(d, -900.0), k = tail.z.exponent;
  const V<D> power = Pow2(d, hn::IfThenElse(hn::Lt(k, lowest), lowest, k));
  const Dd<D> log = Log1p(d, Scale(d, tail.z.value, power));
  const V<D> positive = hn::IfThenElseZero(hn::Gt(x, zero), x);
  const Dd<D> sum = Add(d, log, positive);
  // ln(1 + z) = z to 2^-110, where z itself may be below the normal numbers
  const auto tiny = hn::And(hn::Lt(k, hn::Set(d, -110.0)), hn::Lt(x, zero));
  return {IfThenElse(d, tiny, tail.z.value, sum), hn::IfThenElseZero(tiny, k)};
}

struct SoftplusFunction {
  template <class D>
  static HWY_INLINE Estimate<D> First(D d, V<D> x, V<D> /*unused*/) {
    return EstimateOf(d, FirstSoftplus(d, x));
  }

  template <class D>
  static HWY_INLINE V<D> Full(D d, Rounder& round, size_t i, V<D> x,
                              V<D> /*unused*/) {
    const auto regular = hn::Lt(x, hn::Set(d, HUGE_VAL));
    const V<D> inside = hn::IfThenElseZero(regular, x);
    const V<D> y = round(d, i, Within(d, kRelative, SoftplusOf(d, inside)));
    return hn::IfThenElse(regular, y, x);
  }

  static double LastResort(ElementType type, double x, double /*unused*/) {
    return certain::Softplus(type, x);
  }
};

struct SoftplusVjpFunction {
  template <class D>
  static HWY_INLINE Estimate<D> First(D d, V<D> x, V<D> upstream) {
    return EstimateOf(d, hn::Mul(upstream, FirstSigmoid(d, x)));
  }

  template <class D>
  static HWY_INLINE V<D> Full(D d, Rounder& round, size_t i, V<D> x,
                              V<D> upstream) {
    return TimesUpstream(d, round, i, upstream, SigmoidFactor(d, x));
  }

  static double LastResort(ElementType type, double x, double upstream) {
    // At +inf, which is no regular argument, the slope is 1
    if (x < HUGE_VAL) return certain::SoftplusVjp(type, x, upstream);
    return certain::RoundTo(type,
                            [=](int bits) { return Interval(upstream, bits); });
  }
};

/// LogSigmoid(x) = -Softplus(-x).
struct LogSigmoidFunction {
  template <class D>
  static HWY_INLINE Estimate<D> First(D d, V<D> x, V<D> upstream) {
    Estimate<D> y = SoftplusFunction::First(d, hn::Neg(x), upstream);
    y.value = hn::Neg(y.value);
    return y;
  }

  template <class D>
  static HWY_INLINE V<D> Full(D d, Rounder& round, size_t i, V<D> x,
                              V<D> upstream) {
    return hn::Neg(SoftplusFunction::Full(d, round, i, hn::Neg(x), upstream));
  }

  static double LastResort(ElementType type, double x, double /*unused*/) {
    return certain::LogSigmoid(type, x);
  }
};

struct LogSigmoidVjpFunction {
  template <class D>
  static HWY_INLINE Estimate<D> First(D d, V<D> x, V<D> upstream) {
    return SoftplusVjpFunction::First(d, hn::Neg(x), upstream);
  }

  template <class D>
  static HWY_INLINE V<D> Full(D d, Rounder& round, size_t i, V<D> x,
                              V<D> upstream) {
    return SoftplusVjpFunction::Full(d, round, i, hn::Neg(x), upstream);
  }

  static double LastResort(ElementType type, double x, double upstream) {
    return SoftplusVjpFunction::LastResort(type, -x, upstream);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
