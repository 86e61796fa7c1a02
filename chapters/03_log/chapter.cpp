#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "digits/classifier.h"
#include "literate/literate.h"
#include "oracle/ulp.h"
#include "surprisal/exp/exp.h"
#include "surprisal/log/log.h"
#include "surprisal/log1p/log1p.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/log_softmax/log_softmax_oracle.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"
#include "surprisal/log_sum_exp/log_sum_exp_oracle.h"
#include "surprisal/softmax/softmax.h"

using namespace surprisal;
using namespace surprisal::literate;

using Row = std::vector<float>;

const Row kLogits = {2.44f, 3.92f, 2.50f, -1.27f, 3.23f};

std::vector<double> InDouble(const Row& row) {
  return std::vector<double>(row.begin(), row.end());
}

std::vector<Exact> ExactLogSoftmax(const Row& logits) {
  return LogSoftmaxOracle(InDouble(logits));
}

bool IsCorrectlyRounded(const Row& got, const std::vector<Exact>& exact) {
  return std::ranges::equal(got, exact, {}, {}, RoundTo<float>);
}

// The logits of the trained network for each test image.
const std::vector<Row>& TestRows() {
  static const std::vector<Row> rows = [] {
    const digits::Classifier& classifier =
        digits::TheClassifier<ProgressBar>(DataFolder());
    const Row all = classifier.trained.Logits(classifier.data.test);
    std::vector<Row> made;
    for (size_t i = 0; i < all.size(); i += digits::kDigitClasses) {
      made.emplace_back(all.begin() + i,
                        all.begin() + i + digits::kDigitClasses);
    }
    return made;
  }();
  return rows;
}

// Logits between -spread / 2 and spread / 2, the same on every machine.
Row RandomLogits(std::mt19937& random, size_t classes, double spread) {
  Row logits(classes);
  for (float& z : logits) {
    z = static_cast<float>((random() * 0x1p-32 - 0.5) * spread);
  }
  return logits;
}

/** \page ch03_log 3 – Log
\tableofcontents
\ref ch02_softmax "Chapter 2" ended with probabilities. From here on everybody
speaks of their logarithms. Why? And if the logarithm is wanted anyway, who says
that the probability must be computed first?

After this chapter you will be able to
- say what the logarithm does to a probability, and what it does not;
- show a product of a thousand probabilities going wrong in two ways;
- say why \ref g_log_softmax "log-softmax" is one function and not two, at both
  ends of the scale;
- define \ref g_lse "log-sum-exp", bound it from both sides, and compute it;
- prove how wrong a softmax in floating point can be, and see the bound hold.

You need chapter 2 and the rules \f$\ln(ab) = \ln a + \ln b\f$ and
\f$\ln e^x = x\f$. Here \f$\log\f$ and \f$\ln\f$ both mean the natural
logarithm, and its unit is the nat.

\section ch03_curve The shape
Probabilities live between 0 and 1; their logarithms between \f$-\infty\f$ and
0, and 0 is certainty. What does the other end look like? */

STEP("each power of ten costs the same") {
  const Row probs = {1, 0.1f, 1e-2f, 1e-4f, 1e-8f, 1e-16f, 1e-32f};
  const Row log_probs = Log(probs);
  Show("probs", probs);
  Show("log_probs", log_probs);
  CHECK(log_probs[0] == 0);
  CHECK(std::ranges::is_sorted(log_probs, std::greater()));
  Figure("log",
         "The logarithm of a probability: 0 for certainty, and "
         "falling without end as the probability nears 0.",
         Curves{.x_label = "probability",
                .y_label = "nats",
                .x = {0.0005, 1},
                .y = {-7.5, 0.5},
                .curves = {{.name = "log p",
                            .function = [](double p) { return std::log(p); }}},
                .dots = {
                    {0.1, log_probs[1], "one in ten"},
                    {0.01, log_probs[2], "one in a hundred", DotColour::kBlue},
                    {1, 0, "certain", DotColour::kGreen}}});
}
/** One in ten is {{log_probs[1]}} nats, one in a hundred twice that, and
\f$10^{-32}\f$ a handy {{log_probs[6]}}. The curve falls ever more steeply
in *p*, and so you may read that a loss made of it "grows exponentially" as the
probability falls. It is the other way round: for each power of ten that the
probability loses, the logarithm moves by the same {{log_probs[1]}}. The
probability is exponential in the logarithm.

The logarithm also keeps every order: whatever makes a probability largest makes
its logarithm largest. Nothing is lost by maximising the one instead of the
other.

\section ch03_products Products become sums
A model is right about an image with probability 0.9. What is the probability
that it is right about a thousand, one after another? The product
\f$0.9^{1000}\f$, about \f$1.7 \cdot 10^{-46}\f$: small, but a number like any
other. Here it is in float and in double, and the same for two other chances: */

