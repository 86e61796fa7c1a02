#include "surprisal/cross_entropy/cross_entropy.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/cross_entropy/cross_entropy.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/cross_entropy/cross_entropy-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void LabelLossesF32(Rows<const float> logits, std::span<const Label> labels,
                    std::span<float> loss, const CrossEntropyOptions& options) {
  CrossEntropyOfLabels<float>(logits, labels, loss, Rows<float>(), options);
}
void LabelLossesF64(Rows<const double> logits, std::span<const Label> labels,
                    std::span<double> loss,
                    const CrossEntropyOptions& options) {
  CrossEntropyOfLabels<double>(logits, labels, loss, Rows<double>(), options);
}

void TargetLossesF32(Rows<const float> logits, Rows<const float> targets,
                     std::span<float> loss,
                     const CrossEntropyOptions& options) {
  CrossEntropyOfTargets<float>(logits, targets, loss, Rows<float>(), options);
}
void TargetLossesF64(Rows<const double> logits, Rows<const double> targets,
                     std::span<double> loss,
                     const CrossEntropyOptions& options) {
  CrossEntropyOfTargets<double>(logits, targets, loss, Rows<double>(), options);
}

void LabelGradientsF32(Rows<const float> logits, std::span<const Label> labels,
                       Rows<float> d_logits,
                       const CrossEntropyOptions& options) {
  CrossEntropyOfLabels<float>(logits, labels, std::span<float>(), d_logits,
                              options);
}
void LabelGradientsF64(Rows<const double> logits, std::span<const Label> labels,
                       Rows<double> d_logits,
                       const CrossEntropyOptions& options) {
  CrossEntropyOfLabels<double>(logits, labels, std::span<double>(), d_logits,
                               options);
}

void TargetGradientsF32(Rows<const float> logits, Rows<const float> targets,
                        Rows<float> d_logits,
                        const CrossEntropyOptions& options) {
  CrossEntropyOfTargets<float>(logits, targets, std::span<float>(), d_logits,
                               options);
}
void TargetGradientsF64(Rows<const double> logits, Rows<const double> targets,
                        Rows<double> d_logits,
                        const CrossEntropyOptions& options) {
  CrossEntropyOfTargets<double>(logits, targets, std::span<double>(), d_logits,
                                options);
}

void LabelLossesAndGradientsF32(Rows<const float> logits,
                                std::span<const Label> labels,
                                std::span<float> loss, Rows<float> d_logits,
                                const CrossEntropyOptions& options) {
  CrossEntropyOfLabels<float>(logits, labels, loss, d_logits, options);
}
void LabelLossesAndGradientsF64(Rows<const double> logits,
                                std::span<const Label> labels,
                                std::span<double> loss, Rows<double> d_logits,
                                const CrossEntropyOptions& options) {
  CrossEntropyOfLabels<double>(logits, labels, loss, d_logits, options);
}

void TargetLossesAndGradientsF32(Rows<const float> logits,
                                 Rows<const float> targets,
                                 std::span<float> loss, Rows<float> d_logits,
                                 const CrossEntropyOptions& options) {
  CrossEntropyOfTargets<float>(logits, targets, loss, d_logits, options);
}
void TargetLossesAndGradientsF64(Rows<const double> logits,
                                 Rows<const double> targets,
                                 std::span<double> loss, Rows<double> d_logits,
                                 const CrossEntropyOptions& options) {
  CrossEntropyOfTargets<double>(logits, targets, loss, d_logits, options);
}

void CrossEntropyFromProbsF32(Rows<const float> p, Rows<const float> q,
                              std::span<float> cross_entropy) {
  CrossEntropyFromProbsRows<float>(p, q, cross_entropy);
}
void CrossEntropyFromProbsF64(Rows<const double> p, Rows<const double> q,
                              std::span<double> cross_entropy) {
  CrossEntropyFromProbsRows<double>(p, q, cross_entropy);
}

