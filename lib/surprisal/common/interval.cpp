#include "surprisal/common/interval.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <stdexcept>
#include <utility>

namespace surprisal {
namespace {

using Limbs = std::vector<std::uint32_t>;
constexpr int kLimbBits = 32;

/// Bits computed beyond those asked for.
constexpr int kGuardBits = 64;

/// Exponentials of numbers beyond it are only bounded.
constexpr std::int64_t kLargestArgument = std::int64_t{1} << 40;

// --- Magnitudes: integers as limbs, the least significant first. ---

std::uint32_t LimbAt(const Limbs& a, std::int64_t i) {
  const bool inside = i >= 0 && i < static_cast<std::int64_t>(a.size());
  return inside ? a[static_cast<size_t>(i)] : 0;
}

/// a + b 2^(32 shift).
Limbs Sum(Limbs a, const Limbs& b, size_t shift) {
  a.resize(std::max(a.size(), b.size() + shift) + 1);
  std::uint64_t carry = 0;
  for (size_t i = shift; i < a.size(); ++i) {
    carry += a[i];
    carry += i - shift < b.size() ? b[i - shift] : 0;
    a[i] = static_cast<std::uint32_t>(carry);
    carry >>= kLimbBits;
  }
  return a;
}

/// a - b 2^(32 shift), which is not negative.
Limbs Difference(Limbs a, const Limbs& b, size_t shift) {
  std::int64_t borrow = 0;
  for (size_t i = shift; i < a.size(); ++i) {
    borrow += a[i];
    borrow -= i - shift < b.size() ? b[i - shift] : 0;
    a[i] = static_cast<std::uint32_t>(borrow);
    borrow >>= kLimbBits;  // 0 or -1
  }
  return a;
}

Limbs Product(const Limbs& a, const Limbs& b) {
  Limbs product(a.size() + b.size(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    std::uint64_t carry = 0;
    for (size_t j = 0; j < b.size(); ++j) {
      carry += product[i + j] + std::uint64_t{a[i]} * b[j];
      product[i + j] = static_cast<std::uint32_t>(carry);
      carry >>= kLimbBits;
    }
    product[i + b.size()] = static_cast<std::uint32_t>(carry);
  }
  return product;
}

/// a 2^shift with 0 <= shift < 32, one limb longer.
Limbs ShiftedUp(const Limbs& a, int shift) {
  Limbs result(a.size() + 1, 0);
  for (size_t i = 0; i < a.size(); ++i) {
    const std::uint64_t wide = std::uint64_t{a[i]} << shift;
    result[i] |= static_cast<std::uint32_t>(wide);
    result[i + 1] = static_cast<std::uint32_t>(wide >> kLimbBits);
  }
  return result;
}

struct Quotient {
  Limbs quotient;
  bool exact;
};

Quotient DividedByLimb(Limbs a, std::uint32_t divisor) {
  std::uint64_t remainder = 0;
  for (size_t i = a.size(); i-- > 0;) {
    remainder = (remainder << kLimbBits) | a[i];
    a[i] = static_cast<std::uint32_t>(remainder / divisor);
    remainder %= divisor;
  }
  return {std::move(a), remainder == 0};
}

/// Takes digit * b away from the limbs of a that begin at `at`; returns whether
/// that was too much.
bool TakeAway(Limbs& a, const Limbs& b, std::uint32_t digit, size_t at) {
  std::uint64_t carry = 0;
  std::int64_t borrow = 0;
  for (size_t i = 0; i <= b.size(); ++i) {
    carry += i < b.size() ? std::uint64_t{digit} * b[i] : 0;
    borrow += a[at + i];
    borrow -= static_cast<std::uint32_t>(carry);
    a[at + i] = static_cast<std::uint32_t>(borrow);
    borrow >>= kLimbBits;
    carry >>= kLimbBits;
  }
  return borrow != 0;
}

void PutBack(Limbs& a, const Limbs& b, size_t at) {
  std::uint64_t carry = 0;
  for (size_t i = 0; i <= b.size(); ++i) {
    carry += a[at + i];
    carry += i < b.size() ? b[i] : 0;
    a[at + i] = static_cast<std::uint32_t>(carry);
    carry >>= kLimbBits;
  }
}

/// A digit of the quotient from the leading limbs, at most 2 too large (Knuth,
/// The Art of Computer Programming 2, 4.3.1, theorem B: the divisor's leading
/// bit is set).
std::uint32_t DigitAtMost2TooLarge(const Limbs& a, const Limbs& b, size_t at) {
  const size_t n = b.size();
  const std::uint64_t leading =
      (std::uint64_t{a[at + n]} << kLimbBits) | a[at + n - 1];
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(leading / b[n - 1], 0xFFFFFFFFU));
}

/// floor(a / b), b without leading zero limbs: long division.
Quotient Divided(const Limbs& a, const Limbs& b) {
  if (b.size() == 1) return DividedByLimb(a, b[0]);
  if (a.size() < b.size()) return {{}, a.empty()};
  const int shift = std::countl_zero(b.back());
  Limbs rest = ShiftedUp(a, shift);
  Limbs divisor = ShiftedUp(b, shift);
  divisor.pop_back();
  Limbs quotient(a.size() - b.size() + 1, 0);
  for (size_t at = quotient.size(); at-- > 0;) {
    std::uint32_t digit = DigitAtMost2TooLarge(rest, divisor, at);
    bool too_much = TakeAway(rest, divisor, digit, at);
    while (too_much) {
      --digit;
      PutBack(rest, divisor, at);
      too_much = rest[at + divisor.size()] != 0;
    }
    quotient[at] = digit;
  }
  const auto is_zero = [](std::uint32_t limb) { return limb == 0; };
  return {std::move(quotient), std::all_of(rest.begin(), rest.end(), is_zero)};
}

bool IsAwayFromZero(Toward toward, bool negative) {
  return toward == (negative ? Toward::kDown : Toward::kUp);
}

}  // namespace

// --- BigFloat ---

BigFloat::BigFloat(bool negative, Limbs limbs, std::int64_t exponent)
    : negative_(negative), limbs_(std::move(limbs)), exponent_(exponent) {
  while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
  const auto first = std::find_if(limbs_.begin(), limbs_.end(),
                                  [](std::uint32_t limb) { return limb != 0; });
  exponent_ += kLimbBits * (first - limbs_.begin());
  limbs_.erase(limbs_.begin(), first);
  if (limbs_.empty()) {
    negative_ = false;
    exponent_ = 0;
  }
}

BigFloat::BigFloat(double x) {
  if (x == 0) return;
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(x), &exponent);
  const auto integer = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
  exponent -= 53;
  const int shift = exponent & (kLimbBits - 1);
  const Limbs limbs = {static_cast<std::uint32_t>(integer),
                       static_cast<std::uint32_t>(integer >> kLimbBits)};
  *this = BigFloat(x < 0, ShiftedUp(limbs, shift), exponent - shift);
}

