#ifndef SURPRISAL_COMMON_TBB_EXECUTOR_H_
#define SURPRISAL_COMMON_TBB_EXECUTOR_H_

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
           const std::function<void(size_t)>& piece) const override {
    arena_.execute([&] { tbb::parallel_for(size_t{0}, count, piece); });
  }

 private:
  mutable tbb::task_arena arena_;
};

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_TBB_EXECUTOR_H_
