#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "digits/classifier.h"
#include "literate/literate.h"
#include "literate/statistics.h"
#include "oracle/exact.h"
#include "oracle/rounding.h"
#include "oracle/ulp.h"
#include "surprisal/common/error.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/log/log.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/nll/nll.h"
#include "surprisal/softmax/softmax.h"

using namespace surprisal;
using namespace surprisal::digits;
using namespace surprisal::literate;

/** \page ch04_nll 4 – Negative log-likelihood
\tableofcontents
We have log-probabilities, ten for each image, and a label that says which of
the ten counts. From these we make the loss. After this chapter you will be
able to
- compute the \ref g_nll "negative log-likelihood" (NLL) of a batch, by hand and
in one call;
- say what a loss of 2.3026 means, and what one of 0.01 means;
- notice when a loss has been given the wrong kind of numbers;
- add up many losses in float without losing most of them.

It builds on \ref ch02_softmax "chapter 2" and \ref ch03_log "chapter 3".

\section ch04_pick The label picks one number
What probability did the network give to what was really there? That number is
the \ref g_likelihood "likelihood" of the label. The other classes have no
say: their probabilities are wrong by whatever the label's falls short of 1, and
that is known already.

Three images, five classes, raw outputs as a model might hand them over, and
the right classes 3, 0 and 1. Each *row* has its own label. */
const std::vector<float>& Logits() {
  static const std::vector<float> logits = {
      -0.7514f, 1.2616f,  -0.4232f, 1.3868f,  1.2298f,  //
      1.5341f,  -0.4240f, 0.0112f,  -0.5188f, 0.1129f,  //
      -2.6143f, 0.1532f,  0.0868f,  -0.8231f, 0.7698f};
  return logits;
}

const std::vector<Label> kLabels = {3, 0, 1};

/** To print such a table we cut it into its rows: */
std::vector<std::vector<float>> ByRow(const std::vector<float>& values) {
  std::vector<std::vector<float>> rows;
  for (auto row = values.begin(); row != values.end(); row += 5) {
    rows.emplace_back(row, row + 5);
  }
  return rows;
}

