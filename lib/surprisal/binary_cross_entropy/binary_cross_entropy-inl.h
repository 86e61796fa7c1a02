#if defined(SURPRISAL_BINARY_CROSS_ENTROPY_BINARY_CROSS_ENTROPY_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_BINARY_CROSS_ENTROPY_BINARY_CROSS_ENTROPY_INL_H_
#undef SURPRISAL_BINARY_CROSS_ENTROPY_BINARY_CROSS_ENTROPY_INL_H_
#else
#define SURPRISAL_BINARY_CROSS_ENTROPY_BINARY_CROSS_ENTROPY_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <span>
#include <type_traits>

#include "hwy/highway.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"
#include "surprisal/common/certain.h"
#include "surprisal/common/prob_row-inl.h"
#include "surprisal/common/wide_sum-inl.h"
#include "surprisal/softplus/softplus-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// a + b for scaled double-doubles, aligned to the larger exponent.
template <class D>
HWY_INLINE Scaled<D> AddScaled(D d, Scaled<D> a, Scaled<D> b) {
  const auto a_is_0 = hn::Eq(a.value.hi, hn::Zero(d));
  const auto b_is_0 = hn::Eq(b.value.hi, hn::Zero(d));
  const V<D> ka = hn::IfThenElse(a_is_0, b.exponent, a.exponent);
  const V<D> kb = hn::IfThenElse(b_is_0, ka, b.exponent);
  const V<D> k = hn::IfThenElse(hn::Gt(ka, kb), ka, kb);
  const auto align = [&](Dd<D> x, V<D> from) HWY_ATTR {
    const V<D> by = hn::Sub(from, k);
    return Dd<D>{LdExp(d, x.hi, by), LdExp(d, x.lo, by)};
  };
  return {Add(d, align(a.value, ka), align(b.value, kb)), k};
}

template <class D>
HWY_INLINE Scaled<D> MulScaled(D d, Scaled<D> a, Scaled<D> b) {
  return {Mul(d, a.value, b.value), hn::Add(a.exponent, b.exponent)};
}

/// The weights of the two terms of the loss: w t, and 1 - t.
template <class D>
struct BinaryWeights {
  Scaled<D> positive, negative;
};

template <class D>
HWY_INLINE BinaryWeights<D> WeightsOf(D d, V<D> target, V<D> pos_weight) {
  const V<D> zero = hn::Zero(d);
  const auto none = hn::Or(hn::Eq(target, zero), hn::Eq(pos_weight, zero));
  Scaled<D> positive =
      MulScaled(d, Normalize(d, target), Normalize(d, pos_weight));
  positive.value = IfThenElse(d, none, ToDd(d, zero), positive.value);
  positive.exponent = hn::IfThenElse(none, zero, positive.exponent);
  const Dd<D> rest = TwoSum(d, hn::Set(d, 1.0), hn::Neg(target));
  return {positive, {rest, zero}};
}

/// weight * term, 0 where the weight is 0 whatever the term.
template <class D>
HWY_INLINE Scaled<D> WeighTerm(D d, Scaled<D> weight, Scaled<D> term) {
  const V<D> zero = hn::Zero(d);
  const auto none = hn::Eq(weight.value.hi, zero);
  // The product with a huge term, the softplus of a huge logit, must fit
  const auto huge = hn::Gt(V<D>(term.value.hi), hn::Set(d, 0x1p900));
  const V<D> down = hn::IfThenElse(huge, hn::Set(d, 0x1p-64), hn::Set(d, 1.0));
  term.value = Scale(d, term.value, down);
  term.exponent =
      hn::Add(term.exponent, hn::IfThenElseZero(huge, hn::Set(d, 64.0)));
  const Scaled<D> product = MulScaled(d, weight, term);
  return {IfThenElse(d, none, ToDd(d, zero), product.value),
          hn::IfThenElse(none, zero, product.exponent)};
}

