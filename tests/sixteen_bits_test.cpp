// Every public function on elements of 16 bits: its results are the oracle's,
// rounded once, bit for bit, on every SIMD target, wherever the elements lie and
// whatever narrow type the results have.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "kernel_testing.h"
#include "row_testing.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy_oracle.h"
#include "surprisal/common/error.h"
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
#include "upstream_rows.h"

namespace surprisal::testing {
namespace {

using Exacts = std::vector<Exact>;

/// Every table that a function of rows may ask for, as E; row-major.
template <class E>
struct Tables {
  E logits, upstream, targets, unit_targets, unit_probs, p, q, log_p, log_q;
};

/// One batch: the values of a 16-bit type as doubles, and what comes with them.
struct Batch16 {
  size_t rows = 0, classes = 0;
  Tables<std::vector<double>> tables;
  std::vector<Label> labels;
  std::vector<double> class_weights;
  std::vector<uint8_t> mask;
  std::vector<float> row_upstream;

  Rows<const double> View(const std::vector<double>& table) const {
    return {table.data(), rows, classes};
  }
};

/// What a kernel is handed.
struct Arguments {
  Tables<InRows> tables;
  std::span<const Label> labels;
  std::span<const double> class_weights;
  Rows<const uint8_t> mask;
  InRow row_upstream;
};

/// What a result of 0 must be.
enum class Zero {
  kSigned,  ///< as the real number is that underflows; +0 where that is 0
  kPlus,    ///< never -0
  kEither,  ///< the same on every target
};

/// A function whose results have the shape of its inputs.
struct ElementFunction {
  std::string name;
  Zero zero;
  std::function<void(const Arguments&, OutRows)> kernel;
  std::function<Exacts(const Batch16&)> oracle;
  /// The table that the results may replace.
  std::optional<InRows Tables<InRows>::*> in_place = std::nullopt;
};

/// A function that returns a number per row, per element, or in all.
struct ScalarFunction {
  std::string name;
  std::function<void(const Arguments&, OutRow)> kernel;
  std::function<Exacts(const Batch16&)> oracle;
};

// The truth. -----------------------------------------------------------------

std::vector<double> RowOfTable(const Batch16& batch,
                               const std::vector<double>& table, size_t r) {
  return RowOf(batch.View(table), r);
}

/// of(row r of the tables) for every row: one number or many.
template <class Of>
Exacts EachRow(const Batch16& batch, const Of& of) {
  Exacts all;
  for (size_t r = 0; r < batch.rows; ++r) {
    const auto row = [&](std::vector<double> Tables<std::vector<double>>::*t) {
      return RowOfTable(batch, batch.tables.*t, r);
    };
    const auto made = of(row, r);
    if constexpr (std::is_same_v<decltype(made), const Exact>) {
      all.push_back(made);
    } else {
      all.insert(all.end(), made.begin(), made.end());
    }
  }
  return all;
}

using In = Tables<InRows>;
using Values = Tables<std::vector<double>>;

// The functions. -------------------------------------------------------------

/// An elementwise function and its gradient, over the logits.
void AddElementwise(std::vector<ElementFunction>& all, const std::string& name,
                    void (*function)(InRow, OutRow),
                    void (*vjp)(InRow, InRow, OutRow), Exact (*oracle)(double),
                    Exact (*vjp_oracle)(double, double)) {
  all.push_back({name, Zero::kSigned,
                 [=](const Arguments& a, OutRows out) {
                   const InRows x = a.tables.logits;
                   for (size_t r = 0; r < x.rows; ++r) function(x[r], out[r]);
                 },
                 [=](const Batch16& batch) {
                   Exacts y;
                   for (const double x : batch.tables.logits) {
                     y.push_back(oracle(x));
                   }
                   return y;
                 },
                 &In::logits});
  all.push_back({name + " vjp", Zero::kSigned,
                 [=](const Arguments& a, OutRows out) {
                   const InRows x = a.tables.logits, u = a.tables.upstream;
                   for (size_t r = 0; r < x.rows; ++r) vjp(x[r], u[r], out[r]);
                 },
                 [=](const Batch16& batch) {
                   Exacts d_x;
                   for (size_t i = 0; i < batch.tables.logits.size(); ++i) {
                     d_x.push_back(vjp_oracle(batch.tables.logits[i],
                                              batch.tables.upstream[i]));
                   }
                   return d_x;
                 },
                 &In::upstream});
}

std::vector<ElementFunction> ElementwiseFunctions() {
  std::vector<ElementFunction> all;
  AddElementwise(all, "exp", Exp, ExpVjp, ExpOracle, ExpVjpOracle);
  AddElementwise(all, "log", Log, LogVjp, LogOracle, LogVjpOracle);
  AddElementwise(all, "log1p", Log1p, Log1pVjp, Log1pOracle, Log1pVjpOracle);
  AddElementwise(all, "expm1", Expm1, Expm1Vjp, Expm1Oracle, Expm1VjpOracle);
  AddElementwise(all, "sigmoid", Sigmoid, SigmoidVjp, SigmoidOracle,
                 SigmoidVjpOracle);
  AddElementwise(all, "softplus", Softplus, SoftplusVjp, SoftplusOracle,
                 SoftplusVjpOracle);
  AddElementwise(all, "log_sigmoid", LogSigmoid, LogSigmoidVjp,
                 LogSigmoidOracle, LogSigmoidVjpOracle);
  return all;
}

void AddSoftmaxes(std::vector<ElementFunction>& all, double temperature) {
  const SoftmaxOptions options = {.temperature = temperature};
  const std::string at = " at temperature " + std::to_string(temperature);
  all.push_back({"softmax" + at, Zero::kSigned,
                 [=](const Arguments& a, OutRows out) {
                   Softmax(a.tables.logits, out, options);
                 },
                 [=](const Batch16& batch) {
                   return EachRow(batch, [&](const auto& row, size_t) {
                     return SoftmaxOracle(row(&Values::logits), temperature);
                   });
                 },
                 &In::logits});
  all.push_back({"softmax vjp" + at, Zero::kEither,
                 [=](const Arguments& a, OutRows out) {
                   SoftmaxVjp(a.tables.logits, a.tables.upstream, out, options);
                 },
                 [=](const Batch16& batch) {
                   return EachRow(batch, [&](const auto& row, size_t) {
                     return SoftmaxVjpOracle(row(&Values::logits),
                                             row(&Values::upstream),
                                             temperature);
                   });
                 },
                 &In::upstream});
  all.push_back(
      {"masked softmax" + at, Zero::kSigned,
       [=](const Arguments& a, OutRows out) {
         MaskedSoftmax(a.tables.logits, a.mask, out, options);
       },
       [=](const Batch16& batch) {
         return EachRow(batch, [&](const auto& row, size_t r) {
           const auto mask =
               std::span(batch.mask).subspan(r * batch.classes, batch.classes);
           return MaskedSoftmaxOracle(row(&Values::logits), mask, temperature);
         });
       },
       &In::logits});
}

void AddLogSoftmaxes(std::vector<ElementFunction>& all, double temperature) {
  const SoftmaxOptions options = {.temperature = temperature};
  const std::string at = " at temperature " + std::to_string(temperature);
  all.push_back({"log-softmax" + at, Zero::kSigned,
                 [=](const Arguments& a, OutRows out) {
                   LogSoftmax(a.tables.logits, out, options);
                 },
                 [=](const Batch16& batch) {
                   return EachRow(batch, [&](const auto& row, size_t) {
                     return LogSoftmaxOracle(row(&Values::logits), temperature);
                   });
                 },
                 &In::logits});
  all.push_back(
      {"log-softmax vjp" + at, Zero::kEither,
       [=](const Arguments& a, OutRows out) {
         LogSoftmaxVjp(a.tables.logits, a.tables.upstream, out, options);
       },
       [=](const Batch16& batch) {
         return EachRow(batch, [&](const auto& row, size_t) {
           return LogSoftmaxVjpOracle(row(&Values::logits),
                                      row(&Values::upstream), temperature);
         });
       },
       &In::logits});
}

/// The gradients of what has one number per row, under row_upstream.
void AddRowGradients(std::vector<ElementFunction>& all) {
  all.push_back({"log-sum-exp gradient", Zero::kEither,
                 [](const Arguments& a, OutRows out) {
                   LogSumExpGradient(a.tables.logits, a.row_upstream, out);
                 },
                 [](const Batch16& batch) {
                   return EachRow(batch, [&](const auto& row, size_t r) {
                     return LogSumExpGradientOracle(row(&Values::logits),
                                                    batch.row_upstream[r]);
                   });
                 },
                 &In::logits});
  all.push_back({"entropy gradient", Zero::kPlus,
                 [](const Arguments& a, OutRows out) {
                   EntropyGradient(a.tables.p, a.row_upstream, out);
                 },
                 [](const Batch16& batch) {
                   return EachRow(batch, [&](const auto& row, size_t r) {
                     return EntropyGradientOracle(row(&Values::p),
                                                  batch.row_upstream[r]);
                   });
                 },
                 &In::p});
  all.push_back({"entropy of logits gradient", Zero::kPlus,
                 [](const Arguments& a, OutRows out) {
                   EntropyOfLogitsGradient(a.tables.logits, a.row_upstream,
                                           out);
                 },
                 [](const Batch16& batch) {
                   return EachRow(batch, [&](const auto& row, size_t r) {
                     return EntropyOfLogitsGradientOracle(
                         row(&Values::logits), batch.row_upstream[r]);
                   });
                 },
                 &In::logits});
}

/// A gradient with respect to two tables, each half by itself.
using PairKernel = void (*)(InRows, InRows, InRow, OutRows, OutRows,
                            const Executor*);
using PairOracle = PairGradient<Exact> (*)(std::span<const double>,
                                           std::span<const double>, double);

void AddPair(std::vector<ElementFunction>& all, const std::string& name,
             PairKernel kernel, PairOracle oracle, InRows In::*first,
             InRows In::*second, std::vector<double> Values::*first_values,
             std::vector<double> Values::*second_values) {
  for (const bool of_first : {true, false}) {
    all.push_back(
        {name + (of_first ? " of the first" : " of the second"), Zero::kPlus,
         [=](const Arguments& a, OutRows out) {
           kernel(a.tables.*first, a.tables.*second, a.row_upstream,
                  of_first ? out : OutRows{}, of_first ? OutRows{} : out,
                  nullptr);
         },
         [=](const Batch16& batch) {
           return EachRow(batch, [&](const auto& row, size_t r) {
             const auto d = oracle(row(first_values), row(second_values),
                                   batch.row_upstream[r]);
             return of_first ? d.first : d.second;
           });
         }});
  }
}

void AddPairs(std::vector<ElementFunction>& all) {
  AddPair(all, "cross-entropy of probabilities", CrossEntropyFromProbsGradient,
          CrossEntropyFromProbsGradientOracle, &In::p, &In::q, &Values::p,
          &Values::q);
  AddPair(all, "divergence", KlDivergenceGradient, KlDivergenceGradientOracle,
          &In::p, &In::q, &Values::p, &Values::q);
  AddPair(all, "divergence from log-probabilities",
          KlDivergenceFromLogProbsGradient,
          KlDivergenceFromLogProbsGradientOracle, &In::log_p, &In::log_q,
          &Values::log_p, &Values::log_q);
}

/// The options that losses are tried with.
struct Variant {
  std::string name;
  Reduction reduction;
  bool weights;
  double smoothing;

