#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "digits/classifier.h"
#include "digits/layer.h"
#include "digits/random.h"
#include "literate/literate.h"
#include "oracle/autodiff.h"
#include "oracle/ulp.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"
#include "surprisal/softmax/softmax.h"
#include "surprisal/softmax/softmax_oracle.h"

using namespace surprisal;
using namespace surprisal::digits;
using namespace surprisal::literate;

// The first training images, in their own order or in that of training.
Digits Sixteen(bool in_order_of_training) {
  std::vector<size_t> order(16);
  std::iota(order.begin(), order.end(), size_t{0});
  Random random(TrainingOptions().seed);
  if (in_order_of_training) random.Shuffle(std::span(order));
  return Select(TheClassifier<ProgressBar>(DataFolder()).data.train, order);
}

/** \page ch07_gradients 7 – Gradients
\tableofcontents
The loss says how wrong the network is. Training needs more: which way to turn
every weight, and how far. That is the gradient, and for softmax with
cross-entropy it is one line long. After this chapter you will be able to
- derive that line, \f$\nabla_z L = p - y\f$, from two simpler derivatives;
- write down the \ref g_jacobian "Jacobian" of softmax, and multiply by it
  without building it;
- check any gradient in four ways, and say how far to trust each;
- spot the subtraction that stops a \ref g_confident "confident" network from
  learning, and mend it;
- take one step of training apart down to single weights, and put it together
  again, bit for bit.

It builds on the softmax of \ref ch02_softmax "chapter 2" and on the
cross-entropy of \ref ch05_cross_entropy "chapter 5", and it ends with the
network of \ref ch01_raw_logits "chapter 1".

\section ch07_wiggle Wiggle one logit
Here are five logits and a label. The loss is \f$L(z) = \ln \sum_k e^{z_k} -
z_y\f$; the template says just that, for any kind of number. We shall feed it
four kinds before we are done. `Loss` is the library's kernel, for floats. */
const std::vector<float> kLogits = {2.44f, 3.92f, 2.50f, -1.27f, 3.23f};
constexpr Label kLabel = 1;

template <class X>
X Definition(const std::vector<X>& logits) {
  using std::exp, std::log;
  X sum(0);
  for (const X& logit : logits) sum += exp(logit);
  return log(sum) - logits[kLabel];
}

float Loss(const std::vector<float>& logits) {
  float loss = 0;
  CrossEntropy(Rows<const float>(logits), std::span(&kLabel, 1),
               std::span(&loss, 1));
  return loss;
}

// The row in another type of number, exactly.
template <class X>
std::vector<X> Logits() {
  return std::vector<X>(kLogits.begin(), kLogits.end());
}

/** Raise one logit by a sixteenth and leave the others alone. How much does the
loss change, for each unit by which the logit was raised? */
STEP("each logit has a slope") {
  const float h = 1.0f / 16, loss = Loss(kLogits);
  const std::vector<float> probs = Softmax(kLogits);
  Table slopes{.columns = {"", "logit", "probability", "slope"}};
  for (size_t c = 0; c < 5; ++c) {
    std::vector<float> raised = kLogits;
    raised[c] += h;
    const float slope = (Loss(raised) - loss) / h;
    slopes.rows.push_back(
        {"class " + std::to_string(c), kLogits[c], probs[c], slope});
    const float target = c == kLabel ? 1 : 0;
    CHECK(std::abs(slope - (probs[c] - target)) <= h / 8 + 0x1p-19f);
  }
  Show("loss", loss);
  Show("slopes", slopes, {.digits = 4});
  CHECK(loss == RoundTo<float>(Definition(Logits<Exact>())));
}
/** Compare the last two columns. Every wrong class pushes the loss up at a rate
that is nearly its own probability. The label, class 1, pulls it down, and
{{slopes[class 1][slope]}} is nearly {{slopes[class 1][probability]}} minus one.

Nearly, because a sixteenth is not nothing: the slope changes on the way, though
never faster than \f$p (1 - p) \le \frac{1}{4}\f$, so the check allows an eighth
of the step, and a little for rounding. */

