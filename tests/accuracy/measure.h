#ifndef SURPRISAL_TESTS_ACCURACY_MEASURE_H_
#define SURPRISAL_TESTS_ACCURACY_MEASURE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "accuracy/quantities.h"
#include "surprisal/common/stages.h"

/// Counts, for one quantity and element type, the results that are not the
/// correctly rounded ones, and looks for the inputs that come nearest to it.
namespace surprisal::accuracy {

/// Where a batch comes from; see inputs.h. `step` counts for neighbours alone.
struct Source {
  enum Family { kRandom, kSpecial, kBuilt, kNear };
  Family family = kRandom;
  uint64_t number = 0;
  size_t row = 0;
  uint64_t step = 0;
};
std::string Text(const Source& source, size_t place);

/// Makes the batch again. A neighbour's is one row.
Batch Make(const Quantity& quantity, ElementType type, const Source& source);

/// A result, and how far it is: from the exact value in units in the last place
/// (doubles), or the exact value from where its rounding changes (the others).
struct Found {
  double ulp;
  Source source = {};
  size_t place = 0;  ///< which result of the row
  double result = 0;
  std::vector<double> first = {}, second = {};  ///< the row
};

/// What was found on the targets measured.
struct Findings {
  uint64_t results = 0;
  uint64_t ties = 0;       ///< exactly, or nearer than 2^-300 of an ulp
  uint64_t escalated = 0;  ///< results that needed 100 digits
  std::vector<uint64_t> differences = {};  ///< per target; not of doubles
  /// Zeros of the other sign than the number that underflowed, on all targets;
  /// an exact 0 has no sign, and what a function says of its is tested elsewhere.
  uint64_t zero_signs = 0;
  std::vector<std::string> examples = {};  ///< of differences, at most three
  Found nearest = {.ulp = 1};              ///< not of doubles
  std::vector<Found> worst = {};           ///< per target; of doubles alone
};

/// How a batch is computed: the library's kernels, or a test's.
using RunFn = std::function<std::vector<double>(const Quantity&, ElementType,
                                                const Batch&)>;

/// How much is measured.
struct Extent {
  uint64_t results = 0;  ///< random ones at least, beside the others
  uint64_t built = 400;  ///< rows that BuildFn makes
};

/// Measures on each of the SIMD targets (Highway's numbers).
Findings Measure(const Quantity& quantity, ElementType type,
                 const std::vector<int64_t>& targets, const Extent& extent,
                 const RunFn& run = Run);

/// Measures a single result again.
Findings Remeasure(const Quantity& quantity, ElementType type,
                   const std::vector<int64_t>& targets, const Source& source,
                   size_t place, const RunFn& run = Run);

/// The stages taken by a number of results.
struct Taken {
  uint64_t results = 0;
  StageCounts stages = {};
};

/// By rows of that many classes of normally distributed logits (or random
/// arguments): 2^22 numbers, of 16 bits 2^18; or about 2^16 if these show that
/// more than one result in 16 takes the full stage.
Taken StagesOfRandom(const Quantity& quantity, ElementType type,
                     size_t classes);

/// By the special rows and the built ones.
Taken StagesOfHard(const Quantity& quantity, ElementType type);

}  // namespace surprisal::accuracy

#endif  // SURPRISAL_TESTS_ACCURACY_MEASURE_H_