STEP("a product of a thousand probabilities is lost and its logarithm is not") {
  Table table = {
      .columns = {"chance", "float product", "double product", "sum of logs"}};
  for (const float p : {0.9f, 0.5f, 0.1f}) {
    float in_float = 1;
    double in_double = 1, sum_of_logs = 0;
    for (int i = 0; i < 1000; ++i) {
      in_float *= p;
      in_double *= p;
      sum_of_logs += Log(Row{p})[0];
    }
    table.rows.push_back({p, in_float, in_double, sum_of_logs});
    if (p == 0.9f) CHECK(in_float * p == in_float);
    if (p == 0.5f) CHECK(in_float == 0);
    if (p == 0.1f) CHECK(in_double == 0);
  }
  CHECK(PrintNumber(std::pow(0.9, 1000), {.digits = 2}) == "1.7e-46");
  Show("a thousand in a row", table);
  Show("smallest float", 0x1p-149f);
}
/** Two of the float products are 0, and their logarithm would be \f$-\infty\f$.
The first is worse: it is *not* 0. It stuck at {{a thousand in a row[0][1]}},
far too large, and there it stays for ever. The smallest floats are whole
multiples of {{smallest float}}. It is four of them; nine tenths of that are
rounded to four again. The sum of the logarithms has no such trouble:
it grows by the same amount a thousand times.

\section ch03_near_one The other end
Probabilities near 1 look alike. Compare 0.99 with 0.999. */

STEP("log 0.999 is a tenth of log 0.99") {
  const std::vector<double> log_probs = Log(std::vector<double>{0.99, 0.999});
  Show("difference", 0.999 - 0.99);
  Show("ratio", 0.999 / 0.99);
  Show("logs", log_probs);
  Show("ratio of logs", log_probs[1] / log_probs[0], {.digits = 4});
  Show("ratio of odds", (0.999 / 0.001) / (0.99 / 0.01), {.digits = 4});
  CHECK(log_probs[1] > log_probs[0]);
  CHECK(10 * log_probs[1] > log_probs[0]);
}
/** As numbers they differ by {{difference}}, or 0.9 %: their ratio is
{{ratio}}. The logarithms are {{logs[0]}} and {{logs[1]}}, and one is only
{{ratio of logs}} of the other, a tenth, which is a difference of 90 % and not,
as one can read, of 10 %. That fits what the two mean. A model that says 0.99
errs once in a hundred, one that says 0.999 once in a thousand. The odds have
grown {{ratio of odds}} times.

\section ch03_fused One function, not two
So we want \f$\log \operatorname{softmax}(z)_i\f$. Apply one after the other? Or
first think:
\f[
\log \left( \frac{e^{z_i}}{\sum_j e^{z_j}} \right)
  = z_i - \log \sum_{j=1}^{n} e^{z_j} .
\f]
No quotient, no logarithm of a small number. That is **log-softmax**, and
libraries offer it as a function of its own. With chapter 2's shift by the
maximum \f$a\f$, which cancels here too, it becomes code: */

/** Log-softmax as textbooks have it: (z - a) - log(sum of e^(z - a)). */
Row TextbookLogSoftmax(Row logits) {
  const float largest = std::ranges::max(logits);
  for (float& z : logits) z -= largest;
  float sum = 0;
  for (const float w : Exp(logits)) sum += w;
  const float log_sum = Log(Row{sum})[0];
  for (float& z : logits) z -= log_sum;
  return logits;
}

