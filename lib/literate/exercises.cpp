#include "literate/exercises.h"

#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include "literate/text.h"

namespace surprisal::literate {
namespace {

const char* const kSolved = "solved";
const char* const kOpen = "open";

std::string Verdict(const Exercise& exercise) {
  try {
    return exercise.judge() ? kSolved : kOpen;
  } catch (const std::exception& error) {
    return std::string(kOpen) + ": " + error.what();
  } catch (...) {
    return std::string(kOpen) + ": threw what is no std::exception";
  }
}

}  // namespace

int RunExercises(std::span<const Exercise> exercises, std::ostream& out) {
  std::vector<std::string> titles;
  size_t width = 0;
  for (const Exercise& exercise : exercises) {
    titles.push_back(std::to_string(titles.size() + 1) + " " + exercise.name);
    width = std::max(width, titles.back().size());
  }
  bool all_solved = true;
  for (size_t i = 0; i < titles.size(); ++i) {
    const std::string verdict = Verdict(exercises[i]);
    // Flushed, so that the lines before a crash are not lost with it
    out << PadRight(titles[i], width + 2) << verdict << std::endl;
    all_solved = all_solved && verdict == kSolved;
  }
  return all_solved ? 0 : 1;
}

}  // namespace surprisal::literate
