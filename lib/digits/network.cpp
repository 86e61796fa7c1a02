#include "digits/network.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <span>
#include <string>

#include "surprisal/common/error.h"
#include "surprisal/common/rows.h"
#include "surprisal/cross_entropy/cross_entropy.h"

namespace surprisal::digits {
namespace {

// ---------------------------------------------------------------------------
// Arguments

void CheckHidden(size_t hidden) {
  if (hidden != 0 && hidden % kRowAlign == 0) return;
  throw Error("hidden = " + std::to_string(hidden) +
              " is not a multiple of 16, at least 16");
}

void CheckSize(const char* what, size_t size, size_t want) {
  if (size == want) return;
  throw Error(std::string(what) + " has " + std::to_string(size) +
              " elements, want " + std::to_string(want));
}

void CheckDigits(const Digits& digits) {
  if (digits.count == 0) throw Error("digits.count = 0 is not at least 1");
  CheckSize("digits.pixels", digits.pixels.size(), digits.count * kPixels);
  CheckSize("digits.labels", digits.labels.size(), digits.count);
  for (size_t i = 0; i < digits.count; ++i) {
    const Label label = digits.labels[i];
    if (label >= 0 && label < static_cast<Label>(kDigitClasses)) continue;
    throw Error("digits.labels[" + std::to_string(i) +
                "] = " + std::to_string(label) + " is outside [0, 10)");
  }
}

void CheckTraining(const TrainingOptions& options) {
  if (options.epochs == 0) throw Error("epochs = 0 is not at least 1");
  if (options.batch == 0) throw Error("batch = 0 is not at least 1");
  const double rate = options.learning_rate;
  if (!(rate > 0) || !std::isfinite(rate)) {
    throw Error("learning_rate = " + std::to_string(rate) +
                " is outside (0, inf)");
  }
}

// ---------------------------------------------------------------------------
// Forward

void AppendImage(std::span<const uint8_t, kPixels> image, SparseMatrix& x) {
  for (size_t i = 0; i < kPixels; ++i) {
    if (image[i] == 0) continue;
    const float ink = static_cast<float>(image[i]) / 255.0f;
    x.Append(static_cast<uint32_t>(i), ink);
  }
  x.EndRow();
}

// max(z, 0), as the elements that are not 0. NaN stays.
SparseMatrix Relu(std::span<const float> z, size_t stride) {
  SparseMatrix activations;
  for (size_t begin = 0; begin < z.size(); begin += stride) {
    for (size_t j = 0; j < stride; ++j) {
      const float value = z[begin + j];
      if (value <= 0.0f) continue;
      activations.Append(static_cast<uint32_t>(j), value);
    }
    activations.EndRow();
  }
  return activations;
}

size_t ArgMax(std::span<const float> row) {
  return static_cast<size_t>(std::max_element(row.begin(), row.end()) -
                             row.begin());
}

// FNV-1a, fed with the bits of whole floats.
uint64_t HashOf(std::span<const float> values, uint64_t hash) {
  for (const float value : values) {
    hash = (hash ^ std::bit_cast<uint32_t>(value)) * 0x100000001b3u;
  }
  return hash;
}

}  // namespace

Network::Network(const NetworkOptions& options)
    : Network((CheckHidden(options.hidden), options), Random(options.seed)) {}

Network::Network(const NetworkOptions& options, Random random)
    : hidden_(kPixels, options.hidden, random),
      output_(options.hidden, kDigitClasses, random) {}

std::vector<float> Network::Logits(const Digits& digits) const {
  CheckSize("digits.pixels", digits.pixels.size(), digits.count * kPixels);
  constexpr size_t kChunk = 256;  // keeps what lies between the layers small
  std::vector<float> logits;
  logits.reserve(digits.count * kDigitClasses);
  for (size_t begin = 0; begin < digits.count; begin += kChunk) {
    SparseMatrix x;
    const size_t end = std::min(digits.count, begin + kChunk);
    for (size_t i = begin; i < end; ++i) AppendImage(digits.Image(i), x);
    const std::vector<float> z =
        output_.Apply(Relu(hidden_.Apply(x), hidden_.stride));
    for (auto row = z.begin(); row != z.end(); row += output_.stride) {
      logits.insert(logits.end(), row, row + kDigitClasses);
    }
  }
  return logits;
}

uint64_t Network::Fingerprint() const {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const Layer* layer : {&hidden_, &output_}) {
    hash = HashOf(layer->weights, hash);
    hash = HashOf(layer->biases, hash);
  }
  return hash;
}

