#include "literate/figure_data.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "literate/values.h"
#include "surprisal/common/error.h"

namespace surprisal::literate {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool IsChosen(Range range) { return range.low != 0 || range.high != 0; }

void CheckRange(Range range, std::string_view name) {
  if (range.low < range.high && std::isfinite(range.high - range.low)) return;
  throw Error(std::string(name) + ": low = " + PrintNumber(range.low) +
              " is not below high = " + PrintNumber(range.high));
}

void Include(Range& range, double value) {
  range.low = std::min(range.low, value);
  range.high = std::max(range.high, value);
}

// A range of width zero would divide by it.
Range WithRoom(Range range, double share) {
  const double width = range.high - range.low;
  const double room = width > 0 ? width * share : 0.5;
  return {range.low - room, range.high + room};
}

// Rounds outwards to three figures of the width, so that the ends read well.
Range Rounded(Range range) {
  const double unit =
      std::pow(10, std::floor(std::log10(range.high - range.low)) - 1);
  return {std::floor(range.low / unit) * unit,
          std::ceil(range.high / unit) * unit};
}

double Centre(size_t cell, size_t cells, Range range) {
  const double place =
      (static_cast<double>(cell) + 0.5) / static_cast<double>(cells);
  return range.low + place * (range.high - range.low);
}

}  // namespace

void CheckPanels(const std::vector<Panel>& panels, std::string_view kind) {
  const std::string name(kind);
  if (panels.empty()) throw Error(name + ": no panels");
  for (const Panel& panel : panels) {
    if (panel.series.empty())
      throw Error(name + ": panel \"" + panel.title + "\" has no series");
    for (const Series& series : panel.series) {
      if (series.values.empty()) {
        throw Error(name + ": series \"" + series.name + "\" has no values");
      }
    }
  }
}

void CheckRegions(const Regions& figure) {
  CheckRange(figure.x, "Regions: x");
  CheckRange(figure.y, "Regions: y");
  if (!figure.classify) throw Error("Regions: classify is missing");
}

Range HistogramRange(const Histograms& figure) {
  if (IsChosen(figure.x)) {
    CheckRange(figure.x, "Histograms: x");
    return figure.x;
  }
  Range range = {kInfinity, -kInfinity};
  for (const Panel& panel : figure.panels) {
    for (const Series& series : panel.series) {
      for (const double value : series.values) Include(range, value);
    }
  }
  const Range chosen = Rounded(WithRoom(range, 0));
  CheckRange(chosen, "Histograms: x");
  return chosen;
}

Range BoxRange(const Panel& panel) {
  Range range = {kInfinity, -kInfinity};
  for (const Series& series : panel.series) {
    for (const double value : series.values) Include(range, value);
  }
  return Rounded(WithRoom(range, 0));
}

Range BarRange(const Bars& figure) {
  if (figure.labels.empty() || figure.series.empty())
    throw Error("Bars: nothing to draw");
  Range range;
  for (const Series& series : figure.series) {
    if (series.values.size() != figure.labels.size()) {
      throw Error("Bars: series \"" + series.name + "\" has " +
                  std::to_string(series.values.size()) + " values for " +
                  std::to_string(figure.labels.size()) + " labels");
    }
    for (const double value : series.values) {
      if (!std::isfinite(value)) {
        throw Error("Bars: a value of \"" + series.name + "\" is " +
                    PrintNumber(value));
      }
      Include(range, value);
    }
  }
  if (range.low == range.high) range.high = 1;  // all bars are 0
  return range;
}

CurveData SampleCurves(const Curves& figure, size_t samples) {
  if (figure.curves.empty()) throw Error("Curves: no curves");
  CurveData data = {figure.x, {kInfinity, -kInfinity}, {}};
  if (!IsChosen(data.x)) {
    data.x = {kInfinity, -kInfinity};
    for (const Curve& curve : figure.curves) {
      for (const auto& [x, y] : curve.points) Include(data.x, x);
    }
  }
  CheckRange(data.x, "Curves: x");
  for (const Curve& curve : figure.curves) {
    auto points = curve.points;
    for (size_t i = 0; curve.function && i < samples; ++i) {
      const double t =
          static_cast<double>(i) / static_cast<double>(samples - 1);
      const double x = data.x.low + t * (data.x.high - data.x.low);
      points.emplace_back(x, curve.function(x));
    }
    for (const auto& [x, y] : points) {
      if (std::isfinite(y)) Include(data.y, y);
    }
    data.points.push_back(std::move(points));
  }
  data.y = IsChosen(figure.y) ? figure.y : Rounded(WithRoom(data.y, 0.0));
  CheckRange(data.y, "Curves: y");
  return data;
}

size_t RegionAt(const Regions& figure, size_t column, size_t row,
                size_t columns, size_t rows) {
  return figure.classify(Centre(column, columns, figure.x),
                         Centre(row, rows, figure.y));
}

}  // namespace surprisal::literate
