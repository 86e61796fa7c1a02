// The exponentials of a row's logits in double arithmetic, three kinds of them: to a
// few units in the last place, quickly and coarsely. The polynomials come from
// first_stage.sollya; the bounds are derived in docs/rounding.md, and for the straight
// lines proved by first_stage.gappa.

#if defined(SURPRISAL_COMMON_ROW_EXPONENTIAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_ROW_EXPONENTIAL_INL_H_
#undef SURPRISAL_COMMON_ROW_EXPONENTIAL_INL_H_
#else
#define SURPRISAL_COMMON_ROW_EXPONENTIAL_INL_H_
#endif

#include <cmath>

#include "hwy/highway.h"
#include "surprisal/common/first_stage-inl.h"
#include "surprisal/common/row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// Exponentials further below the maximum are not told apart: beside it they
/// vanish from every sum, and as results of 32 bits they are 0.
inline constexpr double kFirstDepth = 700.0;

/// Up to this size logits are exponentiated as they are; x - max could be
/// inexact. Beyond it, it is exact for all that count (Sterbenz).
inline constexpr double kFirstShiftFrom = 208.0;

// One lookup in sixteen doubles saves five steps of the polynomial.
#undef SURPRISAL_SIXTEENTHS
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
#define SURPRISAL_SIXTEENTHS 1
#else
#define SURPRISAL_SIXTEENTHS 0
#endif

#if SURPRISAL_SIXTEENTHS
/// The bits of 2^(i/16), less i in the place where the shifted index arrives.
HWY_ALIGN inline constexpr uint64_t kSixteenths[16] = {
    0x3FF0000000000000ULL,
    0x3FF0B5586CF9890FULL - (1ULL << 48),
    0x3FF172B83C7D517BULL - (2ULL << 48),
    0x3FF2387A6E756238ULL - (3ULL << 48),
    0x3FF306FE0A31B715ULL - (4ULL << 48),
    0x3FF3DEA64C123422ULL - (5ULL << 48),
    0x3FF4BFDAD5362A27ULL - (6ULL << 48),
    0x3FF5AB07DD485429ULL - (7ULL << 48),
    0x3FF6A09E667F3BCDULL - (8ULL << 48),
    0x3FF7A11473EB0187ULL - (9ULL << 48),
    0x3FF8ACE5422AA0DBULL - (10ULL << 48),
    0x3FF9C49182A3F090ULL - (11ULL << 48),
    0x3FFAE89F995AD3ADULL - (12ULL << 48),
    0x3FFC199BDD85529CULL - (13ULL << 48),
    0x3FFD5818DCFBA487ULL - (14ULL << 48),
    0x3FFEA4AFA2A490DAULL - (15ULL << 48)};

/// 1 + r + r^2 Q(r) = e^r for |r| <= ln(2) / 32 + 2^-20, from first_stage.sollya
/// (sup norm 1.2e-17).
inline constexpr double kFirstExpSixteenth[] = {
    0x1.fffffffffff7dp-2, 0x1.555555548b9a5p-3, 0x1.5555555bc1b31p-5,
    0x1.11123cf68a2e6p-7, 0x1.6c12dbf84800cp-10};

/// e^r for the same, quickly (sup norm 4.5e-15).
inline constexpr double kQuickExpSixteenth[] = {
    0x1.0000000000014p0,  0x1.fffffffffff58p-1, 0x1.fffffffd0d1dep-2,
    0x1.5555555a240c8p-3, 0x1.555761d18409cp-5, 0x1.110fe2addc3fep-7};

/// ... and coarsely (sup norm 1.2e-9).
inline constexpr double kCoarseExpSixteenth[] = {
    0x1.fffffff626a5ap-1, 0x1.0000000ad5e21p0, 0x1.00029003d6779p-1,
    0x1.555348828678p-3};
