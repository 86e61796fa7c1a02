#ifndef SURPRISAL_SOFTMAX_SOFTMAX_ORACLE_H_
#define SURPRISAL_SOFTMAX_SOFTMAX_ORACLE_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "oracle/definition.h"
#include "surprisal/exp/exp_oracle.h"

namespace surprisal {

/// e^(z_i) / sum_k e^(z_k), z = logits / temperature, for any number type in
/// whose range the exponentials lie.
template <class X>
X SoftmaxDefinition(const std::vector<X>& logits, size_t i,
                    double temperature = 1) {
  X sum(0);
  for (const X& logit : logits) sum += exp(logit / temperature);
  return exp(logits[i] / temperature) / sum;
}

/// Whether the row has no probabilities: NaN or +inf in it, or nothing but
/// -inf.
inline bool HasNoSoftmax(std::span<const double> logits) {
  const auto spoils = [](double z) { return std::isnan(z) || z == INFINITY; };
  const auto masked = [](double z) { return z == -INFINITY; };
  return std::ranges::any_of(logits, spoils) ||
         std::ranges::all_of(logits, masked);
}

/// A row that has probabilities, measured from its most probable class. In the
/// digits of N any class would do for the probabilities; this one also keeps
/// the digits of a logarithm near 0, and no exponential overflows.
template <class N>
struct OddsRow {
  size_t top = 0;       ///< the most probable class
  std::vector<N> gaps;  ///< (logit of top - logit) / temperature, 0 or more
  std::vector<N> odds;  ///< p_c / p_top = e^-gap
  N against = 0;        ///< (1 - p_top) / p_top: the odds of all but top

  OddsRow(std::span<const double> logits, double temperature)
      : top(static_cast<size_t>(std::ranges::max_element(logits) -
                                logits.begin())) {
    for (size_t c = 0; c < logits.size(); ++c) {
      gaps.push_back((N(logits[top]) - N(logits[c])) / N(temperature));
      odds.push_back(ExactExp(N(-gaps[c])));
      if (c != top) against += odds[c];
    }
  }

  /// Positive, but for 0 where the logit is -inf.
  N Probability(size_t c) const {
    if (odds[c] == 0) return 0;
    return Positive(N(odds[c] / AddTail(N(1), against)));
  }

  /// -ln p_c, in nats: +inf where the logit is -inf.
  N Surprisal(size_t c) const { return AddTail(gaps[c], N(log1p(against))); }

  std::vector<N> Probabilities() const {
    std::vector<N> probs;
    for (size_t c = 0; c < odds.size(); ++c) probs.push_back(Probability(c));
    return probs;
  }
};

/// The exact value of Softmax for one row.
template <class N = Exact>
std::vector<N> SoftmaxOracle(std::span<const double> logits,
                             double temperature = 1) {
  if (HasNoSoftmax(logits)) return std::vector<N>(logits.size(), NaN<N>());
  return OddsRow<N>(logits, temperature).Probabilities();
}

/// The exact value of MaskedSoftmax for one row.
/// @param[in] mask  [classes], 0 to leave a class out.
template <class N = Exact>
std::vector<N> MaskedSoftmaxOracle(std::span<const double> logits,
                                   std::span<const std::uint8_t> mask,
                                   double temperature = 1) {
  std::vector<double> unmasked;
  for (size_t c = 0; c < logits.size(); ++c) {
    if (mask[c] != 0) unmasked.push_back(logits[c]);
  }
  const std::vector<N> probs = SoftmaxOracle<N>(unmasked, temperature);
  std::vector<N> result(logits.size(), N(0));
  size_t next = 0;
  for (size_t c = 0; c < logits.size(); ++c) {
    if (mask[c] != 0) result[c] = probs[next++];
  }
  return result;
}

/// p_j (u_j - sum_k p_k u_k) / temperature for every class j of a row that has
/// probabilities, as p_j ((u_j - u_top) + sum_k p_k (u_top - u_k)): no
/// difference is taken of what a confident row makes nearly equal. A class of
/// probability 0 neither gets nor gives anything.
template <class N>
std::vector<N> SoftmaxPullback(const OddsRow<N>& row,
                               const std::vector<N>& upstream,
                               double temperature) {
  const std::vector<N> probs = row.Probabilities();
  const N& top = upstream[row.top];
  CancellingSum<N> mean;
  for (size_t k = 0; k < probs.size(); ++k) {
    if (probs[k] != 0) mean += N(probs[k] * (top - upstream[k]));
  }
  std::vector<N> d_logits(probs.size(), N(0));
  for (size_t j = 0; j < probs.size(); ++j) {
    if (probs[j] == 0) continue;
    CancellingSum<N> centred;
    centred += N(upstream[j] - top);
    centred += mean.Value();
    d_logits[j] = PlusZero(N(probs[j] * centred.Value() / temperature));
  }
  return d_logits;
}

/// The exact value of SoftmaxVjp for one row; upstream is finite.
template <class N = Exact>
std::vector<N> SoftmaxVjpOracle(std::span<const double> logits,
                                std::span<const double> upstream,
                                double temperature = 1) {
  if (HasNoSoftmax(logits)) return std::vector<N>(logits.size(), NaN<N>());
  return SoftmaxPullback(OddsRow<N>(logits, temperature), Widened<N>(upstream),
                         temperature);
}

}  // namespace surprisal

#endif  // SURPRISAL_SOFTMAX_SOFTMAX_ORACLE_H_
