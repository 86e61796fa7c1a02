// Times this library beside others, as ratios to memcpy, and says in the same
// table how far off each one's results are.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "bench/batch.h"
#include "bench/judge.h"
#include "bench/library.h"
#include "bench/report.h"
#include "bench/rounds.h"
#include "hwy/targets.h"
#include "target_option.h"

namespace surprisal::bench {
namespace {

constexpr std::array kTypes = {ElementType::kFloat32, ElementType::kFloat16,
                               ElementType::kBFloat16};

/// What the command line asks for.
struct Request {
  std::vector<std::string> quantities = {};  // none: all
  std::vector<std::string> shapes = {"50000x10", "8192x1000", "1024x32000",
                                     "256x128256", "64x1000"};
  std::vector<std::string> types = {"float32"};
  std::vector<std::string> peers = {};    // none: all
  std::vector<std::string> targets = {};  // none: the CPU's best
  bool no_peers = false;
  int threads = 2;
  Extent extent = {.rounds = 7, .min_seconds = 0.02};
  int confident_percent = 25;
  std::string json = {};
  std::string markdown = {};
  std::string arguments = {};  // all of them, as typed

  bool Wants(Quantity quantity) const {
    return quantities.empty() || IsIn(quantities, NameOf(quantity));
  }
  bool WantsPeer(const std::string& name) const {
    return !no_peers && (peers.empty() || IsIn(peers, name));
  }
  bool Wants(ElementType type) const { return IsIn(types, NameOf(type)); }

