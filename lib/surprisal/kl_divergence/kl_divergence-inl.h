#if defined(SURPRISAL_KL_DIVERGENCE_KL_DIVERGENCE_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_KL_DIVERGENCE_KL_DIVERGENCE_INL_H_
#undef SURPRISAL_KL_DIVERGENCE_KL_DIVERGENCE_INL_H_
#else
#define SURPRISAL_KL_DIVERGENCE_KL_DIVERGENCE_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <span>

#include "hwy/highway.h"
#include "surprisal/common/prob_row-inl.h"
#include "surprisal/kl_divergence/kl_divergence.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// ln(p / q) for p, q > 0. Where they are within a factor of 8, from their
/// exact difference, so that it keeps its bits where p is near q.
template <class D>
HWY_INLINE Dd<D> LogRatio(D d, V<D> p, V<D> q) {
  const Scaled<D> x = Normalize(d, p), y = Normalize(d, q);
  const V<D> zero = hn::Zero(d);
  const V<D> apart = hn::Sub(x.exponent, y.exponent);
  const auto near = hn::Lt(hn::Abs(apart), hn::Set(d, 2.5));
  const V<D> shift = hn::IfThenElseZero(near, hn::Neg(apart));
  const V<D> divisor = hn::Mul(y.value.hi, Pow2(d, shift));
  const Dd<D> difference = TwoSum(d, x.value.hi, hn::Neg(divisor));
  const Dd<D> u = Div(d, difference, ToDd(d, divisor));
  const V<D> k = hn::IfThenElse(near, zero, apart);
  return Add(d, Log1p(d, u), TimesLn2(d, k));
}

template <class T>
void KlDivergenceRows(Rows<const T> p, Rows<const T> q,
                      std::span<T> kl_divergence) {
  for (size_t r = 0; r < p.rows; ++r) {
    const ProbRow row = LoadProbs(p[r], Slot::kShiftedHi);
    const double* p_row = LoadPlain(p[r], 1.0, Slot::kExpHi);
    const double* q_row = LoadPlain(q[r], 1.0, Slot::kOtherHi);
    const auto term = [&](auto d, size_t i) HWY_ATTR {
      const auto zero = hn::Zero(d);
      const auto p_i = hn::Load(d, row.values + i);
      const auto q_i = hn::Load(d, q_row + i);
      const auto log_ratio = LogRatio(d, hn::Load(d, p_row + i), q_i);
      const auto impossible = hn::And(hn::Eq(q_i, zero), hn::Gt(p_i, zero));
      auto limit = hn::IfThenElseZero(impossible, hn::Set(d, HUGE_VAL));
      limit =
          hn::IfThenElse(hn::IsNaN(hn::Add(p_i, q_i)), hn::Set(d, NAN), limit);
      return Term<decltype(d)>{Mul(d, log_ratio, p_i), hn::Ne(p_i, zero),
                               limit};
    };
    kl_divergence[r] = RoundWide<T>(SumTerms(row.padded, row.exponent, term));
  }
}

/// The largest entry of a row of log-probabilities as a power of two, for the
/// exponentials to be taken relative to.
HWY_INLINE double LargestExponent(const double* log_p, size_t padded) {
  const Maximum max = FindMaximum(log_p, padded);
  if (max.kind != RowKind::kRegular) return 0.0;
  return std::round(std::clamp(max.value, -2000.0, 2000.0) * kInverseLn2);
}

/// sum_c e^(log_p_c) (log_p_c - log_q_c).
template <class T>
void KlDivergenceFromLogProbsRows(Rows<const T> log_p, Rows<const T> log_q,
                                  std::span<T> kl_divergence) {
  const Doubles d_row;
  for (size_t r = 0; r < log_p.rows; ++r) {
    const double* p = LoadPlain(log_p[r], -HUGE_VAL, Slot::kExpHi);
    const double* q = LoadPlain(log_q[r], 0.0, Slot::kOtherHi);
    const size_t padded = hwy::RoundUpTo(log_p.classes, hn::Lanes(d_row));
    const double top = LargestExponent(p, padded);
    const double down =
        std::max(DownExponent(p, padded), DownExponent(q, padded));
    const double factor = std::exp2(-down);
    const auto term = [&](auto d, size_t i) HWY_ATTR {
      const auto minus_infinity = hn::Set(d, -HUGE_VAL);
      const auto p_i = hn::Load(d, p + i), q_i = hn::Load(d, q + i);
      const auto e = Exp(d, ToDd(d, p_i));
      const auto k = hn::Add(e.exponent, hn::Set(d, kUp - top));
      const auto lowest = hn::Set(d, -1000.0);
      const auto power = Pow2(d, hn::IfThenElse(hn::Lt(k, lowest), lowest, k));
      const auto lead = TwoSum(d, hn::Mul(p_i, hn::Set(d, factor)),
                               hn::Mul(q_i, hn::Set(d, -factor)));
      const auto possible = hn::Ne(p_i, minus_infinity);
      const auto impossible = hn::And(hn::Eq(q_i, minus_infinity), possible);
      auto limit = hn::IfThenElseZero(impossible, hn::Set(d, HUGE_VAL));
      limit = hn::IfThenElse(hn::Or(hn::IsNaN(p_i), hn::IsNaN(q_i)),
                             hn::Set(d, NAN), limit);
      return Term<decltype(d)>{Mul(d, Scale(d, e.value, power), lead), possible,
                               limit};
    };
    kl_divergence[r] = RoundWide<T>(SumTerms(padded, top + down - kUp, term));
  }
}

