#include "surprisal/entropy/entropy.h"

#include <doctest/doctest.h>

#include "oracle/filtered.h"
#include "oracle/filtered_rows.h"
#include "row_testing.h"
#include "surprisal/entropy/entropy_oracle.h"

namespace surprisal::testing {
namespace {

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();

template <class T>
T EntropyOfLogits(const std::vector<T>& logits) {
  T entropy = 0;
  surprisal::EntropyOfLogits(Rows<const T>(logits), std::span<T>(&entropy, 1));
  return entropy;
}

template <class T>
std::vector<T> GradientOf(const std::vector<T>& probs, T upstream) {
  std::vector<T> d_probs(probs.size());
  EntropyGradient(Rows<const T>(probs), std::span<const T>(&upstream, 1),
                  Rows<T>(d_probs));
  return d_probs;
}

template <class T>
std::vector<T> LogitsGradientOf(const std::vector<T>& logits, T upstream) {
  std::vector<T> d_logits(logits.size());
  EntropyOfLogitsGradient(Rows<const T>(logits),
                          std::span<const T>(&upstream, 1), Rows<T>(d_logits));
  return d_logits;
}

/// Now and then 0, which asks for nothing.
template <class T>
T RandomUpstream(Random& random) {
  return random.Below(6) == 0 ? T(0) : static_cast<T>(random.Uniform(-3, 3));
}

TEST_CASE_TEMPLATE("the entropy of probabilities equals the oracle's", T, float,
                   double) {
  for (const auto& [name, probs] : TrialProbs<T>()) {
    CAPTURE(name);
    const Exact want = EntropyOracle(Widen(probs));
    ForEachTarget([&] { CheckResult(Entropy(probs), want); });
  }
}

TEST_CASE_TEMPLATE("its gradient equals the oracle's", T, float, double) {
  Random random(41);
  for (const auto& [name, probs] : TrialProbs<T>()) {
    CAPTURE(name);
    const T upstream = RandomUpstream<T>(random);
    const auto want = EntropyGradientOracle(Widen(probs), upstream);
    ForEachTarget([&] { CheckResults<T>(GradientOf(probs, upstream), want); });
  }
}

TEST_CASE_TEMPLATE("the entropy of logits equals the oracle's", T, float,
                   double) {
  for (const auto& [name, logits] : TrialRows<T>()) {
    CAPTURE(name);
    const Exact want = EntropyOfLogitsOracle(Widen(logits));
    ForEachTarget([&] { CheckResult(EntropyOfLogits(logits), want); });
  }
}

TEST_CASE_TEMPLATE("the gradient for logits equals the oracle's", T, float,
                   double) {
  Random random(42);
  for (const auto& [name, logits] : TrialRows<T>()) {
    CAPTURE(name);
    const T upstream = RandomUpstream<T>(random);
    const auto want = EntropyOfLogitsGradientOracle(Widen(logits), upstream);
    ForEachTarget(
        [&] { CheckResults<T>(LogitsGradientOf(logits, upstream), want); });
  }
}

TEST_CASE_TEMPLATE("views of any layout give the same bits", T, float, double) {
  const auto probs = [](const Batch<T>& batch) {
    Entropy(batch.a, batch.scalars.first(batch.a.rows));
    EntropyGradient(batch.a, batch.upstream, batch.first);
  };
  const auto logits = [](const Batch<T>& batch) {
    surprisal::EntropyOfLogits(batch.a, batch.scalars.first(batch.a.rows));
    EntropyOfLogitsGradient(batch.a, batch.upstream, batch.first);
  };
  ForEachLength<T>(RandomProbs<T>, RandomProbs<T>,
                   [&](const BatchValues<T>& values) {
                     CheckLayouts(values, probs);
                     CheckInPlace(values, probs);
                   });
  ForEachLength<T>(
      RandomRow<T>, RandomRow<T>,
      [&](const BatchValues<T>& values) { CheckLayouts(values, logits); });
}

TEST_CASE("a row of 128256 classes is rounded correctly") {
  Random random(43);
  std::vector<float> logits(128256);
  for (float& z : logits) z = static_cast<float>(random.Uniform(-12, 12));
  const filtered::LogitsRow row(Widen(logits));
  const auto want = CertainRounding<float>(row.EntropyOfLogits());
  const auto probs = RandomProbs<float>(random, logits.size());
  const auto want_probs =
      CertainRounding<float>(filtered::Entropy(Widen(probs)));
  REQUIRE(want.has_value());
  REQUIRE(want_probs.has_value());
  ForEachTarget([&] {
    CHECK(EntropyOfLogits(logits) == *want);
    CHECK(Entropy(probs) == *want_probs);
  });
}

TEST_CASE_TEMPLATE("the entropy of a certain row is +0", T, float, double) {
  const std::vector<T> one = {1}, sure = {0, 1, 0};
  const std::vector<T> masked = {0, -kInf<T>};
  ForEachTarget([&] {  // trl#7221
    CHECK(SameBits(Entropy(one), T(0)));
    CHECK(SameBits(Entropy(sure), T(0)));
    CHECK(SameBits(EntropyOfLogits(masked), T(0)));
    CHECK(SameBits(EntropyOfLogits<T>({65504, -65504}), T(0)));
  });
}

TEST_CASE_TEMPLATE("what cannot happen has no entropy", T, float, double) {
  const std::vector<T> probs = {0.25, 0, 0.75};
  ForEachTarget([&] {  // tfp#241, pytorch#40553
    CHECK(Entropy(probs) == T(0.5623351446188084));
    const T half = EntropyOfLogits<T>({0, 0, -kInf<T>});
    CHECK(half == T(0.6931471805599453));
    const auto d = LogitsGradientOf<T>({0, 1, -kInf<T>}, 1);
    CHECK(SameBits(d[2], T(0)));
    CHECK(d[0] == -d[1]);
  });
}

TEST_CASE_TEMPLATE("a NaN probability spoils the entropy of its row alone", T,
                   float, double) {
  const std::vector<T> probs = {kNaN<T>, 1, 0.5, 0.5};
  ForEachTarget([&] {
    std::vector<T> entropy(2);
    Entropy(Rows<const T>(probs.data(), 2, 2), entropy);
    CHECK(std::isnan(entropy[0]));
    CHECK(entropy[1] == T(0.6931471805599453));
  });
}

TEST_CASE_TEMPLATE("a row without a softmax has entropy and gradient NaN", T,
                   float, double) {
  for (const std::vector<T>& row :
       {std::vector<T>{0, kNaN<T>}, {kInf<T>, 0}, {-kInf<T>, -kInf<T>}}) {
    ForEachTarget([&] {
      CHECK(std::isnan(EntropyOfLogits(row)));
      for (const T d : LogitsGradientOf<T>(row, 1)) CHECK(std::isnan(d));
    });
  }
}

TEST_CASE_TEMPLATE("at probability 0 the gradient is its limit, unless unasked",
                   T, float, double) {
  ForEachTarget([&] {
    CHECK(GradientOf<T>({0, 1}, 2) == std::vector<T>{kInf<T>, -2});
    CHECK(GradientOf<T>({0, 1}, -2) == std::vector<T>{-kInf<T>, 2});
    CHECK(GradientOf<T>({0, 1}, 0) == std::vector<T>{0, 0});
  });
}

}  // namespace
}  // namespace surprisal::testing
