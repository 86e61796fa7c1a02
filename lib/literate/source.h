#ifndef SURPRISAL_LITERATE_SOURCE_H_
#define SURPRISAL_LITERATE_SOURCE_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// A chapter's source, taken apart into what a reader sees.
namespace surprisal::literate {

/// A stretch of the source: prose without its comment marks, or code.
struct Part {
  bool is_prose = false;
  int line = 0;  // of the source, 1-based, where `text` begins
  std::string text;
};

/// One STEP with the text that belongs to it.
///
/// A prose block that touches the closing brace of a step (no blank line in
/// between) is its afterword, up to the first `\section` in it. All other prose
/// outside of steps leads up to the next step, or, after the last step, ends
/// the chapter. Code outside of steps is shown only where it touches the end
/// of a prose block, and then up to the next prose block or step.
struct Step {
  std::string title;
  int line = 0;
  int last_line = 0;  // with the closing brace
  std::vector<Part> before;
  std::vector<Part> body;  // the code between the braces, and prose in it
  std::vector<Part> after;
};

/// A source file taken apart.
struct Chapter {
  std::string path;  // for messages
  std::vector<Step> steps;
  std::map<std::string, std::string> titles;  // of \page and \section by id
};

/// Takes `source` apart. Throws Error naming `path` and the line for a comment,
/// string or step that never ends, a STEP without a title of string literals,
/// and a chapter without steps.
Chapter ParseChapter(std::string_view source, std::string_view path);

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_SOURCE_H_
