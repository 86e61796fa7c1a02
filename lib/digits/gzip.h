#ifndef SURPRISAL_DIGITS_GZIP_H_
#define SURPRISAL_DIGITS_GZIP_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace surprisal::digits {

using Bytes = std::vector<uint8_t>;

/// Whether the bytes begin as a gzip file does.
bool IsGzip(std::span<const uint8_t> bytes);

/// The contents of a gzip file. `name` stands in front of every complaint.
/// Error if the stream is damaged (its checksum included), ends early or is
/// followed by anything that is not gzip.
Bytes Gunzip(std::span<const uint8_t> packed, const std::string& name);

/// A gzip file that holds `bytes`, as small as zlib makes it, without name or
/// time: the same zlib always makes the same file.
Bytes Gzip(std::span<const uint8_t> bytes);

}  // namespace surprisal::digits

#endif  // SURPRISAL_DIGITS_GZIP_H_
