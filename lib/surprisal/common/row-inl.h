// One row of logits, shifted by its maximum and exponentiated in double-double:
// what softmax, log-softmax, log-sum-exp, the losses and the entropies share.

#if defined(SURPRISAL_COMMON_ROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_ROW_INL_H_
#undef SURPRISAL_COMMON_ROW_INL_H_
#else
#define SURPRISAL_COMMON_ROW_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <vector>

#include "hwy/highway.h"
#include "surprisal/common/elements-inl.h"
#include "surprisal/common/rows.h"
#include "surprisal/common/scratch.h"
#include "surprisal/common/stages.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// Exponentials are kept times 2^500: their sums without the largest term, and
/// quotients by them, then stay clear of the subnormal numbers.
inline constexpr double kUp = 500.0;

/// A row as doubles in scratch memory, `padded` to whole vectors.
struct DoubleRow {
  size_t classes = 0;
  size_t padded = 0;
  double* hi = nullptr;
  double* lo = nullptr;

  template <class D>
  HWY_INLINE Dd<D> At(D d, size_t i) const {
    return {hn::Load(d, hi + i), hn::Load(d, lo + i)};
  }
  template <class D>
  HWY_INLINE void Put(D d, size_t i, Dd<D> x) const {
    hn::Store(x.hi, d, hi + i);
    hn::Store(x.lo, d, lo + i);
  }
};

/// Room for a row in two scratch slots.
HWY_INLINE DoubleRow NewRow(size_t classes, Slot hi, Slot lo) {
  const size_t padded = hwy::RoundUpTo(classes, hn::Lanes(Doubles()));
  return {classes, padded, Scratch(hi, padded), Scratch(lo, padded)};
}

/// A row as doubles in `to`, padded to whole vectors with `pad`.
HWY_INLINE void LoadRow(InRow from, double pad, double* to) {
  Widen(from, 0, from.classes, to);
  std::fill(to + from.classes,
            to + hwy::RoundUpTo(from.classes, hn::Lanes(Doubles())), pad);
}

/// A row of any stride as doubles in a scratch slot, padded with `pad`.
HWY_INLINE double* LoadPlain(InRow from, double pad, Slot slot) {
  const size_t padded = hwy::RoundUpTo(from.classes, hn::Lanes(Doubles()));
  double* to = Scratch(slot, padded);
  LoadRow(from, pad, to);
  return to;
}

/// An element that does not go with the others of its row: at the label, or at
/// the maximum, where a difference is taken in another form.
struct Apart {
  size_t place = ~size_t{0};
  WideValue value = {};
};

/// fn(c) for the `open` places or, without any, for the whole row.
template <class Fn>
HWY_INLINE void ForOpen(size_t classes, const Undecided& open, const Fn& fn) {
  if (open.Empty()) {
    for (size_t c = 0; c < classes; ++c) fn(c);
  } else {
    for (const size_t c : open.Places()) fn(c);
  }
}

/// Where the vectors of doubles begin that hold open places: each once, for what
/// is left open in one is looked at for every time it is computed.
HWY_INLINE std::vector<size_t> OpenVectors(const Undecided& open) {
  const size_t lanes = hn::Lanes(Doubles());
  std::vector<size_t> begins;
  for (const size_t c : open.Places()) begins.push_back(c / lanes * lanes);
  std::sort(begins.begin(), begins.end());
  begins.erase(std::unique(begins.begin(), begins.end()), begins.end());
  return begins;
}

/// rounded[c] = lanes_of(d, c, round), whole vectors of doubles at a time, for
/// the `open` places or, without any, for the whole row.
template <class Fn>
HWY_INLINE void ComputeRow(size_t classes, const Undecided& open,
                           const Fn& lanes_of, Rounder& round,
                           double* rounded) {
  const Doubles d;
  Stages().full += open.Empty() ? classes : open.Places().size();
  const auto compute = [&](size_t i) HWY_ATTR {
    hn::Store(lanes_of(d, i, round), d, rounded + i);
  };
  if (open.Empty()) {
    for (size_t i = 0; i < classes; i += hn::Lanes(d)) compute(i);
  } else {
    for (const size_t i : OpenVectors(open)) compute(i);
  }
}

