// The first stage for a row of logits: exponentials, their sum and its logarithm
// in double arithmetic, each with the bound of its error. For rows of 32- and
// 16-bit types at temperature 1, without NaN and +inf; for all others, and for
// what its bounds leave open, there is row-inl.h.
//
// The bounds are derived in docs/rounding.md.

#if defined(SURPRISAL_COMMON_FIRST_ROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_FIRST_ROW_INL_H_
#undef SURPRISAL_COMMON_FIRST_ROW_INL_H_
#else
#define SURPRISAL_COMMON_FIRST_ROW_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "hwy/highway.h"
#include "surprisal/common/first_stage-inl.h"
#include "surprisal/common/row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// The bounds in units of u = 2^-53: of exponentials, relatively; of their sum;
/// of a sum without the largest, of the whole sum and of what is left; of
/// products of an exponential with a factor that the sum divides.
inline constexpr double kUnit = 0x1p-53;
inline constexpr double kFirstExpError = 3 * kUnit;
inline constexpr double kFirstSumError = 6 * kUnit;
inline constexpr double kFirstDifferenceError = 10 * kUnit;
inline constexpr double kFirstOthersError = 8 * kUnit;
inline constexpr double kFirstProbError = 14 * kUnit;

/// Exponentials further below the maximum are not told apart: beside it they
/// vanish from every sum, and as results of 32 bits they are 0.
inline constexpr double kFirstDepth = 700.0;

/// Up to this size logits are exponentiated as they are; x - max could be
/// inexact. Beyond it, it is exact for all that count (Sterbenz).
inline constexpr double kFirstShiftFrom = 208.0;

/// What shifted logits below half the maximum, whose differences from it are
/// inexact, may do to a sum of nothing else.
inline constexpr double kFirstShiftedError = 0x1p-42;

/// In longer rows the low parts of the sums would be off by too much.
inline constexpr size_t kFirstMostClasses = size_t{1} << 24;

// One lookup in a vector of eight doubles saves five steps of the polynomial.
#undef SURPRISAL_EIGHTHS
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
#define SURPRISAL_EIGHTHS 1
#else
#define SURPRISAL_EIGHTHS 0
#endif

#if SURPRISAL_EIGHTHS
/// The bits of 2^(i/8), less i in the place where the shifted index arrives.
HWY_ALIGN inline constexpr uint64_t kEighths[8] = {
    0x3FF0000000000000ULL,
    0x3FF172B83C7D517BULL - (1ULL << 49),
    0x3FF306FE0A31B715ULL - (2ULL << 49),
    0x3FF4BFDAD5362A27ULL - (3ULL << 49),
    0x3FF6A09E667F3BCDULL - (4ULL << 49),
    0x3FF8ACE5422AA0DBULL - (5ULL << 49),
    0x3FFAE89F995AD3ADULL - (6ULL << 49),
    0x3FFD5818DCFBA487ULL - (7ULL << 49)};

/// 1 + r + r^2 Q(r) = e^r for |r| <= ln(2) / 16 + 2^-20, from first_stage.sollya
/// (sup norm 3.0e-18).
inline constexpr double kFirstExpEighth[] = {
    0x1.0000000000115p-1, 0x1.55555555552dbp-3,  0x1.55555547d2c76p-5,
    0x1.1111111ca8717p-7, 0x1.6c1cc7cad062fp-10, 0x1.a019420364437p-13};
#endif

/// e^(x - shift) 2^-down as a function of x, for one row.
struct RowExponential {
  double shift = 0.0;
  double lowest = 0.0;     ///< smaller x - shift are raised to it
  uint64_t down_bits = 0;  ///< `down` in the place of the exponent

  template <bool kClamp>
  HWY_INLINE V<Doubles> At(Doubles d, V<Doubles> x) const {
    using D = Doubles;
    const hn::RebindToUnsigned<D> du;
    constexpr double kSteps = SURPRISAL_EIGHTHS ? 8.0 : 1.0;
    const V<D> magic = hn::Set(d, 0x1.8p52);
    x = hn::Sub(x, hn::Set(d, shift));
    // A comparison, not Max: NaN must go through on every target
    const V<D> floor = hn::Set(d, lowest);
    if (kClamp) x = hn::IfThenElse(hn::Lt(x, floor), floor, x);
    const V<D> t = hn::MulAdd(x, hn::Set(d, kSteps * kInverseLn2), magic);
    const V<D> k = hn::Sub(t, magic);
    V<D> r = hn::NegMulAdd(k, hn::Set(d, kLn2[0] / kSteps), x);  // exact
    r = hn::NegMulAdd(k, hn::Set(d, kLn2[1] / kSteps), r);
#if SURPRISAL_EIGHTHS
    const auto eighths =
        hn::Sub(hn::Load(du, kEighths), hn::Set(du, down_bits));
    const auto index = hn::IndicesFromVec(
        d, hn::And(hn::BitCast(du, t), hn::Set(du, uint64_t{7})));
    const auto scale_bits = hn::Add(
        hn::BitCast(du, hn::TableLookupLanes(hn::BitCast(d, eighths), index)),
        hn::ShiftLeft<49>(hn::BitCast(du, t)));
    V<D> q = hn::Set(d, kFirstExpEighth[5]);
    for (int n = 4; n >= 0; --n) {
      q = hn::MulAdd(q, r, hn::Set(d, kFirstExpEighth[n]));
    }
    q = hn::MulAdd(hn::Mul(r, r), q, r);
#else
    const auto scale_bits =
        hn::Add(hn::Set(du, 0x3FF0000000000000ULL - down_bits),
                hn::ShiftLeft<52>(hn::BitCast(du, t)));
    const V<D> q = FirstExpm1Reduced(d, r);
#endif
    const V<D> scale = hn::BitCast(d, scale_bits);
    return hn::MulAdd(scale, q, scale);
  }
};

