#if defined(SURPRISAL_LOG_LOG_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_LOG_LOG_INL_H_
#undef SURPRISAL_LOG_LOG_INL_H_
#else
#define SURPRISAL_LOG_LOG_INL_H_
#endif

#include "hwy/highway.h"
#include "surprisal/common/certain.h"
#include "surprisal/common/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// x, or 2 where ln x is not a number, or 0.
template <class D>
HWY_INLINE V<D> LogInside(D d, V<D> x) {
  const auto outside =
      hn::Or(hn::Eq(x, hn::Set(d, 1.0)),
             hn::Not(hn::And(hn::Gt(x, hn::Zero(d)),
                             hn::Lt(x, hn::Set(d, HUGE_VAL)))));
  return hn::IfThenElse(outside, hn::Set(d, 2.0), x);
}

struct LogFunction {
  template <class D>
  static HWY_INLINE Estimate<D> First(D d, V<D> x, V<D> /*unused*/) {
    return EstimateOf(d, FirstLog(d, LogInside(d, x)));
  }

  template <class D>
  static HWY_INLINE V<D> Full(D d, Rounder& round, size_t i, V<D> x,
                              V<D> /*unused*/) {
    const V<D> zero = hn::Zero(d);
    const Dd<D> log = Log(d, Scaled<D>{ToDd(d, LogInside(d, x)), zero});
    return round(d, i, Within(d, kRelative, Scaled<D>{log, zero}));
  }

  template <class D>
  static HWY_INLINE V<D> Special(D d, V<D> x, V<D> y) {
    const V<D> zero = hn::Zero(d);
    y = hn::IfThenZeroElse(hn::Eq(x, hn::Set(d, 1.0)), y);
    y = hn::IfThenElse(hn::Eq(x, zero), hn::Set(d, -HUGE_VAL), y);
    y = hn::IfThenElse(hn::Lt(x, zero), hn::Set(d, NAN), y);
    const auto stays = hn::Not(hn::Lt(x, hn::Set(d, HUGE_VAL)));  // +inf, NaN
    return hn::IfThenElse(stays, x, y);
  }

  static double LastResort(ElementType type, double x, double /*unused*/) {
    return certain::Log(type, x);
  }
};

/// 1 / x for an exact double-double x, times 2^-exponent.
template <class D>
HWY_INLINE Factor<D> ReciprocalFactor(D d, Scaled<D> x, V<D> rounded_x) {
  const V<D> one = hn::Set(d, 1.0);
  const auto regular =
      hn::And(hn::IsFinite(rounded_x), hn::Ne(rounded_x, hn::Zero(d)));
  const V<D> coarse = hn::IfThenElse(regular, hn::CopySign(one, rounded_x),
                                     hn::Div(one, rounded_x));
  return {{Div(d, ToDd(d, one), x.value), hn::Neg(x.exponent)}, coarse};
}

template <class D>
HWY_INLINE Factor<D> LogFactor(D d, V<D> x) {
  return ReciprocalFactor(d, Normalize(d, x), x);
}

struct LogVjpFunction {
  template <class D>
  static HWY_INLINE Estimate<D> First(D d, V<D> x, V<D> upstream) {
    return EstimateWhere(d, hn::IsFinite(x), hn::Div(upstream, x));
  }

  template <class D>
  static HWY_INLINE V<D> Full(D d, Rounder& round, size_t i, V<D> x,
                              V<D> upstream) {
    return TimesUpstream(d, round, i, upstream, LogFactor(d, x));
  }

  static double LastResort(ElementType type, double x, double upstream) {
    return certain::LogVjp(type, x, upstream);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
