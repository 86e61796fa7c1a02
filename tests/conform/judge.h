#ifndef SURPRISAL_TESTS_CONFORM_JUDGE_H_
#define SURPRISAL_TESTS_CONFORM_JUDGE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "subject.h"
#include "vectors.h"

namespace surprisal::conform {

/// One thing that is wrong with an answer.
struct Finding {
  std::string output;        ///< its name; empty if it is the call as a whole
  size_t index = 0;          ///< of the element
  std::string asked;         ///< the exact value, or what else was asked for
  std::string got;           ///< in decimal, or what else came back
  std::string got_hex = {};  ///< empty if it is no number
  double ulp = 0;

  /// "probs[2]: asked 0.25, got 0x0p+0 (0), 8388608 ulp off".
  std::string Text() const;
};

/// What the judge found of one case.
struct Verdict {
  bool supported = true;
  std::vector<Finding> findings;  ///< none: the case is passed

  bool Passed() const { return findings.empty(); }
};

/// Asks the subject for all the outputs together and for each by itself, and
/// compares every element. Outputs lie between guards; what is not asked for,
/// and every output of a question to be refused, must stay as it was.
Verdict Judge(const Subject& subject, const Case& c);

}  // namespace surprisal::conform

#endif  // SURPRISAL_TESTS_CONFORM_JUDGE_H_
