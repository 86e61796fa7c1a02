#include "digits/weighted_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "digits/weighted_rows.cpp"
// clang-format off
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// clang-format on

// Compiled once per SIMD target.
HWY_BEFORE_NAMESPACE();
namespace surprisal::digits {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D64 = hn::CappedTag<double, kRowAlign>;
using D32 = hn::Rebind<float, D64>;
using V64 = hn::Vec<D64>;

HWY_INLINE V64 LoadAsDouble(const float* from) {
  return hn::PromoteTo(D64(), hn::LoadU(D32(), from));
}

// One vector of sums.
HWY_INLINE void AddToOneVector(const SparseRow& terms, const float* matrix,
                               size_t width, double* sums) {
  const D64 d;
  V64 sum = hn::LoadU(d, sums);
  for (size_t k = 0; k < terms.index.size(); ++k) {
    const float* row = matrix + terms.index[k] * width;
    const V64 value = hn::Set(d, static_cast<double>(terms.value[k]));
    sum = hn::MulAdd(value, LoadAsDouble(row), sum);
  }
  hn::StoreU(sum, d, sums);
}

// Four vectors of sums at a time hide the latency of the additions.
HWY_INLINE void AddToFourVectors(const SparseRow& terms, const float* matrix,
                                 size_t width, double* sums) {
  const D64 d;
  const size_t lanes = hn::Lanes(d);
  V64 sum0 = hn::LoadU(d, sums);
  V64 sum1 = hn::LoadU(d, sums + lanes);
  V64 sum2 = hn::LoadU(d, sums + 2 * lanes);
  V64 sum3 = hn::LoadU(d, sums + 3 * lanes);
  for (size_t k = 0; k < terms.index.size(); ++k) {
    const float* row = matrix + terms.index[k] * width;
    const V64 value = hn::Set(d, static_cast<double>(terms.value[k]));
    sum0 = hn::MulAdd(value, LoadAsDouble(row), sum0);
    sum1 = hn::MulAdd(value, LoadAsDouble(row + lanes), sum1);
    sum2 = hn::MulAdd(value, LoadAsDouble(row + 2 * lanes), sum2);
    sum3 = hn::MulAdd(value, LoadAsDouble(row + 3 * lanes), sum3);
  }
  hn::StoreU(sum0, d, sums);
  hn::StoreU(sum1, d, sums + lanes);
  hn::StoreU(sum2, d, sums + 2 * lanes);
  hn::StoreU(sum3, d, sums + 3 * lanes);
}

void CallAddWeightedRows(const SparseRow& terms, const float* matrix,
                         size_t width, double* sums) {
  const size_t lanes = hn::Lanes(D64());
  size_t j = 0;
  for (; j + 4 * lanes <= width; j += 4 * lanes) {
    AddToFourVectors(terms, matrix + j, width, sums + j);
  }
  for (; j < width; j += lanes) {
    AddToOneVector(terms, matrix + j, width, sums + j);
  }
}

void CallDescend(const double* d, double rate, size_t width, float* weights) {
  const D64 d64;
  const V64 step = hn::Set(d64, rate);
  for (size_t j = 0; j < width; j += hn::Lanes(d64)) {
    // Not NegMulAdd: this product is not exact, and fusing would show.
    const V64 down = hn::Mul(step, hn::LoadU(d64, d + j));
    const V64 weight = hn::Sub(LoadAsDouble(weights + j), down);
    hn::StoreU(hn::DemoteTo(D32(), weight), D32(), weights + j);
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace surprisal::digits
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal::digits {

HWY_EXPORT(CallAddWeightedRows);
void AddWeightedRows(const SparseRow& terms, const float* matrix, size_t width,
                     double* sums) {
  HWY_DYNAMIC_DISPATCH(CallAddWeightedRows)(terms, matrix, width, sums);
}

HWY_EXPORT(CallDescend);
void Descend(const double* d, double rate, size_t width, float* weights) {
  HWY_DYNAMIC_DISPATCH(CallDescend)(d, rate, width, weights);
}

}  // namespace surprisal::digits
#endif  // HWY_ONCE
