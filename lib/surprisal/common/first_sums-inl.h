// The first stage of gradients: sums of a row's exponentials times other numbers,
// and what the classes get from them, each with the bound of its error.
//
// The bounds are derived in docs/rounding.md.

#if defined(SURPRISAL_COMMON_FIRST_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_FIRST_SUMS_INL_H_
#undef SURPRISAL_COMMON_FIRST_SUMS_INL_H_
#else
#define SURPRISAL_COMMON_FIRST_SUMS_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "hwy/highway.h"
#include "surprisal/common/first_store-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// Sums of terms smaller than the first say nothing: what underflows, or stands
/// in for exponentials below e^-700, would count. Those beyond the second may
/// overflow, or are not numbers.
inline constexpr double kFirstLeastSize = 0x1p-700, kFirstMostSize = 0x1p700;

/// What is off by the error of a shifted row's exponentials; else nothing.
HWY_INLINE double ShiftedError(const FirstRow& row) {
  return row.shifted ? 4 * kFirstShiftedError : 0.0;
}

/// A sum of terms of either sign, and of their sizes.
struct FirstSum {
  double value = 0.0;
  double size = 0.0;

  /// Whether products with it neither lose bits nor overflow.
  HWY_INLINE bool Plain() const {
    return size >= kFirstLeastSize && size <= kFirstMostSize;
  }
};

/// The lanes of a sum in two parts, and those of its terms' sizes, added up:
/// plainly, for rows may be short.
HWY_INLINE FirstSum SumLanes(const TwoPart<Doubles>& sum, V<Doubles> size) {
  const Doubles d;
  const One one;
  HWY_ALIGN double high[kMaxDoubles], low[kMaxDoubles], sizes[kMaxDoubles];
  hn::Store(sum.high, d, high);
  hn::Store(sum.low, d, low);
  hn::Store(size, d, sizes);
  TwoPart<One> total = {hn::Zero(one), hn::Zero(one)};
  FirstSum result;
  for (size_t k = 0; k < hn::Lanes(d); ++k) {
    total.Add(one, hn::Set(one, high[k]));
    total.low = hn::Add(V<One>(total.low), hn::Set(one, low[k]));
    result.size += sizes[k];
  }
  result.value = FromLane(hn::Add(V<One>(total.high), V<One>(total.low)));
  return result;
}

/// The sum of term_at(d, i) over whole vectors; but for what the terms are off
/// by, it is off by at most kUnit of its size and kUnit of itself.
template <class TermAt>
HWY_INLINE FirstSum SumFirstTerms(size_t padded, const TermAt& term_at) {
  const Doubles d;
  TwoPart<Doubles> sum = {hn::Zero(d), hn::Zero(d)};
  V<Doubles> size = hn::Zero(d);
  for (size_t i = 0; i < padded; i += hn::Lanes(d)) {
    const V<Doubles> term = term_at(d, i);
    sum.Add(d, term);
    size = hn::Add(size, hn::Abs(term));
  }
  return SumLanes(sum, size);
}

/// The first of a row's largest logits.
HWY_INLINE size_t PlaceOfMax(InRow logits, const FirstRow& row) {
  if (logits.type == ElementType::kFloat32 && logits.stride == 1) {
    return hn::Find(hn::ScalableTag<float>(), static_cast<float>(row.max),
                    static_cast<const float*>(logits.data), logits.classes);
  }
  return hn::Find(Doubles(), row.max, PaddedRow(logits), logits.classes);
}

/// What a result lies over, if it lies over one of two inputs.
HWY_INLINE const void* SourceOf(OutRow to, InRow first, InRow second) {
  return to.data == second.data ? second.data : first.data;
}

/// Numbers below this size round to 0.
HWY_INLINE double HalfOfLeast(ElementType type) {
  const FloatFormat format = FormatOf(type);
  return std::ldexp(1.0, format.min_exponent - format.precision);
}

