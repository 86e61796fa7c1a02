#ifndef SURPRISAL_LITERATE_LITERATE_H_
#define SURPRISAL_LITERATE_LITERATE_H_

#include <doctest/doctest.h>

#include <filesystem>
#include <optional>
#include <string_view>

#include "literate/figure.h"
#include "literate/progress_bar.h"
#include "literate/recorder.h"
#include "literate/values.h"

/// What a chapter is made of: the one header that a chapter includes.
namespace surprisal::literate {

/// One idea of a chapter: a doctest case, told by the narrator in the order in
/// which the steps stand in the source. Later steps may use what earlier ones
/// made, kept in a function-local static.
#define STEP(title) DOCTEST_TEST_CASE(title)

/// Prints a named value below the step's code: a number, text, list, Table or
/// list of lists. The prose below it may say {{name}}, {{name[1]}},
/// {{table[row][column]}} or, with 3 digits, {{name:3}}. Names are unique in a
/// chapter.
template <class T>
void Show(std::string_view name, const T& value, const Format& format = {}) {
  CurrentRecorder().AddValue(name, ToValue(value), format);
}

/// Draws `figure` (figure.h): as text in the terminal, and as NAME.svg where
/// the program was given --figures. `name` is a file name; the caption says in
/// a sentence what is to be seen, also to those who cannot see it.
template <class F>
void Figure(std::string_view name, std::string_view caption, const F& figure) {
  DrawFigure(name, caption, figure);
}

/// The folder given with --data, for a chapter that reads the full MNIST.
inline std::optional<std::filesystem::path> DataFolder() {
  return CurrentRecorder().data_folder;
}

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_LITERATE_H_
