// Doubles of all sizes, side by side in one row: numbers of any exponent, where an
// oracle needs thousands of digits. It judges some trials, the last resort all.

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "kernel_testing.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy_oracle.h"
#include "surprisal/common/certain.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"
#include "surprisal/entropy/entropy.h"
#include "surprisal/entropy/entropy_oracle.h"
#include "surprisal/kl_divergence/kl_divergence.h"
#include "surprisal/kl_divergence/kl_divergence_oracle.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/log_softmax/log_softmax_oracle.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"
#include "surprisal/log_sum_exp/log_sum_exp_oracle.h"
#include "surprisal/nll/nll.h"
#include "surprisal/nll/nll_oracle.h"
#include "surprisal/softmax/softmax.h"
#include "surprisal/softmax/softmax_oracle.h"
#include "trial_inputs.h"

namespace surprisal::testing {
namespace {

constexpr ElementType kDouble = ElementType::kFloat64;
constexpr double kInf = std::numeric_limits<double>::infinity();

using Row = std::vector<double>;

/// 2^k (1 to 2), each k from `low` up to `high` alike.
double OfSize(Random& random, int low, int high) {
  const auto range = static_cast<size_t>(high - low);
  return std::ldexp(random.Uniform(1, 2),
                    low + static_cast<int>(random.Below(range)));
}

double Positive(Random& random) {
  switch (random.Below(6)) {
    case 0:
      return 0;
    case 1:
      return 1;
    case 2:
      return random.Uniform(0, 1000);
    default:
      return OfSize(random, -1074, 1023);
  }
}

double Signed(Random& random) {
  const double x = Positive(random);
  return random.Below(2) == 0 ? x : -x;
}

double Logit(Random& random) {
  switch (random.Below(6)) {
    case 0:
      return -kInf;
    case 1:
      return Signed(random);
    case 2:
      return random.Uniform(-3, 3);
    default:
      return random.Uniform(-1000, 1000);
  }
}

double Probability(Random& random) {
  const double p = OfSize(random, random.Below(2) == 0 ? -1074 : -3, 0);
  return random.Below(4) == 0 ? 1 - p : random.Below(6) == 0 ? 0 : p;
}

/// `count` of draw(random), some of them the same as one before.
template <class Draw>
Row Many(Random& random, size_t count, const Draw& draw) {
  Row row;
  for (size_t i = 0; i < count; ++i) {
    const bool again = i > 0 && random.Below(4) == 0;
    row.push_back(again ? row[random.Below(i)] : draw(random));
  }
  return row;
}

/// A maximum that is next to nothing, as is what the others add to it.
double FarBelow(Random& random) { return random.Uniform(-760, -680); }
Row LogitsNearNothing(Random& random, size_t classes) {
  Row row = Many(random, classes, FarBelow);
  row[random.Below(classes)] = OfSize(random, -1074, -900);
  return row;
}

/// Logits that have a softmax.
Row Logits(Random& random, size_t classes) {
  if (random.Below(8) == 0) return LogitsNearNothing(random, classes);
  Row row = Many(random, classes, Logit);
  if (std::ranges::count(row, -kInf) == std::ssize(row)) row[0] = 0;
  return row;
}

/// Digits enough for sums of products of doubles of all sizes.
using Long =
    boost::multiprecision::number<boost::multiprecision::cpp_bin_float<1400>>;

/// The end of the range of numbers that are rounded to `x`, towards `beyond`.
Long HalfWay(double x, double beyond) {
  const double next = std::nextafter(x, beyond);
  const Long to = std::isinf(next) ? Long(ldexp(Long(next > 0 ? 1 : -1), 1024))
                                   : Long(next);
  return (Long(x) + to) / 2;
}

/// Whether `got` is the double nearest to `exact`, on ties the even one: asked of
/// the middles to its neighbours, not of a rounding.
bool IsNearest(double got, const Long& exact) {
  if (isnan(exact) || isinf(exact)) {
    return std::isnan(got) ? isnan(exact) : Long(got) == exact;
  }
  if (std::isnan(got)) return false;
  const double finite = std::clamp(got, -std::numeric_limits<double>::max(),
                                   std::numeric_limits<double>::max());
  const Long low = HalfWay(finite, -kInf), high = HalfWay(finite, kInf);
  if (std::isinf(got)) return got > 0 ? exact >= high : exact <= low;
  const bool even = std::bit_cast<uint64_t>(got) % 2 == 0;
  return even ? low <= exact && exact <= high : low < exact && exact < high;
}

/// The same bits, but that zeros may differ in sign.
void CheckSame(double got, double want) {
  CAPTURE(Shown(got));
  CAPTURE(Shown(want));
  const bool same = got == want || (std::isnan(got) && std::isnan(want));
  CHECK(same);
}

/// Checks results against the last resort, and some against an oracle as well.
class Judge {
 public:
  explicit Judge(bool by_oracle) : by_oracle_(by_oracle) {}

