#include "accuracy/table.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <sstream>

#include "hwy/targets.h"

namespace surprisal::accuracy {
namespace {

using Cells = std::vector<std::string>;

const Cells kNarrowHead = {"function", "type",   "results", "different",
                           "zeros",    "ties",   "nearest", "in hex",
                           "input",    "result", "row"};
const Cells kDoubleHead = {"function", "targets", "results", "error",
                           "in hex",   "input",   "result",  "row"};
const Cells kStagesHead = {"function", "type", "rows",
                           "results",  "full", "last"};

constexpr size_t kLengths[] = {10, 1000, 32000};

std::string Line(const Cells& cells) {
  return fmt::format("| {} |\n", fmt::join(cells, " | "));
}

std::string Head(const Cells& cells) {
  std::string text = Line(cells) + "|";
  for (size_t i = 0; i < cells.size(); ++i) text += "---|";
  return text + "\n";
}

/// Short rows in full, long ones by their length.
std::string RowText(const Found& found) {
  constexpr size_t kShort = 4;
  if (found.first.size() > kShort) {
    return fmt::format("{} classes", found.first.size());
  }
  std::string text;
  for (const auto* values : {&found.first, &found.second}) {
    if (values->empty()) continue;
    if (!text.empty()) text += ", ";
    text += "[";
    for (const double x : *values) {
      text += fmt::format("{}{:a}", text.back() == '[' ? "" : " ", x);
    }
    text += "]";
  }
  return text;
}

/// The cells that recomputing an input must give again.
Cells FoundCells(const Found& found) {
  return {fmt::format("{:.5g}", found.ulp), fmt::format("{:a}", found.ulp),
          Text(found.source, found.place), fmt::format("{:a}", found.result),
          RowText(found)};
}

std::string TargetNames(const std::vector<int64_t>& targets) {
  std::string text;
  for (const int64_t target : targets) {
    text += (text.empty() ? "" : " ") + std::string(hwy::TargetName(target));
  }
  return text;
}

/// "0", or which targets differ how often.
std::string Differences(const std::vector<int64_t>& targets,
                        const std::vector<uint64_t>& differences) {
  std::string text;
  for (size_t t = 0; t < targets.size(); ++t) {
    if (differences[t] == 0) continue;
    text += fmt::format("{}{}: {}", text.empty() ? "" : " ",
                        hwy::TargetName(targets[t]), differences[t]);
  }
  return text.empty() ? "0" : text;
}

Cells Joined(Cells a, const Cells& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::string NarrowLine(const Quantity& quantity, ElementType type,
                       const std::vector<int64_t>& targets,
                       const Findings& findings) {
  return Line(
      Joined({quantity.name, NameOf(type), fmt::format("{}", findings.results),
              Differences(targets, findings.differences),
              fmt::format("{}", findings.zero_signs),
              fmt::format("{}", findings.ties)},
             FoundCells(findings.nearest)));
}

/// A line for all targets on which the same was found.
std::string DoubleLines(const Quantity& quantity,
                        const std::vector<int64_t>& targets,
                        const Findings& findings) {
  std::vector<std::pair<Cells, std::vector<int64_t>>> groups;
  for (size_t t = 0; t < targets.size(); ++t) {
    const Cells cells = FoundCells(findings.worst[t]);
    const auto same = std::ranges::find_if(
        groups, [&](const auto& group) { return group.first == cells; });
    if (same != groups.end()) {
      same->second.push_back(targets[t]);
    } else {
      groups.push_back({cells, {targets[t]}});
    }
  }
  std::string text;
  for (const auto& [cells, members] : groups) {
    text += Line(Joined({quantity.name, TargetNames(members),
                         fmt::format("{}", findings.results)},
                        cells));
  }
  return text;
}

bool Holds(ElementType type, const Findings& findings) {
  if (type == ElementType::kFloat64) {
    return std::ranges::all_of(
        findings.worst, [](const Found& found) { return found.ulp <= 0.5; });
  }
  return std::ranges::all_of(findings.differences,
                             [](uint64_t count) { return count == 0; });
}

std::string StagesLine(const Quantity& quantity, ElementType type,
                       const std::string& rows, const Taken& taken) {
  return Line({quantity.name, NameOf(type), rows,
               fmt::format("{}", taken.results),
               fmt::format("{}", taken.stages.full),
               fmt::format("{}", taken.stages.last)});
}

/// What the lines of stages call their rows.
std::string RandomRows(const Quantity& quantity, size_t classes) {
  return quantity.one_class ? "random" : fmt::format("random, {}", classes);
}

std::string StagesLines(const Quantity& quantity, ElementType type) {
  std::string text;
  for (const size_t classes : kLengths) {
    const size_t length = quantity.one_class ? 1 : classes;
    text += StagesLine(quantity, type, RandomRows(quantity, classes),
                       StagesOfRandom(quantity, type, length));
    if (quantity.one_class) break;
  }
  return text +
         StagesLine(quantity, type, "hard", StagesOfHard(quantity, type));
}

std::string Seconds(std::chrono::steady_clock::time_point since) {
  const std::chrono::duration<double> passed =
      std::chrono::steady_clock::now() - since;
  return fmt::format("{:.1f} s", passed.count());
}

/// The three tables as they grow.
struct Tables {
  std::string narrow, wide, stages;
  bool holds = true;
};

void Add(const Quantity& quantity, ElementType type, const Selection& selection,
         const std::function<void(const std::string&)>& progress,
         const RunFn& run, Tables& tables) {
  const auto start = std::chrono::steady_clock::now();
  const Findings findings =
      Measure(quantity, type, selection.targets, selection.extent, run);
  const bool holds = Holds(type, findings);
  tables.holds = tables.holds && holds;
  (type == ElementType::kFloat64 ? tables.wide : tables.narrow) +=
      type == ElementType::kFloat64
          ? DoubleLines(quantity, selection.targets, findings)
          : NarrowLine(quantity, type, selection.targets, findings);
  if (selection.stages && type != ElementType::kFloat64) {
    hwy::SetSupportedTargetsForTest(selection.targets[0]);
    tables.stages += StagesLines(quantity, type);
    hwy::SetSupportedTargetsForTest(0);
  }
  progress(fmt::format("{} {}: {} results, {} by 100 digits, {}{}",
                       quantity.name, NameOf(type), findings.results,
                       findings.escalated, Seconds(start),
                       holds ? "" : ", NOT AS PROMISED"));
  for (const std::string& example : findings.examples) progress(example);
}

std::string Introduction(const Selection& selection) {
  return fmt::format(
      "# How accurate every function is {{#accuracy}}\n\n"
      "Written by `accuracy_table --results {} --write docs/accuracy.md`; a "
      "test\n"
      "computes what is recorded here again. SIMD targets: {}.\n\n"
      "An input is named by how tests/accuracy/inputs.h makes it: `random "
      "12.3.4`\n"
      "is result 4 of row 3 of random batch 12; `near` a random one moved by "
      "its\n"
      "last number; `special` a row that is exact, a tie, flat or at the end "
      "of a\n"
      "range; `built` one made to come near a midpoint "
      "(tests/accuracy/midpoints.h).\n"
      "Rows of up to four classes are written out.\n",
      selection.extent.results, TargetNames(selection.targets));
}

std::string Assembled(const Selection& selection, const Tables& tables) {
  std::string text = Introduction(selection);
  if (!tables.narrow.empty()) {
    text +=
        "\n## float, float16 and bfloat16: correctly rounded\n\n"
        "*different* counts the results, of all targets, that are not the\n"
        "correctly rounded ones, bit for bit. *nearest* says how far the real\n"
        "number nearest to a midpoint of two values of the type was from it, "
        "in\n"
        "units in the last place; the result is then one of the two. *ties* "
        "are\n"
        "results exactly at a midpoint, or nearer than 2^-300.\n\n" +
        Head(kNarrowHead) + tables.narrow;
  }
  if (!tables.wide.empty()) {
    text +=
        "\n## double: correctly rounded\n\n"
        "*error* is the largest found, in units in the last place: at most a "
        "half.\n\n" +
        Head(kDoubleHead) + tables.wide;
  }
  if (!tables.stages.empty()) {
    text += fmt::format(
        "\n## The stages behind the first, on {}\n\n"
        "How many results took the full stage and how many the last resort "
        "(see\n"
        "[rounding](rounding.md)): of random rows with 10, 1000 and 32000 "
        "classes\n"
        "(logits of standard deviation 3; or as many sizes of such), and of "
        "the "
        "special\n"
        "and built ones. Where nearly all take the full stage, there is no "
        "first,\n"
        "or it is not for such inputs.\n\n",
        hwy::TargetName(selection.targets[0]));
    text += Head(kStagesHead) + tables.stages;
  }
  return text;
}

bool Wants(const Selection& selection, const Quantity& quantity) {
  return selection.functions.empty() ||
         std::ranges::count(selection.functions, quantity.name) > 0;
}

// Reading a page

Cells CellsOf(const std::string& line) {
  Cells cells;
  for (size_t at = line.find("| "); at != std::string::npos;) {
    const size_t end = line.find(" |", at + 2);
    if (end == std::string::npos) break;
    cells.push_back(line.substr(at + 2, end - at - 2));
    at = end + 1;
  }
  return cells;
}

/// The lines of the table with that head.
std::vector<Cells> LinesOf(const std::string& text, const Cells& head) {
  std::vector<Cells> lines;
  std::istringstream stream(text);
  bool inside = false;
  for (std::string line; std::getline(stream, line);) {
    const Cells cells = CellsOf(line);
    if (cells == head) inside = true;
    if (line.empty()) inside = false;
    if (inside && cells.size() == head.size() && cells != head) {
      lines.push_back(cells);
    }
  }
  return lines;
}

const Quantity* Named(const std::string& name) {
  const auto found = std::ranges::find(Quantities(), name, &Quantity::name);
  return found == Quantities().end() ? nullptr : &*found;
}

std::optional<ElementType> TypeNamed(const std::string& name) {
  for (const ElementType type : Selection().types) {
    if (name == NameOf(type)) return type;
  }
  return {};
}

/// What Text(source, place) was made of.
std::optional<std::pair<Source, size_t>> ParseSource(const std::string& text) {
  char family[16];
  unsigned long long number = 0, row = 0, place = 0, step = 0;
  if (std::sscanf(text.c_str(), "%15s %llu.%llu.%llu.%llu", family, &number,
                  &row, &place, &step) < 4) {
    return {};
  }
  static const std::map<std::string, Source::Family> kFamilies = {
      {"random", Source::kRandom},
      {"special", Source::kSpecial},
      {"built", Source::kBuilt},
      {"near", Source::kNear}};
  const auto found = kFamilies.find(family);
  if (found == kFamilies.end()) return {};
  return std::pair(Source{found->second, number, row, step}, size_t{place});
}

/// The targets of that list that this CPU has.
std::vector<int64_t> TargetsNamed(const std::string& names) {
  std::vector<int64_t> targets;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const std::string name = hwy::TargetName(target);
    if ((" " + names + " ").find(" " + name + " ") != std::string::npos) {
      targets.push_back(target);
    }
  }
  return targets;
}

/// Collects what is not as the page says.
class Checker {
 public:
  explicit Checker(const RunFn& run) : run_(run) {}

