#if defined(SURPRISAL_EXP_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_EXP_EXP_INL_H_
#undef SURPRISAL_EXP_EXP_INL_H_
#else
#define SURPRISAL_EXP_EXP_INL_H_
#endif

#include "hwy/highway.h"
#include "surprisal/common/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

template <class D>
HWY_INLINE Scaled<D> ExpOf(D d, V<D> x) {
  return Exp(d, ToDd(d, x));
}

template <class T, class D>
HWY_INLINE V<D> ExpLanes(D d, V<D> x) {
  const V<D> y = BeforeRounding<T>(d, ExpOf(d, x));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

/// e^x as a derivative: infinite or 0 at the infinities only.
template <class D>
HWY_INLINE Factor<D> ExpFactor(D d, V<D> x) {
  const V<D> at_infinity =
      hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x);
  const V<D> coarse =
      hn::IfThenElse(hn::IsFinite(x), hn::Set(d, 1.0), at_infinity);
  return {ExpOf(d, x), coarse};
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
