// The numbers printed in four introductions to this subject, and what they say
// about them: computed again from the inputs as printed, and compared by the
// digits as printed. docs/errata.md names them, and lists where they err.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "oracle/rounding.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"
#include "surprisal/common/error.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/entropy/entropy.h"
#include "surprisal/exp/exp.h"
#include "surprisal/kl_divergence/kl_divergence.h"
#include "surprisal/log/log.h"
#include "surprisal/log1p/log1p.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"
#include "surprisal/nll/nll.h"
#include "surprisal/sigmoid/sigmoid.h"
#include "surprisal/softmax/softmax.h"
#include "surprisal/softmax/softmax_oracle.h"

namespace surprisal {
namespace {

using Strings = std::vector<std::string>;
template <class T>
using Table = std::vector<std::vector<T>>;

/// x with that many digits behind the point.
std::string Fixed(double x, int digits = 4) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.*f", digits, x);
  return text;
}

std::string Scientific(double x) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.4e", x);
  return text;
}

template <class Row>
Strings FixedRow(const Row& row) {
  Strings texts;
  for (const double x : row) texts.push_back(Fixed(x));
  return texts;
}

template <class Row>
double Sum(const Row& row) {
  return std::accumulate(row.begin(), row.end(), 0.0);
}

template <class Row>
size_t ArgMax(const Row& row) {
  return static_cast<size_t>(std::max_element(row.begin(), row.end()) -
                             row.begin());
}

// One number at a time through the kernels.
template <class T>
T ExpOf(T x) {
  return Exp(std::vector<T>{x})[0];
}
template <class T>
T LogOf(T x) {
  return Log(std::vector<T>{x})[0];
}
float SigmoidOf(float x) { return Sigmoid(std::vector<float>{x})[0]; }

template <class T>
std::vector<T> Flatten(const Table<T>& table) {
  std::vector<T> flat;
  for (const auto& row : table) flat.insert(flat.end(), row.begin(), row.end());
  return flat;
}

/// The mean loss of the rows of a table, by CrossEntropy or Nll.
template <class T>
T MeanCrossEntropy(const Table<T>& logits, const std::vector<Label>& labels) {
  const std::vector<T> flat = Flatten(logits);
  T loss = 0;
  CrossEntropy(Rows<const T>(flat.data(), logits.size(), logits[0].size()),
               std::span(labels), std::span(&loss, 1));
  return loss;
}

template <class T>
T MeanNll(const Table<T>& log_probs, const std::vector<Label>& labels) {
  const std::vector<T> flat = Flatten(log_probs);
  T loss = 0;
  Nll(Rows<const T>(flat.data(), log_probs.size(), log_probs[0].size()),
      std::span(labels), std::span(&loss, 1));
  return loss;
}

/// The loss of one row under a target distribution.
float TargetLoss(const std::vector<float>& logits,
                 const std::vector<float>& targets) {
  float loss = 0;
  CrossEntropy(Rows<const float>(logits), Rows<const float>(targets),
               std::span(&loss, 1));
  return loss;
}

std::vector<float> LabelGradient(const std::vector<float>& logits,
                                 Label label) {
  std::vector<float> d_logits(logits.size());
  const std::vector<Label> labels = {label};
  CrossEntropyGradient(Rows<const float>(logits), std::span(labels),
                       Rows<float>(d_logits));
  return d_logits;
}

float BinaryLoss(float logit, float target) {
  float loss = 0;
  BinaryCrossEntropy(Rows<const float>(std::span(&logit, 1)),
                     Rows<const float>(std::span(&target, 1)),
                     std::span(&loss, 1));
  return loss;
}

/// -sum p ln q.
double CrossEntropyOf(const std::vector<double>& p,
                      const std::vector<double>& q) {
  double result = 0;
  CrossEntropyFromProbs(Rows<const double>(p), Rows<const double>(q),
                        std::span(&result, 1));
  return result;
}

/// Whether logits exist that round to the printed ones and whose
/// log-probability of class c rounds to the printed one. Between the two
/// extremes tried here it is continuous, so every value in between occurs.
bool FitsPrintedLogits(std::vector<double> logits, size_t c,
                       const std::string& printed) {
  const double half = 0.5e-4;
  std::vector<double> low = logits, high = logits;
  for (size_t k = 0; k < logits.size(); ++k) {
    low[k] += k == c ? -half : half;
    high[k] += k == c ? half : -half;
  }
  const double value = std::atof(printed.c_str());
  return std::atof(Fixed(LogSoftmax(low)[c]).c_str()) <= value &&
         value <= std::atof(Fixed(LogSoftmax(high)[c]).c_str());
}

// A. From raw outputs to softmax.

