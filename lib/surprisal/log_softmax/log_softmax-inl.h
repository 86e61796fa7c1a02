#if defined(SURPRISAL_LOG_SOFTMAX_LOG_SOFTMAX_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_LOG_SOFTMAX_LOG_SOFTMAX_INL_H_
#undef SURPRISAL_LOG_SOFTMAX_LOG_SOFTMAX_INL_H_
#else
#define SURPRISAL_LOG_SOFTMAX_LOG_SOFTMAX_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "hwy/highway.h"
#include "surprisal/common/row-inl.h"
#include "surprisal/softmax/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// t - ln(sum); at a maximum (t = 0) from the scaled ln(sum), whose bits are
/// all there when the row is confident.
template <class D>
HWY_INLINE Scaled<D> LogProbsAt(D d, const ExpRow& row, size_t i) {
  const Dd<D> t = row.shifted.At(d, i);
  const Dd<D> log_sum = ToDd(d, row.LogSum());
  const auto at_max = hn::Eq(t.hi, hn::Zero(d));
  const Dd<D> value =
      IfThenElse(d, at_max, Sub(d, ToDd(d, hn::Zero(d)), ToDd(d, row.log_sum)),
                 Sub(d, t, log_sum));
  return {value, hn::IfThenElseZero(at_max, hn::Set(d, -kUp))};
}

template <class T>
HWY_INLINE void LogSoftmaxRow(StridedRow<const T> logits, double temperature,
                              StridedRow<T> log_probs) {
  const ExpRow row = LoadExpRow(logits, temperature);
  if (row.kind != RowKind::kRegular) return FillRow(log_probs, T(NAN));
  StoreRow(log_probs, [&](auto d, size_t i) HWY_ATTR {
    const auto rounded = BeforeRounding<T>(d, LogProbsAt(d, row, i));
    const auto t = hn::Load(d, row.shifted.hi + i);
    return hn::IfThenElse(hn::IsFinite(t), rounded, t);
  });
}

template <class T>
void LogSoftmaxRows(Rows<const T> logits, Rows<T> log_probs,
                    const SoftmaxOptions& options) {
  for (size_t r = 0; r < logits.rows; ++r) {
    LogSoftmaxRow(logits[r], options.temperature, log_probs[r]);
  }
}

/// d_j = (g_j - p_j G) / temperature with G = sum_k g_k. At the most probable
/// class m, where p_m is nearly 1: g_m others - (G - g_m), over sum.
template <class T>
HWY_INLINE void LogSoftmaxVjpRow(StridedRow<const T> logits,
                                 StridedRow<const T> upstream,
                                 double temperature, StridedRow<T> d_logits) {
  const ExpRow row = LoadExpRow(logits, temperature);
  const UpstreamRow g = LoadUpstream(upstream);
  if (row.kind != RowKind::kRegular || std::isnan(g.special)) {
    return FillRow(d_logits, T(NAN));
  }
  const One one;
  const double g_max = g.values.hi[row.arg_max];
  std::fill(g.values.lo, g.values.lo + g.values.padded, 0.0);
  g.values.hi[row.arg_max] = 0.0;
  const DoubleDouble g_others = SumRow(g.values);
  g.values.hi[row.arg_max] = g_max;
  const DoubleDouble g_sum =
      FromLane(Add(one, ToDd(one, g_others), hn::Set(one, g_max)));

  const Scaled<One> t = Normalize(one, hn::Set(one, temperature));
  const DoubleDouble inverse =
      Quotient({1.0, 0.0}, Product(row.sum, {FromLane(t.value.hi), 0.0}));
  const double exponent = g.exponent - FromLane(t.exponent);
  StoreRow(d_logits, [&](auto d, size_t i) HWY_ATTR {
    const auto g_i = hn::Load(d, g.values.hi + i);
    const auto e = ExpAt(d, row, i);
    const auto alone = Mul(d, e.value, ToDd(d, g_sum));
    const auto share = Mul(d, row.exps.At(d, i), ToDd(d, g_sum));
    // g_j = 0 leaves a product, which may be tiny: keep its scale
    const auto product_only = hn::Eq(g_i, hn::Zero(d));
    const auto difference = Sub(d, Mul(d, ToDd(d, row.sum), g_i),
                                Scale(d, share, hn::Set(d, 0x1p-500)));
    const auto value =
        Mul(d, IfThenElse(d, product_only, Neg(d, alone), difference),
            ToDd(d, inverse));
    const auto up =
        hn::IfThenElseZero(product_only, V<decltype(d)>(e.exponent));
    return BeforeRounding<T>(d, {value, hn::Add(up, hn::Set(d, exponent))});
  });

  // The most probable class, by itself
  const DoubleDouble share = Product(row.others, {g_max, 0.0});  // times 2^500
  const bool product_only = g_others.hi == 0.0;
  const DoubleDouble unscaled = {share.hi * 0x1p-500, share.lo * 0x1p-500};
  const DoubleDouble at_max =
      product_only ? share : Sum(unscaled, {-g_others.hi, -g_others.lo});
  d_logits[row.arg_max] = RoundScalar<T>(Product(at_max, inverse),
                                         exponent - (product_only ? kUp : 0.0));
}

template <class T>
void LogSoftmaxVjpRows(Rows<const T> logits, Rows<const T> upstream,
                       Rows<T> d_logits, const SoftmaxOptions& options) {
  for (size_t r = 0; r < logits.rows; ++r) {
    LogSoftmaxVjpRow(logits[r], upstream[r], options.temperature, d_logits[r]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
