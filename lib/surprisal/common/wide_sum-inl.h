// Sums over rows, of losses from the smallest subnormal to beyond overflow.

#if defined(SURPRISAL_COMMON_WIDE_SUM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SURPRISAL_COMMON_WIDE_SUM_INL_H_
#undef SURPRISAL_COMMON_WIDE_SUM_INL_H_
#else
#define SURPRISAL_COMMON_WIDE_SUM_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <vector>

#include "hwy/highway.h"
#include "surprisal/common/executor.h"
#include "surprisal/common/first_stage-inl.h"
#include "surprisal/common/row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

HWY_INLINE DoubleDouble ScaleScalar(DoubleDouble x, double exponent) {
  const One one;
  const V<One> k = hn::Set(one, exponent);
  return {hn::GetLane(LdExp(one, hn::Set(one, x.hi), k)),
          hn::GetLane(LdExp(one, hn::Set(one, x.lo), k))};
}

/// x * 2^exponent.
HWY_INLINE WideValue Raised(WideValue x, double exponent) {
  x.exponent += exponent;
  return x;
}

/// Adds wide values in three double-doubles, for terms around 2^-500, 1 and
/// 2^500: none over- or underflows, and of two neighbours both count in the
/// total. What the third would add is part of the error, and so are smaller
/// terms than these can hold; of larger ones nothing is known.
class WideSum {
 public:
  HWY_INLINE void Add(WideValue x) {
    if (x.special != 0.0) {
      special_ += x.special;
      return;
    }
    x = Centred(x);
    if (x.value.hi != 0.0 || x.error != 0.0) {
      const double size =
          std::ilogb(std::max(std::abs(x.value.hi), x.error)) + x.exponent;
      if (size < -1350) {
        errors_[0] += 0x1p-849;
        return;
      }
      if (size > 1350) {
        errors_[2] = HUGE_VAL;
        return;
      }
      const size_t bin = size < -250 ? 0 : size <= 250 ? 1 : 2;
      const double down = x.exponent - kExponents[bin];
      bins_[bin] = Sum(bins_[bin], ScaleScalar(x.value, down));
      errors_[bin] += ScaleScalar({x.error, 0.0}, down).hi +
                      std::abs(bins_[bin].hi) * 0x1p-103;
    }
  }

  HWY_INLINE void Merge(const WideSum& other) {
    special_ += other.special_;
    for (size_t bin = 0; bin < 3; ++bin) {
      bins_[bin] = Sum(bins_[bin], other.bins_[bin]);
      errors_[bin] += other.errors_[bin] + std::abs(bins_[bin].hi) * 0x1p-103;
    }
  }

  HWY_INLINE WideValue Total() const {
    if (special_ != 0.0) return {{}, 0.0, special_};
    const size_t top = Any(2) ? 2 : Any(1) ? 1 : 0;
    WideValue total = {bins_[top], kExponents[top], 0.0, errors_[top]};
    if (top == 0) return total;
    const DoubleDouble next = bins_[top - 1];
    total.value = Sum(total.value, {next.hi * 0x1p-500, next.lo * 0x1p-500});
    total.error +=
        errors_[top - 1] * 0x1p-500 + std::abs(total.value.hi) * 0x1p-100;
    return total;
  }

 private:
  static constexpr double kExponents[3] = {-500.0, 0.0, 500.0};
  HWY_INLINE bool Any(size_t bin) const {
    return bins_[bin].hi != 0.0 || errors_[bin] != 0.0;
  }

  DoubleDouble bins_[3];
  double errors_[3] = {};
  double special_ = 0.0;
};

/// x / divisor, for a divisor around 1 to 2^60, known to `relative`.
HWY_INLINE WideValue DivideWide(WideValue x, DoubleDouble divisor,
                                double relative = 0.0) {
  if (x.special != 0.0) return x;
  if (relative == HUGE_VAL) return Unknown();
  x = Centred(x);
  x.value = Quotient(x.value, divisor);
  x.error = x.error / divisor.hi * (1 + 0x1p-50) +
            std::abs(x.value.hi) * (0x1p-98 + relative);
  return x;
}

/// The power of two that brings numbers up to `largest` to a size where their
/// products with losses and double-double halves neither over- nor underflow.
HWY_INLINE double SafeExponent(double largest) {
  if (largest == 0.0) return 0.0;
  return std::ilogb(largest);
}

/// Class weights, all 1 where none were given, as multiples of 2^exponent.
struct ScaledWeights {
  std::vector<double> values;
  double exponent = 0.0;
  bool exact = true;  ///< else none of the values is to be used

  HWY_INLINE double operator[](size_t c) const {
    return values.empty() ? 1.0 : values[c];
  }
};

HWY_INLINE ScaledWeights LoadWeights(std::span<const double> weights) {
  ScaledWeights scaled;
  if (weights.empty()) return scaled;
  scaled.exponent =
      SafeExponent(*std::max_element(weights.begin(), weights.end()));
  for (const double w : weights) {
    scaled.values.push_back(ScaledDown(w, scaled.exponent));
  }
  scaled.exact = KeepBits(scaled.values.data(), scaled.values.size());
  return scaled;
}

