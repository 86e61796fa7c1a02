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
/// Doubles to floats by the conversion of the hardware, which is IEEE 754's.
template <class EndsAt>
HWY_INLINE void StoreFloats(const EndsAt& ends_at, size_t count, float* to,
                            Undecided& open) {
  const Doubles d;
  const hn::Rebind<float, Doubles> df;
  const size_t lanes = hn::Lanes(d);
  const auto floats_at = [&](size_t i) HWY_ATTR {
    const Ends ends = ends_at(d, i);
    const auto low = hn::DemoteTo(df, ends.low);
    const auto high = hn::DemoteTo(df, ends.high);
    if (HWY_UNLIKELY(!hn::AllTrue(df, SameNumber(df, low, high)))) {
      NoteDifferences(df, low, high, i, count, open);
    }
    return low;
  };
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(floats_at(i), df, to + i);
  if (i == count) return;
  HWY_ALIGN float last[kMaxDoubles];
  hn::Store(floats_at(i), df, last);
  std::copy_n(last, count - i, to + i);
}
#endif

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

/// Rounds what ends_at(d, i) says of a row to the type of `to`. Returns whether
/// all of it is decided; if not, the `open` places are left to do, or where none
/// is named, because `to` lies over `source`, nothing was written and the whole
/// row is. Lanes up to the next whole vector are asked for, and must be there.
template <class EndsAt>
HWY_INLINE bool StoreFirst(const EndsAt& ends_at, const void* source, OutRow to,
                           Undecided& open) {
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  if (to.type == ElementType::kFloat32 && to.stride == 1 && to.data != source) {
    StoreFloats(ends_at, to.classes, static_cast<float*>(to.data), open);
    return open.Empty();
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
                              Undecided& open) {
  const double low = factor * (1 - relative), high = factor * (1 + relative);
  const auto ends_at = [=](Doubles d, size_t i) HWY_ATTR {
    const V<Doubles> e = hn::Load(d, exps + i);
    return Ends{hn::Mul(e, hn::Set(d, low)), hn::Mul(e, hn::Set(d, high))};
  };
  return StoreFirst(ends_at, source, to, open);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
