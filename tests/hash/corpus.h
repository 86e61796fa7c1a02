#ifndef SURPRISAL_TESTS_HASH_CORPUS_H_
#define SURPRISAL_TESTS_HASH_CORPUS_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <vector>

#include "surprisal/common/rows.h"

/// The inputs of the hash file: the same bits with every compiler, library and
/// instruction set. So only operations that IEEE 754 prescribes make them, and
/// none whose bits would change if a product and a sum were fused.
namespace surprisal::hash {

/// std::bit_cast, which the C++ library of Debian's emscripten does not have.
template <class To, class From>
constexpr To BitCast(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  return __builtin_bit_cast(To, from);
}

/// An element type: the fields of its format, its name in the hash file, and
/// the type of its row scalars (log-sum-exps, losses, entropies).
template <class T>
struct Element;

template <>
struct Element<float> {
  using Bits = uint32_t;
  using Scalar = float;
  static constexpr const char* kName = "f32";
  static constexpr int kExponentBits = 8, kMantissaBits = 23;
};

template <>
struct Element<double> {
  using Bits = uint64_t;
  using Scalar = double;
  static constexpr const char* kName = "f64";
  static constexpr int kExponentBits = 11, kMantissaBits = 52;
};

template <>
struct Element<float16_t> {
  using Bits = uint16_t;
  using Scalar = float;
  static constexpr const char* kName = "f16";
  static constexpr int kExponentBits = 5, kMantissaBits = 10;
};

template <>
struct Element<bfloat16_t> {
  using Bits = uint16_t;
  using Scalar = float;
  static constexpr const char* kName = "bf16";
  static constexpr int kExponentBits = 8, kMantissaBits = 7;
};

template <class T>
constexpr typename Element<T>::Bits kInfinityBits =
    ((typename Element<T>::Bits{1} << Element<T>::kExponentBits) - 1)
    << Element<T>::kMantissaBits;

/// The one NaN that stands for all of them.
template <class T>
constexpr typename Element<T>::Bits kNaNBits =
    kInfinityBits<T> | typename Element<T>::Bits{1}
                           << (Element<T>::kMantissaBits - 1);

/// The low `count` bits of x cut off, to nearest even.
constexpr uint64_t CutRounding(uint64_t x, int count) {
  if (count <= 0) return x;
  if (count > 54) return 0;
  const uint64_t kept = x >> count, rest = x & ((uint64_t{1} << count) - 1);
  const uint64_t half = uint64_t{1} << (count - 1);
  return kept + (rest > half || (rest == half && kept % 2 == 1) ? 1 : 0);
}

/// x rounded to T, to nearest even, in integers: 16-bit types have no cast that
/// is the same everywhere.
template <class T>
constexpr T To(double x) {
  using Bits = typename Element<T>::Bits;
  constexpr int kMantissa = Element<T>::kMantissaBits;
  constexpr int kLeast = 2 - (1 << (Element<T>::kExponentBits - 1));
  const auto bits = BitCast<uint64_t>(x);
  const uint64_t fraction = bits & ((uint64_t{1} << 52) - 1);
  const int biased = static_cast<int>(bits >> 52 & 0x7ff);
  uint64_t magnitude = kInfinityBits<T>;
  if (biased == 0x7ff) {
    if (fraction != 0) return BitCast<T>(kNaNBits<T>);
  } else {
    const int exponent = biased == 0 ? -1022 : biased - 1023;
    const uint64_t significand = fraction | uint64_t{biased != 0} << 52;
    const int top = exponent < kLeast ? kLeast : exponent;
    const uint64_t kept =
        CutRounding(significand, top - exponent + 52 - kMantissa);
    if (top - kLeast < 1 << Element<T>::kExponentBits) {
      const uint64_t encoded =
          kept + (static_cast<uint64_t>(top - kLeast) << kMantissa);
      if (encoded < magnitude) magnitude = encoded;
    }
  }
  const auto sign = static_cast<Bits>(static_cast<Bits>(bits >> 63)
                                      << (8 * sizeof(Bits) - 1));
  return BitCast<T>(static_cast<Bits>(sign | magnitude));
}

static_assert(To<float>(0.1) == 0.1f && To<float>(-1e30) == -1e30f);
static_assert(To<float>(0x1.000001p0) == 1.0f, "a tie, to even");
static_assert(To<float>(0x1.000003p0) == 0x1.000004p0f, "a tie, to even");
static_assert(To<float>(0x1.8p-149) == 0x1p-148f, "subnormal, a tie");
static_assert(To<float>(0x1p-150) == 0.0f && To<float>(1e-320) == 0.0f);
static_assert(To<float>(0x1.fffffep127) == 0x1.fffffep127f);
static_assert(To<float>(0x1.ffffffp127) == HUGE_VALF &&
              To<float>(-1e300) == -HUGE_VALF);
static_assert(To<double>(0.1) == 0.1 && To<double>(0x1p-1074) == 0x1p-1074);

template <class T>
std::vector<T> To(const std::vector<double>& values) {
  std::vector<T> converted;
  converted.reserve(values.size());
  for (const double x : values) converted.push_back(To<T>(x));
  return converted;
}

/// xorshift64* (Vigna 2016).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Bits() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1d;
  }

  size_t Below(size_t end) { return static_cast<size_t>((Bits() >> 11) % end); }
  bool OneIn(size_t n) { return Below(n) == 0; }

  /// In [0, 1), a multiple of 2^-53.
  double Unit() { return static_cast<double>(Bits() >> 11) * 0x1p-53; }

  /// In (-2^power, 2^power): no operation here rounds.
  double Within(int power) {
    const double x = Unit() * static_cast<double>(uint64_t{1} << power);
    return OneIn(2) ? -x : x;
  }

 private:
  uint64_t state_;
};

