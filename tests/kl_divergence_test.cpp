#include "surprisal/kl_divergence/kl_divergence.h"

#include <doctest/doctest.h>

#include "row_testing.h"
#include "surprisal/kl_divergence/kl_divergence_oracle.h"

namespace surprisal::testing {
namespace {

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();

template <class T>
T FromLogProbs(const std::vector<T>& log_p, const std::vector<T>& log_q) {
  T divergence = 0;
  KlDivergenceFromLogProbs(Rows<const T>(log_p), Rows<const T>(log_q),
                           std::span<T>(&divergence, 1));
  return divergence;
}

/// The gradients of both functions have one form.
using GradientFn = void(InRows, InRows, InRow, OutRows, OutRows,
                        const Executor*);

template <class T>
struct Gradient {
  std::vector<T> d_p, d_q;
};

template <class T>
Gradient<T> GradientOf(GradientFn* function, const std::vector<T>& p,
                       const std::vector<T>& q, T upstream) {
  Gradient<T> d = {std::vector<T>(p.size()), std::vector<T>(p.size())};
  function(p, q, std::span<const T>(&upstream, 1), d.d_p, d.d_q, nullptr);
  return d;
}

template <class T>
struct Pair {
  std::string name;
  std::vector<T> p, q;
};

/// Unrelated and nearly equal distributions; and each hard row with a hard
/// neighbour.
template <class T>
std::vector<Pair<T>> TrialPairs() {
  Random random(51);
  std::vector<Pair<T>> pairs;
  for (const auto& [name, p] : TrialProbs<T>()) {
    pairs.push_back({name, p, OtherProbs(random, p)});
  }
  for (size_t classes = 1; classes <= 40; ++classes) {
    const auto p = RandomProbs<T>(random, classes);
    auto q = p;
    q[random.Below(classes)] *= 1 + std::numeric_limits<T>::epsilon();
    pairs.push_back({"one last place apart", p, q});
  }
  return pairs;
}

template <class T>
std::vector<T> Logs(const std::vector<T>& probs) {
  std::vector<T> logs;
  for (const T p : probs) logs.push_back(std::log(p));
  return logs;
}

template <class T>
T RandomUpstream(Random& random) {
  return random.Below(6) == 0 ? T(0) : static_cast<T>(random.Uniform(-3, 3));
}

TEST_CASE_TEMPLATE("the divergence of probabilities equals the oracle's", T,
                   float, double) {
  for (const auto& [name, p, q] : TrialPairs<T>()) {
    CAPTURE(name);
    const Exact want = KlDivergenceOracle(Widen(p), Widen(q));
    ForEachTarget([&] { CheckResult(KlDivergence(p, q), want); });
  }
}

TEST_CASE_TEMPLATE("the divergence of log-probabilities equals the oracle's", T,
                   float, double) {
  for (const auto& [name, p, q] : TrialPairs<T>()) {
    CAPTURE(name);
    const auto log_p = Logs(p), log_q = Logs(q);
    const Exact want =
        KlDivergenceFromLogProbsOracle(Widen(log_p), Widen(log_q));
    ForEachTarget([&] { CheckResult(FromLogProbs(log_p, log_q), want); });
  }
}

TEST_CASE_TEMPLATE("log-probabilities need not be normalised", T, float,
                   double) {
  Random random(52);
  const auto rows = TrialRows<T>(200);
  for (const auto& [name, row] : rows) {
    CAPTURE(name);
    const auto log_q = RandomRow<T>(random, row.size());
    std::vector<T> log_p = row;
    for (T& l : log_p) l = std::min(l, T(80));  // e^80 is finite
    if (HasNaN(Widen(row))) log_p = row;
    if (std::ranges::count(log_p, kInf<T>) > 0) continue;
    const Exact want =
        KlDivergenceFromLogProbsOracle(Widen(log_p), Widen(log_q));
    ForEachTarget([&] { CheckResult(FromLogProbs(log_p, log_q), want); });
  }
}

TEST_CASE_TEMPLATE("gradients for probabilities equal the oracle's", T, float,
                   double) {
  Random random(53);
  for (const auto& [name, p, q] : TrialPairs<T>()) {
    CAPTURE(name);
    const T upstream = RandomUpstream<T>(random);
    const auto want = KlDivergenceGradientOracle(Widen(p), Widen(q), upstream);
    const auto of = [&] {
      return GradientOf<T>(KlDivergenceGradient, p, q, upstream);
    };
    ForEachTarget([&] {
      CheckResults<T>(of().d_p, want.first);
      CheckResults<T>(of().d_q, want.second);
    });
  }
}

TEST_CASE_TEMPLATE("gradients for log-probabilities equal the oracle's", T,
                   float, double) {
  Random random(54);
  for (const auto& [name, p, q] : TrialPairs<T>()) {
    CAPTURE(name);
    const auto log_p = Logs(p), log_q = Logs(q);
    const T upstream = RandomUpstream<T>(random);
    const auto want = KlDivergenceFromLogProbsGradientOracle(
        Widen(log_p), Widen(log_q), upstream);
    const auto of = [&] {
      return GradientOf<T>(KlDivergenceFromLogProbsGradient, log_p, log_q,
                           upstream);
    };
    ForEachTarget([&] {
      CheckResults<T>(of().d_p, want.first);
      CheckResults<T>(of().d_q, want.second);
    });
  }
}

TEST_CASE_TEMPLATE("views of any layout give the same bits", T, float, double) {
  const auto probs = [](const Batch<T>& batch) {
    KlDivergence(batch.a, batch.b, batch.scalars.first(batch.a.rows));
    KlDivergenceGradient(batch.a, batch.b, batch.upstream, batch.first,
                         batch.second);
  };
  const auto log_probs = [](const Batch<T>& batch) {
    KlDivergenceFromLogProbs(batch.a, batch.b,
                             batch.scalars.first(batch.a.rows));
    KlDivergenceFromLogProbsGradient(batch.a, batch.b, batch.upstream,
                                     batch.first, batch.second);
  };
  ForEachLength<T>(
      RandomProbs<T>, RandomProbs<T>,
      [&](const BatchValues<T>& values) { CheckLayouts(values, probs); });
  ForEachLength<T>(
      RandomRow<T>, RandomRow<T>,
      [&](const BatchValues<T>& values) { CheckLayouts(values, log_probs); });
}

TEST_CASE_TEMPLATE("either gradient may be left out", T, float, double) {
  const std::vector<T> p = {T(0.3), T(0.7)}, q = {T(0.6), T(0.4)};
  const std::vector<T> upstream = {1};
  for (GradientFn* function :
       {static_cast<GradientFn*>(KlDivergenceGradient),
        static_cast<GradientFn*>(KlDivergenceFromLogProbsGradient)}) {
    ForEachTarget([&] {
      const auto both = GradientOf<T>(function, p, q, 1);
      std::vector<T> alone(2);
      function(p, q, upstream, alone, {}, nullptr);
      CHECK(alone == both.d_p);
      function(p, q, upstream, {}, alone, nullptr);
      CHECK(alone == both.d_q);
    });
  }
}

TEST_CASE_TEMPLATE(
    "what p excludes costs nothing, what only q excludes costs all", T, float,
    double) {
  const std::vector<T> half = {0.5, 0.5, 0}, thirds = {T(0.3), T(0.3), T(0.4)};
  ForEachTarget([&] {  // torchmetrics#1029
    CHECK(SameBits(KlDivergence(half, half), T(0)));
    CHECK(KlDivergence(thirds, half) == kInf<T>);
    CHECK(SameBits(FromLogProbs(Logs(half), Logs(half)), T(0)));
    CHECK(FromLogProbs(Logs(thirds), Logs(half)) == kInf<T>);
    const std::vector<T> sure = {1, 0};
    CHECK(KlDivergence<std::vector<T>>(sure, {0.5, 0.5}) ==
          T(0.6931471805599453));
  });
}

TEST_CASE_TEMPLATE("NaN on either side is NaN", T, float, double) {
  const std::vector<T> p = {0.5, 0.5}, spoilt = {0, kNaN<T>};
  ForEachTarget([&] {
    CHECK(std::isnan(KlDivergence(p, spoilt)));
    CHECK(std::isnan(KlDivergence(spoilt, p)));
    CHECK(std::isnan(FromLogProbs(p, spoilt)));
    CHECK(std::isnan(FromLogProbs(spoilt, p)));
  });
}

TEST_CASE_TEMPLATE("where p is 0 its gradient is the limit, that of q is 0", T,
                   float, double) {
  const std::vector<T> p = {0, 0, 1, 0.5}, q = {0.5, 0, 0, 0.5};
  ForEachTarget([&] {  // pytorch#89558, optax#1786
    const auto d = GradientOf<T>(KlDivergenceGradient, p, q, 2);
    CHECK(d.d_p[0] == -kInf<T>);
    CHECK(std::isnan(d.d_p[1]));
    CHECK(d.d_p[2] == kInf<T>);
    CHECK(d.d_p[3] == 2);
    CHECK(d.d_q == std::vector<T>{0, 0, -kInf<T>, -2});
    const auto d_log =
        GradientOf<T>(KlDivergenceFromLogProbsGradient, Logs(p), Logs(q), 2);
    CHECK(SameBits(d_log.d_p[0], T(0)));
    CHECK(SameBits(d_log.d_p[1], T(0)));
    CHECK(SameBits(d_log.d_q[0], T(0)));
    CHECK(d_log.d_q[2] == -2);
  });
}

}  // namespace
}  // namespace surprisal::testing
