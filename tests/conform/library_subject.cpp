// The library of this repository as a subject like any other.

#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"
#include "surprisal/common/error.h"
#include "surprisal/common/rows.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/entropy/entropy.h"
#include "surprisal/exp/exp.h"
#include "surprisal/expm1/expm1.h"
#include "surprisal/kl_divergence/kl_divergence.h"
#include "surprisal/log/log.h"
#include "surprisal/log1p/log1p.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"
#include "surprisal/nll/nll.h"
#include "surprisal/sigmoid/sigmoid.h"
#include "surprisal/softmax/softmax.h"
#include "surprisal/softplus/softplus.h"
#include "surprisal_subject.h"

namespace surprisal::conform {
namespace {

/// Answers questions about elements of type T. Every method computes the
/// outputs that are asked for.
template <class T>
class Answer {
 public:
  explicit Answer(const SurprisalRequest& request)
      : q_(request),
        rows_(request.images * request.pixels),
        elements_(rows_ * request.classes) {}

  bool Compute() {
    using Method = void (Answer::*)();
    static const std::map<std::string, Method> methods = {
        {"exp", &Answer::ExpAnswer},
        {"log", &Answer::LogAnswer},
        {"log1p", &Answer::Log1pAnswer},
        {"expm1", &Answer::Expm1Answer},
        {"sigmoid", &Answer::SigmoidAnswer},
        {"softplus", &Answer::SoftplusAnswer},
        {"log_sigmoid", &Answer::LogSigmoidAnswer},
        {"log_sum_exp", &Answer::LogSumExpAnswer},
        {"softmax", &Answer::SoftmaxAnswer},
        {"log_softmax", &Answer::LogSoftmaxAnswer},
        {"nll", &Answer::NllAnswer},
        {"cross_entropy", &Answer::CrossEntropyAnswer},
        {"binary_cross_entropy", &Answer::BinaryAnswer},
        {"entropy", &Answer::EntropyAnswer},
        {"kl_divergence", &Answer::KlAnswer}};
    const auto found = methods.find(q_.op);
    if (found == methods.end()) return false;
    (this->*found->second)();
    return true;
  }

 private:
  /// Of what has one element per row.
  using Scalar = RowScalar<T>;

  /// A batch of plain rows where there is one pixel: other strides, and so
  /// another path through the kernels.
  template <class E>
  Rows<E> View(E* data) const {
    return q_.pixels == 1
               ? Rows<E>(data, q_.images, q_.classes)
               : Rows<E>::ClassAxis1(data, q_.images, q_.classes, q_.pixels);
  }
  Rows<const T> In(const void* data) const {
    return View(static_cast<const T*>(data));
  }
  Rows<T> Out(void* data) const {
    return data == nullptr ? Rows<T>() : View(static_cast<T*>(data));
  }
  std::span<const T> Elements(const void* data) const {
    return {static_cast<const T*>(data), elements_};
  }
  std::span<T> Elements(void* data) const {
    return {static_cast<T*>(data), elements_};
  }
  std::span<Scalar> Scalars(void* data, size_t count) const {
    return {static_cast<Scalar*>(data), count};
  }
  std::span<const Scalar> RowUpstream() const {
    return {static_cast<const Scalar*>(q_.in.upstream), rows_};
  }
  std::span<const Label> Labels() const { return {q_.in.labels, rows_}; }

  Reduction ReductionAsked() const {
    const std::string name = q_.options.reduction;
    return name == "none"  ? Reduction::kNone
           : name == "sum" ? Reduction::kSum
                           : Reduction::kMean;
  }
  std::span<Scalar> Loss(size_t unreduced) const {
    return Scalars(q_.out.loss,
                   ReductionAsked() == Reduction::kNone ? unreduced : 1);
  }
  std::span<const double> ClassWeights() const {
    if (q_.options.class_weights == nullptr) return {};
    return {q_.options.class_weights, q_.classes};
  }

