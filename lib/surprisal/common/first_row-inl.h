// The first stage for a row of logits: the sum of exponentials and its logarithm
// in double arithmetic, each with the bound of its error. For rows of 32- and
// 16-bit types at temperature 1, without NaN and +inf; for all others, and for
// what its bounds leave open, there is row-inl.h.
//
// The bounds are derived in docs/rounding.md.

#if defined(SURPRISAL_COMMON_FIRST_ROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_FIRST_ROW_INL_H_
#undef SURPRISAL_COMMON_FIRST_ROW_INL_H_
#else
#define SURPRISAL_COMMON_FIRST_ROW_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "hwy/cache_control.h"
#include "hwy/contrib/algo/find-inl.h"
#include "hwy/highway.h"
#include "surprisal/common/first_stage-inl.h"
#include "surprisal/common/row-inl.h"
#include "surprisal/common/row_exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// The bounds in units of u = 2^-53: of exponentials, relatively; of their sum;
/// of a sum without the largest, of the whole sum and of what is left; of
/// products of an exponential with a factor that the sum divides.
inline constexpr double kUnit = 0x1p-53;
inline constexpr double kFirstExpError = 3 * kUnit;
inline constexpr double kFirstSumError = 6 * kUnit;
inline constexpr double kFirstDifferenceError = 10 * kUnit;
inline constexpr double kFirstOthersError = 8 * kUnit;
inline constexpr double kFirstProbError = 14 * kUnit;

/// What shifted logits below half the maximum, whose differences from it are
/// inexact, may do to a sum of nothing else.
inline constexpr double kFirstShiftedError = 0x1p-42;

/// The maximum is guessed from so many logits; one that is further above the guess
/// than this is not near it. The more are looked at, the longer all else waits.
inline constexpr size_t kFirstGuessed = 64;
inline constexpr double kFirstGuessBelow = 44.0;

/// A guess that has served another row serves where these logits do not lie
/// further from it: then nothing need wait for them.
inline constexpr double kFirstGuessNear = 22.0;

/// In longer rows the low parts of the sums would be off by too much.
inline constexpr size_t kFirstMostClasses = size_t{1} << 24;

/// What a row's exponentials are for.
enum class Exps {
  kKept,    ///< to be kept, and added up
  kQuick,   ///< the same, for quotients that may be off by kQuickProbError
  kAdded,   ///< only to be added up, to kFirstSumError
  kCoarse,  ///< the same to kCoarseSumError: for the logarithm of the sum
};

/// Whether the exponentials stay where they were put.
constexpr bool AreKept(Exps exps) {
  return exps == Exps::kKept || exps == Exps::kQuick;
}

/// A softmax of floats has 24 bits; for those that this does not tell apart from
/// the middle of two there is the first stage proper. It saves a fifth of a row.
inline constexpr double kQuickProbError = 144 * kUnit;

/// What a coarse sum is off by, relatively, and so its logarithm absolutely: next
/// to a result of some units that is little, and half the polynomial is saved.
inline constexpr double kCoarseSumError = 0x1.1p-29;

/// The least and the largest of a row; what they are where it holds NaN is not
/// said.
struct Extremes {
  double least = HUGE_VAL;
  double largest = -HUGE_VAL;

  HWY_INLINE void Take(double low, double high) {
    least = low < least ? low : least;
    largest = high > largest ? high : largest;
  }
};

/// Extremes in the making, from two vectors at a time.
template <class T>
struct ExtremeLanes {
  using D = hn::ScalableTag<T>;
  Held<D> low, high;

  HWY_INLINE ExtremeLanes()
      : low(hn::Set(D(), static_cast<T>(HUGE_VAL))), high(hn::Neg(V<D>(low))) {}

