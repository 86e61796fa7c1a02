#if defined(SURPRISAL_EXPM1_EXPM1_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_EXPM1_EXPM1_INL_H_
#undef SURPRISAL_EXPM1_EXPM1_INL_H_
#else
#define SURPRISAL_EXPM1_EXPM1_INL_H_
#endif

#include "hwy/highway.h"
#include "surprisal/common/certain.h"
#include "surprisal/common/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// e^x - 1 = 2^k (1 + u) - 1; u itself where k = 0, so that nothing cancels.
template <class D>
HWY_INLINE Scaled<D> Expm1Of(D d, V<D> x) {
  const V<D> limit = hn::Set(d, 2000.0), one = hn::Set(d, 1.0);
  x = hn::IfThenElse(hn::Gt(x, limit), limit, x);
  x = hn::IfThenElse(hn::Lt(x, hn::Neg(limit)), hn::Neg(limit), x);
  const Scaled<D> reduced = ReduceByLn2(d, ToDd(d, x));
  const Dd<D> u = Expm1Reduced(d, reduced.value);
  // Beyond 2^+-200 one of the two terms is below the other's last bit
  const V<D> far = hn::Set(d, 200.0), k = reduced.exponent;
  V<D> near_k = hn::IfThenElse(hn::Gt(k, far), far, k);
  near_k = hn::IfThenElse(hn::Lt(k, hn::Neg(far)), hn::Neg(far), near_k);
  const Dd<D> power = Scale(d, Add(d, u, one), Pow2(d, near_k));
  const auto no_shift = hn::Eq(k, hn::Zero(d));
  Dd<D> value = IfThenElse(d, no_shift, u, Add(d, power, hn::Neg(one)));
  // x + x^2 / 2 is exact enough below 2^-110, where products may underflow
  const V<D> half_square = hn::Mul(hn::Mul(x, hn::Set(d, 0.5)), x);
  const auto tiny = hn::Lt(hn::Abs(x), hn::Set(d, 0x1p-110));
  value = IfThenElse(d, tiny, FastTwoSum(d, x, half_square), value);
  return {value, hn::IfThenElseZero(hn::Gt(k, far), hn::Sub(k, far))};
}

struct Expm1Function {
  template <class D>
  static HWY_INLINE Estimate<D> First(D d, V<D> x, V<D> /*unused*/) {
    return EstimateOf(d, FirstExpm1(d, InReach(d, x)));
  }

  template <class D>
  static HWY_INLINE V<D> Full(D d, Rounder& round, size_t i, V<D> x,
                              V<D> /*unused*/) {
    const V<D> y = round(d, i, Within(d, kRelative, Expm1Of(d, x)));
    const auto stays = hn::Or(hn::Eq(x, hn::Zero(d)), hn::IsNaN(x));
    return hn::IfThenElse(stays, x, y);
  }

  static double LastResort(ElementType type, double x, double /*unused*/) {
    return certain::Expm1(type, x);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
