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

/// upstream * factor, which is off by at most `relative`, rounded once: neither
/// factor alone need fit a double.
template <class D>
HWY_INLINE V<D> TimesUpstream(D d, Rounder& round, size_t i, V<D> upstream,
                              const Factor<D>& factor,
                              double relative = kRelative) {
  const V<D> zero = hn::Zero(d), coarse = factor.coarse;
  const Scaled<D> g = Normalize(d, upstream);
  const auto regular =
      hn::And(hn::And(hn::IsFinite(upstream), hn::IsFinite(coarse)),
              hn::And(hn::Ne(upstream, zero), hn::Ne(coarse, zero)));
  const Dd<D> product = Mul(d, factor.exact.value, g.value);
  const V<D> exponent = hn::Add(factor.exact.exponent, g.exponent);
  const V<D> rounded =
      round(d, i,
            Within(d, relative,
                   Scaled<D>{IfThenElse(d, regular, product, ToDd(d, zero)),
                             hn::IfThenElseZero(regular, exponent)}));
  return hn::IfThenElse(regular, rounded, hn::Mul(upstream, coarse));
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
