#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "digits/idx.h"
#include "digits/network.h"
#include "literate/statistics.h"
#include "live/live.h"
#include "surprisal/common/error.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/softmax/softmax.h"

// digits_data FILE: trains the network of the chapters and writes what the page
// of digits needs, as a script that sets window.SurprisalDigits:
//   hidden, weights  the trained network, as live_load_network() takes it
//   samples          test images: [{label, pixels}]
//   bins, ranges     of the histograms: how many, and from where to where for
//                    each quantity: {logits: [low, high], ...}
//   epochs           0 (untrained) to the last: [{epoch, trainLoss,
//                    testAccuracy, rows}]; rows[digit][quantity][class] is
//                    [box, counts] of the outputs for the test images of that
//                    digit; box is Tukey's: low, whisker, quartile, median,
//                    quartile, whisker, high.
// The bytes are the same on every machine.

namespace surprisal::digits {
namespace {

constexpr size_t kSamplesPerDigit = 4;
constexpr size_t kBins = 16;

// --- JSON ---

std::string Base64(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? bytes[i + k] : 0U);
    }
    for (size_t k = 0; k < 4; ++k) {
      text += k <= count ? kAlphabet[group >> (18 - 6 * k) & 63U] : '=';
    }
  }
  return text;
}

std::string Number(double x) { return fmt::format("{:.4g}", x); }
std::string Number(size_t x) { return fmt::format("{}", x); }

template <class List, class Write>
std::string Array(const List& list, const Write& write,
                  std::string_view separator = ",") {
  std::string text;
  for (const auto& item : list) {
    if (!text.empty()) text += separator;
    text += write(item);
  }
  return "[" + text + "]";
}

template <class T>
std::string Numbers(const std::vector<T>& numbers) {
  return Array(numbers, [](T x) { return Number(x); });
}

// --- The network ---

/// The weights of the inputs, then the biases, without the padding.
void AppendLayer(const Layer& layer, std::vector<float>& parameters) {
  for (size_t i = 0; i <= layer.inputs; ++i) {
    const float* row =
        i < layer.inputs ? &layer.weights[i * layer.stride] : &layer.biases[0];
    parameters.insert(parameters.end(), row, row + layer.outputs);
  }
}

std::vector<float> ParametersOf(const Network& network) {
  std::vector<float> parameters;
  AppendLayer(network.hidden(), parameters);
  AppendLayer(network.output(), parameters);
  return parameters;
}

/// Whether the page's network gives, bit for bit, the logits of the chapters'.
bool LoadsAlike(const std::vector<float>& parameters, const Network& network,
                const Digits& images) {
  if (live_load_network(parameters.data(),
                        static_cast<int>(parameters.size())) == 0) {
    return false;
  }
  std::vector<float> logits(images.count * kDigitClasses);
  for (size_t i = 0; i < images.count; ++i) {
    live_digit_logits(images.Image(i).data(), &logits[i * kDigitClasses]);
  }
  return logits == network.Logits(images);
}

std::string LittleEndian(const std::vector<float>& parameters) {
  std::vector<std::uint8_t> bytes;
  for (const float parameter : parameters) {
    const auto bits = std::bit_cast<std::uint32_t>(parameter);
    for (int k = 0; k < 4; ++k) {
      bytes.push_back(static_cast<std::uint8_t>(bits >> (8 * k)));
    }
  }
  return Base64(bytes);
}

// --- The images ---

std::string SamplesOf(const Digits& test) {
  std::vector<std::string> samples;
  for (Label digit = 0; digit < static_cast<Label>(kDigitClasses); ++digit) {
    const Digits images = WithLabel(test, digit);
    for (size_t i = 0; i < std::min(images.count, kSamplesPerDigit); ++i) {
      samples.push_back(fmt::format("{{\"label\":{},\"pixels\":\"{}\"}}", digit,
                                    Base64(images.Image(i))));
    }
  }
  return Array(
      samples, [](const std::string& sample) { return sample; }, ",\n");
}

// --- The training ---

/// What is drawn of a digit's outputs, and where its histogram lies.
struct Quantity {
  const char* name;
  double low;
  double high;
};

constexpr Quantity kQuantities[] = {
    {"logits", -24, 32}, {"softmax", 0, 1}, {"logSoftmax", -48, 0}};

using Outputs = std::vector<float>;

Outputs OutputsOf(const Outputs& logits, size_t quantity) {
  Outputs result = logits;
  const size_t rows = logits.size() / kDigitClasses;
  const Rows<const float> in(logits.data(), rows, kDigitClasses);
  const Rows<float> out(result.data(), rows, kDigitClasses);
  if (quantity == 1) Softmax(in, out);
  if (quantity == 2) LogSoftmax(in, out);
  return result;
}

