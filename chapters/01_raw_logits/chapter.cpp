#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "digits/idx.h"
#include "digits/network.h"
#include "literate/literate.h"
#include "literate/statistics.h"
#include "surprisal/cross_entropy/cross_entropy.h"

using namespace surprisal;
using namespace surprisal::digits;
using namespace surprisal::literate;

/** \page ch01_raw_logits 1 – Raw logits
\tableofcontents
A network looks at a handwritten digit and hands over ten numbers. This book
follows those ten numbers until they have become a \ref g_loss "loss", and the
loss has become a gradient. Here they are still raw. After this chapter you will
be able to
- say what a raw output, or \ref g_logit "logit", is, and what it is not;
- read the outputs of a classifier off a histogram, and tell an untrained
network from a trained one;
- recognise a training that has been driven too fast, and mend it;
- explain why "right or wrong" cannot teach a network anything.

It builds on nothing but sums of products. You will meet the word *loss* early;
take it for a number that should fall, until \ref ch04_nll "chapter 4" makes
one.

\section ch01_digits The digits
Somebody wrote a digit on paper; somebody else noted which one it was. MNIST
holds 70000 such pairs: 60000 to learn from, and 10000 for the examination. */
const Dataset& Data() {
  static const Dataset data =
      DataFolder() ? LoadIdxFolder(*DataFolder()) : EmbeddedSample();
  return data;
}

STEP("how many there are of each") {
  Table counts = {.columns = {"digit", "to learn from", "to be tested on"}};
  for (Label digit = 0; digit < 10; ++digit) {
    counts.rows.push_back({digit, WithLabel(Data().train, digit).count,
                           WithLabel(Data().test, digit).count});
    CHECK(WithLabel(Data().train, digit).count > 0);
  }
  Show("source", Data().source);
  Show("digits", counts);
  Show("training images", Data().train.count);
  Show("test images", Data().test.count);
}
/** We read {{source}}: {{training images}} images to learn from, and
{{test images}} that the network never sees while it learns. */

/** What is an image? 28 rows of 28 pixels, each a number from 0 (paper) to 255
(ink). To see it we print two pixels in one character, one above the other. */
Table Pictures(const Digits& digits, const std::vector<size_t>& places) {
  const std::array<const char*, 4> blocks = {" ", "▀", "▄", "█"};
  Table pictures = {.rows = std::vector<std::vector<Cell>>(14)};
  for (const size_t i : places) {
    pictures.columns.push_back("label " + std::to_string(digits.labels[i]));
    for (size_t row = 0; row < 14; ++row) {
      const auto pixels = digits.Image(i).subspan(row * 56, 56);
      std::string line;
      for (size_t x = 0; x < 28; ++x) {
        line += blocks[(pixels[x] > 127) + 2 * (pixels[x + 28] > 127)];
      }
      pictures.rows[row].emplace_back(line);
    }
  }
  return pictures;
}

STEP("an image is 784 numbers") {
  const Digits twos = WithLabel(Data().test, 2);
  Show("picture", Pictures(twos, {0}));
  Show("row 10", twos.Image(0).subspan(10 * 28, 28));
  Show("pixels", twos.Image(0).size());
  CHECK(std::ranges::max(twos.Image(0)) > 127);
}
/** To us this is a 2. To the network it is {{pixels}} numbers, of which you see
the 28 of one row. The \ref g_label "label" comes with it, and is kept for
later.

\section ch01_network The network
Now the machine that looks. It multiplies, adds, and cuts off what is negative;
there is nothing else in it. A *layer* takes numbers \f$x_i\f$ and makes of
them
\f[
z_j = b_j + \sum_i x_i w_{ij}
\f]
with a weight \f$w_{ij}\f$ for every pair and a bias \f$b_j\f$ for every
output. */
std::vector<float> Apply(const Layer& layer, const std::vector<float>& x) {
  std::vector<float> z;
  for (size_t j = 0; j < layer.outputs; ++j) {
    double sum = layer.biases[j];
    for (size_t i = 0; i < layer.inputs; ++i) {
      sum += double{x[i]} * double{layer.weights[i * layer.stride + j]};
    }
    z.push_back(static_cast<float>(sum));
  }
  return z;
}

/** Two layers make our network: 784 pixels to 128 hidden units, and these to
ten outputs. Between them stands the ReLU, which turns negative numbers into 0.
After the last layer stands nothing. */
std::vector<float> RawOutputs(const Network& network, const Digits& digits,
                              size_t i) {
  std::vector<float> x;
  for (const int pixel : digits.Image(i)) {
    x.push_back(static_cast<float>(pixel) / 255.0f);
  }
  std::vector<float> hidden = Apply(network.hidden(), x);
  for (float& z : hidden) z = std::max(z, 0.0f);
  return Apply(network.output(), hidden);
}

