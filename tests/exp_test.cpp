#include "surprisal/exp/exp.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "elementwise_testing.h"
#include "surprisal/exp/exp_oracle.h"

namespace surprisal::testing {

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();

template <class T>
constexpr Elementwise<T> kExp = {Exp, ExpVjp, ExpOracle<Exact>,
                                 ExpVjpOracle<Exact>};

TEST_CASE_TEMPLATE("exp keeps the laws of elementwise functions", T, float,
                   double) {
  CheckElementwiseLaws(kExp<T>);
}

TEST_CASE_TEMPLATE("e to the minus infinity is 0 and to the 0 is 1", T, float,
                   double) {
  CheckSpecial(kExp<T>.function, -kInf<T>, T(0));
  CheckSpecial(kExp<T>.function, kInf<T>, kInf<T>);
  CheckSpecial(kExp<T>.function, T(0), T(1));
  CheckSpecial(kExp<T>.function, T(-0.0), T(1));
}

// Vector exponentials that scale by an exponent field wrap around here.
TEST_CASE_TEMPLATE("exp never wraps around far outside its range", T, float,
                   double) {
  for (const double x : {709.8, 710.0, 1000.0, 1e5, 1e30}) {
    CheckSpecial(kExp<T>.function, static_cast<T>(x), kInf<T>);
  }
  for (const double x : {-745.2, -1000.0, -1e5, -1e30}) {
    CheckSpecial(kExp<T>.function, static_cast<T>(x), T(0));
  }
}

TEST_CASE("exp overflows and underflows at the right number") {
  const float float_max = std::numeric_limits<float>::max();
  CheckSpecial(kExp<float>.function, 0x1.62e42ep+6f, 0x1.ffff08p+127f);
  CheckSpecial(kExp<float>.function, std::nextafter(0x1.62e42ep+6f, float_max),
               kInf<float>);
  CheckSpecial(kExp<float>.function, -0x1.9fe368p+6f, 0x1p-149f);
  CheckSpecial(kExp<float>.function, -0x1.9fe36ap+6f, 0.0f);
  CheckSpecial(kExp<double>.function, -0x1.74910d52d3051p+9, 0x1p-1074);
  CheckSpecial(kExp<double>.function, -0x1.74910d52d3052p+9, 0.0);
}

TEST_CASE_TEMPLATE("the gradient of exp is finite where exp overflows", T,
                   float, double) {
  const std::vector<T> x = {T(sizeof(T) == 4 ? 100 : 720)};
  const std::vector<T> upstream = {T(0x1p-126)};
  ForEachTarget([&] {
    std::vector<T> d_x(1), y(1);
    Exp(x, y);
    ExpVjp(x, upstream, d_x);
    CHECK(y[0] == kInf<T>);
    CheckResult(d_x[0], ExpVjpOracle(x[0], upstream[0]));
    CHECK(std::isfinite(d_x[0]));
  });
}

}  // namespace surprisal::testing
