#ifndef SURPRISAL_LIVE_ELEMENT_ROW_H_
#define SURPRISAL_LIVE_ELEMENT_ROW_H_

#include <cstddef>
#include <vector>

#include "surprisal/common/element.h"
#include "surprisal/common/rows.h"

/// What crosses the border as doubles, as the library wants it.
namespace surprisal::live {

inline constexpr int kMostElements = 4096;

/// Whether the two describe a row: a known type, and a length that is allowed.
bool IsRow(int type, int n);

/// The element type of that number, which is known.
ElementType TypeOf(int type);

/// What the library returns one number for a row of `type` in.
ElementType ScalarOf(ElementType type);

/// The nearest value of the type, ties to even; NaN is the one NaN.
double Round(ElementType type, double x);

/// A row of any element type, and its memory.
class ElementRow {
 public:
  /// Zeros.
  ElementRow(ElementType type, size_t n);
  /// The numbers, rounded to the type.
  ElementRow(ElementType type, const double* numbers, size_t n);

  InRow in() const { return {memory_.data(), type_, memory_.size(), 1}; }
  OutRow out() { return {memory_.data(), type_, memory_.size(), 1}; }
  InRows in_rows() const;
  OutRows out_rows() { return OneRow(out()); }

  double operator[](size_t i) const { return in()[i]; }
  void CopyTo(double* numbers) const;

 private:
  ElementType type_;
  std::vector<double> memory_;  // large enough for elements of any type
};

}  // namespace surprisal::live

#endif  // SURPRISAL_LIVE_ELEMENT_ROW_H_
