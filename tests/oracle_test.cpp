#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "oracle/rounding.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy_oracle.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"
#include "surprisal/entropy/entropy_oracle.h"
#include "surprisal/exp/exp_oracle.h"
#include "surprisal/expm1/expm1_oracle.h"
#include "surprisal/kl_divergence/kl_divergence_oracle.h"
#include "surprisal/log/log_oracle.h"
#include "surprisal/log1p/log1p_oracle.h"
#include "surprisal/log_softmax/log_softmax_oracle.h"
#include "surprisal/log_sum_exp/log_sum_exp_oracle.h"
#include "surprisal/nll/nll_oracle.h"
#include "surprisal/sigmoid/sigmoid_oracle.h"
#include "surprisal/softmax/softmax_oracle.h"
#include "surprisal/softplus/softplus_oracle.h"

namespace surprisal {
namespace {

using Row = std::vector<double>;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kLn2 = 0x1.62e42fefa39efp-1;

/// Arguments at which something goes wrong in a less careful formula.
const Row kHardArguments = {
    0.0,      -0.0,   5e-324,  -5e-324,       1e-300,        -1e-300, 0x1p-53,
    -0x1p-53, 1e-5,   -1e-5,   0.3,           -0.3,          0.5,     -0.5,
    0.75,     -0.75,  1.0,     2.5,           -2.5,          40.0,    -40.0,
    88.7,     -103.9, 300.0,   -300,          700.0,         -700.0,  745.25,
    -745.25,  5000.0, -5000.0, 1.0 + 0x1p-52, -1.0 + 0x1p-53};

/// Rows whose exponentials lie in the range of Wide.
const std::vector<Row> kHardRows = {
    {0},
    {7, 7, 7, 7, 7, 7},
    {0, -700},
    {-700, 0},
    {0, -700, -700},
    {16.942384719848633, 0},
    {90, 2, -2},
    {-kLn2, -kLn2},
    {0, -40},
    {-40, 0},
    {0, -kInf, 3, -kInf},
    {5e-324, -5e-324, 0},
    {700, 699.5, -700, 3},
    {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
    {1e4, 1e4 + 1, 1e4 - 1},
    {256, -0x1p-16},
};

/// Rows whose exponentials are beyond any number type here.
const std::vector<Row> kFarRows = {{-700},
                                   {1e30, 1e30, 1e30},
                                   {-1e30, -1e30},
                                   {1e30, -1e30},
                                   {1e308, 1e308, -1e308},
                                   {-1e308, -kInf, 0},
                                   {0x1p53, 0x1p53 + 2, 0x1p53},
                                   {3e9, 3e9 + 0.5, 3e9 - 40},
                                   {0, -3e9},
                                   {1e30, -kInf, 1e30}};

std::vector<Row> AllRows() {
  std::vector<Row> rows = kHardRows;
  rows.insert(rows.end(), kFarRows.begin(), kFarRows.end());
  return rows;
}

std::string Text(const Row& row) {
  std::string text = "[";
  for (const double x : row) text += " " + std::to_string(x);
  return text + " ]";
}

template <class N, class M>
void CheckDigits(const std::vector<N>& got, const std::vector<M>& wanted,
                 double digits) {
  REQUIRE(got.size() == wanted.size());
  for (size_t i = 0; i < got.size(); ++i) {
    CAPTURE(i);
    CAPTURE(got[i].str(25));
    CAPTURE(wanted[i].str(25));
    CHECK(AgreeingDigits(got[i], wanted[i]) >= digits);
  }
}

/// `of` is called with an N that says which number type to answer in.
template <class Of>
void CheckAtTwiceTheDigits(const Of& of, double digits = 95) {
  CheckDigits(of(Exact()), of(TwiceExact()), digits);
}

/// Whether the double nearest to x is the given one.
bool RoundsTo(const Exact& x, double wanted) {
  CAPTURE(x.str(25));
  return static_cast<double>(x) == wanted;
}

bool IsNaN(const std::vector<Exact>& row) {
  return std::ranges::all_of(row, [](const Exact& x) { return isnan(x); });
}

bool IsPlusZero(const Exact& x) { return x == 0 && !signbit(x); }

/// A row of each kind at which softmax and everything after it is NaN.
const std::vector<Row> kSpoiltRows = {
    {0, kNaN}, {kNaN}, {0, kInf}, {kInf, kInf}, {-kInf}, {-kInf, -kInf, -kInf}};

TEST_CASE("elementwise oracles agree with themselves at twice the digits") {
  for (const double x : kHardArguments) {
    CAPTURE(x);
    CheckAtTwiceTheDigits([x]<class N>(N) {
      return std::vector<N>{ExpOracle<N>(x),
                            LogOracle<N>(x),
                            Log1pOracle<N>(x),
                            Expm1Oracle<N>(x),
                            SigmoidOracle<N>(x),
                            SoftplusOracle<N>(x),
                            LogSigmoidOracle<N>(x),
                            ExpVjpOracle<N>(x, 3),
                            LogVjpOracle<N>(x, 3),
                            Log1pVjpOracle<N>(x, 3),
                            Expm1VjpOracle<N>(x, 3),
                            SigmoidVjpOracle<N>(x, 3),
                            SoftplusVjpOracle<N>(x, 3),
                            LogSigmoidVjpOracle<N>(x, 3)};
    });
  }
}

TEST_CASE("elementwise oracles are their definitions in 500 digits") {
  for (const double x : kHardArguments) {
    CAPTURE(x);
    const Wide wide = x;
    if (x > 0) CheckDigits<Exact, Wide>({LogOracle(x)}, {log(wide)}, 95);
    if (x > -1) {
      CheckDigits<Exact, Wide>({Log1pOracle(x)}, {Log1pDefinition(wide)}, 95);
    }
    CheckDigits<Exact, Wide>(
        {ExpOracle(x), Expm1Oracle(x), SigmoidOracle(x)},
        {ExpDefinition(wide), Expm1Definition(wide), SigmoidDefinition(wide)},
        95);
    if (std::fabs(x) > 1000) continue;  // 500 digits do not hold 1 + e^-5000
    CheckDigits<Exact, Wide>(
        {SoftplusOracle(x), LogSigmoidOracle(x)},
        {SoftplusDefinition(wide), LogSigmoidDefinition(wide)}, 95);
  }
}

TEST_CASE("elementwise oracles have the special values of their contracts") {
  for (const Exact& y :
       {ExpOracle(kNaN), LogOracle(kNaN), Log1pOracle(kNaN), Expm1Oracle(kNaN),
        SigmoidOracle(kNaN), SoftplusOracle(kNaN), LogSigmoidOracle(kNaN),
        LogOracle(-1), LogOracle(-kInf), LogOracle(-5e-324), Log1pOracle(-2),
        Log1pOracle(-1 - 0x1p-52), Log1pOracle(-kInf)}) {
    CHECK(isnan(y));
  }
  for (const Exact& y : {ExpOracle(kInf), LogOracle(kInf), Log1pOracle(kInf),
                         Expm1Oracle(kInf), SoftplusOracle(kInf)}) {
    CHECK(y == Infinity<Exact>());
  }
  for (const Exact& y : {LogOracle(0.0), LogOracle(-0.0), Log1pOracle(-1),
                         LogSigmoidOracle(-kInf)}) {
    CHECK(y == -Infinity<Exact>());
  }
  for (const Exact& y :
       {ExpOracle(-kInf), LogOracle(1), Log1pOracle(0.0), Expm1Oracle(0.0),
        SigmoidOracle(-kInf), SoftplusOracle(-kInf)}) {
    CHECK(IsPlusZero(y));
  }
  for (const Exact& y :
       {Log1pOracle(-0.0), Expm1Oracle(-0.0), LogSigmoidOracle(kInf)}) {
    CHECK(y == 0);
    CHECK(signbit(y));
  }
  CHECK(Expm1Oracle(-kInf) == -1);
  CHECK(SigmoidOracle(kInf) == 1);
  CHECK(SigmoidOracle(0) == 0.5);
  CHECK(Log1pVjpOracle(-1, 2) == Infinity<Exact>());
  CHECK(LogVjpOracle(0.0, -2) == -Infinity<Exact>());
  CHECK(SigmoidVjpOracle(kInf, 3) == 0);
  CHECK(ExpVjpOracle(1e30, 0) == 0);
}

TEST_CASE("what no digits hold still lies on its own side") {
  CHECK(ExpOracle(-1e30) > 0);
  CHECK(ExpOracle(1e30) == Infinity<Exact>());
  CHECK(ExpOracle(5e-324) > 1);
  CHECK(ExpOracle(-5e-324) < 1);
  CHECK(SigmoidOracle(-1e30) > 0);
  CHECK(SigmoidOracle(1e30) < 1);
  CHECK(SoftplusOracle(1e30) > 1e30);
  CHECK(LogSigmoidOracle(-1e30) < -1e30);
  CHECK(LogSigmoidOracle(1e30) < 0);
  CHECK(SoftmaxOracle(Row{1e30, -1e30})[0] < 1);
  CHECK(SoftmaxOracle(Row{1e30, -1e30})[1] > 0);
  CHECK(LogSoftmaxOracle(Row{1e30, -1e30})[0] < 0);
  // 16777217 lies half way between two floats. The loss is e^-16777217 above.
  const std::vector<Label> label = {1};
  CHECK(CrossEntropyOracle(Row{16777216, -1}, label)[0] > 16777217);
}

// e^-x has as many digits fewer as x has before the point.
TEST_CASE("row oracles agree with themselves at twice the digits") {
  for (const Row& row : AllRows()) {
    const std::string logits = Text(row);
    CAPTURE(logits);
    Row upstream(row.size());
    for (size_t c = 0; c < row.size(); ++c) upstream[c] = c % 2 ? 0.7 : -1.1;
    CheckAtTwiceTheDigits(
        [&]<class N>(N) { return std::vector<N>{LogSumExpOracle<N>(row)}; },
        80);  // it may cancel
    CheckAtTwiceTheDigits([&]<class N>(N) { return SoftmaxOracle<N>(row); });
    CheckAtTwiceTheDigits(
        [&]<class N>(N) { return SoftmaxOracle<N>(row, 1e-3); }, 90);
    CheckAtTwiceTheDigits([&]<class N>(N) { return LogSoftmaxOracle<N>(row); },
                          90);
    CheckAtTwiceTheDigits(
        [&]<class N>(N) { return LogSoftmaxOracle<N>(row, 3); }, 90);
    CheckAtTwiceTheDigits(
        [&]<class N>(N) { return SoftmaxVjpOracle<N>(row, upstream); });
    CheckAtTwiceTheDigits(
        [&]<class N>(N) { return LogSoftmaxVjpOracle<N>(row, upstream, 7); });
    CheckAtTwiceTheDigits([&]<class N>(N) {
      return std::vector<N>{EntropyOfLogitsOracle<N>(row)};
    });
    CheckAtTwiceTheDigits(
        [&]<class N>(N) { return EntropyOfLogitsGradientOracle<N>(row); }, 90);
  }
}

TEST_CASE("row oracles are their definitions in 500 digits") {
  for (const Row& row : kHardRows) {
    const std::string logits = Text(row);
    CAPTURE(logits);
    const std::vector<Wide> wide = Widened<Wide>(row);
    std::vector<Wide> probs, log_probs, cooled;
    for (size_t c = 0; c < row.size(); ++c) {
      probs.push_back(SoftmaxDefinition(wide, c));
      log_probs.push_back(LogSoftmaxDefinition(wide, c));
      cooled.push_back(SoftmaxDefinition(wide, c, 0.5));
    }
    CheckDigits(SoftmaxOracle(row), probs, 95);
    CheckDigits(SoftmaxOracle(row, 0.5), cooled, 95);
    CheckDigits(LogSoftmaxOracle(row), log_probs, 95);
    CheckDigits<Exact, Wide>({LogSumExpOracle(row)},
                             {LogSumExpDefinition(wide)}, 80);
    if (std::ranges::count(row, -kInf) != 0) continue;
    CheckDigits<Exact, Wide>({EntropyOfLogitsOracle(row)},
                             {EntropyOfLogitsDefinition(wide)}, 95);
  }
}

TEST_CASE("a row without probabilities makes everything after it NaN") {
  for (const Row& row : kSpoiltRows) {
    const std::string logits = Text(row);
    CAPTURE(logits);
    const std::vector<Label> label = {0};
    CHECK(IsNaN(SoftmaxOracle(row)));
    CHECK(IsNaN(SoftmaxVjpOracle(row, row)));
    CHECK(IsNaN(LogSoftmaxOracle(row)));
    CHECK(IsNaN(LogSoftmaxVjpOracle(row, row)));
    CHECK(IsNaN({EntropyOfLogitsOracle(row)}));
    CHECK(IsNaN(EntropyOfLogitsGradientOracle(row)));
    CHECK(IsNaN(CrossEntropyOracle(row, label)));
    CHECK(IsNaN(CrossEntropyOracle(row, Row(row.size(), 0.0))));
    CHECK(IsNaN(CrossEntropyGradientOracle(row, label)));
  }
}

TEST_CASE("log-sum-exp has a value wherever the row has no NaN") {
  CHECK(isnan(LogSumExpOracle(Row{kInf, kNaN})));
  CHECK(LogSumExpOracle(Row{kInf, 0}) == Infinity<Exact>());
  CHECK(LogSumExpOracle(Row{-kInf, kInf}) == Infinity<Exact>());
  CHECK(LogSumExpOracle(Row{-kInf, -kInf}) == -Infinity<Exact>());
  CHECK(IsPlusZero(LogSumExpOracle(Row{0, -kInf})));
  for (const Exact& d : LogSumExpGradientOracle(Row{-kInf, -kInf})) {
    CHECK(IsPlusZero(d));
  }
  CHECK(IsNaN(LogSumExpGradientOracle(Row{kInf, 0})));
  CHECK(IsNaN(LogSumExpGradientOracle(Row{kNaN, 0})));
}

TEST_CASE("log-sum-exp keeps its digits near its zero and at any offset") {
  CHECK(RoundsTo(LogSumExpOracle(Row{-kLn2, -kLn2}), 2.3190468138462996e-17));
  CHECK(RoundsTo(LogSumExpOracle(Row{0, -40}), 4.248354255291589e-18));
  const double minus_ln3 = -0x1.193ea7aad030bp+0;
  CHECK(RoundsTo(LogSumExpOracle(Row{minus_ln3, minus_ln3, minus_ln3}),
                 -9.0712972350015300e-17));
  const Exact ln2 = log(Exact(2));
  CHECK(AgreeingDigits(LogSumExpOracle(Row{1e30, 1e30}) - Exact(1e30), ln2) >=
        60);
  CHECK(RoundsTo(LogSumExpOracle(Row{1e308, 1e308}), 1e308));
}

TEST_CASE("a masked logit has probability 0 and no gradient") {
  const Row row = {1, -kInf, 2};
  CHECK(IsPlusZero(SoftmaxOracle(row)[1]));
  CHECK(LogSoftmaxOracle(row)[1] == -Infinity<Exact>());
  CHECK(IsPlusZero(SoftmaxVjpOracle(row, Row{1, 5, -1})[1]));
  CHECK(IsPlusZero(EntropyOfLogitsGradientOracle(row)[1]));
  CHECK(IsPlusZero(LogSumExpGradientOracle(row)[1]));
  CHECK(LogSoftmaxVjpOracle(row, Row{0, 5, 0})[1] == 5);
}

TEST_CASE("masked softmax leaves out what the mask says") {
  const std::vector<std::uint8_t> mask = {1, 0, 1}, none = {0, 0, 0};
  const std::vector<Exact> probs = MaskedSoftmaxOracle(Row{1, kNaN, 2}, mask);
  const std::vector<Exact> pair = SoftmaxOracle(Row{1, 2});
  CHECK(probs == std::vector<Exact>{pair[0], 0, pair[1]});
  CHECK(MaskedSoftmaxOracle(Row{1, kNaN, 2}, none) ==
        std::vector<Exact>(3, Exact(0)));
}

TEST_CASE("equal logits share the probability equally") {
  for (const size_t classes : {1u, 2u, 10u, 1000u}) {
    const Row row(classes, 3.25);
    CHECK(AgreeingDigits(SoftmaxOracle(row)[0], Exact(1) / classes) >= 99);
    CHECK(AgreeingDigits(EntropyOfLogitsOracle(row), log(Exact(classes))) >=
          96);
    for (const Exact& d : EntropyOfLogitsGradientOracle(row)) {
      CHECK(IsPlusZero(d));
    }
  }
}

TEST_CASE("the same upstream in every class asks for nothing") {
  for (const Exact& d : SoftmaxVjpOracle(Row{1, 2, 3.5}, Row{0.1, 0.1, 0.1})) {
    CHECK(IsPlusZero(d));
  }
  // The gradient (sum t) p - t of targets in the proportions of p.
  const std::vector<Exact> d = CrossEntropyGradientOracle(
      Row{4, 4, 4, 4, 4, 4}, Row{0.1, 0.1, 0.1, 0.1, 0.1, 0.1});
  for (const Exact& d_c : d) CHECK(IsPlusZero(d_c));
}

TEST_CASE("softmax and log-softmax keep the smallest results") {
  const Exact log_prob = LogSoftmaxOracle(Row{16.942384719848633, 0})[0];
  CHECK(log_prob.str(11) == "-4.3854664851e-08");
  const std::vector<Exact> probs = SoftmaxOracle(Row{90, 2, -2});
  CHECK(probs[1].str(8) == "6.0546019e-39");
  CHECK(probs[2].str(5) == "1.1089e-40");
  CHECK(AgreeingDigits(LogSoftmaxOracle(Row{0, -700})[0], -exp(Exact(-700))) >=
        95);
}

TEST_CASE("the gradient of nearly certain rows is the tail, not 0") {
  const std::vector<Label> label = {0};
  const std::vector<Exact> d = CrossEntropyGradientOracle(Row{0, -700}, label);
  CHECK(AgreeingDigits(d[0], -exp(Exact(-700))) >= 95);
  CHECK(AgreeingDigits(d[1], Exact(-d[0])) >= 99);
  const std::vector<Exact> vjp = SoftmaxVjpOracle(Row{0, -700}, Row{1, 0});
  CHECK(AgreeingDigits(vjp[0], exp(Exact(-700))) >= 95);
  const std::vector<Exact> tie =
      SoftmaxVjpOracle(Row{0, -700, -700}, Row{1, 1, 0});
  CHECK(AgreeingDigits(tie[1], exp(Exact(-1400))) >= 95);
}

TEST_CASE("a gradient that is a tie is exact, though thirds are not") {
  const Row flat = {0, 0, 0},
            upstream = {-0.65944463f, 1.6074731f, -0.7252573f};
  CHECK(LogSoftmaxVjpOracle(flat, upstream)[1] ==
        Exact("1.533216059207916259765625"));
  CHECK(LogSoftmaxVjpOracle(flat, upstream, 2)[1] ==
        Exact("0.7666080296039581298828125"));
  const Row thrice = {3 * (1 + 0x3p-24)};
  CHECK(LogSumExpGradientOracle(flat, thrice[0])[0] == 1 + 0x3p-24);
}

TEST_CASE("a quotient that is a tie is exact, though its factors are not") {
  const double tie = 1 + 0x1p-24;
  CHECK(KlDivergenceGradientOracle(Row{0.25}, Row{0.75}, 3 * tie).second[0] ==
        -tie);
  CHECK(CrossEntropyFromProbsGradientOracle(Row{0.25}, Row{0.75}, 3 * tie)
            .second[0] == -tie);
}

TEST_CASE("a gradient beside a tie keeps to its side, however near") {
  // The tie 1 + 3 * 2^-24 goes up to an even float, all below it down.
  const Row upstream = {5, 1 + 0x1p-23, 0x1p-24};
  const Exact certain = LogSoftmaxVjpOracle(Row{0, -1e6, -1e6}, upstream)[0];
  CHECK(RoundTo<float>(certain) == -float{1 + 0x1p-23});
  CHECK(LogSoftmaxVjpOracle(Row{0, -kInf, -kInf}, upstream)[0] ==
        -(1 + 0x3p-24));
  // The product of two halves, of which the rest takes a little.
  const std::vector<Exact> quarters =
      SoftmaxVjpOracle(Row{1e30, 1e30, 0}, Row{4 * (1 + 0x3p-24), 0, 1});
  CHECK(RoundTo<float>(quarters[0]) == float{1 + 0x1p-23});
  const std::vector<Exact> halves =
      LogSumExpGradientOracle(Row{1e8, 1e8, 0}, 4 + 0x3p-22);
  CHECK(RoundTo<float>(halves[0]) == float{2 + 0x1p-22});
}

TEST_CASE("the mean divides by the weights of the labels that count") {
  const Row logits = {.2, .3, .5, .5, .2, .3};
  const Rows<const double> rows(logits.data(), 2, 3);
  const std::vector<Label> labels = {2, 1};
  const Row weights = {2, 4, 6};
  CrossEntropyOptions options = {.reduction = Reduction::kNone,
                                 .class_weights = weights};
  const std::vector<Exact> each = CrossEntropyOracle(rows, labels, options);
  CHECK(each[0].str(10) == "5.638986365");
  CHECK(each[1].str(10) == "4.959324243");
  options.reduction = Reduction::kMean;
  CHECK(RoundsTo(CrossEntropyOracle(rows, labels, options)[0],
                 1.0598310608444601));
  options.reduction = Reduction::kSum;
  CHECK(CrossEntropyOracle(rows, labels, options)[0] == each[0] + each[1]);
}

TEST_CASE("smoothing, weights and ignored rows together") {
  const Row logits = {1, 2, 3, .4};
  const std::vector<Label> labels = {-100, 1};
  const Row weights = {.2, .3};
  const Exact loss =
      CrossEntropyOracle(Rows<const double>(logits.data(), 2, 2), labels,
                         {.class_weights = weights, .label_smoothing = .1})[0];
  CHECK(RoundsTo(loss, 2.5404506137682086));
}

TEST_CASE("ignored labels stay classes of the denominator") {
  const Row logits = {1, 1, 1, 0, 1, 1, -kInf, 1, 1, kNaN, 1, 1};
  const Rows<const double> rows(logits.data(), 4, 3);
  const std::vector<Label> labels = {1, 1, 1, 0};
  CrossEntropyOptions options = {.reduction = Reduction::kNone,
                                 .ignore_index = 0};
  const std::vector<Exact> loss = CrossEntropyOracle(rows, labels, options);
  CHECK(loss[0].str(5) == "1.0986");
  CHECK(loss[1].str(4) == "0.862");
  CHECK(loss[2].str(4) == "0.6931");
  CHECK(IsPlusZero(loss[3]));
  const std::vector<Exact> d =
      CrossEntropyGradientOracle(rows, labels, options);
  for (size_t c = 9; c < 12; ++c) CHECK(IsPlusZero(d[c]));
  options.reduction = Reduction::kMean;
  CHECK(CrossEntropyOracle(rows, labels, options)[0] ==
        (loss[0] + loss[1] + loss[2]) / 3);
}

TEST_CASE("a mean over nothing is NaN and its gradient 0") {
  const Row logits = {1, 2};
  const std::vector<Label> ignored = {-100}, label = {1};
  const Row no_weight = {1, 0};
  for (const bool all_ignored : {true, false}) {
    const auto& labels = all_ignored ? ignored : label;
    const std::span<const double> weights(no_weight);
    CHECK(
        IsNaN(CrossEntropyOracle(logits, labels, {.class_weights = weights})));
    CHECK(IsNaN(NllOracle(logits, labels, {.class_weights = weights})));
    for (const Exact& d : CrossEntropyGradientOracle(
             logits, labels, {.class_weights = weights})) {
      CHECK(IsPlusZero(d));
    }
    for (const Exact& d :
         NllGradientOracle(logits, labels, {.class_weights = weights})) {
      CHECK(IsPlusZero(d));
    }
    CHECK(IsPlusZero(CrossEntropyOracle(
        logits, labels,
        {.reduction = Reduction::kSum, .class_weights = weights})[0]));
  }
  const Rows<const double> none(logits.data(), 0, 2);
  CHECK(IsNaN(CrossEntropyOracle(none, none)));
  CHECK(IsNaN(BinaryCrossEntropyOracle(none, none)));
  CHECK(CrossEntropyGradientOracle(none, none).empty());
}

TEST_CASE("a label whose logit is minus infinity costs infinitely much") {
  const Row logits = {0, -kInf, 0};
  const std::vector<Label> masked = {1}, open = {0};
  CHECK(CrossEntropyOracle(logits, masked)[0] == Infinity<Exact>());
  CHECK(CrossEntropyGradientOracle(logits, masked) ==
        std::vector<Exact>{0.5, -1, 0.5});
  CHECK(AgreeingDigits(CrossEntropyOracle(logits, open)[0], log(Exact(2))) >=
        99);
  CHECK(IsPlusZero(CrossEntropyGradientOracle(logits, open)[1]));
  CHECK(CrossEntropyOracle(logits, open, {.label_smoothing = 0.1})[0] ==
        Infinity<Exact>());
  CHECK(AgreeingDigits(CrossEntropyOracle(logits, Row{1, 0, 0})[0],
                       log(Exact(2))) >= 99);
}

TEST_CASE("cross-entropy at far offsets and long runs of masked classes") {
  const std::vector<Label> second = {1};
  CHECK(RoundsTo(CrossEntropyOracle(Row{1e8, 1e8}, second)[0],
                 0.6931471805599453));
  Row sparse(100000, -kInf);
  sparse[50000] = 10;
  const std::vector<Label> middle = {50000};
  CHECK(IsPlusZero(CrossEntropyOracle(sparse, middle)[0]));
  for (const Exact& d : CrossEntropyGradientOracle(sparse, middle)) {
    if (!IsPlusZero(d)) FAIL_CHECK("a gradient is " << d.str(5));
  }
}

TEST_CASE("targets need not sum to 1, and all-zero targets ask for nothing") {
  const Row logits = {1, 2, 3};
  CHECK(IsPlusZero(CrossEntropyOracle(logits, Row{0, 0, 0})[0]));
  for (const Exact& d : CrossEntropyGradientOracle(logits, Row{0, 0, 0})) {
    CHECK(IsPlusZero(d));
  }
  const std::vector<Exact> p = SoftmaxOracle(logits);
  const std::vector<Exact> d = CrossEntropyGradientOracle(logits, Row{2, 1, 0});
  CHECK(AgreeingDigits(d[0], 3 * p[0] - 2) >= 98);
  CHECK(AgreeingDigits(d[2], 3 * p[2]) >= 98);
}

TEST_CASE("negative log-likelihood picks, weighs and never says minus 0") {
  const Row log_probs = {0, -2, -kInf, kNaN, 3, -1};
  const Rows<const double> rows(log_probs.data(), 2, 3);
  const Row weights = {1, 2, 0};
  NllOptions options = {.reduction = Reduction::kNone};
  std::vector<Label> labels = {0, 1};
  CHECK(NllOracle(rows, labels, options) == std::vector<Exact>{0, -3});
  CHECK(IsPlusZero(NllOracle(rows, labels, options)[0]));
  labels = {2, 0};
  CHECK(NllOracle(rows, labels, options)[0] == Infinity<Exact>());
  CHECK(isnan(NllOracle(rows, labels, options)[1]));
  options.class_weights = weights;
  CHECK(IsPlusZero(NllOracle(rows, labels, options)[0]));
  labels = {1, 1};
  options.reduction = Reduction::kMean;
  CHECK(NllOracle(rows, labels, options)[0] == Exact(-0.5));
  CHECK(NllGradientOracle(rows, labels, options) ==
        std::vector<Exact>{0, -0.5, 0, 0, -0.5, 0});
}

TEST_CASE("binary cross-entropy meets infinite logits by its limit") {
  const Row logits = {-kInf, kInf, -kInf, kNaN, 40, -40};
  const Row targets = {0, 1, .9, 0, 1, 0};
  const std::vector<Exact> loss = BinaryCrossEntropyOracle(
      logits, targets, {.reduction = Reduction::kNone});
  CHECK(IsPlusZero(loss[0]));
  CHECK(IsPlusZero(loss[1]));
  CHECK(loss[2] == Infinity<Exact>());
  CHECK(isnan(loss[3]));
  CHECK(RoundsTo(loss[4], 4.248354255291589e-18));
  CHECK(loss[5] == loss[4]);
  CHECK(BinaryCrossEntropyOracle(Row{kInf, 1}, Row{1, 0})[0].str(10) ==
        "0.6566308438");
}

TEST_CASE("binary cross-entropy weighs positives and keeps tails") {
  const Row ones = {1, 1};
  const Exact mean = BinaryCrossEntropyOracle(Row{0, -120}, Row{0, 1},
                                              {.pos_weight = ones})[0];
  CHECK(mean.str(10) == "60.34657359");
  const Row tripled = {3};
  const std::vector<Exact> d = BinaryCrossEntropyGradientOracle(
      Row{0, 100}, Row{1, 1},
      {.reduction = Reduction::kNone, .pos_weight = tripled});
  CHECK(d[0] == -1.5);
  CHECK(AgreeingDigits(d[1], -3 / (1 + exp(Exact(100)))) >= 95);
}

TEST_CASE("binary cross-entropy from probabilities") {
  const Row probs = {.9999999f, .9999999f, 1e-7f, 0, 1, 0, 1, kNaN};
  const Row targets = {0, 1, 0, 0, 1, 1, 0, 1};
  const BinaryCrossEntropyOptions each = {.reduction = Reduction::kNone};
  const std::vector<Exact> loss =
      BinaryCrossEntropyFromProbsOracle(probs, targets, each);
  CHECK(loss[0].str(8) == "15.942385");
  CHECK(loss[1].str(9) == "1.19209297e-07");
  CHECK(loss[2].str(9) == "1.00000006e-07");
  CHECK(IsPlusZero(loss[3]));
  CHECK(IsPlusZero(loss[4]));
  CHECK(loss[5] == Infinity<Exact>());
  CHECK(loss[6] == Infinity<Exact>());
  CHECK(isnan(loss[7]));
  const std::vector<Exact> d =
      BinaryCrossEntropyFromProbsGradientOracle(probs, targets, each);
  CHECK(d[3] == 1);
  CHECK(d[4] == -1);
  CHECK(d[5] == -Infinity<Exact>());
  CHECK(d[6] == Infinity<Exact>());
  CHECK(isnan(d[7]));
}

TEST_CASE("entropy counts 0 ln 0 as 0") {
  CHECK(EntropyOracle(Row{.25, 0, .75}).str(20) == "0.56233514461880835029");
  CHECK(IsPlusZero(EntropyOracle(Row{1, 0})));
  CHECK(isnan(EntropyOracle(Row{1, kNaN, 0})));
  CHECK(RoundsTo(EntropyOfLogitsOracle(Row{0, 0, -kInf}), 0.6931471805599453));
  CHECK(IsPlusZero(EntropyOfLogitsOracle(Row{0, -kInf})));
  CHECK(EntropyOfLogitsOracle(Row{65504, -65504}) > 0);
  CHECK(static_cast<double>(EntropyOfLogitsOracle(Row{65504, -65504})) == 0);
  CHECK(EntropyGradientOracle(Row{0, 1}) ==
        std::vector<Exact>{Infinity<Exact>(), -1});
  CHECK(EntropyGradientOracle(Row{0, 1}, -2) ==
        std::vector<Exact>{-Infinity<Exact>(), 2});
  CHECK(EntropyGradientOracle(Row{0, 1}, 0) == std::vector<Exact>{0, 0});
}

TEST_CASE("entropy of unnormalised entries that cancel is 0") {
  CHECK(IsPlusZero(EntropyOracle(Row{2, .5, .5, .5, .5})));
}

TEST_CASE("divergence counts what p has and q lacks") {
  CHECK(IsPlusZero(KlDivergenceOracle(Row{.5, .5, 0}, Row{.5, .5, 0})));
  CHECK(KlDivergenceOracle(Row{.3, .3, .4}, Row{.5, .5, 0}) ==
        Infinity<Exact>());
  CHECK(isnan(KlDivergenceOracle(Row{0, 1}, Row{kNaN, 1})));
  CHECK(AgreeingDigits(KlDivergenceOracle(Row{1, 0}, Row{.5, .5}),
                       log(Exact(2))) >= 99);
  CHECK(IsPlusZero(KlDivergenceOracle(Row{.25, .25}, Row{.125, .5})));
  const Row log_p = {-kInf, 0}, log_q = {-kInf, -1}, certain = {0, -kInf};
  CHECK(KlDivergenceFromLogProbsOracle(log_p, log_q) == 1);
  CHECK(KlDivergenceFromLogProbsOracle(log_p, certain) == Infinity<Exact>());
  CHECK(IsPlusZero(KlDivergenceFromLogProbsOracle(log_p, log_p)));
}

TEST_CASE("a divergence beside a tie keeps to its side, however near") {
  // 2^24 + 1 and a little, which stands behind it or before it.
  const Row log_p = {0, -16777217, -1e6, 0};
  const Row log_q = {-16777217, -16777217, -16777217, 0};
  CHECK(RoundTo<float>(KlDivergenceFromLogProbsOracle(log_p, log_q)) ==
        16777218);
  const Row p(log_p.rbegin(), log_p.rend()), q(log_q.rbegin(), log_q.rend());
  CHECK(RoundTo<float>(KlDivergenceFromLogProbsOracle(p, q)) == 16777218);
  CHECK(KlDivergenceFromLogProbsOracle(Row{0, -kInf}, Row{-16777217, 0}) ==
        16777217);
  // A term that is infinite leaves nothing to be near to.
  CHECK(KlDivergenceFromLogProbsOracle(Row{0, -9}, Row{-kInf, 0}) ==
        Infinity<Exact>());
}

TEST_CASE("divergence gradients at the edges of the simplex") {
  const auto [d_p, d_q] =
      KlDivergenceGradientOracle(Row{0, 0, .5, .5}, Row{0, .5, 0, .5});
  CHECK(isnan(d_p[0]));
  CHECK(d_p[1] == -Infinity<Exact>());
  CHECK(d_p[2] == Infinity<Exact>());
  CHECK(d_p[3] == 1);
  CHECK(IsPlusZero(d_q[0]));
  CHECK(IsPlusZero(d_q[1]));
  CHECK(d_q[2] == -Infinity<Exact>());
  CHECK(d_q[3] == -1);
  const auto [d_log_p, d_log_q] =
      KlDivergenceFromLogProbsGradientOracle(Row{-kInf, 0}, Row{-kInf, 0}, 3);
  CHECK(d_log_p == std::vector<Exact>{0, 3});
  CHECK(d_log_q == std::vector<Exact>{0, -3});
}

TEST_CASE("cross-entropy of two distributions") {
  CHECK(CrossEntropyFromProbsOracle(Row{.5, .5}, Row{1, 0}) ==
        Infinity<Exact>());
  CHECK(IsPlusZero(CrossEntropyFromProbsOracle(Row{1, 0}, Row{1, 0})));
  CHECK(isnan(CrossEntropyFromProbsOracle(Row{1, 0}, Row{1, kNaN})));
  CHECK(AgreeingDigits(CrossEntropyFromProbsOracle(Row{.5, .5}, Row{.25, .75}),
                       -log(Exact(.1875)) / 2) >= 98);
  CHECK(CrossEntropyFromLogProbsOracle(Row{.5, 0}, Row{-3, -kInf}) == 1.5);
  CHECK(CrossEntropyFromLogProbsOracle(Row{.5, .5}, Row{-3, -kInf}) ==
        Infinity<Exact>());
  const auto [d_p, d_q] =
      CrossEntropyFromProbsGradientOracle(Row{0, .5}, Row{0, .25}, 2);
  CHECK(d_p[0] == Infinity<Exact>());
  CHECK(IsPlusZero(d_q[0]));
  CHECK(d_q[1] == -4);
}

TEST_CASE("probability oracles agree with themselves at twice the digits") {
  const double beside = 0.3 + 0x1p-54;
  const std::vector<std::pair<Row, Row>> pairs = {
      {{.3, .7}, {beside, .7}},
      {{1e-300, 1}, {5e-324, 1}},
      {{.2, .3, .5}, {.5, .3, .2}},
      {{1, 0, 0}, {.2, .3, .5}},
      {{1 - 0x1p-53, 0x1p-53}, {1, 0x1p-60}}};
  for (const auto& [p, q] : pairs) {
    const std::string text = Text(p) + Text(q);
    CAPTURE(text);
    CheckAtTwiceTheDigits(
        [&]<class N>(N) {
          return std::vector<N>{EntropyOracle<N>(p),
                                KlDivergenceOracle<N>(p, q),
                                CrossEntropyFromProbsOracle<N>(p, q),
                                CrossEntropyFromLogProbsOracle<N>(p, q),
                                KlDivergenceFromLogProbsOracle<N>(p, q)};
        },
        80);
    CheckAtTwiceTheDigits(
        [&]<class N>(N) { return EntropyGradientOracle<N>(p); });
    CheckAtTwiceTheDigits([&]<class N>(N) {
      return KlDivergenceGradientOracle<N>(p, q, 0.3).second;
    });
    CheckAtTwiceTheDigits(
        [&]<class N>(N) { return BinaryCrossEntropyFromProbsOracle<N>(p, q); });
    CheckAtTwiceTheDigits(
        [&]<class N>(N) { return BinaryCrossEntropyGradientOracle<N>(p, q); });
  }
}

TEST_CASE("loss oracles agree with themselves at twice the digits") {
  const Row weights = {.3, 2, 1e-5};
  for (const Row& row : {Row{0, -700, 3}, Row{1e30, 1e30, 0}, Row{1, 2, 3}}) {
    const std::string logits = Text(row);
    CAPTURE(logits);
    const std::vector<Label> label = {0};
    const CrossEntropyOptions options = {.class_weights = weights,
                                         .label_smoothing = 0.1};
    CheckAtTwiceTheDigits(
        [&]<class N>(N) { return CrossEntropyOracle<N>(row, label, options); });
    CheckAtTwiceTheDigits([&]<class N>(N) {
      return CrossEntropyGradientOracle<N>(row, label, options);
    });
    CheckAtTwiceTheDigits(
        [&]<class N>(N) { return CrossEntropyGradientOracle<N>(row, label); });
    CheckAtTwiceTheDigits([&]<class N>(N) {
      return CrossEntropyOracle<N>(row, Row{.1, .2, .3}, options);
    });
  }
}

}  // namespace
}  // namespace surprisal
