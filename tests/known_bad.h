#ifndef SURPRISAL_TESTS_KNOWN_BAD_H_
#define SURPRISAL_TESTS_KNOWN_BAD_H_

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

#include "surprisal/common/rows.h"

/// \file
/// A zoo of wrong kernels, each with the fault of a program that people rely
/// on or of a textbook, and with nothing else wrong: they take floats, compute
/// in double and round once, unless float arithmetic is the fault. The comment
/// above each says where it was found.

namespace surprisal::known_bad {

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// What a kernel is asked: a batch of equally long rows and its options. Each
/// quantity reads the fields it knows.
struct Question {
  std::vector<std::vector<float>> rows = {};    ///< logits, probs, arguments
  std::vector<std::vector<float>> others = {};  ///< targets, or q of (p, q)
  std::vector<Label> labels = {};
  std::vector<double> weights = {};
  double smoothing = 0;
  double temperature = 1;
  Reduction reduction = Reduction::kMean;
  bool misuse = false;  ///< the only right answer is an Error
};

using Row = std::vector<float>;
using Answer = std::vector<float>;
using Kernel = Answer (*)(const Question&);

inline constexpr Label kIgnored = -100;

// What the wrong kernels are made of.

inline double Max(const Row& row) {
  return *std::max_element(row.begin(), row.end());
}

/// e^(z - shift) for every logit z.
inline std::vector<double> Exponentials(const Row& row, double shift) {
  std::vector<double> e;
  for (const float z : row) e.push_back(std::exp(z - shift));
  return e;
}

inline double Sum(const std::vector<double>& x) {
  return std::accumulate(x.begin(), x.end(), 0.0);
}

/// Softmax with the given shift, where the maximum belongs.
inline std::vector<double> SoftmaxShifted(const Row& row, double shift) {
  std::vector<double> p = Exponentials(row, shift);
  const double sum = Sum(p);
  for (double& x : p) x /= sum;
  return p;
}

inline std::vector<double> Softmax(const Row& row) {
  return SoftmaxShifted(row, Max(row));
}

inline double LogSumExp(const Row& row) {
  return Max(row) + std::log(Sum(Exponentials(row, Max(row))));
}

/// of(row) of every row, one behind the other.
template <class Of>
Answer EachRow(const Question& q, const Of& of) {
  Answer answer;
  for (const Row& row : q.rows) {
    for (const double x : of(row)) answer.push_back(static_cast<float>(x));
  }
  return answer;
}

/// of(x) of every element.
template <class Of>
Answer EachElement(const Question& q, const Of& of) {
  return EachRow(q, [&](const Row& row) {
    std::vector<double> y;
    for (const float x : row) y.push_back(of(static_cast<double>(x)));
    return y;
  });
}

/// of(x, t) of every element and its partner in `others`.
template <class Of>
Answer EachPair(const Question& q, const Of& of) {
  Answer answer;
  for (size_t r = 0; r < q.rows.size(); ++r) {
    for (size_t c = 0; c < q.rows[r].size(); ++c) {
      const double x = q.rows[r][c], t = q.others[r][c];
      answer.push_back(static_cast<float>(of(x, t)));
    }
  }
  return answer;
}

/// The sum of term(p, q) over the classes, for every pair of rows.
template <class Of>
Answer EachSum(const Question& q, const Of& term) {
  Answer answer;
  for (size_t r = 0; r < q.rows.size(); ++r) {
    double sum = 0;
    for (size_t c = 0; c < q.rows[r].size(); ++c) {
      sum += term(q.rows[r][c], q.others[r][c]);
    }
    answer.push_back(static_cast<float>(sum));
  }
  return answer;
}

// Softmax.

/// gemma.cpp before PR 981: the temperature multiplies the exponentials, and
/// the normalisation cancels it.
inline Answer TemperatureAfterExp(const Question& q) {
  return EachRow(q, [&](const Row& row) {
    std::vector<double> p = Exponentials(row, Max(row));
    for (double& x : p) x /= q.temperature;
    const double sum = Sum(p);
    for (double& x : p) x /= sum;
    return p;
  });
}

/// llm.c: the search for the maximum starts at -10000 instead of -infinity.
inline Answer RowMaxSeededAtMinus10000(const Question& q) {
  return EachRow(q, [](const Row& row) {
    return SoftmaxShifted(row, std::max(-10000.0, Max(row)));
  });
}

/// numeric_limits<float>::min() taken for the lowest number: it is the smallest
/// positive one.
inline Answer RowMaxSeededAtFloatMin(const Question& q) {
  return EachRow(q, [](const Row& row) {
    return SoftmaxShifted(row, std::max<double>(FLT_MIN, Max(row)));
  });
}

/// The definition as the textbook has it.
inline Answer SoftmaxWithoutShift(const Question& q) {
  return EachRow(q, [](const Row& row) { return SoftmaxShifted(row, 0); });
}

/// `if (z > max)` never sees a NaN, and Highway's Exp makes 0 of it
/// (google/highway#1016).
inline Answer NaNSwallowed(const Question& q) {
  return EachRow(q, [](Row row) {
    for (float& z : row) z = std::isnan(z) ? -INFINITY : z;
    return Softmax(row);
  });
}

/// tenstorrent/tt-metal#56056: a row without a single unmasked class becomes a
/// uniform distribution.
inline Answer MaskedRowMadeUniform(const Question& q) {
  return EachRow(q, [](const Row& row) {
    const bool masked = Max(row) == -kInf;
    return masked ? Softmax(Row(row.size(), 0.0f)) : Softmax(row);
  });
}

/// openvino#33456: +inf makes its own class NaN and the others 0.
inline Answer InfinityMixed(const Question& q) {
  return EachRow(q, [](const Row& row) {
    std::vector<double> p = Softmax(row);
    if (Max(row) < kInf) return p;
    for (size_t c = 0; c < p.size(); ++c) p[c] = row[c] < kInf ? 0 : kNaN;
    return p;
  });
}

/// Nearly every float softmax: z - max is rounded before the exponential, which
/// multiplies the rounding error by the distance from the maximum.
inline Answer ShiftRoundedToFloat(const Question& q) {
  return EachRow(q, [](Row row) {
    const float max = static_cast<float>(Max(row));
    for (float& z : row) z -= max;
    return Softmax(row);
  });
}

/// A program started with -ffast-math: subnormal results are flushed to 0.
inline Answer SubnormalsFlushed(const Question& q) {
  return EachRow(q, [](const Row& row) {
    std::vector<double> p = Softmax(row);
    for (double& x : p) x = x < FLT_MIN ? 0 : x;
    return p;
  });
}

/// The denominator of many classes added up in float.
inline Answer DenominatorInFloat(const Question& q) {
  return EachRow(q, [](const Row& row) {
    std::vector<double> p = Exponentials(row, Max(row));
    float sum = 0;
    for (const double x : p) sum += static_cast<float>(x);
    for (double& x : p) x /= sum;
    return p;
  });
}

/// flash-attention#1930: the running sum is rescaled by e^(old - new maximum),
/// which is e^(-inf + inf) as long as every logit so far was -inf.
inline Answer OnlineFromMaskedBlock(const Question& q) {
  return EachRow(q, [](const Row& row) {
    double max = -kInf, sum = 0;
    for (const double z : row) {
      const double new_max = std::max(max, z);
      sum = sum * std::exp(max - new_max) + std::exp(z - new_max);
      max = new_max;
    }
    std::vector<double> p = Exponentials(row, max);
    for (double& x : p) x /= sum;
    return p;
  });
}

// Log-sum-exp.

/// scipy before 1.15 (scipy#18295): 1 + e^-40 is 1, and the logarithm 0.
inline Answer TailLostBesideOne(const Question& q) {
  return EachRow(q, [](const Row& row) { return std::vector{LogSumExp(row)}; });
}

/// Float arithmetic: where max and log(sum) cancel, their rounding is all that
/// is left.
inline Answer LogSumExpInFloat(const Question& q) {
  return EachRow(q, [](const Row& row) {
    const auto max = static_cast<float>(Max(row));
    const auto log_sum = static_cast<float>(LogSumExp(row) - max);
    return std::vector<double>{max + log_sum};
  });
}

/// Row maximum subtracted and never added back.
inline Answer ShiftNotAddedBack(const Question& q) {
  return EachRow(
      q, [](const Row& row) { return std::vector{LogSumExp(row) - Max(row)}; });
}

/// pytorch#31829, jax#6811: 0 / 0 where every logit is -inf.
inline Answer GradientOfMaskedRow(const Question& q) {
  return EachRow(q, [](const Row& row) { return Softmax(row); });
}

/// keras#23616: at a tie the whole gradient goes to the first of the largest.
inline Answer TieGivenToTheFirst(const Question& q) {
  return EachRow(q, [](const Row& row) {
    std::vector<double> p = Softmax(row);
    if (row.size() == 2 && row[0] == row[1]) p = {1, 0};
    return p;
  });
}

// Log-softmax.

/// The logarithm of a softmax rounded to float: 0 for a nearly certain class,
/// -inf for one whose probability underflowed.
inline Answer LogOfSoftmax(const Question& q) {
  return EachRow(q, [](const Row& row) {
    std::vector<double> p = Softmax(row);
    for (double& x : p) x = std::log(static_cast<float>(x));
    return p;
  });
}

/// pytorch 0.4 (pytorch#11752, 11866): max + log(sum) is rounded to float first
/// and taken from the logit; at an offset of 1e8 the logarithm is gone.
inline Answer LogSumExpRoundedFirst(const Question& q) {
  return EachRow(q, [](const Row& row) {
    const auto log_sum_exp = static_cast<float>(LogSumExp(row));
    std::vector<double> y;
    for (const float z : row) y.push_back(z - log_sum_exp);
    return y;
  });
}

/// mindspore#378: a -inf logit stays -inf in a row that holds NaN.
inline Answer MaskOutlivesNaN(const Question& q) {
  return EachRow(q, [](const Row& row) {
    std::vector<double> y;
    for (const float z : row) {
      y.push_back(z == -INFINITY ? z : z - LogSumExp(row));
    }
    return y;
  });
}

// Cross-entropy of labels.

inline double WeightOf(const Question& q, Label label) {
  return q.weights.empty() ? 1.0 : q.weights[static_cast<size_t>(label)];
}

/// What a row costs, its own maximum being exact: double has 29 bits to spare.
inline double LossOf(const Question& q, size_t r) {
  if (q.labels[r] == kIgnored) return 0;
  const Row& row = q.rows[r];
  const double log_sum_exp = LogSumExp(row);
  const auto k = static_cast<double>(row.size());
  const double off = q.smoothing / k;
  double loss = 0;
  for (size_t c = 0; c < row.size(); ++c) {
    const bool hit = c == static_cast<size_t>(q.labels[r]);
    const double target = (hit ? 1 - q.smoothing : 0) + off;
    const double weight = WeightOf(q, static_cast<Label>(c));
    if (target != 0) loss += weight * target * (log_sum_exp - row[c]);
  }
  return loss;
}

inline double LossSum(const Question& q) {
  double sum = 0;
  for (size_t r = 0; r < q.rows.size(); ++r) sum += LossOf(q, r);
  return sum;
}

/// The sum of the labels' weights over the rows that count.
inline double WeightSum(const Question& q) {
  double sum = 0;
  for (const Label label : q.labels) {
    if (label != kIgnored) sum += WeightOf(q, label);
  }
  return sum;
}

/// of(probability of the label), the mean over all rows.
template <class Of>
Answer MeanOfLabelProbs(const Question& q, const Of& of) {
  double sum = 0;
  for (size_t r = 0; r < q.rows.size(); ++r) {
    const double p = Softmax(q.rows[r])[static_cast<size_t>(q.labels[r])];
    sum += of(p);
  }
  return {static_cast<float>(sum / static_cast<double>(q.rows.size()))};
}

/// The logarithm of a probability that underflowed in float.
inline Answer LogOfUnderflow(const Question& q) {
  return MeanOfLabelProbs(
      q, [](double p) { return -std::log(static_cast<float>(p)); });
}

/// keras#15249: minus the logarithm of 1 is a loss of -0.
inline Answer LossOfMinusZero(const Question& q) {
  Answer answer;
  for (size_t r = 0; r < q.rows.size(); ++r) {
    const double p = Softmax(q.rows[r])[static_cast<size_t>(q.labels[r])];
    answer.push_back(static_cast<float>(-std::log(p)));
  }
  return answer;
}

/// The same through Highway's Log, whose Log(0) is -105.358368: a wrong loss
/// that looks like a right one.
inline Answer HighwayLogOfUnderflow(const Question& q) {
  return MeanOfLabelProbs(q, [](double p) {
    const auto narrow = static_cast<float>(p);
    return narrow == 0 ? 105.358368 : -std::log(p);
  });
}

/// Keras: probabilities are clipped to [1e-7, 1 - 1e-7] before the logarithm
/// (keras#15249).
inline Answer ProbabilityClipped(const Question& q) {
  return MeanOfLabelProbs(
      q, [](double p) { return -std::log(std::clamp(p, 1e-7, 1 - 1e-7)); });
}

/// Paddle#20994: no loss above 64.
inline Answer LossClampedAt64(const Question& q) {
  return {static_cast<float>(std::min(64.0, LossSum(q) / WeightSum(q)))};
}

/// The mean divides by all rows, those with the ignored label too.
inline Answer MeanOverIgnoredRows(const Question& q) {
  return {static_cast<float>(LossSum(q) / static_cast<double>(q.rows.size()))};
}

/// The mean of weighted losses divided by the number of rows (asked for in
/// pytorch#25571).
inline Answer WeightsNotInTheDivisor(const Question& q) {
  double rows = 0;
  for (const Label label : q.labels) rows += label != kIgnored;
  return {static_cast<float>(LossSum(q) / rows)};
}

/// transformers#24725, 34191: the mean of the means of batches (here of two
/// rows), however few rows of a batch count.
inline Answer MeanOfMeans(const Question& q) {
  double sum = 0, batches = 0;
  for (size_t r = 0; r < q.rows.size(); r += 2, ++batches) {
    Question batch = q;
    const auto at = static_cast<std::ptrdiff_t>(r);
    batch.rows.assign(q.rows.begin() + at, q.rows.begin() + at + 2);
    batch.labels.assign(q.labels.begin() + at, q.labels.begin() + at + 2);
    sum += LossSum(batch) / WeightSum(batch);
  }
  return {static_cast<float>(sum / batches)};
}

/// pytorch#73205: the uniform part of label smoothing is added for ignored rows
/// too.
inline Answer SmoothingOfIgnoredRows(const Question& q) {
  double sum = 0;
  for (size_t r = 0; r < q.rows.size(); ++r) {
    double uniform = 0;
    for (const float z : q.rows[r]) uniform += LogSumExp(q.rows[r]) - z;
    uniform *= q.smoothing / static_cast<double>(q.rows[r].size());
    sum += q.labels[r] == kIgnored ? uniform : LossOf(q, r);
  }
  return {static_cast<float>(sum / WeightSum(q))};
}

/// fairseq's label_smoothed_nll_loss: eps is shared among the K - 1 other
/// classes instead of all K.
inline Answer SmoothingOfTheOthers(const Question& q) {
  Question other = q;
  const auto k = static_cast<double>(q.rows[0].size());
  other.smoothing = q.smoothing * k / (k - 1);
  return {static_cast<float>(LossSum(other) / WeightSum(other))};
}

/// Python's indexing: label -1 is the last class.
inline Answer LabelWraps(const Question& q) {
  Question wrapped = q;
  for (Label& label : wrapped.labels) {
    const auto classes = static_cast<Label>(q.rows[0].size());
    if (label < 0 && label != kIgnored) label += classes;
  }
  return {static_cast<float>(LossSum(wrapped) / WeightSum(wrapped))};
}

/// Indexing in JAX: a label beyond the classes is moved to the last one.
inline Answer LabelClamped(const Question& q) {
  Question clamped = q;
  for (Label& label : clamped.labels) {
    label = std::min(label, static_cast<Label>(q.rows[0].size()) - 1);
  }
  return {static_cast<float>(LossSum(clamped) / WeightSum(clamped))};
}

/// A mean over nothing that reports a perfect loss: training goes on, on air.
inline Answer MeanOverNothingIsZero(const Question& q) {
  const double weight = WeightSum(q);
  return {weight == 0 ? 0.0f : static_cast<float>(LossSum(q) / weight)};
}

/// pytorch#55657: the losses of a large batch are added up in float.
inline Answer MeanSummedInFloat(const Question& q) {
  float sum = 0;
  for (size_t r = 0; r < q.rows.size(); ++r) {
    sum -= q.rows[r][static_cast<size_t>(q.labels[r])];
  }
  return {sum / static_cast<float>(q.rows.size())};
}

// Gradients of cross-entropy.

/// (p - onehot) / divisor, rows of ignored labels 0; entry(p, hit) is the
/// difference.
template <class Entry>
Answer GradientOfRows(const Question& q, double divisor, const Entry& entry) {
  Answer answer;
  for (size_t r = 0; r < q.rows.size(); ++r) {
    const std::vector<double> p = Softmax(q.rows[r]);
    for (size_t c = 0; c < p.size(); ++c) {
      const bool counts = q.labels[r] != kIgnored;
      const bool hit = counts && c == static_cast<size_t>(q.labels[r]);
      const double d = counts ? entry(p[c], hit) : 0;
      answer.push_back(static_cast<float>(d / divisor));
    }
  }
  return answer;
}

/// Liger#1329, pytorch#195677: p - 1 at the label, from a p that is stored as
/// float: a confident row stops learning.
inline Answer ProbMinusOneAtTheLabel(const Question& q) {
  return GradientOfRows(q, WeightSum(q), [](double p, bool hit) {
    return static_cast<float>(p) - (hit ? 1.0f : 0.0f);
  });
}

/// The gradient of the sum handed out as that of the mean.
inline Answer GradientWithoutTheMeansDivisor(const Question& q) {
  return GradientOfRows(q, 1, [](double p, bool hit) { return p - hit; });
}

/// Ignored rows are left out of the loss, but still pull at the logits.
inline Answer IgnoredRowsHaveGradients(const Question& q) {
  Question unaware = q;
  for (Label& label : unaware.labels) label = std::max(label, 0);
  return GradientOfRows(unaware, WeightSum(q),
                        [](double p, bool hit) { return p - hit; });
}

/// tensorflow#60314: p - t takes for granted that the targets sum to 1; a row
/// of zeros then has the gradient p.
inline Answer TargetsTakenToSumToOne(const Question& q) {
  Answer answer;
  for (size_t r = 0; r < q.rows.size(); ++r) {
    const std::vector<double> p = Softmax(q.rows[r]);
    for (size_t c = 0; c < p.size(); ++c) {
      const double d = p[c] - q.others[r][c];
      answer.push_back(
          static_cast<float>(d / static_cast<double>(q.rows.size())));
    }
  }
  return answer;
}

// Binary cross-entropy, sigmoid, softplus, logarithms.

/// Keras: the loss from a clipped sigmoid (keras#9664, 15249).
inline Answer BinaryFromClippedProbs(const Question& q) {
  return EachPair(q, [](double x, double t) {
    const double p = std::clamp(1 / (1 + std::exp(-x)), 1e-7, 1 - 1e-7);
    return -t * std::log(p) - (1 - t) * std::log(1 - p);
  });
}

/// The loss from a sigmoid that is rounded to float: at 20 it is 1, and the
/// logarithm of 1 - 1 is -inf.
inline Answer BinaryFromRoundedProbs(const Question& q) {
  return EachPair(q, [](double x, double t) {
    const auto p = static_cast<float>(1 / (1 + std::exp(-x)));
    return t == 1 ? -std::log(p) : -std::log(1 - p);
  });
}

/// pytorch#49844: the stable formula multiplies an infinite logit by a target
/// of 0.
inline Answer BinaryOfInfinity(const Question& q) {
  return EachPair(q, [](double x, double t) {
    return std::max(x, 0.0) - x * t + std::log1p(std::exp(-std::fabs(x)));
  });
}

/// pytorch#195529: one of two branches still has log(1 + e) where the other has
/// log1p(e).
inline Answer BinaryWithOneGoodBranch(const Question& q) {
  return EachPair(q, [](double x, double t) {
    const double e = std::exp(-std::fabs(x));
    return std::max(x, 0.0) - x * t + (x > 0 ? std::log1p(e) : std::log(1 + e));
  });
}

/// ln(1 + e^x) as written.
inline Answer SoftplusOverflows(const Question& q) {
  return EachElement(q, [](double x) { return std::log(1 + std::exp(x)); });
}

/// tt-metal#55798: an exponential that wraps round far below its range makes
/// +inf of softplus(-1e7).
inline Answer SoftplusWraps(const Question& q) {
  return EachElement(
      q, [](double x) { return x < -1e6 ? kInf : std::log1p(std::exp(x)); });
}

/// e^x / (1 + e^x) as written.
inline Answer SigmoidOverflows(const Question& q) {
  return EachElement(q,
                     [](double x) { return std::exp(x) / (1 + std::exp(x)); });
}

/// Highway's Log where it is out of contract: finite at 0, at +inf and at NaN.
inline Answer HighwayLog(const Question& q) {
  return EachElement(q, [](double x) {
    if (x == 0) return -105.358368;
    if (x == kInf) return 88.7228394;
    return std::isnan(x) ? 89.1283 : std::log(x);
  });
}

/// 1 + x, rounded to float, forgets x.
inline Answer LogOfOnePlus(const Question& q) {
  return EachElement(
      q, [](double x) { return std::log(1 + static_cast<float>(x)); });
}

/// e^x, rounded to float, forgets all but the 1 that is taken away.
inline Answer ExpMinusOne(const Question& q) {
  return EachElement(
      q, [](double x) { return static_cast<float>(std::exp(x)) - 1; });
}

// Entropy and Kullback-Leibler divergence.

/// pytorch#40553, tfp#241: 0 * -inf.
inline Answer EntropyOfZero(const Question& q) {
  return EachRow(q, [](const Row& row) {
    double sum = 0;
    for (const double p : row) sum -= p * std::log(p);
    return std::vector{sum};
  });
}

/// Bits where nats are meant.
inline Answer EntropyInBits(const Question& q) {
  return EachRow(q, [](const Row& row) {
    double sum = 0;
    for (const double p : row) sum -= p == 0 ? 0 : p * std::log2(p);
    return std::vector{sum};
  });
}

/// A small number added inside the logarithm against its pole: rare classes
/// seem less surprising than they are.
inline Answer EpsilonInsideTheLog(const Question& q) {
  return EachRow(q, [](const Row& row) {
    double sum = 0;
    for (const double p : row) sum -= p * std::log(p + 1e-12);
    return std::vector{sum};
  });
}

/// trl#7221, numpyro#2276: LSE - sum p z meets 0 * -inf at a masked class.
inline Answer EntropyOfMaskedLogits(const Question& q) {
  return EachRow(q, [](const Row& row) {
    const std::vector<double> p = Softmax(row);
    double sum = LogSumExp(row);
    for (size_t c = 0; c < p.size(); ++c) sum -= p[c] * row[c];
    return std::vector{sum};
  });
}

/// torchmetrics#1029: 0 ln(0 / 0).
inline Answer KlOfZero(const Question& q) {
  return EachSum(q, [](double p, double r) { return p * std::log(p / r); });
}

/// KL(q || p) where KL(p || q) is asked for.
inline Answer KlSwapped(const Question& q) {
  return EachSum(q, [](double p, double r) { return r * std::log(r / p); });
}

/// The sign of the first formula in a textbook on this subject.
inline Answer KlNegated(const Question& q) {
  return EachSum(q, [](double p, double r) { return p * std::log(r / p); });
}

/// Every class with a zero in it is left out, also where q = 0 is infinitely
/// far from p > 0.
inline Answer KlOfImpossible(const Question& q) {
  return EachSum(q, [](double p, double r) {
    return p == 0 || r == 0 ? 0.0 : p * std::log(p / r);
  });
}

// Judges that let wrong kernels pass.

/// llm.c, dev/cuda: right unless |got - want| > tolerance. No probability of
/// 50257 classes need be larger than 1e-4, and no comparison with NaN is true.
inline bool WithinTolerance(const Answer& got, const Answer& want,
                            float tolerance) {
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::fabs(got[i] - want[i]) > tolerance) return false;
  }
  return true;
}

/// A law that every row of a softmax obeys, and that any row obeys after a
/// division by its sum.
inline bool SumsToOne(const Answer& got) {
  const double sum = std::accumulate(got.begin(), got.end(), 0.0);
  return std::fabs(sum - 1) < 1e-6;
}

/// A law that the hardmax obeys too.
inline bool KeepsTheArgMax(const Answer& got, const Row& logits) {
  return std::max_element(got.begin(), got.end()) - got.begin() ==
         std::max_element(logits.begin(), logits.end()) - logits.begin();
}

}  // namespace surprisal::known_bad

#endif  // SURPRISAL_TESTS_KNOWN_BAD_H_
