#ifndef SURPRISAL_TESTS_BENCH_ROUNDS_H_
#define SURPRISAL_TESTS_BENCH_ROUNDS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/library.h"

namespace surprisal::bench {

/// Seconds per call, in one round.
struct Seconds {
  double cpu;   ///< of the calling thread: others on the machine do not count
  double wall;  ///< what several threads can shorten
};

/// A computation, on a SIMD target of this library (Highway's number) or, 0, on
/// the CPU's best.
struct Contender {
  Computation compute;
  int64_t target = 0;
};

struct Extent {
  size_t rounds;
  double min_seconds;  ///< per contender and round; above 0
};

/// Times all contenders once in every round, by Google Benchmark, which repeats
/// a call until `min_seconds` have passed.
///
/// A machine's clock, its memory and whoever shares them change within seconds,
/// so that times of different rounds say little about each other: only the
/// ratios within a round do, and of these the median. Google Benchmark's own
/// random interleaving would scatter the repetitions over the whole run, and
/// leaves nothing to pair; hence each round is a run of its own. The order
/// rotates, so that nobody always follows the same one.
/// @return [contender][round].
std::vector<std::vector<Seconds>> MeasureRounds(
    const std::vector<Contender>& contenders, const Extent& extent);

/// The middle of the values, of which there is at least one; between the two
/// in the middle of an even number.
double Median(std::vector<double> values);

}  // namespace surprisal::bench

#endif  // SURPRISAL_TESTS_BENCH_ROUNDS_H_