  template <class Options, class Source>
  Options For(const Source& source) const {
    Options options = {.reduction = reduction};
    if (weights) options.class_weights = source.class_weights;
    return options;
  }
  template <class Source>
  CrossEntropyOptions Smoothed(const Source& source) const {
    auto options = For<CrossEntropyOptions>(source);
    options.label_smoothing = smoothing;
    return options;
  }
  template <class Source>
  BinaryCrossEntropyOptions Binary(const Source& source) const {
    BinaryCrossEntropyOptions options = {.reduction = reduction};
    if (weights) options.pos_weight = source.class_weights;
    return options;
  }
};

const std::vector<Variant>& Variants() {
  static const std::vector<Variant> variants = {
      {"none", Reduction::kNone, false, 0},
      {"weighted mean", Reduction::kMean, true, 0},
      {"smoothed sum", Reduction::kSum, false, 0.1},
      {"smoothed, weighted mean", Reduction::kMean, true, 0.25}};
  return variants;
}

/// The targets of a cross-entropy: integer labels or distributions.
std::span<const Label> TargetsOf(const Arguments& a, std::true_type) {
  return a.labels;
}
InRows TargetsOf(const Arguments& a, std::false_type) {
  return a.tables.targets;
}
std::span<const Label> TargetsOf(const Batch16& batch, std::true_type) {
  return batch.labels;
}
Rows<const double> TargetsOf(const Batch16& batch, std::false_type) {
  return batch.View(batch.tables.targets);
}

template <class IsLabels>
void AddCrossEntropyGradients(std::vector<ElementFunction>& all,
                              const Variant& variant, IsLabels is_labels) {
  const std::string name = std::string("cross-entropy gradient of ") +
                           (is_labels ? "labels, " : "targets, ") +
                           variant.name;
  const bool at_labels = is_labels && variant.smoothing == 0;
  const Zero zero = at_labels ? Zero::kPlus : Zero::kEither;
  const auto oracle = [=](const Batch16& batch) {
    return CrossEntropyGradientOracle(batch.View(batch.tables.logits),
                                      TargetsOf(batch, is_labels),
                                      variant.Smoothed(batch));
  };
  all.push_back({name, zero,
                 [=](const Arguments& a, OutRows out) {
                   CrossEntropyGradient(a.tables.logits,
                                        TargetsOf(a, is_labels), out,
                                        variant.Smoothed(a));
                 },
                 oracle, &In::logits});
  all.push_back({name + ", with the loss", zero,
                 [=](const Arguments& a, OutRows out) {
                   std::vector<float> loss(
                       variant.reduction == Reduction::kNone ? out.rows : 1);
                   CrossEntropyWithGradient(a.tables.logits,
                                            TargetsOf(a, is_labels), loss, out,
                                            variant.Smoothed(a));
                 },
                 oracle, &In::logits});
}

void AddBinaryGradients(std::vector<ElementFunction>& all,
                        const Variant& variant) {
  all.push_back(
      {"binary cross-entropy gradient, " + variant.name, Zero::kEither,
       [=](const Arguments& a, OutRows out) {
         BinaryCrossEntropyGradient(a.tables.logits, a.tables.unit_targets, out,
                                    variant.Binary(a));
       },
       [=](const Batch16& batch) {
         return BinaryCrossEntropyGradientOracle(
             batch.View(batch.tables.logits),
             batch.View(batch.tables.unit_targets), variant.Binary(batch));
       },
       &In::logits});
  all.push_back(
      {"binary cross-entropy of probabilities, gradient, " + variant.name,
       Zero::kEither,
       [=](const Arguments& a, OutRows out) {
         BinaryCrossEntropyFromProbsGradient(a.tables.unit_probs,
                                             a.tables.unit_targets, out,
                                             variant.Binary(a));
       },
       [=](const Batch16& batch) {
         return BinaryCrossEntropyFromProbsGradientOracle(
             batch.View(batch.tables.unit_probs),
             batch.View(batch.tables.unit_targets), variant.Binary(batch));
       }});
}

std::vector<ElementFunction> LossGradients() {
  std::vector<ElementFunction> all;
  for (const Variant& variant : Variants()) {
    AddCrossEntropyGradients(all, variant, std::true_type());
    AddCrossEntropyGradients(all, variant, std::false_type());
    if (variant.smoothing != 0) continue;
    AddBinaryGradients(all, variant);
    all.push_back({"nll gradient, " + variant.name, Zero::kPlus,
                   [=](const Arguments& a, OutRows out) {
                     NllGradient(a.tables.log_p, a.labels, out,
                                 variant.For<NllOptions>(a));
                   },
                   [=](const Batch16& batch) {
                     return NllGradientOracle(batch.View(batch.tables.log_p),
                                              batch.labels,
                                              variant.For<NllOptions>(batch));
                   }});
  }
  return all;
}

std::vector<ElementFunction> RowFunctions() {
  std::vector<ElementFunction> all;
  for (const double temperature : {1.0, 0.7}) {
    AddSoftmaxes(all, temperature);
    AddLogSoftmaxes(all, temperature);
  }
  AddRowGradients(all);
  AddPairs(all);
  return all;
}

/// A function of one table, with one number per row.
void AddOfOne(std::vector<ScalarFunction>& all, const std::string& name,
              void (*kernel)(InRows, OutRow, const Executor*),
              Exact (*oracle)(std::span<const double>), InRows In::*table,
              std::vector<double> Values::*values) {
  all.push_back({name,
                 [=](const Arguments& a, OutRow out) {
                   kernel(a.tables.*table, out, nullptr);
                 },
                 [=](const Batch16& batch) {
                   return EachRow(batch, [&](const auto& row, size_t) {
                     return oracle(row(values));
                   });
                 }});
}

/// A function of two tables, with one number per row.
void AddOfTwo(std::vector<ScalarFunction>& all, const std::string& name,
              void (*kernel)(InRows, InRows, OutRow, const Executor*),
              Exact (*oracle)(std::span<const double>, std::span<const double>),
              InRows In::*first, InRows In::*second,
              std::vector<double> Values::*first_values,
              std::vector<double> Values::*second_values) {
  all.push_back({name,
                 [=](const Arguments& a, OutRow out) {
                   kernel(a.tables.*first, a.tables.*second, out, nullptr);
                 },
                 [=](const Batch16& batch) {
                   return EachRow(batch, [&](const auto& row, size_t) {
                     return oracle(row(first_values), row(second_values));
                   });
                 }});
}

std::vector<ScalarFunction> RowScalars() {
  std::vector<ScalarFunction> all;
  AddOfOne(all, "log-sum-exp", LogSumExp, LogSumExpOracle, &In::logits,
           &Values::logits);
  AddOfOne(all, "entropy", Entropy, EntropyOracle, &In::p, &Values::p);
  AddOfOne(all, "entropy of logits", EntropyOfLogits, EntropyOfLogitsOracle,
           &In::logits, &Values::logits);
  AddOfTwo(all, "cross-entropy of probabilities", CrossEntropyFromProbs,
           CrossEntropyFromProbsOracle, &In::p, &In::q, &Values::p, &Values::q);
  AddOfTwo(all, "cross-entropy of log-probabilities", CrossEntropyFromLogProbs,
           CrossEntropyFromLogProbsOracle, &In::p, &In::log_q, &Values::p,
           &Values::log_q);
  AddOfTwo(all, "divergence", KlDivergence, KlDivergenceOracle, &In::p, &In::q,
           &Values::p, &Values::q);
  AddOfTwo(all, "divergence from log-probabilities", KlDivergenceFromLogProbs,
           KlDivergenceFromLogProbsOracle, &In::log_p, &In::log_q,
           &Values::log_p, &Values::log_q);
  return all;
}

template <class IsLabels>
void AddCrossEntropies(std::vector<ScalarFunction>& all, const Variant& variant,
                       IsLabels is_labels) {
  const std::string of = is_labels ? " of labels, " : " of targets, ";
  const auto oracle = [=](const Batch16& batch) {
    return CrossEntropyOracle(batch.View(batch.tables.logits),
                              TargetsOf(batch, is_labels),
                              variant.Smoothed(batch));
  };
  all.push_back({"cross-entropy" + of + variant.name,
                 [=](const Arguments& a, OutRow out) {
                   CrossEntropy(a.tables.logits, TargetsOf(a, is_labels), out,
                                variant.Smoothed(a));
                 },
                 oracle});
  all.push_back({"cross-entropy with the gradient" + of + variant.name,
                 [=](const Arguments& a, OutRow out) {
                   const InRows z = a.tables.logits;
                   std::vector<float> d(z.rows * z.classes);
                   CrossEntropyWithGradient(
                       z, TargetsOf(a, is_labels), out,
                       Rows<float>(d.data(), z.rows, z.classes),
                       variant.Smoothed(a));
                 },
                 oracle});
}

void AddBinaryLosses(std::vector<ScalarFunction>& all, const Variant& variant) {
  all.push_back({"binary cross-entropy, " + variant.name,
                 [=](const Arguments& a, OutRow out) {
                   BinaryCrossEntropy(a.tables.logits, a.tables.unit_targets,
                                      out, variant.Binary(a));
                 },
                 [=](const Batch16& batch) {
                   return BinaryCrossEntropyOracle(
                       batch.View(batch.tables.logits),
                       batch.View(batch.tables.unit_targets),
                       variant.Binary(batch));
                 }});
  all.push_back(
      {"binary cross-entropy of probabilities, " + variant.name,
       [=](const Arguments& a, OutRow out) {
         BinaryCrossEntropyFromProbs(a.tables.unit_probs, a.tables.unit_targets,
                                     out, variant.Binary(a));
       },
       [=](const Batch16& batch) {
         return BinaryCrossEntropyFromProbsOracle(
             batch.View(batch.tables.unit_probs),
             batch.View(batch.tables.unit_targets), variant.Binary(batch));
       }});
}

std::vector<ScalarFunction> Losses() {
  std::vector<ScalarFunction> all;
  for (const Variant& variant : Variants()) {
    AddCrossEntropies(all, variant, std::true_type());
    AddCrossEntropies(all, variant, std::false_type());
    if (variant.smoothing != 0) continue;
    AddBinaryLosses(all, variant);
    all.push_back(
        {"nll, " + variant.name,
         [=](const Arguments& a, OutRow out) {
           Nll(a.tables.log_p, a.labels, out, variant.For<NllOptions>(a));
         },
         [=](const Batch16& batch) {
           return NllOracle(batch.View(batch.tables.log_p), batch.labels,
                            variant.For<NllOptions>(batch));
         }});
  }
  return all;
}

// What they are tried on. ----------------------------------------------------

/// The nearest values of T as doubles, what is beyond its range at its end.
template <class T, class Range>
std::vector<double> Rounded(const Range& values) {
  const double largest = FormatOf(kElementType<T>).largest;
  std::vector<double> rounded;
  for (const double x : values) {
    const double inside = std::isinf(x) ? x : std::clamp(x, -largest, largest);
    rounded.push_back(Format<T>::Widen(Format<T>::Narrow(inside)));
  }
  return rounded;
}

/// A row of log-probabilities, some of them -inf or 0.
std::vector<double> RandomLogProbs(Random& random, size_t classes) {
  std::vector<double> row(classes);
  for (double& x : row) {
    const size_t kind = random.Below(16);
    x = kind == 0   ? -HUGE_VAL
        : kind == 1 ? 0.0
                    : -random.Uniform(0, kind < 4 ? 90 : 6);
  }
  return row;
}

/// Appends a row that has these logits and probabilities; all else is random.
template <class T>
void AddRow(Batch16& batch, Random& random, const std::vector<double>& logits,
            const std::vector<double>& p) {
  const size_t classes = logits.size();
  const auto add = [](std::vector<double>& to, const auto& values) {
    const std::vector<double> row = Rounded<T>(values);
    to.insert(to.end(), row.begin(), row.end());
  };
  std::vector<double> targets = Widen(RandomProbs<float>(random, classes));
  for (double& t : targets) t *= 1.5;
  add(batch.tables.logits, logits);
  add(batch.tables.upstream, RandomUpstream<float>(random, classes));
  add(batch.tables.targets, targets);
  add(batch.tables.unit_targets, RandomProbs<float>(random, classes));
  std::vector<double> unit_probs = p;
  for (double& x : unit_probs) x = x > 1 ? 1 / x : x;
  add(batch.tables.unit_probs, unit_probs);
  add(batch.tables.p, p);
  add(batch.tables.q, OtherProbs<double>(random, p));
  add(batch.tables.log_p, RandomLogProbs(random, classes));
  add(batch.tables.log_q, RandomLogProbs(random, classes));
  for (size_t c = 0; c < classes; ++c) {
    batch.mask.push_back(random.Below(4) == 0 ? 0 : 1);
  }
  batch.row_upstream.push_back(static_cast<float>(random.Uniform(-2, 2)));
  ++batch.rows;
  batch.classes = classes;
}

template <class T>
Batch16 RandomBatch(Random& random, size_t rows, size_t classes) {
  Batch16 batch;
  for (size_t r = 0; r < rows; ++r) {
    AddRow<T>(batch, random, Widen(RandomRow<float>(random, classes)),
              Widen(RandomProbs<float>(random, classes)));
  }
  batch.labels = RandomLabels(random, rows, classes);
  batch.class_weights = RandomWeights(random, classes);
  return batch;
}

/// Two rows that are the same, for two labels: with the given logits, or with
/// probabilities; what is not given is random.
template <class T>
Batch16 HardBatch(Random& random, const std::vector<double>* logits,
                  const std::vector<double>* p) {
  const size_t classes = (logits != nullptr ? logits : p)->size();
  Batch16 batch;
  for (size_t r = 0; r < 2; ++r) {
    AddRow<T>(batch, random,
              logits ? *logits : Widen(RandomRow<float>(random, classes)),
              p ? *p : Widen(RandomProbs<float>(random, classes)));
    batch.labels.push_back(static_cast<Label>(random.Below(classes)));
  }
  batch.class_weights = RandomWeights(random, classes);
  return batch;
}

/// Hard rows of the 16-bit type itself: its largest number, what just fails to
/// overflow, its subnormal numbers and what underflows.
template <class T>
std::vector<std::vector<double>> HardLogitsOf() {
  const FloatFormat format = FormatOf(kElementType<T>);
  const double unit = std::ldexp(1, 1 - format.precision);
  const double tiny = std::ldexp(1, format.min_exponent - format.precision + 1);
  const double overflow = std::log(format.largest);
  const double underflow = std::log(tiny);
  return {{format.largest, -format.largest, 0},
          {format.largest, format.largest},
          {tiny, 0, -tiny},
          {1 + unit, 1},
          {3 * unit, 0},
          {overflow, -overflow, underflow},
          {0, underflow, underflow - 0.5, underflow - 1},
          {0, -std::log(2.0) * format.precision},
          {unit, -unit, unit / 2, 0.5, -0.5}};
}

template <class T>
std::vector<Batch16> Batches() {
  Random random(1616);
  std::vector<Batch16> batches;
  for (size_t classes = 1; classes <= 40; ++classes) {
    batches.push_back(RandomBatch<T>(random, classes <= 17 ? 2 : 1, classes));
  }
  for (const size_t classes : {64, 65, 300}) {
    batches.push_back(RandomBatch<T>(random, 2, classes));
  }
  batches.push_back(RandomBatch<T>(random, 1, 1000));
  for (const auto& row : HardRows<float>()) {
    const std::vector<double> logits = Widen(row.values);
    batches.push_back(HardBatch<T>(random, &logits, nullptr));
  }
  for (const auto& logits : HardLogitsOf<T>()) {
    batches.push_back(HardBatch<T>(random, &logits, nullptr));
  }
  for (const auto& row : HardProbs<float>()) {
    const std::vector<double> p = Widen(row.values);
    batches.push_back(HardBatch<T>(random, nullptr, &p));
  }
  return batches;
}

// How they are tried. --------------------------------------------------------

/// Where the elements lie; the last one has the class axis in the middle.
struct Place {
  std::string name;
  Layout layout = {};
  bool class_axis_1 = false;
};

const std::vector<Place>& Places() {
  static const std::vector<Place> places = {
      {"one behind the other"},
      {"at an odd offset", {1, 0, 1}},
      {"with gaps", {3, 5, 1}},
      {"every second", {2, 1, 2}},
      {"class axis in the middle", {}, true}};
  return places;
}

/// Room for a table of a batch.
template <class T>
GuardedRows<T> Room(const Batch16& batch, const Place& place) {
  if (place.class_axis_1) {
    return GuardedRows<T>::ClassAxis1(1, batch.classes, batch.rows);
  }
  return GuardedRows<T>(batch.rows, batch.classes, place.layout.offset,
                        place.layout.gap, place.layout.class_stride);
}

template <class T>
GuardedRows<T> Placed(const Batch16& batch, const std::vector<double>& values,
                      const Place& place) {
  GuardedRows<T> rows = Room<T>(batch, place);
  for (size_t r = 0; r < batch.rows; ++r) {
    rows.Fill(r, Narrowed<T>(RowOfTable(batch, values, r)));
  }
  return rows;
}

/// The tables of a batch in memory, as elements of T, the upstream gradients as
/// elements of U.
template <class T, class U = T>
class PlacedBatch {
 public:
  PlacedBatch(const Batch16& batch, const Place& place)
      : batch_(batch),
        logits_(Placed<T>(batch, batch.tables.logits, place)),
        upstream_(Placed<U>(batch, batch.tables.upstream, place)),
        targets_(Placed<T>(batch, batch.tables.targets, place)),
        unit_targets_(Placed<T>(batch, batch.tables.unit_targets, place)),
        unit_probs_(Placed<T>(batch, batch.tables.unit_probs, place)),
        p_(Placed<T>(batch, batch.tables.p, place)),
        q_(Placed<T>(batch, batch.tables.q, place)),
        log_p_(Placed<T>(batch, batch.tables.log_p, place)),
        log_q_(Placed<T>(batch, batch.tables.log_q, place)) {}

