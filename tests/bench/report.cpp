#include "bench/report.h"

#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cmath>
#include <fstream>
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
  std::ofstream file(path);
  file << json.dump(2) << '\n';
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

}  // namespace surprisal::bench