/** Here is the same as a picture. The loss is a landscape over the logits; we
cut through it along three of them. */
STEP("the slope of a curve at one point") {
  const auto along = [](size_t c) {
    return [c](double shift) {
      std::vector<double> logits = Logits<double>();
      logits[c] += shift;
      return Definition(logits);
    };
  };
  Figure("slopes",
         "All three curves pass through the loss of our logits at shift 0: "
         "falling along the label's logit, rising along a likely wrong class, "
         "level along an unlikely one.",
         Curves{.x_label = "shift of one logit",
                .y_label = "loss (nats)",
                .x = {-3, 3},
                .y = {0, 4},
                .curves = {{.name = "label 1", .function = along(1)},
                           {.name = "class 4", .function = along(4)},
                           {.name = "class 3", .function = along(3)}},
                .dots = {{0, Definition(Logits<double>()), "here",
                          DotColour::kBlack}}});
  CHECK(along(1)(1) < along(1)(0));
  CHECK(along(4)(1) > along(4)(0));
}
/** Far to the left the label's curve becomes a straight line of slope -1: a
loss in nats grows no faster than the logits do. Far to the right it is flat.
What has been learnt no longer pulls.

\section ch07_loss_end From the loss to the probabilities
Now without the "nearly". Between logits and loss lie the probabilities
\f$\hat{y}\f$, and the chain rule lets us take one half at a time. The half next
to the loss is short. With targets \f$y\f$, \f$L = -\sum_j y_j \ln
\hat{y}_j\f$, and only one term has \f$\hat{y}_j\f$ in it:
\f[
\frac{\partial L}{\partial \hat{y}_j} = -\frac{y_j}{\hat{y}_j}
\f] */
std::vector<float> ProbsGradient(const std::vector<float>& targets,
                                 const std::vector<float>& probs) {
  const float upstream = 1;
  std::vector<float> d_probs(probs.size());
  CrossEntropyFromProbsGradient(
      Rows<const float>(targets), Rows<const float>(probs),
      std::span(&upstream, 1), {}, Rows<float>(d_probs));
  return d_probs;
}

STEP("the loss looks at one probability only") {
  const std::vector<float> probs = Softmax(kLogits);
  const std::vector<float> d_probs = ProbsGradient({0, 1, 0, 0, 0}, probs);
  Show("probs", probs);
  Show("d_probs", d_probs);
  const float at_label = RoundTo<float>(-1 / Exact(probs[kLabel]));
  CHECK(d_probs == std::vector<float>{0, at_label, 0, 0, 0});
}
/** Two things look alarming. Four of the five classes get nothing at all. And
the fifth gets {{d_probs[1]}} here, but a label with a probability of a
millionth would get minus a million. Both are mended by the other half.

\section ch07_jacobian From the probabilities to the logits
Softmax has as many outputs as inputs, so its derivative is a matrix,
the *Jacobian*: how does probability \f$j\f$ answer to logit \f$c\f$? Write
\f$S = \sum_k e^{z_k}\f$ and use the quotient rule. For the class's own logit,
\f[
\frac{\partial \hat{y}_j}{\partial z_j}
= \frac{e^{z_j} S - e^{z_j} e^{z_j}}{S^2} = \hat{y}_j (1 - \hat{y}_j)
\f]
and for any other, \f$e^{z_j}\f$ stays put while \f$S\f$ moves:
\f[
\frac{\partial \hat{y}_j}{\partial z_c}
= \frac{0 - e^{z_j} e^{z_c}}{S^2} = -\hat{y}_j \hat{y}_c
\f]
In one line, with \f$\delta_{jc}\f$ for 1 if \f$j = c\f$ and else 0:
\f$\hat{y}_j (\delta_{jc} - \hat{y}_c)\f$.

The library never builds this matrix. `SoftmaxVjp` takes a row \f$u\f$ and
returns row times matrix, a \ref g_vjp "vector-Jacobian product". Asked with a
1 at place \f$j\f$ and 0 elsewhere, it gives us row \f$j\f$. */
std::vector<float> Vjp(const std::vector<float>& upstream) {
  std::vector<float> d_logits(upstream.size());
  SoftmaxVjp(Rows<const float>(kLogits), Rows<const float>(upstream),
             Rows<float>(d_logits));
  return d_logits;
}

