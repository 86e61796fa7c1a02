#if defined(SURPRISAL_KL_DIVERGENCE_KL_DIVERGENCE_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_KL_DIVERGENCE_KL_DIVERGENCE_INL_H_
#undef SURPRISAL_KL_DIVERGENCE_KL_DIVERGENCE_INL_H_
#else
#define SURPRISAL_KL_DIVERGENCE_KL_DIVERGENCE_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "hwy/highway.h"
#include "surprisal/common/certain.h"
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

/// ln(p / q) by the first stage, off by kFirst relatively and by what the
/// quotient is off by; 0 where both are 0.
HWY_INLINE V<Doubles> FirstLogRatio(Doubles d, V<Doubles> p, V<Doubles> q) {
  const auto neither = hn::Eq(hn::Add(p, q), hn::Zero(d));
  return hn::IfThenZeroElse(neither, FirstLogProb(d, hn::Div(p, q)));
}
inline constexpr double kFirstQuotientError = 2 * kUnit;

/// sum_c p_c ln(p_c / q_c) by the first stage.
HWY_INLINE Estimate<One> FirstKlDivergence(InRow p_row, InRow q_row) {
  const size_t padded = hwy::RoundUpTo(p_row.classes, hn::Lanes(Doubles()));
  const double* p = LoadPlain(p_row, 0.0, Slot::kExpHi);
  const double* q = LoadPlain(q_row, 1.0, Slot::kOtherHi);
  const auto log_at = [&](Doubles d, size_t i) HWY_ATTR {
    return FirstLogRatio(d, hn::Load(d, p + i), hn::Load(d, q + i));
  };
  const FirstSum mass = SumFirstTerms(
      padded, [&](Doubles d, size_t i) HWY_ATTR { return hn::Load(d, p + i); });
  return EstimateOf(SumWeighted(p, padded, log_at), kFirst,
                    mass.size * kFirstQuotientError);
}

inline HWY_NOINLINE double FullKlDivergence(InRow p_row, InRow q_row,
                                            ElementType type) {
  const ProbRow row = LoadProbs(p_row, Slot::kShiftedHi);
  const double* plain = LoadPlain(p_row, 1.0, Slot::kExpHi);
  const double* other = LoadPlain(q_row, 1.0, Slot::kOtherHi);
  const auto term = [&](auto d, size_t i) HWY_ATTR {
    const auto zero = hn::Zero(d);
    const auto p_i = hn::Load(d, row.values + i);
    const auto q_i = hn::Load(d, other + i);
    const auto log_ratio = LogRatio(d, hn::Load(d, plain + i), q_i);
    const auto impossible = hn::And(hn::Eq(q_i, zero), hn::Gt(p_i, zero));
    auto limit = hn::IfThenElseZero(impossible, hn::Set(d, HUGE_VAL));
    limit =
        hn::IfThenElse(hn::IsNaN(hn::Add(p_i, q_i)), hn::Set(d, NAN), limit);
    const auto value = Mul(d, log_ratio, p_i);
    return Term<Doubles>{value, hn::Ne(p_i, zero), limit, hn::Abs(value.hi)};
  };
  return RoundScalar(type, SumTerms(row.padded, row.exponent, term),
                     [&] { return certain::KlDivergence(type, p_row, q_row); });
}

void KlDivergenceRows(InRows p, InRows q, OutRow kl_divergence) {
  const ElementType type = kl_divergence.type;
  for (size_t r = 0; r < p.rows; ++r) {
    const InRow p_row = p[r], q_row = q[r];
    kl_divergence.Set(
        r, RowScalarOf(
               type, [&] { return FirstKlDivergence(p_row, q_row); },
               [&] { return FullKlDivergence(p_row, q_row, type); }));
  }
}

/// The largest entry of a row of log-probabilities as a power of two, for the
/// exponentials to be taken relative to.
HWY_INLINE double LargestExponent(const double* log_p, size_t padded) {
  const Maximum max = FindMaximum(log_p, padded);
  if (max.kind != RowKind::kRegular) return 0.0;
  return std::round(std::clamp(max.value, -2000.0, 2000.0) * kInverseLn2);
}

/// e^x by the first stage, 0 at -inf; infinite where it says nothing.
HWY_INLINE V<Doubles> FirstProb(Doubles d, V<Doubles> log_p) {
  const auto none = hn::Eq(log_p, hn::Set(d, -HUGE_VAL));
  const auto known = FirstExpKnown(d, log_p);
  const V<Doubles> inside = hn::IfThenElseZero(known, log_p);
  const V<Doubles> e =
      hn::IfThenElse(known, FirstExp(d, inside), hn::Set(d, HUGE_VAL));
  return hn::IfThenZeroElse(none, e);
}

