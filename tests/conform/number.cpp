#include "number.h"

#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <limits>
#include <regex>
#include <stdexcept>

namespace surprisal::conform {
namespace {

using boost::multiprecision::cpp_int;

/// Bits kept of a quotient; an Exact holds a few more.
constexpr int kBits = 330;

/// numerator / denominator * 2^exponent, rounded to odd: the last of its bits
/// says that something was left.
Exact Quotient(cpp_int numerator, cpp_int denominator, int exponent) {
  if (numerator == 0) return 0;
  const int shift = kBits - static_cast<int>(msb(numerator)) +
                    static_cast<int>(msb(denominator));
  if (shift > 0) {
    numerator <<= shift;
  } else {
    denominator <<= -shift;
  }
  cpp_int quotient, remainder;
  divide_qr(numerator, denominator, quotient, remainder);
  if (remainder != 0) bit_set(quotient, 0);
  return ldexp(Exact(quotient), exponent - shift);
}

/// Digits before and after the point as one integer.
cpp_int Digits(const std::string& prefix, const std::string& digits) {
  const size_t first = digits.find_first_not_of('0');
  // A leading 0 would make the number octal.
  return first == std::string::npos ? cpp_int(0)
                                    : cpp_int(prefix + digits.substr(first));
}

int ExponentOf(const std::string& text) {
  return text.empty() ? 0 : std::stoi(text);
}

Exact ReadDecimal(const std::smatch& match) {
  const int exponent =
      ExponentOf(match[4]) - static_cast<int>(match[3].length());
  const cpp_int digits = Digits("", match[2].str() + match[3].str());
  const cpp_int ten = 10;
  const cpp_int power = pow(ten, static_cast<unsigned>(std::abs(exponent)));
  return exponent < 0 ? Quotient(digits, power, 0)
                      : Quotient(digits * power, 1, 0);
}

Exact ReadHex(const std::smatch& match) {
  const int exponent =
      ExponentOf(match[4]) - 4 * static_cast<int>(match[3].length());
  return Quotient(Digits("0x", match[2].str() + match[3].str()), 1, exponent);
}

Exact ReadMagnitude(const std::string& text, std::smatch& match) {
  static const std::regex special("([+-]?)(inf|nan)", std::regex::icase);
  static const std::regex decimal(
      "([+-]?)(?=\\.?[0-9])([0-9]*)\\.?([0-9]*)(?:e([+-]?[0-9]{1,5}))?",
      std::regex::icase);
  static const std::regex hex(
      "([+-]?)0x(?=\\.?[0-9a-f])([0-9a-f]*)\\.?([0-9a-f]*)"
      "(?:p([+-]?[0-9]{1,5}))?",
      std::regex::icase);
  using Limits = std::numeric_limits<Exact>;
  if (std::regex_match(text, match, decimal)) return ReadDecimal(match);
  if (std::regex_match(text, match, hex)) return ReadHex(match);
  if (!std::regex_match(text, match, special)) {
    throw std::invalid_argument(
        "'" + text +
        "' is not a number (decimal or hex float, inf, -inf or nan)");
  }
  return std::tolower(match[2].str()[0]) == 'i' ? Limits::infinity()
                                                : Limits::quiet_NaN();
}

}  // namespace

Exact ReadNumber(const std::string& text) {
  std::smatch match;
  const Exact magnitude = ReadMagnitude(text, match);
  return match[1] == "-" ? Exact(-magnitude) : magnitude;
}

std::string WriteNumber(const Exact& x, int digits) {
  if (isnan(x)) return "nan";
  if (isinf(x)) return x < 0 ? "-inf" : "inf";
  static const Exact largest("1e9999"), smallest = 1 / largest;
  const std::string sign = signbit(x) ? "-" : "";
  if (x != 0 && fabs(x) < smallest) return sign + "1e-9999";
  if (fabs(x) > largest) return sign + "1e9999";
  return x.str(digits);
}

}  // namespace surprisal::conform