STEP("the Jacobian of softmax") {
  std::vector<std::vector<float>> jacobian(5);
  for (size_t j = 0; j < 5; ++j) {
    std::vector<float> unit(5, 0.0f);
    unit[j] = 1;
    jacobian[j] = Vjp(unit);
  }
  const std::vector<Exact> y = SoftmaxOracle(Logits<double>());
  for (size_t j = 0; j < 5; ++j) {
    double sum = 0, size = 0;
    for (size_t c = 0; c < 5; ++c) {
      const int delta = j == c ? 1 : 0;
      CHECK(jacobian[j][c] == RoundTo<float>(y[j] * (delta - y[c])));
      CHECK(jacobian[j][c] == jacobian[c][j]);
      sum += jacobian[j][c];
      size += std::abs(jacobian[j][c]);
    }
    CHECK(std::abs(sum) <= 0x1p-24 * size);
  }
  Show("jacobian", jacobian, {.digits = 3});
}
/** The diagonal is positive: raise a logit, and its probability rises. All else
is negative: the others pay for it. They pay exactly, since probabilities always
sum to one: each row sums to \f$\hat{y}_j (1 - \sum_c \hat{y}_c) = 0\f$, up to
the rounding of its entries. And the matrix is its own mirror image. What class
0 does to class 4, {{jacobian[0][4]}}, class 4 does to class 0.

\section ch07_product The product
Now multiply the halves. Logit \f$c\f$ acts on the loss through every
probability:
\f[
\frac{\partial L}{\partial z_c}
= \sum_j -\frac{y_j}{\hat{y}_j} \, \hat{y}_j (\delta_{jc} - \hat{y}_c)
= -y_c + \hat{y}_c \sum_j y_j
= \hat{y}_c - y_c
\f]
The \f$\hat{y}_j\f$ below the line meets the \f$\hat{y}_j\f$ above it, and both
are gone: no matter how small the label's probability, nothing explodes. The
last step needs targets that sum to one. For a label, the result is
\f$\hat{y}_c\f$ at every wrong class and \f$\hat{y}_c - 1\f$ at the right one.
*/
std::vector<float> LossGradient(const std::vector<float>& logits) {
  std::vector<float> d_logits(logits.size());
  CrossEntropyGradient(Rows<const float>(logits), std::span(&kLabel, 1),
                       Rows<float>(d_logits));
  return d_logits;
}

STEP("two halves, and the whole") {
  const std::vector<float> probs = Softmax(kLogits), y = {0, 1, 0, 0, 0};
  const std::vector<float> by_halves = Vjp(ProbsGradient(y, probs));
  const std::vector<float> d_logits = LossGradient(kLogits);
  const std::vector<Exact> exact = SoftmaxOracle(Logits<double>());
  Table errors{.columns = {"", "gradient", "error", "by halves", "its error"}};
  for (size_t c = 0; c < 5; ++c) {
    const Exact truth = exact[c] - y[c];
    errors.rows.push_back({"class " + std::to_string(c), d_logits[c],
                           UlpError(d_logits[c], truth), by_halves[c],
                           UlpError(by_halves[c], truth)});
    CHECK(d_logits[c] == RoundTo<float>(truth));
    CHECK(UlpError(by_halves[c], truth) <= 3);
  }
  Show("errors in ulp", errors, {.digits = 4});
  Figure("gap",
         "The gradient is the gap between what the network believes and what "
         "is true.",
         Bars{.labels = {"0", "1 (label)", "2", "3", "4"},
              .series = {{"probability", {probs.begin(), probs.end()}},
                         {"target", {y.begin(), y.end()}},
                         {"gradient", {d_logits.begin(), d_logits.end()}}}});
}
/** The two agree to four digits, and not to the last bit: look at class 3. The
halves round three times: the probability, its reciprocal, the product. So they
may be wrong by up to three units in the last place. The fused kernel rounds
once, and a test can ask for the very bits.

Read the gradient as a list of demands. Descent goes against it: the label's
logit is to rise, each other logit to fall, in proportion to the belief that was
misplaced there. The demands sum to zero, for raising all logits together
changes no probability, as \ref ch02_softmax "chapter 2" showed.

\section ch07_finite First check: finite differences
You have derived a gradient. How would you know if you had slipped? Wiggle
again, both ways this time, so that the curvature cancels:
\f[
\frac{L(z + h) - L(z - h)}{2 h} = L'(z) + \frac{h^2}{6} L'''(\zeta)
\f]
Along one logit, \f$L''' = p (1 - p) (1 - 2 p)\f$, whose size never reaches
1/10. So the formula is off by less than \f$h^2 / 60\f$, and a smaller step
should always be better. Is it? */
template <class T>
double CentralDifference(double h) {
  const auto loss = [](double shift) {
    std::vector<Exact> logits = Logits<Exact>();
    logits[0] += shift;
    return static_cast<double>(RoundTo<T>(Definition(logits)));
  };
  return (loss(h) - loss(-h)) / (2 * h);
}

