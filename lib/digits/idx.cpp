#include "digits/idx.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <ios>
#include <iterator>
#include <string>
#include <system_error>

#include "digits/gzip.h"
#include "digits/sample.h"
#include "surprisal/common/error.h"

namespace surprisal::digits {
namespace {

namespace fs = std::filesystem;

// The third byte of an IDX file is its element type (8: unsigned byte), the
// fourth its number of dimensions; then each dimension, big-endian.
constexpr uint32_t kImagesMagic = 0x00000803;
constexpr uint32_t kLabelsMagic = 0x00000801;
constexpr size_t kImagesHeader = 16;
constexpr size_t kLabelsHeader = 8;

struct NamedBytes {
  std::string name;
  Bytes bytes;
};

NamedBytes Unpacked(NamedBytes file) {
  if (IsGzip(file.bytes)) file.bytes = Gunzip(file.bytes, file.name);
  return file;
}

// ---------------------------------------------------------------------------
// The format

uint32_t BigEndian(const Bytes& bytes, size_t at) {
  return uint32_t{bytes[at]} << 24 | uint32_t{bytes[at + 1]} << 16 |
         uint32_t{bytes[at + 2]} << 8 | uint32_t{bytes[at + 3]};
}

void AppendBigEndian(uint32_t value, Bytes& bytes) {
  for (const int shift : {24, 16, 8, 0}) {
    bytes.push_back(static_cast<uint8_t>(value >> shift));
  }
}

std::string Hex(uint32_t value) {
  std::array<char, 11> text;
  std::snprintf(text.data(), text.size(), "0x%08x", value);
  return text.data();
}

void CheckReaches(const NamedBytes& file, uint64_t size) {
  if (file.bytes.size() >= size) return;
  throw Error(file.name + ": ends after " + std::to_string(file.bytes.size()) +
              " of " + std::to_string(size) + " bytes");
}

// Checks all of the header but the sizes of the images; returns the count.
size_t ReadCount(const NamedBytes& file, uint32_t want_magic, size_t header,
                 const std::string& items) {
  CheckReaches(file, header);
  const uint32_t magic = BigEndian(file.bytes, 0);
  if (magic != want_magic) {
    throw Error(file.name + ": begins with " + Hex(magic) + ", want " +
                Hex(want_magic) + " (" + items + ")");
  }
  const uint32_t count = BigEndian(file.bytes, 4);
  if (count == 0) throw Error(file.name + ": holds no " + items);
  return count;
}

void CheckSize(const NamedBytes& file, uint64_t want) {
  CheckReaches(file, want);
  if (file.bytes.size() == want) return;
  throw Error(file.name + ": goes on for " +
              std::to_string(file.bytes.size() - want) + " bytes after its " +
              std::to_string(want) + " bytes");
}

std::vector<uint8_t> ReadImages(const NamedBytes& file) {
  const uint64_t count = ReadCount(file, kImagesMagic, kImagesHeader, "images");
  const uint32_t rows = BigEndian(file.bytes, 8);
  const uint32_t columns = BigEndian(file.bytes, 12);
  if (rows != kImageSide || columns != kImageSide) {
    throw Error(file.name + ": its images are " + std::to_string(rows) + " x " +
                std::to_string(columns) + " pixels, want 28 x 28");
  }
  CheckSize(file, kImagesHeader + count * kPixels);
  return {file.bytes.begin() + kImagesHeader, file.bytes.end()};
}

std::vector<Label> ReadLabels(const NamedBytes& file) {
  const uint64_t count = ReadCount(file, kLabelsMagic, kLabelsHeader, "labels");
  CheckSize(file, kLabelsHeader + count);
  std::vector<Label> labels(file.bytes.begin() + kLabelsHeader,
                            file.bytes.end());
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < static_cast<Label>(kDigitClasses)) continue;
    throw Error(file.name + ": labels[" + std::to_string(i) +
                "] = " + std::to_string(labels[i]) + " is outside [0, 10)");
  }
  return labels;
}

Digits ReadDigits(const NamedBytes& images, const NamedBytes& labels) {
  Digits digits;
  digits.pixels = ReadImages(images);
  digits.labels = ReadLabels(labels);
  digits.count = digits.pixels.size() / kPixels;
  if (digits.count != digits.labels.size()) {
    throw Error(images.name + " holds " + std::to_string(digits.count) +
                " images, but " + labels.name + " holds " +
                std::to_string(digits.labels.size()) + " labels");
  }
  return digits;
}

