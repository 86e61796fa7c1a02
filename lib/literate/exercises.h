#ifndef SURPRISAL_LITERATE_EXERCISES_H_
#define SURPRISAL_LITERATE_EXERCISES_H_

#include <iostream>
#include <limits>
#include <ostream>
#include <span>

namespace surprisal::literate {

/// What a stub returns until it is written: no judge takes it for an answer.
inline constexpr double kNotYet = std::numeric_limits<double>::quiet_NaN();

/// A function that a learner writes, and whether it is right by now.
struct Exercise {
  const char* name;
  bool (*judge)();
};

/// Judges the exercises in their order and prints a line for each: its number,
/// counted from 1, its name, and "solved" or "open". One whose judge throws is
/// open, for the reason behind it, and the next are judged all the same.
/// Returns the exit code of the program: 0 if all are solved, else 1.
int RunExercises(std::span<const Exercise> exercises,
                 std::ostream& out = std::cout);

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_EXERCISES_H_
