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
/// the digits of a logarithm near 0, and no exponential overflows. Odds below
/// 2^-10^9 count as that, so that their products with doubles still have a sign.
template <class N>
struct OddsRow {
  size_t top = 0;       ///< the most probable class
  std::vector<N> gaps;  ///< (logit of top - logit) / temperature, 0 or more
  std::vector<N> odds;  ///< p_c / p_top = e^-gap
  N against = 0;        ///< (1 - p_top) / p_top: the odds of all but top
  N ties = 0;           ///< how many classes are as probable as top
  N below = 0;          ///< the odds of all the others

  OddsRow(std::span<const double> logits, double temperature)
      : top(static_cast<size_t>(std::ranges::max_element(logits) -
                                logits.begin())) {
    const N least = ldexp(N(1), -1000000000);
    for (size_t c = 0; c < logits.size(); ++c) {
      gaps.push_back((N(logits[top]) - N(logits[c])) / N(temperature));
      odds.push_back(isinf(gaps[c]) ? N(0) : ExactExp(N(-gaps[c])));
      if (odds[c] != 0 && odds[c] < least) odds[c] = least;
      if (c != top) against += odds[c];
      (gaps[c] == 0 ? ties : below) += odds[c];
    }
  }

  /// Positive, but for 0 where the logit is -inf.
  N Probability(size_t c) const {
    if (odds[c] == 0) return 0;
    return Positive(N(odds[c] / AddTail(N(1), against)));
  }

  /// factor p_c / divisor, which for a factor other than 0 is rational where all
  /// classes are as probable, and transcendental elsewhere. So it is formed as a
  /// rational number (exact where that has few digits, as a tie does) and a
  /// tail that is 0 or says on which side of it the value lies.
  N Times(const N& factor, size_t c, const N& divisor) const {
    if (factor == 0) return 0;
    if (gaps[c] != 0) return factor * Probability(c) / divisor;
    const N rational = factor / (ties * divisor);
    return AddTail(rational, N(-rational * (below / (ties + below))));
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
/// probabilities, with every u measured from its mean over the m most probable
/// classes: no difference is taken of what a confident row makes nearly equal. A
/// class of probability 0 neither gets nor gives anything.
///
/// With b the probability of all but those m and s = sum_k p_k (u_k - mean), a
/// sum over the others, the value at one of the m is (u_j - mean) / m, which is
/// exact where it has few digits (as a tie does), less (b (u_j - mean) + (1 - b)
/// s) / m, which says on which side of it the value lies. Where these two cancel
/// but for b squared, beyond the digits of N, the tie is returned.
template <class N>
std::vector<N> SoftmaxPullback(const OddsRow<N>& row,
                               const std::vector<N>& upstream,
                               double temperature) {
  const N m = row.ties, b = row.below / (m + row.below);
  CancellingSum<N> top_sum, s;
  for (size_t k = 0; k < upstream.size(); ++k) {
    if (row.gaps[k] == 0) top_sum += upstream[k];
  }
  const auto lead = [&](size_t k) {  // m (u_k - mean)
    CancellingSum<N> difference;
    difference += N(m * upstream[k]);
    difference += N(-top_sum.Value());
    return difference.Value();
  };
  for (size_t k = 0; k < upstream.size(); ++k) {
    if (row.gaps[k] != 0 && row.odds[k] != 0) {
      s += N(row.Probability(k) * lead(k) / m);
    }
  }
  std::vector<N> d_logits(upstream.size(), N(0));
  for (size_t j = 0; j < upstream.size(); ++j) {
    if (row.odds[j] == 0) continue;
    CancellingSum<N> d;
    if (row.gaps[j] == 0) {
      CancellingSum<N> tail;
      tail += N(-b * lead(j) / (m * m * temperature));
      tail += N(-s.Value() / ((m + row.below) * temperature));
      d += N(lead(j) / (m * m * temperature));
      d += tail.Value();
    } else {
      d += N(row.Probability(j) * lead(j) / (m * temperature));
      d += N(-row.Probability(j) * s.Value() / temperature);
    }
    d_logits[j] = d.Value();
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
