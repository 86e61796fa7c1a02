#ifndef SURPRISAL_TESTS_TRIAL_INPUTS_H_
#define SURPRISAL_TESTS_TRIAL_INPUTS_H_

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "oracle/format.h"
#include "surprisal/common/element.h"

/// What kernels are tried on: named hard rows and portable random ones.
namespace surprisal::testing {

/// SplitMix64 (Steele, Lea & Flood 2014): the same numbers everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Bits() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// In [low, high).
  double Uniform(double low, double high) {
    return low + (high - low) * (static_cast<double>(Bits() >> 11) * 0x1p-53);
  }

  size_t Below(size_t end) { return static_cast<size_t>(Bits() % end); }

  /// Any finite number of type T, all exponents alike.
  template <class T>
  T AnyFinite() {
    using Integer = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
    for (;;) {
      const T x = std::bit_cast<T>(static_cast<Integer>(Bits()));
      if (std::isfinite(x)) return x;
    }
  }

 private:
  uint64_t state_;
};

/// A row that has proved hard for some implementation, and why.
template <class T>
struct NamedRow {
  std::string name;
  std::vector<T> values;
};

/// Rows of logits every kernel is tried on, float or double: confident rows,
/// offsets, masks, near-zero log-sum-exps, subnormal results, the infinities.
template <class T>
std::vector<NamedRow<T>> HardRows() {
  constexpr T kInf = std::numeric_limits<T>::infinity();
  constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();
  constexpr T kMax = std::numeric_limits<T>::max();
  const T minus_ln2 = T(-0.6931471805599453),
          minus_ln3 = T(-1.0986122886681098);
  std::vector<NamedRow<T>> rows = {
      {"one class", {T(3.5)}},
      {"one class, huge", {T(1e30)}},
      {"all equal", std::vector<T>(7, T(-2.25))},
      {"all equal past two vectors", std::vector<T>(37, T(100))},
      {"equal but one", {1, 1, 1, 1, 1, 0}},
      {"one class towers", {100, 0, 0, 0}},
      {"a tower of 16.94", {T(16.942384719848633), 0}},
      {"the largest is last", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20}},
      {"nearly certain", {0, T(-40)}},
      {"certain beyond the digits of the type", {T(-90), 0, T(-95)}},
      {"a subnormal tail", {90, 2, T(-2)}},
      {"a tail below every subnormal", {0, T(-1000), T(-2000)}},
      {"the smallest subnormal probability", {0, T(-103.28), T(-744.4)}},
      {"a tie that only the tail decides", {T(0x1p-16), T(-400)}},
      {"a tie decided by what underflows", {T(16777216), T(-1)}},
      {"log-sum-exp near 0, two classes", {minus_ln2, minus_ln2}},
      {"log-sum-exp near 0, three classes", {minus_ln3, minus_ln3, minus_ln3}},
      {"just below exp's overflow", {T(88.7), T(88.7), 0}},
      {"naive exp overflows", {1000, 999, 998}},
      {"naive exp underflows", {T(-1000), T(-999), T(-998)}},
      {"an offset of 1e7", {T(1e7), T(1e7 - 1), T(1e7 - 2)}},
      {"an offset of 1e30", {T(1e30), T(1e30), 0, T(-1e30)}},
      {"an offset of -1e30", {T(-1e30), T(-1e30), T(-1e30)}},
      {"the whole range", {kMax, -kMax, 0, 1}},
      {"the lowest finite twice", {-kMax, -kMax}},
      {"two at the top", {kMax, kMax}},
      {"differences below one ulp of 1",
       {T(1) + std::numeric_limits<T>::epsilon(), 1}},
      {"subnormal logits",
       {std::numeric_limits<T>::denorm_min(), 0,
        -std::numeric_limits<T>::denorm_min()}},
      {"signed zeros", {T(-0.0), T(0.0)}},
      {"one masked", {0, -kInf, 0}},
      {"all masked but one", {-kInf, -kInf, T(10), -kInf}},
      {"the first vectors masked",
       {-kInf, -kInf, -kInf, -kInf, -kInf, -kInf, -kInf, -kInf, -kInf, -kInf,
        -kInf, -kInf, -kInf, -kInf, -kInf, -kInf, -kInf, 1, 2}},
      {"all masked", {-kInf, -kInf, -kInf}},
      {"one infinite", {0, kInf, 1}},
      {"two infinite", {kInf, kInf}},
      {"NaN first", {kNaN, 0, 1}},
      {"NaN in the last lane",
       {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, kNaN}},
      {"NaN beside infinities", {kNaN, kInf, -kInf}}};
  return rows;
}

