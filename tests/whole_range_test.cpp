// Doubles of all sizes, side by side in one row, against the last resort: numbers
// of any exponent, where the other tests' oracles would need thousands of digits.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "kernel_testing.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"
#include "surprisal/common/certain.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/entropy/entropy.h"
#include "surprisal/kl_divergence/kl_divergence.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"
#include "surprisal/nll/nll.h"
#include "surprisal/softmax/softmax.h"
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

/// Logits that have a softmax.
Row Logits(Random& random, size_t classes) {
  Row row = Many(random, classes, Logit);
  if (std::ranges::count(row, -kInf) == std::ssize(row)) row[0] = 0;
  return row;
}

/// The same bits, but that zeros may differ in sign.
void CheckSame(double got, double want) {
  CAPTURE(Shown(got));
  CAPTURE(Shown(want));
  const bool same = got == want || (std::isnan(got) && std::isnan(want));
  CHECK(same);
}

/// Checks got[c] against want(c).
template <class Want>
void CheckRow(const Row& got, const Want& want) {
  for (size_t c = 0; c < got.size(); ++c) {
    CAPTURE(c);
    CheckSame(got[c], want(c));
  }
}

constexpr size_t kTrials = 1500;

/// Runs body(random) so many times on every target.
template <class Body>
void Try(uint64_t seed, const Body& body) {
  ForEachTarget([&] {
    Random random(seed);
    for (size_t trial = 0; trial < kTrials; ++trial) {
      CAPTURE(trial);
      body(random);
    }
  });
}

TEST_CASE("functions of logits of all sizes are decided") {
  Try(1, [](Random& random) {
    const size_t classes = 1 + random.Below(6);
    const Row x = Logits(random, classes);
    Row y(classes), scalar(1);
    const double temperature =
        random.Below(2) == 0 ? 1 : OfSize(random, -1000, 1000);
    const SoftmaxOptions options = {.temperature = temperature};
    Softmax(x, y, options);
    CheckRow(y, [&](size_t c) {
      return certain::Softmax(kDouble, x, temperature, c);
    });
    LogSoftmax(x, y, options);
    CheckRow(y, [&](size_t c) {
      return x[c] == -kInf ? x[c]
                           : certain::LogSoftmax(kDouble, x, temperature, c);
    });
    LogSumExp(x, scalar);
    CheckSame(scalar[0], certain::LogSumExp(kDouble, x));
    EntropyOfLogits(x, scalar);
    CheckSame(scalar[0], certain::EntropyOfLogits(kDouble, x));
  });
}

TEST_CASE("gradients of logits of all sizes are decided") {
  Try(2, [](Random& random) {
    const size_t classes = 1 + random.Below(6);
    const Row x = Logits(random, classes), g = Many(random, classes, Signed);
    Row d(classes);
    const double temperature =
        random.Below(2) == 0 ? 1 : OfSize(random, -1000, 1000);
    const SoftmaxOptions options = {.temperature = temperature};
    const auto is_masked = [&](size_t c) { return x[c] == -kInf; };
    SoftmaxVjp(x, g, d, options);
    CheckRow(d, [&](size_t c) {
      return certain::SoftmaxVjp(kDouble, x, g, temperature, c);
    });
    LogSoftmaxVjp(x, g, d, options);
    CheckRow(d, [&](size_t c) {
      return certain::LogSoftmaxVjp(kDouble, x, g, temperature, c);
    });
    const Row upstream = {g[0]};
    LogSumExpGradient(x, upstream, d);
    CheckRow(d, [&](size_t c) {
      return is_masked(c) ? 0 : certain::LogSumExpGradient(kDouble, x, g[0], c);
    });
    EntropyOfLogitsGradient(x, upstream, d);
    CheckRow(d, [&](size_t c) {
      return certain::EntropyOfLogitsGradient(kDouble, x, g[0], c);
    });
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

  InRows Inputs() const {
    return Rows<const double>(inputs.data(), rows, classes);
  }
  InRows Targets() const {
    return Rows<const double>(targets.data(), rows, classes);
  }
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

/// Checks a batch's losses and gradient against `args`; infinite losses are
/// decided before any rounding.
template <class Case>
void CheckBatch(const Batch& batch, const Row& losses, const Row& d,
                const Case& args) {
  for (size_t r = 0; r < losses.size(); ++r) {
    CAPTURE(r);
    if (std::ranges::count(batch.inputs, -kInf) > 0) break;
    CheckSame(losses[r], batch.reduction == Reduction::kNone
                             ? certain::RowLoss(kDouble, args, r)
                             : certain::ReducedLoss(kDouble, args));
  }
  CheckRow(d, [&](size_t i) {
    return certain::LossGradient(kDouble, args, i / batch.classes,
                                 i % batch.classes);
  });
}

TEST_CASE("cross-entropies with weights of all sizes are decided") {
  Try(3, [](Random& random) {
    const Batch batch = RandomBatch(random, Logits);
    CrossEntropyOptions options = {.reduction = batch.reduction,
                                   .class_weights = batch.weights};
    if (random.Below(2) == 0) options.label_smoothing = Probability(random);
    Row loss(batch.Losses()), d(batch.inputs.size());
    const Rows<double> gradient(d.data(), batch.rows, batch.classes);
    certain::CrossEntropyCase args = {
        .logits = batch.Inputs(),
        .labels = batch.labels,
        .class_weights = batch.weights,
        .label_smoothing = options.label_smoothing,
        .reduction = batch.reduction};
    CrossEntropyWithGradient(batch.Inputs(), batch.labels, loss, gradient,
                             options);
    CheckBatch(batch, loss, d, args);
    args.labels = {};
    args.targets = batch.Targets();
    CrossEntropyWithGradient(batch.Inputs(), batch.Targets(), loss, gradient,
                             options);
    CheckBatch(batch, loss, d, args);
  });
}

TEST_CASE("negative log-likelihoods with weights of all sizes are decided") {
  Try(4, [](Random& random) {
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
    CheckBatch(batch, loss, d,
               certain::NllCase{.log_probs = batch.Inputs(),
                                .labels = batch.labels,
                                .class_weights = batch.weights,
                                .reduction = batch.reduction});
  });
}

TEST_CASE("functions of probabilities of all sizes are decided") {
  Try(5, [](Random& random) {
    const size_t classes = 1 + random.Below(6);
    const Row p = Many(random, classes, Probability);
    Row q = Many(random, classes, Probability);
    for (double& x : q) x = x == 0 ? OfSize(random, -1074, 0) : x;
    Row y(1);
    Entropy(p, y);
    CheckSame(y[0], certain::Entropy(kDouble, p));
    CrossEntropyFromProbs(p, q, y);
    CheckSame(y[0], certain::CrossEntropyFromProbs(kDouble, p, q));
    KlDivergence(p, q, y);
    CheckSame(y[0], certain::KlDivergence(kDouble, p, q));
  });
}

TEST_CASE("binary cross-entropies with weights of all sizes are decided") {
  Try(6, [](Random& random) {
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
    CheckRow(loss, [&](size_t i) {
      return batch.reduction == Reduction::kNone
                 ? certain::ElementLoss(kDouble, args, i / batch.classes,
                                        i % batch.classes)
                 : certain::ReducedLoss(kDouble, args);
    });
    CheckRow(d, [&](size_t i) {
      return certain::LossGradient(kDouble, args, i / batch.classes,
                                   i % batch.classes);
    });
  });
}

}  // namespace
}  // namespace surprisal::testing
