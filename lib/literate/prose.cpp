#include "literate/prose.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "literate/highlight.h"
#include "literate/tex.h"
#include "surprisal/common/error.h"

namespace surprisal::literate {
namespace {

bool IsWordChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// The commands that stand before one word, and how that word is set.
std::optional<Style> WordCommand(std::string_view name) {
  if (name == "a" || name == "e" || name == "em") return Style::kItalic;
  if (name == "b") return Style::kBold;
  if (name == "c" || name == "p") return Style::kCode;
  return std::nullopt;
}

// Turns the inline marks of one paragraph into styled text.
class Inline {
 public:
  Inline(std::string_view text, const ProseOptions& options)
      : text_(text), options_(options) {}

  std::string Render() {
    while (at_ < text_.size()) One();
    return out_;
  }

 private:
  std::string_view Rest() const { return text_.substr(at_); }

  void One() {
    const char c = text_[at_];
    if (c == '`') {
      CodeSpan();
    } else if (c == '\\' || (c == '@' && Rest().starts_with("@ref "))) {
      Command();
    } else if (c == '*' || c == '_') {
      Emphasis(c);
    } else if (c == '[') {
      Link();
    } else {
      out_ += text_[at_++];
    }
  }

  std::string Code(std::string_view code) const {
    const std::string text = Unbreakable(Trim(code));
    return options_.colour ? Styled(Style::kCode, text) : "`" + text + "`";
  }

  void CodeSpan() {
    const size_t ticks = std::min(Rest().find_first_not_of('`'), Rest().size());
    const std::string mark(ticks, '`');
    const size_t end = text_.find(mark, at_ + ticks);
    if (end == std::string_view::npos) throw Error("` without its end");
    out_ += Code(text_.substr(at_ + ticks, end - at_ - ticks));
    at_ = end + ticks;
  }

  // *em*, **bold**, _em_: only where a word begins, as in Markdown.
  void Emphasis(char mark) {
    const bool twice = Rest().starts_with(std::string(2, mark));
    const size_t marks = twice ? 2 : 1;
    const bool inside_word = at_ > 0 && IsWordChar(text_[at_ - 1]);
    const size_t end = text_.find(std::string(marks, mark), at_ + marks);
    const bool opens = !inside_word && end != std::string_view::npos &&
                       at_ + marks < text_.size() &&
                       text_[at_ + marks] != ' ' && text_[end - 1] != ' ' &&
                       end > at_ + marks;
    if (!opens) {
      out_ += text_.substr(at_, marks);
      at_ += marks;
      return;
    }
    const std::string_view inner = text_.substr(at_ + marks, end - at_ - marks);
    out_ += Styled(twice ? Style::kBold : Style::kItalic,
                   Inline(inner, options_).Render());
    at_ = end + marks;
  }

  void Link() {
    const size_t middle = text_.find("](", at_);
    const size_t end = text_.find(')', middle);
    const std::string_view label = text_.substr(at_ + 1, middle - at_ - 1);
    if (middle == std::string_view::npos || end == std::string_view::npos ||
        label.find(']') != std::string_view::npos) {
      out_ += text_[at_++];
      return;
    }
    const std::string_view target = text_.substr(middle + 2, end - middle - 2);
    out_ += Inline(label, options_).Render();
    if (target.starts_with("http")) out_ += " (" + std::string(target) + ")";
    at_ = end + 1;
  }

  void Command() {
    if (Rest().starts_with("\\f$")) return Formula();
    const size_t begin = at_ + 1;
    size_t end = begin;
    while (end < text_.size() &&
           std::isalpha(static_cast<unsigned char>(text_[end]))) {
      ++end;
    }
    const std::string_view name = text_.substr(begin, end - begin);
    if (name.empty()) {  // an escaped sign
      at_ = std::min(begin + 1, text_.size());
      out_ += text_.substr(begin, at_ - begin);
    } else if (name == "ref") {
      at_ = end;
      Reference();
    } else if (const auto style = WordCommand(name)) {
      at_ = end;
      const std::string word = NextWord();
      out_ += *style == Style::kCode ? Code(word) : Styled(*style, word);
    } else {
      throw Error("unknown command \\" + std::string(name));
    }
  }

  void Formula() {
    const size_t begin = at_ + 3;
    const size_t end = text_.find("\\f$", begin);
    if (end == std::string_view::npos) throw Error("\\f$ without its end");
    const std::string formula = TexToUnicode(text_.substr(begin, end - begin));
    out_ += DisplayWidth(formula) <= 24 ? Unbreakable(formula) : formula;
    at_ = end + 3;
  }