STEP("for an ordinary row all ways agree") {
  const Row log_probs = LogSoftmax(kLogits);
  Show("log after softmax", Log(Softmax(kLogits)));
  Show("textbook", TextbookLogSoftmax(kLogits));
  Show("LogSoftmax", log_probs);
  CHECK(IsCorrectlyRounded(log_probs, ExactLogSoftmax(kLogits)));
}
/** The same digits three times. Now for rows that are less ordinary: a class
200 behind the other of two, and one that is 10, nearly 17 and 18 ahead. Errors
are in ulp, as in chapter 2. */

STEP("the logarithm comes too late at both ends") {
  const std::vector<std::pair<std::string, float>> leads = {
      {"200 behind", -200.f},
      {"10 ahead", 10.f},
      {"17 ahead", 16.942385f},
      {"18 ahead", 18.f}};
  Table table = {.columns = {"row", "late", "textbook", "LogSoftmax",
                             "late off", "text off"}};
  for (const auto& [name, lead] : leads) {
    const Row logits = {lead, 0};
    const float late = Log(Softmax(logits))[0];
    const float textbook = TextbookLogSoftmax(logits)[0];
    const float right = LogSoftmax(logits)[0];
    const Exact exact = ExactLogSoftmax(logits)[0];
    table.rows.push_back({name, late, textbook, right, UlpError(late, exact),
                          UlpError(textbook, exact)});
    CHECK(right == RoundTo<float>(exact));
  }
  Show("first of two", table, {.digits = 2});
  CHECK(Log(Softmax(Row{-200, 0}))[0] == -INFINITY);
  CHECK(Log(Softmax(Row{18, 0}))[0] == 0);
  CHECK(Log(Softmax(Row{16.942385f, 0}))[0] < 0);
  CHECK(TextbookLogSoftmax({16.942385f, 0})[0] == 0);
  Show("back again", Exp(LogSoftmax(Row{-200, 0}))[0]);
  Show("log of 0", Log(Row{0})[0]);
}
/** Far behind, the probability \f$e^{-200}\f$ is below the smallest float. It
is rounded to 0 and its logarithm is {{log of 0}}, where log-softmax has
{{first of two[200 behind][textbook]}}. (There is no way back, either: the
exponential of that is {{back again}}. Keep the logarithm.)

Far ahead, the probability is rounded to 1, and its logarithm to 0: a model that
is *nearly* certain is told that it is perfect. And here the textbook does no
better. It mends the one end, and loses the other even sooner.

\warning What is the logarithm of 0? Here it is {{log of 0}}, so that the mishap
shows. The vectorised `Log` that comes with Highway, which promises nothing for
0, answers about -105 in float. A loss of 105 nats looks like a hard example.

\section ch03_tail The winner is known by the others
Where do the digits go? Both ways add 1 and something small. A float near 1
knows its distance from 1 only to within \f$2^{-25}\f$ or worse; as the lead
grows, the distance shrinks towards that, digit by digit. So do not add the 1.
For the winner, \f$z_i = a\f$, its own term in the sum is exactly 1, and
\f[
\log \operatorname{softmax}(z)_i
  = -\log \Bigl( 1 + \sum_{k \ne i} e^{z_k - a} \Bigr) ,
\f]
for which there is a function that takes the small part alone: `log1p(x)` is
\f$\log(1 + x)\f$ without forming \f$1 + x\f$. Let us count correct digits. */

STEP("each lead of 2.3 costs a digit unless the others are summed apart") {
  const auto digits = [](float got, const Exact& exact) {
    const Exact off = abs(Exact(got) - exact) / abs(exact);
    return static_cast<double>(Exact(-log10(off)));
  };
  Curve late = {.name = "late"}, textbook = {.name = "textbook"};
  Curve apart = {.name = "log1p"};
  for (float lead = 0.5f; lead <= 20; lead += 0.5f) {
    const Exact exact = ExactLogSoftmax({lead, 0})[0];
    const float of_others = -Log1p(Exp(Row{-lead}))[0];
    const float after = Log(Softmax(Row{lead, 0}))[0];
    late.points.emplace_back(lead, digits(after, exact));
    textbook.points.emplace_back(
        lead, digits(TextbookLogSoftmax({lead, 0})[0], exact));
    apart.points.emplace_back(lead, digits(of_others, exact));
    CHECK(late.points.back().second > 6.5 - lead / std::numbers::ln10);
    CHECK(UlpError(of_others, exact) < 2);
  }
  CHECK(late.points.back().second == 0);
  CHECK(textbook.points.back().second == 0);
  Figure("digits_lost",
         "Correct decimal digits of the winner's log-probability "
         "over its lead: only log1p keeps them.",
         Curves{.x_label = "lead of the first of two logits",
                .y_label = "digits",
                .x = {0, 20},
                .y = {0, 9},
                .curves = {late, textbook, apart}});
}
/** Down to nothing, in a line as straight as roundings allow, but for the sum
of the others. `surprisal::LogSoftmax` sums them apart as well, and rounds once.
Does a real network go where it matters? Ours does: */

