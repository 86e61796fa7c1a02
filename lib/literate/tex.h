#ifndef SURPRISAL_LITERATE_TEX_H_
#define SURPRISAL_LITERATE_TEX_H_

#include <string>
#include <string_view>

#include "literate/text.h"

namespace surprisal::literate {

/// The formula `tex` as readable Unicode text, such as
/// "\frac{e^{z_j}}{n}" as "e^zⱼ / n". Sub- and superscripts become small
/// letters where Unicode has all of them, and `_x`, `^(x + 1)` where it does
/// not. Throws Error naming a command that is unknown, or a brace or
/// environment left open.
std::string TexToUnicode(std::string_view tex);

/// The same for a displayed formula: one line for each row of an aligned or
/// cases environment, with the columns at `&` lined up.
Lines TexToLines(std::string_view tex);

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_TEX_H_
