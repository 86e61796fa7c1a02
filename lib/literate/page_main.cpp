// literate_page --values DIR CHAPTER.CPP
// The input filter of Doxygen for chapters: prints the page of the chapter, with
// what DIR/NN_topic.json, written by the chapter's run, has of it.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "literate/page.h"
#include "surprisal/common/error.h"

namespace surprisal::literate {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path);
  if (!file) throw Error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

// The pages of all chapters beside this one, in the order of their folders.
std::vector<PageName> PagesBeside(const fs::path& chapter) {
  std::vector<fs::path> sources;
  for (const auto& folder :
       fs::directory_iterator(chapter.parent_path().parent_path())) {
    const fs::path source = folder.path() / chapter.filename();
    if (fs::exists(source)) sources.push_back(source);
  }
  std::ranges::sort(sources);
  std::vector<PageName> pages;
  for (const fs::path& source : sources) {
    pages.push_back(PageNameOf(ReadFile(source), source.string()));
  }
  return pages;
}

// Doxygen's name for the page of a file: "02__softmax_2chapter_8cpp_source.html"
std::string SourceUrl(const fs::path& source) {
  const fs::path path = source.parent_path().filename() / source.filename();
  std::string url;
  for (const char c : path.string()) {
    url += c == '_'   ? "__"
           : c == '/' ? "_2"
           : c == '.' ? "_8"
                      : std::string(1, c);
  }
  return url + "_source.html";
}

void Print(const fs::path& values, const fs::path& source) {
  const std::string name = source.parent_path().filename().string();
  const std::string text = ReadFile(source);
  const Chapter chapter = ParseChapter(text, source.string());
  const PageFrame frame = {PagesBeside(source), SourceUrl(source),
                           "figures/" + name};
  std::cout << RenderPage(chapter, text,
                          ReadValuesFile(values / (name + ".json")), frame);
}

}  // namespace
}  // namespace surprisal::literate

int main(int argc, char** argv) {
  CLI::App app("Prints the page of a chapter for Doxygen.");
  std::string values, source;
  app.add_option("--values", values, "folder of what the runs have shown")
      ->required()
      ->type_name("DIR");
  app.add_option("source", source, "the chapter's source")
      ->required()
      ->type_name("FILE");
  CLI11_PARSE(app, argc, argv);
  try {
    surprisal::literate::Print(values, source);
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
}
