#include "surprisal/cross_entropy/cross_entropy.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/cross_entropy/cross_entropy.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/cross_entropy/cross_entropy-inl.h"

#if HWY_ONCE
namespace surprisal {
namespace {

void CheckOptions(const InRows& logits, const CrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckLike("logits", logits, logits);
  CheckWeights("class_weights", options.class_weights, logits.classes);
  CheckInside("label_smoothing", options.label_smoothing, 0.0, 1.0);
}

void CheckBatch(const InRows& logits, std::span<const Label> labels,
                const CrossEntropyOptions& options) {
  CheckOptions(logits, options);
  CheckSize("labels", labels.size(), logits.rows);
  CheckLabels(labels, logits.classes, options.ignore_index);
}

void CheckBatch(const InRows& logits, const InRows& targets,
                const CrossEntropyOptions& options) {
  CheckOptions(logits, options);
  CheckLike("targets", targets, logits);
  CheckEntries("targets", targets, Domain::kTargets);
}

void CheckLoss(const OutRow& loss, const InRows& logits,
               const CrossEntropyOptions& options) {
  const bool each = options.reduction == Reduction::kNone;
  CheckScalars("loss", loss, each ? logits.rows : 1, logits.type);
}

void CheckPair(const InRows& p, const char* q_name, const InRows& q,
               Domain q_domain) {
  CheckFloatingPointEnvironment();
  CheckLike("p", p, p);
  CheckLike(q_name, q, p);
  CheckEntries("p", p, Domain::kProbabilities);
  CheckEntries(q_name, q, q_domain);
}

}  // namespace

HWY_EXPORT(CrossEntropyOfLabels);
HWY_EXPORT(CrossEntropyOfTargets);
HWY_EXPORT(CrossEntropyFromProbsRows);
HWY_EXPORT(CrossEntropyFromLogProbsRows);
HWY_EXPORT(CrossEntropyFromProbsGradientRows);

void CrossEntropy(InRows logits, std::span<const Label> labels, OutRow loss,
                  const CrossEntropyOptions& options,
                  const Executor* executor) {
  CheckBatch(logits, labels, options);
  CheckLoss(loss, logits, options);
  HWY_DYNAMIC_DISPATCH(CrossEntropyOfLabels)
  (logits, labels, loss, {}, options, executor);
}

void CrossEntropy(InRows logits, InRows targets, OutRow loss,
                  const CrossEntropyOptions& options,
                  const Executor* executor) {
  CheckBatch(logits, targets, options);
  CheckLoss(loss, logits, options);
  HWY_DYNAMIC_DISPATCH(CrossEntropyOfTargets)
  (logits, targets, loss, {}, options, executor);
}

void CrossEntropyGradient(InRows logits, std::span<const Label> labels,
                          OutRows d_logits, const CrossEntropyOptions& options,
                          const Executor* executor) {
  CheckBatch(logits, labels, options);
  CheckLike("d_logits", d_logits, logits);
  HWY_DYNAMIC_DISPATCH(CrossEntropyOfLabels)
  (logits, labels, {}, d_logits, options, executor);
}

void CrossEntropyGradient(InRows logits, InRows targets, OutRows d_logits,
                          const CrossEntropyOptions& options,
                          const Executor* executor) {
  CheckBatch(logits, targets, options);
  CheckLike("d_logits", d_logits, logits);
  HWY_DYNAMIC_DISPATCH(CrossEntropyOfTargets)
  (logits, targets, {}, d_logits, options, executor);
}

void CrossEntropyWithGradient(InRows logits, std::span<const Label> labels,
                              OutRow loss, OutRows d_logits,
                              const CrossEntropyOptions& options,
                              const Executor* executor) {
  CheckBatch(logits, labels, options);
  CheckLoss(loss, logits, options);
  CheckLike("d_logits", d_logits, logits);
  HWY_DYNAMIC_DISPATCH(CrossEntropyOfLabels)
  (logits, labels, loss, d_logits, options, executor);
}

void CrossEntropyWithGradient(InRows logits, InRows targets, OutRow loss,
                              OutRows d_logits,
                              const CrossEntropyOptions& options,
                              const Executor* executor) {
  CheckBatch(logits, targets, options);
  CheckLoss(loss, logits, options);
  CheckLike("d_logits", d_logits, logits);
  HWY_DYNAMIC_DISPATCH(CrossEntropyOfTargets)
  (logits, targets, loss, d_logits, options, executor);
}

void CrossEntropyFromProbs(InRows p, InRows q, OutRow cross_entropy,
                           const Executor* executor) {
  CheckPair(p, "q", q, Domain::kProbabilities);
  CheckScalars("cross_entropy", cross_entropy, p.rows, p.type);
  ForPieces(executor, p.rows, p.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(CrossEntropyFromProbsRows)
              (p.Slice(first, rows), q.Slice(first, rows),
               cross_entropy.Slice(first, rows));
            });
}

void CrossEntropyFromLogProbs(InRows p, InRows log_q, OutRow cross_entropy,
                              const Executor* executor) {
  CheckPair(p, "log_q", log_q, Domain::kLogProbabilities);
  CheckScalars("cross_entropy", cross_entropy, p.rows, p.type);
  ForPieces(executor, p.rows, p.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(CrossEntropyFromLogProbsRows)
              (p.Slice(first, rows), log_q.Slice(first, rows),
               cross_entropy.Slice(first, rows));
            });
}

void CrossEntropyFromProbsGradient(InRows p, InRows q, InRow upstream,
                                   OutRows d_p, OutRows d_q,
                                   const Executor* executor) {
  CheckPair(p, "q", q, Domain::kProbabilities);
  CheckScalars("upstream", upstream, p.rows, p.type);
  CheckOptional("d_p", d_p, p);
  CheckOptional("d_q", d_q, p);
  ForPieces(executor, p.rows, p.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(CrossEntropyFromProbsGradientRows)
              (p.Slice(first, rows), q.Slice(first, rows),
               upstream.Slice(first, rows), d_p.Slice(first, rows),
               d_q.Slice(first, rows));
            });
}

}  // namespace surprisal
#endif  // HWY_ONCE
