#ifndef SURPRISAL_COMMON_INTERVAL_H_
#define SURPRISAL_COMMON_INTERVAL_H_

#include <compare>
#include <cstdint>
#include <vector>

/// \file
/// Interval arithmetic of any precision in portable integers: the same bits
/// everywhere. Slow, and made for the few results that doubles cannot round.

namespace surprisal {

/// Which way a result that does not fit is rounded.
enum class Toward : std::uint8_t { kDown, kUp, kZero };

/// A number M 2^exponent, M an integer of any size. Every finite double is one.
class BigFloat {
 public:
  BigFloat() = default;  ///< 0
  /// Exactly x, which is finite.
  BigFloat(double x);  // NOLINT: a double is a BigFloat
  /// Exactly 2^exponent.
  static BigFloat PowerOfTwo(std::int64_t exponent);

  bool IsZero() const { return limbs_.empty(); }
  /// -1, 0 or 1.
  int Sign() const { return IsZero() ? 0 : negative_ ? -1 : 1; }
  /// The e with 2^e <= |x| < 2^(e + 1); x is not 0.
  std::int64_t Exponent() const;
  /// The largest e such that x is a multiple of 2^e; x is not 0.
  std::int64_t LastPlace() const;
  /// Bit e of |x|, the one that counts 2^e.
  bool Bit(std::int64_t e) const;
  /// x 2^by, exactly.
  BigFloat Scaled(std::int64_t by) const;
  /// x to `bits` significant bits.
  BigFloat Rounded(int bits, Toward toward) const;
  /// A double that differs from x by less than 1 part in 2^50; infinite or 0
  /// where x is out of range.
  double Approximately() const;

  BigFloat operator-() const;
  friend bool operator==(const BigFloat& a, const BigFloat& b) = default;
  friend std::strong_ordering operator<=>(const BigFloat& a, const BigFloat& b);

  /// Exact. The operands' bits must lie within a few million of each other.
  friend BigFloat operator+(const BigFloat& a, const BigFloat& b);
  friend BigFloat operator-(const BigFloat& a, const BigFloat& b);
  friend BigFloat operator*(const BigFloat& a, const BigFloat& b);

  /// Rounded to `bits` bits, however far apart the operands are.
  static BigFloat Add(const BigFloat& a, const BigFloat& b, int bits,
                      Toward toward);
  static BigFloat Mul(const BigFloat& a, const BigFloat& b, int bits,
                      Toward toward);
  /// b is not 0.
  static BigFloat Div(const BigFloat& a, const BigFloat& b, int bits,
                      Toward toward);

 private:
  using Limbs = std::vector<std::uint32_t>;  // the least significant first

  BigFloat(bool negative, Limbs limbs, std::int64_t exponent);

  // |M| without leading and trailing zero limbs, none for 0; `exponent_` is a
  // multiple of 32. So equal numbers have equal members.
  bool negative_ = false;
  Limbs limbs_;
  std::int64_t exponent_ = 0;
};

/// What is known of a real number: it is `low` = `high`, or it lies strictly
/// between the two. No operation lets the number touch an end: an end that does
/// not fit `bits` bits is rounded away from it, one that fits is that of an
/// operand which the number did not touch. So whatever holds for every number
/// of the open interval is certain. Where operands are points and the result
/// fits, the result is a point.
struct Interval {
  BigFloat low;
  BigFloat high;
  int bits = 0;  ///< precision of results; a point may have more bits

  Interval(BigFloat lower, BigFloat upper, int precision);
  /// Exactly x.
  Interval(const BigFloat& x, int precision);

  bool IsPoint() const { return low == high; }
  /// Whether the number may be 0.
  bool MayBeZero() const;

  Interval operator-() const;
};

/// Results have the larger precision of the two.
Interval operator+(const Interval& a, const Interval& b);
Interval operator-(const Interval& a, const Interval& b);
Interval operator*(const Interval& a, const Interval& b);
/// b has one sign: std::domain_error where it may be 0.
Interval operator/(const Interval& a, const Interval& b);

/// Below -2^40 the exponential is only known to lie between 0 and 2^-2^40;
/// above 2^40, std::logic_error. Relative widths of points stay below
/// 2^(8 - bits), also of Expm1, Log and Log1p near their zeros.
Interval Exp(const Interval& x);
Interval Expm1(const Interval& x);
/// x above 0, else std::domain_error.
Interval Log(const Interval& x);
/// x above -1, else std::domain_error.
Interval Log1p(const Interval& x);

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_INTERVAL_H_
