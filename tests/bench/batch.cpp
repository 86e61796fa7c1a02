#include "bench/batch.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

#include "accuracy/with_type.h"
#include "oracle/format.h"
#include "trial_inputs.h"

namespace surprisal::bench {
namespace {

using testing::Random;

/// Fills the row with standard normal numbers, two at a time (Box and Muller).
void FillNormal(Random& random, std::vector<double>& row) {
  for (size_t c = 0; c < row.size(); c += 2) {
    const double radius =
        std::sqrt(-2 * std::log(random.Uniform(0, 1) + 0x1p-60));
    const double angle = 2 * std::numbers::pi * random.Uniform(0, 1);
    row[c] = radius * std::cos(angle);
    if (c + 1 < row.size()) row[c + 1] = radius * std::sin(angle);
  }
}

/// Makes a row of logits and returns its label.
Label MakeRow(Random& random, double confident, std::vector<double>& row) {
  FillNormal(random, row);
  const double deviation = static_cast<double>(size_t{1} << random.Below(3));
  for (double& logit : row) logit *= deviation;
  const size_t label = random.Below(row.size());
  if (random.Uniform(0, 1) < confident) {
    row[label] = *std::ranges::max_element(row) + Batch::kLead;
  }
  return static_cast<Label>(label);
}

std::optional<size_t> ParseCount(const std::string& text) {
  size_t count = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || stop != end || count == 0) return std::nullopt;
  return count;
}

}  // namespace

std::optional<Shape> ParseShape(const std::string& text) {
  const size_t x = text.find('x');
  if (x == std::string::npos) return std::nullopt;
  const auto rows = ParseCount(text.substr(0, x));
  const auto classes = ParseCount(text.substr(x + 1));
  if (!rows || !classes || *rows > kMostLogits / *classes) return std::nullopt;
  return Shape{*rows, *classes};
}

std::string Text(const Shape& shape) {
  return std::to_string(shape.rows) + "x" + std::to_string(shape.classes);
}

Batch::Batch(const Shape& shape, ElementType type, double confident)
    : shape_(shape),
      type_(type),
      logits_(hwy::AllocateAligned<unsigned char>(shape.rows * shape.classes *
                                                  SizeOf(type))),
      matrix_(hwy::AllocateAligned<unsigned char>(shape.rows * shape.classes *
                                                  SizeOf(type))),
      labels_(shape.rows),
      scalars_(shape.rows) {
  if (!logits_ || !matrix_) throw std::bad_alloc();
  Random random(shape.rows * shape.classes);
  std::vector<double> row(shape.classes);
  accuracy::WithType(type, [&]<class T>(T) {
    T* logit = reinterpret_cast<T*>(logits_.get());
    for (Label& label : labels_) {
      label = MakeRow(random, confident, row);
      for (const double x : row) *logit++ = Format<T>::Narrow(x);
    }
  });
}

Task Batch::TaskOf(Quantity quantity) {
  return {quantity,      type_,          shape_.rows,   shape_.classes,
          logits_.get(), labels_.data(), matrix_.get(), scalars_.data()};
}

std::vector<double> Batch::Row(size_t row) const {
  std::vector<double> values(shape_.classes);
  accuracy::WithType(type_, [&]<class T>(T) {
    const T* logits =
        reinterpret_cast<const T*>(logits_.get()) + row * shape_.classes;
    std::ranges::transform(logits, logits + shape_.classes, values.begin(),
                           Format<T>::Widen);
  });
  return values;
}

}  // namespace surprisal::bench
