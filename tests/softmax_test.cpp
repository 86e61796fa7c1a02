#include "surprisal/softmax/softmax.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "near_middle.h"
#include "oracle/filtered.h"
#include "oracle/filtered_rows.h"
#include "oracle/rounding.h"
#include "row_testing.h"
#include "surprisal/common/error.h"
#include "surprisal/common/streaming.h"
#include "surprisal/softmax/softmax_oracle.h"
#include "upstream_rows.h"

namespace surprisal::testing {
namespace {

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();

template <class T>
std::vector<T> SoftmaxVjpOf(const std::vector<T>& logits,
                            const std::vector<T>& upstream,
                            const SoftmaxOptions& options = {}) {
  std::vector<T> d_logits(logits.size());
  SoftmaxVjp(logits, upstream, d_logits, options);
  return d_logits;
}

template <class T>
std::vector<T> MaskedSoftmaxOf(const std::vector<T>& logits,
                               const std::vector<std::uint8_t>& mask,
                               const SoftmaxOptions& options = {}) {
  std::vector<T> probs(logits.size());
  MaskedSoftmax(logits, mask, probs, options);
  return probs;
}

/// All rows and all temperatures.
template <class T>
void CheckAgainstOracle(double temperature) {
  const std::vector<NamedRow<T>> rows = TrialRows<T>();
  std::vector<std::vector<Exact>> exact;
  for (const auto& row : rows) {
    exact.push_back(SoftmaxOracle(Widen(row.values), temperature));
  }
  ForEachTarget([&] {
    for (size_t i = 0; i < rows.size(); ++i) {
      const std::string name = rows[i].name;
      CAPTURE(name);
      const auto probs = Softmax(rows[i].values, {.temperature = temperature});
      CheckResults<T>(probs, exact[i]);
    }
  });
}

/// Rows of which the first stage knows all or nothing, in a batch past the caches.
void CheckBatchOfAllKinds(size_t classes) {
  constexpr size_t kKinds = 7;
  const size_t count = kStreamedElements / classes + 1;
  Random random(81);
  std::vector<std::vector<float>> rows(kKinds);
  for (std::vector<float>& row : rows) {
    for (size_t c = 0; c < classes; ++c) {
      row.push_back(static_cast<float>(random.Uniform(-8, 8)));
    }
  }
  // Nothing is known of these, or results are subnormal, or logits are shifted
  rows[1][classes - 1] = NAN;
  rows[2][0] = INFINITY;
  std::ranges::fill(rows[3], -INFINITY);
  rows[4][classes / 2] = -98.0f;
  rows[5][classes - 9] = -INFINITY;
  for (float& z : rows[6]) z += 300.0f;
  // Every kind behind every other
  std::vector<size_t> kinds(count);
  for (size_t& kind : kinds) kind = random.Below(kKinds);
  std::vector<float> logits;
  for (const size_t kind : kinds) {
    logits.insert(logits.end(), rows[kind].begin(), rows[kind].end());
  }
  ForEachTarget([&] {
    std::vector<std::vector<float>> want;
    for (const std::vector<float>& row : rows) want.push_back(Softmax(row));
    std::vector<float> probs(logits.size());
    Softmax(Rows<const float>(logits.data(), count, classes),
            Rows<float>(probs.data(), count, classes));
    for (size_t r = 0; r < count; ++r) {
      const std::span<const float> got(probs.data() + r * classes, classes);
      CAPTURE(kinds[r]);
      CheckSameResults<float>(got, want[kinds[r]]);
    }
  });
}

}  // namespace

TEST_CASE_TEMPLATE("softmax is the oracle's on every target", T, float,
                   double) {
  CheckAgainstOracle<T>(1);
}

TEST_CASE_TEMPLATE("softmax is the oracle's at any temperature", T, float,
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
    const auto exact = SoftmaxOracle(Widen(logits), temperature);
    ForEachTarget([&] {
      CheckResults<T>(Softmax(logits, {.temperature = temperature}), exact);
    });
  }
}