TEST_CASE("softmax of -9, 5 and 10 has the printed digits") {
  const std::vector<double> logits = {-9, 5, 10};
  const std::vector<double> probs = Softmax(logits);
  CHECK(Scientific(probs[0]) == "5.5653e-09");
  CHECK(Scientific(probs[1]) == "6.6929e-03");
  CHECK(Scientific(probs[2]) == "9.9331e-01");
}

TEST_CASE("softmax lies between 0 and 1, sums to 1, and keeps the order") {
  const Table<float> rows = {
      {-9, 5, 10}, {2.44f, 3.92f, 2.50f, -1.27f, 3.23f}, {-3, -2, -1}};
  for (const auto& logits : rows) {
    const std::vector<float> probs = Softmax(logits);
    CHECK(Fixed(Sum(probs), 6) == "1.000000");
    CHECK(ArgMax(probs) == ArgMax(logits));
    for (size_t i = 0; i < logits.size(); ++i) {
      CHECK(probs[i] > 0);
      CHECK(probs[i] < 1);
      for (size_t j = 0; j < i; ++j) {
        CHECK((logits[i] < logits[j]) == (probs[i] < probs[j]));
      }
    }
  }
}

TEST_CASE("the exponential is positive and increases") {
  float last = 0;
  for (float x = -80; x <= 80; x += 0.5f) {
    const float y = ExpOf(x);
    CHECK(y > last);
    last = y;
  }
}

TEST_CASE("subtracting the maximum changes no probability") {
  const std::vector<float> logits = {-9, 5, 10}, shifted = {-19, -5, 0};
  CHECK(Softmax(logits) == Softmax(shifted));
  CHECK(LogSoftmax(logits) == LogSoftmax(shifted));
}

TEST_CASE("a lead in logits becomes a factor, never a larger lead") {
  for (const double lead : {2.0, 1.0, 0.1, 0.01}) {
    const std::vector<double> p = Softmax(std::vector<double>{0, lead});
    CHECK(Fixed(p[1] / p[0]) == Fixed(ExpOf(lead)));
    CHECK(p[1] - p[0] < lead / 2);
  }
  const auto p = Softmax(std::vector<double>{0, 0.1});
  CHECK(FixedRow(p) == Strings{"0.4750", "0.5250"});
}

TEST_CASE("softmax says how sure it is, not only which class is highest") {
  const std::vector<float> unsure = {0, 0.1f}, sure = {0, 10};
  CHECK(ArgMax(Softmax(unsure)) == ArgMax(Softmax(sure)));
  CHECK(Softmax(unsure)[1] < 0.53f);
  CHECK(Softmax(sure)[1] > 0.9999f);
}

TEST_CASE("with linear logits, softmax keeps the decision boundary linear") {
  for (int a = -6; a <= 6; ++a) {
    for (int b = -6; b <= 6; ++b) {
      const auto x = static_cast<float>(a), y = static_cast<float>(b);
      const auto p = Softmax(std::vector<float>{2 * x + y, x + 3 * y});
      CHECK((p[0] > p[1]) == (a > 2 * b));
      CHECK((p[0] == p[1]) == (a == 2 * b));
    }
  }
}

TEST_CASE("two linear layers without an activation are one linear layer") {
  const auto two = [](int x, int y, bool relu) {
    const int h = relu ? std::max(x - y, 0) : x - y;
    const int g = relu ? std::max(y - x, 0) : y - x;
    return h + g;
  };
  for (int x = -3; x <= 3; ++x) {
    for (int y = -3; y <= 3; ++y) {
      CHECK(two(x, y, false) == 0);
      CHECK(two(x, y, true) == std::abs(x - y));
    }
  }
}

TEST_CASE("a sigmoid knows nothing of the other outputs") {
  const std::vector<float> few = {2, 1}, many = {2, 1, 7};
  CHECK(Sigmoid(few)[0] == Sigmoid(many)[0]);
  CHECK(Softmax(few)[0] > Softmax(many)[0]);
  CHECK(Sum(Sigmoid(many)) > 2);
}

TEST_CASE("the five predictions are logits, and not their own softmax") {
  const std::vector<float> logits = {2.44f, 3.92f, 2.50f, -1.27f, 3.23f};
  CHECK(Fixed(Sum(logits)) == "10.8200");
  CHECK(*std::min_element(logits.begin(), logits.end()) < 0);
  const Strings probs = {"0.1152", "0.5059", "0.1223", "0.0028", "0.2538"};
  CHECK(FixedRow(Softmax(logits)) == probs);
}

// B. Logarithms.

TEST_CASE("log-softmax of the five predictions has the printed digits") {
  const std::vector<float> logits = {2.44f, 3.92f, 2.50f, -1.27f, 3.23f};
  const Strings printed = {"-2.1613", "-0.6813", "-2.1013", "-5.8713",
                           "-1.3713"};
  CHECK(FixedRow(LogSoftmax(logits)) == printed);
  CHECK(FixedRow(Log(Softmax(logits))) == printed);
}

