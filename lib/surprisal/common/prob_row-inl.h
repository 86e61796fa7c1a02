// Rows of probabilities, and sums of their terms.

#if defined(SURPRISAL_COMMON_PROB_ROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_PROB_ROW_INL_H_
#undef SURPRISAL_COMMON_PROB_ROW_INL_H_
#else
#define SURPRISAL_COMMON_PROB_ROW_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "hwy/highway.h"
#include "surprisal/common/first_sums-inl.h"
#include "surprisal/common/upstream-inl.h"
#include "surprisal/common/wide_sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// Probabilities as multiples of 2^exponent.
struct ProbRow {
  size_t padded = 0;
  const double* values = nullptr;
  double exponent = 0.0;
};

/// Scales probabilities so that their products with logarithms keep all their
/// bits: up by 2^500, or down by 2^600 when they are huge.
HWY_INLINE ProbRow LoadProbs(InRow probs, Slot slot) {
  double* values = LoadPlain(probs, 0.0, slot);
  double largest = 0.0;
  for (size_t c = 0; c < probs.classes; ++c) {
    largest = std::max(largest, values[c]);  // NaN is passed over
  }
  ProbRow row;
  row.padded = hwy::RoundUpTo(probs.classes, hn::Lanes(Doubles()));
  row.values = values;
  row.exponent = largest > 0x1p400 ? 600.0 : -kUp;
  const double factor = largest > 0x1p400 ? 0x1p-600 : 0x1p500;
  for (size_t c = 0; c < probs.classes; ++c) values[c] *= factor;
  return row;
}

/// 600 if some finite log-probability is beyond 2^400 in size, else 0.
HWY_INLINE double DownExponent(const double* log_probs, size_t padded) {
  return FindMaximum(log_probs, padded).magnitude > 0x1p400 ? 600.0 : 0.0;
}

/// One term of a sum over classes: `limit` where that is not 0 (an infinity or
/// NaN), nothing where it does not count. Off by at most kRelative of `size`.
template <class D>
struct Term {
  Dd<D> value;
  HeldMask<D> counts;
  Held<D> limit;
  Held<D> size;
};

/// Adds the terms of a row: 2^exponent times their sum, or its limit.
template <class Fn>
HWY_INLINE WideValue SumTerms(size_t padded, double exponent,
                              const Fn& term_at) {
  const Doubles d;
  const V<Doubles> zero = hn::Zero(d);
  Dd<Doubles> sum = ToDd(d, zero);
  V<Doubles> limits = zero, sizes = zero;
  for (size_t i = 0; i < padded; i += hn::Lanes(d)) {
    const Term<Doubles> term = term_at(d, i);
    const V<Doubles> size = term.size;
    const auto counts = hn::And(term.counts, hn::Eq(term.limit, zero));
    sum = Add(d, sum, IfThenElse(d, counts, term.value, ToDd(d, zero)));
    sizes = hn::Add(sizes, hn::IfThenElseZero(counts, size));
    limits = hn::Add(limits, term.limit);
  }
  HWY_ALIGN double lanes[kMaxDoubles];
  hn::Store(limits, d, lanes);
  double limit = 0.0;
  for (size_t k = 0; k < hn::Lanes(d); ++k) limit += lanes[k];
  const double size = SumOfLanes(d, ToDd(d, sizes)).hi;
  return {SumOfLanes(d, sum), exponent, limit,
          2 * size * RelativeErrorOfSum(padded)};
}

/// A sum whose terms are off by at most `relative` of their sizes, and together
/// by `more`.
HWY_INLINE Estimate<One> EstimateOf(const FirstSum& sum, double relative,
                                    double more = 0.0) {
  const One one;
  const double error =
      sum.Plain() ? sum.size * (relative + 3 * kUnit) + more : HUGE_VAL;
  return {hn::Set(one, sum.value), hn::Set(one, error)};
}

/// What the first stage leaves open goes to the full one: a row's scalar, of
/// which first() is an estimate for narrow types and full() the rounded value.
/// Never -0.
template <class First, class Full>
HWY_INLINE double RowScalarOf(ElementType type, const First& first,
                              const Full& full) {
  const One one;
  V<One> rounded = hn::Zero(one);
  if (type != ElementType::kFloat64 &&
      RoundEstimate<One>(one, FormatOf(type), first(), rounded)) {
    return FromLane(rounded) + 0.0;
  }
  ++Stages().full;
  return full();
}

/// ln x of x >= 0 by the first stage: -inf at 0, +inf and NaN as they are.
template <class D>
HWY_INLINE V<D> FirstLogProb(D d, V<D> x) {
  const V<D> zero = hn::Zero(d), infinity = hn::Set(d, HUGE_VAL);
  const auto regular = hn::And(hn::Gt(x, zero), hn::Lt(x, infinity));
  const V<D> limit = hn::IfThenElse(hn::Eq(x, zero), hn::Neg(infinity), x);
  return hn::IfThenElse(regular, FirstLog(d, x), limit);
}

/// The sum of p_c times what at(d, c) is: without that where p_c is 0, unless it
/// is NaN.
template <class At>
HWY_INLINE FirstSum SumWeighted(const double* p, size_t padded, const At& at) {
  return SumFirstTerms(padded, [&](Doubles d, size_t i) HWY_ATTR {
    const V<Doubles> p_i = hn::Load(d, p + i), at_i = at(d, i);
    const auto none = hn::AndNot(hn::IsNaN(at_i), hn::Eq(p_i, hn::Zero(d)));
    return hn::IfThenZeroElse(none, hn::Mul(p_i, at_i));
  });
}

