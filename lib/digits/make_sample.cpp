// Makes lib/digits/sample/ from the full MNIST: see the README there.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <span>
#include <vector>

#include "digits/idx.h"
#include "digits/random.h"

namespace surprisal::digits {
namespace {

constexpr uint64_t kSeed = 1998;  // the year MNIST was published

// The places of `per_digit` images of every digit, each image of a digit as
// likely as another, in the order of the file.
std::vector<size_t> StratifiedPlaces(const Digits& digits, size_t per_digit) {
  std::vector<size_t> order(digits.count);
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  Random(kSeed).Shuffle(std::span(order));

  std::vector<size_t> taken(kDigitClasses, 0);
  std::vector<size_t> places;
  for (const size_t i : order) {
    if (taken[digits.labels[i]]++ < per_digit) places.push_back(i);
  }
  std::sort(places.begin(), places.end());
  return places;
}

Dataset StratifiedSample(const Dataset& full) {
  return {Select(full.train, StratifiedPlaces(full.train, 500)),
          Select(full.test, StratifiedPlaces(full.test, 100)), full.source};
}

}  // namespace
}  // namespace surprisal::digits

int main(int argc, char** argv) {
  using namespace surprisal::digits;  // NOLINT: the program is this library's
  if (argc != 3) {
    std::fprintf(stderr, "usage: make_sample MNIST_FOLDER OUTPUT_FOLDER\n");
    return 2;
  }
  try {
    SaveIdxFolder(StratifiedSample(LoadIdxFolder(argv[1])), argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_sample: %s\n", error.what());
    return 1;
  }
  return 0;
}