  HWY_INLINE void Take(const T* x) {
    const D d;
    const V<D> v0 = hn::LoadU(d, x), v1 = hn::LoadU(d, x + hn::Lanes(d));
    low = hn::Min(V<D>(low), hn::Min(v0, v1));
    high = hn::Max(V<D>(high), hn::Max(v0, v1));
  }

  HWY_INLINE void GiveTo(Extremes& extremes) const {
    const D d;
    extremes.Take(hn::GetLane(hn::MinOfLanes(d, V<D>(low))),
                  hn::GetLane(hn::MaxOfLanes(d, V<D>(high))));
  }
};

template <class T>
HWY_INLINE Extremes FindExtremes(const T* x, size_t count) {
  const size_t step = 2 * hn::Lanes(hn::ScalableTag<T>());
  ExtremeLanes<T> lanes;
  size_t i = 0;
  for (; i + step <= count; i += step) lanes.Take(x + i);
  Extremes extremes;
  lanes.GiveTo(extremes);
  for (; i < count; ++i) extremes.Take(x[i], x[i]);
  return extremes;
}

/// A sum of doubles, kept in high and low parts.
template <class D>
struct TwoPart {
  Held<D> high, low;

  HWY_INLINE void Add(D d, V<D> x) {
    const Dd<D> sum = TwoSum<D>(d, high, x);
    high = sum.hi;
    low = hn::Add(low, sum.lo);
  }
};

/// The whole sum, lane by lane in pairs: each waits for few others. In
/// double-doubles that would take as long as a row of 100.
template <class D>
HWY_INLINE DoubleDouble TotalInTwo(D d, const TwoPart<D>& sum) {
  HWY_ALIGN double high[HWY_MAX_BYTES / sizeof(double)];
  HWY_ALIGN double low[HWY_MAX_BYTES / sizeof(double)];
  hn::Store(V<D>(sum.high), d, high);
  hn::Store(V<D>(sum.low), d, low);
  const One one;
  for (size_t left = hn::Lanes(d); left > 1; left -= left / 2) {
    for (size_t k = 0; k < left / 2; ++k) {
      const size_t other = left - 1 - k;
      const auto next =
          TwoSum<One>(one, hn::Set(one, high[k]), hn::Set(one, high[other]));
      high[k] = FromLane(next.hi);
      low[k] += low[other] + FromLane(next.lo);
    }
  }
  return FromLane(
      FastTwoSum<One>(one, hn::Set(one, high[0]), hn::Set(one, low[0])));
}
template <class D>
HWY_INLINE double Total(D d, const TwoPart<D>& sum) {
  return TotalInTwo(d, sum).hi;
}

/// The same in fewer steps, off by u for every lane.
template <class D>
HWY_INLINE double QuickTotal(D d, const TwoPart<D>& sum) {
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(V<D>(sum.high), V<D>(sum.low))));
}

HWY_INLINE Four<Doubles> LoadFour(Doubles d, const auto* from) {
  const size_t lanes = hn::Lanes(d);
  return {LoadDoubles(d, from), LoadDoubles(d, from + lanes),
          LoadDoubles(d, from + 2 * lanes), LoadDoubles(d, from + 3 * lanes)};
}

HWY_INLINE void StoreAll(Doubles d, const Four<Doubles>& x, double* to) {
  const size_t lanes = hn::Lanes(d);
  hn::Store(V<Doubles>(x.v0), d, to);
  hn::Store(V<Doubles>(x.v1), d, to + lanes);
  hn::Store(V<Doubles>(x.v2), d, to + 2 * lanes);
  hn::Store(V<Doubles>(x.v3), d, to + 3 * lanes);
}
HWY_INLINE void StoreAll(Doubles d, V<Doubles> x, double* to) {
  hn::Store(x, d, to);
}

HWY_INLINE V<Doubles> AddAll(const Four<Doubles>& x) {
  return hn::Add(hn::Add(V<Doubles>(x.v0), V<Doubles>(x.v1)),
                 hn::Add(V<Doubles>(x.v2), V<Doubles>(x.v3)));
}
HWY_INLINE V<Doubles> AddAll(V<Doubles> x) { return x; }