/// p / q as a derivative: 0 where p is, even over q = 0.
template <class D>
HWY_INLINE Factor<D> RatioFactor(D d, V<D> p, V<D> q) {
  const V<D> zero = hn::Zero(d), one = hn::Set(d, 1.0);
  const Scaled<D> x = Normalize(d, p), y = Normalize(d, q);
  V<D> coarse = hn::IfThenElse(hn::Eq(q, zero), hn::Set(d, HUGE_VAL), one);
  coarse = hn::IfThenElse(hn::Eq(p, zero), zero, coarse);
  return {{Div(d, x.value, y.value), hn::Sub(x.exponent, y.exponent)}, coarse};
}

/// upstream * factor, where an infinite slope that nobody asks for is 0; never
/// -0.
template <class D>
HWY_INLINE V<D> TimesAsked(D d, Rounder& round, size_t i, double upstream,
                           CancellingFactor<D> x) {
  const V<D> zero = hn::Zero(d);
  if (upstream == 0.0) {
    const V<D> slope = x.factor.coarse;
    x.factor.coarse = hn::IfThenZeroElse(hn::IsInf(slope), slope);
  }
  const V<D> g = hn::Set(d, upstream);
  return hn::Add(TimesUpstream(d, round, i, g, x), zero);
}
template <class D>
HWY_INLINE V<D> TimesAsked(D d, Rounder& round, size_t i, double upstream,
                           const Factor<D>& factor) {
  return TimesAsked(d, round, i, upstream, FactorWithin(d, kRelative, factor));
}

/// A row of p and one of q as doubles; a single distribution is both.
struct PairRow {
  const double* p = nullptr;
  const double* q = nullptr;
  bool has_nan = false;
};

HWY_INLINE PairRow LoadPair(InRow p, InRow q) {
  const size_t padded = hwy::RoundUpTo(p.classes, hn::Lanes(Doubles()));
  PairRow row = {LoadPlain(p, 1.0, Slot::kExpHi),
                 LoadPlain(q, 1.0, Slot::kOtherHi)};
  row.has_nan = FindMaximum(row.p, padded).kind == RowKind::kNaN ||
                FindMaximum(row.q, padded).kind == RowKind::kNaN;
  return row;
}

/// The first stage's slope, known to `relative` and `more` of rounding errors.
HWY_INLINE Estimate<Doubles> SlopeOf(Doubles d, V<Doubles> value,
                                     V<Doubles> error) {
  return {value, hn::MulAdd(hn::Abs(value), hn::Set(d, 4 * kUnit), error)};
}

/// p / q by the first stage.
HWY_INLINE Estimate<Doubles> FirstRatio(Doubles d, V<Doubles> p, V<Doubles> q) {
  return SlopeOf(d, hn::Div(p, q), hn::Zero(d));
}

/// Rounds upstream times the slopes, never to -0: for all classes but the `open`
/// ones. Returns whether it did anything.
template <class Slope>
HWY_INLINE bool StoreFirstSlopes(const PairRow& pair, double upstream,
                                 const Slope& slope_of, OutRow to,
                                 Undecided& open) {
  if (to.type == ElementType::kFloat64 || upstream == 0.0 ||
      !std::isfinite(upstream)) {
    return false;
  }
  const double least = HalfOfLeast(to.type);
  const auto ends_at = [&](Doubles d, size_t i) HWY_ATTR {
    const Estimate<Doubles> slope =
        slope_of(d, hn::Load(d, pair.p + i), hn::Load(d, pair.q + i));
    const V<Doubles> g = hn::Set(d, upstream), value = slope.value;
    const V<Doubles> error = slope.error;
    const V<Doubles> low = hn::Mul(g, hn::Sub(value, error));
    const V<Doubles> high = hn::Mul(g, hn::Add(value, error));
    const auto nothing = hn::And(hn::Lt(hn::Abs(low), hn::Set(d, least)),
                                 hn::Lt(hn::Abs(high), hn::Set(d, least)));
    return Ends{hn::IfThenZeroElse(nothing, low),
                hn::IfThenZeroElse(nothing, high)};
  };
  StoreFirst(ends_at, nullptr, to, open);
  return true;
}

/// Stores upstream * factor_of(d, p, q) for every class of row r of `to`,
/// unless that view was left empty; NaN throughout if either row holds one.
/// slope_of(d, p, q) is the factor by the first stage, last_resort(p, q) the
/// rounded product for one class. Never -0, whichever stage decides.
template <class Slope, class Fn, class LastResort>
HWY_INLINE void StorePairGradient(const PairRow& pair, double upstream,
                                  const Slope& slope_of, const Fn& factor_of,
                                  const LastResort& last_resort,
                                  const OutRows& to, size_t r) {
  if (to.data == nullptr) return;
  if (pair.has_nan) return FillRow(to[r], NAN);
  Undecided open;
  if (StoreFirstSlopes(pair, upstream, slope_of, to[r], open) && open.Empty()) {
    return;
  }
  const auto lanes_of = [&](auto d, size_t i, Rounder& round) HWY_ATTR {
    return TimesAsked(
        d, round, i, upstream,
        factor_of(d, hn::Load(d, pair.p + i), hn::Load(d, pair.q + i)));
  };
  StoreRow(
      to[r], lanes_of,
      [&](size_t c) { return last_resort(pair.p[c], pair.q[c]) + 0.0; }, {},
      open);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
