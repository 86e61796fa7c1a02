#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <queue>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "digits/classifier.h"
#include "literate/literate.h"
#include "oracle/ulp.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/entropy/entropy.h"
#include "surprisal/entropy/entropy_oracle.h"
#include "surprisal/exp/exp.h"
#include "surprisal/kl_divergence/kl_divergence.h"
#include "surprisal/kl_divergence/kl_divergence_oracle.h"
#include "surprisal/log/log.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/nll/nll.h"
#include "surprisal/softmax/softmax.h"

using namespace surprisal;
using namespace surprisal::literate;

const digits::Classifier& Digits() {
  return digits::TheClassifier<ProgressBar>(DataFolder());
}

// The raw outputs of the trained network, one row of ten for each test image.
const std::vector<float>& TestLogits() {
  static const std::vector<float> logits =
      Digits().trained.Logits(Digits().data.test);
  return logits;
}

Rows<const float> TenColumns(const std::vector<float>& values) {
  return Rows<const float>(values.data(), values.size() / 10, 10);
}

std::vector<double> InDouble(const std::vector<float>& values) {
  return std::vector<double>(values.begin(), values.end());
}

const std::vector<float>& TestEntropies() {
  static const std::vector<float> entropies = [] {
    std::vector<float> values(Digits().data.test.count);
    EntropyOfLogits(TenColumns(TestLogits()), values);
    return values;
  }();
  return entropies;
}

double CrossEntropyOf(const std::vector<double>& p,
                      const std::vector<double>& q) {
  double result = 0;
  CrossEntropyFromProbs(p, q, std::span(&result, 1));
  return result;
}