  Arguments View() const {
    return {{logits_.ConstView(), upstream_.ConstView(), targets_.ConstView(),
             unit_targets_.ConstView(), unit_probs_.ConstView(), p_.ConstView(),
             q_.ConstView(), log_p_.ConstView(), log_q_.ConstView()},
            batch_.labels,
            batch_.class_weights,
            {batch_.mask.data(), batch_.rows, batch_.classes},
            batch_.row_upstream};
  }

 private:
  const Batch16& batch_;
  GuardedRows<T> logits_;
  GuardedRows<U> upstream_;
  GuardedRows<T> targets_, unit_targets_, unit_probs_, p_, q_, log_p_, log_q_;
};

/// The oracle's answers, rounded to R.
template <class R>
std::vector<R> RoundedTo(const Exacts& exact) {
  std::vector<R> rounded;
  for (const Exact& x : exact) rounded.push_back(RoundTo<R>(x));
  return rounded;
}

/// What the results of a function must be, bit for bit.
template <class R>
class Judge {
 public:
  Judge(const Exacts& exact, Zero zero)
      : want_(RoundedTo<R>(exact)), either_(zero == Zero::kEither) {
    for (R& x : want_) {
      if (zero == Zero::kPlus && ToDouble(x) == 0) x = Format<R>::Narrow(0);
    }
  }

