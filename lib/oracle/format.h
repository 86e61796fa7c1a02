#ifndef SURPRISAL_ORACLE_FORMAT_H_
#define SURPRISAL_ORACLE_FORMAT_H_

#include <limits>

namespace surprisal {

/// What the oracles must know of a binary floating-point type T. Its finite
/// numbers are n 2^q with an integer |n| < 2^kPrecision and
/// kMinExponent - kPrecision <= q <= kMaxExponent - kPrecision (the exponents
/// as std::numeric_limits counts them). A storage type of 16 bits gets a
/// specialisation with the same five members.
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

}  // namespace surprisal

#endif  // SURPRISAL_ORACLE_FORMAT_H_