  std::string NextWord() {
    at_ = std::min(text_.find_first_not_of(" \n", at_), text_.size());
    const size_t begin = at_;
    while (at_ < text_.size() && (IsWordChar(text_[at_]) || text_[at_] == ':'))
      ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  // \ref id "text", or \ref id with the title of that section or page.
  void Reference() {
    const std::string id = NextWord();
    if (Rest().starts_with(" \"")) {
      const size_t end = text_.find('"', at_ + 2);
      if (end == std::string_view::npos)
        throw Error("\\ref with an open quote");
      out_ += text_.substr(at_ + 2, end - at_ - 2);
      at_ = end + 1;
      return;
    }
    const auto title = options_.titles.find(id);
    if (title != options_.titles.end()) {
      out_ += Inline(title->second, options_).Render();
    } else if (std::isupper(static_cast<unsigned char>(id[0])) ||
               id.find("::") != std::string::npos) {
      out_ += Code(id);  // a name of the API
    } else {
      throw Error("\\ref " + id +
                  " names no section here: give its text in quotes");
    }
  }

  std::string_view text_;
  const ProseOptions& options_;
  size_t at_ = 0;
  std::string out_;
};

std::string Substitute(std::string_view text, const ProseOptions& options) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const size_t open = text.find("{{", at);
    const size_t close = text.find("}}", open);
    result += text.substr(at, open - at);
    if (open == std::string_view::npos) break;
    result += options.resolve(Trim(text.substr(open + 2, close - open - 2)));
    at = close + 2;
  }
  return result;
}

struct Bullet {
  size_t indent = 0;
  std::string mark;  // "•", or "1." and so on
  std::string text;
};

std::optional<Bullet> ParseBullet(std::string_view line) {
  const size_t indent = std::min(line.find_first_not_of(' '), line.size());
  const std::string_view rest = line.substr(indent);
  if (rest.starts_with("-# "))
    return Bullet{indent, "#", std::string(rest.substr(3))};
  if (rest.starts_with("- ") || rest.starts_with("* ") ||
      rest.starts_with("+ ")) {
    return Bullet{indent, "•", std::string(rest.substr(2))};
  }
  size_t digits = 0;
  while (digits < rest.size() &&
         std::isdigit(static_cast<unsigned char>(rest[digits]))) {
    ++digits;
  }
  if (digits == 0 || digits > 2 || rest.substr(digits, 2) != ". ") return {};
  return Bullet{indent, std::string(rest.substr(0, digits + 1)),
                std::string(rest.substr(digits + 2))};
}

std::string Command(std::string_view line) {
  if (line.empty() || (line[0] != '\\' && line[0] != '@')) return {};
  size_t end = 1;
  while (end < line.size() &&
         std::isalpha(static_cast<unsigned char>(line[end])))
    ++end;
  return std::string(line.substr(1, end - 1));
}

std::string Strip(std::string_view line) { return std::string(Trim(line)); }

// Splits the lines of a prose block into Markdown blocks and renders each.
class Blocks {
 public:
  Blocks(const Part& prose, std::string_view path, const ProseOptions& options)
      : lines_(SplitLines(prose.text)),
        first_line_(prose.line),
        path_(path),
        options_(options) {}

  std::vector<Lines> Render() {
    try {
      while (at_ < lines_.size()) Block();
    } catch (const Error& error) {
      const int line = first_line_ + static_cast<int>(block_);
      throw Error(std::string(path_) + ":" + std::to_string(line) + ": " +
                  error.what());
    }
    return std::move(blocks_);
  }

 private:
  std::string_view Line() const { return lines_[at_]; }
  bool AtEnd() const { return at_ >= lines_.size(); }
  void Add(Lines lines) {
    if (!lines.empty()) blocks_.push_back(std::move(lines));
  }
  std::string Marked(std::string_view text) const {
    return Inline(Substitute(text, options_), options_).Render();
  }

  void Block() {
    block_ = at_;
    const std::string line = Strip(Line());
    const std::string command = Command(line);
    if (line.empty()) {
      ++at_;
    } else if (line.starts_with("\\f[") || line.starts_with("\\f{")) {
      Formula();
    } else if (command == "code" || command == "verbatim") {
      Listing("\\end" + command);
    } else if (line.starts_with("```") || line.starts_with("~~~")) {
      Listing(line.substr(0, 3));
    } else if (line.starts_with("|")) {
      Table();
    } else if (line.starts_with("#")) {
      Heading(line.starts_with("###")  ? 3
              : line.starts_with("##") ? 2
                                       : 1,
              Strip(line.substr(
                  std::min(line.find_first_not_of('#'), line.size()))));
    } else if (!BlockCommand(command, line)) {
      ParseBullet(Line()) ? List() : Paragraph({});
    }
  }

