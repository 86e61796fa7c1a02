// e^x and ln x in double-double: the one place where the kernels' exponentials
// and logarithms come from. Relative error of every function here at most
// 2^-98 (of Exp, 2^-98 + |t| 2^-105: the last bit of t counts in full), by the
// bounds of double_double-inl.h and the series' remainders; measured, and the
// constants checked, against 100 digits in tests/double_double_test.cpp.

#if defined(SURPRISAL_COMMON_ELEMENTARY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_ELEMENTARY_INL_H_
#undef SURPRISAL_COMMON_ELEMENTARY_INL_H_
#else
#define SURPRISAL_COMMON_ELEMENTARY_INL_H_
#endif

#include "hwy/highway.h"
#include "surprisal/common/double_double-inl.h"
#include "surprisal/common/elementary_constants.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// value * 2^exponent with an integral exponent: results that would overflow or
/// lose bits below the smallest normal number keep all of them until rounded.
template <class D>
struct Scaled {
  Dd<D> value;
  Held<D> exponent;
};

/// 2^k for integral k in [-1022, 1023].
template <class D>
HWY_INLINE V<D> Pow2(D d, V<D> k) {
  const hn::RebindToUnsigned<D> du;
  // 2^52 + (k + 1023) holds k + 1023 in its lowest bits.
  const auto biased = hn::BitCast(du, hn::Add(k, hn::Set(d, 0x1p52 + 1023)));
  return hn::BitCast(d, hn::ShiftLeft<52>(biased));
}

/// x * 2^k for integral k, rounded at most once. |x| is 0 or in [2^-300,
/// 2^300]; beyond +-2040 every k acts alike (overflow, or 0).
template <class D>
HWY_INLINE V<D> LdExp(D d, V<D> x, V<D> k) {
  const V<D> limit = hn::Set(d, 2040.0);
  k = hn::IfThenElse(hn::Gt(k, limit), limit, k);
  k = hn::IfThenElse(hn::Lt(k, hn::Neg(limit)), hn::Neg(limit), k);
  const V<D> half = hn::Round(hn::Mul(k, hn::Set(d, 0.5)));
  return hn::Mul(hn::Mul(x, Pow2(d, half)), Pow2(d, hn::Sub(k, half)));
}

/// x = value * 2^exponent with |value| in [sqrt(1/2), sqrt(2)), for x that is
/// neither 0 nor infinite nor NaN; subnormal x included.
template <class D>
HWY_INLINE Scaled<D> Normalize(D d, V<D> x) {
  const hn::RebindToUnsigned<D> du;
  const auto small = hn::Lt(hn::Abs(x), hn::Set(d, 0x1p-1022));
  const V<D> y = hn::IfThenElse(small, hn::Mul(x, hn::Set(d, 0x1p64)), x);
  // Adding the distance from sqrt(1/2) to 1 carries into the exponent.
  const auto above_half_root =
      hn::Add(hn::BitCast(du, hn::Abs(y)), hn::Set(du, kOneMinusHalfRootBits));
  const auto biased = hn::ShiftRight<52>(above_half_root);
  const V<D> exponent =
      hn::Sub(hn::BitCast(d, hn::Or(biased, hn::Set(du, kTwoTo52Bits))),
              hn::Set(d, 0x1p52 + 1023));
  const auto bits =
      hn::Sub(hn::BitCast(du, y),
              hn::ShiftLeft<52>(hn::Sub(biased, hn::Set(du, uint64_t{1023}))));
  const V<D> shift = hn::IfThenElseZero(small, hn::Set(d, 64.0));
  return {ToDd(d, hn::BitCast(d, bits)), hn::Sub(exponent, shift)};
}

/// k ln 2 for integral |k| < 2^13; three doubles of ln 2, so that 2^-106 holds
/// relative to the product.
template <class D>
HWY_INLINE Dd<D> TimesLn2(D d, V<D> k) {
  const Dd<D> low = TwoProd(d, k, hn::Set(d, kLn2[1]));
  const Dd<D> sum =
      Add(d, ToDd(d, hn::Mul(k, hn::Set(d, kLn2[0]))),  // exact: 13 + 40 bits
          low);
  return Add(d, sum, hn::Mul(k, hn::Set(d, kLn2[2])));
}

/// e^r - 1 for |r| <= ln(2) / 2 (a little more does no harm), relative error at
/// most 2^-99. The series at r / 8, whose remainder after 15 terms is below
/// 2^-111, then three times e^(2s) - 1 = u (2 + u) with u = e^s - 1.
template <class D>
inline HWY_NOINLINE Dd<D> Expm1Reduced(D d, Dd<D> r) {
  const Dd<D> s = Scale(d, r, hn::Set(d, 0.125));
  // Terms from s^9 on are 2^-54 of the whole: plain doubles carry them
  V<D> tail = hn::Set(d, kInverseFactorial[15].hi);
  for (int n = 14; n >= 9; --n) {
    tail = hn::MulAdd(tail, s.hi, hn::Set(d, kInverseFactorial[n].hi));
  }
  // The others in double-double
  Dd<D> sum = ToDd(d, tail);
  for (int n = 8; n >= 1; --n) {
    sum = Add(d, Mul(d, sum, s), ToDd(d, kInverseFactorial[n]));
  }
  Dd<D> u = Mul(d, sum, s);
  for (int doubling = 0; doubling < 3; ++doubling) {
    u = Mul(d, u, Add(d, u, hn::Set(d, 2.0)));
  }
  return u;
}