/// What is known of a row when some of it has been read.
struct PartOfRow {
  Extremes seen;
  TwoPart<Doubles> sum;
};

/// How far ahead logits are asked for: into the next row where rows are short.
/// Without, the exponentials that are kept slow down what comes from memory
/// (measured on Zen 5: a third less time at 32000 classes).
inline constexpr size_t kPrefetchedBytes = 4096;

template <class T>
HWY_INLINE void PrefetchStep(const T* x, size_t step) {
  const char* ahead = reinterpret_cast<const char*>(x) + kPrefetchedBytes;
  for (size_t k = 0; k < step * sizeof(T); k += 64) hwy::Prefetch(ahead + k);
}

/// A vector of the `count` logits at x, fewer than it has lanes; `pad` in the
/// others.
template <class T>
HWY_INLINE V<Doubles> LoadLast(Doubles d, const T* x, size_t count, T pad) {
  HWY_ALIGN T last[kMaxDoubles];
  std::fill(std::copy_n(x, count, last), last + hn::Lanes(d), pad);
  return LoadDoubles(d, last);
}

/// What has been seen of a row, and its last elements, which make no whole step of
/// AddFirstExps(): some are looked at again.
template <class T>
HWY_INLINE void FinishExtremes(const T* x, size_t count, ExtremeLanes<T>& lanes,
                               Extremes& seen) {
  const size_t step = 4 * hn::Lanes(Doubles());
  const size_t taken = 2 * hn::Lanes(hn::ScalableTag<T>());
  if (count < step) {
    for (size_t i = 0; i < count; ++i) seen.Take(x[i], x[i]);
    return;
  }
  for (size_t i = count - step; i < count; i += taken) lanes.Take(x + i);
  lanes.GiveTo(seen);
}

/// Exponentials that are added up plainly before their sum joins the others.
inline constexpr size_t kFirstFold = 256;

/// What else is to be done after every step of AddFirstExps() and whenever
/// kFirstFold elements have been: nothing.
struct NothingBetween {
  HWY_INLINE void AfterStep() const {}
  HWY_INLINE void AfterFold() const {}
};

/// The sums of a part of a row in the making.
struct ExpSums {
  TwoPart<Doubles> fine;
  Four<Doubles> plain;

  /// Takes the plain ones over.
  HWY_INLINE void Fold(Doubles d) {
    const V<Doubles> zero = hn::Zero(d);
    fine.Add(d, AddAll(plain));
    plain = {zero, zero, zero, zero};
  }
};

/// Adds f of a vector or four; stores it as well if it is to be kept.
template <Exps kExps, bool kFar, class X>
HWY_INLINE void AddExps(Doubles d, const RowExponential& f, const X& x,
                        double* to, ExpSums& sums) {
  constexpr bool kFour = std::is_same_v<X, Four<Doubles>>;
  if constexpr (kExps == Exps::kCoarse && kFour) {
    sums.plain = f.AddCoarse<kFar>(d, x, sums.plain);
  } else if constexpr (kExps == Exps::kCoarse) {
    sums.plain.v0 = f.AddCoarse<kFar>(d, x, V<Doubles>(sums.plain.v0));
  } else if constexpr (kExps == Exps::kQuick) {
    const X e = f.QuickAt<kFar>(d, x);
    StoreAll(d, e, to);
    if constexpr (kFour) {
      const auto add = [](V<Doubles> sum, V<Doubles> more)
                           HWY_ATTR { return hn::Add(sum, more); };
      sums.plain = Each(d, add, sums.plain, e);
    } else {
      sums.fine.Add(d, e);
    }
  } else {
    const X e = f.At<kFar>(d, x);
    if (kExps == Exps::kKept) StoreAll(d, e, to);
    sums.fine.Add(d, AddAll(e));
  }
}

