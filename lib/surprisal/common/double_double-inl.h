// Double-double arithmetic on Highway vectors: every lane is an unevaluated sum
// hi + lo of two doubles, about 106 bits. Bounds quoted are those of Joldes,
// Muller & Popescu, "Tight and rigorous error bounds for basic building blocks
// of double-word arithmetic", ACM TOMS 44(2), 2017, with u = 2^-53.

#if defined(SURPRISAL_COMMON_DOUBLE_DOUBLE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_DOUBLE_DOUBLE_INL_H_
#undef SURPRISAL_COMMON_DOUBLE_DOUBLE_INL_H_
#else
#define SURPRISAL_COMMON_DOUBLE_DOUBLE_INL_H_
#endif

#include "hwy/highway.h"
#include "surprisal/common/double_double.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
using V = hn::Vec<D>;

/// One lane at a time through the same code as full vectors.
using One = hn::CappedTag<double, 1>;

#if HWY_HAVE_SCALABLE
/// A vector or a mask as a member of a struct, which vectors whose length is
/// known at run time only cannot be: their lanes in memory. Locals and arguments
/// are V<D>, as everywhere.
template <class D>
class Held {
 public:
  HWY_INLINE Held(V<D> lanes) {  // NOLINT: a vector, held
    hn::Store(lanes, D(), lanes_);
  }
  HWY_INLINE operator V<D>() const {  // NOLINT: the vector again
    return hn::Load(D(), lanes_);
  }

 private:
  HWY_ALIGN hn::TFromD<D> lanes_[hn::MaxLanes(D())];
};

template <class D>
class HeldMask {
 public:
  HWY_INLINE HeldMask(hn::Mask<D> mask)  // NOLINT: a mask, held
      : ones_(hn::IfThenElseZero(mask, hn::Set(D(), 1.0))) {}
  HWY_INLINE operator hn::Mask<D>() const {  // NOLINT: the mask again
    return hn::Ne(V<D>(ones_), hn::Zero(D()));
  }

 private:
  Held<D> ones_;
};
#else
template <class D>
using Held = V<D>;
template <class D>
using HeldMask = hn::Mask<D>;
#endif

/// hi + lo with |lo| at most half an ulp of hi.
template <class D>
struct Dd {
  Held<D> hi, lo;
};

template <class D>
HWY_INLINE Dd<D> ToDd(D d, V<D> x) {
  return {x, hn::Zero(d)};
}
template <class D>
HWY_INLINE Dd<D> ToDd(D d, DoubleDouble x) {
  return {hn::Set(d, x.hi), hn::Set(d, x.lo)};
}
HWY_INLINE double FromLane(V<One> x) { return hn::GetLane(x); }
HWY_INLINE DoubleDouble FromLane(Dd<One> x) {
  return {FromLane(x.hi), FromLane(x.lo)};
}

/// a + b exactly, when |a| >= |b| or a is 0.
template <class D>
HWY_INLINE Dd<D> FastTwoSum(D /*d*/, V<D> a, V<D> b) {
  const V<D> sum = hn::Add(a, b);
  return {sum, hn::Sub(b, hn::Sub(sum, a))};
}

/// a + b exactly.
template <class D>
HWY_INLINE Dd<D> TwoSum(D /*d*/, V<D> a, V<D> b) {
  const V<D> sum = hn::Add(a, b);
  const V<D> b_part = hn::Sub(sum, a);
  const V<D> a_part = hn::Sub(sum, b_part);
  return {sum, hn::Add(hn::Sub(a, a_part), hn::Sub(b, b_part))};
}

#if !HWY_NATIVE_FMA
/// x as the sum of two numbers of at most 26 bits (Dekker 1971). Large x are
/// scaled first: the product by 2^27 + 1 would overflow.
template <class D>
HWY_INLINE Dd<D> Split(D d, V<D> x) {
  const auto large = hn::Gt(hn::Abs(x), hn::Set(d, 0x1p990));
  const V<D> down = hn::IfThenElse(large, hn::Set(d, 0x1p-30), hn::Set(d, 1.0));
  const V<D> up = hn::IfThenElse(large, hn::Set(d, 0x1p30), hn::Set(d, 1.0));
  const V<D> y = hn::Mul(x, down);
  const V<D> t = hn::Mul(y, hn::Set(d, 0x1p27 + 1));
  const V<D> hi = hn::Sub(t, hn::Sub(t, y));
  return {hn::Mul(hi, up), hn::Mul(hn::Sub(y, hi), up)};
}
#endif

