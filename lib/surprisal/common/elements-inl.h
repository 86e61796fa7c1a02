// Elements of any type as doubles in working memory, and back.

#if defined(SURPRISAL_COMMON_ELEMENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_ELEMENTS_INL_H_
#undef SURPRISAL_COMMON_ELEMENTS_INL_H_
#else
#define SURPRISAL_COMMON_ELEMENTS_INL_H_
#endif

#include "hwy/highway.h"
#include "surprisal/common/rounding-inl.h"
#include "surprisal/common/rows.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

HWY_INLINE V<Doubles> LoadDoubles(Doubles d, const double* from) {
  return hn::LoadU(d, from);
}
HWY_INLINE V<Doubles> LoadDoubles(Doubles d, const float* from) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, Doubles>(), from));
}

/// Stores values of the type: nothing is rounded here.
HWY_INLINE void StoreExact(Doubles d, V<Doubles> x, double* to) {
  hn::StoreU(x, d, to);
}
HWY_INLINE void StoreExact([[maybe_unused]] Doubles d, V<Doubles> x,
                           float* to) {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
  // Highway's emulated DemoteTo makes FLT_MAX of infinity
  HWY_ALIGN double lanes[kMaxDoubles];
  hn::Store(x, d, lanes);
  for (size_t i = 0; i < hn::Lanes(d); ++i)
    to[i] = static_cast<float>(lanes[i]);
#else
  const hn::Rebind<float, Doubles> df;
  hn::StoreU(hn::DemoteTo(df, x), df, to);
#endif
}

template <class T>
HWY_INLINE void WidenAs(const T* from, size_t count, double* to) {
  const Doubles d;
  size_t i = 0;
  if constexpr (sizeof(T) > 2) {
    for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
      hn::StoreU(LoadDoubles(d, from + i), d, to + i);
    }
  }
  for (; i < count; ++i) to[i] = ToDouble(from[i]);
}

/// to[i] = from[begin + i], exactly, for i < count.
inline HWY_NOINLINE void Widen(InRow from, size_t begin, size_t count,
                               double* to) {
  if (from.stride != 1) {
    for (size_t i = 0; i < count; ++i) to[i] = from[begin + i];
    return;
  }
  switch (from.type) {
    case ElementType::kFloat64:
      return WidenAs(static_cast<const double*>(from.data) + begin, count, to);
    case ElementType::kFloat32:
      return WidenAs(static_cast<const float*>(from.data) + begin, count, to);
    case ElementType::kFloat16:
      return WidenAs(static_cast<const float16_t*>(from.data) + begin, count,
                     to);
    case ElementType::kBFloat16:
      return WidenAs(static_cast<const bfloat16_t*>(from.data) + begin, count,
                     to);
  }
}

template <class T>
HWY_INLINE void NarrowAs(const double* from, size_t count, T* to) {
  const Doubles d;
  size_t i = 0;
  if constexpr (sizeof(T) > 2) {
    for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
      StoreExact(d, hn::LoadU(d, from + i), to + i);
    }
  }
  for (; i < count; ++i) to[i] = FromDouble<T>(from[i]);
}

/// to[begin + i] = from[i] for i < count; `from` holds values of the type.
inline HWY_NOINLINE void Narrow(const double* from, size_t begin, size_t count,
                                OutRow to) {
  if (to.stride != 1) {
    for (size_t i = 0; i < count; ++i) to.Set(begin + i, from[i]);
    return;
  }
  switch (to.type) {
    case ElementType::kFloat64:
      return NarrowAs(from, count, static_cast<double*>(to.data) + begin);
    case ElementType::kFloat32:
      return NarrowAs(from, count, static_cast<float*>(to.data) + begin);
    case ElementType::kFloat16:
      return NarrowAs(from, count, static_cast<float16_t*>(to.data) + begin);
    case ElementType::kBFloat16:
      return NarrowAs(from, count, static_cast<bfloat16_t*>(to.data) + begin);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