STEP("three likelihoods") {
  std::vector<float> probs(15);
  Softmax(Rows<const float>(Logits().data(), 3, 5),
          Rows<float>(probs.data(), 3, 5));
  std::vector<float> likelihoods;
  for (size_t row = 0; row < 3; ++row) {
    likelihoods.push_back(probs[row * 5 + static_cast<size_t>(kLabels[row])]);
  }
  Show("probs", ByRow(probs), {.digits = 3});
  Show("likelihoods", likelihoods, {.digits = 3});
  CHECK(likelihoods == std::vector{probs[3], probs[5], probs[11]});
}
/** In the first row the model gave the right class {{likelihoods[0]}}, in the
second {{likelihoods[1]}}, in the third {{likelihoods[2]}}. A perfect model
would have three ones.

\section ch04_minus A logarithm and a minus sign
The likelihood of all three images together is the product of the three
numbers, and \ref ch03_log "chapter 3" told us what to do with products: take
logarithms. Logarithms of probabilities are at most 0. An optimiser wants
something to make small, so we turn the sign:
\f[
\ell(p) = -\ln p
\f]
This is the *negative log-likelihood* of one label, also called its
\ref g_surprisal "surprisal": 0 for what was certain, large for what was
thought impossible. */
STEP("the curve from guessing to knowing") {
  const double guess = -Log(std::vector{0.1})[0];
  Figure("neg_log", "From a guess among ten (red) down to certainty (green).",
         Curves{.x_label = "probability of the label",
                .y_label = "loss (nats)",
                .x = {0, 1},
                .y = {0, 5},
                .curves = {{.name = "-ln p",
                            .function = [](double p) { return -std::log(p); }}},
                .dots = {{0.1, guess, "1/10", DotColour::kRed},
                         {1, 0, "1", DotColour::kGreen}}});
  Show("guess", guess);
  CHECK(PrintNumber(guess) == "2.3026");
  CHECK(Log(std::vector{1.0})[0] == 0);
}
/** A network that knows nothing about ten digits, and says so, gives each
1/10: the red dot, {{guess}} nats, which is \f$\ln 10\f$. The green dot is
where the training wants to go. The curve is steep where the network was sure
of the wrong thing, and flat where it is right already.

How steep? One reads that such a loss grows *exponentially* as the probability
falls. Divide the probability by ten, again and again, and see. */
STEP("each factor of ten costs the same") {
  Table table = {.columns = {"probability", "loss", "more than before"}};
  double before = 0;
  for (const double p : {0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6}) {
    const double loss = -Log(std::vector{p})[0];
    table.rows.push_back({p, loss, loss - before});
    CHECK(PrintNumber(loss - before) == "2.3026");
    before = loss;
  }
  Show("losses", table);
}
/** Each factor of ten costs {{losses[0][more than before]}} nats, the last one
no more than the first. The loss grows without bound, but slowly: it is the
probability that falls exponentially with the loss, \f$p = e^{-\ell}\f$. In
terms of logits the growth is linear: if one wrong class leads by \f$d\f$, the
loss is at least \f$\ln(1 + e^d)\f$, a little more than \f$d\f$.

\section ch04_three_ways One mean, three ways
Back to the three images. The library has the logarithm fused with the softmax,
and the picking with the mean. We go the long way by hand, and then both short
ones: `Nll` takes log-probabilities, `CrossEntropy` takes raw logits. */
STEP("the mean of the worked example") {
  std::vector<float> log_probs(15);
  const Rows<const float> logits(Logits().data(), 3, 5);
  LogSoftmax(logits, Rows<float>(log_probs.data(), 3, 5));
  Show("log probs", ByRow(log_probs));

  const float by_hand = -(log_probs[3] + log_probs[5] + log_probs[11]) / 3;
  float nll = 0, cross_entropy = 0;
  Nll(Rows<const float>(log_probs.data(), 3, 5), kLabels, std::span(&nll, 1));
  CrossEntropy(logits, kLabels, std::span(&cross_entropy, 1));
  const float rounded = -(-1.1048f - 0.5476f - 1.4417f) / 3;
  Show("means", Table{.columns = {"way", "mean loss"},
                      .rows = {{"by hand", by_hand},
                               {"Nll", nll},
                               {"CrossEntropy", cross_entropy},
                               {"rounded logs", rounded}}});
  CHECK(PrintNumber(rounded) == "1.0314");
  for (const float mean : {by_hand, nll, cross_entropy}) {
    CHECK(PrintNumber(mean) == "1.0313");
  }
}
/** All three say {{means[Nll][mean loss]}}. The example is known from an
introduction that prints {{means[rounded logs][mean loss]}}, and that is what
its logarithms give once they are rounded to four places, as it prints them:
the last row. Its logits, too, had more places than four. Rounding early shows.

Why `CrossEntropy` needs no log-probabilities, and where the ways part company,
is the matter of \ref ch05_cross_entropy "chapter 5".

\section ch04_many Thousands of rows
Now the digits. The network of \ref ch01_raw_logits "chapter 1", before and
after its training, and log-probabilities for as many images as we like. */
const Classifier& Digit() { return TheClassifier<ProgressBar>(DataFolder()); }

std::vector<float> LogProbs(const Network& network, const Digits& digits) {
  std::vector<float> values = network.Logits(digits);
  const Rows<float> rows(values.data(), digits.count, 10);
  LogSoftmax(rows, rows);
  return values;
}

float MeanNll(std::span<const float> log_probs, const Digits& digits) {
  float loss = 0;
  Nll(Rows<const float>(log_probs.data(), digits.count, 10), digits.labels,
      std::span(&loss, 1));
  return loss;
}

