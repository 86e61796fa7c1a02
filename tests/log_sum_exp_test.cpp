#include "surprisal/log_sum_exp/log_sum_exp.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "oracle/filtered.h"
#include "oracle/filtered_rows.h"
#include "row_testing.h"
#include "surprisal/common/error.h"
#include "surprisal/log_sum_exp/log_sum_exp_oracle.h"
#include "upstream_rows.h"

namespace surprisal::testing {
namespace {

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();

template <class T>
std::vector<T> GradientOf(const std::vector<T>& logits, T upstream = 1) {
  std::vector<T> d_logits(logits.size());
  LogSumExpGradient(logits, std::span<const T>(&upstream, 1), d_logits);
  return d_logits;
}

/// Two equal logits next to -ln 2, three next to -ln 3: the sum of the
/// exponentials is next to 1.
template <class T>
std::vector<NamedRow<T>> RowsNearZero() {
  std::vector<NamedRow<T>> rows;
  for (const size_t classes : {2, 3, 10, 33}) {
    T z = static_cast<T>(-std::log(static_cast<double>(classes)));
    for (int i = 0; i < 3; ++i) z = std::nextafter(z, T(-10));
    for (int i = 0; i < 7; ++i, z = std::nextafter(z, T(0))) {
      rows.push_back({std::to_string(classes) + " near 0, " + std::to_string(i),
                      std::vector<T>(classes, z)});
    }
  }
  return rows;
}

}  // namespace

TEST_CASE_TEMPLATE("log-sum-exp is the oracle's on every target", T, float,
                   double) {
  std::vector<NamedRow<T>> rows = TrialRows<T>(2000);
  for (const auto& row : RowsNearZero<T>()) rows.push_back(row);
  for (const auto& [name, logits] : rows) {
    CAPTURE(name);
    const Exact exact = LogSumExpOracle(Widen(logits));
    ForEachTarget([&] { CheckResult(LogSumExp(logits), exact); });
  }
}

TEST_CASE_TEMPLATE("the gradient is the oracle's on every target", T, float,
                   double) {
  Random random(6174);
  for (const auto& [name, logits] : TrialRows<T>()) {
    CAPTURE(name);
    const T choices[] = {T(1), T(0), static_cast<T>(random.Uniform(-2, 2)),
                         random.AnyFinite<T>()};
    const T upstream = choices[random.Below(4)];
    const auto exact = LogSumExpGradientOracle(Widen(logits), upstream);
    ForEachTarget([&] {
      const std::vector<T> got = GradientOf(logits, upstream);
      CheckResults<T>(got, exact);
    });
  }
}

TEST_CASE_TEMPLATE("views of any layout give the same bits", T, float, double) {
  const auto kernel = [](const Batch<T>& b) {
    LogSumExp(b.a, b.scalars.first(b.a.rows));
    LogSumExpGradient(b.a, b.upstream, b.first);
  };
  ForEachLength<T>(RandomRow<T>, RandomRow<T>, [&](const auto& values) {
    CheckLayouts<T>(values, kernel);
    CheckInPlace<T>(values, kernel);
  });
}

TEST_CASE_TEMPLATE("the largest logit counts wherever it lies", T, float,
                   float16_t, bfloat16_t) {
  constexpr size_t kClasses = 319;  // one less than whole steps
  for (size_t place = 0; place < kClasses; ++place) {
    CAPTURE(place);
    std::vector<T> logits(kClasses, FromDouble<T>(0));
    logits[place] = FromDouble<T>(1024);
    ForEachTarget([&] {
      float log_sum_exp = 0;
      LogSumExp(Rows<const T>(logits.data(), 1, kClasses),
                std::span<float>(&log_sum_exp, 1));
      CHECK(log_sum_exp == 1024);
    });
  }
}

// bayesfam#33: NaN came back for [inf, 0].
TEST_CASE_TEMPLATE("NaN outdoes +inf, which outdoes everything else", T, float,
                   double) {
  ForEachTarget([&] {
    CHECK(LogSumExp(std::vector<T>{kInf<T>, 0}) == kInf<T>);
    CHECK(LogSumExp(std::vector<T>{-kInf<T>, kInf<T>, kInf<T>}) == kInf<T>);
    CHECK(std::isnan(LogSumExp(std::vector<T>{kInf<T>, kNaN<T>})));
    CHECK(std::isnan(LogSumExp(std::vector<T>{-kInf<T>, kNaN<T>})));
    for (const T d : GradientOf<T>({kInf<T>, 0})) CHECK(std::isnan(d));
    for (const T d : GradientOf<T>({kNaN<T>, 0})) CHECK(std::isnan(d));
  });
}

// pytorch#31829, jax#6811: the gradient came back as NaN.
TEST_CASE_TEMPLATE("nothing but -inf sums to -inf and has gradient 0", T, float,
                   double) {
  const std::vector<T> logits(19, -kInf<T>);
  ForEachTarget([&] {
    CHECK(LogSumExp(logits) == -kInf<T>);
    for (const T d : GradientOf(logits)) CHECK(SameBits(d, T(0)));
    for (const T d : GradientOf(logits, kNaN<T>)) CHECK(SameBits(d, T(0)));
  });
}

// flash-attention#1930: NaN came back when the first blocks were all masked.
TEST_CASE("one live logit among 100000 masked ones is the whole sum") {
  std::vector<float> logits(100000, -kInf<float>);
  logits[50000] = 10;
  ForEachTarget([&] {
    CHECK(LogSumExp(logits) == 10);
    const std::vector<float> d_logits = GradientOf(logits);
    CHECK(d_logits[50000] == 1);
    CHECK(std::ranges::count(d_logits, 0.0f) == 99999);
  });
}

TEST_CASE("a log-sum-exp near 0 keeps its digits") {
  ForEachTarget([&] {
    // scipy#18295: 0 came back.
    CHECK(LogSumExp(std::vector<double>{0, -40}) == 4.248354255291589e-18);
    const double ln2 = 0.6931471805599453, ln3 = 1.0986122886681098;
    CHECK(LogSumExp(std::vector<double>{-ln2, -ln2}) == 2.3190468138462996e-17);
    // 2^53.4 times smaller than its terms: double-double leaves it open
    const std::vector<double> thirds = {-ln3, -ln3, -ln3};
    CheckResult(LogSumExp(thirds), LogSumExpOracle(thirds));
  });
}

// keras#23616: (1, 0) came back.
TEST_CASE_TEMPLATE("equal logits share the gradient equally", T, float,
                   double) {
  ForEachTarget([&] {
    for (const T z : {T(0), T(-3.5), T(1e30), std::numeric_limits<T>::max()}) {
      CHECK(GradientOf<T>({z, z}) == std::vector<T>{0.5, 0.5});
    }
  });
}

TEST_CASE_TEMPLATE("a single class is its own log-sum-exp", T, float, double) {
  ForEachTarget([&] {
    for (const T z : TrialArguments<T>(200)) {
      const T got = LogSumExp(std::vector<T>{z});
      CHECK((got == z || (std::isnan(got) && std::isnan(z))));
    }
    CHECK(!std::signbit(LogSumExp(std::vector<T>{T(-0.0)})));
  });
}

// e^-1000 is no double, 1e300 times it is one again.
TEST_CASE("a probability below every double counts in the gradient") {
  const std::vector<double> logits = {0, -1000, -2000};
  const auto exact = LogSumExpGradientOracle(logits, 1e300);
  ForEachTarget([&] {
    const std::vector<double> d_logits = GradientOf(logits, 1e300);
    CHECK(d_logits[1] > 0);
    CheckResults<double>(d_logits, exact);
  });
}

TEST_CASE("a vocabulary of 128256 classes is rounded correctly") {
  Random random(128256);
  std::vector<float> logits(128256);
  for (float& z : logits) z = static_cast<float>(random.Uniform(-40, 10));
  const std::vector<double> wide = Widen(logits);
  const filtered::LogitsRow row(wide);
  const float want = RoundFiltered<float>(
      row.LogSumExp(), [&] { return LogSumExpOracle(wide); });
  std::vector<float> probs;
  for (size_t c = 0; c < logits.size(); ++c) {
    probs.push_back(RoundFiltered<float>(
        row.Softmax(c), [&] { return LogSumExpGradientOracle(wide)[c]; }));
  }
  ForEachTarget([&] {
    CHECK(LogSumExp(logits) == want);
    CheckSameResults<float>(GradientOf(logits), probs);
  });
}

TEST_CASE_TEMPLATE("misuse is refused and nothing is written", T, float,
                   double) {
  const T untouched = T(-12345.5);
  const std::vector<T> logits(6, T(1)), upstream(3, T(1));
  std::vector<T> out(6, untouched);
  const Rows<const T> in(logits.data(), 2, 3), none(logits.data(), 2, 0);
  const std::span<T> sums(out);
  const std::span<const T> two(upstream.data(), 2);
  const Rows<T> to(out.data(), 2, 3), to_less(out.data(), 2, 2),
      to_none(out.data(), 2, 0);
  CHECK_THROWS_WITH_AS(LogSumExp(none, sums.first(2)),
                       "logits has 0 classes where at least 1 is needed",
                       Error);
  CHECK_THROWS_WITH_AS(LogSumExp(in, sums.first(3)),
                       "log_sum_exp has 3 elements where 2 are needed", Error);
  CHECK_THROWS_WITH_AS(LogSumExpGradient(none, two, to_none),
                       "logits has 0 classes where at least 1 is needed",
                       Error);
  CHECK_THROWS_WITH_AS(LogSumExpGradient(in, std::span(upstream), to),
                       "upstream has 3 elements where 2 are needed", Error);
  CHECK_THROWS_WITH_AS(LogSumExpGradient(in, two, to_less),
                       "d_logits has shape [2, 2] where [2, 3] is needed",
                       Error);
  CHECK(out == std::vector<T>(6, untouched));
}

TEST_CASE_TEMPLATE("no rows are no work", T, float, double) {
  T unused = T(7);
  const Rows<T> none(&unused, 0, 3);
  LogSumExp(Rows<const T>(none), std::span<T>());
  LogSumExpGradient(Rows<const T>(none), std::span<const T>(), none);
  CHECK(unused == 7);
}

}  // namespace surprisal::testing
