#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "literate/bookmark.h"
#include "literate/exercises.h"
#include "literate/figure.h"
#include "literate/gnuplot.h"
#include "literate/highlight.h"
#include "literate/keys.h"
#include "literate/narrator.h"
#include "literate/page.h"
#include "literate/progress_bar.h"
#include "literate/prose.h"
#include "literate/recorder.h"
#include "literate/source.h"
#include "literate/statistics.h"
#include "literate/tex.h"
#include "literate/text.h"
#include "literate/values.h"
#include "surprisal/common/error.h"

namespace {

using namespace surprisal::literate;
using surprisal::Error;

// What the Error of `body` says.
template <class Body>
std::string ErrorOf(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

std::string Join(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += Paint(line, false) + "\n";
  return text;
}

std::string Prose(const std::string& markdown, size_t width = 40) {
  ProseOptions options;
  options.width = width;
  options.titles = {{"next", "The next idea"}};
  options.resolve = [](std::string_view name) {
    return "<" + std::string(name) + ">";
  };
  std::string text;
  for (const Lines& block :
       RenderProse({true, 7, markdown}, "page.cpp", options)) {
    text += Join(block) + "\n";
  }
  return text;
}

const char* const kSource = R"chapter(#include <vector>
using namespace x;

/** \page one 1 – One
Opening words. */

/** A helper. */
int Twice(int x) { return 2 * x; }  // "/** no prose */"

int untold = '{' + 1'000;

STEP("first") {
  Show("brace", R"(} " /** */)");
  /** In between. */
  if (true) { Show("n", 2); }
}
/** The first gave {{n}}.
\section two Two
Leads up to the second. */
STEP("second " "step") {
}

/** The end. */
)chapter";

TEST_CASE("a chapter falls into prose, code and steps with their lines") {
  const Chapter chapter = ParseChapter(kSource, "one.cpp");
  REQUIRE(chapter.steps.size() == 2);
  const Step& first = chapter.steps[0];
  CHECK(first.title == "first");
  CHECK(first.line == 12);
  REQUIRE(first.before.size() == 3);
  CHECK(first.before[0].line == 4);
  CHECK(first.before[0].text.find("Opening words.") != std::string::npos);
  CHECK(first.before[1].text == "A helper.\n");
  CHECK_FALSE(first.before[2].is_prose);
  CHECK(first.before[2].line == 8);
  REQUIRE(first.body.size() == 3);
  CHECK(first.body[0].text == "Show(\"brace\", R\"(} \" /** */)\");\n");
  CHECK(first.body[1].text == "In between.\n");
  CHECK(first.body[2].text == "if (true) { Show(\"n\", 2); }\n");
  CHECK(chapter.titles.at("two") == "Two");
}

TEST_CASE("prose that touches a step is its afterword up to the next section") {
  const Chapter chapter = ParseChapter(kSource, "one.cpp");
  REQUIRE(chapter.steps[0].after.size() == 1);
  CHECK(chapter.steps[0].after[0].text == "The first gave {{n}}.\n");
  const Step& second = chapter.steps[1];
  CHECK(second.title == "second step");
  REQUIRE(second.before.size() == 1);
  CHECK(second.before[0].text ==
        "\\section two Two\nLeads up to the second.\n");
  CHECK(second.before[0].line == 18);
  CHECK(second.body.empty());
  REQUIRE(second.after.size() == 1);
  CHECK(second.after[0].text == "The end.\n");
}

TEST_CASE("a blank line below a step gives the prose to the step after it") {
  const Chapter chapter =
      ParseChapter("STEP(\"a\") {\n}\n\n/** x */\nSTEP(\"b\") {\n}\n", "c");
  CHECK(chapter.steps[0].after.empty());
  CHECK(chapter.steps[1].before.size() == 1);
}

TEST_CASE("code that no prose touches is not told") {
  const Chapter chapter = ParseChapter(
      "/** p */\n\nint hidden;\nSTEP(\"a\") {\n}\nint also_hidden;\n", "c");
  CHECK(chapter.steps[0].before.size() == 1);
  CHECK(chapter.steps[0].after.empty());
}

TEST_CASE("a broken chapter is refused with the line") {
  const auto parse = [](const char* source) {
    return ErrorOf([&] { ParseChapter(source, "c.cpp"); });
  };
  CHECK(parse("int x;\n") == "c.cpp:1: chapter without a STEP");
  CHECK(parse("\nSTEP(\"a\") {\n") ==
        "c.cpp:2: STEP without its closing brace");
  CHECK(parse("\n\n/** open") == "c.cpp:3: comment without its end");
  CHECK(parse("STEP(kName) {}") ==
        "c.cpp:1: STEP takes one title of string literals");
  CHECK(parse("STEP(\"a\"") ==
        "c.cpp:1: STEP takes one title of string literals");
  CHECK(parse("STEP(\"a\") x") == "c.cpp:1: STEP(...) without '{'");
  CHECK(parse("const char* s = \"open;\nSTEP(\"a\") {}") ==
        "c.cpp:1: literal without its end");
}

TEST_CASE("formulas become readable Unicode") {
  CHECK(TexToUnicode(R"(\frac{e^{z_i}}{\sum_{j=1}^{C} e^{z_j}})") ==
        "e^zᵢ / (Σ(j=1…C) e^zⱼ)");
  CHECK(TexToUnicode(R"(-\log \hat{y}_k)") == "−log ŷₖ");
  CHECK(TexToUnicode(R"(\frac{1}{N}\sum_{i=1}^{N} x_i)") == "1/N Σᵢ₌₁ᴺ xᵢ");
  CHECK(TexToUnicode(R"(\frac{\partial L}{\partial z_j} = \hat y_j - y_j)") ==
        "∂L/∂zⱼ = ŷⱼ − yⱼ");
  CHECK(TexToUnicode(R"(\frac{a+b}{2n})") == "(a + b)/(2n)");
  CHECK(TexToUnicode(R"(\frac{h}{2} + \frac{a}{b} - c)") == "h/2 + a/b − c");
  CHECK(TexToUnicode(R"(e^{x}, e^{-x}, e^{z_j - m}, 2^{24}, p_{i,c})") ==
        "eˣ, e⁻ˣ, e^(zⱼ − m), 2²⁴, p_(i,c)");
  CHECK(TexToUnicode(R"(\sqrt{2} \le \sqrt{x+1} \ne \infty)") ==
        "√2 ≤ √(x + 1) ≠ ∞");
  CHECK(TexToUnicode(R"(x \to -\infty, (-x), y=-1)") == "x → −∞, (−x), y = −1");
  CHECK(TexToUnicode(R"(\mathrm{KL}(P \| Q) \ge 0)") == "KL(P‖Q) ≥ 0");
  CHECK(TexToUnicode(R"(\log\left(\sum_j e^{z_j}\right))") == "log(Σⱼ e^zⱼ)");
  CHECK(TexToUnicode(R"(\operatorname{softmax}(z)_i \in \mathbb{R})") ==
        "softmax(z)ᵢ ∈ ℝ");
  CHECK(TexToUnicode(R"(10^{-5} \cdot \text{as it is})") == "10⁻⁵ · as it is");
}

TEST_CASE("the rows of a displayed formula line up at their marks") {
  CHECK(TexToLines(
            R"(\begin{aligned} a + b &= c \\ d &\le e - f \end{aligned})") ==
        Lines{"a + b = c", "d     ≤ e − f"});
}

TEST_CASE("an unknown or broken formula is refused") {
  CHECK(ErrorOf([] { TexToUnicode("\\foo x"); }) ==
        "unknown TeX command \\foo");
  CHECK(ErrorOf([] { TexToUnicode("\\frac{1"); }) ==
        "formula with an open '{' or '['");
  CHECK(ErrorOf([] { TexToUnicode("a}"); }) ==
        "formula with '}' where no '{' is open");
  CHECK(ErrorOf([] { TexToUnicode("x^"); }) ==
        "formula that ends where an argument should be");
  CHECK(ErrorOf([] { TexToUnicode("\\begin{tabular}x\\end{tabular}"); }) ==
        "unknown TeX environment tabular");
}

TEST_CASE("width counts what a terminal shows") {
  CHECK(DisplayWidth("ŷ = Σⱼ") == 6);
  CHECK(DisplayWidth("x\u0304") == 1);
  CHECK(DisplayWidth(Styled(Style::kBold, "ab")) == 2);
  CHECK(PadLeft("é", 3) == "  é");
}

TEST_CASE("lines break at the width and styles do not leak over the break") {
  CHECK(Wrap("aaa bbb ccc", 7) == Lines{"aaa bbb", "ccc"});
  CHECK(Wrap("aaa bbbb", 7) == Lines{"aaa", "bbbb"});
  CHECK(Wrap("aaaaaaaaaa b", 5) == Lines{"aaaaaaaaaa", "b"});
  CHECK(Wrap("a b c", 5, {"- ", "  "}) == Lines{"- a b", "  c"});
  const Lines bold = Wrap(Styled(Style::kBold, "aaa bbb"), 4);
  REQUIRE(bold.size() == 2);
  CHECK(Paint(bold[0], true) == "\x1b[1maaa\x1b[0m");
  CHECK(Paint(bold[1], true) == "\x1b[1mbbb\x1b[0m");
  CHECK(Paint(bold[1], false) == "bbb");
}

TEST_CASE("Markdown becomes plain text") {
  CHECK(
      Prose(
          "\\section a Title\nSome *em*, **bold**, `a_b*c` and snake_case.") ==
      "Title\n-----\n\nSome em, bold, `a_b*c` and snake_case.\n\n");
  CHECK(Prose("- one\n- two\n  goes on\n\nEnd") ==
        "  • one\n  • two goes on\n\nEnd\n\n");
  CHECK(
      Prose("See \\ref next, \\ref far \"chapter 9\" and [x](https://e.org/).",
            80) == "See The next idea, chapter 9 and x (https://e.org/).\n\n");
  CHECK(Prose("It is {{n[1]:3}}.") == "It is <n[1]:3>.\n\n");
  CHECK(Prose("\\f[ x^2 \\f]") == "    x²\n\n");
  CHECK(Prose("| a | bb |\n|---|---:|\n| \\f$|x|\\f$ | 1 |") ==
        "  a    bb\n  ───────\n  |x|   1\n\n");
  CHECK(Prose("```cpp\nint x;\n```") == "    int x;\n\n");
}

TEST_CASE(
    "unknown commands and references in prose are refused with the line") {
  CHECK(ErrorOf([] { Prose("fine\n\nnot \\foo fine"); }) ==
        "page.cpp:9: unknown command \\foo");
  CHECK(ErrorOf([] { Prose("\\f$ \\foo \\f$"); }) ==
        "page.cpp:7: unknown TeX command \\foo");
  CHECK(ErrorOf([] { Prose("\\ref nowhere"); }) ==
        "page.cpp:7: \\ref nowhere names no section here: give its text in "
        "quotes");
  CHECK(ErrorOf([] { Prose("{{open"); }) ==
        "{{ without its }} on the same line");
}

// A chapter of two steps: helpers that are not told, prose in a step, and an
// afterword with a value.
const std::string kPageSource =
    R"(#include <x>
/** \page sample 1 – A sample
Before. */

int Hidden();

/** Told: */
int Shown() { return 1; }

STEP("one") {
  Show("n", Shown() < 2);
  /** In between. */
  CHECK(true);
}
/** It is {{n}}. */

STEP("two") { CHECK(true); }
)";

