#ifndef SURPRISAL_COMMON_ROWS_H_
#define SURPRISAL_COMMON_ROWS_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <type_traits>
#include <vector>

#include "surprisal/common/element.h"

namespace surprisal {

/// \defgroup rows Rows and views
/// How tables of numbers are handed over: views that own and copy nothing, for
/// any strides and with the class axis last or in the middle. Spans, vectors
/// and arrays are rows as they are.
/// @{

/// Integer class labels, counted from 0.
using Label = std::int32_t;

/// One row seen through a stride: element c is data[c * stride].
template <class T>
struct StridedRow {
  T* data = nullptr;
  size_t classes = 0;
  std::ptrdiff_t stride = 1;

  T& operator[](size_t c) const {
    return data[static_cast<std::ptrdiff_t>(c) * stride];
  }
};

/// A view of `rows` rows of `classes` elements each. Owns nothing, copies
/// nothing. Strides count elements and may be negative or zero (a zero class
/// stride repeats one value along the row).
///
/// Two layouts cover every tensor whose class axis is one axis:
/// - (N, C): row r begins at data + r * row_stride;
/// - (N, C, d1, ..., dk), the class axis in the middle: pixel rows of one image
///   are `row_stride` apart, images `block_stride` apart, and `block_rows`
///   (= d1 * ... * dk) rows make an image. See ClassAxis1().
template <class T>
struct Rows {
  T* data = nullptr;
  size_t rows = 0;
  size_t classes = 0;
  std::ptrdiff_t row_stride = 0;
  std::ptrdiff_t class_stride = 1;
  size_t block_rows = 1;
  std::ptrdiff_t block_stride = 0;

  Rows() = default;

  /// (N, C) with the rows one behind the other.
  Rows(T* first, size_t row_count, size_t class_count)
      : Rows(first, row_count, class_count,
             static_cast<std::ptrdiff_t>(class_count)) {}

  /// (N, C) with any strides.
  Rows(T* first, size_t row_count, size_t class_count,
       std::ptrdiff_t to_next_row, std::ptrdiff_t to_next_class = 1)
      : data(first),
        rows(row_count),
        classes(class_count),
        row_stride(to_next_row),
        class_stride(to_next_class),
        block_rows(row_count == 0 ? 1 : row_count) {}

  /// Any contiguous range of T is a single row.
  template <std::ranges::contiguous_range Range>
  requires(std::convertible_to<
           std::remove_reference_t<std::ranges::range_reference_t<Range>> (*)[],
           T (*)[]>) Rows(Range&& row)  // NOLINT: a row is a view of one row
      : Rows(std::ranges::data(row), 1, std::ranges::size(row)) {}

  /// A view to write through is also a view to read through.
  template <class U>
  requires(std::is_same_v<const U, T> && !std::is_same_v<U, T>) Rows(
      const Rows<U>& other)  // NOLINT: const is added, nothing else changes
      : data(other.data),
        rows(other.rows),
        classes(other.classes),
        row_stride(other.row_stride),
        class_stride(other.class_stride),
        block_rows(other.block_rows),
        block_stride(other.block_stride) {}

  /// (images, classes, pixels) in C order: one row per pixel, no transpose.
  static Rows ClassAxis1(T* first, size_t images, size_t class_count,
                         size_t pixels) {
    Rows view(first, images * pixels, class_count, 1,
              static_cast<std::ptrdiff_t>(pixels));
    view.block_rows = pixels == 0 ? 1 : pixels;
    view.block_stride = static_cast<std::ptrdiff_t>(class_count * pixels);
    return view;
  }

  StridedRow<T> operator[](size_t row) const {
    const auto block = static_cast<std::ptrdiff_t>(row / block_rows);
    const auto in_block = static_cast<std::ptrdiff_t>(row % block_rows);
    return {data + block * block_stride + in_block * row_stride, classes,
            class_stride};
  }
};

/// Contiguous ranges of elements: spans, vectors, arrays.
template <class Range>
concept ElementRange = std::ranges::contiguous_range<Range> &&
    Element<std::ranges::range_value_t<Range>>;
template <class Range>
concept WritableElementRange = ElementRange<Range> && !std::is_const_v<
    std::remove_reference_t<std::ranges::range_reference_t<Range>>>;

/// One row of any element type, to read: what public functions take where they
/// want one number per row. Made from spans, vectors and rows as they are.
struct InRow {
  const void* data = nullptr;
  ElementType type = ElementType::kFloat64;
  size_t classes = 0;
  std::ptrdiff_t stride = 1;