#else
/// e^r for |r| <= ln(2) / 2 + 2^-20, quickly, from first_stage.sollya (sup norm
/// 2.5e-16).
inline constexpr double kQuickExp[] = {0x1p0,
                                       0x1.000000000001dp0,
                                       0x1.ffffffffffedap-2,
                                       0x1.555555554bc17p-3,
                                       0x1.5555555581ba9p-5,
                                       0x1.1111112d47c3bp-7,
                                       0x1.6c16c0e9e931p-10,
                                       0x1.a0197a5362f3cp-13,
                                       0x1.a01b17b8eac7cp-16,
                                       0x1.72f980d48f993p-19,
                                       0x1.2767b740a7be2p-22};

/// ... and coarsely (sup norm 1.9e-9).
inline constexpr double kCoarseExp[] = {
    0x1.000000026153fp0,  0x1.0000009c02755p0,  0x1.fffffaaf4da17p-2,
    0x1.55540a7cb7a0dp-3, 0x1.55589a450771dp-5, 0x1.126d0c7ece46dp-7,
    0x1.6ab9805eedf22p-10};
#endif

/// e^(x - shift) 2^-down as a function of x, for one row.
struct RowExponential {
  double shift = 0.0;
  double lowest = 0.0;     ///< smaller x - shift are raised to it
  uint64_t down_bits = 0;  ///< `down` in the place of the exponent

  HWY_INLINE double Down() const {
    return static_cast<double>(static_cast<int64_t>(down_bits) >> 52);
  }

  /// x - shift, or the lowest. A comparison, not Max: NaN must go through on every
  /// target.
  template <class X>
  HWY_INLINE X Raised(Doubles d, const X& x) const {
    const V<Doubles> from = hn::Set(d, shift), floor = hn::Set(d, lowest);
    const auto raise = [&](V<Doubles> v) HWY_ATTR {
      const V<Doubles> t = hn::Sub(v, from);
      return hn::IfThenElse(hn::Lt(t, floor), floor, t);
    };
    return Each(d, raise, x);
  }

  /// For a vector or four. What is not kFar needs no shift and is not too low.
  template <bool kFar, class X>
  HWY_INLINE X At(Doubles d, const X& x) const {
    return AtNear(d, Near<kFar>(d, x));
  }

  /// The same as far as quotients by a sum of these are off by less than
  /// kQuickProbError.
  template <bool kFar, class X>
  HWY_INLINE X QuickAt(Doubles d, const X& x) const {
    return QuickAtNear(d, Near<kFar>(d, x));
  }

  /// Adds that to `sums`, coarsely: each term is off by less than kCoarseSumError.
  template <bool kFar, class X>
  HWY_INLINE X AddCoarse(Doubles d, const X& x, const X& sums) const {
    return AddCoarseNear(d, Near<kFar>(d, x), sums);
  }

 private:
  static constexpr double kSteps = SURPRISAL_SIXTEENTHS ? 16.0 : 1.0;

  template <bool kFar, class X>
  HWY_INLINE X Near(Doubles d, const X& x) const {
    if constexpr (kFar) {
      return Raised(d, x);
    } else {
      return x;
    }
  }

  static constexpr double kMagic = 0x1.8p52;

  /// kSteps x / ln 2 to the nearest integer, in the lowest bits.
  template <class X>
  HWY_INLINE X Nearest(Doubles d, const X& x) const {
    const auto nearest = [&](V<Doubles> v) HWY_ATTR {
      return hn::MulAdd(v, hn::Set(d, kSteps * kInverseLn2),
                        hn::Set(d, kMagic));
    };
    return Each(d, nearest, x);
  }

  /// x - t `part`, for what Nearest() said and a part of ln(2) / kSteps.
  template <class X>
  HWY_INLINE X Reduced(Doubles d, const X& t, double part, const X& x) const {
    const auto reduce = [&](V<Doubles> n, V<Doubles> v) HWY_ATTR {
      const V<Doubles> k = hn::Sub(n, hn::Set(d, kMagic));
      return hn::NegMulAdd(k, hn::Set(d, part), v);
    };
    return Each(d, reduce, t, x);
  }

  /// x less its multiple of ln(2) / kSteps.
  template <class X>
  HWY_INLINE X ReducedTwice(Doubles d, const X& t, const X& x) const {
    const X near = Reduced(d, t, kLn2[0] / kSteps, x);  // exact
    return Reduced(d, t, kLn2[1] / kSteps, near);
  }

