#ifndef SURPRISAL_ORACLE_JUDGE_H_
#define SURPRISAL_ORACLE_JUDGE_H_

#include <cstddef>
#include <span>
#include <vector>

#include "oracle/exact.h"
#include "oracle/ulp.h"

namespace surprisal {

/// Whether `got` is within `ulps` units in the last place of `exact`; NaN is so
/// of NaN alone.
template <class T>
bool Within(double ulps, T got, const Exact& exact) {
  return UlpError(got, exact) <= ulps;
}

/// Whether `got` is as long as `exact`, and each element within `ulps` of its.
template <class T>
bool AllWithin(double ulps, const std::vector<T>& got,
               const std::vector<Exact>& exact) {
  if (got.size() != exact.size()) return false;
  for (size_t i = 0; i < got.size(); ++i) {
    if (!Within(ulps, got[i], exact[i])) return false;
  }
  return true;
}

/// The row as the oracles take it; exact.
inline std::vector<double> InDouble(std::span<const float> row) {
  return std::vector<double>(row.begin(), row.end());
}

}  // namespace surprisal

#endif  // SURPRISAL_ORACLE_JUDGE_H_
