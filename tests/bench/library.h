#ifndef SURPRISAL_TESTS_BENCH_LIBRARY_H_
#define SURPRISAL_TESTS_BENCH_LIBRARY_H_

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "surprisal/common/element.h"
#include "surprisal/common/rows.h"

/// What is timed, and the common interface of those who compute it.
namespace surprisal::bench {

enum class Quantity {
  kSoftmax,
  kLogSoftmax,
  kLogSumExp,
  kCrossEntropy,             ///< each row's loss
  kCrossEntropyWithGradient  ///< the same, and its gradient
};

inline constexpr std::array kQuantities = {
    Quantity::kSoftmax, Quantity::kLogSoftmax, Quantity::kLogSumExp,
    Quantity::kCrossEntropy, Quantity::kCrossEntropyWithGradient};

constexpr const char* NameOf(Quantity quantity) {
  constexpr std::array kNames = {"softmax", "log_softmax", "log_sum_exp",
                                 "cross_entropy",
                                 "cross_entropy_with_gradient"};
  return kNames[static_cast<size_t>(quantity)];
}

/// Whether a number per row, or one per logit, comes out; or both.
constexpr bool HasScalars(Quantity quantity) {
  return quantity >= Quantity::kLogSumExp;
}
constexpr bool HasMatrix(Quantity quantity) {
  return quantity != Quantity::kLogSumExp &&
         quantity != Quantity::kCrossEntropy;
}

/// A quantity to compute of one batch, and where the results go. All memory is
/// contiguous, and stays where it is.
struct Task {
  Quantity quantity;
  ElementType type;  ///< of the logits and the matrix; not float64
  size_t rows;
  size_t classes;
  const void* logits;   ///< [rows, classes]
  const Label* labels;  ///< [rows]
  void* matrix;         ///< [rows, classes]: probs, log_probs or d_logits
  float* scalars;       ///< [rows]: log_sum_exp or loss
};

/// Computes a task's results once more.
using Computation = std::function<void()>;

/// One of those compared.
struct Library {
  std::string name;
  std::string version;  ///< or what else there is to say of it
  /// Gets ready for a task; what that takes is not timed. An empty function is
  /// returned for what the library does not have.
  std::function<Computation(const Task&)> prepare;
};

/// This library, on one thread or on several.
Library SurprisalLibrary(int threads);

/// Others, each on one thread, where they were found; see CMakeLists.txt.
Library PyTorchLibrary();
Library OneDnnLibrary();
Library EigenLibrary();

/// Three passes over each row, with the C library's exponential.
Library StdExpLibrary();

/// Those that this program was built with.
std::vector<Library> Peers();

}  // namespace surprisal::bench

#endif  // SURPRISAL_TESTS_BENCH_LIBRARY_H_
