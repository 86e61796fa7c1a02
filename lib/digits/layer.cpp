#include "digits/layer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace surprisal::digits {

SparseRow SparseMatrix::operator[](size_t row) const {
  const size_t begin = row == 0 ? 0 : end_[row - 1];
  const size_t count = end_[row] - begin;
  return {{index_.data() + begin, count}, {value_.data() + begin, count}};
}

SparseMatrix SparseMatrix::Transposed(size_t columns) const {
  SparseMatrix transposed;
  transposed.end_.resize(columns, 0);
  transposed.index_.resize(index_.size());
  transposed.value_.resize(value_.size());

  // Let every row begin where the counts of the rows before it end
  std::vector<size_t>& place = transposed.end_;
  for (const uint32_t column : index_) ++place[column];
  std::exclusive_scan(place.begin(), place.end(), place.begin(), size_t{0});

  // Fill the rows; each place comes to stand at its row's end
  for (size_t row = 0; row < rows(); ++row) {
    const SparseRow elements = (*this)[row];
    for (size_t k = 0; k < elements.index.size(); ++k) {
      const size_t at = place[elements.index[k]]++;
      transposed.index_[at] = static_cast<uint32_t>(row);
      transposed.value_[at] = elements.value[k];
    }
  }
  return transposed;
}

Layer::Layer(size_t input_count, size_t output_count, Random& random)
    : inputs(input_count),
      outputs(output_count),
      stride((output_count + kRowAlign - 1) / kRowAlign * kRowAlign),
      weights(inputs * stride, 0.0f),
      biases(stride, 0.0f) {
  const double limit = std::sqrt(6.0 / static_cast<double>(inputs));
  for (size_t i = 0; i < inputs; ++i) {
    for (size_t j = 0; j < outputs; ++j) {
      const double even = 2.0 * random.Uniform() - 1.0;
      weights[i * stride + j] = static_cast<float>(limit * even);
    }
  }
}

std::vector<float> Layer::Apply(const SparseMatrix& x) const {
  std::vector<float> out(x.rows() * stride);
  std::vector<double> sums(stride);
  for (size_t row = 0; row < x.rows(); ++row) {
    std::copy(biases.begin(), biases.end(), sums.begin());
    AddWeightedRows(x[row], weights.data(), stride, sums.data());
    std::transform(sums.begin(), sums.end(), &out[row * stride],
                   [](double sum) { return static_cast<float>(sum); });
  }
  return out;
}

void Layer::Learn(const SparseMatrix& x, std::span<const float> d,
                  double rate) {
  std::vector<double> sums(stride);
  const auto step = [&](const SparseRow& terms, float* parameters) {
    std::fill(sums.begin(), sums.end(), 0.0);
    AddWeightedRows(terms, d.data(), stride, sums.data());
    Descend(sums.data(), rate, stride, parameters);
  };

  const SparseMatrix by_input = x.Transposed(inputs);
  for (size_t i = 0; i < inputs; ++i) {
    const SparseRow terms = by_input[i];
    if (!terms.index.empty()) step(terms, &weights[i * stride]);
  }

  // A bias is the weight of an input that is always 1
  std::vector<uint32_t> all_rows(x.rows());
  std::iota(all_rows.begin(), all_rows.end(), 0);
  const std::vector<float> ones(x.rows(), 1.0f);
  step({all_rows, ones}, biases.data());
}

}  // namespace surprisal::digits
