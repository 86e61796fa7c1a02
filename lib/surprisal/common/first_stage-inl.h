// The first stage: e^x and ln x in double arithmetic, good to a few units in its
// last place, with an error bound that says when that is enough. For arguments
// that are values of a 32- or 16-bit type.
//
// The polynomials and the bounds of their approximation errors come from
// first_stage.sollya; that the rounding errors stay within kFirst is derived in
// docs/rounding.md and, for the straight lines, proved by first_stage.gappa.

#if defined(SURPRISAL_COMMON_FIRST_STAGE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_FIRST_STAGE_INL_H_
#undef SURPRISAL_COMMON_FIRST_STAGE_INL_H_
#else
#define SURPRISAL_COMMON_FIRST_STAGE_INL_H_
#endif

#include "hwy/highway.h"
#include "surprisal/common/rounding-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// The relative error of every estimate here that is not said to be unknown.
inline constexpr double kFirst = 0x1p-48;

/// A real number, off by at most `error`; an error of +inf says that nothing is
/// known.
template <class D>
struct Estimate {
  Held<D> value;
  Held<D> error;
};

/// Nothing below the first and above the second is trusted: there products lose
/// bits, or overflow.
inline constexpr double kLeastTrusted = 0x1p-900, kMostTrusted = 0x1p900;

/// `value`, off by kFirst relatively; nothing is known of NaN.
template <class D>
HWY_INLINE Estimate<D> EstimateOf(D d, V<D> value) {
  const V<D> size = hn::Abs(value);
  const auto trusted = hn::And(hn::Ge(size, hn::Set(d, kLeastTrusted)),
                               hn::Le(size, hn::Set(d, kMostTrusted)));
  return {value, hn::IfThenElse(trusted, hn::Mul(size, hn::Set(d, kFirst)),
                                hn::Set(d, HUGE_VAL))};
}

/// The same where `known`.
template <class D, class M>
HWY_INLINE Estimate<D> EstimateWhere(D d, M known, V<D> value) {
  return EstimateOf(d, hn::IfThenElse(known, value, hn::Set(d, NAN)));
}

/// Where two vectors hold the same number: +0 and -0 are not the same, for
/// between them the sign is not known, and NaN says nothing.
template <class D>
HWY_INLINE hn::Mask<D> SameNumber(D d, V<D> a, V<D> b) {
  const hn::RebindToUnsigned<D> du;
  const auto same_bits = hn::Eq(hn::BitCast(du, a), hn::BitCast(du, b));
  return hn::And(hn::Eq(a, b), hn::RebindMask(d, same_bits));
}

/// Ziv's test: whether both ends of every lane round to the same value of the
/// format, which then is `rounded`.
template <class D>
HWY_INLINE bool RoundEstimate(D d, const FloatFormat& format,
                              const Estimate<D>& x, V<D>& rounded) {
  rounded = RoundToFormat(d, format, hn::Sub(x.value, x.error));
  const V<D> high = RoundToFormat(d, format, hn::Add(x.value, x.error));
  return hn::AllTrue(d, SameNumber(d, rounded, high));
}

/// Relative to 1 + r + r^2 Q(r) = e^r: coefficients of Q, from first_stage.sollya
/// (sup norm 4.1e-18).
inline constexpr double kFirstExp[] = {
    0x1.000000000000bp-1,  0x1.5555555555511p-3,  0x1.55555555502a1p-5,
    0x1.1111111122323p-7,  0x1.6c16c1852b7d4p-10, 0x1.a01a014761726p-13,
    0x1.a01997c891553p-16, 0x1.71dee62554efbp-19, 0x1.28af3fdcc3a26p-22,
    0x1.ade154754fb1cp-26};

/// Four vectors that take every step together: one chain of dependent steps fills
/// no pipeline, and the next ones are too far behind it to be seen in time
/// (measured on Zen 5: a quarter less time for exponentials).
template <class D>
struct Four {
  Held<D> v0, v1, v2, v3;
};

