// Measures how accurate every function is: counts the results that are not
// correctly rounded (float, float16, bfloat16), finds the largest error of
// doubles and the hardest inputs, and counts who took which stage. Writes that
// as a page, or compares a page with what is so.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "accuracy/table.h"
#include "hwy/targets.h"

namespace surprisal::accuracy {
namespace {

struct Request {
  Selection selection = {};
  std::vector<std::string> types = {};
  bool every_target = false;
  std::string write = {};
  std::string check = {};
};

std::string ReadFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  if (!(text << stream.rdbuf())) {
    throw std::runtime_error("cannot read " + path);
  }
  return text.str();
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream stream(path, std::ios::binary);
  if (!(stream << text).flush()) {
    throw std::runtime_error("cannot write " + path);
  }
}

int Check(const std::string& path) {
  const std::vector<std::string> wrong = CheckPage(ReadFile(path));
  for (const std::string& line : wrong) fmt::print("{}\n", line);
  if (wrong.empty()) return 0;
  fmt::print("{} is out of date, or a kernel has become worse\n", path);
  return 1;
}

void SelectTypes(Request& request) {
  if (request.types.empty()) return;
  std::erase_if(request.selection.types, [&](ElementType type) {
    return std::ranges::count(request.types, NameOf(type)) == 0;
  });
}

int Measure(Request& request) {
  SelectTypes(request);
  request.selection.targets = hwy::SupportedAndGeneratedTargets();
  if (!request.every_target && request.write.empty()) {
    request.selection.targets.resize(1);
  }
  const Page page = MakePage(request.selection, [](const std::string& line) {
    fmt::print(stderr, "{}\n", line);
  });
  if (request.write.empty()) {
    fmt::print("{}", page.text);
  } else if (page.holds) {
    WriteFile(request.write, page.text);
  }
  return page.holds ? 0 : 1;
}

std::vector<std::string> FunctionNames() {
  std::vector<std::string> names;
  for (const Quantity& quantity : Quantities()) names.push_back(quantity.name);
  return names;
}

std::vector<std::string> TypeNames() {
  std::vector<std::string> names;
  for (const ElementType type : Selection().types)
    names.push_back(NameOf(type));
  return names;
}

int Main(int argc, char** argv) {
  CLI::App app{
      "Measures how accurate every function is and prints it as a page; fails "
      "if a result is not correctly rounded."};
  Request request;
  Selection& selection = request.selection;
  selection.extent.results = 10'000'000;
  app.add_option("--results", selection.extent.results,
                 "random results to measure per function and type")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 40))
      ->capture_default_str();
  app.add_option("--function", selection.functions, "these alone")
      ->check(CLI::IsMember(FunctionNames()));
  app.add_option("--type", request.types, "these alone")
      ->check(CLI::IsMember(TypeNames()));
  app.add_flag("--every-target", request.every_target,
               "on every SIMD target of this CPU, not on its best alone");
  app.add_flag("!--no-stages", selection.stages, "do not count stages");
  auto* write = app.add_option("--write", request.write,
                               "the page to write, of every target");
  app.add_option("--check", request.check, "the page to compare")
      ->check(CLI::ExistingFile)
      ->excludes(write);
  CLI11_PARSE(app, argc, argv);
  return request.check.empty() ? Measure(request) : Check(request.check);
}

}  // namespace
}  // namespace surprisal::accuracy

int main(int argc, char** argv) {
  try {
    return surprisal::accuracy::Main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "accuracy_table: {}\n", error.what());
    return 2;
  }
}
