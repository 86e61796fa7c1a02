#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "literate/figure.h"
#include "literate/figure_data.h"
#include "literate/statistics.h"
#include "literate/values.h"
#include "surprisal/common/error.h"

namespace surprisal::literate {
namespace {

constexpr std::array<const char*, 9> kHeights = {" ", "▁", "▂", "▃", "▄",
                                                 "▅", "▆", "▇", "█"};

std::string Short(double value) { return PrintNumber(value, {.digits = 3}); }

// The axis below a plot of `width` columns: "-10      0      10".
std::string AxisLabels(Range range, size_t width) {
  const std::string low = Short(range.low), high = Short(range.high);
  const size_t gap =
      width > low.size() + high.size() ? width - low.size() - high.size() : 1;
  return low + std::string(gap, ' ') + high;
}

// Column of `value` on an axis of `width` columns.
size_t Column(double value, Range range, size_t width) {
  const double place = (value - range.low) / (range.high - range.low);
  const double last = static_cast<double>(width - 1);
  return static_cast<size_t>(std::lround(std::clamp(place, 0.0, 1.0) * last));
}

// Puts small plots beside each other, as many as fit.
Lines BesideEachOther(const std::vector<Lines>& plots, size_t plot_width,
                      size_t per_row) {
  Lines lines;
  for (size_t first = 0; first < plots.size(); first += per_row) {
    const size_t end = std::min(first + per_row, plots.size());
    size_t height = 0;
    for (size_t i = first; i < end; ++i)
      height = std::max(height, plots[i].size());
    for (size_t row = 0; row < height; ++row) {
      std::string line = "  ";
      for (size_t i = first; i < end; ++i) {
        const std::string text = row < plots[i].size() ? plots[i][row] : "";
        line += i + 1 < end ? PadRight(text, plot_width + 2) : text;
      }
      lines.push_back(line);
    }
    if (end < plots.size()) lines.emplace_back();
  }
  return lines;
}

std::string Ridge(const std::vector<size_t>& counts) {
  const size_t highest =
      std::max<size_t>(1, *std::max_element(counts.begin(), counts.end()));
  std::string ridge;
  // Any value at all gets the lowest block: nothing should look empty that is
  // not
  for (const size_t count : counts)
    ridge += kHeights[(count * 8 + highest - 1) / highest];
  return ridge;
}

// The series that stands above all others of the panel, if one does.
std::optional<size_t> StandsOut(const Panel& panel) {
  std::vector<Box> boxes;
  for (const Series& series : panel.series)
    boxes.push_back(BoxOf(series.values));
  for (size_t i = 0; i < boxes.size(); ++i) {
    bool above = boxes.size() > 1;
    for (size_t j = 0; j < boxes.size(); ++j)
      above &= i == j || boxes[i].q1 > boxes[j].q3;
    if (above) return i;
  }
  return std::nullopt;
}

size_t LabelWidth(const std::vector<Panel>& panels) {
  size_t width = 0;
  for (const Panel& panel : panels) {
    for (const Series& series : panel.series) {
      width = std::max(width, DisplayWidth(series.name));
    }
  }
  return width;
}

Lines RidgePanel(const Panel& panel, Range range, size_t label, size_t bins) {
  Lines lines = {std::string(label + 1, ' ') +
                 Styled(Style::kBold, panel.title)};
  const auto stands_out = StandsOut(panel);
  for (size_t i = 0; i < panel.series.size(); ++i) {
    const Series& series = panel.series[i];
    const std::string ridge =
        Ridge(BinCounts(series.values, range.low, range.high, bins));
    lines.push_back(PadLeft(series.name, label) + " " +
                    Styled(ClassStyle(i), ridge) +
                    (stands_out == i ? "◂" : ""));
  }
  lines.push_back(std::string(label + 1, ' ') +
                  Styled(Style::kDim, AxisLabels(range, bins)));
  return lines;
}

// One box plot lying on its side: "·  ├──▒▒█▒▒▒────┤   ·".
std::string LyingBox(const Box& box, Range range, size_t width) {
  std::vector<std::string> cells(width, " ");
  const auto at = [&](double value) { return Column(value, range, width); };
  cells[at(box.low)] = cells[at(box.high)] = "·";
  for (size_t i = at(box.whisker_low); i <= at(box.whisker_high); ++i)
    cells[i] = "─";
  for (size_t i = at(box.q1); i <= at(box.q3); ++i) cells[i] = "▒";
  cells[at(box.median)] = "█";
  std::string line;
  for (const std::string& cell : cells) line += cell;
  return line;
}

Lines BoxPanel(const Panel& panel, size_t label, size_t width) {
  const Range range = BoxRange(panel);
  Lines lines = {std::string(label + 1, ' ') +
                 Styled(Style::kBold, panel.title)};
  for (size_t i = 0; i < panel.series.size(); ++i) {
    const Series& series = panel.series[i];
    lines.push_back(
        PadLeft(series.name, label) + " " +
        Styled(ClassStyle(i), LyingBox(BoxOf(series.values), range, width)));
  }
  lines.push_back(std::string(label + 1, ' ') +
                  Styled(Style::kDim, AxisLabels(range, width)));
  return lines;
}

// A grid of cells, each of 2 x 4 dots in the Braille block of Unicode.
class Canvas {
 public:
  Canvas(size_t columns, size_t rows)
      : columns_(columns),
        rows_(rows),
        dots_(columns * rows, 0),
        text_(columns * rows) {}

