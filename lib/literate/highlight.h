#ifndef SURPRISAL_LITERATE_HIGHLIGHT_H_
#define SURPRISAL_LITERATE_HIGHLIGHT_H_

#include <string_view>

#include "literate/text.h"

namespace surprisal::literate {

/// The lines of C++ `code` with style marks around keywords, literals and
/// comments.
Lines Highlight(std::string_view code);

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_HIGHLIGHT_H_