TEST_CASE_TEMPLATE("masked softmax is the oracle's on every target", T, float,
                   double) {
  Random random(404);
  for (const auto& [name, logits] : TrialRows<T>(200)) {
    CAPTURE(name);
    const double temperature =
        random.Below(2) == 0 ? 1 : random.Uniform(0.3, 3);
    std::vector<std::uint8_t> mask(logits.size());
    for (auto& m : mask) m = static_cast<std::uint8_t>(random.Below(3));
    if (std::ranges::count(mask, 0) == std::ssize(mask)) mask[0] = 255;
    const auto exact = MaskedSoftmaxOracle(Widen(logits), mask, temperature);
    ForEachTarget([&] {
      CheckResults<T>(
          MaskedSoftmaxOf(logits, mask, {.temperature = temperature}), exact);
    });
  }
}

TEST_CASE_TEMPLATE("the gradient is the oracle's on every target", T, float,
                   double) {
  CheckVjpAgainstOracle<T>(SoftmaxVjpOf<T>, SoftmaxVjpOracle<Exact>);
}

TEST_CASE_TEMPLATE("views of any layout give the same bits", T, float, double) {
  const SoftmaxOptions warm = {.temperature = 1.5};
  const auto forward = [](const Batch<T>& b) { Softmax(b.a, b.first); };
  const auto gradient = [&](const Batch<T>& b) {
    Softmax(b.a, b.second, warm);
    SoftmaxVjp(b.a, b.b, b.first, warm);
  };
  const auto swapped = [](const Batch<T>& b) { SoftmaxVjp(b.b, b.a, b.first); };
  ForEachLength<T>(RandomRow<T>, RandomRow<T>, [&](const auto& values) {
    CheckLayouts<T>(values, forward);
    CheckLayouts<T>(values, gradient);
    CheckInPlace<T>(values, forward);
    CheckInPlace<T>(values, gradient);
    CheckInPlace<T>(values, swapped);  // over the upstream gradient
  });
}

TEST_CASE_TEMPLATE("masked views of any layout give the same bits", T, float,
                   double) {
  const auto kernel = [](const Batch<T>& b) {
    // Every second byte belongs to the mask: class stride 2
    std::vector<std::uint8_t> bytes(2 * b.a.rows * b.a.classes, 1);
    const auto row_stride = static_cast<std::ptrdiff_t>(2 * b.a.classes);
    const Rows<std::uint8_t> mask(bytes.data(), b.a.rows, b.a.classes,
                                  row_stride, 2);
    for (size_t r = 0; r < mask.rows; ++r) {
      for (size_t c = 0; c < mask.classes; ++c) mask[r][c] = b.b[r][c] < 0;
    }
    MaskedSoftmax(b.a, mask, b.first);
  };
  ForEachLength<T>(RandomRow<T>, RandomRow<T>, [&](const auto& values) {
    CheckLayouts<T>(values, kernel);
    CheckInPlace<T>(values, kernel);
  });
}

TEST_CASE_TEMPLATE("a row with NaN or +inf is NaN and its neighbours are not",
                   T, float, double) {
  for (const T spoiler : {kNaN<T>, kInf<T>}) {
    const std::vector<T> logits = {0, 1, 2, 0, spoiler, -kInf<T>, 0, 1, 2};
    const Rows<const T> rows(logits.data(), 3, 3);
    ForEachTarget([&] {
      std::vector<T> probs(9), d_logits(9);
      const std::vector<T> upstream = {1, 2, 3, 1, 2, 3, 1, 2, 3};
      Softmax(rows, Rows<T>(probs.data(), 3, 3));
      SoftmaxVjp(rows, Rows<const T>(upstream.data(), 3, 3),
                 Rows<T>(d_logits.data(), 3, 3));
      for (size_t i = 0; i < 9; ++i) {
        CAPTURE(i);
        const bool in_middle_row = i / 3 == 1;
        CHECK(std::isnan(probs[i]) == in_middle_row);
        CHECK(std::isnan(d_logits[i]) == in_middle_row);
      }
    });
  }
}

