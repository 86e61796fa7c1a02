#ifndef SURPRISAL_LOG1P_LOG1P_ORACLE_H_
#define SURPRISAL_LOG1P_LOG1P_ORACLE_H_

#include "oracle/definition.h"

namespace surprisal {

/// ln(1 + x), for any number type with digits enough for the sum.
template <class X>
X Log1pDefinition(const X& x) {
  return log(1 + x);
}

/// The exact value of Log1p: -inf at -1, NaN below, +-0 kept. The digits of a
/// small x would be lost in 1 + x, so the series of Boost's log1p takes over.
template <class N = Exact>
N Log1pOracle(double x) {
  return log1p(N(x));
}

/// The exact value of Log1pVjp: upstream / (1 + x), infinite at -1.
template <class N = Exact>
N Log1pVjpOracle(double x, double upstream) {
  return N(upstream) / (1 + N(x));
}

}  // namespace surprisal

#endif  // SURPRISAL_LOG1P_LOG1P_ORACLE_H_
