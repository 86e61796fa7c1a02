#ifndef SURPRISAL_ORACLE_APPROX_H_
#define SURPRISAL_ORACLE_APPROX_H_

#include <cmath>
#include <cstddef>
#include <limits>

namespace surprisal {

/// A number known to within an error bound: |exact - value| <= error. An error
/// of 0 means that the value is exact; an error that is infinite or NaN, that
/// nothing is known. An infinite value of error 0 stands for an infinity or for
/// a number beyond every long double, and NaN of error 0 for NaN.
///
/// The arithmetic below carries the bound along (running error analysis). With
/// u = kUlp / 2 the unit roundoff of long double, and a + alpha, b + beta the
/// exact operands:
///   (a + alpha) + (b + beta) is off by at most |alpha| + |beta|, and by
///     u |value| for rounding the sum;
///   (a + alpha) (b + beta) - ab = a beta + b alpha + alpha beta;
///   (a + alpha) / (b + beta) - a/b = (alpha - (a/b) beta) / (b + beta), where
///     the divisor is at least |b| - |beta|.
/// Each result is charged kUlp |value|, twice its own rounding error, and
/// kSlack times the inherited bound, which pays for the few roundings made in
/// computing the bound itself; kTiny pays for results that underflow. A factor
/// that is exactly 0 makes an exact 0.
struct Approx {
  long double value = 0;
  long double error = 0;

  /// The spacing of long doubles at 1. On x86-64 2^-63; the bounds hold for any
  /// size of long double, only the share of escalated cases changes.
  static constexpr long double kUlp =
      std::numeric_limits<long double>::epsilon();
  static constexpr long double kSlack = 1 + 64 * kUlp;
  static constexpr long double kTiny =
      4 * std::numeric_limits<long double>::denorm_min();

  bool IsZero() const { return value == 0 && error == 0; }

  static Approx NaN() {
    return {std::numeric_limits<long double>::quiet_NaN(), 0};
  }
  static Approx Infinity() {
    return {std::numeric_limits<long double>::infinity(), 0};
  }
};

/// Exact: a sign costs nothing.
inline Approx operator-(Approx a) { return {-a.value, a.error}; }

/// The sum, as said above.
inline Approx operator+(Approx a, Approx b) {
  const long double sum = a.value + b.value;
  return {sum,
          Approx::kSlack * (a.error + b.error) + Approx::kUlp * std::fabs(sum)};
}

/// The product; exactly 0 if a factor is.
inline Approx operator*(Approx a, Approx b) {
  const long double product = a.value * b.value;
  if (a.IsZero() || b.IsZero()) return {product, 0};
  const long double inherited = std::fabs(a.value) * b.error +
                                std::fabs(b.value) * a.error +
                                a.error * b.error;
  return {product, Approx::kSlack * inherited +
                       Approx::kUlp * std::fabs(product) + Approx::kTiny};
}

/// The quotient; nothing is known of it where the divisor may be 0.
inline Approx operator/(Approx a, Approx b) {
  const long double quotient = a.value / b.value;
  const long double divisor = std::fabs(b.value) - b.error;
  if (!(divisor > 0)) return {quotient, Approx::Infinity().value};
  if (a.IsZero()) return {quotient, 0};
  const long double inherited =
      (a.error + std::fabs(quotient) * b.error) / divisor;
  return {quotient, Approx::kSlack * inherited +
                        Approx::kUlp * std::fabs(quotient) + Approx::kTiny};
}

/// The same knowledge, and that the number is not negative: an interval that
/// reaches below 0 begins at 0 then, so that what underflows is known to be +0.
inline Approx NonNegative(Approx a) {
  if (!(a.error > a.value)) return a;
  const long double middle =
      Approx::kSlack * ((a.value + a.error) / 2) + Approx::kTiny;
  return {middle, middle};
}

/// A sum of any number of terms, as accurate as if it were rounded twice.
///
/// Each addition is split into the rounded sum and its exact rounding error
/// (Knuth's TwoSum), and the errors are added up beside it. With A = sum |x_i|
/// each of the n rounding errors is at most u A (1 + u)^n, so adding them
/// commits at most n u n u A to first order, of which kUlp^2 n^2 A is four
/// times as much: the total is off by that, the terms' own bounds, and the
/// rounding of the last addition.
class ApproxSum {
 public:
  void Add(Approx term) {
    const long double sum = sum_ + term.value;
    const long double part = sum - sum_;
    low_ += (sum_ - (sum - part)) + (term.value - part);
    sum_ = sum;
    error_ += term.error;
    magnitude_ += std::fabs(term.value);
    ++terms_;
  }

  Approx Total() const {
    // The bound is itself a sum of n rounded terms; 2^-20 pays for 2^40 terms.
    constexpr long double kSumSlack = 1 + 0x1p-20L;
    const long double total = sum_ + low_;
    const long double n_ulp = static_cast<long double>(terms_) * Approx::kUlp;
    return {total, kSumSlack * (error_ + n_ulp * n_ulp * magnitude_) +
                       Approx::kUlp * std::fabs(total)};
  }

 private:
  long double sum_ = 0;
  long double low_ = 0;
  long double error_ = 0;
  long double magnitude_ = 0;
  size_t terms_ = 0;
};

}  // namespace surprisal

#endif  // SURPRISAL_ORACLE_APPROX_H_
