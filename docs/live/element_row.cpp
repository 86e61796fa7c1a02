#include "live/element_row.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace surprisal::live {
namespace {

constexpr ElementType kTypes[] = {ElementType::kFloat32, ElementType::kFloat64,
                                  ElementType::kFloat16,
                                  ElementType::kBFloat16};

}  // namespace

bool IsRow(int type, int n) {
  return type >= 0 && type < 4 && n >= 1 && n <= kMostElements;
}

ElementType TypeOf(int type) { return kTypes[type]; }

ElementType ScalarOf(ElementType type) {
  return SizeOf(type) == 2 ? ElementType::kFloat32 : type;
}

double Round(ElementType type, double x) {
  if (std::isnan(x)) return std::numeric_limits<double>::quiet_NaN();
  if (type == ElementType::kFloat64 || std::isinf(x)) return x;
  const FloatFormat format = FormatOf(type);
  int binade = 0;  // |x| lies in [2^(binade - 1), 2^binade)
  std::frexp(x, &binade);
  const int last_place =
      std::max(binade, format.min_exponent + 1) - format.precision;
  const double rounded =
      std::ldexp(std::nearbyint(std::ldexp(x, -last_place)), last_place);
  if (std::fabs(rounded) <= format.largest) return rounded;
  return std::copysign(std::numeric_limits<double>::infinity(), x);
}

ElementRow::ElementRow(ElementType type, size_t n) : type_(type), memory_(n) {}

ElementRow::ElementRow(ElementType type, const double* numbers, size_t n)
    : ElementRow(type, n) {
  const OutRow row = out();
  for (size_t i = 0; i < n; ++i) row.Set(i, Round(type, numbers[i]));
}

InRows ElementRow::in_rows() const {
  InRows rows;
  rows.data = memory_.data();
  rows.type = type_;
  rows.rows = 1;
  rows.classes = memory_.size();
  return rows;
}

void ElementRow::CopyTo(double* numbers) const {
  for (size_t i = 0; i < memory_.size(); ++i) numbers[i] = (*this)[i];
}

}  // namespace surprisal::live
