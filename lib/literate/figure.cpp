#include "literate/figure.h"

#include <fstream>

#include "literate/recorder.h"
#include "surprisal/common/error.h"

namespace surprisal::literate::detail {
namespace {

bool IsFileName(std::string_view name) {
  return !name.empty() && name.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyz"
                              "0123456789_-") == std::string_view::npos;
}

}  // namespace

bool WantsSvg() { return CurrentRecorder().figure_folder.has_value(); }
size_t FigureWidth() { return CurrentRecorder().width; }

void RecordFigure(std::string_view name, std::string_view caption, Lines text,
                  const std::string& svg) {
  if (!IsFileName(name)) {
    throw Error("figure \"" + std::string(name) +
                "\": a name has only a-z, 0-9, _ and - in it");
  }
  if (caption.empty())
    throw Error("figure \"" + std::string(name) + "\" has no caption");
  Recorder& recorder = CurrentRecorder();
  Output figure = {.name = std::string(name), .caption = std::string(caption)};
  for (const std::string& line : Wrap(Styled(Style::kItalic, caption),
                                      recorder.width - 4, {"  ", "  "})) {
    text.push_back(line);
  }
  figure.lines = std::move(text);
  if (!svg.empty()) {
    figure.svg = figure.name + ".svg";
    std::filesystem::create_directories(*recorder.figure_folder);
    const std::filesystem::path path = *recorder.figure_folder / figure.svg;
    std::ofstream file(path, std::ios::binary);
    file << svg;
    if (!file.flush()) throw Error("--figures: cannot write " + path.string());
  }
  recorder.AddFigure(std::move(figure));
}

}  // namespace surprisal::literate::detail