  void Narrow(const Cells& cells) {
    const Quantity* quantity = Named(cells[0]);
    const auto type = TypeNamed(cells[1]);
    const auto source = ParseSource(cells[8]);
    if (quantity == nullptr || !type || !source) return Unreadable(cells);
    seen_.push_back(cells[0] + " " + cells[1]);
    const auto targets = hwy::SupportedAndGeneratedTargets();
    const Findings found = Remeasure(*quantity, *type, targets, source->first,
                                     source->second, run_);
    Compare(cells, 3, Differences(targets, found.differences));
    Compare(cells, 6, FoundCells(found.nearest));
  }

  void Double(const Cells& cells) {
    const Quantity* quantity = Named(cells[0]);
    const auto source = ParseSource(cells[5]);
    if (quantity == nullptr || !source) return Unreadable(cells);
    seen_.push_back(cells[0] + " float64");
    const auto targets = TargetsNamed(cells[1]);
    const Findings found = Remeasure(*quantity, ElementType::kFloat64, targets,
                                     source->first, source->second, run_);
    for (const Found& worst : found.worst) Compare(cells, 3, FoundCells(worst));
  }

  /// Those of the hard rows, and those that took many results to the full stage.
  void Stages(const Cells& cells) {
    const Quantity* quantity = Named(cells[0]);
    const auto type = TypeNamed(cells[1]);
    if (quantity == nullptr || !type) return Unreadable(cells);
    std::optional<Taken> taken;
    if (cells[2] == "hard") taken = StagesOfHard(*quantity, *type);
    if (!taken) return;
    Compare(cells, 3,
            {fmt::format("{}", taken->results),
             fmt::format("{}", taken->stages.full),
             fmt::format("{}", taken->stages.last)});
  }

