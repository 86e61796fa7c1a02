#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "digits/classifier.h"
#include "literate/literate.h"
#include "oracle/ulp.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy_oracle.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"
#include "surprisal/exp/exp.h"
#include "surprisal/log/log.h"
#include "surprisal/log1p/log1p.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/nll/nll.h"
#include "surprisal/sigmoid/sigmoid.h"
#include "surprisal/softmax/softmax.h"

using namespace surprisal;
using namespace surprisal::literate;

const digits::Classifier& Digits() {
  return digits::TheClassifier<ProgressBar>(DataFolder());
}

// The raw outputs for the test images, one row of ten for each.
const std::vector<float>& TestLogits(bool trained) {
  static const std::vector<float> before =
      Digits().untrained.Logits(Digits().data.test);
  static const std::vector<float> after =
      Digits().trained.Logits(Digits().data.test);
  return trained ? after : before;
}

Rows<const float> TenColumns(const std::vector<float>& values) {
  return Rows<const float>(values.data(), values.size() / 10, 10);
}

std::vector<double> InDouble(std::span<const float> values) {
  return std::vector<double>(values.begin(), values.end());
}

// The exact loss of one row of logits.
Exact ExactLoss(const std::vector<float>& logits, Label label) {
  return CrossEntropyOracle(Rows<const double>(InDouble(logits)),
                            std::vector<Label>{label})[0];
}

/** \page ch05_cross_entropy 5 – Cross-entropy
\tableofcontents
In \ref ch04_nll "chapter 4" the loss of an image was the surprise at its
label. Here that becomes a special case of something wider, and the one call
that every training loop ends in. After this chapter you will be able to
- compare two distributions by their \ref g_cross_entropy "cross-entropy", and
  say why a \ref g_one_hot "one-hot" \ref g_target "target" leaves one logarithm
  of the sum;
- choose between three routes from logits to the loss, and name the inputs that
  break the longest one;
- read the small print: `from_logits`, `ignore_index`,
  \ref g_class_weight "class weights", \ref g_label_smoothing "label smoothing",
  one label for each pixel;
- derive the binary loss that takes logits, and say why it has to take them.

It builds on \ref ch02_softmax "softmax", \ref ch03_log "logarithms" and
\ref ch04_nll "the negative log-likelihood".

\section ch05_weighted A mean of logarithms
Ten classes have ten surprises, \f$-\ln p_c\f$. Which of them should count?
Each as much as its class is true. Let \f$y_c\f$ be the true probability of
class \f$c\f$; then
\f[
H(y, p) = -\sum_{c=1}^{C} y_c \ln p_c
\f]
is the **cross-entropy** of \f$p\f$ under \f$y\f$: the mean surprise of
someone who believes \f$p\f$ in a world that follows \f$y\f$. Like all our
logarithms it is in nats.

Take a row of five logits and two truths about it. The hard one says: class 3.
The soft one says: three of four people chose class 3, and one chose class 1. */

STEP("a logarithm counts as much as its class is true") {
  const std::vector<float> logits = {-0.7514f, 1.2616f, -0.4232f, 1.3868f,
                                     1.2298f};
  const std::vector<float> log_probs = LogSoftmax(logits);
  const std::vector<float> hard = {0, 0, 0, 1, 0},
                           soft = {0, 0.25f, 0, 0.75f, 0};
  float hard_loss = 0, soft_loss = 0;
  CrossEntropyFromLogProbs(hard, log_probs, std::span(&hard_loss, 1));
  CrossEntropyFromLogProbs(soft, log_probs, std::span(&soft_loss, 1));
  Show("log_probs", log_probs);
  Show("hard", hard_loss);
  Show("soft", soft_loss);
  CHECK(hard_loss == -log_probs[3]);
  CHECK(soft_loss == RoundTo<float>(CrossEntropyFromLogProbsOracle(
                         InDouble(soft), InDouble(log_probs))));
  CHECK(soft_loss > hard_loss);
}
/** The hard truth keeps one logarithm of five, the label's: {{hard}} is
\f$-\ln p_3\f$, bit for bit. The negative log-likelihood *is* the
cross-entropy with a one-hot target. The soft truth keeps two of them, in shares
of 3/4 and 1/4: {{soft}}.

The classes with \f$y_c = 0\f$ do not count, however badly they are predicted.
They are not forgotten, though: the softmax makes all classes share one unit
of probability, so what they hold is missing at the label. */

