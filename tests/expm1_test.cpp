#include "surprisal/expm1/expm1.h"

#include <doctest/doctest.h>

#include <limits>

#include "elementwise_testing.h"
#include "surprisal/expm1/expm1_oracle.h"

namespace surprisal::testing {

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();

template <class T>
constexpr Elementwise<T> kExpm1 = {Expm1, Expm1Vjp, Expm1Oracle<Exact>,
                                   Expm1VjpOracle<Exact>};

TEST_CASE_TEMPLATE("expm1 keeps the laws of elementwise functions", T, float,
                   double) {
  CheckElementwiseLaws(kExpm1<T>);
}

TEST_CASE_TEMPLATE("expm1 is -1 at minus infinity and keeps signed zeros", T,
                   float, double) {
  CheckSpecial(kExpm1<T>.function, -kInf<T>, T(-1));
  CheckSpecial(kExpm1<T>.function, T(0), T(0));
  CheckSpecial(kExpm1<T>.function, T(-0.0), T(-0.0));
  CheckSpecial(kExpm1<T>.function, kInf<T>, kInf<T>);
}

TEST_CASE_TEMPLATE("expm1 never wraps around far outside its range", T, float,
                   double) {
  for (const double x : {710.0, 1000.0, 1e5, 1e30}) {
    CheckSpecial(kExpm1<T>.function, static_cast<T>(x), kInf<T>);
    CheckSpecial(kExpm1<T>.function, static_cast<T>(-x), T(-1));
  }
}

TEST_CASE_TEMPLATE("expm1 of a tiny number is that number", T, float, double) {
  using Limits = std::numeric_limits<T>;
  for (const T x : {Limits::denorm_min(), Limits::min(), -Limits::min(),
                    Limits::min() * 3, -3 * Limits::denorm_min()}) {
    CheckSpecial(kExpm1<T>.function, x, x);
  }
}

}  // namespace surprisal::testing
