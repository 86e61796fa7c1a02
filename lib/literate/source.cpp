#include "literate/source.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "literate/text.h"
#include "surprisal/common/error.h"

namespace surprisal::literate {
namespace {

bool IsWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Walks C++ source one token at a time, so that quotes, braces and comment
// marks inside literals and comments are not mistaken for real ones.
class Scanner {
 public:
  Scanner(std::string_view text, std::string_view path)
      : text_(text), path_(path) {}

  bool AtEnd() const { return at_ >= text_.size(); }
  size_t at() const { return at_; }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  bool StartsWith(std::string_view s) const {
    return text_.substr(at_, s.size()) == s;
  }
  bool AtProse() const { return StartsWith("/**") && !StartsWith("/**/"); }
  bool AtStep() const {
    return StartsWith("STEP(") && (at_ == 0 || !IsWord(text_[at_ - 1]));
  }

  int LineOf(size_t position) const {
    const auto begin = text_.begin();
    return 1 + static_cast<int>(std::count(
                   begin, begin + static_cast<long>(position), '\n'));
  }

  [[noreturn]] void Fail(size_t position, std::string_view what) const {
    throw Error(std::string(path_) + ":" + std::to_string(LineOf(position)) +
                ": " + std::string(what));
  }

  // Passes one comment, literal, word or other character.
  void Next() {
    if (StartsWith("//")) {
      SkipTo("\n", 2, nullptr);
    } else if (StartsWith("/*")) {
      SkipTo("*/", 2, "comment without its end");
    } else if (Peek() == '"') {
      SkipQuoted('"');
    } else if (Peek() == '\'') {
      SkipQuoted('\'');
    } else if (IsWord(Peek())) {
      SkipWord();
    } else {
      ++at_;
    }
  }

  void SkipSpace() {
    while (!AtEnd() && std::isspace(static_cast<unsigned char>(Peek()))) ++at_;
  }
  void Skip(size_t count) { at_ += count; }

 private:
  // A word takes digit separators with it (1'000), and a raw string's prefix
  // decides how the literal after it ends.
  void SkipWord() {
    const size_t begin = at_;
    while (!AtEnd() && (IsWord(Peek()) || IsSeparator())) ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (Peek() == '"' && word.back() == 'R' && word.size() <= 3) SkipRaw();
  }
  bool IsSeparator() const {
    return Peek() == '\'' && at_ + 1 < text_.size() && IsWord(text_[at_ + 1]) &&
           std::isxdigit(static_cast<unsigned char>(text_[at_ - 1])) != 0;
  }
  void SkipRaw() {
    const size_t paren = text_.find('(', at_);
    if (paren == std::string_view::npos) Fail(at_, "raw string without '('");
    std::string end(1, ')');
    end += text_.substr(at_ + 1, paren - at_ - 1);
    end += '"';
    SkipTo(end, 1, "string without its end");
  }
  void SkipQuoted(char quote) {
    const size_t begin = at_++;
    while (!AtEnd() && Peek() != quote && Peek() != '\n') {
      at_ += Peek() == '\\' ? 2 : 1;
    }
    if (Peek() != quote) Fail(begin, "literal without its end");
    ++at_;
  }
  void SkipTo(std::string_view end, size_t from, const char* failure) {
    const size_t found = text_.find(end, at_ + from);
    if (found != std::string_view::npos) {
      at_ = found + end.size();
    } else if (failure == nullptr) {
      at_ = text_.size();
    } else {
      Fail(at_, failure);
    }
  }

