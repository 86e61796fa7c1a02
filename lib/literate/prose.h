#ifndef SURPRISAL_LITERATE_PROSE_H_
#define SURPRISAL_LITERATE_PROSE_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "literate/source.h"
#include "literate/text.h"

namespace surprisal::literate {

/// How prose is set, and what it refers to.
struct ProseOptions {
  size_t width = 78;
  bool colour = false;  // without colour, `code` keeps its backticks
  std::map<std::string, std::string> titles;  // for \ref, by id
  /// The text for `{{placeholder}}`; throws Error if there is none.
  std::function<std::string(std::string_view placeholder)> resolve;
};

/// The placeholders of `text`, "name[1]:3" for `{{name[1]:3}}`, in order.
/// Throws Error for a "{{" without its "}}" on the same line.
std::vector<std::string> Placeholders(std::string_view text);

/// Doxygen Markdown as terminal text: one group of lines for each paragraph,
/// heading, list, table, formula or listing, so that a pager can break between
/// them. Throws Error naming `path` and the line of a command that is unknown.
std::vector<Lines> RenderProse(const Part& prose, std::string_view path,
                               const ProseOptions& options);

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_PROSE_H_
