#ifndef SURPRISAL_ORACLE_FORMAT_H_
#define SURPRISAL_ORACLE_FORMAT_H_

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "hwy/base.h"

namespace surprisal {

/// What the oracles must know of a binary floating-point type T. Its finite
/// numbers are n 2^q with an integer |n| < 2^kPrecision and
/// kMinExponent - kPrecision <= q <= kMaxExponent - kPrecision (the exponents
/// as std::numeric_limits counts them). The storage types of 16 bits have
/// specialisations with the same five members.
template <class T>
struct Format {
  static_assert(std::numeric_limits<T>::is_iec559 &&
                std::numeric_limits<T>::digits <= 53);
  static constexpr int kPrecision = std::numeric_limits<T>::digits;
  static constexpr int kMinExponent = std::numeric_limits<T>::min_exponent;
  static constexpr int kMaxExponent = std::numeric_limits<T>::max_exponent;

  static double Widen(T x) { return x; }

  /// Rounds once, to nearest, ties to even.
  static T Narrow(long double x) { return static_cast<T>(x); }
};

/// A storage type of 16 bits: the sign, the exponent, and the digits below the
/// leading one. Converted here and not by Highway: BF16FromF32 of 1.0.3
/// truncates.
template <class T, int precision, int min_exponent, int max_exponent>
struct SixteenBitFormat {
  static_assert(sizeof(T) == 2);
  static constexpr int kPrecision = precision;
  static constexpr int kMinExponent = min_exponent;
  static constexpr int kMaxExponent = max_exponent;

  static double Widen(T x) {
    const auto bits = std::bit_cast<std::uint16_t>(x);
    const double sign = bits & kSign ? -1.0 : 1.0;
    const int digits = bits & (kLeading - 1);
    const int exponent = (bits & ~kSign) / kLeading;
    if (exponent == kInfinity / kLeading) {
      using Limits = std::numeric_limits<double>;
      return sign * (digits == 0 ? Limits::infinity() : Limits::quiet_NaN());
    }
    const int leading = exponent == 0 ? 0 : kLeading;
    return sign *
           std::ldexp(leading + digits, kLowest + std::max(exponent, 1) - 1);
  }

  /// Rounds once, to nearest, ties to even.
  static T Narrow(long double x) {
    const int sign = std::signbit(x) ? kSign : 0;
    return std::bit_cast<T>(
        static_cast<std::uint16_t>(sign | Magnitude(std::fabs(x))));
  }

 private:
  static constexpr int kSign = 0x8000;
  static constexpr int kLeading = 1 << (precision - 1);
  static constexpr int kInfinity = 0x8000 - kLeading;
  /// The smallest subnormal is 2^kLowest.
  static constexpr int kLowest = min_exponent - precision;

  static int Magnitude(long double x) {
    if (std::isnan(x)) return kInfinity | kLeading / 2;
    if (x == 0) return 0;
    if (x >= std::ldexp(1.0L, max_exponent)) return kInfinity;
    int exponent = 0;
    std::frexp(x, &exponent);
    const int last_place = std::max(exponent, min_exponent) - precision;
    const auto units = std::lrint(std::ldexp(x, -last_place));
    // The leading digit adds 1 to the exponent's field, and so does a carry,
    // past the largest finite number too.
    return static_cast<int>(units) + (last_place - kLowest) * kLeading;
  }
};

/// IEEE 754's binary16.
template <>
struct Format<hwy::float16_t> : SixteenBitFormat<hwy::float16_t, 11, -13, 16> {
};

/// The upper half of a float.
template <>
struct Format<hwy::bfloat16_t>
    : SixteenBitFormat<hwy::bfloat16_t, 8, -125, 128> {};

}  // namespace surprisal

#endif  // SURPRISAL_ORACLE_FORMAT_H_
