#ifndef SURPRISAL_TESTS_KERNEL_TESTING_H_
#define SURPRISAL_TESTS_KERNEL_TESTING_H_

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "hwy/targets.h"
#include "oracle/format.h"
#include "oracle/rounding.h"
#include "oracle/ulp.h"
#include "surprisal/common/rows.h"
#include "trial_inputs.h"

/// What every kernel test is made of: all SIMD targets, named rows, guarded
/// memory, and one way to compare with an oracle.
namespace surprisal::testing {

/// Runs `body` once for every SIMD target this CPU has, and names the target in
/// whatever fails inside.
template <class Body>
void ForEachTarget(const Body& body) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const std::string target_name = hwy::TargetName(target);
    CAPTURE(target_name);
    hwy::SetSupportedTargetsForTest(target);
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
}

/// A result in hex and decimal.
template <class T>
std::string Shown(T x) {
  char text[80];
  std::snprintf(text, sizeof(text), "%a (%.9g)", ToDouble(x), ToDouble(x));
  return text;
}

/// Whether one result of a kernel is what it must be: the exact value rounded to
/// nearest, bit for bit. NaN must meet NaN; +0 and -0 count as equal.
template <class T>
bool IsRight(T got, const Exact& exact) {
  const double wide = ToDouble(got), rounded = ToDouble(RoundTo<T>(exact));
  return wide == rounded || (std::isnan(wide) && std::isnan(rounded));
}

/// Checks one result: IsRight, and in a failure what was got and wanted.
template <class T>
void CheckResult(T got, const Exact& exact) {
  if (IsRight(got, exact)) return;
  const std::string got_text = Shown(got), want_text = Shown(RoundTo<T>(exact));
  const double ulp = UlpError(got, exact);
  CAPTURE(ulp);
  CHECK(got_text == want_text);
}

/// CheckResult for whole rows; the index is named in a failure.
template <class T>
void CheckResults(std::span<const T> got, const std::vector<Exact>& exact) {
  REQUIRE(got.size() == exact.size());
  for (size_t index = 0; index < exact.size(); ++index) {
    CAPTURE(index);
    CheckResult(got[index], exact[index]);
  }
}

/// The same number, sign of zero included, or the same NaN.
template <class T>
bool SameBits(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

/// Rows in memory of their own, with guard values before, between and behind
/// the elements: whoever writes outside the view is found out.
template <class T>
class GuardedRows {
 public:
  /// Rows begin `offset` elements into the memory; `gap` guards lie behind each
  /// row; the elements of a row are `class_stride` apart.
  GuardedRows(size_t rows, size_t classes, size_t offset = 0, size_t gap = 3,
              size_t class_stride = 1)
      : memory_(offset + rows * (classes * class_stride + gap) + gap, Guard()),
        inside_(memory_.size(), false),
        view_(memory_.data() + offset, rows, classes,
              static_cast<std::ptrdiff_t>(classes * class_stride + gap),
              static_cast<std::ptrdiff_t>(class_stride)) {
    MarkInside();
  }

  /// (images, classes, pixels), the class axis in the middle.
  static GuardedRows ClassAxis1(size_t images, size_t classes, size_t pixels) {
    GuardedRows guarded(1, images * classes * pixels, 3);
    guarded.view_ =
        Rows<T>::ClassAxis1(guarded.view_.data, images, classes, pixels);
    return guarded;
  }

  Rows<T> View() { return view_; }
  Rows<const T> ConstView() const { return view_; }

  void Fill(size_t row, std::span<const T> values) {
    for (size_t c = 0; c < values.size(); ++c) view_[row][c] = values[c];
  }

  std::vector<T> Row(size_t row) const {
    std::vector<T> values(view_.classes);
    for (size_t c = 0; c < values.size(); ++c) values[c] = view_[row][c];
    return values;
  }

  /// Checks that every guard still stands.
  void CheckGuards() const {
    for (size_t i = 0; i < memory_.size(); ++i) {
      if (inside_[i] || SameBits(memory_[i], Guard())) continue;
      CAPTURE(i);
      CHECK(SameBits(memory_[i], Guard()));
    }
  }

 private:
  static T Guard() { return Format<T>::Narrow(-12345.5); }

  void MarkInside() {
    for (size_t r = 0; r < view_.rows; ++r) {
      for (size_t c = 0; c < view_.classes; ++c) {
        inside_[static_cast<size_t>(&view_[r][c] - memory_.data())] = true;
      }
    }
  }

  std::vector<T> memory_;
  std::vector<bool> inside_;
  Rows<T> view_;
};

}  // namespace surprisal::testing

#endif  // SURPRISAL_TESTS_KERNEL_TESTING_H_
