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
#include <utility>

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

/// What RoundTwoNormal() allows its numbers to be off by, in units of a double's
/// last place.
inline constexpr uint32_t kFromMiddle = 256;

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

/// Elements begin, ..., end - 1 of a row.
struct Range {
  size_t begin, end;
};

/// What is left of StoreFloats() from `i` on.
template <class EndsAt>
HWY_INLINE void RoundLastFloats(const EndsAt& ends_at, size_t i, Range range,
                                float* to, Undecided& open) {
  using D = hn::Half<Floats>;
  const D d;
  for (; i < range.end; i += hn::Lanes(d)) {
    const auto x = HalfEndsAt(ends_at, i);
    float* const at = to + (i - range.begin);
    if (i + hn::Lanes(d) <= range.end) {
      hn::StoreU(V<D>(x.low), d, at);
    } else {
      HWY_ALIGN float floats[kMaxDoubles];
      hn::Store(V<D>(x.low), d, floats);
      std::copy_n(floats, range.end - i, at);
    }
    if (HWY_LIKELY(hn::AllTrue(d, Decided(d, x)))) continue;
    NoteDifferences(d, V<D>(x.low), V<D>(x.high), i, range.end, open);
  }
}

/// Rounds as many elements from i on as two vectors have lanes, all of them in
/// front of `count`.
template <class EndsAt, class Write>
HWY_INLINE void RoundTwo(const EndsAt& ends_at, size_t i, size_t count,
                         float* to, Undecided& open, const Write& write) {
  const Floats d;
  const size_t lanes = hn::Lanes(d);
  const auto x0 = FloatEndsAt(ends_at, i);
  const auto x1 = FloatEndsAt(ends_at, i + lanes);
  write(V<Floats>(x0.low), to);
  write(V<Floats>(x1.low), to + lanes);
  const auto decided = hn::And(Decided(d, x0), Decided(d, x1));
  if (HWY_LIKELY(hn::AllTrue(d, decided))) return;
  NoteDifferences(d, V<Floats>(x0.low), V<Floats>(x0.high), i, count, open);
  NoteDifferences(d, V<Floats>(x1.low), V<Floats>(x1.high), i + lanes, count,
                  open);
}

/// What is added to the bits of a double so that those from the 29th on are the
/// bits of the nearest float, if it is normal and no middle is near: half a unit of
/// a float's last place and kFromMiddle, less the difference of the exponents'
/// biases.
inline constexpr uint64_t kToFloat =
    (uint64_t{1} << 28) + kFromMiddle - (uint64_t{1023 - 127} << 52);

using Words = hn::Repartition<uint32_t, Doubles>;

/// RoundTwo() of normal floats that are off by less than kFromMiddle units of the
/// last place, but for those near a middle, which may be either float. In integers:
/// to convert, put together and look for middles takes half as many instructions
/// again. Returns what was cut off, in the upper 29 bits.
template <class EndsAt, class Write>
HWY_INLINE V<Words> RoundTwoNormal(const EndsAt& ends_at, size_t i, float* to,
                                   const Write& write) {
  const Floats df;
  const Doubles d;
  const hn::RebindToUnsigned<Doubles> du;
  const Words words;
  const size_t lanes = hn::Lanes(d);
  const auto rounded = [&](size_t at) HWY_ATTR {
    const auto bits = hn::BitCast(du, ends_at.At(d, at));
    const auto moved = hn::Add(bits, hn::Set(du, kToFloat));
    return hn::BitCast(words, hn::ShiftLeft<3>(moved));
  };
  const auto x0 = rounded(i), x1 = rounded(i + lanes);
  const auto x2 = rounded(i + 2 * lanes), x3 = rounded(i + 3 * lanes);
  write(hn::BitCast(df, hn::ConcatOdd(words, x1, x0)), to);
  write(hn::BitCast(df, hn::ConcatOdd(words, x3, x2)), to + 2 * lanes);
  return hn::Min(hn::ConcatEven(words, x1, x0), hn::ConcatEven(words, x3, x2));
}

/// Whether what RoundTwoNormal() cut off says that a middle was near: RoundTwo()
/// has to be called as well.
HWY_INLINE bool AnyNearMiddle(V<Words> cut_off) {
  const Words words;
  const auto near = hn::Set(words, (2 * kFromMiddle) << 3);
  return !hn::AllFalse(words, hn::Lt(cut_off, near));
}

