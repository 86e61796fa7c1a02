#include "digits/network.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "digits/idx.h"
#include "digits/layer.h"
#include "digits/random.h"
#include "digits/weighted_rows.h"
#include "hwy/targets.h"
#include "surprisal/common/error.h"
#include "surprisal/common/rows.h"
#include "surprisal/cross_entropy/cross_entropy.h"

namespace surprisal::digits {
namespace {

template <class Body>
void ForEachTarget(const Body& body) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const std::string target_name = hwy::TargetName(target);
    CAPTURE(target_name);
    hwy::SetSupportedTargetsForTest(target);
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
}

// Real digits, a few of each.
Digits FewDigits(size_t count) {
  const Digits train = EmbeddedSample().train;
  std::vector<size_t> places(count);
  std::iota(places.begin(), places.end(), size_t{0});
  return Select(train, places);
}

std::vector<uint64_t> Bits(std::span<const double> values) {
  std::vector<uint64_t> bits;
  for (const double value : values) {
    bits.push_back(std::bit_cast<uint64_t>(value));
  }
  return bits;
}

// ---------------------------------------------------------------------------
// The generator

TEST_CASE("the generator gives the published numbers of SplitMix64") {
  Random random(1234567);
  CHECK(random.Next() == 6457827717110365317u);
  CHECK(random.Next() == 3203168211198807973u);
  CHECK(random.Next() == 9817491932198370423u);
  CHECK(random.Next() == 4593380528125082431u);
  CHECK(random.Next() == 16408922859458223821u);
}

TEST_CASE("numbers below a bound stay below it and reach every value") {
  Random random(1);
  for (const uint64_t bound : {1u, 2u, 3u, 10u, 28u}) {
    std::vector<size_t> seen(bound, 0);
    for (int i = 0; i < 1000; ++i) ++seen.at(random.Below(bound));
    CHECK(std::ranges::count(seen, 0u) == 0);
  }
}

TEST_CASE("numbers below a bound are even where a remainder would not be") {
  // With the bound at 3/4 of 2^64, a remainder alone would put half of all
  // numbers, not a third, into the lowest third.
  Random random(2);
  const uint64_t third = uint64_t{1} << 62;
  size_t low = 0;
  for (int i = 0; i < 3000; ++i) low += random.Below(3 * third) < third ? 1 : 0;
  CHECK(low > 850);
  CHECK(low < 1150);
}

TEST_CASE("a shuffle is a pinned permutation") {
  std::vector<int> items(10);
  std::iota(items.begin(), items.end(), 0);
  Random(1).Shuffle(std::span(items));
  CHECK(items == std::vector<int>{4, 2, 8, 1, 9, 3, 0, 6, 7, 5});
  std::ranges::sort(items);
  for (int i = 0; i < 10; ++i) CHECK(items[i] == i);
}

// ---------------------------------------------------------------------------
// The kernels

// Floats of all signs and of sizes from 2^-30 to 2^30.
std::vector<float> WildFloats(size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) {
    const int exponent = static_cast<int>(random.Below(61)) - 30;
    const double mantissa = 2.0 * random.Uniform() - 1.0;
    value = static_cast<float>(std::ldexp(mantissa, exponent));
  }
  return values;
}

TEST_CASE("weighted rows are added as a plain loop adds them") {
  const size_t rows = 23;
  const std::vector<float> value = WildFloats(rows, 1);
  std::vector<uint32_t> index(rows);
  std::iota(index.begin(), index.end(), 0);
  Random(2).Shuffle(std::span(index));

  for (size_t width = kRowAlign; width <= 10 * kRowAlign; width += kRowAlign) {
    CAPTURE(width);
    const std::vector<float> matrix = WildFloats(rows * width, 3);
    std::vector<double> want(width, 0.125);
    for (size_t k = 0; k < rows; ++k) {
      for (size_t j = 0; j < width; ++j) {
        const double product =
            static_cast<double>(value[k]) *
            static_cast<double>(matrix[index[k] * width + j]);
        want[j] += product;
      }
    }
    ForEachTarget([&] {
      std::vector<double> sums(width, 0.125);
      AddWeightedRows({index, value}, matrix.data(), width, sums.data());
      CHECK(Bits(sums) == Bits(want));
    });
  }
}

