#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"

#include <doctest/doctest.h>

#include "row_testing.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy_oracle.h"

namespace surprisal::testing {
namespace {

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();

// A double may be 2^-1074 beside 1 beside 2^1023, and the least of the three
// decide a tie: the oracle has digits for that.
using Enough =
    boost::multiprecision::number<boost::multiprecision::cpp_bin_float<700>>;

/// The same numbers in fewer digits, but never on the other side of a tie.
std::vector<Exact> InFewerDigits(const std::vector<Enough>& values) {
  std::vector<Exact> fewer;
  for (const Enough& value : values) {
    const Exact nearest(value);
    const Enough rest = value - Enough(nearest);
    fewer.push_back(isfinite(value) ? AddTail(nearest, Exact(rest)) : nearest);
  }
  return fewer;
}

using Options = BinaryCrossEntropyOptions;

/// The two ways in: from logits, and from probabilities.
struct FromLogits {
  template <class... Arguments>
  static void Loss(const Arguments&... arguments) {
    BinaryCrossEntropy(arguments...);
  }
  template <class... Arguments>
  static void Gradient(const Arguments&... arguments) {
    BinaryCrossEntropyGradient(arguments...);
  }
  template <class T>
  static auto ExactLoss(Rows<const double> x, Rows<const double> targets,
                        const Options& options) {
    return BinaryCrossEntropyOracle(x, targets, options);
  }
  template <class T>
  static auto ExactGradient(Rows<const double> x, Rows<const double> targets,
                            const Options& options) {
    return BinaryCrossEntropyGradientOracle(x, targets, options);
  }
};

struct FromProbs {
  template <class... Arguments>
  static void Loss(const Arguments&... arguments) {
    BinaryCrossEntropyFromProbs(arguments...);
  }
  template <class... Arguments>
  static void Gradient(const Arguments&... arguments) {
    BinaryCrossEntropyFromProbsGradient(arguments...);
  }
  template <class T>
  static auto ExactLoss(Rows<const double> x, Rows<const double> targets,
                        const Options& options) {
    if constexpr (sizeof(T) < sizeof(double)) {
      return BinaryCrossEntropyFromProbsOracle(x, targets, options);
    } else {
      return InFewerDigits(
          BinaryCrossEntropyFromProbsOracle<Enough>(x, targets, options));
    }
  }
  template <class T>
  static auto ExactGradient(Rows<const double> x, Rows<const double> targets,
                            const Options& options) {
    if constexpr (sizeof(T) < sizeof(double)) {
      return BinaryCrossEntropyFromProbsGradientOracle(x, targets, options);
    } else {
      return InFewerDigits(BinaryCrossEntropyFromProbsGradientOracle<Enough>(
          x, targets, options));
    }
  }
};

/// Loss of one row.
template <class From, class T>
std::vector<T> LossOf(const std::vector<T>& x, const std::vector<T>& targets,
                      const Options& options = {
                          .reduction = Reduction::kNone}) {
  std::vector<T> loss(options.reduction == Reduction::kNone ? x.size() : 1);
  From::Loss(Rows<const T>(x), Rows<const T>(targets), std::span<T>(loss),
             options);
  return loss;
}

template <class From, class T>
std::vector<T> GradientOf(const std::vector<T>& x,
                          const std::vector<T>& targets,
                          const Options& options = {
                              .reduction = Reduction::kNone}) {
  std::vector<T> d_x(x.size());
  From::Gradient(Rows<const T>(x), Rows<const T>(targets), Rows<T>(d_x),
                 options);
  return d_x;
}

/// Loss and gradient of one row against the oracles, on every target.
template <class From, class T>
void CheckRow(const std::vector<T>& x, const std::vector<T>& targets,
              const Options& options) {
  const auto wide_x = Widen(x), wide_targets = Widen(targets);
  const auto loss = From::template ExactLoss<T>(wide_x, wide_targets, options);
  const auto gradient =
      From::template ExactGradient<T>(wide_x, wide_targets, options);
  ForEachTarget([&] {
    CheckResults<T>(LossOf<From>(x, targets, options), loss);
    CheckResults<T>(GradientOf<From>(x, targets, options), gradient);
  });
}

/// In [0, 1]: the ends, their neighbours, subnormals, and anything between.
template <class T>
T RandomUnit(Random& random) {
  using Limits = std::numeric_limits<T>;
  switch (random.Below(8)) {
    case 0:
      return 0;
    case 1:
      return 1;
    case 2:
      return T(1) - Limits::epsilon() / 2;
    case 3:
      return random.Below(2) == 0 ? Limits::denorm_min() : Limits::min();
    case 4:
      return static_cast<T>(std::exp(random.Uniform(-80, 0)));
    default:
      return static_cast<T>(random.Uniform(0, 1));
  }
}

template <class T>
std::vector<T> RandomUnits(Random& random, size_t count) {
  std::vector<T> units(count);
  for (T& t : units) t = RandomUnit<T>(random);
  return units;
}

/// Logits, or probabilities, to try; the same numbers every time.
template <class From, class T>
std::vector<T> TrialInputs() {
  if constexpr (std::is_same_v<From, FromLogits>) {
    return TrialArguments<T>(3000);
  } else {
    Random random(21);
    auto probs = RandomUnits<T>(random, sizeof(T) == 4 ? 3000 : 500);
    probs.push_back(kNaN<T>);
    return probs;
  }
}

template <class From, class T>
void CheckTrialInputs() {
  Random random(22);
  const auto x = TrialInputs<From, T>();
  const auto targets = RandomUnits<T>(random, x.size());
  const auto weights = RandomWeights(random, x.size());
  const std::vector<double> one_weight = {2.75};
  for (const std::span<const double> pos_weight :
       {std::span<const double>(), std::span<const double>(weights),
        std::span<const double>(one_weight)}) {
    CAPTURE(pos_weight.size());
    CheckRow<From>(x, targets,
                   {.reduction = Reduction::kNone, .pos_weight = pos_weight});
  }
}

TEST_CASE_TEMPLATE("from logits: every loss and gradient equals the oracle's",
                   T, float, double) {
  CheckTrialInputs<FromLogits, T>();
}

TEST_CASE_TEMPLATE(
    "from probabilities: every loss and gradient equals the oracle's", T, float,
    double) {
  CheckTrialInputs<FromProbs, T>();
}

TEST_CASE_TEMPLATE("mean and sum are rounded once, from the exact sum", T,
                   float, double) {
  Random random(23);
  for (size_t trial = 0; trial < 60; ++trial) {
    CAPTURE(trial);
    const size_t size = 1 + random.Below(50);
    const auto x = RandomRow<T>(random, size);
    const auto probs = RandomUnits<T>(random, size);
    const auto targets = RandomUnits<T>(random, size);
    const auto weights = RandomWeights(random, size);
    for (const Reduction reduction : {Reduction::kMean, Reduction::kSum}) {
      const Options options = {.reduction = reduction, .pos_weight = weights};
      CheckRow<FromLogits>(x, targets, options);
      CheckRow<FromProbs>(probs, targets, options);
    }
  }
}

TEST_CASE_TEMPLATE("pos_weight is taken by class", T, float, double) {
  const std::vector<double> weights = {1, 2, 4};
  const std::vector<T> x(6, 0), targets(6, 1);
  const auto half = T(0.6931471805599453);
  ForEachTarget([&] {
    std::vector<T> loss(6), d_x(6);
    const Options options = {.reduction = Reduction::kNone,
                             .pos_weight = weights};
    const Rows<const T> rows(x.data(), 2, 3);
    const Rows<const T> target_rows(targets.data(), 2, 3);
    BinaryCrossEntropy(rows, target_rows, loss, options);
    CHECK(loss ==
          std::vector<T>{half, 2 * half, 4 * half, half, 2 * half, 4 * half});
    BinaryCrossEntropyGradient(rows, target_rows, Rows<T>(d_x.data(), 2, 3),
                               options);
    CHECK(d_x == std::vector<T>{-0.5, -1, -2, -0.5, -1, -2});
  });
}

TEST_CASE_TEMPLATE("views of any layout give the same bits", T, float, double) {
  const auto logits = [](const Batch<T>& batch) {
    const Options none = {.reduction = Reduction::kNone};
    BinaryCrossEntropy(batch.a, batch.b, batch.scalars, none);
    BinaryCrossEntropyGradient(batch.a, batch.b, batch.first);
  };
  const auto probs = [](const Batch<T>& batch) {
    const Options none = {.reduction = Reduction::kNone};
    BinaryCrossEntropyFromProbs(batch.a, batch.b, batch.scalars, none);
    BinaryCrossEntropyFromProbsGradient(batch.a, batch.b, batch.first);
  };
  const auto gradient = [](const Batch<T>& batch) {
    BinaryCrossEntropyGradient(batch.a, batch.b, batch.first);
  };
  ForEachLength<T>(RandomRow<T>, RandomUnits<T>,
                   [&](const BatchValues<T>& values) {
                     CheckLayouts(values, logits);
                     CheckInPlace(values, gradient);
                   });
  ForEachLength<T>(
      RandomUnits<T>, RandomUnits<T>,
      [&](const BatchValues<T>& values) { CheckLayouts(values, probs); });
}

TEST_CASE_TEMPLATE("an infinite logit is met by its limit", T, float, double) {
  const T inf = kInf<T>;
  const std::vector<T> x = {-inf, inf, -inf, inf, -inf, inf};
  const std::vector<T> targets = {0, 1, T(0.9), T(0.9), 1, 0};
  ForEachTarget([&] {  // pytorch#49844
    CHECK(LossOf<FromLogits>(x, targets) ==
          std::vector<T>{0, 0, inf, inf, inf, inf});
    const auto d_x = GradientOf<FromLogits>(x, targets);
    CHECK(d_x[0] == 0);
    CHECK(d_x[1] == 0);
    CHECK(d_x[4] == -1);
    CHECK(d_x[5] == 1);
    const std::vector<T> mixed = {inf, 1}, labels = {1, 0};
    const T mean = LossOf<FromLogits>(mixed, labels, {})[0];
    CHECK(std::abs(mean - T(0.6566308438)) < T(1e-7));
  });
}

TEST_CASE_TEMPLATE("a NaN spoils its own element", T, float, double) {
  const std::vector<T> x = {kNaN<T>, 0}, targets = {1, 1};
  ForEachTarget([&] {
    CHECK(std::isnan(LossOf<FromLogits>(x, targets)[0]));
    CHECK(LossOf<FromLogits>(x, targets)[1] == T(0.6931471805599453));
    CHECK(std::isnan(GradientOf<FromLogits>(x, targets)[0]));
    CHECK(GradientOf<FromLogits>(x, targets)[1] == -0.5);
    CHECK(std::isnan(LossOf<FromLogits>(x, targets, {})[0]));
  });
}

TEST_CASE_TEMPLATE("both branches keep the bits of a tiny loss", T, float,
                   double) {
  const std::vector<T> x = {40, -40}, targets = {1, 0};
  ForEachTarget([&] {  // pytorch#195529
    const T tiny = T(4.248354255291589e-18);
    CHECK(LossOf<FromLogits>(x, targets) == std::vector<T>{tiny, tiny});
    CHECK(GradientOf<FromLogits>(x, targets) == std::vector<T>{-tiny, tiny});
  });
}

TEST_CASE("a pos_weight of 1 changes nothing") {
  const std::vector<float> x = {0, -120}, targets = {0, 1};  // pytorch#13773
  const std::vector<double> ones = {1, 1};
  ForEachTarget([&] {
    CHECK(LossOf<FromLogits>(x, targets, {})[0] == 60.34657359f);
    CHECK(LossOf<FromLogits>(x, targets, {.pos_weight = ones})[0] ==
          60.34657359f);
  });
}

TEST_CASE("probabilities next to 0 and 1 keep their losses") {
  const std::vector<float> probs = {.9999999f, .9999999f, 1e-7f};
  const std::vector<float> targets = {0, 1, 0};  // keras#15249
  ForEachTarget([&] {
    CHECK(LossOf<FromProbs>(probs, targets) ==
          std::vector<float>{15.942385f, 1.19209297e-07f, 1.00000006e-07f});
  });
}

TEST_CASE_TEMPLATE("a certain and wrong probability costs infinity", T, float,
                   double) {
  const std::vector<T> probs = {0, 1, 0, 1}, targets = {1, 0, 0, 1};
  ForEachTarget([&] {
    const T inf = kInf<T>;
    const auto loss = LossOf<FromProbs>(probs, targets);
    CHECK(loss == std::vector<T>{inf, inf, 0, 0});
    CHECK(!std::signbit(loss[2]));
    CHECK(!std::signbit(loss[3]));
    CHECK(GradientOf<FromProbs>(probs, targets) ==
          std::vector<T>{-inf, inf, 1, -1});  // keras#9664
  });
}

TEST_CASE_TEMPLATE("a mean over nothing is NaN, the sum 0", T, float, double) {
  ForEachTarget([&] {
    T loss = 1;
    const Rows<const T> none(nullptr, 0, 3);
    BinaryCrossEntropy(none, none, std::span<T>(&loss, 1));
    CHECK(std::isnan(loss));
    BinaryCrossEntropyFromProbs(none, none, std::span<T>(&loss, 1),
                                {.reduction = Reduction::kSum});
    CHECK(SameBits(loss, T(0)));
  });
}

}  // namespace
}  // namespace surprisal::testing
