#ifndef SURPRISAL_TESTS_CONFORM_SUBJECT_H_
#define SURPRISAL_TESTS_CONFORM_SUBJECT_H_

#include <cstddef>
#include <string>

#include "surprisal_subject.h"

namespace surprisal::conform {

/// Who is judged.
struct Subject {
  std::string name;
  int (*answer)(const SurprisalRequest* request, char* message,
                size_t message_size);
};

/// The library of this repository.
Subject LibrarySubject();

/// The subject in a shared library (see surprisal_subject.h), which stays
/// loaded. Throws std::runtime_error, naming the path, if it cannot be loaded,
/// lacks one of the functions, or was made for another version of them.
Subject LoadSubject(const std::string& path);

}  // namespace surprisal::conform

#endif  // SURPRISAL_TESTS_CONFORM_SUBJECT_H_
