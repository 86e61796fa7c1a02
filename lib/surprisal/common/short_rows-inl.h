// The first stage for many rows of few classes: a chunk of them is one run of
// elements. At temperature 1 and for 32- and 16-bit types; else, for rows without
// a finite maximum, and for what its bounds leave open, there are the kernels for
// one row.

#if defined(SURPRISAL_COMMON_SHORT_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_SHORT_ROWS_INL_H_
#undef SURPRISAL_COMMON_SHORT_ROWS_INL_H_
#else
#define SURPRISAL_COMMON_SHORT_ROWS_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "hwy/highway.h"
#include "surprisal/common/first_store-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// Rows of more classes go one by one, which takes no longer from about here on; a
/// chunk has at most so many elements.
inline constexpr size_t kShortClasses = 256, kShortChunk = 1024;

/// Within e^300 of 1, exponentials and their sums need no shift. In a chunk with
/// other logits each row is shifted by its maximum, which is exact, and takes one
/// rounding more.
inline constexpr double kShortRange = 300.0;
inline constexpr double kShiftedExpError = 4 * kUnit;

/// In a shifted chunk e^-700 stands in for what is less, but for 0. A sum below
/// this is made of nothing else: it is more than 0 and at most what it seems.
inline constexpr double kShortStandIns = 0x1p-900;

/// Consecutive rows of a batch, one behind the other, and what the first stage
/// knows of them.
struct ShortChunk {
  size_t first = 0;  ///< the batch's row that comes first
  size_t rows = 0;
  size_t classes = 0;
  bool shifted = false;                ///< every row by its maximum
  double exp_error = 0.0;              ///< of every exponential, relatively
  double sum_error = 0.0;              ///< of every sum, relatively
  const double* x = nullptr;           ///< logits, padded to four vectors
  double* exps = nullptr;              ///< their exponentials
  HWY_ALIGN double sums[kShortChunk];  ///< of each row, padded with 1

  HWY_INLINE size_t Size() const { return rows * classes; }

  /// per_row[r] for each of the elements from i on, a whole vector of them.
  HWY_INLINE V<Doubles> Spread(Doubles d, const double* per_row,
                               size_t i) const {
    const hn::RebindToSigned<Doubles> di;
    const auto steps = hn::Load(di, further + i);
    const double* from = per_row + row_of[i / hn::Lanes(d)];
#if HWY_TARGET == HWY_EMU128
    // Of two lookups by the same indices, clang 14 for WebAssembly takes lanes of
    // the second for the first; and this lookup is a loop anyway
    return hn::GatherIndex(d, from, steps);
#else
    return hn::TableLookupLanes(hn::LoadU(d, from),
                                hn::IndicesFromVec(d, steps));
#endif
  }

  /// The row of each vector's first element, and how many rows further its others
  /// are.
  size_t row_of[kShortChunk + 1];
  HWY_ALIGN int64_t further[kShortChunk + kMaxDoubles];
};

/// Says which elements belong to which row in a chunk of `size`.
HWY_INLINE void FindRows(size_t size, ShortChunk& chunk) {
  const size_t lanes = hn::Lanes(Doubles());
  size_t row = 0, end = chunk.classes;
  for (size_t i = 0; i < hwy::RoundUpTo(size, lanes); ++i) {
    if (i == end) {
      ++row;
      end += chunk.classes;
    }
    size_t& first = chunk.row_of[i / lanes];
    if (i % lanes == 0) first = row;
    chunk.further[i] = static_cast<int64_t>(row - first);
  }
}

/// Rows of a chunk for `classes`.
HWY_INLINE size_t ShortRowsPerChunk(size_t classes) {
  return kShortChunk / classes;
}

/// Whether rows go by the chunk.
HWY_INLINE bool AreShort(const InRows& logits, ElementType to) {
  return logits.classes <= kShortClasses && to != ElementType::kFloat64 &&
         logits.type != ElementType::kFloat64;
}

template <class Rows>
HWY_INLINE bool AreContiguous(const Rows& rows) {
  return rows.class_stride == 1 &&
         rows.row_stride == static_cast<std::ptrdiff_t>(rows.classes) &&
         rows.block_rows >= rows.skipped + rows.rows;
}

/// A contiguous batch's rows from `first` on as one row.
HWY_INLINE InRow AsOneRow(const InRows& rows, size_t first, size_t count) {
  InRow row = rows[first];
  row.classes = count * rows.classes;
  return row;
}
HWY_INLINE OutRow AsOneRow(const OutRows& rows, size_t first, size_t count) {
  OutRow row = rows[first];
  row.classes = count * rows.classes;
  return row;
}