  size_t dot_columns() const { return columns_ * 2; }
  size_t dot_rows() const { return rows_ * 4; }

  void Dot(size_t x, size_t y, Style style) {
    static constexpr unsigned kBits[4][2] = {
        {1, 8}, {2, 16}, {4, 32}, {64, 128}};
    const size_t cell = (y / 4) * columns_ + x / 2;
    dots_[cell] |= kBits[y % 4][x % 2];
    if (text_[cell].empty()) styles_[cell] = style;
  }
  void Text(size_t column, size_t row, const std::string& text, Style style) {
    for (const std::string& point : CodePoints(text)) {
      if (column >= columns_ || row >= rows_) return;
      text_[row * columns_ + column] = point;
      styles_[row * columns_ + column++] = style;
    }
  }
  std::string Row(size_t row) const {
    std::string line;
    for (size_t i = row * columns_; i < (row + 1) * columns_; ++i) {
      const std::string cell = text_[i].empty() ? Braille(dots_[i]) : text_[i];
      line += cell == " " ? cell : Styled(styles_.at(i), cell);
    }
    return line;
  }

 private:
  static std::string Braille(unsigned dots) {
    if (dots == 0) return " ";
    const unsigned code = 0x2800 + dots;
    return {static_cast<char>(0xE0 | (code >> 12)),
            static_cast<char>(0x80 | ((code >> 6) & 63)),
            static_cast<char>(0x80 | (code & 63))};
  }

