#ifndef SURPRISAL_COMMON_ELEMENTARY_CONSTANTS_H_
#define SURPRISAL_COMMON_ELEMENTARY_CONSTANTS_H_

#include <cstdint>

#include "surprisal/common/double_double.h"

namespace surprisal {

/// ln 2 = 0.693... in three pieces; the first has 40 bits, so that its product
/// by a 13-bit integer is exact. Together they hold 146 bits.
inline constexpr double kLn2[3] = {0x1.62e42fefa2000p-1, 0x1.9ef35793c7673p-41,
                                   0x1.f97b57a079a19p-103};

/// 1 / ln 2 = 1.4427, rounded: it only chooses a multiple.
inline constexpr double kInverseLn2 = 0x1.71547652b82fep+0;

/// The bits of 1.0 less those of sqrt(1/2), and the bits of 2^52.
inline constexpr uint64_t kOneMinusHalfRootBits =
    0x3ff0000000000000 - 0x3fe6a09e667f3bcd;
inline constexpr uint64_t kTwoTo52Bits = 0x4330000000000000;

/// 1 / n!, both halves.
inline constexpr DoubleDouble kInverseFactorial[16] = {
    {1.0, 0.0},
    {1.0, 0.0},
    {0.5, 0.0},
    {0x1.5555555555555p-3, 0x1.5555555555555p-57},
    {0x1.5555555555555p-5, 0x1.5555555555555p-59},
    {0x1.1111111111111p-7, 0x1.1111111111111p-63},
    {0x1.6c16c16c16c17p-10, -0x1.f49f49f49f49fp-65},
    {0x1.a01a01a01a01ap-13, 0x1.a01a01a01a01ap-73},
    {0x1.a01a01a01a01ap-16, 0x1.a01a01a01a01ap-76},
    {0x1.71de3a556c734p-19, -0x1.c154f8ddc6cp-73},
    {0x1.27e4fb7789f5cp-22, 0x1.cbbc05b4fa99ap-76},
    {0x1.ae64567f544e4p-26, -0x1.c062e06d1f209p-80},
    {0x1.1eed8eff8d898p-29, -0x1.2aec959e14c06p-83},
    {0x1.6124613a86d09p-33, 0x1.f28e0cc748ebep-87},
    {0x1.93974a8c07c9dp-37, 0x1.05d6f8a2efd1fp-92},
    {0x1.ae7f3e733b81fp-41, 0x1.1d8656b0ee8cbp-97}};

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_ELEMENTARY_CONSTANTS_H_