Bytes ImagesFile(const Digits& digits) {
  Bytes bytes;
  AppendBigEndian(kImagesMagic, bytes);
  AppendBigEndian(static_cast<uint32_t>(digits.count), bytes);
  AppendBigEndian(kImageSide, bytes);
  AppendBigEndian(kImageSide, bytes);
  bytes.insert(bytes.end(), digits.pixels.begin(), digits.pixels.end());
  return bytes;
}

Bytes LabelsFile(const Digits& digits) {
  Bytes bytes;
  AppendBigEndian(kLabelsMagic, bytes);
  AppendBigEndian(static_cast<uint32_t>(digits.count), bytes);
  std::transform(digits.labels.begin(), digits.labels.end(),
                 std::back_inserter(bytes),
                 [](Label label) { return static_cast<uint8_t>(label); });
  return bytes;
}

// ---------------------------------------------------------------------------
// The folder

// The names a file goes by: part is "train" or "t10k".
std::vector<std::string> ImagesNames(const std::string& part) {
  return {part + "-images-idx3-ubyte", part + "-images-idx3-ubyte.gz",
          part + "-images.idx3-ubyte", part + "-images.idx3-ubyte.gz"};
}

std::vector<std::string> LabelsNames(const std::string& part) {
  return {part + "-labels-idx1-ubyte", part + "-labels-idx1-ubyte.gz",
          part + "-labels.idx1-ubyte", part + "-labels.idx1-ubyte.gz"};
}

Bytes ReadFile(const fs::path& path) {
  std::error_code failed;
  const uintmax_t size = fs::file_size(path, failed);  // fails on a folder too
  Bytes bytes(failed ? 0 : size);
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(bytes.data()),
          static_cast<std::streamsize>(bytes.size()));
  if (failed || !in) throw Error(path.string() + ": cannot be read");
  return bytes;
}

NamedBytes ReadFirstOf(const fs::path& folder,
                       const std::vector<std::string>& names) {
  std::string looked_for;
  for (const std::string& name : names) {
    const fs::path path = folder / name;
    std::error_code ignored;
    if (fs::exists(path, ignored)) {
      return Unpacked({path.string(), ReadFile(path)});
    }
    looked_for += (looked_for.empty() ? "" : ", ") + name;
  }
  throw Error(folder.string() + ": holds none of " + looked_for);
}

Digits LoadPart(const fs::path& folder, const std::string& part) {
  return ReadDigits(ReadFirstOf(folder, ImagesNames(part)),
                    ReadFirstOf(folder, LabelsNames(part)));
}

void WriteFile(const Bytes& bytes, const fs::path& path) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw Error(path.string() + ": cannot be written");
}

void SavePart(const Digits& digits, const fs::path& folder,
              const std::string& part) {
  WriteFile(Gzip(ImagesFile(digits)), folder / ImagesNames(part)[1]);
  WriteFile(Gzip(LabelsFile(digits)), folder / LabelsNames(part)[1]);
}

NamedBytes EmbeddedFile(const std::string& name) {
  for (const SampleFile& file : SampleFiles()) {
    if (file.name != name) continue;
    return Unpacked(
        {"embedded " + name, {file.bytes.begin(), file.bytes.end()}});
  }
  throw Error("embedded sample: lacks " + name);
}

Digits EmbeddedPart(const std::string& part) {
  return ReadDigits(EmbeddedFile(ImagesNames(part)[1]),
                    EmbeddedFile(LabelsNames(part)[1]));
}

}  // namespace

Dataset LoadIdxFolder(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    throw Error(folder.string() + ": no such folder");
  }
  return {LoadPart(folder, "train"), LoadPart(folder, "t10k"), folder.string()};
}

void SaveIdxFolder(const Dataset& dataset, const fs::path& folder) {
  SavePart(dataset.train, folder, "train");
  SavePart(dataset.test, folder, "t10k");
}

Dataset EmbeddedSample() {
  return {EmbeddedPart("train"), EmbeddedPart("t10k"),
          "the embedded sample of MNIST"};
}

Digits Select(const Digits& digits, std::span<const size_t> indices) {
  Digits selected;
  selected.count = indices.size();
  for (size_t k = 0; k < indices.size(); ++k) {
    const size_t i = indices[k];
    if (i >= digits.count) {
      throw Error("indices[" + std::to_string(k) + "] = " + std::to_string(i) +
                  " is outside [0, " + std::to_string(digits.count) + ")");
    }
    const auto image = digits.Image(i);
    selected.pixels.insert(selected.pixels.end(), image.begin(), image.end());
    selected.labels.push_back(digits.labels[i]);
  }
  return selected;
}

Digits WithLabel(const Digits& digits, Label label) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < digits.count; ++i) {
    if (digits.labels[i] == label) indices.push_back(i);
  }
  return Select(digits, indices);
}

}  // namespace surprisal::digits
