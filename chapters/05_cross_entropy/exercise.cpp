#include <cmath>
#include <cstdio>
#include <vector>

#include "oracle/ulp.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy_oracle.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"

// The exercises of chapter 5. Each function returns NaN, or rows of NaN, until
// you write it. Run the program to see which are solved.

/// 1. The loss of one row from its logits, -ln softmax(logits)[label], in plain
/// float with std::exp and std::log. Logits of (120, 0) and label 1 cost 120.
float RowLoss(const std::vector<float>& logits, size_t label) {
  (void)logits, (void)label;
  return NAN;
}

/// 2. The smoothed target of a label: 1 - smoothing at the label, and the share
/// smoothing / classes at every class, the label included.
std::vector<double> SmoothedTarget(size_t label, size_t classes,
                                   double smoothing) {
  (void)label, (void)smoothing;
  return std::vector<double>(classes, NAN);
}

/// What a batch reports: its mean loss, and how many of its rows counted.
struct Batch {
  double mean_loss;
  size_t rows;
};

/// 3. The mean loss over all rows of all batches. A batch without rows has a
/// mean of NaN, and must not spoil the others.
double MeanOfBatches(const std::vector<Batch>& batches) {
  (void)batches;
  return NAN;
}

/// 4. The binary loss of a logit x for a target y of 0 or 1, in double, finite
/// for every finite x and with all its digits where it is small.
double BinaryLoss(double x, double y) {
  (void)x, (void)y;
  return NAN;
}

/// 5. The constant logit whose mean binary loss is least, if a share of the
/// examples, between 0 and 1, has target 1 and these count `pos_weight` times.
double BestConstantLogit(double share, double pos_weight) {
  (void)share, (void)pos_weight;
  return NAN;
}

// Whether `got` is within `ulps` units in the last place of `exact`.
template <class T>
bool Near(T got, const surprisal::Exact& exact, double ulps) {
  return surprisal::UlpError(got, exact) <= ulps;
}

bool RowLossIsRight() {
  const std::vector<std::vector<double>> rows = {
      {1, 2, 3}, {120, 0}, {-1000, -1001, -1002}, {0.5, 0.25, -4, 7}};
  for (const std::vector<double>& row : rows) {
    for (size_t label = 0; label < row.size(); ++label) {
      const std::vector<surprisal::Label> labels = {
          static_cast<surprisal::Label>(label)};
      const surprisal::Exact exact = surprisal::CrossEntropyOracle(
          surprisal::Rows<const double>(row), labels)[0];
      const float got =
          RowLoss(std::vector<float>(row.begin(), row.end()), label);
      // A small loss may lose its digits here: chapter 3 shows how to keep
      // them.
      const double off = std::abs(got - static_cast<double>(exact));
      if (!(off <= 0x1p-22 || Near(got, exact, 4))) return false;
    }
  }
  return true;
}

bool SmoothedTargetIsRight() {
  for (const double smoothing : {0.0, 0.1, 0.5, 1.0}) {
    const auto exact = surprisal::TargetsOfLabel<surprisal::Exact>(
        3, 10, {.label_smoothing = smoothing});
    const std::vector<double> got = SmoothedTarget(3, 10, smoothing);
    if (got.size() != exact.size()) return false;
    for (size_t c = 0; c < 10; ++c) {
      if (!Near(got[c], exact[c], 2)) return false;
    }
  }
  return true;
}

bool MeanOfBatchesIsRight() {
  const double mean = MeanOfBatches({{2, 11}, {1, 101}, {NAN, 0}});
  return Near(mean, surprisal::Exact(123) / 112, 4);
}

bool BinaryLossIsRight() {
  for (const double x : {-1e300, -800.0, -40.0, -1.0, 0.0, 1.0, 40.0, 1e300}) {
    if (!Near(BinaryLoss(x, 0), surprisal::SoftplusOracle(x), 3)) return false;
    if (!Near(BinaryLoss(x, 1), surprisal::SoftplusOracle(-x), 3)) return false;
  }
  return true;
}

bool BestConstantLogitIsRight() {
  using surprisal::Exact;
  for (const double share : {0.125, 0.3, 0.9}) {
    for (const double weight : {1.0, 4.0, 9.0}) {
      const Exact best = log(weight * Exact(share) / (1 - Exact(share)));
      if (!Near(BestConstantLogit(share, weight), best, 16)) return false;
    }
  }
  return true;
}

int main() {
  const struct {
    const char* name;
    bool solved;
  } exercises[] = {{"1 RowLoss", RowLossIsRight()},
                   {"2 SmoothedTarget", SmoothedTargetIsRight()},
                   {"3 MeanOfBatches", MeanOfBatchesIsRight()},
                   {"4 BinaryLoss", BinaryLossIsRight()},
                   {"5 BestConstantLogit", BestConstantLogitIsRight()}};
  int open = 0;
  for (const auto& exercise : exercises) {
    std::printf("%-22s %s\n", exercise.name,
                exercise.solved ? "solved" : "open");
    open += exercise.solved ? 0 : 1;
  }
  return open == 0 ? 0 : 1;
}
