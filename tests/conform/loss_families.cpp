#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "families.h"

// Families of losses: nll, cross-entropy, binary cross-entropy, their options.

namespace surprisal::conform {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr Reduction kReductions[] = {Reduction::kNone, Reduction::kMean,
                                     Reduction::kSum};

/// A random batch with labels.
Case LabelledBatch(VectorMaker& maker, Dtype dtype, size_t rows, size_t classes,
                   const std::string& comment) {
  testing::Random& random = maker.random();
  Case c = maker.New(dtype, {rows, classes, 1}, comment);
  Values& logits = c.inputs["logits"];
  for (size_t r = 0; r < rows; ++r) {
    const Values row = RandomLogits(random, dtype, classes);
    logits.insert(logits.end(), row.begin(), row.end());
  }
  c.labels = RandomLabels(random, rows, classes);
  return c;
}

/// The case with its logits taken for log-probabilities, for nll.
Case AsLogProbs(Case c) {
  Values& log_probs = c.inputs["log_probs"];
  for (const double z : c.inputs["logits"]) log_probs.push_back(-std::fabs(z));
  c.inputs.erase("logits");
  return c;
}

void AddLabelQuestions(VectorMaker& maker, const Case& c) {
  maker.Add("cross_entropy", c);
  maker.Add("nll", AsLogProbs(c));
}

void MakeLabelGradient(VectorMaker& maker) {
  for (const Dtype dtype : kWideTypes) {
    const double last = dtype == Dtype::kF64 ? 700 : 95;
    for (const double gap :
         {6., 10., 14., 17., 20., 25., 30., 38., 50., last}) {
      for (const size_t classes : {2u, 4u, 20u}) {
        const auto comment =
            fmt::format("{} classes, the label {:g} ahead", classes, gap);
        Values row = RandomValues(maker.random(), dtype, classes, -1, 1);
        row[classes / 2] += gap;
        Case c = RowCase(maker, dtype, comment, In(dtype, row));
        c.labels = {static_cast<std::int32_t>(classes / 2)};
        maker.Add("cross_entropy", c);
        c.options.reduction = Reduction::kSum;
        c.options.class_weights = Values(classes, 1.5);
        maker.Add("cross_entropy", c);
      }
    }
  }
}

void MakeSmoothing(VectorMaker& maker) {
  for (const Dtype dtype : kWideTypes) {
    for (const double smoothing : {1e-30, 1e-3, 0.1, 0.3, 0.5, 0.9, 1.0}) {
      for (const size_t classes : {1u, 2u, 7u, 17u}) {
        Case c = LabelledBatch(maker, dtype, 2, classes,
                               fmt::format("smoothing {:g}", smoothing));
        c.options.label_smoothing = In(dtype, {smoothing})[0];
        c.options.reduction = kReductions[classes % 3];
        maker.Add("cross_entropy", c);
        if (classes == 1) continue;
        c.comment += ", a masked class";
        c.inputs["logits"][0] = -kInf;
        maker.Add("cross_entropy", c);
      }
    }
  }
}

void MakeWeights(VectorMaker& maker) {
  testing::Random& random = maker.random();
  for (const Dtype dtype : kWideTypes) {
    for (const size_t classes : {2u, 5u, 16u}) {
      const Values random_weights =
          RandomValues(random, dtype, classes, 0.1, 10);
      Values zeros = random_weights;
      for (size_t i = 0; i < classes; i += 2) zeros[i] = 0;
      const std::pair<const char*, Values> weights[] = {
          {"random weights", random_weights},
          {"every other weight 0", zeros},
          {"all weights 0", Values(classes, 0.0)},
          {"all weights 3", Values(classes, 3.0)}};
      for (const auto& [name, values] : weights) {
        for (const Reduction reduction : kReductions) {
          Case c = LabelledBatch(maker, dtype, 3, classes, name);
          c.options.class_weights = values;
          c.options.reduction = reduction;
          AddLabelQuestions(maker, c);
        }
      }
    }
  }
}

void MakeIgnore(VectorMaker& maker) {
  for (const Dtype dtype : kWideTypes) {
    for (const std::int32_t ignored : {-100, -1, 0, 2, 1000}) {
      for (const Reduction reduction : kReductions) {
        Case c = LabelledBatch(maker, dtype, 5, 4,
                               fmt::format("label {} ignored", ignored));
        c.options.reduction = reduction;
        c.options.ignore_index = ignored;
        c.labels[1] = c.labels[4] = ignored;
        // What an ignored row holds does not matter.
        c.inputs["logits"][5] = std::nan("");
        AddLabelQuestions(maker, c);
        c.labels.assign(5, ignored);
        c.comment += ", in every row";
        AddLabelQuestions(maker, c);
      }
    }
  }
}

void MakeReduction(VectorMaker& maker) {
  for (const Dtype dtype : kWideTypes) {
    for (const size_t rows : {0u, 1u, 2u, 3u, 7u, 16u, 33u}) {
      for (const Reduction reduction : kReductions) {
        Case c =
            LabelledBatch(maker, dtype, rows, 3, fmt::format("{} rows", rows));
        c.options.reduction = reduction;
        AddLabelQuestions(maker, c);
      }
    }
    for (const Reduction reduction : kReductions) {
      // Losses of either sign: 2^k - 2^k + 1 and the like.
      Case c = maker.New(dtype, {5, 1, 1}, "terms that cancel");
      c.inputs["log_probs"] = {-1073741824, 0.0009765625, -3, 1073741824, -0.5};
      c.labels.assign(5, 0);
      c.options.reduction = reduction;
      maker.Add("nll", c);
      c.comment = "terms of every size";
      c.inputs["log_probs"] = In(dtype, {-1e30, -1e-30, -1, -1e10, -16777217});
      maker.Add("nll", c);
    }
  }
}

void MakeSoftTargets(VectorMaker& maker) {
  testing::Random& random = maker.random();
  for (const Dtype dtype : kWideTypes) {
    for (const size_t classes : {1u, 2u, 5u, 17u}) {
      Values one_hot(classes, 0.0);
      one_hot[classes / 2] = 1;
      const std::pair<const char*, Values> targets[] = {
          {"one-hot", one_hot},
          {"a distribution", RandomProbs(random, dtype, classes)},
          {"not a distribution", RandomValues(random, dtype, classes, 0, 3)},
          {"uniform", In(dtype, Values(classes, 1.0 / classes))},
          {"nothing", Values(classes, 0.0)}};
      for (const auto& [name, values] : targets) {
        Case c =
            RowCase(maker, dtype, name, RandomLogits(random, dtype, classes));
        c.inputs["targets"] = values;
        maker.Add("cross_entropy", c);
        c.options.label_smoothing = In(dtype, {0.1})[0];
        c.options.class_weights = RandomValues(random, dtype, classes, 0.5, 2);
        c.options.reduction = Reduction::kSum;
        maker.Add("cross_entropy", c);
        if (classes == 1) continue;
        c.options = {};
        c.comment += ", the first class masked";
        c.inputs["logits"][0] = -kInf;
        maker.Add("cross_entropy", c);
      }
    }
  }
}

/// Adds the loss of each pair by itself, as a sum and as a mean.
void AddBinary(VectorMaker& maker, Case c) {
  for (const Reduction reduction : kReductions) {
    c.options.reduction = reduction;
    maker.Add("binary_cross_entropy", c);
  }
}

void MakeBinary(VectorMaker& maker) {
  testing::Random& random = maker.random();
  for (const Dtype dtype : kWideTypes) {
    for (const double x : {0., 0.3, 5., 17., 25., 40., 88., 100., 700., 1e5}) {
      Case c = maker.New(dtype, {2, 3, 1}, fmt::format("logits of +-{:g}", x));
      const double z = In(dtype, {x})[0];
      c.inputs["logits"] = {z, z, z, -z, -z, -z};
      c.inputs["targets"] = In(dtype, {0, 1, 0.3, 0, 1, 0.3});
      AddBinary(maker, c);
      c.comment += ", weighted";
      c.options.pos_weight = In(dtype, {0.5, 3, 0});
      AddBinary(maker, c);
    }
    for (const double p : {0., 1e-30, 1e-7, 0.1, 0.5, 0.9, 0.9999999, 1.}) {
      Case c = maker.New(dtype, {1, 3, 1}, fmt::format("p = {:g}", p));
      c.inputs["p"] = In(dtype, {p, p, p});
      c.inputs["targets"] = In(dtype, {0, 1, 0.3});
      AddBinary(maker, c);
      c.comment += ", weighted";
      c.options.pos_weight = {2.5};
      AddBinary(maker, c);
    }
    for (int i = 0; i < 8; ++i) {
      Case c = maker.New(dtype, {3, 5, 1}, "random");
      c.inputs["logits"] = RandomValues(random, dtype, 15, -30, 30);
      c.inputs["targets"] = RandomValues(random, dtype, 15, 0, 1);
      c.options.reduction = kReductions[i % 3];
      maker.Add("binary_cross_entropy", c);
    }
  }
}

}  // namespace

std::vector<Family> LossFamilies() {
  return {
      {"label_gradient", "LseTail",
       "Cross-entropy of confident rows: the gradient at the label is "
       "minus the others' sum, where p - 1 has no digits left.",
       MakeLabelGradient},
      {"smoothing", "Smoothing", "Smoothed labels.", MakeSmoothing},
      {"weights", "Weights", "Weighted classes.", MakeWeights},
      {"ignore", "Ignore", "Ignored rows.", MakeIgnore},
      {"reduction", "Reduction", "Losses of batches: none, mean, sum.",
       MakeReduction},
      {"soft_targets", "SoftTargets", "Targets that are distributions.",
       MakeSoftTargets},
      {"binary", "Binary",
       "Binary cross-entropy from logits and from probabilities.", MakeBinary}};
}

}  // namespace surprisal::conform
