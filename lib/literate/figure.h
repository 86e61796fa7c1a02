#ifndef SURPRISAL_LITERATE_FIGURE_H_
#define SURPRISAL_LITERATE_FIGURE_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "literate/text.h"

/// Figures: what is to be seen, as data. Each is drawn as text for the terminal
/// and by gnuplot as SVG; all arithmetic and rounding is done here, so that
/// both are the same on every machine. Colours follow the place in a list:
/// class 0 has the first colour, everywhere.
namespace surprisal::literate {

/// A named sample, such as one output of a network over many images.
struct Series {
  std::string name = {};
  std::vector<double> values = {};
};

/// One small plot among several.
struct Panel {
  std::string title = {};
  std::vector<Series> series = {};
};

/// An interval; where low = high = 0 it is chosen from the data.
struct Range {
  double low = 0;
  double high = 0;
};

/// Small multiples, each with the distributions of several series over one
/// common axis. In the terminal each series is a line of blocks, high where
/// many values are; "◂" marks a series whose lower quartile lies above the
/// upper quartile of all others in its panel.
struct Histograms {
  std::string x_label = {};
  std::vector<Panel> panels = {};
  Range x = {};
  size_t bins = 48;  // of the SVG
};

/// Box plots, panels side by side, each with an axis of its own: box from
/// quartile to quartile, median, whiskers after Tukey, extremes as dots.
struct BoxPlots {
  std::vector<Panel> panels = {};
  std::string y_label = {};
};

/// A function, or a line through points.
struct Curve {
  std::string name = {};
  std::function<double(double)> function = {};
  std::vector<std::pair<double, double>> points =
      {};  // where there is no function
};

/// The colours of a curve's marked points.
enum class DotColour { kRed, kGreen, kBlue, kBlack };

/// A marked point of a curve, with a text beside it.
struct Dot {
  double x = 0;
  double y = 0;
  std::string label = {};
  DotColour colour = DotColour::kRed;
};

/// Curves over one pair of axes.
struct Curves {
  std::string x_label = {};
  std::string y_label = {};
  Range x = {};  // must be given where a curve is a function
  Range y = {};
  std::vector<Curve> curves = {};
  std::vector<Dot> dots = {};
};

/// Bars from zero, a group of one bar for each series at every label.
struct Bars {
  std::vector<std::string> labels = {};
  std::vector<Series> series = {};  // values[i] belongs to labels[i]
  std::string y_label = {};
};

/// The plane coloured by class, and points on it.
struct Regions {
  std::string x_label = {};
  std::string y_label = {};
  Range x = {};
  Range y = {};
  std::function<size_t(double x, double y)> classify = {};
  std::vector<std::string> classes = {};  // names, for the legend
  std::vector<Dot> dots = {};
};

/// The figure as text of at most `width` columns. Throws Error for a figure
/// without data, a list of the wrong length, or an empty range.
Lines DrawText(const Histograms& figure, size_t width);
Lines DrawText(const BoxPlots& figure, size_t width);
Lines DrawText(const Curves& figure, size_t width);
Lines DrawText(const Bars& figure, size_t width);
Lines DrawText(const Regions& figure, size_t width);

/// The figure as SVG, drawn by gnuplot. Throws Error if that is missing.
std::string DrawSvg(const Histograms& figure);
std::string DrawSvg(const BoxPlots& figure);
std::string DrawSvg(const Curves& figure);
std::string DrawSvg(const Bars& figure);
std::string DrawSvg(const Regions& figure);

namespace detail {

bool WantsSvg();
/// Hands a drawn figure to the recorder and writes its SVG.
void RecordFigure(std::string_view name, std::string_view caption, Lines text,
                  const std::string& svg);
size_t FigureWidth();

}  // namespace detail

/// Draws the figure as text, and as SVG if the recorder wants one.
template <class F>
void DrawFigure(std::string_view name, std::string_view caption,
                const F& figure) {
  detail::RecordFigure(name, caption, DrawText(figure, detail::FigureWidth()),
                       detail::WantsSvg() ? DrawSvg(figure) : std::string());
}

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_FIGURE_H_