STEP("an untrained network, all training images") {
  const Digits& train = Digit().data.train;
  const std::vector<float> log_probs = LogProbs(Digit().untrained, train);
  Show("rows", train.count);
  Show("columns", log_probs.size() / train.count);
  Show("first row", std::span(log_probs).first(10));
  Show("first label", train.labels[0]);
  const float loss = MeanNll(log_probs, train);
  Show("untrained loss", loss);
  Show("excess", loss - std::log(10.0), {.digits = 2});
  Show("perplexity", std::exp(loss), {.digits = 4});
  CHECK(loss > std::log(10.0));
  CHECK(loss < std::log(10.0) + 0.2);
  // Another's untrained network: see the sources.
  CHECK(std::abs(2.3115 - std::log(10.0)) < 0.2);
}
/** A table of {{rows}} x {{columns}} log-probabilities goes in, and one number
comes out: {{untrained loss}} nats. Near the red dot, as expected, but not on
it: it is {{excess}} nats *above*. Is the untrained network worse than a guess?
It is. Its random weights give it random preferences, and it pays for them:
since the curve bends upwards, the mean of \f$-\ln p\f$ over ten uneven
probabilities is larger than at their mean, 1/10 (Jensen's inequality).

There is a way to feel the size of a loss: \f$e^\ell\f$, the *perplexity*, is
the number of equally likely classes that would be as hard to guess among. Ours
says {{perplexity}}, with only ten classes to choose from.

\section ch04_boxes From logits to log-probabilities
What do the three stages look like side by side? We take the test images of the
digit 1 and draw, for each of the ten outputs, a box: half of the images lie in
it, and the line inside is the median. */
std::vector<Panel> Stages(const Network& network) {
  const Digits ones = WithLabel(Digit().data.test, 1);
  const std::vector<float> logits = network.Logits(ones);
  std::vector<float> probs(logits.size());
  Softmax(Rows<const float>(logits.data(), ones.count, 10),
          Rows<float>(probs.data(), ones.count, 10));
  const std::vector<float> log_probs = LogProbs(network, ones);
  std::vector<Panel> panels = {{"logits"}, {"softmax"}, {"log-softmax"}};
  for (size_t i = 0; i < 10; ++i) {
    for (Panel& panel : panels) panel.series.push_back({std::to_string(i)});
    for (size_t at = i; at < logits.size(); at += 10) {
      panels[0].series[i].values.push_back(logits[at]);
      panels[1].series[i].values.push_back(probs[at]);
      panels[2].series[i].values.push_back(log_probs[at]);
    }
  }
  return panels;
}

std::vector<double> Medians(const Panel& panel) {
  std::vector<double> medians;
  for (const Series& output : panel.series) {
    medians.push_back(BoxOf(output.values).median);
  }
  return medians;
}

STEP("before the training, all near -2.3") {
  const std::vector<Panel> stages = Stages(Digit().untrained);
  Figure("logsoftmax_untrained",
         "Images of a 1, untrained: ten log-probabilities around -2.3.",
         BoxPlots{.panels = stages});
  const std::vector<double> medians = Medians(stages[2]);
  Show("untrained medians", medians, {.digits = 3});
  CHECK(std::ranges::max(medians) < -1.5);
  CHECK(std::ranges::min(medians) > -3.5);
  CHECK(medians[1] < std::ranges::max(medians));
  CHECK(medians[1] > std::ranges::min(medians));
}
/** No output knows that these are ones: the median of output 1 is
{{untrained medians[1]}}, in the midst of the others. */
STEP("after it, one at 0 and nine far down") {
  const std::vector<Panel> stages = Stages(Digit().trained);
  Figure("logsoftmax_trained",
         "Images of a 1, trained: output 1 rises to 0, the others sink.",
         BoxPlots{.panels = stages});
  std::vector<double> medians = Medians(stages[2]);
  Show("trained medians", medians, {.digits = 3});
  CHECK(medians[1] > -0.01);
  medians.erase(medians.begin() + 1);
  Show("best other", std::ranges::max(medians), {.digits = 3});
  CHECK(std::ranges::max(medians) < -7);
  CHECK(std::ranges::count_if(Medians(stages[1]),
                              [](double p) { return p < 0.001; }) == 9);
}
/** In the middle panel nine boxes lie flat on 0 and tell us nothing. On the
right the logarithm has spread them out again: the median of output 1 is
{{trained medians[1]}}, the best of the others has {{best other}}. Each of
those nine would be a large loss, if it were the label's. It is not, and so it
does not count: only the label's own log-probability does.

\section ch04_batch A batch, before and after
One loss for each image: 64 test images, in their order. */
std::vector<float> Losses(const Network& network, const Digits& digits) {
  std::vector<float> losses(digits.count);
  const std::vector<float> log_probs = LogProbs(network, digits);
  Nll(Rows<const float>(log_probs.data(), digits.count, 10), digits.labels,
      losses, {.reduction = Reduction::kNone});
  return losses;
}

