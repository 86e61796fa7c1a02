#include "surprisal/log_softmax/log_softmax.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "near_middle.h"
#include "oracle/filtered.h"
#include "oracle/filtered_rows.h"
#include "row_testing.h"
#include "surprisal/common/error.h"
#include "surprisal/log_softmax/log_softmax_oracle.h"
#include "upstream_rows.h"

namespace surprisal::testing {
namespace {

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();

template <class T>
std::vector<T> LogSoftmaxVjpOf(const std::vector<T>& logits,
                               const std::vector<T>& upstream,
                               const SoftmaxOptions& options = {}) {
  std::vector<T> d_logits(logits.size());
  LogSoftmaxVjp(logits, upstream, d_logits, options);
  return d_logits;
}

/// All rows at one temperature.
template <class T>
void CheckAgainstOracle(double temperature) {
  const std::vector<NamedRow<T>> rows = TrialRows<T>();
  std::vector<std::vector<Exact>> exact;
  for (const auto& row : rows) {
    exact.push_back(LogSoftmaxOracle(Widen(row.values), temperature));
  }
  ForEachTarget([&] {
    for (size_t i = 0; i < rows.size(); ++i) {
      const std::string name = rows[i].name;
      CAPTURE(name);
      const auto log_probs =
          LogSoftmax(rows[i].values, {.temperature = temperature});
      CheckResults<T>(log_probs, exact[i]);
    }
  });
}

}  // namespace

TEST_CASE_TEMPLATE("log-softmax is the oracle's on every target", T, float,
                   double) {
  CheckAgainstOracle<T>(1);
}

TEST_CASE_TEMPLATE("log-softmax is the oracle's at any temperature", T, float,
                   double) {
  for (const double temperature : {0.25, 0.7, 3.0}) {
    CAPTURE(temperature);
    CheckAgainstOracle<T>(temperature);
  }
}

TEST_CASE_TEMPLATE("temperatures of every size are divided by, not flushed", T,
                   float, double) {
  const std::vector<T> logits = {T(1.5), T(-2), T(0.25), T(1e30)};
  for (const double temperature :
       {0x1p-1074, 0x1p-1022, 1e-300, 1e-30, 1e29, 1e30, 1e300,
        std::numeric_limits<double>::max()}) {
    CAPTURE(temperature);
    const auto exact = LogSoftmaxOracle(Widen(logits), temperature);
    ForEachTarget([&] {
      CheckResults<T>(LogSoftmax(logits, {.temperature = temperature}), exact);
    });
  }
}

TEST_CASE_TEMPLATE("the gradient is the oracle's on every target", T, float,
                   double) {
  CheckVjpAgainstOracle<T>(LogSoftmaxVjpOf<T>, LogSoftmaxVjpOracle<Exact>);
}

TEST_CASE_TEMPLATE("views of any layout give the same bits", T, float, double) {
  const SoftmaxOptions warm = {.temperature = 1.5};
  const auto forward = [](const Batch<T>& b) { LogSoftmax(b.a, b.first); };
  const auto gradient = [&](const Batch<T>& b) {
    LogSoftmax(b.a, b.second, warm);
    LogSoftmaxVjp(b.a, b.b, b.first, warm);
  };
  const auto swapped = [](const Batch<T>& b) {
    LogSoftmaxVjp(b.b, b.a, b.first);
  };
  ForEachLength<T>(RandomRow<T>, RandomRow<T>, [&](const auto& values) {
    CheckLayouts<T>(values, forward);
    CheckLayouts<T>(values, gradient);
    CheckInPlace<T>(values, forward);
    CheckInPlace<T>(values, gradient);
    CheckInPlace<T>(values, swapped);  // over the upstream gradient
  });
}

// mindspore#378: [NaN, NaN, -inf] came back.
TEST_CASE_TEMPLATE("a row with NaN or +inf is NaN and its neighbours are not",
                   T, float, double) {
  for (const T spoiler : {kNaN<T>, kInf<T>}) {
    const std::vector<T> logits = {0,        1, 2, spoiler, kInf<T>,
                                   -kInf<T>, 0, 1, 2};
    const std::vector<T> upstream = {1, 2, 3, 1, 2, 3, 1, 2, 3};
    const Rows<const T> rows(logits.data(), 3, 3);
    ForEachTarget([&] {
      std::vector<T> log_probs(9), d_logits(9);
      LogSoftmax(rows, Rows<T>(log_probs.data(), 3, 3));
      LogSoftmaxVjp(rows, Rows<const T>(upstream.data(), 3, 3),
                    Rows<T>(d_logits.data(), 3, 3));
      for (size_t i = 0; i < 9; ++i) {
        CAPTURE(i);
        const bool in_middle_row = i / 3 == 1;
        CHECK(std::isnan(log_probs[i]) == in_middle_row);
        CHECK(std::isnan(d_logits[i]) == in_middle_row);
      }
    });
  }
}

TEST_CASE_TEMPLATE("a row of nothing but -inf is NaN", T, float, double) {
  const std::vector<T> logits(19, -kInf<T>), ones(19, T(1));
  ForEachTarget([&] {
    for (const T log_prob : LogSoftmax(logits)) CHECK(std::isnan(log_prob));
    for (const T d : LogSoftmaxVjpOf(logits, ones)) CHECK(std::isnan(d));
  });
}

// jax#19490: NaN reached the gradient from a class nobody asked for.
TEST_CASE_TEMPLATE("a -inf logit has log-probability -inf, and no gradient", T,
                   float, double) {
  const std::vector<T> logits = {1, -kInf<T>, 1}, upstream = {1, 0, 0};
  const T minus_ln2 = T(-0.6931471805599453);
  ForEachTarget([&] {
    CHECK(LogSoftmax(logits) == std::vector<T>{minus_ln2, -kInf<T>, minus_ln2});
    CHECK(LogSoftmaxVjpOf(logits, upstream) == std::vector<T>{0.5, 0, -0.5});
  });
}

// The logarithm of the rounded probability, 1, would be 0.
TEST_CASE("a log-probability near 0 keeps its digits") {
  ForEachTarget([&] {
    const std::vector<float> tower = {16.942384719848633f, 0};
    CHECK(LogSoftmax(tower)[0] == -4.3854664851e-08f);
    const std::vector<double> certain = {0, -40};
    CHECK(LogSoftmax(certain)[0] == -4.248354255291589e-18);
    const std::vector<double> beyond = {0, -740};
    CHECK(LogSoftmax(beyond)[0] == -4.2e-322);
  });
}

// pytorch#38839: whole numbers came back.
TEST_CASE("an offset of -1e7 leaves the fractions of float log-softmax") {
  const std::vector<float> logits = {-1e7f, -1e7f, -1e7f + 1};
  ForEachTarget([&] {
    const std::vector<float> want = {-1.55144471f, -1.55144471f, -0.551444714f};
    CHECK(LogSoftmax(logits) == want);
  });
}

// pytorch#195680: the first component came back as 0.
TEST_CASE("the gradient of a confident row survives at its top") {
  const std::vector<double> logits = {std::log(0x1p54), 0}, e0 = {1, 0};
  const auto exact = LogSoftmaxVjpOracle(logits, e0);
  ForEachTarget([&] {
    const std::vector<double> d_logits = LogSoftmaxVjpOf(logits, e0);
    CHECK(d_logits[0] > 0);
    CHECK(d_logits[0] == -d_logits[1]);
    CheckResults<double>(d_logits, exact);
  });
}

TEST_CASE_TEMPLATE("an upstream gradient that is not finite makes NaN", T,
                   float, double) {
  const std::vector<T> logits = {0, 1, 2};
  ForEachTarget([&] {
    for (const T g : {kNaN<T>, kInf<T>, -kInf<T>}) {
      for (const T d : LogSoftmaxVjpOf(logits, {0, g, 0})) {
        CHECK(std::isnan(d));
      }
    }
  });
}

// e^-1000 is no double, 1e300 times it is one again.
TEST_CASE("a probability below every double counts in its own gradient") {
  const std::vector<double> logits = {0, -1000, -2000},
                            upstream = {1e300, 0, 0};
  const auto exact = LogSoftmaxVjpOracle(logits, upstream);
  ForEachTarget([&] {
    const std::vector<double> d_logits = LogSoftmaxVjpOf(logits, upstream);
    CHECK(d_logits[1] != 0);
    CheckResult(d_logits[1], exact[1]);
    CHECK(d_logits[2] == 0);
  });
}

TEST_CASE("a masked class keeps its own upstream gradient beside any other") {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> logits = {0, 1, -infinity};
  for (const double small : {1e-300, -1e-300, 0x1p-1074}) {
    ForEachTarget([&] {
      CHECK(LogSoftmaxVjpOf(logits, {1e300, -1e308, small})[2] == small);
    });
  }
}

TEST_CASE("a subnormal probability keeps its digits in the gradient") {
  const std::vector<double> logits = {0, -720}, upstream = {1e300, 0};
  const auto exact = LogSoftmaxVjpOracle(logits, upstream);
  ForEachTarget(
      [&] { CheckResults<double>(LogSoftmaxVjpOf(logits, upstream), exact); });
}

TEST_CASE("a vocabulary of 128256 classes is rounded correctly") {
  Random random(128256);
  std::vector<float> logits(128256);
  for (float& z : logits) z = static_cast<float>(random.Uniform(-40, 10));
  const std::vector<double> wide = Widen(logits);
  const filtered::LogitsRow row(wide);
  std::vector<float> want;
  for (size_t c = 0; c < logits.size(); ++c) {
    want.push_back(RoundFiltered<float>(
        row.LogSoftmax(c), [&] { return LogSoftmaxOracle(wide)[c]; }));
  }
  ForEachTarget([&] { CheckSameResults<float>(LogSoftmax(logits), want); });
}

TEST_CASE(
    "log-probabilities of many classes are right beside the middle of two") {
  for (const size_t classes : {83, 301}) {
    CAPTURE(classes);
    const auto rows = RowsNearMiddle(
        120, classes, 4,
        [](const Exact& z, const Exact& sum) -> Exact { return z - log(sum); },
        [](const Exact& z, const Exact& log_prob) -> Exact {
          return exp(z - log_prob);
        });
    CheckNearMiddle(
        rows, [](const auto& row) { return LogSoftmax(row); },
        [](const auto& row) { return LogSoftmaxOracle(row); });
  }
}

TEST_CASE("gradients of 128256 classes are rounded correctly") {
  const BigRow<float> row(128256);
  const auto exact = row.LogSoftmaxVjp();
  ForEachTarget([&] {
    const std::vector<float> got = LogSoftmaxVjpOf(row.logits, row.upstream);
    row.CheckResults(got, exact);
  });
}

TEST_CASE_TEMPLATE("misuse is refused and nothing is written", T, float,
                   double) {
  const T untouched = T(-12345.5);
  const std::vector<T> logits(6, T(1));
  std::vector<T> out(6, untouched);
  const Rows<const T> in(logits.data(), 2, 3), in_less(logits.data(), 1, 3),
      none(logits.data(), 2, 0);
  const Rows<T> to(out.data(), 2, 3), to_less(out.data(), 2, 2),
      to_none(out.data(), 2, 0);
  CHECK_THROWS_WITH_AS(LogSoftmax(none, to_none),
                       "logits has 0 classes where at least 1 is needed",
                       Error);
  CHECK_THROWS_WITH_AS(LogSoftmaxVjp(none, none, to_none),
                       "logits has 0 classes where at least 1 is needed",
                       Error);
  CHECK_THROWS_WITH_AS(LogSoftmax(in, to_less),
                       "log_probs has shape [2, 2] where [2, 3] is needed",
                       Error);
  CHECK_THROWS_WITH_AS(LogSoftmaxVjp(in, in_less, to),
                       "upstream has shape [1, 3] where [2, 3] is needed",
                       Error);
  CHECK_THROWS_WITH_AS(LogSoftmaxVjp(in, in, to_less),
                       "d_logits has shape [2, 2] where [2, 3] is needed",
                       Error);
  CheckTemperatureErrors(
      [&](const SoftmaxOptions& o) { LogSoftmax(in, to, o); });
  CheckTemperatureErrors(
      [&](const SoftmaxOptions& o) { LogSoftmaxVjp(in, in, to, o); });
  CHECK(out == std::vector<T>(6, untouched));
}

TEST_CASE_TEMPLATE("no rows are no work", T, float, double) {
  T unused = T(7);
  const Rows<T> none(&unused, 0, 3);
  LogSoftmax(Rows<const T>(none), none);
  LogSoftmaxVjp(Rows<const T>(none), Rows<const T>(none), none);
  CHECK(unused == 7);
}

}  // namespace surprisal::testing
