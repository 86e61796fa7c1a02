#if defined(SURPRISAL_LOG1P_LOG1P_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_LOG1P_LOG1P_INL_H_
#undef SURPRISAL_LOG1P_LOG1P_INL_H_
#else
#define SURPRISAL_LOG1P_LOG1P_INL_H_
#endif

#include "hwy/highway.h"
#include "surprisal/common/certain.h"
#include "surprisal/common/elementwise-inl.h"
#include "surprisal/log/log-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// x, or 1 where ln(1 + x) is not a number, or 0.
template <class D>
HWY_INLINE V<D> Log1pInside(D d, V<D> x) {
  const V<D> minus_one = hn::Set(d, -1.0);
  const auto outside = hn::Or(
      hn::Eq(x, hn::Zero(d)),
      hn::Not(hn::And(hn::Gt(x, minus_one), hn::Lt(x, hn::Set(d, HUGE_VAL)))));
  return hn::IfThenElse(outside, hn::Set(d, 1.0), x);
}

struct Log1pFunction {
  template <class D>
  static HWY_INLINE Estimate<D> First(D d, V<D> x, V<D> /*unused*/) {
    return EstimateOf(d, FirstLog1p(d, Log1pInside(d, x)));
  }

  template <class D>
  static HWY_INLINE V<D> Full(D d, Rounder& round, size_t i, V<D> x,
                              V<D> /*unused*/) {
    const V<D> zero = hn::Zero(d);
    const Dd<D> log = Log1p(d, ToDd(d, Log1pInside(d, x)));
    return round(d, i, Within(d, kRelative, Scaled<D>{log, zero}));
  }

  template <class D>
  static HWY_INLINE V<D> Special(D d, V<D> x, V<D> y) {
    const V<D> minus_one = hn::Set(d, -1.0);
    y = hn::IfThenElse(hn::Eq(x, minus_one), hn::Set(d, -HUGE_VAL), y);
    y = hn::IfThenElse(hn::Lt(x, minus_one), hn::Set(d, NAN), y);
    const auto stays = hn::Or(hn::Eq(x, hn::Zero(d)),  // keeps the sign of -0
                              hn::Not(hn::Lt(x, hn::Set(d, HUGE_VAL))));
    return hn::IfThenElse(stays, x, y);
  }

  static double LastResort(ElementType type, double x, double /*unused*/) {
    return certain::Log1p(type, x);
  }
};

template <class D>
HWY_INLINE Factor<D> Log1pFactor(D d, V<D> x) {
  const V<D> one = hn::Set(d, 1.0);
  const Dd<D> sum = TwoSum(d, x, one);
  // Divide by a number near 1, whatever the size of x
  const Scaled<D> normal = Normalize(d, sum.hi);
  const V<D> low = LdExp(d, sum.lo, hn::Neg(normal.exponent));
  return ReciprocalFactor(d, Scaled<D>{{normal.value.hi, low}, normal.exponent},
                          sum.hi);
}

struct Log1pVjpFunction {
  template <class D>
  static HWY_INLINE Estimate<D> First(D d, V<D> x, V<D> upstream) {
    const V<D> sum = hn::Add(x, hn::Set(d, 1.0));
    return EstimateWhere(d, hn::IsFinite(x), hn::Div(upstream, sum));
  }

  template <class D>
  static HWY_INLINE V<D> Full(D d, Rounder& round, size_t i, V<D> x,
                              V<D> upstream) {
    return TimesUpstream(d, round, i, upstream, Log1pFactor(d, x));
  }

  static double LastResort(ElementType type, double x, double upstream) {
    return certain::Log1pVjp(type, x, upstream);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
