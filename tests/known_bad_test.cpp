#include "known_bad.h"

#include <doctest/doctest.h>

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "kernel_testing.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy_oracle.h"
#include "surprisal/common/error.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"
#include "surprisal/entropy/entropy.h"
#include "surprisal/entropy/entropy_oracle.h"
#include "surprisal/expm1/expm1.h"
#include "surprisal/expm1/expm1_oracle.h"
#include "surprisal/kl_divergence/kl_divergence.h"
#include "surprisal/kl_divergence/kl_divergence_oracle.h"
#include "surprisal/log/log.h"
#include "surprisal/log/log_oracle.h"
#include "surprisal/log1p/log1p.h"
#include "surprisal/log1p/log1p_oracle.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/log_softmax/log_softmax_oracle.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"
#include "surprisal/log_sum_exp/log_sum_exp_oracle.h"
#include "surprisal/nll/nll.h"
#include "surprisal/nll/nll_oracle.h"
#include "surprisal/sigmoid/sigmoid.h"
#include "surprisal/sigmoid/sigmoid_oracle.h"
#include "surprisal/softmax/softmax.h"
#include "surprisal/softmax/softmax_oracle.h"
#include "surprisal/softplus/softplus.h"
#include "surprisal/softplus/softplus_oracle.h"

namespace surprisal::testing {
namespace {

using known_bad::Answer;
using known_bad::Kernel;
using known_bad::kIgnored;
using known_bad::Question;
using known_bad::Row;

constexpr float kInf = INFINITY;
constexpr float kNaN = NAN;

/// The rows of a question, one behind the other, as the kernels (float) and
/// the oracles (double) read them.
template <class T>
struct Flat {
  std::vector<T> data;
  size_t rows;
  size_t classes;

  explicit Flat(const std::vector<Row>& from)
      : rows(from.size()), classes(from.empty() ? 1 : from[0].size()) {
    for (const Row& row : from) data.insert(data.end(), row.begin(), row.end());
  }

  Rows<const T> View() const { return {data.data(), rows, classes}; }
};

/// What a quantity of the library has to say to a question: the kernel's answer
/// and the exact one.
using Truth = std::vector<Exact> (*)(const Question&);
struct Quantity {
  Kernel kernel;
  Truth truth;
};

/// The suite's judgement on one question. A kernel passes if each of its
/// results is right, the sign of a zero too; on a misuse, if it throws an
/// Error.
class Judge {
 public:
  Judge(const Quantity& quantity, const Question& question)
      : question_(question) {
    if (!question.misuse) exact_ = quantity.truth(question);
  }

  bool Accepts(Kernel kernel) const {
    if (question_.misuse) return Refuses(kernel);
    const Answer got = kernel(question_);
    REQUIRE(got.size() == exact_.size());
    for (size_t i = 0; i < got.size(); ++i) {
      if (!IsRight(got[i], exact_[i])) return false;
      if (got[i] == 0 && std::signbit(got[i]) != signbit(exact_[i]))
        return false;
    }
    return true;
  }

 private:
  bool Refuses(Kernel kernel) const {
    try {
      kernel(question_);
    } catch (const Error&) {
      return true;
    }
    return false;
  }