/// Adds f(x[i]) for i < count to a row's sum; keeps them in `exps` if that is
/// wanted, where up to a whole vector others follow that are nearly nothing.
template <Exps kExps, bool kFar, class T, class Between = NothingBetween>
inline HWY_NOINLINE void AddFirstExps(const T* x, size_t count,
                                      const RowExponential& exponential,
                                      double* exps, PartOfRow& part,
                                      Between&& between = {}) {
  const Doubles d;
  const size_t lanes = hn::Lanes(d), step = 4 * lanes;
  const size_t seen = 2 * hn::Lanes(hn::ScalableTag<T>());
  const RowExponential f = exponential;
  const V<Doubles> zero = hn::Zero(d);
  ExpSums sums = {part.sum, {zero, zero, zero, zero}};
  ExtremeLanes<T> extremes;
  size_t i = 0;
  for (; i + step <= count; i += step) {
    PrefetchStep(x + i, step);
    AddExps<kExps, kFar>(d, f, LoadFour(d, x + i), exps + i, sums);
    for (size_t k = 0; k < step; k += seen) extremes.Take(x + i + k);
    between.AfterStep();
    if ((i + step) % kFirstFold == 0) {
      if (kExps == Exps::kQuick) sums.Fold(d);
      between.AfterFold();
    }
  }
  for (; i < count; i += lanes) {
    const T pad = static_cast<T>(kFar ? -HUGE_VAL : f.lowest);
    const V<Doubles> v = i + lanes <= count
                             ? LoadDoubles(d, x + i)
                             : LoadLast(d, x + i, count - i, pad);
    AddExps<kExps, kFar>(d, f, v, exps + i, sums);
  }
  FinishExtremes(x, count, extremes, part.seen);
  if (kExps == Exps::kQuick || kExps == Exps::kCoarse) sums.Fold(d);
  part.sum = sums.fine;
}

/// A row as the first stage knows it.
struct FirstRow {
  bool known = false;    ///< else nothing below says anything
  bool shifted = false;  ///< by a maximum far from 0
  double max = 0.0;
  double least = 0.0;            ///< of the logits
  double at_max = 0.0;           ///< the exponential of the largest logit, in
                                 ///< [2^-33, 2^64]
  double sum = 0.0;              ///< of all exponentials
  const double* exps = nullptr;  ///< where they were kept
  RowExponential exponential;    ///< what they are of
  double others = 0.0;           ///< the sum without one largest logit
  double others_error = 0.0;     ///< what that is off by, absolutely
};

/// Logits that are exponentiated before their extremes are looked at.
inline constexpr size_t kFirstSegment = 4096;

/// Adds f(x[i]) for a whole row. Unless `far`, a segment in which some logit turns
/// out too low is done again, and those behind it as what they probably are.
template <Exps kExps, class T, class Between>
HWY_INLINE PartOfRow SumFirstExps(const T* x, size_t count, bool far,
                                  const RowExponential& f, double* exps,
                                  Between& between) {
  const V<Doubles> zero = hn::Zero(Doubles());
  PartOfRow row = {{}, {zero, zero}};
  for (size_t i = 0; i < count; i += kFirstSegment) {
    const size_t size = std::min(kFirstSegment, count - i);
    if (!far) {
      const TwoPart<Doubles> before = row.sum;
      AddFirstExps<kExps, false>(x + i, size, f, exps + i, row, between);
      far = row.seen.least < f.lowest;
      if (!far) continue;
      row.sum = before;
    }
    AddFirstExps<kExps, true>(x + i, size, f, exps + i, row, between);
  }
  return row;
}

/// The exponentials that AddFirstExps() added in one step.
struct FirstStep {
  size_t begin, end;
  HWY_ALIGN double exps[4 * kMaxDoubles] = {};

  /// As they were added there.
  HWY_INLINE V<Doubles> Sum(Doubles d) const {
    return AddAll(LoadFour(d, exps));
  }
};