/// sum_c e^(log_p_c) (log_p_c - log_q_c) by the first stage.
HWY_INLINE Estimate<One> FirstKlFromLogProbs(InRow p_row, InRow q_row) {
  const size_t padded = hwy::RoundUpTo(p_row.classes, hn::Lanes(Doubles()));
  const double* p = LoadPlain(p_row, -HUGE_VAL, Slot::kExpHi);
  const double* q = LoadPlain(q_row, 0.0, Slot::kOtherHi);
  const auto term_at = [&](Doubles d, size_t i) HWY_ATTR {
    const V<Doubles> p_i = hn::Load(d, p + i), q_i = hn::Load(d, q + i);
    const V<Doubles> lead = hn::Sub(p_i, q_i);
    const auto none =
        hn::AndNot(hn::IsNaN(q_i), hn::Eq(p_i, hn::Set(d, -HUGE_VAL)));
    return hn::IfThenZeroElse(none, hn::Mul(FirstProb(d, p_i), lead));
  };
  return EstimateOf(SumFirstTerms(padded, term_at), kFirst);
}

inline HWY_NOINLINE double FullKlFromLogProbs(InRow p_row, InRow q_row,
                                              ElementType type) {
  const size_t padded = hwy::RoundUpTo(p_row.classes, hn::Lanes(Doubles()));
  const double* p = LoadPlain(p_row, -HUGE_VAL, Slot::kExpHi);
  const double* q = LoadPlain(q_row, 0.0, Slot::kOtherHi);
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
    const auto underflows = hn::Lt(k, lowest);
    const auto power = Pow2(d, hn::IfThenElse(underflows, lowest, k));
    const auto lead = TwoSum(d, hn::Mul(p_i, hn::Set(d, factor)),
                             hn::Mul(q_i, hn::Set(d, -factor)));
    const auto possible = hn::Ne(p_i, minus_infinity);
    const auto impossible = hn::And(hn::Eq(q_i, minus_infinity), possible);
    auto limit = hn::IfThenElseZero(impossible, hn::Set(d, HUGE_VAL));
    limit = hn::IfThenElse(hn::Or(hn::IsNaN(p_i), hn::IsNaN(q_i)),
                           hn::Set(d, NAN), limit);
    const auto value = Mul(d, Scale(d, e.value, power), lead);
    // What underflows has but the right sign; beyond e^2000 (see Exp) a term
    // may outweigh all others
    auto weight =
        hn::IfThenElse(underflows, hn::Set(d, 1 / kRelative), hn::Set(d, 1.0));
    weight = hn::IfThenElse(hn::Gt(p_i, hn::Set(d, 2000.0)),
                            hn::Set(d, 0x1p370), weight);
    return Term<Doubles>{value, possible, limit,
                         hn::Mul(hn::Abs(value.hi), weight)};
  };
  return RoundScalar(type, SumTerms(padded, top + down - kUp, term), [&] {
    return certain::KlDivergenceFromLogProbs(type, p_row, q_row);
  });
}

void KlDivergenceFromLogProbsRows(InRows log_p, InRows log_q,
                                  OutRow kl_divergence) {
  const ElementType type = kl_divergence.type;
  for (size_t r = 0; r < log_p.rows; ++r) {
    const InRow p_row = log_p[r], q_row = log_q[r];
    kl_divergence.Set(
        r, RowScalarOf(
               type, [&] { return FirstKlFromLogProbs(p_row, q_row); },
               [&] { return FullKlFromLogProbs(p_row, q_row, type); }));
  }
}

/// 1 + ln(p / q) with its limits: -inf at p = 0, +inf at q = 0.
template <class D>
HWY_INLINE CancellingFactor<D> OnePlusLogRatio(D d, V<D> p, V<D> q) {
  const V<D> zero = hn::Zero(d), one = hn::Set(d, 1.0);
  const Dd<D> log_ratio = LogRatio(d, p, q);
  const Dd<D> value = Add(d, log_ratio, one);
  V<D> coarse = hn::IfThenElse(hn::Lt(value.hi, zero), hn::Neg(one), one);
  const V<D> infinity = hn::Set(d, HUGE_VAL);
  const V<D> up = hn::IfThenElseZero(hn::Eq(q, zero), infinity);
  const V<D> down = hn::IfThenElseZero(hn::Eq(p, zero), hn::Neg(infinity));
  const V<D> limit = hn::Add(up, down);  // NaN where both are 0
  coarse = hn::IfThenElse(hn::Eq(limit, zero), coarse, limit);
  const V<D> size = hn::Add(hn::Abs(log_ratio.hi), one);
  return {{{value, zero}, coarse}, hn::Mul(size, hn::Set(d, kRelative))};
}

