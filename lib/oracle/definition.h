#ifndef SURPRISAL_ORACLE_DEFINITION_H_
#define SURPRISAL_ORACLE_DEFINITION_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "oracle/exact.h"
#include "surprisal/common/rows.h"

namespace surprisal {

// What the oracles are written with. N is Exact, TwiceExact or any other binary
// floating-point number of Boost.Multiprecision.

/// Digits enough to evaluate a definition as the textbook has it, with no
/// rearrangement to save any: e^-700, lost beside 1, needs 300 of them.
using Wide =
    boost::multiprecision::number<boost::multiprecision::cpp_bin_float<500>>;

/// The NaN of N.
template <class N>
N NaN() {
  return std::numeric_limits<N>::quiet_NaN();
}

/// The +inf of N.
template <class N>
N Infinity() {
  return std::numeric_limits<N>::infinity();
}

/// The row as numbers of type N; exact.
template <class N>
std::vector<N> Widened(std::span<const double> row) {
  return std::vector<N>(row.begin(), row.end());
}

/// Row r of a view, one element behind the other.
inline std::vector<double> RowOf(Rows<const double> rows, size_t r) {
  std::vector<double> row(rows.classes);
  for (size_t c = 0; c < row.size(); ++c) row[c] = rows[r][c];
  return row;
}

/// Whether the row spoils whatever is computed of it.
inline bool HasNaN(std::span<const double> row) {
  return std::ranges::any_of(row, [](double x) { return std::isnan(x); });
}

/// The same value, an exact zero being +0.
template <class N>
N PlusZero(const N& x) {
  return x == 0 ? N(0) : x;
}

/// What underflowed the exponents of N stays above 0, as the real number does.
template <class N>
N Positive(const N& x) {
  return x == 0 ? std::numeric_limits<N>::min() : x;
}

/// a + tail. A tail too small for the digits of the sum still moves it by 16
/// units in the last place: where `a` lies half way between two floats, the
/// tail decides to which of them the sum is rounded.
template <class N>
N AddTail(const N& a, const N& tail) {
  const N least = 16 * std::numeric_limits<N>::epsilon() * fabs(a);
  if (tail == 0 || isinf(a) || !(fabs(tail) < least)) return a + tail;
  return tail > 0 ? N(a + least) : N(a - least);
}

/// a + b, either of which may be the tail of the other: what is too small for
/// the digits of the sum still moves it.
template <class N>
N StickySum(const N& a, const N& b) {
  return fabs(a) < fabs(b) ? AddTail(b, a) : AddTail(a, b);
}

/// value * upstream, where an infinite slope that nobody asks for is 0.
template <class N>
N TimesUpstream(const N& value, double upstream) {
  return upstream == 0 && isinf(value) ? N(0) : PlusZero(N(value * upstream));
}

/// -upstream p / q for p above 0 and q at least 0, in one division, so that a tie
/// is exact; an infinite slope that nobody asks for is 0.
template <class N>
N MinusRatioTimes(double p, double q, double upstream) {
  if (upstream == 0) return 0;
  return -(N(p) * upstream) / N(std::fabs(q));
}

/// A sum that knows how large its terms were. Where they cancel down to the
/// rounding errors of N, the real-number sum is 0, and so is the value. A term
/// too small for the digits of the others still tells on which side of a tie
/// they are.
template <class N>
class CancellingSum {
 public:
  void operator+=(const N& term) {
    sum_ = StickySum(sum_, term);
    magnitude_ += fabs(term);
  }

  N Value() const {
    const N noise = ldexp(std::numeric_limits<N>::epsilon(), 50) * magnitude_;
    return fabs(sum_) < noise ? N(0) : PlusZero(sum_);
  }

 private:
  N sum_ = 0;
  N magnitude_ = 0;
};

/// For every place the sum of all the other terms, none of which is ever added
/// and taken away again.
template <class N>
std::vector<N> SumsOfOthers(const std::vector<N>& terms) {
  std::vector<N> others(terms.size());
  N before = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    others[i] = before;
    before += terms[i];
  }
  N after = 0;
  for (size_t i = terms.size(); i-- > 0;) {
    others[i] += after;
    after += terms[i];
  }
  return others;
}

/// How many decimal digits of `got` are those of `wanted`: +inf where the two
/// are equal or both NaN, -inf where only one of them is finite or 0.
template <class N, class M>
double AgreeingDigits(const N& got, const M& wanted) {
  const Wide a(got), b(wanted);
  if (a == b || (isnan(a) && isnan(b))) return INFINITY;
  if (!isfinite(a) || !isfinite(b) || a == 0 || b == 0) return -INFINITY;
  return -static_cast<double>(log10(fabs(a - b) / fabs(b)));
}

/// The gradient of a function of two rows.
template <class N>
struct PairGradient {
  std::vector<N> first;
  std::vector<N> second;
};

}  // namespace surprisal

#endif  // SURPRISAL_ORACLE_DEFINITION_H_
