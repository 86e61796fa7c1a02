#if defined(SURPRISAL_SIGMOID_SIGMOID_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_SIGMOID_SIGMOID_INL_H_
#undef SURPRISAL_SIGMOID_SIGMOID_INL_H_
#else
#define SURPRISAL_SIGMOID_SIGMOID_INL_H_
#endif

#include "hwy/highway.h"
#include "surprisal/common/certain.h"
#include "surprisal/common/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// What sigmoid and softplus have in common: z = e^-|x|, at most 1.
template <class D>
struct LogisticTail {
  Scaled<D> z;
  Dd<D> one_plus_z;
};

template <class D>
HWY_INLINE LogisticTail<D> TailOf(D d, V<D> x) {
  const Scaled<D> z = Exp(d, ToDd(d, hn::Neg(hn::Abs(x))));
  const V<D> lowest = hn::Set(d, -900.0);
  const V<D> k = hn::IfThenElse(hn::Lt(z.exponent, lowest), lowest, z.exponent);
  const Dd<D> unscaled = Scale(d, z.value, Pow2(d, k));
  return {z, Add(d, unscaled, hn::Set(d, 1.0))};
}

/// 1 / (1 + z) for x >= 0, z / (1 + z) for x < 0.
template <class D>
HWY_INLINE Scaled<D> SigmoidOf(D d, V<D> x) {
  const LogisticTail<D> tail = TailOf(d, x);
  const auto negative = hn::Lt(x, hn::Zero(d));
  const Dd<D> numerator =
      IfThenElse(d, negative, tail.z.value, ToDd(d, hn::Set(d, 1.0)));
  return {Div(d, numerator, tail.one_plus_z),
          hn::IfThenElseZero(negative, V<D>(tail.z.exponent))};
}

struct SigmoidFunction {
  template <class D>
  static HWY_INLINE Estimate<D> First(D d, V<D> x, V<D> /*unused*/) {
    return EstimateOf(d, FirstSigmoid(d, x));
  }

  template <class D>
  static HWY_INLINE V<D> Full(D d, Rounder& round, size_t i, V<D> x,
                              V<D> /*unused*/) {
    const V<D> y = round(d, i, Within(d, kRelative, SigmoidOf(d, x)));
    return hn::IfThenElse(hn::IsNaN(x), x, y);
  }

  static double LastResort(ElementType type, double x, double /*unused*/) {
    return certain::Sigmoid(type, x);
  }
};

/// The sigmoid as a derivative: 0 at -inf only.
template <class D>
HWY_INLINE Factor<D> SigmoidFactor(D d, V<D> x) {
  const V<D> one = hn::Set(d, 1.0);
  V<D> coarse = hn::IfThenElseZero(hn::Gt(x, hn::Set(d, -HUGE_VAL)), one);
  coarse = hn::IfThenElse(hn::IsNaN(x), x, coarse);
  return {SigmoidOf(d, x), coarse};
}

/// s (1 - s) = z / (1 + z)^2. Near 0 it is 1/4 - x^2 / 16, and a product that
/// lies half way between two subnormal floats must feel that it is below 1/4.
template <class D>
HWY_INLINE Factor<D> SigmoidSlope(D d, V<D> x) {
  const LogisticTail<D> tail = TailOf(d, x);
  const Dd<D> square = Mul(d, tail.one_plus_z, tail.one_plus_z);
  Dd<D> slope = Div(d, tail.z.value, square);
  const auto tiny =
      hn::And(hn::Lt(hn::Abs(x), hn::Set(d, 0x1p-52)), hn::Ne(x, hn::Zero(d)));
  const V<D> quarter = hn::Set(d, 0.25), below = hn::Set(d, -0x1p-108);
  slope = IfThenElse(d, tiny, Dd<D>{quarter, below}, slope);
  const V<D> one = hn::Set(d, 1.0);
  V<D> coarse = hn::IfThenElseZero(hn::IsFinite(x), one);
  coarse = hn::IfThenElse(hn::IsNaN(x), x, coarse);
  return {{slope, tail.z.exponent}, coarse};
}

struct SigmoidVjpFunction {
  template <class D>
  static HWY_INLINE Estimate<D> First(D d, V<D> x, V<D> upstream) {
    const V<D> z = FirstTail(d, x);
    const V<D> one_plus_z = hn::Add(z, hn::Set(d, 1.0));
    const V<D> slope = hn::Div(z, hn::Mul(one_plus_z, one_plus_z));
    return EstimateOf(d, hn::Mul(upstream, slope));
  }

  template <class D>
  static HWY_INLINE V<D> Full(D d, Rounder& round, size_t i, V<D> x,
                              V<D> upstream) {
    return TimesUpstream(d, round, i, upstream, SigmoidSlope(d, x));
  }

  static double LastResort(ElementType type, double x, double upstream) {
    return certain::SigmoidVjp(type, x, upstream);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
