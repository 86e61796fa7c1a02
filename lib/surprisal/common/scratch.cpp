#include "surprisal/common/scratch.h"

#include <array>
#include <bit>

#include "hwy/aligned_allocator.h"

namespace surprisal {
namespace {

struct Buffer {
  size_t size = 0;
  hwy::AlignedFreeUniquePtr<double[]> data;
};

}  // namespace

double* Scratch(Slot slot, size_t count) {
  thread_local std::array<Buffer, static_cast<size_t>(Slot::kCount)> buffers;
  Buffer& buffer = buffers[static_cast<size_t>(slot)];
  if (buffer.size < count) {
    buffer.size = std::bit_ceil(count);
    buffer.data = hwy::AllocateAligned<double>(buffer.size);
  }
  return buffer.data.get();
}

}  // namespace surprisal
