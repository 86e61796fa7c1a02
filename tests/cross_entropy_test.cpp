#include "surprisal/cross_entropy/cross_entropy.h"

#include <doctest/doctest.h>

#include "oracle/filtered.h"
#include "oracle/filtered_rows.h"
#include "row_testing.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"

namespace surprisal::testing {
namespace {

using Labels = std::vector<Label>;

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();

/// One batch; `targets` where it has them, else `labels`.
template <class T>
struct Case {
  std::vector<T> logits;
  Labels labels;
  std::vector<T> targets = {};
  std::vector<double> weights = {};
  CrossEntropyOptions options = {.reduction = Reduction::kNone};
  size_t rows = 1;

  size_t Classes() const { return logits.size() / rows; }
  Rows<const T> Logits() const { return {logits.data(), rows, Classes()}; }
  CrossEntropyOptions Options() const {
    CrossEntropyOptions full = options;
    full.class_weights = weights;
    return full;
  }
};

/// Calls f(answers): with the labels as a span, or with the targets as rows.
template <class T, class F>
auto WithAnswers(const Case<T>& c, const F& f) {
  if (c.targets.empty()) return f(std::span<const Label>(c.labels));
  return f(Rows<const T>(c.targets.data(), c.rows, c.Classes()));
}

template <class T>
std::vector<T> LossOf(const Case<T>& c) {
  std::vector<T> loss(c.options.reduction == Reduction::kNone ? c.rows : 1);
  WithAnswers(c, [&](auto answers) {
    CrossEntropy(c.Logits(), answers, loss, c.Options());
  });
  return loss;
}

template <class T>
std::vector<T> GradientOf(const Case<T>& c) {
  std::vector<T> d_logits(c.logits.size());
  WithAnswers(c, [&](auto answers) {
    CrossEntropyGradient(c.Logits(), answers,
                         Rows<T>(d_logits.data(), c.rows, c.Classes()),
                         c.Options());
  });
  return d_logits;
}

/// The exact loss and gradient.
struct Truth {
  std::vector<Exact> loss, gradient;
};

template <class T>
Truth TruthOf(const Case<T>& c) {
  Case<double> wide = {Widen(c.logits), c.labels,  Widen(c.targets),
                       c.weights,       c.options, c.rows};
  return WithAnswers(wide, [&](auto answers) {
    return Truth{
        CrossEntropyOracle(wide.Logits(), answers, wide.Options()),
        CrossEntropyGradientOracle(wide.Logits(), answers, wide.Options())};
  });
}

/// Loss, gradient, and both in one pass, on every target.
template <class T>
void CheckCase(const Case<T>& c) {
  const Truth truth = TruthOf(c);
  ForEachTarget([&] {
    const std::vector<T> loss = LossOf(c), gradient = GradientOf(c);
    CheckResults<T>(loss, truth.loss);
    CheckResults<T>(gradient, truth.gradient);
    std::vector<T> loss_too(loss.size()), gradient_too(gradient.size());
    WithAnswers(c, [&](auto answers) {
      CrossEntropyWithGradient(
          c.Logits(), answers, loss_too,
          Rows<T>(gradient_too.data(), c.rows, c.Classes()), c.Options());
    });
    CheckSameResults<T>(loss_too, loss);
    CheckSameResults<T>(gradient_too, gradient);
  });
}

TEST_CASE_TEMPLATE("label losses and gradients equal the oracle's", T, float,
                   double) {
  Random random(11);
  for (const auto& [name, row] : TrialRows<T>()) {
    CAPTURE(name);
    const Labels label = {static_cast<Label>(random.Below(row.size()))};
    Case<T> c = {row, label};
    CheckCase(c);
    c.weights = RandomWeights(random, row.size());
    if (random.Below(2) == 0) CheckCase(c);
  }
}

TEST_CASE_TEMPLATE("smoothed losses and gradients equal the oracle's", T, float,
                   double) {
  static constexpr double kSmoothings[] = {0.1, 0.5, 1, 1e-9, 1e-30};
  Random random(12);
  for (const auto& [name, row] : TrialRows<T>(220)) {
    CAPTURE(name);
    Case<T> c = {row, {static_cast<Label>(random.Below(row.size()))}};
    c.options.label_smoothing = kSmoothings[random.Below(5)];
    CAPTURE(c.options.label_smoothing);
    if (random.Below(2) == 0) c.weights = RandomWeights(random, row.size());
    CheckCase(c);
  }
}

/// One-hot, soft, all zero, or counts that sum to much more than 1.
template <class T>
std::vector<T> RandomTargets(Random& random, size_t classes) {
  std::vector<T> targets(classes, T(0));
  switch (random.Below(4)) {
    case 0:
      targets[random.Below(classes)] = 1;
      return targets;
    case 1:
      return RandomProbs<T>(random, classes);
    case 2:
      for (T& t : targets) t = static_cast<T>(random.Below(5));
      return targets;
    default:
      for (T& t : targets) t = static_cast<T>(random.Uniform(0, 1e-3));
      return targets;
  }
}

TEST_CASE_TEMPLATE("target losses and gradients equal the oracle's", T, float,
                   double) {
  Random random(13);
  for (const auto& [name, row] : TrialRows<T>(220)) {
    CAPTURE(name);
    Case<T> c = {row, {}, RandomTargets<T>(random, row.size())};
    CheckCase(c);
    if (random.Below(2) == 0) c.weights = RandomWeights(random, row.size());
    c.options.label_smoothing = random.Below(2) == 0 ? 0 : 0.1;
    CheckCase(c);
  }
}

TEST_CASE_TEMPLATE("a softmax near its target leaves a gradient near 0", T,
                   float, double) {
  CheckCase<T>({{0, 0, 0, 0}, {}, {0.25, 0.25, 0.25, 0.25}});
  CheckCase<T>({{1, 1, 1}, {}, {T(1) / 3, T(1) / 3, T(1) / 3}});
  CheckCase<T>({{T(0.6931471805599453), 0}, {}, {T(2) / 3, T(1) / 3}});
  CheckCase<T>({{T(-1.3862943611198906), 0}, {}, {T(0.2), T(0.8)}});
  CheckCase<T>({{20, 0}, {}, {T(0.99999999793884631), T(2.0611536e-9)}});
}

TEST_CASE_TEMPLATE("huge and tiny targets do not overflow on the way", T, float,
                   double) {
  using Limits = std::numeric_limits<T>;
  for (const T scale :
       {Limits::denorm_min(), Limits::min(), T(1), Limits::max() / 4}) {
    CAPTURE(scale);
    CheckCase<T>({{0, 1, 2}, {}, {scale, 0, 3 * scale}});
    CheckCase<T>({{0, 90, -5}, {}, {0, scale, 0}});
    const double weight = static_cast<double>(scale);
    CheckCase<T>({{0, 1, 2}, {1}, {}, {1, weight, 2}});
    CheckCase<T>(
        {{0, 1, 2}, {1}, {}, {1, weight, 2}, {.reduction = Reduction::kMean}});
  }
}

TEST_CASE_TEMPLATE("mean and sum are rounded once, from the exact sum", T,
                   float, double) {
  Random random(14);
  for (size_t trial = 0; trial < 120; ++trial) {
    CAPTURE(trial);
    const size_t rows = 1 + random.Below(20), classes = 1 + random.Below(8);
    Case<T> c = {{}, RandomLabels(random, rows, classes), {}, {}, {}, rows};
    for (size_t r = 0; r < rows; ++r) {
      const auto row = RandomRow<T>(random, classes);
      const auto targets = RandomTargets<T>(random, classes);
      c.logits.insert(c.logits.end(), row.begin(), row.end());
      if (trial % 3 != 0) continue;
      c.targets.insert(c.targets.end(), targets.begin(), targets.end());
    }
    if (random.Below(2) == 0) c.weights = RandomWeights(random, classes);
    if (random.Below(3) == 0) c.options.label_smoothing = 0.1;
    c.options.reduction = trial % 2 == 0 ? Reduction::kMean : Reduction::kSum;
    CheckCase(c);
  }
}

TEST_CASE_TEMPLATE("views of any layout give the same bits", T, float, double) {
  const auto labels = [](const Batch<T>& batch) {
    const size_t rows = batch.a.rows;
    const CrossEntropyOptions none = {.reduction = Reduction::kNone};
    CrossEntropy(batch.a, batch.labels, batch.scalars.first(rows), none);
    CrossEntropyGradient(batch.a, batch.labels, batch.first);
    CrossEntropyGradient(batch.a, batch.labels, batch.second,
                         {.label_smoothing = 0.1});
  };
  const auto targets = [](const Batch<T>& batch) {
    CrossEntropyWithGradient(batch.a, batch.b, batch.scalars.first(1),
                             batch.first);
    CrossEntropyGradient(batch.a, batch.b, batch.second,
                         {.label_smoothing = 0.1});
  };
  ForEachLength<T>(RandomRow<T>, RandomTargets<T>,
                   [&](const BatchValues<T>& values) {
                     CheckLayouts(values, labels);
                     CheckLayouts(values, targets);
                   });
}

TEST_CASE_TEMPLATE("the gradient may overwrite the logits", T, float, double) {
  const auto labels = [](const Batch<T>& batch) {
    CrossEntropyWithGradient(batch.a, batch.labels, batch.scalars.first(1),
                             batch.first);
  };
  const auto targets = [](const Batch<T>& batch) {
    CrossEntropyGradient(batch.a, batch.b, batch.first);
  };
  ForEachLength<T>(RandomRow<T>, RandomTargets<T>,
                   [&](const BatchValues<T>& values) {
                     CheckInPlace(values, labels);
                     CheckInPlace(values, targets);
                   });
}

TEST_CASE_TEMPLATE("distributions: cross-entropy equals the oracle's", T, float,
                   double) {
  Random random(15);
  for (const auto& [name, p] : TrialProbs<T>()) {
    CAPTURE(name);
    const auto q = OtherProbs(random, p);
    std::vector<T> log_q(q.size());
    for (size_t c = 0; c < q.size(); ++c) log_q[c] = std::log(q[c]);
    const auto want = CrossEntropyFromProbsOracle(Widen(p), Widen(q));
    const auto want_log =
        CrossEntropyFromLogProbsOracle(Widen(p), Widen(log_q));
    T got = 0, got_log = 0;
    ForEachTarget([&] {
      CrossEntropyFromProbs(p, q, std::span<T>(&got, 1));
      CheckResult(got, want);
      CrossEntropyFromLogProbs(p, log_q, std::span<T>(&got_log, 1));
      CheckResult(got_log, want_log);
    });
  }
}

TEST_CASE_TEMPLATE("distributions: gradients equal the oracle's", T, float,
                   double) {
  Random random(16);
  for (const auto& [name, p] : TrialProbs<T>()) {
    CAPTURE(name);
    const auto q = OtherProbs(random, p);
    const T upstream[] = {random.Below(6) == 0 ? T(0)
                                               : T(random.Uniform(-3, 3))};
    const auto want =
        CrossEntropyFromProbsGradientOracle(Widen(p), Widen(q), upstream[0]);
    ForEachTarget([&] {
      std::vector<T> d_p(p.size()), d_q(p.size());
      CrossEntropyFromProbsGradient(p, q, upstream, d_p, d_q);
      CheckResults<T>(d_p, want.first);
      CheckResults<T>(d_q, want.second);
    });
  }
}

TEST_CASE_TEMPLATE("distributions: views of any layout give the same bits", T,
                   float, double) {
  const auto kernel = [](const Batch<T>& batch) {
    CrossEntropyFromProbs(batch.a, batch.b, batch.scalars.first(batch.a.rows));
    CrossEntropyFromProbsGradient(batch.a, batch.b, batch.upstream, batch.first,
                                  batch.second);
  };
  const auto logs = [](const Batch<T>& batch) {
    CrossEntropyFromLogProbs(batch.a, batch.b,
                             batch.scalars.first(batch.a.rows));
  };
  ForEachLength<T>(
      RandomProbs<T>, RandomProbs<T>,
      [&](const BatchValues<T>& values) { CheckLayouts(values, kernel); });
  ForEachLength<T>(
      RandomProbs<T>, RandomRow<T>,
      [&](const BatchValues<T>& values) { CheckLayouts(values, logs); });
}

TEST_CASE_TEMPLATE("distributions: either gradient may be left out", T, float,
                   double) {
  const std::vector<T> p = {T(0.3), T(0.7)}, q = {T(0.6), T(0.4)};
  const T upstream[] = {1};
  ForEachTarget([&] {
    std::vector<T> d_p(2), d_q(2), alone(2);
    CrossEntropyFromProbsGradient(p, q, upstream, d_p, d_q);
    CrossEntropyFromProbsGradient(p, q, upstream, alone, Rows<T>());
    CHECK(alone == d_p);
    CrossEntropyFromProbsGradient(p, q, upstream, Rows<T>(), alone);
    CHECK(alone == d_q);
  });
}

TEST_CASE_TEMPLATE("distributions: the impossible costs infinity", T, float,
                   double) {
  const std::vector<T> p = {T(0.3), T(0.3), T(0.4)}, q = {0.5, 0.5, 0};
  const std::vector<T> sure = {1, 0, 0};
  ForEachTarget([&] {  // torchmetrics#1029
    T h = 0;
    CrossEntropyFromProbs(p, q, std::span<T>(&h, 1));
    CHECK(h == kInf<T>);
    CrossEntropyFromProbs(sure, q, std::span<T>(&h, 1));
    CHECK(h == T(0.6931471805599453));
    const std::vector<T> log_q = {-1, -1, -kInf<T>};
    CrossEntropyFromLogProbs(p, log_q, std::span<T>(&h, 1));
    CHECK(h == kInf<T>);
    CrossEntropyFromLogProbs(sure, log_q, std::span<T>(&h, 1));
    CHECK(h == 1);
  });
}

TEST_CASE("a row of 128256 classes is rounded correctly") {
  constexpr size_t kClasses = 128256, kLabel = 100000;
  Random random(17);
  Case<float> c = {std::vector<float>(kClasses), {kLabel}};
  for (float& z : c.logits) z = static_cast<float>(random.Uniform(-12, 12));
  const filtered::LogitsRow row(Widen(c.logits));
  const auto loss = CertainRounding<float>(row.CrossEntropy(kLabel));
  REQUIRE(loss.has_value());
  std::vector<std::optional<float>> d_want(kClasses);
  size_t certain = 0;
  for (size_t i = 0; i < kClasses; ++i) {
    d_want[i] = CertainRounding<float>(row.CrossEntropyGradient(kLabel, i));
    certain += d_want[i].has_value();
  }
  CHECK(certain > kClasses - 10);
  ForEachTarget([&] {
    CHECK(LossOf(c)[0] == *loss);
    const std::vector<float> d_logits = GradientOf(c);
    size_t wrong = 0;
    for (size_t i = 0; i < kClasses; ++i) {
      wrong += d_want[i].has_value() && d_logits[i] != *d_want[i];
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE_TEMPLATE("a confident row keeps the bits of its loss and gradient", T,
                   float, double) {
  const Case<T> c = {{0, -40}, {0}};  // pytorch#195529
  ForEachTarget([&] {
    CHECK(LossOf(c)[0] == T(4.248354255291589e-18));
    CHECK(GradientOf(c)[0] == -T(4.248354255291589e-18));
    CHECK(GradientOf(c)[1] == T(4.248354255291589e-18));
  });
}

TEST_CASE_TEMPLATE("equal logits of any size cost ln K", T, float, double) {
  ForEachTarget([&] {  // pytorch#11752
    CHECK(LossOf<T>({{T(1e8), T(1e8)}, {1}})[0] == T(0.6931471805599453));
  });
}

TEST_CASE_TEMPLATE("a row without a softmax has loss and gradient NaN", T,
                   float, double) {
  for (const std::vector<T>& row :
       {std::vector<T>{0, kNaN<T>}, {kInf<T>, 0}, {-kInf<T>, -kInf<T>}}) {
    ForEachTarget([&] {
      for (const Case<T>& c :
           {Case<T>{row, {0}}, Case<T>{row, {}, {0.5, 0.5}}}) {
        CHECK(std::isnan(LossOf(c)[0]));
        for (const T d : GradientOf(c)) CHECK(std::isnan(d));
      }
    });
  }
}

TEST_CASE_TEMPLATE("other rows do not notice a NaN row", T, float, double) {
  Case<T> c = {{1, 2, kNaN<T>, 0, 3, 1}, {0, 0, 1}};
  c.rows = 3;
  ForEachTarget([&] {
    const auto losses = LossOf(c), d_logits = GradientOf(c);
    CHECK(losses[0] == LossOf<T>({{1, 2}, {0}})[0]);
    CHECK(std::isnan(losses[1]));
    CHECK(losses[2] == LossOf<T>({{3, 1}, {1}})[0]);
    CHECK(d_logits[5] == GradientOf<T>({{3, 1}, {1}})[1]);
  });
}

TEST_CASE_TEMPLATE("a masked label costs infinity, with a finite gradient", T,
                   float, double) {
  const T inf = kInf<T>;
  ForEachTarget([&] {
    CHECK(LossOf<T>({{0, -inf}, {1}})[0] == inf);
    CHECK(GradientOf<T>({{0, -inf}, {1}}) == std::vector<T>{1, -1});
    CHECK(LossOf<T>({{0, -inf}, {}, {0.5, 0.5}})[0] == inf);
    CHECK(LossOf<T>({{0, -inf}, {}, {1, 0}})[0] == 0);
    Case<T> smoothed = {{0, -inf}, {0}};
    smoothed.options.label_smoothing = 0.1;
    CHECK(LossOf(smoothed)[0] == inf);
  });
}

TEST_CASE_TEMPLATE("a masked class costs nothing and gets no gradient", T,
                   float, double) {
  const T inf = kInf<T>;
  Case<T> c = {std::vector<T>(100000, -inf), {50000}};  // flash-attention#1930
  c.logits[50000] = 10;
  ForEachTarget([&] {
    CHECK(SameBits(LossOf(c)[0], T(0)));
    for (const T d : GradientOf(c)) REQUIRE(d == 0);
    const auto d = GradientOf<T>({{0, -inf, 0}, {0}});
    CHECK(d == std::vector<T>{-0.5, 0, 0.5});
    CHECK(!std::signbit(d[1]));
  });
}

TEST_CASE_TEMPLATE("ignored rows cost 0 whatever they hold", T, float, double) {
  Case<T> c = {{kNaN<T>, 0, 1, 3}, {-100, 0}};
  c.rows = 2;
  ForEachTarget([&] {
    CHECK(SameBits(LossOf(c)[0], T(0)));
    const auto d_logits = GradientOf(c);
    CHECK(SameBits(d_logits[0], T(0)));
    CHECK(SameBits(d_logits[1], T(0)));
    Case<T> mean = c;
    mean.options.reduction = Reduction::kMean;
    CHECK(LossOf(mean)[0] == LossOf(c)[1]);
  });
}

TEST_CASE_TEMPLATE("an ignored label stays a class of the denominator", T,
                   float, double) {
  ForEachTarget([&] {  // pytorch#63004
    const auto loss = [](T first) {
      Case<T> c = {{first, 1, 1}, {1}};
      c.options.ignore_index = 0;
      return LossOf(c)[0];
    };
    CHECK(loss(1) == T(1.0986122886681098));
    CHECK(loss(0) == T(0.8619948040582511));
    CHECK(loss(-kInf<T>) == T(0.6931471805599453));
  });
}

TEST_CASE_TEMPLATE("a mean over nothing is NaN, its gradient 0, the sum 0", T,
                   float, double) {
  Case<T> ignored = {{1, 2}, {-100}}, weightless = {{1, 2}, {1}, {}, {1, 0}};
  ForEachTarget([&] {
    for (Case<T> c : {ignored, weightless}) {
      c.options.reduction = Reduction::kMean;
      CHECK(std::isnan(LossOf(c)[0]));
      for (const T d : GradientOf(c)) CHECK(SameBits(d, T(0)));
      c.options.reduction = Reduction::kSum;
      CHECK(SameBits(LossOf(c)[0], T(0)));
    }
    T loss = 1;
    const Rows<const T> none(nullptr, 0, 3);
    CrossEntropy(none, Labels{}, std::span<T>(&loss, 1));
    CHECK(std::isnan(loss));
    CrossEntropy(none, none, std::span<T>(&loss, 1));
    CHECK(std::isnan(loss));
  });
}

TEST_CASE_TEMPLATE("the weighted mean divides by the weights", T, float,
                   double) {
  Case<T> c = {{T(0.2), T(0.3), T(0.5), T(0.5), T(0.2), T(0.3)}, {2, 1}};
  c.rows = 2;
  c.weights = {2, 4, 6};  // pytorch#25571
  c.options.reduction = Reduction::kMean;
  const Case<T> smoothed = {{1, 2, 3, T(0.4)},       {-100, 1}, {}, {.2, .3},
                            {.label_smoothing = .1}, 2};  // pytorch#69339
  ForEachTarget([&] {
    CHECK(std::abs(LossOf(c)[0] - T(1.0598310608444601)) < T(1e-7));
    CHECK(std::abs(LossOf(smoothed)[0] - T(2.5404506137682086)) < T(1e-6));
  });
}

TEST_CASE_TEMPLATE("an all-zero target costs nothing and pulls nowhere", T,
                   float, double) {
  ForEachTarget([&] {  // tensorflow#60314
    const Case<T> c = {{1, 2, 3}, {}, {0, 0, 0}};
    CHECK(SameBits(LossOf(c)[0], T(0)));
    for (const T d : GradientOf(c)) CHECK(d == 0);
  });
}

TEST_CASE_TEMPLATE("a loss is never -0", T, float, double) {
  ForEachTarget([&] {
    CHECK(SameBits(LossOf<T>({{5}, {0}})[0], T(0)));
    CHECK(SameBits(LossOf<T>({{5}, {}, {1}})[0], T(0)));
    CHECK(SameBits(LossOf<T>({{0, -2000}, {0}})[0], T(0)));
  });
}

}  // namespace
}  // namespace surprisal::testing