BigFloat BigFloat::PowerOfTwo(std::int64_t exponent) {
  const std::int64_t shift = exponent & (kLimbBits - 1);
  return {false, {std::uint32_t{1} << shift}, exponent - shift};
}

std::int64_t BigFloat::Exponent() const {
  return exponent_ + kLimbBits * static_cast<std::int64_t>(limbs_.size()) - 1 -
         std::countl_zero(limbs_.back());
}

std::int64_t BigFloat::LastPlace() const {
  return exponent_ + std::countr_zero(limbs_.front());
}

bool BigFloat::Bit(std::int64_t e) const {
  const std::int64_t place = e - exponent_;
  const std::int64_t in_limb = place & (kLimbBits - 1);
  return ((LimbAt(limbs_, (place - in_limb) / kLimbBits) >> in_limb) & 1) != 0;
}

BigFloat BigFloat::Scaled(std::int64_t by) const {
  const std::int64_t shift = by & (kLimbBits - 1);
  return {negative_, ShiftedUp(limbs_, static_cast<int>(shift)),
          exponent_ + (by - shift)};
}

BigFloat BigFloat::Rounded(int bits, Toward toward) const {
  if (IsZero()) return *this;
  const std::int64_t last = Exponent() - bits + 1;
  if (LastPlace() >= last) return *this;
  const std::int64_t in_limb = (last - exponent_) & (kLimbBits - 1);
  const std::int64_t limb = (last - exponent_ - in_limb) / kLimbBits;
  Limbs kept(limbs_.begin() + limb, limbs_.end());
  kept[0] &= ~std::uint32_t{0} << in_limb;
  BigFloat result(negative_, std::move(kept), exponent_ + kLimbBits * limb);
  if (!IsAwayFromZero(toward, negative_)) return result;
  const BigFloat unit = PowerOfTwo(last);
  return negative_ ? result - unit : result + unit;
}

