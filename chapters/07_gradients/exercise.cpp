// The exercises of chapter 7: write the bodies of the five functions below, and
// run exercise_07_gradients to hear which are solved. The oracle is the judge.

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <limits>
#include <vector>

#include "oracle/autodiff.h"
#include "oracle/ulp.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"
#include "surprisal/entropy/entropy_oracle.h"
#include "surprisal/softmax/softmax_oracle.h"

using surprisal::Exact;
using surprisal::Label;
using surprisal::Rows;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// 1. The row `upstream` times the Jacobian of softmax, given the
/// probabilities: d_logits[c] = sum_j upstream[j] probs[j] ([j = c] -
/// probs[c]). Without the matrix: two passes over the classes.
std::vector<double> TimesJacobian(const std::vector<double>& upstream,
                                  const std::vector<double>& probs) {
  (void)probs;
  return std::vector<double>(upstream.size(), kNaN);
}

/// 2. The gradient of cross-entropy for one row of float logits, in double
/// arithmetic and rounded at the end: within 1 ulp of a float, however far the
/// label leads, and for logits of any size.
std::vector<float> ConfidentGradient(const std::vector<float>& logits,
                                     size_t label) {
  (void)label;
  return std::vector<float>(logits.size(), static_cast<float>(kNaN));
}

/// 3. The gradient, by the logits, of the cross-entropy of softmax(logits /
/// temperature).
std::vector<double> GradientWithTemperature(const std::vector<double>& logits,
                                            size_t label, double temperature) {
  (void)label, (void)temperature;
  return std::vector<double>(logits.size(), kNaN);
}

/// 4. The derivative of f at x from four values of f, two central differences
/// with steps h and h / 2, whose errors in h^2 cancel.
double Extrapolated(const std::function<double(double)>& f, double x,
                    double h) {
  (void)f, (void)x, (void)h;
  return kNaN;
}

/// 5. The gradient, by the logits, of the entropy -sum_c p_c ln p_c of p =
/// softmax(logits).
std::vector<double> EntropyGradient(const std::vector<double>& logits) {
  return std::vector<double>(logits.size(), kNaN);
}

// ---------------------------------------------------------------------------
// The judge

template <class T>
bool Near(const std::vector<T>& got, const std::vector<Exact>& exact,
          double ulps) {
  if (got.size() != exact.size()) return false;
  for (size_t i = 0; i < got.size(); ++i) {
    if (!(surprisal::UlpError(got[i], exact[i]) <= ulps)) return false;
  }
  return true;
}

template <class T>
std::vector<T> Converted(const std::vector<double>& row) {
  return std::vector<T>(row.begin(), row.end());
}

std::vector<std::vector<double>> SomeLogits() {
  return {{2.5, 4, 2.5, -1.25, 3.25}, {0, 0, 0}, {1, -2}, {-3, 1, 0.5, 0.25}};
}

bool TimesJacobianIsRight() {
  const std::vector<double> upstream = {3, -1, 0.5, 2, -4};
  for (const std::vector<double>& logits : SomeLogits()) {
    const std::vector<double> u(upstream.begin(),
                                upstream.begin() + logits.size());
    const auto y = surprisal::SoftmaxOracle(logits);
    std::vector<double> probs;
    for (const Exact& p : y) probs.push_back(surprisal::RoundTo<double>(p));
    const auto exact = surprisal::SoftmaxVjpOracle(logits, u);
    if (!Near(TimesJacobian(u, probs), exact, 64)) return false;
  }
  return true;
}

bool ConfidentGradientIsRight() {
  auto rows = SomeLogits();
  for (const double lead : {10.0, 20.0, 80.0, 1000.0}) {
    rows.push_back({0, lead, -1});
    rows.push_back({lead, lead + 40, lead});
  }
  for (const std::vector<double>& logits : rows) {
    const Label label = 1;
    const auto exact = surprisal::CrossEntropyGradientOracle(
        Rows<const double>(logits), std::span(&label, 1));
    if (!Near(ConfidentGradient(Converted<float>(logits), 1), exact, 1)) {
      return false;
    }
  }
  return true;
}

bool GradientWithTemperatureIsRight() {
  for (const std::vector<double>& logits : SomeLogits()) {
    for (const double temperature : {0.5, 1.0, 4.0}) {
      const auto loss = [temperature](const auto& z) {
        auto probability = surprisal::SoftmaxDefinition(z, 1, temperature);
        return decltype(probability)(-log(probability));
      };
      const auto exact = surprisal::Gradient(loss, logits);
      if (!Near(GradientWithTemperature(logits, 1, temperature), exact, 64)) {
        return false;
      }
    }
  }
  return true;
}

// Either central difference alone errs by more than 1e-7 at these places.
bool ExtrapolatedIsRight() {
  const auto f = [](double x) { return std::log1p(std::exp(x)); };
  for (const double x : {-1.0, 0.5, 2.0}) {
    const double slope = 1 / (1 + std::exp(-x));
    if (!(std::abs(Extrapolated(f, x, 1.0 / 64) - slope) < 1e-9)) return false;
  }
  return true;
}

// Near 0 it is a difference of roundings: judged by its absolute error.
bool EntropyGradientIsRight() {
  for (const std::vector<double>& logits : SomeLogits()) {
    const auto entropy = [](const auto& z) {
      auto sum = surprisal::SoftmaxDefinition(z, 0) * 0;
      for (size_t c = 0; c < z.size(); ++c) {
        const auto p = surprisal::SoftmaxDefinition(z, c);
        sum -= p * log(p);
      }
      return sum;
    };
    const auto exact = surprisal::Gradient(entropy, logits);
    const auto got = EntropyGradient(logits);
    if (got.size() != exact.size()) return false;
    for (size_t c = 0; c < logits.size(); ++c) {
      const Exact error = abs(exact[c] - Exact(got[c]));
      if (!(error <= 0x1p-48)) return false;
    }
  }
  return true;
}

int main() {
  const struct {
    const char* name;
    bool solved;
  } exercises[] = {
      {"1 TimesJacobian", TimesJacobianIsRight()},
      {"2 ConfidentGradient", ConfidentGradientIsRight()},
      {"3 GradientWithTemperature", GradientWithTemperatureIsRight()},
      {"4 Extrapolated", ExtrapolatedIsRight()},
      {"5 EntropyGradient", EntropyGradientIsRight()}};
  int open = 0;
  for (const auto& exercise : exercises) {
    std::printf("%-25s %s\n", exercise.name,
                exercise.solved ? "solved" : "open");
    open += exercise.solved ? 0 : 1;
  }
  return open == 0 ? 0 : 1;
}
