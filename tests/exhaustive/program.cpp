#include "exhaustive/program.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

#include "hwy/targets.h"
#include "literate/progress_bar.h"
#include "target_option.h"

namespace surprisal::exhaustive {
namespace {

/// What the command line asks for.
struct Request {
  std::vector<std::string> functions = {};  // none: all
  std::vector<std::string> types = {};      // none: all
  std::vector<std::string> targets = {};    // none: all
  uint64_t from = 0;
  std::optional<uint64_t> to = {};
  uint64_t step = 1;
  size_t threads = std::max(1u, std::thread::hardware_concurrency());
  std::string json = {};

  Range RangeOf(const Entry& entry) const {
    return {from, std::min(to.value_or(entry.last_bits), entry.last_bits),
            step};
  }

  bool Wants(const Entry& entry) const {
    return IsIn(functions, entry.name) && IsIn(types, entry.type) &&
           from <= entry.last_bits;
  }

 private:
  static bool IsIn(const std::vector<std::string>& names,
                   const std::string& name) {
    return names.empty() || std::ranges::count(names, name) > 0;
  }
};

struct Report {
  Entry entry;
  Outcome outcome;
};

/// Says how far the work is: a bar at a terminal, else a line per function.
class Display {
 public:
  Display(size_t functions, uint64_t inputs, std::FILE* err)
      : functions_(functions), inputs_(inputs), err_(err) {
    if (isatty(fileno(err)) != 0) bar_.emplace("exhaustive", inputs, err, true);
  }

  void Begin(const Entry& entry) { name_ = entry.name; }

  void Update(uint64_t inputs, uint64_t differences) {
    if (!bar_) return;
    const uint64_t done = finished_inputs_ + inputs;
    bar_->Update(done, fmt::format("{}, {} of {}; {} differences; {}", name_,
                                   finished_ + 1, functions_,
                                   differences_ + differences, TimeLeft(done)));
  }

  void Finish(const Report& report) {
    ++finished_;
    finished_inputs_ += report.outcome.inputs;
    differences_ += report.outcome.Differences();
    if (bar_ && finished_ == functions_) bar_->Finish();
    if (bar_) return;
    fmt::print(err_,
               "{} of {} functions ({}%): {} {}, {} inputs, {} differences; "
               "{}\n",
               finished_, functions_, finished_inputs_ * 100 / inputs_,
               report.entry.name, report.entry.type, report.outcome.inputs,
               report.outcome.Differences(), TimeLeft(finished_inputs_));
  }

 private:
  std::string TimeLeft(uint64_t done) const {
    using Minutes = std::chrono::duration<double, std::ratio<60>>;
    const Minutes passed = std::chrono::steady_clock::now() - start_;
    const double left = passed.count() * static_cast<double>(inputs_ - done) /
                        static_cast<double>(done);
    return fmt::format("{:.1f} minutes left", left);
  }