STEP("what the training did to each image") {
  const Digits& test = Digit().data.test;
  std::array<Curve, 2> curves = {Curve{.name = "before"}, {.name = "after"}};
  const std::vector<float> before = Losses(Digit().untrained, test);
  const std::vector<float> after = Losses(Digit().trained, test);
  for (size_t i = 0; i < 64; ++i) {
    curves[0].points.emplace_back(i, before[i]);
    curves[1].points.emplace_back(i, after[i]);
  }
  Figure("losses_before_after",
         "Before: every image costs about 2.3. After: most cost nothing.",
         Curves{.x_label = "image",
                .y_label = "loss (nats)",
                .curves = {curves[0], curves[1]}});
  std::vector<double> sorted(after.begin(), after.end());
  std::ranges::sort(sorted);
  Show("test losses",
       Table{.columns = {"after", "loss"},
             .rows = {{"median", Quantile(sorted, 0.5)},
                      {"mean", MeanNll(LogProbs(Digit().trained, test), test)},
                      {"worst", sorted.back()}}},
       {.digits = 3});
  Show("its probability", std::exp(-sorted.back()), {.digits = 2});
  CHECK(Quantile(sorted, 0.5) < 0.01);
  CHECK(sorted.back() > 5);
}
/** Before the training the line wavers about 2.3; after it, nearly all of it
lies on the floor. Look at the table of all test images: half of the test
images cost less than {{test losses[median][loss]}} nats, but the mean is
{{test losses[mean][loss]}}, since a few cost a great deal. The worst costs
{{test losses[worst][loss]}}: the network gave the right digit a probability
of {{its probability}}. This is the loss that \ref ch01_raw_logits "chapter 1"
asked for. It says how far off.

\section ch04_wrong_kind The wrong kind of numbers
`Nll` expects log-probabilities, and cannot tell them from other numbers.
Suppose we forget the logarithm, or even the softmax. */
STEP("a loss below zero") {
  const Digits& train = Digit().data.train;
  Table table = {.columns = {"given to Nll", "untrained", "trained"}};
  std::vector<std::vector<Cell>> rows = {
      {"logits"}, {"probabilities"}, {"log-probabilities"}};
  for (const Network* network : {&Digit().untrained, &Digit().trained}) {
    std::vector<float> values = network->Logits(train);
    rows[0].emplace_back(MeanNll(values, train));
    const Rows<float> view(values.data(), train.count, 10);
    Softmax(view, view);
    rows[1].emplace_back(MeanNll(values, train));
    CHECK(MeanNll(values, train) < 0);
    CHECK(MeanNll(values, train) >= -1);
    Log(values, values);
    rows[2].emplace_back(MeanNll(values, train));
    CHECK(MeanNll(values, train) >= 0);
  }
  table.rows = rows;
  Show("mix-up", table, {.digits = 4});
}
/** No crash, no warning, three plausible numbers. With probabilities the
"loss" is just minus the mean probability of the label. It even falls while the
network learns, from {{mix-up[probabilities][untrained]}} to
{{mix-up[probabilities][trained]}}, but it can never go below -1, and a sure
mistake costs hardly more than an unsure one. With raw logits it has no floor
at all: the network need only make everything larger.

The mending is the last row: take the logarithm (better: `LogSoftmax` in one
step, \ref ch03_log "chapter 3" says why). And a rule to keep: **a negative
log-likelihood of classes is never below 0**. If yours is, it has been given
the wrong numbers. */

/** Another slip does give itself away. The digits are the classes 0 to 9; who
counts them from 1 to 10 gets no loss at all, but a reason: */
STEP("a label that does not exist") {
  const std::vector<float> log_probs(20, -std::log(10.0f));
  const std::vector<Label> labels = {9, 10};
  std::string complaint;
  float loss = -1;
  try {
    Nll(Rows<const float>(log_probs.data(), 2, 10), labels,
        std::span(&loss, 1));
  } catch (const Error& error) {
    complaint = error.what();
  }
  Show("complaint", complaint);
  CHECK(complaint.find("labels[1] = 10") != std::string::npos);
  CHECK(loss == -1);  // nothing was written
}

