#ifndef SURPRISAL_TESTS_EXHAUSTIVE_QUANTITIES_H_
#define SURPRISAL_TESTS_EXHAUSTIVE_QUANTITIES_H_

#include <array>
#include <span>
#include <vector>

#include "exhaustive/sweep.h"
#include "oracle/enclosure.h"
#include "oracle/filtered_rows.h"
#include "oracle/format.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"
#include "surprisal/exp/exp.h"
#include "surprisal/exp/exp_oracle.h"
#include "surprisal/expm1/expm1.h"
#include "surprisal/expm1/expm1_oracle.h"
#include "surprisal/log/log.h"
#include "surprisal/log/log_oracle.h"
#include "surprisal/log1p/log1p.h"
#include "surprisal/log1p/log1p_oracle.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/log_softmax/log_softmax_oracle.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"
#include "surprisal/log_sum_exp/log_sum_exp_oracle.h"
#include "surprisal/sigmoid/sigmoid.h"
#include "surprisal/sigmoid/sigmoid_oracle.h"
#include "surprisal/softmax/softmax.h"
#include "surprisal/softmax/softmax_oracle.h"
#include "surprisal/softplus/softplus.h"
#include "surprisal/softplus/softplus_oracle.h"

/// The library's functions of one number, and those of the row [x, 0].
namespace surprisal::exhaustive {

// The truth. -----------------------------------------------------------------

template <Enclosure (*kQuick)(double), Approx (*kClose)(long double),
          Exact (*kExact)(double)>
Truth OfNumber() {
  return {[](double x, size_t) { return kQuick(x); },
          [](double x, size_t) { return kClose(x); },
          [](double x, size_t) { return kExact(x); }};
}

// The derivatives, which no filtered oracle had yet.

inline Approx CloseLogSlope(long double x) { return Approx{1} / Approx{x}; }

inline Approx CloseLog1pSlope(long double x) {
  return Approx{1} / (Approx{1} + Approx{x});
}

inline Approx CloseSigmoidSlope(long double x) {
  return NonNegative(filtered::Sigmoid(x) * filtered::Sigmoid(-x));
}

/// The oracle of a gradient, for an upstream gradient of 1.
template <Exact (*kExact)(double x, double upstream)>
Exact Slope(double x) {
  return kExact(x, 1);
}

/// The function of -x.
template <Enclosure (*kQuick)(double)>
Enclosure QuickOfMinus(double x) {
  return kQuick(-x);
}
template <Approx (*kClose)(long double)>
Approx CloseOfMinus(long double x) {
  return kClose(-x);
}

/// The row [x, 0]; the results of one x belong to its classes.
using Pair = std::array<double, 2>;

inline filtered::LogitsRow ClosePair(double x) {
  return filtered::LogitsRow(Pair{x, 0});
}

inline Truth SoftmaxTruth() {
  return {enclosed::PairSoftmax,
          [](double x, size_t c) { return ClosePair(x).Softmax(c); },
          [](double x, size_t c) {
            return SoftmaxOracle(Pair{x, 0})[c];
          }};
}

inline Truth LogSoftmaxTruth() {
  return {enclosed::PairLogSoftmax,
          [](double x, size_t c) { return ClosePair(x).LogSoftmax(c); },
          [](double x, size_t c) {
            return LogSoftmaxOracle(Pair{x, 0})[c];
          }};
}

inline Truth LogSumExpTruth() {
  return {[](double x, size_t) { return enclosed::PairLogSumExp(x); },
          [](double x, size_t) { return ClosePair(x).LogSumExp(); },
          [](double x, size_t) {
            return LogSumExpOracle(Pair{x, 0});
          }};
}

/// A loss of each row, or a gradient that belongs to a row's own loss.
inline constexpr CrossEntropyOptions kRowByRow = {.reduction =
                                                      Reduction::kNone};

template <Label kLabel>
Truth CrossEntropyTruth() {
  return {
      [](double x, size_t) { return enclosed::PairCrossEntropy(x, kLabel); },
      [](double x, size_t) { return ClosePair(x).CrossEntropy(kLabel); },
      [](double x, size_t) {
        const Pair row = {x, 0};
        return CrossEntropyOracle(Rows<const double>(row), std::array{kLabel},
                                  kRowByRow)[0];
      }};
}

template <Label kLabel>
Truth GradientTruth() {
  return {
      [](double x, size_t c) { return enclosed::PairGradient(x, kLabel, c); },
      [](double x, size_t c) {
        return ClosePair(x).CrossEntropyGradient(kLabel, c);
      },
      [](double x, size_t c) {
        const Pair row = {x, 0};
        return CrossEntropyGradientOracle(Rows<const double>(row),
                                          std::array{kLabel}, kRowByRow)[c];
      }};
}

// The kernels. ---------------------------------------------------------------

/// Rows of two classes, one behind the other.
template <class T>
Rows<T> Pairs(std::span<T> elements) {
  return {elements.data(), elements.size() / 2, 2};
}

/// So many upstream gradients of 1.
template <class T>
std::vector<T> Ones(std::span<const T> x) {
  return std::vector<T>(x.size(), Format<T>::Narrow(1));
}

template <class T, class R, Label kLabel>
void LossOfPairs(std::span<const T> inputs, std::span<R> losses) {
  const std::vector<Label> labels(losses.size(), kLabel);
  CrossEntropy(Pairs(inputs), labels, losses, kRowByRow);
}

template <class T, Label kLabel>
void GradientOfPairs(std::span<const T> inputs, std::span<T> d_logits) {
  const std::vector<Label> labels(inputs.size() / 2, kLabel);
  CrossEntropyGradient(Pairs(inputs), labels, Pairs(d_logits), kRowByRow);
}

/// Quantities whose results are of the inputs' own type.
template <class T>
std::vector<Quantity<T>> QuantitiesOf() {
  using In = std::span<const T>;
  using Out = std::span<T>;
  return {
      {"exp", 1, 1, [](In x, Out y) { Exp(x, y); },
       OfNumber<enclosed::Exp, filtered::Exp, ExpOracle>()},
      {"log", 1, 1, [](In x, Out y) { Log(x, y); },
       OfNumber<enclosed::Log, filtered::Log, LogOracle>()},
      {"log1p", 1, 1, [](In x, Out y) { Log1p(x, y); },
       OfNumber<enclosed::Log1p, filtered::Log1p, Log1pOracle>()},
      {"expm1", 1, 1, [](In x, Out y) { Expm1(x, y); },
       OfNumber<enclosed::Expm1, filtered::Expm1, Expm1Oracle>()},
      {"sigmoid", 1, 1, [](In x, Out y) { Sigmoid(x, y); },
       OfNumber<enclosed::Sigmoid, filtered::Sigmoid, SigmoidOracle>()},
      {"softplus", 1, 1, [](In x, Out y) { Softplus(x, y); },
       OfNumber<enclosed::Softplus, filtered::Softplus, SoftplusOracle>()},
      {"log_sigmoid", 1, 1, [](In x, Out y) { LogSigmoid(x, y); },
       OfNumber<enclosed::LogSigmoid, filtered::LogSigmoid,
                LogSigmoidOracle>()},
      {"softmax", 2, 2, [](In z, Out p) { Softmax(Pairs(z), Pairs(p)); },
       SoftmaxTruth()},
      {"log_softmax", 2, 2, [](In z, Out p) { LogSoftmax(Pairs(z), Pairs(p)); },
       LogSoftmaxTruth()},
      {"cross_entropy_gradient_0", 2, 2, GradientOfPairs<T, 0>,
       GradientTruth<0>(), true},
      {"cross_entropy_gradient_1", 2, 2, GradientOfPairs<T, 1>,
       GradientTruth<1>(), true},
  };
}

/// The derivatives of the elementwise functions, as their gradients have them.
template <class T>
std::vector<Quantity<T>> SlopesOf() {
  using In = std::span<const T>;
  using Out = std::span<T>;
  return {
      {"exp_vjp", 1, 1, [](In x, Out d_x) { ExpVjp(x, Ones(x), d_x); },
       OfNumber<enclosed::Exp, filtered::Exp, Slope<ExpVjpOracle>>()},
      {"log_vjp", 1, 1, [](In x, Out d_x) { LogVjp(x, Ones(x), d_x); },
       OfNumber<enclosed::LogSlope, CloseLogSlope, Slope<LogVjpOracle>>()},
      {"log1p_vjp", 1, 1, [](In x, Out d_x) { Log1pVjp(x, Ones(x), d_x); },
       OfNumber<enclosed::Log1pSlope, CloseLog1pSlope,
                Slope<Log1pVjpOracle>>()},
      {"expm1_vjp", 1, 1, [](In x, Out d_x) { Expm1Vjp(x, Ones(x), d_x); },
       OfNumber<enclosed::Exp, filtered::Exp, Slope<Expm1VjpOracle>>()},
      {"sigmoid_vjp", 1, 1, [](In x, Out d_x) { SigmoidVjp(x, Ones(x), d_x); },
       OfNumber<enclosed::SigmoidSlope, CloseSigmoidSlope,
                Slope<SigmoidVjpOracle>>()},
      {"softplus_vjp", 1, 1,
       [](In x, Out d_x) { SoftplusVjp(x, Ones(x), d_x); },
       OfNumber<enclosed::Sigmoid, filtered::Sigmoid,
                Slope<SoftplusVjpOracle>>()},
      {"log_sigmoid_vjp", 1, 1,
       [](In x, Out d_x) { LogSigmoidVjp(x, Ones(x), d_x); },
       OfNumber<QuickOfMinus<enclosed::Sigmoid>,
                CloseOfMinus<filtered::Sigmoid>, Slope<LogSigmoidVjpOracle>>()},
  };
}

/// Quantities of a row, which are floats for 16-bit logits.
template <class T, class R>
std::vector<Quantity<T, R>> RowQuantitiesOf() {
  return {
      {"log_sum_exp", 2, 1,
       [](std::span<const T> z, std::span<R> y) { LogSumExp(Pairs(z), y); },
       LogSumExpTruth()},
      {"cross_entropy_0", 2, 1, LossOfPairs<T, R, 0>, CrossEntropyTruth<0>()},
      {"cross_entropy_1", 2, 1, LossOfPairs<T, R, 1>, CrossEntropyTruth<1>()},
  };
}

}  // namespace surprisal::exhaustive

#endif  // SURPRISAL_TESTS_EXHAUSTIVE_QUANTITIES_H_
