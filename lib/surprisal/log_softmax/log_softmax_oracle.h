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

/// u_j - p_j sum_k u_k for every class j, with 1 - p_j as the sum of the other
/// probabilities: u_j (1 - p_j) - p_j (sum of the other u).
template <class N>
std::vector<N> LogSoftmaxPullback(const std::vector<N>& probs,
                                  const std::vector<N>& upstream) {
  const std::vector<N> other_probs = SumsOfOthers(probs);
  const std::vector<N> other_upstream = SumsOfOthers(upstream);
  std::vector<N> d_logits;
  for (size_t j = 0; j < probs.size(); ++j) {
    CancellingSum<N> d;
    d += N(upstream[j] * other_probs[j]);
    d += N(-probs[j] * other_upstream[j]);
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
  std::vector<N> d_logits = LogSoftmaxPullback(
      SoftmaxOracle<N>(logits, temperature), Widened<N>(upstream));
  for (N& d : d_logits) d /= temperature;
  return d_logits;
}

}  // namespace surprisal

#endif  // SURPRISAL_LOG_SOFTMAX_LOG_SOFTMAX_ORACLE_H_
