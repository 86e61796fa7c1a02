// Upstream gradients times derivatives.

#if defined(SURPRISAL_COMMON_UPSTREAM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_UPSTREAM_INL_H_
#undef SURPRISAL_COMMON_UPSTREAM_INL_H_
#else
#define SURPRISAL_COMMON_UPSTREAM_INL_H_
#endif

#include "hwy/highway.h"
#include "surprisal/common/rounding-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// A derivative, as a factor of the upstream gradient. `coarse` stands in for
/// `exact` where the product is 0, infinite or NaN: it need only be 0, infinite
/// or NaN, and of the right sign, where the derivative is.
template <class D>
struct Factor {
  Scaled<D> exact;
  Held<D> coarse;
};

/// A factor whose exact value is off by at most `error`, in its own units: where
/// terms of different sign met, far more than kRelative of it.
template <class D>
struct CancellingFactor {
  Factor<D> factor;
  Held<D> error;
};

/// upstream * factor, rounded once: neither alone need fit a double.
template <class D>
HWY_INLINE V<D> TimesUpstream(D d, Rounder& round, size_t i, V<D> upstream,
                              const CancellingFactor<D>& x) {
  const Factor<D>& factor = x.factor;
  const V<D> zero = hn::Zero(d), coarse = factor.coarse;
  const Scaled<D> g = Normalize(d, upstream);
  const auto regular =
      hn::And(hn::And(hn::IsFinite(upstream), hn::IsFinite(coarse)),
              hn::And(hn::Ne(upstream, zero), hn::Ne(coarse, zero)));
  const Dd<D> product = Mul(d, factor.exact.value, g.value);
  const V<D> off = hn::Add(hn::Mul(x.error, hn::Abs(g.value.hi)),
                           hn::Mul(hn::Abs(product.hi), hn::Set(d, kRelative)));
  const Scaled<D> scaled = {
      IfThenElse(d, regular, product, ToDd(d, zero)),
      hn::IfThenElseZero(regular, hn::Add(factor.exact.exponent, g.exponent))};
  const V<D> rounded =
      round(d, i, OffBy<D>(d, scaled, hn::IfThenElseZero(regular, off)));
  return hn::IfThenElse(regular, rounded, hn::Mul(upstream, coarse));
}

/// `factor` as one that is off by at most `relative`.
template <class D>
HWY_INLINE CancellingFactor<D> FactorWithin(D d, double relative,
                                            const Factor<D>& factor) {
  const V<D> size = hn::Abs(factor.exact.value.hi);
  return {factor, hn::Mul(size, hn::Set(d, relative))};
}

template <class D>
HWY_INLINE V<D> TimesUpstream(D d, Rounder& round, size_t i, V<D> upstream,
                              const Factor<D>& factor,
                              double relative = kRelative) {
  return TimesUpstream(d, round, i, upstream,
                       FactorWithin(d, relative, factor));
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
