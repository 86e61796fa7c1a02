#ifndef SURPRISAL_COMMON_EXECUTOR_H_
#define SURPRISAL_COMMON_EXECUTOR_H_

#include <algorithm>
#include <cstddef>
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

  /// Calls piece(0), ..., piece(count - 1) in any order, on any threads that
  /// round to nearest and keep subnormals, and returns when all have returned.
  virtual void Run(size_t count,
                   const std::function<void(size_t)>& piece) const = 0;
};

/// Enough rows for a piece to be worth its thread: some tens of microseconds.
inline size_t RowsPerPiece(size_t classes) {
  return std::max<size_t>(1, 65536 / std::max<size_t>(1, classes));
}

/// How many pieces a batch is split into; at least 1.
inline size_t CountPieces(size_t rows, size_t classes) {
  const size_t per_piece = RowsPerPiece(classes);
  return std::max<size_t>(1, (rows + per_piece - 1) / per_piece);
}

/// Calls body(first row, rows, piece) for every piece of a batch.
template <class Body>
void ForPieces(const Executor* executor, size_t rows, size_t classes,
               const Body& body) {
  const size_t count = CountPieces(rows, classes);
  const size_t per_piece = RowsPerPiece(classes);
  const auto piece = [&](size_t i) {
    const size_t first = i * per_piece;
    body(first, std::min(per_piece, rows - first), i);
  };
  if (executor != nullptr && count > 1) return executor->Run(count, piece);
  for (size_t i = 0; i < count; ++i) piece(i);
}

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_EXECUTOR_H_
