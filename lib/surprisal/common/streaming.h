#ifndef SURPRISAL_COMMON_STREAMING_H_
#define SURPRISAL_COMMON_STREAMING_H_

#include "surprisal/common/rows.h"

namespace surprisal {

/// A batch of so many elements is mostly out of a core's share of the last cache
/// before anyone reads it: results had better go past the caches (measured for
/// floats on Zen 5, rows one behind the other from 1000 classes on).
inline constexpr size_t kStreamedElements = size_t{1} << 22;

/// In short rows that lie apart the ends, which share a cache line with others,
/// cost more than that saves.
inline constexpr size_t kStreamedClasses = 3000;

/// Whether kernels should stream to `to`. Of no consequence for the results.
inline bool IsWorthStreaming(const OutRows& to) {
  const bool apart = to.row_stride != static_cast<std::ptrdiff_t>(to.classes);
  return to.rows * to.classes >= kStreamedElements &&
         (!apart || to.classes >= kStreamedClasses);
}

/// Whether both are rows of floats, not the same ones, whose classes lie one behind
/// the other.
inline bool AreFloats(const InRows& from, const OutRows& to) {
  return from.type == ElementType::kFloat32 &&
         to.type == ElementType::kFloat32 && from.class_stride == 1 &&
         to.class_stride == 1 && from.data != to.data;
}

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_STREAMING_H_
