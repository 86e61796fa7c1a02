// Eigen's array expressions, each row's evaluated by its vectors.

#include <Eigen/Core>
#include <cmath>
#include <string>

#include "bench/library.h"

namespace surprisal::bench {
namespace {

using InMap = Eigen::Map<const Eigen::ArrayXf>;
using OutMap = Eigen::Map<Eigen::ArrayXf>;

void ComputeRow(Quantity quantity, const InMap& logits, Eigen::Index label,
                OutMap out, float& scalar) {
  const float max = logits.maxCoeff();
  const auto exponentials = (logits - max).exp();
  const float lead = logits[label] - max;
  if (quantity == Quantity::kSoftmax) {
    out = exponentials;
    out *= 1 / out.sum();
  } else if (quantity == Quantity::kLogSoftmax) {
    out = logits - (max + std::log(exponentials.sum()));
  } else if (quantity == Quantity::kLogSumExp) {
    scalar = max + std::log(exponentials.sum());
  } else if (quantity == Quantity::kCrossEntropy) {
    scalar = std::log(exponentials.sum()) - lead;
  } else {
    out = exponentials;
    const float sum = out.sum();
    scalar = std::log(sum) - lead;
    out *= 1 / sum;
    out[label] -= 1;
  }
}

void Compute(const Task& task) {
  const auto classes = static_cast<Eigen::Index>(task.classes);
  const auto* logits = static_cast<const float*>(task.logits);
  auto* matrix = static_cast<float*>(task.matrix);
  for (size_t r = 0; r < task.rows; ++r) {
    const size_t first = r * task.classes;
    ComputeRow(task.quantity, InMap(logits + first, classes), task.labels[r],
               OutMap(matrix + first, classes), task.scalars[r]);
  }
}

}  // namespace

Library EigenLibrary() {
  const std::string version = std::to_string(EIGEN_WORLD_VERSION) + "." +
                              std::to_string(EIGEN_MAJOR_VERSION) + "." +
                              std::to_string(EIGEN_MINOR_VERSION);
  return {"Eigen", version, [](const Task& task) {
            if (task.type != ElementType::kFloat32) return Computation();
            return Computation([task] { Compute(task); });
          }};
}

}  // namespace surprisal::bench
