#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "digits/classifier.h"
#include "literate/literate.h"
#include "oracle/ulp.h"
#include "surprisal/exp/exp.h"
#include "surprisal/sigmoid/sigmoid.h"
#include "surprisal/softmax/softmax.h"
#include "surprisal/softmax/softmax_oracle.h"

using namespace surprisal;
using namespace surprisal::literate;

const std::vector<std::string> kThings = {"cat", "dog", "plane", "fish",
                                          "building"};
const std::vector<float> kLogits = {2.44f, 3.92f, 2.50f, -1.27f, 3.23f};

std::vector<Exact> ExactSoftmax(const std::vector<float>& logits) {
  return SoftmaxOracle(std::vector<double>(logits.begin(), logits.end()));
}

bool IsCorrectlyRounded(const std::vector<float>& probs,
                        const std::vector<Exact>& exact) {
  return std::ranges::equal(probs, exact, {}, {}, RoundTo<float>);
}

size_t ArgMax(std::span<const float> row) {
  return static_cast<size_t>(std::ranges::max_element(row) - row.begin());
}

std::vector<double> InDouble(const std::vector<float>& values) {
  return std::vector<double>(values.begin(), values.end());
}

double Median(std::vector<double> values) {
  const size_t middle = values.size() / 2;
  std::ranges::nth_element(values, values.begin() + middle);
  return values[middle];
}

const digits::Classifier& Digits() {
  return digits::TheClassifier<ProgressBar>(DataFolder());
}

// The columns of a table of ten classes.
std::vector<Series> ByClass(const std::vector<float>& table) {
  std::vector<Series> columns(digits::kDigitClasses);
  for (size_t i = 0; i < table.size(); ++i) {
    columns[i % columns.size()].values.push_back(table[i]);
  }
  for (size_t c = 0; c < columns.size(); ++c) {
    columns[c].name = std::to_string(c);
  }
  return columns;
}

std::vector<double> Medians(const std::vector<Series>& columns) {
  std::vector<double> medians;
  for (const Series& column : columns) {
    medians.push_back(Median(column.values));
  }
  return medians;
}

// Ten logits between -spread / 2 and spread / 2, the same on every machine.
std::vector<float> RandomLogits(std::mt19937& random, double spread) {
  std::vector<float> logits(10);
  for (float& z : logits) {
    z = static_cast<float>((random() * 0x1p-32 - 0.5) * spread);
  }
  return logits;
}

double WorstUlps(const std::vector<float>& probs,
                 const std::vector<Exact>& exact) {
  double worst = 0;
  for (size_t c = 0; c < probs.size(); ++c) {
    worst = std::max(worst, UlpError(probs[c], exact[c]));
  }
  return worst;
}

/** \page ch02_softmax 2 – Softmax
\tableofcontents
In \ref ch01_raw_logits "chapter 1" the network answered each image with ten raw
numbers of any sign and any size. We want ten probabilities. The way from the
one to the other is a single line of mathematics, and a small lesson in what
happens to mathematics when a computer rounds it.

After this chapter you will be able to
- turn a row of logits into probabilities, and say why by exponentials;
- say what softmax leaves alone (the order, a common shift, straight boundaries)
  and what it changes;
- make the textbook formula fail, mend it, and name the price of the mending;
- turn the \ref g_temperature "temperature" where it works, and recognise the
  code where it does not;
- choose between one softmax and many sigmoids.

You need chapter 1's picture of logits and the exponential function, no more.

\section ch02_positive First, make them positive
A model has looked at a photo and given five things a score. One of the scores
is negative, so they cannot be probabilities yet. We want a function that makes
each of them positive, that keeps their order, and for which only *leads*
matter: whoever is ahead by \f$d\f$ should get the same multiple of the other's
weight, wherever the two stand. So
\f[
f(z + d) = f(z) \cdot g(d) \quad \text{for all } z, d,
\f]
and the only continuous, increasing functions that do that are
\f$f(z) = A\,e^{k z}\f$ with \f$A, k > 0\f$. The factor \f$A\f$ will cancel, and
\f$k\f$ only fixes the unit in which logits are measured. We take \f$e^z\f$. */