TEST_CASE("log 1 is 0, log 0.1 is -2.3, and log 0 is -inf") {
  CHECK(LogOf(1.0f) == 0);
  CHECK(LogOf(0.0f) == -INFINITY);
  CHECK(Fixed(LogOf(0.1f), 1) == "-2.3");
  CHECK(Fixed(-LogOf(0.1f), 1) == "2.3");
  CHECK(Fixed(-LogOf(0.1), 4) == "2.3026");
}

TEST_CASE("the logarithm increases, so it keeps the place of a maximum") {
  std::vector<double> likelihood;  // of 7 successes in 10
  for (int i = 1; i < 100; ++i) {
    const double p = i / 100.0;
    likelihood.push_back(std::pow(p, 7) * std::pow(1 - p, 3));
  }
  CHECK(ArgMax(likelihood) == 69);
  CHECK(ArgMax(Log(likelihood)) == 69);
}

TEST_CASE("logarithms turn a product that underflows into a sum") {
  double product = 1, sum = 0;
  for (int i = 0; i < 1000; ++i) {
    product *= 0.1;
    sum += LogOf(0.1);
  }
  CHECK(product == 0);
  CHECK(Fixed(sum, 3) == "-2302.585");
}

TEST_CASE("not every log-probability can be turned back") {
  CHECK(ExpOf(-15.0f) > 0);
  CHECK(ExpOf(-200.0f) == 0);
}

TEST_CASE("the logarithm comes too late for a probability that underflowed") {
  const std::vector<float> logits = {0, -1000};
  CHECK(Log(Softmax(logits))[1] == -INFINITY);
  CHECK(LogSoftmax(logits)[1] == -1000);
}

TEST_CASE("the log-softmax of the definition overflows at a logit of 89") {
  const std::vector<float> logits = {89, 0};
  const std::vector<float> e = Exp(logits);
  CHECK(std::isnan(LogOf(e[0] / (e[0] + e[1]))));
  CHECK(LogSoftmax(logits)[1] == -89);
}

TEST_CASE(
    "the loss grows by 2.3026 for every power of ten, not exponentially") {
  for (int k = 1; k < 300; ++k) {
    const double p = std::pow(10.0, -k);
    CHECK(Fixed(LogOf(p) - LogOf(p / 10)) == "2.3026");
  }
}

TEST_CASE("the loss of a wrong class grows linearly in its logit") {
  for (const float lead : {20.0f, 40.0f, 80.0f, 1000.0f}) {
    CHECK(MeanCrossEntropy<float>({{0, lead}}, {0}) == lead);
  }
}

TEST_CASE("0.999 and 0.99 differ by 0.009, a ratio of 100.9%") {
  CHECK(Fixed(0.999 - 0.99, 3) == "0.009");
  CHECK(Fixed(0.999 / 0.99 * 100, 1) == "100.9");
  CHECK(Fixed(0.999 / 0.99 * 100 - 100, 1) == "0.9");
}

TEST_CASE("log 0.999 is a tenth of log 0.99, a difference of 90%") {
  const double ratio = LogOf(0.999) / LogOf(0.99) * 100;
  CHECK(Fixed(ratio, 0) == "10");
  CHECK(Fixed(ratio, 2) == "9.95");
  CHECK(Fixed(100 - ratio, 0) == "90");
}

TEST_CASE(
    "0.999 against 0.99 is ten times the odds, and a tenth of the doubt") {
  CHECK(Fixed((0.999 / 0.001) / (0.99 / 0.01), 2) == "10.09");
  CHECK(Fixed((1 - 0.99) / (1 - 0.999), 4) == "10.0000");
}

// C. Ten raw outputs and the two tables of log-softmax.

const Table<double> kTenLogits = {{0.2030, -0.0639, 0.0886, 0.0786, -0.2448,
                                   0.0354, -0.0219, -0.0123, -0.1520, 0.2039},
                                  {0.2311, -0.0703, 0.0598, 0.0556, -0.2017,
                                   -0.0300, -0.0216, 0.0413, -0.1391, 0.1339},
                                  {0.2227, -0.1736, 0.0950, -0.0588, -0.1586,
                                   0.0774, -0.0949, -0.0062, -0.2034, 0.2546}};
constexpr size_t kShownClasses[] = {0, 1, 2, 7, 8, 9};

/// How many of the printed log-probabilities fit the printed logits.
size_t FittingEntries(const Table<std::string>& printed) {
  size_t fitting = 0;
  for (size_t r = 0; r < 3; ++r) {
    for (size_t i = 0; i < 6; ++i) {
      fitting +=
          FitsPrintedLogits(kTenLogits[r], kShownClasses[i], printed[r][i]);
    }
  }
  return fitting;
}

