// The ruler itself: distances known by construction.

#include <doctest/doctest.h>

#include <cfloat>
#include <cmath>
#include <limits>
#include <vector>

#include "oracle/judge.h"
#include "oracle/ulp.h"

namespace surprisal {
namespace {

constexpr float kFloatNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kFloatInf = std::numeric_limits<float>::infinity();
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Exact PowerOfTwo(int exponent) { return ldexp(Exact(1), exponent); }

TEST_CASE("an exact result is 0 ulp off and its neighbours are 1 ulp off") {
  for (const float x : {1.5f, -1.5f, 3e-30f, -7e37f, FLT_MAX, 5e-42f}) {
    CAPTURE(x);
    CHECK(UlpError(x, Exact(x)) == 0.0);
    CHECK(UlpError(std::nextafter(x, 0.0f), Exact(x)) == 1.0);
  }
  const double y = 0x1.8p-700;
  CHECK(UlpError(y, Exact(y)) == 0.0);
  CHECK(UlpError(std::nextafter(y, 1.0), Exact(y)) == 1.0);
}

TEST_CASE("fractions of an ulp are seen") {
  const Exact quarter_above_one = 1 + PowerOfTwo(-25);
  CHECK(UlpError(1.0f, quarter_above_one) == 0.25);
  CHECK(UlpError(1.0f + FLT_EPSILON, quarter_above_one) == 0.75);
  CHECK(UlpError(1.0, 1 + PowerOfTwo(-152)) == 0x1p-100);
}

TEST_CASE("the unit is that of the binade of the exact value") {
  const Exact just_below_one = 1 - PowerOfTwo(-60);
  CHECK(UlpError(1.0f, just_below_one) == 0x1p-36);
  CHECK(UlpError(1.0f + FLT_EPSILON, just_below_one) == 2 + 0x1p-36);
  CHECK(UlpError(1.0f - FLT_EPSILON / 2, Exact(1)) == 0.5);
}

TEST_CASE("below the normal range the unit is the smallest subnormal") {
  CHECK(UlpError(0x1p-148f, 2.5 * PowerOfTwo(-149)) == 0.5);
  CHECK(UlpError(0.0f, PowerOfTwo(-151)) == 0.25);
  CHECK(UlpError(0x1p-149f, PowerOfTwo(-151)) == 0.75);
  CHECK(UlpError(FLT_MIN, Exact(FLT_MIN) - PowerOfTwo(-149)) == 1.0);
  CHECK(UlpError(0.0, PowerOfTwo(-1075)) == 0.5);
  CHECK(UlpError(0.0, PowerOfTwo(-9000)) < 1e-300);
}

TEST_CASE("around an exact 0 the unit is the smallest subnormal") {
  CHECK(UlpError(0.0f, Exact(0)) == 0.0);
  CHECK(UlpError(-0.0f, Exact(0)) == 0.0);
  CHECK(UlpError(0x3p-149f, Exact(0)) == 3.0);
  CHECK(UlpError(-1.0f, Exact(0)) == 0x1p149);
}

TEST_CASE("small results have no floor to hide under") {
  CHECK(UlpError(0.0f, Exact(1e-30f)) > 8e6);
  CHECK(UlpError(1e-40f, Exact(2e-40f)) > 7e4);
}

TEST_CASE("a wrong sign is as far as it looks") {
  CHECK(UlpError(-1.0f, Exact(1)) == 0x1p24);
  CHECK(UlpError(1.0, Exact(-1)) == 0x1p53);
}

TEST_CASE("a NaN is right only where the exact value is NaN") {
  const Exact exact_nan(kNaN);
  CHECK(UlpError(kFloatNaN, exact_nan) == 0.0);
  CHECK(UlpError(kNaN, exact_nan) == 0.0);
  CHECK(UlpError(kFloatNaN, Exact(1)) == kInf);
  CHECK(UlpError(kFloatNaN, Exact(kInf)) == kInf);
  CHECK(UlpError(1.0f, exact_nan) == kInf);
  CHECK(UlpError(kFloatInf, exact_nan) == kInf);
}

TEST_CASE("an infinity is right only where the exact value rounds to it") {
  CHECK(UlpError(kFloatInf, Exact(kInf)) == 0.0);
  CHECK(UlpError(-kFloatInf, Exact(-kInf)) == 0.0);
  CHECK(UlpError(kFloatInf, Exact(-kInf)) == kInf);
  CHECK(UlpError(kFloatInf, Exact(1)) == kInf);
  CHECK(UlpError(FLT_MAX, Exact(kInf)) == kInf);
  CHECK(UlpError(kFloatInf, Exact(1e39)) == 0.0);
  CHECK(UlpError(-kFloatInf, Exact(1e39)) == kInf);
}

TEST_CASE(
    "between the largest finite number and infinity half an ulp decides") {
  const Exact half_ulp = PowerOfTwo(103);
  const Exact at_limit = Exact(FLT_MAX) + half_ulp;
  CHECK(UlpError(FLT_MAX, at_limit) == 0.5);
  CHECK(UlpError(kFloatInf, at_limit) == 0.0);
  const Exact below_limit = Exact(FLT_MAX) + half_ulp / 2;
  CHECK(UlpError(FLT_MAX, below_limit) == 0.25);
  CHECK(UlpError(kFloatInf, below_limit) == kInf);
}

TEST_CASE(
    "beyond the largest finite number the unit stays that of its binade") {
  CHECK(UlpError(FLT_MAX, PowerOfTwo(128)) == 1.0);
  CHECK(UlpError(FLT_MAX, PowerOfTwo(130)) == 0x3p24 + 1);
  CHECK(UlpError(DBL_MAX, PowerOfTwo(1024)) == 1.0);
  CHECK(UlpError(DBL_MAX, PowerOfTwo(9000)) == kInf);
}

TEST_CASE("results are right if there are enough and none is too far off") {
  const std::vector<Exact> exact = {1, PowerOfTwo(-149)};
  CHECK(AllWithin(0, std::vector{1.0f, 0x1p-149f}, exact));
  CHECK(AllWithin(1, std::vector{1.0f, 0.0f}, exact));
  CHECK_FALSE(AllWithin(0.999, std::vector{1.0f, 0.0f}, exact));
  CHECK_FALSE(AllWithin(1, std::vector{kFloatNaN, 0.0f}, exact));
  CHECK_FALSE(AllWithin(1, std::vector{1.0f}, exact));
  CHECK_FALSE(AllWithin(1, std::vector{1.0f, 0.0f, 0.0f}, exact));
  CHECK_FALSE(AllWithin(1, std::vector<float>(), exact));
}

}  // namespace
}  // namespace surprisal