/// Rounds those of a range that fill pairs of vectors, from `to` on; returns where
/// the others begin.
template <class EndsAt, class Write>
HWY_INLINE size_t RoundPairs(const EndsAt& ends_at, Range range, float* to,
                             Undecided& open, const Write& write) {
  const size_t step = 2 * hn::Lanes(Floats());
  size_t i = range.begin;
  if constexpr (requires { ends_at.At(Doubles(), i); }) {
    if (ends_at.normal) {
      for (; i + step <= range.end; i += step, to += step) {
        const auto cut_off = RoundTwoNormal(ends_at, i, to, write);
        if (HWY_LIKELY(!AnyNearMiddle(cut_off))) continue;
        RoundTwo(ends_at, i, range.end, to, open, write);
      }
    }
  }
  for (; i + step <= range.end; i += step, to += step) {
    RoundTwo(ends_at, i, range.end, to, open, write);
  }
  return i;
}

inline constexpr auto kStore = [](V<Floats> x, float* at)
                                   HWY_ATTR { hn::StoreU(x, Floats(), at); };

/// Rounds a range of a row to floats, from `to` on. Those that are open are noted,
/// and hold anything.
template <class EndsAt>
HWY_INLINE void StoreFloats(const EndsAt& ends_at, Range range, float* to,
                            Undecided& open) {
  const size_t i = RoundPairs(ends_at, range, to, open, kStore);
  RoundLastFloats(ends_at, i, range, to, open);
}

#endif

// Where floats can go past the caches.
#undef SURPRISAL_STREAMS
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
#define SURPRISAL_STREAMS 1
#else
#define SURPRISAL_STREAMS 0
#endif

#if SURPRISAL_STREAMS
/// Rows of floats on their way past the caches, whole lines at a time: these need
/// not be read first, and push nothing out. What is less than a line is held, for
/// the next row may lie right behind.
class LineStream {
 public:
  /// Elements that are rounded together: whole lines, and pairs of vectors.
  static constexpr size_t kStep =
      std::max<size_t>(16, 2 * hn::MaxLanes(Floats()));

  /// Rounds a range of a row as StoreFloats() does; it arrives at `to` by and by.
  template <class EndsAt>
  HWY_INLINE void Store(const EndsAt& ends_at, Range range, float* to,
                        Undecided& open) {
    size_t i = Begin(ends_at, range, to, open);
    const size_t whole = (range.end - i) / kStep * kStep;
    RoundPairs(ends_at, {i, i + whole}, line_, open, kWrite);
    line_ += whole;
    Hold(ends_at, {i + whole, range.end}, open);
  }

  /// Stores those of a range that come before the first whole line; returns where
  /// this begins.
  template <class EndsAt>
  HWY_INLINE size_t Begin(const EndsAt& ends_at, Range range, float* to,
                          Undecided& open) {
    if (HWY_UNLIKELY(to != line_ + held_)) MoveTo(to);
    if (held_ == 0) return range.begin;
    const size_t end = std::min(range.end, range.begin + kLine - held_);
    Hold(ends_at, {range.begin, end}, open);
    return end;
  }

  /// Rounds kStep elements of those that Begin() left, as RoundTwoNormal() does.
  template <class EndsAt>
  HWY_INLINE V<Words> RoundNormal(const EndsAt& ends_at, size_t i) {
    const size_t two = 2 * hn::Lanes(Floats());
    V<Words> cut_off = RoundTwoNormal(ends_at, i, line_, kWrite);
    for (size_t k = two; k < kStep; k += two) {
      cut_off =
          hn::Min(cut_off, RoundTwoNormal(ends_at, i + k, line_ + k, kWrite));
    }
    line_ += kStep;
    return cut_off;
  }

  /// Asks for a line that is far ahead if the last `floats` began a page: not for
  /// what it holds, but because finding a page takes long (measured on Zen 5: a
  /// tenth of the time). Every line that is asked for is read from memory, though
  /// (four of a page instead of one, on a Xeon: a twentieth).
  HWY_INLINE void LookAhead(size_t floats) const {
    const size_t place = reinterpret_cast<uintptr_t>(line_) / sizeof(float);
    if (place % kPage < floats) hwy::Prefetch(line_ + kAhead);
  }

  /// Sets one of the floats that were stored.
  HWY_INLINE void Set(float* at, float value) {
    const bool is_held = at >= line_ + first_ && at < line_ + held_;
    (is_held ? lines_[at - line_] : *at) = value;
  }

  /// To be called last: from then on others may look.
  HWY_INLINE void End() {
    Flush();
    hwy::FlushStream();
  }

  /// From here on others may write to what was stored.
  HWY_INLINE void Flush() {
    std::copy(lines_ + first_, lines_ + held_, line_ + first_);
    first_ = held_;
  }