TEST_CASE("a step down is a product, a difference and a rounding to float") {
  const size_t width = 4 * kRowAlign;
  const double rate = 0.1;
  const std::vector<float> before = WildFloats(width, 4);
  std::vector<double> d;
  for (const float x : WildFloats(width, 5)) d.push_back(x / 3.0);
  std::vector<float> want = before;
  for (size_t j = 0; j < width; ++j) {
    const double down = rate * d[j];
    want[j] = static_cast<float>(static_cast<double>(before[j]) - down);
  }
  ForEachTarget([&] {
    std::vector<float> weights = before;
    Descend(d.data(), rate, width, weights.data());
    CHECK(weights == want);
  });
}

TEST_CASE("a step down is not fused") {
  // 0.1 * 10 is 1 in double; fused, the remainder 2^-54 * 10 would survive.
  const std::vector<double> d(kRowAlign, 10.0);
  ForEachTarget([&] {
    std::vector<float> weights(kRowAlign, 1.0f);
    Descend(d.data(), 0.1, kRowAlign, weights.data());
    CHECK(weights == std::vector<float>(kRowAlign, 0.0f));
  });
}

TEST_CASE("a transposed matrix has every element in its mirrored place") {
  SparseMatrix matrix;  // 3 rows of 4 columns, the middle row empty
  matrix.Append(1, 2.0f);
  matrix.Append(3, 4.0f);
  matrix.EndRow();
  matrix.EndRow();
  matrix.Append(0, 5.0f);
  matrix.Append(1, 6.0f);
  matrix.EndRow();

  const SparseMatrix transposed = matrix.Transposed(4);
  REQUIRE(transposed.rows() == 4);
  const std::vector<std::vector<uint32_t>> index = {{2}, {0, 2}, {}, {0}};
  const std::vector<std::vector<float>> value = {{5}, {2, 6}, {}, {4}};
  for (size_t row = 0; row < 4; ++row) {
    CHECK(std::ranges::equal(transposed[row].index, index[row]));
    CHECK(std::ranges::equal(transposed[row].value, value[row]));
  }
}

// ---------------------------------------------------------------------------
// The network, against a plain one that skips nothing

struct PlainNetwork {
  Layer hidden;
  Layer output;
};

std::vector<float> DenseImage(const Digits& digits, size_t i) {
  std::vector<float> x;
  for (const uint8_t pixel : digits.Image(i)) x.push_back(pixel / 255.0f);
  return x;
}

std::vector<float> DenseApply(const Layer& layer, std::span<const float> x) {
  std::vector<float> out(layer.outputs);
  for (size_t j = 0; j < layer.outputs; ++j) {
    double sum = layer.biases[j];
    for (size_t i = 0; i < layer.inputs; ++i) {
      sum += double{x[i]} * double{layer.weights[i * layer.stride + j]};
    }
    out[j] = static_cast<float>(sum);
  }
  return out;
}

std::vector<float> DenseRelu(std::vector<float> z) {
  for (float& value : z) value = std::max(value, 0.0f);
  return z;
}

// Parameter -= rate * sum over digits of x[digit][i] * d[digit][j].
void DenseLearn(Layer& layer, const std::vector<std::vector<float>>& x,
                const std::vector<std::vector<float>>& d, double rate) {
  const auto step = [&](float& parameter, size_t j, const auto& input) {
    double sum = 0;
    for (size_t n = 0; n < d.size(); ++n) sum += input(n) * double{d[n][j]};
    const double down = rate * sum;
    parameter = static_cast<float>(double{parameter} - down);
  };
  for (size_t j = 0; j < layer.outputs; ++j) {
    for (size_t i = 0; i < layer.inputs; ++i) {
      step(layer.weights[i * layer.stride + j], j,
           [&](size_t n) { return double{x[n][i]}; });
    }
    step(layer.biases[j], j, [](size_t) { return 1.0; });
  }
}

