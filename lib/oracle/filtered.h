#ifndef SURPRISAL_ORACLE_FILTERED_H_
#define SURPRISAL_ORACLE_FILTERED_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "oracle/approx.h"
#include "oracle/exact.h"
#include "oracle/format.h"
#include "oracle/rounding.h"
#include "oracle/ulp.h"

/// \file
/// The filtered oracle: a long double and its error bound answer nearly every
/// question; only where the bound leaves the answer open are 100 digits asked
/// for. The answers are those of RoundTo() and UlpError(), a thousand times
/// faster.

namespace surprisal {

/// How often a filter was asked, and how often it had to ask for 100 digits.
struct FilterCount {
  std::uint64_t asked = 0;
  std::uint64_t escalated = 0;
};

/// The T that every number within the bound rounds to, if there is one.
/// Rounding is monotonic, so it is enough that both ends agree.
template <class T>
std::optional<T> CertainRounding(Approx approx) {
  if (approx.error == 0) return Format<T>::Narrow(approx.value);
  // The ends are rounded themselves; one more ulp keeps them outside, but an
  // interval that does not cross 0 has one sign.
  const long double value = approx.value;
  const long double reach =
      approx.error + 2 * Approx::kUlp * (std::fabs(value) + approx.error);
  long double lower = value - reach;
  long double upper = value + reach;
  if (approx.error <= value && lower <= 0) lower = 0.0L;
  if (approx.error <= -value && upper >= 0) upper = -0.0L;
  const T low = Format<T>::Narrow(lower);
  const T high = Format<T>::Narrow(upper);
  const double wide_low = Format<T>::Widen(low);
  const double wide_high = Format<T>::Widen(high);
  if (wide_low == wide_high &&
      std::signbit(wide_low) == std::signbit(wide_high)) {
    return low;
  }
  return std::nullopt;
}

/// Whether `got` is, beyond doubt, the correctly rounded result, sign of zero
/// and NaN included. False where it is wrong and where the bound cannot tell.
template <class T>
bool CertainlyRoundsTo(T got, Approx approx) {
  const std::optional<T> want = CertainRounding<T>(approx);
  if (!want) return false;
  const double wide_got = Format<T>::Widen(got);
  const double wide_want = Format<T>::Widen(*want);
  if (std::isnan(wide_want)) return std::isnan(wide_got);
  return wide_got == wide_want &&
         std::signbit(wide_got) == std::signbit(wide_want);
}

/// RoundTo<T>() of the number that `approx` approximates.
/// @param[in]     escalate  returns that number as Exact; called only where a
///                          rounding boundary lies within the bound.
/// @param[in,out] count     may be null.
template <class T, class ExactFn>
T RoundFiltered(Approx approx, ExactFn&& escalate,
                FilterCount* count = nullptr) {
  if (count != nullptr) ++count->asked;
  if (const std::optional<T> rounded = CertainRounding<T>(approx)) {
    return *rounded;
  }
  if (count != nullptr) ++count->escalated;
  return RoundTo<T>(escalate());
}

/// The largest UlpError<T>(got, x) for any x within the bound, or a little
/// more; +inf where the bound leaves open whether `got` is right at all (`got`
/// is not finite and not certainly right, or nothing is known). Above the true
/// error by 2 error / ulp, except where the interval touches a power of two.
template <class T>
double UlpErrorBound(T got, Approx approx) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const long double wide = Format<T>::Widen(got);
  if (!std::isfinite(wide) || !std::isfinite(approx.value)) {
    return CertainlyRoundsTo(got, approx) ? 0.0 : kInfinity;
  }
  if (!std::isfinite(approx.error)) return kInfinity;
  const long double magnitude = std::fabs(approx.value);
  const long double low =
      magnitude -
      (approx.error == 0 ? 0 : approx.error + 2 * Approx::kUlp * magnitude);
  const int binade = low > 0 ? std::ilogb(low) + 1 : Format<T>::kMinExponent;
  const int exponent =
      std::clamp(binade, Format<T>::kMinExponent, Format<T>::kMaxExponent);
  const long double distance = std::fabs(wide - approx.value);
  const long double bound =
      distance + Approx::kUlp * distance + Approx::kSlack * approx.error;
  return static_cast<double>(
      std::ldexp(bound, Format<T>::kPrecision - exponent));
}

/// UlpError<T>() of `got` against the number that `approx` approximates: exact
/// where it is above `limit`, else an upper bound that is itself at most
/// `limit`. So a maximum over many results that starts at `limit` is exact.
/// The bound is close: a long double of 64 bits resolves about 1e-11 ulp of a
/// float and 0.01 ulp of a double.
template <class T, class ExactFn>
double UlpErrorFiltered(T got, Approx approx, ExactFn&& escalate, double limit,
                        FilterCount* count = nullptr) {
  if (count != nullptr) ++count->asked;
  const double bound = UlpErrorBound(got, approx);
  if (bound <= limit) return bound;
  if (approx.error == 0 && !std::isfinite(approx.value)) return bound;
  if (count != nullptr) ++count->escalated;
  return UlpError(got, Exact(escalate()));
}

/// The worst of many results, for a sweep. Let `sharpen_above` be a little more
/// than 0.5: correctly rounded ties (the log-softmax of float logits far apart
/// meets them often) are 0.5 ulp off, and need not be told from 0.5 + 1e-12.
struct WorstUlp {
  double ulp = 0;                ///< the worst error so far
  double sharpen_above = 0.501;  ///< below it an upper bound will do
  FilterCount count = {};

  /// Takes one result into account; true if it is the worst so far. `ulp` is
  /// never below the true worst error, and equals it above `sharpen_above`.
  template <class T, class ExactFn>
  bool Measure(T got, Approx approx, ExactFn&& escalate) {
    const double limit = std::max(ulp, sharpen_above);
    const double error = UlpErrorFiltered(got, approx, escalate, limit, &count);
    if (!(error > ulp)) return false;
    ulp = error;
    return true;
  }
};

}  // namespace surprisal

#endif  // SURPRISAL_ORACLE_FILTERED_H_
