#ifndef SURPRISAL_ORACLE_FILTERED_ROWS_H_
#define SURPRISAL_ORACLE_FILTERED_ROWS_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "oracle/approx.h"

/// \file
/// Fast references with proved bounds, for the filtered oracle. Inputs are
/// doubles (floats widen exactly) and the temperature is 1. The bounds follow
/// from Approx's arithmetic and these facts about the C library's long double
/// functions, in ulp of the result:
///   exp, log: glibc's tables say 1; 2 is taken here;
///   log1p: the tables say 2, but 2.5 was measured on x86-64 where the
///     argument has all 64 bits; 4 is taken;
///   expm1: the tables say 3; 4 is taken.
/// No result is a difference of rounded numbers unless the quantity itself is
/// one (LogSumExp near its zero, KlDivergence, entropies of entries above 1);
/// there the error grows beside the value and the filter escalates by itself.

namespace surprisal::filtered {

/// What is taken for each of them, in ulp.
inline constexpr int kExpUlps = 2;
inline constexpr int kLogUlps = 2;
inline constexpr int kLog1pUlps = 4;
inline constexpr int kExpm1Ulps = 4;

/// A library result of finite value, within `ulps`; 0, infinities and NaN are
/// exact. (Log and Log1p reach them only where they are exact.)
inline Approx FromLibrary(long double value, int ulps) {
  if (value == 0 || !std::isfinite(value)) return {value, 0};
  return {value, ulps * Approx::kUlp * std::fabs(value) + Approx::kTiny};
}

/// An overflow of long double is an infinity for every T with fewer exponents;
/// where T may have as many, nothing is known.
inline Approx Overflow() {
  constexpr bool kWider = std::numeric_limits<long double>::max_exponent >
                          std::numeric_limits<double>::max_exponent + 1;
  return {Approx::Infinity().value, kWider ? 0 : Approx::Infinity().value};
}

/// e^x, which is never below 0.
inline Approx Exp(long double x) {
  if (std::isinf(x)) return x > 0 ? Approx::Infinity() : Approx{0, 0};
  const long double value = std::exp(x);
  if (std::isinf(value)) return Overflow();
  if (value == 0) return NonNegative({0, Approx::kTiny});
  return FromLibrary(value, kExpUlps);
}

/// ln x.
inline Approx Log(long double x) { return FromLibrary(std::log(x), kLogUlps); }

/// ln of a positive number known to within less than itself: the derivative of
/// ln between them is at most 1 / (value - error).
inline Approx Log(Approx x) {
  if (!(x.value > x.error)) return {0, Approx::Infinity().value};
  Approx log = FromLibrary(std::log(x.value), kLogUlps);
  log.error += Approx::kSlack * x.error / (x.value - x.error);
  return log;
}

/// ln(1 + x).
inline Approx Log1p(long double x) {
  return FromLibrary(std::log1p(x), kLog1pUlps);
}

/// ln(1 + x) with x - error > -1, by the same reasoning.
inline Approx Log1p(Approx x) {
  const long double least = 1 + (x.value - x.error);
  if (!(least > 0)) return {0, Approx::Infinity().value};
  Approx log = FromLibrary(std::log1p(x.value), kLog1pUlps);
  log.error += Approx::kSlack * x.error / least;
  return log;
}

/// e^x - 1.
inline Approx Expm1(long double x) {
  if (std::isinf(x)) return x > 0 ? Approx::Infinity() : Approx{-1, 0};
  const long double value = std::expm1(x);
  return std::isinf(value) ? Overflow() : FromLibrary(value, kExpm1Ulps);
}

/// 1 / (1 + e^-x), on the side where the exponential is at most 1.
inline Approx Sigmoid(long double x) {
  if (std::isnan(x)) return Approx::NaN();
  const Approx e = Exp(-std::fabs(x));
  return NonNegative((x >= 0 ? Approx{1} : e) / (Approx{1} + e));
}

/// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), a sum of terms of one sign.
inline Approx Softplus(long double x) {
  if (std::isnan(x)) return Approx::NaN();
  if (std::isinf(x)) return x > 0 ? Approx::Infinity() : Approx{0, 0};
  const Approx tail = NonNegative(Log1p(Exp(-std::fabs(x))));
  return x > 0 ? Approx{x} + tail : tail;
}

/// -Softplus(-x); -0 at +inf.
inline Approx LogSigmoid(long double x) { return -Softplus(-x); }

/// weight t ln(1 + e^-x) + (1 - t) ln(1 + e^x), with t in [0, 1].
inline Approx BinaryCrossEntropy(long double x, long double t,
                                 long double weight = 1) {
  if (std::isnan(x) || std::isnan(t)) return Approx::NaN();
  Approx yes, no;
  if (t != 0 && weight != 0) {
    yes = Approx{weight} * Approx{t} * Softplus(-x);
    if (x == -Approx::Infinity().value) return Approx::Infinity();
  }
  if (t != 1) {
    no = (Approx{1} + Approx{-t}) * Softplus(x);
    if (x == Approx::Infinity().value) return Approx::Infinity();
  }
  return NonNegative(yes + no);
}

/// Whether the row spoils whatever is computed of it.
inline bool HasNaN(std::span<const double> row) {
  return std::any_of(row.begin(), row.end(),
                     [](double x) { return std::isnan(x); });
}

/// -sum p_c ln q_c; +inf where p_c > 0 meets q_c = 0.
inline Approx CrossEntropyFromProbs(std::span<const double> p,
                                    std::span<const double> q) {
  if (HasNaN(p) || HasNaN(q)) return Approx::NaN();
  ApproxSum sum;
  for (size_t c = 0; c < p.size(); ++c) {
    if (p[c] == 0) continue;
    if (q[c] == 0) return Approx::Infinity();
    sum.Add(Approx{-p[c]} * Log(q[c]));
  }
  return sum.Total();
}

/// -sum p_c ln p_c.
inline Approx Entropy(std::span<const double> probs) {
  return CrossEntropyFromProbs(probs, probs);
}

/// ln(p / q) for positive p and q. Within a factor of two p - q is exact
/// (Sterbenz), and log1p of the relative difference keeps the digits that the
/// quotient would have rounded away.
inline Approx LogRatio(double p, double q) {
  if (p >= q / 2 && p / 2 <= q) return Log1p(Approx{p - q} / Approx{q});
  return Log(Approx{p} / Approx{q});
}

/// sum p_c ln(p_c / q_c); the terms have both signs.
inline Approx KlDivergence(std::span<const double> p,
                           std::span<const double> q) {
  if (HasNaN(p) || HasNaN(q)) return Approx::NaN();
  ApproxSum sum;
  for (size_t c = 0; c < p.size(); ++c) {
    if (p[c] == 0) continue;
    if (q[c] == 0) return Approx::Infinity();
    sum.Add(Approx{p[c]} * LogRatio(p[c], q[c]));
  }
  return sum.Total();
}

/// All that is asked of one row of logits, from one pass over its exponentials
/// e_c = e^(z_c - m), m the maximum: with R the sum of all of them but one 1 of
/// the maximum,
///   LogSumExp = m + log1p(R),  Softmax_c = e_c / (1 + R),
///   LogSoftmax_c = (z_c - m) - log1p(R), two terms of one sign,
/// so that a probability near 1 keeps its logarithm. The difference z_c - m is
/// split into its rounded value and the exact rest (TwoSum), which enters the
/// exponential as a factor 1 + rest: offsets cost no accuracy.
/// Rows with NaN or +inf, or of nothing but -inf, follow the kernels' policy.
class LogitsRow {
 public:
  LogitsRow() = default;
  explicit LogitsRow(std::span<const double> logits) { Assign(logits); }