/// A vector of results before rounding: `special` where that is not 0, else
/// `regular`, off by at most kRelative of `size` times 2^regular.exponent.
template <class D>
struct Outcome {
  Scaled<D> regular;
  Held<D> special;
  Held<D> size;
};

/// The sum of two terms that may cancel.
template <class D>
HWY_INLINE Outcome<D> SumOf(D d, Scaled<D> a, Scaled<D> b, V<D> special) {
  const Scaled<D> sum = AddScaled(d, a, b);
  const auto size_of = [&](Scaled<D> x) HWY_ATTR {
    const V<D> size = hn::Abs(x.value.hi);
    return Scaled<D>{ToDd(d, size), x.exponent};
  };
  return {sum, special, AddScaled(d, size_of(a), size_of(b)).value.hi};
}

/// The infinite loss of terms that are infinite and count; NaN for a NaN input.
template <class D, class M>
HWY_INLINE V<D> InfiniteLoss(D d, V<D> x, M positive_infinite,
                             M negative_infinite,
                             const BinaryWeights<D>& weights) {
  const V<D> zero = hn::Zero(d);
  const V<D> positive = weights.positive.value.hi;
  const V<D> negative = weights.negative.value.hi;
  const auto counts =
      hn::Or(hn::And(positive_infinite, hn::Gt(positive, zero)),
             hn::And(negative_infinite, hn::Gt(negative, zero)));
  const V<D> special = hn::IfThenElseZero(counts, hn::Set(d, HUGE_VAL));
  return hn::IfThenElse(hn::IsNaN(x), x, special);
}

/// Two terms of the first stage, each off by at most kFirst of it but for what
/// their weights and the operations behind are off by.
struct FirstTerms {
  Held<Doubles> positive, negative;
};

struct FromLogits {
  /// w t softplus(-x) and (1 - t) softplus(x), which share a logarithm; infinite
  /// where x is too large.
  static HWY_INLINE FirstTerms FirstLoss(Doubles d, V<Doubles> x,
                                         V<Doubles> target, V<Doubles> weight) {
    const auto known = FirstExpKnown(d, x);
    const V<Doubles> inside = hn::IfThenElseZero(known, x);
    const V<Doubles> e = FirstExp(d, hn::Neg(hn::Abs(inside)));
    const V<Doubles> log =
        hn::IfThenElse(known, FirstLog1p(d, e), hn::Set(d, HUGE_VAL));
    const V<Doubles> below = hn::ZeroIfNegative(hn::Neg(inside));
    const V<Doubles> above = hn::ZeroIfNegative(inside);
    const V<Doubles> rest = hn::Sub(hn::Set(d, 1.0), target);
    return {hn::Mul(hn::Mul(weight, target), hn::Add(below, log)),
            hn::Mul(rest, hn::Add(above, log))};
  }

  /// -w t sigmoid(-x) and (1 - t) sigmoid(x).
  static HWY_INLINE FirstTerms FirstGradient(Doubles d, V<Doubles> x,
                                             V<Doubles> target,
                                             V<Doubles> weight) {
    const V<Doubles> one = hn::Set(d, 1.0);
    const auto known = FirstExpKnown(d, x);
    const V<Doubles> inside = hn::IfThenElseZero(known, x);
    const V<Doubles> e = FirstExp(d, hn::Neg(hn::Abs(inside)));
    const V<Doubles> near = hn::IfThenElse(known, hn::Div(one, hn::Add(e, one)),
                                           hn::Set(d, HUGE_VAL));
    const V<Doubles> far = hn::Mul(e, near);
    const auto negative = hn::Lt(x, hn::Zero(d));
    const V<Doubles> sigmoid = hn::IfThenElse(negative, far, near);
    const V<Doubles> opposite = hn::IfThenElse(negative, near, far);
    return {hn::Neg(hn::Mul(hn::Mul(weight, target), opposite)),
            hn::Mul(hn::Sub(one, target), sigmoid)};
  }

