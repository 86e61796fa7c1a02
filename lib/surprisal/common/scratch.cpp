#include "surprisal/common/scratch.h"

#include <array>
#include <bit>
#include <memory>
#include <new>

namespace surprisal {
namespace {

/// The size of the widest vectors there are, 512 bits, and of a cache line.
constexpr std::align_val_t kAlignment{64};

struct Free {
  void operator()(double* data) const { ::operator delete(data, kAlignment); }
};

struct Buffer {
  size_t size = 0;
  std::unique_ptr<double, Free> data;
};

}  // namespace

double* Scratch(Slot slot, size_t count) {
  thread_local std::array<Buffer, static_cast<size_t>(Slot::kCount)> buffers;
  Buffer& buffer = buffers[static_cast<size_t>(slot)];
  if (buffer.size < count) {
    const size_t size = std::bit_ceil(count);
    buffer.data.reset(static_cast<double*>(
        ::operator new(size * sizeof(double), kAlignment)));
    buffer.size = size;
  }
  return buffer.data.get();
}

}  // namespace surprisal