double BigFloat::Approximately() const {
  double value = 0;
  for (size_t i = std::min<size_t>(3, limbs_.size()); i > 0; --i) {
    value = value * 0x1p-32 + limbs_[limbs_.size() - i];
  }
  const std::int64_t top =
      exponent_ + kLimbBits * (static_cast<std::int64_t>(limbs_.size()) - 1);
  const std::int64_t scale = std::clamp<std::int64_t>(top, -4000, 4000);
  value = std::ldexp(value, static_cast<int>(scale));
  return negative_ ? -value : value;
}

BigFloat BigFloat::operator-() const {
  BigFloat result = *this;
  result.negative_ = !IsZero() && !negative_;
  return result;
}

std::strong_ordering operator<=>(const BigFloat& a, const BigFloat& b) {
  if (a.Sign() != b.Sign() || a.IsZero()) return a.Sign() <=> b.Sign();
  if (a.negative_) return -b <=> -a;
  if (a.Exponent() != b.Exponent()) return a.Exponent() <=> b.Exponent();
  // The leading limbs have the same place, and no limb before the first counts
  const size_t limbs = std::max(a.limbs_.size(), b.limbs_.size());
  for (size_t i = 1; i <= limbs; ++i) {
    const auto back = static_cast<std::int64_t>(i);
    const std::uint32_t x =
        LimbAt(a.limbs_, static_cast<std::int64_t>(a.limbs_.size()) - back);
    const std::uint32_t y =
        LimbAt(b.limbs_, static_cast<std::int64_t>(b.limbs_.size()) - back);
    if (x != y) return x <=> y;
  }
  return std::strong_ordering::equal;
}

BigFloat operator+(const BigFloat& a, const BigFloat& b) {
  if (a.IsZero()) return b;
  if (b.IsZero()) return a;
  if (a.exponent_ > b.exponent_) return b + a;
  const auto shift =
      static_cast<size_t>((b.exponent_ - a.exponent_) / kLimbBits);
  if (a.negative_ == b.negative_) {
    return {a.negative_, Sum(a.limbs_, b.limbs_, shift), a.exponent_};
  }
  const bool a_is_larger = a.negative_ ? -a > b : a > -b;
  if (a_is_larger) {
    return {a.negative_, Difference(a.limbs_, b.limbs_, shift), a.exponent_};
  }
  Limbs larger(shift, 0);
  larger.insert(larger.end(), b.limbs_.begin(), b.limbs_.end());
  return {b.negative_, Difference(std::move(larger), a.limbs_, 0), a.exponent_};
}

BigFloat operator-(const BigFloat& a, const BigFloat& b) { return a + -b; }

BigFloat operator*(const BigFloat& a, const BigFloat& b) {
  return {a.negative_ != b.negative_, Product(a.limbs_, b.limbs_),
          a.exponent_ + b.exponent_};
}

