#ifndef SURPRISAL_TESTS_CONFORM_ORACLE_ANSWERS_H_
#define SURPRISAL_TESTS_CONFORM_ORACLE_ANSWERS_H_

#include <vector>

#include "oracle/exact.h"
#include "vectors.h"

namespace surprisal::conform {

/// The exact values of one output of a case, from this suite's oracles, in the
/// output's order. The arguments of the case are valid. What differs from a tie
/// of the output's type by no more than the oracles' own rounding is that tie:
/// u - (u + v + w) / 3 may be one, though a third has no end in binary.
std::vector<Exact> OracleAnswer(const Case& question, const Output& output);

}  // namespace surprisal::conform

#endif  // SURPRISAL_TESTS_CONFORM_ORACLE_ANSWERS_H_