double Mean(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Two pixels in one character, one above the other.
Table Picture(size_t test_image) {
  const std::array<const char*, 4> blocks = {" ", "▀", "▄", "█"};
  Table picture = {.columns = {"test image " + std::to_string(test_image)}};
  for (size_t row = 0; row < 28; row += 2) {
    const auto pixels =
        Digits().data.test.Image(test_image).subspan(row * 28, 56);
    std::string line;
    for (size_t x = 0; x < 28; ++x) {
      line += blocks[(pixels[x] > 127) + 2 * (pixels[x + 28] > 127)];
    }
    picture.rows.push_back({line});
  }
  return picture;
}

constexpr double kBit = std::numbers::ln2;  // in nats

/** \page ch06_entropy_and_kl 6 – Entropy and KL
\tableofcontents
\ref ch05_cross_entropy "Chapter 5" measured a prediction by its cross-entropy.
But how low can that number go, and what is the part above the lowest? Both
parts have names. After this chapter you will be able to
- say what \ref g_entropy "entropy" measures, in nats and in \ref g_bit "bits",
  and where it is 0 and where it is largest;
- read cross-entropy as the price of a wrong code, and the
  \ref g_kl "KL divergence" as the waste;
- prove that the waste is never negative;
- say why minimising cross-entropy, minimising KL and maximising likelihood are
  one thing, and what a network's entropy tells you about its doubts.

It builds on \ref ch02_softmax "softmax", \ref ch03_log "logarithms" and
\ref ch05_cross_entropy "cross-entropy".

\section ch06_surprisal How surprising is it?
A thing that is certain surprises nobody. The rarer it is, the more it
surprises. And two independent things should surprise by the sum of both. Up to
the unit, only one continuous function does that: the **surprisal**
\f$-\ln p = \ln(1/p)\f$. This library is named after it. */

STEP("surprises add where probabilities multiply") {
  Table table = {.columns = {"event", "probability", "nats", "bits"}};
  const auto row = [&](const char* event, double p) {
    const double nats = Log(std::vector{1 / p})[0];
    table.rows.push_back({event, p, nats, nats / kBit});
    return nats;
  };
  const double head = row("a head", 1.0 / 2);
  const double three = row("three heads", 1.0 / 8);
  const double six = row("a six", 1.0 / 6);
  const double two = row("two sixes", 1.0 / 36);
  const double none = row("sunrise", 1);
  Show("surprises", table);
  CHECK(PrintNumber(three) == PrintNumber(3 * head));
  CHECK(PrintNumber(two) == PrintNumber(2 * six));
  CHECK(none == 0);
}
/** Three heads are three times the surprise of one. A *bit* is the surprise at
a fair coin; one bit is {{surprises[a head][nats]}} nats, and all that differs
between the two units is the base of the logarithm.

\section ch06_entropy The surprise to expect
How surprising will the next outcome be? Nobody knows, but we know the mean.
Each surprise comes with its own probability:
\f[
H(p) = -\sum_{c} p_c \ln p_c
\f]
This is the **entropy** of the distribution (Shannon, 1948). Here are four
worlds with four outcomes each, and the formula written down as it stands. */

STEP("from certainty to anything goes") {
  const std::vector<std::pair<const char*, std::vector<float>>> worlds = {
      {"certain", {0, 1, 0, 0}},
      {"leaning", {0.125f, 0.75f, 0.0625f, 0.0625f}},
      {"halving", {0.5f, 0.25f, 0.125f, 0.125f}},
      {"uniform", {0.25f, 0.25f, 0.25f, 0.25f}}};
  Table table = {.columns = {"world", "as it stands", "nats", "bits"}};
  for (const auto& [name, p] : worlds) {
    const std::vector<float> log_p = Log(p);
    float naive = 0;
    for (size_t c = 0; c < 4; ++c) naive -= p[c] * log_p[c];
    const float nats = Entropy(p);
    table.rows.push_back({name, naive, nats, nats / kBit});
  }
  Show("worlds", table);
  CHECK(Entropy(worlds[0].second) == 0);
  CHECK(Entropy(worlds[1].second) < Entropy(worlds[2].second));
  CHECK(Entropy(worlds[2].second) < Entropy(worlds[3].second));
  CHECK(Entropy(worlds[3].second) == RoundTo<float>(log(Exact(4))));
}
/** The formula as it stands gives the certain world {{worlds[certain][1]}}: it
multiplied 0 by minus infinity. But \f$x \ln x \to 0\f$ as \f$x \to 0\f$. What
never happens does not surprise, so \f$0 \ln 0\f$ counts as 0, and the certain
world has entropy {{worlds[certain][nats]}}. The more evenly the probability is
spread, the higher the entropy; four equal outcomes have
{{worlds[uniform][nats]}} nats, \f$\ln 4\f$, or {{worlds[uniform][bits]}} bits.
*/

/** With two outcomes of probability \f$p\f$ and \f$1 - p\f$ it can be drawn. */
STEP("the entropy of a coin") {
  const auto coin = [](double p) { return Entropy(std::vector{p, 1 - p}); };
  Figure("coin", "Nothing to expect at both ends, most in the middle.",
         Curves{.x_label = "probability of heads",
                .y_label = "entropy (nats)",
                .x = {0, 1},
                .y = {0, 0.8},
                .curves = {{.name = "H", .function = coin}},
                .dots = {{0.5, coin(0.5), "ln 2: one bit"},
                         {1, 0, "", DotColour::kGreen}}});
  CHECK(coin(0.5) == kBit);
  for (double p = 0; p < 0.5; p += 0x1p-6) CHECK(coin(p) < coin(p + 0x1p-6));
}
/** At the ends the curve is vertical: a first doubt costs much. At the top it
is flat: a coin that is slightly bent is nearly as uncertain as a fair one.

\section ch06_codes Entropy is the length of the shortest code
You report the weather over a line that carries only 0 and 1. Sun is common,
snow is rare, so sun gets a short word and snow a long one. No word begins
another, so nobody needs spaces between them. In our town the halving world
holds. */

STEP("a code that spends one bit on each bit of surprise") {
  const std::vector<float> p = {0.5f, 0.25f, 0.125f, 0.125f};
  const std::vector<std::string> words = {"0", "10", "110", "111"};
  const char* names[] = {"sun", "cloud", "rain", "snow"};
  Table table = {.columns = {"weather", "probability", "word", "bits",
                             "surprise in bits"}};
  float mean = 0;
  for (size_t c = 0; c < 4; ++c) {
    const double surprise = -Log(p)[c] / kBit;
    table.rows.push_back({names[c], p[c], words[c], words[c].size(), surprise});
    mean += p[c] * static_cast<float>(words[c].size());
    CHECK(PrintNumber(surprise) == PrintNumber(words[c].size()));
  }
  Show("code", table);
  Show("mean length", mean);
  CHECK(Entropy(p) == RoundTo<float>(mean * log(Exact(2))));
}
/** Every word is as long as its weather is surprising. So the mean length,
{{mean length}} bits a day, *is* the entropy; two bits a day would be the
price of four words of equal length. No code does better: the entropy is the
floor (Shannon, 1948).

\section ch06_waste The wrong code
Now take this code to a town in the mountains where it mostly snows. You pay the
lengths of \f$q\f$, the world the code was made for, with the frequencies of
\f$p\f$, the world you are in. That is the cross-entropy
\f$H(p, q) = -\sum_c p_c \ln q_c\f$. What you pay above the floor is
the **Kullback-Leibler divergence**,
\f[
\mathrm{KL}(p \,\|\, q) = H(p, q) - H(p) = \sum_{c} p_c \ln(p_c / q_c) .
\f] */

STEP("floor, price and waste") {
  const std::vector<double> q = {0.5, 0.25, 0.125, 0.125};  // home
  const std::vector<double> p = {0.125, 0.125, 0.25, 0.5};  // mountains
  const double floor = Entropy(p), price = CrossEntropyOf(p, q);
  const double waste = KlDivergence(p, q);
  double flipped = 0;
  for (size_t c = 0; c < 4; ++c) {
    flipped -= p[c] * Log(std::vector{p[c] / q[c]})[0];
  }
  Show("bits", Table{.columns = {"quantity", "bits a day"},
                     .rows = {{"floor H(p)", floor / kBit},
                              {"price H(p, q)", price / kBit},
                              {"waste KL(p || q)", waste / kBit},
                              {"minus sum p ln(p/q)", flipped / kBit}}});
  CHECK(PrintNumber(price - floor) == PrintNumber(waste));
  CHECK(PrintNumber(floor / kBit) == "1.75");
  CHECK(PrintNumber(price / kBit) == "2.625");
  CHECK(flipped < 0);
}
/** The price is {{bits[1][1]}} bits, the floor {{bits[0][1]}}, and
{{bits[2][1]}} bits a day are wasted. The last line is there because a popular
text begins its definition with a minus sign, \f$-\sum p \ln (p / q)\f$, and
ends it with \f$H(p, q) - H(p)\f$. The two are not equal: the first is the
waste with its sign turned, {{bits[3][1]}}. The end of that formula is right.

\live{entropy-and-kl,Two distributions to shape and what they cost in bits.} */

/** \section ch06_pixels A floor that moves
Real probabilities are no powers of a half, and words have whole lengths.
Huffman's rule (1952) finds the best words: join the two least probable symbols
into one, and again, until one is left. Each joining makes the words of all
below it longer by one bit. */
double HuffmanMeanLength(std::vector<double> probs) {
  std::erase(probs, 0.0);
  std::priority_queue<double, std::vector<double>, std::greater<>> nodes(
      probs.begin(), probs.end());
  double mean = 0;
  while (nodes.size() > 1) {
    const double least = nodes.top();
    nodes.pop();
    const double joined = least + nodes.top();
    nodes.pop();
    nodes.push(joined);
    mean += joined;
  }
  return mean;
}

/** We try it on the digits: four shades of grey for every pixel, so that two
bits suffice without any thought. A symbol may be one pixel, or several
neighbours taken together; here is how often each occurs in the training images.
*/
std::vector<double> SymbolProbs(const std::vector<uint8_t>& pixels,
                                size_t pixels_per_symbol) {
  std::vector<double> probs(size_t{1} << (2 * pixels_per_symbol), 0.0);
  for (size_t i = 0; i < pixels.size(); i += pixels_per_symbol) {
    size_t symbol = 0;
    for (size_t k = 0; k < pixels_per_symbol; ++k) {
      symbol = 4 * symbol + pixels[i + k] / 64;
    }
    ++probs[symbol];
  }
  const size_t symbols = pixels.size() / pixels_per_symbol;
  for (double& p : probs) p /= static_cast<double>(symbols);
  return probs;
}

STEP("no code beats the entropy, but the entropy can be beaten down") {
  Table table = {.columns = {"pixels together", "symbols", "entropy a pixel",
                             "Huffman a pixel"}};
  double before = 2;
  for (const size_t n : {1, 2, 4}) {
    const std::vector<double> probs =
        SymbolProbs(Digits().data.train.pixels, n);
    const double bits = Entropy(probs) / kBit;
    const double huffman = HuffmanMeanLength(probs);
    table.rows.push_back({n, probs.size(), bits / n, huffman / n});
    CHECK(bits <= huffman);
    CHECK(huffman < bits + 1);
    CHECK(bits / n < before);
    before = bits / n;
  }
  Show("pixels", table);
}
/** A pixel has an entropy of {{pixels[0][2]:3}} bits, far below 2: most of them
are paper. Huffman's code needs {{pixels[0][3]:3}}, for no word is shorter than
one bit. Words for pairs share that loss, and with four pixels together it costs
{{pixels[2][3]:3}} bits a pixel, less than the entropy of a single one.

Is the floor broken? No, it moved. Neighbours resemble each other: who has seen
one pixel is less surprised by the next. The entropy a pixel fell to
{{pixels[2][2]:3}}. That of single pixels is the floor only for codes that look
at one pixel at a time. A model that sees more of the world has a lower floor,
and to train a network is to look for such a model.

\section ch06_gibbs The waste is never negative
Could a wrong code be lucky and beat the right one? Not in the mean. The proof
needs one picture: the logarithm lies below its tangent at 1. */

STEP("the logarithm lies below its tangent") {
  Figure("tangent", "ln x and x - 1 touch at 1, and nowhere else.",
         Curves{.x_label = "x",
                .x = {0.1, 3},
                .y = {-2.5, 2.1},
                .curves = {{.name = "x - 1",
                            .function = [](double x) { return x - 1; }},
                           {.name = "ln x",
                            .function = [](double x) { return std::log(x); }}},
                .dots = {{1, 0, "equal only here"}}});
  for (double x = 0x1p-8; x < 4; x += 0x1p-8) {
    const double log_x = Log(std::vector{x})[0];
    CHECK((x == 1 ? log_x == x - 1 : log_x < x - 1));
  }
}
/** So \f$\ln x \le x - 1\f$, with equality only at 1. Put \f$x = q_c / p_c\f$
and sum over the classes with \f$p_c > 0\f$:
\f[
\begin{aligned}
-\mathrm{KL}(p \,\|\, q) &= \sum_{c} p_c \ln(q_c / p_c) \\
&\le \sum_{c} p_c (q_c / p_c - 1) \\
&= \sum_{c} q_c - \sum_{c} p_c \le 1 - 1 = 0 .
\end{aligned}
\f]
This is \ref g_gibbs "Gibbs' inequality":
\f$\mathrm{KL}(p \,\|\, q) \ge 0\f$, and it is 0 only where \f$q = p\f$. Three
things follow.
- No prediction has a lower cross-entropy than the truth itself.
- With the uniform \f$q_c = 1/K\f$ the divergence is \f$\ln K - H(p)\f$, so no
  entropy is above \f$\ln K\f$.
- The entropy is indeed the floor of all codes. Words of \f$l_c\f$ bits of which
  none begins another obey \f$\sum_c 2^{-l_c} \le 1\f$ (Kraft's inequality). So
  there is a \f$q\f$ with \f$q_c \ge 2^{-l_c}\f$, and the mean length, in nats,
  is at least \f$H(p, q) \ge H(p)\f$.

Let us have the trained network try to refute it, with the outputs for 200 test
images, every pair of them. */

STEP("forty thousand pairs and no exception") {
  const size_t images = 200;
  const Rows<const float> logits(TestLogits().data(), images, 10);
  std::vector<float> log_probs(images * 10), entropies(images);
  LogSoftmax(logits, Rows<float>(log_probs.data(), images, 10));
  EntropyOfLogits(logits, entropies);
  float most = 0;
  size_t negative = 0, zero = 0;
  for (size_t a = 0; a < images; ++a) {
    for (size_t b = 0; b < images; ++b) {
      float kl = 0;
      KlDivergenceFromLogProbs(std::span(&log_probs[a * 10], 10),
                               std::span(&log_probs[b * 10], 10),
                               std::span(&kl, 1));
      negative += kl < 0;
      zero += kl == 0;
      most = std::max(most, kl);
    }
  }
  Show("pairs", images * images);
  Show("negative", negative);
  Show("zero", zero);
  Show("most", most);
  Show("largest entropy", std::ranges::max(entropies));
  CHECK(negative == 0);
  CHECK(zero == images);
  CHECK(std::ranges::max(entropies) <= RoundTo<float>(log(Exact(10))));
}
/** Of {{pairs}} divergences {{negative}} are negative, and the {{zero}} zeros
are the images paired with themselves. The largest divergence is {{most:3}}: it
has no upper bound. The largest entropy is {{largest entropy:3}} and must stay
below \f$\ln 10\f$.

\section ch06_sides Not a distance
A distance is the same there and back. Is the divergence? Let the truth have two
humps, and let a single bell try to imitate it. We search for the best bell
twice: once with \f$\mathrm{KL}(p \,\|\, q)\f$, once with the two exchanged. */
std::vector<double> Bell(double centre, double width) {
  std::vector<double> logits;
  for (int x = 0; x <= 40; ++x) {
    logits.push_back(-(x - centre) * (x - centre) / (2 * width * width));
  }
  return Softmax(logits);
}

std::vector<double> BestBell(
    const std::function<double(const std::vector<double>&)>& divergence) {
  std::vector<double> best;
  for (double centre = 0; centre <= 40; ++centre) {
    for (double width = 1; width <= 16; width += 0.25) {
      const std::vector<double> bell = Bell(centre, width);
      if (best.empty() || divergence(bell) < divergence(best)) best = bell;
    }
  }
  return best;
}

STEP("one truth, two best answers") {
  std::vector<double> truth = Bell(10, 3);
  for (size_t x = 0; x <= 40; ++x) {
    truth[x] = 0.6 * truth[x] + 0.4 * Bell(30, 3)[x];
  }
  const std::vector<double> covers =
      BestBell([&](const auto& q) { return KlDivergence(truth, q); });
  const std::vector<double> picks =
      BestBell([&](const auto& q) { return KlDivergence(q, truth); });
  const auto curve = [](const char* name, const std::vector<double>& p) {
    Curve line = {.name = name};
    for (size_t x = 0; x <= 40; ++x) line.points.emplace_back(x, p[x]);
    return line;
  };
  Figure("two_answers", "KL(p || q) covers both humps, KL(q || p) picks one.",
         Curves{.x_label = "class",
                .y_label = "probability",
                .x = {0, 40},
                .y = {0, 0.15},
                .curves = {curve("truth p", truth), curve("covers", covers),
                           curve("picks", picks)}});
  Show("two sides",
       Table{.columns = {"bell", "KL(p || q)", "KL(q || p)"},
             .rows = {{"covers", KlDivergence(truth, covers),
                       KlDivergence(covers, truth)},
                      {"picks", KlDivergence(truth, picks),
                       KlDivergence(picks, truth)}}},
       {.digits = 3});
  CHECK(KlDivergence(truth, covers) < KlDivergence(truth, picks));
  CHECK(KlDivergence(picks, truth) < KlDivergence(covers, truth));
  CHECK(covers[20] > truth[20]);
  CHECK(picks[30] < truth[30] / 100);
}
/** \f$\mathrm{KL}(p \,\|\, q)\f$ pays wherever the truth is and the bell is
not, so its bell covers both humps, and the empty valley between them. With the
two exchanged, the bell pays wherever it is and the truth is not; it stands on
one hump and forgets the other. A loss on labels is of the first kind: it must
not miss anything that happens.

\section ch06_infinite What the model calls impossible
How much may one miss cost? */

STEP("impossible is a strong word") {
  const std::vector<float> fair = {0.5f, 0.5f, 0}, wide = {0.3f, 0.3f, 0.4f};
  float naive = 0;
  for (const float x : fair) naive += x * Log(std::vector{x / x})[0];
  Show("fair, fair", KlDivergence(fair, fair));
  Show("fair, wide", KlDivergence(fair, wide));
  Show("wide, fair", KlDivergence(wide, fair));
  Show("fair, fair by the formula", naive);
  CHECK(KlDivergence(fair, fair) == 0);
  CHECK(std::isinf(KlDivergence(wide, fair)));
  CHECK(std::isfinite(KlDivergence(fair, wide)));
  CHECK(std::isnan(naive));
}
/** A code without a word for snow is useless on the first day of snow: a class
with \f$p_c > 0\f$ and \f$q_c = 0\f$ costs {{wide, fair}}. The other way round
it is {{fair, wide:3}}: a word that is never used is merely a waste. And where
both are 0 nothing happens and nothing is paid, though the formula, taken
literally, says {{fair, fair by the formula}}. A softmax in exact numbers never
gives 0; a *rounded* one does, and that is one more reason to stay with
logarithms.

\section ch06_training What training minimises
Now the two halves of the book meet. The truth \f$p\f$ about an image is given,
and with it \f$H(p)\f$. Training moves only \f$q\f$:
\f[
\underbrace{H(p, q)}_{\text{the loss}} = \underbrace{H(p)}_{\text{fixed}}
+ \underbrace{\mathrm{KL}(p \,\|\, q)}_{\ge 0} .
\f]
To lower the cross-entropy is to lower the divergence, step by step the same
amount; and \ref ch05_cross_entropy "chapter 5" showed that it is to raise the
likelihood. With one-hot labels \f$H(p) = 0\f$, and the loss *is* the
divergence. With smoothed labels it is not; we take the smoothing
by a tenth of \ref ch05_smoothing "chapter 5". */

STEP("the loss is the divergence, up to a constant") {
  const std::vector<Label>& labels = Digits().data.test.labels;
  Table table = {.columns = {"network", "one-hot loss", "one-hot KL",
                             "smoothed loss", "smoothed KL", "loss - KL"}};
  std::vector<float> targets(labels.size() * 10, 0.01f);
  std::vector<float> certain(labels.size() * 10, -INFINITY);  // ln 0
  for (size_t i = 0; i < labels.size(); ++i) {
    targets[i * 10 + labels[i]] = 0.91f;
    certain[i * 10 + labels[i]] = 0;  // ln 1
  }
  const std::vector<float> log_targets = Log(targets);
  const double floor = Entropy(std::vector<float>(&targets[0], &targets[10]));
  for (const bool trained : {false, true}) {
    const digits::Network& network =
        trained ? Digits().trained : Digits().untrained;
    const std::vector<float> logits = network.Logits(Digits().data.test);
    std::vector<float> log_q(logits.size()), loss(labels.size()), kl(loss),
        soft_loss(loss), soft_kl(loss);
    LogSoftmax(TenColumns(logits), Rows<float>(log_q.data(), loss.size(), 10));
    const CrossEntropyOptions each = {.reduction = Reduction::kNone};
    CrossEntropy(TenColumns(logits), labels, loss, each);
    KlDivergenceFromLogProbs(TenColumns(certain), TenColumns(log_q), kl);
    CrossEntropy(TenColumns(logits), TenColumns(targets), soft_loss, each);
    KlDivergenceFromLogProbs(TenColumns(log_targets), TenColumns(log_q),
                             soft_kl);
    table.rows.push_back({trained ? "trained" : "untrained", Mean(loss),
                          Mean(kl), Mean(soft_loss), Mean(soft_kl),
                          Mean(soft_loss) - Mean(soft_kl)});
    CHECK(loss == kl);
    CHECK(PrintNumber(Mean(soft_loss) - Mean(soft_kl)) == PrintNumber(floor));
  }
  Show("parts", table);
  Show("smoothed floor", floor);
}
/** For one-hot labels loss and divergence agree in every one of the images, to
the bit. For smoothed labels they differ by {{parts[0][5]}} before training and
by {{parts[1][5]}} after it: the entropy of the smoothed label,
{{smoothed floor}}, which no training can touch. Chapter 5 met that floor in its
figure; now it has a name.

\section ch06_constant The best you can do without looking
What if a network ignores its input and gives one answer \f$q\f$ to every image?
Its mean loss is the cross-entropy \f$H(f, q)\f$, where \f$f\f$ are the
frequencies of the labels. By Gibbs the best answer is \f$f\f$ itself, and
its loss is \f$H(f)\f$. */

STEP("an answer that never looks") {
  const std::vector<Label>& labels = Digits().data.train.labels;
  std::vector<double> frequency(10, 0.0);
  for (const Label label : labels) ++frequency[label];
  for (double& f : frequency) f /= static_cast<double>(labels.size());
  const std::vector<double> log_frequency = Log(frequency);
  double loss = 0;  // one row of logits, repeated by a stride of 0
  CrossEntropy(Rows<const double>(log_frequency.data(), labels.size(), 10, 0),
               labels, std::span(&loss, 1));
  Show("frequencies", frequency);
  Show("entropy", Entropy(frequency));
  Show("loss", loss);
  CHECK(PrintNumber(loss) == PrintNumber(Entropy(frequency)));
  const std::vector<float> untrained =
      Digits().untrained.Logits(Digits().data.test);
  std::vector<float> untrained_loss(1);
  CrossEntropy(TenColumns(untrained), Digits().data.test.labels,
               untrained_loss);
  Show("untrained loss", untrained_loss[0]);
  CHECK(untrained_loss[0] > loss);
}
/** It is {{loss}} nats; with ten digits equally frequent, \f$\ln 10\f$. An
untrained classifier starts near that number, and usually a little above, for
its answers differ from image to image without a reason: ours has
{{untrained loss}}. A loss above \f$H(f)\f$ means that you would do better with
your eyes shut.

\section ch06_doubt What the network expects of itself
The entropy of the network's own output asks for no label. It is the loss that
the network *expects*: its mean surprise if its probabilities were true. So
compare what it expects with what it gets. */

STEP("expected loss, actual loss") {
  Table table = {.columns = {"images", "expects", "gets"}};
  for (const bool test : {false, true}) {
    const digits::Digits& set = test ? Digits().data.test : Digits().data.train;
    const std::vector<float> logits = Digits().trained.Logits(set);
    std::vector<float> entropies(set.count), loss(1);
    EntropyOfLogits(TenColumns(logits), entropies);
    CrossEntropy(TenColumns(logits), set.labels, loss);
    table.rows.push_back(
        {test ? "test" : "training", Mean(entropies), loss[0]});
    CHECK((Mean(entropies) < loss[0]) == test);
  }
  Show("doubt", table);
}
/** On the images it was trained on, the network expects {{doubt[0][1]:2}} nats
and gets {{doubt[0][2]:2}}: it is right there more often than it dares to think.
On images it has never seen it expects {{doubt[1][1]:2}} and gets
{{doubt[1][2]:2}}. That is **overconfidence**, common in modern networks (Guo
and others, 2017), and the difference between loss and entropy shows it.

Are its doubts worth anything, then? */

STEP("it doubts more where it is wrong") {
  const std::vector<float>& entropies = TestEntropies();
  std::vector<std::vector<float>> doubts(2);  // of right answers, and of wrong
  for (size_t i = 0; i < entropies.size(); ++i) {
    const auto row = std::span(&TestLogits()[i * 10], 10);
    const auto answer = std::ranges::max_element(row) - row.begin();
    const bool wrong = answer != Digits().data.test.labels[i];
    doubts[wrong ? 1 : 0].push_back(entropies[i]);
  }
  Figure("doubts", "Where the network is wrong, its entropy is mostly high.",
         BoxPlots{.panels = {{"entropy of a test image",
                              {{"right", InDouble(doubts[0])},
                               {"wrong", InDouble(doubts[1])}}}},
                  .y_label = "entropy (nats)"});
  Show("right", Mean(doubts[0]));
  Show("wrong", Mean(doubts[1]));
  CHECK(Mean(doubts[1]) > 2 * Mean(doubts[0]));
}
/** They are: {{wrong:2}} nats in the mean where it is wrong,
{{right:2}} where it is right. It knows something of what it does not
know. Which image does it doubt most? */

STEP("the image it is least sure of") {
  const std::vector<float>& entropies = TestEntropies();
  const auto most = static_cast<size_t>(std::ranges::max_element(entropies) -
                                        entropies.begin());
  const std::vector<float> logits(&TestLogits()[most * 10],
                                  &TestLogits()[most * 10] + 10);
  const std::vector<float> probs = Softmax(logits);
  Show("image", Picture(most));
  Figure("least_sure", "What the network makes of this image.",
         Bars{.labels = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
              .series = {{"probability", InDouble(probs)}}});
  Show("label", Digits().data.test.labels[most]);
  Show("its doubt", entropies[most]);
  Show("faces", Exp(std::vector{entropies[most]})[0]);
  CHECK(entropies[most] ==
        RoundTo<float>(EntropyOfLogitsOracle(InDouble(logits))));
}
/** Its label says {{label}}. The entropy is {{its doubt:3}} nats,
as much as that of a fair die with \f$e^H\f$ = {{faces:2}} faces. Would you have
been surer?

\section ch06_cancel A small divergence is hard to compute
Near the end of a training \f$q\f$ may be close to \f$p\f$. Then
\f$H(p, q) - H(p)\f$ is the difference of two nearly equal numbers, and in
\f$\sum_c p_c \ln(p_c / q_c)\f$ the positive terms nearly cancel the negative.
We move a share \f$\delta\f$ from one of two classes to the other, and compute
both in float, from logarithms and entropies that are rounded correctly. */

STEP("right parts, wrong differences") {
  Table table = {
      .columns = {"delta", "H(p, q) - H(p)", "sum p ln(p/q)", "KlDivergence"}};
  size_t negative = 0;
  for (const int power : {-3, -6, -9, -12, -13, -14, -15, -16}) {
    const float delta = std::ldexp(1.f, power);
    const std::vector<float> p = {0.3125f, 0.6875f};
    const std::vector<float> q = {p[0] + delta, p[1] - delta};
    std::vector<float> price(1);
    CrossEntropyFromProbs(p, q, price);
    const auto logs = Log(std::vector{p[0] / q[0], p[1] / q[1]});
    const float sum = p[0] * logs[0] + p[1] * logs[1];
    const float kl = KlDivergence(p, q);
    table.rows.push_back({delta, price[0] - Entropy(p), sum, kl});
    negative += sum < 0;
    CHECK((price[0] == Entropy(p)) == (power <= -14));
    CHECK(kl == RoundTo<float>(KlDivergenceOracle(InDouble(p), InDouble(q))));
  }
  Show("cancel", table, {.digits = 3});
  Show("below 0", negative);
  CHECK(negative > 0);
}
/** The divergence falls with the square of \f$\delta\f$, the errors do not fall
with it. The difference ends at 0, which says that \f$q\f$ *is* \f$p\f$. The sum
even turns negative, {{below 0}} times, against Gibbs. The mend is
to keep more digits than a float has until the cancelling is done: every entry
of the last column is the float nearest to the truth.

\section ch06_summary In short
Entropy is the mean surprisal and the floor under every code and every loss;
cross-entropy is what you pay with the model you have, and the KL divergence,
never negative, is what you pay too much. The truth's entropy is fixed, so
lowering one lowers the other, and raises the likelihood.

\section ch06_exercises Exercises
The stubs are in `exercise.cpp`; run `exercise_06_entropy_and_kl` to see which
are solved.
1. Write the entropy in bits, and let what never happens cost nothing.
2. Write the divergence with all its special cases.
3. Given the lengths of the words of a code: can it be a code in which no
   word begins another? Kraft's inequality, \f$\sum_c 2^{-l_c} \le 1\f$, tells.
4. Find the one answer that is best for a list of labels.
5. The divergence from both distributions to their mean, averaged, is the
   Jensen-Shannon divergence. It is symmetric and finite. What is its largest
   value?

\section ch06_sources Sources
- Claude Shannon, "A Mathematical Theory of Communication", 1948: entropy and
  codes.
- David Huffman, "A Method for the Construction of Minimum-Redundancy Codes",
  1952.
- Solomon Kullback and Richard Leibler, "On Information and Sufficiency", 1951.
- Thomas Cover and Joy Thomas, "Elements of Information Theory", 2006.
- Christopher Olah, "Visual Information Theory", 2015: codes of the wrong town.
- Chuan Guo and others, "On Calibration of Modern Neural Networks", 2017.
- "Softmax, Cross Entropy Loss, and MLE", 2022: the formula with the sign. */