STEP("every logit becomes a positive weight, in the same order") {
  const std::vector<float> weights = Exp(kLogits);
  Show("logits", kLogits);
  Show("weights", weights);
  CHECK(std::ranges::all_of(weights, [](float w) { return w > 0; }));
  for (size_t i = 0; i < 5; ++i) {
    for (size_t j = 0; j < 5; ++j) {
      CHECK((kLogits[i] < kLogits[j]) == (weights[i] < weights[j]));
    }
  }
  CHECK(PrintNumber(kLogits[1] - kLogits[4], {.digits = 2}) == "0.69");
  Figure(
      "exp",
      "The exponential rises everywhere, never reaches 0, and pulls "
      "the highest away from the rest.",
      Curves{.x_label = "logit",
             .y_label = "weight",
             .x = {-3, 4.5},
             .y = {0, 60},
             .curves = {{.name = "e^z",
                         .function = [](double z) { return std::exp(z); }}},
             .dots = {{kLogits[3], weights[3], "fish", DotColour::kBlue},
                      {kLogits[0], weights[0], "cat", DotColour::kRed},
                      {kLogits[4], weights[4], "building", DotColour::kBlack},
                      {kLogits[1], weights[1], "dog", DotColour::kGreen}}});
}
/** The dog led the building by 0.69, close to \f$\ln 2\f$, and got about twice
the weight: {{weights[1]}} against {{weights[4]}}. The fish's {{logits[3]}}
became {{weights[3]}}, little, but more than nothing.

\section ch02_shares Then, share out
Positive weights become probabilities as votes become percentages: divide each
by the sum of all. That is \ref g_softmax "softmax". For logits
\f$z = (z_1, \ldots, z_C) \in \mathbb{R}^C\f$ and each class \f$i\f$,
\f[
\operatorname{softmax}(z)_i = \frac{e^{z_i}}{\sum_{j=1}^{C} e^{z_j}} .
\f]
Every output lies between 0 and 1, and they sum to 1 because the sum is what we
divided by. As code it is the two steps we have just taken: */

/** Each weight as its share of their sum. */
std::vector<float> Shares(std::vector<float> weights) {
  float sum = 0;
  for (const float w : weights) sum += w;
  for (float& w : weights) w /= sum;
  return weights;
}

/** The definition, word for word. We shall see it fail. */
std::vector<float> SoftmaxAsDefined(const std::vector<float>& logits) {
  return Shares(Exp(logits));
}

STEP("the weights become shares of a whole") {
  const std::vector<float> probs = Softmax(kLogits);
  Show("probs", probs, {.digits = 4});
  Show("by the definition", SoftmaxAsDefined(kLogits), {.digits = 4});
  Show("sum of the logits", 2.44 + 3.92 + 2.50 - 1.27 + 3.23);
  CHECK(IsCorrectlyRounded(probs, ExactSoftmax(kLogits)));
}
/** A dog, says the model, with probability {{probs[1]}}. The logits themselves
sum to {{sum of the logits}} and one of them is negative; their softmax is
something else than they are, even if you meet a page that prints the one as the
other.

The first row comes from `surprisal::Softmax`, which promises more than the
definition as code: each probability is the float *nearest to the real number*.
The check compares with 100 decimal digits, and allows no tolerance.

\section ch02_lead A lead becomes a factor
Divide one probability by another, and the sum drops out:
\f[
\frac{p_i}{p_j} = e^{z_i - z_j} .
\f]
A lead of \f$d\f$ in logits is a factor \f$e^d\f$ in probability. Does softmax
then "amplify" every small difference? Take a large lead and a tiny one. */

STEP("a lead in logits becomes a factor, never a larger lead") {
  const std::vector<float> large = Softmax(std::vector<float>{-9, 5, 10});
  const std::vector<float> tiny = Softmax(std::vector<float>{0, 0.1f});
  Show("large", large);
  Show("factor", static_cast<double>(large[2]) / large[1]);
  Show("tiny", tiny, {.digits = 4});
  Show("difference", static_cast<double>(tiny[1]) - tiny[0], {.digits = 3});
  CHECK(IsCorrectlyRounded(large, ExactSoftmax({-9, 5, 10})));
  for (float d = 0.125f; d < 40; d *= 2) {
    const std::vector<Exact> pair = ExactSoftmax({0, d});
    CHECK(pair[1] - pair[0] < d / 2);
  }
}
/** Five units of lead make a factor of {{factor}}, and the winner has almost
everything. A tenth of a unit makes hardly anything: {{tiny[0]}} against
{{tiny[1]}}, a difference of {{difference}}. Two probabilities never differ by
more than half the lead of their logits. (For two classes the difference is
\f$\tanh(d/2)\f$; more classes only make it smaller.)

\section ch02_digits What it does to digits
Back to the network of chapter 1 and its images of the digit 1. What do its
outputs look like before and after softmax, and before and after training? */

