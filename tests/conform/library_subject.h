#ifndef SURPRISAL_TESTS_CONFORM_LIBRARY_SUBJECT_H_
#define SURPRISAL_TESTS_CONFORM_LIBRARY_SUBJECT_H_

#include <cstddef>

#include "surprisal_subject.h"

namespace surprisal::conform {

/// The library of this repository as a subject like any other: what
/// surprisal_subject_answer() is to others.
int AnswerWithLibrary(const SurprisalRequest* request, char* message,
                      size_t message_size);

}  // namespace surprisal::conform

#endif  // SURPRISAL_TESTS_CONFORM_LIBRARY_SUBJECT_H_