  /// Takes in another row (at least one class), keeping the memory.
  void Assign(std::span<const double> logits) {
    logits_.assign(logits.begin(), logits.end());
    at_max_ = static_cast<size_t>(
        std::max_element(logits_.begin(), logits_.end()) - logits_.begin());
    special_ = HasNaN(logits) || std::isinf(logits_[at_max_]);
    if (special_) return;
    weights_.resize(logits_.size());
    for (size_t c = 0; c < logits_.size(); ++c) weights_[c] = Weight(c);
    others_ = SumWithout(at_max_);
    total_ = Approx{1} + others_;
    log_total_ = NonNegative(Log1p(others_));
  }

  Approx LogSumExp() const {
    if (HasNaN(logits_)) return Approx::NaN();
    const Approx max = {logits_[at_max_]};
    return special_ ? max : max + log_total_;
  }

  Approx Softmax(size_t c) const {
    if (special_) return Approx::NaN();
    return NonNegative(weights_[c] / total_);
  }

  /// Exactly 0 is +0; what underflows to 0 is -0.
  Approx LogSoftmax(size_t c) const {
    if (special_) return Approx::NaN();
    if (c == at_max_) return log_total_.value == 0 ? Approx{} : -log_total_;
    const Difference from_max = FromMax(c);
    if (std::isinf(from_max.value)) return {from_max.value, 0};
    ApproxSum sum;
    sum.Add({from_max.value});
    sum.Add({from_max.rest});
    sum.Add(-log_total_);
    return -NonNegative(-sum.Total());
  }

