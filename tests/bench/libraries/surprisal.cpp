#include <memory>
#include <span>

#include "accuracy/with_type.h"
#include "bench/library.h"
#include "surprisal/common/tbb_executor.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"
#include "surprisal/softmax/softmax.h"

namespace surprisal::bench {
namespace {

void Compute(Quantity quantity, InRows logits, std::span<const Label> labels,
             OutRows matrix, OutRow scalars, const Executor* executor) {
  const CrossEntropyOptions options = {.reduction = Reduction::kNone};
  switch (quantity) {
    case Quantity::kSoftmax:
      return Softmax(logits, matrix, {}, executor);
    case Quantity::kLogSoftmax:
      return LogSoftmax(logits, matrix, {}, executor);
    case Quantity::kLogSumExp:
      return LogSumExp(logits, scalars, executor);
    case Quantity::kCrossEntropy:
      return CrossEntropy(logits, labels, scalars, options, executor);
    case Quantity::kCrossEntropyWithGradient:
      return CrossEntropyWithGradient(logits, labels, scalars, matrix, options,
                                      executor);
  }
}

template <class T>
Computation PrepareOf(const Task& task,
                      const std::shared_ptr<const Executor>& executor) {
  const Rows<const T> logits(static_cast<const T*>(task.logits), task.rows,
                             task.classes);
  const Rows<T> matrix(static_cast<T*>(task.matrix), task.rows, task.classes);
  const std::span labels(task.labels, task.rows);
  const std::span scalars(task.scalars, task.rows);
  return [=, quantity = task.quantity] {
    Compute(quantity, logits, labels, matrix, scalars, executor.get());
  };
}

}  // namespace

Library SurprisalLibrary(int threads) {
  std::shared_ptr<const Executor> executor;
  if (threads > 1) executor = std::make_shared<TbbExecutor>(threads);
  return {"Surprisal", SURPRISAL_VERSION, [executor](const Task& task) {
            return accuracy::WithType(task.type, [&]<class T>(T) {
              return PrepareOf<T>(task, executor);
            });
          }};
}

}  // namespace surprisal::bench