  // Commands that are lines of their own. False: the line is ordinary text.
  bool BlockCommand(const std::string& command, const std::string& line) {
    static const std::map<std::string, std::string> kLeads = {
        {"note", "Note: "},     {"warning", "Warning: "},
        {"remark", "Remark: "}, {"see", "See "},
        {"sa", "See "},         {"attention", "Attention: "},
        {"brief", ""}};
    const std::string rest =
        Strip(line.substr(std::min(command.size() + 1, line.size())));
    if (command == "page" || command == "section" || command == "subsection" ||
        command == "subsubsection") {
      const size_t space = std::min(rest.find(' '), rest.size());
      Heading(command == "page"      ? 0
              : command == "section" ? 1
                                     : 2,
              Strip(rest.substr(space)));
    } else if (command == "tableofcontents" || command == "anchor" ||
               command == "file" || command == "ingroup" ||
               command == "live") {  // moves on the site, not here
      ++at_;
    } else if (command == "par") {
      ++at_;
      if (!rest.empty()) Add({Styled(Style::kBold, Marked(rest))});
    } else if (const auto lead = kLeads.find(command); lead != kLeads.end()) {
      lines_[at_] = rest;
      Paragraph(lead->second);
    } else {
      return false;
    }
    return true;
  }

  void Heading(int level, const std::string& title) {
    ++at_;
    const std::string text = Marked(title);
    if (options_.colour) {
      Add({Styled(level == 0 ? Style::kTitle : Style::kHeading, text)});
    } else if (level >= 2) {
      Add({text});
    } else {
      Add({text, Repeat(level == 0 ? "=" : "-", DisplayWidth(text))});
    }
  }

  // Whether the current line begins something other than running text.
  bool EndsParagraph() const {
    const std::string line = Strip(Line());
    static constexpr std::string_view kStarts[] = {
        "\\f[",   "\\f{",   "\\section", "\\subsection", "\\par",
        "\\page", "\\note", "\\warning", "\\code",       "\\verbatim",
        "```",    "~~~",    "|",         "\\see ",       "\\sa "};
    const auto starts = [&](std::string_view s) { return line.starts_with(s); };
    return line.empty() || ParseBullet(Line()).has_value() ||
           std::any_of(std::begin(kStarts), std::end(kStarts), starts);
  }

  // Running text up to the next block.
  std::string Text() {
    std::string text = Strip(lines_[at_++]);
    while (!AtEnd() && !EndsParagraph()) text += "\n" + Strip(lines_[at_++]);
    return text;
  }

  void Paragraph(const std::string& lead) {
    const bool quote = Strip(Line()).starts_with("> ");
    std::string text = Text();
    if (!quote) return Add(Wrap(lead + Marked(text), options_.width));
    for (size_t i = 0; i != std::string::npos; i = text.find("\n> ", i)) {
      text.erase(i + (i > 0 ? 1 : 0), 2);
    }
    Add(Wrap(Marked(text), options_.width, {"  │ ", "  │ "}));
  }

  void List() {
    Lines list;
    const size_t base = ParseBullet(Line())->indent;
    int number = 0;
    while (!AtEnd()) {
      if (Strip(Line()).empty() && at_ + 1 < lines_.size() &&
          ParseBullet(lines_[at_ + 1])) {
        ++at_;
        continue;
      }
      auto bullet = ParseBullet(Line());
      if (!bullet) break;
      if (bullet->mark == "#") bullet->mark = std::to_string(++number) + ".";
      lines_[at_] = bullet->text;
      const size_t depth = bullet->indent > base ? 4 : 2;
      const std::string margin(depth, ' ');
      const std::string hang(depth + DisplayWidth(bullet->mark) + 1, ' ');
      const Lines item = Wrap(Marked(Text()), options_.width,
                              {margin + bullet->mark + " ", hang});
      list.insert(list.end(), item.begin(), item.end());
    }
    Add(std::move(list));
  }

  void Formula() {
    const std::string end = Strip(Line()).starts_with("\\f[") ? "\\f]" : "\\f}";
    std::string text = Strip(lines_[at_++]);
    while (text.find(end, 3) == std::string::npos) {
      if (AtEnd()) throw Error("displayed formula without " + end);
      text += "\n" + lines_[at_++];
    }
    const size_t close = text.find(end, 3);
    size_t begin = 3;
    if (end == "\\f}")
      begin = text.find('}') + (text.find("}{") == text.find('}') ? 2 : 1);
    Lines lines =
        TexToLines(Substitute(text.substr(begin, close - begin), options_));
    for (std::string& line : lines) line = "    " + line;
    Add(std::move(lines));
    // Text may go on behind the formula
    const std::string rest = Strip(text.substr(close + 3));
    if (!rest.empty()) lines_[--at_] = rest;
  }

