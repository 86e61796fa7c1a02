#if defined(SURPRISAL_EXP_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_EXP_EXP_INL_H_
#undef SURPRISAL_EXP_EXP_INL_H_
#else
#define SURPRISAL_EXP_EXP_INL_H_
#endif

#include "hwy/highway.h"
#include "surprisal/common/certain.h"
#include "surprisal/common/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

struct ExpFunction {
  template <class D>
  static HWY_INLINE Estimate<D> First(D d, V<D> x, V<D> /*unused*/) {
    return EstimateOf(d, FirstExp(d, InReach(d, x)));
  }

  template <class D>
  static HWY_INLINE V<D> Full(D d, Rounder& round, size_t i, V<D> x,
                              V<D> /*unused*/) {
    const V<D> y = round(d, i, Within(d, kRelative, Exp(d, ToDd(d, x))));
    return hn::IfThenElse(hn::IsNaN(x), x, y);
  }

  static double LastResort(ElementType type, double x, double /*unused*/) {
    return certain::Exp(type, x);
  }
};

/// e^x as a derivative: infinite or 0 at the infinities only.
template <class D>
HWY_INLINE Factor<D> ExpFactor(D d, V<D> x) {
  const V<D> at_infinity =
      hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x);
  const V<D> coarse =
      hn::IfThenElse(hn::IsFinite(x), hn::Set(d, 1.0), at_infinity);
  return {Exp(d, ToDd(d, x)), coarse};
}

struct ExpVjpFunction {
  template <class D>
  static HWY_INLINE Estimate<D> First(D d, V<D> x, V<D> upstream) {
    return EstimateOf(d, hn::Mul(upstream, FirstExp(d, InReach(d, x))));
  }

  template <class D>
  static HWY_INLINE V<D> Full(D d, Rounder& round, size_t i, V<D> x,
                              V<D> upstream) {
    return TimesUpstream(d, round, i, upstream, ExpFactor(d, x));
  }

  static double LastResort(ElementType type, double x, double upstream) {
    return certain::ExpVjp(type, x, upstream);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