TEST_CASE("the commented-out log-softmax table belongs to the printed logits") {
  CHECK(FittingEntries(
            {{"-2.1202", "-2.3871", "-2.2346", "-2.3355", "-2.4752", "-2.1193"},
             {"-2.0846", "-2.3861", "-2.2560", "-2.2745", "-2.4548", "-2.1819"},
             {"-2.0874", "-2.4837", "-2.2151", "-2.3163", "-2.5135",
              "-2.0555"}}) == 18);
}

TEST_CASE("from the printed logits the first log-probability is -2.1201") {
  CHECK(Fixed(LogSoftmax(kTenLogits[0])[0]) == "-2.1201");
}

TEST_CASE("the displayed log-softmax table belongs to another run") {
  CHECK(FittingEntries(
            {{"-2.1662", "-2.3965", "-2.3194", "-2.1961", "-2.1526", "-2.2869"},
             {"-2.2161", "-2.3494", "-2.3951", "-2.1872", "-2.1880", "-2.2755"},
             {"-2.1842", "-2.3952", "-2.4618", "-2.1759", "-2.2801",
              "-2.3158"}}) == 0);
}

TEST_CASE("every printed log-softmax row leaves room for its hidden classes") {
  const Table<double> printed = {
      {-2.1202, -2.3871, -2.2346, -2.3355, -2.4752, -2.1193},
      {-2.0846, -2.3861, -2.2560, -2.2745, -2.4548, -2.1819},
      {-2.0874, -2.4837, -2.2151, -2.3163, -2.5135, -2.0555},
      {-2.0787, -2.3651, -2.2467, -2.3303, -2.4289, -2.2740},
      {-2.0677, -2.4694, -2.3126, -2.2843, -2.4449, -2.1239},
      {-2.0931, -2.4160, -2.1421, -2.3069, -2.5062, -2.1928},
      {-2.1662, -2.3965, -2.3194, -2.1961, -2.1526, -2.2869},
      {-2.2161, -2.3494, -2.3951, -2.1872, -2.1880, -2.2755},
      {-2.1842, -2.3952, -2.4618, -2.1759, -2.2801, -2.3158},
      {-2.1914, -2.4641, -2.3243, -2.2016, -2.2357, -2.2430},
      {-2.2377, -2.4174, -2.4349, -2.1115, -2.1685, -2.2680},
      {-2.2135, -2.4548, -2.3279, -2.1169, -2.2617, -2.3048}};
  for (const auto& log_probs : printed) {
    const double hidden = 1 - Sum(Exp(log_probs));  // of classes 3 to 6
    CHECK(Fixed(hidden / 4, 1) == "0.1");
  }
}

TEST_CASE("the first of the ten-output rows costs 2.2877 under its label 5") {
  CHECK(Fixed(MeanCrossEntropy<double>({kTenLogits[0]}, {5})) == "2.2877");
}

TEST_CASE("log-probabilities of an untrained network hover around -2.3") {
  for (const auto& logits : kTenLogits) {
    const std::vector<double> log_probs = LogSoftmax(logits);
    CHECK(Fixed(Sum(log_probs) / 10, 1) == "-2.3");
    CHECK(-Sum(log_probs) / 10 > LogOf(10.0));
    for (const double p : Softmax(logits)) CHECK(Fixed(p, 1) == "0.1");
  }
}

TEST_CASE("a mean loss of 2.3115 is a typical probability of 0.0991") {
  CHECK(Fixed(ExpOf(-2.3115)) == "0.0991");
  CHECK(Fixed(2.3115 - LogOf(10.0)) == "0.0089");
}

TEST_CASE("ten equal outputs cost 2.3026 whatever the label") {
  const std::vector<float> logits(10, 0.25f);
  for (Label label = 0; label < 10; ++label) {
    CHECK(Fixed(MeanCrossEntropy<float>({logits}, {label})) == "2.3026");
  }
}

TEST_CASE("the ten digits are the classes 0 to 9, and 10 is an error") {
  const std::vector<float> logits(10, 0.0f);
  CHECK_NOTHROW(MeanCrossEntropy<float>({logits}, {9}));
  CHECK_THROWS_WITH_AS(MeanCrossEntropy<float>({logits}, {10}),
                       "labels[0] = 10 is outside [0, 10)", Error);
}

TEST_CASE(
    "log-softmax of -15 to -20 is a probability above 0 with a gradient") {
  CHECK(Scientific(ExpOf(-15.0)) == "3.0590e-07");
  CHECK(Scientific(ExpOf(-20.0)) == "2.0612e-09");
  const std::vector<float> d_logits = LabelGradient({0, -15, -20}, 0);
  CHECK(d_logits[1] > 0);
  CHECK(d_logits[2] > 0);
}

