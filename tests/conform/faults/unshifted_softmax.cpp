// A subject with one planted fault: the exponentials of the softmax are formed
// without taking the maximum away first. Where none of them leaves the range of
// the element type, float or double, and in all else, it answers as the library
// does.

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "surprisal_subject.h"

namespace {

template <class T>
void SpoilRow(const SurprisalRequest& q, size_t first) {
  const T* logits = static_cast<const T*>(q.in.logits) + first;
  T* probs = static_cast<T*>(q.out.probs) + first;
  std::vector<T> terms;
  long double sum = 0;
  for (size_t i = 0; i < q.classes; ++i) {
    const auto z = static_cast<long double>(logits[i * q.pixels]);
    terms.push_back(static_cast<T>(std::exp(z / q.options.temperature)));
    sum += terms[i];
  }
  const T total = static_cast<T>(sum);
  if (total >= std::numeric_limits<T>::min() && !std::isinf(total)) return;
  for (size_t i = 0; i < q.classes; ++i) {
    probs[i * q.pixels] = terms[i] / total;
  }
}

template <class T>
void Spoil(const SurprisalRequest& q) {
  for (size_t r = 0; r < q.images * q.pixels; ++r) {
    SpoilRow<T>(q, r / q.pixels * q.classes * q.pixels + r % q.pixels);
  }
}

}  // namespace

int surprisal_subject_version(void) { return SURPRISAL_SUBJECT_VERSION; }

const char* surprisal_subject_name(void) { return "softmax without a shift"; }

int surprisal_subject_answer(const SurprisalRequest* request, char* message,
                             size_t message_size) {
  const int code = surprisal_library_answer(request, message, message_size);
  const SurprisalRequest& q = *request;
  const bool spoilt = std::string(q.op) == "softmax" && q.in.mask == nullptr &&
                      q.out.probs != nullptr;
  if (code != SURPRISAL_ANSWERED || !spoilt) return code;
  if (std::string(q.dtype) == "f32") Spoil<float>(q);
  if (std::string(q.dtype) == "f64") Spoil<double>(q);
  return code;
}