  size_t columns_, rows_;
  std::vector<unsigned> dots_;
  std::vector<std::string> text_;
  std::map<size_t, Style> styles_;
};

size_t Apart(size_t a, size_t b) { return a > b ? a - b : b - a; }

// Draws a curve over its points, joined by upright strokes where it is steep.
void DrawCurve(Canvas& canvas,
               const std::vector<std::pair<double, double>>& points, Range x,
               Range y, Style style) {
  std::optional<std::pair<size_t, size_t>> previous;
  for (const auto& [px, py] : points) {
    const bool inside = std::isfinite(py) && py >= y.low && py <= y.high &&
                        px >= x.low && px <= x.high;
    if (!inside) {
      previous.reset();
      continue;
    }
    const size_t column = Column(px, x, canvas.dot_columns());
    const size_t row = canvas.dot_rows() - 1 - Column(py, y, canvas.dot_rows());
    if (previous) {
      const auto [from_column, from_row] = *previous;
      const size_t steps = std::max(
          {Apart(column, from_column), Apart(row, from_row), size_t{1}});
      for (size_t i = 1; i < steps; ++i) {
        const double t = static_cast<double>(i) / static_cast<double>(steps);
        const auto mix = [t](size_t a, size_t b) {
          return static_cast<size_t>(std::lround(
              (1 - t) * static_cast<double>(a) + t * static_cast<double>(b)));
        };
        canvas.Dot(mix(from_column, column), mix(from_row, row), style);
      }
    }
    canvas.Dot(column, row, style);
    previous = {column, row};
  }
}

Style DotStyle(DotColour colour) {
  switch (colour) {
    case DotColour::kRed:
      return Style::kBad;
    case DotColour::kGreen:
      return Style::kGood;
    case DotColour::kBlue:
      return Style::kClass0;
    case DotColour::kBlack:
      break;
  }
  return Style::kBold;
}

// The row of the last point that is inside the plot: there the name goes.
size_t NameRow(const std::vector<std::pair<double, double>>& points, Range y,
               size_t rows) {
  for (size_t i = points.size(); i-- > 0;) {
    const double value = points[i].second;
    if (std::isfinite(value) && value >= y.low && value <= y.high) {
      return rows - 1 - Column(value, y, rows);
    }
  }
  return 0;
}

// Names of the curves at the right edge, each in a row of its own.
std::vector<std::string> CurveNames(
    const Curves& figure,
    const std::vector<std::vector<std::pair<double, double>>>& all, Range y,
    size_t rows) {
  std::vector<std::string> names(rows);
  for (size_t i = 0; i < figure.curves.size(); ++i) {
    size_t row = NameRow(all[i], y, rows);
    for (size_t tried = 0; !names[row].empty() && tried < rows; ++tried)
      row = (row + rows - 1) % rows;
    names[row] = Styled(ClassStyle(i), figure.curves[i].name);
  }
  return names;
}

void PlaceDots(Canvas& canvas, const std::vector<Dot>& dots, Range x, Range y,
               size_t columns, size_t rows) {
  for (const Dot& dot : dots) {
    const size_t column = Column(dot.x, x, columns);
    const size_t row = rows - 1 - Column(dot.y, y, rows);
    const size_t wide = DisplayWidth(dot.label) + 2;
    const bool to_left = column + wide > columns && column >= wide;
    canvas.Text(column, row, "●", DotStyle(dot.colour));
    const std::string label = to_left ? dot.label + " " : " " + dot.label + " ";
    canvas.Text(to_left ? column - wide + 1 : column + 1, row, label,
                DotStyle(dot.colour));
  }
}

// Puts axes with the ends of their ranges around the rows of a canvas.
Lines Framed(const Canvas& canvas, size_t columns, size_t rows, Range x,
             Range y, const std::string& x_label, const std::string& y_label,
             const std::vector<std::string>& right) {
  const std::string top = Short(y.high), bottom = Short(y.low);
  const size_t margin = std::max(top.size(), bottom.size()) + 2;
  Lines lines;
  if (!y_label.empty()) lines.push_back(std::string(margin, ' ') + y_label);
  for (size_t row = 0; row < rows; ++row) {
    const std::string label = row == 0 ? top : row + 1 == rows ? bottom : "";
    lines.push_back(PadLeft(label, margin) + " │" + canvas.Row(row) +
                    (right[row].empty() ? "" : " " + right[row]));
  }
  lines.push_back(std::string(margin, ' ') + " └" + Repeat("─", columns));
  lines.push_back(std::string(margin + 2, ' ') + AxisLabels(x, columns));
  if (!x_label.empty()) {
    const size_t centre = columns > DisplayWidth(x_label)
                              ? (columns - DisplayWidth(x_label)) / 2
                              : 0;
    const std::string text = std::string(centre, ' ') + x_label;
    lines.push_back(std::string(margin + 2, ' ') + text);
  }
  return lines;
}

// A bar of eighths of a column, `length` columns long.
std::string Bar(double length) {
  static constexpr std::array<const char*, 8> kParts = {"",  "▏", "▎", "▍",
                                                        "▌", "▋", "▊", "▉"};
  const auto eighths =
      static_cast<size_t>(std::lround(std::max(0.0, length) * 8));
  return Repeat("█", eighths / 8) + kParts[eighths % 8];
}

}  // namespace

Lines DrawText(const Histograms& figure, size_t width) {
  CheckPanels(figure.panels, "Histograms");
  const Range range = HistogramRange(figure);
  const size_t label = LabelWidth(figure.panels);
  // Five panels to a row put ten classes on one page of a terminal
  const size_t per_row =
      std::min<size_t>(figure.panels.size(), width >= 70 ? 5 : 3);
  const size_t bins = std::min<size_t>(60, (width - 2) / per_row - label - 4);
  std::vector<Lines> plots;
  for (const Panel& panel : figure.panels) {
    plots.push_back(RidgePanel(panel, range, label, bins));
  }
  Lines lines = BesideEachOther(plots, label + bins + 2, per_row);
  std::string across =
      figure.x_label.empty() ? "" : "across: " + figure.x_label;
  const auto stands_out = [](const Panel& panel) {
    return StandsOut(panel).has_value();
  };
  if (std::any_of(figure.panels.begin(), figure.panels.end(), stands_out)) {
    across +=
        std::string(across.empty() ? "" : "; ") + "◂ stands above the others";
  }
  if (!across.empty()) lines.push_back("  " + Styled(Style::kDim, across));
  return lines;
}

Lines DrawText(const BoxPlots& figure, size_t width) {
  CheckPanels(figure.panels, "BoxPlots");
  const size_t label = LabelWidth(figure.panels);
  const size_t per_row = std::min<size_t>(figure.panels.size(), 3);
  const size_t columns =
      std::min<size_t>(60, (width - 2) / per_row - label - 3);
  std::vector<Lines> plots;
  for (const Panel& panel : figure.panels)
    plots.push_back(BoxPanel(panel, label, columns));
  return BesideEachOther(plots, label + columns + 1, per_row);
}

Lines DrawText(const Curves& figure, size_t width) {
  const CurveData data = SampleCurves(figure, 2 * width);
  size_t names = 0;
  for (const Curve& curve : figure.curves)
    names = std::max(names, DisplayWidth(curve.name));
  const size_t margin =
      std::max(Short(data.y.low).size(), Short(data.y.high).size());
  const size_t rows = 14,
               columns = std::min<size_t>(64, width - margin - names - 6);
  Canvas canvas(columns, rows);
  for (size_t i = 0; i < data.points.size(); ++i) {
    DrawCurve(canvas, data.points[i], data.x, data.y, ClassStyle(i));
  }
  PlaceDots(canvas, figure.dots, data.x, data.y, columns, rows);
  return Framed(canvas, columns, rows, data.x, data.y, figure.x_label,
                figure.y_label, CurveNames(figure, data.points, data.y, rows));
}

Lines DrawText(const Bars& figure, size_t width) {
  const Range range = BarRange(figure);
  size_t label = 0, name = 0;
  for (const std::string& text : figure.labels)
    label = std::max(label, DisplayWidth(text));
  if (figure.series.size() > 1) {
    for (const Series& series : figure.series)
      name = std::max(name, DisplayWidth(series.name));
  }
  const double columns = static_cast<double>(width - label - name - 16);
  const double scale = columns / std::max(range.high, -range.low);
  Lines lines;
  for (size_t i = 0; i < figure.labels.size(); ++i) {
    for (size_t j = 0; j < figure.series.size(); ++j) {
      const double value = figure.series[j].values[i];
      const size_t colour = figure.series.size() > 1 ? j : i;
      std::string line =
          "  " + PadLeft(j == 0 ? figure.labels[i] : "", label) + " ";
      if (name > 0) line += PadRight(figure.series[j].name, name) + " ";
      line += value < 0 ? "-" : " ";
      line += Styled(ClassStyle(colour), Bar(std::abs(value) * scale));
      lines.push_back(line + " " + PrintNumber(value));
    }
  }
  if (!figure.y_label.empty()) lines.push_back("  " + figure.y_label);
  return lines;
}

Lines DrawText(const Regions& figure, size_t width) {
  CheckRegions(figure);
  const size_t rows = 16, columns = std::min<size_t>(56, width - 14);
  Canvas canvas(columns, rows);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t column = 0; column < columns; ++column) {
      const size_t kind =
          RegionAt(figure, column, rows - 1 - row, columns, rows);
      canvas.Text(column, row, std::to_string(kind % 10), ClassStyle(kind));
    }
  }
  PlaceDots(canvas, figure.dots, figure.x, figure.y, columns, rows);
  Lines lines =
      Framed(canvas, columns, rows, figure.x, figure.y, figure.x_label,
             figure.y_label, std::vector<std::string>(rows));
  for (size_t i = 0; i < figure.classes.size(); ++i) {
    lines.push_back("    " + Styled(ClassStyle(i), std::to_string(i)) + " " +
                    figure.classes[i]);
  }
  return lines;
}

}  // namespace surprisal::literate
