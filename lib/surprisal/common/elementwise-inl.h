// Runs a function of doubles over spans of any element type.

#if defined(SURPRISAL_COMMON_ELEMENTWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_ELEMENTWISE_INL_H_
#undef SURPRISAL_COMMON_ELEMENTWISE_INL_H_
#else
#define SURPRISAL_COMMON_ELEMENTWISE_INL_H_
#endif

#include <algorithm>
#include <span>

#include "hwy/highway.h"
#include "surprisal/common/check.h"
#include "surprisal/common/rounding-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

using Doubles = hn::ScalableTag<double>;
inline constexpr size_t kMaxDoubles = HWY_MAX_BYTES / sizeof(double);

/// The first `count` < Lanes(d) elements as doubles, padded with 1.
template <class T, class D>
HWY_INLINE V<D> LoadSomeDoubles(D d, const T* from, size_t count) {
  HWY_ALIGN T copy[kMaxDoubles];
  std::fill_n(std::copy_n(from, count, copy), hn::Lanes(d) - count, T{1});
  return LoadDoubles(d, copy);
}

/// y[i] = lanes_of(d, inputs[i]...) for all i. The end of a span goes through
/// the same vector code, by way of padded copies: no element is computed
/// differently, none outside the spans is touched. y may be one of the inputs.
template <class T, class Fn, class... Inputs>
HWY_INLINE void MapElements(std::span<T> y, const Fn& lanes_of,
                            Inputs... inputs) {
  const Doubles d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= y.size(); i += lanes) {
    StoreRounded(d, lanes_of(d, LoadDoubles(d, inputs.data() + i)...),
                 y.data() + i);
  }
  const size_t rest = y.size() - i;
  if (rest == 0) return;
  HWY_ALIGN T last[kMaxDoubles];
  StoreRounded(d, lanes_of(d, LoadSomeDoubles(d, inputs.data() + i, rest)...),
               last);
  std::copy_n(last, rest, y.data() + i);
}

/// A derivative, as a factor of the upstream gradient. `coarse` stands in for
/// `exact` where the product is 0, infinite or NaN: it need only be 0, infinite
/// or NaN, and of the right sign, where the derivative is.
template <class D>
struct Factor {
  Scaled<D> exact;
  Held<D> coarse;
};

/// upstream * factor, rounded once: neither factor alone need fit a double.
template <class T, class D>
HWY_INLINE V<D> TimesUpstream(D d, V<D> upstream, const Factor<D>& factor) {
  const Scaled<D> g = Normalize(d, upstream);
  const Scaled<D> product = {Mul(d, factor.exact.value, g.value),
                             hn::Add(factor.exact.exponent, g.exponent)};
  const V<D> slope = factor.coarse, coarse = hn::Mul(upstream, slope);
  const auto regular = hn::And(
      hn::And(hn::IsFinite(upstream), hn::IsFinite(slope)),
      hn::And(hn::Ne(upstream, hn::Zero(d)), hn::Ne(slope, hn::Zero(d))));
  return hn::IfThenElse(regular, BeforeRounding<T>(d, product), coarse);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