BigFloat BigFloat::Add(const BigFloat& a, const BigFloat& b, int bits,
                       Toward toward) {
  if (a.IsZero() || b.IsZero()) return (a + b).Rounded(bits, toward);
  if (a.Exponent() < b.Exponent()) return Add(b, a, bits, toward);
  // Numbers of `bits` bits near a, and a itself, are multiples of 2^grid: a
  // smaller b moves the sum off a, and which way is all that matters
  const std::int64_t grid = std::min(a.LastPlace(), a.Exponent() - bits);
  if (b.Exponent() >= grid - 2) return (a + b).Rounded(bits, toward);
  const BigFloat nudge = PowerOfTwo(grid - 2);
  return (a + (b.negative_ ? -nudge : nudge)).Rounded(bits, toward);
}

BigFloat BigFloat::Mul(const BigFloat& a, const BigFloat& b, int bits,
                       Toward toward) {
  return (a * b).Rounded(bits, toward);
}

BigFloat BigFloat::Div(const BigFloat& a, const BigFloat& b, int bits,
                       Toward toward) {
  if (a.IsZero()) return a;
  // Two limbs more than asked for, and below them one that says whether there
  // is a remainder. A quotient of `bits` bits ends before and leaves none.
  const size_t wanted =
      static_cast<size_t>(bits) / kLimbBits + 3 + b.limbs_.size();
  const size_t zeros = std::max(wanted, a.limbs_.size()) - a.limbs_.size();
  Limbs dividend(zeros, 0);
  dividend.insert(dividend.end(), a.limbs_.begin(), a.limbs_.end());
  Quotient result = Divided(dividend, b.limbs_);
  result.quotient.insert(result.quotient.begin(), result.exact ? 0 : 1);
  const std::int64_t exponent =
      a.exponent_ - b.exponent_ -
      kLimbBits * (static_cast<std::int64_t>(zeros) + 1);
  return BigFloat(a.negative_ != b.negative_, std::move(result.quotient),
                  exponent)
      .Rounded(bits, toward);
}

// --- Interval ---

Interval::Interval(BigFloat lower, BigFloat upper, int precision)
    : low(std::move(lower)), high(std::move(upper)), bits(precision) {
  if (low > high) throw std::logic_error("interval of negative width");
}

Interval::Interval(const BigFloat& x, int precision)
    : low(x), high(x), bits(precision) {}

bool Interval::MayBeZero() const {
  return IsPoint() ? low.IsZero() : low.Sign() < 0 && high.Sign() > 0;
}

Interval Interval::operator-() const { return {-high, -low, bits}; }

Interval operator+(const Interval& a, const Interval& b) {
  const int bits = std::max(a.bits, b.bits);
  return {BigFloat::Add(a.low, b.low, bits, Toward::kDown),
          BigFloat::Add(a.high, b.high, bits, Toward::kUp), bits};
}

Interval operator-(const Interval& a, const Interval& b) { return a + -b; }

Interval operator*(const Interval& a, const Interval& b) {
  if (a.high.Sign() < 0) return -(-a * b);
  if (b.low.Sign() >= 0 && a.low.Sign() < 0) return b * a;
  if (b.high.Sign() < 0) return -(a * -b);
  const int bits = std::max(a.bits, b.bits);
  const auto down = [bits](const BigFloat& x, const BigFloat& y) {
    return BigFloat::Mul(x, y, bits, Toward::kDown);
  };
  const auto up = [bits](const BigFloat& x, const BigFloat& y) {
    return BigFloat::Mul(x, y, bits, Toward::kUp);
  };
  if (a.low.Sign() >= 0) {
    return {down(b.low.Sign() >= 0 ? a.low : a.high, b.low), up(a.high, b.high),
            bits};
  }
  return {std::min(down(a.low, b.high), down(a.high, b.low)),
          std::max(up(a.low, b.low), up(a.high, b.high)), bits};
}

