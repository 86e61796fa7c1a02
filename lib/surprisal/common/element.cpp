#include "surprisal/common/element.h"

#include <cmath>

namespace surprisal {
namespace {

// Not std::bit_cast, which emscripten's library lacks.
std::uint32_t FloatBits(double x) {
  const auto value = static_cast<float>(x);
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

float FloatOfBits(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

}  // namespace

double Float16Value(std::uint16_t bits) {
  const std::uint32_t magnitude = bits & 0x7FFFU;
  // The same bits as a float stand for 2^-112 times the value
  double value = FloatOfBits(magnitude << 13) * 0x1p112;
  if (magnitude >= 0x7C00U) value = magnitude == 0x7C00U ? HUGE_VAL : NAN;
  return (bits & 0x8000U) != 0 ? -value : value;
}

double BFloat16Value(std::uint16_t bits) {
  return FloatOfBits(static_cast<std::uint32_t>(bits) << 16);
}

std::uint16_t Float16Bits(double x) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(x) ? 0x8000U : 0U);
  if (std::isnan(x)) return sign | 0x7E00U;
  if (std::isinf(x)) return sign | 0x7C00U;
  const std::uint32_t magnitude = FloatBits(std::abs(x) * 0x1p-112);
  return static_cast<std::uint16_t>(sign | (magnitude >> 13));
}

std::uint16_t BFloat16Bits(double x) {
  if (std::isnan(x)) return 0x7FC0U;
  return static_cast<std::uint16_t>(FloatBits(x) >> 16);
}

}  // namespace surprisal
