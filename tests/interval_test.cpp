#include "surprisal/common/interval.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "oracle/definition.h"
#include "oracle/exact.h"
#include "oracle/rounding.h"
#include "surprisal/common/certain.h"
#include "trial_inputs.h"

namespace surprisal::testing {
namespace {

constexpr int kPrecisions[] = {24, 53, 128, 256, 1000};

/// x in 500 digits, from its bits.
Wide WideOf(const BigFloat& x) {
  if (x.IsZero()) return 0;
  Wide sum = 0;
  for (std::int64_t e = x.Exponent(); e >= x.LastPlace(); --e) {
    if (x.Bit(e)) sum += ldexp(Wide(1), static_cast<int>(e));
  }
  return x.Sign() < 0 ? Wide(-sum) : sum;
}

/// An integer of that many limbs, each of which is random or one of those that
/// make a digit of long division hard to guess.
BigFloat AnyInteger(Random& random, size_t limbs) {
  static constexpr std::uint32_t kHard[] = {0,          1,          0x7FFFFFFF,
                                            0x80000000, 0xFFFFFFFE, 0xFFFFFFFF};
  BigFloat x;
  for (size_t i = 0; i < limbs; ++i) {
    const bool hard = random.Below(2) == 0;
    const std::uint32_t limb = hard ? kHard[random.Below(6)]
                                    : static_cast<std::uint32_t>(random.Bits());
    x = x.Scaled(32) + static_cast<double>(limb);
  }
  return random.Below(2) == 0 ? -x : x;
}

/// Any number of up to five limbs, some of them scaled far away.
BigFloat AnyBigFloat(Random& random) {
  const BigFloat x = AnyInteger(random, 1 + random.Below(5));
  const bool far = random.Below(4) == 0;
  const auto scale = static_cast<std::int64_t>(random.Below(far ? 2000 : 100));
  return x.IsZero() ? x : x.Scaled(50 - scale);
}

bool FitsIn(const BigFloat& x, int bits) {
  return x.IsZero() || x.Exponent() - x.LastPlace() < bits;
}

BigFloat Magnitude(const BigFloat& x) { return x.Sign() < 0 ? -x : x; }

/// `down` and `up` are the neighbours of `bits` bits that enclose `exact`.
void CheckDirected(const BigFloat& down, const BigFloat& zero,
                   const BigFloat& up, const BigFloat& exact, int bits) {
  CHECK(FitsIn(down, bits));
  CHECK(FitsIn(up, bits));
  CHECK(down <= exact);
  CHECK(exact <= up);
  CHECK(zero == (exact.Sign() < 0 ? up : down));
  CHECK((down == up) == FitsIn(exact, bits));
  if (down == up) return;
  const BigFloat unit =
      BigFloat::PowerOfTwo(Magnitude(zero).Exponent() - bits + 1);
  CHECK(up - down == unit);
}

/// [low, high] holds `exact`, whose own digits are good for 2^-1600 of it, and
/// is no wider than the precision demands.
void CheckEncloses(const Interval& interval, const Wide& exact) {
  CHECK(WideOf(interval.low) <= exact);
  CHECK(exact <= WideOf(interval.high));
  const Wide width = WideOf(interval.high) - WideOf(interval.low);
  CHECK(width <= ldexp(fabs(exact), 8 - interval.bits));
}

bool IsPointAt(const Interval& interval, double x) {
  return interval.IsPoint() && interval.low == BigFloat(x);
}

/// Numbers near 0, near 1 and of every size up to `largest`, of both signs.
std::vector<double> HardArguments(double largest) {
  std::vector<double> x = {0x1p-1074, 0x1p-1022, 0x1p-300, 0x1p-64, 1e-9,
                           0.125,     0.2499999, 0.25,     0.3,     0.5,
                           0.7071,    0.75,      0.999999, 1,       1.4999999,
                           1.5,       2,         3,        20.5,    37.43};
  Random random(31415);
  for (int i = 0; i < 60; ++i) {
    x.push_back(std::exp2(random.Uniform(-80, std::log2(largest))));
  }
  for (double near = 0x1p-52; near < 0.5; near *= 32) x.push_back(1 - near);
  x.push_back(largest);
  std::erase_if(x, [largest](double y) { return y > largest; });
  const size_t positive = x.size();
  for (size_t i = 0; i < positive; ++i) x.push_back(-x[i]);
  return x;
}

template <class Function, class Oracle>
void CheckFunction(const std::vector<double>& arguments,
                   const Function& function, const Oracle& oracle) {
  for (const double x : arguments) {
    CAPTURE(x);
    const Wide exact = oracle(Wide(x));
    for (const int bits : kPrecisions) {
      CAPTURE(bits);
      const Interval y = function(Interval(x, bits));
      CheckEncloses(y, exact);
      CHECK(!y.IsPoint());
    }
  }
}

/// What RoundTo makes of the interval, whatever the precision.
double Rounded(ElementType type, const BigFloat& low, const BigFloat& high) {
  return certain::RoundTo(type,
                          [&](int bits) { return Interval(low, high, bits); });
}

/// What it makes of x, and of numbers immediately beside it.
double RoundedAt(ElementType type, const BigFloat& x) {
  return Rounded(type, x, x);
}
double RoundedAbove(ElementType type, const BigFloat& x) {
  return Rounded(type, x, x + BigFloat::PowerOfTwo(-5000));
}
double RoundedBelow(ElementType type, const BigFloat& x) {
  return Rounded(type, x - BigFloat::PowerOfTwo(-5000), x);
}

constexpr ElementType kTypes[] = {ElementType::kFloat64, ElementType::kFloat32,
                                  ElementType::kFloat16,
                                  ElementType::kBFloat16};

}  // namespace

TEST_CASE("a double is taken as it is") {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const auto x = random.AnyFinite<double>();
    const auto y = i % 2 == 0 ? random.AnyFinite<double>()
                              : std::nextafter(x, x * (1 + 1e-9));
    CAPTURE(x);
    CAPTURE(y);
    CHECK(WideOf(x) == Wide(x));
    CHECK(std::is_lt(BigFloat(x) <=> BigFloat(y)) == (x < y));
    CHECK(std::is_gt(BigFloat(x) <=> BigFloat(y)) == (x > y));
    CHECK((BigFloat(x) == BigFloat(y)) == (x == y));
    CHECK(std::fabs(BigFloat(x).Approximately() / x - 1) <= 0x1p-50);
  }
  CHECK(BigFloat(0.0) == BigFloat(-0.0));
  CHECK(BigFloat(0x1p-1074).Exponent() == -1074);
  CHECK(BigFloat(3 * 0x1p-70).LastPlace() == -70);
}

