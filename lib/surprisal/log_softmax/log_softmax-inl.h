#if defined(SURPRISAL_LOG_SOFTMAX_LOG_SOFTMAX_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_LOG_SOFTMAX_LOG_SOFTMAX_INL_H_
#undef SURPRISAL_LOG_SOFTMAX_LOG_SOFTMAX_INL_H_
#else
#define SURPRISAL_LOG_SOFTMAX_LOG_SOFTMAX_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "hwy/highway.h"
#include "surprisal/common/certain.h"
#include "surprisal/common/short_rows-inl.h"
#include "surprisal/softmax/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// t - ln(sum); at a maximum (t = 0) from the scaled ln(sum), whose bits are
/// all there when the row is confident. Far below the maximum t, if exact, is a
/// value of the type or half-way between two as often as not, and the rest
/// decides by its sign: there it is kept apart.
HWY_INLINE Approx<Doubles> LogProbsAt(Doubles d, const ExpRow& row,
                                      bool keep_apart, size_t i) {
  const V<Doubles> zero = hn::Zero(d);
  const Dd<Doubles> t = row.shifted.At(d, i);
  const Dd<Doubles> log_sum = ToDd(d, row.LogSum());
  const auto at_max = hn::Eq(t.hi, zero);
  const Dd<Doubles> value =
      IfThenElse(d, at_max, Sub(d, ToDd(d, zero), ToDd(d, row.log_sum)),
                 Sub(d, t, log_sum));
  const V<Doubles> exponent = hn::IfThenElseZero(at_max, hn::Set(d, -kUp));
  const V<Doubles> error = hn::Add(
      hn::Mul(hn::Abs(value.hi), hn::Set(d, row.relative)),
      hn::Mul(hn::IfThenElse(at_max, hn::Set(d, row.log_sum.hi), log_sum.hi),
              hn::Set(d, row.others_relative)));
  Approx<Doubles> x = OffBy<Doubles>(d, {value, exponent}, error);
  const auto apart = hn::Lt(hn::Mul(log_sum.hi, hn::Set(d, 0x1p60)),
                            hn::Neg(V<Doubles>(t.hi)));
  if (!keep_apart || hn::AllFalse(d, apart)) return x;
  const V<Doubles> most = hn::Mul(log_sum.hi, hn::Set(d, -2.0));
  const V<Doubles> least = hn::Set(d, -0x1p-1074);
  x.value = IfThenElse(d, apart, t, x.value);
  x.low = hn::IfThenElse(apart, most, x.low);
  x.high = hn::IfThenElse(apart, least, x.high);
  return x;
}

/// The places that `open` names, or without any the whole row.
inline HWY_NOINLINE void FullLogSoftmaxRow(InRow logits, double temperature,
                                           OutRow log_probs,
                                           const Undecided& open) {
  const ExpRow row = LoadExpRow(logits, temperature);
  if (row.kind != RowKind::kRegular) return FillRow(log_probs, NAN);
  const bool keep_apart =
      temperature == 1.0 && log_probs.type != ElementType::kFloat64;
  const auto lanes_of = [&](auto d, size_t i, Rounder& round) HWY_ATTR {
    const auto t = hn::Load(d, row.shifted.hi + i);
    const auto finite = hn::IsFinite(t);
    auto x = LogProbsAt(d, row, keep_apart, i);
    x.value = IfThenElse(d, finite, x.value, ToDd(d, hn::Zero(d)));
    x.low = hn::IfThenElseZero(finite, V<Doubles>(x.low));
    x.high = hn::IfThenElseZero(finite, V<Doubles>(x.high));
    return hn::IfThenElse(finite, round(d, i, x), t);
  };
  const auto last_resort = [&](size_t c) {
    return certain::LogSoftmax(log_probs.type, logits, temperature, c);
  };
  StoreRow(log_probs, lanes_of, last_resort, {}, open);
}