STEP("on digits the late logarithm calls many images perfect") {
  size_t late = 0, textbook = 0;
  float least = 1;
  for (const Row& logits : TestRows()) {
    const float winner = std::ranges::max(LogSoftmax(logits));
    late += std::ranges::max(Log(Softmax(logits))) == 0;
    textbook += std::ranges::max(TextbookLogSoftmax(logits)) == 0;
    least = std::min(least, -winner);
    CHECK(winner < 0);
  }
  Show("images", TestRows().size());
  Show("perfect, late", late);
  Show("perfect, textbook", textbook);
  Show("least surprise", least, {.digits = 3});
  CHECK((0 < late && late < textbook));
}
/** Of {{images}} test images the late logarithm calls {{perfect, late}}
perfect, the textbook {{perfect, textbook}}. None of them is. The surest one has
a log-probability of -{{least surprise}}: small, but not nothing, and all that a
further step of training would have to work with.

\section ch03_lse Log-sum-exp
The term that log-softmax subtracts has a name,
\f[
\operatorname{LSE}(z) = \log \sum_{j=1}^{n} e^{z_j},
\f]
and log-softmax is \f$z_i - \operatorname{LSE}(z)\f$. As code the definition
overflows where softmax did, and the same shift mends it. But a softmax forgets
the shift, and LSE does not: shifted by \f$a\f$, all logits give a result that
is \f$a\f$ too small. What was subtracted must be added again:
\f[
\operatorname{LSE}(z) = a + \log \sum_{j=1}^{n} e^{z_j - a},
\qquad a = \max_j z_j .
\f] */

/** The logarithm of the sum of the exponentials of `z - shift`. */
float LogSumExpOf(Row logits, float shift) {
  for (float& z : logits) z -= shift;
  float sum = 0;
  for (const float w : Exp(logits)) sum += w;
  return Log(Row{sum})[0];
}

STEP("the maximum goes out and must come back in") {
  const Row logits = {1000, 999, 998};
  const float unshifted = LogSumExpOf(logits, 0);
  const float forgotten = LogSumExpOf(logits, 1000);
  Show("as defined", unshifted);
  Show("shift forgotten", forgotten);
  Show("shift added back", 1000 + forgotten, {.digits = 8});
  Show("LogSumExp", LogSumExp(logits), {.digits = 8});
  CHECK(std::isinf(unshifted));
  CHECK(LogSumExp(logits) == RoundTo<float>(LogSumExpOracle(InDouble(logits))));
  CHECK(1000 + forgotten == LogSumExp(logits));
}
/** \section ch03_smooth_max A smooth maximum
The largest term alone gives \f$e^a\f$, and all \f$n\f$ together at most
\f$n e^a\f$. Take logarithms:
\f[
\max_j z_j \;\le\; \operatorname{LSE}(z) \;\le\; \max_j z_j + \ln n .
\f]
The left is nearly attained when one logit is far ahead, the right exactly when
all are equal. So LSE is a maximum with its corner rounded off, by \f$\ln n\f$
at most, and minus log-softmax of the winner lies between 0 and \f$\ln n\f$. */