/// How the rows of a batch share in its mean.
struct Shares {
  DoubleDouble divisor = {1.0, 0.0};  ///< in units of the weights' 2^exponent
  double relative = 0.0;              ///< its error; infinite: nothing is known
  bool nothing = false;               ///< a mean over no weight at all
};

HWY_INLINE Shares SharesOf(std::span<const Label> labels, Label ignore_index,
                           const ScaledWeights& weights, Reduction reduction) {
  if (reduction != Reduction::kMean) return {};
  if (weights.values.empty()) {
    // std::ranges::count is not in emscripten's C++ library yet
    const auto ignored = std::count(labels.begin(), labels.end(), ignore_index);
    const auto counted = std::ssize(labels) - ignored;
    const double divisor = std::max(1.0, static_cast<double>(counted));
    return {{divisor, 0.0}, 0.0, counted == 0};
  }
  WideSum sum;
  for (const Label y : labels) {
    if (y == ignore_index) continue;
    sum.Add({{weights[static_cast<size_t>(y)], 0.0}});
  }
  const WideValue total = sum.Total();
  if (total.value.hi == 0.0) return {{1.0, 0.0}, 0.0, true};
  if (!weights.exact) return {{1.0, 0.0}, HUGE_VAL, false};
  return {ScaleScalar(total.value, total.exponent),
          total.error / total.value.hi, false};
}

/// Writes the losses of the rows, or their sum over the divisor. `last_resort(r)`
/// is the rounded loss of row r, `last_resort.Reduced()` that of all.
template <class LastResort>
class LossWriter {
 public:
  HWY_INLINE LossWriter(OutRow loss, Reduction reduction,
                        const LastResort& last_resort)
      : loss_(loss), reduction_(reduction), last_resort_(last_resort) {}

  /// Whether losses are asked for at all.
  HWY_INLINE bool Wanted() const { return loss_.data != nullptr; }

  HWY_INLINE void Row(size_t r, const WideValue& x) {
    if (loss_.data == nullptr) return;
    ++Stages().full;
    if (reduction_ == Reduction::kNone) {
      loss_.Set(r, RoundScalar(loss_.type, x, [&] { return last_resort_(r); }));
    } else {
      sum_.Add(x);
    }
  }

  /// The same for what a first stage knows; returns false, and nothing is done,
  /// where that does not decide a row's own loss.
  HWY_INLINE bool FirstRow(size_t r, const WideValue& x) {
    if (loss_.data == nullptr) return true;
    if (reduction_ != Reduction::kNone) {
      sum_.Add(x);
      return true;
    }
    if (IsPlain(x) && loss_.type != ElementType::kFloat64) {
      return SetEstimate(r, x);
    }
    bool decided = true;
    const double rounded = RoundScalar(loss_.type, x, [&] {
      decided = false;
      return 0.0;
    });
    if (decided) loss_.Set(r, rounded);
    return decided;
  }

  /// Takes over the sum of another piece of the batch.
  HWY_INLINE void Merge(const LossWriter& other) { sum_.Merge(other.sum_); }

  /// Writes the reduced loss. If `final` is false, a loss that cannot be decided
  /// is not written; returns whether it was.
  HWY_INLINE bool Finish(const Shares& shares, bool final = true) {
    if (loss_.data == nullptr || reduction_ == Reduction::kNone) return true;
    if (shares.nothing) {
      loss_.Set(0, NAN);
      return true;
    }
    const WideValue total =
        DivideWide(sum_.Total(), shares.divisor, shares.relative);
    bool decided = true;
    const double rounded = RoundScalar(loss_.type, total, [&] {
      decided = final;
      return final ? last_resort_.Reduced() : 0.0;
    });
    if (decided) loss_.Set(0, rounded);
    return decided;
  }

 private:
  HWY_INLINE static bool IsPlain(const WideValue& x) {
    return x.value.lo == 0.0 && x.exponent == 0.0 && x.special == 0.0 &&
           x.above == 0.0;
  }

  /// A double and its error need nothing wider.
  HWY_INLINE bool SetEstimate(size_t r, const WideValue& x) {
    const One one;
    V<One> rounded = hn::Zero(one);
    const Estimate<One> estimate = {hn::Set(one, x.value.hi),
                                    hn::Set(one, x.error)};
    if (!RoundEstimate(one, FormatOf(loss_.type), estimate, rounded)) {
      return false;
    }
    loss_.Set(r, FromLane(rounded) + 0.0);
    return true;
  }

  OutRow loss_;
  Reduction reduction_;
  const LastResort& last_resort_;
  WideSum sum_;
};

/// Writes the losses of a batch, some pieces at a time: body(first row, rows,
/// writer) for these, and then the reduced one. Returns as LossWriter::Finish().
template <class LastResort, class Body>
HWY_INLINE bool WriteBatch(const Executor* executor, const InRows& rows,
                           LossWriter<LastResort> writer, const Shares& shares,
                           bool final, const Body& body) {
  std::vector<LossWriter<LastResort>> writers(
      CountPieces(executor, rows.rows, rows.classes), writer);
  ForPieces(executor, rows.rows, rows.classes,
            [&](size_t first, size_t count, size_t piece) {
              body(first, count, writers[piece]);
            });
  for (const LossWriter<LastResort>& piece : writers) writer.Merge(piece);
  return writer.Finish(shares, final);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