/// These ends; but +0 where `nothing` says so, and else open where `far` does:
/// there products may underflow, and with them a sign be lost.
template <class M>
HWY_INLINE Ends Settle(Doubles d, M nothing, M far, V<Doubles> low,
                       V<Doubles> high) {
  high = hn::IfThenElse(far, hn::Set(d, NAN), high);
  return {hn::IfThenZeroElse(nothing, low), hn::IfThenZeroElse(nothing, high)};
}

/// The bounds of StoreAheadOfMean(): of the mean, relative to that of the sizes;
/// of the rest.
inline constexpr double kFirstMeanError = 20 * kUnit;
inline constexpr double kFirstAheadError = 18 * kUnit;

/// to[c] = factor p_c (ahead_c - mean), with p the softmax of the logits and the
/// mean that of `ahead`, of which ahead_at(d, c) is off by kUnit at most; +0
/// where a logit is -inf. Results below `least` in size become +0. Returns
/// as StoreFirst() does.
template <class AheadAt>
HWY_INLINE bool StoreAheadOfMean(const FirstRow& row, const AheadAt& ahead_at,
                                 double factor, double least, InRow logits,
                                 const void* source, OutRow to,
                                 Undecided& open) {
  const size_t padded = hwy::RoundUpTo(to.classes, hn::Lanes(Doubles()));
  const auto term_at = [&](Doubles d, size_t i) HWY_ATTR {
    return hn::Mul(hn::Load(d, row.exps + i), ahead_at(d, i));
  };
  const FirstSum sum = SumFirstTerms(padded, term_at);
  if (!sum.Plain()) return false;
  const double shifted = ShiftedError(row), mean = sum.value / row.sum;
  const double of_mean = sum.size / row.sum * (kFirstMeanError + shifted);
  const double of_rest = kFirstAheadError + shifted, scale = factor / row.sum;
  const double* x = PaddedRow(logits);
  const auto ends_at = [&](Doubles d, size_t i) HWY_ATTR {
    const V<Doubles> p = hn::Mul(hn::Load(d, row.exps + i), hn::Set(d, scale));
    const V<Doubles> rest = hn::Sub(ahead_at(d, i), hn::Set(d, mean));
    const V<Doubles> error =
        hn::MulAdd(hn::Abs(rest), hn::Set(d, of_rest), hn::Set(d, of_mean));
    const V<Doubles> low = hn::Mul(p, hn::Sub(rest, error));
    const V<Doubles> high = hn::Mul(p, hn::Add(rest, error));
    const V<Doubles> size = hn::Max(hn::Abs(low), hn::Abs(high));
    const auto masked = hn::Eq(hn::Load(d, x + i), hn::Set(d, -HUGE_VAL));
    const auto nothing = hn::Or(masked, hn::Lt(size, hn::Set(d, least)));
    const auto far = hn::Lt(size, hn::Set(d, kFirstLeastSize));
    return Settle(d, nothing, far, low, high);
  };
  return StoreFirst(ends_at, source, to, open);
}

/// Numbers of a row, each off by at most `relative` of it: in scratch memory,
/// padded with 0 to whole vectors.
struct FirstParts {
  double* values;
  double relative;
};

/// The bounds of StoreLessShares(): of shares, relative to the sum of the sizes;
/// of the difference; at the most probable class.
inline constexpr double kFirstShareError = 16 * kUnit;
inline constexpr double kFirstLessError = 8 * kUnit;
inline constexpr double kFirstMaxError = 20 * kUnit;

/// What StoreLessShares() writes at the most probable class: scale (g_m others -
/// e_m rest) / sum, with `rest` the sum of the other parts.
HWY_INLINE Estimate<One> LessShareAtMax(const FirstRow& row, double g_max,
                                        double relative, const FirstSum& rest,
                                        double scale) {
  const One one;
  const double own = g_max * row.others, unit = scale / row.sum;
  const double size = std::abs(own) + row.at_max * rest.size;
  const double error = std::abs(g_max) * row.others_error +
                       size * (kFirstMaxError + relative + ShiftedError(row));
  return {hn::Set(one, unit * (own - row.at_max * rest.value)),
          hn::Set(one, unit * error * (1 + 0x1p-40))};
}