  /// w t softplus(-x) + (1 - t) softplus(x).
  template <class D>
  static HWY_INLINE Outcome<D> Loss(D d, V<D> x, V<D> target, V<D> weight) {
    const BinaryWeights<D> weights = WeightsOf(d, target, weight);
    const V<D> zero = hn::Zero(d), infinity = hn::Set(d, HUGE_VAL);
    const V<D> finite = hn::IfThenElseZero(hn::IsFinite(x), x);
    Scaled<D> sum = AddScaled(
        d, WeighTerm(d, weights.positive, SoftplusOf(d, hn::Neg(finite))),
        WeighTerm(d, weights.negative, SoftplusOf(d, finite)));
    const auto infinite = hn::Not(hn::IsFinite(x));
    sum.value = IfThenElse(d, infinite, ToDd(d, zero), sum.value);
    const V<D> special = InfiniteLoss(d, x, hn::Eq(x, hn::Neg(infinity)),
                                      hn::Eq(x, infinity), weights);
    return {sum, special, sum.value.hi};
  }

  /// (1 - t) sigmoid(x) - w t sigmoid(-x).
  template <class D>
  static HWY_INLINE Outcome<D> Gradient(D d, V<D> x, V<D> target, V<D> weight) {
    const BinaryWeights<D> weights = WeightsOf(d, target, weight);
    Scaled<D> pull = WeighTerm(d, weights.positive, SigmoidOf(d, hn::Neg(x)));
    pull.value = Neg(d, pull.value);
    const Scaled<D> push = WeighTerm(d, weights.negative, SigmoidOf(d, x));
    return SumOf<D>(d, push, pull, hn::IfThenElseZero(hn::IsNaN(x), x));
  }
};

/// p strictly between 0 and 1, NaN elsewhere.
HWY_INLINE V<Doubles> InsideUnit(Doubles d, V<Doubles> p) {
  const auto inside =
      hn::And(hn::Gt(p, hn::Zero(d)), hn::Lt(p, hn::Set(d, 1.0)));
  return hn::IfThenElse(inside, p, hn::Set(d, NAN));
}

struct FromProbs {
  /// -w t ln p and -(1 - t) ln(1 - p); NaN at the ends of [0, 1].
  static HWY_INLINE FirstTerms FirstLoss(Doubles d, V<Doubles> p,
                                         V<Doubles> target, V<Doubles> weight) {
    const V<Doubles> one = hn::Set(d, 1.0), known = InsideUnit(d, p);
    const auto none = hn::IsNaN(known);
    const V<Doubles> inside = hn::IfThenElse(none, hn::Set(d, 0.5), p);
    const V<Doubles> log_p = hn::IfThenElse(none, known, FirstLog(d, inside));
    const V<Doubles> log_q = FirstLog1p(d, hn::Neg(inside));
    return {hn::Neg(hn::Mul(hn::Mul(weight, target), log_p)),
            hn::Neg(hn::Mul(hn::Sub(one, target), log_q))};
  }

  /// -w t / p and (1 - t) / (1 - p); NaN at the ends of [0, 1].
  static HWY_INLINE FirstTerms FirstGradient(Doubles d, V<Doubles> p,
                                             V<Doubles> target,
                                             V<Doubles> weight) {
    const V<Doubles> one = hn::Set(d, 1.0), known = InsideUnit(d, p);
    return {hn::Neg(hn::Div(hn::Mul(weight, target), known)),
            hn::Div(hn::Sub(one, target), hn::Sub(one, known))};
  }

