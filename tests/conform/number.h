#ifndef SURPRISAL_TESTS_CONFORM_NUMBER_H_
#define SURPRISAL_TESTS_CONFORM_NUMBER_H_

#include <string>

#include "oracle/exact.h"

namespace surprisal::conform {

/// The number that `text` writes: decimal ("-1.5e-3"), hex float
/// ("0x1.8p-3"), "inf" or "nan", with a sign if need be. It differs from the
/// real number by less than 2^-329 of it and never lies on the other side of a
/// number of fewer bits, so that one RoundTo() rounds the text correctly.
/// Throws std::invalid_argument if the text is none of these, or if its
/// exponent has more than five digits.
Exact ReadNumber(const std::string& text);

/// A text of `x` with up to `digits` significant decimal digits. What is
/// smaller than 10^-9999 or larger than 10^9999 is written as that power.
std::string WriteNumber(const Exact& x, int digits);

}  // namespace surprisal::conform

#endif  // SURPRISAL_TESTS_CONFORM_NUMBER_H_
