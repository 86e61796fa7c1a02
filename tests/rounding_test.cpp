// Correct rounding of an exact value, against cases known by construction, the
// processor's own conversions and arithmetic, and published hard cases.

#include "oracle/rounding.h"

#include <doctest/doctest.h>

#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include "oracle/definition.h"

namespace surprisal {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

Exact PowerOfTwo(int exponent) { return ldexp(Exact(1), exponent); }

template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

/// The very bits, but one NaN is as good as another.
template <class T>
bool Same(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<BitsOf<T>>(a) == std::bit_cast<BitsOf<T>>(b);
}

/// Any bit pattern: all exponents are alike, subnormals, infinities and NaN
/// among them.
template <class T>
T AnyBits(std::mt19937_64& random) {
  return std::bit_cast<T>(static_cast<BitsOf<T>>(random()));
}

TEST_CASE("what is already a float or a double stays what it is") {
  for (const float x :
       {1.0f, -FLT_MAX, FLT_MIN, -0x1p-149f, 0x1.fffffcp-127f}) {
    CHECK(Same(RoundTo<float>(Exact(x)), x));
    CHECK(Same(RoundTo<double>(Exact(x)), double{x}));
  }
}

TEST_CASE("a tie goes to the even neighbour") {
  CHECK(RoundTo<float>(1 + PowerOfTwo(-24)) == 1.0f);
  CHECK(RoundTo<float>(1 + 3 * PowerOfTwo(-24)) == 1 + 2 * FLT_EPSILON);
  CHECK(RoundTo<float>(Exact(16777217)) == 16777216.0f);
  CHECK(RoundTo<float>(Exact(-16777219)) == -16777220.0f);
  CHECK(RoundTo<double>(1 + PowerOfTwo(-53)) == 1.0);
  CHECK(RoundTo<double>(1 + 3 * PowerOfTwo(-53)) == 1 + 2 * DBL_EPSILON);
}

TEST_CASE("the least deviation from a tie decides it") {
  const Exact least = PowerOfTwo(-300);
  CHECK(RoundTo<float>(1 + PowerOfTwo(-24) + least) == 1 + FLT_EPSILON);
  CHECK(RoundTo<float>(1 + 3 * PowerOfTwo(-24) - least) == 1 + FLT_EPSILON);
  CHECK(RoundTo<double>(1 + PowerOfTwo(-53) + least) == 1 + DBL_EPSILON);
  CHECK(RoundTo<double>(-1 - PowerOfTwo(-53) - least) == -1 - DBL_EPSILON);
}

TEST_CASE("rounding is done once and not through a double") {
  // A double would first round this to the float tie, and the tie to even.
  const Exact above_tie = 1 + PowerOfTwo(-24) + PowerOfTwo(-60);
  CHECK(static_cast<float>(static_cast<double>(above_tie)) == 1.0f);
  CHECK(RoundTo<float>(above_tie) == 1 + FLT_EPSILON);
}

TEST_CASE("a term too small for the digits still decides a tie") {
  const Exact tie = 1 + PowerOfTwo(-24), tiny = exp(Exact(-300));
  CHECK(RoundTo<float>(tie + tiny) == 1.0f);  // the plain sum forgets it
  CHECK(RoundTo<float>(AddTail<Exact>(tie, tiny)) == 1 + FLT_EPSILON);
  CHECK(RoundTo<float>(AddTail<Exact>(tie, -tiny)) == 1.0f);
  CHECK(RoundTo<float>(AddTail<Exact>(-tie, -tiny)) == -1 - FLT_EPSILON);
  CHECK(AddTail<Exact>(tie, Exact(0)) == tie);
  CHECK(AddTail<Exact>(tie, Exact(0.5)) == tie + 0.5);
}

TEST_CASE("rounding up may carry into the next binade") {
  CHECK(RoundTo<float>(2 - PowerOfTwo(-24)) == 2.0f);
  CHECK(RoundTo<float>(2 - 3 * PowerOfTwo(-25)) == 2 - FLT_EPSILON);
  CHECK(RoundTo<float>(Exact(FLT_MIN) - PowerOfTwo(-150)) == FLT_MIN);
  CHECK(RoundTo<double>(Exact(DBL_MIN) - PowerOfTwo(-1075)) == DBL_MIN);
}

TEST_CASE("subnormal results are rounded at the fixed last place") {
  CHECK(RoundTo<float>(2.5 * PowerOfTwo(-149)) == 0x2p-149f);
  CHECK(RoundTo<float>(3.5 * PowerOfTwo(-149)) == 0x4p-149f);
  CHECK(RoundTo<double>(2.5 * PowerOfTwo(-1074)) == 0x2p-1074);
  CHECK(RoundTo<double>(2.5 * PowerOfTwo(-1074) + PowerOfTwo(-1300)) ==
        0x3p-1074);
}

TEST_CASE("half the smallest subnormal is a tie with 0 and keeps its sign") {
  CHECK(Same(RoundTo<float>(PowerOfTwo(-150)), 0.0f));
  CHECK(Same(RoundTo<float>(-PowerOfTwo(-150)), -0.0f));
  CHECK(RoundTo<float>(PowerOfTwo(-150) + PowerOfTwo(-400)) == 0x1p-149f);
  CHECK(Same(RoundTo<double>(-PowerOfTwo(-1075)), -0.0));
  CHECK(RoundTo<double>(-PowerOfTwo(-1075) - PowerOfTwo(-1300)) == -0x1p-1074);
  CHECK(Same(RoundTo<double>(-PowerOfTwo(-100000)), -0.0));
}

TEST_CASE("half an ulp past the largest finite number is infinite") {
  const Exact float_limit = Exact(FLT_MAX) + PowerOfTwo(103);
  CHECK(RoundTo<float>(float_limit) == kInf);
  CHECK(RoundTo<float>(-float_limit) == -kInf);
  CHECK(RoundTo<float>(float_limit - PowerOfTwo(-100)) == FLT_MAX);
  const Exact double_limit = Exact(DBL_MAX) + PowerOfTwo(970);
  CHECK(RoundTo<double>(double_limit) == kInf);
  CHECK(RoundTo<double>(double_limit * (1 - PowerOfTwo(-300))) == DBL_MAX);
  CHECK(RoundTo<double>(PowerOfTwo(1000000)) == kInf);
}

TEST_CASE("NaN, infinities and signed zeros pass through") {
  CHECK(std::isnan(RoundTo<float>(Exact(NAN))));
  CHECK(RoundTo<double>(Exact(kInf)) == kInf);
  CHECK(RoundTo<double>(Exact(-kInf)) == -kInf);
  CHECK(Same(RoundTo<float>(Exact(0)), 0.0f));
  CHECK(Same(RoundTo<float>(Exact(-0.0)), -0.0f));
}

/// The value of the 16-bit number nearest to `exact`.
template <class T>
double Rounded(const Exact& exact) {
  return Format<T>::Widen(RoundTo<T>(exact));
}

TEST_CASE("binary16 is rounded at its own last place") {
  using Half = hwy::float16_t;
  CHECK(Rounded<Half>(Exact(2049)) == 2048);
  CHECK(Rounded<Half>(Exact(2051)) == 2052);
  CHECK(Rounded<Half>(Exact(65519.996)) == 65504);
  CHECK(Rounded<Half>(Exact(65520)) == kInf);
  CHECK(Rounded<Half>(-PowerOfTwo(400)) == -kInf);
  CHECK(Same(Rounded<Half>(-PowerOfTwo(-25)), -0.0));
  CHECK(Rounded<Half>(3 * PowerOfTwo(-26)) == 0x1p-24);
  CHECK(Rounded<Half>(PowerOfTwo(-14) - PowerOfTwo(-26)) == 0x1p-14);
  CHECK(Rounded<Half>(Exact(1) / 3) == 0x1.554p-2);
  CHECK(std::isnan(Rounded<Half>(Exact(NAN))));
}

TEST_CASE("bfloat16 is rounded once, not through a float") {
  using Brain = hwy::bfloat16_t;
  CHECK(Rounded<Brain>(Exact(257)) == 256);
  CHECK(Rounded<Brain>(Exact(259)) == 260);
  CHECK(Rounded<Brain>(1 + PowerOfTwo(-8)) == 1);
  CHECK(Rounded<Brain>(1 + PowerOfTwo(-8) + PowerOfTwo(-40)) == 1 + 0x1p-7);
  CHECK(Rounded<Brain>(Exact(FLT_MAX)) == kInf);
  CHECK(Rounded<Brain>(Exact(0x1.fep127)) == 0x1.fep127);
  CHECK(Rounded<Brain>(3 * PowerOfTwo(-134)) == 0x2p-133);
  CHECK(Rounded<Brain>(PowerOfTwo(-134)) == 0);
  CHECK(Same(Rounded<Brain>(Exact(-0.0)), -0.0));
}

TEST_CASE_TEMPLATE("every 16-bit number is its own rounding", T, hwy::float16_t,
                   hwy::bfloat16_t) {
  int kept = 0, nans = 0;
  for (int i = 0; i < 65536; ++i) {
    const auto x = std::bit_cast<T>(static_cast<std::uint16_t>(i));
    const double wide = Format<T>::Widen(x);
    nans += std::isnan(wide);
    if (std::isnan(wide)) continue;
    kept += std::bit_cast<std::uint16_t>(RoundTo<T>(Exact(wide))) == i;
  }
  const int digits = Format<T>::kPrecision - 1;
  CHECK(nans == 2 * ((1 << digits) - 1));
  CHECK(kept == 65536 - nans);
}

TEST_CASE_TEMPLATE("16-bit types narrow what a long double holds as they round",
                   T, hwy::float16_t, hwy::bfloat16_t) {
  std::mt19937_64 random(4);
  int same = 0;
  for (int i = 0; i < 20000; ++i) {
    // Every exponent of the type, with random and with tie bits.
    const int exponent = static_cast<int>(random() % 290) - 150;
    const std::uint64_t ties = i % 2 == 0 ? ~0ull : ~0ull << (53 + i % 5);
    const auto x = std::ldexp(static_cast<long double>(random() & ties),
                              (i % 3 == 0 ? exponent / 8 : exponent) - 63);
    same += Format<T>::Widen(Format<T>::Narrow(x)) == Rounded<T>(Exact(x));
  }
  CHECK(same == 20000);
}

TEST_CASE("a bfloat16 is the float with the same upper half") {
  int same = 0;
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const auto narrow =
        std::bit_cast<hwy::bfloat16_t>(static_cast<std::uint16_t>(i));
    const double wide = std::bit_cast<float>(i << 16);
    same += Same(Format<hwy::bfloat16_t>::Widen(narrow), wide);
  }
  CHECK(same == 65536);
}