/// Stores the `open` places of a rounded row, or without any all of it.
HWY_INLINE void StoreOpen(const double* rounded, const Undecided& open,
                          OutRow to) {
  if (open.Empty()) return Narrow(rounded, 0, to.classes, to);
  for (const size_t c : open.Places()) to.Set(c, rounded[c]);
}

/// to[c] = lanes_of(d, c, round), or last_resort(c) where `round` could not
/// decide: for all of the row, or for the places that an earlier stage left
/// open. Nothing is written before all of it is known: `to` may lie over what it
/// is computed from.
template <class Fn, class LastResort>
HWY_INLINE void StoreRow(OutRow to, const Fn& lanes_of,
                         const LastResort& last_resort, const Apart& apart = {},
                         const Undecided& open = {}) {
  Rounder round(to.type);
  double* rounded =
      Scratch(Slot::kRounded, hwy::RoundUpTo(to.classes, hn::Lanes(Doubles())));
  ComputeRow(to.classes, open, lanes_of, round, rounded);
  const auto is_wanted = [&](size_t c) {
    return c < to.classes && (open.Empty() || open.Has(c));
  };
  for (const size_t c : round.Open().Places()) {
    if (is_wanted(c) && c != apart.place) rounded[c] = last_resort(c);
  }
  if (is_wanted(apart.place)) {
    rounded[apart.place] = RoundScalar(
        to.type, apart.value, [&] { return last_resort(apart.place); });
  }
  StoreOpen(rounded, open, to);
}

/// The same by the last resort alone.
template <class LastResort>
HWY_INLINE void StoreByLastResort(OutRow to, const LastResort& last_resort,
                                  const Undecided& open) {
  double* rounded = Scratch(Slot::kRounded, to.classes);
  ForOpen(to.classes, open, [&](size_t c) { rounded[c] = last_resort(c); });
  StoreOpen(rounded, open, to);
}

HWY_INLINE void FillRow(OutRow to, double value) {
  for (size_t c = 0; c < to.classes; ++c) to.Set(c, value);
}

enum class RowKind {
  kRegular,   ///< a finite maximum
  kNaN,       ///< some logit is NaN
  kInfinite,  ///< some logit is +inf, none is NaN
  kEmpty,     ///< every logit is -inf
};

struct Maximum {
  RowKind kind = RowKind::kEmpty;
  double value = -HUGE_VAL;
  double magnitude = 0.0;  ///< the largest |finite logit|
};

/// Never hn::Max: with a NaN its result differs between targets.
HWY_INLINE Maximum FindMaximum(const double* x, size_t padded) {
  const Doubles d;
  V<Doubles> max = hn::Set(d, -HUGE_VAL), magnitude = hn::Zero(d);
  auto nan = hn::Eq(max, magnitude);  // false in every lane
  for (size_t i = 0; i < padded; i += hn::Lanes(d)) {
    const V<Doubles> v = hn::Load(d, x + i);
    nan = hn::Or(nan, hn::IsNaN(v));
    max = hn::IfThenElse(hn::Gt(v, max), v, max);
    const V<Doubles> size = hn::IfThenElseZero(hn::IsFinite(v), hn::Abs(v));
    magnitude = hn::IfThenElse(hn::Gt(size, magnitude), size, magnitude);
  }
  Maximum result;
  HWY_ALIGN double lanes[kMaxDoubles];
  hn::Store(magnitude, d, lanes);
  result.magnitude = *std::max_element(lanes, lanes + hn::Lanes(d));
  hn::Store(max, d, lanes);
  result.value = *std::max_element(lanes, lanes + hn::Lanes(d));
  if (!hn::AllFalse(d, nan)) {
    result.kind = RowKind::kNaN;
  } else if (result.value == HUGE_VAL) {
    result.kind = RowKind::kInfinite;
  } else if (result.value != -HUGE_VAL) {
    result.kind = RowKind::kRegular;
  }
  return result;
}

