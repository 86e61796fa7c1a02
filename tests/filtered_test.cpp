// The filtered oracle: its claimed intervals hold the 100-digit value, its
// answers are those of 100 digits, and it seldom has to ask for them.

#include "oracle/filtered.h"

#include <doctest/doctest.h>

#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "oracle/definition.h"
#include "oracle/enclosure.h"
#include "oracle/filtered_rows.h"

namespace surprisal {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr bool kExtended = std::numeric_limits<long double>::digits >= 64;

using Row = std::vector<double>;
using Random = std::mt19937_64;

/// In [0, 1), 53 random bits.
double Unit(Random& random) {
  return static_cast<double>(random() >> 11) * 0x1p-53;
}

double Between(double low, double high, Random& random) {
  return low + Unit(random) * (high - low);
}

/// How far the exact value is outside the claimed interval's middle, in claimed
/// errors: at most 1 if the claim holds, and not far below if it is tight.
double ShareOfBound(const Exact& exact, Approx approx) {
  const Exact value(approx.value);
  if (isnan(exact)) return isnan(value) ? 0.0 : kInf;
  if (isinf(value) && approx.error == 0) {
    const Exact greatest(std::numeric_limits<long double>::max());
    return abs(exact) > greatest && (exact > 0) == (value > 0) ? 0.0 : kInf;
  }
  if (approx.error == 0) return value == exact ? 0.0 : kInf;
  const Exact distance = abs(value - exact);
  return static_cast<double>(Exact(distance / Exact(approx.error)));
}

/// Everything a reference is to be judged by, over many inputs.
struct Judgement {
  double worst_share = 0;
  FilterCount as_float;
  FilterCount as_double;

  /// False if the interval misses the exact value or a rounding is wrong.
  bool Holds(Approx approx, const Exact& exact) {
    const auto escalate = [&] { return exact; };
    const double share = ShareOfBound(exact, approx);
    worst_share = std::max(worst_share, share);
    return share <= 1 &&
           Same(RoundFiltered<float>(approx, escalate, &as_float),
                RoundTo<float>(exact)) &&
           Same(RoundFiltered<double>(approx, escalate, &as_double),
                RoundTo<double>(exact));
  }

  static bool Same(double a, double b) {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
    return a == b && std::signbit(a) == std::signbit(b);
  }

  static double Rate(FilterCount count) {
    return static_cast<double>(count.escalated) /
           static_cast<double>(count.asked);
  }

