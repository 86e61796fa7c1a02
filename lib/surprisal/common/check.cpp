#include "surprisal/common/check.h"

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <cstdio>
#include <limits>

namespace surprisal {
namespace {

/// Labels, which have up to ten digits, in full.
std::string Text(double value) {
  const bool whole = value == std::floor(value) && std::fabs(value) < 1e15;
  char text[32];
  std::snprintf(text, sizeof(text), whole ? "%.0f" : "%.9g", value);
  return text;
}

std::string Place(const char* what, size_t index) {
  return std::string(what) + "[" + std::to_string(index) + "]";
}

/// The numbers of a domain: low to high, and NaN where that is allowed.
struct Bounds {
  double low;
  double high;
  bool nan;
};

constexpr double kLargest = std::numeric_limits<double>::max();

Bounds BoundsOf(Domain domain) {
  switch (domain) {
    case Domain::kTargets:
      return {0.0, kLargest, false};
    case Domain::kProbabilities:
      return {0.0, kLargest, true};
    case Domain::kUnitTargets:
      return {0.0, 1.0, false};
    case Domain::kUnitOrNaN:
      return {0.0, 1.0, true};
    case Domain::kLogProbabilities:
      break;
  }
  return {-HUGE_VAL, kLargest, true};
}

bool Inside(double x, const Bounds& bounds) {
  return (x >= bounds.low && x <= bounds.high) || (x != x && bounds.nan);
}

/// Without a branch or a bool for each element: compilers make vectors of that.
bool AllInside(const float* x, size_t count, const Bounds& bounds) {
  const auto low = static_cast<float>(bounds.low);
  constexpr double kMost = std::numeric_limits<float>::max();
  const auto high = static_cast<float>(std::min(bounds.high, kMost));
  int outside = 0, nan = 0;
  for (size_t i = 0; i < count; ++i) {
    outside |= x[i] < low ? 1 : 0;
    outside |= x[i] > high ? 1 : 0;
    nan |= x[i] != x[i] ? 1 : 0;
  }
  return outside == 0 && (nan == 0 || bounds.nan);
}

bool AllInside(const InRow& row, const Bounds& bounds) {
  if (row.stride == 1 && row.type == ElementType::kFloat32) {
    return AllInside(static_cast<const float*>(row.data), row.classes, bounds);
  }
  size_t c = 0;
  while (c < row.classes && Inside(row[c], bounds)) ++c;
  return c == row.classes;
}

const char* RangeOf(Domain domain) {
  switch (domain) {
    case Domain::kTargets:
    case Domain::kProbabilities:
      return "[0, inf)";
    case Domain::kUnitTargets:
    case Domain::kUnitOrNaN:
      return "[0, 1]";
    case Domain::kLogProbabilities:
      return "[-inf, inf)";
  }
  return "";
}

}  // namespace

void ThrowOutside(const std::string& place, double value,
                  const std::string& range) {
  throw Error(place + " = " + Text(value) + " is outside " + range);
}

void CheckFloatingPointEnvironment() {
  if (std::fegetround() != FE_TONEAREST) {
    throw Error(
        "the rounding mode is not to nearest even, the only one allowed");
  }
  volatile double smallest = 0x1p-1074, half = 0x1p-1022;
  half = half * 0.5;
  if (smallest + smallest == 0 || half == 0) {
    throw Error(
        "subnormal numbers are flushed to zero in this thread (FTZ or DAZ is "
        "on); they must be kept");
  }
}

void CheckSize(const char* what, size_t actual, size_t expected) {
  if (actual == expected) return;
  throw Error(std::string(what) + " has " + std::to_string(actual) +
              " elements where " + std::to_string(expected) + " are needed");
}

void CheckType(const char* what, ElementType type, ElementType expected) {
  const ElementType wide = ElementType::kFloat64;
  if ((type == wide) == (expected == wide)) return;
  throw Error(std::string(what) + " is of type " + NameOf(type) + " beside " +
              NameOf(expected) + ": float64 goes with float64 only");
}

void CheckShape(const char* what, size_t rows, size_t classes,
                size_t expected_rows, size_t expected_classes) {
  if (classes == 0) {
    throw Error(std::string(what) +
                " has 0 classes where at least 1 is needed");
  }
  if (rows == expected_rows && classes == expected_classes) return;
  throw Error(std::string(what) + " has shape [" + std::to_string(rows) + ", " +
              std::to_string(classes) + "] where [" +
              std::to_string(expected_rows) + ", " +
              std::to_string(expected_classes) + "] is needed");
}

void CheckLabels(std::span<const Label> labels, size_t classes,
                 Label ignore_index) {
  for (size_t i = 0; i < labels.size(); ++i) {
    const Label label = labels[i];
    if (label == ignore_index) continue;
    if (label >= 0 && static_cast<size_t>(label) < classes) continue;
    ThrowOutside(Place("labels", i), label,
                 "[0, " + std::to_string(classes) + ")");
  }
}

void CheckWeights(const char* what, std::span<const double> weights,
                  size_t expected_size) {
  if (weights.empty()) return;
  CheckSize(what, weights.size(), expected_size);
  for (size_t i = 0; i < weights.size(); ++i) {
    if (Inside(weights[i], BoundsOf(Domain::kTargets))) continue;
    ThrowOutside(Place(what, i), weights[i], RangeOf(Domain::kTargets));
  }
}

void CheckInside(const char* what, double value, double low, double high) {
  if (value >= low && value <= high) return;
  ThrowOutside(what, value, "[" + Text(low) + ", " + Text(high) + "]");
}

void CheckTemperature(double temperature) {
  if (temperature > 0 && std::isfinite(temperature)) return;
  ThrowOutside("temperature", temperature, "(0, inf)");
}

void CheckEntries(const char* what, const InRows& values, Domain domain) {
  const Bounds bounds = BoundsOf(domain);
  for (size_t r = 0; r < values.rows; ++r) {
    const InRow row = values[r];
    if (AllInside(row, bounds)) continue;
    size_t c = 0;
    while (Inside(row[c], bounds)) ++c;
    ThrowOutside(Place(what, r) + "[" + std::to_string(c) + "]", row[c],
                 RangeOf(domain));
  }
}

}  // namespace surprisal
