#ifndef SURPRISAL_LIVE_WASM_VECTORS_H_
#define SURPRISAL_LIVE_WASM_VECTORS_H_

// Vectors for WebAssembly, included ahead of every source of the module.
// Highway 1.0.3 has none of doubles, but for those of EMU128: arrays, which
// every operation reads from memory and writes back. Here a vector of numbers
// of 32 or 64 bits is one 128-bit value, and what the kernels do most often
// with it is one or two instructions; all else stays EMU128's. The results are
// the same. Where a vector has fewer lanes than fit, operations compute the
// others too, of whatever stands there.

#include <cstddef>
#include <type_traits>

#include "hwy/base.h"

namespace hwy {
namespace N_EMU128 {

template <typename T>
concept Wide = std::is_arithmetic_v<T> && sizeof(T) >= 4;

// Highway's, which it defines behind this.
template <typename Lane, size_t N, int kPow2>
struct Simd;
template <typename T, size_t N>
struct Vec128;
template <typename T, size_t N>
struct Mask128;

/// The bits of a vector, as far as lanes do not matter.
using AllBits = int __attribute__((vector_size(16)));

template <Wide T, size_t N>
struct Vec128<T, N> {
  using PrivateT = T;
  static constexpr size_t kPrivateN = N;
  using Raw = T __attribute__((vector_size(16)));

  Vec128() = default;
  explicit Vec128(Raw value) : raw(value) {}

  static Vec128 Of(AllBits bits) { return Vec128((Raw)bits); }
  AllBits bits() const { return (AllBits)raw; }

  Raw raw = {};  // EMU128 reads and writes raw[i]
};

template <Wide T, size_t N>
struct Mask128<T, N> {
  using Raw = MakeUnsigned<T>;
  using RawBits = Raw __attribute__((vector_size(16)));

  static Raw FromBool(bool b) { return b ? static_cast<Raw>(~Raw{0}) : 0; }
  template <class Comparison>
  static Mask128 Of(Comparison result) {
    Mask128 mask;
    mask.bits = (RawBits)result;
    return mask;
  }
  AllBits all() const { return (AllBits)bits; }

