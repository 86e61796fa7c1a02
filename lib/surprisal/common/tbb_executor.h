#ifndef SURPRISAL_COMMON_TBB_EXECUTOR_H_
#define SURPRISAL_COMMON_TBB_EXECUTOR_H_

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "surprisal/common/executor.h"

namespace surprisal {

/// Runs pieces on threads of oneTBB, which whoever includes this links. The
/// kernel library itself does not depend on it.
/// \ingroup executor
class TbbExecutor : public Executor {
 public:
  /// On at most `threads` threads, by default as many as there are cores.
  explicit TbbExecutor(int threads = tbb::task_arena::automatic)
      : arena_(threads) {}

  void Run(size_t count,
           const std::function<void(size_t, size_t)>& pieces) const override {
    using Range = tbb::blocked_range<size_t>;
    arena_.execute([&] {
      tbb::parallel_for(Range(0, count), [&](const Range& range) {
        pieces(range.begin(), range.end());
      });
    });
  }

 private:
  mutable tbb::task_arena arena_;
};

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_TBB_EXECUTOR_H_