std::string PageOf(const ChapterValues& values,
                   const std::string& source = kPageSource) {
  const PageFrame frame = {{{"zero", "0 – Zero"}, {"sample", "1 – A sample"}},
                           "source.html",
                           "figures/sample"};
  return RenderPage(ParseChapter(source, "page.cpp"), source, values, frame);
}

ChapterValues PageValues() {
  ChapterValues values;
  values.placeholders = {{"n", "<7>"}};
  values.steps = {{1, {{.name = "n", .lines = {"    n < 7", "    m"}}}},
                  {2,
                   {{.name = "f",
                     .is_figure = true,
                     .caption = "A \"figure\"",
                     .svg = "f.svg"}}}};
  return values;
}

TEST_CASE("a page has the lines of its source, one for one") {
  const Lines lines = SplitLines(PageOf(PageValues()));
  const Lines source = SplitLines(kPageSource);
  REQUIRE(lines.size() >= source.size());
  CHECK(lines[0].empty());
  CHECK(lines[1] == "/** \\page sample 1 – A sample");
  CHECK(lines[4].empty());
  CHECK(lines[6] == "Told: @code{.cpp}");
  CHECK(lines[7] == source[7]);
  for (const size_t told : {9, 10, 12, 13, 16}) {
    CAPTURE(told);
    CHECK(lines[told] == source[told]);
  }
  CHECK(lines[11] == "@endcode In between. @code{.cpp}");
}