  RawBits bits = {};
};

// One instruction is not worth a call. What Highway would have inlined
// everywhere is left to the compiler.
#define LIVE_OP static inline __attribute__((always_inline, unused))
#undef HWY_API
#define HWY_API static inline __attribute__((unused))
#undef HWY_INLINE
#define HWY_INLINE inline

// --- From and to memory ---

template <Wide T, size_t N>
LIVE_OP Vec128<T, N> Zero(Simd<T, N, 0> /*tag*/) {
  return {};
}
template <Wide T, size_t N, typename From>
LIVE_OP Vec128<T, N> Set(Simd<T, N, 0> /*tag*/, const From t) {
  const auto x = static_cast<T>(t);
  if constexpr (sizeof(T) == 8) {
    return Vec128<T, N>(typename Vec128<T, N>::Raw{x, x});
  } else {
    return Vec128<T, N>(typename Vec128<T, N>::Raw{x, x, x, x});
  }
}
template <Wide T, size_t N>
LIVE_OP Vec128<T, N> Load(Simd<T, N, 0> /*tag*/, const T* from) {
  Vec128<T, N> v;
  __builtin_memcpy(&v, from, N * sizeof(T));
  return v;
}
template <Wide T, size_t N>
LIVE_OP void Store(Vec128<T, N> v, Simd<T, N, 0> /*tag*/, T* to) {
  __builtin_memcpy(to, &v, N * sizeof(T));
}
template <Wide T, size_t N, Wide From, size_t kFromN>
LIVE_OP Vec128<T, N> BitCast(Simd<T, N, 0> /*tag*/, Vec128<From, kFromN> v) {
  return Vec128<T, N>::Of(v.bits());
}
template <Wide T, size_t N>
LIVE_OP Vec128<T, N / 2> UpperHalf(Simd<T, N / 2, 0> /*tag*/, Vec128<T, N> v) {
  Vec128<T, N / 2> half;
  constexpr size_t kHalf = N / 2 * sizeof(T);
  __builtin_memcpy(&half, reinterpret_cast<const char*>(&v) + kHalf, kHalf);
  return half;
}
template <Wide T, size_t N>
LIVE_OP Vec128<T, N> Combine(Simd<T, N, 0> /*tag*/, Vec128<T, N / 2> high,
                             Vec128<T, N / 2> low) {
  constexpr size_t kHalf = N / 2 * sizeof(T);
  __builtin_memcpy(reinterpret_cast<char*>(&low) + kHalf, &high, kHalf);
  return Vec128<T, N>(low.raw);
}

// --- Arithmetic ---

template <Wide T, size_t N>
LIVE_OP Vec128<T, N> operator+(Vec128<T, N> a, Vec128<T, N> b) {
  return Vec128<T, N>(a.raw + b.raw);
}
template <Wide T, size_t N>
LIVE_OP Vec128<T, N> operator-(Vec128<T, N> a, Vec128<T, N> b) {
  return Vec128<T, N>(a.raw - b.raw);
}
template <Wide T, size_t N>
requires std::is_floating_point_v<T> LIVE_OP Vec128<T, N>
operator*(Vec128<T, N> a, Vec128<T, N> b) {
  return Vec128<T, N>(a.raw * b.raw);
}
template <Wide T, size_t N>
requires std::is_floating_point_v<T> LIVE_OP Vec128<T, N>
operator/(Vec128<T, N> a, Vec128<T, N> b) {
  return Vec128<T, N>(a.raw / b.raw);
}
template <size_t N>
LIVE_OP Vec128<double, N> Round(Vec128<double, N> v) {
  return Vec128<double, N>(__builtin_wasm_nearest_f64x2(v.raw));
}
template <int kBits, Wide T, size_t N>
LIVE_OP Vec128<T, N> ShiftLeft(Vec128<T, N> v) {
  return Vec128<T, N>(v.raw << kBits);
}
template <int kBits, Wide T, size_t N>
LIVE_OP Vec128<T, N> ShiftRight(Vec128<T, N> v) {
  return Vec128<T, N>(v.raw >> kBits);
}

// --- Comparisons ---

template <Wide T, size_t N>
LIVE_OP Mask128<T, N> operator==(Vec128<T, N> a, Vec128<T, N> b) {
  return Mask128<T, N>::Of(a.raw == b.raw);
}
template <Wide T, size_t N>
LIVE_OP Mask128<T, N> operator!=(Vec128<T, N> a, Vec128<T, N> b) {
  return Mask128<T, N>::Of(a.raw != b.raw);
}
template <Wide T, size_t N>
LIVE_OP Mask128<T, N> operator<(Vec128<T, N> a, Vec128<T, N> b) {
  return Mask128<T, N>::Of(a.raw < b.raw);
}
template <Wide T, size_t N>
LIVE_OP Mask128<T, N> operator>(Vec128<T, N> a, Vec128<T, N> b) {
  return Mask128<T, N>::Of(a.raw > b.raw);
}
template <Wide T, size_t N>
LIVE_OP Mask128<T, N> operator<=(Vec128<T, N> a, Vec128<T, N> b) {
  return Mask128<T, N>::Of(a.raw <= b.raw);
}
template <Wide T, size_t N>
LIVE_OP Mask128<T, N> operator>=(Vec128<T, N> a, Vec128<T, N> b) {
  return Mask128<T, N>::Of(a.raw >= b.raw);
}

// --- Bits, and choices by them ---

template <Wide T, size_t N>
LIVE_OP Vec128<T, N> Not(Vec128<T, N> v) {
  return Vec128<T, N>::Of(~v.bits());
}
template <Wide T, size_t N>
LIVE_OP Vec128<T, N> And(Vec128<T, N> a, Vec128<T, N> b) {
  return Vec128<T, N>::Of(a.bits() & b.bits());
}
template <Wide T, size_t N>
LIVE_OP Vec128<T, N> AndNot(Vec128<T, N> a, Vec128<T, N> b) {
  return Vec128<T, N>::Of(~a.bits() & b.bits());
}
template <Wide T, size_t N>
LIVE_OP Vec128<T, N> Or(Vec128<T, N> a, Vec128<T, N> b) {
  return Vec128<T, N>::Of(a.bits() | b.bits());
}
template <Wide T, size_t N>
LIVE_OP Vec128<T, N> Xor(Vec128<T, N> a, Vec128<T, N> b) {
  return Vec128<T, N>::Of(a.bits() ^ b.bits());
}
template <Wide T, size_t N>
LIVE_OP Mask128<T, N> Not(Mask128<T, N> m) {
  return Mask128<T, N>::Of(~m.all());
}
template <Wide T, size_t N>
LIVE_OP Mask128<T, N> And(Mask128<T, N> a, Mask128<T, N> b) {
  return Mask128<T, N>::Of(a.all() & b.all());
}
template <Wide T, size_t N>
LIVE_OP Mask128<T, N> AndNot(Mask128<T, N> a, Mask128<T, N> b) {
  return Mask128<T, N>::Of(~a.all() & b.all());
}
template <Wide T, size_t N>
LIVE_OP Mask128<T, N> Or(Mask128<T, N> a, Mask128<T, N> b) {
  return Mask128<T, N>::Of(a.all() | b.all());
}
template <Wide T, size_t N>
LIVE_OP Mask128<T, N> Xor(Mask128<T, N> a, Mask128<T, N> b) {
  return Mask128<T, N>::Of(a.all() ^ b.all());
}
template <Wide From, Wide T, size_t N>
LIVE_OP Mask128<T, N> RebindMask(Simd<T, N, 0> /*tag*/, Mask128<From, N> m) {
  static_assert(sizeof(T) == sizeof(From));
  return Mask128<T, N>::Of(m.all());
}
template <Wide T, size_t N>
LIVE_OP Vec128<T, N> IfThenElse(Mask128<T, N> m, Vec128<T, N> yes,
                                Vec128<T, N> no) {
  return Vec128<T, N>::Of((yes.bits() & m.all()) | (no.bits() & ~m.all()));
}
template <Wide T, size_t N>
LIVE_OP Vec128<T, N> IfThenElseZero(Mask128<T, N> m, Vec128<T, N> yes) {
  return Vec128<T, N>::Of(m.all() & yes.bits());
}
template <Wide T, size_t N>
LIVE_OP Vec128<T, N> IfThenZeroElse(Mask128<T, N> m, Vec128<T, N> no) {
  return Vec128<T, N>::Of(~m.all() & no.bits());
}
template <Wide T, size_t N>
LIVE_OP Vec128<T, N> Min(Vec128<T, N> a, Vec128<T, N> b) {
  return IfThenElse(a < b, a, b);
}
template <Wide T, size_t N>
LIVE_OP Vec128<T, N> Max(Vec128<T, N> a, Vec128<T, N> b) {
  return IfThenElse(a > b, a, b);
}

// --- Of floating-point numbers ---

template <Wide T, size_t N>
requires std::is_floating_point_v<T> LIVE_OP Vec128<T, N> Neg(Vec128<T, N> v) {
  return Xor(v, Set(Simd<T, N, 0>(), -0.0));
}
template <Wide T, size_t N>
requires std::is_floating_point_v<T> LIVE_OP Vec128<T, N> Abs(Vec128<T, N> v) {
  return AndNot(Set(Simd<T, N, 0>(), -0.0), v);
}
template <Wide T, size_t N>
LIVE_OP Vec128<T, N> CopySign(Vec128<T, N> size, Vec128<T, N> sign) {
  const Vec128<T, N> bit = Set(Simd<T, N, 0>(), -0.0);
  return Or(AndNot(bit, size), And(bit, sign));
}
template <Wide T, size_t N>
LIVE_OP Vec128<T, N> ZeroIfNegative(Vec128<T, N> v) {
  return IfThenZeroElse(v < Zero(Simd<T, N, 0>()), v);
}
template <Wide T, size_t N>
LIVE_OP Mask128<T, N> IsNaN(Vec128<T, N> v) {
  return v != v;
}
template <Wide T, size_t N>
LIVE_OP Mask128<T, N> IsInf(Vec128<T, N> v) {
  return Abs(v) == Set(Simd<T, N, 0>(), __builtin_huge_val());
}
template <Wide T, size_t N>
LIVE_OP Mask128<T, N> IsFinite(Vec128<T, N> v) {
  return Abs(v) < Set(Simd<T, N, 0>(), __builtin_huge_val());
}

}  // namespace N_EMU128
}  // namespace hwy

#endif  // SURPRISAL_LIVE_WASM_VECTORS_H_