  /// That every function is there with every type.
  void Complete() {
    for (const Quantity& quantity : Quantities()) {
      for (const ElementType type : Selection().types) {
        const std::string line = quantity.name + " " + NameOf(type);
        if (std::ranges::count(seen_, line) > 0) continue;
        wrong_.push_back(line + " is not in the table");
      }
    }
  }

  std::vector<std::string> Wrong() const { return wrong_; }

 private:
  void Unreadable(const Cells& cells) {
    wrong_.push_back("cannot be read: " + Line(cells));
  }

  void Compare(const Cells& cells, size_t begin, const Cells& got) {
    for (size_t i = 0; i < got.size(); ++i) {
      if (cells[begin + i] == got[i]) continue;
      wrong_.push_back(fmt::format("{} {}: got {}, the table says {}", cells[0],
                                   cells[1], got[i], cells[begin + i]));
    }
  }
  void Compare(const Cells& cells, size_t at, const std::string& got) {
    Compare(cells, at, Cells{got});
  }

  const RunFn& run_;
  std::vector<std::string> seen_;
  std::vector<std::string> wrong_;
};

/// The target whose stages the page counts, if this CPU has it.
std::vector<int64_t> StagesTarget(const std::string& text) {
  const std::string before = "## The stages behind the first, on ";
  const size_t at = text.find(before);
  if (at == std::string::npos) return {};
  const size_t begin = at + before.size();
  return TargetsNamed(text.substr(begin, text.find('\n', begin) - begin));
}

}  // namespace

Page MakePage(const Selection& selection,
              const std::function<void(const std::string&)>& progress,
              const RunFn& run) {
  Tables tables;
  for (const Quantity& quantity : Quantities()) {
    if (!Wants(selection, quantity)) continue;
    for (const ElementType type : selection.types) {
      Add(quantity, type, selection, progress, run, tables);
    }
  }
  return {Assembled(selection, tables), tables.holds};
}

std::vector<std::string> CheckPage(const std::string& text, const RunFn& run) {
  Checker checker(run);
  for (const Cells& cells : LinesOf(text, kNarrowHead)) checker.Narrow(cells);
  for (const Cells& cells : LinesOf(text, kDoubleHead)) checker.Double(cells);
  checker.Complete();
  const std::vector<int64_t> target = StagesTarget(text);
  if (!target.empty()) {
    hwy::SetSupportedTargetsForTest(target[0]);
    for (const Cells& cells : LinesOf(text, kStagesHead)) checker.Stages(cells);
    hwy::SetSupportedTargetsForTest(0);
  }
  return checker.Wrong();
}

}  // namespace surprisal::accuracy
