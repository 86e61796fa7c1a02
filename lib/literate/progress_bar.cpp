#include "literate/progress_bar.h"

#include <unistd.h>

#include <algorithm>

#include "literate/text.h"
#include "surprisal/common/error.h"

namespace surprisal::literate {

ProgressBar::ProgressBar(std::string_view title, size_t total)
    : ProgressBar(title, total, stderr, isatty(STDERR_FILENO) != 0) {}

ProgressBar::ProgressBar(std::string_view title, size_t total, std::FILE* out,
                         bool is_terminal)
    : title_(title), total_(total), out_(out), is_terminal_(is_terminal) {
  if (total == 0) throw Error("ProgressBar: total = 0 is not at least 1");
}

void ProgressBar::Update(size_t done, std::string_view note) {
  done = std::min(done, total_);
  const size_t mark = done * (is_terminal_ ? 1000 : 10) / total_;
  if (mark == drawn_ && (!is_terminal_ || open_)) return;
  drawn_ = mark;
  const int percent = static_cast<int>(done * 100 / total_);
  const std::string text(note);
  if (!is_terminal_) {
    std::fprintf(out_, "%s: %d%%  %s\n", title_.c_str(), percent, text.c_str());
    return;
  }
  constexpr size_t kCells = 30;
  const size_t full = done * kCells / total_;
  const std::string bar = Repeat("█", full) + Repeat("░", kCells - full);
  std::fprintf(out_, "\r%s %s %3d%%  %s\x1b[K", title_.c_str(), bar.c_str(),
               percent, text.c_str());
  std::fflush(out_);
  open_ = true;
}

void ProgressBar::Finish() {
  if (open_) std::fputc('\n', out_);
  open_ = false;
}

}  // namespace surprisal::literate
