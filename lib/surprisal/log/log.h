#ifndef SURPRISAL_LOG_LOG_H_
#define SURPRISAL_LOG_LOG_H_

#include <vector>

#include "surprisal/common/rows.h"

namespace surprisal {

/// \defgroup log Logarithm
/// ln x of every element: products of probabilities become sums. For the
/// logarithm of a softmax take LogSoftmax() instead; a probability that has
/// been rounded to 0 or to 1 cannot be mended by a logarithm.
/// @{

/// The natural logarithm, y = ln x.
/// Special values: Log(+0) = Log(-0) = -inf, Log(+inf) = +inf, Log(1) = +0;
/// NaN for x < 0 and for NaN.
/// @param[in]  x  any number of elements, any value.
/// @param[out] y  as many elements; may be `x` itself.
/// Error if the sizes differ, or some but not all are of type double. Accuracy:
/// every result is correctly rounded, subnormal ones included.
void Log(InRow x, OutRow y);

/// Gradient of Log: d_x = upstream / x.
/// @param[in]  upstream  the gradient with respect to the function's value.
/// @param[out] d_x       may be `x` or `upstream` itself.
/// Error if the sizes differ. Accuracy as the function's own.
void LogVjp(InRow x, InRow upstream, OutRow d_x);

/// The same, returned by value.
template <ElementRange Range>
auto Log(const Range& x) {
  std::vector<std::ranges::range_value_t<Range>> y(std::ranges::size(x));
  Log(x, y);
  return y;
}

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_LOG_LOG_H_