/// Logits as doubles, a vector from any of them on: where they lie, or from a copy
/// of the last with zeros behind.
template <class T>
class LogitVectors {
 public:
  LogitVectors() = default;
  HWY_INLINE LogitVectors(const T* x, size_t count)
      : x_(x), count_(count), copied_(std::min(count, hn::Lanes(Doubles()))) {
    std::copy_n(x + count - copied_, copied_, last_);
  }

  HWY_INLINE V<Doubles> At(Doubles d, size_t i) const {
    return LoadDoubles(d, i + hn::Lanes(d) <= count_ ? x_ + i : Last(i));
  }

 private:
  const T* Last(size_t i) const { return last_ + copied_ - (count_ - i); }

  const T* x_ = nullptr;
  size_t count_ = 0, copied_ = 0;
  T last_[2 * kMaxDoubles] = {};
};

/// (x - max) - ln(sum / e^max), two numbers of one sign: off by 3 u of it, and
/// by what the logarithm is.
template <class T>
struct LogProbEnds {
  LogitVectors<T> logits;
  double max = 0.0;
  FirstLogSum log_sum = {};

  HWY_INLINE Ends operator()(Doubles d, size_t i) const {
    const V<Doubles> t = hn::Sub(logits.At(d, i), hn::Set(d, max));
    const V<Doubles> value = hn::Sub(t, hn::Set(d, log_sum.value));
    const V<Doubles> error = hn::Set(d, log_sum.error);
    return {hn::MulSub(value, hn::Set(d, 1 + 4 * kUnit), error),
            hn::MulAdd(value, hn::Set(d, 1 - 4 * kUnit), error)};
  }
};

template <class T>
HWY_INLINE LogProbEnds<T> LogProbEndsOf(const T* x, size_t classes,
                                        const FirstRow& row) {
  return {LogitVectors<T>(x, classes), row.max, LogSumOf(row)};
}

/// Returns as StoreFirst() does.
HWY_INLINE bool FirstLogSoftmaxRow(const FirstRow& row, InRow logits,
                                   OutRow log_probs, Undecided& open) {
  if (!row.known) return false;
  const auto store = [&](const auto* x) {
    return StoreFirst(LogProbEndsOf(x, logits.classes, row), logits.data,
                      log_probs, open);
  };
  if (logits.type == ElementType::kFloat32 && logits.stride == 1) {
    return store(static_cast<const float*>(logits.data));
  }
  return store(PaddedRow(logits));
}

/// Places of a row by a fine sum; returns those that it leaves open.
inline HWY_NOINLINE Undecided StoreLogSoftmaxPlaces(const SumOfExps& sum,
                                                    InRow logits,
                                                    const Undecided& open,
                                                    OutRow log_probs) {
  const One one;
  const RowExponential& f = sum.exponential;
  const Dd<One> log =
      Log<One>(one, {ToDd(one, sum.value), hn::Set(one, f.Down())});
  return StorePlaces(open, log_probs, [&](size_t c) HWY_ATTR {
    const Dd<One> t = ShiftedAt(f, logits, c);
    const double sizes =
        std::abs(FromLane(t.hi)) + std::abs(FromLane(log.hi)) + 1;
    return OffBy<One>(one, {Sub(one, t, log), hn::Zero(one)},
                      hn::Set(one, sum.error + kRelative * sizes));
  });
}

/// What the first stage left open, or without any place the whole row.
HWY_INLINE void FinishLogSoftmaxRow(const FirstRow& row, InRow logits,
                                    double temperature, OutRow log_probs,
                                    Undecided open) {
  if (AreFew(open)) {
    open = StoreLogSoftmaxPlaces(FineSum(logits, row), logits, open, log_probs);
    if (open.Empty()) return;
  }
  FullLogSoftmaxRow(logits, temperature, log_probs, open);
}

HWY_INLINE void StoreLogSoftmaxRow(const FirstRow& row, InRow logits,
                                   double temperature, OutRow log_probs) {
  Undecided open;
  if (FirstLogSoftmaxRow(row, logits, log_probs, open)) return;
  FinishLogSoftmaxRow(row, logits, temperature, log_probs, open);
}