// D. Three rows of five classes.

const Table<float> kModelOutput = {
    {-0.7514f, 1.2616f, -0.4232f, 1.3868f, 1.2298f},
    {1.5341f, -0.4240f, 0.0112f, -0.5188f, 0.1129f},
    {-2.6143f, 0.1532f, 0.0868f, -0.8231f, 0.7698f}};
const std::vector<Label> kTargets = {3, 0, 1};
const Table<std::string> kPrintedSoftmax = {
    {"0.0390", "0.2923", "0.0542", "0.3313", "0.2832"},
    {"0.5784", "0.0816", "0.1261", "0.0742", "0.1396"},
    {"0.0149", "0.2365", "0.2213", "0.0891", "0.4382"}};
const Table<std::string> kPrintedLog = {
    {"-3.2429", "-1.2300", "-2.9147", "-1.1048", "-1.2618"},
    {"-0.5476", "-2.5056", "-2.0705", "-2.6004", "-1.9687"},
    {"-4.2092", "-1.4417", "-1.5081", "-2.4180", "-0.8251"}};

/// function(row) of every row.
template <class Function>
Table<float> EachRow(const Table<float>& table, const Function& function) {
  Table<float> result;
  for (const auto& row : table) result.push_back(function(row));
  return result;
}

Table<float> SoftmaxOfRows(const Table<float>& logits) {
  return EachRow(logits, [](const auto& row) { return Softmax(row); });
}

TEST_CASE("softmax of the 3 x 5 example has the printed digits") {
  for (size_t r = 0; r < 3; ++r) {
    CHECK(FixedRow(Softmax(kModelOutput[r])) == kPrintedSoftmax[r]);
  }
}

TEST_CASE("the three rows of probabilities sum to 1.0000") {
  for (const auto& probs : SoftmaxOfRows(kModelOutput)) {
    CHECK(Fixed(Sum(probs)) == "1.0000");
  }
}

TEST_CASE("printed probabilities need not sum to 1") {
  double sum = 0;
  for (const auto& text : kPrintedSoftmax[1]) sum += std::atof(text.c_str());
  CHECK(Fixed(sum) == "0.9999");
}

TEST_CASE("logs of the 3 x 5 example fit the printed inputs") {
  for (size_t r = 0; r < 3; ++r) {
    const std::vector<double> logits(kModelOutput[r].begin(),
                                     kModelOutput[r].end());
    for (size_t c = 0; c < 5; ++c) {
      CHECK(FitsPrintedLogits(logits, c, kPrintedLog[r][c]));
    }
  }
}

TEST_CASE("four printed logs differ in the last digit: inputs were rounded") {
  Strings differing;
  for (size_t r = 0; r < 3; ++r) {
    const Strings ours = FixedRow(LogSoftmax(kModelOutput[r]));
    for (size_t c = 0; c < 5; ++c) {
      if (ours[c] == kPrintedLog[r][c]) continue;
      differing.push_back(kPrintedLog[r][c] + " " + ours[c]);
    }
  }
  CHECK(differing == Strings{"-3.2429 -3.2430", "-2.9147 -2.9148",
                             "-0.5476 -0.5475", "-2.0705 -2.0704"});
}

TEST_CASE("three routes from the printed 3 x 5 inputs give one number") {
  const Table<float> log_of_softmax = EachRow(
      SoftmaxOfRows(kModelOutput), [](const auto& p) { return Log(p); });
  const Table<float> log_softmax =
      EachRow(kModelOutput, [](const auto& z) { return LogSoftmax(z); });
  CHECK(Fixed(MeanNll(log_of_softmax, kTargets), 6) == "1.031339");
  CHECK(Fixed(MeanNll(log_softmax, kTargets), 6) == "1.031339");
  CHECK(Fixed(MeanCrossEntropy(kModelOutput, kTargets), 6) == "1.031339");
}

/// The model output with every label's logit moved by `step`, and every other
/// logit the other way.
Table<float> MovedOutput(float step) {
  Table<float> moved = kModelOutput;
  for (size_t r = 0; r < 3; ++r) {
    for (float& z : moved[r]) z -= step;
    moved[r][static_cast<size_t>(kTargets[r])] += 2 * step;
  }
  return moved;
}

TEST_CASE(
    "the loss 1.0314 fits the printed inputs, which themselves give 1.0313") {
  CHECK(Fixed(MeanCrossEntropy(kModelOutput, kTargets)) == "1.0313");
  CHECK(Fixed(MeanCrossEntropy(MovedOutput(-0.00005f), kTargets)) == "1.0314");
}

