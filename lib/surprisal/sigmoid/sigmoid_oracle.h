#ifndef SURPRISAL_SIGMOID_SIGMOID_ORACLE_H_
#define SURPRISAL_SIGMOID_SIGMOID_ORACLE_H_

#include <cmath>

#include "oracle/definition.h"
#include "surprisal/exp/exp_oracle.h"

namespace surprisal {

/// 1 / (1 + e^-x), for any number type.
template <class X>
X SigmoidDefinition(const X& x) {
  return 1 / (1 + exp(-x));
}

/// The exact value of Sigmoid, above 0 and below 1 wherever x is finite.
template <class N = Exact>
N SigmoidOracle(double x) {
  const N sigmoid = 1 / AddTail(N(1), ExactExp(N(-x)));
  return std::isinf(x) ? sigmoid : Positive(sigmoid);
}

/// The exact value of SigmoidVjp: upstream s (1 - s); upstream is finite.
template <class N = Exact>
N SigmoidVjpOracle(double x, double upstream) {
  return N(upstream) * SigmoidOracle<N>(x) * SigmoidOracle<N>(-x);
}

}  // namespace surprisal

#endif  // SURPRISAL_SIGMOID_SIGMOID_ORACLE_H_