/** One softmax for each row of a table with ten columns. */
std::vector<float> SoftmaxOfEach(const std::vector<float>& logits) {
  std::vector<float> probs(logits.size());
  const size_t images = logits.size() / 10;
  Softmax(Rows<const float>(logits.data(), images, 10),
          Rows<float>(probs.data(), images, 10));
  return probs;
}

STEP("an untrained network says one in ten, a trained one says one") {
  const digits::Digits ones = WithLabel(Digits().data.test, 1);
  const std::vector<float> before = Digits().untrained.Logits(ones);
  const std::vector<float> after = Digits().trained.Logits(ones);
  const std::vector<Series> hesitant = ByClass(SoftmaxOfEach(before));
  const std::vector<Series> sure = ByClass(SoftmaxOfEach(after));
  Figure(
      "digit_1_untrained",
      "Untrained, on images of a 1: no output stands out, and each "
      "probability hovers around 1/10.",
      BoxPlots{.panels = {{"logits", ByClass(before)}, {"softmax", hesitant}}});
  Figure("digit_1_trained",
         "Trained: output 1 leads, and softmax gives class 1 nearly "
         "everything.",
         BoxPlots{.panels = {{"logits", ByClass(after)}, {"softmax", sure}}});
  const std::vector<double> low = Medians(hesitant), high = Medians(sure);
  Show("medians untrained", low, {.digits = 2});
  Show("medians trained", high, {.digits = 2});
  CHECK(std::ranges::all_of(low, [](double p) { return p > 0.02 && p < 0.3; }));
  CHECK(std::ranges::max_element(high) == high.begin() + 1);
  CHECK(high[1] > 0.9);
}
/** Before training the ten medians lie on both sides of 1/10, from
{{medians untrained[7]}} to {{medians untrained[4]}}: ten classes, and no idea.
After training that of class 1 is {{medians trained[1]:5}}. Look at the two left
panels as well: logits have no natural scale, and it is softmax that turns "ten
ahead" into "nearly certain".

\section ch02_order What it leaves alone: the order
The exponential rises, and dividing by a common sum changes no order. So the
most probable class is the class with the largest logit, and whoever only wants
an answer may skip the softmax. */

STEP("the most probable class is the one with the largest logit") {
  const std::vector<float> logits = Digits().trained.Logits(Digits().data.test);
  const std::vector<float> probs = SoftmaxOfEach(logits);
  for (size_t r = 0; r < logits.size(); r += 10) {
    const auto row = std::span(probs).subspan(r, 10);
    const size_t best = ArgMax(std::span(logits).subspan(r, 10));
    CHECK(row[best] == std::ranges::max(row));
  }
  Show("a photo finish", Softmax(std::vector<float>{1e-9f, 0}));
}
/** On every test image the winner stays the winner; softmax adds *how far* it
is ahead. Rounding adds a footnote: the logits of the photo finish differ by a
billionth, and their probabilities round to the same float,
{{a photo finish[0]}}. Rounding can make a \ref g_tie "tie". It never turns an
order round.

\section ch02_boundaries And straight boundaries
Let the logits be linear in two inputs, \f$z_i = w_i \cdot x + b_i\f$. Where do
classes \f$i\f$ and \f$j\f$ draw? Where \f$z_i = z_j\f$, that is, where
\f$(w_i - w_j) \cdot x + b_i - b_j = 0\f$: on a straight line. Softmax cannot
bend it, because equal logits have equal probabilities. */

/** A linear model with three classes, and its probabilities. */
std::vector<float> LinearModel(double x, double y) {
  return Softmax(std::vector<float>{static_cast<float>(2 * x),
                                    static_cast<float>(2 * y - x),
                                    static_cast<float>(-2 * y - x)});
}

