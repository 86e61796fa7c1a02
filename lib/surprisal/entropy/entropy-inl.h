#if defined(SURPRISAL_ENTROPY_ENTROPY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_ENTROPY_ENTROPY_INL_H_
#undef SURPRISAL_ENTROPY_ENTROPY_INL_H_
#else
#define SURPRISAL_ENTROPY_ENTROPY_INL_H_
#endif

#include <cmath>
#include <span>

#include "hwy/highway.h"
#include "surprisal/common/prob_row-inl.h"
#include "surprisal/entropy/entropy.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

template <class T>
void EntropyRows(Rows<const T> probs, std::span<T> entropy) {
  for (size_t r = 0; r < probs.rows; ++r) {
    const ProbRow row = LoadProbs(probs[r], Slot::kShiftedHi);
    const double* plain = LoadPlain(probs[r], 1.0, Slot::kOtherHi);
    const auto term = [&](auto d, size_t i) HWY_ATTR {
      const auto p_i = hn::Load(d, row.values + i);
      const auto log_p = Log(d, {ToDd(d, hn::Load(d, plain + i)), hn::Zero(d)});
      const auto limit = hn::IfThenElseZero(hn::IsNaN(p_i), p_i);
      return Term<decltype(d)>{Mul(d, Neg(d, log_p), p_i),
                               hn::Ne(p_i, hn::Zero(d)), limit};
    };
    entropy[r] = RoundWide<T>(SumTerms(row.padded, row.exponent, term));
  }
}

/// 1 + ln p, -inf at p = 0.
template <class D>
HWY_INLINE Factor<D> OnePlusLog(D d, V<D> p) {
  const V<D> zero = hn::Zero(d), one = hn::Set(d, 1.0);
  const Dd<D> log = Log(d, Scaled<D>{ToDd(d, p), zero});
  const Dd<D> value = Add(d, log, one);
  const V<D> sign = hn::IfThenElse(hn::Lt(value.hi, zero), hn::Neg(one), one);
  return {{value, zero},
          hn::IfThenElse(hn::Eq(p, zero), hn::Set(d, -HUGE_VAL), sign)};
}

/// -upstream (1 + ln p).
template <class T>
void EntropyGradientRows(Rows<const T> probs, std::span<const T> upstream,
                         Rows<T> d_probs) {
  const auto one_plus_log = [](auto d, auto p, auto /*q*/)
                                HWY_ATTR { return OnePlusLog(d, p); };
  for (size_t r = 0; r < probs.rows; ++r) {
    const auto g = -static_cast<double>(upstream[r]);
    const PairRow pair = LoadPair(probs[r], probs[r]);
    StorePairGradient(pair, g, one_plus_log, d_probs, r);
  }
}

/// Below e^-2000 exponentials are stand-ins (see ScaledExp), not to be
/// multiplied by logits of any size.
inline constexpr double kNegligible = -2000.0;

/// 2^500 times sum_c e_c (max - z_c), e being the exponentials.
HWY_INLINE DoubleDouble ScaledDepth(const ExpRow& row) {
  const Doubles d;
  const V<Doubles> zero = hn::Zero(d);
  Dd<Doubles> depth = ToDd(d, zero);
  for (size_t i = 0; i < row.exps.padded; i += hn::Lanes(d)) {
    const Dd<Doubles> t = row.shifted.At(d, i);
    const auto counts = hn::Gt(V<Doubles>(t.hi), hn::Set(d, kNegligible));
    const Dd<Doubles> size = IfThenElse(d, counts, Neg(d, t), ToDd(d, zero));
    depth = Add(d, depth, Mul(d, row.exps.At(d, i), size));
  }
  return SumOfLanes(d, depth);
}

/// H = ln(sum) + depth / sum, two terms that are never negative.
template <class T>
void EntropyOfLogitsRows(Rows<const T> logits, std::span<T> entropy) {
  for (size_t r = 0; r < logits.rows; ++r) {
    const ExpRow row = LoadExpRow(logits[r]);
    if (row.kind != RowKind::kRegular) {
      entropy[r] = T(NAN);
      continue;
    }
    const DoubleDouble mean_depth = Quotient(ScaledDepth(row), row.sum);
    entropy[r] = RoundScalar<T>(Sum(row.log_sum, mean_depth), -kUp);
  }
}

/// -upstream p_c (ln p_c + H) = -upstream p_c (t_c + depth / sum): ln(sum)
/// cancels, so it is never formed.
template <class T>
HWY_INLINE void EntropyOfLogitsGradientRow(StridedRow<const T> logits,
                                           T upstream, StridedRow<T> d_logits) {
  const ExpRow row = LoadExpRow(logits);
  if (row.kind != RowKind::kRegular) return FillRow(d_logits, T(NAN));
  const DoubleDouble scaled = Quotient(ScaledDepth(row), row.sum);
  const DoubleDouble depth = {scaled.hi * 0x1p-500, scaled.lo * 0x1p-500};
  const DoubleDouble inverse = InverseSum(row);
  const auto g = -static_cast<double>(upstream);
  StoreRow(d_logits, [&](auto d, size_t i) HWY_ATTR {
    const auto zero = hn::Zero(d);
    const auto t = row.shifted.At(d, i);
    const auto negligible = hn::Lt(t.hi, hn::Set(d, kNegligible));
    const auto safe_t = IfThenElse(d, negligible, ToDd(d, zero), t);
    const auto sum = Add(d, safe_t, ToDd(d, depth));
    // At the maximum t = 0 and e = 1: the scaled depth alone
    const auto product = IfThenElse(d, hn::Eq(t.hi, zero), ToDd(d, scaled),
                                    Mul(d, row.exps.At(d, i), sum));
    const auto value = Mul(d, product, ToDd(d, inverse));
    return TimesAsked<T>(d, g, {{value, hn::Set(d, -kUp)}, value.hi});
  });
}

template <class T>
void EntropyOfLogitsGradientRows(Rows<const T> logits,
                                 std::span<const T> upstream,
                                 Rows<T> d_logits) {
  for (size_t r = 0; r < logits.rows; ++r) {
    EntropyOfLogitsGradientRow(logits[r], upstream[r], d_logits[r]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
