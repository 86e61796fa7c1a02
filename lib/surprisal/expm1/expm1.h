#ifndef SURPRISAL_EXPM1_EXPM1_H_
#define SURPRISAL_EXPM1_EXPM1_H_

#include <vector>

#include "surprisal/common/rows.h"

namespace surprisal {

/// \defgroup expm1 Exponential near 0
/// e^x - 1 of every element. It keeps the digits where e^x is nearly 1, and is
/// the inverse of Log1p().
/// @{

/// e^x - 1, exact where e^x would round to 1.
/// Special values: Expm1(-inf) = -1, Expm1(+-0) = +-0, Expm1(+inf) = +inf,
/// Expm1(NaN) = NaN.
/// @param[in]  x  any number of elements, any value.
/// @param[out] y  as many elements; may be `x` itself.
/// Error if the sizes differ, or some but not all are of type double. Accuracy:
/// every result is correctly rounded, subnormal ones included.
void Expm1(InRow x, OutRow y);

/// Gradient of Expm1: d_x = upstream * e^x.
/// @param[in]  upstream  the gradient with respect to the function's value.
/// @param[out] d_x       may be `x` or `upstream` itself.
/// Error if the sizes differ. Accuracy as the function's own.
void Expm1Vjp(InRow x, InRow upstream, OutRow d_x);

/// The same, returned by value.
template <ElementRange Range>
auto Expm1(const Range& x) {
  std::vector<std::ranges::range_value_t<Range>> y(std::ranges::size(x));
  Expm1(x, y);
  return y;
}

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_EXPM1_EXPM1_H_
