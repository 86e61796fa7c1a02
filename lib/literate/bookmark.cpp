#include "literate/bookmark.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include "surprisal/common/error.h"

namespace surprisal::literate {
namespace {

constexpr size_t kMaxSteps = 1000;

bool IsNumber(const std::string& text) {
  return !text.empty() && text.size() < 5 &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::optional<std::filesystem::path> BookmarkPath() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  std::filesystem::path folder;
  if (state != nullptr &&
      *state == '/') {  // the XDG rules ignore relative ones
    folder = state;
  } else if (home != nullptr && *home != '\0') {
    folder = std::filesystem::path(home) / ".local/state";
  } else {
    return std::nullopt;
  }
  return folder / "surprisal" / "progress";
}

void SaveBookmark(const std::filesystem::path& path, const Bookmark& bookmark) {
  std::error_code ignored;
  std::filesystem::create_directories(path.parent_path(), ignored);
  std::filesystem::path draft = path;
  draft += ".new";
  {
    std::ofstream file(draft);
    file << bookmark.chapter << ' '
         << (bookmark.finished ? "finished" : std::to_string(bookmark.step + 1))
         << '\n';
    if (!file.flush()) return;
  }
  std::filesystem::rename(draft, path, ignored);
}

std::optional<Bookmark> LoadBookmark(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::string text(200, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  std::istringstream words(text);
  std::string chapter, step, more;
  words >> chapter >> step;
  const bool finished = step == "finished";
  const size_t number = IsNumber(step) ? std::stoul(step) : 0;
  if (chapter.empty() || words >> more ||
      (!finished && (number < 1 || number > kMaxSteps))) {
    throw Error(path.string() +
                " is damaged: it should hold a chapter and a step from 1 to " +
                std::to_string(kMaxSteps) + ", such as \"02_softmax 4\"");
  }
  return Bookmark{chapter, finished ? 0 : number - 1, finished};
}

}  // namespace surprisal::literate
