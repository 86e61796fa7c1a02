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

struct FromLogits {
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

struct FromProbs {
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

/// One loss after the other; the reduced ones are added in full precision.
template <class From>
HWY_INLINE void BinaryLosses(InRows inputs, InRows targets, OutRow loss,
                             const BinaryCrossEntropyOptions& options,
                             const Executor* executor) {
  const Doubles d;
  const size_t lanes = hn::Lanes(d), classes = inputs.classes;
  const double* weights = LoadPosWeights(options.pos_weight, classes);
  const BinaryLastResort last_resort = {loss.type,
                                        CaseOf<From>(inputs, targets, options)};
  using Writer = LossWriter<BinaryLastResort>;
  const auto rows = [&](size_t begin, size_t count, Writer& writer) {
    for (size_t r = begin; r < begin + count; ++r) {
      const double* x = LoadPlain(inputs[r], 0.5, Slot::kShiftedHi);
      const double* t = LoadPlain(targets[r], 0.0, Slot::kOtherHi);
      for (size_t i = 0; i < classes; i += lanes) {
        const Outcome<Doubles> losses =
            From::Loss(d, hn::Load(d, x + i), hn::Load(d, t + i),
                       hn::Load(d, weights + i));
        WriteLosses(losses, r * classes + i, std::min(lanes, classes - i),
                    writer);
      }
    }
  };
  const bool mean = options.reduction == Reduction::kMean;
  const Shares shares = {
      {CountOf(inputs, options.reduction), 0.0}, 0.0, mean && inputs.rows == 0};
  WriteBatch(executor, inputs, Writer(loss, options.reduction, last_resort),
             shares, true, rows);
}

template <class From>
HWY_INLINE void BinaryGradients(InRows inputs, InRows targets, OutRows d_inputs,
                                const BinaryCrossEntropyOptions& options,
                                const Executor* executor) {
  const double* weights = LoadPosWeights(options.pos_weight, inputs.classes);
  const bool mean = options.reduction == Reduction::kMean;
  const double count = CountOf(inputs, options.reduction);
  const double relative = 2 * kRelative / count;
  const certain::BinaryCrossEntropyCase args =
      CaseOf<From>(inputs, targets, options);
  const auto row = [&](size_t r) HWY_ATTR {
    const double* x = LoadPlain(inputs[r], 0.5, Slot::kShiftedHi);
    const double* t = LoadPlain(targets[r], 0.0, Slot::kOtherHi);
    const auto lanes_of = [&](auto d, size_t i, Rounder& round) HWY_ATTR {
      auto gradient = From::Gradient(d, hn::Load(d, x + i), hn::Load(d, t + i),
                                     hn::Load(d, weights + i));
      auto& value = gradient.regular.value;
      if (mean) value = Div(d, value, ToDd(d, hn::Set(d, count)));
      const auto zero = hn::Zero(d);
      const auto ordinary = hn::Eq(gradient.special, zero);
      value = IfThenElse(d, ordinary, value, ToDd(d, zero));
      const auto error = hn::IfThenElseZero(
          ordinary, hn::Mul(gradient.size, hn::Set(d, relative)));
      return hn::IfThenElse(ordinary,
                            round(d, i, OffBy(d, gradient.regular, error)),
                            gradient.special);
    };
    StoreRow(d_inputs[r], lanes_of, [&](size_t c) {
      return certain::LossGradient(d_inputs.type, args, r, c);
    });
  };
  ForPieces(executor, inputs.rows, inputs.classes,
            [&](size_t begin, size_t rows, size_t /*piece*/) {
              for (size_t r = begin; r < begin + rows; ++r) row(r);
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
