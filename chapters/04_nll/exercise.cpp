#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "literate/exercises.h"
#include "oracle/judge.h"
#include "oracle/rounding.h"
#include "surprisal/common/rows.h"
#include "surprisal/nll/nll_oracle.h"

// The exercises of chapter 4: write the bodies of the functions below, build,
// and run exercise_04_nll to see which are solved.

namespace {

using surprisal::Label;
using surprisal::literate::kNotYet;

/// 1. The loss of one row: minus the log-probability that the label picks.
float Pick(std::span<const float> log_probs, Label label) { return kNotYet; }

/// 2. The mean loss of rows of `classes` log-probabilities, one row for each
/// label. Rows with the label -100 are left out; if all are, the mean is NaN.
/// Add in double, and round once.
float MeanNll(std::span<const float> log_probs, size_t classes,
              std::span<const Label> labels) {
  return kNotYet;
}

/// 3. The number of equally likely classes that cost `loss` nats.
double Perplexity(double loss) { return kNotYet; }

/// 4. Whether a row can be log-probabilities: nothing above 0, and the
/// probabilities add up to 1, give or take 0.001.
bool LooksLikeLogProbs(std::span<const float> row) { return false; }

/// 5. The mean of `count` losses of the same size, added one by one in float
/// alone, right to the last bit but one.
float FloatMean(float loss, size_t count) { return kNotYet; }

// ---------------------------------------------------------------------------
// Below, the answers are judged, by the oracle where there is one.

const std::vector<float> kLogProbs = {-3.25f, -0.5f,   -1.0625f,  //
                                      -2.0f,  -4.125f, -0.1875f,  //
                                      -0.25f, -1.75f,  -3.5f};

float OracleMean(const std::vector<Label>& labels) {
  const std::vector<double> wide = surprisal::InDouble(kLogProbs);
  const surprisal::Rows<const double> rows(wide.data(), 3, 3);
  return surprisal::RoundTo<float>(surprisal::NllOracle(rows, labels)[0]);
}

bool JudgePick() {
  const std::span row = std::span(kLogProbs).first(3);
  return Pick(row, 0) == 3.25f && Pick(row, 2) == 1.0625f;
}

bool JudgeMeanNll() {
  const std::vector<Label> all = {1, 0, 2};
  const std::vector<Label> two = {1, -100, 2};
  const std::vector<Label> none = {-100, -100, -100};
  return MeanNll(kLogProbs, 3, all) == OracleMean(all) &&
         MeanNll(kLogProbs, 3, two) == OracleMean(two) &&
         std::isnan(MeanNll(kLogProbs, 3, none));
}

bool JudgePerplexity() {
  return Perplexity(0) == 1 &&
         std::lround(1e6 * Perplexity(std::log(10.0))) == 10000000;
}

bool JudgeLooksLikeLogProbs() {
  const float ln2 = std::log(2.0f);
  return LooksLikeLogProbs(std::vector{-ln2, -2 * ln2, -2 * ln2}) &&
         !LooksLikeLogProbs(std::vector{0.5f, 0.25f, 0.25f}) &&
         !LooksLikeLogProbs(std::vector{-ln2, -ln2, -ln2}) &&
         !LooksLikeLogProbs(std::vector{-ln2, -2 * ln2}) &&
         !LooksLikeLogProbs(std::vector{0.0005f, -9.0f}) &&
         !LooksLikeLogProbs(std::vector{1.0f, -2.0f, 0.5f});
}

bool JudgeFloatMean() {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float mean = FloatMean(0.1f, 100'000'000);
  return FloatMean(0.5f, 3) == 0.5f && mean >= std::nextafter(0.1f, 0.0f) &&
         mean <= std::nextafter(0.1f, kInfinity);
}

constexpr surprisal::literate::Exercise kExercises[] = {
    {"Pick", JudgePick},
    {"MeanNll", JudgeMeanNll},
    {"Perplexity", JudgePerplexity},
    {"LooksLikeLogProbs", JudgeLooksLikeLogProbs},
    {"FloatMean", JudgeFloatMean},
};

}  // namespace

int main() { return surprisal::literate::RunExercises(kExercises); }