  /// The loss of the label: -LogSoftmax, never -0.
  Approx CrossEntropy(size_t label) const {
    const Approx loss = -LogSoftmax(label);
    return {loss.value == 0 ? 0 : loss.value, loss.error};
  }

  /// d CrossEntropy / d logits[c]: at the label minus the sum of the others, +0
  /// where all of them are masked.
  Approx CrossEntropyGradient(size_t label, size_t c) const {
    if (special_) return Approx::NaN();
    if (c != label) return Softmax(c);
    const Approx sum = label == at_max_ ? others_ : SumWithout(label);
    return sum.IsZero() ? Approx{} : -NonNegative(sum / total_);
  }

  /// sum_c p_c (-ln p_c), every term at least 0.
  Approx EntropyOfLogits() const {
    if (special_) return Approx::NaN();
    ApproxSum sum;
    for (size_t c = 0; c < logits_.size(); ++c) {
      if (!IsMasked(c)) sum.Add(weights_[c] * CrossEntropy(c));
    }
    return NonNegative(sum.Total() / total_);
  }

 private:
  struct Difference {  // value + rest, exactly
    long double value;
    long double rest;
  };

  bool IsMasked(size_t c) const {
    return logits_[c] == -std::numeric_limits<double>::infinity();
  }

  Difference FromMax(size_t c) const {
    const long double a = logits_[c];
    const long double b = -static_cast<long double>(logits_[at_max_]);
    const long double sum = a + b;
    if (std::isinf(sum)) return {sum, 0};
    const long double part = sum - a;
    return {sum, (a - (sum - part)) + (b - part)};
  }

  // e^(value + rest) = e^value (1 + rest + ...): the rest is below 2^-38 where
  // e^value does not underflow, so that its square is below kUlp even where a
  // long double is a double.
  Approx Weight(size_t c) const {
    const Difference from_max = FromMax(c);
    Approx weight = Exp(from_max.value);
    constexpr long double kUnderflows = -16384;
    if (from_max.rest == 0 || from_max.value < kUnderflows) return weight;
    weight.value += weight.value * from_max.rest;
    weight.error += 2 * Approx::kUlp * weight.value;
    return weight;
  }

  Approx SumWithout(size_t left_out) const {
    ApproxSum sum;
    for (size_t c = 0; c < weights_.size(); ++c) {
      if (c != left_out) sum.Add(weights_[c]);
    }
    return sum.Total();
  }

  std::vector<double> logits_;
  std::vector<Approx> weights_;
  size_t at_max_ = 0;
  bool special_ = false;
  Approx others_;
  Approx total_;
  Approx log_total_;
};

}  // namespace surprisal::filtered

#endif  // SURPRISAL_ORACLE_FILTERED_ROWS_H_