template <class T>
Curve ErrorBySteps(const std::string& name, int smallest) {
  const Exact truth = SoftmaxOracle(Logits<double>())[0];
  const double epsilon = std::numeric_limits<T>::epsilon();
  Curve curve{.name = name};
  for (int k = smallest; k >= 1; --k) {
    const double h = std::ldexp(1.0, -k);
    const Exact slope = CentralDifference<T>(h);
    const double error = static_cast<double>(Exact(abs(slope - truth)));
    CHECK(error <= h * h / 60 + epsilon / 4 / h);
    curve.points.push_back({std::log10(h), std::log10(error)});
  }
  return curve;
}

// Where the bound is least, and what it is there.
Dot Predicted(double epsilon) {
  const double h = std::cbrt(7.5 * epsilon);
  return {std::log10(h), std::log10(h * h / 20), "promise", DotColour::kRed};
}

STEP("smaller is better, until it is worse") {
  Figure("finite_differences",
         "Error of the central difference against its step, both as powers of "
         "ten. Two Vs: to the right the formula errs, to the left the rounding "
         "does. The dots are what theory promises for the best step.",
         Curves{.x_label = "log10 of the step h",
                .y_label = "log10 of the error",
                .curves = {ErrorBySteps<float>("float", 22),
                           ErrorBySteps<double>("double", 50)},
                .dots = {Predicted(0x1p-23), Predicted(0x1p-52)}});
  Show("best step",
       std::vector<double>{std::cbrt(7.5 * 0x1p-23), std::cbrt(7.5 * 0x1p-52)});
  Show("float, h = 2^-22", CentralDifference<float>(0x1p-22));
  Show("exactly", static_cast<double>(SoftmaxOracle(Logits<double>())[0]));
}
/** It is not. To the left of each valley the step is so small that the two
losses differ only in their last bits, and those bits are rounding. At
\f$h = 2^{-22}\f$ floats answer {{float, h = 2^-22}}; the truth is {{exactly}}.

The theory is short. Each loss lies between 1/2 and 1 and is rounded by at most
\f$\varepsilon / 4\f$, where \f$\varepsilon\f$ is the gap between 1 and the next
number. Two such errors, divided by \f$2 h\f$, join the formula's own:
\f[
\text{error} \le \frac{h^2}{60} + \frac{\varepsilon}{4 h}
\f]
The step checks this at every point of both curves. The right side is least
where \f$h^3 = 7.5 \, \varepsilon\f$: at {{best step[0]:2}} for floats,
{{best step[1]:2}} for doubles. (The curves dip a little lower, wherever
rounding happened to be kind.) There it is \f$h^2 / 20\f$, of the order
\f$\varepsilon^{2/3}\f$: of the digits a number has,
\ref g_finite_difference "finite differences" can promise two thirds. That is
plenty to catch a slip in a formula, and far too little to judge a kernel by.

\section ch07_complex Second check: a step in another direction
The trouble was the subtraction. Can we do without it? Step sideways, into the
complex plane:
\f[
L(z + i h) = L(z) + i h L'(z) - \frac{h^2}{2} L''(z) - \cdots
\f]
The derivative has moved into the imaginary part, and nothing large stands
beside it. Divide that by \f$h\f$, and what the formula leaves out is of the
order \f$h^2\f$. As nothing is subtracted, \f$h\f$ may be absurdly small. Our
template takes complex numbers as it is. */
STEP("the complex step") {
  using Complex = std::complex<double>;
  std::vector<Complex> logits = Logits<Complex>();
  logits[0] += Complex(0, 1e-100);
  const double slope = Definition(logits).imag() / 1e-100;
  Show("slope", slope, {.digits = 14});
  const Exact truth = SoftmaxOracle(Logits<double>())[0];
  CHECK(UlpError(slope, truth) <= 8);
}
/** A step of \f$10^{-100}\f$, and {{slope:14}} is right in every digit shown:
off by a few roundings in the last place of a double, and no more. There is one
condition. The code must treat its number as complex throughout; an absolute
value, a maximum or a cast to `double` on the way loses the imaginary part
without a word.

\live{gradient-check,The step size against the error of three differences.}

\section ch07_autodiff Third check: let the numbers do it
Why take a step at all? Give every number a companion: its derivative. Add and
multiply the pairs \f$a + b \epsilon\f$ by the rules of algebra with
\f$\epsilon^2 = 0\f$, teach `exp` and `log` that
\f$e^{a + b \epsilon} = e^a + b e^a \epsilon\f$ and
\f$\ln(a + b \epsilon) = \ln a + \frac{b}{a} \epsilon\f$, and run the same
template again. This is *automatic differentiation*: no formula to derive and no
step to choose. Boost supplies the pairs, here of numbers with hundreds of
digits.

The fourth check is what you did with pencil and paper: the closed form
\f$\hat{y}_c - y_c\f$, in a hundred digits. That is the \ref g_oracle "oracle".
It shares no step with the third. */
STEP("four ways to one number") {
  const std::vector<double> at = Logits<double>();
  const std::vector<Exact> autodiff =
      Gradient([](const auto& logits) { return Definition(logits); }, at);
  const std::vector<Exact> closed =
      CrossEntropyGradientOracle(Rows<const double>(at), std::span(&kLabel, 1));
  const int wanted = 80;
  for (size_t c = 0; c < 5; ++c) {
    CHECK(autodiff[c].str(wanted) == closed[c].str(wanted));
  }
  const auto row = [](const char* method, const Exact& slope, int digits) {
    return std::vector<Cell>{method, slope.str(digits, std::ios::fixed)};
  };
  Show("four ways", Table{.columns = {"", "slope along logit 0"},
                          .rows = {row("differences, float",
                                       CentralDifference<float>(0x1p-7), 9),
                                   row("differences, double",
                                       CentralDifference<double>(0x1p-16), 17),
                                   row("autodiff", autodiff[0], 50),
                                   row("closed form", closed[0], 50)}});
  Show("digits asked for", wanted);
}
/** Count how far each line agrees with the last. The two at the bottom agree to
{{digits asked for}} digits and more, for every class; the check insists. Each
of the library's gradients has been through this pair of judges.

\section ch07_confident What goes wrong: p - 1
The formula is right, so let us compute it as it stands. At the label that is
\f$p - 1\f$. Take two logits, the label's ahead by more and more. */
STEP("a subtraction that silences the label") {
  Table table{.columns = {"", "p - 1", "ulp off", "mended", "still off"}};
  for (const float lead : {1.0f, 5.0f, 10.0f, 15.0f, 17.0f, 20.0f, 80.0f}) {
    const std::vector<float> logits = {0, lead};
    const float naive = Softmax(logits)[kLabel] - 1.0f;
    const float mended = LossGradient(logits)[kLabel];
    const Exact truth = -SoftmaxOracle(std::vector<double>{0, lead})[0];
    table.rows.push_back({fmt::format("lead {}", lead), naive,
                          UlpError(naive, truth), mended,
                          UlpError(mended, truth)});
    CHECK(mended == RoundTo<float>(truth));
    CHECK((naive == 0) == (lead > 25 * std::log(2.0)));
  }
  Show("confident", table, {.digits = 3});
}
/** Watch the third line, where the label leads by 10:
{{confident[lead 10][ulp off]:2}} units in the last place. The probability was
rounded to a float near 1, where floats are \f$2^{-24}\f$ apart, and the
subtraction lays the rounding bare. From \f$p > 1 - 2^{-25}\f$ on, a lead of
\f$25 \ln 2\f$, the float is 1 and the gradient is 0. At a lead of 20 it should
be {{confident[lead 20][mended]}}.

The cure costs nothing. One minus the label's probability *is* the sum of the
others, and here none of those is near 1:
\f[
\frac{\partial L}{\partial z_y} = -\sum_{k \ne y} \hat{y}_k
\f]
Does it matter on real digits? Let us count, over all training images, how many
labels the trained network of chapter 1 could no longer learn from. */
STEP("the images that fall silent") {
  const Classifier& made = TheClassifier<ProgressBar>(DataFolder());
  const std::vector<float> logits = made.trained.Logits(made.data.train);
  const size_t images = made.data.train.count;
  const Rows<const float> rows(logits.data(), images, kDigitClasses);
  std::vector<float> probs(logits.size()), d_logits(logits.size());
  Softmax(rows, Rows<float>(probs.data(), images, kDigitClasses));
  CrossEntropyGradient(rows, made.data.train.labels,
                       Rows<float>(d_logits.data(), images, kDigitClasses),
                       {.reduction = Reduction::kNone});
  size_t naive = 0, mended = 0;
  for (size_t i = 0; i < images; ++i) {
    const size_t at = i * kDigitClasses + made.data.train.labels[i];
    naive += probs[at] - 1.0f == 0 ? 1 : 0;
    mended += d_logits[at] == 0 ? 1 : 0;
  }
  Show("silent", Table{.columns = {"", "images with gradient 0"},
                       .rows = {{"p - 1", naive},
                                {"minus the others", mended},
                                {"of", images}}});
  CHECK(naive > 0);
  CHECK(mended == 0);
}
/** With \f$p - 1\f$ the gradient at the label is 0 for
{{silent[p - 1][1]}} of {{silent[of][1]}} images. They tell their label nothing
at all, while they still push the nine others down. A float has room for numbers
down to \f$10^{-45}\f$; the subtraction throws all of that away.

\section ch07_saturation Why not squared error?
One could also ask the probabilities to be near the targets in the school sense:
\f$\sum_c (\hat{y}_c - y_c)^2\f$. Its gradient by the probabilities is
\f$2 (\hat{y} - y)\f$, tame and finite. But then comes the Jacobian, and here
nothing cancels it. With two classes and a wrong one that has the probability
\f$q\f$, the pull on the label's logit is \f$q\f$ for cross-entropy and
\f$4 q^2 (1 - q)\f$ for squared error. */
STEP("squared error gives up on what is badly wrong") {
  const auto q = [](double lead) { return 1 / (1 + std::exp(-lead)); };
  const auto squared = [&](double lead) {
    return 4 * q(lead) * q(lead) * (1 - q(lead));
  };
  Figure("pull",
         "Pull on the label's logit. Cross-entropy pulls the harder the more "
         "wrong the network is; squared error lets go.",
         Curves{.x_label = "lead of the wrong class",
                .y_label = "pull",
                .x = {-6, 10},
                .y = {0, 1.1},
                .curves = {{.name = "cross-entropy", .function = q},
                           {.name = "squared error", .function = squared}}});
  Show("pull at a lead of 10", std::vector<double>{q(10), squared(10)});
  const std::vector<double> wrong = {10, 0};
  const auto loss = [](const auto& z) {
    return pow(exp(z[0]) / (exp(z[0]) + exp(z[1])), 2) * 2;
  };
  CHECK(RoundTo<float>(-Gradient(loss, wrong)[1]) ==
        static_cast<float>(squared(10)));
  CHECK(squared(std::log(2.0) - 0.01) < squared(std::log(2.0)));
  CHECK(squared(std::log(2.0) + 0.01) < squared(std::log(2.0)));
}
/** Beyond a lead of \f$\ln 2\f$, where \f$q = \frac{2}{3}\f$, squared error
pulls the less the more wrong it is. At a lead of 10 cross-entropy pulls with
{{pull at a lead of 10[0]}}, squared error with {{pull at a lead of 10[1]:2}}.
The \f$-y / \hat{y}\f$ that looked so alarming is what keeps the first one
alive: it undoes the fading of the Jacobian.

\section ch07_descent Downhill, by hand
Now use the gradient. Three logits that strongly believe in class 0, and the
simplest rule there is: subtract the gradient, and again. One run is told that
class 1 is right; the other, that half of such cases are class 1 and a quarter
each of the rest.

How large a step is safe? The curvature is the Jacobian again, and the absolute
values in one of its rows sum to \f$2 \hat{y}_j (1 - \hat{y}_j) \le
\frac{1}{2}\f$, so no direction curves more than that. A step of rate
\f$\eta\f$ against a gradient \f$g\f$ then lowers the loss by at least
\f$\eta (1 - \frac{\eta}{4}) \lVert g \rVert^2\f$: three quarters of the
gradient's square at rate 1. The check grants \f$2^{-20}\f$ more, for the
rounding of floats. */
Curve Descend(const std::string& name, std::vector<float> logits,
              const std::vector<float>& targets) {
  Curve losses{.name = name};
  double promised = std::numeric_limits<double>::infinity();
  for (int step = 0; step <= 30; ++step) {
    float loss = 0;
    std::vector<float> d_logits(3);
    CrossEntropyWithGradient(Rows<const float>(logits),
                             Rows<const float>(targets), std::span(&loss, 1),
                             Rows<float>(d_logits));
    CHECK(loss <= promised + 0x1p-20);
    losses.points.push_back({step, loss});
    promised = loss;
    for (size_t c = 0; c < 3; ++c) {
      promised -= 0.75 * d_logits[c] * d_logits[c];
      logits[c] -= d_logits[c];
    }
  }
  return losses;
}