TEST_CASE("double to float agrees with the processor at every exponent") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    // The exponents around float's range, each with random and with tie bits.
    const int exponent = static_cast<int>(random() % 300) - 160;
    const std::uint64_t ties = i % 2 == 0 ? ~0ull : ~0ull << (29 - i % 3);
    const double significand =
        1 + static_cast<double>((random() >> 12) & ties) * 0x1p-52;
    const double x =
        std::ldexp(i % 3 == 0 ? -significand : significand, exponent);
    CAPTURE(x);
    CHECK(Same(RoundTo<float>(Exact(x)), static_cast<float>(x)));
  }
}

template <class T>
void CheckArithmetic(T a, T b) {
  CAPTURE(a);
  CAPTURE(b);
  const Exact x(a), y(b);
  if (std::isfinite(a) && std::isfinite(b)) {
    // The sum of numbers too far apart for 335 bits is the processor's alone.
    const double apart = std::abs(1.0 * std::ilogb(a) - std::ilogb(b));
    if (apart < 250) CHECK(Same(RoundTo<T>(x + y), static_cast<T>(a + b)));
    CHECK(Same(RoundTo<T>(x * y), static_cast<T>(a * b)));
    if (a != 0 && b != 0) CHECK(Same(RoundTo<T>(x / y), static_cast<T>(a / b)));
  }
  if (a >= 0) CHECK(Same(RoundTo<T>(sqrt(x)), std::sqrt(a)));
}