TEST_CASE("sums and products without a precision are exact") {
  Random random(2);
  for (int i = 0; i < 3000; ++i) {
    const BigFloat a = AnyInteger(random, random.Below(8)),
                   b = AnyInteger(random, random.Below(8));
    CHECK(WideOf(a + b) == WideOf(a) + WideOf(b));
    CHECK(WideOf(a - b) == WideOf(a) - WideOf(b));
    CHECK(WideOf(a * b) == WideOf(a) * WideOf(b));
    CHECK(a - a == BigFloat());
    CHECK((a + b) - b == a);
  }
}

TEST_CASE("a directed result is the neighbour on its side of the exact one") {
  Random random(3);
  for (int i = 0; i < 4000; ++i) {
    const BigFloat a = AnyBigFloat(random), b = AnyBigFloat(random);
    const int bits = 1 + static_cast<int>(random.Below(200));
    CAPTURE(i);
    CAPTURE(bits);
    const auto sum = [&](Toward t) { return BigFloat::Add(a, b, bits, t); };
    CheckDirected(sum(Toward::kDown), sum(Toward::kZero), sum(Toward::kUp),
                  a + b, bits);
    const auto product = [&](Toward t) { return BigFloat::Mul(a, b, bits, t); };
    CheckDirected(product(Toward::kDown), product(Toward::kZero),
                  product(Toward::kUp), a * b, bits);
  }
}