 private:
  /// Floats in a cache line and in a page, and how far ahead a line is asked for.
  static constexpr size_t kLine = 16, kPage = 1024, kAhead = 2 * kPage;

  static constexpr auto kWrite = [](V<Floats> x, float* at)
                                     HWY_ATTR { hn::Stream(x, Floats(), at); };

  HWY_INLINE void MoveTo(float* to) {
    Flush();
    held_ = first_ = reinterpret_cast<uintptr_t>(to) / sizeof(float) % kLine;
    line_ = to - held_;
  }

  /// Rounds less than kStep elements, and writes the lines that they fill.
  template <class EndsAt>
  HWY_INLINE void Hold(const EndsAt& ends_at, Range range, Undecided& open) {
    for (size_t i = range.begin; i < range.end;) {
      const size_t end = std::min(range.end, i + kLine - held_);
      StoreFloats(ends_at, {i, end}, lines_ + held_, open);
      held_ += end - i;
      i = end;
      if (held_ == kLine) WriteHeld();
    }
  }

  /// Writes a line; what is not others' of it.
  HWY_INLINE void WriteHeld() {
    const Floats d;
    if (first_ == 0) {
      for (size_t k = 0; k < kLine; k += hn::Lanes(d)) {
        hn::Stream(hn::Load(d, lines_ + k), d, line_ + k);
      }
    } else {
      Flush();
    }
    line_ += kLine;
    first_ = held_ = 0;
  }

  float* line_ = nullptr;  ///< the line that is next
  size_t first_ = 0;       ///< of its floats those from here on are held;
  size_t held_ = 0;        ///< counted from its first, up to here
  HWY_ALIGN float lines_[kLine];
};
#else
/// Nothing goes past the caches here.
class LineStream {
 public:
  HWY_INLINE void Set(float* at, float value) { *at = value; }
  HWY_INLINE void Flush() {}
  HWY_INLINE void End() {}
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
#if SURPRISAL_STREAMS
  if (stream != nullptr) {
    stream->Store(ends_at, {0, count}, floats, open);
    if (!open.Empty()) stream->Flush();
    return open.Empty();
  }
#endif
  StoreFloats(ends_at, {0, count}, floats, open);
  return open.Empty();
}
#endif

#if SURPRISAL_STREAMS
/// A row of floats that is rounded and streamed a few at a time, while the next is
/// loaded: memory is written at the pace of what is computed, not in bursts.
template <class EndsAt>
class RowBehind {
 public:
  HWY_INLINE explicit RowBehind(LineStream& stream) : stream_(stream) {}

  /// The row of which ends_at knows; comes after Finish().
  HWY_INLINE void Begin(const EndsAt& ends_at, OutRow to) {
    ends_at_ = ends_at;
    to_ = static_cast<float*>(to.data);
    next_ = normal_ = 0;
    count_ = to.classes;
    if constexpr (kHasNormal) {
      if (!ends_at.normal) return;
      next_ = stream_.Begin(ends_at_, {0, count_}, to_, open_);
      normal_ = next_ + (count_ - next_) / kStep * kStep;
      searched_ = next_;
      cut_off_ = hn::Set(Words(), kNoMiddle);
    }
  }

  /// Rounds some of the elements for which that is quick: it fills the pauses of
  /// what goes on meanwhile.
  HWY_INLINE void AfterStep() {
    if constexpr (kHasNormal) {
      if (next_ >= normal_) return;
      cut_off_ =
          hn::Min(V<Words>(cut_off_), stream_.RoundNormal(ends_at_, next_));
      next_ += kStep;
    }
  }

  /// Looks at what AfterStep() did, or stores so many of the others, if there are
  /// as many.
  HWY_INLINE void AfterFold() {
    stream_.LookAhead(kPerFold);
    if (HWY_LIKELY(normal_ != 0)) {
      Search();
    } else {
      StoreSome();
    }
  }

  /// Stores what is left, if anything, and says what was left open.
  HWY_INLINE Undecided Finish() {
    if (normal_ != 0) Search();
    if (next_ < count_) StoreUpTo(count_);
    if (!open_.Empty()) stream_.Flush();
    next_ = count_ = normal_ = 0;
    return std::exchange(open_, {});
  }

 private:
  static constexpr bool kHasNormal = requires(EndsAt ends) {
    ends.At(Doubles(), 0);
  };
  static constexpr size_t kStep = LineStream::kStep;
  static constexpr size_t kPerFold =
      kFirstFold / (4 * hn::MaxLanes(Doubles())) * kStep;
  static constexpr uint32_t kNoMiddle = ~uint32_t{0};

