#ifndef SURPRISAL_DIGITS_NETWORK_H_
#define SURPRISAL_DIGITS_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "digits/idx.h"
#include "digits/layer.h"

namespace surprisal::digits {

/// How large a network is, and from which weights it sets out.
struct NetworkOptions {
  size_t hidden = 128;  ///< a multiple of 16, at least 16
  uint64_t seed = 1;
};

/// A classifier of digits: 784 pixels -> hidden (ReLU) -> 10 logits. A pixel p
/// enters as the float p / 255. Copies are independent: keep one from before
/// the training to compare with.
class Network {
 public:
  /// Untrained: random weights, as Layer says. Error if `hidden` is not a
  /// multiple of 16.
  explicit Network(const NetworkOptions& options = {});

  /// The raw outputs, [digits.count, 10]; the same bits on every target.
  std::vector<float> Logits(const Digits& digits) const;

  /// A fingerprint of every weight's bits, to tell two networks apart.
  uint64_t Fingerprint() const;

  const Layer& hidden() const { return hidden_; }
  const Layer& output() const { return output_; }

 private:
  friend class Trainer;

  Network(const NetworkOptions& options, Random random);

  Layer hidden_;
  Layer output_;
};

/// The share, in [0, 1], of the digits whose largest logit is the label's.
/// Among equal logits the first counts. Error if there are no digits.
double Accuracy(const Network& network, const Digits& digits);

/// Plain stochastic gradient descent on the mean cross-entropy of a batch.
struct TrainingOptions {
  size_t epochs = 15;          ///< passes over all digits, at least 1
  size_t batch = 16;           ///< digits to a step, at least 1
  double learning_rate = 0.2;  ///< finite and above 0
  uint64_t seed = 2;           ///< of the order of the digits in each epoch
};

/// Where a training stands after a step.
struct Progress {
  size_t epoch = 0;  ///< counted from 1
  size_t epochs = 0;
  size_t step = 0;  ///< counted from 1, over all epochs
  size_t steps = 0;
  double loss = 0;  ///< mean over the digits of this epoch so far, in nats
};

/// What a training did. Losses are in nats, each of its own step's weights.
struct TrainingReport {
  std::vector<float> step_losses;    ///< mean over the batch of each step
  std::vector<double> epoch_losses;  ///< mean over the digits of each epoch
};

/// Trains the network, a step for every `batch` digits (the last of an epoch
/// may be smaller); `on_step`, if given, is called after each. The same weights
/// come out on every target, compiler and machine.
///
/// Error, before anything is changed, if an option is out of range, if there
/// are no digits, or if the sizes or labels of `digits` are wrong.
TrainingReport Train(Network& network, const Digits& digits,
                     const TrainingOptions& options = {},
                     const std::function<void(const Progress&)>& on_step = {});

}  // namespace surprisal::digits

#endif  // SURPRISAL_DIGITS_NETWORK_H_
