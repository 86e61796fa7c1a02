#ifndef SURPRISAL_DIGITS_WEIGHTED_ROWS_H_
#define SURPRISAL_DIGITS_WEIGHTED_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace surprisal::digits {

/// Row widths are multiples of this, so that no SIMD loop has a remainder.
inline constexpr size_t kRowAlign = 16;

/// A row vector with few nonzeros: value[k] stands at place index[k].
struct SparseRow {
  std::span<const uint32_t> index;
  std::span<const float> value;
};

/// Adds the rows of a matrix, weighted: for k = 0, 1, ... in this order,
/// sums[j] += terms.value[k] * matrix[terms.index[k]][j].
///
/// A product of two floats is exact in double, so that a fused multiply-add
/// rounds as a multiplication and an addition do; and no sum is split over the
/// lanes of a vector. The bits are thus the same on every target.
/// @param[in]     matrix  [*, width], width a multiple of kRowAlign.
/// @param[in,out] sums    [width].
void AddWeightedRows(const SparseRow& terms, const float* matrix, size_t width,
                     double* sums);

/// One step down the gradient: weights[j] becomes weights[j] - rate * d[j],
/// both operations rounded to double, then once to float.
/// @param[in]     d        [width] gradient, width a multiple of kRowAlign.
/// @param[in,out] weights  [width].
void Descend(const double* d, double rate, size_t width, float* weights);

}  // namespace surprisal::digits

#endif  // SURPRISAL_DIGITS_WEIGHTED_ROWS_H_