/** \section ch05_routes Three routes to one number
There are three ways to walk from logits to the mean loss of a batch. The first,
call it the long road, goes step by step. The second joins softmax and
logarithm, and the third is one call. */
std::vector<float> ByThreeRoutes(Rows<const float> logits,
                                 std::span<const Label> labels) {
  std::vector<float> values(logits.rows * logits.classes), loss(3);
  const Rows<float> rows(values.data(), logits.rows, logits.classes);
  Softmax(logits, rows);
  Log(values, values);
  Nll(rows, labels, std::span(&loss[0], 1));
  LogSoftmax(logits, rows);
  Nll(rows, labels, std::span(&loss[1], 1));
  CrossEntropy(logits, labels, std::span(&loss[2], 1));
  return loss;
}

/** We try them on three rows of five logits, those of a popular introduction
(the fourth of the sources below), and hold each result against a hundred
exact digits. The ruler is the *ulp*, the distance between neighbouring floats
at the exact result. Nobody can promise less than half of one. */
STEP("three routes meet in one number") {
  const std::vector<float> logits = {
      -0.7514f, 1.2616f,  -0.4232f, 1.3868f,  1.2298f,  //
      1.5341f,  -0.4240f, 0.0112f,  -0.5188f, 0.1129f,  //
      -2.6143f, 0.1532f,  0.0868f,  -0.8231f, 0.7698f};
  const std::vector<Label> labels = {3, 0, 1};
  const std::vector<float> loss =
      ByThreeRoutes(Rows<const float>(logits.data(), 3, 5), labels);
  const std::vector<double> exact_logits = InDouble(logits);
  const Exact exact = CrossEntropyOracle(
      Rows<const double>(exact_logits.data(), 3, 5), labels)[0];
  Table table = {.columns = {"route", "mean loss", "error in ulp"}};
  const char* names[] = {"softmax, log, nll", "log-softmax, nll",
                         "cross-entropy"};
  for (size_t i = 0; i < 3; ++i) {
    table.rows.push_back({names[i], PrintNumber(loss[i], {.digits = 9}),
                          UlpError(loss[i], exact)});
    CHECK(loss[i] == RoundTo<float>(exact));
  }
  Show("routes", table, {.digits = 2});
  CHECK(PrintNumber(loss[2]) != "1.0314");
}
/** All three say {{routes[2][1]}}, and no float is nearer to the truth. (The
source prints 1.0314, for it computed from more digits of the logits than it
shows.) The single call promises as much for every input. The other two round
on the way, and this time it cost them nothing.

\section ch05_breaks Where the long road ends
So any route will do? Let the network become sure of itself. Two classes, logits
\f$d\f$ and 0, so the first class leads by \f$d\f$. The loss is
\f$\ln(1 + e^{-d})\f$ if the first class is right, and
\f$\ln(1 + e^{d})\f$ if the second is. */

STEP("the sure row breaks the longest route, on both sides") {
  Table table = {.columns = {"lead", "right: long road", "right: one call",
                             "wrong: long road", "wrong: one call"}};
  for (const float lead : {5.f, 10.f, 15.f, 20.f, 120.f}) {
    const std::vector<float> logits = {lead, 0};
    const auto right = ByThreeRoutes(logits, std::vector<Label>{0});
    const auto wrong = ByThreeRoutes(logits, std::vector<Label>{1});
    table.rows.push_back({lead, right[0], right[2], wrong[0], wrong[2]});
    CHECK(right[2] == RoundTo<float>(ExactLoss(logits, 0)));
    CHECK(wrong[2] == RoundTo<float>(ExactLoss(logits, 1)));
    CHECK(right[1] == right[2]);
    CHECK(wrong[1] == wrong[2]);
    CHECK((right[0] == 0) == (lead >= 20));
  }
  Show("sure", table);
}
/** Read the last two rows. With a lead of 20 and the right label the loss is
{{sure[3][2]}}, and the long road says {{sure[3][1]}}: its probability was
rounded to 1, and the logarithm of 1 is 0. With a lead of 120 and the wrong
label the loss is {{sure[4][4]}}, and the long road says {{sure[4][3]}}: its
probability was rounded to 0. One infinite row makes the mean of the whole batch
infinite; its gradient is infinity times zero, and the next step of the
optimiser turns every weight into NaN.

The logarithm came too late in both cases. Routes 2 and 3 never form the
probability, and row by row they agree to the bit: both compute
\f[
-\ln p_y = \ln \sum_{c} e^{z_c} - z_y ,
\f]
with the log-sum-exp of \ref ch03_log "chapter 3", shift included. (The formula
alone saves nothing. Without the shift it overflows as the softmax does.) */