  std::string_view text_;
  std::string_view path_;
  size_t at_ = 0;
};

struct Item {
  enum Kind { kProse, kCode, kStep } kind = kCode;
  size_t begin = 0;
  size_t end = 0;
  Step step;
};

// Removes the column of stars that some comments are decorated with.
void StripStars(Lines& lines) {
  const auto starred = [](const std::string& line) {
    const std::string_view rest = Trim(line);
    return rest.empty() || rest[0] == '*';
  };
  if (lines.size() < 2 ||
      !std::all_of(lines.begin() + 1, lines.end(), starred)) {
    return;
  }
  for (size_t i = 1; i < lines.size(); ++i) {
    const size_t star = lines[i].find('*');
    if (star == std::string::npos) continue;
    lines[i].erase(0, star + (lines[i].compare(star, 2, "* ") == 0 ? 2 : 1));
  }
}

std::string Join(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// `comment` is /** ... */ with its marks.
Part Prose(std::string_view comment, int line) {
  Lines lines = SplitLines(comment.substr(3, comment.size() - 5));
  StripStars(lines);
  if (!lines.empty()) lines[0] = std::string(Trim(lines[0]));
  while (!lines.empty() && Trim(lines.back()).empty()) lines.pop_back();
  if (!lines.empty())
    lines.back().erase(lines.back().find_last_not_of(" \t") + 1);
  return {true, line, Join(lines)};
}

// Code without blank lines around it and without its common indentation.
Part Code(std::string_view code, int line) {
  Lines lines = SplitLines(code);
  while (!lines.empty() && Trim(lines.back()).empty()) lines.pop_back();
  while (!lines.empty() && Trim(lines[0]).empty()) {
    lines.erase(lines.begin());
    ++line;
  }
  size_t indent = std::string::npos;
  for (const std::string& text : lines) {
    if (!Trim(text).empty())
      indent = std::min(indent, text.find_first_not_of(' '));
  }
  for (std::string& text : lines) text.erase(0, std::min(indent, text.size()));
  return {false, line, Join(lines)};
}

// Splits source[begin, end) into prose and code; code that is blank is dropped.
std::vector<Part> SplitBody(std::string_view source, size_t begin, size_t end,
                            std::string_view path) {
  std::vector<Part> parts;
  Scanner scan(source.substr(0, end), path);
  scan.Skip(begin);
  size_t code = begin;
  const auto flush = [&](size_t to) {
    Part part = Code(source.substr(code, to - code), scan.LineOf(code));
    if (!part.text.empty()) parts.push_back(std::move(part));
  };
  while (!scan.AtEnd()) {
    const size_t at = scan.at();
    const bool prose = scan.AtProse();
    if (prose) flush(at);
    scan.Next();
    if (!prose) continue;
    parts.push_back(Prose(source.substr(at, scan.at() - at), scan.LineOf(at)));
    code = scan.at();
  }
  flush(end);
  return parts;
}

// Reads the adjacent string literals of STEP("..." "...").
std::string StepTitle(Scanner& scan, std::string_view source) {
  const size_t begin = scan.at();
  scan.Skip(std::string_view("STEP(").size());
  std::string title;
  for (scan.SkipSpace(); scan.Peek() == '"'; scan.SkipSpace()) {
    const size_t quote = scan.at();
    scan.Next();
    for (size_t i = quote + 1; i + 1 < scan.at(); ++i) {
      if (source[i] == '\\') ++i;
      title += source[i];
    }
  }
  if (title.empty() || scan.Peek() != ')') {
    scan.Fail(begin, "STEP takes one title of string literals");
  }
  scan.Skip(1);
  return title;
}

Item ScanStep(Scanner& scan, std::string_view source, std::string_view path) {
  Item item{Item::kStep, scan.at(), 0, {}};
  item.step.line = scan.LineOf(scan.at());
  item.step.title = StepTitle(scan, source);
  scan.SkipSpace();
  if (scan.Peek() != '{') scan.Fail(item.begin, "STEP(...) without '{'");
  const size_t body = scan.at() + 1;
  int depth = 0;
  do {
    if (scan.AtEnd()) scan.Fail(item.begin, "STEP without its closing brace");
    depth += scan.Peek() == '{' ? 1 : scan.Peek() == '}' ? -1 : 0;
    scan.Next();
  } while (depth > 0);
  item.end = scan.at();
  item.step.last_line = scan.LineOf(item.end - 1);
  item.step.body = SplitBody(source, body, item.end - 1, path);
  return item;
}

std::vector<Item> ScanItems(std::string_view source, std::string_view path) {
  std::vector<Item> items;
  Scanner scan(source, path);
  size_t code = 0;
  const auto flush = [&](size_t to) {
    if (Trim(source.substr(code, to - code)).empty()) return;
    // Blank lines belong to no item, so that "touching" can be seen.
    const size_t first = source.find_first_not_of(" \t\r\n", code);
    items.push_back({Item::kCode, first, to, {}});
  };
  while (!scan.AtEnd()) {
    const size_t at = scan.at();
    if (scan.AtStep()) {
      flush(at);
      items.push_back(ScanStep(scan, source, path));
      code = scan.at();
    } else if (scan.AtProse()) {
      flush(at);
      scan.Next();
      items.push_back({Item::kProse, at, scan.at(), {}});
      code = scan.at();
    } else {
      scan.Next();
    }
  }
  flush(source.size());
  return items;
}

// Whether no blank line lies between two items.
bool Touches(std::string_view source, const Item& first, const Item& second) {
  const std::string_view gap =
      source.substr(first.end, second.begin - first.end);
  return std::count(gap.begin(), gap.end(), '\n') <= 1;
}

// Moves what follows the first \section of `prose` into the second part.
std::pair<Part, Part> SplitAtSection(const Part& prose) {
  std::pair<Part, Part> split{{true, prose.line, ""}, {true, prose.line, ""}};
  bool found = false;
  int line = prose.line;
  for (const std::string& text : SplitLines(prose.text)) {
    const std::string_view start = Trim(text);
    if (!found && start.starts_with("\\section ")) {
      found = true;
      split.second.line = line;
    }
    (found ? split.second : split.first).text += text + "\n";
    ++line;
  }
  return split;
}

void AddTitles(const Part& prose, std::map<std::string, std::string>& titles) {
  for (const std::string& text : SplitLines(prose.text)) {
    const std::string_view line = Trim(text);
    for (const std::string_view command :
         {"\\page ", "\\section ", "\\subsection ", "\\subsubsection "}) {
      if (!line.starts_with(command)) continue;
      const std::string_view rest = Trim(line.substr(command.size()));
      const size_t space = std::min(rest.find(' '), rest.size());
      titles[std::string(rest.substr(0, space))] = Trim(rest.substr(space));
    }
  }
}

// Deals the items out to the steps, by the rules that Step documents.
class Dealer {
 public:
  explicit Dealer(std::string_view source, Chapter& chapter)
      : source_(source), chapter_(chapter) {}

  void Deal(const Item* previous, Item& item, int line) {
    const bool touches =
        previous != nullptr && Touches(source_, *previous, item);
    const std::string_view text =
        source_.substr(item.begin, item.end - item.begin);
    if (item.kind == Item::kStep) {
      item.step.before = std::exchange(pending_, {});
      chapter_.steps.push_back(std::move(item.step));
    } else if (item.kind == Item::kProse) {
      DealProse(Prose(text, line), touches && previous->kind == Item::kStep);
    } else if (touches && previous->kind == Item::kProse) {
      pending_.push_back(Code(text, line));
    }
  }

  void Finish() {
    auto& after = chapter_.steps.back().after;
    after.insert(after.end(), pending_.begin(), pending_.end());
  }

 private:
  void DealProse(const Part& prose, bool is_afterword) {
    AddTitles(prose, chapter_.titles);
    if (!is_afterword) {
      pending_.push_back(prose);
      return;
    }
    auto [mine, next] = SplitAtSection(prose);
    if (!Trim(mine.text).empty()) chapter_.steps.back().after.push_back(mine);
    if (!next.text.empty()) pending_.push_back(next);
  }

  std::string_view source_;
  Chapter& chapter_;
  std::vector<Part> pending_;
};

}  // namespace

Chapter ParseChapter(std::string_view source, std::string_view path) {
  Chapter chapter;
  chapter.path = path;
  std::vector<Item> items = ScanItems(source, path);
  const Scanner lines(source, path);
  Dealer dealer(source, chapter);
  for (size_t i = 0; i < items.size(); ++i) {
    dealer.Deal(i == 0 ? nullptr : &items[i - 1], items[i],
                lines.LineOf(items[i].begin));
  }
  if (chapter.steps.empty()) lines.Fail(0, "chapter without a STEP");
  dealer.Finish();
  return chapter;
}

}  // namespace surprisal::literate