/** \section ch04_drift A mean that forgets
A mean is a sum and a division; what could go wrong? Add the losses of the
trained network over all training images into one float, and count the images
that leave the sum exactly as it was. */
STEP("losses that were added and did not count") {
  const Digits& train = Digit().data.train;
  float sum = 0;
  Exact exact_sum = 0;
  size_t lost = 0;
  for (const float loss : Losses(Digit().trained, train)) {
    if (loss > 0 && sum + loss == sum) ++lost;
    sum += loss;
    exact_sum += loss;
  }
  const float naive = sum / static_cast<float>(train.count);
  const Exact exact = exact_sum / train.count;
  const float ours = MeanNll(LogProbs(Digit().trained, train), train);
  Show("lost", lost);
  Show("means of the trained",
       Table{.columns = {"sum", "mean", "error in ulp"},
             .rows = {{"one float", naive, UlpError(naive, exact)},
                      {"Nll", ours, UlpError(ours, exact)}}},
       {.digits = 8});
  CHECK(lost > 0);
  CHECK(UlpError(naive, exact) > 1);
  CHECK(ours == RoundTo<float>(exact));
}
/** Of {{rows}} losses {{lost}} did nothing: each was at most half a unit in
the last place of the sum that it met, and the rounding took it away. The mean
is off by {{means of the trained[one float][error in ulp]:2}} ulp. That of
`Nll` is the exact mean, rounded once: it is off by
{{means of the trained[Nll][error in ulp]:2}}, and at most 0.5 always.

A few ulp will not spoil a training. But the error grows with the number of
rows, and in the end it is one-sided: a float that has reached some
\f$2^{24}\f$ times a typical loss stops growing, and from there on the
mean *falls* with every image. One loss for each pixel of a batch of pictures,
and you are there (PyTorch issue 55657 tells of it). */
STEP("a sum that has stopped") {
  float sum = 0;
  const float loss = 0.1f;
  size_t rows = 0;
  while (sum + loss != sum) {
    sum += loss;
    ++rows;
  }
  Show("stops at", sum, {.digits = 7});
  Show("after rows", rows);
  const double mean = sum / static_cast<double>(4 * rows);
  Show("mean of four times as many", mean, {.digits = 3});
  CHECK(sum == 2097152);
  CHECK(mean < 0.05);
}
/** If every row costs 0.1, the sum stands still at {{stops at}}, after
{{after rows}} rows. Go on to four times as many, and the mean that you print
is {{mean of four times as many}}: a training that seems to make progress by
showing more images. The remedy is a wider sum: `Nll` adds exactly and rounds
once.

\section ch04_summary Summary
The label picks one log-probability, a minus sign makes it a loss, and the mean
over the rows is the loss of the batch: 0 for certainty, ln 10 for an honest
guess among ten, without bound for a sure mistake. Give it log-probabilities
and nothing else, and add in more than float. What if the truth itself is a
distribution? \ref ch05_cross_entropy "Chapter 5".

\section ch04_exercises Exercises
The stubs are in `exercise.cpp`; the program `exercise_04_nll` tells which of
them are solved.
1. Write `Pick`: the log-probability that the label picks from a row.
2. Write `MeanNll`, which leaves out the rows whose label is -100. By what do
you divide?
3. Write `Perplexity`. What is it when the network is certain, and right?
4. Write `LooksLikeLogProbs`, which catches probabilities and raw logits before
they reach `Nll`. Which rows can still deceive you?
5. Write `FloatMean`: a mean of floats that stays right after a hundred million
rows. Try it with a compensated sum, in float alone.

\section ch04_sources Sources
- Vincent Tam, "Building Intuition for Softmax, Log-Likelihood, and Cross
Entropy", 2019: the curve with its two dots, the box plots, the losses of a
batch. It is there that the loss is said to grow exponentially.
- "Understanding Softmax and negative log loss": the mean over 50000 rows of
MNIST, 2.3115 with another untrained network.
- "Understanding Cross-Entropy Loss": the three rows of five classes, and
1.0314.
- Fred Jelinek, Robert Mercer, Lalit Bahl, James Baker, "Perplexity: a measure
of the difficulty of speech recognition tasks", 1977.
- [PyTorch issue 55657](https://github.com/pytorch/pytorch/issues/55657): a
mean loss that is not the mean of the losses. */