STEP("softmax bends no boundary") {
  for (float t = 0.125f; t <= 8; t *= 2) {
    const std::vector<float> on_the_line = LinearModel(2 * t, 3 * t);
    CHECK(on_the_line[0] == on_the_line[1]);
    CHECK(on_the_line[0] > on_the_line[2]);
  }
  CHECK(LinearModel(1, 1)[0] == LinearModel(1, -1)[0]);
  CHECK(LinearModel(1, 0)[0] > LinearModel(1, 1)[0]);
  Figure("boundaries", "The most probable class: three straight borders.",
         Regions{.x_label = "x",
                 .y_label = "y",
                 .x = {-3, 3},
                 .y = {-3, 3},
                 .classify = [](double x,
                                double y) { return ArgMax(LinearModel(x, y)); },
                 .classes = {"right", "upper left", "lower left"}});
  Figure("confidence",
         "Nearer to the middle, with the places left over where "
         "no class has 0.8: their borders are curved.",
         Regions{.x_label = "x",
                 .y_label = "y",
                 .x = {-1.5, 1.5},
                 .y = {-1.5, 1.5},
                 .classify =
                     [](double x, double y) {
                       const std::vector<float> probs = LinearModel(x, y);
                       const size_t best = ArgMax(probs);
                       return probs[best] < 0.8f ? 3 : best;
                     },
                 .classes = {"right", "upper left", "lower left", "unsure"}});
}
/** The line from the middle to the upper right has \f$2x = 2y - x\f$: the check
walks along it and finds the same bits for both classes.

The second picture keeps you from believing too much. *Decisions* have straight
borders; with three or more classes, lines of equal *confidence* are curved. The
last two checks show it: the class on the right is equally sure at (1, 1) and
(1, -1), and surer half way between. And all this is about logits that are
linear in the inputs. Those of our digit network are not: its ReLU bends the
boundaries before softmax sees a thing.

\section ch02_overflow Now run it
The formula is finished, and so is the mathematics. Let us feed the definition
three harmless rows. */

STEP("the definition, taken at its word, is not a number") {
  const std::vector<float> high = SoftmaxAsDefined({1000, 999, 998});
  const std::vector<float> steep = SoftmaxAsDefined({90, 2, -2});
  const std::vector<float> low = SoftmaxAsDefined({-1000, -1001, -1002});
  Show("high", high);
  Show("steep", steep);
  Show("low", low);
  Show("weights of high", Exp(std::vector<float>{1000, 999, 998}));
  Show("weights of low", Exp(std::vector<float>{-1000, -1001, -1002}));
  CHECK((std::isnan(high[0]) && std::isnan(low[0]) && std::isnan(steep[0])));
  CHECK((steep[1] == 0 && steep[2] == 0));
  CHECK(std::isfinite(Exp(std::vector<float>{88.7f})[0]));
  CHECK(std::isinf(Exp(std::vector<float>{88.8f})[0]));
}
/** Each answer lies between 0 and 1, and the computer cannot say it. On the way
there \f$e^{1000}\f$ is larger than any float (they end near \f$e^{88.7}\f$), so
the weights are infinite and \f$\infty / \infty\f$ is NaN. At the other end all
weights round to 0, and \f$0 / 0\f$ is NaN as well. The row `{90, 2, -2}` is the
sly one: a single NaN beside two zeros that look like answers.

\section ch02_shift Only differences count
Add the same number \f$a\f$ to all logits. Numerator and denominator both gain a
factor \f$e^a\f$, and it cancels:
\f[
\frac{e^{z_i + a}}{\sum_j e^{z_j + a}}
  = \frac{e^a\, e^{z_i}}{e^a \sum_j e^{z_j}} = \operatorname{softmax}(z)_i .
\f]
So softmax sees differences only; of ten logits, nine are information. And we
may choose \f$a\f$: with minus the maximum the largest weight is \f$e^0 = 1\f$.
Then nothing \ref g_overflow "overflows", and the sum is at least 1. */

/** The definition, after a shift by the largest logit. */
std::vector<float> SoftmaxShifted(std::vector<float> logits) {
  const float largest = std::ranges::max(logits);
  for (float& z : logits) z -= largest;
  return SoftmaxAsDefined(logits);
}

