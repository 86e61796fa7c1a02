#include "literate/gnuplot.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "surprisal/common/error.h"

namespace surprisal::literate {
namespace {

// A file that lives as long as the drawing: popen reads one stream, and no other.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& content) {
    path_ =
        (std::filesystem::temp_directory_path() / "surprisal-XXXXXX").string();
    const int file = mkstemp(path_.data());
    if (file < 0) throw Error("gnuplot: cannot make a file like " + path_);
    close(file);
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~ScratchFile() { std::remove(path_.c_str()); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  const std::string& path() const { return path_; }
  std::string Content() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string path_;
};

}  // namespace

std::string RunGnuplot(const std::string& script) {
  const ScratchFile file(script), complaints("");
  // In other locales gnuplot complains of what is not ASCII
  const std::string command = "LC_ALL=C.UTF-8 gnuplot '" + file.path() +
                              "' 2>'" + complaints.path() + "'";
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw Error("gnuplot: cannot start a shell");
  std::string output;
  char buffer[4096];
  for (size_t n = 0; (n = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    output.append(buffer, n);
  }
  const int status = pclose(pipe);
  constexpr int kNotFound = 127;  // of the shell
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotFound) {
    throw Error(
        "gnuplot, which draws the figures, is not installed: "
        "apt-get install gnuplot-nox");
  }
  if (status != 0) {
    throw Error("gnuplot failed: " + complaints.Content().substr(0, 500));
  }
  return output;
}

}  // namespace surprisal::literate
