#ifndef SURPRISAL_TESTS_UPSTREAM_ROWS_H_
#define SURPRISAL_TESTS_UPSTREAM_ROWS_H_

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "kernel_testing.h"
#include "surprisal/common/error.h"
#include "surprisal/softmax/softmax.h"
#include "surprisal/softmax/softmax_oracle.h"

/// What the gradients of softmax and log-softmax are tried on: rows of logits,
/// each with a row of upstream gradients and a temperature.
namespace surprisal::testing {

/// A row of upstream gradients: the unit vector of one class, numbers of one
/// size, or of all sizes, or hardly different from each other.
template <class T>
std::vector<T> RandomUpstream(Random& random, size_t classes) {
  std::vector<T> upstream(classes, T(0));
  const size_t kind = random.Below(5);
  const double scale = std::exp2(random.Uniform(-120, 120));
  for (T& g : upstream) {
    if (kind == 1) g = static_cast<T>(random.Uniform(-2, 2));
    if (kind == 2) g = static_cast<T>(scale * random.Uniform(-1, 1));
    if (kind == 3) g = random.AnyFinite<T>();
    if (kind == 4) g = static_cast<T>(1 + random.Uniform(-1e-5, 1e-5));
  }
  if (kind == 0) upstream[random.Below(classes)] = 1;
  return upstream;
}

/// `vjp(logits, upstream, options)` against `oracle(logits, upstream,
/// temperature)` on all rows and targets.
template <class T, class Vjp, class Oracle>
void CheckVjpAgainstOracle(const Vjp& vjp, const Oracle& oracle) {
  Random random(8128);
  for (const auto& [name, logits] : TrialRows<T>(800)) {
    CAPTURE(name);
    const auto upstream = RandomUpstream<T>(random, logits.size());
    const double temperature =
        random.Below(2) == 0 ? 1 : random.Uniform(0.3, 3);
    const std::vector<Exact> exact =
        oracle(Widen(logits), Widen(upstream), temperature);
    ForEachTarget([&] {
      CheckResults<T>(vjp(logits, upstream, {.temperature = temperature}),
                      exact);
    });
  }
}

/// A row too long for 100 digits of every class: its classes are drawn from
/// 500 pairs of logit and upstream gradient, whose exponentials are exact once.
template <class T>
struct BigRow {
  std::vector<T> logits, upstream;

  explicit BigRow(size_t classes) : counts_(kPairs, 0) {
    Random random(262144);
    for (size_t i = 0; i < kPairs; ++i) {
      z_.push_back(static_cast<T>(random.Uniform(-30, 10)));
      g_.push_back(static_cast<T>(random.Uniform(-2, 2)));
    }
    for (size_t c = 0; c < classes; ++c) {
      const size_t pair = random.Below(kPairs);
      pairs_.push_back(pair);
      ++counts_[pair];
      logits.push_back(z_[pair]);
      upstream.push_back(g_[pair]);
    }
  }

  /// For every pair, its exact probability.
  std::vector<Exact> Probs() const {
    std::vector<Exact> probs;
    Exact sum = 0;
    for (size_t i = 0; i < kPairs; ++i) {
      probs.push_back(exp(Exact(z_[i])));
      sum += counts_[i] * probs[i];
    }
    for (Exact& p : probs) p /= sum;
    return probs;
  }

  /// For every pair, its exact gradient.
  std::vector<Exact> SoftmaxVjp() const {
    std::vector<Exact> probs = Probs();
    Exact mean = 0;
    for (size_t i = 0; i < kPairs; ++i) mean += counts_[i] * probs[i] * g_[i];
    for (size_t i = 0; i < kPairs; ++i) probs[i] *= g_[i] - mean;
    return probs;
  }
  std::vector<Exact> LogSoftmaxVjp() const {
    std::vector<Exact> probs = Probs();
    Exact sum = 0;
    for (size_t i = 0; i < kPairs; ++i) sum += counts_[i] * Exact(g_[i]);
    for (size_t i = 0; i < kPairs; ++i) probs[i] = g_[i] - probs[i] * sum;
    return probs;
  }

  /// Every class has the correctly rounded value of its pair.
  void CheckResults(const std::vector<T>& got,
                    const std::vector<Exact>& exact) const {
    std::vector<T> want;
    for (const Exact& x : exact) want.push_back(RoundTo<T>(x));
    size_t wrong = 0;
    for (size_t c = 0; c < got.size(); ++c) {
      if (got[c] != want[pairs_[c]]) ++wrong;
    }
    CHECK(wrong == 0);
  }

 private:
  static constexpr size_t kPairs = 500;
  std::vector<T> z_, g_;
  std::vector<size_t> pairs_, counts_;
};

/// `call(options)` names the temperature that is out of range.
template <class Call>
void CheckTemperatureErrors(const Call& call) {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH_AS(call(SoftmaxOptions{.temperature = 0}),
                       "temperature = 0 is outside (0, inf)", Error);
  CHECK_THROWS_WITH_AS(call(SoftmaxOptions{.temperature = -1.5}),
                       "temperature = -1.5 is outside (0, inf)", Error);
  CHECK_THROWS_WITH_AS(call(SoftmaxOptions{.temperature = infinity}),
                       "temperature = inf is outside (0, inf)", Error);
  CHECK_THROWS_WITH_AS(call(SoftmaxOptions{.temperature = std::nan("")}),
                       "temperature = nan is outside (0, inf)", Error);
}

}  // namespace surprisal::testing

#endif  // SURPRISAL_TESTS_UPSTREAM_ROWS_H_