STEP("a shift by the maximum mends it, and changes nothing") {
  const std::vector<float> high = SoftmaxShifted({1000, 999, 998});
  Show("mended", high, {.digits = 4});
  Show("mended steep", SoftmaxShifted({90, 2, -2}), {.digits = 4});
  CHECK(high == SoftmaxShifted({-1000, -1001, -1002}));
  CHECK(high == SoftmaxAsDefined({0, -1, -2}));
  const float smallest_normal = std::numeric_limits<float>::min();
  CHECK(PrintNumber(smallest_normal, {.digits = 3}) == "1.18e-38");
  Show("in bits", Softmax(std::vector<float>{1000, 999, 998}), {.hex = true});
  for (const float a : {-1e6f, -1000.f, 0.f, 61.f, 4096.f}) {
    CHECK(Softmax(std::vector<float>{a, a - 1, a - 2}) ==
          Softmax(std::vector<float>{2, 1, 0}));
  }
}
/** The rows at 1000 and at -1000 have the same answer, as they should, bit for
bit. The steep row keeps its two small probabilities, {{mended steep[1]}} and
{{mended steep[2]}}: below \f$1.18 \cdot 10^{-38}\f$ floats thin out (they are
called \ref g_subnormal "subnormal"), and code that treats them as 0 would lose
both. The \ref g_shift "shift" is in every serious softmax, `surprisal::Softmax`
included.

\section ch02_cost What the mending costs
Does the shift change nothing? In real numbers. In floats \f$z_i - a\f$ is
rounded, by up to \f$2^{-24}\f$ of its own size, and the exponential turns that
*absolute* error into a *relative* one: a class 80 below the maximum can be off
by \f$80 \cdot 2^{-24}\f$ of itself. Let us measure, in units in the last place
(\ref g_ulp "ulp"): the distance from one float to the next. The best
possible answer, the nearest float, is at most half a unit off. For each spread
we draw forty rows of ten logits between plus and minus half of it, so that the
unshifted definition survives, and keep the worst error of each method. Every
exponential is \ref g_correctly_rounded "correctly rounded"; what is left is the
formula's own doing. (The limit in the check, the spread and 15, comes from the
theorem of \ref ch03_log "chapter 3".) */

STEP("the shift costs up to a unit in the last place for each unit of spread") {
  std::mt19937 random(2);
  Table table = {.columns = {"spread", "definition", "shifted", "Softmax"}};
  Curve defined = {.name = "definition"}, shifted = {.name = "shifted"};
  for (const double spread : {1, 10, 20, 30, 40, 50, 60, 70, 80}) {
    double worst[3] = {0, 0, 0};
    for (int i = 0; i < 40; ++i) {
      const std::vector<float> logits = RandomLogits(random, spread);
      const std::vector<Exact> exact = ExactSoftmax(logits);
      worst[0] = std::max(worst[0], WorstUlps(SoftmaxAsDefined(logits), exact));
      worst[1] = std::max(worst[1], WorstUlps(SoftmaxShifted(logits), exact));
      worst[2] = std::max(worst[2], WorstUlps(Softmax(logits), exact));
    }
    table.rows.push_back({spread, worst[0], worst[1], worst[2]});
    defined.points.emplace_back(spread, worst[0]);
    shifted.points.emplace_back(spread, worst[1]);
    CHECK(worst[1] < spread + 15);
    CHECK(worst[2] <= 0.5);
  }
  CHECK(shifted.points.back().second > 10 * defined.points.back().second);
  Show("worst error", table, {.digits = 3});
  Figure("cost_of_the_shift",
         "Worst error in ulp: the shifted formula pays for "
         "the spread, the unshifted one does not.",
         Curves{.x_label = "spread of the logits",
                .y_label = "ulp",
                .curves = {defined, shifted}});
}
/** A surprise: where it does not overflow, the naive definition is the *better*
one. At a spread of 80 it is off by {{worst error[8][definition]}} ulp, the
shifted formula by {{worst error[8][shifted]}}. (The staircase is the rounding
of \f$z_i - a\f$: its last place doubles in size at 16, 32 and 64.) That is no
reason to go back: an error in the sixth digit is better than NaN. But it is a
price, and \ref ch03_log "chapter 3" proves how high it can get.

The last column never exceeds 0.5, the least possible: `surprisal::Softmax`
carries more bits than a float has, and rounds once, when they leave no doubt.

\live{precision-explorer,Any row by four formulas and their errors in ulp.}

\section ch02_sum Do they sum to 1?
The real numbers do. Each of the printed floats has been rounded, so the sum of
what you hold in your hands need not be 1. How far can it be off? Rounding moves
each \f$p_i\f$ by less than \f$2^{-24} p_i\f$ (a subnormal one by no more than
\f$2^{-150}\f$, which is nothing beside it), hence the sum by less than
\f$2^{-24} \sum_i p_i = 2^{-24}\f$. Here are the images of the test set, added
up without rounding. */

