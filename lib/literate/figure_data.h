#ifndef SURPRISAL_LITERATE_FIGURE_DATA_H_
#define SURPRISAL_LITERATE_FIGURE_DATA_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "literate/figure.h"

/// What both ways of drawing a figure need: checks, ranges, sampled points.
namespace surprisal::literate {

/// Throws Error unless there are panels, each with series, each with values.
void CheckPanels(const std::vector<Panel>& panels, std::string_view kind);
void CheckRegions(const Regions& figure);

/// The range chosen, or one that holds every value of every panel. Throws Error
/// if it is empty.
Range HistogramRange(const Histograms& figure);
/// From the lowest extreme to the highest of a panel, with a little room.
Range BoxRange(const Panel& panel);
/// From 0 or the lowest bar to 0 or the highest. Throws Error if a series has
/// not one finite value for each label.
Range BarRange(const Bars& figure);

/// Curves as points, and the ranges they are drawn in.
struct CurveData {
  Range x, y;
  std::vector<std::vector<std::pair<double, double>>> points;  // of each curve
};

/// Asks each function for so many points, evenly spaced.
CurveData SampleCurves(const Curves& figure, size_t samples);

/// The class at the centre of a cell; row 0 is the lowest.
size_t RegionAt(const Regions& figure, size_t column, size_t row,
                size_t columns, size_t rows);

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_FIGURE_DATA_H_
