#include "digits/gzip.h"

#include <zlib.h>

#include <array>
#include <cstddef>
#include <limits>
#include <new>
#include <span>
#include <string>

#include "surprisal/common/error.h"

namespace surprisal::digits {
namespace {

constexpr int kGzipWindow = 15 + 16;  // 32 KiB, with a gzip header

// zlib only reads through next_in, whose type lacks the const.
z_stream StreamOver(std::span<const uint8_t> bytes) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) {
    throw Error("a gzip file of " + std::to_string(bytes.size()) +
                " bytes is too large; at most 4294967295 are read");
  }
  z_stream stream = {};
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  return stream;
}

class Inflater {
 public:
  Inflater(std::span<const uint8_t> packed, const std::string& name)
      : stream_(StreamOver(packed)), packed_size_(packed.size()), name_(name) {
    if (inflateInit2(&stream_, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // A gzip file is one or more members, one behind the other.
  Bytes Run() {
    Bytes out;
    ReadMember(out);
    while (stream_.avail_in != 0) {
      inflateReset(&stream_);
      ReadMember(out);
    }
    return out;
  }

 private:
  void ReadMember(Bytes& out) {
    int status = Z_OK;
    while (status != Z_STREAM_END) {
      stream_.next_out = chunk_.data();
      stream_.avail_out = static_cast<uInt>(chunk_.size());
      status = inflate(&stream_, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END) Complain(status);
      out.insert(out.end(), chunk_.data(), stream_.next_out);
    }
  }

  [[noreturn]] void Complain(int status) const {
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status == Z_BUF_ERROR) {
      throw Error(name_ + ": the gzip stream ends early, after " +
                  std::to_string(packed_size_) + " compressed bytes");
    }
    const size_t at = packed_size_ - stream_.avail_in;
    throw Error(name_ + ": damaged gzip stream near compressed byte " +
                std::to_string(at) + " of " + std::to_string(packed_size_) +
                " (" + (stream_.msg ? stream_.msg : "zlib gives no reason") +
                ")");
  }

  z_stream stream_;
  size_t packed_size_;
  const std::string& name_;
  std::array<uint8_t, 1 << 16> chunk_;
};

}  // namespace

bool IsGzip(std::span<const uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

Bytes Gunzip(std::span<const uint8_t> packed, const std::string& name) {
  return Inflater(packed, name).Run();
}

Bytes Gzip(std::span<const uint8_t> bytes) {
  z_stream stream = StreamOver(bytes);
  constexpr int kMostMemory = 9;
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow,
                   kMostMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  Bytes packed(deflateBound(&stream, static_cast<uLong>(bytes.size())));
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace surprisal::digits