STEP("probabilities sum to 1 only before they are rounded") {
  const std::vector<float> probs =
      SoftmaxOfEach(Digits().trained.Logits(Digits().data.test));
  const Exact limit = ldexp(Exact(1), -24);
  size_t exactly_one = 0;
  Exact farthest = 0;
  for (size_t r = 0; r < probs.size(); r += 10) {
    Exact off = -1;
    for (size_t c = 0; c < 10; ++c) off += probs[r + c];
    farthest = std::max(farthest, Exact(abs(off)));
    exactly_one += off == 0;
  }
  Show("images", probs.size() / 10);
  Show("sums of exactly 1", exactly_one);
  Show("farthest from 1", static_cast<double>(farthest), {.digits = 3});
  Show("limit", static_cast<double>(limit), {.digits = 3});
  CHECK((farthest > 0 && farthest < limit));
}
/** Sums of exactly 1: {{sums of exactly 1}} of {{images}}. The farthest is off
by {{farthest from 1}}, below the limit of {{limit}}. So test a sum of
probabilities with that limit and not with `== 1`, and do not divide by it
again: that would only round ten good numbers once more.

\section ch02_temperature The temperature
We once set a factor \f$k\f$ to 1. Give it back, as \f$1/T\f$, and you have a
knob that needs no new training:
\f[
\operatorname{softmax}(z / T)_i = \frac{e^{z_i / T}}{\sum_j e^{z_j / T}} .
\f]
A high temperature \f$T\f$ shrinks all leads, a low one stretches them. */

STEP("a low temperature decides, a high one hesitates") {
  const std::vector<float> cold = Softmax(kLogits, {.temperature = 0.25});
  const std::vector<float> plain = Softmax(kLogits);
  const std::vector<float> hot = Softmax(kLogits, {.temperature = 4});
  Figure("temperature",
         "Five logits at three temperatures: the order stays, "
         "the leads do not.",
         Bars{.labels = kThings,
              .series = {{"T = 0.25", InDouble(cold)},
                         {"T = 1", InDouble(plain)},
                         {"T = 4", InDouble(hot)}},
              .y_label = "probability"});
  Show("frozen", Softmax(kLogits, {.temperature = 0.01}), {.digits = 3});
  Show("boiling", Softmax(kLogits, {.temperature = 1e6}), {.digits = 3});
  CHECK((cold[1] > plain[1] && plain[1] > hot[1] && hot[1] > 0.2f));
  CHECK(hot ==
        Softmax(std::vector<float>{0.61f, 0.98f, 0.625f, -0.3175f, 0.8075f}));
}
/** Towards 0 only the best remains; towards infinity all become equal, here
{{boiling[0]}} each. Sampling from a language model and distilling a large
network into a small one both turn this knob.

\section ch02_too_late The knob that does nothing
Now a bug that has shipped. Someone sees exponentials being normalised, and has
a temperature to apply. The line goes where the numbers are: */

/** Wrong: the temperature comes after the exponential. */
std::vector<float> TemperatureTooLate(const std::vector<float>& logits,
                                      float temperature) {
  std::vector<float> weights = Exp(logits);
  for (float& w : weights) w /= temperature;
  return Shares(weights);
}

