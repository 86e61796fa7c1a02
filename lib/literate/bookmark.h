#ifndef SURPRISAL_LITERATE_BOOKMARK_H_
#define SURPRISAL_LITERATE_BOOKMARK_H_

#include <filesystem>
#include <optional>
#include <string>

namespace surprisal::literate {

/// Where the reader is. The file holds one line, "02_softmax 4" (steps count
/// from 1), or "02_softmax finished".
struct Bookmark {
  std::string chapter;
  size_t step = 0;  // from 0
  bool finished = false;
};

/// ${XDG_STATE_HOME:-~/.local/state}/surprisal/progress, or nothing where
/// neither XDG_STATE_HOME nor HOME is set.
std::optional<std::filesystem::path> BookmarkPath();

/// Writes the file whole or not at all; a folder that cannot be written only
/// costs the reader the bookmark.
void SaveBookmark(const std::filesystem::path& path, const Bookmark& bookmark);

/// Nothing if there is no file. Throws Error if the file makes no sense.
std::optional<Bookmark> LoadBookmark(const std::filesystem::path& path);

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_BOOKMARK_H_
