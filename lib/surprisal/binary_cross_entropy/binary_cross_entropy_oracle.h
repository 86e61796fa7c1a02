#ifndef SURPRISAL_BINARY_CROSS_ENTROPY_BINARY_CROSS_ENTROPY_ORACLE_H_
#define SURPRISAL_BINARY_CROSS_ENTROPY_BINARY_CROSS_ENTROPY_ORACLE_H_

#include <cstddef>
#include <span>
#include <vector>

#include "oracle/definition.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"
#include "surprisal/common/rows.h"
#include "surprisal/nll/nll_oracle.h"
#include "surprisal/sigmoid/sigmoid_oracle.h"
#include "surprisal/softplus/softplus_oracle.h"

namespace surprisal {

/// w t ln(1 + e^-x) + (1 - t) ln(1 + e^x), for any number type.
template <class X>
X BinaryCrossEntropyDefinition(const X& logit, double target, double weight) {
  return X(target) * weight * log(1 + exp(-logit)) +
         (1 - X(target)) * log(1 + exp(logit));
}

/// -w t ln p - (1 - t) ln(1 - p), for any number type.
template <class X>
X BinaryCrossEntropyFromProbsDefinition(const X& prob, double target,
                                        double weight) {
  return -(X(target) * weight * log(prob)) - (1 - X(target)) * log(1 - prob);
}

/// The weight of a positive target in class c; 1 where none are given.
template <class N>
N PosWeightOf(const BinaryCrossEntropyOptions& options, size_t c) {
  return WeightOf<N>(options.pos_weight,
                     options.pos_weight.size() == 1 ? 0 : c);
}

/// How much the positive and the negative case of one element count.
template <class N>
struct BinaryShares {
  N positive;  ///< w t
  N negative;  ///< 1 - t

  BinaryShares(const N& weight, double target)
      : positive(weight * target), negative(1 - N(target)) {}
};

/// a share of something infinite is infinite, no share of it is 0.
template <class N>
N ShareOf(const N& value, const N& share) {
  return share == 0 && !isnan(value) ? N(0) : N(share * value);
}

/// Calls of(x, shares) on every element, in row-major order.
template <class N, class Of>
std::vector<N> BinaryElements(Rows<const double> x, Rows<const double> targets,
                              const BinaryCrossEntropyOptions& options,
                              const Of& of) {
  std::vector<N> result;
  for (size_t r = 0; r < x.rows; ++r) {
    for (size_t c = 0; c < x.classes; ++c) {
      const BinaryShares<N> shares(PosWeightOf<N>(options, c), targets[r][c]);
      result.push_back(PlusZero(of(x[r][c], shares)));
    }
  }
  return result;
}

/// The exact value of BinaryCrossEntropy: [rows * classes] for kNone, else [1].
/// Arguments are valid.
template <class N = Exact>
std::vector<N> BinaryCrossEntropyOracle(
    Rows<const double> logits, Rows<const double> targets,
    const BinaryCrossEntropyOptions& options = {}) {
  const std::vector<N> losses = BinaryElements<N>(
      logits, targets, options, [](double x, const BinaryShares<N>& shares) {
        return N(ShareOf(SoftplusOracle<N>(-x), shares.positive) +
                 ShareOf(SoftplusOracle<N>(x), shares.negative));
      });
  return Reduced(losses, options.reduction, N(losses.size()));
}

/// The exact value of BinaryCrossEntropyFromProbs, shaped as the other.
template <class N = Exact>
std::vector<N> BinaryCrossEntropyFromProbsOracle(
    Rows<const double> probs, Rows<const double> targets,
    const BinaryCrossEntropyOptions& options = {}) {
  const std::vector<N> losses = BinaryElements<N>(
      probs, targets, options, [](double p, const BinaryShares<N>& shares) {
        return N(ShareOf(N(-log(N(p))), shares.positive) +
                 ShareOf(N(-log1p(N(-p))), shares.negative));
      });
  return Reduced(losses, options.reduction, N(losses.size()));
}

/// The exact value of BinaryCrossEntropyGradient, row-major [rows * classes].
template <class N = Exact>
std::vector<N> BinaryCrossEntropyGradientOracle(
    Rows<const double> logits, Rows<const double> targets,
    const BinaryCrossEntropyOptions& options = {}) {
  std::vector<N> d_logits = BinaryElements<N>(
      logits, targets, options, [](double x, const BinaryShares<N>& shares) {
        CancellingSum<N> d;
        d += N(shares.negative * SigmoidOracle<N>(x));
        d += N(-shares.positive * SigmoidOracle<N>(-x));
        return d.Value();
      });
  const N divisor(d_logits.size());
  for (N& d : d_logits) d = ReducedGradient(d, options.reduction, divisor);
  return d_logits;
}

/// The exact value of BinaryCrossEntropyFromProbsGradient, shaped as the other.
template <class N = Exact>
std::vector<N> BinaryCrossEntropyFromProbsGradientOracle(
    Rows<const double> probs, Rows<const double> targets,
    const BinaryCrossEntropyOptions& options = {}) {
  std::vector<N> d_probs = BinaryElements<N>(
      probs, targets, options, [](double p, const BinaryShares<N>& shares) {
        CancellingSum<N> d;
        d += ShareOf(N(1 / PlusZero(N(1 - N(p)))), shares.negative);
        d += N(-ShareOf(N(1 / N(std::fabs(p))), shares.positive));
        return d.Value();
      });
  const N divisor(d_probs.size());
  for (N& d : d_probs) d = ReducedGradient(d, options.reduction, divisor);
  return d_probs;
}

}  // namespace surprisal

#endif  // SURPRISAL_BINARY_CROSS_ENTROPY_BINARY_CROSS_ENTROPY_ORACLE_H_
