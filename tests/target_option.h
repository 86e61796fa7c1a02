#ifndef SURPRISAL_TESTS_TARGET_OPTION_H_
#define SURPRISAL_TESTS_TARGET_OPTION_H_

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "hwy/targets.h"

/// Programs that let the user choose among the SIMD targets of this CPU.
namespace surprisal::testing {

/// Adds --target NAME..., in any case; whatever is not one of them is an error
/// that names them.
inline void AddTargetOption(CLI::App& app, std::vector<std::string>& names,
                            const std::string& description) {
  std::vector<std::string> known;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    known.push_back(hwy::TargetName(target));
  }
  app.add_option("--target", names, description)
      ->transform(CLI::IsMember(known, CLI::ignore_case));
}

/// The targets of those names (Highway's numbers), the best first; all of them
/// if there is no name.
inline std::vector<int64_t> TargetsNamed(
    const std::vector<std::string>& names) {
  std::vector<int64_t> targets = hwy::SupportedAndGeneratedTargets();
  std::erase_if(targets, [&](int64_t target) {
    return !names.empty() &&
           std::ranges::count(names, hwy::TargetName(target)) == 0;
  });
  return targets;
}

}  // namespace surprisal::testing

#endif  // SURPRISAL_TESTS_TARGET_OPTION_H_