  /// -w t ln p - (1 - t) ln(1 - p).
  template <class D>
  static HWY_INLINE Outcome<D> Loss(D d, V<D> p, V<D> target, V<D> weight) {
    const BinaryWeights<D> weights = WeightsOf(d, target, weight);
    const V<D> zero = hn::Zero(d), one = hn::Set(d, 1.0);
    const auto p_is_0 = hn::Eq(p, zero), p_is_1 = hn::Eq(p, one);
    // Inside (0, 1), whatever p: the ends are blended in below
    const V<D> inside =
        hn::IfThenElse(hn::Or(p_is_0, p_is_1), hn::Set(d, 0.5), p);
    const Dd<D> log_p = Log(d, Scaled<D>{ToDd(d, inside), zero});
    const Dd<D> log_q = Log1p(d, ToDd(d, hn::Neg(inside)));
    const auto settled = hn::Or(p_is_0, p_is_1);
    const auto term = [&](Dd<D> log) HWY_ATTR {
      return Scaled<D>{IfThenElse(d, settled, ToDd(d, zero), Neg(d, log)),
                       zero};
    };
    // ln(1 - p) = -p to 2^-110, where p itself may be subnormal; the rest of
    // the series is a little more, which decides ties
    const auto tiny = hn::Lt(inside, hn::Set(d, 0x1p-110));
    Scaled<D> itself = Normalize(d, inside);
    itself.value.lo = hn::Mul(itself.value.hi, hn::Set(d, 0x1p-111));
    const Scaled<D> log_term = term(log_q);
    const Scaled<D> against = {
        IfThenElse(d, tiny, itself.value, log_term.value),
        hn::IfThenElseZero(tiny, V<D>(itself.exponent))};
    const Scaled<D> sum =
        AddScaled(d, WeighTerm(d, weights.positive, term(log_p)),
                  WeighTerm(d, weights.negative, against));
    return {sum, InfiniteLoss(d, p, p_is_0, p_is_1, weights), sum.value.hi};
  }

  /// (1 - t) / (1 - p) - w t / p, each term 0 where its numerator is.
  template <class D>
  static HWY_INLINE Outcome<D> Gradient(D d, V<D> p, V<D> target, V<D> weight) {
    const BinaryWeights<D> weights = WeightsOf(d, target, weight);
    const V<D> zero = hn::Zero(d), one = hn::Set(d, 1.0);
    const auto p_is_0 = hn::Eq(p, zero), p_is_1 = hn::Eq(p, one);
    const Scaled<D> normal = Normalize(d, hn::IfThenElse(p_is_0, one, p));
    const Dd<D> rest = TwoSum(d, one, hn::IfThenElse(p_is_1, zero, hn::Neg(p)));
    Scaled<D> pull = WeighTerm(d, weights.positive,
                               {Div(d, ToDd(d, hn::Neg(one)), normal.value),
                                hn::Neg(normal.exponent)});
    const Scaled<D> push =
        WeighTerm(d, weights.negative, {Div(d, ToDd(d, one), rest), zero});
    const V<D> infinity = hn::Set(d, HUGE_VAL);
    const V<D> positive = weights.positive.value.hi;
    const V<D> negative = weights.negative.value.hi;
    V<D> special =
        hn::IfThenElseZero(hn::And(p_is_1, hn::Gt(negative, zero)), infinity);
    special = hn::IfThenElse(hn::And(p_is_0, hn::Gt(positive, zero)),
                             hn::Neg(infinity), special);
    return SumOf<D>(d, push, pull, hn::IfThenElse(hn::IsNaN(p), p, special));
  }
};

/// The weight of each class in scratch memory, 1 where none were given.
HWY_INLINE const double* LoadPosWeights(std::span<const double> pos_weight,
                                        size_t classes) {
  double* weights = NewRow(classes, Slot::kThirdHi, Slot::kThirdLo).hi;
  const size_t padded = hwy::RoundUpTo(classes, hn::Lanes(Doubles()));
  std::fill(weights, weights + padded,
            pos_weight.size() == 1 ? pos_weight[0] : 1.0);
  if (pos_weight.size() > 1) {
    std::copy(pos_weight.begin(), pos_weight.end(), weights);
  }
  return weights;
}

/// What the kernels cannot decide, for one batch.
struct BinaryLastResort {
  ElementType type;
  certain::BinaryCrossEntropyCase args;

  double operator()(size_t element) const {
    const size_t classes = args.inputs.classes;
    return certain::ElementLoss(type, args, element / classes,
                                element % classes);
  }
  double Reduced() const { return certain::ReducedLoss(type, args); }
};