TEST_CASE("a page shows after each step what it gave in the run") {
  const Lines lines = SplitLines(PageOf(PageValues()));
  CHECK(lines[14] ==
        "@endcode  @htmlonly[block]<div class=\"run\">"
        "<pre class=\"output\" tabindex=\"0\">n &lt; 7&#10;m</pre>"
        "<p class=\"checks\">1 check passed · <a href=\"source.html#l00010\">"
        "line 10</a></p></div>@endhtmlonly It is <7>.");
  CHECK(lines[17].find("<img src=\"figures/sample/f.svg\" "
                       "alt=\"A &quot;figure&quot;\"/>") != std::string::npos);
  CHECK(lines[18].find("<a rel=\"prev\" href=\"zero.html\">0 – Zero</a>") !=
        std::string::npos);
}

TEST_CASE("a page of another run than its chapter's is refused") {
  ChapterValues values = PageValues();
  values.placeholders.clear();
  CHECK(ErrorOf([&] { PageOf(values); }) ==
        "page.cpp:15: the run has no value {{n}}");
  values = PageValues();
  values.steps.pop_back();
  CHECK(ErrorOf([&] { PageOf(values); }) ==
        "page.cpp has 2 steps, the run had 1");
  CHECK(ErrorOf([] { PageNameOf("int x;", "page.cpp"); }) ==
        "page.cpp: no \\page in it");
}

