#ifndef SURPRISAL_LITERATE_VALUES_FILE_H_
#define SURPRISAL_LITERATE_VALUES_FILE_H_

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "literate/narrator.h"
#include "literate/recorder.h"
#include "literate/source.h"

namespace surprisal::literate {

/// Writes, as JSON, what the docs site takes from a run: each step's line in
/// the source, printed output, checks and figures, and the text that replaces
/// each {{placeholder}} of the chapter. Throws Error if it cannot be written.
void WriteValuesFile(const std::filesystem::path& path,
                     std::string_view chapter_name, const Chapter& chapter,
                     const Narrator& narrator, const ValueBook& values);

/// What one step gave, as such a file has it.
struct StepValues {
  int checks = 0;
  std::vector<Output> outputs;  // `lines` without styles
};

/// A file that WriteValuesFile() wrote.
struct ChapterValues {
  std::map<std::string, std::string> placeholders;
  std::vector<StepValues> steps;
};

/// Throws Error naming the file if it is not there or not such a file.
ChapterValues ReadValuesFile(const std::filesystem::path& path);

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_VALUES_FILE_H_
