#include <cmath>
#include <cstdio>
#include <vector>

#include "oracle/ulp.h"
#include "surprisal/entropy/entropy_oracle.h"
#include "surprisal/kl_divergence/kl_divergence_oracle.h"

// The exercises of chapter 6. Each function returns NaN, or nothing, or the
// wrong answer, until you write it. Run the program to see which are solved.

using surprisal::Exact;

/// 1. The entropy of a distribution, in bits. What has probability 0 costs
/// nothing.
double EntropyInBits(const std::vector<double>& p) {
  (void)p;
  return NAN;
}

/// 2. KL(p || q) in nats, with its special cases: nothing where p is 0, +inf
/// where p is above 0 and q is not.
double Divergence(const std::vector<double>& p, const std::vector<double>& q) {
  (void)p, (void)q;
  return NAN;
}

/// 3. Whether there is a code of words of 0 and 1 with these lengths, in which
/// no word begins another. By Kraft's inequality there is one exactly if the
/// sum of 2^-length is at most 1. Lengths are between 1 and 60, and a single
/// word of 60 bits too many must not be overlooked: in double, 1 + 2^-60 is 1.
bool IsPossible(const std::vector<int>& lengths) {
  (void)lengths;
  return false;
}

/// 4. The one distribution over `classes` classes that has the least mean
/// cross-entropy over these labels, if it must be the same for all of them.
std::vector<double> BestConstantAnswer(const std::vector<int>& labels,
                                       size_t classes) {
  (void)labels, (void)classes;
  return {};
}

/// 5. The Jensen-Shannon divergence in nats: with m = (p + q) / 2, the mean of
/// KL(p || m) and KL(q || m). Divergence() above helps.
double JensenShannon(const std::vector<double>& p,
                     const std::vector<double>& q) {
  (void)p, (void)q;
  return NAN;
}

// Whether `got` is within `ulps` units in the last place of `exact`.
bool Near(double got, const Exact& exact, double ulps) {
  return surprisal::UlpError(got, exact) <= ulps;
}

const std::vector<std::vector<double>>& Worlds() {
  static const std::vector<std::vector<double>> worlds = {
      {0, 1, 0, 0},
      {0.5, 0.25, 0.125, 0.125},
      {0.25, 0.25, 0.25, 0.25},
      {0.1, 0.2, 0.3, 0.4},
      {0.5, 0, 0.5, 0}};
  return worlds;
}

bool EntropyInBitsIsRight() {
  for (const std::vector<double>& p : Worlds()) {
    const Exact bits = surprisal::EntropyOracle(p) / log(Exact(2));
    if (!Near(EntropyInBits(p), bits, 8)) return false;
  }
  return true;
}

bool DivergenceIsRight() {
  for (const std::vector<double>& p : Worlds()) {
    for (const std::vector<double>& q : Worlds()) {
      const Exact exact = surprisal::KlDivergenceOracle(p, q);
      if (!Near(Divergence(p, q), exact, 64)) return false;
    }
  }
  return true;
}

bool IsPossibleIsRight() {
  return IsPossible({1, 2, 3, 3}) && IsPossible({2, 2, 2}) &&
         !IsPossible({1, 1, 2}) && !IsPossible({2, 2, 2, 2, 60});
}

bool BestConstantAnswerIsRight() {
  const std::vector<double> got = BestConstantAnswer({0, 2, 2, 1, 2}, 4);
  return got.size() == 4 && Near(got[0], Exact(1) / 5, 1) &&
         Near(got[1], Exact(1) / 5, 1) && Near(got[2], Exact(3) / 5, 1) &&
         got[3] == 0;
}

bool JensenShannonIsRight() {
  for (const std::vector<double>& p : Worlds()) {
    for (const std::vector<double>& q : Worlds()) {
      std::vector<double> middle;
      for (size_t c = 0; c < p.size(); ++c) {
        middle.push_back((p[c] + q[c]) / 2);
      }
      const Exact exact = (surprisal::KlDivergenceOracle(p, middle) +
                           surprisal::KlDivergenceOracle(q, middle)) /
                          2;
      if (!Near(JensenShannon(p, q), exact, 64)) return false;
    }
  }
  return true;
}

int main() {
  const struct {
    const char* name;
    bool solved;
  } exercises[] = {{"1 EntropyInBits", EntropyInBitsIsRight()},
                   {"2 Divergence", DivergenceIsRight()},
                   {"3 IsPossible", IsPossibleIsRight()},
                   {"4 BestConstantAnswer", BestConstantAnswerIsRight()},
                   {"5 JensenShannon", JensenShannonIsRight()}};
  int open = 0;
  for (const auto& exercise : exercises) {
    std::printf("%-22s %s\n", exercise.name,
                exercise.solved ? "solved" : "open");
    open += exercise.solved ? 0 : 1;
  }
  return open == 0 ? 0 : 1;
}
