#ifndef SURPRISAL_ORACLE_ULP_H_
#define SURPRISAL_ORACLE_ULP_H_

#include <algorithm>
#include <cmath>
#include <limits>

#include "oracle/exact.h"
#include "oracle/format.h"
#include "oracle/rounding.h"

namespace surprisal {

/// The ruler: |got - exact| in units in the last place of T at `exact`, as a
/// fraction, so that a correctly rounded result scores at most 0.5. There is no
/// floor under which nothing is seen.
///
/// The unit is that of the binade of `exact` (just below a power of two, that
/// of the lower binade). Where `exact` is subnormal or 0 it is the smallest
/// subnormal; beyond the largest finite number it stays that of the top binade.
/// What is not finite is right or wrong, and wrong is +inf:
/// - `exact` NaN: 0 for NaN, else +inf; a NaN for anything else scores +inf;
/// - an infinite result scores 0 where `exact` rounds to that very infinity,
///   else +inf; an infinite `exact` met by a finite result, +inf.
/// The sign of a zero is not seen here: compare bits.
template <class T>
double UlpError(T got, const Exact& exact) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double wide = Format<T>::Widen(got);
  if (std::isnan(wide) || isnan(exact)) {
    return std::isnan(wide) && isnan(exact) ? 0.0 : kInfinity;
  }
  if (std::isinf(wide)) {
    return Format<T>::Widen(RoundTo<T>(exact)) == wide ? 0.0 : kInfinity;
  }
  if (isinf(exact)) return kInfinity;

  const Exact distance = abs(Exact(wide) - exact);
  const int last_place = exact == 0
                             ? Format<T>::kMinExponent - Format<T>::kPrecision
                             : CountUlps<T>(exact).exponent;
  const int top = Format<T>::kMaxExponent - Format<T>::kPrecision;
  return static_cast<double>(
      Exact(ldexp(distance, -std::min(last_place, top))));
}

}  // namespace surprisal

#endif  // SURPRISAL_ORACLE_ULP_H_