 private:
  static bool IsIn(const std::vector<std::string>& names,
                   const std::string& name) {
    return std::ranges::count(names, name) > 0;
  }
};

/// Who is compared, and the column that tells of them.
struct Entrant {
  Library library;
  Column column;
  int64_t target = 0;
};

Entrant Ours(int64_t target, int threads) {
  const Library library = SurprisalLibrary(threads);
  return {library,
          {library.name, library.version, hwy::TargetName(target),
           static_cast<size_t>(threads)},
          target};
}

/// This library comes first: on every target asked for with one thread and,
/// right behind that, with several.
std::vector<Entrant> Entrants(const Request& request) {
  std::vector<int64_t> targets = testing::TargetsNamed(request.targets);
  if (request.targets.empty()) targets.resize(1);
  std::vector<Entrant> entrants;
  for (const int64_t target : targets) {
    entrants.push_back(Ours(target, 1));
    if (request.threads > 1) entrants.push_back(Ours(target, request.threads));
  }
  for (const Library& peer : Peers()) {
    if (!request.WantsPeer(peer.name)) continue;
    entrants.push_back({peer, {peer.name, peer.version}});
  }
  return entrants;
}

/// The yardstick: the logits, copied to the matrix.
Contender Copy(const Task& task) {
  return {[task] {
    std::memcpy(task.matrix, task.logits,
                task.rows * task.classes * SizeOf(task.type));
  }};
}

/// Computes once, which also warms up, and judges that. Before, all results are
/// made NaN, lest one's be taken for another's.
Verdict JudgeOnce(const Contender& contender, const Judge& judge,
                  const Task& task) {
  std::memset(task.matrix, 0xff, task.rows * task.classes * SizeOf(task.type));
  std::memset(task.scalars, 0xff, task.rows * sizeof(float));
  hwy::SetSupportedTargetsForTest(contender.target);
  contender.compute();
  hwy::SetSupportedTargetsForTest(0);
  return judge.Look(task);
}

/// The ratios of one contender's times to another's, round by round.
std::vector<double> Ratios(const std::vector<Seconds>& over,
                           const std::vector<Seconds>& under,
                           double Seconds::*clock) {
  std::vector<double> ratios;
  for (size_t round = 0; round < over.size(); ++round) {
    ratios.push_back(over[round].*clock / under[round].*clock);
  }
  return ratios;
}

/// Measures everybody's times, the copy's first, and makes ratios of them for
/// the cells there are.
void Time(const std::vector<Entrant>& entrants,
          const std::vector<Contender>& contenders, const Extent& extent,
          Row& row) {
  const auto times = MeasureRounds(contenders, extent);
  size_t contender = 0;
  for (size_t i = 0; i < entrants.size(); ++i) {
    if (!row.cells[i]) continue;
    ++contender;
    Cell& cell = *row.cells[i];
    cell.ratios =
        entrants[i].column.threads == 1
            ? Ratios(times[contender], times[0], &Seconds::cpu)
            : Ratios(times[contender - 1], times[contender], &Seconds::wall);
    cell.ratio = Median(cell.ratios);
  }
}

Row MeasureRow(const std::vector<Entrant>& entrants, const Judge& judge,
               const Task& task, const Extent& extent) {
  Row row = {task.quantity, {task.rows, task.classes}, task.type};
  std::vector<Contender> contenders = {Copy(task)};
  for (const Entrant& entrant : entrants) {
    const Contender contender = {entrant.library.prepare(task), entrant.target};
    row.cells.emplace_back();
    if (!contender.compute) continue;
    row.cells.back() = Cell{.verdict = JudgeOnce(contender, judge, task)};
    contenders.push_back(contender);
  }
  Time(entrants, contenders, extent, row);
  return row;
}

/// The quantities asked for, of one batch; each row is printed when it is known.
void MeasureBatch(const Request& request, const std::vector<Entrant>& entrants,
                  Batch& batch, const Heading& heading,
                  std::vector<Row>& rows) {
  const Judge judge(batch);
  for (const Quantity quantity : kQuantities) {
    if (!request.Wants(quantity)) continue;
    rows.push_back(
        MeasureRow(entrants, judge, batch.TaskOf(quantity), request.extent));
    PrintRow(heading, rows.back());
  }
}

void WriteReports(const Request& request, const Heading& heading,
                  const std::vector<Row>& rows) {
  if (!request.json.empty()) WriteJson(request.json, heading, rows);
  if (!request.markdown.empty()) {
    WriteMarkdown(request.markdown, heading, rows);
  }
}

void Measure(const Request& request) {
  const std::vector<Entrant> entrants = Entrants(request);
  const double confident = request.confident_percent / 100.0;
  Heading heading = {
      {}, request.extent.rounds, confident, request.arguments};
  for (const Entrant& entrant : entrants) {
    heading.columns.push_back(entrant.column);
  }
  std::vector<Row> rows;
  // A file that cannot be written is found out at once, not after minutes
  WriteReports(request, heading, rows);
  PrintHeading(heading);
  for (const std::string& shape : request.shapes) {
    for (const ElementType type : kTypes) {
      if (!request.Wants(type)) continue;
      Batch batch(*ParseShape(shape), type, confident);
      MeasureBatch(request, entrants, batch, heading, rows);
    }
  }
  WriteReports(request, heading, rows);
}

template <class Things, class NameFn>
std::vector<std::string> Names(const Things& things, const NameFn& name) {
  std::vector<std::string> names;
  for (const auto& thing : things) names.push_back(name(thing));
  return names;
}

std::string CheckShape(const std::string& text) {
  if (ParseShape(text)) return "";
  return fmt::format(
      "{} is not ROWSxCLASSES, such as 8192x1000, of at least 1 and at most {} "
      "logits",
      text, kMostLogits);
}

void AddFilters(CLI::App& app, Request& request) {
  app.add_option("--quantity", request.quantities,
                 "which quantities; by default all")
      ->check(CLI::IsMember(Names(
          kQuantities, [](Quantity quantity) { return NameOf(quantity); })));
  app.add_option("--shape", request.shapes, "which batches, ROWSxCLASSES")
      ->check(CheckShape, "ROWSxCLASSES")
      ->capture_default_str();
  app.add_option("--type", request.types, "which types of logits")
      ->check(CLI::IsMember(
          Names(kTypes, [](ElementType type) { return NameOf(type); })))
      ->capture_default_str();
  auto* peers =
      app.add_option("--peer", request.peers,
                     "which other libraries; by default all that were there "
                     "when this was built")
          ->transform(CLI::IsMember(
              Names(Peers(), [](const Library& peer) { return peer.name; }),
              CLI::ignore_case));
  app.add_flag("--no-peers", request.no_peers, "none of them")->excludes(peers);
  testing::AddTargetOption(
      app, request.targets,
      "which SIMD targets of this library; by default the CPU's best alone. "
      "Peers always use what they choose");
}

void AddExtent(CLI::App& app, Request& request) {
  app.add_option("--threads", request.threads,
                 "compare one thread with so many; 1 leaves that out")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--rounds", request.extent.rounds, "the more, the steadier")
      ->check(CLI::Range(size_t{1}, size_t{1000}))
      ->capture_default_str();
  app.add_option("--min-time", request.extent.min_seconds,
                 "seconds to repeat each computation for in a round")
      ->check(CLI::Range(1e-6, 60.0))
      ->capture_default_str();
  app.add_option("--confident", request.confident_percent,
                 "percent of rows whose label leads by 20 nats")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  app.add_option("--json", request.json, "write the same to this file");
  app.add_option("--markdown", request.markdown,
                 "write the page docs/speed.md of the site to this file");
}

int Main(int argc, char** argv) {
  Request request;
  CLI::App app(
      "Times softmax and its kin, in this library and in others, as ratios to "
      "memcpy of the logits, and shows beside each time the worst error.",
      "bench");
  AddFilters(app, request);
  AddExtent(app, request);
  for (int i = 1; i < argc; ++i) {
    request.arguments += std::string(" ") + argv[i];
  }
  try {
    app.parse(argc, argv);
    Measure(request);
    return 0;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench: {}\n", error.what());
    return 2;
  }
}

}  // namespace
}  // namespace surprisal::bench

int main(int argc, char** argv) { return surprisal::bench::Main(argc, argv); }
