// expect_output FILE PROGRAM [ARGUMENT...]
// Runs PROGRAM, once for each SIMD target that it lists if an argument is
// "--target" without a name, and compares what it prints with FILE, byte for
// byte. Says where the first difference is.

#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "literate/text.h"

namespace surprisal::literate {
namespace {

struct Run {
  int status = 0;
  std::string output;
};

std::string Quoted(const std::string& word) {
  std::string quoted(1, '\'');
  for (const char c : word) {
    if (c == '\'') quoted += "'\\'";
    quoted += c;
  }
  quoted += '\'';
  return quoted;
}

Run RunCommand(const std::string& command) {
  Run run;
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {-1, ""};
  char buffer[4096];
  for (size_t n = 0; (n = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    run.output.append(buffer, n);
  }
  const int status = pclose(pipe);
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return run;
}

void PrintDifference(const std::string& file, const std::string& expected,
                     const std::string& got) {
  const Lines want = SplitLines(expected), have = SplitLines(got);
  size_t line = 0;
  while (line < want.size() && line < have.size() && want[line] == have[line])
    ++line;
  const auto show = [line](const Lines& lines) {
    return line < lines.size() ? "\"" + lines[line] + "\""
                               : std::string("(the end)");
  };
  std::cout << file << ":" << line + 1 << ": the output differs from here on\n"
            << "  expected " << show(want) << "\n  printed  " << show(have)
            << '\n';
  if (line == want.size() && line == have.size())
    std::cout << "  (only line ends differ)\n";
}

// True if the program succeeds and prints what `file` holds.
bool Matches(const std::string& file, const std::string& expected,
             const std::string& command) {
  const Run run = RunCommand(command);
  if (run.status == 0 && run.output == expected) return true;
  std::cout << "FAILED: " << command << '\n';
  if (run.status != 0)
    std::cout << "exit code " << run.status << "; it printed:\n" << run.output;
  if (run.output != expected) PrintDifference(file, expected, run.output);
  return false;
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2) {
    std::cerr << "usage: expect_output FILE PROGRAM [ARGUMENT...]\n";
    return 2;
  }
  std::ifstream file(arguments[0], std::ios::binary);
  if (!file) {
    std::cout << arguments[0] << " cannot be read; make it with\n  "
              << arguments[1] << " --no-pause --width 80 > " << arguments[0]
              << '\n';
    return 1;
  }
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  std::string command = Quoted(arguments[1]);
  bool each_target = false;
  for (size_t i = 2; i < arguments.size(); ++i) {
    each_target |= arguments[i] == "--target";
    if (arguments[i] != "--target")
      command.append(" ").append(Quoted(arguments[i]));
  }
  if (!each_target) return Matches(arguments[0], expected, command) ? 0 : 1;
  const Lines targets =
      SplitLines(RunCommand(Quoted(arguments[1]) + " --targets").output);
  bool all = !targets.empty();
  for (const std::string& target : targets) {
    const bool match =
        Matches(arguments[0], expected, command + " --target " + target);
    std::cout << target << (match ? ": the same\n" : ": DIFFERENT\n");
    all &= match;
  }
  return all ? 0 : 1;
}

}  // namespace
}  // namespace surprisal::literate

int main(int argc, char** argv) {
  return surprisal::literate::Main({argv + 1, argv + argc});
}
