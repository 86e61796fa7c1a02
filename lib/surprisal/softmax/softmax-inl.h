#if defined(SURPRISAL_SOFTMAX_SOFTMAX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_SOFTMAX_SOFTMAX_INL_H_
#undef SURPRISAL_SOFTMAX_SOFTMAX_INL_H_
#else
#define SURPRISAL_SOFTMAX_SOFTMAX_INL_H_
#endif

#include <cmath>
#include <limits>
#include <vector>

#include "hwy/highway.h"
#include "surprisal/common/certain.h"
#include "surprisal/common/fine_sum-inl.h"
#include "surprisal/common/first_sums-inl.h"
#include "surprisal/common/short_rows-inl.h"
#include "surprisal/softmax/softmax.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// The places that `open` names, or without any the whole row.
inline HWY_NOINLINE void FullSoftmaxRow(InRow logits, double temperature,
                                        OutRow probs,
                                        const Undecided& open = {}) {
  const ExpRow row = LoadExpRow(logits, temperature);
  if (row.kind != RowKind::kRegular) return FillRow(probs, NAN);
  const DoubleDouble inverse_sum = InverseSum(row);
  const auto lanes_of = [&](auto d, size_t i, Rounder& round) HWY_ATTR {
    return round(d, i, ProbsAt(d, row, inverse_sum, i));
  };
  const auto last_resort = [&](size_t c) {
    return certain::Softmax(probs.type, logits, temperature, c);
  };
  StoreRow(probs, lanes_of, last_resort, {}, open);
}

/// By the first stage; what that leaves open, by the full one.
inline HWY_NOINLINE void FirstSoftmaxRow(InRow logits, OutRow probs) {
  const FirstRow row = LoadFirstRow<Exps::kKept>(logits, false);
  Undecided open;
  if (row.known && StoreProducts(row.exps, 1 / row.sum, kFirstProbError,
                                 logits.data, probs, open)) {
    return;
  }
  FullSoftmaxRow(logits, 1.0, probs, open);
}

/// The softmax of some places of a row; returns those that the sum leaves open.
inline HWY_NOINLINE Undecided StoreSoftmaxPlaces(const SumOfExps& sum,
                                                 InRow logits,
                                                 const Undecided& open,
                                                 OutRow probs) {
  const One one;
  const RowExponential& f = sum.exponential;
  const DoubleDouble inverse = Quotient({1.0, 0.0}, sum.value);
  return StorePlaces(open, probs, [&](size_t c) HWY_ATTR {
    const Scaled<One> e = Exp(one, ShiftedAt(f, logits, c));
    const V<One> exponent = hn::Sub(V<One>(e.exponent), hn::Set(one, f.Down()));
    return Within<One>(one, sum.error + kRelative,
                       {Mul(one, e.value, ToDd(one, inverse)), exponent});
  });
}

/// What quick exponentials left `open`, or without any place the whole row. Half of
/// these rows need another sum, one in twenty the fine one.
inline HWY_NOINLINE void FinishSoftmaxRow(InRow logits, const FirstRow& quick,
                                          OutRow probs, Undecided open) {
  if (!AreFew(open)) return FirstSoftmaxRow(logits, probs);
  open = StoreSoftmaxPlaces(QuickSum(quick), logits, open, probs);
  if (open.Empty()) return;
  const FirstRow row = LoadFirstRow<Exps::kAdded>(logits, false);
  if (!row.known) return FullSoftmaxRow(logits, 1.0, probs, open);
  open = StoreSoftmaxPlaces({row.exponential, {row.sum, 0.0}, kFirstSumError},
                            logits, open, probs);
  if (open.Empty()) return;
  open = StoreSoftmaxPlaces(FineSum(logits, row), logits, open, probs);
  if (!open.Empty()) FullSoftmaxRow(logits, 1.0, probs, open);
}

/// Rows one by one.
HWY_INLINE void LongSoftmaxRows(const InRows& logits, double temperature,
                                const OutRows& probs) {
  ForFirstRows<Exps::kQuick>(
      logits, probs.type, temperature, false,
      [&](size_t r, const FirstRow& row) {
        if (!row.known) return FullSoftmaxRow(logits[r], temperature, probs[r]);
        Undecided open;
        if (StoreFirst(QuickProbEndsOf(row), logits[r].data, probs[r], open)) {
          return;
        }
        FinishSoftmaxRow(logits[r], row, probs[r], open);
      });
}