  /// The same but for 2^-55 of the multiple, if the product is not rounded.
  template <class X>
  HWY_INLINE X ReducedOnce(Doubles d, const X& t, const X& x) const {
    return Reduced(d, t, (kLn2[0] + kLn2[1]) / kSteps, x);
  }

  template <class X>
  HWY_INLINE X AtNear(Doubles d, const X& x) const {
    const X t = Nearest(d, x);
    const X r = ReducedTwice(d, t, x);
    const X scale = Scale(d, t);
    const auto times = [](V<Doubles> s, V<Doubles> q)
                           HWY_ATTR { return hn::MulAdd(s, q, s); };
#if SURPRISAL_SIXTEENTHS
    return Each(d, times, scale, Expm1ByPairs(d, kFirstExpSixteenth, r));
#else
    return Each(d, times, scale, FirstExpm1Reduced(d, r));
#endif
  }

  template <class X>
  HWY_INLINE X QuickAtNear(Doubles d, const X& x) const {
    const X t = Nearest(d, x);
#if HWY_NATIVE_FMA
    const X r = ReducedOnce(d, t, x);
#else
    const X r = ReducedTwice(d, t, x);
#endif
    const auto times = [](V<Doubles> s, V<Doubles> power)
                           HWY_ATTR { return hn::Mul(s, power); };
#if SURPRISAL_SIXTEENTHS
    return Each(d, times, Scale(d, t), Horner(d, kQuickExpSixteenth, r));
#else
    return Each(d, times, Scale(d, t), Horner(d, kQuickExp, r));
#endif
  }

  template <class X>
  HWY_INLINE X AddCoarseNear(Doubles d, const X& x, const X& sums) const {
    const X t = Nearest(d, x);
    const X r = ReducedOnce(d, t, x);
#if SURPRISAL_SIXTEENTHS
    const X e = Horner(d, kCoarseExpSixteenth, r);
#else
    const X e = Horner(d, kCoarseExp, r);
#endif
    const auto add = [](V<Doubles> s, V<Doubles> power, V<Doubles> sum)
                         HWY_ATTR { return hn::MulAdd(s, power, sum); };
    return Each(d, add, Scale(d, t), e, sums);
  }

  /// 2^(t / kSteps - down), with t in the lowest bits.
  template <class X>
  HWY_INLINE X Scale(Doubles d, const X& t) const {
    const hn::RebindToUnsigned<Doubles> du;
#if SURPRISAL_SIXTEENTHS
    const auto down = hn::Set(du, down_bits);
    const auto low = hn::BitCast(d, hn::Sub(hn::Load(du, kSixteenths), down));
    const auto high =
        hn::BitCast(d, hn::Sub(hn::Load(du, kSixteenths + 8), down));
    const auto power = [&](V<Doubles> v) HWY_ATTR {
      const auto bits = hn::BitCast(du, v);
      // By its lowest bits alone; to take off the others, as TableLookupLanes
      // wants it, costs a twentieth of a row
      const V<Doubles> sixteenth = {
          _mm512_permutex2var_pd(low.raw, bits.raw, high.raw)};
      return hn::BitCast(
          d, hn::Add(hn::BitCast(du, sixteenth), hn::ShiftLeft<48>(bits)));
    };
#else
    const auto one = hn::Set(du, 0x3FF0000000000000ULL - down_bits);
    const auto power = [&](V<Doubles> v) HWY_ATTR {
      const auto shifted = hn::ShiftLeft<52>(hn::BitCast(du, v));
      return hn::BitCast(d, hn::Add(one, shifted));
    };
#endif
    return Each(d, power, t);
  }
};

/// The power of two that brings e^max near 1, and the shift.
HWY_INLINE RowExponential ExponentialOf(double max) {
  RowExponential f;
  f.shift = std::abs(max) < kFirstShiftFrom ? 0.0 : max;
  const One one;
  const V<One> exponent = hn::Set(one, (max - f.shift) * kInverseLn2);
  const double down = FromLane(hn::Round(exponent));
  f.down_bits = static_cast<uint64_t>(static_cast<int64_t>(down)) << 52;
  f.lowest = max - f.shift - kFirstDepth;
  return f;
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