TEST_CASE("1.0314 is the mean of the printed logs at row r, class targets[r]") {
  double sum = 0;
  for (size_t r = 0; r < 3; ++r) {
    const std::string& text = kPrintedLog[r][static_cast<size_t>(kTargets[r])];
    sum += std::atof(text.c_str());
  }
  CHECK(Fixed(-1 * sum / 3) == "1.0314");
  CHECK(static_cast<size_t>(kTargets[0]) >= kModelOutput.size());
}

TEST_CASE("nll takes no logarithm") {
  CHECK(Fixed(MeanNll(SoftmaxOfRows(kModelOutput), kTargets)) == "-0.3821");
}

TEST_CASE("nll changes the sign, and the mean may come before or after") {
  const Table<float> log_probs = {{-1, -2}, {-4, -0.5f}};
  CHECK(MeanNll(log_probs, {0, 0}) == 2.5f);
  CHECK(-(-1.0f + -4.0f) / 2 == 2.5f);
}

TEST_CASE("a rise of one class lowers the others only in sum") {
  const auto before = Softmax(std::vector<float>{1, 1, -2});
  const auto after = Softmax(std::vector<float>{3, 1, 1});
  CHECK(after[0] > before[0]);
  CHECK(after[1] + after[2] < before[1] + before[2]);
  CHECK(after[2] > before[2]);
}

// E. Labels, one-hot targets and distributions.

TEST_CASE("the Keras example costs 0.0513 and 2.303, in the mean 1.177") {
  const Table<float> log_probs = {Log(std::vector<float>{0.05f, 0.95f, 0}),
                                  Log(std::vector<float>{0.1f, 0.8f, 0.1f})};
  CHECK(Fixed(MeanNll<float>({log_probs[0]}, {1}), 4) == "0.0513");
  CHECK(Fixed(MeanNll<float>({log_probs[1]}, {2}), 3) == "2.303");
  CHECK(Fixed(MeanNll(log_probs, {1, 2}), 3) == "1.177");
}

TEST_CASE("probabilities taken for logits give another loss") {
  const Table<float> probs = {{0.05f, 0.95f, 0}, {0.1f, 0.8f, 0.1f}};
  CHECK(Fixed(MeanCrossEntropy(probs, {1, 2}), 3) == "0.987");
}

TEST_CASE("one-hot targets and integer labels cost the same") {
  for (size_t r = 0; r < 3; ++r) {
    std::vector<float> one_hot(5, 0.0f);
    one_hot[static_cast<size_t>(kTargets[r])] = 1;
    CHECK(TargetLoss(kModelOutput[r], one_hot) ==
          MeanCrossEntropy<float>({kModelOutput[r]}, {kTargets[r]}));
  }
}

TEST_CASE("under a one-hot truth cross-entropy is minus the label's log") {
  const std::vector<double> q = {0.5, 0.125, 0.375};
  CHECK(CrossEntropyOf({0, 1, 0}, q) == -LogOf(0.125));
  CHECK(Fixed(CrossEntropyOf({0.25, 0.5, 0.25}, q)) ==
        Fixed(-(LogOf(0.5) + 2 * LogOf(0.125) + LogOf(0.375)) / 4));
}

TEST_CASE("a target distribution cannot be replaced by its largest class") {
  const std::vector<float> logits = {1, 2, 4}, soft = {0.25f, 0, 0.75f};
  CHECK(ArgMax(soft) == 2);
  CHECK(TargetLoss(logits, soft) > TargetLoss(logits, {0, 0, 1}));
  CHECK(TargetLoss(logits, soft) < TargetLoss(logits, {0.5f, 0, 0.5f}));
}

TEST_CASE("per-pixel logits have one label and one loss for each pixel") {
  const std::vector<float> logits = {0, 1, 2, 3,   // class 0 at four pixels
                                     3, 2, 1, 0};  // class 1
  const std::vector<Label> labels = {0, 0, 1, 1};
  std::vector<float> loss(4);
  CrossEntropy(Rows<const float>::ClassAxis1(logits.data(), 1, 2, 4),
               std::span(labels), std::span(loss),
               {.reduction = Reduction::kNone});
  CHECK(FixedRow(loss) == Strings{"3.0486", "1.3133", "1.3133", "3.0486"});
}

TEST_CASE("outputs of tanh and ReLU are not distributions") {
  const std::vector<double> label = {1, 0}, tanh = {-0.5, 0.5}, relu = {0, 2};
  CHECK_THROWS_AS(CrossEntropyOf(label, tanh), Error);
  CHECK(CrossEntropyOf(label, relu) == INFINITY);
  CHECK(CrossEntropyOf({0, 1}, relu) < 0);
}

