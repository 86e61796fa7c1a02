#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "digits/layer.h"
#include "digits/random.h"
#include "live/live.h"

// The network of the chapters, trained when the site was built: only forward.

namespace surprisal::live {
namespace {

using digits::Layer;
using digits::SparseMatrix;

constexpr size_t kPixelCount = 784, kClasses = 10;

struct LoadedNetwork {
  Layer hidden;
  Layer output;
};

std::optional<LoadedNetwork>& Loaded() {
  static std::optional<LoadedNetwork> network;
  return network;
}

/// A layer of the parameters at `from`, which is moved behind them.
Layer LayerOf(size_t inputs, size_t outputs, const float*& from) {
  digits::Random random(0);
  Layer layer(inputs, outputs, random);
  for (size_t i = 0; i < inputs; ++i, from += outputs) {
    std::copy(from, from + outputs, &layer.weights[i * layer.stride]);
  }
  std::copy(from, from + outputs, layer.biases.begin());
  from += outputs;
  return layer;
}

/// The numbers above 0 of a row: what a ReLU lets through, what is not paper.
void AppendPositive(const std::vector<float>& row, SparseMatrix& x) {
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i] > 0) x.Append(static_cast<std::uint32_t>(i), row[i]);
  }
  x.EndRow();
}

}  // namespace
}  // namespace surprisal::live

using namespace surprisal::live;  // NOLINT: its C interface

int live_load_network(const float* weights, int count) {
  const int per_hidden = static_cast<int>(kPixelCount + 1 + kClasses);
  const int rest = count - static_cast<int>(kClasses);
  const int hidden = rest / per_hidden;
  if (rest <= 0 || rest % per_hidden != 0 || hidden % 16 != 0) return 0;
  const auto width = static_cast<size_t>(hidden);
  Layer first = LayerOf(kPixelCount, width, weights);
  Loaded() = {std::move(first), LayerOf(width, kClasses, weights)};
  return 1;
}

int live_digit_logits(const unsigned char* pixels, float* logits) {
  if (!Loaded()) return 0;
  std::vector<float> ink(kPixelCount);
  std::transform(pixels, pixels + kPixelCount, ink.begin(),
                 [](int pixel) { return static_cast<float>(pixel) / 255.0f; });
  SparseMatrix x, activations;
  AppendPositive(ink, x);
  AppendPositive(Loaded()->hidden.Apply(x), activations);
  const std::vector<float> z = Loaded()->output.Apply(activations);
  std::copy(z.begin(), z.begin() + kClasses, logits);
  return 1;
}
