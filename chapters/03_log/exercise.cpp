#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <vector>

#include "literate/exercises.h"
#include "oracle/judge.h"
#include "surprisal/log_softmax/log_softmax_oracle.h"
#include "surprisal/log_sum_exp/log_sum_exp_oracle.h"

// The exercises of chapter 3: write the bodies of the functions below, build,
// and run exercise_03_log to see which are solved.

namespace {

using surprisal::AllWithin;
using surprisal::InDouble;
using surprisal::Within;
using surprisal::literate::kNotYet;
using Row = std::vector<float>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// 1. The log-softmax of a row, within 4 ulp, whatever its offset and however
/// far a class is behind. (No class is far ahead of all others.)
Row LogSoftmaxOf(const Row& logits) { return {}; }

/// 2. The logarithm of e^a + e^b, within 4 ulp where it is not near 0. Infinite
/// a and b are allowed: e^-inf is 0, and e^inf is infinite.
double LogAddExp(double a, double b) { return kNotYet; }

/// The next logit, or null after the last.
using Stream = std::function<const float*()>;

/// 3. The log-sum-exp of a stream, within 100 ulp. Each logit can be read only
/// once, and the largest may come last. -inf is allowed.
double LogSumExpOfStream(const Stream& next) { return kNotYet; }

/// 4. The log-softmax of two logits within 2 ulp, for every lead of a or b up
/// to 60. (How much of it may be done in double?)
Row LogSoftmaxOfTwo(float a, float b) { return {}; }

// ---------------------------------------------------------------------------
// Below, the answers are judged by the oracle.

bool JudgeLogSoftmaxOf() {
  for (const Row& row :
       {Row{2.44f, 3.92f, 2.50f, -1.27f, 3.23f}, Row{1e7f, 1e7f + 1, 1e7f + 2},
        Row{0, -0.5f, -200}, Row{-1000, -1000, -1000}}) {
    const auto exact = surprisal::LogSoftmaxOracle(InDouble(row));
    if (!AllWithin(4, LogSoftmaxOf(row), exact)) return false;
  }
  return true;
}

bool JudgeLogAddExp() {
  using Pair = std::vector<double>;
  for (const Pair& pair :
       {Pair{1, 2}, Pair{1000, 1000}, Pair{-1000, -1001.5}, Pair{3, -3000},
        Pair{-kInfinity, 5}, Pair{-kInfinity, -kInfinity},
        Pair{kInfinity, -kInfinity}, Pair{kInfinity, kInfinity}}) {
    const auto exact = surprisal::LogSumExpOracle(pair);
    const double one_way = LogAddExp(pair[0], pair[1]);
    const double other_way = LogAddExp(pair[1], pair[0]);
    if (!Within(4, one_way, exact)) return false;
    if (!Within(4, other_way, exact)) return false;
  }
  return true;
}

bool JudgeLogSumExpOfStream() {
  Row rising;
  for (int i = 0; i < 500; ++i) rising.push_back(0.75f * static_cast<float>(i));
  const auto none = -std::numeric_limits<float>::infinity();
  for (const Row& row : {rising, Row(rising.rbegin(), rising.rend()),
                         Row{none, none, 2, none, 1}, Row{none, none},
                         Row{-2000, -1999, 1500}}) {
    size_t at = 0;
    const double got = LogSumExpOfStream(
        [&] { return at < row.size() ? &row[at++] : nullptr; });
    const auto exact = surprisal::LogSumExpOracle(InDouble(row));
    if (!Within(100, got, exact)) return false;
  }
  return true;
}

bool JudgeLogSoftmaxOfTwo() {
  for (const float lead : {0.f, 0.5f, 3.f, 16.942385f, 18.f, 39.25f, 60.f}) {
    for (const Row& row : {Row{lead, 0}, Row{0, lead}, Row{500, 500 - lead}}) {
      const auto exact = surprisal::LogSoftmaxOracle(InDouble(row));
      if (!AllWithin(2, LogSoftmaxOfTwo(row[0], row[1]), exact)) return false;
    }
  }
  return true;
}

constexpr surprisal::literate::Exercise kExercises[] = {
    {"LogSoftmaxOf", JudgeLogSoftmaxOf},
    {"LogAddExp", JudgeLogAddExp},
    {"LogSumExpOfStream", JudgeLogSumExpOfStream},
    {"LogSoftmaxOfTwo", JudgeLogSoftmaxOfTwo},
};

}  // namespace

int main() { return surprisal::literate::RunExercises(kExercises); }
