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
#include "surprisal/common/row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

/// A row scalar before it is rounded: value * 2^exponent, or `special` (an
/// infinity or NaN) if that is not 0.
struct WideValue {
  DoubleDouble value;
  double exponent = 0.0;
  double special = 0.0;
};

HWY_INLINE DoubleDouble ScaleScalar(DoubleDouble x, double exponent) {
  const One one;
  const V<One> k = hn::Set(one, exponent);
  return {hn::GetLane(LdExp(one, hn::Set(one, x.hi), k)),
          hn::GetLane(LdExp(one, hn::Set(one, x.lo), k))};
}

template <class T>
HWY_INLINE T RoundWide(WideValue x) {
  if (x.special != 0.0) return static_cast<T>(x.special);
  return RoundScalar<T>(x.value, x.exponent);
}

/// Adds wide values of one sign in three double-doubles, for terms around
/// 2^-500, 1 and 2^500: none over- or underflows, and of two neighbours both
/// count in the total.
class WideSum {
 public:
  HWY_INLINE void Add(WideValue x) {
    if (x.special != 0.0) {
      special_ += x.special;
    } else if (x.value.hi != 0.0) {
      const double size = std::ilogb(x.value.hi) + x.exponent;
      const size_t bin = size < -250 ? 0 : size <= 250 ? 1 : 2;
      const DoubleDouble scaled =
          ScaleScalar(x.value, x.exponent - kExponents[bin]);
      bins_[bin] = Sum(bins_[bin], scaled);
    }
  }

  HWY_INLINE WideValue Total() const {
    if (special_ != 0.0) return {{}, 0.0, special_};
    const size_t top = bins_[2].hi != 0.0 ? 2 : bins_[1].hi != 0.0 ? 1 : 0;
    DoubleDouble total = bins_[top];
    if (top > 0) {
      total = Sum(total,
                  {bins_[top - 1].hi * 0x1p-500, bins_[top - 1].lo * 0x1p-500});
    }
    return {total, kExponents[top], 0.0};
  }

 private:
  static constexpr double kExponents[3] = {-500.0, 0.0, 500.0};
  DoubleDouble bins_[3];
  double special_ = 0.0;
};

/// x / divisor, for a divisor around 1 to 2^60.
HWY_INLINE WideValue DivideWide(WideValue x, DoubleDouble divisor) {
  if (x.special == 0.0) x.value = Quotient(x.value, divisor);
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
    scaled.values.push_back(std::ldexp(w, -static_cast<int>(scaled.exponent)));
  }
  return scaled;
}

/// How the rows of a batch with integer labels share in its mean.
struct LabelShares {
  DoubleDouble divisor = {1.0, 0.0};  ///< in units of the weights' 2^exponent
  bool nothing = false;               ///< a mean over no weight at all
};

HWY_INLINE LabelShares SharesOf(std::span<const Label> labels,
                                Label ignore_index,
                                const ScaledWeights& weights,
                                Reduction reduction) {
  if (reduction != Reduction::kMean) return {};
  WideSum sum;
  for (const Label y : labels) {
    if (y == ignore_index) continue;
    sum.Add({{weights[static_cast<size_t>(y)], 0.0}, 0.0, 0.0});
  }
  const WideValue total = sum.Total();
  if (total.value.hi == 0.0) return {{1.0, 0.0}, true};
  return {ScaleScalar(total.value, total.exponent), false};
}

/// Writes the losses of the rows, or their sum over `divisor`.
template <class T>
class LossWriter {
 public:
  HWY_INLINE LossWriter(std::span<T> loss, Reduction reduction)
      : loss_(loss), reduction_(reduction) {}

  HWY_INLINE void Row(size_t r, WideValue x) {
    if (loss_.empty()) return;
    if (reduction_ == Reduction::kNone) {
      loss_[r] = RoundWide<T>(x);
    } else {
      sum_.Add(x);
    }
  }

  HWY_INLINE void Finish(DoubleDouble divisor, bool nothing) {
    if (loss_.empty() || reduction_ == Reduction::kNone) return;
    loss_[0] =
        nothing ? T(NAN) : RoundWide<T>(DivideWide(sum_.Total(), divisor));
  }

 private:
  std::span<T> loss_;
  Reduction reduction_;
  WideSum sum_;
};

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