/// 1 + ln(p / q) with its limits: -inf at p = 0, +inf at q = 0.
template <class D>
HWY_INLINE Factor<D> OnePlusLogRatio(D d, V<D> p, V<D> q) {
  const V<D> zero = hn::Zero(d), one = hn::Set(d, 1.0);
  const Dd<D> value = Add(d, LogRatio(d, p, q), one);
  V<D> coarse = hn::IfThenElse(hn::Lt(value.hi, zero), hn::Neg(one), one);
  const V<D> infinity = hn::Set(d, HUGE_VAL);
  const V<D> up = hn::IfThenElseZero(hn::Eq(q, zero), infinity);
  const V<D> down = hn::IfThenElseZero(hn::Eq(p, zero), hn::Neg(infinity));
  const V<D> limit = hn::Add(up, down);  // NaN where both are 0
  coarse = hn::IfThenElse(hn::Eq(limit, zero), coarse, limit);
  return {{value, zero}, coarse};
}

template <class T>
void KlDivergenceGradientRows(Rows<const T> p, Rows<const T> q,
                              std::span<const T> upstream, Rows<T> d_p,
                              Rows<T> d_q) {
  const auto lead = [](auto d, auto p_i, auto q_i)
                        HWY_ATTR { return OnePlusLogRatio(d, p_i, q_i); };
  const auto ratio = [](auto d, auto p_i, auto q_i)
                         HWY_ATTR { return RatioFactor(d, p_i, q_i); };
  for (size_t r = 0; r < p.rows; ++r) {
    const auto g = static_cast<double>(upstream[r]);
    const PairRow pair = LoadPair(p[r], q[r]);
    StorePairGradient(pair, g, lead, d_p, r);
    StorePairGradient(pair, -g, ratio, d_q, r);
  }
}

/// e^(log_p), 0 at log_p = -inf.
template <class D>
HWY_INLINE Factor<D> ProbOf(D d, V<D> log_p) {
  const auto possible = hn::Ne(log_p, hn::Set(d, -HUGE_VAL));
  return {Exp(d, ToDd(d, log_p)),
          hn::IfThenElseZero(possible, hn::Set(d, 1.0))};
}

/// e^(log_p) (1 + log_p - log_q), 0 at log_p = -inf, else +inf at log_q = -inf.
template <class D>
HWY_INLINE Factor<D> ProbTimesLead(D d, V<D> log_p, V<D> log_q) {
  const V<D> zero = hn::Zero(d), one = hn::Set(d, 1.0);
  Factor<D> prob = ProbOf(d, log_p);
  const Dd<D> lead = Add(d, TwoSum(d, log_p, hn::Neg(log_q)), one);
  prob.exact.value = Mul(d, prob.exact.value, lead);
  V<D> sign = hn::IfThenElse(hn::Lt(lead.hi, zero), hn::Neg(one), one);
  sign = hn::IfThenElse(hn::Eq(lead.hi, zero), zero, sign);
  const auto impossible = hn::Eq(log_q, hn::Set(d, -HUGE_VAL));
  sign = hn::IfThenElse(impossible, hn::Set(d, HUGE_VAL), sign);
  prob.coarse = hn::IfThenZeroElse(hn::Eq(prob.coarse, zero), sign);
  return prob;
}

template <class T>
void KlDivergenceFromLogProbsGradientRows(Rows<const T> log_p,
                                          Rows<const T> log_q,
                                          std::span<const T> upstream,
                                          Rows<T> d_log_p, Rows<T> d_log_q) {
  const auto lead = [](auto d, auto p_i, auto q_i)
                        HWY_ATTR { return ProbTimesLead(d, p_i, q_i); };
  const auto prob = [](auto d, auto p_i, auto /*q*/)
                        HWY_ATTR { return ProbOf(d, p_i); };
  for (size_t r = 0; r < log_p.rows; ++r) {
    const auto g = static_cast<double>(upstream[r]);
    const PairRow pair = LoadPair(log_p[r], log_q[r]);
    StorePairGradient(pair, g, lead, d_log_p, r);
    StorePairGradient(pair, -g, prob, d_log_q, r);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