// pytorch#41508 and others: uniform, junk or NaN came back.
TEST_CASE_TEMPLATE("a row of nothing but -inf is NaN, or 0 if masked", T, float,
                   double) {
  const std::vector<T> logits(19, -kInf<T>), ones(19, T(1));
  const std::vector<std::uint8_t> all(19, 1), none(19, 0);
  ForEachTarget([&] {
    for (const T p : Softmax(logits)) CHECK(std::isnan(p));
    for (const T d : SoftmaxVjpOf(logits, ones)) CHECK(std::isnan(d));
    for (const T p : MaskedSoftmaxOf(logits, all)) CHECK(std::isnan(p));
    for (const T p : MaskedSoftmaxOf(logits, none)) {
      CHECK(SameBits(p, T(0)));
    }
  });
}

TEST_CASE_TEMPLATE("a masked class has probability 0 whatever it holds", T,
                   float, double) {
  const std::vector<std::uint8_t> mask = {0, 1, 0, 7, 0};
  const std::vector<T> logits = {kNaN<T>, 2, kInf<T>, 2, -kInf<T>};
  ForEachTarget([&] {
    const std::vector<T> probs = MaskedSoftmaxOf(logits, mask);
    CHECK(probs == std::vector<T>{0, 0.5, 0, 0.5, 0});
    for (const T p : probs) CHECK(!std::signbit(p));
  });
}

// jax#17117: NaN reached the gradient from a class nobody asked for.
TEST_CASE_TEMPLATE("a -inf logit has probability +0 and gradient 0", T, float,
                   double) {
  const std::vector<T> logits = {1, -kInf<T>, 1}, upstream = {1, 100, 0};
  ForEachTarget([&] {
    const std::vector<T> probs = Softmax(logits);
    CHECK(probs == std::vector<T>{0.5, 0, 0.5});
    CHECK(!std::signbit(probs[1]));
    CHECK(SoftmaxVjpOf(logits, upstream) == std::vector<T>{0.25, 0, -0.25});
  });
}

// The upstream gradients of the live classes must not underflow beside it.
TEST_CASE("a -inf logit keeps even a huge upstream gradient to itself") {
  const std::vector<double> logits = {0, -kInf<double>, 0};
  const std::vector<double> upstream = {0x1p-900, 0x1p600, -0x1p-901};
  ForEachTarget([&] {
    CHECK(SoftmaxVjpOf(logits, upstream) ==
          std::vector<double>{0x1.8p-902, 0, -0x1.8p-902});
  });
}

TEST_CASE_TEMPLATE("a masked class is 0 even beside NaN", T, float, double) {
  const std::vector<T> logits = {kNaN<T>, 1, 2};
  ForEachTarget([&] {
    const std::vector<T> probs = MaskedSoftmaxOf(logits, {1, 0, 1});
    CHECK(std::isnan(probs[0]));
    CHECK(SameBits(probs[1], T(0)));
    CHECK(std::isnan(probs[2]));
  });
}

TEST_CASE("small probabilities are subnormal, not flushed") {
  // dotnet/machinelearning#3648: NaN came back.
  const std::vector<float> logits = {90, 2, -2};
  ForEachTarget([&] {
    const std::vector<float> probs = Softmax(logits);
    CHECK(probs == std::vector<float>{1, 6.05460190e-39f, 1.10893902e-40f});
  });
}

// pytorch#195684: the first component came back as 0.
TEST_CASE("the gradient of a confident row survives at its top") {
  const std::vector<double> logits = {std::log(0x1p54), 0}, e0 = {1, 0};
  const auto exact = SoftmaxVjpOracle(logits, e0);
  ForEachTarget([&] {
    const std::vector<double> d_logits = SoftmaxVjpOf(logits, e0);
    CHECK(d_logits[0] > 0);
    CHECK(d_logits[0] == -d_logits[1]);
    CheckResults<double>(d_logits, exact);
  });
}

