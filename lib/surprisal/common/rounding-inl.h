// From double-double to an element type, rounded once: and where the error bound
// leaves open which way, that is said, not guessed.

#if defined(SURPRISAL_COMMON_ROUNDING_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_ROUNDING_INL_H_
#undef SURPRISAL_COMMON_ROUNDING_INL_H_
#else
#define SURPRISAL_COMMON_ROUNDING_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "hwy/highway.h"
#include "surprisal/common/element.h"
#include "surprisal/common/elementary-inl.h"
#include "surprisal/common/undecided.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

using Doubles = hn::ScalableTag<double>;
inline constexpr size_t kMaxDoubles = HWY_MAX_BYTES / sizeof(double);

/// What a kernel knows of a real number: it lies between value + low and value +
/// high, times 2^exponent; the ends are far below the value, or it is 0.
template <class D>
struct Approx {
  Dd<D> value;
  Held<D> exponent;
  Held<D> low, high;
};

/// The relative error of everything computed in double-double from a few
/// operations. The steps' own bounds add up to less than 2^-94; what is left is
/// margin, paid for by one last resort in 2^60 results.
inline constexpr double kRelative = 0x1p-90;

/// x, off by at most `error` in the units of its value.
template <class D>
HWY_INLINE Approx<D> OffBy(D /*d*/, Scaled<D> x, V<D> error) {
  return {x.value, x.exponent, hn::Neg(error), error};
}

/// x, off by at most `relative` of it.
template <class D>
HWY_INLINE Approx<D> Within(D d, double relative, Scaled<D> x) {
  return OffBy<D>(d, x, hn::Mul(hn::Abs(x.value.hi), hn::Set(d, relative)));
}

/// hi + lo rounded to odd: truncated, with the last bit set when anything was
/// cut off. Rounding that to at most 51 bits gives what rounding hi + lo would
/// (Boldo & Melquiond 2008).
template <class D>
HWY_INLINE V<D> RoundToOdd(D d, Dd<D> x) {
  const hn::RebindToUnsigned<D> du;
  const auto one = hn::Set(du, uint64_t{1});
  const V<D> hi = x.hi, lo = x.lo;
  const auto bits = hn::BitCast(du, hi);
  const auto sign = hn::BitCast(du, hn::Xor(hi, lo));
  const auto opposite = hn::ShiftRight<63>(sign);  // 1 where lo pulls towards 0
  const auto odd = hn::Or(hn::Sub(bits, opposite), one);
  return hn::IfThenElse(hn::Eq(lo, hn::Zero(d)), hi, hn::BitCast(d, odd));
}

/// x rounded to the multiples of 2^-1074, for a result below 2^-1022. Adding
/// 2^52 of these units makes the sum's last place the unit; what that rounds
/// off and the low half, rounded to odd, are then added in one more rounding,
/// the only one that counts.
template <class D>
HWY_INLINE V<D> RoundSubnormal(D d, Scaled<D> x) {
  const V<D> most = hn::Set(d, 1000.0), least = hn::Set(d, -1022.0);
  V<D> k = hn::Sub(least, x.exponent);
  k = hn::IfThenElse(hn::Gt(k, most), most, k);
  k = hn::IfThenElse(hn::Lt(k, least), least, k);
  const V<D> hi = x.value.hi;
  const V<D> units = hn::CopySign(Pow2(d, k), hi);
  const Dd<D> sum = TwoSum(d, units, hi);
  const V<D> rest = RoundToOdd(d, TwoSum<D>(d, sum.lo, x.value.lo));
  const V<D> rounded = hn::Sub(hn::Add(sum.hi, rest), units);
  return LdExp(d, hn::CopySign(rounded, hi), x.exponent);  // keeps -0
}

/// x rounded to the nearest double.
template <class D>
HWY_INLINE V<D> RoundToDouble(D d, Scaled<D> x) {
  const V<D> nearest = LdExp(d, x.value.hi, x.exponent);
  const auto subnormal = hn::Lt(hn::Abs(nearest), hn::Set(d, 0x1p-1022));
  if (hn::AllFalse(d, subnormal)) return nearest;
  return hn::IfThenElse(subnormal, RoundSubnormal(d, x), nearest);
}

