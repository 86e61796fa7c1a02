#include "literate/highlight.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string>

namespace surprisal::literate {
namespace {

bool IsWordChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool IsKeyword(std::string_view word) {
  static constexpr std::string_view kWords[] = {
      "auto",        "bool",     "break",     "case",     "char",
      "class",       "const",    "constexpr", "continue", "default",
      "delete",      "do",       "double",    "else",     "enum",
      "false",       "float",    "for",       "if",       "inline",
      "int",         "int32_t",  "int64_t",   "long",     "namespace",
      "new",         "nullptr",  "return",    "size_t",   "static",
      "static_cast", "struct",   "switch",    "template", "this",
      "throw",       "true",     "try",       "catch",    "typename",
      "uint32_t",    "uint64_t", "uint8_t",   "unsigned", "using",
      "void",        "while",    "STEP",      "CHECK",    "Show",
      "Figure"};
  return std::find(std::begin(kWords), std::end(kWords), word) !=
         std::end(kWords);
}

// One line at a time; only a block comment reaches over the end of a line.
class Highlighter {
 public:
  std::string Line(std::string_view line) {
    line_ = line;
    at_ = 0;
    out_.clear();
    if (in_comment_) BlockComment(0);
    while (at_ < line_.size()) One();
    return out_;
  }

 private:
  void One() {
    const char c = line_[at_];
    const std::string_view rest = line_.substr(at_);
    if (rest.starts_with("//")) {
      Take(line_.size(), Style::kDim);
    } else if (rest.starts_with("/*")) {
      BlockComment(2);
    } else if (c == '"' || c == '\'') {
      Take(QuoteEnd(c), Style::kString);
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      Take(NumberEnd(), Style::kNumber);
    } else if (IsWordChar(c)) {
      Word();
    } else if (c == '#' && out_.find_first_not_of(' ') == std::string::npos) {
      Take(line_.size(), Style::kKeyword);
    } else {
      out_ += line_[at_++];
    }
  }

  void Take(size_t end, Style style) {
    out_ += Styled(style, line_.substr(at_, end - at_));
    at_ = end;
  }
  void BlockComment(size_t opening) {
    const size_t end = line_.find("*/", at_ + opening);
    in_comment_ = end == std::string_view::npos;
    Take(in_comment_ ? line_.size() : end + 2, Style::kDim);
  }
  size_t QuoteEnd(char quote) const {
    size_t end = at_ + 1;
    while (end < line_.size() && line_[end] != quote)
      end += line_[end] == '\\' ? 2 : 1;
    return std::min(end + 1, line_.size());
  }
  size_t NumberEnd() const {
    size_t end = at_ + 1;
    while (end < line_.size() &&
           (IsWordChar(line_[end]) || line_[end] == '.' || line_[end] == '\'' ||
            ((line_[end] == '+' || line_[end] == '-') &&
             IsExponent(line_[end - 1])))) {
      ++end;
    }
    return end;
  }
  bool IsExponent(char c) const {
    const bool hex =
        line_.substr(at_, 2) == "0x" || line_.substr(at_, 2) == "0X";
    return hex ? c == 'p' || c == 'P' : c == 'e' || c == 'E';
  }
  void Word() {
    size_t end = at_;
    while (end < line_.size() && IsWordChar(line_[end])) ++end;
    const std::string_view word = line_.substr(at_, end - at_);
    out_ += IsKeyword(word) ? Styled(Style::kKeyword, word) : std::string(word);
    at_ = end;
  }

  std::string_view line_;
  size_t at_ = 0;
  std::string out_;
  bool in_comment_ = false;
};

}  // namespace

Lines Highlight(std::string_view code) {
  Lines lines = SplitLines(code);
  Highlighter highlighter;
  for (std::string& line : lines) line = highlighter.Line(line);
  return lines;
}

}  // namespace surprisal::literate
