// Derivatives that are sums of terms of different sign.

#if defined(SURPRISAL_COMMON_CANCELLING_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_CANCELLING_INL_H_
#undef SURPRISAL_COMMON_CANCELLING_INL_H_
#else
#define SURPRISAL_COMMON_CANCELLING_INL_H_
#endif

#include "hwy/highway.h"
#include "surprisal/common/upstream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// A factor whose exact value is off by at most `error`, in its own units, which
/// may be far more than kRelative of it.
template <class D>
struct CancellingFactor {
  Factor<D> factor;
  Held<D> error;
};

/// upstream * factor, where an infinite slope that nobody asks for is 0; never
/// -0.
template <class D>
HWY_INLINE V<D> TimesAsked(D d, Rounder& round, size_t i, double upstream,
                           const CancellingFactor<D>& x) {
  const V<D> zero = hn::Zero(d), all = hn::Set(d, upstream);
  V<D> coarse = x.factor.coarse;
  if (upstream == 0.0) coarse = hn::IfThenZeroElse(hn::IsInf(coarse), coarse);
  const Scaled<D> g = Normalize(d, all);
  const auto regular =
      hn::And(hn::And(hn::IsFinite(all), hn::IsFinite(coarse)),
              hn::And(hn::Ne(all, zero), hn::Ne(coarse, zero)));
  const Dd<D> product = Mul(d, x.factor.exact.value, g.value);
  const V<D> error =
      hn::Add(hn::Mul(x.error, hn::Abs(g.value.hi)),
              hn::Mul(hn::Abs(product.hi), hn::Set(d, kRelative)));
  const Scaled<D> scaled = {
      IfThenElse(d, regular, product, ToDd(d, zero)),
      hn::IfThenElseZero(regular,
                         hn::Add(x.factor.exact.exponent, g.exponent))};
  const V<D> rounded =
      round(d, i, OffBy<D>(d, scaled, hn::IfThenElseZero(regular, error)));
  return hn::Add(hn::IfThenElse(regular, rounded, hn::Mul(all, coarse)), zero);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
