#ifndef SURPRISAL_LITERATE_VALUES_FILE_H_
#define SURPRISAL_LITERATE_VALUES_FILE_H_

#include <filesystem>
#include <string_view>

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

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_VALUES_FILE_H_
