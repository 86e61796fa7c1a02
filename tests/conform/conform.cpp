// Judges an implementation by test vectors: `./suite conform`.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "judge.h"
#include "subject.h"
#include "vectors.h"

namespace surprisal::conform {
namespace {

using Json = nlohmann::ordered_json;

/// The exit codes: all passed, some failed, nothing could be judged.
enum ExitCode { kPassed = 0, kFailed = 1, kInvalid = 2 };

struct Arguments {
  std::vector<std::string> files;
  std::string subject;
  std::string tier = "exact";
  std::string json;
};

struct Count {
  size_t passed = 0;
  size_t failed = 0;
};

/// Counts verdicts, prints what failed, and keeps it for --json.
class Report {
 public:
  void Add(const VectorFile& file, const Case& c, const Verdict& verdict) {
    AddTo(total_, verdict);
    for (const std::string& flag : c.flags) AddTo(flags_[flag], verdict);
    if (!verdict.supported) ++not_supported_;
    if (verdict.Passed()) return;
    Print(file, c, verdict);
    failures_.push_back(
        {{"file", file.path}, {"id", c.id}, {"flags", c.flags}});
    Json& findings = failures_.back()["findings"] = Json::array();
    for (const Finding& f : verdict.findings) findings.push_back(ToJson(f));
  }

  /// What failed by flag, and the last line.
  void PrintSummary() const {
    for (const auto& [flag, count] : flags_) {
      if (count.failed == 0) continue;
      fmt::print("{:<14} {} of {} failed\n", flag, count.failed,
                 count.passed + count.failed);
    }
    if (not_supported_ != 0) {
      fmt::print("{} failed as not supported\n", not_supported_);
    }
    fmt::print("{} passed, {} failed\n", total_.passed, total_.failed);
  }

  void Write(const std::string& path, const std::string& subject) const {
    Json json = {{"schema", "surprisal-report/1"},
                 {"subject", subject},
                 {"passed", total_.passed},
                 {"failed", total_.failed},
                 {"not_supported", not_supported_}};
    for (const auto& [flag, count] : flags_) {
      json["flags"][flag] = {{"passed", count.passed},
                             {"failed", count.failed}};
    }
    json["failures"] = failures_;
    std::ofstream stream(path);
    stream << json.dump(1) << '\n';
    if (!stream.flush()) throw std::runtime_error(path + ": cannot be written");
  }

  bool AllPassed() const { return total_.failed == 0; }

 private:
  static void AddTo(Count& count, const Verdict& verdict) {
    ++(verdict.Passed() ? count.passed : count.failed);
  }

  static void Print(const VectorFile& file, const Case& c,
                    const Verdict& verdict) {
    const size_t more = verdict.findings.size() - 1;
    fmt::print("{}: {}: {}{}\n", file.path, c.id, verdict.findings[0].Text(),
               more == 0 ? "" : fmt::format("; and {} more", more));
  }

  static Json ToJson(const Finding& f) {
    Json json = {{"output", f.output},
                 {"index", f.index},
                 {"asked", f.asked},
                 {"got", f.got}};
    if (f.got_hex.empty()) return json;
    json["got_hex"] = f.got_hex;
    // JSON has no infinity.
    json["ulp"] = std::isfinite(f.ulp) ? Json(f.ulp) : Json("inf");
    return json;
  }

  Count total_;
  size_t not_supported_ = 0;
  std::map<std::string, Count> flags_;
  Json failures_ = Json::array();
};

/// Every file is read before the first case is judged.
ExitCode Run(const Arguments& arguments) {
  if (arguments.tier == "fast") {
    throw std::runtime_error(
        "--tier fast: this library has no fast tier yet; what there is, is "
        "exact");
  }
  std::vector<VectorFile> files;
  for (const std::string& path : arguments.files) {
    files.push_back(ReadVectors(path));
  }
  const Subject subject = arguments.subject.empty()
                              ? LibrarySubject()
                              : LoadSubject(arguments.subject);
  Report report;
  for (const VectorFile& file : files) {
    for (const Case& c : file.cases) report.Add(file, c, Judge(subject, c));
  }
  if (!arguments.json.empty()) report.Write(arguments.json, subject.name);
  report.PrintSummary();
  return report.AllPassed() ? kPassed : kFailed;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Judges an implementation by test vectors.", "conform");
  app.add_option("FILE", arguments.files, "files of vectors")->required();
  app.add_option("--subject", arguments.subject,
                 "a shared library to judge instead of this one; "
                 "surprisal_subject.h says what it provides")
      ->check(CLI::ExistingFile);
  app.add_option("--tier", arguments.tier, "which tier of this library")
      ->check(CLI::IsMember({"exact", "fast"}));
  app.add_option("--json", arguments.json, "write a report to this file");
  try {
    app.parse(argc, argv);
    return Run(arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kPassed : kInvalid;
  } catch (const std::exception& error) {
    fmt::print(stderr, "conform: {}\n", error.what());
    return kInvalid;
  }
}

}  // namespace
}  // namespace surprisal::conform

int main(int argc, char** argv) { return surprisal::conform::Main(argc, argv); }
