#include "literate/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "surprisal/common/error.h"

namespace surprisal::literate {
namespace {

// One line whatever it holds: line breaks as characters of the page.
std::string Escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\n':
        html += "&#10;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string FigureHtml(const Output& output, const PageFrame& frame) {
  const std::string caption = Escaped(output.caption);
  return fmt::format(
      "<figure><img src=\"{}/{}\" alt=\"{}\"/>"
      "<figcaption>{}</figcaption></figure>",
      frame.figures, Escaped(output.svg), caption, caption);
}

// Printed values, one below the other.
std::string ValuesHtml(const Lines& lines) {
  constexpr std::string_view kMargin = "    ";  // the terminal's
  std::string text;
  for (const std::string& line : lines) {
    const size_t margin = line.starts_with(kMargin) ? kMargin.size() : 0;
    text += line.substr(margin) + "\n";
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return fmt::format("<pre class=\"output\" tabindex=\"0\">{}</pre>",
                     Escaped(text));
}

std::string OutputsHtml(const std::vector<Output>& outputs,
                        const PageFrame& frame) {
  std::string html;
  Lines lines;
  const auto flush = [&] {
    if (!lines.empty()) html += ValuesHtml(std::exchange(lines, {}));
  };
  for (const Output& output : outputs) {
    if (output.is_figure) {
      flush();
      html += FigureHtml(output, frame);
    } else {
      lines.insert(lines.end(), output.lines.begin(), output.lines.end());
    }
  }
  flush();
  return html;
}

std::string StepHtml(const Step& step, const StepValues& values,
                     const PageFrame& frame) {
  std::string html = "<div class=\"run\">";
  html += OutputsHtml(values.outputs, frame);
  html += fmt::format(
      "<p class=\"checks\">{} {} passed · <a href=\"{}#l{:05}\">line {}</a></p>"
      "</div>",
      values.checks, values.checks == 1 ? "check" : "checks", frame.source_url,
      step.line, step.line);
  return html;
}

std::string NavigationHtml(const PageFrame& frame, const std::string& id) {
  const auto is_this = [&](const PageName& page) { return page.id == id; };
  const auto& pages = frame.pages;
  const auto here = std::ranges::find_if(pages, is_this);
  std::string html = "<nav class=\"book\" aria-label=\"Chapters\">";
  const auto link = [&](const PageName& page, std::string_view rel) {
    html += fmt::format("<a rel=\"{}\" href=\"{}.html\">{}</a>", rel, page.id,
                        Escaped(page.title));
  };
  if (here != pages.begin() && here != pages.end()) link(*(here - 1), "prev");
  if (here != pages.end() && here + 1 != pages.end()) link(*(here + 1), "next");
  return html + "</nav>";
}

std::string Html(const std::string& html) {
  return " @htmlonly[block]" + html + "@endhtmlonly ";
}

// What is not in a doc comment.
std::string CodeOf(std::string_view source) {
  std::string code;
  while (true) {
    const size_t open = std::min(source.find("/**"), source.size());
    code += source.substr(0, open);
    const size_t close = source.find("*/", open);
    if (close == std::string_view::npos) return code;
    source.remove_prefix(close);
  }
}

// The numbers in a text that have digits behind their point: 2.5 and 0.9f, but
// neither 0x1.8p3 nor version 1.0.3.
std::vector<std::string> DecimalsIn(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  const auto is_of_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  std::vector<std::string> decimals;
  for (size_t at = text.find_first_of(kDigits); at < text.size();
       at = text.find_first_of(kDigits, at)) {
    const size_t first = at;
    at = std::min(text.find_first_not_of("0123456789.", at), text.size());
    std::string number(text.substr(first, at - first));
    if (number.back() == '.') number.pop_back();
    const bool starts = first == 0 || !is_of_word(text[first - 1]);
    if (starts && std::ranges::count(number, '.') == 1) {
      decimals.push_back(number);
    }
  }
  return decimals;
}

// The lines of a page as they take shape.
class Page {
 public:
  Page(const Chapter& chapter, std::string_view source,
       const ChapterValues& values)
      : chapter_(chapter),
        values_(values),
        source_(SplitLines(source)),
        in_code_(DecimalsIn(CodeOf(source))),
        lines_(source_.size() + 1) {}

  void AddProse(const Part& prose) {
    const Lines text = SplitLines(prose.text);
    for (size_t i = 0; i < text.size(); ++i) {
      const size_t line = Index(prose.line) + i;
      lines_.at(line) += Resolved(text[i], line);
    }
  }

  // Code right below code is one piece with it.
  void AddCode(int first, int last) {
    if (first != code_end_) lines_.at(Index(first) - 1) += " @code{.cpp}";
    code_end_ = last + 1;
    for (int line = first; line <= last; ++line) {
      lines_.at(Index(line)) = source_.at(Index(line));
    }
    lines_.at(Index(last) + 1) += "@endcode ";
  }

  // What follows line `line`; what is there already comes behind it.
  void AddBelow(int line, const std::string& text) {
    lines_.at(Index(line) + 1) += text;
  }

  // All of it as one comment, which ends in `last`.
  std::string AsComment(const std::string& last) const {
    const auto is_used = [](const std::string& line) { return !line.empty(); };
    const auto first = std::ranges::find_if(lines_, is_used);
    std::string text;
    for (auto line = lines_.begin(); line != lines_.end(); ++line) {
      if (line == first) text += "/** ";
      text += *line + "\n";
    }
    return text + last + " */\n";
  }

 private:
  static size_t Index(int line) { return static_cast<size_t>(line - 1); }

  // What the run could measure or check is not typed.
  std::string_view Typed(std::string_view text, size_t line) const {
    for (const std::string& decimal : DecimalsIn(text)) {
      if (std::ranges::count(in_code_, decimal) > 0) continue;
      throw Error(fmt::format(
          "{}:{}: {} is typed here and stands nowhere in the code: let the run "
          "fill it in, or CHECK it",
          chapter_.path, line + 1, decimal));
    }
    return text;
  }

  std::string Resolved(std::string_view text, size_t line) const {
    std::string result;
    for (size_t at = 0; at < text.size();) {
      const size_t open = text.find("{{", at);
      result += Typed(text.substr(at, open - at), line);
      if (open == std::string_view::npos) break;
      const size_t close = text.find("}}", open);
      const std::string name(Trim(text.substr(open + 2, close - open - 2)));
      const auto value = values_.placeholders.find(name);
      if (value == values_.placeholders.end()) {
        throw Error(fmt::format("{}:{}: the run has no value {}{}{}",
                                chapter_.path, line + 1, "{{", name, "}}"));
      }
      result += value->second;
      at = close + 2;
    }
    return result;
  }

  const Chapter& chapter_;
  const ChapterValues& values_;
  Lines source_;
  std::vector<std::string> in_code_;  // as written there
  Lines lines_;
  int code_end_ = 0;  // the line below the last code
};

int LinesOf(const Part& part) {
  return static_cast<int>(std::ranges::count(part.text, '\n'));
}

void AddParts(const std::vector<Part>& parts, Page& page) {
  for (const Part& part : parts) {
    if (part.is_prose) {
      page.AddProse(part);
    } else {
      page.AddCode(part.line, part.line + LinesOf(part) - 1);
    }
  }
}

// The code of a step, with the lines around the braces, and the prose in it.
void AddStep(const Step& step, Page& page) {
  int first = step.line;
  for (const Part& part : step.body) {
    if (!part.is_prose) continue;
    page.AddCode(first, part.line - 1);
    page.AddProse(part);
    first = part.line + LinesOf(part);
  }
  page.AddCode(first, step.last_line);
}

}  // namespace

PageName PageNameOf(std::string_view source, std::string_view path) {
  constexpr std::string_view kCommand = "\\page ";
  const size_t at = source.find(kCommand);
  if (at == std::string_view::npos) {
    throw Error(std::string(path) + ": no \\page in it");
  }
  const std::string_view rest = source.substr(at + kCommand.size());
  const std::string_view line = rest.substr(0, rest.find('\n'));
  const size_t space = std::min(line.find(' '), line.size());
  return {std::string(line.substr(0, space)),
          std::string(Trim(line.substr(space)))};
}

std::string RenderPage(const Chapter& chapter, std::string_view source,
                       const ChapterValues& values, const PageFrame& frame) {
  if (values.steps.size() != chapter.steps.size()) {
    throw Error(fmt::format("{} has {} steps, the run had {}", chapter.path,
                            chapter.steps.size(), values.steps.size()));
  }
  Page page(chapter, source, values);
  for (size_t i = 0; i < chapter.steps.size(); ++i) {
    const Step& step = chapter.steps[i];
    AddParts(step.before, page);
    AddStep(step, page);
    page.AddBelow(step.last_line, Html(StepHtml(step, values.steps[i], frame)));
    AddParts(step.after, page);
  }
  const PageName name = PageNameOf(source, chapter.path);
  return page.AsComment(Html(NavigationHtml(frame, name.id)));
}

}  // namespace surprisal::literate
