#if defined(SURPRISAL_LOG_SUM_EXP_LOG_SUM_EXP_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_LOG_SUM_EXP_LOG_SUM_EXP_INL_H_
#undef SURPRISAL_LOG_SUM_EXP_LOG_SUM_EXP_INL_H_
#else
#define SURPRISAL_LOG_SUM_EXP_LOG_SUM_EXP_INL_H_
#endif

#include <cmath>
#include <span>

#include "hwy/highway.h"
#include "surprisal/common/row-inl.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

template <class T>
HWY_INLINE T LogSumExpRow(StridedRow<const T> logits) {
  const ExpRow row = LoadExpRow(logits);
  if (row.kind == RowKind::kNaN) return T(NAN);
  if (row.kind != RowKind::kRegular) return static_cast<T>(row.max);
  if (row.max == 0.0) return RoundScalar<T>(row.log_sum, -kUp);
  const One one;
  const Dd<One> sum = Add(one, ToDd(one, row.LogSum()), hn::Set(one, row.max));
  return RoundScalar<T>(FromLane(sum), 0.0);
}

template <class T>
void LogSumExpRows(Rows<const T> logits, std::span<T> log_sum_exp) {
  for (size_t r = 0; r < logits.rows; ++r) {
    log_sum_exp[r] = LogSumExpRow(logits[r]);
  }
}

template <class T>
HWY_INLINE void LogSumExpGradientRow(StridedRow<const T> logits, T upstream,
                                     StridedRow<T> d_logits) {
  const ExpRow row = LoadExpRow(logits);
  if (row.kind == RowKind::kEmpty) return FillRow(d_logits, T{0});
  if (row.kind != RowKind::kRegular) return FillRow(d_logits, T(NAN));
  const DoubleDouble inverse_sum = InverseSum(row);
  StoreRow(d_logits, [&](auto d, size_t i) HWY_ATTR {
    const auto e = ExpAt(d, row, i);
    const auto p = Mul(d, e.value, ToDd(d, inverse_sum));
    const auto t = hn::Load(d, row.shifted.hi + i);
    const auto coarse = hn::IfThenElseZero(hn::IsFinite(t), hn::Set(d, 1.0));
    return TimesUpstream<T>(d, hn::Set(d, static_cast<double>(upstream)),
                            {{p, e.exponent}, coarse});
  });
}

template <class T>
void LogSumExpGradientRows(Rows<const T> logits, std::span<const T> upstream,
                           Rows<T> d_logits) {
  for (size_t r = 0; r < logits.rows; ++r) {
    LogSumExpGradientRow(logits[r], upstream[r], d_logits[r]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
