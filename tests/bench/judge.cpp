#include "bench/judge.h"

#include <algorithm>

#include "accuracy/with_type.h"
#include "oracle/filtered.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"
#include "surprisal/log_softmax/log_softmax_oracle.h"
#include "surprisal/log_sum_exp/log_sum_exp_oracle.h"
#include "surprisal/softmax/softmax_oracle.h"

namespace surprisal::bench {
namespace {

using filtered::LogitsRow;

/// The results of a row by 100 digits: of its matrix, or of its scalar.
std::vector<Exact> ExactMatrix(Quantity quantity, std::span<const double> row,
                               Label label) {
  if (quantity == Quantity::kSoftmax) return SoftmaxOracle(row);
  if (quantity == Quantity::kLogSoftmax) return LogSoftmaxOracle(row);
  return CrossEntropyGradientOracle(Rows<const double>(row),
                                    std::span(&label, 1),
                                    {.reduction = Reduction::kNone});
}

Exact ExactScalar(Quantity quantity, std::span<const double> row, Label label) {
  if (quantity == Quantity::kLogSumExp) return LogSumExpOracle(row);
  return CrossEntropyOracle(Rows<const double>(row), std::span(&label, 1),
                            {.reduction = Reduction::kNone})[0];
}

Approx ApproxMatrix(Quantity quantity, const LogitsRow& row, size_t label,
                    size_t c) {
  if (quantity == Quantity::kSoftmax) return row.Softmax(c);
  if (quantity == Quantity::kLogSoftmax) return row.LogSoftmax(c);
  return row.CrossEntropyGradient(label, c);
}

Approx ApproxScalar(Quantity quantity, const LogitsRow& row, size_t label) {
  return quantity == Quantity::kLogSumExp ? row.LogSumExp()
                                          : row.CrossEntropy(label);
}

/// Only what lies about 0.5, or nowhere yet, is worth 100 digits, which take
/// seconds for a long row.
template <class T, class ExactFn>
double UlpErrorAboutHalf(T got, Approx approx, const ExactFn& exact) {
  const double bound = UlpErrorBound(got, approx);
  const bool close =
      std::isfinite(bound) && approx.error < 1e-9 * std::fabs(approx.value);
  if (bound <= 0.5 || (close && bound > 0.500001)) return bound;
  if (approx.error == 0 && !std::isfinite(approx.value)) return bound;
  return UlpError(got, exact());
}

}  // namespace

Judge::Judge(const Batch& batch) {
  const auto [rows, classes] = batch.shape();
  const size_t count = std::min(rows, std::max<size_t>(1, kResults / classes));
  for (size_t i = 0; i < count; ++i) {
    const size_t number = i * rows / count;
    std::vector<double> logits = batch.Row(number);
    LogitsRow reference(logits);
    rows_.push_back({number, std::move(logits), std::move(reference)});
  }
}

Verdict Judge::Look(const Task& task) const {
  const Quantity quantity = task.quantity;
  Verdict verdict;
  const auto add = [&verdict](auto got, Approx approx, const auto& exact) {
    verdict.worst_ulp =
        std::max(verdict.worst_ulp, UlpErrorAboutHalf(got, approx, exact));
    ++verdict.results;
  };
  for (const auto& [number, logits, reference] : rows_) {
    const Label label = task.labels[number];
    const auto at = static_cast<size_t>(label);
    if (HasScalars(quantity)) {
      add(task.scalars[number], ApproxScalar(quantity, reference, at),
          [&] { return ExactScalar(quantity, logits, label); });
    }
    if (!HasMatrix(quantity)) continue;
    accuracy::WithType(task.type, [&]<class T>(T) {
      const T* results =
          static_cast<const T*>(task.matrix) + number * task.classes;
      for (size_t c = 0; c < task.classes; ++c) {
        add(results[c], ApproxMatrix(quantity, reference, at, c),
            [&] { return ExactMatrix(quantity, logits, label)[c]; });
      }
    });
  }
  return verdict;
}

}  // namespace surprisal::bench
