#ifndef SURPRISAL_LOG_LOG_ORACLE_H_
#define SURPRISAL_LOG_LOG_ORACLE_H_

#include "oracle/definition.h"

namespace surprisal {

/// ln x, for any number type.
template <class X>
X LogDefinition(const X& x) {
  return log(x);
}

/// The exact value of Log: -inf at +-0, NaN below.
template <class N = Exact>
N LogOracle(double x) {
  return LogDefinition(N(x));
}

/// The exact value of LogVjp: upstream / x, an infinity of either sign at +-0.
template <class N = Exact>
N LogVjpOracle(double x, double upstream) {
  return N(upstream) / N(x);
}

}  // namespace surprisal

#endif  // SURPRISAL_LOG_LOG_ORACLE_H_