TEST_CASE("the weights of the logs are probabilities, not the values x") {
  double by_value = 0, by_probability = 0;
  for (int x = 0; x < 10; ++x) {
    by_value -= x * LogOf(0.1);
    by_probability -= 0.1 * LogOf(0.1);
  }
  CHECK(Fixed(by_value, 1) == "103.6");
  CHECK(Fixed(by_probability) == "2.3026");
}

TEST_CASE("the loss of a label is log-sum-exp minus its logit") {
  const std::vector<double> logits = {2.44, 3.92, 2.50, -1.27, 3.23};
  for (size_t m = 0; m < 5; ++m) {
    const double loss =
        MeanCrossEntropy<double>({logits}, {static_cast<Label>(m)});
    CHECK(Fixed(loss, 12) == Fixed(-logits[m] + LogSumExp(logits), 12));
  }
}

TEST_CASE("it is the shift that saves log-sum-exp, and it must be undone") {
  const std::vector<double> logits = {1000, 999, 998}, shifted = {0, -1, -2};
  CHECK(LogOf(Sum(Exp(logits))) == INFINITY);
  const double log_sum = LogOf(Sum(Exp(shifted)));
  CHECK(Fixed(log_sum) == "0.4076");
  CHECK(Fixed(1000 + log_sum, 9) == Fixed(LogSumExp(logits), 9));
}

// F. Entropy, divergence and likelihood.

TEST_CASE("a certain outcome has entropy 0, a uniform one the largest") {
  CHECK(Entropy(std::vector<float>{0, 1}) == 0);
  const double uniform = Entropy(std::vector<double>(4, 0.25));
  CHECK(Fixed(uniform) == Fixed(LogOf(4.0)));
  CHECK(Entropy(std::vector<double>{0.375, 0.25, 0.25, 0.125}) < uniform);
  CHECK(Entropy(std::vector<double>{0.5, 0.5, 0, 0}) < uniform);
}

TEST_CASE("the divergence is plus sum p log(p / q), and never negative") {
  const std::vector<double> p = {0.5, 0.5}, q = {0.25, 0.75};
  double sum = 0;
  for (size_t c = 0; c < 2; ++c) sum += p[c] * LogOf(p[c] / q[c]);
  CHECK(Fixed(KlDivergence(p, q)) == "0.1438");
  CHECK(Fixed(sum) == "0.1438");
  CHECK(Fixed(-sum) == "-0.1438");
}

TEST_CASE("the divergence is cross-entropy minus entropy, not the reverse") {
  const std::vector<double> p = {0.5, 0.5}, q = {0.25, 0.75};
  CHECK(Fixed(CrossEntropyOf(p, q)) == "0.8370");
  CHECK(Fixed(Entropy(p)) == "0.6931");
  CHECK(Fixed(CrossEntropyOf(p, q) - Entropy(p)) == "0.1438");
  CHECK(-CrossEntropyOf(p, q) + Entropy(p) < 0);
}

TEST_CASE("cross-entropy ranks models as the divergence does") {
  const std::vector<double> p = {0.5, 0.25, 0.25};
  const std::vector<double> near = {0.4, 0.3, 0.3}, far = {0.1, 0.1, 0.8};
  const double by_cross_entropy =
      CrossEntropyOf(p, far) - CrossEntropyOf(p, near);
  const double by_divergence = KlDivergence(p, far) - KlDivergence(p, near);
  CHECK(Fixed(by_cross_entropy, 12) == Fixed(by_divergence, 12));
  CHECK(by_divergence > 0);
}

TEST_CASE("the most likely probabilities are the observed frequencies") {
  const std::vector<Label> observed = {0, 0, 1, 0, 0, 1, 0, 0, 1, 0};
  std::vector<double> likelihood;
  for (int i = 1; i < 20; ++i) {
    const double p = i / 20.0;
    const auto log_probs = Log(std::vector<double>{p, 1 - p});
    likelihood.push_back(-MeanNll(Table<double>(10, log_probs), observed));
  }
  CHECK(ArgMax(likelihood) == 13);  // p = 14 / 20 = 7 / 10
}

// G. Binary cross-entropy.

TEST_CASE("a sigmoid is the softmax of its logit beside 0") {
  for (const float x : {-90.0f, -2.5f, 0.0f, 1.25f, 30.0f}) {
    const auto p = Softmax(std::vector<float>{x, 0});
    CHECK(SigmoidOf(x) == p[0]);
    CHECK(SigmoidOf(-x) == p[1]);
  }
}

/// max(x, 0) - x y + ln(1 + e^-|x|).
double StableBinaryLoss(double x, double y) {
  const double tail = ExpOf(-std::fabs(x));
  return std::max(x, 0.0) - x * y + Log1p(std::vector<double>{tail})[0];
}