/** The first failure has a shape. Here is the loss of the right label as the
lead grows; each unit of the vertical axis is a power of ten. */
STEP("a straight line, and a staircase off a cliff") {
  std::vector<std::pair<double, double>> line, stairs;
  for (float lead = 15; lead <= 18.5; lead += 0.015625f) {
    const std::vector<float> logits = {lead, 0};
    const auto loss = ByThreeRoutes(logits, std::vector<Label>{0});
    line.emplace_back(lead, std::log10(loss[2]));
    if (loss[0] > 0) stairs.emplace_back(lead, std::log10(loss[0]));
  }
  Figure("staircase",
         "The loss of the right label falls by a power of ten for every 2.3 of "
         "lead; the long road goes down in steps, and ends.",
         Curves{.x_label = "lead of the right class",
                .y_label = "log10 of the loss",
                .x = {15, 18.5},
                .y = {-8.1, -6.4},
                .curves = {{.name = "one call", .points = line},
                           {.name = "long road", .points = stairs}},
                .dots = {{stairs.back().first, stairs.back().second,
                          "the end of the long road"}}});
  Show("last", stairs.back().first);
  CHECK(line.back().first == 18.5);
  CHECK(stairs.back().first < 18);
}
/** Just below 1 the floats stand \f$2^{-24}\f$ apart, and the loss can only be
a multiple of that. Beyond a lead of {{last}} it is 0; and so is \f$p_y - 1\f$,
the label's part of the gradient, as \ref ch07_gradients "chapter 7" will find.

Is that a curiosity? Ask the digits. */

STEP("how many images the long road calls perfect") {
  const std::vector<float>& logits = TestLogits(true);
  const std::vector<Label>& labels = Digits().data.test.labels;
  size_t long_road = 0, one_call = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::span row(&logits[i * 10], 10);
    const auto loss = ByThreeRoutes(row, std::span(&labels[i], 1));
    long_road += loss[0] == 0;
    one_call += loss[2] == 0;
  }
  Show("test images", labels.size());
  Show("loss 0 by the long road", long_road);
  Show("loss 0 by one call", one_call);
  Show("means", ByThreeRoutes(TenColumns(logits), labels), {.digits = 7});
  CHECK(long_road > 0);
  CHECK(one_call == 0);
}
/** Of {{test images}} test images the trained network of
\ref ch01_raw_logits "chapter 1" gets {{loss 0 by the long road}} so surely
right that the long road sees no loss left. The one call sees a loss in every
single one. The three means hide all of it: they are led by the few images that
went wrong.

\live{logits-to-loss,Five logits to move and their softmax and loss.}

\section ch05_sparse A number or a row of numbers
A label can be handed over as an integer, or as a row with a single 1. Libraries
call the first form *sparse*. Does the choice change anything? */

STEP("integer labels and one-hot rows cost the same, to the bit") {
  const std::vector<Label>& labels = Digits().data.test.labels;
  const Rows<const float> logits = TenColumns(TestLogits(true));
  std::vector<float> one_hot(labels.size() * 10, 0.f);
  for (size_t i = 0; i < labels.size(); ++i) one_hot[i * 10 + labels[i]] = 1;
  std::vector<float> sparse(labels.size()), dense(labels.size());
  CrossEntropy(logits, labels, sparse, {.reduction = Reduction::kNone});
  CrossEntropy(logits, TenColumns(one_hot), dense,
               {.reduction = Reduction::kNone});
  CHECK(sparse == dense);
  Show("bytes sparse", sizeof(Label) * labels.size());
  Show("bytes one-hot", sizeof(float) * one_hot.size());
}
/** Not one bit, but {{bytes one-hot}} bytes instead of {{bytes sparse}}. With
ten classes that is a trifle. With a vocabulary of a hundred thousand, the
labels of 256 words take a kilobyte, and their one-hot rows a hundred megabytes.

The row can say more, however. The soft truth above, 3/4 and 1/4, has no integer
that stands for it. No library may turn a target distribution into its largest
class behind your back.

\section ch05_from_logits Logits or probabilities?
A row of numbers does not say what it is. Keras therefore asks, by a flag:
`from_logits=False`, the default, means that you hand over probabilities;
`from_logits=True` means raw outputs, and the softmax is still to come. One
popular text has it the other way round, so here are both readings of its
example. We have no flag but two functions, so that the name says it. */

