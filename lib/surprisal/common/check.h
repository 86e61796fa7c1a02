#ifndef SURPRISAL_COMMON_CHECK_H_
#define SURPRISAL_COMMON_CHECK_H_

#include <span>
#include <string>

#include "surprisal/common/error.h"
#include "surprisal/common/rows.h"

/// The checks that every public function makes before it writes anything.
namespace surprisal {

/// "labels[3] = 12 is outside [0, 10)".
[[noreturn]] void ThrowOutside(const std::string& place, double value,
                               const std::string& range);

/// Error unless the calling thread rounds to nearest even and keeps subnormal
/// numbers (neither FTZ nor DAZ): correct rounding depends on both.
void CheckFloatingPointEnvironment();

/// Error unless `actual` equals `expected`; `what` is the argument's name.
void CheckSize(const char* what, size_t actual, size_t expected);

/// The checks of an elementwise function: the environment, and equal sizes.
void CheckElementwise(size_t x_size, size_t size, const char* what);

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
template <class T>
void CheckEntries(const char* what, Rows<const T> values, Domain domain);

extern template void CheckEntries<float>(const char*, Rows<const float>,
                                         Domain);
extern template void CheckEntries<double>(const char*, Rows<const double>,
                                          Domain);

template <class T>
void CheckSameShape(const char* what, const Rows<T>& view, size_t rows,
                    size_t classes) {
  CheckShape(what, view.rows, view.classes, rows, classes);
}

/// The same for a view that may be left empty.
template <class T>
void CheckOptional(const char* what, const Rows<T>& view, size_t rows,
                   size_t classes) {
  if (view.data != nullptr) CheckSameShape(what, view, rows, classes);
}

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_CHECK_H_
