#include "literate/values_file.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "literate/prose.h"
#include "literate/text.h"
#include "surprisal/common/error.h"

namespace surprisal::literate {
namespace {

using Json = nlohmann::ordered_json;

Json OutputJson(const Output& output) {
  std::string text;
  for (const std::string& line : output.lines)
    text += Paint(line, false) + "\n";
  Json json = {{"name", output.name},
               {"kind", output.is_figure ? "figure" : "value"},
               {"text", text}};
  if (output.is_figure) {
    json["caption"] = output.caption;
    json["svg"] = output.svg;
  }
  return json;
}

Json StepJson(const Step& step, const Narrator::Telling& telling) {
  Json outputs = Json::array();
  for (const Output& output : telling.outputs)
    outputs.push_back(OutputJson(output));
  return {{"title", step.title},
          {"line", step.line},
          {"checks", telling.outcome.checks},
          {"failed", telling.outcome.failed},
          {"outputs", outputs}};
}

void AddPlaceholders(const std::vector<Part>& parts, const ValueBook& values,
                     Json& json) {
  for (const Part& part : parts) {
    if (!part.is_prose) continue;
    for (const std::string& name : Placeholders(part.text)) {
      json[name] = values.Resolve(name);
    }
  }
}

Output OutputOf(const Json& json) {
  Output output;
  output.name = json.at("name");
  output.is_figure = json.at("kind") == "figure";
  output.lines = SplitLines(json.at("text").get<std::string>());
  if (output.is_figure) {
    output.caption = json.at("caption");
    output.svg = json.at("svg");
  }
  return output;
}

}  // namespace

void WriteValuesFile(const std::filesystem::path& path,
                     std::string_view chapter_name, const Chapter& chapter,
                     const Narrator& narrator, const ValueBook& values) {
  Json steps = Json::array();
  Json placeholders = Json::object();
  for (size_t i = 0; i < chapter.steps.size(); ++i) {
    steps.push_back(StepJson(chapter.steps[i], narrator.tellings()[i]));
    AddPlaceholders(chapter.steps[i].before, values, placeholders);
    AddPlaceholders(chapter.steps[i].body, values, placeholders);
    AddPlaceholders(chapter.steps[i].after, values, placeholders);
  }
  const Json json = {
      {"chapter", chapter_name},      {"source", chapter.path},
      {"checks", narrator.checks()},  {"failed", narrator.failed()},
      {"placeholders", placeholders}, {"steps", steps}};
  std::ofstream file(path);
  file << json.dump(1) << '\n';
  if (!file.flush()) throw Error("--values: cannot write " + path.string());
}

ChapterValues ReadValuesFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw Error("cannot read " + path.string());
  try {
    const Json json = Json::parse(file);
    ChapterValues values;
    values.placeholders = json.at("placeholders");
    for (const Json& step : json.at("steps")) {
      StepValues& read = values.steps.emplace_back();
      read.checks = step.at("checks");
      for (const Json& output : step.at("outputs")) {
        read.outputs.push_back(OutputOf(output));
      }
    }
    return values;
  } catch (const Json::exception& error) {
    throw Error(path.string() + ": " + error.what());
  }
}

}  // namespace surprisal::literate