/// t as k ln 2 + r with integral k. |t| at most 2^12.
template <class D>
HWY_INLINE Scaled<D> ReduceByLn2(D d, Dd<D> t) {
  const V<D> k = hn::Round(hn::Mul(t.hi, hn::Set(d, kInverseLn2)));
  return {Sub(d, t, TimesLn2(d, k)), k};
}

/// e^t = value * 2^exponent. t is clamped to [-3000, 3000]: whatever two doubles
/// the result is multiplied by, no double is left then.
template <class D>
HWY_INLINE Scaled<D> Exp(D d, Dd<D> t) {
  const V<D> limit = hn::Set(d, 3000.0);
  t = IfThenElse(d, hn::Gt(V<D>(t.hi), limit), ToDd(d, limit), t);
  t = IfThenElse(d, hn::Lt(t.hi, hn::Neg(limit)), ToDd(d, hn::Neg(limit)), t);
  const Scaled<D> reduced = ReduceByLn2(d, t);
  const Dd<D> u = Expm1Reduced(d, reduced.value);
  return {Add(d, u, hn::Set(d, 1.0)), reduced.exponent};
}

/// ln(1 + u) for u in [sqrt(1/2) - 1, sqrt(2) - 1], relative error at most
/// 2^-98 down to the smallest u whose halves are normal. A double-precision
/// start y (the series of 2 artanh(u / (2 + u))), then one step of ln(1 + u) =
/// y + ln(1 + delta), delta = (1 + u) e^-y - 1, of which two terms are enough:
/// |delta| is below 2^-45 |u|.
template <class D>
inline HWY_NOINLINE Dd<D> Log1pReduced(D d, Dd<D> u) {
  const V<D> s = hn::Div(u.hi, hn::Add(u.hi, hn::Set(d, 2.0)));
  const V<D> s2 = hn::Mul(s, s);
  V<D> series = hn::Set(d, 1.0 / 19);
  for (int n = 17; n >= 1; n -= 2) {
    series = hn::MulAdd(series, s2, hn::Set(d, 1.0 / n));
  }
  const V<D> y = hn::Mul(hn::Add(s, s), series);
  const Dd<D> e = Expm1Reduced(d, ToDd(d, hn::Neg(y)));
  const Dd<D> delta = Add(d, Add(d, u, e), Mul(d, u, e));
  const V<D> square = hn::Mul(delta.hi, hn::Mul(delta.hi, hn::Set(d, -0.5)));
  return Add(d, Add(d, delta, square), y);
}

/// ln(1 + u) for u > -1; relative error at most 2^-98, also for the tiniest u.
template <class D>
HWY_INLINE Dd<D> Log1p(D d, Dd<D> u) {
  const V<D> one = hn::Set(d, 1.0);
  const Dd<D> sum = Add(d, u, one);
  const Scaled<D> normal = Normalize(d, sum.hi);
  const V<D> k = normal.exponent;
  // (1 + u) 2^-k - 1, from u itself where k = 0: 1 + u may have lost its end
  const V<D> low = LdExp(d, sum.lo, hn::Neg(k));
  const Dd<D> scaled = Add(d, Dd<D>{normal.value.hi, low}, hn::Neg(one));
  const auto near_one = hn::Eq(k, hn::Zero(d));
  const Dd<D> rest = IfThenElse(d, near_one, u, scaled);
  const Dd<D> result = Add(d, Log1pReduced(d, rest), TimesLn2(d, k));
  // u - u^2 / 2 is exact enough below 2^-110, where products may underflow
  const auto tiny = hn::Lt(hn::Abs(u.hi), hn::Set(d, 0x1p-110));
  const V<D> square = hn::Mul(u.hi, hn::Mul(u.hi, hn::Set(d, -0.5)));
  return IfThenElse(d, tiny, Add(d, u, square), result);
}

/// ln x for x = value * 2^exponent > 0, value in [2^-300, 2^300].
template <class D>
HWY_INLINE Dd<D> Log(D d, Scaled<D> x) {
  const Scaled<D> normal = Normalize(d, x.value.hi);
  const V<D> low = LdExp(d, x.value.lo, hn::Neg(normal.exponent));
  const Dd<D> rest = Add(d, Dd<D>{normal.value.hi, low}, hn::Set(d, -1.0));
  return Add(d, Log1pReduced(d, rest),
             TimesLn2(d, hn::Add(normal.exponent, x.exponent)));
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
