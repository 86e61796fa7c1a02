// Rows made to come near to where a rounding changes.

#ifndef SURPRISAL_TESTS_NEAR_MIDDLE_H_
#define SURPRISAL_TESTS_NEAR_MIDDLE_H_

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "oracle/rounding.h"
#include "row_testing.h"

namespace surprisal::testing {

/// The largest float of which the exponential is not above `most`.
inline float LogBelow(const Exact& most) {
  constexpr float kLow = -std::numeric_limits<float>::infinity();
  auto x = static_cast<float>(static_cast<double>(log(most)));
  while (exp(Exact(x)) > most) x = std::nextafter(x, kLow);
  return x;
}

/// A row of which the first result is next to the middle of two floats, or of two
/// subnormal ones: what the sum of exponentials lacks to that is taken up by
/// `spare` of the logits, the largest first, each of which leaves 2^-20 or so of
/// it. result(logit, sum) is the first result, sum_at(logit, result) the sum at
/// which it would be that.
template <class ResultFn, class SumFn>
std::vector<float> RowNearMiddle(Random& random, size_t classes, size_t spare,
                                 bool far, const ResultFn& result,
                                 const SumFn& sum_at) {
  std::vector<float> row(classes - spare);
  for (float& z : row) z = static_cast<float>(random.Uniform(-3, 3));
  if (far) row[0] = static_cast<float>(random.Uniform(-95, -90));
  Exact sum = 0;
  for (const float z : row) sum += exp(Exact(z));
  const Exact first = row[0];
  const InUlps count = CountUlps<float>(result(first, sum));
  const Exact middle = floor(count.units - 0.5) + 0.5;
  Exact lacking = sum_at(first, ldexp(middle, count.exponent)) - sum;
  for (size_t k = 0; k < spare; ++k) {
    row.push_back(LogBelow(lacking));
    lacking -= exp(Exact(row.back()));
  }
  // As often beyond the middle as before it
  if (random.Below(2) == 0) row.back() = std::nextafter(row.back(), 9.0f);
  return row;
}

/// The probability of a logit in a row of which `sum` is the sum of exponentials;
/// and, as it happens, the sum for which it has the probability `sum`.
inline Exact ProbOf(const Exact& logit, const Exact& sum) {
  return exp(logit) / sum;
}

/// Such rows, of every kind with up to `most` spare logits.
template <class ResultFn, class SumFn>
std::vector<std::vector<float>> RowsNearMiddle(size_t count, size_t classes,
                                               size_t most,
                                               const ResultFn& result,
                                               const SumFn& sum_at) {
  Random random(80);
  std::vector<std::vector<float>> rows;
  for (size_t r = 0; r < count; ++r) {
    const bool far = r / most % 3 == 2;
    rows.push_back(
        RowNearMiddle(random, classes, 1 + r % most, far, result, sum_at));
  }
  return rows;
}

/// Checks what kernel(row) and, as wide numbers, oracle(row) say of each of such
/// rows, on every target.
template <class KernelFn, class OracleFn>
void CheckNearMiddle(const std::vector<std::vector<float>>& rows,
                     const KernelFn& kernel, const OracleFn& oracle) {
  std::vector<std::vector<Exact>> exact;
  for (const auto& row : rows) exact.push_back(oracle(Widen(row)));
  ForEachTarget([&] {
    for (size_t r = 0; r < rows.size(); ++r) {
      CAPTURE(r);
      CheckResults<float>(kernel(rows[r]), exact[r]);
    }
  });
}

}  // namespace surprisal::testing

#endif  // SURPRISAL_TESTS_NEAR_MIDDLE_H_