STEP("ten numbers for one image") {
  const Network network;  // with random weights, drawn from a fixed seed
  const Digits twos = WithLabel(Data().test, 2);
  const std::vector<float> logits = RawOutputs(network, twos, 0);
  Show("logits", logits);
  const auto [low, high] = std::ranges::minmax(logits);
  Show("smallest", low);
  Show("largest", high);
  Show("parameters", 784 * 128 + 128 + 128 * 10 + 10);
  CHECK(logits.size() == 10);
  CHECK(low < 0);
  CHECK(high > 0);
  const std::vector<float> all = network.Logits(twos);
  CHECK(std::equal(logits.begin(), logits.end(), all.begin()));
}
/** There they are: ten numbers, one for each class, from {{smallest:3}}
to {{largest:3}}. Some are negative, and they sum to nothing in particular. So
they are no probabilities. The larger a number, the more the network leans
towards that class, and that is all it says: hence *raw outputs*.

They are also called *logits*. Joseph Berkson coined the word in 1944 for
\f$\ln \left( \frac{p}{1-p} \right)\f$, the logarithm of the odds of a
probability \f$p\f$. In \ref ch02_softmax "chapter 2" you will see that the
difference of two raw outputs is just that: the logarithm of the odds between
two classes.

The last check compares our two loops with the library's network, which does
the same with vector instructions: all ten agree in every bit. Of the
{{parameters}} parameters the weights were drawn at random, and all biases are
zero. Nobody has taught them anything yet.

\section ch01_untrained Before the training
One image proves little. Let us collect the outputs of all the test images,
apart for each digit that they show: ten panels, and in each ten histograms. */
std::vector<Panel> OutputsByDigit(const Network& network) {
  std::vector<Panel> panels;
  for (Label digit = 0; digit < 10; ++digit) {
    const Digits images = WithLabel(Data().test, digit);
    const std::vector<float> logits = network.Logits(images);
    Panel panel = {.title = "images of a " + std::to_string(digit)};
    for (size_t c = 0; c < 10; ++c) {
      Series output = {.name = std::to_string(c)};
      for (size_t i = 0; i < images.count; ++i) {
        output.values.push_back(logits[i * 10 + c]);
      }
      panel.series.push_back(output);
    }
    panels.push_back(panel);
  }
  return panels;
}

/** When shall we say that an output stands out? When three quarters of its
values lie above three quarters of the values of each other output. We count
the panels in which the output of the digit itself does so. */
size_t OwnOutputStandsOut(std::vector<Panel> panels) {
  size_t count = 0;
  for (size_t own = 0; own < 10; ++own) {
    double best_other = -std::numeric_limits<double>::infinity();
    for (size_t c = 0; c < 10; ++c) {
      std::vector<double>& values = panels[own].series[c].values;
      std::ranges::sort(values);
      if (c != own) best_other = std::max(best_other, Quantile(values, 0.75));
    }
    if (Quantile(panels[own].series[own].values, 0.25) > best_other) ++count;
  }
  return count;
}

STEP("the untrained network sees no difference") {
  const Network network;
  const std::vector<Panel> panels = OutputsByDigit(network);
  Figure("raw_outputs_untrained",
         "Untrained: the ten panels look alike, whatever digit was shown.",
         Histograms{.x_label = "raw output", .panels = panels});
  Show("untrained panels", OwnOutputStandsOut(panels));
  Show("untrained accuracy", Accuracy(network, Data().test), {.digits = 3});
  CHECK(OwnOutputStandsOut(panels) == 0);
  CHECK(Accuracy(network, Data().test) < 0.25);
}
/** Go from panel to panel: the same ten heaps, in about the same places,
whether the images show a 0 or a 9. What you see are the random weights, not
the digits. An output stands out for its own digit in {{untrained panels}} of
10 panels. Whoever takes the largest output for the answer is right in a share
of {{untrained accuracy}} of the images; blind guessing would be right in one of
ten.

\section ch01_too_fast A first try, much too fast
To train means: show a few images, see how the loss changes with every weight,
and move each weight a little in the direction in which the loss falls. How
far? By the slope times a number that we choose, the *learning rate*. All this
is \ref ch07_gradients "chapter 7"; here we let it run, with a bar to watch. */
TrainingReport TrainWithBar(Network& network,
                            const TrainingOptions& options) {
  ProgressBar bar("training", 1000);
  TrainingReport report =
      Train(network, Data().train, options, [&bar](const Progress& now) {
        bar.Update(1000 * now.step / now.steps,
                   "loss " + PrintNumber(now.loss, {.digits = 3}));
      });
  bar.Finish();
  return report;
}

