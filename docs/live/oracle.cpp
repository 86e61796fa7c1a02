#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "live/decimal.h"
#include "live/element_row.h"
#include "live/live.h"
#include "oracle/ulp.h"
#include "surprisal/common/element.h"
#include "surprisal/softmax/softmax_oracle.h"

// What the 100 digits say.

namespace surprisal::live {
namespace {

std::vector<Exact> OracleRow(int type, const double* logits, int n) {
  std::vector<double> row(logits, logits + n);
  for (double& x : row) x = Round(TypeOf(type), x);
  return SoftmaxOracle(row);
}

template <class T>
void WriteErrors(const double* probs, const std::vector<Exact>& exact,
                 double* ulps) {
  for (size_t i = 0; i < exact.size(); ++i) {
    const double rounded = Round(kElementType<T>, probs[i]);
    ulps[i] = UlpError(FromDouble<T>(rounded), exact[i]);
  }
}

void WriteErrors(ElementType type, const double* probs,
                 const std::vector<Exact>& exact, double* ulps) {
  switch (type) {
    case ElementType::kFloat64:
      return WriteErrors<double>(probs, exact, ulps);
    case ElementType::kFloat32:
      return WriteErrors<float>(probs, exact, ulps);
    case ElementType::kFloat16:
      return WriteErrors<float16_t>(probs, exact, ulps);
    case ElementType::kBFloat16:
      return WriteErrors<bfloat16_t>(probs, exact, ulps);
  }
}

}  // namespace
}  // namespace surprisal::live

using namespace surprisal;        // NOLINT: its C interface
using namespace surprisal::live;  // NOLINT: its C interface

int live_softmax_ulps(int type, const double* logits, const double* probs,
                      int n, double* ulps) {
  if (!IsRow(type, n)) return 0;
  WriteErrors(TypeOf(type), probs, OracleRow(type, logits, n), ulps);
  return 1;
}

int live_oracle_softmax(const double* logits, int n, int index, int digits,
                        char* text, int size) {
  constexpr int kFloat64 = 1;
  if (!IsRow(kFloat64, n) || index < 0 || index >= n) return 0;
  if (digits < 1 || digits > 60) return 0;
  const auto place = static_cast<size_t>(index);
  const std::string decimal =
      Decimal(OracleRow(kFloat64, logits, n)[place], digits);
  if (size <= static_cast<int>(decimal.size())) return 0;
  std::memcpy(text, decimal.c_str(), decimal.size() + 1);
  return 1;
}
