#ifndef SURPRISAL_DIGITS_IDX_H_
#define SURPRISAL_DIGITS_IDX_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "surprisal/common/rows.h"

namespace surprisal::digits {

inline constexpr size_t kImageSide = 28;
inline constexpr size_t kPixels = kImageSide * kImageSide;
inline constexpr size_t kDigitClasses = 10;

/// Images of 28 x 28 grey pixels (0 is paper, 255 is ink), each with its label.
struct Digits {
  size_t count = 0;
  std::vector<uint8_t> pixels;  ///< [count, 28, 28]
  std::vector<Label> labels;    ///< [count], each in [0, 10)

  /// The pixels of image i, row by row from the top.
  std::span<const uint8_t, kPixels> Image(size_t i) const {
    return std::span<const uint8_t, kPixels>(&pixels[i * kPixels], kPixels);
  }

  bool operator==(const Digits&) const = default;
};

/// What a classifier learns from, and what it is judged by.
struct Dataset {
  Digits train;
  Digits test;
  std::string source;  ///< where it was read from, to be shown to a reader
};

/// Reads the four files of MNIST, or of any set in its format, from a folder:
/// train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
/// t10k-labels-idx1-ubyte; also with a dot before "idx", and compressed (.gz).
///
/// Error, naming the file and the place, if the folder or a file is missing; if
/// a file is not gzip or IDX of the right kind, is damaged, ends early, goes on
/// too long, or holds no image; if a label is above 9; or if there are not as
/// many labels as images.
Dataset LoadIdxFolder(const std::filesystem::path& folder);

/// Writes the four files, compressed, into a folder that exists. Error if one
/// cannot be written.
void SaveIdxFolder(const Dataset& dataset, const std::filesystem::path& folder);

/// The part of MNIST that is built into the program: of each digit 500 training
/// and 100 test images. See lib/digits/sample/README.md.
Dataset EmbeddedSample();

/// The images at these places, in this order; a place may come twice.
/// Error if one is outside [0, digits.count).
Digits Select(const Digits& digits, std::span<const size_t> indices);

/// The images with this label, in their order.
Digits WithLabel(const Digits& digits, Label label);

}  // namespace surprisal::digits

#endif  // SURPRISAL_DIGITS_IDX_H_
