#ifndef SURPRISAL_LITERATE_TEXT_H_
#define SURPRISAL_LITERATE_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

/// Text for a terminal: UTF-8 with in-band style marks, measured in columns.
namespace surprisal::literate {

/// Text that is broken already.
using Lines = std::vector<std::string>;

/// What a stretch of text is; `Paint` decides how it looks. Class 0 to 9 are
/// the ten colours of the figures, one for each digit.
enum class Style : char {
  kBold = 'b',
  kItalic = 'i',
  kCode = 'c',
  kTitle = 't',
  kHeading = 'h',
  kDim = 'd',
  kKeyword = 'k',
  kString = 's',
  kNumber = 'n',
  kGood = 'g',
  kBad = 'r',
  kClass0 = '0',
};

/// The style of class `i`; colours repeat after ten.
Style ClassStyle(size_t i);

/// `text` between the marks that open and close `style`.
std::string Styled(Style style, std::string_view text);

/// `text` with its spaces made unbreakable for `Wrap`.
std::string Unbreakable(std::string_view text);

/// Columns that UTF-8 `text` takes: marks and combining characters take none.
size_t DisplayWidth(std::string_view text);

/// `text` filled up with spaces to `width` columns.
std::string PadRight(std::string_view text, size_t width);
std::string PadLeft(std::string_view text, size_t width);

/// `count` copies of `text`.
std::string Repeat(std::string_view text, size_t count);

/// What stands before the lines of a paragraph.
struct Indent {
  std::string first;  // before the first line
  std::string rest;   // before every other line
};

/// Breaks `text` at white space into lines of at most `width` columns; a word
/// that is wider stands alone. Styles are closed and reopened around breaks.
Lines Wrap(std::string_view text, size_t width, const Indent& indent = {});

/// Turns style marks into terminal colours, or removes them.
std::string Paint(std::string_view text, bool colour);

/// The lines of `text`, without their ends.
Lines SplitLines(std::string_view text);

/// `text` without white space at both ends.
std::string_view Trim(std::string_view text);

/// The code points of UTF-8 `text`, each as its own string.
std::vector<std::string> CodePoints(std::string_view text);

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_TEXT_H_
