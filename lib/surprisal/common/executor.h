#ifndef SURPRISAL_COMMON_EXECUTOR_H_
#define SURPRISAL_COMMON_EXECUTOR_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace surprisal {

/// \defgroup executor Threads
/// How the rows of a batch are spread over threads, if they are. No bit of any
/// result depends on it.
/// @{

/// Runs independent pieces of work, perhaps at the same time: what the functions
/// of rows take as their last argument. Without one they stay on the calling
/// thread. The bits of every result, doubles included, are the same with any
/// executor and without: rows are split by their shape alone.
/// TbbExecutor of tbb_executor.h runs them on the threads of oneTBB.
class Executor {
 public:
  virtual ~Executor() = default;

  /// Calls pieces(begin, end) until all of 0, ..., count - 1 have been in one such
  /// range, in any order, on any threads that round to nearest and keep
  /// subnormals, and returns when all have returned. A piece is worth a thread;
  /// several in one range are faster, for a row's results are written while the
  /// next row is read.
  virtual void Run(
      size_t count,
      const std::function<void(size_t begin, size_t end)>& pieces) const = 0;
};

/// Enough rows for a piece to be worth its thread, some tens of microseconds. No piece
/// has more, and they differ by one row at most.
inline size_t RowsPerPiece(size_t classes) {
  return std::max<size_t>(1, 65536 / std::max<size_t>(1, classes));
}

/// How many pieces a batch is split into: one, if nobody is there to run them.
inline size_t CountPieces(const Executor* executor, size_t rows,
                          size_t classes) {
  if (executor == nullptr) return 1;
  const size_t per_piece = RowsPerPiece(classes);
  return std::max<size_t>(1, (rows + per_piece - 1) / per_piece);
}

/// Calls body(first row, rows, piece) for all of a batch, some pieces at a time;
/// `piece` is the first of them.
template <class Body>
void ForPieces(const Executor* executor, size_t rows, size_t classes,
               const Body& body) {
  const size_t count = CountPieces(executor, rows, classes);
  if (count == 1) return body(0, rows, 0);
  const auto first_row = [&](size_t piece) {
    return static_cast<size_t>(std::uint64_t{rows} * piece / count);
  };
  executor->Run(count, [&](size_t begin, size_t end) {
    const size_t first = first_row(begin);
    body(first, first_row(end) - first, begin);
  });
}

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_EXECUTOR_H_