STEP("thirty steps") {
  const std::vector<float> start = {2, -1, 0};
  const Curve hard = Descend("label 1", start, {0, 1, 0});
  const Curve soft = Descend("1/4, 1/2, 1/4", start, {0.25f, 0.5f, 0.25f});
  Figure("descent",
         "The loss falls at every step: towards 0 for a label, towards the "
         "targets' own entropy for soft targets.",
         Curves{.x_label = "step",
                .y_label = "loss (nats)",
                .x = {0, 30},
                .y = {0, 3.5},
                .curves = {hard, soft}});
  const double entropy = 1.5 * std::log(2.0);
  Show("last losses",
       std::vector<double>{hard.points[30].second, soft.points[30].second});
  Show("entropy", entropy);
  CHECK(soft.points[30].second >= static_cast<float>(entropy));
}
/** Soft targets have a floor, {{entropy}} nats, the entropy of
\ref ch06_entropy_and_kl "chapter 6": there \f$\hat{y} = y\f$ and the gradient
is 0. A hard label has none: its probability never quite reaches 1, and the
logits run apart for as long as you let them.

\section ch07_loop Closing the loop
The loss of a batch is a mean over its \f$N\f$ rows, so every entry of its
gradient carries a factor \f$\frac{1}{N}\f$: each row has one vote. Hand in our
row four times, and each copy gets a quarter of the pull. */
STEP("a mean gives each row one vote") {
  const std::vector<Label> labels(4, kLabel);
  std::vector<float> batch, d_batch(20), d_row = LossGradient(kLogits);
  for (int i = 0; i < 4; ++i) {
    batch.insert(batch.end(), kLogits.begin(), kLogits.end());
  }
  CrossEntropyGradient(Rows<const float>(batch.data(), 4, 5), labels,
                       Rows<float>(d_batch.data(), 4, 5));
  Show("d_row", d_row);
  Show("d_batch", d_batch);
  for (size_t i = 0; i < 20; ++i) CHECK(d_batch[i] == d_row[i % 5] / 4);
}
/** So a batch of any size takes steps of one size, and the learning rate need
not know how many rows there were. */

