#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "literate/literate.h"

using namespace surprisal::literate;

/** \page sample A sample – everything a chapter can say
\tableofcontents
This chapter belongs to the tests of `lib/literate`. After it you will be able
to
- read *prose* with **marks**, `code` and a formula such as \f$\hat{y}_c \in
\mathbb{R}\f$;
- see values, tables and figures;
- follow a link to \ref sample_mend, and one [to a site](https://example.org/).

\section sample_values Values
Three numbers, and the law that they follow:
\f[
\operatorname{mean}(x) = \frac{1}{N} \sum_{i=1}^{N} x_i
\f] */

/** A helper that stands below its prose is part of the story. */
double Mean(const std::vector<double>& x) {
  return std::accumulate(x.begin(), x.end(), 0.0) /
         static_cast<double>(x.size());
}

// What no prose introduces is not told.
const std::vector<double>& Numbers() {
  static const std::vector<double> numbers = {0.5, 1.25, -3, 1e-7, 12345.678};
  return numbers;
}

STEP("a mean is a number") {
  const double mean = Mean(Numbers());
  Show("numbers", Numbers());
  Show("mean", mean);
  Show("mean in hex", mean, {.hex = true});
  CHECK(mean > 0);
}
/** The mean is {{mean}}, or {{mean:2}} in short; the third number is
{{numbers[2]}}.

\section sample_table Tables
A table has named columns:

| quantity | unit |  worth |
|----------|:-----|-------:|
| loss     | nats |  `0.5` |
| \f$p_k\f$ | none | 1 |
*/

STEP("rows and columns line up at the point") {
  Show("losses", Table{.columns = {"network", "mean", "images"},
                       .rows = {{"untrained", 2.302585093, 1000},
                                {"trained", 0.25, 60000}}});
  Show("matrix", std::vector<std::vector<double>>{{1, 0.5}, {-0.25, 100}},
       {.digits = 3});
  // A bracket in a string, "}", is no bracket.
  CHECK(std::string("}").size() == 1);
  CHECK(1 + 1 == 2);
}
/** An untrained network loses {{losses[untrained][mean]:3}} nats, about ln 10.
 */

/** \section sample_figures Figures
Curves first, then a few bars. */
STEP("a figure is data") {
  Figure("minus_log",
         "The surprisal falls to zero as the probability rises to one.",
         Curves{.x_label = "probability",
                .y_label = "surprisal (nats)",
                .x = {0, 1},
                .y = {0, 5},
                .curves = {{.name = "-log p",
                            .function = [](double p) { return -std::log(p); }},
                           {.name = "1 - p",
                            .function = [](double p) { return 1 - p; }}},
                .dots = {{0.1, 2.302585, "sure of the wrong", DotColour::kRed},
                         {0.9, 0.105361, "right", DotColour::kGreen}}});
  Figure("weights", "Three weights.",
         Bars{.labels = {"cat", "dog", "owl"},
              .series = {{"weight", {0.2, 0.7, 0.1}}}});
}

/** \section sample_mend What goes wrong
One sample from each of three classes, drawn by a rule and not by chance. */
STEP("distributions have shapes") {
  std::vector<Panel> panels;
  for (size_t digit = 0; digit < 10; ++digit) {
    Panel panel = {.title = "digit " + std::to_string(digit)};
    for (size_t output = 0; output < 10; ++output) {
      Series series = {.name = std::to_string(output)};
      for (int i = 1; i < 200; ++i) {
        const double u = i / 200.0;
        const double spread = std::log(u / (1 - u));
        series.values.push_back(
            spread + (output == digit ? 12 : std::sin(3.0 * (output + digit))));
      }
      panel.series.push_back(series);
    }
    panels.push_back(panel);
  }
  Figure("histograms", "One output stands out for each digit.",
         Histograms{.x_label = "raw output", .panels = panels});
  Figure("boxes", "The same as boxes.",
         BoxPlots{.panels = {panels[0], panels[1], panels[2]}});
  CHECK(panels.size() == 10);
}
/** > A quotation ends the tour.

Ordered things:
1. one, which is a rather long line that has to be wrapped at the width of the
page to be read;
2. two. */
