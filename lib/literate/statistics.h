#ifndef SURPRISAL_LITERATE_STATISTICS_H_
#define SURPRISAL_LITERATE_STATISTICS_H_

#include <span>
#include <vector>

/// The numbers behind the figures, computed here so that they are the same
/// whatever draws them.
namespace surprisal::literate {

/// The `q` quantile, q in [0, 1], of values sorted upwards, interpolated
/// linearly between neighbours (Hyndman and Fan's type 7: that of numpy and R).
/// Throws Error if there are no values or q is outside [0, 1].
double Quantile(std::span<const double> sorted, double q);

/// Tukey's box: quartiles, whiskers at the last values within 1.5 times the
/// box's height of the box, and the extremes.
struct Box {
  double low = 0, whisker_low = 0, q1 = 0, median = 0, q3 = 0, whisker_high = 0,
         high = 0;
};

/// Throws Error if `values` is empty or holds a NaN or an infinity.
Box BoxOf(std::span<const double> values);

/// How many values fall in each of `bins` equal parts of [low, high]; the top
/// edge belongs to the last bin. Values outside count in the bin at that end.
/// Throws Error if bins is 0 or low is not below high.
std::vector<size_t> BinCounts(std::span<const double> values, double low,
                              double high, size_t bins);

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_STATISTICS_H_
