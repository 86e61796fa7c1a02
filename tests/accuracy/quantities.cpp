#include "accuracy/quantities.h"

#include "accuracy/midpoints.h"
#include "accuracy/with_type.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy_oracle.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"
#include "surprisal/entropy/entropy.h"
#include "surprisal/entropy/entropy_oracle.h"
#include "surprisal/exp/exp.h"
#include "surprisal/exp/exp_oracle.h"
#include "surprisal/expm1/expm1.h"
#include "surprisal/expm1/expm1_oracle.h"
#include "surprisal/kl_divergence/kl_divergence.h"
#include "surprisal/kl_divergence/kl_divergence_oracle.h"
#include "surprisal/log/log.h"
#include "surprisal/log/log_oracle.h"
#include "surprisal/log1p/log1p.h"
#include "surprisal/log1p/log1p_oracle.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/log_softmax/log_softmax_oracle.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"
#include "surprisal/log_sum_exp/log_sum_exp_oracle.h"
#include "surprisal/nll/nll.h"
#include "surprisal/nll/nll_oracle.h"
#include "surprisal/sigmoid/sigmoid.h"
#include "surprisal/sigmoid/sigmoid_oracle.h"
#include "surprisal/softmax/softmax.h"
#include "surprisal/softmax/softmax_oracle.h"
#include "surprisal/softplus/softplus.h"
#include "surprisal/softplus/softplus_oracle.h"

