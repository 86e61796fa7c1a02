#ifndef SURPRISAL_ORACLE_ROUNDING_H_
#define SURPRISAL_ORACLE_ROUNDING_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "oracle/exact.h"
#include "oracle/format.h"

namespace surprisal {

/// A magnitude counted in units in the last place: units 2^exponent.
struct InUlps {
  Exact units;
  int exponent;
};

/// |exact|, finite, in the units in the last place of T at `exact`. Below the
/// normal range the unit is the smallest subnormal; above the largest finite
/// number the binades go on as if the exponent had no upper limit.
template <class T>
InUlps CountUlps(const Exact& exact) {
  int exponent = 0;  // |exact| lies in [2^(exponent - 1), 2^exponent)
  frexp(exact, &exponent);
  const int last_place =
      std::max(exponent, Format<T>::kMinExponent) - Format<T>::kPrecision;
  return {ldexp(Exact(abs(exact)), -last_place), last_place};
}

/// The T nearest to `exact`, ties to the even neighbour: IEEE 754's
/// roundTiesToEven, from 335 bits in one step.
///
/// |exact| is scaled by the power of two that makes T's last place the units,
/// which is exact; the integer below it and the remainder decide. A remainder
/// above 1/2, or of 1/2 over an odd integer, rounds up. That one rule covers
/// normal numbers, subnormal ones (whose last place is fixed), halfway to the
/// smallest subnormal (goes to 0), the carry into the next binade, and
/// overflow: results of 2^kMaxExponent and more are infinite.
///
/// Special values: NaN gives NaN, an infinity itself; 0 keeps its sign, and so
/// does what underflows to 0.
/// The argument is taken at its word: what its 335 bits show as a tie is a tie.
/// Form sums that may end beyond those bits, such as 2^24 + 1 + e^-300, with
/// AddTail() of oracle/definition.h.
template <class T>
T RoundTo(const Exact& exact) {
  using Limits = std::numeric_limits<double>;
  if (isnan(exact)) return Format<T>::Narrow(Limits::quiet_NaN());
  const double sign = signbit(exact) ? -1.0 : 1.0;
  if (isinf(exact)) return Format<T>::Narrow(sign * Limits::infinity());
  if (exact == 0) return Format<T>::Narrow(sign * 0.0);

  const InUlps count = CountUlps<T>(exact);
  const Exact below = floor(count.units);  // at most 2^kPrecision: fits
  const Exact remainder = count.units - below;
  auto integer = below.convert_to<std::uint64_t>();
  const bool odd = integer % 2 == 1;
  if (remainder > 0.5 || (remainder == 0.5 && odd)) ++integer;
  // Narrow() is exact here, or overflows to the infinity that is meant.
  return Format<T>::Narrow(
      sign * std::ldexp(static_cast<long double>(integer), count.exponent));
}

/// How far `exact` (finite) is from the nearest point where rounding to T
/// changes, in units in the last place: 0 on a tie, 0.5 on a T. What is near 0
/// is a hard case.
template <class T>
double UlpsFromMidpoint(const Exact& exact) {
  const Exact units = CountUlps<T>(exact).units;
  const Exact remainder = units - floor(units);
  return static_cast<double>(Exact(abs(remainder - 0.5)));
}

}  // namespace surprisal

#endif  // SURPRISAL_ORACLE_ROUNDING_H_