TEST_CASE_TEMPLATE("equal upstream gradients cancel to exactly 0", T, float,
                   double) {
  Random random(99);
  ForEachTarget([&] {
    for (size_t classes = 1; classes <= 20; ++classes) {
      const std::vector<T> logits = RandomRow<T>(random, classes);
      for (const T g : {T(1), T(-0.3), std::numeric_limits<T>::max()}) {
        const std::vector<T> upstream(classes, g);
        for (const T d : SoftmaxVjpOf(logits, upstream)) CHECK(d == 0);
      }
    }
  });
}

TEST_CASE_TEMPLATE("an upstream gradient that is not finite makes NaN", T,
                   float, double) {
  const std::vector<T> logits = {0, 1, 2};
  ForEachTarget([&] {
    for (const T g : {kNaN<T>, kInf<T>, -kInf<T>}) {
      for (const T d : SoftmaxVjpOf(logits, {0, g, 0})) CHECK(std::isnan(d));
    }
  });
}

// e^-1000 is no double, 1e300 times it is one again.
TEST_CASE("a probability below every double counts in its own gradient") {
  const std::vector<double> logits = {0, -1000, -2000},
                            upstream = {1, 1e300, 1};
  const auto exact = SoftmaxVjpOracle(logits, upstream);
  ForEachTarget([&] {
    const std::vector<double> d_logits = SoftmaxVjpOf(logits, upstream);
    CHECK(d_logits[1] != 0);
    CheckResult(d_logits[1], exact[1]);
    CHECK(d_logits[2] == 0);
  });
}

TEST_CASE("a subnormal probability keeps its digits in the gradient") {
  const std::vector<double> logits = {0, -720}, upstream = {1e300, 0};
  const auto exact = SoftmaxVjpOracle(logits, upstream);
  ForEachTarget(
      [&] { CheckResults<double>(SoftmaxVjpOf(logits, upstream), exact); });
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
        row.Softmax(c), [&] { return SoftmaxOracle(wide)[c]; }));
  }
  ForEachTarget([&] { CheckSameResults<float>(Softmax(logits), want); });
}

/// Rows whose first probability is near a middle.
std::vector<std::vector<float>> RowsNearMiddle(size_t count, size_t classes,
                                               size_t most) {
  return RowsNearMiddle(count, classes, most, ProbOf, ProbOf);
}

TEST_CASE("probabilities of many classes are right beside the middle of two") {
  // A row of 83 is one of few classes to the kernels, one of 301 is not
  for (const size_t classes : {83, 301}) {
    CAPTURE(classes);
    CheckNearMiddle(
        RowsNearMiddle(120, classes, 4),
        [](const auto& row) { return Softmax(row); },
        [](const auto& row) { return SoftmaxOracle(row); });
  }
}

TEST_CASE("a batch past the caches is right beside the middle of two floats") {
  constexpr size_t kClasses = 4001, kRows = 1051;
  static_assert(kRows * kClasses > kStreamedElements);
  // None for the last resort, which would take most of the time
  const auto rows = RowsNearMiddle(6, kClasses, 2);
  std::vector<std::vector<float>> want;
  for (const auto& row : rows) {
    std::vector<float>& rounded = want.emplace_back();
    for (const Exact& p : SoftmaxOracle(Widen(row))) {
      rounded.push_back(RoundTo<float>(p));
    }
  }
  std::vector<float> logits, probs(kRows * kClasses);
  for (size_t r = 0; r < kRows; ++r) {
    const std::vector<float>& row = rows[r % rows.size()];
    logits.insert(logits.end(), row.begin(), row.end());
  }
  ForEachTarget([&] {
    Softmax(Rows<const float>(logits.data(), kRows, kClasses),
            Rows<float>(probs.data(), kRows, kClasses));
    for (size_t r = 0; r < kRows; ++r) {
      const std::span<const float> got(probs.data() + r * kClasses, kClasses);
      CheckSameResults<float>(got, want[r % want.size()]);
    }
  });
}