/// [box, counts] of the outputs of one class.
std::string ClassOf(const Outputs& outputs, size_t c, const Quantity& range) {
  std::vector<double> values;
  for (size_t i = c; i < outputs.size(); i += kDigitClasses) {
    values.push_back(outputs[i]);
  }
  const literate::Box box = literate::BoxOf(values);
  const std::vector<double> numbers = {
      box.low, box.whisker_low,  box.q1,  box.median,
      box.q3,  box.whisker_high, box.high};
  return "[" + Numbers(numbers) + "," +
         Numbers(literate::BinCounts(values, range.low, range.high, kBins)) +
         "]";
}

std::string QuantityOf(const Outputs& logits, size_t quantity) {
  const Outputs outputs = OutputsOf(logits, quantity);
  std::vector<std::string> classes;
  for (size_t c = 0; c < kDigitClasses; ++c) {
    classes.push_back(ClassOf(outputs, c, kQuantities[quantity]));
  }
  return fmt::format("\"{}\":{}", kQuantities[quantity].name,
                     Array(classes, [](const auto& text) { return text; }));
}

std::string DigitOf(const Network& network, const Digits& images) {
  const Outputs logits = network.Logits(images);
  return fmt::format("{{{},{},{}}}", QuantityOf(logits, 0),
                     QuantityOf(logits, 1), QuantityOf(logits, 2));
}

std::string EpochOf(size_t epoch, double loss, const Network& network,
                    const Digits& test) {
  std::vector<std::string> rows;
  for (Label digit = 0; digit < static_cast<Label>(kDigitClasses); ++digit) {
    rows.push_back(DigitOf(network, WithLabel(test, digit)));
  }
  return fmt::format(
      "{{\"epoch\":{},\"trainLoss\":{},\"testAccuracy\":{},\"rows\":{}}}",
      epoch, Number(loss), Number(Accuracy(network, test)),
      Array(rows, [](const auto& row) { return row; }));
}

double LossOf(const Network& network, const Digits& digits) {
  const Outputs logits = network.Logits(digits);
  float loss = 0;
  CrossEntropy(Rows<const float>(logits.data(), digits.count, kDigitClasses),
               digits.labels, std::span(&loss, 1));
  return loss;
}

/// Trains the network, and describes it as it was before the training and after
/// each epoch.
std::vector<std::string> TrainAndDescribe(Network& network,
                                          const Dataset& data) {
  std::vector<std::string> epochs = {
      EpochOf(0, LossOf(network, data.train), network, data.test)};
  Train(network, data.train, {}, [&](const Progress& now) {
    if (now.step * now.epochs != now.epoch * now.steps) return;
    epochs.push_back(EpochOf(now.epoch, now.loss, network, data.test));
  });
  return epochs;
}

std::string Ranges() {
  std::vector<std::string> ranges;
  for (const Quantity& range : kQuantities) {
    ranges.push_back(
        fmt::format("\"{}\":[{},{}]", range.name, range.low, range.high));
  }
  return fmt::format("{{{},{},{}}}", ranges[0], ranges[1], ranges[2]);
}

std::string Script(const Dataset& data) {
  Network network;
  const std::vector<std::string> epochs = TrainAndDescribe(network, data);
  const std::vector<float> parameters = ParametersOf(network);
  if (!LoadsAlike(parameters, network, data.test)) {
    throw Error("the page's network differs from the chapters'");
  }
  return fmt::format(
      "\"use strict\";\nwindow.SurprisalDigits = {{\n\"hidden\":{},\n"
      "\"weights\":\"{}\",\n\"samples\":{},\n\"bins\":{},\n\"ranges\":{},\n"
      "\"epochs\":{}}};\n",
      network.hidden().outputs, LittleEndian(parameters), SamplesOf(data.test),
      kBins, Ranges(),
      Array(
          epochs, [](const std::string& epoch) { return epoch; }, ",\n"));
}

}  // namespace
}  // namespace surprisal::digits

int main(int count, char** arguments) {
  using namespace surprisal;
  if (count != 2) {
    std::fprintf(stderr, "usage: digits_data FILE\n");
    return 2;
  }
  try {
    const std::string script = digits::Script(digits::EmbeddedSample());
    std::FILE* file = std::fopen(arguments[1], "wb");
    if (file == nullptr)
      throw Error("cannot write " + std::string(arguments[1]));
    const bool written =
        std::fwrite(script.data(), 1, script.size(), file) == script.size();
    if (std::fclose(file) != 0 || !written) {
      throw Error("cannot write all of " + std::string(arguments[1]));
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "digits_data: %s\n", error.what());
    return 1;
  }
  return 0;
}
