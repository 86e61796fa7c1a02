// Runs a function of doubles over rows of any element type, in stages.

#if defined(SURPRISAL_COMMON_ELEMENTWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_ELEMENTWISE_INL_H_
#undef SURPRISAL_COMMON_ELEMENTWISE_INL_H_
#else
#define SURPRISAL_COMMON_ELEMENTWISE_INL_H_
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "surprisal/common/elements-inl.h"
#include "surprisal/common/first_stage-inl.h"
#include "surprisal/common/stages.h"
#include "surprisal/common/upstream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// What one element is computed from: up to two inputs.
inline constexpr size_t kChunk = 256;
struct Chunk {
  HWY_ALIGN double x[kChunk];
  HWY_ALIGN double upstream[kChunk];
  HWY_ALIGN double y[kChunk];
  size_t count = 0;
};

/// Loads elements from `begin` on, padded to whole vectors with 1.
HWY_INLINE void LoadChunk(InRow from, size_t begin, size_t count, double* to) {
  Widen(from, begin, count, to);
  std::fill(to + count, to + hwy::RoundUpTo(count, hn::Lanes(Doubles())), 1.0);
}

/// One function of x, or of x and an upstream gradient, in its three stages:
/// - First(d, x, g): an Estimate in double arithmetic;
/// - Full(d, round, i, x, g): double-double, rounded by `round`, specials too;
/// - LastResort(type, x, g): certain, for what Full left open.
/// A function of x with a domain has Special(d, x, y) as well: y, or the value
/// where x is outside or y would be 0; there First and Full need not know it.
/// Not inlined: for SVE, GCC 12.2 crashes on this loop where it sees the chunk on
/// the stack.
template <class Function>
HWY_NOINLINE void MapChunk(ElementType type, Chunk& chunk) {
  const Doubles d;
  Rounder round(type);
  const FloatFormat format = FormatOf(type);
  for (size_t i = 0; i < chunk.count; i += hn::Lanes(d)) {
    const V<Doubles> x = hn::Load(d, chunk.x + i);
    const V<Doubles> g = hn::Load(d, chunk.upstream + i);
    V<Doubles> y = hn::Zero(d);
    if (!round.IsNarrow() ||
        !RoundEstimate(d, format, Function::First(d, x, g), y)) {
      y = Function::Full(d, round, i, x, g);
      Stages().full += hn::Lanes(d);
    }
    if constexpr (requires { Function::Special(d, x, y); }) {
      y = Function::Special(d, x, y);
    }
    hn::Store(y, d, chunk.y + i);
  }
  for (const size_t i : round.Open().Places()) {
    if (i >= chunk.count) continue;
    chunk.y[i] = Function::LastResort(type, chunk.x[i], chunk.upstream[i]);
  }
}

/// y[i] = Function(x[i], upstream[i]) for all i; a Function of x alone gets x
/// twice. y may be one of the inputs.
template <class Function>
HWY_INLINE void MapElements(InRow x, InRow upstream, OutRow y) {
  Chunk chunk;
  for (size_t begin = 0; begin < y.classes; begin += kChunk) {
    chunk.count = std::min(kChunk, y.classes - begin);
    LoadChunk(x, begin, chunk.count, chunk.x);
    LoadChunk(upstream, begin, chunk.count, chunk.upstream);
    MapChunk<Function>(y.type, chunk);
    Narrow(chunk.y, begin, chunk.count, y);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
