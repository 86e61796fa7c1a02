#ifndef SURPRISAL_DIGITS_RANDOM_H_
#define SURPRISAL_DIGITS_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace surprisal::digits {

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014): the same numbers from every compiler and library, which
/// the standard library's distributions do not promise.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  /// Any of the 2^64 values.
  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  /// A multiple of 2^-53 in [0, 1).
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

  /// Each of 0, ..., bound - 1 equally likely; bound is at least 1.
  uint64_t Below(uint64_t bound) {
    // The 2^64 mod bound smallest values would favour some remainders.
    const uint64_t unfair = (0 - bound) % bound;
    uint64_t value = Next();
    while (value < unfair) value = Next();
    return value % bound;
  }

  /// Every order equally likely (Fisher and Yates).
  template <class T>
  void Shuffle(std::span<T> items) {
    for (size_t left = items.size(); left > 1; --left) {
      std::swap(items[left - 1], items[Below(left)]);
    }
  }

 private:
  uint64_t state_;
};

}  // namespace surprisal::digits

#endif  // SURPRISAL_DIGITS_RANDOM_H_
