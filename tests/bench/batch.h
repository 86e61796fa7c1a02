#ifndef SURPRISAL_TESTS_BENCH_BATCH_H_
#define SURPRISAL_TESTS_BENCH_BATCH_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bench/library.h"
#include "hwy/aligned_allocator.h"

namespace surprisal::bench {

struct Shape {
  size_t rows;
  size_t classes;
};

/// "8192x1000"; nothing if the text is not that, a number is 0 or there are
/// more than kMostLogits.
inline constexpr size_t kMostLogits = size_t{1} << 30;
std::optional<Shape> ParseShape(const std::string& text);
std::string Text(const Shape& shape);

/// Logits such as networks give, the same in every run, and memory for what is
/// computed of them.
///
/// A row is normally distributed with a standard deviation of 1, 2 or 4, its
/// label any class. A share of the rows is confident as after training: there
/// the label's logit lies kLead above all others.
class Batch {
 public:
  static constexpr double kLead = 20;

  /// @param confident  the share of rows that are, in [0, 1].
  Batch(const Shape& shape, ElementType type, double confident);

  Task TaskOf(Quantity quantity);
  const Shape& shape() const { return shape_; }

  /// The logits of a row, exactly.
  std::vector<double> Row(size_t row) const;
  Label LabelOf(size_t row) const { return labels_[row]; }

 private:
  Shape shape_;
  ElementType type_;
  hwy::AlignedFreeUniquePtr<unsigned char[]> logits_, matrix_;
  std::vector<Label> labels_;
  std::vector<float> scalars_;
};

}  // namespace surprisal::bench

#endif  // SURPRISAL_TESTS_BENCH_BATCH_H_
