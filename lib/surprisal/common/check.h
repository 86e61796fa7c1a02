#ifndef SURPRISAL_COMMON_CHECK_H_
#define SURPRISAL_COMMON_CHECK_H_

#include <span>
#include <string>

#include "surprisal/common/error.h"
#include "surprisal/common/rows.h"

/// The checks that every public function makes before it writes anything.
namespace surprisal {

/// \defgroup check Argument checks
/// For those who write a kernel: the checks that every public function makes of
/// its arguments, so that all of them refuse the same things in the same words.
/// These headers are not installed.
/// @{

/// "labels[3] = 12 is outside [0, 10)".
[[noreturn]] void ThrowOutside(const std::string& place, double value,
                               const std::string& range);

/// Error unless the calling thread rounds to nearest even and keeps subnormal
/// numbers (neither FTZ nor DAZ): correct rounding depends on both.
void CheckFloatingPointEnvironment();

/// Error unless `actual` equals `expected`; `what` is the argument's name.
void CheckSize(const char* what, size_t actual, size_t expected);

/// Error unless both types or none is double: a double is not rounded to fewer
/// bits, nor are fewer bits passed off as a double.
void CheckType(const char* what, ElementType type, ElementType expected);

/// Error unless the view has the given shape, and `classes` is not 0.
void CheckShape(const char* what, size_t rows, size_t classes,
                size_t expected_rows, size_t expected_classes);

/// Error unless every label is in [0, classes) or equals `ignore_index`.
void CheckLabels(std::span<const Label> labels, size_t classes,
                 Label ignore_index);

/// Error unless empty or of the given size, every weight finite and >= 0.
void CheckWeights(const char* what, std::span<const double> weights,
                  size_t expected_size);

/// Error unless low <= value <= high.
void CheckInside(const char* what, double value, double low, double high);

/// Error unless the temperature is finite and above 0.
void CheckTemperature(double temperature);

/// Which values a row of probabilities or targets may hold.
enum class Domain {
  kTargets,          ///< finite and >= 0
  kProbabilities,    ///< finite and >= 0, or NaN
  kUnitTargets,      ///< in [0, 1]
  kUnitOrNaN,        ///< in [0, 1], or NaN
  kLogProbabilities  ///< anything but +inf
};

/// Error unless every entry is in the domain.
void CheckEntries(const char* what, const InRows& values, Domain domain);

/// Error unless `view` has the shape of `like`, at least one class, and a type
/// that goes with it.
template <class View>
void CheckLike(const char* what, const View& view, const InRows& like) {
  CheckShape(what, view.rows, view.classes, like.rows, like.classes);
  CheckType(what, view.type, like.type);
}

/// The same for a view that may be left empty.
template <class View>
void CheckOptional(const char* what, const View& view, const InRows& like) {
  if (view.data != nullptr) CheckLike(what, view, like);
}

/// Error unless `row` has `size` elements of a type that goes with `type`.
template <class Row>
void CheckScalars(const char* what, const Row& row, size_t size,
                  ElementType type) {
  CheckSize(what, row.classes, size);
  CheckType(what, row.type, type);
}

/// The checks of an elementwise function: the environment, sizes, types.
template <class Row>
void CheckElementwise(const InRow& x, const Row& row, const char* what) {
  CheckFloatingPointEnvironment();
  CheckScalars(what, row, x.classes, x.type);
}

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_CHECK_H_
