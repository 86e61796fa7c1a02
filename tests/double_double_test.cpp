// Double-double arithmetic and the exponentials and logarithms made of it, on
// every SIMD target, against 100 digits; and the constants to the last bit.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "../tests/double_double_test.cpp"  // as from lib/
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include <cstddef>
#include <span>

#include "hwy/highway.h"
#include "surprisal/common/elementary-inl.h"

#ifndef SURPRISAL_TESTS_DOUBLE_DOUBLE_TEST_PAIR_
#define SURPRISAL_TESTS_DOUBLE_DOUBLE_TEST_PAIR_
namespace surprisal {
/// What a function is called with, and where its result goes: value times
/// 2^exponent.
struct Trial {
  DoubleDouble a, b;
  DoubleDouble value = {};
  double exponent = 0.0;
};
}  // namespace surprisal
#endif

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

using Doubles = hn::ScalableTag<double>;

template <class D>
HWY_INLINE Scaled<D> Unscaled(D d, Dd<D> x) {
  return {x, hn::Zero(d)};
}

/// Whole vectors, so that lanes differ; the last vector repeats trials.
template <class Fn>
HWY_INLINE void Map(std::span<Trial> trials, const Fn& fn) {
  const Doubles d;
  constexpr size_t kMost = HWY_MAX_BYTES / sizeof(double);
  HWY_ALIGN double a_hi[kMost], a_lo[kMost], b_hi[kMost], b_lo[kMost];
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < trials.size(); i += lanes) {
    for (size_t k = 0; k < lanes; ++k) {
      const Trial& trial = trials[(i + k) % trials.size()];
      a_hi[k] = trial.a.hi, a_lo[k] = trial.a.lo;
      b_hi[k] = trial.b.hi, b_lo[k] = trial.b.lo;
    }
    const Dd<Doubles> a = {hn::Load(d, a_hi), hn::Load(d, a_lo)};
    const Dd<Doubles> b = {hn::Load(d, b_hi), hn::Load(d, b_lo)};
    const Scaled<Doubles> result = fn(d, a, b);
    hn::Store(result.value.hi, d, a_hi);
    hn::Store(result.value.lo, d, a_lo);
    hn::Store(result.exponent, d, b_hi);
    for (size_t k = 0; k < lanes; ++k) {
      Trial& trial = trials[(i + k) % trials.size()];
      trial.value = {a_hi[k], a_lo[k]};
      trial.exponent = b_hi[k];
    }
  }
}

