// From double-double to the element type, rounded once; and vectors of doubles
// from and to rows of any element type.

#if defined(SURPRISAL_COMMON_ROUNDING_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_ROUNDING_INL_H_
#undef SURPRISAL_COMMON_ROUNDING_INL_H_
#else
#define SURPRISAL_COMMON_ROUNDING_INL_H_
#endif

#include <cmath>
#include <type_traits>

#include "hwy/highway.h"
#include "surprisal/common/elementary-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

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
  const V<D> hi = x.value.hi;
  const V<D> most = hn::Set(d, 1000.0), least = hn::Set(d, -1022.0);
  V<D> k = hn::Sub(least, x.exponent);
  k = hn::IfThenElse(hn::Gt(k, most), most, k);
  k = hn::IfThenElse(hn::Lt(k, least), least, k);
  const V<D> units = hn::CopySign(Pow2(d, k), hi);
  const Dd<D> sum = TwoSum(d, units, hi);
  const V<D> rest = RoundToOdd(d, TwoSum(d, sum.lo, x.value.lo));
  const V<D> rounded = hn::Sub(hn::Add(sum.hi, rest), units);
  return LdExp(d, hn::CopySign(rounded, hi), x.exponent);  // keeps -0
}

/// The doubles that StoreRounded<T> turns into the values of T nearest to x.
/// Special values may be blended in between the two.
template <class T, class D>
HWY_INLINE V<D> BeforeRounding(D d, Scaled<D> x) {
  if constexpr (std::is_same_v<T, double>) {
    const V<D> nearest = LdExp(d, x.value.hi, x.exponent);
    const auto subnormal = hn::Lt(hn::Abs(nearest), hn::Set(d, 0x1p-1022));
    if (hn::AllFalse(d, subnormal)) return nearest;
    return hn::IfThenElse(subnormal, RoundSubnormal(d, x), nearest);
  } else {
    return LdExp(d, RoundToOdd(d, x.value), x.exponent);
  }
}

template <class D>
HWY_INLINE V<D> LoadDoubles(D d, const double* from) {
  return hn::LoadU(d, from);
}
template <class D>
HWY_INLINE V<D> LoadDoubles(D d, const float* from) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, D>(), from));
}

template <class D>
HWY_INLINE void StoreRounded(D d, V<D> x, double* to) {
  hn::StoreU(x, d, to);
}
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
/// Highway's emulated DemoteTo saturates at FLT_MAX where IEEE 754 rounds to
/// infinity, and below that threshold gives what a cast gives.
template <class D>
HWY_INLINE void StoreRounded(D d, V<D> x, float* to) {
  constexpr double kRoundsToInfinity = 0x1.ffffffp127;
  HWY_ALIGN double lanes[HWY_MAX_BYTES / sizeof(double)];
  hn::Store(x, d, lanes);
  for (size_t i = 0; i < hn::Lanes(d); ++i) {
    to[i] = std::abs(lanes[i]) >= kRoundsToInfinity
                ? (lanes[i] > 0 ? HUGE_VALF : -HUGE_VALF)
                : static_cast<float>(lanes[i]);
  }
}
#else
template <class D>
HWY_INLINE void StoreRounded(D d, V<D> x, float* to) {
  const hn::Rebind<float, D> df;
  hn::StoreU(hn::DemoteTo(df, x), df, to);
}
#endif

/// x rounded to T, for scalars.
template <class T>
HWY_INLINE T RoundScalar(DoubleDouble x, double exponent) {
  const One one;
  const Scaled<One> scaled = {ToDd(one, x), hn::Set(one, exponent)};
  T result;
  StoreRounded(one, BeforeRounding<T>(one, scaled), &result);
  return result;
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
