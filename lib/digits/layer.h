#ifndef SURPRISAL_DIGITS_LAYER_H_
#define SURPRISAL_DIGITS_LAYER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "digits/random.h"
#include "digits/weighted_rows.h"

namespace surprisal::digits {

/// A matrix kept as the nonzeros of each row. To leave a zero out changes no
/// bit of a sum: x + 0 * w is x for every finite w.
class SparseMatrix {
 public:
  /// Adds an element to the row under construction, in ascending places.
  void Append(uint32_t index, float value) {
    index_.push_back(index);
    value_.push_back(value);
  }
  void EndRow() { end_.push_back(index_.size()); }

  size_t rows() const { return end_.size(); }
  SparseRow operator[](size_t row) const;

  /// Its transpose, of `columns` rows.
  SparseMatrix Transposed(size_t columns) const;

 private:
  std::vector<size_t> end_;  // [rows] where in the two below a row ends
  std::vector<uint32_t> index_;
  std::vector<float> value_;
};

/// outputs = biases + inputs * weights, computed as AddWeightedRows() says.
struct Layer {
  size_t inputs = 0;
  size_t outputs = 0;
  size_t stride = 0;           ///< outputs, rounded up to kRowAlign
  std::vector<float> weights;  ///< [inputs, stride], 0 beyond the outputs
  std::vector<float> biases;   ///< [stride], 0 beyond the outputs

  /// Weights even in +-sqrt(6 / input_count), the scale that keeps the variance
  /// through a ReLU (He, Zhang, Ren and Sun, "Delving deep into rectifiers",
  /// 2015); biases 0.
  Layer(size_t input_count, size_t output_count, Random& random);

  /// @param[in] x  [rows, inputs].
  /// Returns [rows, stride], each element rounded once from its double sum.
  std::vector<float> Apply(const SparseMatrix& x) const;

  /// A step of gradient descent: weights -= rate * x^T d, biases -= rate * 1^T
  /// d, summed over the rows in their order and rounded as Descend() says.
  /// @param[in] x  [rows, inputs], what Apply() was given.
  /// @param[in] d  [rows, stride], the gradient at its outputs.
  void Learn(const SparseMatrix& x, std::span<const float> d, double rate);
};

}  // namespace surprisal::digits

#endif  // SURPRISAL_DIGITS_LAYER_H_
