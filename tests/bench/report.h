#ifndef SURPRISAL_TESTS_BENCH_REPORT_H_
#define SURPRISAL_TESTS_BENCH_REPORT_H_

#include <optional>
#include <string>
#include <vector>

#include "bench/batch.h"
#include "bench/judge.h"
#include "bench/library.h"

namespace surprisal::bench {

/// Who was measured.
struct Column {
  std::string library;
  std::string version;
  std::string target = {};  ///< of this library's SIMD targets; else empty
  size_t threads = 1;
};

/// What was measured of one library.
struct Cell {
  std::vector<double> ratios = {};  ///< per round; see Row
  double ratio = 0;                 ///< their median
  Verdict verdict = {};
};

/// One quantity of one batch; per column a cell, or nothing where the library
/// lacks the quantity. The ratio is time / memcpy of one thread; of several
/// threads it is the time of one thread / theirs.
struct Row {
  Quantity quantity;
  Shape shape;
  ElementType type;
  std::vector<std::optional<Cell>> cells = {};
};

/// What stands above the table: the machine, who is compared, what a number is.
struct Heading {
  std::vector<Column> columns;
  size_t rounds;
  double confident;  ///< see Batch
  std::string arguments = {};  ///< of the command line that asked for it
};

void PrintHeading(const Heading& heading);
void PrintRow(const Heading& heading, const Row& row);

/// Throws std::runtime_error if the file cannot be written.
void WriteJson(const std::string& path, const Heading& heading,
               const std::vector<Row>& rows);

/// The page docs/speed.md. Throws as WriteJson() does.
void WriteMarkdown(const std::string& path, const Heading& heading,
                   const std::vector<Row>& rows);

}  // namespace surprisal::bench

#endif  // SURPRISAL_TESTS_BENCH_REPORT_H_