#if SURPRISAL_STREAMS
/// Rows of floats, past the caches.
HWY_INLINE void StreamSoftmaxRows(const InRows& logits, const OutRows& probs) {
  StreamRows<Exps::kQuick>(
      logits, false,
      [](size_t /*r*/, const FirstRow& row) { return QuickProbEndsOf(row); },
      probs,
      [&](size_t r, const FirstRow& row, const Undecided& open) {
        if (!row.known) return FullSoftmaxRow(logits[r], 1.0, probs[r]);
        FinishSoftmaxRow(logits[r], row, probs[r], open);
      });
}

#endif

/// A batch of rows of few classes.
HWY_INLINE void ShortSoftmaxRows(const InRows& logits, const OutRows& probs) {
  const auto by_chunk = [&](const ShortChunk& chunk, OpenRows& open) HWY_ATTR {
    const Doubles d;
    HWY_ALIGN double factors[kShortChunk + kMaxDoubles];
    for (size_t r = 0; r < chunk.rows; r += hn::Lanes(d)) {
      hn::Store(hn::Div(hn::Set(d, 1.0), hn::Load(d, chunk.sums + r)), d,
                factors + r);
    }
    StoreShortProducts(chunk, factors,
                       chunk.exp_error + chunk.sum_error + 5 * kUnit, probs,
                       open);
  };
  ForShortRows(logits, 0, logits.rows, by_chunk,
               [&](size_t r, InRow row) { FirstSoftmaxRow(row, probs[r]); });
}

/// A row of upstream gradients, times 2^-exponent so that products fit. Those
/// of classes whose weight is 0 are left out where weights are given.
struct UpstreamRow {
  DoubleRow values;
  double exponent = 0.0;
  double special = 0.0;  ///< NaN if some entry is not finite
  double error = 0.0;    ///< what each of the values may be off by
};

HWY_INLINE UpstreamRow LoadUpstream(InRow upstream,
                                    const double* weights = nullptr) {
  UpstreamRow row;
  row.values = NewRow(upstream.classes, Slot::kOtherHi, Slot::kOtherLo);
  LoadRow(upstream, 0.0, row.values.hi);
  double magnitude = 0.0;
  for (size_t c = 0; c < upstream.classes; ++c) {
    const double size = std::abs(row.values.hi[c]);
    if (!std::isfinite(size)) row.special = NAN;
    if (weights != nullptr && weights[c] == 0.0) {
      row.values.hi[c] = 0.0;
    } else {
      magnitude = std::max(magnitude, size);
    }
  }
  if (magnitude == 0.0 || std::isnan(row.special)) return row;
  row.exponent = std::ilogb(magnitude);
  for (size_t c = 0; c < upstream.classes; ++c) {
    row.values.hi[c] = ScaledDown(row.values.hi[c], row.exponent);
  }
  if (!KeepBits(row.values.hi, upstream.classes)) row.error = kScaledError;
  return row;
}

/// A sum of products, 2^500 times, and the sum of their sizes.
struct ScaledLead {
  DoubleDouble value;
  double size = 0.0;
  double lost = 0.0;  ///< more than terms that underflowed
};

/// A = sum_k e_k (g_m - g_k) for the most probable class m.
HWY_INLINE ScaledLead LeadOf(const ExpRow& row, const UpstreamRow& g) {
  const Doubles d;
  const V<Doubles> g_max = hn::Set(d, g.values.hi[row.arg_max]);
  Dd<Doubles> total = ToDd(d, hn::Zero(d));
  const V<Doubles> zero = hn::Zero(d);
  V<Doubles> size = zero;
  auto differ = hn::Lt(zero, zero);
  for (size_t i = 0; i < row.exps.padded; i += hn::Lanes(d)) {
    const V<Doubles> g_i = hn::Load(d, g.values.hi + i);
    const Dd<Doubles> e = row.exps.At(d, i);
    const Dd<Doubles> term = Mul(d, e, TwoSum(d, g_max, hn::Neg(g_i)));
    total = Add(d, total, term);
    size = hn::Add(size, hn::Abs(V<Doubles>(term.hi)));
    differ = hn::Or(
        differ, hn::And(hn::Ne(V<Doubles>(e.hi), zero), hn::Ne(g_i, g_max)));
  }
  const double all = SumOfLanes(d, ToDd(d, size)).hi;
  const bool exact = all >= kLeastProduct || hn::AllFalse(d, differ);
  return {SumOfLanes(d, total), all, exact ? 0.0 : 0x1p-600};
}