/// Numbers are scaled so that the largest of a row is about 1. Where others than
/// 0 are then smaller than the first, they might have lost bits, and are off by
/// the last; class weights are left to the last resort. Products of them with
/// exponentials are not told apart below the second.
inline constexpr double kLeastScaled = 0x1p-400, kLeastProduct = 0x1p-800;
inline constexpr double kScaledError = 0x1p-1070;

/// value * 2^-exponent; never 0 where the value is not.
HWY_INLINE double ScaledDown(double value, double exponent) {
  const double scaled = std::ldexp(value, -static_cast<int>(exponent));
  const bool lost = scaled == 0.0 && value != 0.0;
  return lost ? std::copysign(0x1p-1074, value) : scaled;
}

/// Whether all of the scaled numbers are 0 or not too small to be exact.
HWY_INLINE bool KeepBits(const double* scaled, size_t count) {
  return std::all_of(scaled, scaled + count, [](double x) {
    return x == 0.0 || std::abs(x) >= kLeastScaled;
  });
}

/// 2^-500 x; the smallest subnormal where that underflows.
HWY_INLINE DoubleDouble Unscaled(DoubleDouble x) {
  const double hi = x.hi * 0x1p-500;
  if (hi == 0.0 && x.hi > 0.0) return {0x1p-1074, 0.0};
  return {hi, x.lo * 0x1p-500};
}

/// A row of logits and, if it is regular, its exponentials.
struct ExpRow {
  RowKind kind = RowKind::kEmpty;
  double max = 0.0;
  size_t arg_max = 0;           ///< the first of the largest logits
  DoubleRow shifted;            ///< t = (logit - max) / temperature, at most 0
  DoubleRow exps;               ///< 2^500 e^t, or a stand-in (see ScaledExp)
  double relative = kRelative;  ///< the error of exponentials and their sums
  bool beyond = false;          ///< some t is -inf though its logit is not
  DoubleDouble sum;             ///< sum of e^t, at least 1
  DoubleDouble others;          ///< 2^500 times that sum without arg_max
  double others_relative = kRelative;  ///< its error and that of log_sum
  DoubleDouble log_sum;  ///< 2^500 ln(sum): exact in the sense of 2^-97 down to
                         ///< the smallest subnormal

  /// ln(sum), unscaled; above 0 unless it is 0, though it underflow.
  HWY_INLINE DoubleDouble LogSum() const { return Unscaled(log_sum); }
};

