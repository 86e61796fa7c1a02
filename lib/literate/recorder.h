#ifndef SURPRISAL_LITERATE_RECORDER_H_
#define SURPRISAL_LITERATE_RECORDER_H_

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "literate/text.h"
#include "literate/values.h"

namespace surprisal::literate {

/// What a step printed: a value, or a figure.
struct Output {
  std::string name = {};
  bool is_figure = false;
  Lines lines = {};          // for the terminal
  std::string caption = {};  // of a figure
  std::string svg = {};      // file name of a figure; empty if none was written
};

/// Collects what a running step shows.
struct Recorder {
  size_t width = 78;
  std::optional<std::filesystem::path> figure_folder;
  std::optional<std::filesystem::path> data_folder;
  ValueBook values;
  size_t step = 0;
  std::vector<Output> outputs;  // of the current step

  /// Step `index` begins (again): what it showed before is forgotten.
  void Begin(size_t index);
  void AddValue(std::string_view name, Value value, Format format);
  /// Throws Error if the step, or one before it, has drawn `name` already.
  void AddFigure(Output figure);

 private:
  std::vector<std::pair<size_t, std::string>> figure_names_;
};

/// The recorder that Show and Figure write to.
Recorder& CurrentRecorder();

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_RECORDER_H_
