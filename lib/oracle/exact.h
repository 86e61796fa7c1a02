#ifndef SURPRISAL_ORACLE_EXACT_H_
#define SURPRISAL_ORACLE_EXACT_H_

#include <boost/multiprecision/cpp_bin_float.hpp>

namespace surprisal {

/// The numbers the oracles count in: binary floating point with 100 decimal
/// digits (335 bits). Every float and double is one of them. Knows infinities
/// and NaN.
using Exact = boost::multiprecision::cpp_bin_float_100;

/// Twice the digits, to check the oracles themselves.
using TwiceExact =
    boost::multiprecision::number<boost::multiprecision::cpp_bin_float<200>>;

}  // namespace surprisal

#endif  // SURPRISAL_ORACLE_EXACT_H_