  size_t Size() const { return want_.size(); }

  void Check(const std::vector<R>& got) {
    REQUIRE(got.size() == want_.size());
    // The first zeros have the sign that all others must have.
    for (size_t i = 0; either_ && i < got.size(); ++i) {
      if (ToDouble(want_[i]) == 0 && ToDouble(got[i]) == 0) want_[i] = got[i];
    }
    either_ = false;
    CheckSameResults<R>(got, want_);
  }

 private:
  std::vector<R> want_;
  bool either_;
};

template <class R>
std::vector<R> AllRows(const GuardedRows<R>& rows, size_t count) {
  std::vector<R> all;
  for (size_t r = 0; r < count; ++r) {
    const std::vector<R> row = rows.Row(r);
    all.insert(all.end(), row.begin(), row.end());
  }
  return all;
}

/// Checks a function's results of type R in every place.
template <class R, class Source>
void CheckElements(const ElementFunction& function, const Batch16& batch,
                   const Source& in_memory, const Place& place,
                   Judge<R>& judge) {
  const std::string result_type = NameOf(kElementType<R>);
  CAPTURE(result_type);
  GuardedRows<R> out = Room<R>(batch, place);
  function.kernel(in_memory.View(), out.View());
  out.CheckGuards();
  judge.Check(AllRows(out, batch.rows));
}

/// The results over the input that they may replace.
template <class T>
void CheckInPlace(const ElementFunction& function, const Batch16& batch,
                  const PlacedBatch<T>& in_memory, const Place& place,
                  Judge<T>& judge) {
  if (!function.in_place) return;
  const std::string results = "in place";
  CAPTURE(results);
  Arguments arguments = in_memory.View();
  GuardedRows<T> rows = Room<T>(batch, place);
  InRows& replaced = arguments.tables.*(*function.in_place);
  for (size_t r = 0; r < batch.rows; ++r) {
    std::vector<double> row;
    for (size_t c = 0; c < batch.classes; ++c) {
      row.push_back(replaced[r][c]);
    }
    rows.Fill(r, Narrowed<T>(row));
  }
  replaced = rows.View();
  function.kernel(arguments, rows.View());
  rows.CheckGuards();
  judge.Check(AllRows(rows, batch.rows));
}

/// The other type of 16 bits.
template <class T>
using Other =
    std::conditional_t<std::is_same_v<T, float16_t>, bfloat16_t, float16_t>;

/// A batch in every place.
template <class T, class U = T>
std::vector<PlacedBatch<T, U>> Everywhere(const Batch16& batch) {
  std::vector<PlacedBatch<T, U>> all;
  for (const Place& place : Places()) all.emplace_back(batch, place);
  return all;
}

template <class T>
void CheckElementFunctions(const std::vector<ElementFunction>& functions) {
  size_t other = 0;  // the place of what is not asked for everywhere
  for (const Batch16& batch : Batches<T>()) {
    CAPTURE(batch.classes);
    const auto plain = Everywhere<T>(batch);
    const auto mixed = Everywhere<T, float>(batch);
    for (const ElementFunction& function : functions) {
      CAPTURE(function.name);
      const Exacts exact = function.oracle(batch);
      Judge<T> judge(exact, function.zero);
      Judge<float> judge_float(exact, function.zero);
      Judge<Other<T>> judge_other(exact, function.zero);
      ForEachTarget([&] {
        for (size_t i = 0; i < Places().size(); ++i) {
          CAPTURE(Places()[i].name);
          CheckElements<T>(function, batch, plain[i], Places()[i], judge);
        }
        const Place& place = Places()[other];
        CAPTURE(place.name);
        CheckElements<T>(function, batch, mixed[other], place, judge);
        CheckElements<float>(function, batch, plain[other], place, judge_float);
        CheckElements<Other<T>>(function, batch, mixed[other], place,
                                judge_other);
        CheckInPlace<T>(function, batch, plain[other], place, judge);
        other = (other + 1) % Places().size();
      });
    }
  }
}

template <class R, class Source>
void CheckScalars(const ScalarFunction& function, const Source& in_memory,
                  Judge<R>& judge) {
  GuardedRows<R> out(1, judge.Size(), 1);
  function.kernel(in_memory.View(),
                  {out.View().data, kElementType<R>, out.View().classes, 1});
  out.CheckGuards();
  judge.Check(out.Row(0));
}

template <class T>
void CheckScalarFunctions(const std::vector<ScalarFunction>& functions) {
  for (const Batch16& batch : Batches<T>()) {
    CAPTURE(batch.classes);
    const auto in_memory = Everywhere<T>(batch);
    for (const ScalarFunction& function : functions) {
      CAPTURE(function.name);
      const Exacts exact = function.oracle(batch);
      Judge<float> judge(exact, Zero::kPlus);
      Judge<T> judge_narrow(exact, Zero::kPlus);
      ForEachTarget([&] {
        for (size_t i = 0; i < Places().size(); ++i) {
          CAPTURE(Places()[i].name);
          CheckScalars<float>(function, in_memory[i], judge);
          CheckScalars<T>(function, in_memory[i], judge_narrow);
        }
      });
    }
  }
}

TEST_CASE_TEMPLATE("elementwise functions and gradients are the oracle's", T,
                   float16_t, bfloat16_t) {
  CheckElementFunctions<T>(ElementwiseFunctions());
}

TEST_CASE_TEMPLATE("functions of rows and gradients are the oracle's", T,
                   float16_t, bfloat16_t) {
  CheckElementFunctions<T>(RowFunctions());
}

TEST_CASE_TEMPLATE("gradients of losses are the oracle's", T, float16_t,
                   bfloat16_t) {
  CheckElementFunctions<T>(LossGradients());
}

TEST_CASE_TEMPLATE("row scalars are the oracle's, in float and in 16 bits", T,
                   float16_t, bfloat16_t) {
  CheckScalarFunctions<T>(RowScalars());
}

TEST_CASE_TEMPLATE("losses are the oracle's, in float and in 16 bits", T,
                   float16_t, bfloat16_t) {
  CheckScalarFunctions<T>(Losses());
}

// float64 goes with float64 only. --------------------------------------------

/// Whether the function refuses these types, and says so.
template <class Function, class Out>
bool RefusesTypes(const Function& function, const Arguments& arguments,
                  const Out& out) {
  try {
    function.kernel(arguments, out);
    return false;
  } catch (const Error& error) {
    const std::string said = error.what();
    CAPTURE(said);
    CHECK(said.ends_with(": float64 goes with float64 only"));
    return true;
  }
}

/// Room for results, and whether anything was written in it.
template <class R>
class Results {
 public:
  explicit Results(const Batch16& batch)
      : batch_(batch), rows_(Room<R>(batch, Places()[0])) {}