/// The least and the largest of a row; what they are where it holds NaN is not
/// said.
struct Extremes {
  double least;
  double largest;
};

template <class T>
HWY_INLINE Extremes FindExtremes(const T* x, size_t count) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  auto low0 = hn::Set(d, static_cast<T>(HUGE_VAL)), high0 = hn::Neg(low0);
  auto low1 = low0, high1 = high0;
  size_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    const auto v0 = hn::LoadU(d, x + i), v1 = hn::LoadU(d, x + i + lanes);
    low0 = hn::Min(low0, v0);
    high0 = hn::Max(high0, v0);
    low1 = hn::Min(low1, v1);
    high1 = hn::Max(high1, v1);
  }
  HWY_ALIGN T least[HWY_MAX_BYTES / sizeof(T)];
  HWY_ALIGN T largest[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(hn::Min(low0, low1), d, least);
  hn::Store(hn::Max(high0, high1), d, largest);
  Extremes result = {least[0], largest[0]};
  const auto take = [&](double low, double high) {
    result.least = low < result.least ? low : result.least;
    result.largest = high > result.largest ? high : result.largest;
  };
  for (size_t k = 1; k < lanes; ++k) take(least[k], largest[k]);
  for (; i < count; ++i) take(x[i], x[i]);
  return result;
}

/// A sum of doubles, kept in high and low parts.
template <class D>
struct TwoPart {
  Held<D> high, low;

  HWY_INLINE void Add(D d, V<D> x) {
    const Dd<D> sum = TwoSum<D>(d, high, x);
    high = sum.hi;
    low = hn::Add(low, sum.lo);
  }
};

/// Adds RowExponential(x[i]) for all i; keeps them in `exps` if that is wanted.
/// Behind the end follow up to four vectors of nearly nothing.
template <bool kKeep, bool kClamp, class T>
inline HWY_NOINLINE double SumFirstExps(const T* x, size_t count,
                                        const RowExponential& exponential,
                                        double* exps) {
  const Doubles d;
  const size_t lanes = hn::Lanes(d);
  const RowExponential f = exponential;
  TwoPart<Doubles> sum = {hn::Zero(d), hn::Zero(d)};
  const auto at = [&](auto clamp, const T* from, size_t to) HWY_ATTR {
    const V<Doubles> e = f.At<clamp()>(d, LoadDoubles(d, from));
    if (kKeep) hn::Store(e, d, exps + to);
    return e;
  };
  const auto block = [&](auto clamp, const T* from, size_t to) HWY_ATTR {
    const V<Doubles> e0 = at(clamp, from, to);
    const V<Doubles> e1 = at(clamp, from + lanes, to + lanes);
    const V<Doubles> e2 = at(clamp, from + 2 * lanes, to + 2 * lanes);
    const V<Doubles> e3 = at(clamp, from + 3 * lanes, to + 3 * lanes);
    sum.Add(d, hn::Add(hn::Add(e0, e1), hn::Add(e2, e3)));
  };
  size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    block(std::bool_constant<kClamp>(), x + i, i);
  }
  if (i < count) {
    HWY_ALIGN T last[4 * kMaxDoubles];
    std::fill(std::copy(x + i, x + count, last), last + 4 * lanes,
              static_cast<T>(-HUGE_VAL));
    block(std::true_type(), last, i);
  }
  const DoubleDouble high = SumOfLanes(d, ToDd<Doubles>(d, sum.high));
  return high.hi + (high.lo + SumOfLanes(d, ToDd<Doubles>(d, sum.low)).hi);
}

/// A row as the first stage knows it.
struct FirstRow {
  bool known = false;    ///< else nothing below says anything
  bool shifted = false;  ///< by a maximum far from 0
  double max = 0.0;
  double at_max = 0.0;           ///< the exponential of the largest logit
  double sum = 0.0;              ///< of all exponentials
  const double* exps = nullptr;  ///< where they were kept
  double others = 0.0;           ///< the sum without one largest logit
  double others_error = 0.0;     ///< what that is off by, absolutely
};

template <bool kKeep, class T>
HWY_INLINE double SumFirstExps(const T* x, size_t count, bool clamp,
                               const RowExponential& f, double* exps) {
  return clamp ? SumFirstExps<kKeep, true>(x, count, f, exps)
               : SumFirstExps<kKeep, false>(x, count, f, exps);
}

