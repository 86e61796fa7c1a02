#include "surprisal/log1p/log1p.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "elementwise_testing.h"
#include "surprisal/log1p/log1p_oracle.h"

namespace surprisal::testing {

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();

template <class T>
constexpr Elementwise<T> kLog1p = {Log1p, Log1pVjp, Log1pOracle<Exact>,
                                   Log1pVjpOracle<Exact>};

TEST_CASE_TEMPLATE("log1p keeps the laws of elementwise functions", T, float,
                   double) {
  CheckElementwiseLaws(kLog1p<T>);
}

TEST_CASE_TEMPLATE("log1p is minus infinity at -1 and keeps signed zeros", T,
                   float, double) {
  CheckSpecial(kLog1p<T>.function, T(-1), -kInf<T>);
  CheckSpecial(kLog1p<T>.function, T(0), T(0));
  CheckSpecial(kLog1p<T>.function, T(-0.0), T(-0.0));
  CheckSpecial(kLog1p<T>.function, kInf<T>, kInf<T>);
}

TEST_CASE_TEMPLATE("log1p below -1 is NaN", T, float, double) {
  using Limits = std::numeric_limits<T>;
  for (const T x :
       {std::nextafter(T(-1), T(-2)), T(-2), -Limits::max(), -kInf<T>}) {
    CheckSpecial(kLog1p<T>.function, x, Limits::quiet_NaN());
  }
}

TEST_CASE_TEMPLATE("log1p of a tiny number is that number", T, float, double) {
  using Limits = std::numeric_limits<T>;
  for (const T x : {Limits::denorm_min(), Limits::min(), -Limits::min(),
                    Limits::min() * 3, -3 * Limits::denorm_min()}) {
    CheckSpecial(kLog1p<T>.function, x, x);
  }
}

TEST_CASE_TEMPLATE("the gradient of log1p is infinite at -1", T, float,
                   double) {
  const std::vector<T> x = {T(-1), T(-1)}, upstream = {T(2), T(-2)};
  ForEachTarget([&] {
    std::vector<T> d_x(x.size());
    Log1pVjp(x, upstream, d_x);
    CHECK(d_x == std::vector<T>{kInf<T>, -kInf<T>});
  });
}

}  // namespace surprisal::testing