/// A row of `classes` logits drawn from one of several populations: normal-like
/// of growing spread, with offsets, ties, or one class ahead.
template <class T>
std::vector<T> RandomRow(Random& random, size_t classes) {
  static constexpr double kSpreads[] = {1, 5, 20, 50, 100};
  const double spread = kSpreads[random.Below(5)];
  const double offset = random.Below(4) == 0 ? random.Uniform(-1e4, 1e4) : 0.0;
  const bool ties = random.Below(4) == 0;
  std::vector<T> row(classes);
  for (T& z : row) {
    const double x = random.Uniform(-spread, spread);
    z = static_cast<T>(offset + (ties ? std::round(x) : x));
  }
  if (random.Below(4) == 0) row[random.Below(classes)] += T(30);
  return row;
}

/// The hard rows, and random ones of every length from 1 to 40 (past two of the
/// widest vectors).
template <class T>
std::vector<NamedRow<T>> TrialRows(size_t random_rows = 400) {
  std::vector<NamedRow<T>> rows = HardRows<T>();
  Random random(2026);
  for (size_t i = 0; i < random_rows; ++i) {
    const size_t classes = 1 + i % 40;
    rows.push_back(
        {"random " + std::to_string(i), RandomRow<T>(random, classes)});
  }
  return rows;
}

/// Arguments for elementwise functions: special values, the edges of every
/// range, and random numbers of all exponents and of moderate size.
template <class T>
std::vector<T> TrialArguments(size_t random_arguments = 4000) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> x = {T(0),
                      T(1),
                      T(0.5),
                      T(2),
                      Limits::infinity(),
                      Limits::quiet_NaN(),
                      Limits::min(),
                      Limits::denorm_min(),
                      Limits::max(),
                      Limits::epsilon(),
                      Limits::epsilon() / 2,
                      T(0.6931471805599453),
                      T(88.722839),
                      T(103.972),
                      T(104),
                      T(709.7827),
                      T(745.1332),
                      T(746),
                      T(20),
                      T(37),
                      T(1e-5)};
  const size_t positive = x.size();
  for (size_t i = 0; i < positive; ++i) x.push_back(-x[i]);
  for (const T near : {T(1), T(-1)}) {
    x.push_back(std::nextafter(near, T(0)));
    x.push_back(std::nextafter(near, 2 * near));
  }
  Random random(2718);
  for (size_t i = 0; i < random_arguments; ++i) {
    switch (i % 4) {
      case 0:
        x.push_back(random.AnyFinite<T>());
        break;
      case 1:
        x.push_back(static_cast<T>(random.Uniform(-2, 2)));
        break;
      case 2:
        x.push_back(static_cast<T>(random.Uniform(-110, 110)));
        break;
      default:
        x.push_back(static_cast<T>(random.Uniform(-760, 760)));
    }
  }
  return x;
}

/// The values as doubles, for the oracles; exact.
template <class Range>
std::vector<double> Widen(const Range& values) {
  std::vector<double> wide;
  for (const auto x : values) wide.push_back(ToDouble(x));
  return wide;
}

/// The nearest values of T.
template <class T, class Range>
std::vector<T> Narrowed(const Range& values) {
  std::vector<T> narrow;
  for (const auto x : values) narrow.push_back(Format<T>::Narrow(x));
  return narrow;
}

}  // namespace surprisal::testing

#endif  // SURPRISAL_TESTS_TRIAL_INPUTS_H_
