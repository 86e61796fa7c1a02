#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "live/element_row.h"
#include "live/live.h"
#include "surprisal/exp/exp.h"

// Softmax as it is found elsewhere. The formulas are taken at their word, also
// where they fail: that is what the page is to show.

namespace surprisal::live {
namespace {

/// The arithmetic of a type. Each operation is made in double and rounded to
/// the type, which is the same as rounding once: a double has more than twice
/// the digits of the other types.
class Arithmetic {
 public:
  explicit Arithmetic(ElementType type) : type_(type) {}

  double Add(double a, double b) const { return Round(type_, a + b); }
  double Sub(double a, double b) const { return Round(type_, a - b); }
  double Mul(double a, double b) const { return Round(type_, a * b); }
  double Div(double a, double b) const { return Round(type_, a / b); }
  double Exp(double x) const {
    const ElementRow in(type_, &x, 1);
    ElementRow out(type_, 1);
    surprisal::Exp(in.in(), out.out());
    return out[0];
  }

 private:
  ElementType type_;
};

using Row = std::vector<double>;

/// e^z over the sum of all e^z.
Row Naive(const Arithmetic& type, Row z) {
  double sum = 0;
  for (double& x : z) {
    x = type.Exp(x);
    sum = type.Add(sum, x);
  }
  for (double& x : z) x = type.Div(x, sum);
  return z;
}

/// The same of z - max z.
Row Shifted(const Arithmetic& type, Row z) {
  double max = -std::numeric_limits<double>::infinity();
  for (const double x : z) max = x > max ? x : max;
  for (double& x : z) x = type.Sub(x, max);
  return Naive(type, std::move(z));
}

/// The same, the sum being kept up with the largest logit so far (Milakov and
/// Gimelshein, "Online normalizer calculation for softmax", 2018).
Row Online(const Arithmetic& type, Row z) {
  double max = -std::numeric_limits<double>::infinity(), sum = 0;
  for (const double x : z) {
    const double before = max;
    max = x > max ? x : max;
    sum = type.Add(type.Mul(sum, type.Exp(type.Sub(before, max))),
                   type.Exp(type.Sub(x, max)));
  }
  for (double& x : z) x = type.Div(type.Exp(type.Sub(x, max)), sum);
  return z;
}

}  // namespace
}  // namespace surprisal::live

using namespace surprisal::live;  // NOLINT: its C interface

int live_softmax_by(int method, int type, const double* logits, int n,
                    double* probs) {
  if (!IsRow(type, n) || method < 0 || method > 3) return 0;
  if (method == 3) return live_softmax(type, logits, n, 1.0, probs);
  const Arithmetic arithmetic(TypeOf(type));
  Row z(logits, logits + n);
  for (double& x : z) x = Round(TypeOf(type), x);
  z = method == 0   ? Naive(arithmetic, z)
      : method == 1 ? Shifted(arithmetic, z)
                    : Online(arithmetic, z);
  std::copy(z.begin(), z.end(), probs);
  return 1;
}
