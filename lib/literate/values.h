#ifndef SURPRISAL_LITERATE_VALUES_H_
#define SURPRISAL_LITERATE_VALUES_H_

#include <concepts>
#include <cstdint>
#include <map>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "literate/text.h"

namespace surprisal::literate {

/// How numbers are printed: the decimal nearest to the exact value, in
/// `digits` significant digits without trailing zeros; or as C's %a.
struct Format {
  int digits = 5;  // 1 to 17
  bool hex = false;
};

/// A number, a truth value or a text.
class Cell {
 public:
  template <class T>
  requires std::integral<T> || std::floating_point<T> Cell(
      T value) {  // NOLINT(google-explicit-constructor): cells are lists of
                  // values
    if constexpr (std::same_as<T, bool>) {
      value_ = std::string(value ? "true" : "false");
    } else if constexpr (std::integral<T>) {
      value_ = static_cast<int64_t>(value);
    } else {
      value_ = static_cast<double>(value);
    }
  }
  Cell(const char* text) : value_(std::string(text)) {}       // NOLINT
  Cell(std::string_view text) : value_(std::string(text)) {}  // NOLINT
  Cell(std::string text) : value_(std::move(text)) {}         // NOLINT

  bool is_text() const { return std::holds_alternative<std::string>(value_); }
  /// The cell as it is printed.
  std::string Print(const Format& format) const;

 private:
  std::variant<int64_t, double, std::string> value_;
};

/// A table with named columns. The first cell of a row names it where it is a
/// text. Without `columns` it is a bare matrix.
struct Table {
  std::vector<std::string> columns = {};
  std::vector<std::vector<Cell>> rows = {};
};

/// What a chapter may show.
using Value = std::variant<Cell, std::vector<Cell>, Table>;

namespace detail {

template <class T>
concept Scalar = std::integral<T> || std::floating_point<T> ||
    std::convertible_to<T, std::string_view>;

}  // namespace detail

/// The same value: a table, a text, a number, or a list or matrix of them.
template <class T>
Value ToValue(const T& value) {
  if constexpr (std::is_same_v<T, Table>) {
    return value;
  } else if constexpr (std::convertible_to<T, std::string_view>) {
    return Cell(std::string(std::string_view(value)));
  } else if constexpr (detail::Scalar<T>) {
    return Cell(value);
  } else if constexpr (detail::Scalar<std::ranges::range_value_t<T>>) {
    std::vector<Cell> cells;
    for (auto&& element : value) {
      cells.emplace_back(static_cast<std::ranges::range_value_t<T>>(element));
    }
    return cells;
  } else {
    Table matrix;
    for (auto&& row : value) {
      matrix.rows.push_back(std::get<std::vector<Cell>>(ToValue(row)));
    }
    return matrix;
  }
}

/// A number in `digits` significant digits: "0.69315", "1e-05", "-inf", "nan".
std::string PrintNumber(double value, const Format& format = {});

/// What the terminal shows for a value: "name = 1.5", a list of numbers that
/// wraps at `width`, or a table with its columns lined up at the point. The
/// name of a value stands before it.
Lines PrintValue(std::string_view name, const Value& value,
                 const Format& format, size_t width);

/// The values that a chapter has shown, for the {{placeholders}} of its prose.
class ValueBook {
 public:
  /// A value, how to print it, and the step that showed it.
  struct Entry {
    size_t step = 0;
    Value value;
    Format format;
  };

  /// Throws Error if `name` is empty, has one of `[]{}:` in it, or was shown
  /// before, and if `format.digits` is outside [1, 17].
  void Add(size_t step, std::string_view name, Value value, Format format);

  /// Forgets what step `step` has shown, before it runs again.
  void Forget(size_t step);

  /// The text for "name", "name[1]", "table[row][column]", each with ":digits"
  /// behind it or not. Indices count from 0; a table takes the name of a row or
  /// column as well. Throws Error that names the placeholder and what there is.
  std::string Resolve(std::string_view placeholder) const;

  const std::map<std::string, Entry, std::less<>>& entries() const {
    return entries_;
  }

 private:
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_VALUES_H_