// One step of gradient descent on all the digits, in their order.
void PlainStep(PlainNetwork& net, const Digits& digits, double rate) {
  std::vector<std::vector<float>> x, a, d_logits, d_z;
  std::vector<float> logits;
  for (size_t n = 0; n < digits.count; ++n) {
    x.push_back(DenseImage(digits, n));
    a.push_back(DenseRelu(DenseApply(net.hidden, x[n])));
    const std::vector<float> row = DenseApply(net.output, a[n]);
    logits.insert(logits.end(), row.begin(), row.end());
  }
  std::vector<float> d(logits.size());
  CrossEntropyGradient(
      Rows<const float>(logits.data(), digits.count, kDigitClasses),
      digits.labels, Rows<float>(d.data(), digits.count, kDigitClasses));
  for (size_t n = 0; n < digits.count; ++n) {
    const auto row = d.begin() + n * kDigitClasses;
    d_logits.emplace_back(row, row + kDigitClasses);
    d_z.emplace_back(net.hidden.outputs, 0.0f);
    for (size_t j = 0; j < net.hidden.outputs; ++j) {
      double sum = 0;
      for (size_t c = 0; c < kDigitClasses; ++c) {
        const float weight = net.output.weights[j * net.output.stride + c];
        sum += double{d_logits[n][c]} * double{weight};
      }
      if (a[n][j] > 0) d_z[n][j] = static_cast<float>(sum);
    }
  }
  DenseLearn(net.output, a, d_logits, rate);
  DenseLearn(net.hidden, x, d_z, rate);
}

// The digits in the order in which the first epoch of a training sees them.
Digits FirstEpoch(const Digits& digits, uint64_t seed) {
  std::vector<size_t> order(digits.count);
  std::iota(order.begin(), order.end(), size_t{0});
  Random(seed).Shuffle(std::span(order));
  return Select(digits, order);
}

TEST_CASE("leaving out zero pixels and zero activations changes no logit") {
  const Digits digits = FewDigits(20);
  const Network net({.hidden = 48, .seed = 3});
  std::vector<float> want;
  for (size_t n = 0; n < digits.count; ++n) {
    const std::vector<float> z =
        DenseApply(net.hidden(), DenseImage(digits, n));
    const std::vector<float> row = DenseApply(net.output(), DenseRelu(z));
    want.insert(want.end(), row.begin(), row.end());
  }
  ForEachTarget([&] { CHECK(net.Logits(digits) == want); });
}

TEST_CASE("a step of training is the plain step, bit for bit") {
  const Digits digits = FewDigits(12);
  const Network start({.hidden = 32, .seed = 4});
  const TrainingOptions options = {
      .epochs = 1, .batch = 12, .learning_rate = 0.3, .seed = 5};
  PlainNetwork plain = {start.hidden(), start.output()};
  PlainStep(plain, FirstEpoch(digits, options.seed), options.learning_rate);

  ForEachTarget([&] {
    Network net = start;
    Train(net, digits, options);
    CHECK(net.hidden().weights == plain.hidden.weights);
    CHECK(net.hidden().biases == plain.hidden.biases);
    CHECK(net.output().weights == plain.output.weights);
    CHECK(net.output().biases == plain.output.biases);
  });
}

TEST_CASE("training gives the same weights on every target and compiler") {
  const Digits digits = FewDigits(150);
  const TrainingOptions options = {
      .epochs = 2, .batch = 16, .learning_rate = 0.2, .seed = 7};
  ForEachTarget([&] {
    Network net({.hidden = 64, .seed = 6});
    CHECK(net.Fingerprint() == 0xd2c5a1ef8e4dab0fu);
    Train(net, digits, options);
    CHECK(net.Fingerprint() == 0xae54259e0d9ab1f3u);
  });
}

TEST_CASE("the logits of a digit do not depend on the digits beside it") {
  const Digits digits = FewDigits(300);  // more than one chunk
  const Network net({.hidden = 16});
  const std::vector<float> together = net.Logits(digits);
  REQUIRE(together.size() == 300 * kDigitClasses);
  for (const size_t i : {0u, 1u, 255u, 256u, 299u}) {
    const std::vector<float> alone = net.Logits(Select(digits, {{i}}));
    CHECK(std::equal(alone.begin(), alone.end(),
                     together.begin() + i * kDigitClasses));
  }
  CHECK(net.Logits(Digits()).empty());
}

// ---------------------------------------------------------------------------
// The gradient, against the loss itself

