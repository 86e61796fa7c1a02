#ifndef SURPRISAL_TESTS_EXHAUSTIVE_PROGRAM_H_
#define SURPRISAL_TESTS_EXHAUSTIVE_PROGRAM_H_

#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "exhaustive/sweep.h"

namespace surprisal::exhaustive {

/// A quantity with its types forgotten.
struct Entry {
  std::string name;
  std::string type;
  uint64_t last_bits;  ///< the type's greatest bit pattern
  std::function<Outcome(const Plan&)> sweep;
};

/// Adds the quantities of one element type.
template <class T, class R>
void Append(std::vector<Entry>& entries, const std::string& type,
            const std::vector<Quantity<T, R>>& quantities) {
  for (const Quantity<T, R>& quantity : quantities) {
    entries.push_back(
        {quantity.name, type, std::numeric_limits<BitsOf<T>>::max(),
         [quantity](const Plan& plan) { return Sweep(quantity, plan); }});
  }
}

/// Sweeps what the command line asks for of the entries. The table and the
/// first differences go to `out`, the progress to `err`: a bar if that is a
/// terminal, else a line per function.
/// @return the exit code: 0, 1 if there are differences, else what CLI11 gives
///         for a wrong command line or a file that cannot be written.
int RunProgram(int argc, const char* const* argv,
               const std::vector<Entry>& entries, std::FILE* out,
               std::FILE* err);

}  // namespace surprisal::exhaustive

#endif  // SURPRISAL_TESTS_EXHAUSTIVE_PROGRAM_H_