/// One shape, and all that any function of rows takes, as doubles or as T.
template <class T>
struct Case {
  size_t rows = 0, classes = 0;
  std::vector<T> logits, upstream;    ///< any values
  std::vector<T> targets;             ///< finite, at least 0
  std::vector<T> unit_targets;        ///< in [0, 1]
  std::vector<T> p, q;                ///< in [0, 1], or NaN
  std::vector<T> log_p, log_q;        ///< below +inf, or NaN
  std::vector<Label> labels;          ///< some are to be ignored
  std::vector<double> class_weights;  ///< some are 0
  std::vector<uint8_t> mask;
  std::vector<typename Element<T>::Scalar> row_upstream;

  Rows<const T> In(const std::vector<T>& values) const {
    return Rows<const T>(values.data(), rows, classes);
  }
  Rows<T> Out(std::vector<T>& values) const {
    return Rows<T>(values.data(), rows, classes);
  }
};

/// A number of any size: every 8th is 0, every 16th huge or tiny.
inline double AnyUpstream(Random& random) {
  static constexpr double kSizes[] = {0x1p100, 0x1p-100, 0x1p-140, 0x1p30};
  const double x = random.Within(2);
  if (random.OneIn(8)) return 0.0;
  return random.OneIn(16) ? x * kSizes[random.Below(4)] : x;
}

/// A probability: every 8th is 0, every 16th 1, every 8th tiny.
inline double AnyProb(Random& random) {
  static constexpr double kSizes[] = {0x1p-10, 0x1p-25, 0x1p-60, 0x1p-140};
  const double x = random.Unit();
  if (random.OneIn(8)) return 0.0;
  if (random.OneIn(16)) return 1.0;
  return random.OneIn(8) ? x * kSizes[random.Below(4)] : x;
}

/// A log-probability: every 16th is -inf, every 16th +0.
inline double AnyLogProb(Random& random) {
  const double size = random.OneIn(4) ? 128 : 8;
  const double x = -size * random.Unit();
  if (random.OneIn(16)) return -HUGE_VAL;
  return random.OneIn(16) ? 0.0 : x;
}

/// A row of logits: spread over +-1 to +-128, every 4th row far from 0, every
/// 4th of whole numbers, every 4th with one class ahead.
inline void AddLogits(Random& random, size_t classes, std::vector<double>& to) {
  const int power = static_cast<int>(random.Below(8));
  const double offset = random.OneIn(4) ? random.Within(13) : 0.0;
  const bool whole = random.OneIn(4);
  const size_t first = to.size();
  for (size_t c = 0; c < classes; ++c) {
    const double x = random.Within(power);
    to.push_back(offset + (whole ? std::trunc(x) : x));
  }
  if (random.OneIn(4)) to[first + random.Below(classes)] += 30;
}

