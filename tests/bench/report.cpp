#include "bench/report.h"

#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace surprisal::bench {
namespace {

using Json = nlohmann::ordered_json;

/// What Linux calls the CPU; where it does not say, the machine's name.
std::string CpuName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return benchmark::SystemInfo::Get().name;
}

/// "L1 Data 48 KiB"
std::vector<std::string> Caches() {
  std::vector<std::string> caches;
  for (const auto& cache : benchmark::CPUInfo::Get().caches) {
    caches.push_back(fmt::format("L{} {} {} KiB", cache.level, cache.type,
                                 cache.size / 1024));
  }
  return caches;
}

/// How many programs wanted a CPU in the last minute, before this one did: what
/// others take, a second thread cannot have. 0 where that is not known.
double Load() {
  const auto& load = benchmark::CPUInfo::Get().load_avg;
  return load.empty() ? 0 : load[0];
}

std::string Title(const Column& column) {
  std::string title = column.library;
  if (!column.target.empty()) title += " " + column.target;
  if (column.threads > 1) title = fmt::format("{} threads", column.threads);
  return title;
}

/// Rounded up, for 0.5003 is not 0.5.
std::string ErrorText(double ulp) {
  return ulp < 10 ? fmt::format("{:.3f}", std::ceil(ulp * 1000) / 1000)
                  : fmt::format("{:.3g}", ulp);
}

/// A cell, or its heads: of several threads there is the speed-up alone, for
/// they change no bit.
void PrintCell(const Column& column, std::string_view ratio,
               std::string_view error) {
  if (column.threads > 1) {
    fmt::print(" {:>10}", ratio);
  } else {
    fmt::print(" {:>10} {:>8}", ratio, error);
  }
}

// --- Markdown ---

/// The columns' names, and the line below them.
std::string TableHead(const Heading& heading) {
  std::string names = "| rows x classes |", rule = "|---|";
  for (const Column& column : heading.columns) {
    names += " " + Title(column) + " |";
    rule += "--:|";
  }
  return names + "\n" + rule + "\n";
}

std::string TableRow(const Heading& heading, const Row& row) {
  std::string line = "| " + Text(row.shape) + " |";
  for (size_t i = 0; i < row.cells.size(); ++i) {
    const auto& cell = row.cells[i];
    if (!cell) {
      line += " – |";
    } else if (heading.columns[i].threads > 1) {
      line += fmt::format(" x {:.2f} |", cell->ratio);
    } else {
      line += fmt::format(" {:.2f} ({}) |", cell->ratio,
                          ErrorText(cell->verdict.worst_ulp));
    }
  }
  return line + "\n";
}

/// A table for each quantity and type of these rows.
std::string Tables(const Heading& heading, const std::vector<Row>& rows) {
  std::vector<std::string> titles;
  std::map<std::string, std::string> bodies;
  for (const Row& row : rows) {
    const std::string title =
        fmt::format("{}, {}", NameOf(row.quantity), NameOf(row.type));
    if (!bodies.contains(title)) titles.push_back(title);
    bodies[title] += TableRow(heading, row);
  }
  std::string text;
  for (const std::string& title : titles) {
    text += fmt::format("\n## {}\n\n{}{}", title, TableHead(heading),
                        bodies[title]);
  }
  return text;
}

// --- JSON ---

/// JSON has no infinity.
Json Number(double x) { return std::isfinite(x) ? Json(x) : Json("inf"); }

Json ToJson(const Row& row, const Column& column, const Cell& cell) {
  Json json = {{"quantity", NameOf(row.quantity)}, {"rows", row.shape.rows},
               {"classes", row.shape.classes},     {"type", NameOf(row.type)},
               {"library", column.library},        {"target", column.target},
               {"threads", column.threads}};
  const char* what = column.threads > 1 ? "speedup" : "memcpys";
  json[what] = cell.ratio;
  json["rounds"] = cell.ratios;
  json["worst_ulp"] = Number(cell.verdict.worst_ulp);
  json["results_judged"] = cell.verdict.results;
  return json;
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

}  // namespace

