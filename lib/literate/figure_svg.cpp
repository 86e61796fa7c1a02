#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "literate/figure.h"
#include "literate/figure_data.h"
#include "literate/gnuplot.h"
#include "literate/statistics.h"

namespace surprisal::literate {
namespace {

// M. A. Petroff's sequence of ten, optimised for colour-vision deficiencies
// ("Accessible Color Sequences for Data Visualization", 2021).
constexpr std::array<const char*, 10> kPalette = {
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd"};

const char* ColourOf(size_t i) { return kPalette[i % kPalette.size()]; }

const char* DotHex(DotColour colour) {
  switch (colour) {
    case DotColour::kRed:
      return "#bd1f01";
    case DotColour::kGreen:
      return "#1a8a3c";
    case DotColour::kBlue:
      return "#3f90da";
    case DotColour::kBlack:
      break;
  }
  return "#222222";
}

// Six figures are more than a pixel and fewer than a libm's last bit.
std::string Number(double value) {
  return std::isfinite(value) ? fmt::format("{:.6g}", value) : "NaN";
}

// A text that gnuplot prints as it stands.
std::string Quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result + "\"";
}

std::string Header(size_t width, size_t height) {
  return fmt::format(
      "set encoding utf8\n"
      "set terminal svg size {},{} dynamic noenhanced font 'sans-serif,13' "
      "linewidth 1\n"
      "set border 3 lw 0.8 lc rgb '#666666'\n"
      "set tics nomirror scale 0.6 textcolor rgb '#333333'\n"
      "unset key\n",
      width, height);
}

std::string RangeLine(const char* axis, Range range) {
  return fmt::format("set {}range [{}:{}]\n", axis, Number(range.low),
                     Number(range.high));
}

std::string Labels(const std::string& x_label, const std::string& y_label) {
  return "set xlabel " + Quoted(x_label) + "\nset ylabel " + Quoted(y_label) +
         "\n";
}

// A label stands to the right of its dot, or where it might be cut off, to the
// left.
std::string DotLines(const std::vector<Dot>& dots, const Range& x) {
  std::string script;
  for (const Dot& dot : dots) {
    const bool near_edge = dot.x > x.low + 0.85 * (x.high - x.low);
    script += fmt::format(
        "set label {} at {},{} {} front point pt 7 ps 0.9 lc rgb '{}' offset "
        "{},0.5 textcolor rgb '{}'\n",
        Quoted(dot.label), Number(dot.x), Number(dot.y),
        near_edge ? "right" : "left", DotHex(dot.colour),
        near_edge ? "-0.9" : "0.9", DotHex(dot.colour));
  }
  return script;
}

// The names of all series in their colours, in one line below the panels.
std::string Legend(const std::vector<Series>& series) {
  std::string script;
  const double step = 0.9 / static_cast<double>(series.size());
  for (size_t i = 0; i < series.size(); ++i) {
    const double x = 0.05 + step * (static_cast<double>(i) + 0.5);
    script += fmt::format(
        "set label {} at screen {},0.03 center textcolor rgb '{}' font "
        "'sans-serif bold,13'\n",
        i + 1, Number(x), ColourOf(i));
    script += fmt::format("set label {} {}\n", i + 1, Quoted(series[i].name));
  }
  return script;
}

// The outline of a histogram, from the first filled bin to the last; its height
// is a share of the sample.
std::string StepBlock(const std::string& block, const Series& series,
                      Range range, size_t bins) {
  const auto counts = BinCounts(series.values, range.low, range.high, bins);
  const double width = (range.high - range.low) / static_cast<double>(bins);
  const auto edge = [&](size_t bin) {
    return Number(range.low + static_cast<double>(bin) * width);
  };
  size_t first = 0, last = bins - 1;
  while (first < last && counts[first] == 0) ++first;
  while (last > first && counts[last] == 0) --last;
  std::string data = "$" + block + " << EOD\n" + edge(first) + " 0\n";
  for (size_t i = first; i <= last; ++i) {
    const double share = static_cast<double>(counts[i]) /
                         static_cast<double>(series.values.size());
    const std::string height = Number(share);
    data += edge(i) + " " + height + "\n" + edge(i + 1) + " " + height + "\n";
  }
  return data + edge(last + 1) + " 0\nEOD\n";
}

std::string HistogramPanel(const Panel& panel, size_t index, Range range,
                           size_t bins) {
  std::string data, plots;
  for (size_t i = 0; i < panel.series.size(); ++i) {
    const std::string block = fmt::format("p{}s{}", index, i);
    data += StepBlock(block, panel.series[i], range, bins);
    plots += fmt::format(
        "{}${} using 1:2 with filledcurves closed "
        "fs transparent solid 0.25 border lw 1.2 lc rgb '{}'",
        i == 0 ? "plot " : ", \\\n  ", block, ColourOf(i));
  }
  return data + "set title " + Quoted(panel.title) + " offset 0,-0.5\n" +
         plots + "\n";
}

std::string Stroke(double x0, double y0, double x1, double y1,
                   const char* look) {
  return fmt::format("set arrow from {},{} to {},{} nohead front {}\n",
                     Number(x0), Number(y0), Number(x1), Number(y1), look);
}

// One standing box plot at `x`, of strokes and a rectangle: gnuplot's own
// candlesticks cannot have each its colour and width.
std::string StandingBox(const Box& box, double x, const char* colour) {
  constexpr double kHalf = 0.32, kCap = 0.16;
  const std::string thin = fmt::format("lw 1.2 lc rgb '{}'", colour);
  return fmt::format(
             "set object rect from {},{} to {},{} fc rgb '{}' fs transparent "
             "solid 0.4 "
             "border lc rgb '{}'\n",
             Number(x - kHalf), Number(box.q1), Number(x + kHalf),
             Number(box.q3), colour, colour) +
         Stroke(x, box.q3, x, box.whisker_high, thin.c_str()) +
         Stroke(x, box.q1, x, box.whisker_low, thin.c_str()) +
         Stroke(x - kCap, box.whisker_high, x + kCap, box.whisker_high,
                thin.c_str()) +
         Stroke(x - kCap, box.whisker_low, x + kCap, box.whisker_low,
                thin.c_str()) +
         Stroke(x - kHalf, box.median, x + kHalf, box.median,
                "lw 2.2 lc rgb '#222222'");
}

std::string BoxPanelScript(const Panel& panel, size_t index) {
  std::string boxes, tics, extremes;
  for (size_t i = 0; i < panel.series.size(); ++i) {
    const Box box = BoxOf(panel.series[i].values);
    boxes += StandingBox(box, static_cast<double>(i), ColourOf(i));
    const auto colour = std::stoul(ColourOf(i) + 1, nullptr, 16);
    for (const double extreme : {box.low, box.high}) {
      extremes += fmt::format("{} {} {}\n", i, Number(extreme), colour);
    }
    tics += fmt::format("{}{} {}", i > 0 ? ", " : "",
                        Quoted(panel.series[i].name), i);
  }
  const double last = static_cast<double>(panel.series.size()) - 1;
  return fmt::format("unset object\nunset arrow\n$b{0} << EOD\n{1}EOD\n", index,
                     extremes) +
         "set title " + Quoted(panel.title) + "\nset xtics (" + tics + ")\n" +
         RangeLine("x", {-0.7, last + 0.7}) + RangeLine("y", BoxRange(panel)) +
         boxes +
         fmt::format(
             "plot $b{} using 1:2:3 with points pt 7 ps 0.3 lc rgb variable\n",
             index);
}

size_t Columns(size_t panels) {
  return panels <= 3 ? panels : panels == 4 ? 2 : std::min<size_t>(5, panels);
}

// One row of a region map as strips of one colour.
std::string Strips(const Regions& figure, size_t row, size_t columns,
                   size_t rows, int& object) {
  const double width =
      (figure.x.high - figure.x.low) / static_cast<double>(columns);
  const double height =
      (figure.y.high - figure.y.low) / static_cast<double>(rows);
  const double bottom = figure.y.low + static_cast<double>(row) * height;
  std::string script;
  for (size_t begin = 0; begin < columns;) {
    const size_t kind = RegionAt(figure, begin, row, columns, rows);
    size_t end = begin + 1;
    while (end < columns && RegionAt(figure, end, row, columns, rows) == kind)
      ++end;
    script += fmt::format(
        "set object {} rect from {},{} to {},{} behind fc rgb '{}' fs solid "
        "0.45 noborder\n",
        ++object, Number(figure.x.low + static_cast<double>(begin) * width),
        Number(bottom), Number(figure.x.low + static_cast<double>(end) * width),
        Number(bottom + height), ColourOf(kind));
    begin = end;
  }
  return script;
}

}  // namespace

std::string DrawSvg(const Histograms& figure) {
  CheckPanels(figure.panels, "Histograms");
  const Range range = HistogramRange(figure);
  const size_t columns = Columns(figure.panels.size());
  const size_t rows = (figure.panels.size() + columns - 1) / columns;
  std::string script =
      Header(200 * std::max<size_t>(columns, 3), 200 * rows + 80);
  script +=
      RangeLine("x", range) + "set yrange [0:*]\nunset ytics\nset border 1\n";
  script += fmt::format(
      "set multiplot layout {},{} margins 0.02,0.98,0.2,0.92 spacing "
      "0.025,0.17\n",
      rows, columns);
  script += Legend(figure.panels[0].series);
  for (size_t i = 0; i < figure.panels.size(); ++i) {
    script += HistogramPanel(figure.panels[i], i, range, figure.bins);
    if (i == 0) script += "unset label\n";
    const bool last_row = i + 1 >= (rows - 1) * columns;
    if (last_row)
      script += "set xlabel " + Quoted(figure.x_label) + " offset 0,0.4\n";
  }
  return RunGnuplot(script + "unset multiplot\n");
}

std::string DrawSvg(const BoxPlots& figure) {
  CheckPanels(figure.panels, "BoxPlots");
  const size_t columns = Columns(figure.panels.size());
  const size_t rows = (figure.panels.size() + columns - 1) / columns;
  std::string script = Header(std::max<size_t>(420, 330 * columns), 300 * rows);
  script += fmt::format("set multiplot layout {},{}\n", rows, columns);
  script += "set ylabel " + Quoted(figure.y_label) +
            "\nset grid y lw 0.5 lc rgb '#dddddd'\n";
  for (size_t i = 0; i < figure.panels.size(); ++i)
    script += BoxPanelScript(figure.panels[i], i);
  return RunGnuplot(script + "unset multiplot\n");
}

std::string DrawSvg(const Curves& figure) {
  const CurveData data = SampleCurves(figure, 401);
  std::string script =
      Header(640, 400) + RangeLine("x", data.x) + RangeLine("y", data.y) +
      Labels(figure.x_label, figure.y_label) + DotLines(figure.dots, data.x);
  script += "set grid lw 0.5 lc rgb '#dddddd'\n";
  if (figure.curves.size() > 1)
    script += "set key outside right top Left reverse samplen 2\n";
  std::string plots;
  for (size_t i = 0; i < figure.curves.size(); ++i) {
    script += fmt::format("$c{} << EOD\n", i);
    for (const auto& [x, y] : data.points[i])
      script += Number(x) + " " + Number(y) + "\n";
    script += "EOD\n";
    plots += fmt::format(
        "{}$c{} using 1:2 with lines lw 2 lc rgb '{}' title {}",
        i == 0 ? "plot " : ", ", i, ColourOf(i), Quoted(figure.curves[i].name));
  }
  return RunGnuplot(script + plots + "\n");
}

std::string DrawSvg(const Bars& figure) {
  const Range range = BarRange(figure);
  const double groups = static_cast<double>(figure.labels.size());
  const double width = 0.8 / static_cast<double>(figure.series.size());
  std::string script = Header(640, 340) + Labels("", figure.y_label);
  script += RangeLine("y", {range.low * 1.08, range.high * 1.08});
  script += fmt::format("set xrange [-0.6:{}]\n", Number(groups - 0.4));
  script +=
      "set grid y lw 0.5 lc rgb '#dddddd'\nset xzeroaxis lt -1\nset xtics "
      "scale 0\n";
  if (figure.series.size() > 1)
    script += "set key outside right top Left reverse samplen 1\n";
  std::string plots, tics;
  for (size_t i = 0; i < figure.labels.size(); ++i) {
    tics +=
        fmt::format("{}{} {}", i > 0 ? ", " : "", Quoted(figure.labels[i]), i);
  }
  for (size_t j = 0; j < figure.series.size(); ++j) {
    script += fmt::format("$s{} << EOD\n", j);
    for (size_t i = 0; i < figure.labels.size(); ++i) {
      const double x =
          static_cast<double>(i) - 0.4 + width * (static_cast<double>(j) + 0.5);
      const size_t colour = figure.series.size() > 1 ? j : i;
      script += fmt::format(
          "{} {} {} {}\n", Number(x), Number(figure.series[j].values[i]),
          Number(width * 0.9), std::stoul(ColourOf(colour) + 1, nullptr, 16));
    }
    script += "EOD\n";
    plots += fmt::format(
        "{}$s{} using 1:2:3:4 with boxes fs solid 0.85 noborder lc rgb "
        "variable notitle",
        j == 0 ? "plot " : ", ", j);
    if (figure.series.size() > 1) {
      plots +=
          fmt::format(", NaN with boxes fs solid 0.85 lc rgb '{}' title {}",
                      ColourOf(j), Quoted(figure.series[j].name));
    }
  }
  return RunGnuplot(script + "set xtics (" + tics + ")\n" + plots + "\n");
}

std::string DrawSvg(const Regions& figure) {
  CheckRegions(figure);
  constexpr size_t kColumns = 120, kRows = 90;
  std::string script =
      Header(640, 480) + RangeLine("x", figure.x) + RangeLine("y", figure.y) +
      Labels(figure.x_label, figure.y_label) + DotLines(figure.dots, figure.x);
  int object = 0;
  for (size_t row = 0; row < kRows; ++row)
    script += Strips(figure, row, kColumns, kRows, object);
  std::string plots = "plot NaN notitle";
  if (!figure.classes.empty())
    script += "set key outside right top Left reverse samplen 1\n";
  for (size_t i = 0; i < figure.classes.size(); ++i) {
    plots += fmt::format(", NaN with boxes fs solid 0.45 lc rgb '{}' title {}",
                         ColourOf(i), Quoted(figure.classes[i]));
  }
  return RunGnuplot(script + plots + "\n");
}

}  // namespace surprisal::literate
