// Eigen's array expressions as a subject: softmax, log-softmax, log-sum-exp and
// cross-entropy as one writes them with it, the maximum taken away first.

#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>

#include "surprisal_subject.h"

namespace {

template <class T>
using Array = Eigen::Array<T, Eigen::Dynamic, 1>;

/// A row through its stride.
template <class T, class Pointer>
auto RowAt(const SurprisalRequest& q, Pointer data, size_t r) {
  const auto pixels = static_cast<Eigen::Index>(q.pixels);
  const auto row = static_cast<Eigen::Index>(r);
  const auto classes = static_cast<Eigen::Index>(q.classes);
  using Stride = Eigen::InnerStride<>;
  return Eigen::Map<T, 0, Stride>(
      data + row / pixels * classes * pixels + row % pixels, classes,
      Stride(pixels));
}

/// The gradient of the operation's value in row r, whose softmax is `probs`.
template <class T>
Array<T> Pullback(const SurprisalRequest& q, size_t r, const Array<T>& probs) {
  const auto* upstream = static_cast<const T*>(q.in.upstream);
  if (std::string(q.op) == "log_sum_exp") return upstream[r] * probs;
  const Array<T> u = RowAt<const Array<T>>(q, upstream, r);
  const Array<T> d = std::string(q.op) == "softmax"
                         ? Array<T>(probs * (u - (probs * u).sum()))
                         : Array<T>(u - probs * u.sum());
  return d / static_cast<T>(q.options.temperature);
}

template <class T>
void Answer(const SurprisalRequest& q) {
  const size_t rows = q.images * q.pixels;
  const std::string reduction = q.options.reduction;
  const T divisor = reduction == "mean" ? static_cast<T>(rows) : T(1);
  T total = 0;
  for (size_t r = 0; r < rows; ++r) {
    const Array<T> z =
        RowAt<const Array<T>>(q, static_cast<const T*>(q.in.logits), r) /
        static_cast<T>(q.options.temperature);
    const auto out = [&](void* data) {
      return RowAt<Array<T>>(q, static_cast<T*>(data), r);
    };
    const T max = z.maxCoeff();
    Array<T> probs = (z - max).exp();
    const T log_sum = std::log(probs.sum());
    probs /= probs.sum();
    if (q.out.probs != nullptr) out(q.out.probs) = probs;
    if (q.out.log_probs != nullptr) out(q.out.log_probs) = z - max - log_sum;
    if (q.out.log_sum_exp != nullptr) {
      static_cast<T*>(q.out.log_sum_exp)[r] = max + log_sum;
    }
    if (q.in.labels == nullptr) {
      if (q.out.d_logits != nullptr)
        out(q.out.d_logits) = Pullback(q, r, probs);
      continue;
    }
    const Eigen::Index label = q.in.labels[r];
    const T loss = log_sum - (z[label] - max);
    total += loss;
    probs[label] -= 1;
    if (q.out.d_logits != nullptr) out(q.out.d_logits) = probs / divisor;
    if (q.out.loss != nullptr && reduction == "none") {
      static_cast<T*>(q.out.loss)[r] = loss;
    }
  }
  if (q.out.loss != nullptr && reduction != "none") {
    *static_cast<T*>(q.out.loss) = total / divisor;
  }
}

/// Questions that this subject takes.
bool Supports(const SurprisalRequest& q) {
  const std::string op = q.op, dtype = q.dtype;
  const bool loss = op == "cross_entropy";
  const bool known =
      op == "softmax" || op == "log_softmax" || op == "log_sum_exp" ||
      (loss && q.in.labels != nullptr && q.options.class_weights == nullptr &&
       q.options.label_smoothing == 0);
  return known && q.in.mask == nullptr && q.classes != 0 &&
         (dtype == "f32" || dtype == "f64");
}

/// Every label is a class; ignored rows are not known here.
bool LabelsAreClasses(const SurprisalRequest& q) {
  for (size_t r = 0; q.in.labels != nullptr && r < q.images * q.pixels; ++r) {
    const std::int32_t label = q.in.labels[r];
    if (label < 0 || static_cast<size_t>(label) >= q.classes) return false;
  }
  return true;
}

}  // namespace

int surprisal_subject_version(void) { return SURPRISAL_SUBJECT_VERSION; }

const char* surprisal_subject_name(void) { return "Eigen"; }

int surprisal_subject_answer(const SurprisalRequest* request, char* message,
                             size_t message_size) {
  if (!Supports(*request)) return SURPRISAL_NOT_SUPPORTED;
  if (!LabelsAreClasses(*request)) {
    std::snprintf(message, message_size, "labels holds one that is no class");
    return SURPRISAL_MISUSED;
  }
  if (std::string(request->dtype) == "f32") {
    Answer<float>(*request);
  } else {
    Answer<double>(*request);
  }
  return SURPRISAL_ANSWERED;
}
