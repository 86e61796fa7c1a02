#ifndef SURPRISAL_CROSS_ENTROPY_CROSS_ENTROPY_ORACLE_H_
#define SURPRISAL_CROSS_ENTROPY_CROSS_ENTROPY_ORACLE_H_

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "oracle/definition.h"
#include "surprisal/common/rows.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/log_softmax/log_softmax_oracle.h"
#include "surprisal/nll/nll_oracle.h"
#include "surprisal/softmax/softmax_oracle.h"

namespace surprisal {

/// sum_c t_c (ln sum_k e^(z_k) - z_c), for any number type X in whose range the
/// exponentials lie.
template <class X, class N>
X CrossEntropyDefinition(const std::vector<X>& logits,
                         const std::vector<N>& targets) {
  X loss(0);
  for (size_t c = 0; c < logits.size(); ++c) {
    loss -= LogSoftmaxDefinition(logits, c) * X(targets[c]);
  }
  return loss;
}

/// -sum_c p_c ln q_c, for any number type.
template <class X>
X CrossEntropyFromProbsDefinition(const std::vector<X>& p,
                                  const std::vector<X>& q) {
  X sum(0);
  for (size_t c = 0; c < p.size(); ++c) sum -= p[c] * log(q[c]);
  return sum;
}

/// Weighted and smoothed targets: t_c = w_c ((1 - eps) target_c + eps / K).
template <class N>
std::vector<N> SmoothedTargets(std::span<const double> targets,
                               const CrossEntropyOptions& options) {
  const N smoothing = options.label_smoothing;
  const N share = smoothing / targets.size();
  std::vector<N> smoothed;
  for (size_t c = 0; c < targets.size(); ++c) {
    smoothed.push_back(WeightOf<N>(options.class_weights, c) *
                       ((1 - smoothing) * targets[c] + share));
  }
  return smoothed;
}

/// The targets that an integer label stands for; all 0 for an ignored one.
template <class N>
std::vector<N> TargetsOfLabel(Label label, size_t classes,
                              const CrossEntropyOptions& options) {
  if (label == options.ignore_index) return std::vector<N>(classes, N(0));
  std::vector<double> one_hot(classes, 0.0);
  one_hot[static_cast<size_t>(label)] = 1;
  return SmoothedTargets<N>(one_hot, options);
}

/// The loss of one row under final targets: NaN where the row has no softmax. A
/// target of 0 contributes nothing.
template <class N>
N CrossEntropyOfRow(std::span<const double> logits,
                    const std::vector<N>& targets) {
  if (HasNoSoftmax(logits)) return NaN<N>();
  const OddsRow<N> row(logits, 1);
  N loss = 0;
  for (size_t c = 0; c < logits.size(); ++c) {
    if (targets[c] != 0) loss += targets[c] * row.Surprisal(c);
  }
  return PlusZero(loss);
}

/// Its gradient, (sum_k t_k) p_c - t_c: minus the sum of the other
/// probabilities at a label.
template <class N>
std::vector<N> CrossEntropyGradientOfRow(std::span<const double> logits,
                                         std::vector<N> targets) {
  if (HasNoSoftmax(logits)) return std::vector<N>(logits.size(), NaN<N>());
  for (N& target : targets) target = -target;
  return LogSoftmaxPullback(OddsRow<N>(logits, 1), targets, N(1));
}

/// The exact value of CrossEntropy: [rows] for kNone, else [1]. Arguments are
/// valid. An ignored row has loss 0 whatever it holds.
template <class N = Exact>
std::vector<N> CrossEntropyOracle(Rows<const double> logits,
                                  std::span<const Label> labels,
                                  const CrossEntropyOptions& options = {}) {
  std::vector<N> losses(logits.rows, N(0));
  for (size_t r = 0; r < losses.size(); ++r) {
    if (labels[r] == options.ignore_index) continue;
    losses[r] = CrossEntropyOfRow(
        RowOf(logits, r),
        TargetsOfLabel<N>(labels[r], logits.classes, options));
  }
  return Reduced(losses, options.reduction, LabelWeight<N>(labels, options));
}

/// The same for target distributions.
template <class N = Exact>
std::vector<N> CrossEntropyOracle(Rows<const double> logits,
                                  Rows<const double> targets,
                                  const CrossEntropyOptions& options = {}) {
  std::vector<N> losses;
  for (size_t r = 0; r < logits.rows; ++r) {
    losses.push_back(CrossEntropyOfRow(
        RowOf(logits, r), SmoothedTargets<N>(RowOf(targets, r), options)));
  }
  return Reduced(losses, options.reduction, N(logits.rows));
}

/// The exact value of CrossEntropyGradient, row-major [rows * classes].
template <class N = Exact>
std::vector<N> CrossEntropyGradientOracle(
    Rows<const double> logits, std::span<const Label> labels,
    const CrossEntropyOptions& options = {}) {
  const N divisor = LabelWeight<N>(labels, options);
  std::vector<N> d_logits(logits.rows * logits.classes, N(0));
  for (size_t r = 0; r < logits.rows; ++r) {
    if (labels[r] == options.ignore_index) continue;
    const std::vector<N> d_row = CrossEntropyGradientOfRow(
        RowOf(logits, r),
        TargetsOfLabel<N>(labels[r], logits.classes, options));
    for (size_t c = 0; c < d_row.size(); ++c) {
      d_logits[r * logits.classes + c] =
          ReducedGradient(d_row[c], options.reduction, divisor);
    }
  }
  return d_logits;
}

/// The same for target distributions.
template <class N = Exact>
std::vector<N> CrossEntropyGradientOracle(
    Rows<const double> logits, Rows<const double> targets,
    const CrossEntropyOptions& options = {}) {
  std::vector<N> d_logits;
  for (size_t r = 0; r < logits.rows; ++r) {
    const std::vector<N> d_row = CrossEntropyGradientOfRow(
        RowOf(logits, r), SmoothedTargets<N>(RowOf(targets, r), options));
    for (const N& d : d_row) {
      d_logits.push_back(ReducedGradient(d, options.reduction, N(logits.rows)));
    }
  }
  return d_logits;
}

/// The exact value of CrossEntropyFromLogProbs for one row.
template <class N = Exact>
N CrossEntropyFromLogProbsOracle(std::span<const double> p,
                                 std::span<const double> log_q) {
  if (HasNaN(p) || HasNaN(log_q)) return NaN<N>();
  CancellingSum<N> sum;
  for (size_t c = 0; c < p.size(); ++c) {
    if (p[c] != 0) sum += N(-N(p[c]) * N(log_q[c]));
  }
  return sum.Value();
}

/// The exact value of CrossEntropyFromProbs for one row.
template <class N = Exact>
N CrossEntropyFromProbsOracle(std::span<const double> p,
                              std::span<const double> q) {
  if (HasNaN(p) || HasNaN(q)) return NaN<N>();
  CancellingSum<N> sum;
  for (size_t c = 0; c < p.size(); ++c) {
    if (p[c] != 0) sum += N(-N(p[c]) * log(N(q[c])));
  }
  return sum.Value();
}

/// The exact value of CrossEntropyFromProbsGradient for one row: {d_p, d_q};
/// all NaN where the row holds NaN. upstream is finite.
template <class N = Exact>
PairGradient<N> CrossEntropyFromProbsGradientOracle(std::span<const double> p,
                                                    std::span<const double> q,
                                                    double upstream = 1) {
  PairGradient<N> d = {std::vector<N>(p.size(), NaN<N>()),
                       std::vector<N>(p.size(), NaN<N>())};
  if (HasNaN(p) || HasNaN(q)) return d;
  for (size_t c = 0; c < p.size(); ++c) {
    d.first[c] = TimesUpstream(N(-log(N(q[c]))), upstream);
    d.second[c] = p[c] == 0 ? N(0) : MinusRatioTimes<N>(p[c], q[c], upstream);
  }
  return d;
}

}  // namespace surprisal

#endif  // SURPRISAL_CROSS_ENTROPY_CROSS_ENTROPY_ORACLE_H_
