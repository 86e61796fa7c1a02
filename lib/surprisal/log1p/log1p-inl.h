#if defined(SURPRISAL_LOG1P_LOG1P_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_LOG1P_LOG1P_INL_H_
#undef SURPRISAL_LOG1P_LOG1P_INL_H_
#else
#define SURPRISAL_LOG1P_LOG1P_INL_H_
#endif

#include "hwy/highway.h"
#include "surprisal/common/elementwise-inl.h"
#include "surprisal/log/log-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

template <class T, class D>
HWY_INLINE V<D> Log1pLanes(D d, V<D> x) {
  const V<D> zero = hn::Zero(d), minus_one = hn::Set(d, -1.0);
  const Dd<D> log = Log1p(d, ToDd(d, x));
  V<D> y = BeforeRounding<T>(d, Scaled<D>{log, zero});
  y = hn::IfThenElse(hn::Eq(x, minus_one), hn::Set(d, -HUGE_VAL), y);
  y = hn::IfThenElse(hn::Lt(x, minus_one), hn::Set(d, NAN), y);
  const auto stays = hn::Or(hn::Eq(x, zero),  // keeps the sign of -0
                            hn::Not(hn::Lt(x, hn::Set(d, HUGE_VAL))));
  return hn::IfThenElse(stays, x, y);
}

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

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