STEP("one table of numbers, two meanings") {
  const std::vector<float> numbers = {0.05f, 0.95f, 0, 0.1f, 0.8f, 0.1f};
  const std::vector<float> one_hot = {0, 1, 0, 0, 0, 1};
  const Rows<const float> given(numbers.data(), 2, 3),
      truth(one_hot.data(), 2, 3);
  std::vector<float> as_probs(2), as_logits(2);
  CrossEntropyFromProbs(truth, given, as_probs);
  CrossEntropy(given, truth, as_logits, {.reduction = Reduction::kNone});
  Show("readings", Table{.columns = {"taken as", "row 0", "row 1", "mean"},
                         .rows = {{"probabilities", as_probs[0], as_probs[1],
                                   (as_probs[0] + as_probs[1]) / 2},
                                  {"logits", as_logits[0], as_logits[1],
                                   (as_logits[0] + as_logits[1]) / 2}}});
  CHECK(as_probs[0] == -Log(std::vector{0.95f})[0]);
  CHECK(as_probs[0] < as_logits[0]);
}
/** These rows sum to 1. They are probabilities, and the mean loss is
{{readings[probabilities][mean]:4}}. Taken for logits they go through a softmax
once more, and out comes {{readings[logits][mean]:3}}: no error, no warning, and
a number that looks like a loss.

The mistake has a second home. In PyTorch `CrossEntropyLoss` always takes
logits; a network whose last layer is a softmax then gets two of them. What does
such a training look like? */

STEP("a softmax too many puts a floor under the loss") {
  const std::vector<Label>& labels = Digits().data.test.labels;
  std::vector<float> perfect(10, 0.f);
  perfect[0] = 1;
  float floor = 0;
  CrossEntropy(perfect, std::vector<Label>{0}, std::span(&floor, 1));
  Table table = {.columns = {"network", "one softmax", "two softmaxes"}};
  for (const bool trained : {false, true}) {
    const Rows<const float> logits = TenColumns(TestLogits(trained));
    std::vector<float> probs(logits.rows * 10), loss(2);
    Softmax(logits, Rows<float>(probs.data(), logits.rows, 10));
    CrossEntropy(logits, labels, std::span(&loss[0], 1));
    CrossEntropy(TenColumns(probs), labels, std::span(&loss[1], 1));
    table.rows.push_back({trained ? "trained" : "untrained", loss[0], loss[1]});
    CHECK(loss[1] >= floor);
  }
  Show("floor", floor);
  Show("twice", table);
}
/** A perfect prediction, (1, 0, ..., 0), read as logits, still costs
\f$\ln(1 + 9/e)\f$ = {{floor:4}}. Our well-trained network costs
{{twice[trained][2]:4}} in place of {{twice[trained][1]:3}}. If a ten-class
training of yours gets stuck at {{floor:3}}, look for a softmax too many.

\section ch05_likelihood The likelihood of everything
Why this loss, and not another? Suppose the network is right about the world:
image \f$n\f$ has label \f$c\f$ with probability \f$p_c\f$. How probable is
it then that *all* labels turn out as they did? Independent events multiply,
and the logarithm turns the product into a sum:
\f[
\prod_{n=1}^{N} p_{y_n} = \exp\Bigl(\sum_{n=1}^{N} \ln p_{y_n}\Bigr)
= \exp(-N \cdot \mathrm{loss})
\f]
The product is the **likelihood** of the weights. The exponential only falls as
the mean loss rises, so the weights with the least mean loss are those
of **maximum likelihood**. */

