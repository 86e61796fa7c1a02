#ifndef SURPRISAL_COMMON_CERTAIN_H_
#define SURPRISAL_COMMON_CERTAIN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "surprisal/common/interval.h"
#include "surprisal/common/rows.h"

/// \file
/// The last resort of every kernel: one element of a result, correctly rounded
/// (to nearest, ties to even) to `type` beyond any doubt. The quantity is
/// enclosed in intervals of growing precision until all of an interval rounds
/// alike.
///
/// Never wrong: the value is an end of its interval only if the interval is a
/// point (see Interval), so a decision needs no theorem.
///
/// Always ends: a value that is no rounding boundary (a midpoint of neighbours
/// of the type, 0, the overflow threshold) leaves it at some precision. Values
/// that are boundaries are numbers of few bits, and must come out as points:
/// - By Lindemann and Weierstrass, exponentials of distinct algebraic numbers
///   are linearly independent over the algebraic numbers. A quotient of sums
///   (sum_k b_k e^t_k) / (sum_k n_k e^t_k), equal exponents merged, is thus
///   transcendental unless b_k / n_k is the same for all k, and then it is that
///   rational number. Coefficients are exact here, so the test is exact, and a
///   rational value takes one division: a point wherever the quotient fits.
///   This covers softmax, sigmoid and all gradients with respect to logits
///   (of the entropy too), exact zeros of rows that are not flat included.
/// - e^a, ln(1 + a), ... are transcendental but for a = 0, so are ln S and any
///   rational number + a rational multiple of it, where S is a sum of
///   exponentials of algebraic numbers whose largest is 1: but for S = 1, a row
///   with one finite logit. Sums of several rows' ln S are the logarithm of a
///   product of powers of S, again a sum of exponentials.
/// - By Baker, sums of rational multiples of logarithms of rationals are
///   transcendental or 0, and 0 only where the product of powers is 1: this is
///   tested in a base of coprime factors.
/// - The entropy of logits, ln S + (sum_k -t_k e^t_k) / S, is transcendental in
///   rows that are not flat if Schanuel's conjecture holds.
/// A value within e^-1000000 of a boundary is decided too: sums of exponentials
/// are evaluated by Horner's rule from gap to gap between exponents, so that
/// what is too small for any precision still shows its sign; and a quotient is
/// split into its limit and the rest.
///
/// All functions want regular arguments: no NaN, no +inf, no result that the
/// contract makes NaN or infinite by rule (finite values that overflow the type
/// do become infinite), no ignored row. Logits of -inf beside a finite one, and
/// weights and targets of 0, are regular. An exact 0 is +0 (but for Log1p(-0)
/// and Expm1(-0)); what underflows keeps its sign.
namespace surprisal::certain {

/// The number that `enclose` encloses, rounded; `enclose(bits)` returns an
/// interval of that precision. std::runtime_error if 2^20 bits do not decide.
double RoundTo(ElementType type,
               const std::function<Interval(int bits)>& enclose);

double Exp(ElementType type, double x);
double Expm1(ElementType type, double x);
double Log(ElementType type, double x);
double Log1p(ElementType type, double x);
double Sigmoid(ElementType type, double x);
double Softplus(ElementType type, double x);
double LogSigmoid(ElementType type, double x);

/// upstream times the derivative at x.
double ExpVjp(ElementType type, double x, double upstream);
double Expm1Vjp(ElementType type, double x, double upstream);
double LogVjp(ElementType type, double x, double upstream);
double Log1pVjp(ElementType type, double x, double upstream);
double SigmoidVjp(ElementType type, double x, double upstream);
double SoftplusVjp(ElementType type, double x, double upstream);
double LogSigmoidVjp(ElementType type, double x, double upstream);

/// Element c of the row's result.
double Softmax(ElementType type, InRow logits, double temperature, size_t c);
double MaskedSoftmax(ElementType type, InRow logits,
                     StridedRow<const std::uint8_t> mask, double temperature,
                     size_t c);
double SoftmaxVjp(ElementType type, InRow logits, InRow upstream,
                  double temperature, size_t c);
double LogSoftmax(ElementType type, InRow logits, double temperature, size_t c);
double LogSoftmaxVjp(ElementType type, InRow logits, InRow upstream,
                     double temperature, size_t c);
double LogSumExp(ElementType type, InRow logits);
double LogSumExpGradient(ElementType type, InRow logits, double upstream,
                         size_t c);

double Entropy(ElementType type, InRow probs);
double EntropyGradient(ElementType type, double p, double upstream);
double EntropyOfLogits(ElementType type, InRow logits);
double EntropyOfLogitsGradient(ElementType type, InRow logits, double upstream,
                               size_t c);

double CrossEntropyFromProbs(ElementType type, InRow p, InRow q);
double CrossEntropyFromProbsGradientP(ElementType type, double q,
                                      double upstream);
double CrossEntropyFromProbsGradientQ(ElementType type, double p, double q,
                                      double upstream);
double CrossEntropyFromLogProbs(ElementType type, InRow p, InRow log_q);

double KlDivergence(ElementType type, InRow p, InRow q);
double KlDivergenceGradientP(ElementType type, double p, double q,
                             double upstream);
double KlDivergenceGradientQ(ElementType type, double p, double q,
                             double upstream);
double KlDivergenceFromLogProbs(ElementType type, InRow log_p, InRow log_q);
double KlDivergenceFromLogProbsGradientP(ElementType type, double log_p,
                                         double log_q, double upstream);
double KlDivergenceFromLogProbsGradientQ(ElementType type, double log_p,
                                         double upstream);

/// The arguments of CrossEntropy: labels, or targets where those have data.
struct CrossEntropyCase {
  InRows logits;
  std::span<const Label> labels = {};
  InRows targets = {};
  std::span<const double> class_weights = {};
  double label_smoothing = 0;
  Reduction reduction = Reduction::kMean;
  Label ignore_index = -100;
};

/// The arguments of Nll.
struct NllCase {
  InRows log_probs;
  std::span<const Label> labels = {};
  std::span<const double> class_weights = {};
  Reduction reduction = Reduction::kMean;
  Label ignore_index = -100;
};

/// The arguments of BinaryCrossEntropy and BinaryCrossEntropyFromProbs.
struct BinaryCrossEntropyCase {
  InRows inputs;  ///< logits, or probabilities
  InRows targets;
  bool from_probs = false;
  std::span<const double> pos_weight = {};
  Reduction reduction = Reduction::kMean;
};

/// The loss of one row, before any reduction.
double RowLoss(ElementType type, const CrossEntropyCase& args, size_t row);
double RowLoss(ElementType type, const NllCase& args, size_t row);
/// The loss of one element, before any reduction.
double ElementLoss(ElementType type, const BinaryCrossEntropyCase& args,
                   size_t row, size_t c);

/// The sum, or for kMean the mean, of the losses that count; losses that are
/// infinite make the result infinite before it is asked for here.
double ReducedLoss(ElementType type, const CrossEntropyCase& args);
double ReducedLoss(ElementType type, const NllCase& args);
double ReducedLoss(ElementType type, const BinaryCrossEntropyCase& args);

/// The derivative of the loss (over the mean's divisor for kMean) with respect
/// to element c of a row that counts.
double LossGradient(ElementType type, const CrossEntropyCase& args, size_t row,
                    size_t c);
double LossGradient(ElementType type, const NllCase& args, size_t row,
                    size_t c);
double LossGradient(ElementType type, const BinaryCrossEntropyCase& args,
                    size_t row, size_t c);

}  // namespace surprisal::certain

#endif  // SURPRISAL_COMMON_CERTAIN_H_
