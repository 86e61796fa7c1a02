// The textbook's loops: what a compiler makes of them without being allowed to
// reorder a sum, and so without vectors.

#include <algorithm>
#include <cmath>

#include "bench/library.h"

namespace surprisal::bench {
namespace {

struct Row {
  const float* logits;
  size_t classes;
  size_t label;
  float* out;     // of the row, where the quantity has a matrix
  float* scalar;  // likewise
};

float Max(const Row& row) {
  return *std::max_element(row.logits, row.logits + row.classes);
}

float SumExp(const Row& row, float max) {
  float sum = 0;
  for (size_t c = 0; c < row.classes; ++c) sum += std::exp(row.logits[c] - max);
  return sum;
}

/// Keeps the exponentials, and returns their sum.
float StoreExp(const Row& row, float max) {
  float sum = 0;
  for (size_t c = 0; c < row.classes; ++c) {
    sum += row.out[c] = std::exp(row.logits[c] - max);
  }
  return sum;
}

void Divide(const Row& row, float sum) {
  for (size_t c = 0; c < row.classes; ++c) row.out[c] /= sum;
}

void ComputeRow(Quantity quantity, const Row& row) {
  const float max = Max(row);
  const float lead = row.logits[row.label] - max;
  if (quantity == Quantity::kSoftmax) {
    Divide(row, StoreExp(row, max));
  } else if (quantity == Quantity::kLogSoftmax) {
    const float log_sum = std::log(SumExp(row, max));
    for (size_t c = 0; c < row.classes; ++c) {
      row.out[c] = row.logits[c] - max - log_sum;
    }
  } else if (quantity == Quantity::kLogSumExp) {
    *row.scalar = max + std::log(SumExp(row, max));
  } else if (quantity == Quantity::kCrossEntropy) {
    *row.scalar = std::log(SumExp(row, max)) - lead;
  } else {
    const float sum = StoreExp(row, max);
    *row.scalar = std::log(sum) - lead;
    Divide(row, sum);
    row.out[row.label] -= 1;
  }
}

}  // namespace

Library StdExpLibrary() {
  return {"std::exp", "scalar, in three passes", [](const Task& task) {
            if (task.type != ElementType::kFloat32) return Computation();
            return Computation([task] {
              const auto* logits = static_cast<const float*>(task.logits);
              auto* matrix = static_cast<float*>(task.matrix);
              for (size_t r = 0; r < task.rows; ++r) {
                const size_t first = r * task.classes;
                ComputeRow(task.quantity, {logits + first, task.classes,
                                           static_cast<size_t>(task.labels[r]),
                                           matrix + first, task.scalars + r});
              }
            });
          }};
}

}  // namespace surprisal::bench