/** We are in a hurry, so let the learning rate be 10. One pass over the images
must do. Besides the losses we count the images for which the network's ten
outputs are the bare biases of its last layer, as if nothing had been shown. */
size_t BareBiases(const Network& network) {
  const std::vector<float>& biases = network.output().biases;
  const std::vector<float> logits = network.Logits(Data().train);
  size_t count = 0;
  for (auto row = logits.begin(); row != logits.end(); row += 10) {
    if (std::equal(row, row + 10, biases.begin())) ++count;
  }
  return count;
}

STEP("a network that has gone deaf") {
  Network network;
  const TrainingReport report =
      TrainWithBar(network, {.epochs = 1, .learning_rate = 10});
  const std::span losses(report.step_losses);
  Show("first losses", losses.first(5), {.digits = 4});
  Show("deaf accuracy", Accuracy(network, Data().test), {.digits = 3});
  Show("bare biases before", BareBiases(Network()));
  Show("bare biases after", BareBiases(network));
  CHECK(losses[2] > 1000);
  CHECK(BareBiases(Network()) == 0);
  CHECK(BareBiases(network) * 100 > Data().train.count * 99);
}
/** The loss began at {{first losses[0]:3}} and leapt to {{first losses[2]:4}}
in two steps. Then it came down again, and it would be easy to think that all
is well. But the accuracy is {{deaf accuracy}}, and {{bare biases after}} of
the {{training images}} images get one and the same answer: the bare biases.

What happened? The leap threw the hidden units so far that, on nearly every
image, their sums are all negative; the ReLU makes them 0, and nothing of the
image comes through. A unit that is 0 for every image has slope 0 for every
image, and no later step can wake it: a *dead ReLU* (Lu and others, 2019). More
steps will not help. A smaller learning rate does, with a fresh network.

\section ch01_training The training
The same network again, a learning rate of 0.2, 15 passes over the images: */
struct Lesson {
  Network network;
  TrainingReport report;
};

const Lesson& Trained() {
  static const Lesson lesson = [] {
    Network network;
    TrainingReport report =
        TrainWithBar(network, {.epochs = 15, .learning_rate = 0.2});
    return Lesson{network, report};
  }();
  return lesson;
}

STEP("the loss falls") {
  const std::vector<double>& losses = Trained().report.epoch_losses;
  Curve curve = {.name = "loss"};
  for (const double loss : losses) {
    curve.points.emplace_back(curve.points.size() + 1, loss);
  }
  Figure(
      "training_loss",
      "The mean loss of each pass over the images: fast at first, then slow.",
      Curves{.x_label = "pass",
             .y_label = "loss (nats)",
             .x = {0, 15},
             .curves = {curve}});
  Show("first step", Trained().report.step_losses[0], {.digits = 3});
  Show("losses", losses, {.digits = 3});
  Show("accuracies",
       Table{.columns = {"network", "training images", "test images"},
             .rows = {{"untrained", Accuracy(Network(), Data().train),
                       Accuracy(Network(), Data().test)},
                      {"trained", Accuracy(Trained().network, Data().train),
                       Accuracy(Trained().network, Data().test)}}},
       {.digits = 3});
  CHECK(std::ranges::is_sorted(losses, std::ranges::greater()));
  CHECK(Accuracy(Trained().network, Data().test) >= 0.92);
}
/** The very first \ref g_batch "batch" cost {{first step}} \ref g_nat "nats" an
image, the last pass only {{losses[14]}}. On images that it has never seen the
network is now right in a share of {{accuracies[trained][test images]}}, against
{{accuracies[untrained][test images]}} before. On those it learned from the
share is {{accuracies[trained][training images]}}: some of that is learning by
heart. Therefore the examination uses other images. */

/** What became of the ten numbers of our 2? The network's answer is the place
of the largest. */
size_t ArgMax(std::span<const float> logits) {
  const auto largest = std::max_element(logits.begin(), logits.end());
  return static_cast<size_t>(largest - logits.begin());
}

