#ifndef SURPRISAL_LOG_SUM_EXP_LOG_SUM_EXP_ORACLE_H_
#define SURPRISAL_LOG_SUM_EXP_LOG_SUM_EXP_ORACLE_H_

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "oracle/definition.h"
#include "surprisal/softmax/softmax_oracle.h"

namespace surprisal {

/// ln sum_k e^(z_k), for any number type in whose range the exponentials lie.
template <class X>
X LogSumExpDefinition(const std::vector<X>& logits) {
  X sum(0);
  for (const X& logit : logits) sum += exp(logit);
  return log(sum);
}

/// The exact value of LogSumExp for one row, as z_k - ln p_k with the most
/// probable class for k: right at offsets of 1e308, and near its zero.
template <class N = Exact>
N LogSumExpOracle(std::span<const double> logits) {
  if (HasNaN(logits)) return NaN<N>();
  const double largest = *std::ranges::max_element(logits);
  if (std::isinf(largest)) return N(largest);
  const OddsRow<N> row(logits, 1);
  return PlusZero(AddTail(N(largest), row.Surprisal(row.top)));
}

/// The exact value of LogSumExpGradient for one row; upstream is finite.
template <class N = Exact>
std::vector<N> LogSumExpGradientOracle(std::span<const double> logits,
                                       double upstream = 1) {
  if (LogSumExpOracle<N>(logits) == -Infinity<N>()) {
    return std::vector<N>(logits.size(), N(0));
  }
  if (HasNoSoftmax(logits)) return std::vector<N>(logits.size(), NaN<N>());
  const OddsRow<N> row(logits, 1);
  std::vector<N> d_logits;
  for (size_t c = 0; c < logits.size(); ++c) {
    d_logits.push_back(PlusZero(row.Times(N(upstream), c, N(1))));
  }
  return d_logits;
}

}  // namespace surprisal

#endif  // SURPRISAL_LOG_SUM_EXP_LOG_SUM_EXP_ORACLE_H_