/// Copies the chunk's logits from the element `begin` of the first row on, whatever
/// their layout; before it only where they lie one behind the other.
HWY_INLINE void LoadShort(const InRows& logits, const ShortChunk& chunk,
                          size_t begin, double* x) {
  if (AreContiguous(logits)) {
    Widen(AsOneRow(logits, chunk.first, chunk.rows), begin,
          chunk.Size() - begin, x + begin);
  } else {
    for (size_t r = 0; r < chunk.rows; ++r) {
      Widen(logits[chunk.first + r], 0, chunk.classes, x + r * chunk.classes);
    }
  }
  std::fill(x + chunk.Size(),
            x + hwy::RoundUpTo(chunk.Size(), 4 * hn::Lanes(Doubles())), 0.0);
}

/// Stores what was rounded for the chunk.
HWY_INLINE void ScatterShort(const double* rounded, const ShortChunk& chunk,
                             const OutRows& to) {
  if (AreContiguous(to)) {
    return Narrow(rounded, 0, chunk.Size(),
                  AsOneRow(to, chunk.first, chunk.rows));
  }
  for (size_t r = 0; r < chunk.rows; ++r) {
    Narrow(rounded + r * chunk.classes, 0, chunk.classes, to[chunk.first + r]);
  }
}

/// The logits and the exponentials of a chunk; false if a logit is out of range or
/// NaN. Floats one behind the other are widened on the way.
HWY_INLINE bool ShortExps(const InRows& logits, const ShortChunk& chunk,
                          double* x, double* exps) {
  const Doubles d;
  const RowExponential f;
  const size_t step = 4 * hn::Lanes(d);
  const V<Doubles> range = hn::Set(d, kShortRange);
  const auto is_inside = [&](V<Doubles> v)
                             HWY_ATTR { return hn::Le(hn::Abs(v), range); };
  auto inside = hn::Le(hn::Zero(d), range);
  const auto exponentiate = [&](const Four<Doubles>& v, size_t i) HWY_ATTR {
    inside =
        hn::And(inside, hn::And(hn::And(is_inside(v.v0), is_inside(v.v1)),
                                hn::And(is_inside(v.v2), is_inside(v.v3))));
    StoreAll(d, f.At<false>(d, v), exps + i);
  };
  size_t i = 0;
  if (AreContiguous(logits) && logits.type == ElementType::kFloat32) {
    const auto* floats = static_cast<const float*>(logits[chunk.first].data);
    for (; i + step <= chunk.Size(); i += step) {
      const Four<Doubles> v = LoadFour(d, floats + i);
      StoreAll(d, v, x + i);
      exponentiate(v, i);
    }
  }
  LoadShort(logits, chunk, i, x);
  for (; i < chunk.Size(); i += step) exponentiate(LoadFour(d, x + i), i);
  return hn::AllTrue(d, inside);
}

/// The sum of each row: its vectors, then their lanes.
HWY_INLINE void ShortSums(ShortChunk& chunk) {
  const Doubles d;
  const size_t lanes = hn::Lanes(d), rest = chunk.classes % lanes;
  // Not by a masked load: where that goes over the end of a line it is slow
  const V<Doubles> last = hn::VecFromMask(d, hn::FirstN(d, rest));
  const double* e = chunk.exps;
  for (size_t r = 0; r < chunk.rows; ++r) {
    const double* const end = e + (chunk.classes - rest);
    V<Doubles> sum = hn::And(last, hn::LoadU(d, end));
    for (; e != end; e += lanes) sum = hn::Add(sum, hn::LoadU(d, e));
    e += rest;
    chunk.sums[r] = hn::GetLane(hn::SumOfLanes(d, sum));
  }
  const size_t padded = hwy::RoundUpTo(chunk.rows, lanes);
  std::fill(chunk.sums + chunk.rows, chunk.sums + padded, 1.0);
  // No order of additions has more steps than this
  const size_t steps = chunk.classes / lanes + hwy::FloorLog2(lanes) + 1;
  chunk.sum_error = chunk.exp_error + static_cast<double>(steps) * kUnit;
}

/// Rows of a chunk in which something was left open.
class OpenRows {
 public:
  HWY_INLINE explicit OpenRows(size_t rows) { std::fill_n(open_, rows, false); }
  HWY_INLINE void Note(size_t r) { open_[r] = any_ = true; }
  HWY_INLINE void Note(const Undecided& elements, size_t classes) {
    for (const size_t i : elements.Places()) Note(i / classes);
  }
  HWY_INLINE bool Any() const { return any_; }
  HWY_INLINE bool operator[](size_t r) const { return open_[r]; }

 private:
  bool open_[kShortChunk];
  bool any_ = false;
};

