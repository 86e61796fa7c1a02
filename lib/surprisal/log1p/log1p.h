#ifndef SURPRISAL_LOG1P_LOG1P_H_
#define SURPRISAL_LOG1P_LOG1P_H_

#include <vector>

#include "surprisal/common/rows.h"

namespace surprisal {

/// \defgroup log1p Logarithm near 1
/// ln(1 + x) of every element. It keeps the digits of a small x, which the sum
/// 1 + x would round away; so it says what a confident row still has to lose.
/// @{

/// ln(1 + x), exact where 1 + x would round x away.
/// Special values: Log1p(-1) = -inf, Log1p(+-0) = +-0, Log1p(+inf) = +inf; NaN
/// for x < -1 and for NaN.
/// @param[in]  x  any number of elements, any value.
/// @param[out] y  as many elements; may be `x` itself.
/// Error if the sizes differ, or some but not all are of type double. Accuracy:
/// every result is correctly rounded, subnormal ones included.
void Log1p(InRow x, OutRow y);

/// Gradient of Log1p: d_x = upstream / (1 + x).
/// @param[in]  upstream  the gradient with respect to the function's value.
/// @param[out] d_x       may be `x` or `upstream` itself.
/// Error if the sizes differ. Accuracy as the function's own.
void Log1pVjp(InRow x, InRow upstream, OutRow d_x);

/// The same, returned by value.
template <ElementRange Range>
auto Log1p(const Range& x) {
  std::vector<std::ranges::range_value_t<Range>> y(std::ranges::size(x));
  Log1p(x, y);
  return y;
}

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_LOG1P_LOG1P_H_
