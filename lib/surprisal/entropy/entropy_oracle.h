#ifndef SURPRISAL_ENTROPY_ENTROPY_ORACLE_H_
#define SURPRISAL_ENTROPY_ENTROPY_ORACLE_H_

#include <cstddef>
#include <span>
#include <vector>

#include "oracle/definition.h"
#include "surprisal/softmax/softmax_oracle.h"

namespace surprisal {

/// -sum_c p_c ln p_c, for any number type.
template <class X>
X EntropyDefinition(const std::vector<X>& probs) {
  X sum(0);
  for (const X& p : probs) sum -= p * log(p);
  return sum;
}

/// The entropy of the softmax, for any number type in whose range the
/// exponentials lie.
template <class X>
X EntropyOfLogitsDefinition(const std::vector<X>& logits) {
  std::vector<X> probs;
  for (size_t c = 0; c < logits.size(); ++c) {
    probs.push_back(SoftmaxDefinition(logits, c));
  }
  return EntropyDefinition(probs);
}

/// The exact value of Entropy for one row.
template <class N = Exact>
N EntropyOracle(std::span<const double> probs) {
  if (HasNaN(probs)) return NaN<N>();
  CancellingSum<N> sum;
  for (const double p : probs) {
    if (p != 0) sum += N(-N(p) * log(N(p)));
  }
  return sum.Value();
}

/// The exact value of EntropyGradient for one row; all NaN where the row holds
/// NaN. upstream is finite.
template <class N = Exact>
std::vector<N> EntropyGradientOracle(std::span<const double> probs,
                                     double upstream = 1) {
  if (HasNaN(probs)) return std::vector<N>(probs.size(), NaN<N>());
  std::vector<N> d_probs;
  for (const double p : probs) {
    d_probs.push_back(TimesUpstream(N(-(1 + log(N(p)))), upstream));
  }
  return d_probs;
}

/// The exact value of EntropyOfLogits for one row: the mean surprisal.
template <class N = Exact>
N EntropyOfLogitsOracle(std::span<const double> logits) {
  if (HasNoSoftmax(logits)) return NaN<N>();
  const OddsRow<N> row(logits, 1);
  N entropy = 0;
  for (size_t c = 0; c < logits.size(); ++c) {
    const N p = row.Probability(c);
    if (p != 0) entropy += p * row.Surprisal(c);
  }
  return PlusZero(entropy);
}

/// The exact value of EntropyOfLogitsGradient for one row. -p_c (ln p_c + H) is
/// what the softmax hands down of the upstream -logits, since ln p_c differs
/// from the logit by the same amount in every class. upstream is finite.
template <class N = Exact>
std::vector<N> EntropyOfLogitsGradientOracle(std::span<const double> logits,
                                             double upstream = 1) {
  if (HasNoSoftmax(logits)) return std::vector<N>(logits.size(), NaN<N>());
  std::vector<N> minus_logits = Widened<N>(logits);
  for (N& z : minus_logits) z = -z;
  std::vector<N> d_logits =
      SoftmaxPullback(OddsRow<N>(logits, 1), minus_logits, 1);
  for (N& d : d_logits) d = PlusZero(N(d * upstream));
  return d_logits;
}

}  // namespace surprisal

#endif  // SURPRISAL_ENTROPY_ENTROPY_ORACLE_H_
