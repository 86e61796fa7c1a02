#ifndef SURPRISAL_LOG_LOG_H_
#define SURPRISAL_LOG_LOG_H_

#include <span>
#include <vector>

#include "surprisal/common/rows.h"

namespace surprisal {

/// The natural logarithm, y = ln x.
/// Special values: Log(+0) = Log(-0) = -inf, Log(+inf) = +inf, Log(1) = +0;
/// NaN for x < 0 and for NaN.
/// @param[in]  x  any number of elements, any value.
/// @param[out] y  as many elements; may be `x` itself.
/// Error if the sizes differ. Accuracy: float results are correctly rounded,
/// double results within 1 ulp, subnormal ones included.
void Log(std::span<const float> x, std::span<float> y);
void Log(std::span<const double> x, std::span<double> y);

/// Gradient of Log: d_x = upstream / x.
/// @param[in]  upstream  the gradient with respect to the function's value.
/// @param[out] d_x       may be `x` or `upstream` itself.
/// Error if the sizes differ. Accuracy as the function's own.
void LogVjp(std::span<const float> x, std::span<const float> upstream,
            std::span<float> d_x);
void LogVjp(std::span<const double> x, std::span<const double> upstream,
            std::span<double> d_x);

/// The same, returned by value.
template <FloatingRow Range>
auto Log(const Range& x) {
  std::vector<std::ranges::range_value_t<Range>> y(std::ranges::size(x));
  Log(std::span(x), std::span(y));
  return y;
}

}  // namespace surprisal

#endif  // SURPRISAL_LOG_LOG_H_