// The mean loss in double, from parameters in double: nothing is rounded to
// float, so that differences of it show its slope.
struct SmoothNetwork {
  std::vector<double> parameters[4];  // hidden weights, biases; output's
  Layer hidden, output;               // for their shapes

  explicit SmoothNetwork(const Network& net)
      : hidden(net.hidden()), output(net.output()) {
    const std::vector<float>* from[] = {&hidden.weights, &hidden.biases,
                                        &output.weights, &output.biases};
    for (int k = 0; k < 4; ++k) {
      parameters[k].assign(from[k]->begin(), from[k]->end());
    }
  }

  double Loss(const Digits& digits) const {
    double sum = 0;
    for (size_t n = 0; n < digits.count; ++n) {
      std::vector<double> x;
      for (const uint8_t pixel : digits.Image(n)) x.push_back(pixel / 255.0);
      std::vector<double> a = Apply(hidden, 0, x);
      for (double& value : a) value = std::max(value, 0.0);
      const std::vector<double> logits = Apply(output, 2, a);
      double exps = 0;
      for (const double z : logits) exps += std::exp(z);
      sum += std::log(exps) - logits[digits.labels[n]];
    }
    return sum / static_cast<double>(digits.count);
  }

  std::vector<double> Apply(const Layer& shape, int first,
                            const std::vector<double>& x) const {
    std::vector<double> out(shape.outputs);
    for (size_t j = 0; j < shape.outputs; ++j) {
      out[j] = parameters[first + 1][j];
      for (size_t i = 0; i < shape.inputs; ++i) {
        out[j] += x[i] * parameters[first][i * shape.stride + j];
      }
    }
    return out;
  }
};

TEST_CASE("a step goes down the slope of the loss") {
  const Digits digits = FewDigits(8);
  const Network start({.hidden = 16, .seed = 8});
  Network net = start;
  Train(net, digits, {.epochs = 1, .batch = 8, .learning_rate = 1.0});

  SmoothNetwork smooth(start);
  const SmoothNetwork after(net);
  Random random(9);
  for (int k = 0; k < 4; ++k) {
    size_t steep = 0;
    for (int tries = 0; tries < 5000 && steep < 8; ++tries) {
      const size_t at = random.Below(smooth.parameters[k].size());
      const double was = smooth.parameters[k][at];
      const double slope = was - after.parameters[k][at];
      if (std::abs(slope) < 1e-4) continue;  // a dark pixel, a silent neuron
      ++steep;
      smooth.parameters[k][at] = was + 1e-5;
      const double above = smooth.Loss(digits);
      smooth.parameters[k][at] = was - 1e-5;
      const double below = smooth.Loss(digits);
      smooth.parameters[k][at] = was;
      // The step's own rounding to float is at most 2^-25 of a weight below 1,
      // the central difference errs by about 1e-10.
      CHECK(std::abs((above - below) / 2e-5 - slope) < 0x1p-24);
    }
    CHECK(steep == 8);
  }
}

TEST_CASE("a step makes the loss of its digits smaller") {
  const Digits digits = FewDigits(32);
  Network net;
  const TrainingReport report =
      Train(net, digits, {.epochs = 2, .batch = 32, .learning_rate = 0.05});
  REQUIRE(report.step_losses.size() == 2);
  CHECK(report.step_losses[1] < report.step_losses[0]);
}

TEST_CASE("untrained, the network knows nothing, trained, it reads") {
  const Dataset sample = EmbeddedSample();
  Network net;
  const Network before = net;
  const TrainingReport report = Train(net, sample.train);
  CHECK(Accuracy(before, sample.test) < 0.25);
  CHECK(Accuracy(net, sample.test) >= 0.92);
  CHECK(report.epoch_losses.back() < 0.1 * report.epoch_losses.front());
}

// ---------------------------------------------------------------------------
// What a training reports

