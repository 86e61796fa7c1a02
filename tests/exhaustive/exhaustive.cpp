// Compares the kernels with the oracle at every float there is, bit for bit, on
// every SIMD target of the CPU, and prints a table. --help tells the options.

#include <cstdio>
#include <vector>

#include "exhaustive/program.h"
#include "exhaustive/quantities.h"

int main(int argc, char** argv) {
  using namespace surprisal::exhaustive;
  std::vector<Entry> entries;
  Append(entries, "float", QuantitiesOf<float>());
  Append(entries, "float", SlopesOf<float>());
  Append(entries, "float", RowQuantitiesOf<float, float>());
  return RunProgram(argc, argv, entries, stdout, stderr);
}