template <class From>
HWY_INLINE certain::BinaryCrossEntropyCase CaseOf(
    InRows inputs, InRows targets, const BinaryCrossEntropyOptions& options) {
  return {inputs, targets, std::is_same_v<From, FromProbs>, options.pos_weight,
          options.reduction};
}

/// The mean's divisor, 1 for the other reductions.
HWY_INLINE double CountOf(InRows inputs, Reduction reduction) {
  if (reduction != Reduction::kMean || inputs.rows == 0) return 1.0;
  return static_cast<double>(inputs.rows * inputs.classes);
}

/// Hands the losses of some elements to the writer, as those from `first` on.
template <class Writer>
HWY_INLINE void WriteLosses(const Outcome<Doubles>& losses, size_t first,
                            size_t count, Writer& writer) {
  const Doubles d;
  HWY_ALIGN double hi[kMaxDoubles], lo[kMaxDoubles];
  HWY_ALIGN double exponent[kMaxDoubles], special[kMaxDoubles];
  HWY_ALIGN double size[kMaxDoubles];
  hn::Store(losses.regular.value.hi, d, hi);
  hn::Store(losses.regular.value.lo, d, lo);
  hn::Store(losses.regular.exponent, d, exponent);
  hn::Store(losses.special, d, special);
  hn::Store(losses.size, d, size);
  for (size_t k = 0; k < count; ++k) {
    writer.Row(first + k,
               {{hi[k], lo[k]}, exponent[k], special[k], size[k] * kRelative});
  }
}

/// The inputs of one row in scratch memory.
struct BinaryRow {
  const double* x;
  const double* targets;
  const double* weights;
};

HWY_INLINE BinaryRow LoadBinaryRow(InRow inputs, InRow targets,
                                   const double* weights) {
  return {LoadPlain(inputs, 0.5, Slot::kShiftedHi),
          LoadPlain(targets, 0.0, Slot::kOtherHi), weights};
}

/// What the sum of two terms is off by, relative to their sizes.
inline constexpr double kFirstBinaryError = kFirst + 12 * kUnit;

/// `factor` times the sum of two terms; open where they are not plain.
HWY_INLINE Ends EndsOfTerms(Doubles d, const FirstTerms& terms, double factor) {
  const V<Doubles> a = terms.positive, b = terms.negative;
  const V<Doubles> sum = hn::Add(a, b);
  const V<Doubles> size = hn::Add(hn::Abs(a), hn::Abs(b));
  const auto plain = hn::And(hn::Ge(size, hn::Set(d, kFirstLeastSize)),
                             hn::Le(size, hn::Set(d, kFirstMostSize)));
  const V<Doubles> error =
      hn::IfThenElse(plain, hn::Mul(size, hn::Set(d, kFirstBinaryError)),
                     hn::Set(d, HUGE_VAL));
  const V<Doubles> by = hn::Set(d, factor);
  return {hn::Mul(hn::Sub(sum, error), by), hn::Mul(hn::Add(sum, error), by)};
}

/// The sum of the losses of a row by the first stage, of infinite error where
/// that does not know one of them.
template <class From>
HWY_INLINE WideValue FirstBinarySum(const BinaryRow& row, size_t classes) {
  const auto loss_at = [&](Doubles d, size_t i) HWY_ATTR {
    const FirstTerms terms =
        From::FirstLoss(d, hn::Load(d, row.x + i), hn::Load(d, row.targets + i),
                        hn::Load(d, row.weights + i));
    const auto counts = hn::FirstN(d, std::min(classes - i, hn::Lanes(d)));
    return hn::IfThenElseZero(counts, hn::Add(V<Doubles>(terms.positive),
                                              V<Doubles>(terms.negative)));
  };
  const FirstSum sum =
      SumFirstTerms(hwy::RoundUpTo(classes, hn::Lanes(Doubles())), loss_at);
  return {{sum.value, 0.0},
          0.0,
          0.0,
          sum.Plain() ? sum.size * kFirstBinaryError : HUGE_VAL};
}

