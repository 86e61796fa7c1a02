#ifndef SURPRISAL_TESTS_BENCH_JUDGE_H_
#define SURPRISAL_TESTS_BENCH_JUDGE_H_

#include <cstddef>
#include <vector>

#include "bench/batch.h"
#include "oracle/filtered_rows.h"

namespace surprisal::bench {

struct Verdict {
  double worst_ulp = 0;  ///< 0.5 or less: all are correctly rounded
  size_t results = 0;    ///< so many were looked at
};

/// Compares results with the exact values of what the logits, as they are,
/// define. Of a large batch it looks at rows spread evenly: as many as hold
/// kResults logits, and at least one.
class Judge {
 public:
  static constexpr size_t kResults = size_t{1} << 20;

  explicit Judge(const Batch& batch);

  /// Judges what was last computed of a task of this batch. The error is exact
  /// where it could be mistaken for being on the other side of 0.5, and
  /// elsewhere known to 1e-6 of itself.
  Verdict Look(const Task& task) const;

 private:
  struct SampledRow {
    size_t number;
    std::vector<double> logits;
    filtered::LogitsRow reference;
  };

  std::vector<SampledRow> rows_;
};

}  // namespace surprisal::bench

#endif  // SURPRISAL_TESTS_BENCH_JUDGE_H_