  size_t functions_;
  uint64_t inputs_;
  std::FILE* err_;
  std::optional<literate::ProgressBar> bar_;
  std::chrono::steady_clock::time_point start_ =
      std::chrono::steady_clock::now();
  std::string name_ = {};
  size_t finished_ = 0;
  uint64_t finished_inputs_ = 0;
  uint64_t differences_ = 0;
};

std::string Described(const Difference& difference) {
  return fmt::format("at {:a} (bits {:#010x}), result {}: got {:a}, want {:a}",
                     difference.input, difference.input_bits, difference.place,
                     difference.got, difference.want);
}

double NanosecondsPerInput(const Cost& cost, uint64_t inputs) {
  return cost.cpu_seconds * 1e9 / static_cast<double>(inputs);
}

void PrintTable(const std::vector<Report>& reports, std::FILE* out) {
  constexpr const char* kRow =
      "{:<25} {:<8} {:<9} {:>10} {:>11} {:>11} {:>10} {:>8} {:>8}\n";
  fmt::print(out, kRow, "function", "type", "by", "inputs", "differences",
             "long double", "100 digits", "ns/input", "minutes");
  for (const auto& [entry, outcome] : reports) {
    const auto print = [&](std::string_view by, const auto& differences,
                           const auto& asked, const auto& escalated,
                           const Cost& cost) {
      fmt::print(
          out, kRow, entry.name, entry.type, by, outcome.inputs, differences,
          asked, escalated,
          fmt::format("{:.1f}", NanosecondsPerInput(cost, outcome.inputs)),
          fmt::format("{:.2f}", cost.minutes));
    };
    print("oracle", "", outcome.long_double.asked,
          outcome.long_double.escalated, outcome.oracle);
    for (const TargetOutcome& target : outcome.targets) {
      print(hwy::TargetName(target.target), target.differences, "", "",
            target.cost);
    }
  }
}

/// The first differences of every target; returns whether there are none.
bool PrintDifferences(const std::vector<Report>& reports, std::FILE* out) {
  bool none = true;
  for (const auto& [entry, outcome] : reports) {
    for (const TargetOutcome& target : outcome.targets) {
      if (target.differences == 0) continue;
      none = false;
      fmt::print(out, "{} {} on {}: {} differences\n", entry.name, entry.type,
                 hwy::TargetName(target.target), target.differences);
      for (const Difference& difference : target.first) {
        fmt::print(out, "  {}\n", Described(difference));
      }
    }
  }
  return none;
}

using Json = nlohmann::ordered_json;

Json ToJson(const Cost& cost, uint64_t inputs) {
  return {{"minutes", cost.minutes},
          {"ns_per_input", NanosecondsPerInput(cost, inputs)}};
}

Json ToJson(const TargetOutcome& target, uint64_t inputs) {
  Json json = {{"target", hwy::TargetName(target.target)},
               {"differences", target.differences},
               {"first", Json::array()},
               {"cost", ToJson(target.cost, inputs)}};
  for (const Difference& difference : target.first) {
    json["first"].push_back(Described(difference));
  }
  return json;
}

Json ToJson(const Report& report, const Range& range) {
  const Outcome& outcome = report.outcome;
  Json json = {{"function", report.entry.name},
               {"type", report.entry.type},
               {"from", range.from},
               {"to", range.to},
               {"step", range.step},
               {"inputs", outcome.inputs},
               {"long_double", outcome.long_double.asked},
               {"hundred_digits", outcome.long_double.escalated},
               {"oracle", ToJson(outcome.oracle, outcome.inputs)},
               {"targets", Json::array()}};
  for (const TargetOutcome& target : outcome.targets) {
    json["targets"].push_back(ToJson(target, outcome.inputs));
  }
  return json;
}

/// Writes the reports there are; throws CLI::FileError if that fails.
void WriteJson(const std::vector<Report>& reports, const Request& request) {
  Json json = Json::array();
  for (const Report& report : reports) {
    json.push_back(ToJson(report, request.RangeOf(report.entry)));
  }
  std::ofstream file(request.json);
  file << json.dump(2) << '\n';
  if (!file.flush()) {
    throw CLI::FileError("--json: cannot write " + request.json);
  }
}

/// Sweeps what is asked for; what is done is in the JSON file, should somebody
/// lose patience.
std::vector<Report> SweepAll(const Request& request, std::vector<Entry> entries,
                             std::FILE* err) {
  std::erase_if(entries, [&](const Entry& e) { return !request.Wants(e); });
  uint64_t inputs = 0;
  for (const Entry& entry : entries) inputs += request.RangeOf(entry).Count();
  Display display(entries.size(), inputs, err);
  std::vector<Report> reports;
  if (!request.json.empty()) WriteJson(reports, request);
  for (const Entry& entry : entries) {
    display.Begin(entry);
    const Plan plan = {request.RangeOf(entry),
                       testing::TargetsNamed(request.targets), request.threads,
                       [&](uint64_t done, uint64_t differences) {
                         display.Update(done, differences);
                       }};
    reports.push_back({entry, entry.sweep(plan)});
    display.Finish(reports.back());
    if (!request.json.empty()) WriteJson(reports, request);
  }
  return reports;
}

/// Every value of a member of the entries once, in their order.
std::vector<std::string> Names(const std::vector<Entry>& entries,
                               std::string Entry::*member) {
  std::vector<std::string> names;
  for (const Entry& entry : entries) {
    if (std::ranges::count(names, entry.*member) == 0) {
      names.push_back(entry.*member);
    }
  }
  return names;
}

void AddOptions(CLI::App& app, const std::vector<Entry>& entries,
                Request& request) {
  app.add_option("--function", request.functions,
                 "which functions; by default all")
      ->check(CLI::IsMember(Names(entries, &Entry::name)));
  app.add_option("--type", request.types, "which types; by default all")
      ->check(CLI::IsMember(Names(entries, &Entry::type)));
  testing::AddTargetOption(app, request.targets,
                           "which SIMD targets; by default all this CPU has");
  app.add_option("--from", request.from, "the first bit pattern")
      ->check(CLI::Range(uint64_t{0}, uint64_t{0xFFFFFFFF}))
      ->capture_default_str();
  app.add_option("--to", request.to,
                 "the last bit pattern; by default the type's last")
      ->check(CLI::Range(uint64_t{0}, uint64_t{0xFFFFFFFF}));
  app.add_option("--step", request.step, "only every so many")
      ->check(CLI::Range(uint64_t{1}, uint64_t{0xFFFFFFFF}))
      ->capture_default_str();
  app.add_option("--threads", request.threads, "how many work at a time")
      ->check(CLI::Range(size_t{1}, size_t{1024}))
      ->capture_default_str();
  app.add_option("--json", request.json, "write a report to this file as well");
  app.callback([&request] {
    if (request.to && *request.to < request.from) {
      throw CLI::ValidationError(fmt::format(
          "--to: {:#x} is below --from, {:#x}", *request.to, request.from));
    }
  });
}

}  // namespace

int RunProgram(int argc, const char* const* argv,
               const std::vector<Entry>& entries, std::FILE* out,
               std::FILE* err) {
  CLI::App app{
      "Compares the kernels with the oracle at every one of the 2^32 floats x, "
      "and at every float16 and bfloat16: the functions of x, and those of the "
      "row of logits [x, 0] for both of its classes and labels. The bits must "
      "be the same on every SIMD target. "
      "Prints a table, the first few differences if there are any, and exits "
      "with 1 then."};
  Request request;
  AddOptions(app, entries, request);
  try {
    app.parse(argc, argv);
    const std::vector<Report> reports = SweepAll(request, entries, err);
    PrintTable(reports, out);
    return PrintDifferences(reports, out) ? 0 : 1;
  } catch (const CLI::Error& error) {
    std::ostringstream help, complaint;
    const int code = app.exit(error, help, complaint);
    fmt::print(out, "{}", help.str());
    fmt::print(err, "{}", complaint.str());
    return code;
  }
}

}  // namespace surprisal::exhaustive
