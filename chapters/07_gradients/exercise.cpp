#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "literate/exercises.h"
#include "oracle/autodiff.h"
#include "oracle/judge.h"
#include "oracle/rounding.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"
#include "surprisal/softmax/softmax_oracle.h"

// The exercises of chapter 7: write the bodies of the functions below, build,
// and run exercise_07_gradients to see which are solved.

namespace {

using surprisal::AllWithin;
using surprisal::Exact;
using surprisal::Label;
using surprisal::literate::kNotYet;

/// 1. The row `upstream` times the Jacobian of softmax, given the
/// probabilities: d_logits[c] = sum_j upstream[j] probs[j] ([j = c] -
/// probs[c]). Without the matrix: two passes over the classes.
std::vector<double> TimesJacobian(const std::vector<double>& upstream,
                                  const std::vector<double>& probs) {
  return {};
}

/// 2. The gradient of cross-entropy for one row of float logits, in double
/// arithmetic and rounded at the end: within 1 ulp of a float, however far the
/// label leads, and for logits of any size.
std::vector<float> ConfidentGradient(const std::vector<float>& logits,
                                     size_t label) {
  return {};
}

/// 3. The gradient, by the logits, of the cross-entropy of softmax(logits /
/// temperature).
std::vector<double> GradientWithTemperature(const std::vector<double>& logits,
                                            size_t label, double temperature) {
  return {};
}

/// 4. The derivative of f at x from four values of f, two central differences
/// with steps h and h / 2, whose errors in h^2 cancel.
double Extrapolated(const std::function<double(double)>& f, double x,
                    double h) {
  return kNotYet;
}

/// 5. The gradient, by the logits, of the entropy -sum_c p_c ln p_c of p =
/// softmax(logits).
std::vector<double> EntropyGradient(const std::vector<double>& logits) {
  return {};
}

// ---------------------------------------------------------------------------
// Below, the answers are judged by the oracle.

std::vector<std::vector<double>> SomeLogits() {
  return {{2.5, 4, 2.5, -1.25, 3.25}, {0, 0, 0}, {1, -2}, {-3, 1, 0.5, 0.25}};
}

bool JudgeTimesJacobian() {
  const std::vector<double> upstream = {3, -1, 0.5, 2, -4};
  for (const std::vector<double>& logits : SomeLogits()) {
    const std::vector<double> u(upstream.begin(),
                                upstream.begin() + logits.size());
    const auto y = surprisal::SoftmaxOracle(logits);
    std::vector<double> probs;
    for (const Exact& p : y) probs.push_back(surprisal::RoundTo<double>(p));
    const auto exact = surprisal::SoftmaxVjpOracle(logits, u);
    if (!AllWithin(64, TimesJacobian(u, probs), exact)) return false;
  }
  return true;
}

bool JudgeConfidentGradient() {
  auto rows = SomeLogits();
  for (const double lead : {10.0, 20.0, 80.0, 1000.0}) {
    rows.push_back({0, lead, -1});
    rows.push_back({lead, lead + 40, lead});
  }
  for (const std::vector<double>& logits : rows) {
    const Label label = 1;
    const auto exact = surprisal::CrossEntropyGradientOracle(
        surprisal::Rows<const double>(logits), std::span(&label, 1));
    const std::vector<float> row(logits.begin(), logits.end());  // exact
    if (!AllWithin(1, ConfidentGradient(row, 1), exact)) return false;
  }
  return true;
}

bool JudgeGradientWithTemperature() {
  for (const std::vector<double>& logits : SomeLogits()) {
    for (const double temperature : {0.5, 1.0, 4.0}) {
      const auto loss = [temperature](const auto& z) {
        auto probability = surprisal::SoftmaxDefinition(z, 1, temperature);
        return decltype(probability)(-log(probability));
      };
      const auto exact = surprisal::Gradient(loss, logits);
      if (!AllWithin(64, GradientWithTemperature(logits, 1, temperature),
                     exact)) {
        return false;
      }
    }
  }
  return true;
}

// Either central difference alone errs by more than 1e-7 at these places.
bool JudgeExtrapolated() {
  const auto f = [](double x) { return std::log1p(std::exp(x)); };
  for (const double x : {-1.0, 0.5, 2.0}) {
    const double slope = 1 / (1 + std::exp(-x));
    if (!(std::abs(Extrapolated(f, x, 1.0 / 64) - slope) < 1e-9)) return false;
  }
  return true;
}

// Near 0 it is a difference of roundings: judged by its absolute error.
bool JudgeEntropyGradient() {
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

constexpr surprisal::literate::Exercise kExercises[] = {
    {"TimesJacobian", JudgeTimesJacobian},
    {"ConfidentGradient", JudgeConfidentGradient},
    {"GradientWithTemperature", JudgeGradientWithTemperature},
    {"Extrapolated", JudgeExtrapolated},
    {"EntropyGradient", JudgeEntropyGradient},
};

}  // namespace

int main() { return surprisal::literate::RunExercises(kExercises); }
