#include "oracle_answers.h"

#include <limits>
#include <map>
#include <span>
#include <string>

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

namespace surprisal::conform {
namespace {

using Row = std::vector<double>;
using Exacts = std::vector<Exact>;

/// What the oracles read of a case.
class Question {
 public:
  explicit Question(const Case& c) : c_(c) {}

  Rows<const double> View(const std::string& name) const {
    const Shape& s = c_.shape;
    return Rows<const double>::ClassAxis1(c_.Input(name).data(), s.images,
                                          s.classes, s.pixels);
  }

  Row RowAt(const std::string& name, size_t r) const {
    return RowOf(View(name), r);
  }

  bool Has(const std::string& name) const { return c_.inputs.contains(name); }

  /// The upstream gradient of row r, or of element r.
  double Upstream(size_t r) const {
    return Has("upstream") ? c_.Input("upstream")[r] : 1.0;
  }

  Row UpstreamRow(size_t r) const {
    return Has("upstream") ? RowAt("upstream", r) : Row(c_.shape.classes, 1.0);
  }

  std::vector<std::uint8_t> MaskRow(size_t r) const {
    const Shape& s = c_.shape;
    const auto mask = Rows<const std::uint8_t>::ClassAxis1(
        c_.mask.data(), s.images, s.classes, s.pixels);
    std::vector<std::uint8_t> row(s.classes);
    for (size_t i = 0; i < row.size(); ++i) row[i] = mask[r][i];
    return row;
  }

  /// of(r) for every row: one value each.
  template <class Of>
  Exacts PerRow(const Of& of) const {
    Exacts values;
    for (size_t r = 0; r < c_.shape.Rows(); ++r) values.push_back(of(r));
    return values;
  }

  /// of(r) for every row: one value for each class of it.
  template <class Of>
  Exacts PerElement(const Of& of) const {
    Exacts row_major;
    for (size_t r = 0; r < c_.shape.Rows(); ++r) {
      const Exacts row = of(r);
      row_major.insert(row_major.end(), row.begin(), row.end());
    }
    return InPlace(row_major);
  }

  /// Values in the order of the rows, put in the order of the elements.
  Exacts InPlace(const Exacts& row_major) const {
    const Shape& s = c_.shape;
    Exacts values(row_major.size());
    const auto view =
        Rows<Exact>::ClassAxis1(values.data(), s.images, s.classes, s.pixels);
    for (size_t r = 0; r < view.rows; ++r) {
      for (size_t i = 0; i < s.classes; ++i) {
        view[r][i] = row_major[r * s.classes + i];
      }
    }
    return values;
  }

  CrossEntropyOptions SparseOptions() const {
    const Options& o = c_.options;
    return {.reduction = o.reduction,
            .ignore_index = o.ignore_index,
            .class_weights = o.class_weights,
            .label_smoothing = o.label_smoothing};
  }