/// The largest of a row's logits; `last` has the lanes of its last vector.
template <class M>
HWY_INLINE double ShortMax(Doubles d, const double* x, size_t whole, M last) {
  V<Doubles> max =
      hn::IfThenElse(last, hn::LoadU(d, x + whole), hn::Set(d, -HUGE_VAL));
  for (size_t i = 0; i < whole; i += hn::Lanes(d)) {
    max = hn::Max(max, hn::LoadU(d, x + i));
  }
  return hn::GetLane(hn::MaxOfLanes(d, max));
}

/// The exponentials of a chunk, each row shifted by its maximum: e^(hi + lo) is
/// e^hi (1 + lo). Of rows without a finite maximum, or with NaN, they say nothing.
HWY_INLINE void ShiftedExps(const ShortChunk& chunk) {
  const Doubles d;
  const RowExponential f;
  const size_t lanes = hn::Lanes(d), rest = chunk.classes % lanes;
  const auto last = hn::FirstN(d, rest);
  HWY_ALIGN double max[kShortChunk + kMaxDoubles] = {};
  for (size_t r = 0; r < chunk.rows; ++r) {
    max[r] =
        ShortMax(d, chunk.x + r * chunk.classes, chunk.classes - rest, last);
  }
  const V<Doubles> least = hn::Set(d, -kFirstDepth);
  for (size_t i = 0; i < chunk.Size(); i += lanes) {
    const V<Doubles> x = hn::Load(d, chunk.x + i);
    const Dd<Doubles> t = TwoSum(d, x, hn::Neg(chunk.Spread(d, max, i)));
    const V<Doubles> hi = t.hi, lo = t.lo;
    const auto low = hn::Lt(hi, least);  // a comparison: NaN must go through
    const V<Doubles> e = f.At<false>(d, hn::IfThenElse(low, least, hi));
    const V<Doubles> shifted = hn::MulAdd(e, hn::IfThenZeroElse(low, lo), e);
    const auto masked = hn::Eq(x, hn::Set(d, -HUGE_VAL));
    hn::Store(hn::IfThenZeroElse(masked, shifted), d, chunk.exps + i);
  }
}

/// Notes the rows of a shifted chunk that the exponentials say nothing of; where
/// they do, the largest is 1. What is made of the others is then any number.
HWY_INLINE void NoteSpecialRows(ShortChunk& chunk, OpenRows& open) {
  for (size_t r = 0; r < chunk.rows; ++r) {
    if (chunk.sums[r] >= 1.0) continue;
    open.Note(r);
    chunk.sums[r] = 1.0;
    std::fill_n(chunk.exps + r * chunk.classes, chunk.classes, 0.0);
  }
}

/// Not inlined, for its sake whose logits need no shift.
inline HWY_NOINLINE void ShiftChunk(ShortChunk& chunk, OpenRows& open) {
  chunk.shifted = true;
  chunk.exp_error = kShiftedExpError;
  ShiftedExps(chunk);
  ShortSums(chunk);
  NoteSpecialRows(chunk, open);
}

/// Loads the rows from `first` on and notes those that are not for the chunk.
HWY_INLINE void LoadShortChunk(const InRows& logits, size_t first,
                               ShortChunk& chunk, OpenRows& open) {
  chunk.first = first;
  const size_t room = kShortChunk + 4 * kMaxDoubles;
  double* x = Scratch(Slot::kShortLogits, room);
  chunk.x = x;
  chunk.exps = Scratch(Slot::kShortExps, room);
  chunk.shifted = false;
  chunk.exp_error = kFirstExpError;
  if (!ShortExps(logits, chunk, x, chunk.exps)) return ShiftChunk(chunk, open);
  ShortSums(chunk);
}

/// Rounds what ends_at(d, i) says of the elements of a chunk, stores it in `to`,
/// and notes the rows of what is left open.
template <class EndsAt>
HWY_INLINE void StoreShort(const ShortChunk& chunk, const EndsAt& ends_at,
                           const OutRows& to, OpenRows& open) {
  Undecided elements;
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  if (AreContiguous(to) && to.type == ElementType::kFloat32) {
    StoreFloats(ends_at, {0, chunk.Size()},
                static_cast<float*>(to[chunk.first].data), elements);
    return open.Note(elements, chunk.classes);
  }
#endif
  double* rounded = Scratch(Slot::kRounded, kShortChunk + kMaxDoubles);
  RoundEnds(ends_at, chunk.Size(), FormatOf(to.type), rounded, elements);
  ScatterShort(rounded, chunk, to);
  open.Note(elements, chunk.classes);
}