TEST_CASE("progress counts every step and ends at the report's losses") {
  const Digits digits = FewDigits(10);
  std::vector<Progress> seen;
  Network net({.hidden = 16});
  const TrainingReport report =
      Train(net, digits, {.epochs = 2, .batch = 4},
            [&](const Progress& progress) { seen.push_back(progress); });

  REQUIRE(seen.size() == 6);  // batches of 4, 4 and 2, twice
  REQUIRE(report.step_losses.size() == 6);
  REQUIRE(report.epoch_losses.size() == 2);
  for (size_t k = 0; k < seen.size(); ++k) {
    CHECK(seen[k].step == k + 1);
    CHECK(seen[k].steps == 6);
    CHECK(seen[k].epoch == k / 3 + 1);
    CHECK(seen[k].epochs == 2);
  }
  CHECK(seen[0].loss == report.step_losses[0]);
  CHECK(seen[2].loss == report.epoch_losses[0]);
  CHECK(seen[3].loss == report.step_losses[3]);
  CHECK(seen[5].loss == report.epoch_losses[1]);
  CHECK(report.epoch_losses[0] ==
        (4.0 * report.step_losses[0] + 4.0 * report.step_losses[1] +
         2.0 * report.step_losses[2]) /
            10.0);
}

TEST_CASE("training a copy leaves the original alone") {
  const Network original({.hidden = 16});
  const uint64_t fingerprint = original.Fingerprint();
  Network copy = original;
  Train(copy, FewDigits(16), {.epochs = 1});
  CHECK(original.Fingerprint() == fingerprint);
  CHECK(copy.Fingerprint() != fingerprint);
}

TEST_CASE("accuracy is the share of digits whose label has the largest logit") {
  Digits digits = FewDigits(40);
  const Network net({.hidden = 16});
  const std::vector<float> logits = net.Logits(digits);
  for (size_t i = 0; i < digits.count; ++i) {
    const auto row = logits.begin() + i * kDigitClasses;
    const auto best = std::max_element(row, row + kDigitClasses) - row;
    const bool right = i % 4 != 0;
    digits.labels[i] = static_cast<Label>(right ? best : (best + 1) % 10);
  }
  CHECK(Accuracy(net, digits) == 0.75);
}

// ---------------------------------------------------------------------------
// Misuse

TEST_CASE("a hidden layer that is not a multiple of 16 is rejected") {
  CHECK_THROWS_WITH_AS(Network({.hidden = 100}),
                       "hidden = 100 is not a multiple of 16, at least 16",
                       Error);
  CHECK_THROWS_AS(Network({.hidden = 0}), Error);
}

TEST_CASE("training options out of range change nothing") {
  const Digits digits = FewDigits(4);
  Network net({.hidden = 16});
  const uint64_t fingerprint = net.Fingerprint();
  CHECK_THROWS_WITH_AS(Train(net, digits, {.epochs = 0}),
                       "epochs = 0 is not at least 1", Error);
  CHECK_THROWS_WITH_AS(Train(net, digits, {.batch = 0}),
                       "batch = 0 is not at least 1", Error);
  CHECK_THROWS_WITH_AS(Train(net, digits, {.learning_rate = -0.5}),
                       "learning_rate = -0.500000 is outside (0, inf)", Error);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(Train(net, digits, {.learning_rate = nan}), Error);
  CHECK_THROWS_AS(Train(net, digits, {.learning_rate = infinity}), Error);
  CHECK(net.Fingerprint() == fingerprint);
}

TEST_CASE("digits that are none, short or mislabelled change nothing") {
  const Digits good = FewDigits(40);
  Network net({.hidden = 16});
  const uint64_t fingerprint = net.Fingerprint();
  CHECK_THROWS_WITH_AS(Train(net, Digits()),
                       "digits.count = 0 is not at least 1", Error);
  CHECK_THROWS_AS(Accuracy(net, Digits()), Error);

  Digits bad = good;
  bad.labels[33] = 12;
  CHECK_THROWS_WITH_AS(Train(net, bad),
                       "digits.labels[33] = 12 is outside [0, 10)", Error);
  bad.labels[33] = -1;
  CHECK_THROWS_AS(Train(net, bad), Error);
  bad = good;
  bad.pixels.pop_back();
  CHECK_THROWS_WITH_AS(Train(net, bad),
                       "digits.pixels has 31359 elements, want 31360", Error);
  CHECK_THROWS_AS(net.Logits(bad), Error);
  bad = good;
  bad.labels.pop_back();
  CHECK_THROWS_WITH_AS(Train(net, bad),
                       "digits.labels has 39 elements, want 40", Error);
  CHECK(net.Fingerprint() == fingerprint);
}

}  // namespace
}  // namespace surprisal::digits
