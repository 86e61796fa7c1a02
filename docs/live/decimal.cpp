#include "live/decimal.h"

#include <cmath>
#include <string>

namespace surprisal::live {
namespace {

/// x = digits 10^exponent, a decimal point behind the first digit.
struct Scientific {
  std::string digits;
  int exponent;
};

Exact PowerOfTen(int exponent) { return pow(Exact(10), exponent); }

/// floor(log10(x)), or one less.
int AboutLog10(const Exact& x) {
  int binary = 0;  // x lies in [2^(binary - 1), 2^binary)
  frexp(x, &binary);
  return static_cast<int>(std::floor((binary - 1) * 0.30102999566398119));
}

/// The integer nearest to x 10^places, below 10^61.
Exact Shifted(const Exact& x, int places) {
  return floor(Exact(x * PowerOfTen(places) + 0.5));
}

/// The digits of an integer, at least one.
std::string DigitsOf(Exact integer) {
  std::string digits;
  do {
    const Exact rest = floor(Exact(integer / 10));
    const Exact digit = integer - rest * 10;
    digits.insert(digits.begin(),
                  static_cast<char>('0' + digit.convert_to<int>()));
    integer = rest;
  } while (integer > 0);
  return digits;
}

/// Where the guess of the exponent is low, or rounding carries into a new
/// digit, there is one digit too many.
Scientific ToScientific(const Exact& x, int digits) {
  int exponent = AboutLog10(x);
  for (;; ++exponent) {
    const std::string text = DigitsOf(Shifted(x, digits - 1 - exponent));
    if (static_cast<int>(text.size()) <= digits) return {text, exponent};
  }
}

}  // namespace

std::string Decimal(const Exact& x, int digits) {
  if (isnan(x)) return "nan";
  if (isinf(x)) return "inf";
  const auto count = static_cast<size_t>(digits);
  Scientific s = {std::string(count, '0'), 0};
  if (x != 0) s = ToScientific(x, digits);
  std::string text = s.digits;
  if (s.exponent < -6 || s.exponent >= digits) {
    if (digits > 1) text.insert(1, ".");
    return text + "e" + (s.exponent < 0 ? "" : "+") +
           std::to_string(s.exponent);
  }
  if (s.exponent < 0) {
    return "0." + std::string(static_cast<size_t>(-s.exponent - 1), '0') + text;
  }
  const size_t whole = static_cast<size_t>(s.exponent) + 1;
  if (whole < count) text.insert(whole, ".");
  return text;
}

}  // namespace surprisal::live