  OutRows Elements() { return rows_.View(); }
  OutRow Scalars(size_t count) {
    return {rows_.View().data, kElementType<R>, count, 1};
  }
  bool Untouched() const {
    const auto fresh = AllRows(Room<R>(batch_, Places()[0]), batch_.rows);
    const auto now = AllRows(rows_, batch_.rows);
    return std::ranges::equal(now, fresh, SameBits<R>);
  }

 private:
  const Batch16& batch_;
  GuardedRows<R> rows_;
};

/// The arguments with one of them in doubles, for each that there is.
std::vector<Arguments> WithOneWide(const Arguments& narrow,
                                   const Arguments& wide) {
  std::vector<Arguments> all;
  for (InRows In::*table :
       {&In::logits, &In::upstream, &In::targets, &In::unit_targets,
        &In::unit_probs, &In::p, &In::q, &In::log_p, &In::log_q}) {
    all.push_back(narrow);
    all.back().tables.*table = wide.tables.*table;
  }
  all.push_back(narrow);
  all.back().row_upstream = wide.row_upstream;
  return all;
}

/// `results_of(results)` is the view of the results that the function takes.
template <class T, class Function, class ResultsOf>
void CheckMixedTypes(const Function& function, const Batch16& batch,
                     const ResultsOf& results_of) {
  CAPTURE(function.name);
  const std::vector<double> row_upstream = Widen(batch.row_upstream);
  const PlacedBatch<T> in_memory(batch, Places()[0]);
  const PlacedBatch<double> in_doubles(batch, Places()[0]);
  const Arguments narrow = in_memory.View();
  Arguments wide = in_doubles.View();
  wide.row_upstream = row_upstream;

  Results<double> doubles(batch);
  CHECK(RefusesTypes(function, narrow, results_of(doubles)));
  CHECK(doubles.Untouched());
  size_t refused = 0;
  for (const Arguments& mixed : WithOneWide(narrow, wide)) {
    Results<T> results(batch);
    const bool refuses = RefusesTypes(function, mixed, results_of(results));
    CHECK(results.Untouched() == refuses);
    refused += refuses;
  }
  CHECK(refused >= 1);
}

TEST_CASE_TEMPLATE("float64 beside narrower types is refused, nothing written",
                   T, float16_t, bfloat16_t) {
  Random random(64);
  const Batch16 batch = RandomBatch<T>(random, 2, 5);
  const auto elements = [](auto& results) { return results.Elements(); };
  for (const auto& functions :
       {ElementwiseFunctions(), RowFunctions(), LossGradients()}) {
    for (const ElementFunction& function : functions) {
      CheckMixedTypes<T>(function, batch, elements);
    }
  }
  for (const auto& functions : {RowScalars(), Losses()}) {
    for (const ScalarFunction& function : functions) {
      const size_t count = function.oracle(batch).size();
      CheckMixedTypes<T>(function, batch, [count](auto& results) {
        return results.Scalars(count);
      });
    }
  }
}

TEST_CASE("a refusal of types names the argument and both types") {
  const std::vector<float16_t> half(3);
  std::vector<bfloat16_t> brain(3);
  std::vector<double> wide(3);
  CHECK_THROWS_WITH_AS(
      Softmax(half, wide),
      "probs is of type float64 beside float16: float64 goes with float64 only",
      Error);
  CHECK_THROWS_WITH_AS(SoftmaxVjp(wide, brain, wide),
                       "upstream is of type bfloat16 beside float64: float64 "
                       "goes with float64 only",
                       Error);
}

TEST_CASE_TEMPLATE(
    "what is returned by value has the row's type, scalars float", T, float16_t,
    bfloat16_t) {
  const auto row = Narrowed<T>(std::vector<double>{0.5, 0.25, 0.25});
  static_assert(std::is_same_v<decltype(Softmax(row)), std::vector<T>>);
  static_assert(std::is_same_v<decltype(LogSoftmax(row)), std::vector<T>>);
  static_assert(std::is_same_v<decltype(Exp(row)), std::vector<T>>);
  const float log_sum_exp = LogSumExp(row), entropy = Entropy(row);
  CHECK(log_sum_exp == RoundTo<float>(LogSumExpOracle(Widen(row))));
  CHECK(entropy == RoundTo<float>(EntropyOracle(Widen(row))));
  CheckSameResults<T>(Softmax(row), RoundedTo<T>(SoftmaxOracle(Widen(row))));
}

}  // namespace
}  // namespace surprisal::testing
