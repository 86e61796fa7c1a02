#ifndef SURPRISAL_LIVE_DECIMAL_H_
#define SURPRISAL_LIVE_DECIMAL_H_

#include <string>

#include "oracle/exact.h"

namespace surprisal::live {

/// x, at least 0, in `digits` significant decimals, written as JavaScript's
/// toPrecision() does. Boost would write it too, by way of the C++ library's
/// streams, which weigh more than the oracle.
std::string Decimal(const Exact& x, int digits);

}  // namespace surprisal::live

#endif  // SURPRISAL_LIVE_DECIMAL_H_