/// t = (x - max) / temperature. Differences of doubles are exact in
/// double-double; near overflow x is scaled down first. Returns whether a finite
/// x has an infinite t all the same.
HWY_INLINE bool ShiftRow(const Maximum& max, double temperature,
                         const DoubleRow& row) {
  const Doubles d;
  const One one;
  const Scaled<One> divisor = Normalize(one, hn::Set(one, temperature));
  const double down = max.magnitude > 0x1p1000 ? 0x1p-4 : 1.0;
  const double mantissa = temperature == 1.0 ? 1.0 : FromLane(divisor.value.hi);
  const double exponent =
      (temperature == 1.0 ? 0.0 : -FromLane(divisor.exponent)) +
      (down == 1.0 ? 0.0 : 4.0);
  const double half = std::round(exponent / 2);
  const V<Doubles> scale1 = Pow2(d, hn::Set(d, half));
  const V<Doubles> scale2 = Pow2(d, hn::Set(d, exponent - half));
  const V<Doubles> shift = hn::Set(d, max.value * down);
  const V<Doubles> factor = hn::Set(d, down), infinity = hn::Set(d, -HUGE_VAL);
  auto beyond = hn::Lt(factor, hn::Zero(d));  // false in every lane
  for (size_t i = 0; i < row.padded; i += hn::Lanes(d)) {
    const V<Doubles> x = hn::Load(d, row.hi + i);
    const auto finite = hn::IsFinite(x);
    const V<Doubles> y = hn::IfThenElse(finite, hn::Mul(x, factor), shift);
    Dd<Doubles> t = TwoSum(d, y, hn::Neg(shift));
    if (mantissa != 1.0) t = Div(d, t, ToDd(d, hn::Set(d, mantissa)));
    if (exponent != 0.0) t = Scale(d, Scale(d, t, scale1), scale2);
    beyond = hn::Or(beyond, hn::AndNot(hn::IsFinite(V<Doubles>(t.hi)), finite));
    t.hi = hn::IfThenElse(finite, t.hi, infinity);
    const V<Doubles> lo = t.lo;
    t.lo = hn::IfThenElseZero(hn::IsFinite(V<Doubles>(t.hi)), lo);
    row.Put(d, i, t);
  }
  return !hn::AllFalse(d, beyond);
}

/// Exponentials below 2^-1400 are not resolved: 2^-900 or a little more stands in
/// for 2^500 times each.
inline constexpr double kLowestExponent = -1400.0, kStandIn = 0x1p-899;

/// 2^500 e^t, at least 2^-900 where t is finite: whatever underflows every
/// subnormal double still counts as more than nothing, so that a sum whose
/// first term is a tie is rounded to the right side.
template <class D>
HWY_INLINE Dd<D> ScaledExp(D d, Dd<D> t) {
  const Scaled<D> e = Exp(d, t);
  const V<D> lowest = hn::Set(d, kLowestExponent);
  const V<D> k = hn::IfThenElse(hn::Lt(e.exponent, lowest), lowest, e.exponent);
  const Dd<D> scaled = Scale(d, e.value, Pow2(d, hn::Add(k, hn::Set(d, kUp))));
  const auto masked = hn::Eq(t.hi, hn::Set(d, -HUGE_VAL));
  return IfThenElse(d, masked, ToDd(d, hn::Zero(d)), scaled);
}

HWY_INLINE DoubleDouble SumRow(const DoubleRow& row) {
  const Doubles d;
  Dd<Doubles> sum = ToDd(d, hn::Zero(d));
  for (size_t i = 0; i < row.padded; i += hn::Lanes(d)) {
    sum = Add(d, sum, row.At(d, i));
  }
  return SumOfLanes(d, sum);
}

/// 2^500 ln(1 + others): from `others` itself where it is small.
HWY_INLINE DoubleDouble ScaledLogSum(DoubleDouble others) {
  if (others.hi < 0x1p390) return others;  // ln(1 + r) = r to 2^-111
  const One one;
  const Dd<One> r = Scale(one, ToDd(one, others), hn::Set(one, 0x1p-500));
  return FromLane(Scale(one, Log1p(one, r), hn::Set(one, 0x1p500)));
}

/// Every addition of a sum is off by less than 2^-104.
HWY_INLINE double RelativeErrorOfSum(size_t terms) {
  return kRelative + static_cast<double>(terms) * 0x1p-103;
}

/// The same for `others`, of which stand-ins may be a part, or all.
HWY_INLINE double RelativeErrorOfOthers(const ExpRow& row) {
  if (row.others.hi == 0.0) return row.relative;
  const double stand_ins =
      static_cast<double>(row.exps.classes) * kStandIn / row.others.hi;
  return row.relative + stand_ins;
}

