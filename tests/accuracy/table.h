#ifndef SURPRISAL_TESTS_ACCURACY_TABLE_H_
#define SURPRISAL_TESTS_ACCURACY_TABLE_H_

#include <string>
#include <vector>

#include "accuracy/measure.h"

/// The accuracy table as a page: written, and compared with what is so.
namespace surprisal::accuracy {

/// What of everything is measured.
struct Selection {
  std::vector<std::string> functions = {};  ///< all if empty
  std::vector<ElementType> types = {
      ElementType::kFloat32, ElementType::kFloat16, ElementType::kBFloat16,
      ElementType::kFloat64};
  std::vector<int64_t> targets = {};
  Extent extent = {};
  bool stages = true;
};

struct Page {
  std::string text;
  bool holds;  ///< every result was correctly rounded
};

/// Measures; `progress` is told each function's name and seconds.
Page MakePage(const Selection& selection,
              const std::function<void(const std::string&)>& progress,
              const RunFn& run = Run);

/// Recomputes the inputs that the page records, on the targets of this CPU, and
/// the stage counts that take little time. Returns what is not so any more, a
/// line each: nothing if the page is up to date.
std::vector<std::string> CheckPage(const std::string& text,
                                   const RunFn& run = Run);

}  // namespace surprisal::accuracy

#endif  // SURPRISAL_TESTS_ACCURACY_TABLE_H_