  void Listing(const std::string& end) {
    const std::string open = Strip(lines_[at_++]);
    std::string code;
    while (!AtEnd() && !Strip(Line()).starts_with(end))
      code += lines_[at_++] + "\n";
    if (AtEnd()) throw Error("listing without " + end);
    ++at_;
    const bool cpp = open.find("cpp") != std::string::npos || open == "\\code";
    Lines lines = cpp ? Highlight(code) : SplitLines(code);
    for (std::string& line : lines) line = "    " + line;
    Add(std::move(lines));
  }

  std::vector<std::string> Cells(std::string_view row) const {
    std::vector<std::string> cells;
    row = Trim(row).substr(1);
    for (size_t at = 0; at < row.size();) {
      // A bar inside `code` or a formula, or an escaped one, is no border.
      size_t end = at;
      for (bool code = false; end < row.size() && (code || row[end] != '|');
           ++end) {
        if (row[end] == '`' || row.substr(end, 3) == "\\f$") code = !code;
        if (row[end] == '\\' && end + 1 < row.size()) ++end;
      }
      cells.push_back(Marked(Trim(row.substr(at, end - at))));
      at = end + 1;
    }
    return cells;
  }

  void Table() {
    std::vector<std::vector<std::string>> rows;
    std::string rule;
    for (; !AtEnd() && Strip(Line()).starts_with("|"); ++at_) {
      if (Line().find_first_not_of("|-: ") == std::string_view::npos) {
        rule = Strip(Line());
      } else {
        rows.push_back(Cells(Line()));
      }
    }
    Add(Layout(rows, RightAligned(rule)));
  }

  static std::vector<bool> RightAligned(std::string_view rule) {
    std::vector<bool> right;
    for (size_t at = 1; at < rule.size();) {
      const size_t end = std::min(rule.find('|', at), rule.size());
      const std::string_view cell = Trim(rule.substr(at, end - at));
      right.push_back(cell.ends_with(':') && !cell.starts_with(':'));
      at = end + 1;
    }
    return right;
  }

  // Columns as wide as their cells; the last one wraps at the page's width.
  Lines Layout(const std::vector<std::vector<std::string>>& rows,
               const std::vector<bool>& right) const {
    std::vector<size_t> widths;
    for (const auto& row : rows) {
      widths.resize(std::max(widths.size(), row.size()));
      for (size_t i = 0; i < row.size(); ++i) {
        widths[i] = std::max(widths[i], DisplayWidth(row[i]));
      }
    }
    size_t margin = 2;
    for (size_t i = 0; i + 1 < widths.size(); ++i) margin += widths[i] + 2;
    if (!widths.empty() && margin + 16 < options_.width) {
      widths.back() = std::min(widths.back(), options_.width - margin);
    }
    Lines lines;
    for (const auto& row : rows) {
      const Lines cells = TableRow(row, widths, right, margin);
      lines.insert(lines.end(), cells.begin(), cells.end());
      if (lines.size() == cells.size()) {
        lines.push_back("  " + Repeat("─", margin - 2 + widths.back()));
      }
    }
    return lines;
  }

  Lines TableRow(const std::vector<std::string>& row,
                 const std::vector<size_t>& widths,
                 const std::vector<bool>& right, size_t margin) const {
    std::string line = "  ";
    for (size_t i = 0; i + 1 < row.size(); ++i) {
      const bool to_right = i < right.size() && right[i];
      line += (to_right ? PadLeft(row[i], widths[i])
                        : PadRight(row[i], widths[i])) +
              "  ";
    }
    const bool to_right = !right.empty() && right.back();
    const Lines last = Wrap(row.back(), widths.back());
    Lines lines;
    for (const std::string& text : last) {
      lines.push_back((lines.empty() ? line : std::string(margin, ' ')) +
                      (to_right ? PadLeft(text, widths.back()) : text));
    }
    if (last.empty()) lines.push_back(line);
    return lines;
  }

  Lines lines_;
  int first_line_;
  std::string_view path_;
  const ProseOptions& options_;
  size_t at_ = 0;
  size_t block_ = 0;
  std::vector<Lines> blocks_;
};

}  // namespace

std::vector<std::string> Placeholders(std::string_view text) {
  std::vector<std::string> found;
  for (size_t at = 0; (at = text.find("{{", at)) != std::string_view::npos;) {
    const size_t close = text.find("}}", at);
    const size_t line_end = std::min(text.find('\n', at), text.size());
    if (close == std::string_view::npos || close > line_end) {
      throw Error("{{ without its }} on the same line");
    }
    found.emplace_back(Trim(text.substr(at + 2, close - at - 2)));
    at = close + 2;
  }
  return found;
}

std::vector<Lines> RenderProse(const Part& prose, std::string_view path,
                               const ProseOptions& options) {
  Placeholders(prose.text);  // complains about an open one
  return Blocks(prose, path, options).Render();
}

}  // namespace surprisal::literate