  InRow() = default;
  InRow(const void* first, ElementType element_type, size_t class_count,
        std::ptrdiff_t to_next_class)
      : data(first),
        type(element_type),
        classes(class_count),
        stride(to_next_class) {}
  template <ElementRange Range>
  InRow(const Range& row)  // NOLINT: any contiguous range of elements is a row
      : InRow(std::ranges::data(row),
              kElementType<std::ranges::range_value_t<Range>>,
              std::ranges::size(row), 1) {}

  /// Element c, exactly.
  double operator[](size_t c) const;

  /// Elements first, first + 1, ..., `count` of them.
  InRow Slice(size_t first, size_t count) const;
};

/// One row of any element type, to write.
struct OutRow {
  void* data = nullptr;
  ElementType type = ElementType::kFloat64;
  size_t classes = 0;
  std::ptrdiff_t stride = 1;

  OutRow() = default;
  OutRow(void* first, ElementType element_type, size_t class_count,
         std::ptrdiff_t to_next_class)
      : data(first),
        type(element_type),
        classes(class_count),
        stride(to_next_class) {}
  template <WritableElementRange Range>
  OutRow(Range&& row)  // NOLINT: any contiguous range of elements is a row
      : OutRow(std::ranges::data(row),
               kElementType<std::ranges::range_value_t<Range>>,
               std::ranges::size(row), 1) {}

  /// Stores NaN or a value of the element type.
  void Set(size_t c, double x) const;

  /// Elements first, first + 1, ..., `count` of them.
  OutRow Slice(size_t first, size_t count) const;
};

/// Rows<T> of any element type, to read: what public functions take.
struct InRows {
  const void* data = nullptr;
  ElementType type = ElementType::kFloat64;
  size_t rows = 0;
  size_t classes = 0;
  std::ptrdiff_t row_stride = 0;
  std::ptrdiff_t class_stride = 1;
  size_t block_rows = 1;
  std::ptrdiff_t block_stride = 0;
  size_t skipped = 0;  ///< rows of the memory that come before the first

  InRows() = default;
  template <class T>
  requires(Element<std::remove_const_t<T>>)
      InRows(const Rows<T>& view)  // NOLINT: any view of elements will do
      : data(view.data),
        type(kElementType<std::remove_const_t<T>>),
        rows(view.rows),
        classes(view.classes),
        row_stride(view.row_stride),
        class_stride(view.class_stride),
        block_rows(view.block_rows),
        block_stride(view.block_stride) {}
  template <ElementRange Range>
  InRows(const Range& row)  // NOLINT: a contiguous range is a single row
      : InRows(Rows<const std::ranges::range_value_t<Range>>(row)) {}

  InRow operator[](size_t row) const;

  /// Rows first, first + 1, ..., `count` of them.
  InRows Slice(size_t first, size_t count) const;
};

/// Rows<T> of any element type, to write.
struct OutRows {
  void* data = nullptr;
  ElementType type = ElementType::kFloat64;
  size_t rows = 0;
  size_t classes = 0;
  std::ptrdiff_t row_stride = 0;
  std::ptrdiff_t class_stride = 1;
  size_t block_rows = 1;
  std::ptrdiff_t block_stride = 0;
  size_t skipped = 0;  ///< rows of the memory that come before the first

  OutRows() = default;
  template <Element T>
  OutRows(const Rows<T>& view)  // NOLINT: any view of elements will do
      : data(view.data),
        type(kElementType<T>),
        rows(view.rows),
        classes(view.classes),
        row_stride(view.row_stride),
        class_stride(view.class_stride),
        block_rows(view.block_rows),
        block_stride(view.block_stride) {}
  template <WritableElementRange Range>
  OutRows(Range&& row)  // NOLINT: a contiguous range is a single row
      : OutRows(Rows<std::ranges::range_value_t<Range>>(row)) {}

  OutRow operator[](size_t row) const;

  /// Rows first, first + 1, ..., `count` of them; nothing of nothing.
  OutRows Slice(size_t first, size_t count) const;
};

/// A single row as a view of rows.
OutRows OneRow(OutRow row);

/// What becomes of the losses of the rows.
enum class Reduction {
  kNone,  ///< one loss per row
  kMean,  ///< divided by the number, or the weight, of the rows that count
  kSum,   ///< added up
};

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_ROWS_H_