  HWY_NOINLINE void StoreSome() {
    if (next_ + kFirstFold <= count_) StoreUpTo(next_ + kFirstFold);
  }

  /// Looks for middles near what AfterStep() has done since the last time.
  HWY_INLINE void Search() {
    if (HWY_UNLIKELY(AnyNearMiddle(V<Words>(cut_off_)))) RoundAgain();
    searched_ = next_;
  }

  HWY_NOINLINE void RoundAgain() {
    for (size_t i = searched_; i < next_; i += 2 * hn::Lanes(Floats())) {
      RoundTwo(ends_at_, i, count_, to_ + i, open_, kStore);
    }
    cut_off_ = hn::Set(Words(), kNoMiddle);
  }

  HWY_INLINE void StoreUpTo(size_t end) {
    stream_.Store(ends_at_, {next_, end}, to_ + next_, open_);
    next_ = end;
  }

  LineStream& stream_;
  EndsAt ends_at_ = {};
  float* to_ = nullptr;
  size_t next_ = 0, count_ = 0;
  size_t normal_ = 0;    ///< up to there AfterStep() has something to do;
  size_t searched_ = 0;  ///< up to here what it did was looked at
  Held<Words> cut_off_ = hn::Set(Words(), kNoMiddle);
  Undecided open_;
};

/// Rounds and streams rows of floats. What the first stage knows of row r is
/// ends_of(r, row), with or without the exponentials kept; finish(r, row, open)
/// does the rest of it.
template <Exps kExps, class EndsOf, class Finish>
HWY_INLINE void StreamRows(const InRows& logits, bool want_others,
                           const EndsOf& ends_of, const OutRows& to,
                           const Finish& finish) {
  LineStream stream;
  // `behind` is never a fold and a step behind, and leaves less than a fold
  RowsInTurn turn = {Left::kLastFolds};
  RowBehind<decltype(ends_of(0, FirstRow()))> behind(stream);
  FirstRow held[2];
  const auto finish_row = [&](size_t r) {
    const Undecided open = behind.Finish();
    if (!open.Empty()) finish(r, held[r % 2], open);
  };
  for (size_t r = 0; r < logits.rows; ++r) {
    const auto* x = static_cast<const float*>(logits[r].data);
    FirstRow& row = held[r % 2];
    row = LoadFirstRowAs<kExps>(x, logits.classes, want_others, turn, behind);
    if (r > 0) finish_row(r - 1);
    if (row.known) {
      behind.Begin(ends_of(r, row), to[r]);
    } else {
      finish(r, row, Undecided());
    }
  }
  if (logits.rows > 0) finish_row(logits.rows - 1);
  stream.End();
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

/// Exponentials times a factor, each within the product with `low` and `high`.
struct ProductEnds {
  const double* exps = nullptr;
  double factor = 0.0, low = 0.0, high = 0.0;
  bool normal = false;  ///< all of them as floats, and to kQuickProbError

  HWY_INLINE V<Doubles> At(Doubles d, size_t i) const {
    return hn::Mul(hn::LoadU(d, exps + i), hn::Set(d, factor));
  }

  HWY_INLINE Ends operator()(Doubles d, size_t i) const {
    const V<Doubles> e = hn::LoadU(d, exps + i);
    return {hn::Mul(e, hn::Set(d, low)), hn::Mul(e, hn::Set(d, high))};
  }
};

/// Of products that are off by at most `relative`.
HWY_INLINE ProductEnds ProductEndsOf(const double* exps, double factor,
                                     double relative) {
  return {exps, factor, factor * (1 - relative), factor * (1 + relative)};
}

/// Logits no further below the maximum have a softmax that is a normal float.
inline constexpr double kNormalDepth = 70.0;

/// The softmax of a row whose exponentials are Exps::kQuick.
HWY_INLINE ProductEnds QuickProbEndsOf(const FirstRow& row) {
  static_assert(kQuickProbError <= kFromMiddle * kUnit);
  ProductEnds ends = ProductEndsOf(row.exps, 1 / row.sum, kQuickProbError);
  ends.normal = row.max - row.least <= kNormalDepth;
  return ends;
}

/// to[c] = exps[c] * factor, which is off by at most `relative`.
HWY_INLINE bool StoreProducts(const double* exps, double factor,
                              double relative, const void* source, OutRow to,
                              Undecided& open, LineStream* stream = nullptr) {
  return StoreFirst(ProductEndsOf(exps, factor, relative), source, to, open,
                    stream);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