STEP("the same image again") {
  const Digits twos = WithLabel(Data().test, 2);
  const auto before = RawOutputs(Network(), twos, 0);
  const auto after = RawOutputs(Trained().network, twos, 0);
  Table outputs = {.columns = {"output", "untrained", "trained"}};
  for (size_t c = 0; c < 10; ++c) {
    outputs.rows.push_back({c, before[c], after[c]});
  }
  Show("outputs", outputs, {.digits = 4});
  Show("height", after[2], {.digits = 3});
  CHECK(ArgMax(after) == 2);
}
/** Output 2 rises above the rest, to {{height}}, and 2 is what the label says.

\section ch01_trained After the training
Is this so for all images? The ten panels again, from the trained network. */
STEP("the trained network lifts the right output") {
  const std::vector<Panel> panels = OutputsByDigit(Trained().network);
  Figure("raw_outputs_trained",
         "Trained: in each panel one output stands apart, the digit's own.",
         Histograms{.x_label = "raw output", .panels = panels});
  Show("trained panels", OwnOutputStandsOut(panels));
  CHECK(OwnOutputStandsOut(panels) == 10);
}
/** Now there is structure. Most outputs still form one crowd, but in each
panel one stands to the right of it, and it is the output of the digit that was
shown: in {{trained panels}} panels of 10. Nobody told the network *how high*
to lift it. The crowd is not without news either: here and there one comes
close. Who is taken for whom? */
STEP("who is taken for whom") {
  const std::vector<float> logits = Trained().network.Logits(Data().test);
  std::vector<std::vector<int>> answers(10, std::vector<int>(10));
  int most = 0;
  std::pair<size_t, size_t> worst;
  for (size_t i = 0; i < Data().test.count; ++i) {
    const auto label = static_cast<size_t>(Data().test.labels[i]);
    const size_t answer = ArgMax(std::span(logits).subspan(i * 10, 10));
    ++answers[label][answer];
    if (label == answer || answers[label][answer] <= most) continue;
    most = answers[label][answer];
    worst = {label, answer};
  }
  Show("answers", answers);
  Show("commonest mistake", std::array{worst.first, worst.second});
  Show("how often", most);
  CHECK(most > 0);
}
/** Row: the digit written; column: the digit read. On the diagonal all is
well. The commonest mistake is a {{commonest mistake[0]}} read as a
{{commonest mistake[1]}}: {{how often}} times.

\section ch01_margin Half right
Right or wrong: is that what we should tell the network? Let us measure how far
each image is from the other side. The *margin* is the label's own output less
the best of the others; above 0 the image counts as right. */
double Margin(const auto& logits, size_t label) {
  double best_other = -std::numeric_limits<double>::infinity();
  for (size_t c = 0; c < logits.size(); ++c) {
    if (c != label) best_other = std::max(best_other, double{logits[c]});
  }
  return logits[label] - best_other;
}

STEP("two mistakes that are not alike") {
  const Digits& test = Data().test;
  const std::vector<float> logits = Trained().network.Logits(test);
  std::vector<std::pair<double, size_t>> wrong;
  for (size_t i = 0; i < test.count; ++i) {
    const auto row = std::span(logits).subspan(i * 10, 10);
    const double margin = Margin(row, static_cast<size_t>(test.labels[i]));
    if (margin <= 0) wrong.emplace_back(margin, i);
  }
  const auto [worst, near] = std::ranges::minmax(wrong);
  Show("near and far", Pictures(test, {near.second, worst.second}));
  Show("wrong", wrong.size());
  Show("near margin", near.first, {.digits = 3});
  Show("far margin", worst.first, {.digits = 3});
  Show("times as far", worst.first / near.first, {.digits = 2});
  CHECK(worst.first < 10 * near.first);
}
/** Both are wrong, and an accuracy counts each as one of {{wrong}} mistakes.
But the first has a margin of {{near margin}}, the second one of
{{far margin}}: it is {{times as far}} times as far from being right. A nudge
would mend the first; the second needs to be told that it is *far* off. "Wrong"
says neither.

\section ch01_wiggle Why accuracy cannot teach
There is a deeper reason, and it is a matter of slopes. Take one parameter of
the trained network, the bias of output 9, and turn it like a knob, by 12 nats
at most to either side. Watch two numbers over the first 20 test images: the
share of mistakes, and the loss that the training used (the mean cross-entropy
of \ref ch05_cross_entropy "chapter 5"). */
struct Reading {
  int mistakes = 0;
  double loss = 0;
};