inline Case<double> RandomCase(Random& random, size_t rows, size_t classes) {
  Case<double> made;
  made.rows = rows;
  made.classes = classes;
  for (size_t r = 0; r < rows; ++r) {
    AddLogits(random, classes, made.logits);
    made.row_upstream.push_back(AnyUpstream(random));
    made.labels.push_back(
        random.OneIn(6) ? -100 : static_cast<Label>(random.Below(classes)));
  }
  for (size_t i = 0; i < rows * classes; ++i) {
    made.upstream.push_back(AnyUpstream(random));
    made.targets.push_back(AnyProb(random) * 2);
    made.unit_targets.push_back(AnyProb(random));
    made.p.push_back(AnyProb(random));
    made.q.push_back(AnyProb(random));
    made.log_p.push_back(AnyLogProb(random));
    made.log_q.push_back(AnyLogProb(random));
    made.mask.push_back(random.OneIn(4) ? 0 : 1);
  }
  for (size_t c = 0; c < classes; ++c) {
    made.class_weights.push_back(random.OneIn(8) ? 0.0 : random.Unit() * 4);
  }
  return made;
}

/// Logits that have proved hard for some implementation: confident rows, sums
/// near 1, offsets, gaps, results below the normal numbers, infinities; and those
/// that come so near to a tie that rounding twice would go wrong, such as the
/// softmax of [3 * 2^-23, 0], which is 1/2 + 3 * 2^-25 - 2^-69.8.
inline std::vector<std::vector<double>> HardLogits() {
  constexpr double kInf = HUGE_VAL;
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  constexpr double kMaxFloat = 0x1.fffffep127, kMax = 0x1.fffffffffffffp1023;
  constexpr double kLn2 = 0x1.62e42fefa39efp-1, kLn3 = 0x1.193ea7aad030bp0;
  std::vector<std::vector<double>> rows = {
      {3.5},
      {1e30},
      {-0.0},
      {-0.0, 0.0},
      {7, 7, 7, 7, 7, 7, 7},
      {1, 1, 1, 1, 1, 0},
      {100, 0, 0, 0},
      {16.942384719848633, 0},
      {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20},
      {0, -17.328680038452148},
      {0, -40},
      {-90, 0, -95},
      {90, 2, -2},
      {0, -1000, -2000},
      {0, -103.28, -744.4},
      {0, -87.4, -88.1, -100.7, -103.9, -104.1},
      {0, -708.5, -740.2, -745.1, -745.2},
      {0x1p-16, -400},
      {16777216, -1},
      {0x3p-7, 0},
      {0x3p-10, 0},
      {0x3p-23, 0},
      {0x3p-24, 0},
      {0x3p-52, 0},
      {-kLn2, -kLn2},
      {-kLn3, -kLn3, -kLn3},
      {88.7, 88.7, 0},
      {1000, 999, 998},
      {-1000, -999, -998},
      {1e7, 1e7 - 1, 1e7 - 2},
      {1e30, 1e30, 0, -1e30},
      {-1e30, -1e30, -1e30},
      {kMaxFloat, -kMaxFloat, 0, 1},
      {kMaxFloat, kMaxFloat},
      {-kMaxFloat, -kMaxFloat},
      {kMax, -kMax, 0},
      {0x1.000002p0, 1},
      {0x1.0000000000001p0, 1},
      {0x1p-149, 0, -0x1p-149},
      {0x1p-1074, 0, -0x1p-1074},
      {0, -kInf, 0},
      {-kInf, -kInf, 10, -kInf},
      {-kInf, -kInf, -kInf},
      {0, kInf, 1},
      {kInf, kInf},
      {kNaN, 0, 1},
      {kNaN, kInf, -kInf}};
  // Past two of the widest vectors, with what matters at the end
  std::vector<double> masked(67, -kInf), with_nan(67, 0.25), tail(1000, -103.5);
  masked[65] = 1;
  masked[66] = 2;
  with_nan[66] = kNaN;
  tail[999] = 0;
  rows.insert(rows.end(), {masked, with_nan, tail});
  return rows;
}

/// Pairs of probabilities at their ends: certain, impossible, equal, NaN.
struct Pair {
  std::vector<double> p, q;
};
inline std::vector<Pair> HardPairs() {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  return {{{1, 0, 0}, {1, 0, 0}},
          {{0.5, 0.5}, {0.5, 0.5}},
          {{1, 0}, {0, 1}},
          {{0, 1}, {0.5, 0.5}},
          {{0.25, 0.75}, {0x1.fffffep-3, 0x1.800002p-1}},
          {{1 - 0x1p-24, 0x1p-24}, {1 - 0x1p-53, 0x1p-53}},
          {{0x1p-149, 1}, {0x1p-126, 1}},
          {{0x1p-1074, 1}, {1, 0x1p-1074}},
          {{0, 0, 0}, {0, 0, 0}},
          {{kNaN, 0.5}, {0.5, 0.5}},
          {{0.5, 0.5}, {kNaN, 0.5}}};
}