  /// got[c] against want(c), and against the elements of oracle().
  template <class Want, class Oracle>
  void operator()(const Row& got, const Want& want,
                  const Oracle& oracle) const {
    for (size_t c = 0; c < got.size(); ++c) {
      CAPTURE(c);
      CheckSame(got[c], want(c));
    }
    if (!by_oracle_) return;
    const std::vector<Long> exact = oracle();
    REQUIRE(exact.size() == got.size());
    for (size_t c = 0; c < got.size(); ++c) {
      CAPTURE(c);
      CAPTURE(Shown(got[c]));
      CHECK(IsNearest(got[c], exact[c]));
    }
  }

 private:
  bool by_oracle_;
};

/// One number as a row.
std::vector<Long> Alone(const Long& x) { return {x}; }

/// Every target runs kTrials; on the first one the oracle judges one in so many.
constexpr size_t kTrials = 1500, kJudged = 30;

/// Runs body(random, judge) so many times on every target.
template <class Body>
void Try(uint64_t seed, const Body& body) {
  bool first = true;
  ForEachTarget([&] {
    Random random(seed);
    for (size_t trial = 0; trial < kTrials; ++trial) {
      CAPTURE(trial);
      body(random, Judge(first && trial % kJudged == 0));
    }
    first = false;
  });
}

TEST_CASE("functions of logits of all sizes are decided") {
  Try(1, [](Random& random, const Judge& judge) {
    const size_t classes = 1 + random.Below(6);
    const Row x = Logits(random, classes);
    Row y(classes), scalar(1);
    const double temperature =
        random.Below(2) == 0 ? 1 : OfSize(random, -1000, 1000);
    const SoftmaxOptions options = {.temperature = temperature};
    Softmax(x, y, options);
    judge(
        y,
        [&](size_t c) { return certain::Softmax(kDouble, x, temperature, c); },
        [&] { return SoftmaxOracle<Long>(x, temperature); });
    LogSoftmax(x, y, options);
    judge(
        y,
        [&](size_t c) {
          return x[c] == -kInf
                     ? x[c]
                     : certain::LogSoftmax(kDouble, x, temperature, c);
        },
        [&] { return LogSoftmaxOracle<Long>(x, temperature); });
    LogSumExp(x, scalar);
    judge(
        scalar, [&](size_t) { return certain::LogSumExp(kDouble, x); },
        [&] { return Alone(LogSumExpOracle<Long>(x)); });
    EntropyOfLogits(x, scalar);
    judge(
        scalar, [&](size_t) { return certain::EntropyOfLogits(kDouble, x); },
        [&] { return Alone(EntropyOfLogitsOracle<Long>(x)); });
  });
}

TEST_CASE("gradients of logits of all sizes are decided") {
  Try(2, [](Random& random, const Judge& judge) {
    const size_t classes = 1 + random.Below(6);
    const Row x = Logits(random, classes), g = Many(random, classes, Signed);
    Row d(classes);
    const double temperature =
        random.Below(2) == 0 ? 1 : OfSize(random, -1000, 1000);
    const SoftmaxOptions options = {.temperature = temperature};
    const auto is_masked = [&](size_t c) { return x[c] == -kInf; };
    SoftmaxVjp(x, g, d, options);
    judge(
        d,
        [&](size_t c) {
          return certain::SoftmaxVjp(kDouble, x, g, temperature, c);
        },
        [&] { return SoftmaxVjpOracle<Long>(x, g, temperature); });
    LogSoftmaxVjp(x, g, d, options);
    judge(
        d,
        [&](size_t c) {
          return certain::LogSoftmaxVjp(kDouble, x, g, temperature, c);
        },
        [&] { return LogSoftmaxVjpOracle<Long>(x, g, temperature); });
    const Row upstream = {g[0]};
    LogSumExpGradient(x, upstream, d);
    judge(
        d,
        [&](size_t c) {
          return is_masked(c) ? 0
                              : certain::LogSumExpGradient(kDouble, x, g[0], c);
        },
        [&] { return LogSumExpGradientOracle<Long>(x, g[0]); });
    EntropyOfLogitsGradient(x, upstream, d);
    judge(
        d,
        [&](size_t c) {
          return certain::EntropyOfLogitsGradient(kDouble, x, g[0], c);
        },
        [&] { return EntropyOfLogitsGradientOracle<Long>(x, g[0]); });
  });
}

/// A batch that losses are taken of.
struct Batch {
  size_t rows, classes;
  Row inputs;
  Row targets;
  std::vector<Label> labels;
  Row weights;  ///< or none
  Reduction reduction;

