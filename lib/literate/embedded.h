#ifndef SURPRISAL_LITERATE_EMBEDDED_H_
#define SURPRISAL_LITERATE_EMBEDDED_H_

#include <cstddef>

namespace surprisal::literate {

/// The source of the chapter that a program was built from; embed.cmake defines
/// it anew whenever the source changes.
struct Embedded {
  const char* name;  // "02_softmax"
  const char* path;  // "chapters/02_softmax/chapter.cpp"
  const unsigned char* bytes;
  size_t size;
};
extern const Embedded kEmbedded;

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_EMBEDDED_H_