/// The losses of a row by the first stage: in `losses`, but for the `open` ones,
/// or as their sum. Returns whether all are done.
template <class From, class Writer>
HWY_INLINE bool FirstBinaryLosses(const BinaryRow& row, OutRow losses,
                                  Reduction reduction, Writer& writer,
                                  Undecided& open) {
  if (reduction != Reduction::kNone) {
    const WideValue sum = FirstBinarySum<From>(row, losses.classes);
    return sum.error < HUGE_VAL && writer.FirstRow(0, sum);
  }
  const auto ends_at = [&](Doubles d, size_t i) HWY_ATTR {
    return EndsOfTerms(
        d,
        From::FirstLoss(d, hn::Load(d, row.x + i), hn::Load(d, row.targets + i),
                        hn::Load(d, row.weights + i)),
        1.0);
  };
  return StoreFirst(ends_at, nullptr, losses, open);
}

/// The losses that `open` names, or without any all of the row, whose first is
/// number `first` of the batch.
template <class From, class Writer>
inline HWY_NOINLINE void FullBinaryLosses(const BinaryRow& row, size_t classes,
                                          size_t first, const Undecided& open,
                                          Writer& writer) {
  const Doubles d;
  const size_t lanes = hn::Lanes(d);
  const auto write = [&](size_t i) HWY_ATTR {
    const Outcome<Doubles> losses =
        From::Loss(d, hn::Load(d, row.x + i), hn::Load(d, row.targets + i),
                   hn::Load(d, row.weights + i));
    WriteLosses(losses, first + i, std::min(lanes, classes - i), writer);
  };
  for (const size_t c : open.Places()) write(c / lanes * lanes);
  if (!open.Empty()) return;
  for (size_t i = 0; i < classes; i += lanes) write(i);
}

/// One loss after the other; the reduced ones are added up, with `first` as the
/// first stage knows them: returns false if that does not decide.
template <class From>
HWY_INLINE bool BinaryLossRows(InRows inputs, InRows targets, OutRow loss,
                               const BinaryCrossEntropyOptions& options,
                               const Executor* executor, bool first) {
  const size_t classes = inputs.classes;
  const BinaryLastResort last_resort = {loss.type,
                                        CaseOf<From>(inputs, targets, options)};
  using Writer = LossWriter<BinaryLastResort>;
  const double* weights = LoadPosWeights(options.pos_weight, classes);
  const auto rows = [&](size_t begin, size_t count, Writer& writer) {
    for (size_t r = begin; r < begin + count; ++r) {
      const BinaryRow row = LoadBinaryRow(inputs[r], targets[r], weights);
      OutRow losses = options.reduction == Reduction::kNone
                          ? loss.Slice(r * classes, classes)
                          : loss;
      losses.classes = classes;
      Undecided open;
      if (first && FirstBinaryLosses<From>(row, losses, options.reduction,
                                           writer, open)) {
        continue;
      }
      FullBinaryLosses<From>(row, classes, r * classes, open, writer);
    }
  };
  const bool mean = options.reduction == Reduction::kMean;
  const Shares shares = {
      {CountOf(inputs, options.reduction), 0.0}, 0.0, mean && inputs.rows == 0};
  return WriteBatch(executor, inputs,
                    Writer(loss, options.reduction, last_resort), shares,
                    !first, rows);
}

template <class From>
HWY_INLINE void BinaryLosses(InRows inputs, InRows targets, OutRow loss,
                             const BinaryCrossEntropyOptions& options,
                             const Executor* executor) {
  const bool narrow = loss.type != ElementType::kFloat64;
  if (!BinaryLossRows<From>(inputs, targets, loss, options, executor, narrow)) {
    BinaryLossRows<From>(inputs, targets, loss, options, executor, false);
  }
}