  Rows<const double> PlainInputs() const {
    return {inputs.data(), rows, classes};
  }
  Rows<const double> PlainTargets() const {
    return {targets.data(), rows, classes};
  }
  InRows Inputs() const { return PlainInputs(); }
  InRows Targets() const { return PlainTargets(); }
  size_t Losses() const { return reduction == Reduction::kNone ? rows : 1; }
};

template <class Draw>
Batch RandomBatch(Random& random, const Draw& draw) {
  Batch batch;
  batch.rows = 1 + random.Below(3);
  batch.classes = 1 + random.Below(5);
  batch.targets = Many(random, batch.rows * batch.classes, Positive);
  for (size_t r = 0; r < batch.rows; ++r) {
    const Row row = draw(random, batch.classes);
    batch.inputs.insert(batch.inputs.end(), row.begin(), row.end());
    batch.labels.push_back(static_cast<Label>(random.Below(batch.classes)));
  }
  // One weight at least, or a mean might be over nothing
  if (random.Below(2) == 0) {
    batch.weights = Many(random, batch.classes, Positive);
    double& weight = batch.weights[static_cast<size_t>(batch.labels[0])];
    if (weight == 0) weight = OfSize(random, -1074, 1023);
  }
  static constexpr Reduction kReductions[] = {
      Reduction::kNone, Reduction::kMean, Reduction::kSum};
  batch.reduction = kReductions[random.Below(3)];
  return batch;
}

/// Checks a batch's losses and gradient against `args` and their oracles. Infinite
/// losses are decided before any rounding, and the last resort is not asked:
/// 100 digits tell them.
template <class Case, class LossOracle, class GradientOracle>
void CheckBatch(const Judge& judge, const Batch& batch, const Row& losses,
                const Row& d, const Case& args, const LossOracle& loss_oracle,
                const GradientOracle& gradient_oracle) {
  judge(
      losses,
      [&](size_t r) {
        if (std::isinf(losses[r])) {
          return RoundTo<double>(loss_oracle(Exact())[r]);
        }
        return batch.reduction == Reduction::kNone
                   ? certain::RowLoss(kDouble, args, r)
                   : certain::ReducedLoss(kDouble, args);
      },
      [&] { return loss_oracle(Long()); });
  judge(
      d,
      [&](size_t i) {
        return certain::LossGradient(kDouble, args, i / batch.classes,
                                     i % batch.classes);
      },
      gradient_oracle);
}

TEST_CASE("cross-entropies with weights of all sizes are decided") {
  Try(3, [](Random& random, const Judge& judge) {
    const Batch batch = RandomBatch(random, Logits);
    CrossEntropyOptions options = {.reduction = batch.reduction,
                                   .class_weights = batch.weights};
    if (random.Below(2) == 0) options.label_smoothing = Probability(random);
    Row loss(batch.Losses()), d(batch.inputs.size());
    const Rows<double> gradient(d.data(), batch.rows, batch.classes);
    const Rows<const double> plain = batch.PlainInputs();
    certain::CrossEntropyCase args = {
        .logits = batch.Inputs(),
        .labels = batch.labels,
        .class_weights = batch.weights,
        .label_smoothing = options.label_smoothing,
        .reduction = batch.reduction};
    CrossEntropyWithGradient(batch.Inputs(), batch.labels, loss, gradient,
                             options);
    const auto check = [&](const auto& labels_or_targets) {
      CheckBatch(
          judge, batch, loss, d, args,
          [&]<class N>(const N&) {
            return CrossEntropyOracle<N>(plain, labels_or_targets, options);
          },
          [&] {
            return CrossEntropyGradientOracle<Long>(plain, labels_or_targets,
                                                    options);
          });
    };
    check(std::span<const Label>(batch.labels));
    args.labels = {};
    args.targets = batch.Targets();
    CrossEntropyWithGradient(batch.Inputs(), batch.Targets(), loss, gradient,
                             options);
    check(batch.PlainTargets());
  });
}

TEST_CASE("negative log-likelihoods with weights of all sizes are decided") {
  Try(4, [](Random& random, const Judge& judge) {
    const Batch batch = RandomBatch(random, [](Random& r, size_t classes) {
      Row row = Many(r, classes, Positive);
      for (double& x : row) x = -x;
      return row;
    });
    const NllOptions options = {.reduction = batch.reduction,
                                .class_weights = batch.weights};
    Row loss(batch.Losses()), d(batch.inputs.size());
    Nll(batch.Inputs(), batch.labels, loss, options);
    NllGradient(batch.Inputs(), batch.labels,
                Rows<double>(d.data(), batch.rows, batch.classes), options);
    CheckBatch(
        judge, batch, loss, d,
        certain::NllCase{.log_probs = batch.Inputs(),
                         .labels = batch.labels,
                         .class_weights = batch.weights,
                         .reduction = batch.reduction},
        [&]<class N>(const N&) {
          return NllOracle<N>(batch.PlainInputs(), batch.labels, options);
        },
        [&] {
          return NllGradientOracle<Long>(batch.PlainInputs(), batch.labels,
                                         options);
        });
  });
}

TEST_CASE("functions of probabilities of all sizes are decided") {
  Try(5, [](Random& random, const Judge& judge) {
    const size_t classes = 1 + random.Below(6);
    const Row p = Many(random, classes, Probability);
    Row q = Many(random, classes, Probability);
    for (double& x : q) x = x == 0 ? OfSize(random, -1074, 0) : x;
    Row y(1);
    Entropy(p, y);
    judge(
        y, [&](size_t) { return certain::Entropy(kDouble, p); },
        [&] { return Alone(EntropyOracle<Long>(p)); });
    CrossEntropyFromProbs(p, q, y);
    judge(
        y,
        [&](size_t) { return certain::CrossEntropyFromProbs(kDouble, p, q); },
        [&] { return Alone(CrossEntropyFromProbsOracle<Long>(p, q)); });
    KlDivergence(p, q, y);
    judge(
        y, [&](size_t) { return certain::KlDivergence(kDouble, p, q); },
        [&] { return Alone(KlDivergenceOracle<Long>(p, q)); });
  });
}

TEST_CASE("binary cross-entropies with weights of all sizes are decided") {
  Try(6, [](Random& random, const Judge& judge) {
    const bool from_probs = random.Below(2) == 0;
    Batch batch = RandomBatch(random, [&](Random& r, size_t classes) {
      return from_probs ? Many(r, classes,
                               [](Random& some) {
                                 return std::clamp(Probability(some), 0x1p-1074,
                                                   1 - 0x1p-53);
                               })
                        : Many(r, classes, [](Random& some) {
                            return some.Below(2) == 0
                                       ? some.Uniform(-1000, 1000)
                                       : Signed(some);
                          });
    });
    for (double& t : batch.targets) t = Probability(random);
    const BinaryCrossEntropyOptions options = {.reduction = batch.reduction,
                                               .pos_weight = batch.weights};
    Row loss(batch.reduction == Reduction::kNone ? batch.inputs.size() : 1);
    Row d(batch.inputs.size());
    const Rows<double> gradient(d.data(), batch.rows, batch.classes);
    const certain::BinaryCrossEntropyCase args = {.inputs = batch.Inputs(),
                                                  .targets = batch.Targets(),
                                                  .from_probs = from_probs,
                                                  .pos_weight = batch.weights,
                                                  .reduction = batch.reduction};
    if (from_probs) {
      BinaryCrossEntropyFromProbs(batch.Inputs(), batch.Targets(), loss,
                                  options);
      BinaryCrossEntropyFromProbsGradient(batch.Inputs(), batch.Targets(),
                                          gradient, options);
    } else {
      BinaryCrossEntropy(batch.Inputs(), batch.Targets(), loss, options);
      BinaryCrossEntropyGradient(batch.Inputs(), batch.Targets(), gradient,
                                 options);
    }
    const Rows<const double> x = batch.PlainInputs(), t = batch.PlainTargets();
    judge(
        loss,
        [&](size_t i) {
          return batch.reduction == Reduction::kNone
                     ? certain::ElementLoss(kDouble, args, i / batch.classes,
                                            i % batch.classes)
                     : certain::ReducedLoss(kDouble, args);
        },
        [&] {
          return from_probs
                     ? BinaryCrossEntropyFromProbsOracle<Long>(x, t, options)
                     : BinaryCrossEntropyOracle<Long>(x, t, options);
        });
    judge(
        d,
        [&](size_t i) {
          return certain::LossGradient(kDouble, args, i / batch.classes,
                                       i % batch.classes);
        },
        [&] {
          return from_probs
                     ? BinaryCrossEntropyFromProbsGradientOracle<Long>(x, t,
                                                                       options)
                     : BinaryCrossEntropyGradientOracle<Long>(x, t, options);
        });
  });
}

}  // namespace
}  // namespace surprisal::testing
