#include "literate/statistics.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "surprisal/common/error.h"

namespace surprisal::literate {

double Quantile(std::span<const double> sorted, double q) {
  if (sorted.empty()) throw Error("Quantile: no values");
  if (!(q >= 0 && q <= 1)) {
    throw Error("Quantile: q = " + std::to_string(q) + " is outside [0, 1]");
  }
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(std::floor(place));
  const size_t above = std::min(below + 1, sorted.size() - 1);
  const double weight = place - static_cast<double>(below);
  return sorted[below] + weight * (sorted[above] - sorted[below]);
}

Box BoxOf(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (!std::isfinite(sorted[i])) {
      throw Error("BoxOf: values[" + std::to_string(i) +
                  "] = " + std::to_string(sorted[i]) + " is not finite");
    }
  }
  std::sort(sorted.begin(), sorted.end());
  Box box;
  box.q1 = Quantile(sorted, 0.25);
  box.median = Quantile(sorted, 0.5);
  box.q3 = Quantile(sorted, 0.75);
  const double reach = 1.5 * (box.q3 - box.q1);
  box.low = sorted.front();
  box.high = sorted.back();
  box.whisker_low =
      *std::lower_bound(sorted.begin(), sorted.end(), box.q1 - reach);
  box.whisker_high =
      *(std::upper_bound(sorted.begin(), sorted.end(), box.q3 + reach) - 1);
  return box;
}

std::vector<size_t> BinCounts(std::span<const double> values, double low,
                              double high, size_t bins) {
  if (bins == 0) throw Error("BinCounts: bins = 0 is not at least 1");
  if (!(low < high)) {
    throw Error("BinCounts: low = " + std::to_string(low) +
                " is not below high = " + std::to_string(high));
  }
  std::vector<size_t> counts(bins, 0);
  const double scale = static_cast<double>(bins) / (high - low);
  for (const double value : values) {
    if (std::isnan(value)) throw Error("BinCounts: a value is NaN");
    const double place = (value - low) * scale;
    const double last = static_cast<double>(bins - 1);
    ++counts[static_cast<size_t>(std::clamp(std::floor(place), 0.0, last))];
  }
  return counts;
}

}  // namespace surprisal::literate