/** In chapter 1 a network learnt digits, and the step it took was left in the
dark. Here it is, from parts. A batch of 16 images goes forward: pixels, hidden
layer, ReLU, ten logits for each. `CrossEntropyWithGradient` turns these into a
loss and `d_logits`. Then the chain rule once more, through \f$z = a W + b\f$:
\f[
\frac{\partial L}{\partial a_j} = \sum_c \frac{\partial L}{\partial z_c} W_{jc}
\qquad
\frac{\partial L}{\partial W_{jc}} = a_j \frac{\partial L}{\partial z_c}
\f]
The first sum passes the gradient on to the layer below, wherever its ReLU was
open. `Layer::Learn` computes the second and takes the step. */
SparseMatrix Positive(const std::vector<float>& values, size_t columns) {
  SparseMatrix rows;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] > 0) rows.Append(i % columns, values[i]);
    if ((i + 1) % columns == 0) rows.EndRow();
  }
  return rows;
}

float StepByHand(const Digits& batch, double rate, Layer& hidden,
                 Layer& output) {
  std::vector<float> ink;
  for (const uint8_t pixel : batch.pixels) ink.push_back(pixel / 255.0f);
  const SparseMatrix x = Positive(ink, kPixels);
  const std::vector<float> z = hidden.Apply(x);
  const SparseMatrix a = Positive(z, hidden.stride);
  const std::vector<float> logits = output.Apply(a);

  float loss = 0;
  std::vector<float> d_logits(logits.size()), d_z(z.size());
  CrossEntropyWithGradient(
      Rows<const float>(logits.data(), batch.count, 10, output.stride),
      batch.labels, std::span(&loss, 1),
      Rows<float>(d_logits.data(), batch.count, 10, output.stride));

  for (size_t i = 0; i < z.size(); ++i) {
    const float* d = &d_logits[i / hidden.stride * output.stride];
    const float* w = &output.weights[i % hidden.stride * output.stride];
    double sum = 0;
    for (size_t c = 0; c < 10; ++c) sum += static_cast<double>(d[c]) * w[c];
    d_z[i] = z[i] > 0 ? static_cast<float>(sum) : 0;
  }
  output.Learn(a, d_logits, rate);
  hidden.Learn(x, d_z, rate);
  return loss;
}