TEST_CASE(
    "rows of NaN and rows far apart disturb no row beside them in a batch") {
  // Of short rows every other one's exponentials are kept behind those of the row
  // before; all others lie over these, of which 255 can be needed to the last
  for (const size_t classes : {601, 4095}) {
    CAPTURE(classes);
    CheckBatchOfAllKinds(classes);
  }
}

TEST_CASE("gradients of 128256 classes are rounded correctly") {
  const BigRow<float> row(128256);
  const auto exact = row.SoftmaxVjp();
  ForEachTarget([&] {
    const std::vector<float> got = SoftmaxVjpOf(row.logits, row.upstream);
    row.CheckResults(got, exact);
  });
}

TEST_CASE_TEMPLATE("misuse is refused and nothing is written", T, float,
                   double) {
  const T untouched = T(-12345.5);
  const std::vector<T> logits(6, T(1));
  const std::vector<std::uint8_t> mask(6, 1);
  std::vector<T> out(6, untouched);
  const Rows<const T> in(logits.data(), 2, 3), in_less(logits.data(), 1, 3),
      none(logits.data(), 2, 0);
  const Rows<const std::uint8_t> bits(mask.data(), 2, 3),
      bits_less(mask.data(), 2, 2);
  const Rows<T> to(out.data(), 2, 3), to_less(out.data(), 2, 2),
      to_none(out.data(), 2, 0);
  const char* no_classes = "logits has 0 classes where at least 1 is needed";
  const char* shape = "has shape [2, 2] where [2, 3] is needed";

  CHECK_THROWS_WITH_AS(Softmax(none, to_none), no_classes, Error);
  CHECK_THROWS_WITH_AS(MaskedSoftmax(none, bits, to_none), no_classes, Error);
  CHECK_THROWS_WITH_AS(SoftmaxVjp(none, none, to_none), no_classes, Error);
  CHECK_THROWS_WITH_AS(Softmax(in, to_less),
                       (std::string("probs ") + shape).c_str(), Error);
  CHECK_THROWS_WITH_AS(MaskedSoftmax(in, bits_less, to),
                       (std::string("mask ") + shape).c_str(), Error);
  CHECK_THROWS_WITH_AS(MaskedSoftmax(in, bits, to_less),
                       (std::string("probs ") + shape).c_str(), Error);
  CHECK_THROWS_WITH_AS(SoftmaxVjp(in, in_less, to),
                       "upstream has shape [1, 3] where [2, 3] is needed",
                       Error);
  CHECK_THROWS_WITH_AS(SoftmaxVjp(in, in, to_less),
                       (std::string("d_logits ") + shape).c_str(), Error);
  CheckTemperatureErrors([&](const SoftmaxOptions& o) { Softmax(in, to, o); });
  CheckTemperatureErrors(
      [&](const SoftmaxOptions& o) { MaskedSoftmax(in, bits, to, o); });
  CheckTemperatureErrors(
      [&](const SoftmaxOptions& o) { SoftmaxVjp(in, in, to, o); });
  CHECK(out == std::vector<T>(6, untouched));
}

TEST_CASE_TEMPLATE("no rows are no work", T, float, double) {
  T unused = T(7);
  const std::uint8_t bit = 1;
  Softmax(Rows<const T>(&unused, 0, 3), Rows<T>(&unused, 0, 3));
  MaskedSoftmax(Rows<const T>(&unused, 0, 3),
                Rows<const std::uint8_t>(&bit, 0, 3), Rows<T>(&unused, 0, 3));
  SoftmaxVjp(Rows<const T>(&unused, 0, 3), Rows<const T>(&unused, 0, 3),
             Rows<T>(&unused, 0, 3));
  CHECK(unused == 7);
}

}  // namespace surprisal::testing