/// f of one vector each, or four times that.
template <class D, class F, class... More>
HWY_INLINE V<D> Each(D /*d*/, const F& f, V<D> x, More... more) {
  return f(x, more...);
}
template <class D, class F, class... More>
HWY_INLINE Four<D> Each(D /*d*/, const F& f, const Four<D>& x,
                        const More&... more) {
  return {f(V<D>(x.v0), V<D>(more.v0)...), f(V<D>(x.v1), V<D>(more.v1)...),
          f(V<D>(x.v2), V<D>(more.v2)...), f(V<D>(x.v3), V<D>(more.v3)...)};
}

/// sum of coefficients[n] r^n, the shortest way: for X a vector or four.
template <class D, class X, size_t kCount>
HWY_INLINE X Horner(D d, const double (&coefficients)[kCount], const X& r) {
  const auto last = [&](V<D> /*x*/) HWY_ATTR {
    return hn::Set(d, coefficients[kCount - 1]);
  };
  X p = Each(d, last, r);
  for (size_t n = kCount - 1; n-- > 0;) {
    const V<D> c = hn::Set(d, coefficients[n]);
    const auto add = [&](V<D> q, V<D> x)
                         HWY_ATTR { return hn::MulAdd(q, x, c); };
    p = Each(d, add, p, r);
  }
  return p;
}

/// The same by pairs: half as long a chain.
template <class D, class X, size_t kCount>
HWY_INLINE X ByPairs(D d, const double (&coefficients)[kCount], const X& r,
                     const X& r2) {
  const auto pair = [&](size_t n) HWY_ATTR {
    const V<D> c0 = hn::Set(d, coefficients[n]);
    const bool alone = n + 1 == kCount;
    const V<D> c1 = hn::Set(d, alone ? 0.0 : coefficients[n + 1]);
    return Each(
        d, [&](V<D> x) HWY_ATTR { return alone ? c0 : hn::MulAdd(x, c1, c0); },
        r);
  };
  const auto add = [](V<D> square, V<D> q, V<D> low)
                       HWY_ATTR { return hn::MulAdd(square, q, low); };
  constexpr size_t kLast = (kCount - 1) / 2 * 2;
  X q = pair(kLast);
  for (size_t n = kLast; n > 0; n -= 2) {
    q = Each(d, add, r2, q, pair(n - 2));
  }
  return q;
}

/// r + r^2 Q(r), for the coefficients of Q.
template <class D, class X, size_t kCount>
HWY_INLINE X Expm1ByPairs(D d, const double (&coefficients)[kCount],
                          const X& r) {
  const X r2 = Each(
      d, [](V<D> x) HWY_ATTR { return hn::Mul(x, x); }, r);
  const X q = ByPairs(d, coefficients, r, r2);
  const auto add = [](V<D> square, V<D> q_of_r, V<D> x)
                       HWY_ATTR { return hn::MulAdd(square, q_of_r, x); };
  return Each(d, add, r2, q, r);
}

/// e^r - 1 for |r| <= ln(2) / 2 + 2^-20.
template <class D, class X>
HWY_INLINE X FirstExpm1Reduced(D d, const X& r) {
  return Expm1ByPairs(d, kFirstExp, r);
}

/// e^x for |x| <= 700.
template <class D>
HWY_INLINE V<D> FirstExp(D d, V<D> x) {
  const V<D> k = hn::Round(hn::Mul(x, hn::Set(d, kInverseLn2)));
  const V<D> near = hn::Sub(x, hn::Mul(k, hn::Set(d, kLn2[0])));  // exact
  const V<D> r = hn::Sub(near, hn::Mul(k, hn::Set(d, kLn2[1])));
  const V<D> y = hn::Add(FirstExpm1Reduced(d, r), hn::Set(d, 1.0));
  return hn::Mul(y, Pow2(d, k));
}

/// x, or the nearest end of [-600, 600]. Beyond those e^x is 0 or infinite in
/// every type of 32 bits, also times any upstream gradient but 0 and infinity,
/// and beside 1 it is nothing. NaN stays.
template <class D>
HWY_INLINE V<D> InReach(D d, V<D> x) {
  const V<D> most = hn::Set(d, 600.0), least = hn::Set(d, -600.0);
  x = hn::IfThenElse(hn::Gt(x, most), most, x);
  return hn::IfThenElse(hn::Lt(x, least), least, x);
}