void CrossEntropyFromLogProbsF32(Rows<const float> p, Rows<const float> log_q,
                                 std::span<float> cross_entropy) {
  CrossEntropyFromLogProbsRows<float>(p, log_q, cross_entropy);
}
void CrossEntropyFromLogProbsF64(Rows<const double> p, Rows<const double> log_q,
                                 std::span<double> cross_entropy) {
  CrossEntropyFromLogProbsRows<double>(p, log_q, cross_entropy);
}

void CrossEntropyFromProbsGradientF32(Rows<const float> p, Rows<const float> q,
                                      std::span<const float> upstream,
                                      Rows<float> d_p, Rows<float> d_q) {
  CrossEntropyFromProbsGradientRows<float>(p, q, upstream, d_p, d_q);
}
void CrossEntropyFromProbsGradientF64(Rows<const double> p,
                                      Rows<const double> q,
                                      std::span<const double> upstream,
                                      Rows<double> d_p, Rows<double> d_q) {
  CrossEntropyFromProbsGradientRows<double>(p, q, upstream, d_p, d_q);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

namespace {

template <class T>
void CheckOptions(Rows<const T> logits, const CrossEntropyOptions& options) {
  CheckSameShape("logits", logits, logits.rows, logits.classes);
  CheckWeights("class_weights", options.class_weights, logits.classes);
  CheckInside("label_smoothing", options.label_smoothing, 0.0, 1.0);
}

template <class T>
void CheckBatch(Rows<const T> logits, std::span<const Label> labels,
                const CrossEntropyOptions& options) {
  CheckOptions(logits, options);
  CheckSize("labels", labels.size(), logits.rows);
  CheckLabels(labels, logits.classes, options.ignore_index);
}

template <class T>
void CheckBatch(Rows<const T> logits, Rows<const T> targets,
                const CrossEntropyOptions& options) {
  CheckOptions(logits, options);
  CheckSameShape("targets", targets, logits.rows, logits.classes);
  CheckEntries("targets", targets, Domain::kTargets);
}

}  // namespace

HWY_EXPORT(LabelLossesF32);

void CrossEntropy(Rows<const float> logits, std::span<const Label> labels,
                  std::span<float> loss, const CrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch(logits, labels, options);
  CheckSize("loss", loss.size(),
            options.reduction == Reduction::kNone ? logits.rows : 1);
  HWY_DYNAMIC_DISPATCH(LabelLossesF32)(logits, labels, loss, options);
}

HWY_EXPORT(LabelLossesF64);

void CrossEntropy(Rows<const double> logits, std::span<const Label> labels,
                  std::span<double> loss, const CrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch(logits, labels, options);
  CheckSize("loss", loss.size(),
            options.reduction == Reduction::kNone ? logits.rows : 1);
  HWY_DYNAMIC_DISPATCH(LabelLossesF64)(logits, labels, loss, options);
}

HWY_EXPORT(TargetLossesF32);

void CrossEntropy(Rows<const float> logits, Rows<const float> targets,
                  std::span<float> loss, const CrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch(logits, targets, options);
  CheckSize("loss", loss.size(),
            options.reduction == Reduction::kNone ? logits.rows : 1);
  HWY_DYNAMIC_DISPATCH(TargetLossesF32)(logits, targets, loss, options);
}

HWY_EXPORT(TargetLossesF64);

void CrossEntropy(Rows<const double> logits, Rows<const double> targets,
                  std::span<double> loss, const CrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch(logits, targets, options);
  CheckSize("loss", loss.size(),
            options.reduction == Reduction::kNone ? logits.rows : 1);
  HWY_DYNAMIC_DISPATCH(TargetLossesF64)(logits, targets, loss, options);
}

HWY_EXPORT(LabelGradientsF32);

void CrossEntropyGradient(Rows<const float> logits,
                          std::span<const Label> labels, Rows<float> d_logits,
                          const CrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch(logits, labels, options);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  HWY_DYNAMIC_DISPATCH(LabelGradientsF32)(logits, labels, d_logits, options);
}

HWY_EXPORT(LabelGradientsF64);

void CrossEntropyGradient(Rows<const double> logits,
                          std::span<const Label> labels, Rows<double> d_logits,
                          const CrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch(logits, labels, options);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  HWY_DYNAMIC_DISPATCH(LabelGradientsF64)(logits, labels, d_logits, options);
}

HWY_EXPORT(TargetGradientsF32);

void CrossEntropyGradient(Rows<const float> logits, Rows<const float> targets,
                          Rows<float> d_logits,
                          const CrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch(logits, targets, options);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  HWY_DYNAMIC_DISPATCH(TargetGradientsF32)(logits, targets, d_logits, options);
}

HWY_EXPORT(TargetGradientsF64);

void CrossEntropyGradient(Rows<const double> logits, Rows<const double> targets,
                          Rows<double> d_logits,
                          const CrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch(logits, targets, options);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  HWY_DYNAMIC_DISPATCH(TargetGradientsF64)(logits, targets, d_logits, options);
}

HWY_EXPORT(LabelLossesAndGradientsF32);

void CrossEntropyWithGradient(Rows<const float> logits,
                              std::span<const Label> labels,
                              std::span<float> loss, Rows<float> d_logits,
                              const CrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch(logits, labels, options);
  CheckSize("loss", loss.size(),
            options.reduction == Reduction::kNone ? logits.rows : 1);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  HWY_DYNAMIC_DISPATCH(LabelLossesAndGradientsF32)
  (logits, labels, loss, d_logits, options);
}

HWY_EXPORT(LabelLossesAndGradientsF64);

void CrossEntropyWithGradient(Rows<const double> logits,
                              std::span<const Label> labels,
                              std::span<double> loss, Rows<double> d_logits,
                              const CrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch(logits, labels, options);
  CheckSize("loss", loss.size(),
            options.reduction == Reduction::kNone ? logits.rows : 1);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  HWY_DYNAMIC_DISPATCH(LabelLossesAndGradientsF64)
  (logits, labels, loss, d_logits, options);
}

HWY_EXPORT(TargetLossesAndGradientsF32);

void CrossEntropyWithGradient(Rows<const float> logits,
                              Rows<const float> targets, std::span<float> loss,
                              Rows<float> d_logits,
                              const CrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch(logits, targets, options);
  CheckSize("loss", loss.size(),
            options.reduction == Reduction::kNone ? logits.rows : 1);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  HWY_DYNAMIC_DISPATCH(TargetLossesAndGradientsF32)
  (logits, targets, loss, d_logits, options);
}

HWY_EXPORT(TargetLossesAndGradientsF64);

void CrossEntropyWithGradient(Rows<const double> logits,
                              Rows<const double> targets,
                              std::span<double> loss, Rows<double> d_logits,
                              const CrossEntropyOptions& options) {
  CheckFloatingPointEnvironment();
  CheckBatch(logits, targets, options);
  CheckSize("loss", loss.size(),
            options.reduction == Reduction::kNone ? logits.rows : 1);
  CheckSameShape("d_logits", d_logits, logits.rows, logits.classes);
  HWY_DYNAMIC_DISPATCH(TargetLossesAndGradientsF64)
  (logits, targets, loss, d_logits, options);
}

HWY_EXPORT(CrossEntropyFromProbsF32);

void CrossEntropyFromProbs(Rows<const float> p, Rows<const float> q,
                           std::span<float> cross_entropy) {
  CheckFloatingPointEnvironment();
  CheckSameShape("p", p, p.rows, p.classes);
  CheckSameShape("q", q, p.rows, p.classes);
  CheckEntries("p", p, Domain::kProbabilities);
  CheckEntries("q", q, Domain::kProbabilities);
  CheckSize("cross_entropy", cross_entropy.size(), p.rows);
  HWY_DYNAMIC_DISPATCH(CrossEntropyFromProbsF32)(p, q, cross_entropy);
}

HWY_EXPORT(CrossEntropyFromProbsF64);

void CrossEntropyFromProbs(Rows<const double> p, Rows<const double> q,
                           std::span<double> cross_entropy) {
  CheckFloatingPointEnvironment();
  CheckSameShape("p", p, p.rows, p.classes);
  CheckSameShape("q", q, p.rows, p.classes);
  CheckEntries("p", p, Domain::kProbabilities);
  CheckEntries("q", q, Domain::kProbabilities);
  CheckSize("cross_entropy", cross_entropy.size(), p.rows);
  HWY_DYNAMIC_DISPATCH(CrossEntropyFromProbsF64)(p, q, cross_entropy);
}

HWY_EXPORT(CrossEntropyFromLogProbsF32);

void CrossEntropyFromLogProbs(Rows<const float> p, Rows<const float> log_q,
                              std::span<float> cross_entropy) {
  CheckFloatingPointEnvironment();
  CheckSameShape("p", p, p.rows, p.classes);
  CheckSameShape("log_q", log_q, p.rows, p.classes);
  CheckEntries("p", p, Domain::kProbabilities);
  CheckEntries("log_q", log_q, Domain::kLogProbabilities);
  CheckSize("cross_entropy", cross_entropy.size(), p.rows);
  HWY_DYNAMIC_DISPATCH(CrossEntropyFromLogProbsF32)(p, log_q, cross_entropy);
}

HWY_EXPORT(CrossEntropyFromLogProbsF64);

void CrossEntropyFromLogProbs(Rows<const double> p, Rows<const double> log_q,
                              std::span<double> cross_entropy) {
  CheckFloatingPointEnvironment();
  CheckSameShape("p", p, p.rows, p.classes);
  CheckSameShape("log_q", log_q, p.rows, p.classes);
  CheckEntries("p", p, Domain::kProbabilities);
  CheckEntries("log_q", log_q, Domain::kLogProbabilities);
  CheckSize("cross_entropy", cross_entropy.size(), p.rows);
  HWY_DYNAMIC_DISPATCH(CrossEntropyFromLogProbsF64)(p, log_q, cross_entropy);
}

HWY_EXPORT(CrossEntropyFromProbsGradientF32);

void CrossEntropyFromProbsGradient(Rows<const float> p, Rows<const float> q,
                                   std::span<const float> upstream,
                                   Rows<float> d_p, Rows<float> d_q) {
  CheckFloatingPointEnvironment();
  CheckSameShape("p", p, p.rows, p.classes);
  CheckSameShape("q", q, p.rows, p.classes);
  CheckEntries("p", p, Domain::kProbabilities);
  CheckEntries("q", q, Domain::kProbabilities);
  CheckSize("upstream", upstream.size(), p.rows);
  CheckOptional("d_p", d_p, p.rows, p.classes);
  CheckOptional("d_q", d_q, p.rows, p.classes);
  HWY_DYNAMIC_DISPATCH(CrossEntropyFromProbsGradientF32)
  (p, q, upstream, d_p, d_q);
}

HWY_EXPORT(CrossEntropyFromProbsGradientF64);

void CrossEntropyFromProbsGradient(Rows<const double> p, Rows<const double> q,
                                   std::span<const double> upstream,
                                   Rows<double> d_p, Rows<double> d_q) {
  CheckFloatingPointEnvironment();
  CheckSameShape("p", p, p.rows, p.classes);
  CheckSameShape("q", q, p.rows, p.classes);
  CheckEntries("p", p, Domain::kProbabilities);
  CheckEntries("q", q, Domain::kProbabilities);
  CheckSize("upstream", upstream.size(), p.rows);
  CheckOptional("d_p", d_p, p.rows, p.classes);
  CheckOptional("d_q", d_q, p.rows, p.classes);
  HWY_DYNAMIC_DISPATCH(CrossEntropyFromProbsGradientF64)
  (p, q, upstream, d_p, d_q);
}

}  // namespace surprisal
#endif  // HWY_ONCE
