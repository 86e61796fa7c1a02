#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "families.h"

// Elementwise functions, entropy, divergence, images, misuse, easy rows, and
// the 16-bit types.

namespace surprisal::conform {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr const char* kElementwise[] = {
    "exp", "log", "log1p", "expm1", "sigmoid", "softplus", "log_sigmoid"};

/// Numbers of every size, one list for each reason to look there.
std::vector<std::pair<const char*, Values>> ElementwiseLists(
    testing::Random& random, Dtype dtype) {
  const double last = dtype == Dtype::kF64 ? 745 : 104;
  Values any(8);
  for (double& x : any) {
    x = std::ldexp(random.Uniform(-2, 2),
                   static_cast<int>(random.Below(200)) - 100);
  }
  Values positive = any;
  for (double& x : positive) x = std::fabs(x);
  return {
      {"simple numbers", {0, 1, -1, 0.5, 2, -0.5, 10, -10}},
      {"next to 0", {1e-3, -1e-3, 1e-8, -1e-8, 1e-20, -1e-20, 1e-37, -1e-37}},
      {"next to 1", {0.99, 1.01, 0.9999, 1.0001, 0.999999, 1.000001}},
      {"next to -1", {-0.99, -0.9999, -0.999999, -1.0}},
      {"logarithms",
       {0.6931471805599453, -0.6931471805599453, 1.0986122886681098,
        2.302585092994046}},
      {"moderate", RandomValues(random, dtype, 8, -2, 2)},
      {"moderate and positive", RandomValues(random, dtype, 8, 0, 4)},
      {"larger", RandomValues(random, dtype, 8, -40, 40)},
      {"to the end of the range", RandomValues(random, dtype, 8, -last, last)},
      {"of any exponent", any},
      {"positive, of any exponent", positive}};
}

void MakeElementwise(VectorMaker& maker) {
  testing::Random& random = maker.random();
  for (const Dtype dtype : kWideTypes) {
    for (const char* op : kElementwise) {
      for (const auto& [name, values] : ElementwiseLists(random, dtype)) {
        Case c = maker.New(dtype, {1, values.size(), 1}, name);
        c.inputs["x"] = In(dtype, values);
        c.inputs["upstream"] =
            RandomValues(random, dtype, values.size(), -2, 2);
        maker.Add(op, c);
      }
    }
  }
}

void MakeEntropy(VectorMaker& maker) {
  testing::Random& random = maker.random();
  for (const Dtype dtype : kWideTypes) {
    for (const auto& row : HardRowsOf(dtype)) {
      Case c = RowCase(maker, dtype, row.name, row.values);
      c.inputs["upstream"] = {1};
      maker.Add("entropy", c);
    }
    for (const size_t classes : {1u, 2u, 3u, 8u, 17u, 33u}) {
      const std::pair<const char*, Values> distributions[] = {
          {"random", RandomProbs(random, dtype, classes)},
          {"uniform", In(dtype, Values(classes, 1.0 / classes))},
          {"not a distribution", RandomValues(random, dtype, classes, 0, 3)},
          {"nothing", Values(classes, 0.0)}};
      for (const auto& [name, p] : distributions) {
        Case c = maker.New(dtype, {1, classes, 1}, name);
        c.inputs["p"] = p;
        c.inputs["upstream"] = RandomValues(random, dtype, 1, -2, 2);
        maker.Add("entropy", c);
      }
    }
    for (const double p : {1e-300, 1e-30, 1e-7, 0.999999, 1.0}) {
      Case c = maker.New(dtype, {1, 2, 1}, fmt::format("p = {:g}", p));
      c.inputs["p"] = In(dtype, {p, 1 - p});
      c.inputs["upstream"] = {1};
      maker.Add("entropy", c);
    }
  }
}

/// The pair as probabilities and as log-probabilities, for KL divergence and
/// cross-entropy.
void AddPair(VectorMaker& maker, Dtype dtype, const std::string& comment,
             const Values& p, const Values& q) {
  testing::Random& random = maker.random();
  Case c = maker.New(dtype, {1, p.size(), 1}, comment);
  c.inputs["p"] = p;
  c.inputs["q"] = q;
  c.inputs["upstream"] = RandomValues(random, dtype, 1, -2, 2);
  maker.Add("kl_divergence", c);
  maker.Add("cross_entropy", c);
  c.options.from_log_probs = true;
  c.comment += ", as logarithms";
  Values log_p = p, log_q = q;
  for (double& x : log_p) x = x == 0 ? -kInf : -10 * x;
  for (double& x : log_q) x = x == 0 ? -kInf : -10 * x;
  c.inputs["q"] = In(dtype, log_q);
  maker.Add("cross_entropy", c);
  c.inputs["p"] = In(dtype, log_p);
  maker.Add("kl_divergence", c);
}

void MakeKl(VectorMaker& maker) {
  testing::Random& random = maker.random();
  for (const Dtype dtype : kWideTypes) {
    for (const size_t classes : {1u, 2u, 3u, 8u, 17u}) {
      const Values p = RandomProbs(random, dtype, classes);
      const Values q = RandomProbs(random, dtype, classes);
      AddPair(maker, dtype, "random", p, q);
      AddPair(maker, dtype, "the same twice", p, p);
      Values near = p;
      near[0] *= 1.0000019073486328;  // 1 + 2^-19
      AddPair(maker, dtype, "nearly the same", p, In(dtype, near));
      if (classes == 1) continue;
      Values p0 = p, q0 = q;
      p0[0] = 0;
      AddPair(maker, dtype, "p = 0 somewhere", p0, q);
      q0[0] = 0;
      AddPair(maker, dtype, "q = 0 where p is not", p, q0);
      AddPair(maker, dtype, "both 0 somewhere", p0, q0);
    }
    AddPair(maker, dtype, "tiny", In(dtype, {1e-30, 1}), In(dtype, {1e-35, 1}));
    AddPair(maker, dtype, "NaN in p", {kNaN, 0.5}, {0.5, 0.5});
    AddPair(maker, dtype, "NaN in q", {0.5, 0.5}, {0.5, kNaN});
  }
}

/// Every loss of the logits `c`, an ignored row among them.
void AddImageLosses(VectorMaker& maker, const Case& c) {
  testing::Random& random = maker.random();
  const Dtype dtype = c.dtype;
  const size_t count = c.shape.Elements();
  Case labelled = c;
  labelled.labels = RandomLabels(random, c.shape.Rows(), c.shape.classes);
  labelled.labels[0] = -100;
  for (const Reduction reduction : {Reduction::kNone, Reduction::kMean}) {
    labelled.options.reduction = reduction;
    maker.Add("cross_entropy", labelled);
    Case log_probs = labelled;
    log_probs.inputs = {
        {"log_probs", RandomValues(random, dtype, count, -9, 0)}};
    maker.Add("nll", log_probs);
    Case soft = c;
    soft.options.reduction = reduction;
    soft.inputs["targets"] = RandomValues(random, dtype, count, 0, 1);
    maker.Add("cross_entropy", soft);
    soft.options.pos_weight =
        RandomValues(random, ScalarOf(dtype), c.shape.classes, 0.5, 4);
    maker.Add("binary_cross_entropy", soft);
  }
}

/// Every operation on (images, classes, pixels).
void AddImageQuestions(VectorMaker& maker, Dtype dtype, const Shape& shape) {
  testing::Random& random = maker.random();
  const size_t count = shape.Elements();
  const Values upstream =
      RandomValues(random, ScalarOf(dtype), shape.Rows(), -2, 2);
  Case c = maker.New(
      dtype, shape,
      fmt::format("{} images of {} pixels", shape.images, shape.pixels));
  Case pair = c;
  c.inputs["logits"] = RandomValues(random, dtype, count, -20, 20);
  AddRowQuestions(maker, c);
  AddImageLosses(maker, c);
  Case masked = c;
  masked.mask.resize(count);
  for (auto& m : masked.mask) m = static_cast<std::uint8_t>(random.Below(2));
  maker.Add("softmax", masked);
  c.inputs["upstream"] = upstream;
  maker.Add("entropy", c);

  pair.inputs["p"] = RandomValues(random, dtype, count, 0, 1);
  pair.inputs["upstream"] = upstream;
  maker.Add("entropy", pair);
  pair.inputs["q"] = RandomValues(random, dtype, count, 0.1, 1);
  maker.Add("kl_divergence", pair);
  maker.Add("cross_entropy", pair);
}

void MakePerPixel(VectorMaker& maker) {
  for (const Dtype dtype : kWideTypes) {
    for (const Shape& shape : {Shape{1, 2, 5}, Shape{2, 3, 4}, Shape{3, 5, 3},
                               Shape{1, 4, 18}, Shape{2, 1, 6}}) {
      AddImageQuestions(maker, dtype, shape);
    }
  }
}

/// Two rows of three logits.
Case TwoRows(VectorMaker& maker, Dtype dtype, const std::string& comment) {
  Case c = maker.New(dtype, {2, 3, 1}, comment);
  c.inputs["logits"] = {1, 2, 3, 4, 5, 6};
  return c;
}

/// Asks for the loss of the two rows, spoilt, from logits and from
/// log-probabilities.
template <class Spoil>
void AddLabelError(VectorMaker& maker, Dtype dtype, const char* comment,
                   const char* word, const Spoil& spoil) {
  Case c = TwoRows(maker, dtype, comment);
  c.labels = {0, 2};
  spoil(c);
  maker.AddError("cross_entropy", c, word);
  c.inputs = {{"log_probs", {-1, -2, -3, -4, -5, -6}}};
  maker.AddError("nll", c, word);
}

/// Labels and weights that are none.
void AddLabelErrors(VectorMaker& maker, Dtype dtype) {
  for (const std::int32_t label : {-1, -101, 3, 100, 2147483647}) {
    AddLabelError(maker, dtype, "a label that is no class", "labels",
                  [&](Case& c) { c.labels[1] = label; });
  }
  AddLabelError(maker, dtype, "the usual ignored label, where another one is",
                "labels", [](Case& c) {
                  c.options.ignore_index = -1;
                  c.labels[0] = -100;
                });
  for (const double weight : {-1.0, kInf, kNaN}) {
    AddLabelError(maker, dtype, "a weight that is none", "class_weights",
                  [&](Case& c) {
                    c.options.class_weights = {1, weight, 1};
                  });
  }
}

/// Smoothing, targets and positive weights that are none.
void AddTargetErrors(VectorMaker& maker, Dtype dtype) {
  for (const double smoothing : {-0.5, 1.5, kNaN, kInf}) {
    Case c = TwoRows(maker, dtype, "smoothing outside [0, 1]");
    c.labels = {0, 2};
    c.options.label_smoothing = smoothing;
    maker.AddError("cross_entropy", c, "label_smoothing");
  }
  for (const double target : {-0.5, kInf, kNaN}) {
    Case c = TwoRows(maker, dtype, "a target that is none");
    c.inputs["targets"] = {0, 0, 1, 0, target, 1};
    maker.AddError("cross_entropy", c, "targets");
    maker.AddError("binary_cross_entropy", c, "targets");
  }
  for (const double weight : {-1.0, kInf, kNaN}) {
    Case c = TwoRows(maker, dtype, "a pos_weight that is none");
    c.inputs["targets"] = {0, 0, 1, 0, 1, 1};
    c.options.pos_weight = {1, 1, weight};
    maker.AddError("binary_cross_entropy", c, "pos_weight");
  }
}

/// Temperatures that are none, and rows without classes.
void AddRowErrors(VectorMaker& maker, Dtype dtype) {
  for (const double temperature : {0.0, -1.0, kInf, kNaN}) {
    Case c = RowCase(maker, dtype, "a temperature that is none", {1, 2});
    c.options.temperature = temperature;
    maker.AddError("softmax", c, "temperature");
    maker.AddError("log_softmax", c, "temperature");
  }
  Case empty = maker.New(dtype, {2, 0, 1}, "no classes");
  empty.inputs["logits"] = {};
  for (const char* op : {"softmax", "log_softmax", "log_sum_exp", "entropy"}) {
    maker.AddError(op, empty, "classes");
  }
  empty.labels = {0, 0};
  maker.AddError("cross_entropy", empty, "classes");
}

/// Probabilities that are none; the error names the row and the class.
void AddProbErrors(VectorMaker& maker, Dtype dtype) {
  for (const double p : {-0.5, kInf}) {
    Case c = maker.New(dtype, {2, 2, 1}, "a probability that is none");
    c.inputs["p"] = {0.5, 0.5, p, 0.5};
    maker.AddError("entropy", c, "[1][0]");
    Case binary = c;
    binary.inputs["targets"] = {0, 1, 0, 1};
    maker.AddError("binary_cross_entropy", binary, "[1][0]");
    c.inputs["q"] = {0.5, 0.5, 0.5, 0.5};
    maker.AddError("kl_divergence", c, "p[1][0]");
    maker.AddError("cross_entropy", c, "p[1][0]");
    std::swap(c.inputs["p"], c.inputs["q"]);
    maker.AddError("kl_divergence", c, "q[1][0]");
    maker.AddError("cross_entropy", c, "q[1][0]");
  }
  Case logs = maker.New(dtype, {1, 2, 1}, "a logarithm of no probability");
  logs.options.from_log_probs = true;
  logs.inputs["p"] = {kInf, 0};
  logs.inputs["q"] = {0, 0};
  maker.AddError("kl_divergence", logs, "inf");
}

void MakeError(VectorMaker& maker) {
  for (const Dtype dtype : kWideTypes) {
    AddLabelErrors(maker, dtype);
    AddTargetErrors(maker, dtype);
    AddRowErrors(maker, dtype);
    AddProbErrors(maker, dtype);
  }
}

/// What any sound implementation gets right within a few units.
void MakePlain(VectorMaker& maker) {
  testing::Random& random = maker.random();
  for (const Dtype dtype : kWideTypes) {
    for (const size_t classes : {1u, 2u, 3u, 5u, 10u, 16u, 31u, 40u}) {
      for (int i = 0; i < 3; ++i) {
        Case c = RowCase(maker, dtype, "moderate logits",
                         RandomValues(random, dtype, classes, -2, 2));
        c.max_ulp = 64;
        maker.Add("softmax", c);
        maker.Add("log_softmax", c);
        maker.Add("log_sum_exp", c);
        c.labels = RandomLabels(random, 1, classes);
        maker.Add("cross_entropy", c);
      }
    }
  }
}

/// What is hard, or random, for every operation and both 16-bit types.
void AddSixteenBitLosses(VectorMaker& maker, Dtype dtype) {
  testing::Random& random = maker.random();
  for (const Reduction reduction : {Reduction::kNone, Reduction::kMean}) {
    // As optax#1020 has it, which came back in steps of 1/32.
    Case c = maker.New(dtype, {8, 100, 1}, "optax#1020: the size of its batch");
    c.inputs["logits"] = RandomValues(random, dtype, 800, -3, 3);
    c.labels = RandomLabels(random, 8, 100);
    c.options.reduction = reduction;
    maker.Add("cross_entropy", c);
    c.comment = "weighted";
    c.options.class_weights =
        RandomValues(random, ScalarOf(dtype), 100, 0.1, 3);
    maker.Add("cross_entropy", c);
    Case binary = maker.New(dtype, {4, 5, 1}, "random");
    binary.inputs["logits"] = RandomValues(random, dtype, 20, -20, 20);
    binary.inputs["targets"] = RandomValues(random, dtype, 20, 0, 1);
    binary.options.reduction = reduction;
    maker.Add("binary_cross_entropy", binary);
  }
  for (const double p : {0.9, 0.99, 0.999, 0.9995}) {
    Case c =
        maker.New(dtype, {1, 320, 1},
                  fmt::format("Liger#1329, 1419: p = {:g} at the label", p));
    const double ahead = Nearest(log(Exact(p / (1 - p) * 319)), dtype);
    c.inputs["logits"] = In(dtype, Values(320, 0.0));
    c.inputs["logits"][200] = ahead;
    c.labels = {200};
    maker.Add("cross_entropy", c);
  }
  for (const size_t classes : {2u, 5u, 17u}) {
    AddPair(maker, dtype, "random", RandomProbs(random, dtype, classes),
            RandomProbs(random, dtype, classes));
  }
}

void MakeSixteenBit(VectorMaker& maker) {
  testing::Random& random = maker.random();
  for (const Dtype dtype : {Dtype::kF16, Dtype::kBF16}) {
    for (const auto& row : HardRowsOf(dtype)) {
      Case c = RowCase(maker, dtype, row.name, row.values);
      AddRowQuestions(maker, c);
      c.inputs["upstream"] = {1};
      maker.Add("entropy", c);
      c.inputs.erase("upstream");
      c.labels = {0};
      maker.Add("cross_entropy", c);
    }
    for (const char* op : kElementwise) {
      for (const auto& [name, values] : ElementwiseLists(random, dtype)) {
        Case c = maker.New(dtype, {1, values.size(), 1}, name);
        c.inputs["x"] = In(dtype, values);
        c.inputs["upstream"] =
            RandomValues(random, dtype, values.size(), -2, 2);
        maker.Add(op, c);
      }
    }
    AddSixteenBitLosses(maker, dtype);
    AddImageQuestions(maker, dtype, {2, 3, 4});
  }
}

}  // namespace

std::vector<Family> OtherFamilies() {
  return {
      {"elementwise", "Elementwise",
       "exp, log, log1p, expm1, sigmoid, softplus, log_sigmoid.",
       MakeElementwise},
      {"entropy", "Entropy", "Entropy of probabilities and of logits.",
       MakeEntropy},
      {"kl", "Kl",
       "Kullback-Leibler divergence and cross-entropy of two "
       "distributions.",
       MakeKl},
      {"per_pixel", "PerPixel",
       "Images: the class axis is the second of several.", MakePerPixel},
      {"error", "Error",
       "Misuse: an error that names the argument, and nothing written.",
       MakeError},
      {"plain", "Plain",
       "Moderate logits; 64 units in the last place are allowed, so that "
       "any sound implementation passes.",
       MakePlain},
      {"sixteen_bit", "SixteenBit", "binary16 and bfloat16.", MakeSixteenBit}};
}

}  // namespace surprisal::conform
