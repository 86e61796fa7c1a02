#include <cmath>
#include <cstdint>
#include <vector>

#include "literate/exercises.h"
#include "oracle/judge.h"
#include "surprisal/softmax/softmax_oracle.h"

// The exercises of chapter 2: write the bodies of the functions below, build,
// and run exercise_02_softmax to see which are solved.

namespace {

using surprisal::AllWithin;
using surprisal::InDouble;
using surprisal::literate::kNotYet;
using Row = std::vector<float>;
using Mask = std::vector<std::uint8_t>;

/// 1. The softmax of two logits, by way of a sigmoid and never of e^a or e^b.
/// Logits of (1000, 998) and of (2, 0) have the same answer, within 1 ulp.
Row SoftmaxOfTwo(float a, float b) { return {}; }

/// 2. The softmax of a row within 1 ulp, also where its spread is 80. What does
/// a float lose that a double keeps?
Row AccurateSoftmax(const Row& logits) { return {}; }

/// 3. The softmax over the classes whose mask is not 0, within 1 ulp; 0 for the
/// others, and 0 for all if there is no such class.
Row MaskedSoftmax(const Row& logits, const Mask& mask) { return {}; }

/// 4. The temperature at which the largest probability of the row is `p`, to
/// nine digits; 1 / classes < p < 1, and only one logit is the largest.
double TemperatureFor(const Row& logits, double p) { return kNotYet; }

// ---------------------------------------------------------------------------
// Below, the answers are judged by the oracle.

bool JudgeSoftmaxOfTwo() {
  for (const Row& row : {Row{3, 1}, Row{1000, 998}, Row{-1000, -998},
                         Row{-70, 10}, Row{0.5f, 0.5f}}) {
    const auto exact = surprisal::SoftmaxOracle(InDouble(row));
    if (!AllWithin(1, SoftmaxOfTwo(row[0], row[1]), exact)) return false;
  }
  return true;
}

bool JudgeAccurateSoftmax() {
  for (const Row& row : {Row{39.7f, -40.1f, 0.3f, 22.9f}, Row{1000, 999, 998},
                         Row{-1000.25f, -1003.5f}, Row{7}}) {
    const auto exact = surprisal::SoftmaxOracle(InDouble(row));
    if (!AllWithin(1, AccurateSoftmax(row), exact)) return false;
  }
  return true;
}

bool JudgeMaskedSoftmax() {
  const Row row = {1.5f, 3000, -0.25f, 2};
  for (const Mask& mask :
       {Mask{1, 0, 1, 1}, Mask{1, 1, 1, 1}, Mask{0, 0, 1, 0}, Mask(4)}) {
    const auto exact = surprisal::MaskedSoftmaxOracle(InDouble(row), mask);
    if (!AllWithin(1, MaskedSoftmax(row, mask), exact)) return false;
  }
  return true;
}

bool JudgeTemperatureFor() {
  const Row row = {2.44f, 3.92f, 2.50f, -1.27f, 3.23f};
  for (const double p : {0.21, 0.5, 0.9, 0.999}) {
    const double temperature = TemperatureFor(row, p);
    if (!(temperature > 0)) return false;
    const auto probs = surprisal::SoftmaxOracle(InDouble(row), temperature);
    if (!(abs(probs[1] - p) < 1e-9)) return false;
  }
  return true;
}

constexpr surprisal::literate::Exercise kExercises[] = {
    {"SoftmaxOfTwo", JudgeSoftmaxOfTwo},
    {"AccurateSoftmax", JudgeAccurateSoftmax},
    {"MaskedSoftmax", JudgeMaskedSoftmax},
    {"TemperatureFor", JudgeTemperatureFor},
};

}  // namespace

int main() { return surprisal::literate::RunExercises(kExercises); }