/// x rounded to the nearest value of a format narrower than double, ties to
/// even, as a double. Adding 1.5 * 2^52 units in the format's last place at x
/// leaves just the bits that the format has; |x| keeps its sign, NaN stays NaN.
template <class D>
HWY_INLINE V<D> RoundToFormat(D d, const FloatFormat& format, V<D> x) {
  const hn::RebindToUnsigned<D> du;
  const auto exponent_bits =
      hn::And(hn::BitCast(du, x), hn::Set(du, uint64_t{0x7FF} << 52));
  V<D> binade = hn::BitCast(d, exponent_bits);  // 2^floor(log2 |x|)
  const V<D> least = hn::Set(d, PowerOfTwo(format.min_exponent));
  const V<D> most = hn::Set(d, PowerOfTwo(format.max_exponent));
  binade = hn::IfThenElse(hn::Lt(binade, least), least, binade);
  binade = hn::IfThenElse(hn::Gt(binade, most), most, binade);
  const V<D> magic =
      hn::Mul(binade, hn::Set(d, 1.5 * PowerOfTwo(53 - format.precision)));
  V<D> rounded = hn::Sub(hn::Add(x, magic), magic);
  const auto over =
      hn::Gt(hn::Abs(rounded), hn::Set(d, format.largest));  // false for NaN
  rounded = hn::IfThenElse(over, hn::Set(d, HUGE_VAL), rounded);
  return hn::CopySign(rounded, x);
}

/// Rounds lanes of a row to one element type, and keeps account of those whose
/// error bound reaches over a rounding boundary.
class Rounder {
 public:
  HWY_INLINE explicit Rounder(ElementType type)
      : format_(FormatOf(type)), narrow_(type != ElementType::kFloat64) {}

  /// Lanes i, i + 1, ... as doubles that are values of the type.
  template <class D>
  HWY_INLINE V<D> operator()(D d, size_t i, const Approx<D>& x) {
    const V<D> low = RoundEnd(d, x, x.low);
    const V<D> high = RoundEnd(d, x, x.high);
    // Not Ne: NaN is decided
    NoteWhere(d, i, hn::Or(hn::Lt(low, high), hn::Gt(low, high)));
    // A wide bound may reach over 0, a sign does not change
    return hn::IfThenElse(hn::Eq(low, hn::Zero(d)),
                          hn::CopySign(low, V<D>(x.value.hi)), low);
  }

  HWY_INLINE const Undecided& Open() const { return open_; }
  /// Whether the type has fewer bits than a double.
  HWY_INLINE bool IsNarrow() const { return narrow_; }

 private:
  /// x + tail, rounded.
  template <class D>
  HWY_INLINE V<D> RoundEnd(D d, const Approx<D>& x, V<D> tail) const {
    const V<D> low = RoundToOdd(d, TwoSum<D>(d, x.value.lo, tail));
    const Dd<D> sum = TwoSum<D>(d, x.value.hi, low);
    if (!narrow_) return RoundToDouble(d, Scaled<D>{sum, x.exponent});
    return RoundToFormat(d, format_, LdExp(d, RoundToOdd(d, sum), x.exponent));
  }

  template <class D, class M>
  HWY_INLINE void NoteWhere(D d, size_t i, M open) {
    if (HWY_LIKELY(hn::AllFalse(d, open))) return;
    HWY_ALIGN double lanes[kMaxDoubles];
    hn::Store(hn::IfThenElseZero(open, hn::Set(d, 1.0)), d, lanes);
    for (size_t k = 0; k < hn::Lanes(d); ++k) {
      if (lanes[k] != 0.0) open_.Note(i + k);
    }
  }

  FloatFormat format_;
  bool narrow_;
  Undecided open_;
};

/// A row scalar before it is rounded: value * 2^exponent, off by at most error *
/// 2^exponent; or `special` (an infinity or NaN) if that is not 0. Of an infinite
/// error, nothing is known. Where `above`
/// is not 0, the number is more than the value, by about half of above *
/// 2^exponent and at most all of it.
struct WideValue {
  DoubleDouble value = {};
  double exponent = 0.0;
  double special = 0.0;
  double error = 0.0;
  double above = 0.0;
};

/// A number of which nothing is known.
HWY_INLINE WideValue Unknown() { return {{}, 0.0, 0.0, HUGE_VAL}; }

/// The same with what is above made part of the value.
HWY_INLINE WideValue Centred(WideValue x) {
  if (x.above == 0.0) return x;
  const One one;
  x.value = FromLane(Add(one, ToDd(one, x.value), hn::Set(one, x.above * 0.5)));
  x.error = std::max(x.error, x.above);
  x.above = 0.0;
  return x;
}

/// The value rounded to `type`; where its error leaves that open, what
/// last_resort() returns. Never -0.
template <class LastResort>
HWY_INLINE double RoundScalar(ElementType type, const WideValue& x,
                              const LastResort& last_resort) {
  if (x.special != 0.0) return x.special;
  if (x.error == HUGE_VAL) return last_resort() + 0.0;
  const One one;
  Rounder round(type);
  const bool apart = x.above != 0.0;
  const Approx<One> approx = {ToDd(one, x.value), hn::Set(one, x.exponent),
                              hn::Set(one, apart ? 0x1p-1074 : -x.error),
                              hn::Set(one, apart ? x.above : x.error)};
  const double result = hn::GetLane(round(one, 0, approx));
  return (round.Open().Empty() ? result : last_resort()) + 0.0;
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
