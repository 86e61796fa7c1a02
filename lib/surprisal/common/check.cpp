#include "surprisal/common/check.h"

#include <cfenv>
#include <cmath>
#include <cstdio>

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

bool Inside(double x, Domain domain) {
  switch (domain) {
    case Domain::kTargets:
      return x >= 0 && std::isfinite(x);
    case Domain::kProbabilities:
      return std::isnan(x) || (x >= 0 && std::isfinite(x));
    case Domain::kUnitTargets:
      return x >= 0 && x <= 1;
    case Domain::kUnitOrNaN:
      return std::isnan(x) || (x >= 0 && x <= 1);
    case Domain::kLogProbabilities:
      return std::isnan(x) || x < HUGE_VAL;
  }
  return false;
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
    if (Inside(weights[i], Domain::kTargets)) continue;
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
  for (size_t r = 0; r < values.rows; ++r) {
    const InRow row = values[r];
    for (size_t c = 0; c < values.classes; ++c) {
      if (Inside(row[c], domain)) continue;
      ThrowOutside(Place(what, r) + "[" + std::to_string(c) + "]", row[c],
                   RangeOf(domain));
    }
  }
}

}  // namespace surprisal