  template <class Function, class Vjp>
  void Elementwise(const Function& function, const Vjp& vjp) const {
    const std::span<const T> x = Elements(q_.in.x);
    if (q_.out.y != nullptr) function(x, Elements(q_.out.y));
    if (q_.out.d_x != nullptr) {
      vjp(x, Elements(q_.in.upstream), Elements(q_.out.d_x));
    }
  }
  void ExpAnswer() {
    Elementwise([](auto x, auto y) { Exp(x, y); },
                [](auto x, auto u, auto d) { ExpVjp(x, u, d); });
  }
  void LogAnswer() {
    Elementwise([](auto x, auto y) { Log(x, y); },
                [](auto x, auto u, auto d) { LogVjp(x, u, d); });
  }
  void Log1pAnswer() {
    Elementwise([](auto x, auto y) { Log1p(x, y); },
                [](auto x, auto u, auto d) { Log1pVjp(x, u, d); });
  }
  void Expm1Answer() {
    Elementwise([](auto x, auto y) { Expm1(x, y); },
                [](auto x, auto u, auto d) { Expm1Vjp(x, u, d); });
  }
  void SigmoidAnswer() {
    Elementwise([](auto x, auto y) { Sigmoid(x, y); },
                [](auto x, auto u, auto d) { SigmoidVjp(x, u, d); });
  }
  void SoftplusAnswer() {
    Elementwise([](auto x, auto y) { Softplus(x, y); },
                [](auto x, auto u, auto d) { SoftplusVjp(x, u, d); });
  }
  void LogSigmoidAnswer() {
    Elementwise([](auto x, auto y) { LogSigmoid(x, y); },
                [](auto x, auto u, auto d) { LogSigmoidVjp(x, u, d); });
  }

  void LogSumExpAnswer() {
    const Rows<const T> logits = In(q_.in.logits);
    if (q_.out.log_sum_exp != nullptr) {
      LogSumExp(logits, Scalars(q_.out.log_sum_exp, rows_));
    }
    if (q_.out.d_logits != nullptr) {
      LogSumExpGradient(logits, RowUpstream(), Out(q_.out.d_logits));
    }
  }

  void SoftmaxAnswer() {
    const SoftmaxOptions options = {.temperature = q_.options.temperature};
    const Rows<const T> logits = In(q_.in.logits);
    if (q_.in.mask != nullptr) {
      MaskedSoftmax(logits, View(q_.in.mask), Out(q_.out.probs), options);
    } else if (q_.out.probs != nullptr) {
      Softmax(logits, Out(q_.out.probs), options);
    }
    if (q_.out.d_logits != nullptr) {
      SoftmaxVjp(logits, In(q_.in.upstream), Out(q_.out.d_logits), options);
    }
  }

  void LogSoftmaxAnswer() {
    const SoftmaxOptions options = {.temperature = q_.options.temperature};
    const Rows<const T> logits = In(q_.in.logits);
    if (q_.out.log_probs != nullptr) {
      LogSoftmax(logits, Out(q_.out.log_probs), options);
    }
    if (q_.out.d_logits != nullptr) {
      LogSoftmaxVjp(logits, In(q_.in.upstream), Out(q_.out.d_logits), options);
    }
  }

  void NllAnswer() {
    const NllOptions options = {.reduction = ReductionAsked(),
                                .ignore_index = q_.options.ignore_index,
                                .class_weights = ClassWeights()};
    const Rows<const T> log_probs = In(q_.in.log_probs);
    if (q_.out.loss != nullptr) Nll(log_probs, Labels(), Loss(rows_), options);
    if (q_.out.d_log_probs != nullptr) {
      NllGradient(log_probs, Labels(), Out(q_.out.d_log_probs), options);
    }
  }

  void CrossEntropyAnswer() {
    if (q_.in.q != nullptr) {
      CrossEntropyOfPair();
    } else if (q_.in.targets != nullptr) {
      CrossEntropyOf(In(q_.in.targets));
    } else {
      CrossEntropyOf(Labels());
    }
  }

  /// Loss and gradient in one pass where both are asked for.
  template <class Targets>
  void CrossEntropyOf(const Targets& targets) {
    const CrossEntropyOptions options = {
        .reduction = ReductionAsked(),
        .ignore_index = q_.options.ignore_index,
        .class_weights = ClassWeights(),
        .label_smoothing = q_.options.label_smoothing};
    const Rows<const T> logits = In(q_.in.logits);
    const Rows<T> d_logits = Out(q_.out.d_logits);
    if (q_.out.loss != nullptr && d_logits.data != nullptr) {
      CrossEntropyWithGradient(logits, targets, Loss(rows_), d_logits, options);
    } else if (q_.out.loss != nullptr) {
      CrossEntropy(logits, targets, Loss(rows_), options);
    } else {
      CrossEntropyGradient(logits, targets, d_logits, options);
    }
  }

  void CrossEntropyOfPair() {
    const Rows<const T> p = In(q_.in.p), q = In(q_.in.q);
    if (q_.out.loss != nullptr && q_.options.from_log_probs) {
      CrossEntropyFromLogProbs(p, q, Scalars(q_.out.loss, rows_));
    } else if (q_.out.loss != nullptr) {
      CrossEntropyFromProbs(p, q, Scalars(q_.out.loss, rows_));
    }
    if (q_.out.d_p != nullptr || q_.out.d_q != nullptr) {
      CrossEntropyFromProbsGradient(p, q, RowUpstream(), Out(q_.out.d_p),
                                    Out(q_.out.d_q));
    }
  }

