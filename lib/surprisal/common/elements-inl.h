// Elements of any type as doubles in working memory, and back.

#if defined(SURPRISAL_COMMON_ELEMENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_ELEMENTS_INL_H_
#undef SURPRISAL_COMMON_ELEMENTS_INL_H_
#else
#define SURPRISAL_COMMON_ELEMENTS_INL_H_
#endif

#include <cmath>

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

/// 16 bits of as many elements as there are doubles in a vector, each in 32.
template <class T>
HWY_INLINE hn::Vec<hn::Rebind<uint32_t, Doubles>> LoadBits(const T* from) {
  const hn::Rebind<uint16_t, Doubles> d16;
  const hn::Rebind<uint32_t, Doubles> d32;
  return hn::PromoteTo(d32,
                       hn::LoadU(d16, reinterpret_cast<const uint16_t*>(from)));
}
HWY_INLINE V<Doubles> LoadDoubles(Doubles d, const bfloat16_t* from) {
  const hn::Rebind<float, Doubles> df;
  return hn::PromoteTo(d, hn::BitCast(df, hn::ShiftLeft<16>(LoadBits(from))));
}
HWY_INLINE V<Doubles> LoadDoubles(Doubles d, const float16_t* from) {
  const hn::Rebind<float, Doubles> df;
  const hn::Rebind<uint32_t, Doubles> d32;
  const auto bits = LoadBits(from);
  const auto sign = hn::ShiftLeft<16>(hn::And(bits, hn::Set(d32, 0x8000U)));
  const auto size = hn::ShiftLeft<13>(hn::And(bits, hn::Set(d32, 0x7FFFU)));
  // The same bits as a float stand for 2^-112 times the value
  const V<Doubles> value =
      hn::Mul(hn::PromoteTo(d, hn::BitCast(df, hn::Or(sign, size))),
              hn::Set(d, 0x1p112));
  const V<Doubles> last = hn::Set(d, 0x1p16), magnitude = hn::Abs(value);
  const V<Doubles> special =
      hn::IfThenElse(hn::Gt(magnitude, last), hn::Set(d, NAN),
                     hn::CopySign(hn::Set(d, HUGE_VAL), value));
  return hn::IfThenElse(hn::Lt(magnitude, last), value, special);
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

// DemoteTo is emulated, with its own idea of infinity, on SCALAR and EMU128.
#undef SURPRISAL_NARROWS_16
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
#define SURPRISAL_NARROWS_16 0
#else
#define SURPRISAL_NARROWS_16 1
#endif

#if SURPRISAL_NARROWS_16
/// The lower 16 of each 32 bits.
template <class T>
HWY_INLINE void StoreBits(hn::Vec<hn::Rebind<uint32_t, Doubles>> bits, T* to) {
  const hn::Rebind<uint16_t, Doubles> d16;
  const hn::Rebind<int32_t, Doubles> d32;
  hn::StoreU(hn::DemoteTo(d16, hn::BitCast(d32, bits)), d16,
             reinterpret_cast<uint16_t*>(to));
}
HWY_INLINE void StoreExact(Doubles /*d*/, V<Doubles> x, bfloat16_t* to) {
  const hn::Rebind<float, Doubles> df;
  const hn::Rebind<uint32_t, Doubles> d32;
  const auto value = hn::DemoteTo(df, x);
  const auto bits = hn::ShiftRight<16>(hn::BitCast(d32, value));
  const auto is_nan = hn::RebindMask(d32, hn::IsNaN(value));
  StoreBits(hn::IfThenElse(is_nan, hn::Set(d32, 0x7FC0U), bits), to);
}
HWY_INLINE void StoreExact(Doubles d, V<Doubles> x, float16_t* to) {
  const hn::Rebind<float, Doubles> df;
  const hn::Rebind<uint32_t, Doubles> d32;
  const auto value = hn::DemoteTo(df, hn::Mul(x, hn::Set(d, 0x1p-112)));
  const auto sign = hn::And(hn::ShiftRight<16>(hn::BitCast(d32, value)),
                            hn::Set(d32, 0x8000U));
  const auto size = hn::ShiftRight<13>(hn::BitCast(d32, hn::Abs(value)));
  // Infinity and NaN have other bits than 2^112 times a float
  const auto special =
      hn::IfThenElse(hn::RebindMask(d32, hn::IsNaN(value)),
                     hn::Set(d32, 0x7E00U), hn::Set(d32, 0x7C00U));
  const auto finite = hn::RebindMask(d32, hn::IsFinite(value));
  StoreBits(hn::Or(sign, hn::IfThenElse(finite, size, special)), to);
}
#endif

template <class T>
HWY_INLINE void WidenAs(const T* from, size_t count, double* to) {
  const Doubles d;
  size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    hn::StoreU(LoadDoubles(d, from + i), d, to + i);
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
  if constexpr (sizeof(T) > 2 || SURPRISAL_NARROWS_16) {
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
