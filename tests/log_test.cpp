#include "surprisal/log/log.h"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

#include "elementwise_testing.h"
#include "surprisal/log/log_oracle.h"

namespace surprisal::testing {

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();

template <class T>
constexpr Elementwise<T> kLog = {Log, LogVjp, LogOracle<Exact>,
                                 LogVjpOracle<Exact>};

TEST_CASE_TEMPLATE("log keeps the laws of elementwise functions", T, float,
                   double) {
  CheckElementwiseLaws(kLog<T>);
}

// Highway's Log gives 105.36 nats for p = 0, a plausible loss, and 88.72 for
// +inf.
TEST_CASE_TEMPLATE("the logarithm of either zero is minus infinity", T, float,
                   double) {
  CheckSpecial(kLog<T>.function, T(0), -kInf<T>);
  CheckSpecial(kLog<T>.function, T(-0.0), -kInf<T>);
  CheckSpecial(kLog<T>.function, kInf<T>, kInf<T>);
  CheckSpecial(kLog<T>.function, T(1), T(0));
}

TEST_CASE_TEMPLATE("the logarithm of a negative number is NaN", T, float,
                   double) {
  using Limits = std::numeric_limits<T>;
  for (const T x : {T(-1), -Limits::denorm_min(), -Limits::max(), -kInf<T>}) {
    CheckSpecial(kLog<T>.function, x, Limits::quiet_NaN());
  }
}

TEST_CASE_TEMPLATE("the gradient of log is infinite at 0, with its sign", T,
                   float, double) {
  const std::vector<T> x = {T(0), T(-0.0), T(0)};
  const std::vector<T> upstream = {T(1), T(1), T(-1)};
  ForEachTarget([&] {
    std::vector<T> d_x(x.size());
    LogVjp(x, upstream, d_x);
    CHECK(d_x == std::vector<T>{kInf<T>, -kInf<T>, -kInf<T>});
  });
}

}  // namespace surprisal::testing
