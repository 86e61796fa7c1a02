#ifndef SURPRISAL_KL_DIVERGENCE_KL_DIVERGENCE_ORACLE_H_
#define SURPRISAL_KL_DIVERGENCE_KL_DIVERGENCE_ORACLE_H_

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "oracle/definition.h"
#include "surprisal/exp/exp_oracle.h"

namespace surprisal {

/// sum_c p_c ln(p_c / q_c), for any number type.
template <class X>
X KlDivergenceDefinition(const std::vector<X>& p, const std::vector<X>& q) {
  X sum(0);
  for (size_t c = 0; c < p.size(); ++c) sum += p[c] * log(p[c] / q[c]);
  return sum;
}

/// sum_c e^(log_p_c) (log_p_c - log_q_c), for any number type.
template <class X>
X KlDivergenceFromLogProbsDefinition(const std::vector<X>& log_p,
                                     const std::vector<X>& log_q) {
  X sum(0);
  for (size_t c = 0; c < log_p.size(); ++c) {
    sum += exp(log_p[c]) * (log_p[c] - log_q[c]);
  }
  return sum;
}

/// ln(p / q) of two numbers of which not both are 0, all its digits kept where
/// they are nearly equal.
template <class N>
N LogRatio(double p, double q) {
  if (p == 0) return -Infinity<N>();
  if (q == 0) return Infinity<N>();
  const N ratio = N(p) / N(q);
  const bool near_one = 2 * ratio > 1 && ratio < 2;
  return near_one ? N(log1p((N(p) - N(q)) / N(q))) : N(log(ratio));
}

/// The exact value of KlDivergence for one pair of rows.
template <class N = Exact>
N KlDivergenceOracle(std::span<const double> p, std::span<const double> q) {
  if (HasNaN(p) || HasNaN(q)) return NaN<N>();
  CancellingSum<N> sum;
  for (size_t c = 0; c < p.size(); ++c) {
    if (p[c] != 0) sum += N(N(p[c]) * LogRatio<N>(p[c], q[c]));
  }
  return sum.Value();
}

/// The exact value of KlDivergenceFromLogProbs for one pair of rows.
template <class N = Exact>
N KlDivergenceFromLogProbsOracle(std::span<const double> log_p,
                                 std::span<const double> log_q) {
  if (HasNaN(log_p) || HasNaN(log_q)) return NaN<N>();
  CancellingSum<N> sum;
  for (size_t c = 0; c < log_p.size(); ++c) {
    if (log_p[c] == -INFINITY || log_p[c] == log_q[c]) continue;
    sum += N(ExactExp(N(log_p[c])) * (N(log_p[c]) - N(log_q[c])));
  }
  return sum.Value();
}

/// The exact value of KlDivergenceGradient for one pair of rows: {d_p, d_q};
/// all NaN where a row holds NaN. upstream is finite.
template <class N = Exact>
PairGradient<N> KlDivergenceGradientOracle(std::span<const double> p,
                                           std::span<const double> q,
                                           double upstream = 1) {
  PairGradient<N> d = {std::vector<N>(p.size(), NaN<N>()),
                       std::vector<N>(p.size(), NaN<N>())};
  if (HasNaN(p) || HasNaN(q)) return d;
  for (size_t c = 0; c < p.size(); ++c) {
    d.second[c] = 0;
    if (p[c] != 0) {
      d.second[c] = MinusRatioTimes<N>(p[c], q[c], upstream);
    }
    if (p[c] == 0 && q[c] == 0) continue;
    d.first[c] = TimesUpstream(N(1 + LogRatio<N>(p[c], q[c])), upstream);
  }
  return d;
}

/// The exact value of KlDivergenceFromLogProbsGradient for one pair of rows:
/// {d_log_p, d_log_q}; all NaN where a row holds NaN. upstream is finite.
template <class N = Exact>
PairGradient<N> KlDivergenceFromLogProbsGradientOracle(
    std::span<const double> log_p, std::span<const double> log_q,
    double upstream = 1) {
  const bool has_nan = HasNaN(log_p) || HasNaN(log_q);
  const N start = has_nan ? NaN<N>() : N(0);
  PairGradient<N> d = {std::vector<N>(log_p.size(), start),
                       std::vector<N>(log_p.size(), start)};
  for (size_t c = 0; c < log_p.size() && !has_nan; ++c) {
    if (log_p[c] == -INFINITY) continue;
    const N p = ExactExp(N(log_p[c]));
    const N slope = AddTail(N(1), N(N(log_p[c]) - N(log_q[c])));
    d.first[c] = TimesUpstream(N(p * slope), upstream);
    d.second[c] = TimesUpstream(N(-p), upstream);
  }
  return d;
}

}  // namespace surprisal

#endif  // SURPRISAL_KL_DIVERGENCE_KL_DIVERGENCE_ORACLE_H_
