#include <cmath>
#include <cstdio>
#include <exception>
#include <functional>
#include <limits>
#include <vector>

#include "oracle/ulp.h"
#include "surprisal/log_softmax/log_softmax_oracle.h"
#include "surprisal/log_sum_exp/log_sum_exp_oracle.h"

// The exercises of chapter 3. Each stub returns NaN yet: write its body, build,
// and run exercise_03_log.

namespace {

using Row = std::vector<float>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// What a stub returns until it is written.
constexpr float kNotYet = std::numeric_limits<float>::quiet_NaN();

/// 1. The log-softmax of a row, within 4 ulp, whatever its offset and however
/// far a class is behind. (No class is far ahead of all others.)
Row LogSoftmaxOf(const Row& logits) { return Row(logits.size(), kNotYet); }

/// 2. The logarithm of e^a + e^b, within 4 ulp where it is not near 0. Infinite
/// a and b are allowed: e^-inf is 0, and e^inf is infinite.
double LogAddExp(double a, double b) { return a == b ? a : double{kNotYet}; }

/// The next logit, or null after the last.
using Stream = std::function<const float*()>;

/// 3. The log-sum-exp of a stream, within 100 ulp. Each logit can be read only
/// once, and the largest may come last. -inf is allowed.
double LogSumExpOfStream(const Stream& next) {
  return next() == nullptr ? 0 : double{kNotYet};
}

/// 4. The log-softmax of two logits within 2 ulp, for every lead of a or b up
/// to 60. (How much of it may be done in double?)
Row LogSoftmaxOfTwo(float a, float b) { return Row(a == b ? 1 : 2, kNotYet); }

// ---------------------------------------------------------------------------
// Below, the answers are judged by the oracle.

std::vector<double> Wide(const Row& row) {
  return std::vector<double>(row.begin(), row.end());
}

bool Within(double ulps, const Row& got,
            const std::vector<surprisal::Exact>& exact) {
  if (got.size() != exact.size()) return false;
  for (size_t c = 0; c < got.size(); ++c) {
    if (!(surprisal::UlpError(got[c], exact[c]) <= ulps)) return false;
  }
  return true;
}

bool JudgeLogSoftmaxOf() {
  for (const Row& row :
       {Row{2.44f, 3.92f, 2.50f, -1.27f, 3.23f}, Row{1e7f, 1e7f + 1, 1e7f + 2},
        Row{0, -0.5f, -200}, Row{-1000, -1000, -1000}}) {
    const auto exact = surprisal::LogSoftmaxOracle(Wide(row));
    if (!Within(4, LogSoftmaxOf(row), exact)) return false;
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
    if (!(surprisal::UlpError(one_way, exact) <= 4)) return false;
    if (!(surprisal::UlpError(other_way, exact) <= 4)) return false;
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
    const auto exact = surprisal::LogSumExpOracle(Wide(row));
    if (!(surprisal::UlpError(got, exact) <= 100)) return false;
  }
  return true;
}

bool JudgeLogSoftmaxOfTwo() {
  for (const float lead : {0.f, 0.5f, 3.f, 16.942385f, 18.f, 39.25f, 60.f}) {
    for (const Row& row : {Row{lead, 0}, Row{0, lead}, Row{500, 500 - lead}}) {
      const auto exact = surprisal::LogSoftmaxOracle(Wide(row));
      if (!Within(2, LogSoftmaxOfTwo(row[0], row[1]), exact)) return false;
    }
  }
  return true;
}

struct Exercise {
  const char* task;
  bool (*judge)();
};

constexpr Exercise kExercises[] = {
    {"1 LogSoftmaxOf", JudgeLogSoftmaxOf},
    {"2 LogAddExp", JudgeLogAddExp},
    {"3 LogSumExpOfStream", JudgeLogSumExpOfStream},
    {"4 LogSoftmaxOfTwo", JudgeLogSoftmaxOfTwo},
};

}  // namespace

int main() try {
  bool all = true;
  for (const Exercise& exercise : kExercises) {
    const bool solved = exercise.judge();
    std::printf("%-20s %s\n", exercise.task, solved ? "solved" : "open");
    all = all && solved;
  }
  return all ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
