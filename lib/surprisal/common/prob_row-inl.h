// Rows of probabilities, and sums of their terms.

#if defined(SURPRISAL_COMMON_PROB_ROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_PROB_ROW_INL_H_
#undef SURPRISAL_COMMON_PROB_ROW_INL_H_
#else
#define SURPRISAL_COMMON_PROB_ROW_INL_H_
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "surprisal/common/upstream-inl.h"
#include "surprisal/common/wide_sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// A row of any stride as doubles in a scratch slot, padded with `pad`.
HWY_INLINE double* LoadPlain(InRow from, double pad, Slot slot) {
  const size_t padded = hwy::RoundUpTo(from.classes, hn::Lanes(Doubles()));
  double* to = Scratch(slot, padded);
  LoadRow(from, pad, to);
  return to;
}

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

/// Stores upstream * factor_of(d, p, q) for every class of row r of `to`,
/// unless that view was left empty; NaN throughout if either row holds one.
/// last_resort(p, q) is the rounded product for one class.
template <class Fn, class LastResort>
HWY_INLINE void StorePairGradient(const PairRow& pair, double upstream,
                                  const Fn& factor_of,
                                  const LastResort& last_resort,
                                  const OutRows& to, size_t r) {
  if (to.data == nullptr) return;
  if (pair.has_nan) return FillRow(to[r], NAN);
  const auto lanes_of = [&](auto d, size_t i, Rounder& round) HWY_ATTR {
    return TimesAsked(
        d, round, i, upstream,
        factor_of(d, hn::Load(d, pair.p + i), hn::Load(d, pair.q + i)));
  };
  StoreRow(to[r], lanes_of,
           [&](size_t c) { return last_resort(pair.p[c], pair.q[c]); });
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
