#ifndef SURPRISAL_TESTS_ACCURACY_INPUTS_H_
#define SURPRISAL_TESTS_ACCURACY_INPUTS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "surprisal/common/rows.h"

/// The inputs of the accuracy table. Each batch is a function of its name alone,
/// so that the table can name an input of 32000 classes and a test make it again.
namespace surprisal::accuracy {

/// What an argument of a function of rows holds.
enum class Content {
  kNothing,
  kArguments,  ///< any finite numbers, many of moderate size
  kLogits,
  kUpstream,  ///< any finite numbers, some rows nearly constant
  kProbs,     ///< in [0, 1], some 0
  kPositive,  ///< probabilities above 0
  kLogProbs,  ///< at most 0
  kTargets,   ///< at least 0, some 0
  kWeights,   ///< at least 0, the same for every row
};

/// Rows of one length and all that a function may want beside them, as doubles
/// that the element type holds exactly.
struct Batch {
  size_t rows = 0;
  size_t classes = 0;
  std::vector<double> first = {};
  std::vector<double> second = {};
  std::vector<double> upstream = {};  ///< one per row
  std::vector<Label> labels = {};     ///< one per row
};

/// One of the rows, and the row scalars beside it.
struct RowInput {
  std::span<const double> first;
  std::span<const double> second;
  double upstream;
  Label label;
};
RowInput RowOf(const Batch& batch, size_t row);

/// What to make batches of.
struct Recipe {
  ElementType type;
  Content first;
  Content second;
  bool one_class = false;  ///< rows of one element: functions of one number
};

/// The batch of that number: a row of up to 32000 classes now and then, mostly
/// up to 64 rows of a few.
Batch RandomBatch(const Recipe& recipe, uint64_t number);

/// Rows for the stages behind the first: results that are exact or ties, ties
/// that only e^-100 breaks, flat rows, sums that cancel, ends of the ranges.
/// There are kSpecialBatches of them.
Batch SpecialBatch(const Recipe& recipe, uint64_t number);
inline constexpr uint64_t kSpecialBatches = 64;

/// The row alone, one of its first numbers moved by a few units in the last
/// place of the type: which, and how far, `step` says.
Batch Neighbour(const Batch& batch, size_t row, uint64_t step,
                const Recipe& recipe);

/// `rows` rows of logits of a normal distribution of standard deviation 3, as a
/// network might give; beside them what else there is at random.
Batch NormalBatch(const Recipe& recipe, size_t rows, size_t classes,
                  uint64_t number);

/// The value of the type nearest to x.
double Nearest(ElementType type, double x);

/// The next value of the type towards 0 or away from it.
double Next(ElementType type, double x, int steps);

}  // namespace surprisal::accuracy

#endif  // SURPRISAL_TESTS_ACCURACY_INPUTS_H_