  Question question_;
  std::vector<Exact> exact_;
};

/// The one mechanism of this file. `hides` is a question that the wrong kernel
/// answers correctly to the last bit, which is how it came to be trusted;
/// `shows` is one where the same judge rejects it. The library's kernel passes
/// both.
void CheckCaught(Kernel wrong, const Quantity& quantity, const Question& hides,
                 const Question& shows) {
  const Judge lenient(quantity, hides), strict(quantity, shows);
  CHECK(lenient.Accepts(wrong));
  CHECK_FALSE(strict.Accepts(wrong));
  ForEachTarget([&] {
    CHECK(lenient.Accepts(quantity.kernel));
    CHECK(strict.Accepts(quantity.kernel));
  });
}

/// one oracle value for each row.
template <class Of>
std::vector<Exact> ExactRows(const Question& q, const Of& of) {
  std::vector<Exact> exact;
  for (const Row& row : q.rows) exact.push_back(of(Widen(row)));
  return exact;
}

/// one oracle value for each class of each row.
template <class Of>
std::vector<Exact> ExactClasses(const Question& q, const Of& of) {
  std::vector<Exact> exact;
  for (const Row& row : q.rows) {
    for (const Exact& x : of(Widen(row))) exact.push_back(x);
  }
  return exact;
}

template <class Of>
std::vector<Exact> ExactElements(const Question& q, const Of& of) {
  std::vector<Exact> exact;
  for (const Row& row : q.rows) {
    for (const float x : row) exact.push_back(of(x));
  }
  return exact;
}

template <class Run>
Answer RunElements(const Question& q, const Run& run) {
  const Flat<float> x(q.rows);
  Answer y(x.data.size());
  run(std::span(x.data), std::span(y));
  return y;
}

/// run(view of the rows, view of as many results).
template <class Run>
Answer RunClasses(const Question& q, const Run& run) {
  const Flat<float> x(q.rows);
  Answer y(x.data.size());
  run(x.View(), Rows<float>(y.data(), x.rows, x.classes));
  return y;
}

/// run(view of the rows, results of the given number).
template <class Run>
Answer RunScalars(const Question& q, size_t results, const Run& run) {
  const Flat<float> x(q.rows);
  Answer y(results);
  run(x.View(), std::span(y));
  return y;
}

const Quantity kSoftmax = {[](const Question& q) {
                             return RunClasses(q, [&](auto z, auto p) {
                               Softmax(z, p, {.temperature = q.temperature});
                             });
                           },
                           [](const Question& q) {
                             return ExactClasses(q, [&](const auto& z) {
                               return SoftmaxOracle(z, q.temperature);
                             });
                           }};

const Quantity kLogSoftmax = {
    [](const Question& q) {
      return RunClasses(q, [](auto z, auto y) { LogSoftmax(z, y); });
    },
    [](const Question& q) {
      return ExactClasses(q, [](const auto& z) { return LogSoftmaxOracle(z); });
    }};

const Quantity kLogSumExp = {
    [](const Question& q) {
      return RunScalars(q, q.rows.size(),
                        [](auto z, auto y) { LogSumExp(z, y); });
    },
    [](const Question& q) {
      return ExactRows(q, [](const auto& z) { return LogSumExpOracle(z); });
    }};

const Quantity kLogSumExpGradient = {
    [](const Question& q) {
      const std::vector<float> ones(q.rows.size(), 1.0f);
      return RunClasses(
          q, [&](auto z, auto d) { LogSumExpGradient(z, std::span(ones), d); });
    },
    [](const Question& q) {
      return ExactClasses(
          q, [](const auto& z) { return LogSumExpGradientOracle(z); });
    }};

const Quantity kNll = {
    [](const Question& q) {
      return RunScalars(q, 1, [&](auto log_probs, auto loss) {
        Nll(log_probs, std::span(q.labels), loss);
      });
    },
    [](const Question& q) {
      const Flat<double> log_probs(q.rows);
      return NllOracle(log_probs.View(), std::span(q.labels));
    }};

CrossEntropyOptions OptionsOf(const Question& q) {
  return {.reduction = q.reduction,
          .ignore_index = kIgnored,
          .class_weights = q.weights,
          .label_smoothing = q.smoothing};
}

const Quantity kCrossEntropy = {
    [](const Question& q) {
      return RunScalars(q, 1, [&](auto logits, auto loss) {
        CrossEntropy(logits, std::span(q.labels), loss, OptionsOf(q));
      });
    },
    [](const Question& q) {
      const Flat<double> logits(q.rows);
      return CrossEntropyOracle(logits.View(), std::span(q.labels),
                                OptionsOf(q));
    }};

const Quantity kCrossEntropyGradient = {
    [](const Question& q) {
      return RunClasses(q, [&](auto logits, auto d_logits) {
        CrossEntropyGradient(logits, std::span(q.labels), d_logits,
                             OptionsOf(q));
      });
    },
    [](const Question& q) {
      const Flat<double> logits(q.rows);
      return CrossEntropyGradientOracle(logits.View(), std::span(q.labels),
                                        OptionsOf(q));
    }};

/// The gradient for target distributions, in `others`.
const Quantity kTargetGradient = {
    [](const Question& q) {
      const Flat<float> targets(q.others);
      return RunClasses(q, [&](auto logits, auto d_logits) {
        CrossEntropyGradient(logits, targets.View(), d_logits, OptionsOf(q));
      });
    },
    [](const Question& q) {
      const Flat<double> logits(q.rows), targets(q.others);
      return CrossEntropyGradientOracle(logits.View(), targets.View(),
                                        OptionsOf(q));
    }};

const Quantity kBinaryCrossEntropy = {
    [](const Question& q) {
      const Flat<float> targets(q.others);
      return RunScalars(q, targets.data.size(), [&](auto logits, auto loss) {
        BinaryCrossEntropy(logits, targets.View(), loss,
                           {.reduction = Reduction::kNone});
      });
    },
    [](const Question& q) {
      const Flat<double> logits(q.rows), targets(q.others);
      return BinaryCrossEntropyOracle(logits.View(), targets.View(),
                                      {.reduction = Reduction::kNone});
    }};

const Quantity kEntropy = {
    [](const Question& q) {
      return RunScalars(q, q.rows.size(),
                        [](auto p, auto h) { Entropy(p, h); });
    },
    [](const Question& q) {
      return ExactRows(q, [](const auto& p) { return EntropyOracle(p); });
    }};

const Quantity kEntropyOfLogits = {
    [](const Question& q) {
      return RunScalars(q, q.rows.size(),
                        [](auto z, auto h) { EntropyOfLogits(z, h); });
    },
    [](const Question& q) {
      return ExactRows(q,
                       [](const auto& z) { return EntropyOfLogitsOracle(z); });
    }};

const Quantity kKlDivergence = {
    [](const Question& q) {
      const Flat<float> other(q.others);
      return RunScalars(q, q.rows.size(), [&](auto p, auto kl) {
        KlDivergence(p, other.View(), kl);
      });
    },
    [](const Question& q) {
      std::vector<Exact> exact;
      for (size_t r = 0; r < q.rows.size(); ++r) {
        exact.push_back(
            KlDivergenceOracle(Widen(q.rows[r]), Widen(q.others[r])));
      }
      return exact;
    }};

const Quantity kSoftplus = {
    [](const Question& q) {
      return RunElements(q, [](auto x, auto y) { Softplus(x, y); });
    },
    [](const Question& q) {
      return ExactElements(q, [](double x) { return SoftplusOracle(x); });
    }};

const Quantity kSigmoid = {
    [](const Question& q) {
      return RunElements(q, [](auto x, auto y) { Sigmoid(x, y); });
    },
    [](const Question& q) {
      return ExactElements(q, [](double x) { return SigmoidOracle(x); });
    }};

const Quantity kLog = {
    [](const Question& q) {
      return RunElements(q, [](auto x, auto y) { Log(x, y); });
    },
    [](const Question& q) {
      return ExactElements(q, [](double x) { return LogOracle(x); });
    }};

const Quantity kLog1p = {
    [](const Question& q) {
      return RunElements(q, [](auto x, auto y) { Log1p(x, y); });
    },
    [](const Question& q) {
      return ExactElements(q, [](double x) { return Log1pOracle(x); });
    }};

const Quantity kExpm1 = {
    [](const Question& q) {
      return RunElements(q, [](auto x, auto y) { Expm1(x, y); });
    },
    [](const Question& q) {
      return ExactElements(q, [](double x) { return Expm1Oracle(x); });
    }};

TEST_CASE("softmax: a temperature applied after the exponential") {
  CheckCaught(known_bad::TemperatureAfterExp, kSoftmax, {.rows = {{1, 2, 3}}},
              {.rows = {{1, 2, 3}}, .temperature = 2});
}

TEST_CASE("softmax: a row maximum seeded at -10000") {
  CheckCaught(known_bad::RowMaxSeededAtMinus10000, kSoftmax,
              {.rows = {{-9999, -9998}}}, {.rows = {{-20000, -20001}}});
}

TEST_CASE("softmax: a row maximum seeded at the smallest positive number") {
  CheckCaught(known_bad::RowMaxSeededAtFloatMin, kSoftmax,
              {.rows = {{-1, -2, -3}}}, {.rows = {{-1000, -1001}}});
}

TEST_CASE("softmax: no shift by the maximum, so that large logits overflow") {
  CheckCaught(known_bad::SoftmaxWithoutShift, kSoftmax, {.rows = {{1, 2, 3}}},
              {.rows = {{1000, 999, 998}}});
}

TEST_CASE("softmax: no shift by the maximum, so that low logits underflow") {
  CheckCaught(known_bad::SoftmaxWithoutShift, kSoftmax, {.rows = {{-1, -2}}},
              {.rows = {{-1000, -999}}});
}

TEST_CASE("softmax: a NaN logit swallowed as probability 0") {
  CheckCaught(known_bad::NaNSwallowed, kSoftmax, {.rows = {{1, 2, 3}}},
              {.rows = {{kNaN, 0, 1}}});
}

TEST_CASE("softmax: a fully masked row that becomes uniform") {
  CheckCaught(known_bad::MaskedRowMadeUniform, kSoftmax,
              {.rows = {{0, -kInf, 0}}}, {.rows = {{-kInf, -kInf, -kInf}}});
}

TEST_CASE("softmax: +inf that leaves a mixture of NaN and zeros") {
  CheckCaught(known_bad::InfinityMixed, kSoftmax, {.rows = {{1, 2}}},
              {.rows = {{kInf, 1, 2}}});
}

TEST_CASE("softmax: logit minus maximum rounded to float") {
  CheckCaught(known_bad::ShiftRoundedToFloat, kSoftmax, {.rows = {{1, 2, 3}}},
              {.rows = {{40.1f, -39.3f}}});
}

TEST_CASE("softmax: subnormal probabilities flushed to 0") {
  CheckCaught(known_bad::SubnormalsFlushed, kSoftmax, {.rows = {{90, 80}}},
              {.rows = {{90, 2, -2}}});  // dotnet/machinelearning#3648
}

TEST_CASE("softmax: the exponentials of 4096 classes added up in float") {
  Row logits(4096, -0.1f);
  logits[0] = 0;
  CheckCaught(known_bad::DenominatorInFloat, kSoftmax, {.rows = {{0, 0, 0}}},
              {.rows = {logits}});
}

TEST_CASE("softmax: an online sum that starts in a masked block") {
  CheckCaught(known_bad::OnlineFromMaskedBlock, kSoftmax,
              {.rows = {{1, 3, 2, -kInf}}}, {.rows = {{-kInf, -kInf, 10}}});
}

TEST_CASE("log-sum-exp: a tail lost beside 1") {
  CheckCaught(known_bad::TailLostBesideOne, kLogSumExp, {.rows = {{0, 0}}},
              {.rows = {{0, -40}}});
}

TEST_CASE("log-sum-exp: NaN beside an infinite logit") {
  CheckCaught(known_bad::TailLostBesideOne, kLogSumExp, {.rows = {{1, 1}}},
              {.rows = {{kInf, 0}}});  // bayesfam#33
}

TEST_CASE("log-sum-exp: float arithmetic near its zero") {
  const float minus_ln2 = -0.6931471805599453f;
  CheckCaught(known_bad::LogSumExpInFloat, kLogSumExp, {.rows = {{0, 0}}},
              {.rows = {{minus_ln2, minus_ln2}}});
}

TEST_CASE("log-sum-exp: the maximum never added back") {
  CheckCaught(known_bad::ShiftNotAddedBack, kLogSumExp, {.rows = {{0, 0}}},
              {.rows = {{5, 5}}});
}

TEST_CASE("gradient of log-sum-exp: NaN in a fully masked row") {
  CheckCaught(known_bad::GradientOfMaskedRow, kLogSumExpGradient,
              {.rows = {{1, 2}}}, {.rows = {{-kInf, -kInf}}});
}

TEST_CASE("gradient of log-sum-exp: a tie given to the first class alone") {
  CheckCaught(known_bad::TieGivenToTheFirst, kLogSumExpGradient,
              {.rows = {{1, 2}}}, {.rows = {{2, 2}}});
}

TEST_CASE("log-softmax: the logarithm of a probability rounded to 1") {
  CheckCaught(known_bad::LogOfSoftmax, kLogSoftmax, {.rows = {{0, 0}}},
              {.rows = {{16.942384719848633f, 0}}});
}

TEST_CASE("log-softmax: the logarithm of a probability rounded to 0") {
  CheckCaught(known_bad::LogOfSoftmax, kLogSoftmax, {.rows = {{0, 0}}},
              {.rows = {{0, -1000}}});
}

TEST_CASE("log-softmax: the log-sum-exp rounded before the subtraction") {
  CheckCaught(known_bad::LogSumExpRoundedFirst, kLogSoftmax, {.rows = {{0, 0}}},
              {.rows = {{1e8f, 1e8f}}});
}

TEST_CASE("log-softmax: -inf that outlives a NaN in its row") {
  CheckCaught(known_bad::MaskOutlivesNaN, kLogSoftmax,
              {.rows = {{1, 1, -kInf}}}, {.rows = {{kNaN, 0, -kInf}}});
}

TEST_CASE("cross-entropy: an infinite loss from an underflowed probability") {
  CheckCaught(known_bad::LogOfUnderflow, kCrossEntropy,
              {.rows = {{0, 0}}, .labels = {0}},
              {.rows = {{0, 200}}, .labels = {0}});
}

TEST_CASE("cross-entropy: a loss of -0") {
  CheckCaught(known_bad::LossOfMinusZero, kCrossEntropy,
              {.rows = {{0, 0}}, .labels = {0}},
              {.rows = {{0, -kInf}}, .labels = {0}});
}

TEST_CASE("cross-entropy: 105.36 nats from an underflowed probability") {
  CheckCaught(known_bad::HighwayLogOfUnderflow, kCrossEntropy,
              {.rows = {{0, 80}}, .labels = {0}},
              {.rows = {{0, 200}}, .labels = {0}});
}

TEST_CASE("cross-entropy: probabilities clipped to 1e-7") {
  CheckCaught(known_bad::ProbabilityClipped, kCrossEntropy,
              {.rows = {{0, 15}}, .labels = {0}},
              {.rows = {{0, 30}}, .labels = {0}});
}

TEST_CASE("cross-entropy: a loss clamped at 64") {
  CheckCaught(known_bad::LossClampedAt64, kCrossEntropy,
              {.rows = {{0, 50}}, .labels = {0}},
              {.rows = {{0, 100}}, .labels = {0}});
}

TEST_CASE("cross-entropy: a mean over ignored rows") {
  CheckCaught(known_bad::MeanOverIgnoredRows, kCrossEntropy,
              {.rows = {{1, 2}, {3, 1}}, .labels = {0, 1}},
              {.rows = {{1, 2}, {3, 1}}, .labels = {0, kIgnored}});
}

TEST_CASE("cross-entropy: weights missing from the mean's divisor") {
  const std::vector<Row> logits = {{.2f, .3f, .5f}, {.5f, .2f, .3f}};
  CheckCaught(known_bad::WeightsNotInTheDivisor, kCrossEntropy,
              {.rows = logits, .labels = {2, 1}, .weights = {1, 1, 1}},
              {.rows = logits, .labels = {2, 1}, .weights = {2, 4, 6}});
}

TEST_CASE("cross-entropy: a mean of the means of unequal batches") {
  const std::vector<Row> logits = {{1, 2}, {3, 1}, {0, 5}, {2, 2}};
  CheckCaught(known_bad::MeanOfMeans, kCrossEntropy,
              {.rows = logits, .labels = {0, 1, 0, 1}},
              {.rows = logits, .labels = {0, 1, 0, kIgnored}});
}

TEST_CASE("cross-entropy: label smoothing that counts ignored rows") {
  const std::vector<Row> logits = {{1, 2}, {3, .4f}};
  CheckCaught(known_bad::SmoothingOfIgnoredRows, kCrossEntropy,
              {.rows = logits, .labels = {0, 1}, .smoothing = .1},
              {.rows = logits, .labels = {kIgnored, 1}, .smoothing = .1});
}

TEST_CASE("cross-entropy: label smoothing shared by the other classes only") {
  CheckCaught(known_bad::SmoothingOfTheOthers, kCrossEntropy,
              {.rows = {{1, 2, 4}}, .labels = {0}},
              {.rows = {{1, 2, 4}}, .labels = {0}, .smoothing = .1});
}

TEST_CASE("cross-entropy: label -1 read as the last class") {
  CheckCaught(known_bad::LabelWraps, kCrossEntropy,
              {.rows = {{1, 2}, {3, 1}}, .labels = {1, kIgnored}},
              {.rows = {{1, 2, 3}}, .labels = {-1}, .misuse = true});
}

TEST_CASE("cross-entropy: a label beyond the classes moved to the last") {
  CheckCaught(known_bad::LabelClamped, kCrossEntropy,
              {.rows = {Row(10, 1.0f)}, .labels = {9}},
              {.rows = {Row(10, 1.0f)}, .labels = {12}, .misuse = true});
}

TEST_CASE("cross-entropy: a mean over nothing reported as 0") {
  CheckCaught(known_bad::MeanOverNothingIsZero, kCrossEntropy,
              {.rows = {{1, 2}}, .labels = {0}},
              {.rows = {{1, 2}}, .labels = {kIgnored}});
}

TEST_CASE("negative log-likelihood: 128256 losses added up in float") {
  const size_t rows = 128256;
  CheckCaught(known_bad::MeanSummedInFloat, kNll,
              {.rows = {{-2, -1}, {-4, -1}}, .labels = {0, 1}},
              {.rows = std::vector<Row>(rows, {-.1f, -2.3f}),
               .labels = std::vector<Label>(rows, 0)});
}

TEST_CASE("gradient of cross-entropy: p - 1 at the label") {
  CheckCaught(known_bad::ProbMinusOneAtTheLabel, kCrossEntropyGradient,
              {.rows = {{0, 0}}, .labels = {0}},
              {.rows = {{20, 0}}, .labels = {0}});
}

TEST_CASE("gradient of cross-entropy: the mean's divisor forgotten") {
  CheckCaught(known_bad::GradientWithoutTheMeansDivisor, kCrossEntropyGradient,
              {.rows = {{1, 2}}, .labels = {0}},
              {.rows = {{1, 2}, {3, 1}}, .labels = {0, 1}});
}

TEST_CASE("gradient of cross-entropy: ignored rows that still pull") {
  CheckCaught(known_bad::IgnoredRowsHaveGradients, kCrossEntropyGradient,
              {.rows = {{1, 2}, {3, 1}}, .labels = {0, 1}},
              {.rows = {{1, 2}, {3, 1}}, .labels = {0, kIgnored}});
}

TEST_CASE("gradient of cross-entropy: targets taken to sum to 1") {
  CheckCaught(known_bad::TargetsTakenToSumToOne, kTargetGradient,
              {.rows = {{1, 2}}, .others = {{0, 1}}},
              {.rows = {{1, 2}}, .others = {{0, 0}}});
}

TEST_CASE("binary cross-entropy: probabilities clipped to 1e-7") {
  CheckCaught(known_bad::BinaryFromClippedProbs, kBinaryCrossEntropy,
              {.rows = {{0, 2}}, .others = {{1, 0}}},
              {.rows = {{-40}}, .others = {{1}}});
}

TEST_CASE("binary cross-entropy: the logarithm of 1 - p with p rounded to 1") {
  CheckCaught(known_bad::BinaryFromRoundedProbs, kBinaryCrossEntropy,
              {.rows = {{0, 0}}, .others = {{1, 0}}},
              {.rows = {{20}}, .others = {{0}}});
}

TEST_CASE("binary cross-entropy: an infinite logit times a target of 0") {
  CheckCaught(known_bad::BinaryOfInfinity, kBinaryCrossEntropy,
              {.rows = {{-3, 3}}, .others = {{0, 1}}},
              {.rows = {{-kInf}}, .others = {{0}}});
}

TEST_CASE("binary cross-entropy: log1p in one of two branches") {
  CheckCaught(known_bad::BinaryWithOneGoodBranch, kBinaryCrossEntropy,
              {.rows = {{40}}, .others = {{1}}},
              {.rows = {{-40}}, .others = {{0}}});
}

TEST_CASE("softplus: the exponential overflows") {
  CheckCaught(known_bad::SoftplusOverflows, kSoftplus, {.rows = {{0, 80}}},
              {.rows = {{1000}}});
}

TEST_CASE("softplus: +inf far below its range") {
  CheckCaught(known_bad::SoftplusWraps, kSoftplus, {.rows = {{0, -80, 3}}},
              {.rows = {{-1e7f}}});
}

TEST_CASE("sigmoid: the exponential overflows") {
  CheckCaught(known_bad::SigmoidOverflows, kSigmoid, {.rows = {{0, 80, -80}}},
              {.rows = {{1000}}});
}

TEST_CASE("log: a finite logarithm of 0") {
  CheckCaught(known_bad::HighwayLog, kLog, {.rows = {{1, 2, 1e-42f}}},
              {.rows = {{0}}});
}

TEST_CASE("log: a finite logarithm of NaN and of +inf") {
  const Question hides = {.rows = {{.5f, 10}}};
  CheckCaught(known_bad::HighwayLog, kLog, hides, {.rows = {{kNaN}}});
  CheckCaught(known_bad::HighwayLog, kLog, hides, {.rows = {{kInf}}});
}

TEST_CASE("log1p: 1 + x rounded") {
  CheckCaught(known_bad::LogOfOnePlus, kLog1p, {.rows = {{0, 1, .5f}}},
              {.rows = {{1e-10f}}});
}

TEST_CASE("expm1: 1 taken from a rounded exponential") {
  CheckCaught(known_bad::ExpMinusOne, kExpm1, {.rows = {{0, -30}}},
              {.rows = {{1e-10f}}});
}

TEST_CASE("entropy: 0 ln 0 as NaN") {
  CheckCaught(known_bad::EntropyOfZero, kEntropy, {.rows = {{.25f, .75f}}},
              {.rows = {{.25f, 0, .75f}}});
}

TEST_CASE("entropy: bits in place of nats") {
  CheckCaught(known_bad::EntropyInBits, kEntropy, {.rows = {{0, 1}}},
              {.rows = {{.5f, .5f}}});
}

TEST_CASE("entropy: an epsilon added inside the logarithm") {
  CheckCaught(known_bad::EpsilonInsideTheLog, kEntropy, {.rows = {{.5f, .5f}}},
              {.rows = {{1e-10f}}});
}

TEST_CASE("entropy of logits: NaN at a masked class") {
  CheckCaught(known_bad::EntropyOfMaskedLogits, kEntropyOfLogits,
              {.rows = {{0, 0}}}, {.rows = {{0, 0, -kInf}}});
}

TEST_CASE("KL divergence: 0 ln(0 / 0) as NaN") {
  CheckCaught(known_bad::KlOfZero, kKlDivergence,
              {.rows = {{.5f, .5f}}, .others = {{.25f, .75f}}},
              {.rows = {{.5f, .5f, 0}}, .others = {{.5f, .5f, 0}}});
}

TEST_CASE("KL divergence: swapped arguments, unseen where both ways agree") {
  CheckCaught(known_bad::KlSwapped, kKlDivergence,
              {.rows = {{.25f, .75f}}, .others = {{.75f, .25f}}},
              {.rows = {{.25f, .75f}}, .others = {{.5f, .5f}}});
}

TEST_CASE("KL divergence: the wrong sign, unseen where both are equal") {
  CheckCaught(known_bad::KlNegated, kKlDivergence,
              {.rows = {{.25f, .75f}}, .others = {{.25f, .75f}}},
              {.rows = {{.25f, .75f}}, .others = {{.5f, .5f}}});
}

TEST_CASE("KL divergence: a finite distance to what q calls impossible") {
  CheckCaught(known_bad::KlOfImpossible, kKlDivergence,
              {.rows = {{.5f, .5f, 0}}, .others = {{.25f, .75f, 0}}},
              {.rows = {{.3f, .3f, .4f}}, .others = {{.5f, .5f, 0}}});
}

TEST_CASE("a shift rounded to float costs more than 30 ulp") {
  const Question q = {.rows = {{40.1f, -39.3f}}};
  const Answer got = known_bad::ShiftRoundedToFloat(q);
  CHECK(UlpError(got[1], kSoftmax.truth(q)[1]) > 30);
}

TEST_CASE("an absolute tolerance of 1e-4 accepts zeros for 50257 classes") {
  const Row logits(50257, 1.0f);
  const Answer want = Softmax(logits), zeros(logits.size(), 0.0f);
  CHECK(known_bad::WithinTolerance(zeros, want, 1e-4f));
  const Exact exact = Exact(1) / logits.size();
  CHECK_FALSE(IsRight(zeros[0], exact));
  CHECK(IsRight(want[0], exact));
}

TEST_CASE("a tolerance asked the wrong way round accepts NaN") {
  CHECK(known_bad::WithinTolerance({kNaN}, {0.5f}, 1e-4f));
  CHECK_FALSE(IsRight(kNaN, Exact(0.5)));
}

TEST_CASE("that a row sums to 1 does not notice a lost temperature") {
  const Question q = {.rows = {{1, 2, 3}}, .temperature = 2};
  CHECK(known_bad::SumsToOne(known_bad::TemperatureAfterExp(q)));
  CHECK_FALSE(Judge(kSoftmax, q).Accepts(known_bad::TemperatureAfterExp));
}

TEST_CASE("that the arg max is kept does not notice a hardmax") {
  const Row logits = {1, 3, 2};
  const Answer hardmax = {0, 1, 0};
  CHECK(known_bad::KeepsTheArgMax(hardmax, logits));
  CHECK(known_bad::SumsToOne(hardmax));
  const auto exact = SoftmaxOracle(Widen(logits));
  for (size_t c = 0; c < 3; ++c) CHECK_FALSE(IsRight(hardmax[c], exact[c]));
}

}  // namespace
}  // namespace surprisal::testing
