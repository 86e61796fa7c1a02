#include "live/live.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>

#include "live/element_row.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/entropy/entropy.h"
#include "surprisal/exp/exp.h"
#include "surprisal/kl_divergence/kl_divergence.h"
#include "surprisal/log/log.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"
#include "surprisal/softmax/softmax.h"

// The kernels, one row at a time. Arguments are checked here and not left to
// the library: in the module an exception would be the end.

namespace surprisal::live {
namespace {

template <class T>
std::uint64_t BitsOf(T x) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &x, sizeof(x));
  return bits;
}

std::uint64_t BitsOf(ElementType type, double x) {
  switch (type) {
    case ElementType::kFloat64:
      return BitsOf(x);
    case ElementType::kFloat32:
      return BitsOf(static_cast<float>(x));
    case ElementType::kFloat16:
      return Float16Bits(x);
    case ElementType::kBFloat16:
      break;
  }
  return BFloat16Bits(x);
}

/// A row made of a row of the same type: kernel(in, out).
template <class Kernel>
int MapRow(int type, const double* x, int n, double* y, const Kernel& kernel) {
  if (!IsRow(type, n)) return 0;
  const auto size = static_cast<size_t>(n);
  const ElementRow in(TypeOf(type), x, size);
  ElementRow out(TypeOf(type), size);
  kernel(in, out);
  out.CopyTo(y);
  return 1;
}

/// One number made of a row: kernel(in, out).
template <class Kernel>
int FoldRow(int type, const double* x, int n, double* y, const Kernel& kernel) {
  if (!IsRow(type, n)) return 0;
  const ElementRow in(TypeOf(type), x, static_cast<size_t>(n));
  ElementRow out(ScalarOf(TypeOf(type)), 1);
  kernel(in, out);
  out.CopyTo(y);
  return 1;
}

/// What the library takes for a distribution: it need not sum to 1.
bool IsDistribution(const ElementRow& row, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    const double p = row[i];
    if (!std::isnan(p) && !(p >= 0 && std::isfinite(p))) return false;
  }
  return true;
}

/// One number made of two distributions: kernel(p, q, out).
template <class Kernel>
int FoldPair(int type, const double* p, const double* q, int n, double* y,
             const Kernel& kernel) {
  if (!IsRow(type, n)) return 0;
  const auto size = static_cast<size_t>(n);
  const ElementRow first(TypeOf(type), p, size), second(TypeOf(type), q, size);
  if (!IsDistribution(first, size) || !IsDistribution(second, size)) return 0;
  ElementRow out(ScalarOf(TypeOf(type)), 1);
  kernel(first, second, out);
  out.CopyTo(y);
  return 1;
}

}  // namespace
}  // namespace surprisal::live

using namespace surprisal;        // NOLINT: its C interface
using namespace surprisal::live;  // NOLINT: its C interface

double live_round(int type, double x) {
  return IsRow(type, 1) ? Round(TypeOf(type), x) : NAN;
}

int live_bits(int type, double x, char* text, int size) {
  if (!IsRow(type, 1)) return 0;
  const int digits = 2 * static_cast<int>(SizeOf(TypeOf(type)));
  if (size < digits + 3) return 0;
  const std::uint64_t bits = BitsOf(TypeOf(type), Round(TypeOf(type), x));
  *text++ = '0';
  *text++ = 'x';
  for (int i = digits - 1; i >= 0; --i) {
    *text++ = "0123456789abcdef"[(bits >> (4 * i)) & 15U];
  }
  *text = 0;
  return 1;
}

int live_softmax(int type, const double* logits, int n, double temperature,
                 double* probs) {
  if (!(temperature > 0) || std::isinf(temperature)) return 0;
  return MapRow(
      type, logits, n, probs, [&](const ElementRow& in, ElementRow& out) {
        Softmax(in.in_rows(), out.out_rows(), {.temperature = temperature});
      });
}

int live_log_softmax(int type, const double* logits, int n, double* log_probs) {
  return MapRow(type, logits, n, log_probs,
                [](const ElementRow& in, ElementRow& out) {
                  LogSoftmax(in.in_rows(), out.out_rows());
                });
}

int live_log_sum_exp(int type, const double* logits, int n, double* result) {
  return FoldRow(type, logits, n, result,
                 [](const ElementRow& in, ElementRow& out) {
                   LogSumExp(in.in_rows(), out.out());
                 });
}

int live_cross_entropy(int type, const double* logits, int n, int label,
                       double* loss, double* d_logits) {
  if (!IsRow(type, n) || label < 0 || label >= n) return 0;
  return MapRow(type, logits, n, d_logits,
                [&](const ElementRow& in, ElementRow& gradient) {
                  ElementRow out(ScalarOf(TypeOf(type)), 1);
                  const Label labels[] = {label};
                  CrossEntropyWithGradient(in.in_rows(), labels, out.out(),
                                           gradient.out_rows());
                  out.CopyTo(loss);
                });
}

int live_exp(int type, const double* x, int n, double* y) {
  return MapRow(type, x, n, y, [](const ElementRow& in, ElementRow& out) {
    Exp(in.in(), out.out());
  });
}

int live_log(int type, const double* x, int n, double* y) {
  return MapRow(type, x, n, y, [](const ElementRow& in, ElementRow& out) {
    Log(in.in(), out.out());
  });
}

int live_entropy(int type, const double* p, int n, double* result) {
  return FoldPair(type, p, p, n, result,
                  [](const ElementRow& row, const ElementRow& /*same*/,
                     ElementRow& out) { Entropy(row.in_rows(), out.out()); });
}

int live_cross_entropy_of(int type, const double* p, const double* q, int n,
                          double* result) {
  return FoldPair(
      type, p, q, n, result,
      [](const ElementRow& first, const ElementRow& second, ElementRow& out) {
        CrossEntropyFromProbs(first.in_rows(), second.in_rows(), out.out());
      });
}

int live_kl_divergence(int type, const double* p, const double* q, int n,
                       double* result) {
  return FoldPair(
      type, p, q, n, result,
      [](const ElementRow& first, const ElementRow& second, ElementRow& out) {
        KlDivergence(first.in_rows(), second.in_rows(), out.out());
      });
}