TEST_CASE("a directed quotient encloses the exact one between neighbours") {
  Random random(4);
  for (int i = 0; i < 4000; ++i) {
    const BigFloat b = AnyBigFloat(random);
    if (b.IsZero()) continue;
    // Every other quotient is exact, or misses being so by very little
    const BigFloat a = i % 2 == 0 ? AnyBigFloat(random)
                                  : b * AnyInteger(random, 4) +
                                        static_cast<double>(random.Below(3));
    const int bits = 1 + static_cast<int>(random.Below(200));
    CAPTURE(i);
    CAPTURE(bits);
    const BigFloat down = BigFloat::Div(a, b, bits, Toward::kDown),
                   up = BigFloat::Div(a, b, bits, Toward::kUp),
                   zero = BigFloat::Div(a, b, bits, Toward::kZero);
    CHECK(FitsIn(down, bits));
    CHECK(FitsIn(up, bits));
    CHECK((b.Sign() > 0 ? down * b <= a : down * b >= a));
    CHECK((b.Sign() > 0 ? up * b >= a : up * b <= a));
    CHECK(zero == (a.Sign() * b.Sign() < 0 ? up : down));
    CHECK((down == up) == (down * b == a));
    if (down == up) continue;
    const BigFloat unit =
        BigFloat::PowerOfTwo(Magnitude(zero).Exponent() - bits + 1);
    CHECK(up - down == unit);
  }
}

TEST_CASE("a term too far away to be seen moves the sum by one unit") {
  const BigFloat tiny = BigFloat::PowerOfTwo(-(std::int64_t{1} << 40));
  CHECK(BigFloat::Add(1, tiny, 53, Toward::kUp) == BigFloat(1 + 0x1p-52));
  CHECK(BigFloat::Add(1, tiny, 53, Toward::kDown) == BigFloat(1));
  CHECK(BigFloat::Add(-tiny, 1, 53, Toward::kDown) == BigFloat(1 - 0x1p-53));
  CHECK(BigFloat::Add(1, -tiny, 53, Toward::kUp) == BigFloat(1));
  CHECK(BigFloat::Add(-1, tiny, 53, Toward::kZero) == BigFloat(-1 + 0x1p-53));
  // More bits than the precision, and a carry into the next binade
  const BigFloat long_one = BigFloat(2) - BigFloat(0x1p-100);
  CHECK(BigFloat::Add(long_one, tiny, 53, Toward::kUp) == BigFloat(2));
  CHECK(BigFloat::Add(long_one, tiny, 101, Toward::kDown) == long_one);
  CHECK(BigFloat::Add(long_one, tiny, 101, Toward::kUp) == BigFloat(2));
  CHECK(BigFloat::Add(long_one, -tiny, 101, Toward::kUp) == long_one);
}

TEST_CASE("interval arithmetic encloses every number of the operands") {
  Random random(5);
  for (int i = 0; i < 4000; ++i) {
    BigFloat ends[4];
    for (BigFloat& end : ends) end = AnyInteger(random, random.Below(3));
    if (i % 8 == 0) ends[1] = ends[0];
    if (i % 5 == 0) ends[2] = 0;
    const int bits = 1 + static_cast<int>(random.Below(100));
    const Interval a(std::min(ends[0], ends[1]), std::max(ends[0], ends[1]),
                     bits);
    const Interval b(std::min(ends[2], ends[3]), std::max(ends[2], ends[3]),
                     bits);
    for (const BigFloat& x : {a.low, (a.low + a.high).Scaled(-1), a.high}) {
      for (const BigFloat& y : {b.low, (b.low + b.high).Scaled(-1), b.high}) {
        const auto holds = [](const Interval& interval, const BigFloat& z) {
          return interval.low <= z && z <= interval.high;
        };
        CHECK(holds(a + b, x + y));
        CHECK(holds(a - b, x - y));
        CHECK(holds(a * b, x * y));
        CHECK(holds(-a, -x));
        if (b.low.Sign() * b.high.Sign() <= 0) continue;
        const Interval quotient = a / b;
        CHECK(quotient.low <= BigFloat::Div(x, y, bits, Toward::kDown));
        CHECK(quotient.high >= BigFloat::Div(x, y, bits, Toward::kUp));
      }
    }
  }
}