/// a * b exactly, when the product's low half does not underflow.
template <class D>
HWY_INLINE Dd<D> TwoProd(D d, V<D> a, V<D> b) {
  const V<D> product = hn::Mul(a, b);
#if HWY_NATIVE_FMA
  (void)d;
  return {product, hn::MulSub(a, b, product)};
#else
  const Dd<D> x = Split(d, a), y = Split(d, b);
  V<D> error = hn::Sub(hn::Mul(x.hi, y.hi), product);
  error = hn::Add(error, hn::Mul(x.hi, y.lo));
  error = hn::Add(error, hn::Mul(x.lo, y.hi));
  return {product, hn::Add(error, hn::Mul(x.lo, y.lo))};
#endif
}

template <class D>
HWY_INLINE Dd<D> Neg(D /*d*/, Dd<D> a) {
  return {hn::Neg(a.hi), hn::Neg(a.lo)};
}

/// a + b, relative error at most 2 u^2 even where they cancel.
template <class D>
HWY_INLINE Dd<D> Add(D d, Dd<D> a, V<D> b) {
  const Dd<D> sum = TwoSum(d, a.hi, b);
  return FastTwoSum(d, sum.hi, hn::Add(a.lo, sum.lo));
}

/// a + b, relative error at most 3 u^2 + 13 u^3 even where they cancel.
template <class D>
HWY_INLINE Dd<D> Add(D d, Dd<D> a, Dd<D> b) {
  const Dd<D> high = TwoSum(d, a.hi, b.hi);
  const Dd<D> low = TwoSum(d, a.lo, b.lo);
  const Dd<D> sum = FastTwoSum(d, high.hi, hn::Add(high.lo, low.hi));
  return FastTwoSum(d, sum.hi, hn::Add(low.lo, sum.lo));
}

template <class D>
HWY_INLINE Dd<D> Sub(D d, Dd<D> a, Dd<D> b) {
  return Add(d, a, Neg(d, b));
}

/// a * b, relative error at most 3 u^2.
template <class D>
HWY_INLINE Dd<D> Mul(D d, Dd<D> a, V<D> b) {
  const Dd<D> product = TwoProd(d, a.hi, b);
  return FastTwoSum(d, product.hi, hn::Add(hn::Mul(a.lo, b), product.lo));
}

/// a * b, relative error at most 7 u^2.
template <class D>
HWY_INLINE Dd<D> Mul(D d, Dd<D> a, Dd<D> b) {
  const Dd<D> product = TwoProd(d, a.hi, b.hi);
  const V<D> cross = hn::Add(hn::Mul(a.hi, b.lo), hn::Mul(a.lo, b.hi));
  return FastTwoSum(d, product.hi, hn::Add(product.lo, cross));
}

/// a / b, relative error at most 15 u^2.
template <class D>
HWY_INLINE Dd<D> Div(D d, Dd<D> a, Dd<D> b) {
  const V<D> quotient = hn::Div(a.hi, b.hi);
  const Dd<D> rest = Sub(d, a, Mul(d, b, quotient));
  return FastTwoSum(d, quotient, hn::Div(rest.hi, b.hi));
}

/// Exact when `power` is a power of two and nothing underflows.
template <class D>
HWY_INLINE Dd<D> Scale(D /*d*/, Dd<D> a, V<D> power) {
  return {hn::Mul(a.hi, power), hn::Mul(a.lo, power)};
}

template <class D, class M>
HWY_INLINE Dd<D> IfThenElse(D /*d*/, M mask, Dd<D> yes, Dd<D> no) {
  return {hn::IfThenElse(mask, yes.hi, no.hi),
          hn::IfThenElse(mask, yes.lo, no.lo)};
}

/// The sum of all lanes.
template <class D>
HWY_INLINE DoubleDouble SumOfLanes(D d, Dd<D> a) {
  HWY_ALIGN double hi[HWY_MAX_BYTES / sizeof(double)];
  HWY_ALIGN double lo[HWY_MAX_BYTES / sizeof(double)];
  hn::Store(a.hi, d, hi);
  hn::Store(a.lo, d, lo);
  const One one;
  Dd<One> sum = ToDd(one, DoubleDouble{hi[0], lo[0]});
  for (size_t i = 1; i < hn::Lanes(d); ++i) {
    sum = Add(one, sum, ToDd(one, DoubleDouble{hi[i], lo[i]}));
  }
  return FromLane(sum);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
