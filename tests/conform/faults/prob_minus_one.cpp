// A subject with one planted fault: the gradient of cross-entropy is p - 1 at
// the label, from a p of the element type, float or double. All else is the
// library's.

#include <cstddef>
#include <string>
#include <vector>

#include "surprisal_subject.h"

namespace {

double WeightOf(const SurprisalRequest& q, std::int32_t label) {
  const double* weights = q.options.class_weights;
  return weights == nullptr ? 1.0 : weights[label];
}

/// What a mean divides by; 1 for the other reductions.
double DivisorOf(const SurprisalRequest& q) {
  if (std::string(q.options.reduction) != "mean") return 1;
  double sum = 0;
  for (size_t r = 0; r < q.images * q.pixels; ++r) {
    const std::int32_t label = q.in.labels[r];
    if (label != q.options.ignore_index) sum += WeightOf(q, label);
  }
  return sum;
}

template <class T>
void Spoil(const SurprisalRequest& q) {
  std::vector<T> probs(q.images * q.classes * q.pixels);
  SurprisalRequest softmax = q;
  softmax.op = "softmax";
  softmax.out = {};
  softmax.out.probs = probs.data();
  char message[1];
  surprisal_library_answer(&softmax, message, sizeof(message));

  const double divisor = DivisorOf(q);
  for (size_t r = 0; r < q.images * q.pixels && divisor != 0; ++r) {
    const std::int32_t label = q.in.labels[r];
    if (label == q.options.ignore_index) continue;
    const size_t at =
        (r / q.pixels * q.classes + static_cast<size_t>(label)) * q.pixels +
        r % q.pixels;
    const long double difference = static_cast<long double>(probs[at]) - 1;
    static_cast<T*>(q.out.d_logits)[at] =
        static_cast<T>(difference * WeightOf(q, label) / divisor);
  }
}

}  // namespace

int surprisal_subject_version(void) { return SURPRISAL_SUBJECT_VERSION; }

const char* surprisal_subject_name(void) { return "p - 1 at the label"; }

int surprisal_subject_answer(const SurprisalRequest* request, char* message,
                             size_t message_size) {
  const int code = surprisal_library_answer(request, message, message_size);
  const SurprisalRequest& q = *request;
  const bool spoilt = std::string(q.op) == "cross_entropy" &&
                      q.in.labels != nullptr && q.out.d_logits != nullptr &&
                      q.options.label_smoothing == 0;
  if (code != SURPRISAL_ANSWERED || !spoilt) return code;
  if (std::string(q.dtype) == "f32") Spoil<float>(q);
  if (std::string(q.dtype) == "f64") Spoil<double>(q);
  return code;
}
