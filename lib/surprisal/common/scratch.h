#ifndef SURPRISAL_COMMON_SCRATCH_H_
#define SURPRISAL_COMMON_SCRATCH_H_

#include <cstddef>

namespace surprisal {

/// What a thread's working buffers are used for; each has one of its own.
enum class Slot {
  kShiftedHi,
  kShiftedLo,
  kExpHi,
  kExpLo,
  kOtherHi,
  kOtherLo,
  kThirdHi,
  kThirdLo,
  kRounded,
  kFirstExps,
  kLoneExps,
  kShortLogits,
  kShortExps,
  kCount
};

/// The calling thread's buffer of at least `count` doubles for `slot`, aligned
/// for vectors. It keeps its contents until the next call for the same slot,
/// its memory until the thread ends: rows come in thousands, allocations once.
double* Scratch(Slot slot, size_t count);

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_SCRATCH_H_