TEST_CASE("code right below code is one piece with it") {
  std::string source = kPageSource;
  source.replace(source.find("}\n\nSTEP"), 3, "}\n");
  const Lines lines = SplitLines(PageOf(PageValues(), source));
  CHECK(lines[6] == "Told: @code{.cpp}");
  CHECK(lines[7] == "int Shown() { return 1; }");
  CHECK(lines[8] == "STEP(\"one\") {");
}

TEST_CASE("a number that is typed in the prose stands in the code too") {
  const auto told = [](const std::string& prose, const std::string& code) {
    std::string source = kPageSource;
    source.replace(source.find("In between."), 11, prose);
    source.replace(source.find("CHECK(true)"), 11, code);
    return [source] { PageOf(PageValues(), source); };
  };
  const std::string fault =
      "page.cpp:12: 2.31 is typed here and stands nowhere in the code: let the "
      "run fill it in, or CHECK it";
  CHECK(ErrorOf(told("About 2.31.", "CHECK(true)")) == fault);
  CHECK(ErrorOf(told("About 2.31.", "CHECK(x < 2.3f)")) == fault);
  CHECK(ErrorOf(told("About 2.31.", "CHECK(x12.31)")) == fault);
  CHECK_NOTHROW(told("About 2.31.", "CHECK(x < 2.31f)")());
  CHECK_NOTHROW(told("About 2.31.", "CHECK(Text(x) == \"2.31\")")());
  CHECK_NOTHROW(told("Version 1.0.3, 7. And 0x1.8p3.", "CHECK(true)")());
}