TEST_CASE("points stay points where the result fits") {
  const Interval a(1.5, 128), b(-0x1p-60, 128), three(3, 128);
  CHECK(IsPointAt(a * b, -1.5 * 0x1p-60));
  CHECK((a + b).IsPoint());
  CHECK((a - b).IsPoint());
  CHECK(IsPointAt(a / three, 0.5));
  CHECK(!(Interval(1, 128) / three).IsPoint());
  CHECK(!(a + Interval(0x1p-130, 128)).IsPoint());
  const Interval unknown = Interval(1, 128) / three;
  CHECK(IsPointAt(Interval(0, 128) * unknown, 0));
  CHECK(IsPointAt(Interval(0, 128) / unknown, 0));
  for (const int bits : kPrecisions) {
    CHECK(IsPointAt(Exp(Interval(0, bits)), 1));
    CHECK(IsPointAt(Log(Interval(1, bits)), 0));
    CHECK(IsPointAt(Log1p(Interval(0, bits)), 0));
    CHECK(IsPointAt(Expm1(Interval(0, bits)), 0));
  }
}

TEST_CASE("a number never touches the end of its interval") {
  const Interval third = Interval(1, 64) / Interval(3, 64);
  const Interval one = third * Interval(3, 64);
  CHECK(one.low < BigFloat(1));
  CHECK(one.high > BigFloat(1));
  const Interval nothing = one - Interval(1, 64);
  CHECK(nothing.MayBeZero());
  const Interval cut = Exp(Interval(-0x1p50, 64));
  CHECK(cut.low.IsZero());
  CHECK(!cut.MayBeZero());
}

TEST_CASE("the exponential is enclosed") {
  const auto exponential = [](const Wide& x) { return Wide(exp(x)); };
  CheckFunction(
      HardArguments(3e5), [](const Interval& x) { return Exp(x); },
      exponential);
}

TEST_CASE("e^x - 1 is enclosed with all its bits near 0") {
  const auto oracle = [](const Wide& x) { return Wide(expm1(x)); };
  CheckFunction(
      HardArguments(800), [](const Interval& x) { return Expm1(x); }, oracle);
}

TEST_CASE("the logarithm is enclosed with all its bits near 1") {
  std::vector<double> x = HardArguments(0x1.fffffffffffffp1023);
  std::erase_if(x, [](double y) { return y <= 0 || y == 1; });
  x.push_back(1 + 0x1p-52);
  const auto oracle = [](const Wide& y) {
    return y > 0.5 && y < 2 ? Wide(log1p(Wide(y - 1))) : Wide(log(y));
  };
  CheckFunction(
      x, [](const Interval& y) { return Log(y); }, oracle);
}

TEST_CASE("ln(1 + x) is enclosed with all its bits near 0") {
  std::vector<double> x = HardArguments(0x1.fffffffffffffp1023);
  std::erase_if(x, [](double y) { return y <= -1; });
  CheckFunction(
      x, [](const Interval& y) { return Log1p(y); },
      [](const Wide& y) { return Wide(log1p(y)); });
}

TEST_CASE("the logarithm keeps its bits nearer to 1 than any double") {
  for (const int exponent : {-60, -130, -300}) {
    CAPTURE(exponent);
    const BigFloat near = BigFloat::PowerOfTwo(exponent);
    for (const BigFloat& u : {near, -near}) {
      const Interval log = Log(Interval(BigFloat(1) + u, 256));
      CheckEncloses(log, log1p(WideOf(u)));
      CheckEncloses(Log1p(Interval(u, 256)), log1p(WideOf(u)));
    }
  }
}