/// The step with the logit at `place`.
template <class T>
HWY_INLINE FirstStep StepAt(const T* x, size_t count, size_t place,
                            const RowExponential& f) {
  const Doubles d;
  const size_t lanes = hn::Lanes(d), whole = count - count % (4 * lanes);
  const size_t size = place < whole ? 4 * lanes : lanes;
  FirstStep step = {place / size * size, 0};
  const T* from = x + step.begin;
  step.end = std::min(count, step.begin + size);
  if (size > lanes) {
    StoreAll(d, f.At<true>(d, LoadFour(d, from)), step.exps);
  } else {
    const V<Doubles> v =
        LoadLast(d, from, step.end - step.begin, static_cast<T>(-HUGE_VAL));
    hn::Store(f.At<true>(d, v), d, step.exps);
  }
  return step;
}

/// The sum of a row but for one step: of what is before and behind that.
template <class T>
HWY_INLINE TwoPart<Doubles> SumOfSides(const T* x, size_t count,
                                       const FirstStep& step,
                                       const RowExponential& f) {
  const V<Doubles> zero = hn::Zero(Doubles());
  PartOfRow sides = {{}, {zero, zero}};
  AddFirstExps<Exps::kAdded, true>(x, step.begin, f, nullptr, sides);
  AddFirstExps<Exps::kAdded, true>(x + step.end, count - step.end, f, nullptr,
                                   sides);
  return sides.sum;
}

/// The others of a confident row, of whose exponentials `all` is the sum: the step
/// with the largest is taken out of it and put back without that. Where what all
/// additions together rounded off would count, the rest is added up once more.
template <class T>
inline HWY_NOINLINE void FindFewOthers(const T* x, size_t count,
                                       TwoPart<Doubles> all,
                                       const RowExponential& f, FirstRow& row) {
  const Doubles d;
  const size_t place =
      hn::Find(hn::ScalableTag<T>(), static_cast<T>(row.max), x, count);
  FirstStep step = StepAt(x, count, place, f);
  const V<Doubles> with = step.Sum(d);
  step.exps[place - step.begin] = 0.0;
  const V<Doubles> without = step.Sum(d);
  all.Add(d, hn::Neg(with));
  all.Add(d, without);
  row.others = Total(d, all);
  const double steps = static_cast<double>(count + 2 * kMaxDoubles) * kUnit;
  if (row.sum * steps * steps > row.others * kUnit) {
    TwoPart<Doubles> sides = SumOfSides(x, count, step, f);
    sides.Add(d, without);
    row.others = Total(d, sides);
  }
  const double relative =
      kFirstOthersError + (row.shifted ? kFirstShiftedError : 0.0);
  // A row of one logit, or of one and others that are next to nothing
  row.others_error = row.others < 0x1p-900 ? HUGE_VAL : row.others * relative;
}

/// The sum without the largest: less that, if it leaves a sixteenth.
template <class T>
HWY_INLINE void FindOthers(const T* x, size_t count,
                           const TwoPart<Doubles>& all, const RowExponential& f,
                           FirstRow& row) {
  row.others = row.sum - row.at_max;
  row.others_error = row.sum * kFirstDifferenceError;
  if (row.others < row.sum * 0x1p-4) FindFewOthers(x, count, all, f, row);
}

/// Whether `max` served as the maximum of a row whose largest logit is `largest`.
HWY_INLINE bool Served(const RowExponential& f, double max, double largest) {
  if (f.shift != 0.0) return largest == max;
  return largest <= max + kFirstGuessBelow && largest < kFirstShiftFrom;
}

/// What is left of a row's exponentials while the next row's are made, which begin
/// so much further in front. Where only one row's are needed at a time there is no
/// second row of them in the caches (measured on a Xeon with 2 MB: a tenth of the
/// time at 128256 classes).
enum class Left : size_t {
  kNothing = 0,
  kLastFolds = 2 * kFirstFold,   ///< all but those so far behind the latest
  kAll = 2 * kFirstMostClasses,  ///< a row of them and more
};

