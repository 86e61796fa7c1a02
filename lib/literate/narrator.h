#ifndef SURPRISAL_LITERATE_NARRATOR_H_
#define SURPRISAL_LITERATE_NARRATOR_H_

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "literate/keys.h"
#include "literate/recorder.h"
#include "literate/source.h"
#include "literate/text.h"

namespace surprisal::literate {

/// What running a step came to.
struct Outcome {
  int checks = 0;
  int failed = 0;
  bool threw = false;           // and so ended early
  std::vector<Lines> failures;  // where, what, and the values
};

/// Runs one step of the chapter and says what came of it.
using StepRunner = std::function<Outcome(size_t step)>;

/// How a chapter is told.
struct NarratorOptions {
  size_t width = 78;  // columns of text
  size_t rows = 24;   // of the terminal: longer steps are shown page by page
  bool colour = false;
  bool pause = false;     // wait for a key after each step
  size_t first_step = 0;  // the steps before it run unseen
};

/// Tells a chapter: prose, code, results, step by step.
class Narrator {
 public:
  /// `reached` is called with each step as it is shown.
  Narrator(const Chapter& chapter, Recorder& recorder, StepRunner run_step,
           KeySource keys, std::ostream& out, const NarratorOptions& options,
           std::function<void(size_t)> reached = {});

  enum class End { kFinished, kQuit };

  /// A step that throws is the last to be told: what it left undone, the others
  /// would miss. Throws Error where the prose is wrong: an unknown value or
  /// command.
  End Run();

  /// What stood before and behind a step, and what the step gave.
  struct Telling {
    std::vector<Lines> before;
    std::vector<Lines> after;
    Outcome outcome;
    std::vector<Output> outputs;
    bool has_run = false;
  };
  /// What was told of each step.
  const std::vector<Telling>& tellings() const { return tellings_; }
  int checks() const;
  int failed() const;

 private:
  std::vector<Lines> Before(size_t step) const;
  std::vector<Lines> After(size_t step) const;
  std::vector<Lines> Prose(const std::vector<Part>& parts) const;
  bool RunStep(size_t step);  // false if it threw
  std::optional<Key> Show(size_t step);
  std::optional<Key> Emit(const std::vector<Lines>& whole_blocks);
  void Print(const std::string& line);
  Key Prompt(const std::string& text);
  void Summary();

  const Chapter& chapter_;
  Recorder& recorder_;
  StepRunner run_step_;
  KeySource keys_;
  std::ostream& out_;
  NarratorOptions options_;
  std::function<void(size_t)> reached_;
  std::vector<Telling> tellings_;
  size_t lines_on_page_ = 0;
};

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_NARRATOR_H_
