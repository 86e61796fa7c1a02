#ifndef SURPRISAL_EXP_EXP_ORACLE_H_
#define SURPRISAL_EXP_EXP_ORACLE_H_

#include <cmath>

#include "oracle/definition.h"

namespace surprisal {

/// e^x, for any number type.
template <class X>
X ExpDefinition(const X& x) {
  return exp(x);
}

/// e^x of an exact number. Above 0 and off 1 wherever the real number is, also
/// where the digits or the exponents of N end.
template <class N>
N ExactExp(const N& x) {
  if (isinf(x) || isnan(x)) return exp(x);
  if (fabs(x) < std::numeric_limits<N>::epsilon()) return AddTail(N(1), x);
  return Positive(N(exp(x)));
}

/// The exact value of Exp. Beyond |x| = 1.4e9, far from every double, it is the
/// smallest positive N or +inf.
template <class N = Exact>
N ExpOracle(double x) {
  return ExactExp(N(x));
}

/// The exact value of ExpVjp; upstream is finite.
template <class N = Exact>
N ExpVjpOracle(double x, double upstream) {
  if (upstream == 0 && std::isfinite(x)) return N(upstream);
  return N(upstream) * ExpOracle<N>(x);
}

}  // namespace surprisal

#endif  // SURPRISAL_EXP_EXP_ORACLE_H_
