#ifndef SURPRISAL_COMMON_STAGES_H_
#define SURPRISAL_COMMON_STAGES_H_

#include <cstddef>
#include <cstdint>

/// How much work the stages behind the first have had (see docs/rounding.md).
namespace surprisal {

struct StageCounts {
  std::uint64_t full = 0;  ///< results that took the double-double stage
  std::uint64_t last = 0;  ///< results that took the last resort
};

/// The calling thread's counts since it began; the caller may set them to 0.
/// Every double takes the full stage.
StageCounts& Stages();

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_STAGES_H_
