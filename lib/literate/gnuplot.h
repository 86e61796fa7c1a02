#ifndef SURPRISAL_LITERATE_GNUPLOT_H_
#define SURPRISAL_LITERATE_GNUPLOT_H_

#include <string>

namespace surprisal::literate {

/// Runs gnuplot on `script` and returns what it prints. Throws Error if gnuplot
/// is not installed or fails.
std::string RunGnuplot(const std::string& script);

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_GNUPLOT_H_