  /// The bound is not absurdly loose, and escalations are rare: one float in a
  /// thousand, unless ties of the quantity make it `float_rate`, and as many
  /// doubles as an error of `ulps` of a long double leaves open.
  void CheckTight(double ulps, double float_rate = 0.001) const {
    CAPTURE(worst_share);
    CHECK(worst_share > 0.02);
    CAPTURE(as_float.escalated);
    CHECK(Rate(as_float) <= float_rate + 1.0 / as_float.asked);
    CAPTURE(as_double.escalated);
    CAPTURE(as_double.asked);
    if (kExtended) CHECK(Rate(as_double) < 4 * ulps / 1024 + float_rate);
  }
};

// The definitions, in 100 digits. -----------------------------------------

Exact ExactSigmoid(const Exact& x) { return 1 / (1 + exp(-x)); }

Exact ExactSoftplus(const Exact& x) {
  if (x > 0) return AddTail<Exact>(x, log1p(exp(-x)));
  return log1p(exp(x));
}

struct Function {
  std::string name;
  Approx (*approx)(long double);
  Exact (*exact)(const Exact&);
  double low, high;  // where it is tried
};

const std::vector<Function>& Functions() {
  static const std::vector<Function> functions = {
      {"exp", filtered::Exp, [](const Exact& x) { return Exact(exp(x)); }, -760,
       720},
      {"log", [](long double x) { return filtered::Log(x); },
       [](const Exact& x) { return Exact(log(x)); }, 0, 8},
      {"log1p", [](long double x) { return filtered::Log1p(x); },
       [](const Exact& x) { return Exact(log1p(x)); }, -1, 3},
      {"expm1", filtered::Expm1, [](const Exact& x) { return Exact(expm1(x)); },
       -2, 2},
      {"sigmoid", filtered::Sigmoid, ExactSigmoid, -760, 60},
      {"softplus", filtered::Softplus, ExactSoftplus, -760, 60},
      {"log_sigmoid", filtered::LogSigmoid,
       [](const Exact& x) { return Exact(-ExactSoftplus(-x)); }, -60, 760},
  };
  return functions;
}

TEST_CASE(
    "arithmetic holds at every corner of its operands and not far beyond") {
  Random random(12);
  double share[3] = {0, 0, 0};
  for (int i = 0; i < 500; ++i) {
    const Approx a = {Between(-3, 3, random), Unit(random)};
    const Approx b = {Between(1, 5, random), Unit(random) * 0.9};
    for (const int corner : {0, 1, 2, 3}) {
      const Exact x = Exact(a.value) + (corner % 2 == 0 ? -a.error : a.error);
      const Exact y = Exact(b.value) + (corner / 2 == 0 ? -b.error : b.error);
      share[0] = std::max(share[0], ShareOfBound(x + y, a + b));
      share[1] = std::max(share[1], ShareOfBound(x * y, a * b));
      share[2] = std::max(share[2], ShareOfBound(x / y, a / b));
    }
  }
  for (const double worst : share) {
    CHECK(worst <= 1);
    CHECK(worst > 0.99);
  }
}

TEST_CASE("logarithms of an interval hold at its ends and not far beyond") {
  Random random(13);
  double share = 0;
  for (int i = 0; i < 500; ++i) {
    const double value = Between(0.5, 4, random);
    const Approx x = {value, Unit(random) * 0.4};
    for (const double end : {-1.0, 1.0}) {
      const Exact at_end = value + Exact(end * x.error);
      share = std::max(share, ShareOfBound(log(at_end), filtered::Log(x)));
      share = std::max(share, ShareOfBound(log1p(at_end), filtered::Log1p(x)));
    }
  }
  CHECK(share <= 1);
  CHECK(share > 0.9);
}

TEST_CASE("the library's long doubles are as accurate as the bounds assume") {
  Random random(1);
  for (int i = 0; i < 3000; ++i) {
    // All 64 bits in use, as in the middle of a longer computation.
    const long double unit = static_cast<long double>(random()) * 0x1p-64L;
    const long double x = i % 2 == 0 ? unit - 0.5L : 40 * (unit - 0.5L);
    const Exact exact(x);
    CAPTURE(x);
    const auto holds = [](Approx approx, const Exact& value) {
      return ShareOfBound(value, approx) <= 1;
    };
    CHECK(holds(filtered::Exp(x), exp(exact)));
    CHECK(holds(filtered::Expm1(x), expm1(exact)));
    CHECK(holds(filtered::Log(std::fabs(x)), log(abs(exact))));
    if (x > -1) CHECK(holds(filtered::Log1p(x), log1p(exact)));
  }
}

TEST_CASE("elementwise references hold, round rightly and seldom escalate") {
  for (const Function& function : Functions()) {
    CAPTURE(function.name);
    Random random(2);
    Judgement judgement;
    for (int i = 0; i < 1500; ++i) {
      const double x = Between(function.low, function.high, random);
      CAPTURE(x);
      CHECK(judgement.Holds(function.approx(x), function.exact(x)));
    }
    judgement.CheckTight(10);
  }
}

TEST_CASE("elementwise references hold at the ends of their ranges") {
  const Row hard = {0.0,     -0.0,      1.0,       -1.0,     0x1p-60, -0x1p-60,
                    1e-310,  5e-324,    -5e-324,   88.7,     -103.97, -150,
                    709.78,  710,       -745.13,   -745.2,   -1e4,    1e4,
                    -2e5,    2e5,       DBL_MAX,   -DBL_MAX, kInf,    -kInf,
                    kNaN,    1 - 1e-16, 1 + 3e-16, 36.7,     -36.7,   37.43,
                    FLT_MAX, FLT_MIN,   -1 + 1e-16};
  for (const Function& function : Functions()) {
    CAPTURE(function.name);
    Judgement judgement;
    for (const double x : hard) {
      if (std::fabs(x) > 1e300 && std::isfinite(x)) continue;
      CAPTURE(x);
      CHECK(judgement.Holds(function.approx(x), function.exact(x)));
    }
  }
}

TEST_CASE("an argument one bit away from a rounding boundary escalates") {
  Random random(3);
  FilterCount count;
  for (int i = 0; i < 300; ++i) {
    // x = ln of a float midpoint, rounded: e^x is off it by 2^-53 or so.
    const double midpoint =
        1 + static_cast<double>(random() >> 41) * 0x1p-23 + 0x1p-24;
    const double x = static_cast<double>(Exact(log(Exact(midpoint))));
    const Exact exact = exp(Exact(x));
    CAPTURE(x);
    // A double, that cannot tell which side it is on, must not pretend to.
    const Approx as_double = {std::exp(x), 0x1p-52L * std::exp(x)};
    CHECK(RoundFiltered<float>(
              as_double, [&] { return exact; }, &count) ==
          RoundTo<float>(exact));
  }
  CHECK(count.asked == 300);
  CHECK(count.escalated > 250);
}

TEST_CASE("the hardest double for exp is escalated and rounded rightly") {
  const double x = 0x1.9e9cbbfd6080bp-31;
  FilterCount count;
  const double rounded = RoundFiltered<double>(
      filtered::Exp(x), [&] { return Exact(exp(Exact(x))); }, &count);
  CHECK(rounded == RoundTo<double>(exp(Exact(x))));
  CHECK(count.escalated == 1);
}

// Rows. ---------------------------------------------------------------------

/// Logits of the kinds that break kernels; the kind goes round with `which`.
Row RandomLogits(Random& random, int which) {
  Row row(2 + random() % 8);
  const double spreads[] = {3, 40, 800, 1e-3, 0.5};
  const double offsets[] = {0, 0, 0, 1e6, -1e30};
  for (double& z : row) {
    z = offsets[which % 5] + Between(-1, 1, random) * spreads[which % 5];
    if (which % 2 == 0) z = static_cast<float>(z);
  }
  if (which % 3 == 0) row[0] += 30;
  if (which % 7 == 0) row.back() = row.front();
  if (which % 11 == 0) row.back() = -kInf;
  return row;
}

/// The definition: shifted by nothing, cut by nothing. Terms of a row with one
/// class far ahead need digits beyond 100, so the tails are kept apart.
struct ExactRow {
  Row logits;

