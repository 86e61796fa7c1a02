// Writes the generated files of tests/vectors. The same bytes everywhere: the
// inputs come from a portable generator, the answers from the oracles.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "families.h"

namespace surprisal::conform {
namespace {

std::vector<Family> AllFamilies() {
  std::vector<Family> families = RowFamilies();
  for (const auto& more : {LossFamilies(), OtherFamilies()}) {
    families.insert(families.end(), more.begin(), more.end());
  }
  return families;
}

void WriteFile(const std::filesystem::path& path, const std::string& text) {
  std::ofstream stream(path, std::ios::binary);
  stream << text;
  if (!stream.flush()) {
    throw std::runtime_error(path.string() + ": cannot be written");
  }
}

/// Error, naming the first line that differs, unless the file holds `text`.
void CheckFile(const std::filesystem::path& path, const std::string& text) {
  std::ifstream stream(path, std::ios::binary);
  std::istringstream wanted(text);
  std::string line, wanted_line;
  for (size_t number = 1;; ++number) {
    const bool more = static_cast<bool>(std::getline(stream, line));
    const bool wanted_more =
        static_cast<bool>(std::getline(wanted, wanted_line));
    if (!more && !wanted_more) return;
    if (more && wanted_more && line == wanted_line) continue;
    throw std::runtime_error(fmt::format(
        "{}:{}: is not what is generated now\n--- there: {}\n--- now: {}",
        path.string(), number, more ? line : "(nothing)",
        wanted_more ? wanted_line : "(nothing)"));
  }
}

void Generate(const Family& family, const std::string& folder, bool check) {
  VectorMaker maker(family.name, family.flag, /*seed=*/2026);
  family.make(maker);
  const auto path = std::filesystem::path(folder) / (family.name + ".json");
  const std::string text =
      WriteVectors("generate_vectors: " + family.source, maker.cases());
  if (check) {
    CheckFile(path, text);
  } else {
    WriteFile(path, text);
  }
  fmt::print("{}.json: {} cases\n", family.name, maker.cases().size());
}

int Main(int argc, char** argv) {
  std::vector<std::string> names;
  for (const Family& family : AllFamilies()) names.push_back(family.name);
  std::string folder;
  bool check = false;
  std::vector<std::string> only;
  CLI::App app("Writes the generated test vectors.", "generate_vectors");
  app.add_option("FOLDER", folder, "where to write them")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--only", only, "just these files")
      ->check(CLI::IsMember(names));
  app.add_flag("--check", check,
               "write nothing; fail if a file differs from what would be "
               "written");
  try {
    app.parse(argc, argv);
    for (const Family& family : AllFamilies()) {
      const bool wanted =
          only.empty() || std::ranges::find(only, family.name) != only.end();
      if (wanted) Generate(family, folder, check);
    }
    return 0;
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const std::exception& error) {
    fmt::print(stderr, "generate_vectors: {}\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace surprisal::conform

int main(int argc, char** argv) { return surprisal::conform::Main(argc, argv); }