/// The gradients that `open` names, or without any all of the row, over `count`.
template <class From, class LastResort>
inline HWY_NOINLINE void FullBinaryGradient(const BinaryRow& row, double count,
                                            OutRow to, const Undecided& open,
                                            const LastResort& last_resort) {
  const double relative = 2 * kRelative / count;
  const auto lanes_of = [&](auto d, size_t i, Rounder& round) HWY_ATTR {
    auto gradient =
        From::Gradient(d, hn::Load(d, row.x + i), hn::Load(d, row.targets + i),
                       hn::Load(d, row.weights + i));
    auto& value = gradient.regular.value;
    if (count != 1.0) value = Div(d, value, ToDd(d, hn::Set(d, count)));
    const auto zero = hn::Zero(d);
    const auto ordinary = hn::Eq(gradient.special, zero);
    value = IfThenElse(d, ordinary, value, ToDd(d, zero));
    const auto error = hn::IfThenElseZero(
        ordinary, hn::Mul(gradient.size, hn::Set(d, relative)));
    return hn::IfThenElse(ordinary,
                          round(d, i, OffBy(d, gradient.regular, error)),
                          gradient.special);
  };
  StoreRow(to, lanes_of, last_resort, {}, open);
}

/// The same by the first stage. Returns as StoreFirst() does.
template <class From>
HWY_INLINE bool FirstBinaryGradient(const BinaryRow& row, double count,
                                    const void* source, OutRow to,
                                    Undecided& open) {
  const auto ends_at = [&](Doubles d, size_t i) HWY_ATTR {
    return EndsOfTerms(d,
                       From::FirstGradient(d, hn::Load(d, row.x + i),
                                           hn::Load(d, row.targets + i),
                                           hn::Load(d, row.weights + i)),
                       1.0 / count);
  };
  return StoreFirst(ends_at, source, to, open);
}

template <class From>
HWY_INLINE void BinaryGradients(InRows inputs, InRows targets, OutRows d_inputs,
                                const BinaryCrossEntropyOptions& options,
                                const Executor* executor) {
  const double* weights = LoadPosWeights(options.pos_weight, inputs.classes);
  const double count = CountOf(inputs, options.reduction);
  const certain::BinaryCrossEntropyCase args =
      CaseOf<From>(inputs, targets, options);
  const auto one = [&](size_t r) {
    const BinaryRow row = LoadBinaryRow(inputs[r], targets[r], weights);
    const OutRow to = d_inputs[r];
    Undecided open;
    if (to.type != ElementType::kFloat64 &&
        FirstBinaryGradient<From>(
            row, count, SourceOf(to, inputs[r], targets[r]), to, open)) {
      return;
    }
    FullBinaryGradient<From>(row, count, to, open, [&](size_t c) {
      return certain::LossGradient(to.type, args, r, c);
    });
  };
  ForPieces(executor, inputs.rows, inputs.classes,
            [&](size_t begin, size_t rows, size_t /*piece*/) {
              for (size_t r = begin; r < begin + rows; ++r) one(r);
            });
}

void LossesFromLogits(InRows logits, InRows targets, OutRow loss,
                      const BinaryCrossEntropyOptions& options,
                      const Executor* executor) {
  BinaryLosses<FromLogits>(logits, targets, loss, options, executor);
}
void GradientsFromLogits(InRows logits, InRows targets, OutRows d_logits,
                         const BinaryCrossEntropyOptions& options,
                         const Executor* executor) {
  BinaryGradients<FromLogits>(logits, targets, d_logits, options, executor);
}
void LossesFromProbs(InRows probs, InRows targets, OutRow loss,
                     const BinaryCrossEntropyOptions& options,
                     const Executor* executor) {
  BinaryLosses<FromProbs>(probs, targets, loss, options, executor);
}
void GradientsFromProbs(InRows probs, InRows targets, OutRows d_probs,
                        const BinaryCrossEntropyOptions& options,
                        const Executor* executor) {
  BinaryGradients<FromProbs>(probs, targets, d_probs, options, executor);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
