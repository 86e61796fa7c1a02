#ifndef SURPRISAL_LOG1P_LOG1P_H_
#define SURPRISAL_LOG1P_LOG1P_H_

#include <span>
#include <vector>

#include "surprisal/common/rows.h"

namespace surprisal {

/// ln(1 + x), exact where 1 + x would round x away.
/// Special values: Log1p(-1) = -inf, Log1p(+-0) = +-0, Log1p(+inf) = +inf; NaN
/// for x < -1 and for NaN.
/// @param[in]  x  any number of elements, any value.
/// @param[out] y  as many elements; may be `x` itself.
/// Error if the sizes differ. Accuracy: float results are correctly rounded,
/// double results within 1 ulp, subnormal ones included.
void Log1p(std::span<const float> x, std::span<float> y);
void Log1p(std::span<const double> x, std::span<double> y);

/// Gradient of Log1p: d_x = upstream / (1 + x).
/// @param[in]  upstream  the gradient with respect to the function's value.
/// @param[out] d_x       may be `x` or `upstream` itself.
/// Error if the sizes differ. Accuracy as the function's own.
void Log1pVjp(std::span<const float> x, std::span<const float> upstream,
              std::span<float> d_x);
void Log1pVjp(std::span<const double> x, std::span<const double> upstream,
              std::span<double> d_x);

/// The same, returned by value.
template <FloatingRow Range>
auto Log1p(const Range& x) {
  std::vector<std::ranges::range_value_t<Range>> y(std::ranges::size(x));
  Log1p(std::span(x), std::span(y));
  return y;
}

}  // namespace surprisal

#endif  // SURPRISAL_LOG1P_LOG1P_H_