/// What rows that are loaded one after the other hand on: a guess of the maximum,
/// and where exponentials were kept last.
struct RowsInTurn {
  Left left = Left::kNothing;
  Slot slot = Slot::kFirstExps;
  double guess = NAN;
  size_t begin = 0;

  /// Memory for the `count` exponentials of the next row, and for a vector behind
  /// them.
  HWY_INLINE double* NextExps(size_t count) {
    const size_t lanes = hn::Lanes(Doubles());
    const size_t room = hwy::RoundUpTo(count, lanes) + lanes;
    const size_t back = std::min(static_cast<size_t>(left), room);
    begin = begin < back ? begin + room : begin - back;
    return Scratch(slot, back + 2 * room) + begin;
  }
};

/// For a row by itself: nothing of rows in turn is touched.
inline constexpr RowsInTurn kAlone = {Left::kNothing, Slot::kLoneExps};

/// The first stage of a row whose maximum is `max`, or is guessed to be. From each
/// of the exponentials on that are kept, a vector can be loaded.
template <Exps kExps, class T, class Between>
HWY_INLINE FirstRow FirstRowNear(double max, const T* x, size_t count,
                                 bool want_others, double* exps,
                                 Between& between) {
  FirstRow row;
  if (!std::isfinite(max)) return row;
  const RowExponential f = ExponentialOf(max);
  row.shifted = f.shift != 0.0;
  const PartOfRow sums =
      SumFirstExps<kExps>(x, count, row.shifted, f, exps, between);
  const Doubles d;
  if (AreKept(kExps)) {
    hn::Store(hn::Zero(d), d, exps + hwy::RoundUpTo(count, hn::Lanes(d)));
  }
  row.max = sums.seen.largest;
  row.least = sums.seen.least;
  row.sum =
      kExps == Exps::kQuick ? QuickTotal(d, sums.sum) : Total(d, sums.sum);
  // The sum of a row with NaN is NaN
  if (!Served(f, max, row.max) || !(row.sum < HUGE_VAL)) return row;
  row.at_max = hn::GetLane(f.At<true>(d, V<Doubles>(hn::Set(d, row.max))));
  row.exps = exps;
  row.exponential = f;
  row.known = true;
  if (kExps == Exps::kCoarse) {
    row.others = row.sum - row.at_max;
    row.others_error = row.sum * kCoarseSumError;
  } else if (want_others) {
    FindOthers(x, count, sums.sum, f, row);
  }
  return row;
}

/// With the maximum guessed from the first logits: that mostly saves a pass.
template <Exps kExps, class T, class Between = NothingBetween>
HWY_INLINE FirstRow LoadFirstRowAs(const T* x, size_t count, bool want_others,
                                   RowsInTurn& turn, Between&& between = {}) {
  if (count > kFirstMostClasses) return {};
  double* const exps = AreKept(kExps) ? turn.NextExps(count) : nullptr;
  const size_t first = std::min(count, kFirstGuessed);
  const double own = FindExtremes(x, first).largest;
  // Where it is a near one, no arithmetic waits for this comparison
  if (!(std::abs(own - turn.guess) <= kFirstGuessNear)) turn.guess = own;
  const double guess = turn.guess;
  FirstRow row =
      FirstRowNear<kExps>(guess, x, count, want_others, exps, between);
  if (row.known) return row;
  const double max = FindExtremes(x, count).largest;
  turn.guess = max;
  if (max == guess) return row;
  return FirstRowNear<kExps>(max, x, count, want_others, exps, between);
}