  const Case& c_;
};

Exacts SoftmaxAnswer(const Question& q, bool gradient) {
  const double temperature = q.c_.options.temperature;
  return q.PerElement([&](size_t r) {
    const Row logits = q.RowAt("logits", r);
    if (gradient) {
      return SoftmaxVjpOracle(logits, q.UpstreamRow(r), temperature);
    }
    if (!q.c_.mask.empty()) {
      return MaskedSoftmaxOracle(logits, q.MaskRow(r), temperature);
    }
    return SoftmaxOracle(logits, temperature);
  });
}

Exacts LogSoftmaxAnswer(const Question& q, bool gradient) {
  const double temperature = q.c_.options.temperature;
  return q.PerElement([&](size_t r) {
    const Row logits = q.RowAt("logits", r);
    return gradient ? LogSoftmaxVjpOracle(logits, q.UpstreamRow(r), temperature)
                    : LogSoftmaxOracle(logits, temperature);
  });
}

Exacts LogSumExpAnswer(const Question& q, bool gradient) {
  if (!gradient) {
    return q.PerRow(
        [&](size_t r) { return LogSumExpOracle(q.RowAt("logits", r)); });
  }
  return q.PerElement([&](size_t r) {
    return LogSumExpGradientOracle(q.RowAt("logits", r), q.Upstream(r));
  });
}

Exacts NllAnswer(const Question& q, bool gradient) {
  const Options& o = q.c_.options;
  const NllOptions options = {.reduction = o.reduction,
                              .ignore_index = o.ignore_index,
                              .class_weights = o.class_weights};
  const Rows<const double> log_probs = q.View("log_probs");
  return gradient
             ? q.InPlace(NllGradientOracle(log_probs, q.c_.labels, options))
             : NllOracle(log_probs, q.c_.labels, options);
}

Exacts CrossEntropyAnswer(const Question& q, bool gradient) {
  const Rows<const double> logits = q.View("logits");
  const CrossEntropyOptions options = q.SparseOptions();
  if (q.Has("targets")) {
    const Rows<const double> targets = q.View("targets");
    return gradient
               ? q.InPlace(CrossEntropyGradientOracle(logits, targets, options))
               : CrossEntropyOracle(logits, targets, options);
  }
  const std::span<const Label> labels = q.c_.labels;
  return gradient
             ? q.InPlace(CrossEntropyGradientOracle(logits, labels, options))
             : CrossEntropyOracle(logits, labels, options);
}

/// Losses of elements stand, like the elements, in the order of the shape.
Exacts ElementLosses(const Question& q, const Exacts& losses) {
  const bool none = q.c_.options.reduction == Reduction::kNone;
  return none ? q.InPlace(losses) : losses;
}

Exacts BinaryAnswer(const Question& q, bool gradient) {
  const BinaryCrossEntropyOptions options = {
      .reduction = q.c_.options.reduction,
      .pos_weight = q.c_.options.pos_weight};
  const Rows<const double> targets = q.View("targets");
  if (q.Has("p")) {
    const Rows<const double> p = q.View("p");
    return gradient ? q.InPlace(BinaryCrossEntropyFromProbsGradientOracle(
                          p, targets, options))
                    : ElementLosses(q, BinaryCrossEntropyFromProbsOracle(
                                           p, targets, options));
  }
  const Rows<const double> logits = q.View("logits");
  return gradient ? q.InPlace(BinaryCrossEntropyGradientOracle(logits, targets,
                                                               options))
                  : ElementLosses(
                        q, BinaryCrossEntropyOracle(logits, targets, options));
}

Exacts EntropyAnswer(const Question& q, bool gradient) {
  const bool from_logits = q.Has("logits");
  const std::string name = from_logits ? "logits" : "p";
  if (gradient) {
    return q.PerElement([&](size_t r) {
      const Row row = q.RowAt(name, r);
      return from_logits ? EntropyOfLogitsGradientOracle(row, q.Upstream(r))
                         : EntropyGradientOracle(row, q.Upstream(r));
    });
  }
  return q.PerRow([&](size_t r) {
    const Row row = q.RowAt(name, r);
    return from_logits ? EntropyOfLogitsOracle(row) : EntropyOracle(row);
  });
}

/// The gradient of a function of two rows with respect to the one that `output`
/// names.
template <class Of>
Exacts PairGradientAnswer(const Question& q, const std::string& output,
                          const Of& of) {
  return q.PerElement([&](size_t r) {
    const PairGradient<Exact> both =
        of(q.RowAt("p", r), q.RowAt("q", r), q.Upstream(r));
    return output == "d_p" ? both.first : both.second;
  });
}

Exacts PairAnswer(const Question& q, const std::string& output) {
  const bool logs = q.c_.options.from_log_probs;
  const bool kl = q.c_.form->op == "kl_divergence";
  if (output == "d_p" || output == "d_q") {
    return PairGradientAnswer(
        q, output, [&](const Row& p, const Row& other, double upstream) {
          if (!kl) {
            return CrossEntropyFromProbsGradientOracle(p, other, upstream);
          }
          return logs ? KlDivergenceFromLogProbsGradientOracle(p, other,
                                                               upstream)
                      : KlDivergenceGradientOracle(p, other, upstream);
        });
  }
  return q.PerRow([&](size_t r) {
    const Row p = q.RowAt("p", r), other = q.RowAt("q", r);
    if (kl) {
      return logs ? KlDivergenceFromLogProbsOracle(p, other)
                  : KlDivergenceOracle(p, other);
    }
    return logs ? CrossEntropyFromLogProbsOracle(p, other)
                : CrossEntropyFromProbsOracle(p, other);
  });
}

struct ElementwiseOracle {
  Exact (*value)(double x);
  Exact (*vjp)(double x, double upstream);
};

Exacts ElementwiseAnswer(const Question& q, bool gradient) {
  static const std::map<std::string, ElementwiseOracle> oracles = {
      {"exp", {ExpOracle<Exact>, ExpVjpOracle<Exact>}},
      {"log", {LogOracle<Exact>, LogVjpOracle<Exact>}},
      {"log1p", {Log1pOracle<Exact>, Log1pVjpOracle<Exact>}},
      {"expm1", {Expm1Oracle<Exact>, Expm1VjpOracle<Exact>}},
      {"sigmoid", {SigmoidOracle<Exact>, SigmoidVjpOracle<Exact>}},
      {"softplus", {SoftplusOracle<Exact>, SoftplusVjpOracle<Exact>}},
      {"log_sigmoid", {LogSigmoidOracle<Exact>, LogSigmoidVjpOracle<Exact>}}};
  const ElementwiseOracle& oracle = oracles.at(q.c_.form->op);
  const Row& x = q.c_.Input("x");
  Exacts values;
  for (size_t i = 0; i < x.size(); ++i) {
    values.push_back(gradient ? oracle.vjp(x[i], q.Upstream(i))
                              : oracle.value(x[i]));
  }
  return values;
}

}  // namespace

Exacts OracleAnswer(const Case& question, const Output& output) {
  using Answer = Exacts (*)(const Question&, bool);
  static const std::map<std::string, Answer> answers = {
      {"softmax", SoftmaxAnswer},
      {"log_softmax", LogSoftmaxAnswer},
      {"log_sum_exp", LogSumExpAnswer},
      {"nll", NllAnswer},
      {"cross_entropy", CrossEntropyAnswer},
      {"binary_cross_entropy", BinaryAnswer},
      {"entropy", EntropyAnswer}};
  const Question q(question);
  if (q.Has("q")) return PairAnswer(q, output.name);
  const bool gradient = output.name.starts_with("d_");
  const auto found = answers.find(question.form->op);
  return found == answers.end() ? ElementwiseAnswer(q, gradient)
                                : found->second(q, gradient);
}

}  // namespace surprisal::conform
