#ifndef SURPRISAL_LITERATE_PROGRESS_BAR_H_
#define SURPRISAL_LITERATE_PROGRESS_BAR_H_

#include <cstdio>
#include <string>
#include <string_view>

namespace surprisal::literate {

/// Progress of long work, on stderr: a bar that is redrawn where stderr is a
/// terminal, else a line at every tenth of the way.
class ProgressBar {
 public:
  /// Throws Error if `total` is 0.
  ProgressBar(std::string_view title, size_t total);
  /// For tests: draws to `out` as if it were a terminal or not.
  ProgressBar(std::string_view title, size_t total, std::FILE* out,
              bool is_terminal);

  /// `done` of `total` steps are done; `note` is printed behind the bar.
  void Update(size_t done, std::string_view note = {});
  /// Ends the line of the bar.
  void Finish();

 private:
  std::string title_;
  size_t total_;
  std::FILE* out_;
  bool is_terminal_;
  size_t drawn_ = 0;  // per mille on a terminal, else tenths
  bool open_ = false;
};

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_PROGRESS_BAR_H_
