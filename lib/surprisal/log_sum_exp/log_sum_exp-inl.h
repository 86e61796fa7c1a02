#if defined(SURPRISAL_LOG_SUM_EXP_LOG_SUM_EXP_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_LOG_SUM_EXP_LOG_SUM_EXP_INL_H_
#undef SURPRISAL_LOG_SUM_EXP_LOG_SUM_EXP_INL_H_
#else
#define SURPRISAL_LOG_SUM_EXP_LOG_SUM_EXP_INL_H_
#endif

#include <cmath>
#include <span>

#include "hwy/highway.h"
#include "surprisal/common/certain.h"
#include "surprisal/common/first_sums-inl.h"
#include "surprisal/common/short_rows-inl.h"
#include "surprisal/common/upstream-inl.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// max + ln(sum), times 2^500 where the maximum is small: ln(sum) may be smaller.
HWY_INLINE WideValue LogSumExpOf(const ExpRow& row) {
  WideValue x;
  if (row.kind == RowKind::kNaN) x.special = NAN;
  if (row.kind == RowKind::kInfinite || row.kind == RowKind::kEmpty) {
    x.special = row.max;
  }
  if (row.kind != RowKind::kRegular) return x;
  const bool scaled = std::abs(row.max) < 1.0;
  const DoubleDouble log_sum = scaled ? row.log_sum : row.LogSum();
  x.value = Sum(log_sum, {scaled ? row.max * 0x1p500 : row.max, 0.0});
  x.exponent = scaled ? -kUp : 0.0;
  x.error = std::abs(x.value.hi) * 0x1p-100 + log_sum.hi * row.others_relative;
  return x;
}

inline HWY_NOINLINE double FullLogSumExpRow(InRow logits, ElementType type) {
  ++Stages().full;
  return RoundScalar(type, LogSumExpOf(LoadExpRow(logits)),
                     [&] { return certain::LogSumExp(type, logits); });
}

/// max + ln(sum / e^max), where both ends round alike.
HWY_INLINE double LogSumExpRow(InRow logits, ElementType type) {
  if (!HasFirstStage(type)) return FullLogSumExpRow(logits, type);
  const FirstRow row = LoadFirstRow<Exps::kAdded>(logits, true);
  if (!row.known) return FullLogSumExpRow(logits, type);
  const FirstLogSum log_sum = LogSumOf(row);
  const double value = row.max + log_sum.value;
  const double error = log_sum.error + std::abs(value) * 2 * kUnit;
  const One one;
  V<One> rounded = hn::Zero(one);
  const Estimate<One> estimate = {hn::Set(one, value), hn::Set(one, error)};
  return RoundEstimate(one, FormatOf(type), estimate, rounded)
             ? hn::GetLane(rounded)
             : FullLogSumExpRow(logits, type);
}

/// What ln(sum) is off by, relatively, but for what the sum is.
inline constexpr double kShortLogError = 8 * kUnit;

/// Rounds what ends_at(d, r) says of the rows of a chunk.
template <class EndsAt>
HWY_INLINE void StoreShortScalars(const ShortChunk& chunk,
                                  const EndsAt& ends_at, OutRow to,
                                  OpenRows& open) {
  HWY_ALIGN double rounded[kShortChunk + kMaxDoubles];
  Undecided rows;
  RoundEnds(ends_at, chunk.rows, FormatOf(to.type), rounded, rows);
  Narrow(rounded, chunk.first, chunk.rows, to);
  open.Note(rows, 1);
}

/// The rows of a shifted chunk: max + ln(sum / e^max).
inline HWY_NOINLINE void ShiftedLogSumExps(const ShortChunk& chunk,
                                           OutRow log_sum_exp, OpenRows& open) {
  ShortOthers rows;
  FindShortOthers(chunk, rows);
  const auto ends_at = [&](Doubles d, size_t r) HWY_ATTR {
    const V<Doubles> log = hn::Load(d, rows.logs + r);
    const V<Doubles> value = hn::Add(hn::Load(d, rows.max + r), log);
    const V<Doubles> error =
        hn::MulAdd(log, hn::Set(d, rows.log_error),
                   hn::Mul(hn::Abs(value), hn::Set(d, 2 * kUnit)));
    return Ends{hn::Sub(value, error), hn::Add(value, error)};
  };
  StoreShortScalars(chunk, ends_at, log_sum_exp, open);
}

/// A batch of rows of few classes: ln(sum).
HWY_INLINE void ShortLogSumExpRows(const InRows& logits, OutRow log_sum_exp) {
  const auto by_chunk = [&](const ShortChunk& chunk, OpenRows& open) HWY_ATTR {
    if (chunk.shifted) return ShiftedLogSumExps(chunk, log_sum_exp, open);
    const auto ends_at = [&](Doubles d, size_t r) HWY_ATTR {
      const V<Doubles> value = FirstLog(d, hn::Load(d, chunk.sums + r));
      const V<Doubles> error =
          hn::MulAdd(hn::Abs(value), hn::Set(d, kShortLogError + kUnit),
                     hn::Set(d, chunk.sum_error));
      return Ends{hn::Sub(value, error), hn::Add(value, error)};
    };
    StoreShortScalars(chunk, ends_at, log_sum_exp, open);
  };
  ForShortRows(logits, 0, logits.rows, by_chunk, [&](size_t r, InRow row) {
    log_sum_exp.Set(r, LogSumExpRow(row, log_sum_exp.type));
  });
}

/// What the first stage knows of some rows. Their logarithms are taken together:
/// one by one they take as long as the exponentials of 200 classes.
struct RowsInWaiting {
  static constexpr size_t kMost = 32;
  HWY_ALIGN double max[kMost] = {};
  HWY_ALIGN double rest[kMost] = {};
  HWY_ALIGN double rest_error[kMost] = {};
  size_t count = 0;

