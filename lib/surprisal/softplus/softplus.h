#ifndef SURPRISAL_SOFTPLUS_SOFTPLUS_H_
#define SURPRISAL_SOFTPLUS_SOFTPLUS_H_

#include <vector>

#include "surprisal/common/rows.h"

namespace surprisal {

/// \defgroup softplus Softplus and log-sigmoid
/// ln(1 + e^x), the log-sum-exp of x and 0, and the logarithm of the sigmoid,
/// which is minus the softplus of -x. Between them they are the loss of a
/// single yes/no output.
/// @{

/// Softplus, y = ln(1 + e^x): the log-sum-exp of [x, 0].
/// Special values: Softplus(-inf) = +0, Softplus(+inf) = +inf, Softplus(NaN) =
/// NaN.
/// @param[in]  x  any number of elements, any value.
/// @param[out] y  as many elements; may be `x` itself.
/// Error if the sizes differ, or some but not all are of type double. Accuracy:
/// every result is correctly rounded, subnormal ones included.
void Softplus(InRow x, OutRow y);

/// Gradient of Softplus: d_x = upstream * Sigmoid(x).
/// @param[in]  upstream  the gradient with respect to the function's value.
/// @param[out] d_x       may be `x` or `upstream` itself.
/// Error if the sizes differ. Accuracy as the function's own.
void SoftplusVjp(InRow x, InRow upstream, OutRow d_x);

/// The same, returned by value.
template <ElementRange Range>
auto Softplus(const Range& x) {
  std::vector<std::ranges::range_value_t<Range>> y(std::ranges::size(x));
  Softplus(x, y);
  return y;
}

/// The logarithm of the sigmoid, y = -ln(1 + e^-x) = -Softplus(-x).
/// Special values: LogSigmoid(-inf) = -inf, LogSigmoid(+inf) = -0,
/// LogSigmoid(NaN) = NaN.
/// @param[in]  x  any number of elements, any value.
/// @param[out] y  as many elements; may be `x` itself.
/// Error if the sizes differ, or some but not all are of type double. Accuracy:
/// every result is correctly rounded, subnormal ones included.
void LogSigmoid(InRow x, OutRow y);

/// Gradient of LogSigmoid: d_x = upstream * Sigmoid(-x).
/// @param[in]  upstream  the gradient with respect to the function's value.
/// @param[out] d_x       may be `x` or `upstream` itself.
/// Error if the sizes differ. Accuracy as the function's own.
void LogSigmoidVjp(InRow x, InRow upstream, OutRow d_x);

/// The same, returned by value.
template <ElementRange Range>
auto LogSigmoid(const Range& x) {
  std::vector<std::ranges::range_value_t<Range>> y(std::ranges::size(x));
  LogSigmoid(x, y);
  return y;
}

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_SOFTPLUS_SOFTPLUS_H_
