#include "surprisal/softplus/softplus.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "elementwise_testing.h"
#include "surprisal/softplus/softplus_oracle.h"

namespace surprisal::testing {

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();

template <class T>
constexpr Elementwise<T> kSoftplus = {
    Softplus, SoftplusVjp, SoftplusOracle<Exact>, SoftplusVjpOracle<Exact>};

template <class T>
constexpr Elementwise<T> kLogSigmoid = {LogSigmoid, LogSigmoidVjp,
                                        LogSigmoidOracle<Exact>,
                                        LogSigmoidVjpOracle<Exact>};

TEST_CASE_TEMPLATE("softplus keeps the laws of elementwise functions", T, float,
                   double) {
  CheckElementwiseLaws(kSoftplus<T>);
}

TEST_CASE_TEMPLATE("log-sigmoid keeps the laws of elementwise functions", T,
                   float, double) {
  CheckElementwiseLaws(kLogSigmoid<T>);
}

TEST_CASE_TEMPLATE("softplus runs from 0 to infinity", T, float, double) {
  CheckSpecial(kSoftplus<T>.function, -kInf<T>, T(0));
  CheckSpecial(kSoftplus<T>.function, kInf<T>, kInf<T>);
  CheckSpecial(kSoftplus<T>.function, T(0), T(0.6931471805599453));
}

TEST_CASE_TEMPLATE("log-sigmoid runs from minus infinity to minus 0", T, float,
                   double) {
  CheckSpecial(kLogSigmoid<T>.function, -kInf<T>, -kInf<T>);
  CheckSpecial(kLogSigmoid<T>.function, kInf<T>, T(-0.0));
  CheckSpecial(kLogSigmoid<T>.function, T(0), T(-0.6931471805599453));
}

// tt-metal#55798: +inf and 0.715743 came back.
TEST_CASE_TEMPLATE("softplus of a large negative number is 0", T, float,
                   double) {
  CheckSpecial(kSoftplus<T>.function, T(-1e7), T(0));
  CheckSpecial(kSoftplus<T>.function, T(-8.78182e6), T(0));
  CheckSpecial(kLogSigmoid<T>.function, T(1e7), T(-0.0));
}

// pytorch#195529: one of the two branches gave 0.
TEST_CASE_TEMPLATE("the loss of a certain and right answer is tiny, not 0", T,
                   float, double) {
  CheckSpecial(kSoftplus<T>.function, T(-40), T(4.248354255291589e-18));
  CheckSpecial(kLogSigmoid<T>.function, T(40), T(-4.248354255291589e-18));
}

TEST_CASE_TEMPLATE("log-sigmoid is minus softplus of the mirrored argument", T,
                   float, double) {
  const std::vector<T> x = TrialArguments<T>(500);
  ForEachTarget([&] {
    std::vector<T> mirrored(x.size()), softplus(x.size()), got(x.size());
    std::ranges::transform(x, mirrored.begin(), std::negate<T>());
    Softplus(mirrored, softplus);
    LogSigmoid(x, got);
    for (size_t i = 0; i < x.size(); ++i) {
      CAPTURE(i);
      if (!std::isnan(x[i])) CHECK(SameBits(got[i], -softplus[i]));
    }
  });
}

}  // namespace surprisal::testing
