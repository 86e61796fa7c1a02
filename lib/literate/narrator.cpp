#include "literate/narrator.h"

#include <algorithm>
#include <utility>

#include "literate/highlight.h"
#include "literate/prose.h"

namespace surprisal::literate {
namespace {

Lines Indented(Lines lines) {
  for (std::string& line : lines) {
    if (!line.empty()) line.insert(0, "  ");
  }
  return lines;
}

std::string Checks(int count) {
  return std::to_string(count) + (count == 1 ? " check" : " checks");
}

// Single values stand together; lists, tables and figures by themselves.
void AddOutputs(const std::vector<Output>& outputs,
                std::vector<Lines>& blocks) {
  bool single_before = false;
  for (const Output& output : outputs) {
    const bool single = !output.is_figure && output.lines.size() == 1;
    if (single && single_before) {
      blocks.back().push_back(output.lines[0]);
    } else {
      blocks.push_back(output.lines);
    }
    single_before = single;
  }
}

void AddOutcome(const Outcome& outcome, std::vector<Lines>& blocks) {
  for (const Lines& failure : outcome.failures) blocks.push_back(failure);
  if (outcome.failed > 0) {
    const std::string text = "✗ " + std::to_string(outcome.failed) + " of " +
                             Checks(outcome.checks) + " failed";
    blocks.push_back({"    " + Styled(Style::kBad, text)});
  } else if (outcome.checks > 0) {
    blocks.push_back(
        {"    " +
         Styled(Style::kGood, "✓ " + Checks(outcome.checks) + " passed")});
  }
}

// Lines that should not be parted by the end of a page: a heading, or a lone
// line, stays with what it introduces.
size_t TogetherWithNext(const std::vector<Lines>& blocks, size_t i,
                        size_t page) {
  const size_t size = blocks[i].size();
  if (size > 1 || i + 1 == blocks.size()) return size;
  const size_t next = TogetherWithNext(blocks, i + 1, page);
  return size + 1 + next <= page ? size + 1 + next : size;
}

// Parts what is longer than a page at its blank lines: the rows of a figure,
// the paragraphs of a listing.
std::vector<Lines> SplitToPages(const std::vector<Lines>& blocks, size_t page) {
  std::vector<Lines> parts;
  for (const Lines& block : blocks) {
    parts.emplace_back();
    for (const std::string& line : block) {
      if (line.empty() && block.size() > page) {
        parts.emplace_back();
      } else {
        parts.back().push_back(line);
      }
    }
  }
  return parts;
}

}  // namespace

Narrator::Narrator(const Chapter& chapter, Recorder& recorder,
                   StepRunner run_step, KeySource keys, std::ostream& out,
                   const NarratorOptions& options,
                   std::function<void(size_t)> reached)
    : chapter_(chapter),
      recorder_(recorder),
      run_step_(std::move(run_step)),
      keys_(std::move(keys)),
      out_(out),
      options_(options),
      reached_(std::move(reached)),
      tellings_(chapter.steps.size()) {
  recorder_.width = options.width;
}

Narrator::End Narrator::Run() {
  size_t step = 0;
  while (step < options_.first_step && RunStep(step)) ++step;
  while (step < tellings_.size()) {
    if (reached_) reached_(step);
    std::optional<Key> key = Show(step);
    if (tellings_[step].outcome.threw) break;
    if (!key && options_.pause) {
      const bool last = step + 1 == tellings_.size();
      key = Prompt("── step " + std::to_string(step + 1) + "/" +
                   std::to_string(tellings_.size()) +
                   " ── enter: " + (last ? "finish" : "next") +
                   "  b: back  a: again  q: quit ");
    }
    switch (key.value_or(Key::kNext)) {
      case Key::kNext:
        ++step;
        break;
      case Key::kBack:
        step -= step > 0 ? 1 : 0;
        break;
      case Key::kAgain:
        tellings_[step].has_run = false;
        break;
      case Key::kQuit:
        return End::kQuit;
    }
  }
  Summary();
  return End::kFinished;
}

int Narrator::checks() const {
  int sum = 0;
  for (const Telling& telling : tellings_) sum += telling.outcome.checks;
  return sum;
}

int Narrator::failed() const {
  int sum = 0;
  for (const Telling& telling : tellings_) sum += telling.outcome.failed;
  return sum;
}

std::vector<Lines> Narrator::Prose(const std::vector<Part>& parts) const {
  const ProseOptions prose = {.width = options_.width,
                              .colour = options_.colour,
                              .titles = chapter_.titles,
                              .resolve = [this](std::string_view text) {
                                return recorder_.values.Resolve(text);
                              }};
  std::vector<Lines> blocks;
  for (const Part& part : parts) {
    if (part.is_prose) {
      for (Lines& block : RenderProse(part, chapter_.path, prose)) {
        blocks.push_back(std::move(block));
      }
    } else {
      blocks.push_back(Indented(Highlight(part.text)));
    }
  }
  return blocks;
}

std::vector<Lines> Narrator::Before(size_t step) const {
  const Step& source = chapter_.steps[step];
  std::vector<Lines> blocks = Prose(source.before);
  const std::string heading = "Step " + std::to_string(step + 1) + " of " +
                              std::to_string(tellings_.size()) + ": " +
                              source.title;
  blocks.push_back(Wrap(Styled(Style::kBold, heading), options_.width));
  for (Lines& block : Prose(source.body)) blocks.push_back(std::move(block));
  return blocks;
}

std::vector<Lines> Narrator::After(size_t step) const {
  std::vector<Lines> blocks;
  AddOutputs(tellings_[step].outputs, blocks);
  AddOutcome(tellings_[step].outcome, blocks);
  // The prose would speak of values that were not reached
  if (tellings_[step].outcome.threw) return blocks;
  for (Lines& block : Prose(chapter_.steps[step].after)) {
    blocks.push_back(std::move(block));
  }
  return blocks;
}

bool Narrator::RunStep(size_t step) {
  Telling& telling = tellings_[step];
  telling.before = Before(step);
  recorder_.Begin(step);
  telling.outcome = run_step_(step);
  telling.outputs = recorder_.outputs;
  telling.after = After(step);
  telling.has_run = true;
  return !telling.outcome.threw;
}

// Shows what stands before the run before running: training takes a while, and
// a crash should find the reader at the right place. Returns the key of a pause
// inside the step that leads elsewhere than on.
std::optional<Key> Narrator::Show(size_t step) {
  lines_on_page_ = 0;
  Telling& telling = tellings_[step];
  if (const auto key = Emit(telling.has_run ? telling.before : Before(step)))
    return key;
  out_.flush();
  if (!telling.has_run) RunStep(step);
  return Emit(telling.after);
}

std::optional<Key> Narrator::Emit(const std::vector<Lines>& whole_blocks) {
  const size_t page = std::max<size_t>(options_.rows, 8) - 2;
  const std::vector<Lines> blocks = SplitToPages(whole_blocks, page);
  for (size_t b = 0; b < blocks.size(); ++b) {
    const Lines& block = blocks[b];
    const bool fits =
        lines_on_page_ + TogetherWithNext(blocks, b, page) <= page;
    // A block longer than a page starts where it stands
    const bool hopeless = block.size() > page && lines_on_page_ < page / 2;
    for (size_t i = 0; i < block.size(); ++i) {
      const bool turn =
          (i == 0 && !fits && !hopeless) || lines_on_page_ >= page;
      if (options_.pause && turn && lines_on_page_ > 0) {
        const Key key = Prompt("── more ── enter: go on  b: back  q: quit ");
        if (key != Key::kNext) return key;
        lines_on_page_ = 0;
      }
      Print(block[i]);
    }
    Print("");
  }
  return std::nullopt;
}

void Narrator::Print(const std::string& line) {
  std::string text = Paint(line, options_.colour);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  out_ << text << '\n';
  const size_t columns = options_.width + 2;
  lines_on_page_ += 1 + (std::max<size_t>(DisplayWidth(line), 1) - 1) / columns;
}

// The prompt is wiped out by what follows, so that the text reads on.
Key Narrator::Prompt(const std::string& text) {
  out_ << Paint(Styled(Style::kDim, text), options_.colour) << std::flush;
  const Key key = keys_();
  out_ << "\r\x1b[K" << std::flush;
  return key;
}

void Narrator::Summary() {
  const int failures = failed();
  const std::string text =
      failures == 0 ? "All " + Checks(checks()) + " of this chapter passed."
                    : std::to_string(failures) + " of " + Checks(checks()) +
                          " of this chapter FAILED.";
  Print(Styled(failures == 0 ? Style::kGood : Style::kBad, text));
}

}  // namespace surprisal::literate