/// Loads a row of logits; exponentiates it if it is regular.
HWY_INLINE ExpRow LoadExpRow(InRow logits, double temperature = 1.0) {
  ExpRow row;
  row.shifted = NewRow(logits.classes, Slot::kShiftedHi, Slot::kShiftedLo);
  LoadRow(logits, -HUGE_VAL, row.shifted.hi);
  const Maximum max = FindMaximum(row.shifted.hi, row.shifted.padded);
  row.kind = max.kind;
  row.max = max.value;
  if (row.kind != RowKind::kRegular) return row;
  row.arg_max = static_cast<size_t>(
      std::find(row.shifted.hi, row.shifted.hi + logits.classes, max.value) -
      row.shifted.hi);
  row.beyond = ShiftRow(max, temperature, row.shifted);

  // Exponentiate, and add up all but the largest
  row.exps = NewRow(logits.classes, Slot::kExpHi, Slot::kExpLo);
  const Doubles d;
  for (size_t i = 0; i < row.exps.padded; i += hn::Lanes(d)) {
    row.exps.Put(d, i, ScaledExp(d, row.shifted.At(d, i)));
  }
  row.exps.hi[row.arg_max] = 0.0;
  row.others = SumRow(row.exps);
  row.exps.hi[row.arg_max] = 0x1p500;

  const One one;
  const Dd<One> others =
      Scale(one, ToDd(one, row.others), hn::Set(one, 0x1p-500));
  row.sum = FromLane(Add(one, others, hn::Set(one, 1.0)));
  row.log_sum = ScaledLogSum(row.others);
  row.relative = RelativeErrorOfSum(logits.classes);
  row.others_relative = RelativeErrorOfOthers(row);
  return row;
}

/// a / b for row scalars.
HWY_INLINE DoubleDouble Quotient(DoubleDouble a, DoubleDouble b) {
  const One one;
  return FromLane(Div(one, ToDd(one, a), ToDd(one, b)));
}
HWY_INLINE DoubleDouble Product(DoubleDouble a, DoubleDouble b) {
  const One one;
  return FromLane(Mul(one, ToDd(one, a), ToDd(one, b)));
}
HWY_INLINE DoubleDouble Sum(DoubleDouble a, DoubleDouble b) {
  const One one;
  return FromLane(Add(one, ToDd(one, a), ToDd(one, b)));
}

/// e^t in a regular row as value times 2^exponent, for products with numbers of
/// any size: the value is between 2^-450 and 2, or 0, and e^t itself also where
/// `exps` holds a stand-in (see ScaledExp).
template <class D>
HWY_INLINE Scaled<D> ExpAt(D d, const ExpRow& row, size_t i) {
  const V<D> zero = hn::Zero(d);
  const Dd<D> t = row.shifted.At(d, i);
  const Dd<D> near = Scale(d, row.exps.At(d, i), hn::Set(d, 0x1p-500));
  const auto far = hn::And(hn::Lt(t.hi, hn::Set(d, -300.0)),
                           hn::Gt(V<D>(t.hi), hn::Set(d, -HUGE_VAL)));
  if (hn::AllFalse(d, far)) return {near, zero};
  const Scaled<D> e = Exp(d, t);
  return {IfThenElse(d, far, e.value, near),
          hn::IfThenElse(far, e.exponent, zero)};
}

/// The softmax of a regular row.
HWY_INLINE Approx<Doubles> ProbsAt(Doubles d, const ExpRow& row,
                                   DoubleDouble inverse_sum, size_t i) {
  const Dd<Doubles> e = row.exps.At(d, i);
  const Dd<Doubles> p = Mul(d, e, ToDd(d, inverse_sum));
  const auto stands_in = hn::Le(e.hi, hn::Set(d, kStandIn));
  const V<Doubles> error =
      hn::IfThenElse(stands_in, p.hi, hn::Mul(p.hi, hn::Set(d, row.relative)));
  return OffBy<Doubles>(d, {p, hn::Set(d, -kUp)}, error);
}
HWY_INLINE DoubleDouble InverseSum(const ExpRow& row) {
  return Quotient({1.0, 0.0}, row.sum);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