void TwoSumAll(std::span<Trial> trials) {
  Map(trials, [](auto d, auto a, auto b)
                  HWY_ATTR { return Unscaled(d, TwoSum(d, a.hi, b.hi)); });
}
void TwoProdAll(std::span<Trial> trials) {
  Map(trials, [](auto d, auto a, auto b)
                  HWY_ATTR { return Unscaled(d, TwoProd(d, a.hi, b.hi)); });
}
void AddDoubleAll(std::span<Trial> trials) {
  Map(trials, [](auto d, auto a, auto b)
                  HWY_ATTR { return Unscaled(d, Add(d, a, b.hi)); });
}
void AddAll(std::span<Trial> trials) {
  Map(trials, [](auto d, auto a, auto b)
                  HWY_ATTR { return Unscaled(d, Add(d, a, b)); });
}
void MulDoubleAll(std::span<Trial> trials) {
  Map(trials, [](auto d, auto a, auto b)
                  HWY_ATTR { return Unscaled(d, Mul(d, a, b.hi)); });
}
void MulAll(std::span<Trial> trials) {
  Map(trials, [](auto d, auto a, auto b)
                  HWY_ATTR { return Unscaled(d, Mul(d, a, b)); });
}
void DivAll(std::span<Trial> trials) {
  Map(trials, [](auto d, auto a, auto b)
                  HWY_ATTR { return Unscaled(d, Div(d, a, b)); });
}
void Expm1ReducedAll(std::span<Trial> trials) {
  Map(trials, [](auto d, auto a, auto /*b*/)
                  HWY_ATTR { return Unscaled(d, Expm1Reduced(d, a)); });
}
void Log1pReducedAll(std::span<Trial> trials) {
  Map(trials, [](auto d, auto a, auto /*b*/)
                  HWY_ATTR { return Unscaled(d, Log1pReduced(d, a)); });
}
void ExpAll(std::span<Trial> trials) {
  Map(trials, [](auto d, auto a, auto /*b*/) HWY_ATTR { return Exp(d, a); });
}
void Log1pAll(std::span<Trial> trials) {
  Map(trials, [](auto d, auto a, auto /*b*/)
                  HWY_ATTR { return Unscaled(d, Log1p(d, a)); });
}
/// ln (a 2^b).
void LogAll(std::span<Trial> trials) {
  Map(trials, [](auto d, auto a, auto b) HWY_ATTR {
    const Scaled<decltype(d)> scaled = {a, b.hi};
    return Unscaled(d, Log(d, scaled));
  });
}
/// a.hi as value times 2^exponent, for any positive a.
void NormalizeAll(std::span<Trial> trials) {
  Map(trials,
      [](auto d, auto a, auto /*b*/) HWY_ATTR { return Normalize(d, a.hi); });
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "kernel_testing.h"
#include "oracle/definition.h"
#include "oracle/exact.h"
#include "oracle/rounding.h"
#include "surprisal/common/elementary_constants.h"

namespace surprisal::testing {
namespace {

HWY_EXPORT(TwoSumAll);
HWY_EXPORT(TwoProdAll);
HWY_EXPORT(AddDoubleAll);
HWY_EXPORT(AddAll);
HWY_EXPORT(MulDoubleAll);
HWY_EXPORT(MulAll);
HWY_EXPORT(DivAll);
HWY_EXPORT(Expm1ReducedAll);
HWY_EXPORT(Log1pReducedAll);
HWY_EXPORT(ExpAll);
HWY_EXPORT(Log1pAll);
HWY_EXPORT(LogAll);
HWY_EXPORT(NormalizeAll);

Exact ExactOf(DoubleDouble x) { return Exact(x.hi) + Exact(x.lo); }

/// The two halves of x in double-double, each rounded to nearest.
DoubleDouble Halves(const Exact& x) {
  const auto hi = RoundTo<double>(x);
  return {hi, RoundTo<double>(Exact(x - hi))};
}

/// x with a random lower half.
DoubleDouble WithTail(Random& random, double x) {
  return Halves(Exact(x) + Exact(x) * random.Uniform(-0x1p-53, 0x1p-53));
}

/// Of either sign, 2^low to 2^high in size.
double OfSize(Random& random, double low, double high) {
  const double size = std::exp2(random.Uniform(low, high));
  return random.Below(2) == 0 ? size : -size;
}

/// Runs `all` on every target and returns the worst relative error as a binary
/// logarithm: -106 is 2^-106 of the exact value. Halves must not overlap.
template <class All, class ExactFn>
double WorstErrorLog2(std::vector<Trial> trials, const All& all,
                      const ExactFn& exact_of) {
  std::vector<Exact> exact;
  for (const Trial& trial : trials) exact.push_back(exact_of(trial));
  Exact worst = 0;
  ForEachTarget([&] {
    all(std::span<Trial>(trials));
    for (size_t i = 0; i < trials.size(); ++i) {
      CAPTURE(i);
      const Trial& trial = trials[i];
      CHECK(trial.value.hi + trial.value.lo == trial.value.hi);
      const Exact got =
          ldexp(ExactOf(trial.value), static_cast<int>(trial.exponent));
      const Exact error = abs(got - exact[i]);
      if (error == 0) continue;
      REQUIRE(exact[i] != 0);
      worst = std::max(worst, Exact(error / abs(exact[i])));
    }
  });
  return worst == 0 ? -INFINITY : static_cast<double>(log2(worst));
}

/// Pairs of numbers of like size, half of which nearly cancel.
std::vector<Trial> TrialPairs(size_t count) {
  Random random(1971);
  std::vector<Trial> trials(count);
  for (Trial& trial : trials) {
    trial.a = WithTail(random, OfSize(random, -40, 40));
    const double apart = std::exp2(random.Uniform(-100, 0));
    const Exact near = -ExactOf(trial.a) * (Exact(1) + Exact(apart));
    trial.b = random.Below(2) == 0 ? WithTail(random, OfSize(random, -40, 40))
                                   : Halves(near);
  }
  return trials;
}

/// One argument each, made by `make`.
template <class Make>
std::vector<Trial> TrialsOf(size_t count, const Make& make) {
  Random random(1618);
  std::vector<Trial> trials(count);
  for (Trial& trial : trials) trial.a = make(random);
  return trials;
}

constexpr size_t kTrials = 4000;

/// The proved bounds of elementary-inl.h leave room: what is measured lies
/// around 2^-104, and is held to that.
void CheckMeasured(double worst, double proved) {
  CHECK(worst <= proved);
  CHECK(worst <= -103);
  CHECK(worst >= -105);
}

/// `factor` u^2 with u = 2^-53, as a binary logarithm.
double TimesUSquared(double factor) { return std::log2(factor) - 106; }

}  // namespace

TEST_CASE("the three pieces of ln 2 are its successive roundings") {
  const Exact ln2 = log(Exact(2));
  const Exact first = floor(ldexp(ln2, 40));
  CHECK(Exact(kLn2[0]) == Exact(ldexp(first, -40)));
  CHECK(kLn2[1] == RoundTo<double>(Exact(ln2 - kLn2[0])));
  CHECK(kLn2[2] == RoundTo<double>(Exact(ln2 - kLn2[0] - kLn2[1])));
  const Exact left = ln2 - kLn2[0] - kLn2[1] - kLn2[2];
  CHECK(abs(left) < ldexp(Exact(1), -146));
}

TEST_CASE("the reciprocal factorials are right in both halves") {
  Exact factorial = 1;
  for (int n = 0; n < 16; ++n) {
    CAPTURE(n);
    if (n > 0) factorial *= n;
    const DoubleDouble want = Halves(Exact(1 / factorial));
    CHECK(kInverseFactorial[n].hi == want.hi);
    CHECK(kInverseFactorial[n].lo == want.lo);
  }
}

TEST_CASE("the other constants are right to the last bit") {
  CHECK(kInverseLn2 == RoundTo<double>(Exact(1 / log(Exact(2)))));
  const auto half_root = RoundTo<double>(Exact(sqrt(Exact(0.5))));
  CHECK(kOneMinusHalfRootBits ==
        std::bit_cast<uint64_t>(1.0) - std::bit_cast<uint64_t>(half_root));
  CHECK(kTwoTo52Bits == std::bit_cast<uint64_t>(0x1p52));
}

TEST_CASE("sums and products of two doubles are exact") {
  const auto sums = [](auto t) { HWY_DYNAMIC_DISPATCH(TwoSumAll)(t); };
  const auto products = [](auto t) { HWY_DYNAMIC_DISPATCH(TwoProdAll)(t); };
  const auto sum_of = [](const Trial& t) { return Exact(t.a.hi) + t.b.hi; };
  const auto product_of = [](const Trial& t) {
    return Exact(Exact(t.a.hi) * t.b.hi);
  };
  CHECK(WorstErrorLog2(TrialPairs(kTrials), sums, sum_of) == -INFINITY);
  CHECK(WorstErrorLog2(TrialPairs(kTrials), products, product_of) == -INFINITY);
}

TEST_CASE("products of numbers near overflow are exact") {
  std::vector<Trial> trials = TrialPairs(kTrials);
  for (Trial& trial : trials) {
    trial.a.hi = std::ldexp(trial.a.hi, 1023 - std::ilogb(trial.a.hi));
    trial.b.hi = std::ldexp(trial.b.hi, -1 - std::ilogb(trial.b.hi));
  }
  const auto products = [](auto t) { HWY_DYNAMIC_DISPATCH(TwoProdAll)(t); };
  CHECK(WorstErrorLog2(trials, products, [](const Trial& t) {
          return Exact(Exact(t.a.hi) * t.b.hi);
        }) == -INFINITY);
}

TEST_CASE("sums of double-doubles keep the bounds of their source") {
  const auto add_double = [](auto t) { HWY_DYNAMIC_DISPATCH(AddDoubleAll)(t); };
  const auto add = [](auto t) { HWY_DYNAMIC_DISPATCH(AddAll)(t); };
  const double one = WorstErrorLog2(
      TrialPairs(kTrials), add_double,
      [](const Trial& t) { return Exact(ExactOf(t.a) + t.b.hi); });
  CHECK(one <= TimesUSquared(2));
  CHECK(one >= TimesUSquared(0.5));
  const double both = WorstErrorLog2(
      TrialPairs(kTrials), add,
      [](const Trial& t) { return Exact(ExactOf(t.a) + ExactOf(t.b)); });
  CHECK(both <= TimesUSquared(3.001));
  CHECK(both >= TimesUSquared(0.75));
}

TEST_CASE("products of double-doubles keep the bounds of their source") {
  const auto mul_double = [](auto t) { HWY_DYNAMIC_DISPATCH(MulDoubleAll)(t); };
  const auto mul = [](auto t) { HWY_DYNAMIC_DISPATCH(MulAll)(t); };
  const double one = WorstErrorLog2(
      TrialPairs(kTrials), mul_double,
      [](const Trial& t) { return Exact(ExactOf(t.a) * t.b.hi); });
  CHECK(one <= TimesUSquared(3));
  CHECK(one >= TimesUSquared(0.75));
  const double both = WorstErrorLog2(
      TrialPairs(kTrials), mul,
      [](const Trial& t) { return Exact(ExactOf(t.a) * ExactOf(t.b)); });
  CHECK(both <= TimesUSquared(7));
  CHECK(both >= TimesUSquared(1.75));
}

TEST_CASE("quotients of double-doubles keep the bound of their source") {
  const auto div = [](auto t) { HWY_DYNAMIC_DISPATCH(DivAll)(t); };
  const double worst = WorstErrorLog2(
      TrialPairs(kTrials), div,
      [](const Trial& t) { return Exact(ExactOf(t.a) / ExactOf(t.b)); });
  CHECK(worst <= TimesUSquared(15));
  CHECK(worst >= TimesUSquared(1.5));
}

TEST_CASE("numbers of any size, subnormal ones too, are normalised exactly") {
  const auto trials = TrialsOf(kTrials, [](Random& random) {
    const int subnormal = static_cast<int>(random.Below(52)) - 1074;
    const double small = std::ldexp(random.Uniform(1, 2), subnormal);
    return DoubleDouble{
        random.Below(2) == 0 ? small : std::abs(random.AnyFinite<double>()),
        0.0};
  });
  const auto normalize = [](auto t) { HWY_DYNAMIC_DISPATCH(NormalizeAll)(t); };
  CHECK(WorstErrorLog2(trials, normalize, [](const Trial& t) {
          return Exact(t.a.hi);
        }) == -INFINITY);
}

TEST_CASE("e^r - 1 near 0 has the relative error its comment states") {
  const auto trials = TrialsOf(kTrials, [](Random& random) {
    const double size = random.Below(2) == 0 ? OfSize(random, -300, -1.53)
                                             : random.Uniform(-0.3466, 0.3466);
    return WithTail(random, size);
  });
  const auto expm1_reduced = [](auto t) {
    HWY_DYNAMIC_DISPATCH(Expm1ReducedAll)(t);
  };
  const double worst =
      WorstErrorLog2(trials, expm1_reduced,
                     [](const Trial& t) { return Exact(expm1(ExactOf(t.a))); });
  CheckMeasured(worst, -99);
}

TEST_CASE("ln(1 + u) near 0 has the relative error its comment states") {
  const auto trials = TrialsOf(kTrials, [](Random& random) {
    const double size = random.Below(2) == 0 ? OfSize(random, -300, -1.78)
                                             : random.Uniform(-0.2928, 0.4142);
    return WithTail(random, size);
  });
  const auto log1p_reduced = [](auto t) {
    HWY_DYNAMIC_DISPATCH(Log1pReducedAll)(t);
  };
  const double worst =
      WorstErrorLog2(trials, log1p_reduced,
                     [](const Trial& t) { return Exact(log1p(ExactOf(t.a))); });
  CheckMeasured(worst, -98);
}

// The last bit of k ln 2 counts as an absolute error of t.
TEST_CASE("the relative error of e^t grows with t, not beyond 2^-97 here") {
  struct Range {
    double size, bound;
  };
  for (const Range range :
       {Range{1, -104.5}, {40, -102}, {110, -100.5}, {760, -97.5}}) {
    CAPTURE(range.size);
    const auto trials = TrialsOf(kTrials, [&](Random& random) {
      return WithTail(random, random.Uniform(-range.size, range.size));
    });
    const double worst = WorstErrorLog2(
        trials,
        [](auto t) {
          HWY_DYNAMIC_DISPATCH(ExpAll)
          (t);
        },
        [](const Trial& t) { return Exact(exp(ExactOf(t.a))); });
    CHECK(worst <= range.bound);
    CHECK(worst >= range.bound - 1.5);
  }
}

TEST_CASE("ln(1 + u) has the relative error its comment states") {
  const auto trials = TrialsOf(kTrials, [](Random& random) {
    const double choices[] = {OfSize(random, -1000, -1), random.Uniform(-1, 4),
                              std::abs(OfSize(random, 0, 1000)),
                              -1 + std::exp2(random.Uniform(-53, -1))};
    return WithTail(random, choices[random.Below(4)]);
  });
  const auto log1p_all = [](auto t) { HWY_DYNAMIC_DISPATCH(Log1pAll)(t); };
  const double worst = WorstErrorLog2(trials, log1p_all, [](const Trial& t) {
    return Exact(log1p(ExactOf(t.a)));
  });
  CheckMeasured(worst, -98);
}

TEST_CASE("ln x has the relative error its comment states") {
  auto trials = TrialsOf(kTrials, [](Random& random) {
    const double choices[] = {std::abs(OfSize(random, -300, 300)),
                              random.Uniform(0.5, 2),
                              1 + OfSize(random, -53, -1)};
    return WithTail(random, choices[random.Below(3)]);
  });
  Random random(577);
  for (Trial& trial : trials) {
    trial.b.hi =
        random.Below(2) == 0 ? 0 : std::round(random.Uniform(-1074, 1023));
  }
  const auto log_all = [](auto t) { HWY_DYNAMIC_DISPATCH(LogAll)(t); };
  const double worst = WorstErrorLog2(trials, log_all, [](const Trial& t) {
    return Exact(log(ldexp(ExactOf(t.a), static_cast<int>(t.b.hi))));
  });
  CheckMeasured(worst, -98);
}

}  // namespace surprisal::testing
#endif  // HWY_ONCE
