#ifndef SURPRISAL_DIGITS_SAMPLE_H_
#define SURPRISAL_DIGITS_SAMPLE_H_

#include <array>
#include <cstdint>
#include <span>

namespace surprisal::digits {

/// A file of lib/digits/sample/, as it stands there.
struct SampleFile {
  const char* name;
  std::span<const uint8_t> bytes;
};

/// The four files of the embedded sample; the build generates the definition.
std::span<const SampleFile, 4> SampleFiles();

}  // namespace surprisal::digits

#endif  // SURPRISAL_DIGITS_SAMPLE_H_