/// Rows one by one.
HWY_INLINE void LongLogSoftmaxRows(const InRows& logits, double temperature,
                                   const OutRows& log_probs) {
  ForFirstRows<Exps::kAdded>(logits, log_probs.type, temperature, true,
                             [&](size_t r, const FirstRow& row) {
                               StoreLogSoftmaxRow(row, logits[r], temperature,
                                                  log_probs[r]);
                             });
}

#if SURPRISAL_STREAMS
/// Rows of floats, past the caches.
HWY_INLINE void StreamLogSoftmaxRows(const InRows& logits,
                                     const OutRows& log_probs) {
  StreamRows<Exps::kAdded>(
      logits, true,
      [&](size_t r, const FirstRow& row) {
        return LogProbEndsOf(static_cast<const float*>(logits[r].data),
                             logits.classes, row);
      },
      log_probs,
      [&](size_t r, const FirstRow& row, const Undecided& open) {
        FinishLogSoftmaxRow(row, logits[r], 1.0, log_probs[r], open);
      });
}
#endif

/// A batch of rows of few classes: (x - max) - ln(sum / e^max), of one sign.
HWY_INLINE void ShortLogSoftmaxRows(const InRows& logits,
                                    const OutRows& log_probs) {
  const auto by_chunk = [&](const ShortChunk& chunk, OpenRows& open) HWY_ATTR {
    ShortOthers rows;
    FindShortOthers(chunk, rows);
    const auto ends_at = [&](Doubles d, size_t i) HWY_ATTR {
      const V<Doubles> log = chunk.Spread(d, rows.logs, i);
      const V<Doubles> t =
          hn::Sub(hn::Load(d, chunk.x + i), chunk.Spread(d, rows.max, i));
      const V<Doubles> value = hn::Sub(t, log);
      const V<Doubles> error = hn::Mul(log, hn::Set(d, rows.log_error));
      // Not value -+ (error - 6 u value): that is NaN for a logit of -inf
      return Ends{hn::MulSub(value, hn::Set(d, 1 + 6 * kUnit), error),
                  hn::MulAdd(value, hn::Set(d, 1 - 6 * kUnit), error)};
    };
    StoreShort(chunk, ends_at, log_probs, open);
  };
  ForShortRows(logits, 0, logits.rows, by_chunk, [&](size_t r, InRow row) {
    StoreLogSoftmaxRow(LoadFirstRow<Exps::kAdded>(row, true), row, 1.0,
                       log_probs[r]);
  });
}

