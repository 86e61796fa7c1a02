#include "subject.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>

namespace surprisal::conform {
namespace {

/// The function of that name and of the type `Function` points to.
template <class Function>
Function Symbol(void* library, const std::string& path, const char* name) {
  void* symbol = dlsym(library, name);
  if (symbol == nullptr) {
    throw std::runtime_error(fmt::format("{}: has no function {}", path, name));
  }
  return reinterpret_cast<Function>(symbol);
}

}  // namespace

Subject LibrarySubject() { return {"surprisal", surprisal_library_answer}; }

Subject LoadSubject(const std::string& path) {
  // A bare name would be looked for in the system's folders.
  const std::string file = std::filesystem::absolute(path).string();
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  const auto version =
      Symbol<int (*)()>(library, path, "surprisal_subject_version")();
  if (version != SURPRISAL_SUBJECT_VERSION) {
    throw std::runtime_error(
        fmt::format("{}: speaks version {} of surprisal_subject.h where {} is "
                    "needed",
                    path, version, SURPRISAL_SUBJECT_VERSION));
  }
  return {Symbol<const char* (*)()>(library, path, "surprisal_subject_name")(),
          Symbol<decltype(Subject::answer)>(library, path,
                                            "surprisal_subject_answer")};
}

}  // namespace surprisal::conform