STEP("the product of all probabilities, and the mean loss") {
  const std::vector<Label>& labels = Digits().data.test.labels;
  Table table = {.columns = {"network", "product in double",
                             "its true power of ten", "from the mean loss"}};
  for (const bool trained : {false, true}) {
    const Rows<const float> logits = TenColumns(TestLogits(trained));
    std::vector<float> probs(logits.rows * 10), loss(1);
    Softmax(logits, Rows<float>(probs.data(), logits.rows, 10));
    CrossEntropy(logits, labels, loss);
    double product = 1;
    Exact exact_product = 1;
    for (size_t i = 0; i < labels.size(); ++i) {
      product *= probs[i * 10 + labels[i]];
      exact_product *= probs[i * 10 + labels[i]];
    }
    const auto power = static_cast<double>(log10(exact_product));
    const double from_loss = -loss[0] * labels.size() / std::log(10.0);
    table.rows.push_back(
        {trained ? "trained" : "untrained", product, power, from_loss});
    CHECK(PrintNumber(power) == PrintNumber(from_loss));
  }
  Show("likelihood", table);
}
/** For the untrained network the likelihood is ten to the power of
{{likelihood[untrained][2]}}. A double cannot hold that: it says
{{likelihood[untrained][1]}}. The mean loss
knows, because it
never multiplied. After training the exponent is
{{likelihood[trained][2]}}: unlikely still, for it asks that not one label in
the whole set come out otherwise, but so many powers of ten better.

Now the small print of the call.

\section ch05_ignore Rows that do not count
Sentences have different lengths, batches do not. The empty places get a label
that says *ignore me*, by custom -100. They must vanish twice: from the
sum, and from the number it is divided by. */

STEP("ignored rows leave the sum and the count") {
  const std::vector<float> logits = {2, 0, 1, 0, 3, 1, 5, 5, 5, 9, 0, 0};
  const std::vector<Label> labels = {0, 1, -100, -100};
  const Rows<const float> rows(logits.data(), 4, 3);
  std::vector<float> losses(4), mean(1);
  CrossEntropy(rows, labels, losses, {.reduction = Reduction::kNone});
  CrossEntropy(rows, labels, mean);
  Show("losses", losses);
  Show("mean of two", mean[0]);
  Show("sum over four", (losses[0] + losses[1]) / 4);
  CHECK(losses[2] == 0);
  CHECK(std::ranges::min(losses[0], losses[1]) < mean[0]);
  CHECK(mean[0] < std::ranges::max(losses[0], losses[1]));
  const std::vector<float> row = {0, 1, 1};
  CrossEntropy(row, std::vector<Label>{1}, mean, {.ignore_index = 0});
  Show("class 0 ignored", mean[0]);
  CHECK(mean[0] == RoundTo<float>(ExactLoss(row, 1)));
}
/** The mean is {{mean of two}}. Divided by all four rows it would be
{{sum over four}}, and would shrink whenever a batch has more padding: a loss
that changes with the length of its neighbours.

The last number answers a question that is asked again and again. With
`ignore_index = 0`, does class 0 leave the softmax? No: logits 0, 1, 1 and label
1 cost {{class 0 ignored:4}}, which is \f$\ln(2 + 1/e)\f$. *Labels* are
\ref g_ignore_index "ignored", classes stay.

\section ch05_weights Classes that count more
Where one class is rare, its rows can be given more weight. The loss of a row is
multiplied by the weight of its label; and the mean? */

STEP("a weighted mean divides by the weights") {
  const std::vector<double> logits = {0.2, 0.3, 0.5, 0.5, 0.2, 0.3};
  const std::vector<double> weights = {2, 4, 6};
  const std::vector<Label> labels = {2, 1};
  const Rows<const double> rows(logits.data(), 2, 3);
  std::vector<double> losses(2), mean(1);
  CrossEntropy(rows, labels, losses,
               {.reduction = Reduction::kNone, .class_weights = weights});
  CrossEntropy(rows, labels, mean, {.class_weights = weights});
  Show("weighted", losses, {.digits = 10});
  Show("mean by weight", mean[0], {.digits = 10});
  Show("halves", (losses[0] + losses[1]) / 2, {.digits = 10});
  CHECK(PrintNumber(mean[0], {.digits = 15}) ==
        PrintNumber((losses[0] + losses[1]) / (6 + 4), {.digits = 15}));
  const std::vector<double> fives = {5, 5, 5};
  double plain = 0;
  CrossEntropy(rows, labels, std::span(&plain, 1));
  CrossEntropy(rows, labels, mean, {.class_weights = fives});
  CHECK(mean[0] == plain);
}
/** Half of the sum is {{halves:4}}, and people have reported
{{mean by weight:4}} as a bug. It is the *weighted* mean: the sum divided by 6 +
4, the weights of the two labels. So three equal weights, five each, change
nothing. The price: the means of two batches can no longer simply be averaged,
for each counts as much as its labels weigh.

\section ch05_smoothing Targets that leave some doubt
What is the best logit for a hard target? There is none: a larger lead always
costs less. Label smoothing mends this. It takes a share \f$\varepsilon\f$ from
the one and hands it out evenly to all \f$K\f$ classes,
\f[
t_c = (1 - \varepsilon) \, [c = y] + \frac{\varepsilon}{K} .
\f]
Let the label lead nine equal rivals by \f$d\f$. The loss is least where the
softmax equals the target, and that is at a finite lead:
\f$e^d = t_y / t_c = 1 + K (1 - \varepsilon) / \varepsilon\f$,
which for ten classes and \f$\varepsilon = 1/10\f$ is 91. */

