#ifndef SURPRISAL_TESTS_CONFORM_ORACLE_ANSWERS_H_
#define SURPRISAL_TESTS_CONFORM_ORACLE_ANSWERS_H_

#include <vector>

#include "oracle/exact.h"
#include "vectors.h"

namespace surprisal::conform {

/// The exact values of one output of a case, from this suite's oracles, in the
/// output's order. The arguments of the case are valid.
std::vector<Exact> OracleAnswer(const Case& question, const Output& output);

}  // namespace surprisal::conform

#endif  // SURPRISAL_TESTS_CONFORM_ORACLE_ANSWERS_H_
