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
#include "surprisal/common/row-inl.h"
#include "surprisal/softmax/softmax.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

template <class T>
HWY_INLINE void SoftmaxRow(StridedRow<const T> logits, double temperature,
                           StridedRow<T> probs) {
  const ExpRow row = LoadExpRow(logits, temperature);
  if (row.kind != RowKind::kRegular) return FillRow(probs, T(NAN));
  const DoubleDouble inverse_sum = InverseSum(row);
  StoreRow(probs, [&](auto d, size_t i) HWY_ATTR {
    const auto p = ProbsAt(d, row, ToDd(d, inverse_sum), i);
    return BeforeRounding<T>(d, {p, hn::Set(d, -kUp)});
  });
}

template <class T>
void SoftmaxRows(Rows<const T> logits, Rows<T> probs,
                 const SoftmaxOptions& options) {
  for (size_t r = 0; r < logits.rows; ++r) {
    SoftmaxRow(logits[r], options.temperature, probs[r]);
  }
}

/// A row of upstream gradients, times 2^-exponent so that products fit. Those
/// of classes whose weight is 0 are left out where weights are given.
struct UpstreamRow {
  DoubleRow values;
  double exponent = 0.0;
  double special = 0.0;  ///< NaN if some entry is not finite
};

template <class T>
HWY_INLINE UpstreamRow LoadUpstream(StridedRow<const T> upstream,
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
    row.values.hi[c] =
        std::ldexp(row.values.hi[c], -static_cast<int>(row.exponent));
  }
  return row;
}

/// d_j = p_j (sum_k p_k (g_j - g_k)) / temperature. The inner sum is taken
/// relative to the most probable class m, A = sum_k e_k (g_m - g_k), so that
/// nothing cancels at j = m; elsewhere it is (g_j - g_m) sum + A.
template <class T>
HWY_INLINE void SoftmaxVjpRow(StridedRow<const T> logits,
                              StridedRow<const T> upstream, double temperature,
                              StridedRow<T> d_logits) {
  const ExpRow row = LoadExpRow(logits, temperature);
  if (row.kind != RowKind::kRegular) return FillRow(d_logits, T(NAN));
  const UpstreamRow g = LoadUpstream(upstream, row.exps.hi);
  if (std::isnan(g.special)) return FillRow(d_logits, T(NAN));
  const Doubles d;
  const V<Doubles> g_max = hn::Set(d, g.values.hi[row.arg_max]);
  Dd<Doubles> total = ToDd(d, hn::Zero(d));
  for (size_t i = 0; i < row.exps.padded; i += hn::Lanes(d)) {
    const V<Doubles> g_i = hn::Load(d, g.values.hi + i);
    const Dd<Doubles> lead = TwoSum(d, g_max, hn::Neg(g_i));
    total = Add(d, total, Mul(d, row.exps.At(d, i), lead));
  }
  const DoubleDouble lead_scaled = SumOfLanes(d, total);  // 2^500 A
  const DoubleDouble lead = {lead_scaled.hi * 0x1p-500,
                             lead_scaled.lo * 0x1p-500};
  const One one;
  const Scaled<One> t = Normalize(one, hn::Set(one, temperature));
  const DoubleDouble divisor =
      Product(Product(row.sum, row.sum), {FromLane(t.value.hi), 0.0});
  const DoubleDouble inverse = Quotient({1.0, 0.0}, divisor);
  const double exponent = g.exponent - FromLane(t.exponent);
  StoreRow(d_logits, [&](auto d, size_t i) HWY_ATTR {
    const auto g_i = hn::Load(d, g.values.hi + i);
    const auto ahead = TwoSum(d, g_i, hn::Neg(g_max));
    const auto inner = Add(d, Mul(d, ahead, ToDd(d, row.sum)), ToDd(d, lead));
    const auto e = ExpAt(d, row, i);
    auto value = Mul(d, e.value, inner);
    // At a maximum with g_m itself: e = 1 times the scaled A
    const auto at_max =
        hn::And(hn::Eq(hn::Load(d, row.shifted.hi + i), hn::Zero(d)),
                hn::Eq(g_i, g_max));
    value = IfThenElse(d, at_max, ToDd(d, lead_scaled), value);
    value = Mul(d, value, ToDd(d, inverse));
    return BeforeRounding<T>(
        d, {value, hn::Add(e.exponent, hn::Set(d, exponent))});
  });
}

template <class T>
void SoftmaxVjpRows(Rows<const T> logits, Rows<const T> upstream,
                    Rows<T> d_logits, const SoftmaxOptions& options) {
  for (size_t r = 0; r < logits.rows; ++r) {
    SoftmaxVjpRow(logits[r], upstream[r], options.temperature, d_logits[r]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