TEST_CASE("the stable form of binary cross-entropy is the plain one") {
  for (const float x : {-30.0f, -3.0f, 0.0f, 0.5f, 8.0f}) {
    for (const float y : {0.0f, 0.25f, 1.0f}) {
      const double s = 1 / (1 + ExpOf(-static_cast<double>(x)));
      const double plain = -(y * LogOf(s) + (1 - y) * LogOf(1 - s));
      CHECK(Fixed(plain, 2) == Fixed(BinaryLoss(x, y), 2));
      CHECK(static_cast<float>(StableBinaryLoss(x, y)) == BinaryLoss(x, y));
    }
  }
}

TEST_CASE("log(1 - sigmoid(x)) is -x - log(1 + e^-x), without a bar") {
  const double x = -3;
  const double tail = Log1p(std::vector<double>{ExpOf(-x)})[0];
  const double barred = Log1p(std::vector<double>{ExpOf(-std::fabs(x))})[0];
  CHECK(Fixed(-(-x - tail)) == Fixed(BinaryLoss(-3, 0)));
  CHECK(Fixed(-(-x - tail)) == "0.0486");
  CHECK(Fixed(-(-x - barred)) == "-2.9514");
}

TEST_CASE("the plain form meets 1 - sigmoid rounded to 0, and +inf or NaN") {
  const float s = SigmoidOf(20);
  CHECK(s == 1);
  CHECK(LogOf(1 - s) == -INFINITY);
  CHECK(-(0 * LogOf(s) + (1 - 0) * LogOf(1 - s)) == INFINITY);
  CHECK(std::isnan(-(1 * LogOf(s) + (1 - 1) * LogOf(1 - s))));
  CHECK(BinaryLoss(20, 0) == 20);
  CHECK(Scientific(BinaryLoss(20, 1)) == "2.0612e-09");
}

TEST_CASE("it is at very negative logits that the sigmoid underflows") {
  CHECK(SigmoidOf(-200) == 0);
  CHECK(LogOf(SigmoidOf(-200)) == -INFINITY);
  CHECK(BinaryLoss(-200, 1) == 200);
}

// H. Gradients.

/// Row j of the Jacobian: the derivatives of probability j by each logit.
std::vector<float> JacobianRow(const std::vector<float>& logits, size_t j) {
  std::vector<float> upstream(logits.size(), 0.0f), row(logits.size());
  upstream[j] = 1;
  SoftmaxVjp(Rows<const float>(logits), Rows<const float>(upstream),
             Rows<float>(row));
  return row;
}

TEST_CASE("the softmax's Jacobian is y_j (1 - y_j), and -y_j y_c elsewhere") {
  const std::vector<float> logits = {2.44f, 3.92f, 2.50f, -1.27f, 3.23f};
  const auto y =
      SoftmaxOracle(std::vector<double>(logits.begin(), logits.end()));
  for (size_t j = 0; j < 5; ++j) {
    const std::vector<float> row = JacobianRow(logits, j);
    for (size_t c = 0; c < 5; ++c) {
      const Exact exact = c == j ? Exact(y[j] * (1 - y[j])) : -y[j] * y[c];
      CHECK(row[c] == RoundTo<float>(exact));
    }
  }
}

TEST_CASE("the loss's derivative by a predicted probability is -y / y_hat") {
  const std::vector<float> y = {0, 1, 0}, y_hat = {0.25f, 0.625f, 0.125f};
  std::vector<float> d_y(3), d_y_hat(3);
  const float upstream = 1;
  CrossEntropyFromProbsGradient(Rows<const float>(y), Rows<const float>(y_hat),
                                std::span(&upstream, 1), Rows<float>(d_y),
                                Rows<float>(d_y_hat));
  CHECK(d_y_hat == std::vector<float>{0, -1 / 0.625f, 0});
  CHECK(d_y[1] == -LogOf(0.625f));  // by the true probability, another thing
}

TEST_CASE("Jacobian times -y / y_hat is y_hat - y") {
  const std::vector<float> logits = {2.44f, 3.92f, 2.50f, -1.27f, 3.23f};
  const auto y_hat =
      SoftmaxOracle(std::vector<double>(logits.begin(), logits.end()));
  const std::vector<float> d_logits = LabelGradient(logits, 1);
  for (size_t c = 0; c < 5; ++c) {
    const Exact jacobian =
        c == 1 ? Exact(y_hat[1] * (1 - y_hat[1])) : -y_hat[1] * y_hat[c];
    CHECK(d_logits[c] == RoundTo<float>(jacobian * (-1 / y_hat[1])));
    CHECK(d_logits[c] == RoundTo<float>(y_hat[c] - (c == 1 ? 1 : 0)));
  }
}

}  // namespace
}  // namespace surprisal
