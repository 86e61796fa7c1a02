#include "surprisal/sigmoid/sigmoid.h"

#include <doctest/doctest.h>

#include <limits>
#include <span>
#include <vector>

#include "elementwise_testing.h"
#include "surprisal/sigmoid/sigmoid_oracle.h"

namespace surprisal::testing {

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();

template <class T>
constexpr Elementwise<T> kSigmoid = {Sigmoid, SigmoidVjp, SigmoidOracle<Exact>,
                                     SigmoidVjpOracle<Exact>};

TEST_CASE_TEMPLATE("sigmoid keeps the laws of elementwise functions", T, float,
                   double) {
  CheckElementwiseLaws(kSigmoid<T>);
}

TEST_CASE_TEMPLATE("the sigmoid runs from 0 through a half to 1", T, float,
                   double) {
  CheckSpecial(kSigmoid<T>.function, -kInf<T>, T(0));
  CheckSpecial(kSigmoid<T>.function, T(0), T(0.5));
  CheckSpecial(kSigmoid<T>.function, T(-0.0), T(0.5));
  CheckSpecial(kSigmoid<T>.function, kInf<T>, T(1));
}

TEST_CASE("the tail of the sigmoid fades through the subnormal numbers") {
  CheckSpecial(kSigmoid<float>.function, -0x1.9fe368p+6f, 0x1p-149f);
  CheckSpecial(kSigmoid<float>.function, -0x1.9fe36ap+6f, 0.0f);
  CheckSpecial(kSigmoid<double>.function, -0x1.74910d52d3051p+9, 0x1p-1074);
  CheckSpecial(kSigmoid<double>.function, -0x1.74910d52d3052p+9, 0.0);
}

// s (1 - s) computed as it is written is 0 once s rounds to 1.
TEST_CASE_TEMPLATE("the slope of the sigmoid is even and alive in both tails",
                   T, float, double) {
  const std::vector<T> right = {T(1), T(17), T(40), T(100)};
  const std::vector<T> left = {T(-1), T(-17), T(-40), T(-100)};
  const std::vector<T> ones(right.size(), T(1));
  ForEachTarget([&] {
    std::vector<T> at_right(right.size()), at_left(right.size());
    SigmoidVjp(right, ones, at_right);
    SigmoidVjp(left, ones, at_left);
    CHECK(at_right == at_left);
    for (const T slope : at_right) CHECK(slope > 0);
  });
}

// x^2 / 16 below 1/4, far out of reach of the digits, breaks the tie.
TEST_CASE("a tie of the sigmoid's gradient falls to the side of the truth") {
  for (const float x : {1e-38f, -1e-20f, 1e-10f}) {
    const float upstream = 0x6p-149f;
    const float want = RoundTo<float>(SigmoidVjpOracle(x, upstream));
    CHECK(want == 0x1p-149f);
    ForEachTarget([&] {
      float got = 0;
      SigmoidVjp(std::span(&x, 1), std::span(&upstream, 1), std::span(&got, 1));
      CHECK(got == want);
    });
  }
}

}  // namespace surprisal::testing
