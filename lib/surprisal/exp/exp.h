#ifndef SURPRISAL_EXP_EXP_H_
#define SURPRISAL_EXP_EXP_H_

#include <vector>

#include "surprisal/common/rows.h"

namespace surprisal {

/// \defgroup exp Exponential
/// e^x of every element. It makes any logit positive and keeps their order, and
/// a lead between two logits becomes a factor between their exponentials. It is
/// also where a softmax that is written down word for word overflows.
/// @{

/// The exponential, y = e^x.
/// Special values: Exp(-inf) = +0, Exp(+inf) = +inf, Exp(NaN) = NaN; above
/// ln(largest finite) +inf, far below ln(smallest subnormal) +0.
/// @param[in]  x  any number of elements, any value.
/// @param[out] y  as many elements; may be `x` itself.
/// Error if the sizes differ, or some but not all are of type double. Accuracy:
/// every result is correctly rounded, subnormal ones included.
void Exp(InRow x, OutRow y);

/// Gradient of Exp: d_x = upstream * e^x.
/// The product is rounded once: it is finite where e^x alone overflows.
/// @param[in]  upstream  the gradient with respect to the function's value.
/// @param[out] d_x       may be `x` or `upstream` itself.
/// Error if the sizes differ. Accuracy as the function's own.
void ExpVjp(InRow x, InRow upstream, OutRow d_x);

/// The same, returned by value.
template <ElementRange Range>
auto Exp(const Range& x) {
  std::vector<std::ranges::range_value_t<Range>> y(std::ranges::size(x));
  Exp(x, y);
  return y;
}

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_EXP_EXP_H_
