#ifndef SURPRISAL_SIGMOID_SIGMOID_H_
#define SURPRISAL_SIGMOID_SIGMOID_H_

#include <vector>

#include "surprisal/common/rows.h"

namespace surprisal {

/// \defgroup sigmoid Sigmoid
/// One logit to one probability: the softmax of x beside a 0. For outputs that
/// are each a yes or a no, and may be so together.
/// @{

/// The logistic function, y = 1 / (1 + e^-x): the softmax of [x, 0].
/// Special values: Sigmoid(-inf) = +0, Sigmoid(+inf) = 1, Sigmoid(NaN) = NaN.
/// @param[in]  x  any number of elements, any value.
/// @param[out] y  as many elements; may be `x` itself.
/// Error if the sizes differ, or some but not all are of type double. Accuracy:
/// every result is correctly rounded, subnormal ones included.
void Sigmoid(InRow x, OutRow y);

/// Gradient of Sigmoid: d_x = upstream * s (1 - s) with s = Sigmoid(x).
/// Both factors keep their tails: 1 - s is Sigmoid(-x), never a difference.
/// @param[in]  upstream  the gradient with respect to the function's value.
/// @param[out] d_x       may be `x` or `upstream` itself.
/// Error if the sizes differ. Accuracy as the function's own.
void SigmoidVjp(InRow x, InRow upstream, OutRow d_x);

/// The same, returned by value.
template <ElementRange Range>
auto Sigmoid(const Range& x) {
  std::vector<std::ranges::range_value_t<Range>> y(std::ranges::size(x));
  Sigmoid(x, y);
  return y;
}

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_SIGMOID_SIGMOID_H_
