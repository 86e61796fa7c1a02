#include <cstddef>
#include <span>
#include <vector>

#include "digits/classifier.h"
#include "literate/exercises.h"
#include "literate/progress_bar.h"

// The exercises of chapter 1: write the bodies of the functions below, build,
// and run exercise_01_raw_logits to see which are solved.

namespace {

using surprisal::Label;
using Row = std::span<const float>;
using Counts = std::vector<std::vector<int>>;

/// 1. The place of the largest logit; among equal ones, the first.
size_t ArgMax(Row logits) { return logits.size(); }

/// 2. How many of the rows have their largest logit elsewhere than at the
/// label. Row i is logits[10 * i] to logits[10 * i + 9].
int CountMistakes(std::span<const float> logits,
                  std::span<const Label> labels) {
  return -1;
}

/// 3. counts[a][b]: how often a row with label a has its largest logit at b.
Counts Confusion(std::span<const float> logits, std::span<const Label> labels) {
  return {};
}

/// 4. The places of the two largest logits, the largest first.
std::vector<size_t> TopTwo(Row logits) { return {}; }

/// 5. The row with `shift` added to every logit.
std::vector<float> Shifted(Row logits, float shift) { return {}; }

// ---------------------------------------------------------------------------
// Below, the answers are judged: by small rows, and by the trained network.

const surprisal::digits::Classifier& Classifier() {
  return surprisal::digits::TheClassifier<surprisal::literate::ProgressBar>({});
}

const std::vector<float> kRow = {-1.5f, 3.0f, 0.25f, 3.0f, 2.0f};

bool JudgeArgMax() {
  const std::vector<float> negative = {-3.0f, -2.0f, -8.0f};
  return ArgMax(kRow) == 1 && ArgMax(negative) == 1;
}

bool JudgeCountMistakes() {
  const auto& [data, untrained, trained, report] = Classifier();
  const double mistakes =
      CountMistakes(trained.Logits(data.test), data.test.labels);
  const double count = static_cast<double>(data.test.count);
  return (count - mistakes) / count == Accuracy(trained, data.test);
}

bool JudgeConfusion() {
  const auto& [data, untrained, trained, report] = Classifier();
  const Counts counts = Confusion(trained.Logits(data.test), data.test.labels);
  // Judge a row by the images of one digit: their mistakes, and their number
  double right = 0;
  for (size_t label = 0; label < 10; ++label) {
    if (counts.size() != 10 || counts[label].size() != 10) return false;
    int images = 0;
    for (const int count : counts[label]) images += count;
    const auto own = WithLabel(data.test, static_cast<Label>(label));
    if (images != static_cast<int>(own.count)) return false;
    right += counts[label][label];
  }
  const double count = static_cast<double>(data.test.count);
  return right / count == Accuracy(trained, data.test);
}

bool JudgeTopTwo() {
  const std::vector<float> rising = {-2.0f, -1.0f, 0.5f};
  return TopTwo(kRow) == std::vector<size_t>{1, 3} &&
         TopTwo(rising) == std::vector<size_t>{2, 1};
}

bool JudgeShifted() {
  const std::vector<float> want = {5.5f, 10.0f, 7.25f, 10.0f, 9.0f};
  return Shifted(kRow, 7) == want && Shifted(kRow, 0) == kRow;
}

constexpr surprisal::literate::Exercise kExercises[] = {
    {"ArgMax", JudgeArgMax},       {"CountMistakes", JudgeCountMistakes},
    {"Confusion", JudgeConfusion}, {"TopTwo", JudgeTopTwo},
    {"Shifted", JudgeShifted},
};

}  // namespace

int main() { return surprisal::literate::RunExercises(kExercises); }
