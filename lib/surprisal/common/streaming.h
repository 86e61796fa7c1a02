#ifndef SURPRISAL_COMMON_STREAMING_H_
#define SURPRISAL_COMMON_STREAMING_H_

#include "surprisal/common/rows.h"

namespace surprisal {

/// A batch of so many elements is mostly out of a core's share of the last cache
/// before anyone reads it: results had better go past the caches. In shorter rows
/// the ends, which share a cache line with others, cost more than that saves
/// (both measured for floats on Zen 5).
inline constexpr size_t kStreamedElements = size_t{1} << 22;
inline constexpr size_t kStreamedClasses = 3000;

/// Whether kernels should stream to `to`. Of no consequence for the results.
inline bool IsWorthStreaming(const OutRows& to) {
  return to.classes >= kStreamedClasses &&
         to.rows * to.classes >= kStreamedElements;
}

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_STREAMING_H_