TEST_CASE("widgets move on the site and are not told in the terminal") {
  CHECK(Prose("Before.\n\n\\live{a-widget,Something to see.}\n\nAfter.") ==
        "Before.\n\nAfter.\n\n");
}

TEST_CASE("code keeps its text under the colours") {
  const std::string code =
      "const float x = 1.5e-3f;  // \"why\"\n/* a\nb */ return \"//\";\n";
  CHECK(Join(Highlight(code)) == code);
  CHECK(Paint(Highlight("return 1;")[0], true) ==
        "\x1b[35mreturn\x1b[0m \x1b[33m1\x1b[0m;");
}

TEST_CASE("numbers are printed in few digits and without ornament") {
  CHECK(PrintNumber(0.69314718) == "0.69315");
  CHECK(PrintNumber(2.5) == "2.5");
  CHECK(PrintNumber(1e-7) == "1e-07");
  CHECK(PrintNumber(2468.9, {.digits = 2}) == "2500");
  CHECK(PrintNumber(1.5e300) == "1.5e+300");
  CHECK(PrintNumber(-0.0) == "-0");
  CHECK(PrintNumber(-std::numeric_limits<double>::infinity()) == "-inf");
  CHECK(PrintNumber(-std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(PrintNumber(0.5f, {.hex = true}) == "0x1p-1");
}

TEST_CASE("the points of a table's numbers stand under each other") {
  const Table table = {.columns = {"name", "loss"},
                       .rows = {{"a", 10.25}, {"bb", -0.5}}};
  CHECK(Join(PrintValue("t", table, {}, 78)) ==
        "    t:\n      name   loss\n      ───────────\n      a     10.25\n     "
        " bb    -0.5\n");
  CHECK(Join(PrintValue("v", ToValue(std::vector<float>{1, -0.5f}), {}, 78)) ==
        "    v = 1  -0.5\n");
  CHECK(Join(PrintValue("v", ToValue(std::vector<int>{1, 20, 3, 4, 5, 6}), {},
                        20)) ==
        "    v =\n       1  20   3   4\n       5   6\n");
}

TEST_CASE("placeholders find values by name, index, row and column") {
  ValueBook book;
  book.Add(0, "loss", ToValue(0.123456), {});
  book.Add(0, "p", ToValue(std::vector<double>{0.25, 0.75}), {});
  book.Add(1, "t",
           ToValue(Table{.columns = {"net", "mean"},
                         .rows = {{"old", 2.3}, {"new", 0.5}}}),
           {});
  CHECK(book.Resolve("loss") == "0.12346");
  CHECK(book.Resolve("loss:2") == "0.12");
  CHECK(book.Resolve("p") == "0.25, 0.75");
  CHECK(book.Resolve("p[1]:1") == "0.8");
  CHECK(book.Resolve("t[new][mean]") == "0.5");
  CHECK(book.Resolve("t[0][1]") == "2.3");
}

TEST_CASE("a placeholder that means nothing is refused") {
  ValueBook book;
  book.Add(0, "p", ToValue(std::vector<double>{0.25, 0.75}), {});
  const auto resolve = [&](const char* name) {
    return ErrorOf([&] { book.Resolve(name); });
  };
  CHECK(resolve("q") ==
        "{{q}}: no value of that name was shown before; there is: p");
  CHECK(resolve("p[2]") == "{{p[2]}}: index 2 is outside [0, 2)");
  CHECK(resolve("p[0][0]") == "{{p[0][0]}}: a list takes 1 index(es), not 2");
  CHECK(resolve("p:99") == "{{p:99}}: digits \"99\" are outside [1, 17]");
  CHECK(ErrorOf([&] { book.Add(1, "p", ToValue(1), {}); }) ==
        "\"p\" was already shown by step 1");
  CHECK(ErrorOf([&] { book.Add(1, "q", ToValue(1), {.digits = 18}); }) ==
        "digits = 18 of \"q\" is outside [1, 17]");
}

TEST_CASE("quartiles interpolate and whiskers end at values") {
  const std::vector<double> sorted = {1, 2, 3, 4};
  CHECK(Quantile(sorted, 0.25) == 1.75);
  CHECK(Quantile(sorted, 1) == 4);
  const Box box = BoxOf(std::vector<double>{12, 4, 1, 3, 2, 5, 6, 7});
  CHECK(box.q1 == 2.75);
  CHECK(box.median == 4.5);
  CHECK(box.q3 == 6.25);
  CHECK(box.whisker_low == 1);
  CHECK(box.whisker_high == 7);
  CHECK(box.high == 12);
  CHECK(ErrorOf([] {
          BoxOf(std::vector<double>{1, INFINITY});
        }) == "BoxOf: values[1] = inf is not finite");
  CHECK(ErrorOf([] { Quantile({}, 0.5); }) == "Quantile: no values");
}

TEST_CASE("every value falls in a bin") {
  const std::vector<double> values = {-9, 0, 0.49, 0.5, 1, 9};
  CHECK(BinCounts(values, 0, 1, 2) == std::vector<size_t>{3, 3});
  CHECK(ErrorOf([&] { BinCounts(values, 1, 1, 2); }) ==
        "BinCounts: low = 1.000000 is not below high = 1.000000");
}

TEST_CASE("a figure without data is refused") {
  CHECK(ErrorOf([] { DrawText(Histograms{}, 78); }) == "Histograms: no panels");
  CHECK(ErrorOf([] { DrawText(Curves{}, 78); }) == "Curves: no curves");
  CHECK(ErrorOf([] {
          DrawText(Bars{.labels = {"a"}, .series = {{"s", {1, 2}}}}, 78);
        }) == "Bars: series \"s\" has 2 values for 1 labels");
}

TEST_CASE("bars and boxes are drawn to scale") {
  CHECK(Join(DrawText(Bars{.labels = {"a", "b"}, .series = {{"s", {4, 1}}}},
                      25)) == "  a  ████████ 4\n  b  ██ 1\n");
  const BoxPlots boxes = {.panels = {{"p", {{"s", {0, 1, 2, 3, 4}}}}}};
  CHECK(Join(DrawText(boxes, 19)) ==
        "    p\n  s ───▒▒▒█▒▒▒───\n    0           4\n");
}

TEST_CASE("a line may run from right to left") {
  Curves figure = {.y = {0, 2}, .curves = {{.points = {{0, 1}, {9, 1}}}}};
  const std::string there = Join(DrawText(figure, 40));
  std::ranges::reverse(figure.curves[0].points);
  CHECK(Join(DrawText(figure, 40)) == there);
}

TEST_CASE("the output that stands out is marked in a histogram") {
  const Histograms figure = {
      .panels = {{"digit", {{"0", {0, 1, 2}}, {"1", {8, 9, 10}}}}},
      .x = {0, 10}};
  const std::string text = Join(DrawText(figure, 20));
  CHECK(text.find("◂\n") > text.find("1 "));
  CHECK(text.find("◂ stands above the others") != std::string::npos);
}

TEST_CASE("an svg figure holds nothing but svg, whatever the locale") {
  const char* const before = std::getenv("LC_ALL");
  const std::string restored = before == nullptr ? "" : before;
  setenv("LC_ALL", "C", 1);
  const std::string svg =
      RunGnuplot("set terminal svg\nset title 'ln 2 ≈ 0.69'\nplot sin(x)\n");
  setenv("LC_ALL", restored.c_str(), 1);
  CHECK(svg.starts_with("<?xml"));
  CHECK(svg.find("ln 2 ≈ 0.69") != std::string::npos);
}

TEST_CASE("svg figures come out the same twice") {
  const Curves figure = {
      .x = {0, 1},
      .curves = {{.name = "id", .function = [](double x) { return x; }}}};
  const std::string svg = DrawSvg(figure);
  CHECK(svg.find("</svg>") != std::string::npos);
  CHECK(svg == DrawSvg(figure));
}

std::string Drawn(bool is_terminal) {
  std::FILE* file = std::tmpfile();
  ProgressBar bar("training", 200, file, is_terminal);
  for (size_t i = 1; i <= 200; ++i) bar.Update(i, "loss 1");
  bar.Finish();
  std::rewind(file);
  std::string text(100'000, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

TEST_CASE("progress away from a terminal is ten plain lines") {
  const std::string text = Drawn(false);
  CHECK(std::count(text.begin(), text.end(), '\n') == 10);
  CHECK(text.find("training: 10%  loss 1\n") == 0);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(Drawn(true).find("100%") != std::string::npos);
  CHECK(ErrorOf([] { ProgressBar("x", 0); }) ==
        "ProgressBar: total = 0 is not at least 1");
}

// What RunExercises() prints of the exercises, and then its exit code.
std::string Judged(const std::vector<Exercise>& exercises) {
  std::ostringstream out;
  const int code = RunExercises(exercises, out);
  return out.str() + std::to_string(code);
}

bool Right() { return true; }
bool Wrong() { return false; }
bool Throws() { throw std::out_of_range("no such class"); }
bool ThrowsANumber() { throw 1; }

TEST_CASE("an exercise is solved if its judge says so, and all make a 0") {
  CHECK(Judged({{"A", Right}, {"Long", Right}}) ==
        "1 A     solved\n2 Long  solved\n0");
  CHECK(Judged({{"A", Right}, {"Long", Wrong}}) ==
        "1 A     solved\n2 Long  open\n1");
  CHECK(Judged({{"A", Wrong}, {"B", Right}}) == "1 A  open\n2 B  solved\n1");
}

TEST_CASE("an exercise that throws is open and does not hide the next") {
  CHECK(Judged({{"A", Throws}, {"B", Right}}) ==
        "1 A  open: no such class\n2 B  solved\n1");
  CHECK(Judged({{"A", ThrowsANumber}, {"B", Wrong}, {"C", Right}}) ==
        "1 A  open: threw what is no std::exception\n"
        "2 B  open\n3 C  solved\n1");
}

TEST_CASE("keys are read from bytes") {
  const auto key = [](std::string bytes) {
    size_t at = 0;
    return ParseKey([&]() -> int {
      return at < bytes.size() ? static_cast<unsigned char>(bytes[at++]) : -1;
    });
  };
  CHECK(key(" ") == Key::kNext);
  CHECK(key("\r") == Key::kNext);
  CHECK(key("xyb") == Key::kBack);
  CHECK(key("\x1b[D") == Key::kBack);
  CHECK(key("\x1b[1;5Xa") == Key::kAgain);
  CHECK(key("\x03") == Key::kQuit);
  CHECK(key("") == Key::kQuit);
}

// A chapter of three steps, told with the given keys.
struct Told {
  std::string text;
  Narrator::End end = Narrator::End::kFinished;
  int failed = 0;
  std::vector<size_t> runs;
  std::vector<size_t> reached;
};

Told Tell(std::deque<Key> keys,
          NarratorOptions options = {.rows = 500, .pause = true},
          std::optional<size_t> throwing = {}) {
  const Chapter chapter = ParseChapter(
      "/** Before. */\nSTEP(\"one\") {\n  int a;\n}\n/** It was {{n}}. */\n"
      "STEP(\"two\") {\n}\nSTEP(\"three\") {\n}\n",
      "c.cpp");
  Told told;
  Recorder recorder;
  const auto run = [&](size_t step) -> Outcome {
    told.runs.push_back(step);
    if (step == throwing) return {1, 1, true, {{"    ✗ no such file"}}};
    if (step == 0) recorder.AddValue("n", ToValue(told.runs.size()), {});
    if (step == 2) return {2, 1, false, {{"    ✗ CHECK( no )"}}};
    return {1, 0, false, {}};
  };
  const auto next_key = [&] {
    const Key key = keys.empty() ? Key::kQuit : keys.front();
    if (!keys.empty()) keys.pop_front();
    return key;
  };
  std::ostringstream out;
  Narrator narrator(chapter, recorder, run, next_key, out, options,
                    [&](size_t step) { told.reached.push_back(step); });
  told.end = narrator.Run();
  told.text = out.str();
  told.failed = narrator.failed();
  return told;
}

TEST_CASE("without pauses a chapter is told from end to end") {
  const Told told = Tell({}, {});
  CHECK(told.end == Narrator::End::kFinished);
  CHECK(told.text ==
        "Before.\n\nStep 1 of 3: one\n\n  int a;\n\n    n = 1\n\n    ✓ 1 check "
        "passed\n\n"
        "It was 1.\n\nStep 2 of 3: two\n\n    ✓ 1 check passed\n\n"
        "Step 3 of 3: three\n\n    ✗ CHECK( no )\n\n    ✗ 1 of 2 checks "
        "failed\n\n"
        "1 of 4 checks of this chapter FAILED.\n");
  CHECK(told.failed == 1);
}

TEST_CASE("back shows a step again without running it") {
  const Told told =
      Tell({Key::kNext, Key::kBack, Key::kNext, Key::kNext, Key::kNext});
  CHECK(told.runs == std::vector<size_t>{0, 1, 2});
  CHECK(told.reached == std::vector<size_t>{0, 1, 0, 1, 2});
  CHECK(told.end == Narrator::End::kFinished);
  const size_t first = told.text.find("It was 1.");
  CHECK(told.text.find("It was 1.", first + 1) != std::string::npos);
}

TEST_CASE("again runs a step anew and its values replace the old") {
  const Told told = Tell({Key::kAgain, Key::kQuit});
  CHECK(told.runs == std::vector<size_t>{0, 0});
  CHECK(told.text.find("It was 2.") != std::string::npos);
  CHECK(told.end == Narrator::End::kQuit);
}

TEST_CASE("resuming runs the earlier steps unseen") {
  const Told told =
      Tell({Key::kQuit}, {.rows = 500, .pause = true, .first_step = 1});
  CHECK(told.runs == std::vector<size_t>{0, 1});
  CHECK(told.text.find("Step 1 of 3") == std::string::npos);
  CHECK(told.text.find("Step 2 of 3") == 0);
}

TEST_CASE("a step that throws is the last to be told, and says why") {
  for (const size_t first : {0, 2}) {
    const Told told = Tell({}, {.rows = 500, .first_step = first}, 0);
    CHECK(told.runs == std::vector<size_t>{0});
    CHECK(
        told.text ==
        "Before.\n\nStep 1 of 3: one\n\n  int a;\n\n    ✗ no such file\n\n"
        "    ✗ 1 of 1 check failed\n\n1 of 1 check of this chapter FAILED.\n");
    CHECK(told.failed == 1);
  }
}

TEST_CASE("a step that is longer than the screen is shown page by page") {
  const Told told = Tell({Key::kQuit}, {.rows = 8, .pause = true});
  CHECK(told.runs.size() <= 1);
  CHECK(told.text.find("── more ──") != std::string::npos);
  CHECK(told.end == Narrator::End::kQuit);
}

TEST_CASE("a bookmark is kept, and a damaged one refused") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() /
      ("surprisal-bookmark-" + std::to_string(std::rand()));
  const std::filesystem::path path = folder / "surprisal" / "progress";
  CHECK_FALSE(LoadBookmark(path).has_value());
  SaveBookmark(path, {"02_softmax", 3, false});
  const auto bookmark = LoadBookmark(path);
  REQUIRE(bookmark.has_value());
  CHECK(bookmark->chapter == "02_softmax");
  CHECK(bookmark->step == 3);
  SaveBookmark(path, {"02_softmax", 0, true});
  CHECK(LoadBookmark(path)->finished);
  for (const char* damaged : {"", "02_softmax", "02_softmax 0", "02_softmax x",
                              "a 1 b", "02_softmax 99999999999999999999"}) {
    const std::string text = damaged;
    CAPTURE(text);
    std::ofstream(path) << damaged;
    CHECK(ErrorOf([&] { LoadBookmark(path); }).find("is damaged") !=
          std::string::npos);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