double Accuracy(const Network& network, const Digits& digits) {
  CheckDigits(digits);
  const std::vector<float> logits = network.Logits(digits);
  size_t right = 0;
  for (size_t i = 0; i < digits.count; ++i) {
    const std::span row(&logits[i * kDigitClasses], kDigitClasses);
    if (static_cast<Label>(ArgMax(row)) == digits.labels[i]) ++right;
  }
  return static_cast<double>(right) / static_cast<double>(digits.count);
}

// ---------------------------------------------------------------------------
// Training

class Trainer {
 public:
  Trainer(Network& network, const Digits& digits, double rate)
      : network_(network), digits_(digits), rate_(rate) {}

  /// One step on these digits; returns their mean loss before it.
  float Step(std::span<const size_t> batch);

 private:
  std::vector<float> BackThroughOutput(std::span<const float> d_logits,
                                       std::span<const float> z) const;

  Network& network_;
  const Digits& digits_;
  double rate_;
};

float Trainer::Step(std::span<const size_t> batch) {
  Layer& hidden = network_.hidden_;
  Layer& output = network_.output_;

  // Carry the images forward to their logits
  SparseMatrix x;
  std::vector<Label> labels;
  for (const size_t i : batch) {
    AppendImage(digits_.Image(i), x);
    labels.push_back(digits_.labels[i]);
  }
  const std::vector<float> z = hidden.Apply(x);
  const SparseMatrix activations = Relu(z, hidden.stride);
  const std::vector<float> logits = output.Apply(activations);

  // Take the loss, and its gradient back to the hidden layer
  float loss = 0;
  std::vector<float> d_logits(logits.size(), 0.0f);
  const auto stride = static_cast<std::ptrdiff_t>(output.stride);
  CrossEntropyWithGradient(
      Rows<const float>(logits.data(), batch.size(), kDigitClasses, stride),
      labels, std::span(&loss, 1),
      Rows<float>(d_logits.data(), batch.size(), kDigitClasses, stride));
  const std::vector<float> d_z = BackThroughOutput(d_logits, z);

  // Let both layers learn
  output.Learn(activations, d_logits, rate_);
  hidden.Learn(x, d_z, rate_);
  return loss;
}

// d_z = d_logits * weights^T where the ReLU let z through, 0 elsewhere. Each
// sum runs over the classes in their order and is rounded once to float.
std::vector<float> Trainer::BackThroughOutput(std::span<const float> d_logits,
                                              std::span<const float> z) const {
  const Layer& output = network_.output_;
  const size_t width = output.inputs;
  std::vector<float> by_class(kDigitClasses * width);
  for (size_t j = 0; j < width; ++j) {
    for (size_t c = 0; c < kDigitClasses; ++c) {
      by_class[c * width + j] = output.weights[j * output.stride + c];
    }
  }

  std::array<uint32_t, kDigitClasses> classes;
  std::iota(classes.begin(), classes.end(), 0);
  std::vector<float> d_z(z.size());
  std::vector<double> sums(width);
  for (size_t row = 0; row * width < z.size(); ++row) {
    std::fill(sums.begin(), sums.end(), 0.0);
    const auto d = d_logits.subspan(row * output.stride, kDigitClasses);
    AddWeightedRows({classes, d}, by_class.data(), width, sums.data());
    for (size_t j = 0; j < width; ++j) {
      const bool passed = !(z[row * width + j] <= 0.0f);
      d_z[row * width + j] = passed ? static_cast<float>(sums[j]) : 0.0f;
    }
  }
  return d_z;
}

TrainingReport Train(Network& network, const Digits& digits,
                     const TrainingOptions& options,
                     const std::function<void(const Progress&)>& on_step) {
  CheckTraining(options);
  CheckDigits(digits);

  Trainer trainer(network, digits, options.learning_rate);
  Random random(options.seed);
  std::vector<size_t> order(digits.count);
  std::iota(order.begin(), order.end(), size_t{0});
  const bool remainder = digits.count % options.batch != 0;
  const size_t steps =
      options.epochs * (digits.count / options.batch + (remainder ? 1 : 0));

  TrainingReport report;
  for (size_t epoch = 1; epoch <= options.epochs; ++epoch) {
    random.Shuffle(std::span(order));
    double sum = 0;
    for (size_t begin = 0; begin < order.size(); begin += options.batch) {
      const size_t count = std::min(options.batch, order.size() - begin);
      const float loss = trainer.Step(std::span(&order[begin], count));
      report.step_losses.push_back(loss);
      sum += static_cast<double>(loss) * static_cast<double>(count);
      if (!on_step) continue;
      const double mean = sum / static_cast<double>(begin + count);
      on_step({epoch, options.epochs, report.step_losses.size(), steps, mean});
    }
    report.epoch_losses.push_back(sum / static_cast<double>(digits.count));
  }
  return report;
}

}  // namespace surprisal::digits