TEST_CASE_TEMPLATE("rounded exact arithmetic is the processor's arithmetic", T,
                   float, double) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 10000; ++i) {
    const T a = AnyBits<T>(random);
    CheckArithmetic(a, AnyBits<T>(random));
    // Quotients and products near 1, ties and near-ties of neighbours.
    CheckArithmetic(a, std::nextafter(-a, T{1}));
  }
}

TEST_CASE_TEMPLATE("products that underflow are rounded like the processor's",
                   T, float, double) {
  std::mt19937_64 random(3);
  const int bottom =
      std::numeric_limits<T>::min_exponent - std::numeric_limits<T>::digits;
  for (int i = 0; i < 10000; ++i) {
    const T a = 1 + static_cast<T>(random() >> 40) / 16777216;
    const T b = std::ldexp(1 + static_cast<T>(random() % 4096) / 4096,
                           bottom + static_cast<int>(random() % 24) - 2);
    CheckArithmetic(a, b);
    CheckArithmetic(-a, b);
  }
}

TEST_CASE("a published hard case of the exponential is as hard as they say") {
  // The worst case of exp in binary64 for rounding to nearest, by Lefevre and
  // Muller: a table maker's dilemma that 110 bits cannot settle.
  const Exact hard = exp(Exact(0x1.9e9cbbfd6080bp-31));
  CHECK(UlpsFromMidpoint<double>(hard) < 0x1p-58);
  CHECK(RoundTo<double>(hard * (1 - PowerOfTwo(-110))) !=
        RoundTo<double>(hard * (1 + PowerOfTwo(-110))));
}

TEST_CASE("the distance from a midpoint is counted in ulp") {
  CHECK(UlpsFromMidpoint<float>(Exact(1)) == 0.5);
  CHECK(UlpsFromMidpoint<float>(1 + PowerOfTwo(-24)) == 0.0);
  CHECK(UlpsFromMidpoint<float>(1 + PowerOfTwo(-25)) == 0.25);
  CHECK(UlpsFromMidpoint<float>(1 + PowerOfTwo(-24) + PowerOfTwo(-63)) ==
        0x1p-40);
  CHECK(UlpsFromMidpoint<double>(PowerOfTwo(-1075)) == 0.0);
}

}  // namespace
}  // namespace surprisal
