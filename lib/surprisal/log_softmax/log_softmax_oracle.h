#ifndef SURPRISAL_LOG_SOFTMAX_LOG_SOFTMAX_ORACLE_H_
#define SURPRISAL_LOG_SOFTMAX_LOG_SOFTMAX_ORACLE_H_

#include <cstddef>
#include <span>
#include <vector>

#include "oracle/definition.h"
#include "surprisal/softmax/softmax_oracle.h"

namespace surprisal {

/// z_i - ln sum_k e^(z_k), z = logits / temperature, for any number type in
/// whose range the exponentials lie.
template <class X>
X LogSoftmaxDefinition(const std::vector<X>& logits, size_t i,
                       double temperature = 1) {
  X sum(0);
  for (const X& logit : logits) sum += exp(logit / temperature);
  return logits[i] / temperature - log(sum);
}

/// The exact value of LogSoftmax for one row. It is below 0, however little,
/// wherever another class has a probability; a certain class has +0.
template <class N = Exact>
std::vector<N> LogSoftmaxOracle(std::span<const double> logits,
                                double temperature = 1) {
  if (HasNoSoftmax(logits)) return std::vector<N>(logits.size(), NaN<N>());
  const OddsRow<N> row(logits, temperature);
  std::vector<N> log_probs;
  for (size_t c = 0; c < logits.size(); ++c) {
    log_probs.push_back(PlusZero(N(-row.Surprisal(c))));
  }
  return log_probs;
}

/// (u_j - p_j sum_k u_k) / divisor for every class j.
///
/// Of m classes that are most probable, p_j = (1 - b) / m with b the probability
/// of all the others, so that the value is ((m - 1) u_j - sum_{k != j} u_k) / m
/// + b / m sum_k u_k: a rational number, which is exact where it has few digits
/// (as a tie does), and a tail that says on which side of it the value lies. For
/// m = 1 no u_j (1 - p_j) is formed as a difference. All other p_j are at most
/// 1/2.
template <class N>
std::vector<N> LogSoftmaxPullback(const OddsRow<N>& row,
                                  const std::vector<N>& upstream,
                                  const N& divisor) {
  const std::vector<N> others = SumsOfOthers(upstream);
  const N tail = row.below / (row.ties + row.below);
  std::vector<N> d_logits;
  for (size_t j = 0; j < upstream.size(); ++j) {
    CancellingSum<N> sum, d;
    sum += upstream[j];
    sum += others[j];
    if (row.gaps[j] == 0) {
      CancellingSum<N> rational;
      rational += N((row.ties - 1) * upstream[j]);
      rational += N(-others[j]);
      d += N(rational.Value() / (row.ties * divisor));
      d += N(tail * sum.Value() / (row.ties * divisor));
    } else {
      d += N(upstream[j] / divisor);
      d += N(-row.Probability(j) * sum.Value() / divisor);
    }
    d_logits.push_back(d.Value());
  }
  return d_logits;
}

/// The exact value of LogSoftmaxVjp for one row; upstream is finite. A -inf
/// logit gets its own upstream / temperature, as the formula has it.
template <class N = Exact>
std::vector<N> LogSoftmaxVjpOracle(std::span<const double> logits,
                                   std::span<const double> upstream,
                                   double temperature = 1) {
  if (HasNoSoftmax(logits)) return std::vector<N>(logits.size(), NaN<N>());
  return LogSoftmaxPullback(OddsRow<N>(logits, temperature),
                            Widened<N>(upstream), N(temperature));
}

}  // namespace surprisal

#endif  // SURPRISAL_LOG_SOFTMAX_LOG_SOFTMAX_ORACLE_H_