void PrintHeading(const Heading& heading) {
  fmt::print("{}, {} CPUs, load {:.1f} before this; {}\n", CpuName(),
             benchmark::CPUInfo::Get().num_cpus, Load(),
             fmt::join(Caches(), ", "));
  for (const Column& column : heading.columns) {
    if (column.threads > 1) continue;
    fmt::print("{}: {}\n", Title(column), column.version);
  }
  fmt::print(
      "\nmemcpys: time on one thread / that of memcpy of the logits; speed-up: "
      "the time of one\nthread / that of several; medians of {} rounds. ulp: "
      "the worst error, 0.500 or less where\nevery result is the nearest to "
      "the exact one. {:g} % of the rows are confident.\n\n",
      heading.rounds, 100 * heading.confident);
  fmt::print("{:<12} {:<27} {:<8}", "shape", "quantity", "type");
  for (const Column& column : heading.columns) {
    fmt::print(" {:>{}}", Title(column), column.threads > 1 ? 10 : 19);
  }
  fmt::print("\n{:<49}", "");
  for (const Column& column : heading.columns) {
    PrintCell(column, column.threads > 1 ? "speed-up" : "memcpys", "ulp");
  }
  fmt::print("\n");
  std::fflush(stdout);
}

void PrintRow(const Heading& heading, const Row& row) {
  fmt::print("{:<12} {:<27} {:<8}", Text(row.shape), NameOf(row.quantity),
             NameOf(row.type));
  for (size_t i = 0; i < row.cells.size(); ++i) {
    const auto& cell = row.cells[i];
    PrintCell(heading.columns[i],
              cell ? fmt::format("{:.2f}", cell->ratio) : "-",
              cell ? ErrorText(cell->verdict.worst_ulp) : "-");
  }
  fmt::print("\n");
  std::fflush(stdout);
}

void WriteJson(const std::string& path, const Heading& heading,
               const std::vector<Row>& rows) {
  Json json = {{"cpu", CpuName()},
               {"cpus", benchmark::CPUInfo::Get().num_cpus},
               {"load", Load()},
               {"caches", Caches()},
               {"confident", heading.confident},
               {"libraries", Json::array()},
               {"cells", Json::array()}};
  for (const Column& column : heading.columns) {
    json["libraries"].push_back({{"library", column.library},
                                 {"version", column.version},
                                 {"target", column.target},
                                 {"threads", column.threads}});
  }
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.cells.size(); ++i) {
      if (!row.cells[i]) continue;
      json["cells"].push_back(ToJson(row, heading.columns[i], *row.cells[i]));
    }
  }
  WriteFile(path, json.dump(2) + "\n");
}

void WriteMarkdown(const std::string& path, const Heading& heading,
                   const std::vector<Row>& rows) {
  std::string text = fmt::format(
      "# Speed, measured {{#speed}}\n\n"
      "Written by `./suite bench{}`\non a machine that calls itself {}, with {} "
      "CPUs and these caches:\n{}.\n\n"
      "A time is that of one thread, as a multiple of what `memcpy` of the "
      "logits takes,\nround by round; of {} rounds it is the median. Behind it "
      "in brackets stands the worst\nerror of the very results that were "
      "timed, in units in the last place: 0.500 or less\nwhere every one is "
      "the nearest to the exact value. `x` says how many times faster\nseveral "
      "threads are than one. {:g} % of the rows are as confident as a trained "
      "network.\n\\ref performance \"Performance\" tells why it is done so, "
      "and where the time goes.\n\n",
      heading.arguments, CpuName(), benchmark::CPUInfo::Get().num_cpus,
      fmt::join(Caches(), ", "), heading.rounds, 100 * heading.confident);
  for (const Column& column : heading.columns) {
    if (column.threads > 1) continue;
    text += fmt::format("- {}: {}\n", Title(column), column.version);
  }
  WriteFile(path, text + Tables(heading, rows));
}

}  // namespace surprisal::bench