Interval operator/(const Interval& a, const Interval& b) {
  if (b.high.Sign() < 0) return -a / -b;
  if (b.low.Sign() <= 0) throw std::domain_error("divisor may be 0");
  const int bits = std::max(a.bits, b.bits);
  const BigFloat& under_low = a.low.Sign() >= 0 ? b.high : b.low;
  const BigFloat& under_high = a.high.Sign() >= 0 ? b.low : b.high;
  return {BigFloat::Div(a.low, under_low, bits, Toward::kDown),
          BigFloat::Div(a.high, under_high, bits, Toward::kUp), bits};
}

namespace {

// --- Functions of one number ---
//
// Each is computed in w = bits + 64 or more bits, every operation rounded
// towards 0 and so wrong by less than 2^(1-w) of its result. A series of N
// terms that fall off at least geometrically with ratio 1/2, all of them
// together at most 3 times the sum, is then wrong by less than
// 8 (N + 4) 2^(1-w) of it: each term carries at most 2 roundings per factor
// before it, which the falling off bounds, each partial sum one, and the series
// stops at 2^-w. N < w < 2^21 here, so that is below 2^(-bits - 38), and what is
// added to it below is no larger. Widening by 2^-bits is generous.

constexpr Toward kZero = Toward::kZero;

BigFloat Integer(std::int64_t n) {
  const auto high = static_cast<double>(n / (std::int64_t{1} << 32));
  const auto low = static_cast<double>(n % (std::int64_t{1} << 32));
  return BigFloat(high * 0x1p32) + BigFloat(low);
}

Interval Widened(const BigFloat& x, int bits) {
  const BigFloat margin = x.Sign() < 0 ? (-x).Scaled(-bits) : x.Scaled(-bits);
  return {BigFloat::Add(x, -margin, bits, Toward::kDown),
          BigFloat::Add(x, margin, bits, Toward::kUp), bits};
}

/// a in fewer bits, still outside the number.
Interval Narrowed(const Interval& a, int bits) {
  return {a.low.Rounded(bits, Toward::kDown), a.high.Rounded(bits, Toward::kUp),
          bits};
}

/// Whether adding `term` to `sum` changes nothing any more in w bits.
bool IsNegligible(const BigFloat& term, const BigFloat& sum, int w) {
  return term.IsZero() || term.Exponent() < sum.Exponent() - w;
}

/// sum_i x^i / i! from i = first (0 or 1), |x| <= 1/2.
BigFloat TaylorOfExp(const BigFloat& x, int first, int w) {
  BigFloat term = first == 0 ? BigFloat(1) : x;
  BigFloat sum = term;
  for (int i = first + 1;; ++i) {
    term = BigFloat::Mul(term, x, w, kZero);
    term = BigFloat::Div(term, Integer(i), w, kZero);
    if (IsNegligible(term, sum, w)) return sum;
    sum = BigFloat::Add(sum, term, w, kZero);
  }
}

/// 2 artanh(s) = ln((1 + s) / (1 - s)) = 2 sum_i s^(2i+1) / (2i+1), |s| <= 1/3.
BigFloat TwiceArtanh(const BigFloat& s, int w) {
  if (s.IsZero()) return s;
  const BigFloat square = BigFloat::Mul(s, s, w, kZero);
  BigFloat power = s;
  BigFloat sum = s;
  for (int i = 3;; i += 2) {
    power = BigFloat::Mul(power, square, w, kZero);
    if (IsNegligible(power, sum, w)) return sum.Scaled(1);
    sum = BigFloat::Add(sum, BigFloat::Div(power, Integer(i), w, kZero), w,
                        kZero);
  }
}

/// ln 2 = 2 artanh(1/3).
const BigFloat& Ln2(int w) {
  thread_local std::map<int, BigFloat> known;
  BigFloat& ln2 = known[w];
  if (ln2.IsZero()) {
    ln2 =
        TwiceArtanh(BigFloat::Div(1, 3, w + kGuardBits, kZero), w + kGuardBits);
  }
  return ln2;
}

/// n ln 2, n of up to 42 bits: wrong by less than 2^-w absolutely.
BigFloat TimesLn2(std::int64_t n, int w) {
  return n == 0 ? BigFloat() : Integer(n) * Ln2(w + kGuardBits);
}

/// e^x = 2^n (e^(r / 2^k))^(2^k) with r = x - n ln 2, |r| < 1/2. The k squarings
/// double the relative error each and save terms of the series.
Interval ExpOfPoint(const BigFloat& x, int bits) {
  if (x.IsZero()) return {1, bits};
  if (x > Integer(kLargestArgument)) {
    throw std::logic_error("exponential of more than 2^40");
  }
  if (x < Integer(-kLargestArgument)) {
    return {0, BigFloat::PowerOfTwo(-kLargestArgument), bits};
  }
  const int k = static_cast<int>(std::sqrt(bits)) / 2;
  const int w = bits + kGuardBits + k;
  const std::int64_t n = std::llround(x.Approximately() / 0.6931471805599453);
  const BigFloat r = BigFloat::Add(x, -TimesLn2(n, w), w, kZero);
  BigFloat power = TaylorOfExp(r.Scaled(-k), 0, w);
  for (int i = 0; i < k; ++i) power = BigFloat::Mul(power, power, w, kZero);
  return Widened(power.Scaled(n), bits);
}

/// e^x - 1: near 0 without the 1, elsewhere the difference loses 2 bits.
Interval Expm1OfPoint(const BigFloat& x, int bits) {
  if (x.IsZero()) return {0, bits};
  if (x.Exponent() >= -1) {
    return Narrowed(ExpOfPoint(x, bits + 4) - Interval(1, bits + 4), bits);
  }
  return Widened(TaylorOfExp(x, 1, bits + kGuardBits), bits);
}

/// ln x = n ln 2 + 2 artanh((m - 1) / (m + 1)) with x = 2^n m, 3/4 <= m < 3/2:
/// m - 1 is exact, and the sum cancels 2 bits at most.
Interval LogOfPoint(const BigFloat& x, int bits) {
  if (x.Sign() <= 0) throw std::domain_error("logarithm of 0 or less");
  if (x == BigFloat(1)) return {0, bits};
  const int w = bits + kGuardBits;
  std::int64_t n = x.Exponent();
  if (x.Bit(n - 1)) ++n;
  const BigFloat m = x.Scaled(-n);
  const BigFloat s = BigFloat::Div(m - 1, m + 1, w, kZero);
  const BigFloat log =
      BigFloat::Add(TimesLn2(n, w), TwiceArtanh(s, w), w, kZero);
  return Widened(log, bits);
}

/// ln(1 + u): near 0 as 2 artanh(u / (2 + u)), elsewhere from the sum, which is
/// exact where it cancels.
Interval Log1pOfPoint(const BigFloat& u, int bits) {
  if (u.IsZero()) return {0, bits};
  const int w = bits + kGuardBits;
  if (u.Exponent() < -2) {
    const BigFloat sum = BigFloat::Add(2, u, w, kZero);
    return Widened(TwiceArtanh(BigFloat::Div(u, sum, w, kZero), w), bits);
  }
  if (u.Sign() < 0) return LogOfPoint(1 + u, bits);
  return Narrowed(Log(Interval(1, w) + Interval(u, w)), bits);
}

/// An increasing function of an interval, from its enclosures at the ends.
template <class OfPoint>
Interval Increasing(const OfPoint& of_point, const Interval& x) {
  const Interval at_low = of_point(x.low, x.bits);
  if (x.IsPoint()) return at_low;
  return {at_low.low, of_point(x.high, x.bits).high, x.bits};
}

}  // namespace

Interval Exp(const Interval& x) { return Increasing(ExpOfPoint, x); }
Interval Expm1(const Interval& x) { return Increasing(Expm1OfPoint, x); }
Interval Log(const Interval& x) { return Increasing(LogOfPoint, x); }
Interval Log1p(const Interval& x) { return Increasing(Log1pOfPoint, x); }

}  // namespace surprisal
