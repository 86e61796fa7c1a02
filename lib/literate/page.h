#ifndef SURPRISAL_LITERATE_PAGE_H_
#define SURPRISAL_LITERATE_PAGE_H_

#include <string>
#include <string_view>
#include <vector>

#include "literate/source.h"
#include "literate/values_file.h"

namespace surprisal::literate {

/// A page by its id, "ch02_softmax", and title.
struct PageName {
  std::string id;
  std::string title;
};

/// The page that the source says it is. Throws Error naming `path` if it does
/// not say so.
PageName PageNameOf(std::string_view source, std::string_view path);

/// What stands around a chapter's page.
struct PageFrame {
  std::vector<PageName> pages;  // of the book, in reading order
  std::string source_url;       // of the source's page, for "#l00118" behind it
  std::string figures;          // folder of the figures, relative to the page
};

/// A chapter as a comment for Doxygen: prose with its {{placeholders}} replaced,
/// its code, and after each step what that gave in the run. It has the lines of
/// the source, one for one, so that a warning names the right one. What the
/// terminal does not show is left blank here, too. Throws Error naming the line
/// for a placeholder without a value, for a number with digits behind its point
/// that is typed in the prose and stands nowhere in the code, and if the values
/// are of another number of steps.
std::string RenderPage(const Chapter& chapter, std::string_view source,
                       const ChapterValues& values, const PageFrame& frame);

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_PAGE_H_
