#include "surprisal/common/rows.h"

#include <type_traits>

namespace surprisal {
namespace {

/// Element `index` of memory that holds elements of `type`.
template <class Byte, class Memory>
Byte* At(Memory* data, ElementType type, std::ptrdiff_t index) {
  return static_cast<Byte*>(data) +
         index * static_cast<std::ptrdiff_t>(SizeOf(type));
}

template <class View>
std::ptrdiff_t RowOffset(const View& view, size_t row) {
  row += view.skipped;
  return static_cast<std::ptrdiff_t>(row / view.block_rows) *
             view.block_stride +
         static_cast<std::ptrdiff_t>(row % view.block_rows) * view.row_stride;
}

template <class Row>
Row SliceRow(Row row, size_t first, size_t count) {
  using Byte = std::conditional_t<std::is_same_v<Row, InRow>, const std::byte,
                                  std::byte>;
  row.data = At<Byte>(row.data, row.type,
                      static_cast<std::ptrdiff_t>(first) * row.stride);
  row.classes = count;
  return row;
}

template <class View>
View SliceRows(View view, size_t first, size_t count) {
  view.skipped += first;
  view.rows = count;
  return view;
}

template <class T>
double Load(const std::byte* from) {
  T x;
  std::memcpy(&x, from, sizeof(T));
  return ToDouble(x);
}

template <class T>
void Store(double x, std::byte* to) {
  const T element = FromDouble<T>(x);
  std::memcpy(to, &element, sizeof(T));
}

}  // namespace

double InRow::operator[](size_t c) const {
  const std::byte* from =
      At<const std::byte>(data, type, static_cast<std::ptrdiff_t>(c) * stride);
  switch (type) {
    case ElementType::kFloat64:
      return Load<double>(from);
    case ElementType::kFloat32:
      return Load<float>(from);
    case ElementType::kFloat16:
      return Load<float16_t>(from);
    default:
      return Load<bfloat16_t>(from);
  }
}

void OutRow::Set(size_t c, double x) const {
  std::byte* to =
      At<std::byte>(data, type, static_cast<std::ptrdiff_t>(c) * stride);
  switch (type) {
    case ElementType::kFloat64:
      return Store<double>(x, to);
    case ElementType::kFloat32:
      return Store<float>(x, to);
    case ElementType::kFloat16:
      return Store<float16_t>(x, to);
    default:
      return Store<bfloat16_t>(x, to);
  }
}

InRow InRows::operator[](size_t row) const {
  return {At<const std::byte>(data, type, RowOffset(*this, row)), type, classes,
          class_stride};
}

OutRow OutRows::operator[](size_t row) const {
  return {At<std::byte>(data, type, RowOffset(*this, row)), type, classes,
          class_stride};
}

InRow InRow::Slice(size_t first, size_t count) const {
  return SliceRow(*this, first, count);
}
OutRow OutRow::Slice(size_t first, size_t count) const {
  return SliceRow(*this, first, count);
}
InRows InRows::Slice(size_t first, size_t count) const {
  return SliceRows(*this, first, count);
}
OutRows OutRows::Slice(size_t first, size_t count) const {
  return SliceRows(*this, first, count);
}

OutRows OneRow(OutRow row) {
  OutRows rows;
  rows.data = row.data;
  rows.type = row.type;
  rows.rows = 1;
  rows.classes = row.classes;
  rows.class_stride = row.stride;
  return rows;
}

}  // namespace surprisal
