#include <cmath>
#include <cstddef>
#include <vector>

#include "literate/exercises.h"
#include "oracle/judge.h"
#include "surprisal/entropy/entropy_oracle.h"
#include "surprisal/kl_divergence/kl_divergence_oracle.h"

// The exercises of chapter 6: write the bodies of the functions below, build,
// and run exercise_06_entropy_and_kl to see which are solved.

namespace {

using surprisal::Exact;
using surprisal::Within;
using surprisal::literate::kNotYet;

/// 1. The entropy of a distribution, in bits. What has probability 0 costs
/// nothing.
double EntropyInBits(const std::vector<double>& p) { return kNotYet; }

/// 2. KL(p || q) in nats, with its special cases: nothing where p is 0, +inf
/// where p is above 0 and q is not.
double Divergence(const std::vector<double>& p, const std::vector<double>& q) {
  return kNotYet;
}

/// 3. Whether there is a code of words of 0 and 1 with these lengths, in which
/// no word begins another. By Kraft's inequality there is one exactly if the
/// sum of 2^-length is at most 1. Lengths are between 1 and 60, and a single
/// word of 60 bits too many must not be overlooked: in double, 1 + 2^-60 is 1.
bool IsPossible(const std::vector<int>& lengths) { return false; }

/// 4. The one distribution over `classes` classes that has the least mean
/// cross-entropy over these labels, if it must be the same for all of them.
std::vector<double> BestConstantAnswer(const std::vector<int>& labels,
                                       size_t classes) {
  return {};
}

/// 5. The Jensen-Shannon divergence in nats: with m = (p + q) / 2, the mean of
/// KL(p || m) and KL(q || m). Divergence() above helps.
double JensenShannon(const std::vector<double>& p,
                     const std::vector<double>& q) {
  return kNotYet;
}

// ---------------------------------------------------------------------------
// Below, the answers are judged by the oracle.

const std::vector<std::vector<double>>& Worlds() {
  static const std::vector<std::vector<double>> worlds = {
      {0, 1, 0, 0},
      {0.5, 0.25, 0.125, 0.125},
      {0.25, 0.25, 0.25, 0.25},
      {0.1, 0.2, 0.3, 0.4},
      {0.5, 0, 0.5, 0}};
  return worlds;
}

bool JudgeEntropyInBits() {
  for (const std::vector<double>& p : Worlds()) {
    const Exact bits = surprisal::EntropyOracle(p) / log(Exact(2));
    if (!Within(8, EntropyInBits(p), bits)) return false;
  }
  return true;
}

bool JudgeDivergence() {
  for (const std::vector<double>& p : Worlds()) {
    for (const std::vector<double>& q : Worlds()) {
      const Exact exact = surprisal::KlDivergenceOracle(p, q);
      if (!Within(64, Divergence(p, q), exact)) return false;
    }
  }
  return true;
}

bool JudgeIsPossible() {
  return IsPossible({1, 2, 3, 3}) && IsPossible({2, 2, 2}) &&
         !IsPossible({1, 1, 2}) && !IsPossible({2, 2, 2, 2, 60});
}

bool JudgeBestConstantAnswer() {
  const std::vector<double> got = BestConstantAnswer({0, 2, 2, 1, 2}, 4);
  return got.size() == 4 && Within(1, got[0], Exact(1) / 5) &&
         Within(1, got[1], Exact(1) / 5) && Within(1, got[2], Exact(3) / 5) &&
         got[3] == 0;
}

bool JudgeJensenShannon() {
  for (const std::vector<double>& p : Worlds()) {
    for (const std::vector<double>& q : Worlds()) {
      std::vector<double> middle;
      for (size_t c = 0; c < p.size(); ++c) {
        middle.push_back((p[c] + q[c]) / 2);
      }
      const Exact exact = (surprisal::KlDivergenceOracle(p, middle) +
                           surprisal::KlDivergenceOracle(q, middle)) /
                          2;
      if (!Within(64, JensenShannon(p, q), exact)) return false;
    }
  }
  return true;
}

constexpr surprisal::literate::Exercise kExercises[] = {
    {"EntropyInBits", JudgeEntropyInBits},
    {"Divergence", JudgeDivergence},
    {"IsPossible", JudgeIsPossible},
    {"BestConstantAnswer", JudgeBestConstantAnswer},
    {"JensenShannon", JudgeJensenShannon},
};

}  // namespace

int main() { return surprisal::literate::RunExercises(kExercises); }
