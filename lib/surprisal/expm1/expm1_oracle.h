#ifndef SURPRISAL_EXPM1_EXPM1_ORACLE_H_
#define SURPRISAL_EXPM1_EXPM1_ORACLE_H_

#include "oracle/definition.h"
#include "surprisal/exp/exp_oracle.h"

namespace surprisal {

/// e^x - 1, for any number type with digits enough for the difference.
template <class X>
X Expm1Definition(const X& x) {
  return exp(x) - 1;
}

/// The exact value of Expm1: +-0 kept. The digits of a small x would be lost in
/// the difference, so the series of Boost's expm1 takes over.
template <class N = Exact>
N Expm1Oracle(double x) {
  return expm1(N(x));
}

/// The exact value of Expm1Vjp; upstream is finite.
template <class N = Exact>
N Expm1VjpOracle(double x, double upstream) {
  return ExpVjpOracle<N>(x, upstream);
}

}  // namespace surprisal

#endif  // SURPRISAL_EXPM1_EXPM1_ORACLE_H_