namespace surprisal::accuracy {
namespace {

using Approxes = std::vector<Approx>;

/// What leaves everything to 100 digits.
Approx Unknown() { return {0, Approx::Infinity().value}; }

/// d f / d x at x, to within a bound.
Approx ExpSlope(double x) { return filtered::Exp(x); }
Approx Expm1Slope(double x) { return filtered::Exp(x); }
Approx SoftplusSlope(double x) { return filtered::Sigmoid(x); }
Approx LogSigmoidSlope(double x) { return filtered::Sigmoid(-x); }
Approx SigmoidSlope(double x) {
  return filtered::Sigmoid(x) * filtered::Sigmoid(-x);
}
Approx LogSlope(double x) { return x > 0 ? Approx{1} / Approx{x} : Unknown(); }
Approx Log1pSlope(double x) {
  return x > -1 ? Approx{1} / (Approx{1} + Approx{x}) : Unknown();
}

/// An oracle, a template over the number type, in its two sizes.
template <class Of>
Oracles Both(Of) {
  return {[](const RowInput& in) { return Of()(Exact(), in); },
          [](const RowInput& in) { return Of()(Wide(), in); }};
}

#define SURPRISAL_FUNCTION(kStem, Name)                                        \
  {kStem,                                                                      \
   #Name,                                                                      \
   Content::kArguments,                                                        \
   Content::kNothing,                                                          \
   true,                                                                       \
   false,                                                                      \
   [](const Arguments& a) { Name(a.first_flat, a.out_flat); },                 \
   [](const RowInput& in, Scratch&, Approxes& out) {                           \
     out.push_back(filtered::Name(in.first[0]));                               \
   },                                                                          \
   Both([]<class N>(N, const RowInput& in) {                                   \
     return std::vector<N>{Name##Oracle<N>(in.first[0])};                      \
   }),                                                                         \
   nullptr},                                                                   \
  {                                                                            \
    kStem, #Name "Vjp", Content::kArguments, Content::kUpstream, true, false,  \
        [](const Arguments& a) {                                               \
          Name##Vjp(a.first_flat, a.second_flat, a.out_flat);                  \
        },                                                                     \
        [](const RowInput& in, Scratch&, Approxes& out) {                      \
          const Approx g = {in.second[0]};                                     \
          out.push_back(g.IsZero() ? Unknown() : g* Name##Slope(in.first[0])); \
        },                                                                     \
        Both([]<class N>(N, const RowInput& in) {                              \
          return std::vector<N>{                                               \
              Name##VjpOracle<N>(in.first[0], in.second[0])};                  \
        }),                                                                    \
        nullptr                                                                \
  }

/// Where the row has probabilities, `of(row, c)` for each class; else nothing
/// is known.
template <class Fn>
void EachClass(const RowInput& in, Scratch& row, Approxes& out, const Fn& of) {
  row.Assign(in.first);
  const bool none = HasNoSoftmax(in.first);
  for (size_t c = 0; c < in.first.size(); ++c) {
    out.push_back(none ? Unknown() : of(row, c));
  }
}

/// p_j (g_j - sum_k p_k g_k): where the difference cancels, the bound says so.
void ApproxSoftmaxVjp(const RowInput& in, Scratch& row, Approxes& out) {
  row.Assign(in.first);
  ApproxSum sum;
  for (size_t k = 0; k < in.first.size(); ++k) {
    sum.Add(row.Softmax(k) * Approx{in.second[k]});
  }
  const Approx mean = sum.Total();
  EachClass(in, row, out, [&](Scratch& logits, size_t j) {
    return logits.Softmax(j) * (Approx{in.second[j]} + -mean);
  });
}

/// g_j - p_j sum_k g_k, likewise.
void ApproxLogSoftmaxVjp(const RowInput& in, Scratch& row, Approxes& out) {
  ApproxSum sum;
  for (const double g : in.second) sum.Add({g});
  const Approx total = sum.Total();
  EachClass(in, row, out, [&](Scratch& logits, size_t j) {
    return Approx{in.second[j]} + -(logits.Softmax(j) * total);
  });
}

void ApproxTargetsLoss(const RowInput& in, Scratch& row, Approxes& out) {
  row.Assign(in.first);
  ApproxSum sum;
  for (size_t c = 0; c < in.first.size(); ++c) {
    if (in.second[c] != 0) {
      sum.Add(Approx{in.second[c]} * row.CrossEntropy(c));
    }
  }
  const bool finite = std::isfinite(sum.Total().value);
  out.push_back(finite && !HasNoSoftmax(in.first) ? NonNegative(sum.Total())
                                                  : Unknown());
}

void ApproxTargetsGradient(const RowInput& in, Scratch& row, Approxes& out) {
  ApproxSum sum;
  for (const double t : in.second) sum.Add({t});
  EachClass(in, row, out, [&](Scratch& logits, size_t c) {
    return sum.Total() * logits.Softmax(c) + Approx{-in.second[c]};
  });
}

void ApproxWeightedLoss(const RowInput& in, Scratch& row, Approxes& out) {
  row.Assign(in.first);
  const auto y = static_cast<size_t>(in.label);
  const Approx loss = row.CrossEntropy(y);
  const bool finite = std::isfinite(loss.value) && in.second[y] != 0;
  out.push_back(finite ? Approx{in.second[y]} * loss : Unknown());
}

void ApproxEntropyOfLogitsGradient(const RowInput& in, Scratch& row,
                                   Approxes& out) {
  row.Assign(in.first);
  const Approx entropy = row.EntropyOfLogits();
  EachClass(in, row, out, [&](Scratch& logits, size_t c) {
    const Approx p = logits.Softmax(c);
    if (!std::isfinite(in.first[c])) return Unknown();
    return Approx{-in.upstream} * (p * (entropy + -logits.CrossEntropy(c)));
  });
}

void ApproxKlFromLogProbs(const RowInput& in, Scratch&, Approxes& out) {
  ApproxSum sum;
  for (size_t c = 0; c < in.first.size(); ++c) {
    const Approx lead = Approx{in.first[c]} + Approx{-in.second[c]};
    sum.Add(filtered::Exp(in.first[c]) * lead);
  }
  out.push_back(std::isfinite(sum.Total().value) ? sum.Total() : Unknown());
}

Approx ApproxBceFromProbs(double p, double t) {
  if (p == 0 || p == 1 || t == 0 || t == 1) return Unknown();
  return Approx{-t} * filtered::Log(p) +
         (Approx{1} + Approx{-t}) * -filtered::Log1p(-p);
}

Approx ApproxBceFromProbsGradient(double p, double t) {
  if (p == 0 || p == 1) return Unknown();
  const Approx no = Approx{1} + Approx{-t};
  return no / (Approx{1} + Approx{-p}) + -(Approx{t} / Approx{p});
}

/// One element as a view of rows.
Rows<const double> One(const std::span<const double>& values) {
  return Rows<const double>(values.data(), 1, values.size());
}

std::vector<Quantity> Elementwise() {
  return {SURPRISAL_FUNCTION("exp", Exp),
          SURPRISAL_FUNCTION("log", Log),
          SURPRISAL_FUNCTION("log1p", Log1p),
          SURPRISAL_FUNCTION("expm1", Expm1),
          SURPRISAL_FUNCTION("sigmoid", Sigmoid),
          SURPRISAL_FUNCTION("softplus", Softplus),
          SURPRISAL_FUNCTION("softplus", LogSigmoid)};
}

// A row of logits and what it gives

Quantity LogSumExpQuantity() {
  return {"log_sum_exp",
          "LogSumExp",
          Content::kLogits,
          Content::kNothing,
          false,
          true,
          [](const Arguments& a) { LogSumExp(a.first, a.out_flat); },
          [](const RowInput& in, Scratch& row, Approxes& out) {
            row.Assign(in.first);
            out.push_back(row.LogSumExp());
          },
          Both([]<class N>(N, const RowInput& in) {
            return std::vector<N>{LogSumExpOracle<N>(in.first)};
          }),
          BuildLogSumExp};
}

Quantity LogSumExpGradientQuantity() {
  return {
      "log_sum_exp",
      "LogSumExpGradient",
      Content::kLogits,
      Content::kNothing,
      false,
      false,
      [](const Arguments& a) { LogSumExpGradient(a.first, a.upstream, a.out); },
      [](const RowInput& in, Scratch& row, Approxes& out) {
        EachClass(in, row, out, [&](Scratch& logits, size_t c) {
          if (in.upstream == 0) return Unknown();
          return Approx{in.upstream} * logits.Softmax(c);
        });
      },
      Both([]<class N>(N, const RowInput& in) {
        return LogSumExpGradientOracle<N>(in.first, in.upstream);
      }),
      BuildLogSumExpGradient};
}

Quantity SoftmaxQuantity() {
  return {"softmax",
          "Softmax",
          Content::kLogits,
          Content::kNothing,
          false,
          false,
          [](const Arguments& a) { Softmax(a.first, a.out); },
          [](const RowInput& in, Scratch& row, Approxes& out) {
            EachClass(in, row, out, [](Scratch& logits, size_t c) {
              return logits.Softmax(c);
            });
          },
          Both([]<class N>(N, const RowInput& in) {
            return SoftmaxOracle<N>(in.first);
          }),
          BuildSoftmax};
}

Quantity SoftmaxVjpQuantity() {
  return {"softmax",
          "SoftmaxVjp",
          Content::kLogits,
          Content::kUpstream,
          false,
          false,
          [](const Arguments& a) { SoftmaxVjp(a.first, a.second, a.out); },
          ApproxSoftmaxVjp,
          Both([]<class N>(N, const RowInput& in) {
            return SoftmaxVjpOracle<N>(in.first, in.second);
          }),
          BuildSoftmaxVjp};
}

Quantity LogSoftmaxQuantity() {
  return {"log_softmax",
          "LogSoftmax",
          Content::kLogits,
          Content::kNothing,
          false,
          false,
          [](const Arguments& a) { LogSoftmax(a.first, a.out); },
          [](const RowInput& in, Scratch& row, Approxes& out) {
            EachClass(in, row, out, [](Scratch& logits, size_t c) {
              return logits.LogSoftmax(c);
            });
          },
          Both([]<class N>(N, const RowInput& in) {
            return LogSoftmaxOracle<N>(in.first);
          }),
          BuildLogSoftmax};
}

Quantity LogSoftmaxVjpQuantity() {
  return {"log_softmax",
          "LogSoftmaxVjp",
          Content::kLogits,
          Content::kUpstream,
          false,
          false,
          [](const Arguments& a) { LogSoftmaxVjp(a.first, a.second, a.out); },
          ApproxLogSoftmaxVjp,
          Both([]<class N>(N, const RowInput& in) {
            return LogSoftmaxVjpOracle<N>(in.first, in.second);
          }),
          BuildLogSoftmaxVjp};
}

Quantity NllQuantity() {
  return {"nll",
          "Nll, class weights",
          Content::kLogProbs,
          Content::kWeights,
          false,
          true,
          [](const Arguments& a) {
            Nll(a.first, a.labels, a.out_flat,
                {.reduction = Reduction::kNone, .class_weights = a.weights});
          },
          [](const RowInput& in, Scratch&, Approxes& out) {
            const auto y = static_cast<size_t>(in.label);
            const double w = in.second[y], x = -in.first[y];
            out.push_back(w == 0 || x == 0 ? Unknown() : Approx{w} * Approx{x});
          },
          Both([]<class N>(N, const RowInput& in) {
            return NllOracle<N>(
                One(in.first), std::span(&in.label, 1),
                {.reduction = Reduction::kNone, .class_weights = in.second});
          }),
          nullptr};
}

constexpr CrossEntropyOptions kEachRow = {.reduction = Reduction::kNone};
constexpr BinaryCrossEntropyOptions kEachOne = {.reduction = Reduction::kNone};

Quantity LabelLoss() {
  return {"cross_entropy",
          "CrossEntropy",
          Content::kLogits,
          Content::kNothing,
          false,
          true,
          [](const Arguments& a) {
            CrossEntropy(a.first, a.labels, a.out_flat, kEachRow);
          },
          [](const RowInput& in, Scratch& row, Approxes& out) {
            row.Assign(in.first);
            out.push_back(row.CrossEntropy(static_cast<size_t>(in.label)));
          },
          Both([]<class N>(N, const RowInput& in) {
            return CrossEntropyOracle<N>(One(in.first), std::span(&in.label, 1),
                                         kEachRow);
          }),
          BuildCrossEntropy};
}

Quantity LabelGradient() {
  return {"cross_entropy",
          "CrossEntropyGradient",
          Content::kLogits,
          Content::kNothing,
          false,
          false,
          [](const Arguments& a) {
            CrossEntropyGradient(a.first, a.labels, a.out, kEachRow);
          },
          [](const RowInput& in, Scratch& row, Approxes& out) {
            EachClass(in, row, out, [&](Scratch& logits, size_t c) {
              return logits.CrossEntropyGradient(static_cast<size_t>(in.label),
                                                 c);
            });
          },
          Both([]<class N>(N, const RowInput& in) {
            return CrossEntropyGradientOracle<N>(
                One(in.first), std::span(&in.label, 1), kEachRow);
          }),
          BuildCrossEntropyGradient};
}

Quantity WeightedLoss() {
  return {"cross_entropy",
          "CrossEntropy, class weights",
          Content::kLogits,
          Content::kWeights,
          false,
          true,
          [](const Arguments& a) {
            CrossEntropy(
                a.first, a.labels, a.out_flat,
                {.reduction = Reduction::kNone, .class_weights = a.weights});
          },
          ApproxWeightedLoss,
          Both([]<class N>(N, const RowInput& in) {
            return CrossEntropyOracle<N>(
                One(in.first), std::span(&in.label, 1),
                {.reduction = Reduction::kNone, .class_weights = in.second});
          }),
          nullptr};
}

Quantity TargetsLoss() {
  return {"cross_entropy",
          "CrossEntropy, targets",
          Content::kLogits,
          Content::kTargets,
          false,
          true,
          [](const Arguments& a) {
            CrossEntropy(a.first, a.second, a.out_flat, kEachRow);
          },
          ApproxTargetsLoss,
          Both([]<class N>(N, const RowInput& in) {
            return CrossEntropyOracle<N>(One(in.first), One(in.second),
                                         kEachRow);
          }),
          BuildTargetsLoss};
}

Quantity TargetsGradient() {
  return {"cross_entropy",
          "CrossEntropyGradient, targets",
          Content::kLogits,
          Content::kTargets,
          false,
          false,
          [](const Arguments& a) {
            CrossEntropyGradient(a.first, a.second, a.out, kEachRow);
          },
          ApproxTargetsGradient,
          Both([]<class N>(N, const RowInput& in) {
            return CrossEntropyGradientOracle<N>(One(in.first), One(in.second),
                                                 kEachRow);
          }),
          BuildTargetsGradient};
}

Quantity FromProbs() {
  return {"cross_entropy",
          "CrossEntropyFromProbs",
          Content::kProbs,
          Content::kPositive,
          false,
          true,
          [](const Arguments& a) {
            CrossEntropyFromProbs(a.first, a.second, a.out_flat);
          },
          [](const RowInput& in, Scratch&, Approxes& out) {
            out.push_back(filtered::CrossEntropyFromProbs(in.first, in.second));
          },
          Both([]<class N>(N, const RowInput& in) {
            return std::vector<N>{
                CrossEntropyFromProbsOracle<N>(in.first, in.second)};
          }),
          BuildFromProbs};
}

std::vector<Quantity> CrossEntropies() {
  return {LabelLoss(),   LabelGradient(),   WeightedLoss(),
          TargetsLoss(), TargetsGradient(), FromProbs()};
}

// Functions of a number and its target

Quantity Binary() {
  return {
      "binary_cross_entropy",
      "BinaryCrossEntropy",
      Content::kArguments,
      Content::kProbs,
      true,
      true,
      [](const Arguments& a) {
        BinaryCrossEntropy(a.first, a.second, a.out_flat, kEachOne);
      },
      [](const RowInput& in, Scratch&, Approxes& out) {
        out.push_back(filtered::BinaryCrossEntropy(in.first[0], in.second[0]));
      },
      Both([]<class N>(N, const RowInput& in) {
        return BinaryCrossEntropyOracle<N>(One(in.first), One(in.second),
                                           kEachOne);
      }),
      nullptr};
}

Quantity BinaryGradient() {
  return {"binary_cross_entropy",
          "BinaryCrossEntropyGradient",
          Content::kArguments,
          Content::kProbs,
          true,
          false,
          [](const Arguments& a) {
            BinaryCrossEntropyGradient(a.first, a.second, a.out, kEachOne);
          },
          [](const RowInput& in, Scratch&, Approxes& out) {
            const double x = in.first[0], t = in.second[0];
            const Approx no = Approx{1} + Approx{-t};
            out.push_back(no * filtered::Sigmoid(x) +
                          -(Approx{t} * filtered::Sigmoid(-x)));
          },
          Both([]<class N>(N, const RowInput& in) {
            return BinaryCrossEntropyGradientOracle<N>(
                One(in.first), One(in.second), kEachOne);
          }),
          nullptr};
}

Quantity BinaryFromProbs() {
  return {"binary_cross_entropy",
          "BinaryCrossEntropyFromProbs",
          Content::kProbs,
          Content::kProbs,
          true,
          true,
          [](const Arguments& a) {
            BinaryCrossEntropyFromProbs(a.first, a.second, a.out_flat,
                                        kEachOne);
          },
          [](const RowInput& in, Scratch&, Approxes& out) {
            out.push_back(ApproxBceFromProbs(in.first[0], in.second[0]));
          },
          Both([]<class N>(N, const RowInput& in) {
            return BinaryCrossEntropyFromProbsOracle<N>(
                One(in.first), One(in.second), kEachOne);
          }),
          nullptr};
}

Quantity BinaryFromProbsGradient() {
  return {
      "binary_cross_entropy",
      "BinaryCrossEntropyFromProbsGradient",
      Content::kProbs,
      Content::kProbs,
      true,
      false,
      [](const Arguments& a) {
        BinaryCrossEntropyFromProbsGradient(a.first, a.second, a.out, kEachOne);
      },
      [](const RowInput& in, Scratch&, Approxes& out) {
        out.push_back(ApproxBceFromProbsGradient(in.first[0], in.second[0]));
      },
      Both([]<class N>(N, const RowInput& in) {
        return BinaryCrossEntropyFromProbsGradientOracle<N>(
            One(in.first), One(in.second), kEachOne);
      }),
      nullptr};
}

std::vector<Quantity> BinaryCrossEntropies() {
  return {Binary(), BinaryGradient(), BinaryFromProbs(),
          BinaryFromProbsGradient()};
}

// Entropy and divergence

Quantity EntropyQuantity() {
  return {"entropy",
          "Entropy",
          Content::kProbs,
          Content::kNothing,
          false,
          true,
          [](const Arguments& a) { Entropy(a.first, a.out_flat); },
          [](const RowInput& in, Scratch&, Approxes& out) {
            out.push_back(filtered::Entropy(in.first));
          },
          Both([]<class N>(N, const RowInput& in) {
            return std::vector<N>{EntropyOracle<N>(in.first)};
          }),
          BuildEntropy};
}

Quantity EntropyGradientQuantity() {
  return {
      "entropy",
      "EntropyGradient",
      Content::kPositive,
      Content::kNothing,
      false,
      false,
      [](const Arguments& a) { EntropyGradient(a.first, a.upstream, a.out); },
      [](const RowInput& in, Scratch&, Approxes& out) {
        for (const double p : in.first) {
          out.push_back(Approx{-in.upstream} * (Approx{1} + filtered::Log(p)));
        }
      },
      Both([]<class N>(N, const RowInput& in) {
        return EntropyGradientOracle<N>(in.first, in.upstream);
      }),
      nullptr};
}

Quantity EntropyOfLogitsQuantity() {
  return {"entropy",
          "EntropyOfLogits",
          Content::kLogits,
          Content::kNothing,
          false,
          true,
          [](const Arguments& a) { EntropyOfLogits(a.first, a.out_flat); },
          [](const RowInput& in, Scratch& row, Approxes& out) {
            row.Assign(in.first);
            out.push_back(row.EntropyOfLogits());
          },
          Both([]<class N>(N, const RowInput& in) {
            return std::vector<N>{EntropyOfLogitsOracle<N>(in.first)};
          }),
          nullptr};
}

Quantity EntropyOfLogitsGradientQuantity() {
  return {"entropy",
          "EntropyOfLogitsGradient",
          Content::kLogits,
          Content::kNothing,
          false,
          false,
          [](const Arguments& a) {
            EntropyOfLogitsGradient(a.first, a.upstream, a.out);
          },
          ApproxEntropyOfLogitsGradient,
          Both([]<class N>(N, const RowInput& in) {
            return EntropyOfLogitsGradientOracle<N>(in.first, in.upstream);
          }),
          nullptr};
}

Quantity Divergence() {
  return {
      "kl_divergence",
      "KlDivergence",
      Content::kProbs,
      Content::kPositive,
      false,
      true,
      [](const Arguments& a) { KlDivergence(a.first, a.second, a.out_flat); },
      [](const RowInput& in, Scratch&, Approxes& out) {
        out.push_back(filtered::KlDivergence(in.first, in.second));
      },
      Both([]<class N>(N, const RowInput& in) {
        return std::vector<N>{KlDivergenceOracle<N>(in.first, in.second)};
      }),
      BuildDivergence};
}

Quantity DivergenceFromLogProbs() {
  return {"kl_divergence",
          "KlDivergenceFromLogProbs",
          Content::kLogProbs,
          Content::kLogProbs,
          false,
          true,
          [](const Arguments& a) {
            KlDivergenceFromLogProbs(a.first, a.second, a.out_flat);
          },
          ApproxKlFromLogProbs,
          Both([]<class N>(N, const RowInput& in) {
            return std::vector<N>{
                KlDivergenceFromLogProbsOracle<N>(in.first, in.second)};
          }),
          nullptr};
}

Quantity DivergenceGradient() {
  return {"kl_divergence",
          "KlDivergenceGradient, d_p",
          Content::kPositive,
          Content::kPositive,
          false,
          false,
          [](const Arguments& a) {
            KlDivergenceGradient(a.first, a.second, a.upstream, a.out, {});
          },
          [](const RowInput& in, Scratch&, Approxes& out) {
            for (size_t c = 0; c < in.first.size(); ++c) {
              out.push_back(
                  Approx{in.upstream} *
                  (Approx{1} + filtered::LogRatio(in.first[c], in.second[c])));
            }
          },
          Both([]<class N>(N, const RowInput& in) {
            return KlDivergenceGradientOracle<N>(in.first, in.second,
                                                 in.upstream)
                .first;
          }),
          nullptr};
}

std::vector<Quantity> EntropiesAndDivergences() {
  return {EntropyQuantity(),
          EntropyGradientQuantity(),
          EntropyOfLogitsQuantity(),
          EntropyOfLogitsGradientQuantity(),
          Divergence(),
          DivergenceFromLogProbs(),
          DivergenceGradient()};
}

std::vector<Quantity> All() {
  std::vector<Quantity> all = Elementwise();
  all.insert(all.end(),
             {LogSumExpQuantity(), LogSumExpGradientQuantity(),
              SoftmaxQuantity(), SoftmaxVjpQuantity(), LogSoftmaxQuantity(),
              LogSoftmaxVjpQuantity(), NllQuantity()});
  for (const auto& some :
       {CrossEntropies(), BinaryCrossEntropies(), EntropiesAndDivergences()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

/// The values as elements of type T.
template <class T>
std::vector<T> Narrowed(const std::vector<double>& values) {
  std::vector<T> narrow;
  narrow.reserve(values.size());
  for (const double x : values) narrow.push_back(FromDouble<T>(x));
  return narrow;
}

template <class T>
std::vector<double> Widened(const std::vector<T>& values) {
  std::vector<double> wide;
  wide.reserve(values.size());
  for (const T x : values) wide.push_back(ToDouble(x));
  return wide;
}

template <class T, class R>
std::vector<double> RunAs(const Quantity& quantity, const Batch& batch) {
  const std::vector<T> first = Narrowed<T>(batch.first);
  const std::vector<T> second = Narrowed<T>(batch.second);
  const std::vector<RowScalar<T>> upstream =
      Narrowed<RowScalar<T>>(batch.upstream);
  std::vector<R> out(quantity.per_row ? batch.rows : first.size());
  Arguments a;
  a.first = Rows<const T>(first.data(), batch.rows, batch.classes);
  a.second = Rows<const T>(second.data(), batch.rows, batch.classes);
  a.first_flat = first;
  a.second_flat = second;
  a.upstream = upstream;
  a.labels = batch.labels;
  a.weights =
      std::span(batch.second).first(batch.second.empty() ? 0 : batch.classes);
  a.out_flat = out;
  if constexpr (std::is_same_v<T, R>) {
    a.out = Rows<T>(out.data(), batch.rows, batch.classes);
  }
  quantity.run(a);
  return Widened(out);
}

}  // namespace

const std::vector<Quantity>& Quantities() {
  static const std::vector<Quantity> all = All();
  return all;
}

std::vector<double> Run(const Quantity& quantity, ElementType type,
                        const Batch& batch) {
  return WithType(type, [&]<class T>(T) {
    return quantity.per_row ? RunAs<T, RowScalar<T>>(quantity, batch)
                            : RunAs<T, T>(quantity, batch);
  });
}

}  // namespace surprisal::accuracy
