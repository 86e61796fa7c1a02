#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "live/element_row.h"
#include "live/live.h"
#include "oracle/rounding.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"
#include "surprisal/exp/exp.h"

// Slopes by differences, and how far they are off.

namespace surprisal::live {
namespace {

/// The loss as a function of one logit.
class Loss {
 public:
  Loss(ElementType type, const double* logits, int n, int label, int index)
      : type_(type),
        logits_(logits, logits + n),
        label_(label),
        index_(static_cast<size_t>(index)) {
    for (double& x : logits_) x = Round(type, x);
  }

  double Forward(double h) const { return Divide(Difference(At(h), At(0)), h); }
  double Central(double h) const {
    return Divide(Difference(At(h), At(-h)), 2 * h);
  }
  double ComplexStep(double h) const;
  Exact Slope() const;

 private:
  /// The library's loss, the logit being moved by h.
  double At(double h) const;

  double Difference(double a, double b) const { return Round(type_, a - b); }
  double Divide(double a, double b) const { return Round(type_, a / b); }

  ElementType type_;
  std::vector<double> logits_;
  Label label_;
  size_t index_;
};

double Loss::At(double h) const {
  std::vector<double> moved = logits_;
  moved[index_] += h;
  const ElementRow row(type_, moved.data(), moved.size());
  ElementRow loss(type_, 1);
  CrossEntropy(row.in_rows(), std::span(&label_, 1), loss.out());
  return loss[0];
}

/// A function of one number, correctly rounded: libraries of C differ in the
/// last bits of theirs, and the page's numbers must not.
template <class Function>
double Rounded(const Function& function, double x) {
  return RoundTo<double>(function(Exact(x)));
}

/// The imaginary part of ln sum e^z - z_label over h, in doubles, where the
/// imaginary part of one logit is h. The maximum that is taken off is a
/// constant: it shifts the real part alone.
double Loss::ComplexStep(double h) const {
  const double max = *std::max_element(logits_.begin(), logits_.end());
  const double cos_h = Rounded([](const Exact& x) { return Exact(cos(x)); }, h);
  const double sin_h = Rounded([](const Exact& x) { return Exact(sin(x)); }, h);
  double real = 0, imaginary = 0;
  for (size_t c = 0; c < logits_.size(); ++c) {
    const double shifted[] = {logits_[c] - max};
    double e[1];
    Exp(shifted, e);
    real += c == index_ ? e[0] * cos_h : e[0];
    if (c == index_) imaginary = e[0] * sin_h;
  }
  const double ratio = imaginary / real;
  const double angle =
      Rounded([](const Exact& x) { return Exact(atan(x)); }, ratio);
  return (angle - (static_cast<size_t>(label_) == index_ ? h : 0)) / h;
}

Exact Loss::Slope() const {
  return CrossEntropyGradientOracle(Rows<const double>(logits_),
                                    std::span(&label_, 1))[index_];
}

enum Kind { kForward, kCentral, kComplexStep };

double Derivative(const Loss& loss, int kind, double h) {
  switch (kind) {
    case kForward:
      return loss.Forward(h);
    case kCentral:
      return loss.Central(h);
    default:
      return loss.ComplexStep(h);
  }
}

bool IsKind(int kind, int type) {
  return (type == 1 && kind == kComplexStep) ||
         ((type == 0 || type == 1) && (kind == kForward || kind == kCentral));
}

}  // namespace
}  // namespace surprisal::live

using namespace surprisal;        // NOLINT: its C interface
using namespace surprisal::live;  // NOLINT: its C interface

int live_numeric_gradient(int kind, int type, const double* logits, int n,
                          int label, int index, double step, double* derivative,
                          double* error) {
  if (!IsKind(kind, type) || !IsRow(type, n)) return 0;
  if (label < 0 || label >= n || index < 0 || index >= n) return 0;
  const double h = Round(TypeOf(type), step);
  if (!(h > 0 && h <= 1)) return 0;
  const Loss loss(TypeOf(type), logits, n, label, index);
  *derivative = Derivative(loss, kind, h);
  const Exact distance = abs(Exact(*derivative) - loss.Slope());
  *error = RoundTo<double>(distance);
  return 1;
}
