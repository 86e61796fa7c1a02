// Compares the kernels with the oracle at every float and every number of 16
// bits there is, bit for bit, on every SIMD target of the CPU, and prints a
// table. --help tells the options.

#include <cstdio>
#include <string>
#include <vector>

#include "exhaustive/program.h"
#include "exhaustive/quantities.h"
#include "surprisal/common/element.h"

namespace surprisal::exhaustive {
namespace {

/// All quantities of one element type.
template <class T>
void AppendAll(std::vector<Entry>& entries, const std::string& type) {
  Append(entries, type, QuantitiesOf<T>());
  Append(entries, type, SlopesOf<T>());
  Append(entries, type, RowQuantitiesOf<T, RowScalar<T>>());
}

}  // namespace
}  // namespace surprisal::exhaustive

int main(int argc, char** argv) {
  using namespace surprisal::exhaustive;
  std::vector<Entry> entries;
  AppendAll<float>(entries, "float");
  AppendAll<surprisal::float16_t>(entries, "float16");
  AppendAll<surprisal::bfloat16_t>(entries, "bfloat16");
  return RunProgram(argc, argv, entries, stdout, stderr);
}