STEP("one step of training, from its parts") {
  const double rate = TrainingOptions().learning_rate;
  Network network;
  Layer hidden = network.hidden(), output = network.output();
  const float before = StepByHand(Sixteen(true), rate, hidden, output);

  Train(network, Sixteen(false), {.epochs = 1, .batch = 16});
  CHECK(hidden.weights == network.hidden().weights);
  CHECK(hidden.biases == network.hidden().biases);
  CHECK(output.weights == network.output().weights);
  CHECK(output.biases == network.output().biases);

  const float after = StepByHand(Sixteen(true), rate, hidden, output);
  Show("weights and biases", 784 * 128 + 128 + 128 * 10 + 10);
  Show("loss before", before);
  Show("loss after", after);
  CHECK(after < before);
}
/** One step, and the loss of these 16 images falls from {{loss before}} to
{{loss after}}. Our parts and the training loop agree on all
{{weights and biases}} numbers, bit for bit. There is nothing more in there than
what you have read. */

/** Did the gradient tell us how far the loss would fall? To first order, a step
of rate \f$\eta\f$ lowers it by \f$\eta \lVert g \rVert^2\f$, summed over all
the weights. They move by \f$\eta g\f$, so we can read that off how far they
went.
*/
double SquaredMove(const Layer& from, const Layer& to) {
  double sum = 0;
  for (const auto part : {&Layer::weights, &Layer::biases}) {
    for (size_t i = 0; i < (from.*part).size(); ++i) {
      const double start = (from.*part)[i], end = (to.*part)[i];
      sum += (end - start) * (end - start);
    }
  }
  return sum;
}

