#include "surprisal/nll/nll.h"

#include <doctest/doctest.h>

#include "row_testing.h"
#include "surprisal/nll/nll_oracle.h"

namespace surprisal::testing {
namespace {

using Labels = std::vector<Label>;

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();

/// Runs Nll on rows of `labels.size()` rows, one behind the other.
template <class T>
std::vector<T> NllOf(const std::vector<T>& log_probs, const Labels& labels,
                     const NllOptions& options) {
  const size_t rows = labels.size();
  std::vector<T> loss(options.reduction == Reduction::kNone ? rows : 1);
  Nll(Rows<const T>(log_probs.data(), rows, log_probs.size() / rows), labels,
      loss, options);
  return loss;
}

template <class T>
std::vector<T> NllGradientOf(const std::vector<T>& log_probs,
                             const Labels& labels, const NllOptions& options) {
  const size_t rows = labels.size(), classes = log_probs.size() / rows;
  std::vector<T> d_log_probs(log_probs.size());
  NllGradient(Rows<const T>(log_probs.data(), rows, classes), labels,
              Rows<T>(d_log_probs.data(), rows, classes), options);
  return d_log_probs;
}

/// Loss and gradient against the oracle, on every target.
template <class T>
void CheckNll(const std::vector<T>& log_probs, const Labels& labels,
              const NllOptions& options) {
  const std::vector<double> wide = Widen(log_probs);
  const Rows<const double> rows(wide.data(), labels.size(),
                                wide.size() / labels.size());
  const auto loss = NllOracle(rows, labels, options);
  const auto gradient = NllGradientOracle(rows, labels, options);
  ForEachTarget([&] {
    CheckResults<T>(NllOf(log_probs, labels, options), loss);
    CheckResults<T>(NllGradientOf(log_probs, labels, options), gradient);
  });
}

TEST_CASE_TEMPLATE("the loss is the labelled log-probability, negated", T,
                   float, double) {
  Random random(31);
  for (const auto& [name, row] : TrialRows<T>()) {
    CAPTURE(name);
    const auto weights = RandomWeights(random, row.size());
    const Labels label = {static_cast<Label>(random.Below(row.size()))};
    CheckNll(row, label, {.reduction = Reduction::kNone});
    CheckNll(row, label,
             {.reduction = Reduction::kNone, .class_weights = weights});
  }
}

TEST_CASE_TEMPLATE("mean and sum are rounded once, from the exact sum", T,
                   float, double) {
  Random random(32);
  for (size_t trial = 0; trial < 200; ++trial) {
    CAPTURE(trial);
    const size_t rows = 1 + random.Below(60), classes = 1 + random.Below(5);
    std::vector<T> log_probs(rows * classes);
    const double depth =
        std::ldexp(1.0, static_cast<int>(random.Below(60)) - 30);
    for (T& x : log_probs) x = static_cast<T>(-random.Uniform(0, depth));
    const Labels labels = RandomLabels(random, rows, classes, 77);
    const auto weights = RandomWeights(random, classes);
    for (const Reduction reduction : {Reduction::kMean, Reduction::kSum}) {
      CheckNll(log_probs, labels, {.reduction = reduction, .ignore_index = 77});
      CheckNll(log_probs, labels,
               {.reduction = reduction,
                .ignore_index = 77,
                .class_weights = weights});
    }
  }
}

TEST_CASE_TEMPLATE("a million equal losses have their own value as the mean", T,
                   float, double) {
  const std::vector<T> log_probs(1 << 20, T(-0.1));  // pytorch#55657
  const Labels labels(1 << 20, 0);
  ForEachTarget([&] {
    CHECK(NllOf(log_probs, labels, {})[0] == T(0.1));
    CHECK(NllOf(log_probs, labels, {.reduction = Reduction::kSum})[0] ==
          T(0.1) * T(1 << 20));
  });
}

TEST_CASE_TEMPLATE("views of any layout give the same bits", T, float, double) {
  const auto kernel = [](const Batch<T>& batch) {
    const NllOptions options = {.reduction = Reduction::kNone};
    Nll(batch.a, batch.labels, batch.scalars.first(batch.a.rows), options);
    NllGradient(batch.a, batch.labels, batch.first, {});
  };
  ForEachLength<T>(RandomRow<T>, RandomRow<T>,
                   [&](const BatchValues<T>& values) {
                     CheckLayouts(values, kernel);
                     CheckInPlace<T>(values, [](const Batch<T>& batch) {
                       NllGradient(batch.a, batch.labels, batch.first, {});
                     });
                   });
}

TEST_CASE_TEMPLATE("nothing is normalised and no other entry is read", T, float,
                   double) {
  const std::vector<T> log_probs = {kNaN<T>, T(2.5), kInf<T>};
  ForEachTarget([&] {
    CHECK(NllOf(log_probs, {1}, {})[0] == T(-2.5));
    CHECK(NllGradientOf(log_probs, {1}, {}) == std::vector<T>{0, -1, 0});
  });
}

TEST_CASE_TEMPLATE("an impossible label costs infinity, unless it weighs 0", T,
                   float, double) {
  const std::vector<T> log_probs = {-kInf<T>, 0};
  const std::vector<double> free = {0, 1};
  ForEachTarget([&] {
    CHECK(NllOf(log_probs, {0}, {})[0] == kInf<T>);
    const NllOptions none = {.reduction = Reduction::kNone,
                             .class_weights = free};
    CHECK(SameBits(NllOf(log_probs, {0}, none)[0], T(0)));
    CHECK(std::isnan(NllOf<T>({kNaN<T>, 0}, {0}, none)[0]));
  });
}

TEST_CASE_TEMPLATE("a loss is never -0", T, float, double) {
  ForEachTarget([&] {
    for (const T zero : {T(0), T(-0.0)}) {
      for (const Reduction reduction :
           {Reduction::kNone, Reduction::kMean, Reduction::kSum}) {
        const T loss = NllOf<T>({zero}, {0}, {.reduction = reduction})[0];
        CHECK(SameBits(loss, T(0)));
      }
    }
  });
}

TEST_CASE_TEMPLATE("an ignored row costs 0 whatever it holds", T, float,
                   double) {
  const std::vector<T> log_probs = {kNaN<T>, -kInf<T>, -1, -3};
  ForEachTarget([&] {
    const NllOptions none = {.reduction = Reduction::kNone};
    const auto losses = NllOf(log_probs, {-100, 1}, none);
    CHECK(SameBits(losses[0], T(0)));
    CHECK(losses[1] == 3);
    CHECK(NllOf(log_probs, {-100, 1}, {})[0] == 3);
    const auto gradient = NllGradientOf(log_probs, {-100, 1}, {});
    CHECK(SameBits(gradient[0], T(0)));
    CHECK(SameBits(gradient[1], T(0)));
    CHECK(gradient[3] == -1);
  });
}

TEST_CASE_TEMPLATE("a class may be the ignored one", T, float, double) {
  const std::vector<T> log_probs = {-1, -2, -4, -8};
  ForEachTarget([&] {  // pytorch#63004
    CHECK(NllOf(log_probs, {0, 1}, {.ignore_index = 0})[0] == 8);
  });
}

TEST_CASE_TEMPLATE("a mean over nothing is NaN and its gradient 0", T, float,
                   double) {
  const std::vector<double> nothing = {0, 0};
  const std::vector<T> log_probs = {-1, -2};
  ForEachTarget([&] {
    CHECK(std::isnan(NllOf(log_probs, {-100}, {})[0]));
    CHECK(std::isnan(NllOf(log_probs, {1}, {.class_weights = nothing})[0]));
    T loss = 1;
    Nll(Rows<const T>(nullptr, 0, 2), {}, std::span<T>(&loss, 1), {});
    CHECK(std::isnan(loss));  // pytorch#51910
    Nll(Rows<const T>(nullptr, 0, 2), {}, std::span<T>(&loss, 1),
        {.reduction = Reduction::kSum});
    CHECK(SameBits(loss, T(0)));
    for (const T d :
         NllGradientOf(log_probs, {1}, {.class_weights = nothing})) {
      CHECK(SameBits(d, T(0)));
    }
  });
}

TEST_CASE_TEMPLATE("the mean divides by the weights of the labels", T, float,
                   double) {
  const std::vector<double> weights = {2, 4, 8};
  const std::vector<T> log_probs = {-1, -1, -3, -5, -1, -1};  // pytorch#25571
  ForEachTarget([&] {
    CHECK(NllOf(log_probs, {2, 0}, {.class_weights = weights})[0] == T(3.4));
    const auto d = NllGradientOf(log_probs, {2, 0}, {.class_weights = weights});
    CHECK(d == std::vector<T>{0, 0, T(-0.8), T(-0.2), 0, 0});
  });
}

TEST_CASE_TEMPLATE("weights may be as large or small as numbers are", T, float,
                   double) {
  for (const double scale : {0x1p-1074, 0x1p-1000, 1.0, 0x1p1000}) {
    CAPTURE(scale);
    const std::vector<double> weights = {scale, scale * 8};
    const std::vector<T> log_probs = {-1, -4, -3, -2};
    CheckNll(log_probs, {0, 1}, {.class_weights = weights});
    CheckNll(log_probs, {1, 1},
             {.reduction = Reduction::kSum, .class_weights = weights});
  }
}

}  // namespace
}  // namespace surprisal::testing