/// The sum without `place`, of few units of error whatever that leaves.
inline HWY_NOINLINE double SumWithout(double* exps, size_t padded,
                                      size_t place) {
  const Doubles d;
  const double kept = exps[place];
  exps[place] = 0.0;
  TwoPart<Doubles> sum = {hn::Zero(d), hn::Zero(d)};
  for (size_t i = 0; i < padded; i += hn::Lanes(d)) {
    sum.Add(d, hn::Load(d, exps + i));
  }
  exps[place] = kept;
  const DoubleDouble high = SumOfLanes(d, ToDd<Doubles>(d, sum.high));
  return high.hi + (high.lo + SumOfLanes(d, ToDd<Doubles>(d, sum.low)).hi);
}

/// The power of two that brings e^max near 1, and the shift.
HWY_INLINE RowExponential ExponentialOf(double max) {
  RowExponential f;
  f.shift = std::abs(max) < kFirstShiftFrom ? 0.0 : max;
  const double down = std::round((max - f.shift) * kInverseLn2);
  f.down_bits = static_cast<uint64_t>(static_cast<int64_t>(down)) << 52;
  f.lowest = max - f.shift - kFirstDepth;
  return f;
}

/// Whether the largest logit should be taken out of the sum before the others
/// are added, not after: it would leave less than 1/16.
template <class T>
HWY_INLINE void FindOthers(const T* x, size_t count, bool clamp, bool kept,
                           const RowExponential& f, double* exps,
                           FirstRow& row) {
  row.others = row.sum - row.at_max;
  row.others_error = row.sum * kFirstDifferenceError;
  if (row.others >= row.sum * 0x1p-4) return;
  if (!kept) SumFirstExps<true>(x, count, clamp, f, exps);
  const auto place =
      static_cast<size_t>(std::find(x, x + count, static_cast<T>(row.max)) - x);
  const size_t padded = hwy::RoundUpTo(count, 4 * hn::Lanes(Doubles()));
  row.others = SumWithout(exps, padded, place);
  // A row of one logit, or of one and others that are next to nothing
  const double relative =
      kFirstOthersError + (row.shifted ? kFirstShiftedError : 0.0);
  row.others_error = row.others < 0x1p-900 ? HUGE_VAL : row.others * relative;
}

template <bool kKeep, class T>
HWY_INLINE FirstRow LoadFirstRowAs(const T* x, size_t count, bool want_others) {
  FirstRow row;
  if (count > kFirstMostClasses) return row;
  const Extremes extremes = FindExtremes(x, count);
  if (!std::isfinite(extremes.largest)) return row;
  row.max = extremes.largest;
  const RowExponential f = ExponentialOf(row.max);
  row.shifted = f.shift != 0.0;
  const bool clamp = extremes.least - f.shift < f.lowest;
  double* exps = nullptr;
  if (kKeep || want_others) {
    exps = Scratch(Slot::kFirstExps,
                   hwy::RoundUpTo(count, 4 * hn::Lanes(Doubles())));
  }
  row.sum = SumFirstExps<kKeep>(x, count, clamp, f, exps);
  if (!(row.sum < HUGE_VAL)) return row;  // NaN somewhere
  const Doubles d;
  row.at_max = hn::GetLane(f.At<false>(d, hn::Set(d, row.max)));
  row.exps = exps;
  row.known = true;
  if (want_others) FindOthers(x, count, clamp, kKeep, f, exps, row);
  return row;
}

/// The first stage of a row of values of a 32- or 16-bit type, in memory of any
/// type; `known` is false where it has nothing to say. With
/// kKeep the exponentials of all logits are kept.
template <bool kKeep>
HWY_INLINE FirstRow LoadFirstRow(InRow logits, bool want_others) {
  if (logits.type == ElementType::kFloat32 && logits.stride == 1) {
    return LoadFirstRowAs<kKeep>(static_cast<const float*>(logits.data),
                                 logits.classes, want_others);
  }
  if (logits.type == ElementType::kFloat64 && logits.stride == 1) {
    return LoadFirstRowAs<kKeep>(static_cast<const double*>(logits.data),
                                 logits.classes, want_others);
  }
  double* x = Scratch(Slot::kShiftedHi, logits.classes);
  Widen(logits, 0, logits.classes, x);
  return LoadFirstRowAs<kKeep>(x, logits.classes, want_others);
}

/// The logits as doubles, up to a whole vector: where the first stage has widened
/// them, or does so now.
HWY_INLINE const double* PaddedRow(InRow logits) {
  double* x = Scratch(Slot::kShiftedHi,
                      hwy::RoundUpTo(logits.classes, hn::Lanes(Doubles())));
  LoadRow(logits, 0.0, x);
  return x;
}

/// ln(sum / at_max) = ln(1 + others / at_max), off by at most `error`.
struct FirstLogSum {
  double value;
  double error;
};

HWY_INLINE FirstLogSum LogSumOf(const FirstRow& row) {
  const One one;
  const double rest = row.others / row.at_max;
  const double log = hn::GetLane(FirstLog1p(one, hn::Set(one, rest)));
  return {log,
          row.others_error / row.at_max * (1 + 0x1p-40) + log * 16 * kUnit};
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
