#if defined(SURPRISAL_LOG_LOG_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_LOG_LOG_INL_H_
#undef SURPRISAL_LOG_LOG_INL_H_
#else
#define SURPRISAL_LOG_LOG_INL_H_
#endif

#include "hwy/highway.h"
#include "surprisal/common/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

template <class T, class D>
HWY_INLINE V<D> LogLanes(D d, V<D> x) {
  const V<D> zero = hn::Zero(d);
  const Dd<D> log = Log(d, Scaled<D>{ToDd(d, x), zero});
  V<D> y = BeforeRounding<T>(d, Scaled<D>{log, zero});
  y = hn::IfThenElse(hn::Eq(x, zero), hn::Set(d, -HUGE_VAL), y);
  y = hn::IfThenElse(hn::Lt(x, zero), hn::Set(d, NAN), y);
  const auto stays = hn::Not(hn::Lt(x, hn::Set(d, HUGE_VAL)));  // +inf, NaN
  return hn::IfThenElse(stays, x, y);
}

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

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
