// Peers under the judge: what they are known to lose, it finds; what they get
// right, it lets pass.

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

#include "judge.h"
#include "subject.h"
#include "vectors.h"

namespace surprisal::conform {
namespace {

struct Count {
  size_t failed = 0;
  size_t answered = 0;
};

/// Judges the subject by one file; what it does not support does not count.
Count JudgeFile(const Subject& subject, const std::string& name) {
  Count count;
  const VectorFile file =
      ReadVectors(std::string(VECTORS) + "/" + name + ".json");
  for (const Case& c : file.cases) {
    const Verdict verdict = Judge(subject, c);
    if (!verdict.supported) continue;
    ++count.answered;
    if (!verdict.Passed()) ++count.failed;
  }
  MESSAGE(subject.name << ", " << name << ": " << count.failed << " of "
                       << count.answered << " failed");
  return count;
}

TEST_CASE("Eigen passes moderate rows and loses the tail of confident ones") {
  const Subject eigen = LoadSubject(EIGEN);
  const Count plain = JudgeFile(eigen, "plain");
  CHECK(plain.answered == 192);
  CHECK(plain.failed == 0);
  for (const char* name : {"lse_tail", "label_gradient", "near_zero_lse",
                           "underflow", "reported_values"}) {
    CHECK(JudgeFile(eigen, name).failed > 0);
  }
}

}  // namespace
}  // namespace surprisal::conform