Reading Turn(double knob) {
  static const std::vector<float> at_zero =
      Trained().network.Logits(Data().test);
  std::vector<double> logits(at_zero.begin(), at_zero.begin() + 200);
  const std::span labels = std::span(Data().test.labels).first(20);
  Reading reading;
  for (size_t i = 0; i < 20; ++i) {
    const auto row = std::span(logits).subspan(i * 10, 10);
    row[9] += knob;
    if (Margin(row, static_cast<size_t>(labels[i])) <= 0) ++reading.mistakes;
  }
  CrossEntropy(Rows<const double>(logits.data(), 20, 10), labels,
               std::span(&reading.loss, 1));
  return reading;
}

STEP("one moves in jumps, the other at every touch") {
  Curve mistakes = {.name = "mistakes"}, loss = {.name = "loss"};
  std::set<int> different_counts;
  std::set<double> different_losses;
  for (int turn = -96; turn <= 96; ++turn) {
    const Reading reading = Turn(turn / 8.0);
    mistakes.points.emplace_back(turn / 8.0, reading.mistakes / 20.0);
    loss.points.emplace_back(turn / 8.0, reading.loss);
    different_counts.insert(reading.mistakes);
    different_losses.insert(reading.loss);
  }
  Figure(
      "wiggle",
      "The loss slopes everywhere; the share of mistakes goes in flat steps.",
      Curves{.x_label = "turn of the knob",
             .y_label = "share, nats",
             .curves = {mistakes, loss}});
  Show("positions", mistakes.points.size());
  Show("different counts of mistakes", different_counts.size());
  Show("different losses", different_losses.size());
  CHECK(different_losses.size() == mistakes.points.size());
  CHECK(different_counts.size() * 2 < mistakes.points.size());
}
/** At {{positions}} positions of the knob the loss has {{different losses}}
values, a new one at every touch. The mistakes have only
{{different counts of mistakes}}: in between the knob turns and nothing
happens. A training asks for the slope, and where nothing happens there is
none. We measure both slopes, with the knob a touch to the left and a touch to
the right: */
STEP("the slope of a step is nothing") {
  const double h = 1.0 / 1024;
  const Reading left = Turn(-h);
  const Reading right = Turn(h);
  const double mistakes_slope = (right.mistakes - left.mistakes) / (2 * h);
  const double loss_slope = (right.loss - left.loss) / (2 * h);
  Show("slopes",
       Table{.columns = {"of", "slope"},
             .rows = {{"mistakes", mistakes_slope}, {"loss", loss_slope}}},
       {.digits = 3});
  Show("advice", loss_slope > 0 ? "down" : "up");
  CHECK(mistakes_slope == 0);
  CHECK(loss_slope != 0);
}
/** The mistakes say {{slopes[mistakes][slope]}}: no advice. The loss says
{{slopes[loss][slope]}}, and so: turn the knob a little {{advice}}. The largest
of ten numbers, their *argmax*, changes only at the instant when two of them
change places; everywhere else it is deaf to every weight. A loss must hear
them all, and say how far off we are.

\live{draw-a-digit,Draw a digit and see what the network makes of it.}

\section ch01_summary Summary
A classifier hands over raw outputs: one number for each class, of any size and
sign, the largest its answer. Training lifts the right one out of the crowd, if
the steps are not too long. To say how far there is still to go takes more than
right or wrong, and for that the ten numbers must first become probabilities:
\ref ch02_softmax "chapter 2".

\section ch01_exercises Exercises
The stubs are in `exercise.cpp`; the program `exercise_01_raw_logits` tells
which of them are solved.
1. Write `ArgMax`. Which index do you return when two logits are equal?
2. Write `CountMistakes` for a batch of rows, with your `ArgMax`.
3. Write `Confusion`, the table of who is taken for whom.
4. Write `TopTwo`, the two largest outputs. How often is the label among them,
where the network is wrong?
5. Add 7 to all ten logits of an image. Which numbers of this chapter change?
Write `Shifted` to find out, and keep the result for
\ref ch02_softmax "chapter 2".

\section ch01_sources Sources
- Yann LeCun, Léon Bottou, Yoshua Bengio, Patrick Haffner, "Gradient-based
learning applied to document recognition", 1998: the digits.
- Vincent Tam, "Building Intuition for Softmax, Log-Likelihood, and Cross
Entropy", 2019: histograms of raw outputs, one panel for each digit.
- Joseph Berkson, "Application of the logistic function to bio-assay", 1944:
the word *logit*.
- Kaiming He, Xiangyu Zhang, Shaoqing Ren, Jian Sun, "Delving deep into
rectifiers", 2015: how the random weights are scaled.
- Lu Lu, Yeonjong Shin, Yanhui Su, George Em Karniadakis, "Dying ReLU and
initialization: theory and numerical examples", 2019. */