HWY_INLINE Undecided Without(const Undecided& open, size_t place) {
  Undecided others;
  for (const size_t c : open.Places()) {
    if (c != place) others.Note(c);
  }
  return others;
}

/// The sums of the parts of a row, with and without the one at the most probable
/// class.
struct SumsOfParts {
  FirstSum all;
  FirstSum rest;
};

HWY_INLINE SumsOfParts SumParts(double* g, size_t classes, size_t place) {
  const double own = g[place];
  g[place] = 0.0;
  const FirstSum rest = SumFirstTerms(
      hwy::RoundUpTo(classes, hn::Lanes(Doubles())),
      [&](Doubles d, size_t i) HWY_ATTR { return hn::Load(d, g + i); });
  g[place] = own;
  return {{rest.value + own, rest.size + std::abs(own)}, rest};
}

/// What StoreLessShares() knows of all classes: scale (g - share e), where the
/// share is the sum of all g over that of the exponentials.
struct LessShares {
  const double* x;
  const double* exps;
  const double* g;
  double relative;  ///< the error of every g
  double share;
  double share_error;
  double scale;

  HWY_INLINE Ends At(Doubles d, size_t i) const {
    const V<Doubles> own = hn::Load(d, g + i), e = hn::Load(d, exps + i);
    const V<Doubles> value = hn::Sub(own, hn::Mul(e, hn::Set(d, share)));
    V<Doubles> error = hn::Mul(hn::Abs(value), hn::Set(d, kFirstLessError));
    error = hn::MulAdd(hn::Abs(own), hn::Set(d, relative), error);
    error = hn::MulAdd(e, hn::Set(d, share_error), error);
    const V<Doubles> factor = hn::Set(d, scale);
    const auto none = hn::Eq(own, hn::Zero(d));
    const auto masked = hn::Eq(hn::Load(d, x + i), hn::Set(d, -HUGE_VAL));
    const auto far = hn::Lt(e, hn::Set(d, kFirstLeastSize));
    return Settle(d, hn::And(none, masked), hn::And(none, far),
                  hn::Mul(hn::Sub(value, error), factor),
                  hn::Mul(hn::Add(value, error), factor));
  }
};

/// to[c] = scale (g_c - p_c sum_k g_k), with p the softmax of the logits and g
/// the parts, of which none but 0 is smaller than 2^-300; +0 where a logit is
/// -inf and its part 0, and never -0 at the most probable class. Returns as
/// StoreFirst() does.
HWY_INLINE bool StoreLessShares(const FirstRow& row, const FirstParts& parts,
                                double scale, InRow logits, const void* source,
                                OutRow to, Undecided& open) {
  const size_t m = PlaceOfMax(logits, row);
  const SumsOfParts sums = SumParts(parts.values, to.classes, m);
  if (!(sums.all.size > 0.0 && sums.all.size < 0x1p200)) return false;
  const One one;
  V<One> at_max = hn::Zero(one);
  const Estimate<One> estimate =
      LessShareAtMax(row, parts.values[m], parts.relative, sums.rest, scale);
  const bool decided = RoundEstimate(one, FormatOf(to.type), estimate, at_max);
  if (!decided && to.data == source) return false;

  const double relative = kFirstShareError + parts.relative + ShiftedError(row);
  const LessShares shares = {PaddedRow(logits),
                             row.exps,
                             parts.values,
                             parts.relative,
                             sums.all.value / row.sum,
                             sums.all.size / row.sum * relative,
                             scale};
  const auto ends_at = [&](Doubles d, size_t i)
                           HWY_ATTR { return shares.At(d, i); };
  const bool done = StoreFirst(ends_at, source, to, open);
  if (!done && open.Empty()) return false;
  open = Without(open, m);
  if (!decided) open.Note(m);
  to.Set(m, FromLane(at_max) + 0.0);
  return open.Empty();
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