  Exact SumRelativeTo(size_t c, size_t left_out) const {
    Exact sum = 0;
    for (size_t k = 0; k < logits.size(); ++k) {
      if (k != left_out) sum += exp(Exact(logits[k]) - Exact(logits[c]));
    }
    return sum;
  }
  size_t Max() const {
    return static_cast<size_t>(std::max_element(logits.begin(), logits.end()) -
                               logits.begin());
  }
  Exact LogSumExp() const {
    return logits[Max()] + log1p(SumRelativeTo(Max(), Max()));
  }
  Exact Softmax(size_t c) const { return exp(LogSoftmax(c)); }
  Exact LogSoftmax(size_t c) const {
    const Exact log_total = log1p(SumRelativeTo(Max(), Max()));
    return AddTail<Exact>(Exact(logits[c]) - Exact(logits[Max()]), -log_total);
  }
  Exact Gradient(size_t label) const {
    return PlusZero(Exact(-SumRelativeTo(Max(), label) /
                          (1 + SumRelativeTo(Max(), Max()))));
  }
  Exact Entropy() const {
    Exact sum = 0;
    for (size_t c = 0; c < logits.size(); ++c) {
      if (logits[c] != -kInf) sum -= Softmax(c) * LogSoftmax(c);
    }
    return sum;
  }
};

TEST_CASE("references of a row of logits hold and seldom escalate") {
  Random random(4);
  Judgement lse, probs, log_probs, loss, gradient, entropy;
  filtered::LogitsRow row;
  for (int i = 0; i < 250; ++i) {
    const ExactRow exact = {RandomLogits(random, i)};
    row.Assign(exact.logits);
    CAPTURE(i);
    CHECK(lse.Holds(row.LogSumExp(), exact.LogSumExp()));
    CHECK(entropy.Holds(row.EntropyOfLogits(), exact.Entropy()));
    for (size_t c = 0; c < exact.logits.size(); ++c) {
      CAPTURE(c);
      CHECK(probs.Holds(row.Softmax(c), exact.Softmax(c)));
      CHECK(log_probs.Holds(row.LogSoftmax(c), exact.LogSoftmax(c)));
      CHECK(loss.Holds(row.CrossEntropy(c), abs(exact.LogSoftmax(c))));
      CHECK(gradient.Holds(row.CrossEntropyGradient(c, c), exact.Gradient(c)));
    }
  }
  lse.CheckTight(16);
  probs.CheckTight(16);
  // z_c - max of two floats is often a tie, and the rest too small to see.
  log_probs.CheckTight(16, 0.04);
  loss.CheckTight(16, 0.04);
  gradient.CheckTight(16);
  entropy.CheckTight(32);
}

TEST_CASE("a log-sum-exp that cancels knows how little it knows") {
  const double minus_ln2 = -0x1.62e42fefa39efp-1;
  const filtered::LogitsRow row(Row{minus_ln2, minus_ln2});
  const Exact exact = Exact(minus_ln2) + log(Exact(2));
  const Approx approx = row.LogSumExp();
  CHECK(ShareOfBound(exact, approx) <= 1);
  CHECK(approx.error > 1e-4L * std::fabs(approx.value));
  CHECK_FALSE(CertainRounding<float>(approx).has_value());
  Judgement judgement;
  CHECK(judgement.Holds(approx, exact));
}

TEST_CASE("rounding the difference of two logits costs a reference nothing") {
  Random random(14);
  for (int i = 0; i < 20; ++i) {
    const Row logits = {Between(600, 700, random), Between(0, 1e-9, random)};
    const ExactRow exact = {logits};
    const filtered::LogitsRow row(logits);
    CHECK(ShareOfBound(exact.Softmax(1), row.Softmax(1)) <= 1);
    CHECK(row.Softmax(1).error < 8 * Approx::kUlp * row.Softmax(1).value);
  }
}

TEST_CASE("a large vocabulary costs the references no digits") {
  constexpr size_t kClasses = 128256;
  Row logits(kClasses);
  Random random(5);
  // Few values, many times over, so that 100 digits can count instead of add.
  const Row values = {-8.25, -3.0625, 0.7f, 2.1, 9.9};
  std::vector<int> times(values.size());
  for (double& z : logits) {
    const size_t k = random() % values.size();
    z = values[k];
    ++times[k];
  }
  Exact total = 0;
  for (size_t k = 0; k < values.size(); ++k) {
    total += times[k] * exp(Exact(values[k]));
  }
  const filtered::LogitsRow row(logits);
  Judgement judgement;
  CHECK(judgement.Holds(row.LogSumExp(), log(total)));
  CHECK(judgement.Holds(row.Softmax(7), exp(Exact(logits[7])) / total));
  CHECK(row.Softmax(7).error < 12 * Approx::kUlp * row.Softmax(7).value);
}

TEST_CASE("rows with special values follow the policy") {
  const auto is_nan = [](Approx a) { return std::isnan(a.value); };
  const filtered::LogitsRow with_nan(Row{1, kNaN, 2});
  CHECK(is_nan(with_nan.LogSumExp()));
  CHECK(is_nan(with_nan.Softmax(0)));
  CHECK(is_nan(with_nan.CrossEntropyGradient(0, 0)));
  const filtered::LogitsRow with_inf(Row{1, kInf, 2});
  CHECK(with_inf.LogSumExp().value == kInf);
  CHECK(is_nan(with_inf.LogSoftmax(0)));
  CHECK(is_nan(with_inf.EntropyOfLogits()));
  const filtered::LogitsRow all_masked(Row{-kInf, -kInf});
  CHECK(all_masked.LogSumExp().value == -kInf);
  CHECK(is_nan(all_masked.Softmax(0)));
  const filtered::LogitsRow masked(Row{0, -kInf});
  CHECK(CertainlyRoundsTo(0.0f, masked.Softmax(1)));
  CHECK(CertainlyRoundsTo(0.0, masked.LogSoftmax(0)));
  CHECK(masked.CrossEntropy(1).value == kInf);
  CHECK(CertainlyRoundsTo(-1.0, masked.CrossEntropyGradient(1, 1)));
  CHECK(CertainlyRoundsTo(0.0, masked.CrossEntropyGradient(0, 0)));
  CHECK_FALSE(CertainlyRoundsTo(-0.0, masked.CrossEntropyGradient(0, 0)));
  CHECK(CertainlyRoundsTo(0.0, masked.EntropyOfLogits()));
}

TEST_CASE("what underflows is known to be zero and of which sign") {
  const filtered::LogitsRow row(Row{0, -1e30, -300});
  CHECK(CertainlyRoundsTo(0.0, row.Softmax(1)));
  CHECK_FALSE(CertainlyRoundsTo(-0.0, row.Softmax(1)));
  CHECK(CertainlyRoundsTo(-0.0f, row.LogSoftmax(0)));
  CHECK(CertainlyRoundsTo(0.0f, row.CrossEntropy(0)));
  CHECK(CertainlyRoundsTo(
      -0.0f, filtered::LogitsRow(Row{0, -300}).CrossEntropyGradient(0, 0)));
  CHECK(CertainlyRoundsTo(-0.0f, filtered::LogSigmoid(1e4)));
  CHECK(CertainlyRoundsTo(-0.0f, filtered::LogSigmoid(2e5)));
  CHECK(CertainlyRoundsTo(-0.0f, filtered::LogSigmoid(kInf)));
}

// Distributions. ------------------------------------------------------------

/// Probabilities of some spread, rounded, so that they hardly sum to 1.
Row RandomProbs(Random& random, size_t classes, double spread) {
  Row probs(classes);
  double sum = 0;
  for (double& p : probs) sum += p = std::exp(Between(-spread, 0, random));
  for (double& p : probs) p = static_cast<float>(p / sum);
  return probs;
}

Exact ExactCrossEntropy(const Row& p, const Row& q) {
  Exact sum = 0;
  for (size_t c = 0; c < p.size(); ++c) {
    if (p[c] != 0) sum -= Exact(p[c]) * log(Exact(q[c]));
  }
  return sum;
}

TEST_CASE("references of distributions hold and seldom escalate") {
  Random random(6);
  Judgement entropy, cross_entropy, kl;
  for (int i = 0; i < 400; ++i) {
    const size_t classes = 2 + random() % 8;
    const double spread = i % 2 == 0 ? 4 : 60;
    Row p = RandomProbs(random, classes, spread);
    const Row q = RandomProbs(random, classes, spread);
    if (i % 5 == 0) p[0] = 0;
    CAPTURE(i);
    CHECK(entropy.Holds(filtered::Entropy(p), ExactCrossEntropy(p, p)));
    CHECK(cross_entropy.Holds(filtered::CrossEntropyFromProbs(p, q),
                              ExactCrossEntropy(p, q)));
    CHECK(kl.Holds(filtered::KlDivergence(p, q),
                   ExactCrossEntropy(p, q) - ExactCrossEntropy(p, p)));
  }
  entropy.CheckTight(16);
  cross_entropy.CheckTight(16);
  kl.CheckTight(64);
}

TEST_CASE("the divergence of near neighbours keeps its digits") {
  Random random(7);
  Judgement judgement;
  for (int i = 0; i < 200; ++i) {
    const Row p = RandomProbs(random, 5, 3);
    Row q = p;
    for (double& x : q) x = static_cast<float>(x * Between(0.99, 1.01, random));
    CAPTURE(i);
    const Approx approx = filtered::KlDivergence(p, q);
    CHECK(judgement.Holds(approx,
                          ExactCrossEntropy(p, q) - ExactCrossEntropy(p, p)));
  }
  CHECK(Judgement::Rate(judgement.as_float) < 0.02);
}

TEST_CASE("references of distributions follow the policy") {
  const Row p = {0.5, 0.5, 0}, q = {0.5, 0, 0.5}, bad = {kNaN, 0, 1};
  CHECK(CertainlyRoundsTo(kInf, filtered::KlDivergence(p, q)));
  CHECK(CertainlyRoundsTo(0.0, filtered::KlDivergence(p, p)));
  CHECK(CertainlyRoundsTo(kInf, filtered::CrossEntropyFromProbs(p, q)));
  CHECK(std::isnan(filtered::Entropy(bad).value));
  CHECK(CertainlyRoundsTo(0.0, filtered::Entropy(Row{0, 1})));
}

TEST_CASE("the reference of binary cross-entropy holds and seldom escalates") {
  Random random(8);
  Judgement judgement;
  for (int i = 0; i < 1500; ++i) {
    const double x = Between(-1, 1, random) * (i % 2 == 0 ? 100 : 5);
    const double t = i % 3 == 0 ? static_cast<double>(i % 2) : Unit(random);
    const double weight = i % 4 == 0 ? 1 : Between(0.1, 10, random);
    CAPTURE(x);
    CAPTURE(t);
    const Exact exact = Exact(weight) * t * ExactSoftplus(-Exact(x)) +
                        (1 - Exact(t)) * ExactSoftplus(x);
    CHECK(judgement.Holds(filtered::BinaryCrossEntropy(x, t, weight), exact));
  }
  judgement.CheckTight(16);
  CHECK(CertainlyRoundsTo(0.0, filtered::BinaryCrossEntropy(kInf, 1)));
  CHECK(CertainlyRoundsTo(kInf, filtered::BinaryCrossEntropy(kInf, 0.5)));
  CHECK(CertainlyRoundsTo(0.0, filtered::BinaryCrossEntropy(-kInf, 0)));
}

// Enclosures in double. -----------------------------------------------------

/// How far the exact value is outside the claimed interval's middle, in halves
/// of its width.
double ShareOfWidth(const Exact& exact, Enclosure number) {
  const Exact low(number.low), high(number.high);
  if (isnan(exact)) return isnan(low) && isnan(high) ? 0.0 : kInf;
  if (isinf(low) || isinf(high)) {
    // The number is an infinity, or beyond every double.
    const bool beyond = abs(exact) > Exact(DBL_MAX) && low == high;
    return beyond && (exact > 0) == (low > 0) ? 0.0 : kInf;
  }
  if (low == high) return exact == low ? 0.0 : kInf;
  const Exact middle = (low + high) / 2;
  return static_cast<double>(Exact(abs(exact - middle) / (high - middle)));
}

/// What is enclosed, and what is known of it in long double and 100 digits.
struct Enclosed {
  std::string name;
  std::function<Enclosure(double)> quick;
  std::function<Approx(double)> close;
  std::function<Exact(double)> exact;
};

Enclosed OfNumber(const Function& function, Enclosure (*quick)(double)) {
  return {function.name, quick, function.approx,
          [&function](double x) { return function.exact(Exact(x)); }};
}

filtered::LogitsRow PairRow(double x) { return filtered::LogitsRow(Row{x, 0}); }

/// 1 / divisor, exact where it is 0, infinite or NaN.
Approx Reciprocal(Approx divisor) {
  if (divisor.value == 0 || !std::isfinite(divisor.value)) {
    return {1 / divisor.value, 0};
  }
  return Approx{1} / divisor;
}

std::vector<Enclosed> EnclosedQuantities() {
  const std::vector<Function>& of_number = Functions();
  Enclosure (*const quick[])(double) = {enclosed::Exp,       enclosed::Log,
                                        enclosed::Log1p,     enclosed::Expm1,
                                        enclosed::Sigmoid,   enclosed::Softplus,
                                        enclosed::LogSigmoid};
  std::vector<Enclosed> all;
  for (size_t i = 0; i < of_number.size(); ++i) {
    all.push_back(OfNumber(of_number[i], quick[i]));
  }
  all.push_back({"log_slope", enclosed::LogSlope,
                 [](double x) { return Reciprocal({x}); },
                 [](double x) { return Exact(1 / Exact(x)); }});
  all.push_back({"log1p_slope", enclosed::Log1pSlope,
                 [](double x) { return Reciprocal(Approx{1} + Approx{x}); },
                 [](double x) { return Exact(1 / (1 + Exact(x))); }});
  all.push_back(
      {"sigmoid_slope", enclosed::SigmoidSlope,
       [](double x) {
         if (std::isnan(x)) return Approx::NaN();
         return NonNegative(filtered::Sigmoid(x) * filtered::Sigmoid(-x));
       },
       [](double x) {
         return Exact(ExactSigmoid(Exact(x)) * ExactSigmoid(Exact(-x)));
       }});
  all.push_back({"log_sum_exp", enclosed::PairLogSumExp,
                 [](double x) { return PairRow(x).LogSumExp(); },
                 [](double x) { return ExactSoftplus(Exact(x)); }});
  for (const size_t c : {size_t{0}, size_t{1}}) {
    // The definitions take any finite x here, and what follows from it.
    const auto lead = [c](double x) { return Exact(c == 0 ? x : -x); };
    all.push_back({"softmax",
                   [c](double x) { return enclosed::PairSoftmax(x, c); },
                   [c](double x) { return PairRow(x).Softmax(c); },
                   [=](double x) { return ExactSigmoid(lead(x)); }});
    all.push_back({"log_softmax",
                   [c](double x) { return enclosed::PairLogSoftmax(x, c); },
                   [c](double x) { return PairRow(x).LogSoftmax(c); },
                   [=](double x) { return Exact(-ExactSoftplus(-lead(x))); }});
    all.push_back({"cross_entropy",
                   [c](double x) { return enclosed::PairCrossEntropy(x, c); },
                   [c](double x) { return PairRow(x).CrossEntropy(c); },
                   [=](double x) { return ExactSoftplus(-lead(x)); }});
    for (const size_t label : {c, 1 - c}) {
      all.push_back(
          {"gradient",
           [=](double x) { return enclosed::PairGradient(x, label, c); },
           [=](double x) { return PairRow(x).CrossEntropyGradient(label, c); },
           [=](double x) {
             const Exact other = ExactSigmoid(label == 0 ? -x : x);
             return c == label ? PlusZero(Exact(-other)) : other;
           }});
    }
  }
  return all;
}

/// Floats of every exponent, and of the ranges where the functions bend.
float RandomFloat(Random& random, int which) {
  const double spreads[] = {1, 20, 110, 1e-3};
  if (which % 2 == 0)
    return static_cast<float>(Between(-1, 1, random) * spreads[which / 2 % 4]);
  return std::bit_cast<float>(static_cast<uint32_t>(random()));
}

TEST_CASE("enclosures in double hold with a wide margin") {
  for (const Enclosed& quantity : EnclosedQuantities()) {
    CAPTURE(quantity.name);
    Random random(15);
    for (int i = 0; i < 500; ++i) {
      const double x = RandomFloat(random, i);
      if (!std::isfinite(x) || std::fabs(x) > 1e4) continue;
      CAPTURE(x);
      const Exact exact = quantity.exact(x);
      // Where a subnormal double is at hand the margin is the interval's own.
      const double share = ShareOfWidth(exact, quantity.quick(x));
      CHECK(share <= (abs(exact) > Exact(1e-290) ? 9.0 / 256 : 1));
    }
  }
}

template <class T>
bool SameNumber(T a, T b) {
  return std::isnan(a) ? std::isnan(b)
                       : a == b && std::signbit(a) == std::signbit(b);
}

TEST_CASE("an enclosure never contradicts the filtered oracle, and says much") {
  for (const Enclosed& quantity : EnclosedQuantities()) {
    CAPTURE(quantity.name);
    Random random(16);
    int open = 0;
    for (int i = 0; i < 100000; ++i) {
      const float x = RandomFloat(random, i);
      const auto quick = CertainRounding<float>(quantity.quick(x));
      if (!quick) ++open;
      if (!quick) continue;
      const float slow = RoundFiltered<float>(
          quantity.close(x), [&] { return quantity.exact(x); });
      if (SameNumber(*quick, slow)) continue;
      CAPTURE(x);
      CHECK(*quick == slow);
      CHECK(std::signbit(*quick) == std::signbit(slow));
    }
    CHECK(open <= 3);
  }
}

TEST_CASE("enclosures follow the policy at zeros, infinities and NaN") {
  for (const Enclosed& quantity : EnclosedQuantities()) {
    CAPTURE(quantity.name);
    for (const float x : {0.0f, -0.0f, INFINITY, -INFINITY, NAN, -1.0f, 1.0f,
                          FLT_MAX, -FLT_MAX, FLT_TRUE_MIN, -FLT_TRUE_MIN}) {
      CAPTURE(x);
      const auto quick = CertainRounding<float>(quantity.quick(x));
      const auto close = CertainRounding<float>(quantity.close(x));
      REQUIRE(quick.has_value());
      REQUIRE(close.has_value());
      CHECK(SameNumber(*quick, *close));
    }
  }
}

TEST_CASE("an enclosure is certain only if no boundary lies in it") {
  const auto certain = [](double low, double high) {
    return CertainRounding<float>(Enclosure{low, high});
  };
  CHECK(certain(1, 1 + 0x1p-25).value() == 1);
  CHECK_FALSE(certain(1, 1 + 0x1.8p-24).has_value());
  CHECK_FALSE(certain(0x1p-151, 0x1.8p-150).has_value());
  CHECK_FALSE(certain(-0x1p-151, 0x1p-151).has_value());
  CHECK(std::signbit(certain(-0x1p-151, -0x1p-500).value()));
  CHECK(certain(0x1.ffffff8p127, kInf).value() == kInf);
  CHECK_FALSE(certain(0x1.fffffdp127, kInf).has_value());
  CHECK(std::isnan(certain(kNaN, kNaN).value()));
  CHECK_FALSE(certain(1, kNaN).has_value());
}

// The filter itself. --------------------------------------------------------

TEST_CASE("an interval is certain only if no boundary lies in it") {
  CHECK(CertainlyRoundsTo(1.0f, Approx{1, 0x1p-26L}));
  CHECK_FALSE(CertainlyRoundsTo(1.0f, Approx{1, 0x1p-25L}));
  CHECK_FALSE(CertainlyRoundsTo(1.0f, Approx{2, 0x1p-26L}));
  CHECK_FALSE(CertainlyRoundsTo(FLT_MAX, Approx{0x1.ffffffp127L, 1}));
  CHECK(CertainlyRoundsTo(float{INFINITY}, Approx{0x1.ffffff8p127L, 1}));
  CHECK_FALSE(CertainlyRoundsTo(0.0f, Approx{0x1p-150L, 0x1p-180L}));
  CHECK(CertainlyRoundsTo(0.0f, Approx{0x1p-151L, 0x1p-152L}));
  CHECK_FALSE(CertainlyRoundsTo(0.0f, Approx{0, 0x1p-152L}));
  CHECK(CertainlyRoundsTo(0.0f, Approx{0x1p-152L, 0x1p-152L}));
  CHECK(CertainlyRoundsTo(-0.0f, Approx{-0x1p-152L, 0x1p-152L}));
  CHECK_FALSE(CertainlyRoundsTo(1.0f, Approx{1, Approx::Infinity().value}));
  CHECK_FALSE(CertainlyRoundsTo(1.0f, Approx{1, Approx::NaN().value}));
}

TEST_CASE_TEMPLATE("a filtered ulp error bounds the true one closely", T, float,
                   double) {
  Random random(9);
  const double slack = sizeof(T) == 4 ? 1e-9 : 0.05;
  for (int i = 0; i < 2000; ++i) {
    const T x = static_cast<T>(Between(-100, 80, random));
    const T got = std::exp(x) * static_cast<T>(1 + i % 3 * 1e-7);
    const Exact exact = exp(Exact(x));
    CAPTURE(x);
    const double bound = UlpErrorBound(got, filtered::Exp(x));
    const double truth = UlpError(got, exact);
    CHECK(truth <= bound);
    if (kExtended) CHECK(bound <= truth * (1 + 1e-9) + slack);
  }
}

TEST_CASE("a wrong NaN or infinity is infinitely far through the filter too") {
  const auto error = [](float got, double x) {
    return UlpErrorFiltered(
        got, filtered::Exp(x), [&] { return Exact(exp(Exact(x))); }, 0.5);
  };
  CHECK(error(float{NAN}, 1) == kInf);
  CHECK(error(float{INFINITY}, 1) == kInf);
  CHECK(error(float{INFINITY}, 100) == 0);
  CHECK(error(-float{INFINITY}, 100) == kInf);
  CHECK(error(FLT_MAX, kInf) == kInf);
  CHECK(error(float{NAN}, kNaN) == 0);
  CHECK(error(1.0f, kNaN) == kInf);
  CHECK(error(0.0f, -kInf) == 0);
}

TEST_CASE("the worst of a sweep is the worst there is and asks rarely") {
  Random random(10);
  WorstUlp worst = {.sharpen_above = 0};
  double truth = 0;
  for (int i = 0; i < 3000; ++i) {
    const float x = static_cast<float>(Between(-10, 10, random));
    const float got = std::exp(x);
    const auto exact = [&] { return Exact(exp(Exact(x))); };
    truth = std::max(truth, UlpError(got, exact()));
    worst.Measure(got, filtered::Exp(x), exact);
  }
  CHECK(worst.ulp == truth);
  CHECK(worst.count.asked == 3000);
  CHECK(worst.count.escalated < 40);
}

TEST_CASE("below the level of interest no sweep asks for 100 digits") {
  Random random(11);
  WorstUlp worst = {.sharpen_above = 0.6};
  for (int i = 0; i < 3000; ++i) {
    const double x = Between(-10, 10, random);
    worst.Measure(static_cast<double>(std::exp(static_cast<long double>(x))),
                  filtered::Exp(x), [&] { return Exact(exp(Exact(x))); });
  }
  CHECK(worst.ulp >= 0.49);
  if (kExtended) CHECK(worst.ulp < 0.51);
  if (kExtended) CHECK(worst.count.escalated == 0);
}

}  // namespace
}  // namespace surprisal
