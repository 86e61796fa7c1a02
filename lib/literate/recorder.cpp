#include "literate/recorder.h"

#include <utility>

#include "surprisal/common/error.h"

namespace surprisal::literate {

void Recorder::Begin(size_t index) {
  step = index;
  outputs.clear();
  values.Forget(index);
  std::erase_if(figure_names_,
                [&](const auto& name) { return name.first == index; });
}

void Recorder::AddValue(std::string_view name, Value value, Format format) {
  Output output{.name = std::string(name)};
  output.lines = PrintValue(name, value, format, width);
  values.Add(step, name, std::move(value), format);
  outputs.push_back(std::move(output));
}

void Recorder::AddFigure(Output figure) {
  for (const auto& [owner, name] : figure_names_) {
    if (name != figure.name) continue;
    throw Error("figure \"" + name + "\" was already drawn by step " +
                std::to_string(owner + 1));
  }
  figure.is_figure = true;
  figure_names_.emplace_back(step, figure.name);
  outputs.push_back(std::move(figure));
}

Recorder& CurrentRecorder() {
  static Recorder recorder;
  return recorder;
}

}  // namespace surprisal::literate
