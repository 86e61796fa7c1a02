#ifndef SURPRISAL_SOFTPLUS_SOFTPLUS_ORACLE_H_
#define SURPRISAL_SOFTPLUS_SOFTPLUS_ORACLE_H_

#include <cmath>

#include "oracle/definition.h"
#include "surprisal/exp/exp_oracle.h"
#include "surprisal/sigmoid/sigmoid_oracle.h"

namespace surprisal {

/// ln(1 + e^x), for any number type with digits enough for the sum.
template <class X>
X SoftplusDefinition(const X& x) {
  return log(1 + exp(x));
}

/// ln(1 / (1 + e^-x)), for any number type with digits enough for the sum.
template <class X>
X LogSigmoidDefinition(const X& x) {
  return -log(1 + exp(-x));
}

/// The exact value of Softplus. For x > 0 it is x + ln(1 + e^-x), which holds
/// e^-x beside an x of any size.
template <class N = Exact>
N SoftplusOracle(double x) {
  const N tail = log1p(ExactExp(N(-std::fabs(x))));
  return x > 0 ? AddTail(N(x), tail) : tail;
}

/// The exact value of LogSigmoid, -Softplus(-x).
template <class N = Exact>
N LogSigmoidOracle(double x) {
  return -SoftplusOracle<N>(-x);
}

/// The exact value of SoftplusVjp; upstream is finite.
template <class N = Exact>
N SoftplusVjpOracle(double x, double upstream) {
  return N(upstream) * SigmoidOracle<N>(x);
}

/// The exact value of LogSigmoidVjp; upstream is finite.
template <class N = Exact>
N LogSigmoidVjpOracle(double x, double upstream) {
  return N(upstream) * SigmoidOracle<N>(-x);
}

}  // namespace surprisal

#endif  // SURPRISAL_SOFTPLUS_SOFTPLUS_ORACLE_H_