/// The same by the first stage, whose error is infinite at the limits.
HWY_INLINE Estimate<Doubles> FirstOnePlusLogRatio(Doubles d, V<Doubles> p,
                                                  V<Doubles> q) {
  const V<Doubles> zero = hn::Zero(d);
  const auto limit = hn::Or(hn::Eq(p, zero), hn::Eq(q, zero));
  const V<Doubles> log = FirstLogRatio(d, p, q);
  const V<Doubles> error = hn::MulAdd(hn::Abs(log), hn::Set(d, kFirst),
                                      hn::Set(d, kFirstQuotientError));
  return SlopeOf(d, hn::Add(log, hn::Set(d, 1.0)),
                 hn::IfThenElse(limit, hn::Set(d, HUGE_VAL), error));
}

void KlDivergenceGradientRows(InRows p, InRows q, InRow upstream, OutRows d_p,
                              OutRows d_q) {
  const auto lead = [](auto d, auto p_i, auto q_i)
                        HWY_ATTR { return OnePlusLogRatio(d, p_i, q_i); };
  const auto ratio = [](auto d, auto p_i, auto q_i)
                         HWY_ATTR { return RatioFactor(d, p_i, q_i); };
  const auto first_lead = [](auto d, auto p_i, auto q_i) HWY_ATTR {
    return FirstOnePlusLogRatio(d, p_i, q_i);
  };
  const auto first_ratio = [](auto d, auto p_i, auto q_i)
                               HWY_ATTR { return FirstRatio(d, p_i, q_i); };
  for (size_t r = 0; r < p.rows; ++r) {
    const double g = upstream[r];
    const PairRow pair = LoadPair(p[r], q[r]);
    const auto certain_p = [&](double p_i, double q_i) {
      return certain::KlDivergenceGradientP(d_p.type, p_i, q_i, g);
    };
    const auto certain_q = [&](double p_i, double q_i) {
      return certain::KlDivergenceGradientQ(d_q.type, p_i, q_i, g);
    };
    StorePairGradient(pair, g, first_lead, lead, certain_p, d_p, r);
    StorePairGradient(pair, -g, first_ratio, ratio, certain_q, d_q, r);
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

/// e^(log_p) by the first stage.
HWY_INLINE Estimate<Doubles> FirstProbSlope(Doubles d, V<Doubles> log_p) {
  const V<Doubles> prob = FirstProb(d, log_p);
  return SlopeOf(d, prob, hn::Mul(prob, hn::Set(d, kFirst)));
}

/// e^(log_p) (1 + log_p - log_q) by the first stage.
HWY_INLINE Estimate<Doubles> FirstProbTimesLead(Doubles d, V<Doubles> log_p,
                                                V<Doubles> log_q) {
  const V<Doubles> prob = FirstProb(d, log_p);
  const V<Doubles> apart = hn::Sub(log_p, log_q);
  const V<Doubles> lead = hn::Add(apart, hn::Set(d, 1.0));
  const V<Doubles> off =
      hn::MulAdd(hn::Abs(lead), hn::Set(d, kFirst),
                 hn::Mul(hn::Abs(apart), hn::Set(d, 2 * kUnit)));
  const auto none = hn::Eq(log_p, hn::Set(d, -HUGE_VAL));
  return SlopeOf(d, hn::IfThenZeroElse(none, hn::Mul(prob, lead)),
                 hn::IfThenZeroElse(none, hn::Mul(prob, off)));
}

void KlDivergenceFromLogProbsGradientRows(InRows log_p, InRows log_q,
                                          InRow upstream, OutRows d_log_p,
                                          OutRows d_log_q) {
  const auto lead = [](auto d, auto p_i, auto q_i)
                        HWY_ATTR { return ProbTimesLead(d, p_i, q_i); };
  const auto prob = [](auto d, auto p_i, auto /*q*/)
                        HWY_ATTR { return ProbOf(d, p_i); };
  const auto first_lead = [](auto d, auto p_i, auto q_i) HWY_ATTR {
    return FirstProbTimesLead(d, p_i, q_i);
  };
  const auto first_prob = [](auto d, auto p_i, auto /*q*/)
                              HWY_ATTR { return FirstProbSlope(d, p_i); };
  for (size_t r = 0; r < log_p.rows; ++r) {
    const double g = upstream[r];
    const PairRow pair = LoadPair(log_p[r], log_q[r]);
    const auto certain_p = [&](double p_i, double q_i) {
      return certain::KlDivergenceFromLogProbsGradientP(d_log_p.type, p_i, q_i,
                                                        g);
    };
    const auto certain_q = [&](double p_i, double /*q_i*/) {
      return certain::KlDivergenceFromLogProbsGradientQ(d_log_q.type, p_i, g);
    };
    StorePairGradient(pair, g, first_lead, lead, certain_p, d_log_p, r);
    StorePairGradient(pair, -g, first_prob, prob, certain_q, d_log_q, r);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