/// Where FirstExp may be asked.
template <class D>
HWY_INLINE hn::Mask<D> FirstExpKnown(D d, V<D> x) {
  return hn::Le(hn::Abs(x), hn::Set(d, 700.0));
}

/// e^x - 1, to the same relative error.
template <class D>
HWY_INLINE V<D> FirstExpm1(D d, V<D> x) {
  const auto small = hn::Lt(hn::Abs(x), hn::Set(d, 0.34));
  const V<D> direct = FirstExpm1Reduced(d, hn::IfThenElseZero(small, x));
  const V<D> difference = hn::Sub(FirstExp(d, x), hn::Set(d, 1.0));
  return hn::IfThenElse(small, direct, difference);
}

/// ln((1 + s) / (1 - s)) = s (2 + s^2 P(s^2)) for |s| <= 0.1716: P's
/// coefficients, from first_stage.sollya (sup norm 1.3e-18).
inline constexpr double kFirstLog[] = {
    0x1.5555555555594p-1, 0x1.999999997f6f8p-2, 0x1.249249424137p-2,
    0x1.c71c51d01b16cp-3, 0x1.74664992e5124p-3, 0x1.39a0bb5f6a2bp-3,
    0x1.2f0edc758f45ap-3};

/// k ln 2 + ln(1 + f) for f in [sqrt(1/2) - 1, sqrt(2) - 1].
template <class D>
HWY_INLINE V<D> FirstLogReduced(D d, V<D> f, V<D> k) {
  const V<D> two = hn::Set(d, 2.0);
  const V<D> s = hn::Div(f, hn::Add(f, two));
  const V<D> s2 = hn::Mul(s, s);
  V<D> p = hn::Set(d, kFirstLog[6]);
  for (int n = 5; n >= 0; --n) p = hn::MulAdd(p, s2, hn::Set(d, kFirstLog[n]));
  const V<D> series = hn::Mul(s, hn::MulAdd(s2, p, two));
  const V<D> low = hn::MulAdd(k, hn::Set(d, kLn2[1]), series);
  return hn::MulAdd(k, hn::Set(d, kLn2[0]), low);
}

/// ln x for positive normal x.
template <class D>
HWY_INLINE V<D> FirstLog(D d, V<D> x) {
  const Scaled<D> normal = Normalize(d, x);
  const V<D> f = hn::Sub(normal.value.hi, hn::Set(d, 1.0));
  return FirstLogReduced<D>(d, f, normal.exponent);
}

/// ln(1 + u) for u > -1, to the same relative error.
template <class D>
HWY_INLINE V<D> FirstLog1p(D d, V<D> u) {
  const V<D> one = hn::Set(d, 1.0);
  const Dd<D> sum = TwoSum(d, one, u);
  const Scaled<D> normal = Normalize<D>(d, sum.hi);
  const V<D> k = normal.exponent;
  const V<D> low = hn::Mul(sum.lo, Pow2(d, hn::Neg(k)));
  const V<D> scaled = hn::Add(hn::Sub(normal.value.hi, one), low);
  const V<D> f = hn::IfThenElse(hn::Eq(k, hn::Zero(d)), u, scaled);
  return FirstLogReduced(d, f, k);
}

/// e^-|x|
template <class D>
HWY_INLINE V<D> FirstTail(D d, V<D> x) {
  return FirstExp(d, InReach(d, hn::Neg(hn::Abs(x))));
}

/// 1 / (1 + e^-x): both tails keep their bits.
template <class D>
HWY_INLINE V<D> FirstSigmoid(D d, V<D> x) {
  const V<D> one = hn::Set(d, 1.0);
  const V<D> e = FirstTail(d, x);
  const V<D> top = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
  return hn::Div(top, hn::Add(one, e));
}

/// ln(1 + e^x)
template <class D>
HWY_INLINE V<D> FirstSoftplus(D d, V<D> x) {
  const V<D> log = FirstLog1p(d, FirstTail(d, x));
  return hn::Add(hn::ZeroIfNegative(x), log);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
