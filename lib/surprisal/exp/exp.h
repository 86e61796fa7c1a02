#ifndef SURPRISAL_EXP_EXP_H_
#define SURPRISAL_EXP_EXP_H_

#include <span>
#include <vector>

#include "surprisal/common/rows.h"

namespace surprisal {

/// The exponential, y = e^x.
/// Special values: Exp(-inf) = +0, Exp(+inf) = +inf, Exp(NaN) = NaN; above
/// ln(largest finite) +inf, far below ln(smallest subnormal) +0.
/// @param[in]  x  any number of elements, any value.
/// @param[out] y  as many elements; may be `x` itself.
/// Error if the sizes differ. Accuracy: float results are correctly rounded,
/// double results within 1 ulp, subnormal ones included.
void Exp(std::span<const float> x, std::span<float> y);
void Exp(std::span<const double> x, std::span<double> y);

/// Gradient of Exp: d_x = upstream * e^x.
/// The product is rounded once: it is finite where e^x alone overflows.
/// @param[in]  upstream  the gradient with respect to the function's value.
/// @param[out] d_x       may be `x` or `upstream` itself.
/// Error if the sizes differ. Accuracy as the function's own.
void ExpVjp(std::span<const float> x, std::span<const float> upstream,
            std::span<float> d_x);
void ExpVjp(std::span<const double> x, std::span<const double> upstream,
            std::span<double> d_x);

/// The same, returned by value.
template <FloatingRow Range>
auto Exp(const Range& x) {
  std::vector<std::ranges::range_value_t<Range>> y(std::ranges::size(x));
  Exp(std::span(x), std::span(y));
  return y;
}

}  // namespace surprisal

#endif  // SURPRISAL_EXP_EXP_H_
