#if defined(SURPRISAL_SOFTPLUS_SOFTPLUS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_SOFTPLUS_SOFTPLUS_INL_H_
#undef SURPRISAL_SOFTPLUS_SOFTPLUS_INL_H_
#else
#define SURPRISAL_SOFTPLUS_SOFTPLUS_INL_H_
#endif

#include "hwy/highway.h"
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

template <class T, class D>
HWY_INLINE V<D> SoftplusLanes(D d, V<D> x) {
  const V<D> y = BeforeRounding<T>(d, SoftplusOf(d, x));
  const auto stays = hn::Not(hn::Lt(x, hn::Set(d, HUGE_VAL)));  // +inf, NaN
  return hn::IfThenElse(stays, x, y);
}

template <class T, class D>
HWY_INLINE V<D> LogSigmoidLanes(D d, V<D> x) {
  return hn::Neg(SoftplusLanes<T>(d, hn::Neg(x)));
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