  void BinaryAnswer() {
    std::span<const double> weight;
    if (q_.options.pos_weight != nullptr) {
      weight = {q_.options.pos_weight, q_.options.pos_weights};
    }
    const BinaryCrossEntropyOptions options = {.reduction = ReductionAsked(),
                                               .pos_weight = weight};
    const Rows<const T> targets = In(q_.in.targets);
    if (q_.in.p != nullptr) {
      const Rows<const T> p = In(q_.in.p);
      BinaryLoss([&](std::span<Scalar> loss) {
        BinaryCrossEntropyFromProbs(p, targets, loss, options);
      });
      if (q_.out.d_p == nullptr) return;
      BinaryCrossEntropyFromProbsGradient(p, targets, Out(q_.out.d_p), options);
    } else {
      const Rows<const T> logits = In(q_.in.logits);
      BinaryLoss([&](std::span<Scalar> loss) {
        BinaryCrossEntropy(logits, targets, loss, options);
      });
      if (q_.out.d_logits == nullptr) return;
      BinaryCrossEntropyGradient(logits, targets, Out(q_.out.d_logits),
                                 options);
    }
  }

  /// The library lists the losses of elements row by row, the question wants
  /// them in the elements' own places.
  template <class Compute>
  void BinaryLoss(const Compute& compute) const {
    if (q_.out.loss == nullptr) return;
    const std::span<Scalar> loss = Loss(elements_);
    std::vector<Scalar> by_row(loss.size());
    compute(std::span<Scalar>(by_row));
    if (ReductionAsked() != Reduction::kNone) {
      loss[0] = by_row[0];
      return;
    }
    const Rows<Scalar> places = View(loss.data());
    for (size_t i = 0; i < by_row.size(); ++i) {
      places[i / q_.classes][i % q_.classes] = by_row[i];
    }
  }

  void EntropyAnswer() {
    const std::span<Scalar> entropy = Scalars(q_.out.entropy, rows_);
    if (q_.in.logits != nullptr) {
      const Rows<const T> logits = In(q_.in.logits);
      if (q_.out.entropy != nullptr) EntropyOfLogits(logits, entropy);
      if (q_.out.d_logits == nullptr) return;
      EntropyOfLogitsGradient(logits, RowUpstream(), Out(q_.out.d_logits));
    } else {
      const Rows<const T> p = In(q_.in.p);
      if (q_.out.entropy != nullptr) Entropy(p, entropy);
      if (q_.out.d_p == nullptr) return;
      EntropyGradient(p, RowUpstream(), Out(q_.out.d_p));
    }
  }

  void KlAnswer() {
    const Rows<const T> p = In(q_.in.p), q = In(q_.in.q);
    const Rows<T> d_p = Out(q_.out.d_p), d_q = Out(q_.out.d_q);
    const std::span<Scalar> kl = Scalars(q_.out.kl_divergence, rows_);
    const bool gradient = d_p.data != nullptr || d_q.data != nullptr;
    if (q_.options.from_log_probs) {
      if (kl.data() != nullptr) KlDivergenceFromLogProbs(p, q, kl);
      if (!gradient) return;
      KlDivergenceFromLogProbsGradient(p, q, RowUpstream(), d_p, d_q);
    } else {
      if (kl.data() != nullptr) KlDivergence(p, q, kl);
      if (gradient) KlDivergenceGradient(p, q, RowUpstream(), d_p, d_q);
    }
  }

  const SurprisalRequest& q_;
  const size_t rows_, elements_;
};

/// One line for each element type that the library has.
bool Compute(const SurprisalRequest& request) {
  const std::string dtype = request.dtype;
  if (dtype == "f32") return Answer<float>(request).Compute();
  if (dtype == "f64") return Answer<double>(request).Compute();
  if (dtype == "f16") return Answer<float16_t>(request).Compute();
  if (dtype == "bf16") return Answer<bfloat16_t>(request).Compute();
  return false;
}

}  // namespace

}  // namespace surprisal::conform

int surprisal_library_answer(const SurprisalRequest* request, char* message,
                             size_t message_size) {
  try {
    const bool done = surprisal::conform::Compute(*request);
    return done ? SURPRISAL_ANSWERED : SURPRISAL_NOT_SUPPORTED;
  } catch (const std::exception& error) {
    std::snprintf(message, message_size, "%s", error.what());
    return SURPRISAL_MISUSED;
  }
}
