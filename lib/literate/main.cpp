// The program that every chapter is.

#include <hwy/targets.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include "literate/bookmark.h"
#include "literate/embedded.h"
#include "literate/keys.h"
#include "literate/narrator.h"
#include "literate/recorder.h"
#include "literate/source.h"
#include "literate/step_runner.h"
#include "literate/values_file.h"
#include "surprisal/common/error.h"

namespace surprisal::literate {
namespace {

constexpr int kPassed = 0, kFailed = 1, kBadUsage = 2, kQuit = 10;
constexpr size_t kPageWidth = 80, kPageRows = 24;

// A mistake on the command line, as against one in a chapter.
struct UsageError : Error {
  using Error::Error;
};

struct Arguments {
  bool no_pause = false;
  bool resume = false;
  bool list = false;
  bool targets = false;
  size_t step = 1;
  size_t width = 0;  // 0: the terminal's, at most kPageWidth
  std::string data, figures, values, target;
};

void AddOptions(CLI::App& app, Arguments& arguments) {
  app.add_flag("--no-pause", arguments.no_pause,
               "run straight through, without waiting for keys");
  app.add_flag("--resume", arguments.resume,
               "go on where you stopped reading this chapter");
  app.add_option("--step", arguments.step,
                 "begin at step N; the steps before it run unseen")
      ->type_name("N");
  app.add_flag("--list", arguments.list, "list the steps and exit");
  app.add_option("--data", arguments.data,
                 "folder of the four IDX files of MNIST")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory);
  app.add_option("--width", arguments.width, "columns of the page, 40 to 200")
      ->type_name("N")
      ->check(CLI::Range(size_t{40}, size_t{200}));
  app.add_option("--figures", arguments.figures,
                 "write the figures here, as SVG")
      ->type_name("DIR");
  app.add_option("--values", arguments.values,
                 "write what was shown here, as JSON")
      ->type_name("FILE");
  app.add_option("--target", arguments.target,
                 "compute with this SIMD target only")
      ->type_name("NAME");
  app.add_flag("--targets", arguments.targets,
               "list the SIMD targets of this machine and exit");
  app.footer(
      "Exit code: 0 all checks passed, 1 a check failed, 2 bad usage, 10 the "
      "reader quit.");
}

// Restricts Highway to the target `name`.
void ChooseTarget(const std::string& name) {
  std::string known;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (name == hwy::TargetName(target)) {
      hwy::SetSupportedTargetsForTest(target);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      return;
    }
    known += std::string(" ") + hwy::TargetName(target);
  }
  throw UsageError("--target: " + name +
                   " is not one of this machine's:" + known);
}

// First step to tell, from --step or the bookmark.
size_t FirstStep(const Arguments& arguments, const Chapter& chapter,
                 const std::optional<std::filesystem::path>& bookmark_path) {
  const size_t steps = chapter.steps.size();
  if (arguments.step < 1 || arguments.step > steps) {
    throw UsageError("--step: " + std::to_string(arguments.step) +
                     " is outside [1, " + std::to_string(steps) + "]");
  }
  if (!arguments.resume || !bookmark_path) return arguments.step - 1;
  try {
    const auto bookmark = LoadBookmark(*bookmark_path);
    if (!bookmark || bookmark->chapter != kEmbedded.name) return 0;
    return bookmark->step < steps ? bookmark->step : 0;
  } catch (const Error& error) {
    std::cerr << "note: " << error.what() << "; starting at the beginning\n";
    return 0;
  }
}

NarratorOptions Terminal(const Arguments& arguments) {
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  winsize size = {};
  const bool known = terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
                     size.ws_col > 0 && size.ws_row > 0;
  size_t width =
      known ? std::clamp<size_t>(size.ws_col, 40, kPageWidth) : kPageWidth;
  if (arguments.width > 0) width = arguments.width;
  const char* no_colour = std::getenv("NO_COLOR");
  return {
      .width = width - 2,
      .rows = known ? size.ws_row : kPageRows,
      .colour = terminal && (no_colour == nullptr || *no_colour == '\0'),
      .pause = terminal && isatty(STDIN_FILENO) != 0 && !arguments.no_pause};
}

void ListSteps(const Chapter& chapter) {
  for (size_t i = 0; i < chapter.steps.size(); ++i) {
    std::cout << i + 1 << "  " << chapter.steps[i].title << '\n';
  }
}

int Tell(const Arguments& arguments, const Chapter& chapter) {
  Recorder& recorder = CurrentRecorder();
  if (!arguments.figures.empty()) recorder.figure_folder = arguments.figures;
  if (!arguments.data.empty()) recorder.data_folder = arguments.data;
  if (!arguments.target.empty()) ChooseTarget(arguments.target);
  const auto bookmark_path = BookmarkPath();
  NarratorOptions options = Terminal(arguments);
  options.first_step = FirstStep(arguments, chapter, bookmark_path);
  const bool keeps_place = options.pause && bookmark_path.has_value();
  const auto reached = [&](size_t step) {
    if (keeps_place)
      SaveBookmark(*bookmark_path, {kEmbedded.name, step, false});
  };
  const auto run = [&](size_t step) { return RunStepInDoctest(chapter, step); };
  Narrator narrator(chapter, recorder, run, ReadTerminalKey, std::cout, options,
                    reached);
  const Narrator::End end = narrator.Run();
  std::cout.flush();
  if (narrator.failed() > 0) return kFailed;
  if (end == Narrator::End::kQuit) return kQuit;
  if (keeps_place) SaveBookmark(*bookmark_path, {kEmbedded.name, 0, true});
  if (!arguments.values.empty()) {
    WriteValuesFile(arguments.values, kEmbedded.name, chapter, narrator,
                    recorder.values);
  }
  return kPassed;
}

int Run(const Arguments& arguments) {
  const std::string_view source(reinterpret_cast<const char*>(kEmbedded.bytes),
                                kEmbedded.size);
  const Chapter chapter = ParseChapter(source, kEmbedded.path);
  if (arguments.targets) {
    for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
      std::cout << hwy::TargetName(target) << '\n';
    }
    return kPassed;
  }
  if (arguments.list) {
    ListSteps(chapter);
    return kPassed;
  }
  return Tell(arguments, chapter);
}

}  // namespace

int Main(int argc, char** argv) {
  CLI::App app(
      "A chapter of Surprisal: tutorial, test and page in one program.");
  Arguments arguments;
  AddOptions(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kPassed : kBadUsage;
  }
  try {
    return Run(arguments);
  } catch (const UsageError& error) {
    std::cerr << error.what() << '\n';
    return kBadUsage;
  } catch (const std::exception& error) {
    std::cout.flush();
    std::cerr << "error: " << error.what() << '\n';
    return kFailed;
  }
}

}  // namespace surprisal::literate

int main(int argc, char** argv) {
  return surprisal::literate::Main(argc, argv);
}