STEP("smoothing gives the lead a best value") {
  const auto row = [](double lead) {
    std::vector<double> logits(10, 0.0);
    logits[0] = lead;
    return logits;
  };
  const std::vector<Label> label = {0};
  const CrossEntropyOptions smooth = {.label_smoothing = 0.1};
  const auto loss = [&](double lead, const CrossEntropyOptions& options) {
    double value = 0;
    CrossEntropy(row(lead), label, std::span(&value, 1), options);
    return value;
  };
  const auto slope = [&](double lead) {
    std::vector<double> d_logits(10);
    CrossEntropyGradient(row(lead), label, d_logits, smooth);
    return d_logits[0];
  };
  const double best = std::log(91.0);
  Show("best", best);
  Show("least", loss(best, smooth));
  Figure(
      "smoothing",
      "Smoothed, the loss has a lowest point; a hard target's "
      "loss falls for ever.",
      Curves{
          .x_label = "lead of the label",
          .y_label = "loss (nats)",
          .x = {0, 12},
          .y = {0, 2.5},
          .curves = {{.name = "hard",
                      .function = [&](double d) { return loss(d, {}); }},
                     {.name = "smoothed",
                      .function = [&](double d) { return loss(d, smooth); }}},
          .dots = {{best, loss(best, smooth), "best", DotColour::kGreen}}});
  CHECK(slope(best - 0.001) < 0);
  CHECK(slope(best + 0.001) > 0);
}
/** At a lead of {{best:3}} the gradient changes its sign, and logits are
pulled back instead of running away. The least loss is not 0 but {{least:3}}:
the target's own uncertainty, which \ref ch06_entropy_and_kl "chapter 6" calls
its entropy. So losses with and without smoothing must not be compared.

\section ch05_pixels A label for every pixel
A network that labels pixels puts out a block of shape
\f$(N, C, d_1, d_2)\f$: for each of \f$N\f$ images, \f$C\f$ planes of
\f$d_1 \times d_2\f$ pixels. The ten logits of one pixel are not neighbours in
memory; they lie a plane apart. The labels, and the losses, have the same shape
without the class axis, \f$(N, d_1, d_2)\f$. Must the block be transposed
first? */

STEP("the class axis may stand in the middle") {
  constexpr size_t kImages = 2, kClasses = 3, kPixels = 2 * 3;
  std::vector<float> block(kImages * kClasses * kPixels);
  for (size_t i = 0; i < block.size(); ++i) block[i] = (7 * i) % 11 - 5.f;
  const std::vector<Label> labels = {0, 1, 2, 2, 1, 0, 1, 1, 1, 0, 0, 2};
  const CrossEntropyOptions each = {.reduction = Reduction::kNone};
  std::vector<float> losses(12), of_copy(12), misread(12), copy(block.size());
  CrossEntropy(
      Rows<const float>::ClassAxis1(block.data(), kImages, kClasses, kPixels),
      labels, losses, each);
  for (size_t i = 0; i < copy.size(); ++i) {
    const size_t n = i / 18, c = i % 3, pixel = i / 3 % 6;
    copy[i] = block[(n * kClasses + c) * kPixels + pixel];
  }
  CrossEntropy(Rows<const float>(copy.data(), 12, 3), labels, of_copy, each);
  CrossEntropy(Rows<const float>(block.data(), 12, 3), labels, misread, each);
  Show("pixels",
       std::vector{std::span(&losses[0], 3), std::span(&losses[3], 3),
                   std::span(&losses[6], 3), std::span(&losses[9], 3)});
  Show("misread", std::span(&misread[0], 3));
  CHECK(losses == of_copy);
  CHECK(losses != misread);
}
/** No. A view that knows the strides reads the block where it lies, and gives
the bits of the transposed copy: two images of two lines of three pixels. To
reshape instead of to transpose is the classic slip. The first line then reads
{{misread}}, and again nothing complains.

\section ch05_binary Yes or no
Some questions have no rivals: is there a cat in the picture, and is there a
dog? Each output then answers for itself, through a sigmoid,
\f$\sigma(x) = 1 / (1 + e^{-x})\f$. Its loss, for a target \f$y\f$ of 0 or 1,
is
\f[
L = -y \ln \sigma(x) - (1 - y) \ln(1 - \sigma(x)) .
\f]
Written down as it stands: */
template <class T>
T PlainBinaryLoss(T x, T y) {
  const T p = Sigmoid(std::vector<T>{x})[0];
  const std::vector<T> logs = Log(std::vector<T>{p, 1 - p});
  return -(y * logs[0] + (1 - y) * logs[1]);
}

