#ifndef SURPRISAL_ORACLE_AUTODIFF_H_
#define SURPRISAL_ORACLE_AUTODIFF_H_

#include <boost/math/differentiation/autodiff.hpp>
#include <cstddef>
#include <span>
#include <vector>

#include "oracle/definition.h"

namespace surprisal {

/// The gradient of f at `at` by forward-mode automatic differentiation, one
/// direction at a time.
/// @param[in] f  takes a `const std::vector<X>&` and returns an X, for whatever
///               number X; works with any definition that is a template.
/// @return one derivative per input, rounded to N.
template <class N = Exact, class F>
std::vector<N> Gradient(const F& f, std::span<const double> at) {
  namespace autodiff = boost::math::differentiation;
  using Dual = autodiff::autodiff_fvar<Wide, 1>;
  std::vector<Dual> x(at.begin(), at.end());
  std::vector<N> gradient(at.size());
  for (size_t i = 0; i < at.size(); ++i) {
    x[i] = autodiff::make_fvar<Wide, 1>(Wide(at[i]));
    gradient[i] = N(f(x).derivative(1));
    x[i] = Dual(Wide(at[i]));
  }
  return gradient;
}

}  // namespace surprisal

#endif  // SURPRISAL_ORACLE_AUTODIFF_H_
