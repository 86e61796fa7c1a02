#ifndef SURPRISAL_EXPM1_EXPM1_H_
#define SURPRISAL_EXPM1_EXPM1_H_

#include <span>
#include <vector>

#include "surprisal/common/rows.h"

namespace surprisal {

/// e^x - 1, exact where e^x would round to 1.
/// Special values: Expm1(-inf) = -1, Expm1(+-0) = +-0, Expm1(+inf) = +inf,
/// Expm1(NaN) = NaN.
/// @param[in]  x  any number of elements, any value.
/// @param[out] y  as many elements; may be `x` itself.
/// Error if the sizes differ. Accuracy: float results are correctly rounded,
/// double results within 1 ulp, subnormal ones included.
void Expm1(std::span<const float> x, std::span<float> y);
void Expm1(std::span<const double> x, std::span<double> y);

/// Gradient of Expm1: d_x = upstream * e^x.
/// @param[in]  upstream  the gradient with respect to the function's value.
/// @param[out] d_x       may be `x` or `upstream` itself.
/// Error if the sizes differ. Accuracy as the function's own.
void Expm1Vjp(std::span<const float> x, std::span<const float> upstream,
              std::span<float> d_x);
void Expm1Vjp(std::span<const double> x, std::span<const double> upstream,
              std::span<double> d_x);

/// The same, returned by value.
template <FloatingRow Range>
auto Expm1(const Range& x) {
  std::vector<std::ranges::range_value_t<Range>> y(std::ranges::size(x));
  Expm1(std::span(x), std::span(y));
  return y;
}

}  // namespace surprisal

#endif  // SURPRISAL_EXPM1_EXPM1_H_