STEP("the plain binary loss fails on sure outputs") {
  Table table = {.columns = {"logit", "sigmoid", "plain, y = 0", "plain, y = 1",
                             "exact, y = 0", "exact, y = 1"}};
  for (const float x : {-104.f, -10.f, 0.f, 10.f, 17.f, 18.f, 40.f}) {
    const std::vector<float> logits = {x, x}, targets = {0, 1};
    std::vector<float> loss(2);
    BinaryCrossEntropy(logits, targets, loss, {.reduction = Reduction::kNone});
    table.rows.push_back({x, Sigmoid(logits)[0], PlainBinaryLoss(x, 0.f),
                          PlainBinaryLoss(x, 1.f), loss[0], loss[1]});
    CHECK(loss[0] == RoundTo<float>(SoftplusOracle(x)));
    CHECK(loss[1] == RoundTo<float>(SoftplusOracle(-x)));
  }
  Show("binary", table);
  Show("double at 36", PlainBinaryLoss(36.0, 0.0));
  Show("double at 38", PlainBinaryLoss(38.0, 0.0));
  CHECK(std::isnan(PlainBinaryLoss(18.f, 1.f)));
  CHECK(std::isinf(PlainBinaryLoss(38.0, 0.0)));
}
/** At 17 the plain loss for \f$y = 0\f$ is already wrong in the second digit,
{{binary[4][2]:4}} for {{binary[4][4]:4}}. At 18 the sigmoid *is* 1. Then
\f$\ln(1 - 1)\f$ is minus infinity, and the loss is {{binary[5][2]}} for
\f$y = 0\f$; for \f$y = 1\f$ it is {{binary[5][3]}}, zero times infinity, on an
example that the network gets right. A double only moves the cliff: at 36 it
says
{{double at 36:4}}, at 38 {{double at 38}}. The first line shows the other
cliff, where the sigmoid is 0.

\section ch05_with_logits Give it the logits
The sigmoid threw away what the logarithm needed. So put the two together before
any number is rounded. From \f$1 - \sigma(x) = e^{-x} / (1 + e^{-x})\f$ we have
\f[
\begin{aligned}
\ln \sigma(x) &= -\ln(1 + e^{-x}) \\
\ln(1 - \sigma(x)) &= -x - \ln(1 + e^{-x}) \\
L &= (1 - y) x + \ln(1 + e^{-x})
\end{aligned}
\f]
For positive \f$x\f$ that is fine. For negative \f$x\f$ the exponential
overflows; there we use \f$\ln(1 + e^{-x}) = -x + \ln(1 + e^{x})\f$, which gives
\f$L = -x y + \ln(1 + e^{x})\f$. One line says both:
\f[
L = \max(x, 0) - x y + \ln(1 + e^{-|x|})
\f]
The exponential is now at most 1. Does the line keep what it promises in plain
float, one rounding after the other? */