/// Short rows once for each class as the label.
inline Case<double> HardCase(Random& random,
                             const std::vector<double>& logits) {
  const size_t rows = logits.size() <= 4 ? logits.size() : 1;
  Case<double> made = RandomCase(random, rows, logits.size());
  made.logits.clear();
  for (size_t r = 0; r < rows; ++r) {
    made.logits.insert(made.logits.end(), logits.begin(), logits.end());
    if (rows > 1) made.labels[r] = static_cast<Label>(r);
  }
  return made;
}

inline std::vector<Case<double>> Cases() {
  Random random(20260101);
  std::vector<Case<double>> cases;
  struct Shape {
    size_t rows, classes;
  };
  constexpr Shape kShapes[] = {{64, 1},  {64, 2},  {48, 3},  {48, 10},
                               {24, 17}, {12, 33}, {4, 100}, {3, 1000}};
  for (const Shape& shape : kShapes) {
    cases.push_back(RandomCase(random, shape.rows, shape.classes));
  }
  for (const std::vector<double>& logits : HardLogits()) {
    cases.push_back(HardCase(random, logits));
  }
  for (const Pair& pair : HardPairs()) {
    cases.push_back(RandomCase(random, 1, pair.p.size()));
    cases.back().p = pair.p;
    cases.back().q = pair.q;
  }
  return cases;
}

/// Enough rows to be split into eight pieces; with logits, upstream gradients and
/// labels alone.
inline std::vector<Case<double>> BigCases() {
  Random random(20260102);
  std::vector<Case<double>> cases(2);
  cases[0].rows = 50000, cases[0].classes = 10;
  cases[1].rows = 160, cases[1].classes = 3000;
  for (Case<double>& x : cases) {
    for (size_t i = 0; i < x.rows * x.classes; ++i) {
      x.logits.push_back(random.Within(3));
      x.upstream.push_back(random.Within(2));
    }
    for (size_t r = 0; r < x.rows; ++r) {
      x.labels.push_back(static_cast<Label>(random.Below(x.classes)));
      x.row_upstream.push_back(random.Within(2));
    }
  }
  return cases;
}

template <class T>
Case<T> To(const Case<double>& from) {
  Case<T> to;
  to.rows = from.rows;
  to.classes = from.classes;
  to.logits = To<T>(from.logits);
  to.upstream = To<T>(from.upstream);
  to.targets = To<T>(from.targets);
  to.unit_targets = To<T>(from.unit_targets);
  to.p = To<T>(from.p);
  to.q = To<T>(from.q);
  to.log_p = To<T>(from.log_p);
  to.log_q = To<T>(from.log_q);
  to.labels = from.labels;
  to.class_weights = from.class_weights;
  to.mask = from.mask;
  to.row_upstream = To<typename Element<T>::Scalar>(from.row_upstream);
  return to;
}

/// Arguments of the elementwise functions: their edges, of either sign, and
/// random ones of every size.
inline std::vector<double> Arguments() {
  static constexpr double kEdges[] = {
      // Whole and half numbers, and infinity
      0, 0.5, 1, 2, 16777216, 1e30, 0x1.fffffep127, HUGE_VAL,
      // The ends of the subnormal and of the normal numbers
      0x1p-149, 0x1p-126, 0x1p-1074, 0x1p-1022,
      // Where exponentials overflow, underflow, or no longer count beside 1
      88.722839, 88.7229, 103.972, 103.98, 709.7827, 745.1332, 746, 20, 37,
      17.328680038452148,
      // Around 0 and 1, and where sigmoids come near to a tie
      1e-5, 0x1p-24, 0x1p-25, 0x1p-53, 0x1p-54, 0x1.fffffep-1, 0x1.000002p0,
      0x1.62e42ep-1, 0x3p-7, 0x3p-10, 0x3p-23, 0x3p-24, 0x3p-52};
  std::vector<double> x(std::begin(kEdges), std::end(kEdges));
  const size_t positive = x.size();
  for (size_t i = 0; i < positive; ++i) x.push_back(-x[i]);
  x.push_back(std::numeric_limits<double>::quiet_NaN());
  Random random(271828);
  for (size_t i = 0; i < 1500; ++i) {
    x.push_back(random.Within(static_cast<int>(i % 11)));
    // Any float: all exponents alike
    const auto any = static_cast<uint32_t>(random.Bits() >> 20);
    x.push_back(static_cast<double>(BitCast<float>(any)));
  }
  return x;
}

}  // namespace surprisal::hash

#endif  // SURPRISAL_TESTS_HASH_CORPUS_H_