/// The first stage of a row of values of a 32- or 16-bit type, in memory of any
/// type; `known` is false where it has nothing to say. Of coarse sums the others
/// are known anyway.
template <Exps kExps>
HWY_INLINE FirstRow LoadFirstRow(InRow logits, bool want_others,
                                 RowsInTurn& turn) {
  if (logits.type == ElementType::kFloat32 && logits.stride == 1) {
    return LoadFirstRowAs<kExps>(static_cast<const float*>(logits.data),
                                 logits.classes, want_others, turn);
  }
  if (logits.type == ElementType::kFloat64 && logits.stride == 1) {
    return LoadFirstRowAs<kExps>(static_cast<const double*>(logits.data),
                                 logits.classes, want_others, turn);
  }
  double* x = Scratch(Slot::kShiftedHi, logits.classes);
  Widen(logits, 0, logits.classes, x);
  return LoadFirstRowAs<kExps>(x, logits.classes, want_others, turn);
}
template <Exps kExps>
HWY_INLINE FirstRow LoadFirstRow(InRow logits, bool want_others) {
  RowsInTurn alone = kAlone;
  return LoadFirstRow<kExps>(logits, want_others, alone);
}

/// Whether the first stage serves results of a type.
HWY_INLINE bool HasFirstStage(ElementType to, double temperature = 1.0) {
  return temperature == 1.0 && to != ElementType::kFloat64;
}

/// Of longer rows not even one's exponentials stay in the first cache.
inline constexpr size_t kFirstInTurn = 4096;

/// store(r, row) of what the first stage knows of every row: one row later unless
/// they are long. A row's results wait for its sum; the next row's exponentials
/// need not.
template <Exps kExps, class Store>
HWY_INLINE void ForFirstRows(const InRows& logits, ElementType to,
                             double temperature, bool want_others,
                             const Store& store) {
  const bool has = HasFirstStage(to, temperature);
  const size_t lag = logits.classes <= kFirstInTurn ? 1 : 0;
  RowsInTurn turn = {lag > 0 ? Left::kAll : Left::kNothing};
  FirstRow held[2];
  for (size_t r = 0; r < logits.rows + lag; ++r) {
    if (r < logits.rows) {
      held[r % 2] =
          has ? LoadFirstRow<kExps>(logits[r], want_others, turn) : FirstRow();
    }
    if (r >= lag) store(r - lag, held[(r - lag) % 2]);
  }
}

/// The logits as doubles, up to a whole vector: where the first stage has widened
/// them, or does so now.
HWY_INLINE const double* PaddedRow(InRow logits) {
  double* x = Scratch(Slot::kShiftedHi,
                      hwy::RoundUpTo(logits.classes, hn::Lanes(Doubles())));
  LoadRow(logits, 0.0, x);
  return x;
}

/// ln(1 + rest), with `rest` off by at most `rest_error`: for the logarithms of
/// sums, ln(sum / at_max) = ln(1 + others / at_max).
template <class D>
HWY_INLINE Estimate<D> FirstLogSums(D d, V<D> rest, V<D> rest_error) {
  const V<D> log = FirstLog1p(d, rest);
  return {log, hn::MulAdd(log, hn::Set(d, 16 * kUnit), rest_error)};
}

/// The argument of a row's logarithm ln(1 + rest), and what this is off by because
/// the argument is, but for 4 u.
struct FirstRest {
  double value;
  double error;
};

HWY_INLINE FirstRest RestOf(const FirstRow& row) {
  return {row.others / row.at_max, row.others_error / row.sum * (1 + 0x1p-20)};
}

/// ln(sum / at_max) of one row, off by at most `error`.
struct FirstLogSum {
  double value;
  double error;
};

HWY_INLINE FirstLogSum LogSumOf(const FirstRow& row) {
  const One one;
  const FirstRest rest = RestOf(row);
  const Estimate<One> log =
      FirstLogSums(one, hn::Set(one, rest.value), hn::Set(one, rest.error));
  return {FromLane(log.value), FromLane(log.error)};
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