/// d_j = (g_j - p_j G) / temperature with G = sum_k g_k. At the most probable
/// class m, where p_m is nearly 1: g_m others - (G - g_m), over sum. The places
/// that `open` names, or without any the whole row.
inline HWY_NOINLINE void FullLogSoftmaxVjpRow(InRow logits, InRow upstream,
                                              double temperature,
                                              OutRow d_logits,
                                              const Undecided& open) {
  const ExpRow row = LoadExpRow(logits, temperature);
  const UpstreamRow g = LoadUpstream(upstream);
  if (row.kind != RowKind::kRegular || std::isnan(g.special)) {
    return FillRow(d_logits, NAN);
  }
  const auto last_resort = [&](size_t c) {
    return certain::LogSoftmaxVjp(d_logits.type, logits, upstream, temperature,
                                  c);
  };
  const One one;
  const double g_max = g.values.hi[row.arg_max];
  std::fill(g.values.lo, g.values.lo + g.values.padded, 0.0);
  g.values.hi[row.arg_max] = 0.0;
  const DoubleDouble g_others = SumRow(g.values);
  double size_others = 0.0;
  for (size_t c = 0; c < g.values.classes; ++c) {
    size_others += std::abs(g.values.hi[c]);
  }
  g.values.hi[row.arg_max] = g_max;
  const DoubleDouble g_sum =
      FromLane(Add(one, ToDd(one, g_others), hn::Set(one, g_max)));
  const double g_size = size_others + std::abs(g_max);

  const Scaled<One> t = Normalize(one, hn::Set(one, temperature));
  const DoubleDouble inverse =
      Quotient({1.0, 0.0}, Product(row.sum, {FromLane(t.value.hi), 0.0}));
  const double exponent = g.exponent - FromLane(t.exponent);

  // The most probable class, by itself
  const DoubleDouble share = Product(row.others, {g_max, 0.0});  // times 2^500
  const bool alone_at_max = size_others == 0.0;
  const DoubleDouble unscaled = {share.hi * 0x1p-500, share.lo * 0x1p-500};
  WideValue at_max;
  at_max.value = Product(
      alone_at_max ? share : Sum(unscaled, {-g_others.hi, -g_others.lo}),
      inverse);
  at_max.exponent = exponent - (alone_at_max ? kUp : 0.0);
  at_max.error =
      2 * inverse.hi *
      (std::abs(alone_at_max ? share.hi : unscaled.hi) * row.others_relative +
       size_others * row.relative + (alone_at_max ? 0.0 : 0x1p-1000));

  const auto lanes_of = [&](auto d, size_t i, Rounder& round) HWY_ATTR {
    const auto g_i = hn::Load(d, g.values.hi + i);
    const auto e = ExpAt(d, row, i);
    const auto alone = Mul(d, e.value, ToDd(d, g_sum));
    const auto near = Scale(d, row.exps.At(d, i), hn::Set(d, 0x1p-500));
    const auto share_i = Mul(d, near, ToDd(d, g_sum));
    const auto own = Mul(d, ToDd(d, row.sum), g_i);
    // g_j = 0 leaves a product, which may be tiny: keep its scale
    const auto product_only = hn::Eq(g_i, hn::Zero(d));
    const auto value =
        Mul(d, IfThenElse(d, product_only, Neg(d, alone), Sub(d, own, share_i)),
            ToDd(d, inverse));
    const auto share_size = hn::Mul(
        hn::IfThenElse(product_only, e.value.hi, near.hi), hn::Set(d, g_size));
    // 2^-900: more than a stand-in for e_j hides, or the error of the values
    const auto own_size =
        hn::IfThenElse(product_only, hn::Zero(d),
                       hn::Add(hn::Abs(own.hi), hn::Set(d, 0x1p-900)));
    const auto error = hn::Mul(hn::Add(share_size, own_size),
                               hn::Set(d, 2 * row.relative * inverse.hi));
    const auto up = hn::IfThenElseZero(product_only, V<Doubles>(e.exponent));
    return round(d, i,
                 OffBy(d, {value, hn::Add(up, hn::Set(d, exponent))}, error));
  };
  StoreRow(d_logits, lanes_of, last_resort, {row.arg_max, at_max}, open);
}

/// The first stage of FullLogSoftmaxVjpRow(). Returns as StoreFirst() does.
HWY_INLINE bool FirstLogSoftmaxVjpRow(InRow logits, InRow upstream,
                                      OutRow d_logits, Undecided& open) {
  const FirstRow row = LoadFirstRow<Exps::kKept>(logits, true);
  if (!row.known) return false;
  double* g = LoadPlain(upstream, 0.0, Slot::kOtherHi);
  return StoreLessShares(row, {g, 0.0}, 1.0, logits,
                         SourceOf(d_logits, logits, upstream), d_logits, open);
}

HWY_INLINE void LogSoftmaxVjpRow(InRow logits, InRow upstream,
                                 double temperature, OutRow d_logits) {
  Undecided open;
  if (HasFirstStage(d_logits.type, temperature) &&
      FirstLogSoftmaxVjpRow(logits, upstream, d_logits, open)) {
    return;
  }
  FullLogSoftmaxVjpRow(logits, upstream, temperature, d_logits, open);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
