#include <cmath>
#include <cstddef>
#include <vector>

#include "literate/exercises.h"
#include "oracle/judge.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy_oracle.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"

// The exercises of chapter 5: write the bodies of the functions below, build,
// and run exercise_05_cross_entropy to see which are solved.

namespace {

using surprisal::AllWithin;
using surprisal::Exact;
using surprisal::InDouble;
using surprisal::Label;
using surprisal::Within;
using surprisal::literate::kNotYet;

/// 1. The loss of one row from its logits, -ln softmax(logits)[label], in plain
/// float with std::exp and std::log. Logits of (120, 0) and label 1 cost 120.
float RowLoss(const std::vector<float>& logits, size_t label) {
  return kNotYet;
}

/// 2. The smoothed target of a label: 1 - smoothing at the label, and the share
/// smoothing / classes at every class, the label included.
std::vector<double> SmoothedTarget(size_t label, size_t classes,
                                   double smoothing) {
  return {};
}

/// What a batch reports: its mean loss, and how many of its rows counted.
struct Batch {
  double mean_loss;
  size_t rows;
};

/// 3. The mean loss over all rows of all batches. A batch without rows has a
/// mean of NaN, and must not spoil the others.
double MeanOfBatches(const std::vector<Batch>& batches) { return kNotYet; }

/// 4. The binary loss of a logit x for a target y of 0 or 1, in double, finite
/// for every finite x and with all its digits where it is small.
double BinaryLoss(double x, double y) { return kNotYet; }

/// 5. The constant logit whose mean binary loss is least, if a share of the
/// examples, between 0 and 1, has target 1 and these count `pos_weight` times.
double BestConstantLogit(double share, double pos_weight) { return kNotYet; }

// ---------------------------------------------------------------------------
// Below, the answers are judged by the oracle.

bool JudgeRowLoss() {
  const std::vector<std::vector<float>> rows = {
      {1, 2, 3}, {120, 0}, {-1000, -1001, -1002}, {0.5, 0.25, -4, 7}};
  for (const std::vector<float>& row : rows) {
    const std::vector<double> wide = InDouble(row);
    for (size_t label = 0; label < row.size(); ++label) {
      const std::vector<Label> labels = {static_cast<Label>(label)};
      const Exact exact = surprisal::CrossEntropyOracle(
          surprisal::Rows<const double>(wide), labels)[0];
      const float got = RowLoss(row, label);
      // A small loss may lose its digits: chapter 3 shows how to keep them
      const double off = std::abs(got - static_cast<double>(exact));
      if (!(off <= 0x1p-22 || Within(4, got, exact))) return false;
    }
  }
  return true;
}

bool JudgeSmoothedTarget() {
  for (const double smoothing : {0.0, 0.1, 0.5, 1.0}) {
    const auto exact =
        surprisal::TargetsOfLabel<Exact>(3, 10, {.label_smoothing = smoothing});
    if (!AllWithin(2, SmoothedTarget(3, 10, smoothing), exact)) return false;
  }
  return true;
}

bool JudgeMeanOfBatches() {
  const double mean = MeanOfBatches({{2, 11}, {1, 101}, {NAN, 0}});
  return Within(4, mean, Exact(123) / 112);
}

bool JudgeBinaryLoss() {
  for (const double x : {-1e300, -800.0, -40.0, -1.0, 0.0, 1.0, 40.0, 1e300}) {
    const Exact if_no = surprisal::SoftplusOracle(x);
    const Exact if_yes = surprisal::SoftplusOracle(-x);
    if (!Within(3, BinaryLoss(x, 0), if_no)) return false;
    if (!Within(3, BinaryLoss(x, 1), if_yes)) return false;
  }
  return true;
}

bool JudgeBestConstantLogit() {
  for (const double share : {0.125, 0.3, 0.9}) {
    for (const double weight : {1.0, 4.0, 9.0}) {
      const Exact best = log(weight * Exact(share) / (1 - Exact(share)));
      if (!Within(16, BestConstantLogit(share, weight), best)) return false;
    }
  }
  return true;
}

constexpr surprisal::literate::Exercise kExercises[] = {
    {"RowLoss", JudgeRowLoss},
    {"SmoothedTarget", JudgeSmoothedTarget},
    {"MeanOfBatches", JudgeMeanOfBatches},
    {"BinaryLoss", JudgeBinaryLoss},
    {"BestConstantLogit", JudgeBestConstantLogit},
};

}  // namespace

int main() { return surprisal::literate::RunExercises(kExercises); }