  /// A row of which nothing is known is off by anything.
  HWY_INLINE void Add(const FirstRow& row) {
    const FirstRest of_row = row.known ? RestOf(row) : FirstRest{0.0, HUGE_VAL};
    max[count] = row.max;
    rest[count] = of_row.value;
    rest_error[count] = of_row.error;
    ++count;
  }
};

/// max + ln(1 + rest) for the rows from `first` on, up to whole vectors.
HWY_INLINE void RoundLogSumExps(const RowsInWaiting& rows, double* rounded,
                                ElementType type, Undecided& open) {
  const auto ends_at = [&](Doubles d, size_t r) HWY_ATTR {
    const auto log = FirstLogSums(d, V<Doubles>(hn::Load(d, rows.rest + r)),
                                  V<Doubles>(hn::Load(d, rows.rest_error + r)));
    const V<Doubles> value =
        hn::Add(hn::Load(d, rows.max + r), V<Doubles>(log.value));
    const V<Doubles> error = hn::MulAdd(hn::Abs(value), hn::Set(d, 2 * kUnit),
                                        V<Doubles>(log.error));
    return Ends{hn::Sub(value, error), hn::Add(value, error)};
  };
  RoundEnds(ends_at, rows.count, FormatOf(type), rounded, open);
}

/// A coarse sum is mostly enough. Where for most rows it was not, as for rows of
/// log-probabilities, whose sums are near 1, the next ones do without.
HWY_INLINE void LongLogSumExpRows(const InRows& logits, OutRow log_sum_exp) {
  RowsInWaiting rows;
  RowsInTurn turn;
  bool coarse = true;
  HWY_ALIGN double rounded[RowsInWaiting::kMost];
  for (size_t r = 0; r < logits.rows; ++r) {
    rows.Add(coarse ? LoadFirstRow<Exps::kCoarse>(logits[r], true, turn)
                    : LoadFirstRow<Exps::kAdded>(logits[r], true, turn));
    if (rows.count < RowsInWaiting::kMost && r + 1 < logits.rows) continue;
    const size_t first = r + 1 - rows.count;
    Undecided open;
    RoundLogSumExps(rows, rounded, log_sum_exp.type, open);
    for (const size_t k : open.Places()) {
      const InRow row = logits[first + k];
      rounded[k] = coarse ? LogSumExpRow(row, log_sum_exp.type)
                          : FullLogSumExpRow(row, log_sum_exp.type);
    }
    Narrow(rounded, first, rows.count, log_sum_exp);
    coarse = 2 * open.Places().size() <= rows.count;
    rows.count = 0;
  }
}

void LogSumExpRows(InRows logits, OutRow log_sum_exp) {
  if (AreShort(logits, log_sum_exp.type)) {
    return ShortLogSumExpRows(logits, log_sum_exp);
  }
  if (HasFirstStage(log_sum_exp.type)) {
    return LongLogSumExpRows(logits, log_sum_exp);
  }
  for (size_t r = 0; r < logits.rows; ++r) {
    log_sum_exp.Set(r, FullLogSumExpRow(logits[r], log_sum_exp.type));
  }
}

/// The places that `open` names, or without any the whole row.
inline HWY_NOINLINE void FullLogSumExpGradientRow(InRow logits, double upstream,
                                                  OutRow d_logits,
                                                  const Undecided& open) {
  const ExpRow row = LoadExpRow(logits);
  if (row.kind == RowKind::kEmpty) return FillRow(d_logits, 0.0);
  if (row.kind != RowKind::kRegular) return FillRow(d_logits, NAN);
  const DoubleDouble inverse_sum = InverseSum(row);
  const auto lanes_of = [&](auto d, size_t i, Rounder& round) HWY_ATTR {
    const auto e = ExpAt(d, row, i);
    const auto p = Mul(d, e.value, ToDd(d, inverse_sum));
    const auto t = hn::Load(d, row.shifted.hi + i);
    const auto coarse = hn::IfThenElseZero(hn::IsFinite(t), hn::Set(d, 1.0));
    return TimesUpstream(d, round, i, hn::Set(d, upstream),
                         {{p, e.exponent}, coarse}, row.relative);
  };
  const auto last_resort = [&](size_t c) {
    return certain::LogSumExpGradient(d_logits.type, logits, upstream, c);
  };
  StoreRow(d_logits, lanes_of, last_resort, {}, open);
}

/// upstream times the exponentials over their sum. Returns as StoreFirst() does.
HWY_INLINE bool FirstLogSumExpGradientRow(InRow logits, double upstream,
                                          OutRow d_logits, Undecided& open) {
  const FirstRow row = LoadFirstRow<Exps::kKept>(logits, false);
  if (!row.known || upstream == 0.0 || !std::isfinite(upstream)) return false;
  const double relative = kFirstProbError + ShiftedError(row);
  return StoreProducts(row.exps, upstream / row.sum, relative, logits.data,
                       d_logits, open);
}

HWY_INLINE void LogSumExpGradientRow(InRow logits, double upstream,
                                     OutRow d_logits) {
  Undecided open;
  if (HasFirstStage(d_logits.type) &&
      FirstLogSumExpGradientRow(logits, upstream, d_logits, open)) {
    return;
  }
  FullLogSumExpGradientRow(logits, upstream, d_logits, open);
}

void LogSumExpGradientRows(InRows logits, InRow upstream, OutRows d_logits) {
  for (size_t r = 0; r < logits.rows; ++r) {
    LogSumExpGradientRow(logits[r], upstream[r], d_logits[r]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