/// d_j = p_j (sum_k p_k (g_j - g_k)) / temperature. The inner sum is taken
/// relative to the most probable class m, (g_j - g_m) sum + sum_k e_k (g_m - g_k),
/// so that nothing cancels at j = m. The places that
/// `open` names, or without any the whole row.
inline HWY_NOINLINE void FullSoftmaxVjpRow(InRow logits, InRow upstream,
                                           double temperature, OutRow d_logits,
                                           const Undecided& open) {
  const ExpRow row = LoadExpRow(logits, temperature);
  if (row.kind != RowKind::kRegular) return FillRow(d_logits, NAN);
  const UpstreamRow g = LoadUpstream(upstream, row.exps.hi);
  if (std::isnan(g.special)) return FillRow(d_logits, NAN);
  const auto last_resort = [&](size_t c) {
    return certain::SoftmaxVjp(d_logits.type, logits, upstream, temperature, c);
  };
  const ScaledLead lead = LeadOf(row, g);
  // What others are off by counts among the sizes of the terms
  const double relative = row.relative + row.others_relative;
  const One one;
  const Scaled<One> t = Normalize(one, hn::Set(one, temperature));
  const DoubleDouble divisor =
      Product(Product(row.sum, row.sum), {FromLane(t.value.hi), 0.0});
  const DoubleDouble inverse = Quotient({1.0, 0.0}, divisor);
  const DoubleDouble up = Product(row.sum, {0x1p500, 0.0});
  // Of both terms of the inner sum
  const double lost = lead.lost + 8 * g.error * up.hi;
  const double exponent = g.exponent - FromLane(t.exponent) - kUp;
  const auto lanes_of = [&](auto d, size_t i, Rounder& round) HWY_ATTR {
    const auto g_i = hn::Load(d, g.values.hi + i);
    const auto g_max = hn::Set(d, g.values.hi[row.arg_max]);
    const auto ahead = TwoSum(d, g_i, hn::Neg(g_max));
    const auto of_sum = Mul(d, ahead, ToDd(d, up));
    const auto e = ExpAt(d, row, i);
    const auto inner = Add(d, of_sum, ToDd(d, lead.value));
    const auto value = Mul(d, Mul(d, e.value, inner), ToDd(d, inverse));
    const auto size = hn::Add(hn::Abs(of_sum.hi), hn::Set(d, lead.size));
    const auto off = hn::MulAdd(size, hn::Set(d, relative), hn::Set(d, lost));
    const auto error =
        hn::Mul(hn::Mul(e.value.hi, off), hn::Set(d, inverse.hi));
    return round(
        d, i,
        OffBy(d, {value, hn::Add(e.exponent, hn::Set(d, exponent))}, error));
  };
  StoreRow(d_logits, lanes_of, last_resort, {}, open);
}

/// The first stage of FullSoftmaxVjpRow(). Returns as StoreFirst() does.
HWY_INLINE bool FirstSoftmaxVjpRow(InRow logits, InRow upstream,
                                   OutRow d_logits, Undecided& open) {
  const FirstRow row = LoadFirstRow<Exps::kKept>(logits, false);
  if (!row.known) return false;
  const double* g = LoadPlain(upstream, 0.0, Slot::kOtherHi);
  const double g_max = g[PlaceOfMax(logits, row)];
  const auto ahead_at = [&](Doubles d, size_t i) HWY_ATTR {
    return hn::Sub(hn::Load(d, g + i), hn::Set(d, g_max));
  };
  return StoreAheadOfMean(row, ahead_at, 1.0, 0.0, logits,
                          SourceOf(d_logits, logits, upstream), d_logits, open);
}

HWY_INLINE void SoftmaxVjpRow(InRow logits, InRow upstream, double temperature,
                              OutRow d_logits) {
  Undecided open;
  if (HasFirstStage(d_logits.type, temperature) &&
      FirstSoftmaxVjpRow(logits, upstream, d_logits, open)) {
    return;
  }
  FullSoftmaxVjpRow(logits, upstream, temperature, d_logits, open);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