STEP("a temperature after the exponential cancels") {
  Show("late, T = 1", TemperatureTooLate(kLogits, 1), {.digits = 4});
  Show("late, T = 4", TemperatureTooLate(kLogits, 4), {.digits = 4});
  Show("right, T = 4", Softmax(kLogits, {.temperature = 4}), {.digits = 4});
  CHECK(TemperatureTooLate(kLogits, 4) == TemperatureTooLate(kLogits, 1));
  CHECK(TemperatureTooLate(kLogits, 4) != Softmax(kLogits, {.temperature = 4}));
}
/** The first two rows have the same bits. Dividing every weight by 4 divides
their sum by 4, and the shares are what they were. Nothing crashes, all tests of
"sums to 1" pass, and the knob is dead. The line was plausible enough to live in
a published inference engine (see the sources below).

\section ch02_sigmoid One softmax, or many sigmoids?
The \ref g_sigmoid "sigmoid" \f$\sigma(x) = 1 / (1 + e^{-x})\f$ turns a *single*
logit into a probability. It is nothing new. Write it as \f$e^x / (e^x + e^0)\f$
and you see the softmax of \f$x\f$ beside a 0: a race against a rival that never
moves. For two classes the choice is therefore one of taste. For more it is not.
Below, *a*, *b* and *c* are one softmax; *a?*, *b?* and *c?* are three sigmoids
of the same logits. */

STEP("a sigmoid is the softmax of its logit beside 0") {
  for (const float x : {-100.f, -17.f, -0.1f, 0.f, 0.1f, 3.23f, 40.f}) {
    CHECK(Sigmoid(std::vector<float>{x})[0] ==
          Softmax(std::vector<float>{x, 0})[0]);
  }
  const auto row = [](const char* picture, const std::vector<float>& z) {
    const std::vector<float> one = Softmax(z), many = Sigmoid(z);
    return std::vector<Cell>{picture, one[0],  one[1], one[2],
                             many[0], many[1], many[2]};
  };
  Show("answers",
       Table{.columns = {"picture", "a", "b", "c", "a?", "b?", "c?"},
             .rows = {row("an a", {6, -4, -4}), row("an a and a b", {6, 6, -4}),
                      row("nothing", {-5, -5, -5}),
                      row("a by a hair", {0.1f, 0, 0})}},
       {.digits = 3});
  CHECK(Softmax(std::vector<float>{6, 6, -4})[0] < 0.5f);
  CHECK(Sigmoid(std::vector<float>{6, 6, -4})[0] > 0.99f);
}
/** Softmax asks *which one of these is it?* The classes compete for a whole: a
picture with an *a* and a *b* leaves each of them half, and an empty picture
must still be something. Sigmoids ask of each class on its own *is it there?*
Two can be, or none. So the question decides: exactly one of \f$C\f$, softmax;
any number of them, sigmoids.

The last row tests a piece of advice, that sigmoids keep a model from picking a
class that leads by a hair. Softmax did not pick it either:
{{answers[a by a hair][a]}} against {{answers[a by a hair][b]}}. What picks is
the argmax. Read the probability before you act on it.

\section ch02_summary In three sentences
Softmax turns logits into positive shares of 1, in which a lead of \f$d\f$
becomes a factor \f$e^d\f$. It sees differences only, so it may be shifted, and
as code it must be; the shift costs accuracy unless the lost digits are kept.
Order and straight boundaries pass through unchanged, and a temperature acts
before the exponential or not at all.

\section ch02_exercises Exercises
The stubs are in `exercise.cpp`; the program `exercise_02_softmax` compares your
answers with the exact ones.
1. Write the softmax of two logits with a sigmoid only, without overflow.
2. Write a softmax whose error stays within one ulp at a spread of 80. (What do
   floats lose that doubles keep?)
3. Leave classes out: softmax over the classes that a mask allows, 0 for the
   others, and 0 for all if none is allowed.
4. Find the temperature at which the best of a row has a given probability.
5. On paper: show that \f$|p_i - p_j| \le \tanh(|z_i - z_j| / 2)\f$ with any
   number of classes.

\section ch02_sources Sources
- J. S. Bridle, "Probabilistic interpretation of feedforward classification
  network outputs, with relationships to statistical pattern recognition", 1990:
  the name, and the function at the end of a network.
- G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural
  network", 2015: the temperature.
- P. Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the
  log-sum-exp and softmax functions", IMA Journal of Numerical Analysis 41(4),
  2021: shifted and unshifted formulas compared.
- gemma.cpp, pull request 981: the temperature that cancelled.
- Y. LeCun, C. Cortes, C. J. C. Burges, the MNIST database of handwritten
  digits. */