STEP("log-sum-exp lies between the maximum and the maximum plus ln n") {
  for (const Row& logits : TestRows()) {
    const float largest = std::ranges::max(logits);
    const Exact upper = Exact(largest) + log(Exact(10));
    CHECK(largest <= LogSumExp(logits));
    CHECK(LogSumExp(logits) <= RoundTo<float>(upper));
  }
  Show("ten equal logits", LogSumExp(Row(10, 0.f)), {.digits = 8});
  Show("one far ahead", LogSumExp(Row{40, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  Figure(
      "smooth_max",
      "Log-sum-exp of x and 0 rounds the corner of the "
      "maximum, by ln 2 at most.",
      Curves{.x_label = "x",
             .y_label = "nats",
             .x = {-4, 4},
             .y = {0, 4},
             .curves = {{.name = "max(x, 0)",
                         .function = [](double x) { return std::max(x, 0.); }},
                        {.name = "LSE(x, 0)", .function = [](double x) {
                           return LogSumExp(std::vector<double>{x, 0});
                         }}}});
}
/** Ten equal logits give \f$\ln 10\f$, {{ten equal logits}}. That number
returns in \ref ch04_nll "chapter 4": it is the loss of a network that knows
nothing.

\section ch03_late_rounding Do not round in the middle
There is another order to go wrong in. Compute \f$\operatorname{LSE}(z)\f$, a
fine float, and subtract it from each logit. Here are three logits that somebody
forgot to centre. */

STEP("a rounded log-sum-exp makes whole numbers") {
  const Row logits = {10000000, 10000001, 10000002};
  Row rounded = logits;
  for (float& z : rounded) z -= LogSumExp(logits);
  Show("rounded in the middle", rounded);
  Show("rounded once", LogSoftmax(logits));
  const Row probs = Exp(rounded);
  Show("sum of probabilities", probs[0] + probs[1] + probs[2]);
  CHECK(IsCorrectlyRounded(LogSoftmax(logits), ExactLogSoftmax(logits)));
  CHECK(probs[0] + probs[1] + probs[2] > 1.5f);
}
/** At ten million neighbouring floats are 1 apart; LSE is rounded to a whole
number and so is every difference. The probabilities
\f$e^{z_i - \operatorname{LSE}}\f$ then sum to {{sum of probabilities}}. The
formula without a division is tempting, and needs the order
\f$(z_i - a) - \log \sum_j e^{z_j - a}\f$: first the large things against each
other, then the small.

\section ch03_theorem How wrong can a softmax be?
Chapter 2 measured the price of the shift. Now we can prove it. Let
\f$u = 2^{-24}\f$: each rounding of a float changes a result by a factor
\f$1 + \delta\f$ with \f$|\delta| \le u\f$, as long as nothing underflows.

\b Theorem. Let \f$z\f$ have \f$n\f$ logits and the maximum \f$a\f$. Compute
\f$w_i = e^{z_i - a}\f$, add the \f$w_i\f$ one after another to \f$s\f$, and
divide: \f$y_j = w_j / s\f$; each operation correctly rounded. Then, but for
terms of order \f$u^2\f$, the relative error of \f$y_j\f$ is at most
\f[
\bigl( n + 2 + (a - z_j) + \ln n \bigr)\, u .
\f]

\e Proof. (1) *One weight.* The difference \f$z_i - a\f$ comes out as
\f$(z_i - a)(1 + \delta)\f$. That puts \f$(z_i - a)\delta\f$ too much into the
exponent, a factor of about \f$1 + (z_i - a)\delta\f$. With the rounding of the
exponential itself, \f$w_i\f$ is off by at most \f$(a - z_i)u + u\f$,
relatively.

(2) *The sum.* All terms are positive, so the relative error of their sum is a
mean of their relative errors, and the weight of each is its share in the sum,
\f$p_i\f$. Each of the \f$n - 1\f$ additions is rounded, by at most \f$u\f$
times what has been summed so far. Together: at most \f$(n + G)u\f$, where
\f$G = \sum_i p_i (a - z_i)\f$ is the *mean gap*.

(3) *The mean gap is at most* \f$\ln n\f$. Let \f$S\f$ be the sum in real
numbers; then \f$\ln p_i = (z_i - a) - \ln S\f$. Multiply by \f$-p_i\f$ and sum
over all \f$i\f$:
\f[
H = G + \ln S, \qquad \text{where} \quad H = -\sum_i p_i \ln p_i .
\f]
The largest logit puts \f$e^0 = 1\f$ into the sum, so \f$S \ge 1\f$ and
\f$G \le H\f$. And because \f$\ln x \le x - 1\f$ for every \f$x > 0\f$,
\f[
H - \ln n = \sum_i p_i \ln \Bigl( \frac{1}{n p_i} \Bigr)
  \le \sum_i p_i \Bigl( \frac{1}{n p_i} - 1 \Bigr) = 1 - 1 = 0 .
\f]

(4) *The quotient* has the errors of numerator and denominator, and a rounding
of its own: \f$(a - z_j) + 1\f$, \f$n + G\f$ and 1, each times \f$u\f$. Their
sum is the claim.

\f$H\f$ is the entropy, and \ref ch06_entropy_and_kl "chapter 6" is about it.
The surprise in step 3 is that a class far behind, whose weight is badly wrong,
hardly hurts the sum, since it has hardly any weight in it. Look at the digits,
where the winner tells us \f$\ln S\f$, because its \f$p\f$ is \f$1 / S\f$: */

STEP("the mean gap is the entropy less ln S, and at most ln n") {
  Exact largest_gap = 0, largest_spread = 0;
  for (const Row& logits : TestRows()) {
    const Exact a = std::ranges::max(logits);
    const std::vector<Exact> log_probs = ExactLogSoftmax(logits);
    const Exact ln_s = -std::ranges::max(log_probs);
    Exact mean_gap = 0, entropy = 0;
    for (size_t i = 0; i < logits.size(); ++i) {
      const Exact p = exp(log_probs[i]);
      mean_gap += p * (a - logits[i]);
      entropy -= p * log_probs[i];
      largest_spread = std::max(largest_spread, Exact(a - logits[i]));
    }
    CHECK(RoundTo<double>(mean_gap + ln_s) == RoundTo<double>(entropy));
    CHECK(mean_gap <= log(Exact(10)));
    largest_gap = std::max(largest_gap, mean_gap);
  }
  Show("largest spread", static_cast<double>(largest_spread), {.digits = 3});
  Show("largest mean gap", static_cast<double>(largest_gap), {.digits = 3});
  Show("ln 10", std::log(10.0), {.digits = 3});
}
/** The spread of a row is up to {{largest spread}}; its mean gap never exceeds
{{largest mean gap}}. Had we charged each class the largest gap, in numerator
and sum, we should have got \f$n + 2 + 2(a - b)\f$ with \f$b\f$ the smallest
logit. That is the form of the bound in the paper by Blanchard, Higham and
Higham (see the sources), which analyses all the formulas of this chapter. Now
let both bounds meet floats. (A mean gap is no larger than the largest gap, so
where \f$a - b\f$ is less than \f$\ln n\f$ it takes the place of
\f$\ln n\f$.) */

/** The shifted softmax of the theorem, operation by operation. */
Row SoftmaxShifted(Row logits) {
  const float largest = std::ranges::max(logits);
  for (float& z : logits) z -= largest;
  Row weights = Exp(logits);
  float sum = 0;
  for (const float w : weights) sum += w;
  for (float& w : weights) w /= sum;
  return weights;
}

STEP("no row breaks the bound") {
  std::mt19937 random(3);
  Table table = {.columns = {"classes", "spread", "worst error", "with ln n",
                             "with 2 spread"}};
  for (const size_t n : {2, 10, 1000}) {
    for (const double spread : {5, 20, 80}) {
      double worst = 0, there = 0, coarse = 0;
      for (size_t i = 0; i < 2000 / n; ++i) {
        const Row logits = RandomLogits(random, n, spread);
        const auto [low, high] = std::ranges::minmax(logits);
        const Row got = SoftmaxShifted(logits);
        const std::vector<Exact> exact = SoftmaxOracle(InDouble(logits));
        const Exact y = high - log(std::ranges::max(exact));
        CHECK(abs(high + LogSumExpOf(logits, high) - y) <=
              (n + log(Exact(n)) + abs(y)) * 0x1p-24);
        for (size_t j = 0; j < n; ++j) {
          const double off = static_cast<double>(
              Exact(abs(got[j] - exact[j]) / exact[j] * 0x1p24));
          const double mean_gap = std::min<double>(std::log(n), high - low);
          const double bound = n + 2 + (high - logits[j]) + mean_gap;
          CHECK(off <= bound);
          if (off <= worst) continue;
          worst = off;
          there = bound;
          coarse = n + 2 + 2.0 * (high - low);
        }
      }
      CHECK(there <= coarse);
      table.rows.push_back({n, spread, worst, there, coarse});
    }
  }
  Show("errors in u", table, {.digits = 3});
}
/** Each line shows the worst error met, and both bounds for that very class.
With two classes and a spread of 80 the error reaches
{{errors in u[2][worst error]}} of the {{errors in u[2][with ln n]}} allowed:
little is left to gain. (The terms in \f$u^2\f$ would change the last of the
printed digits at most.) With a thousand classes the \f$n\f$ of the long sum
dominates the bound, while its roundings mostly cancel. If you want to be rid of
that \f$n\f$, add in double.

The same proof bounds the shifted LSE. Its logarithm turns the relative error
\f$(n + G)u\f$ of the sum into an absolute one, and is rounded, by at most
\f$u \ln S\f$. Now \f$G + \ln S = H\f$, and the result \f$y\f$ is rounded once
more:
\f[
\text{absolute error of LSE} \;\le\; (n + H + |y|)\, u
  \;\le\; (n + \ln n + |y|)\, u .
\f]
The step above checks that as well.

\section ch03_zero Where log-sum-exp is zero
As an absolute error that is splendid. As a relative one it is
\f$1 + (n + H) / |y|\f$ times \f$u\f$, and \f$y\f$ can be 0: two logits of
\f$-\ln 2\f$ have \f$e^{-\ln 2} + e^{-\ln 2} = 1\f$. But \f$-\ln 2\f$ is no
double. What is the LSE of the two doubles nearest to it? */

STEP("log-sum-exp near its zero needs more than doubles inside") {
  const std::vector<double> twice(2, -std::numbers::ln2);
  const std::vector<double> thrice(3, -std::log(3.0));
  const double shifted = twice[0] + Log(std::vector<double>{2})[0];
  Show("shifted formula", shifted);
  Show("LogSumExp twice", LogSumExp(twice), {.digits = 17});
  Show("LogSumExp thrice", LogSumExp(thrice), {.digits = 17});
  CHECK(shifted == 0);
  for (const std::vector<double>& logits : {twice, thrice}) {
    CHECK(LogSumExp(logits) == RoundTo<double>(LogSumExpOracle(logits)));
  }
}
/** Not 0: the true value for these two doubles is {{LogSumExp twice}}, all of
it the distance from \f$\ln 2\f$ to its double. The shifted formula, in double,
is exactly 0 and has no digit right. Rewriting it with `log1p` does not help,
since \f$\ln 2\f$ is rounded before it is subtracted. It takes a sum that is
carried in two doubles to the end, and even those do not last for ever: with
three logits of \f$-\ln 3\f$ they leave open which double is the nearest. Where
that happens the library counts on in as many digits as it takes.

\section ch03_summary In three sentences
The logarithm turns products into sums and tiny probabilities into handy
numbers, and keeps every order. It must be taken before the rounding, not after
it: log-softmax is the logit less the log-sum-exp, which lies between the
maximum and the maximum plus \f$\ln n\f$. A shifted softmax is off by at most
\f$(n + 2 + (a - z_j) + \ln n)u\f$, because classes far behind weigh too little
to spoil the sum.

\section ch03_exercises Exercises
The stubs are in `exercise.cpp`; the program `exercise_03_log` compares your
answers with the exact ones.
1. Write log-softmax that survives any offset and any lead behind.
2. Write the logarithm of \f$e^a + e^b\f$ from \f$a\f$ and \f$b\f$, with
   infinities.
3. Write log-sum-exp in one pass over logits that you may read once only.
4. Write the log-softmax of two logits so that a lead of 60 keeps its digits, on
   whichever side it is.
5. On paper: for which row of \f$n\f$ logits is the mean gap \f$G\f$ largest,
   and how far below \f$\ln n\f$ does it stay?

\section ch03_sources Sources
- P. Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the
  log-sum-exp and softmax functions", IMA Journal of Numerical Analysis 41(4),
  2021: error bounds, shifted, unshifted and without division.
- N. J. Higham, "Accuracy and Stability of Numerical Algorithms", second
  edition, 2002: the analysis of sums used in step 2 of the proof.
- Highway, `hwy/contrib/math/math-inl.h`, version 1.0.3: the logarithm whose
  domain leaves out 0; `tests/known_bad.h` keeps the loss that comes of it.
- PyTorch issues 11752 and 38839: log-softmax at large offsets. */