/// Stores exps * factors[row], which is off by at most `relative`.
HWY_INLINE void StoreShortProducts(const ShortChunk& chunk,
                                   const double* factors, double relative,
                                   const OutRows& to, OpenRows& open) {
  const auto ends_at = [&](Doubles d, size_t i) HWY_ATTR {
    const V<Doubles> p =
        hn::Mul(hn::Load(d, chunk.exps + i), chunk.Spread(d, factors, i));
    return Ends{hn::Mul(p, hn::Set(d, 1 - relative)),
                hn::Mul(p, hn::Set(d, 1 + relative))};
  };
  StoreShort(chunk, ends_at, to, open);
}

/// Each row of a chunk, its largest logit apart: of a confident row the sum says
/// too little about the others.
struct ShortOthers {
  HWY_ALIGN double max[kShortChunk + kMaxDoubles];  ///< the largest logit
  /// ln(sum / e^max), off by at most log_error of it
  HWY_ALIGN double logs[kShortChunk + kMaxDoubles];
  HWY_ALIGN double
      others[kShortChunk + kMaxDoubles];  ///< the sum without e^max
  double others_error = 0.0;              ///< relatively
  double log_error = 0.0;
};

/// What is left of a row without one of its largest logits, and e^max.
struct ShortRest {
  double others;
  double at_max;
};

template <class M>
HWY_INLINE ShortRest ShortRestOf(Doubles d, const double* x, const double* e,
                                 size_t whole, M last, double max) {
  V<Doubles> others = hn::Zero(d), top = hn::Zero(d);
  size_t ties = 0;
  const auto add = [&](V<Doubles> exp, auto at_max) HWY_ATTR {
    others = hn::Add(others, hn::IfThenZeroElse(at_max, exp));
    top = hn::Max(top, hn::IfThenElseZero(at_max, exp));
    ties += hn::CountTrue(d, at_max);
  };
  const V<Doubles> largest = hn::Set(d, max);
  for (size_t i = 0; i < whole; i += hn::Lanes(d)) {
    add(hn::LoadU(d, e + i), hn::Eq(hn::LoadU(d, x + i), largest));
  }
  const auto at_max = hn::And(last, hn::Eq(hn::LoadU(d, x + whole), largest));
  add(hn::IfThenElseZero(last, hn::LoadU(d, e + whole)), at_max);
  const double at = hn::GetLane(hn::MaxOfLanes(d, top));
  return {hn::GetLane(hn::SumOfLanes(d, others)) +
              static_cast<double>(ties - 1) * at,
          at};
}

HWY_INLINE void FindShortOthers(const ShortChunk& chunk, ShortOthers& to) {
  const Doubles d;
  const size_t lanes = hn::Lanes(d), rest = chunk.classes % lanes;
  const size_t whole = chunk.classes - rest;
  const auto last = hn::FirstN(d, rest);
  for (size_t r = 0; r < chunk.rows; ++r) {
    const double* x = chunk.x + r * chunk.classes;
    const double* e = chunk.exps + r * chunk.classes;
    to.max[r] = ShortMax(d, x, whole, last);
    const ShortRest row = ShortRestOf(d, x, e, whole, last, to.max[r]);
    to.others[r] = row.others;
    to.logs[r] = row.others / row.at_max;
  }
  for (size_t r = 0; r < chunk.rows; r += lanes) {
    hn::Store(FirstLog1p(d, hn::Load(d, to.logs + r)), d, to.logs + r);
  }
  to.others_error = chunk.sum_error + 2 * kUnit;
  to.log_error = to.others_error + 16 * kUnit;
}

/// A row of the chunk as it was, though something has been written over it.
HWY_INLINE InRow ShortRow(const ShortChunk& chunk, size_t r) {
  return {chunk.x + r * chunk.classes, ElementType::kFloat64, chunk.classes, 1};
}

/// The `count` rows of `logits` from `begin` on, chunk by chunk: by_chunk(chunk,
/// open) writes what it can and notes the rows that are left; those go to
/// by_row(row of the batch, its logits).
template <class ByChunk, class ByRow>
HWY_INLINE void ForShortRows(const InRows& logits, size_t begin, size_t count,
                             const ByChunk& by_chunk, const ByRow& by_row) {
  if (count == 0) return;
  ShortChunk chunk;
  chunk.classes = logits.classes;
  FindRows(std::min(count, ShortRowsPerChunk(logits.classes)) * logits.classes,
           chunk);
  const size_t end = begin + count;
  for (size_t first = begin; first < end; first += chunk.rows) {
    chunk.rows = std::min(end - first, ShortRowsPerChunk(logits.classes));
    OpenRows open(chunk.rows);
    LoadShortChunk(logits, first, chunk, open);
    by_chunk(chunk, open);
    for (size_t r = 0; open.Any() && r < chunk.rows; ++r) {
      if (open[r]) by_row(first + r, ShortRow(chunk, r));
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