TEST_CASE("a function of an interval encloses its values at both ends") {
  Random random(6);
  for (int i = 0; i < 100; ++i) {
    const double low = random.Uniform(0.01, 3), high = low + i * 0x1p-40;
    const Interval x(low, high, 128);
    CHECK(WideOf(Exp(x).low) <= Wide(exp(Wide(low))));
    CHECK(WideOf(Exp(x).high) >= Wide(exp(Wide(high))));
    CHECK(WideOf(Log(x).low) <= Wide(log(Wide(low))));
    CHECK(WideOf(Log(x).high) >= Wide(log(Wide(high))));
  }
}

TEST_CASE("exponentials of enormous numbers keep their bits or are bounded") {
  // e^x with x = -2^39 from (e^(-2^-13))^(2^52), in exponents Wide lacks
  const Interval small = Exp(Interval(-0x1p39, 128));
  Interval power = Exp(Interval(-0x1p-13, 300));
  for (int i = 0; i < 52; ++i) power = power * power;
  CHECK(small.low <= power.high);
  CHECK(power.low <= small.high);
  CHECK(small.high - small.low <= small.high.Scaled(8 - 128));
  const Interval bounded = Exp(Interval(-0x1p41, 128));
  CHECK(bounded.low.IsZero());
  CHECK(bounded.high == BigFloat::PowerOfTwo(-(std::int64_t{1} << 40)));
  CHECK_NOTHROW(Exp(Interval(0x1p40, 128)));
  CHECK_THROWS_AS(Exp(Interval(0x1.1p40, 128)), std::logic_error);
}

TEST_CASE("what has no value is refused") {
  CHECK_THROWS_AS(Interval(1, 64) / Interval(0, 64), std::domain_error);
  CHECK_THROWS_AS(Interval(1, 64) / Interval(-1, 1, 64), std::domain_error);
  CHECK_THROWS_AS(Interval(1, 64) / Interval(0, 1, 64), std::domain_error);
  CHECK_THROWS_AS(Log(Interval(0, 64)), std::domain_error);
  CHECK_THROWS_AS(Log(Interval(-1, 64)), std::domain_error);
  CHECK_THROWS_AS(Log1p(Interval(-1, 64)), std::domain_error);
  CHECK_THROWS_AS(Interval(2, 1, 64), std::logic_error);
}

TEST_CASE("a point is rounded as the oracle rounds it") {
  Random random(7);
  const auto check = [](double x) {
    CAPTURE(x);
    const double want = RoundTo<float>(Exact(x));
    const double got = RoundedAt(ElementType::kFloat32, x);
    CHECK(got == want);
    CHECK((x == 0 || std::signbit(got) == std::signbit(want)));
    CHECK(RoundedAt(ElementType::kFloat64, x) == x);
  };
  for (int i = 0; i < 5000; ++i) {
    check(random.AnyFinite<double>());
    const auto x = static_cast<double>(random.AnyFinite<float>());
    const auto next =
        static_cast<double>(std::nextafter(static_cast<float>(x), HUGE_VALF));
    if (!std::isfinite(next)) continue;
    const double midpoint = (x + next) / 2;
    for (const double y : {x, midpoint, std::nextafter(midpoint, x),
                           std::nextafter(midpoint, next)}) {
      check(y);
    }
  }
}