STEP("the stable line, from end to end") {
  Table worst = {.columns = {"target", "worst error in ulp"}};
  for (const float y : {0.f, 1.f}) {
    double ulp = 0;
    for (float x = -80; x <= 80; x += 0.125f) {
      const std::vector<float> tail = Exp(std::vector{-std::abs(x)});
      const float loss = std::max(x, 0.f) - x * y + Log1p(tail)[0];
      ulp = std::max(ulp, UlpError(loss, SoftplusOracle(y == 0 ? x : -x)));
    }
    worst.rows.push_back({y, ulp});
    CHECK(ulp < 2);
  }
  Show("worst", worst, {.digits = 2});
}
/** It does: at its worst it is {{worst[0][1]}} ulp off for \f$y = 0\f$, and
{{worst[1][1]}} for \f$y = 1\f$. (Our own call stays within half of one, by
carrying more digits.)

A yes or no is also a choice between two classes. So there should be a second
way to the same number: a softmax over the logits \f$x\f$ and 0. */

STEP("the binary loss is a cross-entropy of two classes") {
  for (float x = -110; x <= 110; x += 0.25f) {
    const std::vector<float> pair = {x, 0}, one = {x}, yes = {1}, no = {0};
    float binary = 0, two_class = 0;
    BinaryCrossEntropy(one, yes, std::span(&binary, 1));
    CrossEntropy(pair, std::vector<Label>{0}, std::span(&two_class, 1));
    CHECK(binary == two_class);
    BinaryCrossEntropy(one, no, std::span(&binary, 1));
    CrossEntropy(pair, std::vector<Label>{1}, std::span(&two_class, 1));
    CHECK(binary == two_class);
  }
}
/** Bit for bit, over the whole range. Sigmoid or softmax is a matter of how
many outputs you want to spend, and not of what they can say.

One option is its own. If only one example in ten is a yes, an output that
learned nothing else sinks to a probability of 1/10. `pos_weight` makes each yes
count more. How much evens it out? */

STEP("nine noes balance one yes of weight nine") {
  const std::vector<float> logits(10, 0.f);
  std::vector<float> targets(10, 0.f), d_logits(10);
  targets[0] = 1;
  Table table = {.columns = {"pos_weight", "slope at logit 0"}};
  for (const double weight : {1.0, 9.0, 20.0}) {
    BinaryCrossEntropyGradient(
        logits, targets, d_logits,
        {.reduction = Reduction::kSum, .pos_weight = std::span(&weight, 1)});
    float slope = 0;
    for (const float d : d_logits) slope += d;
    table.rows.push_back({weight, slope});
    CHECK((slope == 0) == (weight == 9));
  }
  Show("balance", table);
}
/** Ten equal logits stand at 0, probability 1/2. With weight 1 the slope
is {{balance[0][1]}}: down they go. With weight 9 it is exactly
{{balance[1][1]}}: one half is now the best answer. With 20 they rise. So after
training with a weight the outputs are no longer the probabilities of the world
you took the examples from.

\section ch05_summary In short
Cross-entropy is the mean of \f$-\ln p\f$ under the true distribution; with a
one-hot target it is the negative log-likelihood, and to minimise its mean is to
maximise the likelihood. Compute it from logits in one call, for a probability
that has been rounded to 0 or 1 cannot be mended by a logarithm. Know what you
hand over, logits or probabilities, and what the mean divides by.

\section ch05_exercises Exercises
The stubs are in `exercise.cpp`; run `exercise_05_cross_entropy` to see which
are solved.
1. Write the loss of one row from its logits, in plain float, so that (120, 0)
   with label 1 costs 120.
2. Write the smoothed target row of a label.
3. Two batches have different numbers of rows. Find the mean loss over all rows
   from the two means.
4. Write the binary loss from the logit, in double, safe for every finite input.
5. For which constant logit is the binary loss least, if a share of the
   examples is a yes and each yes has a weight?

\section ch05_sources Sources
- Vincent Tam, "Building Intuition for Softmax, Log-Likelihood, and Cross
  Entropy", 2019.
- "Softmax, Cross Entropy Loss, and MLE", 2022. What it says of `from_logits`
  is set right above.
- Keras documentation, `SparseCategoricalCrossentropy`; PyTorch documentation,
  `CrossEntropyLoss` and `BCEWithLogitsLoss`.
- "Understanding Cross-Entropy Loss": the three rows of five logits.
- PyTorch issue 25571: the weighted mean; issue 63004: the ignored class.
- Christian Szegedy and others, "Rethinking the Inception Architecture for
  Computer Vision", 2016: label smoothing. */
