#ifndef SURPRISAL_COMMON_ELEMENT_H_
#define SURPRISAL_COMMON_ELEMENT_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "hwy/base.h"

/// The element types of rows: what they hold, how to read and write them.
namespace surprisal {

/// \defgroup element Element types
/// The four types that rows may hold (float64, float32, float16, bfloat16),
/// their formats, and the exact way between their bits and a double.
/// @{

/// Storage types of 16 bits: IEEE 754 binary16, and the upper half of binary32.
using hwy::bfloat16_t;
using hwy::float16_t;

enum class ElementType : std::uint8_t {
  kFloat64,
  kFloat32,
  kFloat16,
  kBFloat16
};

template <class T>
concept Element = std::same_as<T, double> || std::same_as<T, float> ||
    std::same_as<T, float16_t> || std::same_as<T, bfloat16_t>;

template <Element T>
inline constexpr ElementType kElementType =
    std::same_as<T, double>      ? ElementType::kFloat64
    : std::same_as<T, float>     ? ElementType::kFloat32
    : std::same_as<T, float16_t> ? ElementType::kFloat16
                                 : ElementType::kBFloat16;

/// What a row scalar (a log-sum-exp, a loss, an entropy) is returned in: 16 bits
/// would say too little about a sum of many terms.
template <Element T>
using RowScalar = std::conditional_t<sizeof(T) == 2, float, T>;

constexpr const char* NameOf(ElementType type) {
  switch (type) {
    case ElementType::kFloat64:
      return "float64";
    case ElementType::kFloat32:
      return "float32";
    case ElementType::kFloat16:
      return "float16";
    case ElementType::kBFloat16:
      return "bfloat16";
  }
  return "";
}

constexpr size_t SizeOf(ElementType type) {
  return type == ElementType::kFloat64   ? 8
         : type == ElementType::kFloat32 ? 4
                                         : 2;
}

/// A binary floating-point format that a double holds exactly: `precision`
/// significant bits, normal numbers from 2^min_exponent to `largest`.
struct FloatFormat {
  int precision;
  int min_exponent;
  int max_exponent;
  double largest;
};

constexpr FloatFormat FormatOf(ElementType type) {
  switch (type) {
    case ElementType::kFloat64:
      return {53, -1022, 1023, 0x1.fffffffffffffp1023};
    case ElementType::kFloat32:
      return {24, -126, 127, 0x1.fffffep127};
    case ElementType::kFloat16:
      return {11, -14, 15, 65504.0};
    case ElementType::kBFloat16:
      return {8, -126, 127, 0x1.fep127};
  }
  return {};
}

/// 2^k for k in [-1022, 1023]: not a call for every number that is rounded.
inline double PowerOfTwo(int k) {
  const std::uint64_t bits = static_cast<std::uint64_t>(k + 1023) << 52;
  double power;  // std::bit_cast is not in emscripten's C++ library yet
  std::memcpy(&power, &bits, sizeof(power));
  return power;
}

/// The value of 16 stored bits, exactly.
double Float16Value(std::uint16_t bits);
double BFloat16Value(std::uint16_t bits);

/// The bits that hold `x`, which must be NaN or a value of the format.
std::uint16_t Float16Bits(double x);
std::uint16_t BFloat16Bits(double x);

/// The value of an element, exactly.
template <Element T>
double ToDouble(T x) {
  if constexpr (sizeof(T) > 2) {
    return x;
  } else {
    std::uint16_t bits;
    std::memcpy(&bits, &x, 2);
    return std::same_as<T, float16_t> ? Float16Value(bits)
                                      : BFloat16Value(bits);
  }
}

/// The element of that value; `x` must be NaN or a value of T.
template <Element T>
T FromDouble(double x) {
  if constexpr (sizeof(T) > 2) {
    return static_cast<T>(x);
  } else {
    const std::uint16_t bits =
        std::same_as<T, float16_t> ? Float16Bits(x) : BFloat16Bits(x);
    T result;
    std::memcpy(&result, &bits, 2);
    return result;
  }
}

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_ELEMENT_H_
