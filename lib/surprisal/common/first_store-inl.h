// What the first stage writes: products of a row's exponentials, rounded where
// the bound of their error allows.

#if defined(SURPRISAL_COMMON_FIRST_STORE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_FIRST_STORE_INL_H_
#undef SURPRISAL_COMMON_FIRST_STORE_INL_H_
#else
#define SURPRISAL_COMMON_FIRST_STORE_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "surprisal/common/first_row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// Notes the lanes from i on where the two ends of an interval round apart.
template <class D>
inline HWY_NOINLINE void NoteDifferences(D d, V<D> low, V<D> high, size_t i,
                                         size_t count, Undecided& open) {
  using T = hn::TFromD<D>;
  HWY_ALIGN T lows[HWY_MAX_BYTES / sizeof(T)];
  HWY_ALIGN T highs[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(low, d, lows);
  hn::Store(high, d, highs);
  for (size_t k = 0; k < hn::Lanes(d); ++k) {
    const bool same =
        lows[k] == highs[k] && std::signbit(lows[k]) == std::signbit(highs[k]);
    if (!same && i + k < count) open.Note(i + k);
  }
}

/// The two ends of what lanes may be.
struct Ends {
  Held<Doubles> low, high;
};

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
using Floats = hn::ScalableTag<float>;

/// Both ends of a vector of floats.
template <class D>
struct FloatEnds {
  Held<D> low, high;
};

/// As many floats as there are doubles in a vector, by the conversion of the
/// hardware, which is IEEE 754's.
template <class EndsAt>
HWY_INLINE FloatEnds<hn::Half<Floats>> HalfEndsAt(const EndsAt& ends_at,
                                                  size_t i) {
  const hn::Half<Floats> half;
  const Ends ends = ends_at(Doubles(), i);
  return {hn::DemoteTo(half, V<Doubles>(ends.low)),
          hn::DemoteTo(half, V<Doubles>(ends.high))};
}

template <class EndsAt>
HWY_INLINE FloatEnds<Floats> FloatEndsAt(const EndsAt& ends_at, size_t i) {
  using Half = hn::Half<Floats>;
  const Floats df;
  const auto lower = HalfEndsAt(ends_at, i);
  const auto upper = HalfEndsAt(ends_at, i + hn::Lanes(Doubles()));
  return {hn::Combine(df, V<Half>(upper.low), V<Half>(lower.low)),
          hn::Combine(df, V<Half>(upper.high), V<Half>(lower.high))};
}

/// Where both ends are the same float.
template <class D>
HWY_INLINE hn::Mask<D> Decided(D d, const FloatEnds<D>& x) {
  return SameNumber(d, V<D>(x.low), V<D>(x.high));
}

/// Elements begin, ..., end - 1 of a row; begin is a multiple of the lanes.
struct Range {
  size_t begin, end;
};

/// What is left of StoreFloats() from `i` on.
template <class EndsAt>
HWY_INLINE void StoreLastFloats(const EndsAt& ends_at, size_t i, Range range,
                                float* to, Undecided& open) {
  using D = hn::Half<Floats>;
  const D d;
  for (; i < range.end; i += hn::Lanes(d)) {
    const auto x = HalfEndsAt(ends_at, i);
    HWY_ALIGN float floats[kMaxDoubles];
    hn::Store(V<D>(x.low), d, floats);
    std::copy_n(floats, std::min(hn::Lanes(d), range.end - i),
                to + (i - range.begin));
    if (HWY_LIKELY(hn::AllTrue(d, Decided(d, x)))) continue;
    NoteDifferences(d, V<D>(x.low), V<D>(x.high), i, range.end, open);
  }
}

/// Rounds a range of a row to floats, from `to` on. Those that are open are noted,
/// and hold anything.
template <class EndsAt>
HWY_INLINE void StoreFloats(const EndsAt& ends_at, Range range, float* to,
                            Undecided& open) {
  const Floats d;
  const size_t lanes = hn::Lanes(d);
  size_t i = range.begin;
  for (; i + 2 * lanes <= range.end; i += 2 * lanes) {
    const auto x0 = FloatEndsAt(ends_at, i);
    const auto x1 = FloatEndsAt(ends_at, i + lanes);
    hn::StoreU(V<Floats>(x0.low), d, to + (i - range.begin));
    hn::StoreU(V<Floats>(x1.low), d, to + (i - range.begin) + lanes);
    const auto decided = hn::And(Decided(d, x0), Decided(d, x1));
    if (HWY_LIKELY(hn::AllTrue(d, decided))) continue;
    NoteDifferences(d, V<Floats>(x0.low), V<Floats>(x0.high), i, range.end,
                    open);
    NoteDifferences(d, V<Floats>(x1.low), V<Floats>(x1.high), i + lanes,
                    range.end, open);
  }
  StoreLastFloats(ends_at, i, range, to, open);
}

#endif

#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
/// Rows of floats on their way past the caches, whole lines at a time: these need
/// not be read first, and push nothing out. What is less than a line is held, for
/// the next row may lie right behind.
class LineStream {
 public:
  HWY_INLINE ~LineStream() {
    Flush();
    hwy::FlushStream();
  }

  /// Rounds a row as StoreFloats() does; it arrives at `to` by and by.
  template <class EndsAt>
  HWY_INLINE void Store(const EndsAt& ends_at, size_t count, float* to,
                        Undecided& open) {
    if (to != line_ + held_) Begin(to);
    for (size_t i = 0; i < count; i += kRounded) {
      const size_t end = std::min(count, i + kRounded);
      StoreFloats(ends_at, {i, end}, lines_ + held_, open);
      held_ += end - i;
      Write();
    }
  }

  /// Sets one of the floats that were stored.
  HWY_INLINE void Set(float* at, float value) {
    const bool is_held = at >= line_ + first_ && at < line_ + held_;
    (is_held ? lines_[at - line_] : *at) = value;
  }

  /// From here on others may write to what was stored.
  HWY_INLINE void Flush() {
    std::copy(lines_ + first_, lines_ + held_, line_ + first_);
    first_ = held_;
  }

 private:
  /// Floats in a cache line, and how many are rounded before they are written.
  static constexpr size_t kLine = 16, kRounded = 1024;

  HWY_INLINE void Begin(float* to) {
    Flush();
    held_ = first_ = reinterpret_cast<uintptr_t>(to) / sizeof(float) % kLine;
    line_ = to - held_;
  }

  /// Writes the whole lines; of the first only what is not others'.
  HWY_INLINE void Write() {
    const Floats d;
    const size_t whole = held_ / kLine * kLine;
    if (whole == 0) return;
    size_t k = 0;
    if (first_ != 0) {
      std::copy(lines_ + first_, lines_ + kLine, line_ + first_);
      k = kLine;
    }
    for (; k < whole; k += hn::Lanes(d)) {
      hn::Stream(hn::Load(d, lines_ + k), d, line_ + k);
    }
    std::copy(lines_ + whole, lines_ + held_, lines_);
    line_ += whole;
    held_ -= whole;
    first_ = 0;
  }

  float* line_ = nullptr;  ///< the line that is next
  size_t first_ = 0;       ///< of its floats those from here on are held,
  size_t held_ = 0;        ///< up to here
  HWY_ALIGN float lines_[kRounded + kLine];
};
#else
/// Nothing goes past the caches here.
class LineStream {
 public:
  HWY_INLINE void Set(float* at, float value) { *at = value; }
  HWY_INLINE void Flush() {}
};
#endif

/// Sets what is stored already.
HWY_INLINE void SetStored(OutRow to, size_t c, double value,
                          LineStream* stream) {
  if (stream == nullptr || to.type != ElementType::kFloat32 || to.stride != 1) {
    return to.Set(c, value);
  }
  stream->Set(static_cast<float*>(to.data) + c, static_cast<float>(value));
}

/// The same for any type, as doubles.
template <class EndsAt>
HWY_INLINE void RoundEnds(const EndsAt& ends_at, size_t count,
                          const FloatFormat& format, double* rounded,
                          Undecided& open) {
  const Doubles d;
  for (size_t i = 0; i < count; i += hn::Lanes(d)) {
    const Ends ends = ends_at(d, i);
    const V<Doubles> low = RoundToFormat<Doubles>(d, format, ends.low);
    const V<Doubles> high = RoundToFormat<Doubles>(d, format, ends.high);
    if (HWY_UNLIKELY(!hn::AllTrue(d, SameNumber(d, low, high)))) {
      NoteDifferences(d, low, high, i, count, open);
    }
    hn::Store(low, d, rounded + i);
  }
}

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
/// StoreFirst() for floats one behind the other.
template <class EndsAt>
HWY_INLINE bool StoreFirstFloats(const EndsAt& ends_at, const void* source,
                                 OutRow to, Undecided& open,
                                 [[maybe_unused]] LineStream* stream) {
  const size_t count = to.classes;
  float* const floats = static_cast<float*>(to.data);
  if (source != nullptr && to.data == source) {
    auto* kept = reinterpret_cast<float*>(Scratch(Slot::kRounded, count));
    StoreFloats(ends_at, {0, count}, kept, open);
    const bool done = open.Empty();
    if (done) std::copy_n(kept, count, floats);
    open = {};
    return done;
  }
#if HWY_ARCH_X86
  if (stream != nullptr) {
    stream->Store(ends_at, count, floats, open);
    if (!open.Empty()) stream->Flush();
    return open.Empty();
  }
#endif
  StoreFloats(ends_at, {0, count}, floats, open);
  return open.Empty();
}
#endif

/// Rounds what ends_at(d, i) says of a row to the type of `to`. Returns whether
/// all of it is decided; if not, the `open` places are left to do, or where none
/// is named, because `to` lies over `source`, nothing was written and the whole
/// row is. Lanes up to the next whole vector are asked for, and must be there.
/// With `stream` floats may go past the caches.
template <class EndsAt>
HWY_INLINE bool StoreFirst(const EndsAt& ends_at, const void* source, OutRow to,
                           Undecided& open,
                           [[maybe_unused]] LineStream* stream = nullptr) {
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  if (to.type == ElementType::kFloat32 && to.stride == 1) {
    return StoreFirstFloats(ends_at, source, to, open, stream);
  }
#endif
  double* rounded =
      Scratch(Slot::kRounded, hwy::RoundUpTo(to.classes, hn::Lanes(Doubles())));
  RoundEnds(ends_at, to.classes, FormatOf(to.type), rounded, open);
  const bool done = open.Empty();
  if (done || to.data != source) {
    Narrow(rounded, 0, to.classes, to);
  } else {
    open = {};
  }
  return done;
}

/// to[c] = exps[c] * factor, which is off by at most `relative`.
HWY_INLINE bool StoreProducts(const double* exps, double factor,
                              double relative, const void* source, OutRow to,
                              Undecided& open, LineStream* stream = nullptr) {
  const double low = factor * (1 - relative), high = factor * (1 + relative);
  const auto ends_at = [=](Doubles d, size_t i) HWY_ATTR {
    const V<Doubles> e = hn::Load(d, exps + i);
    return Ends{hn::Mul(e, hn::Set(d, low)), hn::Mul(e, hn::Set(d, high))};
  };
  return StoreFirst(ends_at, source, to, open, stream);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
