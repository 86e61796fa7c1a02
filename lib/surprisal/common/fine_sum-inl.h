// What decides the few places that the first stage left open in a row of many
// classes: numbers of their own in double-double, and sums of all exponentials, of
// which the best is good to 2^-57. That takes a thirtieth of the time that the
// exponentials of the full stage take (measured with AVX-512, 128256 classes).
//
// The bounds are derived in docs/rounding.md.

#if defined(SURPRISAL_COMMON_FINE_SUM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_FINE_SUM_INL_H_
#undef SURPRISAL_COMMON_FINE_SUM_INL_H_
#else
#define SURPRISAL_COMMON_FINE_SUM_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "hwy/highway.h"
#include "surprisal/common/first_row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// What a fine sum is off by, relatively.
inline constexpr double kFineSumError = 0x1.8p-57;

/// 1 + r + r^2 / 2 + r^3 Q(r) = e^r for |r| <= ln(2) / 2 + 2^-20: Q's coefficients,
/// from first_stage.sollya (sup norm 7.8e-20).
inline constexpr double kFineExp[] = {
    0x1.555555555555cp-3,  0x1.5555555555542p-5,  0x1.111111110ea07p-7,
    0x1.6c16c16c1f3a5p-10, 0x1.a01a01b43d5ebp-13, 0x1.a01a017909a11p-16,
    0x1.71ddee88cf263p-19, 0x1.27e53c62c0d36p-22, 0x1.af6e5636e47bap-26,
    0x1.1ee004182688ep-29};

/// e^(r + low) for such r and |low| at most 2^-55, off by 2^-57.2 relatively: only
/// what follows the square is in double arithmetic.
template <class D>
HWY_INLINE Dd<D> FineExpReduced(D d, V<D> r, V<D> low) {
  const V<D> half = hn::Set(d, 0.5);
  const Dd<D> square = TwoProd(d, r, r);
  const V<D> cube = hn::Mul(V<D>(square.hi), r);
  const V<D> square_low = hn::Mul(V<D>(square.lo), half);
  V<D> tail = hn::MulAdd(cube, Horner(d, kFineExp, r), square_low);
  const Dd<D> linear = FastTwoSum(d, hn::Set(d, 1.0), r);
  const Dd<D> sum =
      FastTwoSum(d, V<D>(linear.hi), hn::Mul(V<D>(square.hi), half));
  tail = hn::MulAdd(low, V<D>(sum.hi), tail);
  tail = hn::Add(tail, hn::Add(V<D>(linear.lo), V<D>(sum.lo)));
  return FastTwoSum(d, V<D>(sum.hi), tail);
}

/// f(x), off by 2^-57.2 relatively.
HWY_INLINE Dd<Doubles> FineExp(Doubles d, const RowExponential& f,
                               V<Doubles> x) {
  const V<Doubles> t = f.Raised(d, x);
  const V<Doubles> k = hn::Round(hn::Mul(t, hn::Set(d, kInverseLn2)));
  const V<Doubles> near = hn::Sub(t, hn::Mul(k, hn::Set(d, kLn2[0])));  // exact
  const V<Doubles> rest = hn::Mul(k, hn::Set(d, kLn2[1]));
  const V<Doubles> r = hn::Sub(near, rest);
  const V<Doubles> low = hn::Sub(hn::Sub(near, r), rest);
  return Scale(d, FineExpReduced(d, r, low),
               Pow2(d, hn::Sub(k, hn::Set(d, f.Down()))));
}

/// The sum of the exponentials of a row, e^(x - shift) 2^-down each.
struct SumOfExps {
  RowExponential exponential;
  DoubleDouble value;
  double error = 0.0;  ///< relatively
};

/// What the sum of quick exponentials is off by, for logits near 0; and for each unit
/// that they lie farther away.
inline constexpr double kQuickSumError = 75 * kUnit;
inline constexpr double kQuickSumErrorPerLogit = 0.3125 * kUnit;

/// The sum of a row's quick exponentials as it is. What lies below e^-104 of the
/// largest, next to the others, counts for nothing.
HWY_INLINE SumOfExps QuickSum(const FirstRow& row) {
  const double shift = row.exponential.shift;
  const double least = std::max(row.least, row.max - 104.0);
  const double farthest =
      std::max(std::abs(row.max - shift), std::abs(least - shift));
  return {row.exponential,
          {row.sum, 0.0},
          kQuickSumError + kQuickSumErrorPerLogit * farthest};
}

/// The same sum as the row's, to kFineSumError.
inline HWY_NOINLINE SumOfExps FineSum(InRow logits, const FirstRow& row) {
  const Doubles d;
  HWY_ALIGN double x[kFirstFold];
  TwoPart<Doubles> sum = {hn::Zero(d), hn::Zero(d)};
  for (size_t i = 0; i < logits.classes; i += kFirstFold) {
    const size_t count = std::min(kFirstFold, logits.classes - i);
    Widen(logits, i, count, x);
    std::fill(x + count, x + kFirstFold, -HUGE_VAL);
    for (size_t k = 0; k < count; k += hn::Lanes(d)) {
      const Dd<Doubles> e = FineExp(d, row.exponential, hn::Load(d, x + k));
      sum.Add(d, e.hi);
      sum.low = hn::Add(V<Doubles>(sum.low), V<Doubles>(e.lo));
    }
  }
  return {row.exponential, TotalInTwo(d, sum), kFineSumError};
}

/// More places than these are not worth their own exponentials or logarithms.
inline constexpr size_t kFewPlaces = 64;

/// Whether some places of a row are open, and not too many to be computed one by
/// one; none at all stands for the whole row.
HWY_INLINE bool AreFew(const Undecided& open) {
  return !open.Empty() && open.Places().size() <= kFewPlaces;
}

/// Rounds places of a row to the type of `to`, at(c) being an Approx<One>; returns
/// those that are still open, NaN among them: of -inf nothing is said here.
template <class At>
HWY_INLINE Undecided StorePlaces(const Undecided& open, OutRow to,
                                 const At& at) {
  Undecided left;
  for (const size_t c : open.Places()) {
    Rounder round(to.type);
    const double rounded = hn::GetLane(round(One(), c, at(c)));
    if (round.Open().Empty() && !std::isnan(rounded)) {
      to.Set(c, rounded);
    } else {
      left.Note(c);
    }
  }
  return left;
}

/// x - shift for the element at c.
HWY_INLINE Dd<One> ShiftedAt(const RowExponential& f, InRow logits, size_t c) {
  const One one;
  return TwoSum<One>(one, hn::Set(one, logits[c]), hn::Set(one, -f.shift));
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