TEST_CASE("an interval that ends at a midpoint rounds away from it") {
  struct Case {
    ElementType type;
    double below, above;  // neighbours, of which `even` has the even last bit
    double even;
  };
  const Case cases[] = {
      {ElementType::kFloat64, 1, 1 + 0x1p-52, 1},
      {ElementType::kFloat32, 1, 1 + 0x1p-23, 1},
      {ElementType::kFloat32, 1 + 0x1p-23, 1 + 0x1p-22, 1 + 0x1p-22},
      {ElementType::kFloat32, 16777216, 16777218, 16777216},
      {ElementType::kFloat32, 0x1p-149, 0x1p-148, 0x1p-148},
      {ElementType::kFloat32, 0, 0x1p-149, 0},
      {ElementType::kFloat32, 0x1p-126 - 0x1p-149, 0x1p-126, 0x1p-126},
      {ElementType::kFloat16, 1, 1 + 0x1p-10, 1},
      {ElementType::kFloat16, 2049 - 1, 2050, 2048},
      {ElementType::kFloat16, 0, 0x1p-24, 0},
      {ElementType::kFloat16, 0x1p-14 - 0x1p-24, 0x1p-14, 0x1p-14},
      {ElementType::kFloat16, 65472, 65504, 65472},
      {ElementType::kBFloat16, 1, 1 + 0x1p-7, 1},
      {ElementType::kBFloat16, 257 - 1, 258, 256},
      {ElementType::kBFloat16, 0, 0x1p-133, 0},
      {ElementType::kBFloat16, 0x1p-126 - 0x1p-133, 0x1p-126, 0x1p-126}};
  for (const Case& c : cases) {
    const std::string type = NameOf(c.type);
    CAPTURE(type);
    CAPTURE(c.below);
    const BigFloat midpoint = (BigFloat(c.below) + c.above).Scaled(-1);
    CHECK(RoundedAt(c.type, midpoint) == c.even);
    CHECK(RoundedAt(c.type, -midpoint) == -c.even);
    CHECK(RoundedAbove(c.type, midpoint) == c.above);
    CHECK(RoundedBelow(c.type, midpoint) == c.below);
    CHECK(RoundedBelow(c.type, -midpoint) == -c.above);
    CHECK(RoundedAbove(c.type, -midpoint) == -c.below);
    CHECK(RoundedAbove(c.type, c.above) == c.above);
    CHECK(RoundedBelow(c.type, c.above) == c.above);
  }
}

TEST_CASE("half an ulp beyond the largest number is infinite") {
  for (const ElementType type : kTypes) {
    const FloatFormat format = FormatOf(type);
    const BigFloat half_ulp =
        BigFloat::PowerOfTwo(format.max_exponent - format.precision);
    const BigFloat threshold = BigFloat(format.largest) + half_ulp;
    const std::string name = NameOf(type);
    CAPTURE(name);
    CHECK(RoundedBelow(type, threshold) == format.largest);
    CHECK(RoundedAt(type, threshold) == HUGE_VAL);
    CHECK(RoundedAbove(type, threshold) == HUGE_VAL);
    CHECK(RoundedAbove(type, -threshold) == -format.largest);
    CHECK(RoundedAt(type, -threshold) == -HUGE_VAL);
    const std::int64_t beyond_int = std::int64_t{1} << 32;
    CHECK(RoundedAt(type, BigFloat::PowerOfTwo(beyond_int)) == HUGE_VAL);
    CHECK(Rounded(type, threshold, threshold.Scaled(5000)) == HUGE_VAL);
    CHECK(Rounded(type, -threshold.Scaled(5000), -threshold) == -HUGE_VAL);
  }
}

TEST_CASE("what rounds to 0 keeps its sign, and 0 itself is +0") {
  for (const ElementType type : kTypes) {
    CHECK(std::signbit(RoundedBelow(type, 0)));
    CHECK(!std::signbit(RoundedAbove(type, 0)));
    CHECK(!std::signbit(RoundedAt(type, 0)));
    CHECK(RoundedBelow(type, 0) == 0);
    CHECK(std::signbit(RoundedAt(type, -BigFloat::PowerOfTwo(-2000))));
  }
}

TEST_CASE("an undecided rounding asks for more bits, and gives up aloud") {
  std::vector<int> asked;
  const auto narrowing = [&](int bits) {
    asked.push_back(bits);
    const BigFloat margin = BigFloat::PowerOfTwo(-bits);
    const BigFloat value = BigFloat(1 + 0x1p-24) + BigFloat::PowerOfTwo(-900);
    return Interval(value - margin, value + margin, bits);
  };
  CHECK(certain::RoundTo(ElementType::kFloat32, narrowing) == 1 + 0x1p-23);
  CHECK(asked == std::vector<int>{128, 256, 512, 1024});
  CHECK_THROWS_WITH_AS(
      Rounded(ElementType::kFloat16, -0x1p-30, 0x1p-30),
      "2^20 bits do not decide how a result is rounded to float16",
      std::runtime_error);
}

}  // namespace surprisal::testing