STEP("the slope is a promise for small steps") {
  const Network from;
  Table table{.columns = {"", "promised", "kept", "share"}};
  double last_share = 0;
  for (const double rate : {TrainingOptions().learning_rate, 0.05, 0.0125}) {
    Layer hidden = from.hidden(), output = from.output();
    const float before = StepByHand(Sixteen(true), rate, hidden, output);
    const double promised = (SquaredMove(from.hidden(), hidden) +
                             SquaredMove(from.output(), output)) /
                            rate;
    const float after = StepByHand(Sixteen(true), rate, hidden, output);
    const double share = (before - after) / promised;
    table.rows.push_back(
        {fmt::format("rate {}", rate), promised, before - after, share});
    CHECK(share > last_share);
    CHECK(share < 1);
    last_share = share;
  }
  Show("promises", table, {.digits = 3});
  Show("steps of training",
       TheClassifier<ProgressBar>(DataFolder()).report.step_losses.size());
}
/** A large step leaves the slope behind and breaks its promise; a small one
keeps nearly all of it. At the rate that trained the network,
{{promises[0][share]:2}} of the promised fall arrived. Training is this trade,
made {{steps of training}} times: steps large enough to get somewhere, small
enough that the slope still speaks the truth.

\section ch07_summary Summary
The gradient of softmax with cross-entropy is \f$p - y\f$: a large slope at the
loss and a flat Jacobian cancel into the gap between belief and truth. Finite
differences catch a slip, the \ref g_complex_step "complex step" and automatic
differentiation settle it, and a hundred digits judge the last bit. At the
label, add up the others: \f$p - 1\f$ is right on paper and zero in a float.

\section ch07_exercises Exercises
`exercise.cpp` has a stub for each; `exercise_07_gradients` says which are
solved.
1. Multiply a row by the Jacobian in time proportional to the number of classes,
without the matrix. Which number do all classes share?
2. The loss's gradient of one row, in floats: right to one unit in the last
place, however far the label leads. Where does the maximum go?
3. Divide the logits by a temperature \f$T\f$ first. What becomes of \f$p -
y\f$?
4. Two central differences, with steps \f$h\f$ and \f$h / 2\f$, can be combined
so that their \f$h^2\f$ terms cancel. How many digits of a double does that
promise?
5. The entropy of softmax's output depends on the logits, too. Derive its
gradient, and see why it vanishes both for a uniform and for a certain row.

\section ch07_sources Sources
- D. E. Rumelhart, G. E. Hinton and R. J. Williams, "Learning representations by
back-propagating errors", 1986: the chain rule through the layers.
- J. S. Bridle, "Training stochastic model recognition algorithms as networks
can lead to maximum mutual information estimation of parameters", 1990: softmax,
and its gradient with this loss.
- W. Squire and G. Trapp, "Using complex variables to estimate derivatives of
real functions", 1998: the complex step.
- A. Griewank and A. Walther, "Evaluating derivatives", 2008: automatic
differentiation.
- D. Böhning, "Multinomial logistic regression algorithm", 1992: the bound 1/2
on the curvature. */
