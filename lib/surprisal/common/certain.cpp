#include "surprisal/common/certain.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "surprisal/common/stages.h"

namespace surprisal::certain {
namespace {

constexpr int kFirstBits = 128;
constexpr int kMostBits = 1 << 20;

// --- Rounding ---

/// Where, as seen from an end of an interval, the number lies: infinitesimally
/// to one side of it, or there.
enum class Side { kBelow, kAt, kAbove };

/// |x| rounded to a multiple of 2^last; `side` as seen from 0 outwards.
double RoundedMagnitude(const BigFloat& x, std::int64_t last, Side side) {
  double integer = 0;
  for (std::int64_t e = x.Exponent(); e >= last; --e) {
    integer = 2 * integer + (x.Bit(e) ? 1 : 0);
  }
  const bool past_half = x.LastPlace() < last - 1 || (side == Side::kAbove);
  const bool at_half = !past_half && side == Side::kAt;
  const bool odd = x.Exponent() >= last && x.Bit(last);
  if (x.Bit(last - 1) && (past_half || (at_half && odd))) ++integer;
  return std::ldexp(integer, static_cast<int>(last));
}

/// The number beside x, rounded: what rounds to 0 keeps its sign.
double Round(ElementType type, const BigFloat& x, Side side) {
  if (x.IsZero()) return side == Side::kBelow ? -0.0 : 0.0;
  if (x.Sign() < 0) {
    const Side mirrored = side == Side::kBelow   ? Side::kAbove
                          : side == Side::kAbove ? Side::kBelow
                                                 : Side::kAt;
    return -Round(type, -x, mirrored);
  }
  const FloatFormat format = FormatOf(type);
  if (x.Exponent() > format.max_exponent) return HUGE_VAL;
  const std::int64_t binade =
      std::max<std::int64_t>(x.Exponent(), format.min_exponent);
  const double rounded =
      RoundedMagnitude(x, binade - format.precision + 1, side);
  return rounded > format.largest ? HUGE_VAL : rounded;
}

/// What every number of the open interval, or the point, rounds to.
std::optional<double> CommonRounding(ElementType type, const Interval& x) {
  if (x.IsPoint()) return Round(type, x.low, Side::kAt);
  const double low = Round(type, x.low, Side::kAbove);
  const double high = Round(type, x.high, Side::kBelow);
  const bool same = low == high && std::signbit(low) == std::signbit(high);
  return same ? std::optional(low) : std::nullopt;
}

/// num / den, rounded.
double RoundedRatio(ElementType type, const BigFloat& num,
                    const BigFloat& den) {
  return RoundTo(type, [&](int bits) {
    return Interval(num, bits) / Interval(den, bits);
  });
}

/// e^x, but no larger than e^(2^40), which is beyond every type however small
/// the factors are that it meets here.
Interval ExpOf(double x, int bits) {
  return surprisal::Exp(Interval(std::min(x, 0x1p40), bits));
}

// --- Sums of exponentials ---

struct ExpTerm {
  BigFloat exponent;
  BigFloat coefficient;
};

/// sum_k a_k e^(t_k / temperature), exactly: distinct exponents, the largest
/// first, and no coefficient of 0. Without terms it is 0, with terms it is not
/// (Lindemann and Weierstrass).
class ExpSum {
 public:
  ExpSum() = default;
  explicit ExpSum(std::vector<ExpTerm> terms) : terms_(std::move(terms)) {
    const auto is_larger = [](const ExpTerm& a, const ExpTerm& b) {
      return a.exponent > b.exponent;
    };
    std::sort(terms_.begin(), terms_.end(), is_larger);
    Merge();
  }

  bool IsZero() const { return terms_.empty(); }
  bool IsFlat() const { return terms_.size() <= 1; }
  /// The largest exponent and what it is multiplied by; not of a sum of 0.
  const BigFloat& Top() const { return terms_.front().exponent; }
  const BigFloat& TopCoefficient() const { return terms_.front().coefficient; }
  const std::vector<ExpTerm>& Terms() const { return terms_; }

  /// The coefficient of that exponent, 0 if it does not occur.
  BigFloat CoefficientOf(const BigFloat& exponent) const {
    for (const ExpTerm& term : terms_) {
      if (term.exponent == exponent) return term.coefficient;
    }
    return {};
  }

  /// All terms but the first.
  ExpSum Rest() const {
    ExpSum rest;
    rest.terms_.assign(terms_.begin() + 1, terms_.end());
    return rest;
  }

  /// The sum over e^(Top() / temperature).
  Interval OverTop(double temperature, int bits) const;

 private:
  /// Adds up the coefficients of equal exponents, which are neighbours.
  void Merge() {
    std::vector<ExpTerm> merged;
    for (ExpTerm& term : terms_) {
      if (!merged.empty() && merged.back().exponent == term.exponent) {
        merged.back().coefficient =
            merged.back().coefficient + term.coefficient;
      } else {
        DropZero(merged);
        merged.push_back(std::move(term));
      }
    }
    DropZero(merged);
    terms_ = std::move(merged);
  }

  static void DropZero(std::vector<ExpTerm>& terms) {
    if (!terms.empty() && terms.back().coefficient.IsZero()) terms.pop_back();
  }

  /// An exponent of 2 above all that the terms from any on can add up to.
  std::int64_t SizeBound() const {
    std::int64_t largest = TopCoefficient().Exponent();
    for (const ExpTerm& term : terms_) {
      largest = std::max(largest, term.coefficient.Exponent());
    }
    return largest + 1 + std::bit_width(terms_.size());
  }

  /// How many of the terms are larger than about 2^-bits times the first.
  size_t TermsThatCount(double temperature, int bits,
                        std::int64_t bound) const {
    const double nats =
        static_cast<double>(bits + 64 + bound - TopCoefficient().Exponent());
    const auto counts = [&](const ExpTerm& term) {
      const BigFloat gap = Top() - term.exponent;
      return !(gap.Approximately() / temperature > nats);
    };
    const auto end = std::partition_point(terms_.begin(), terms_.end(), counts);
    return static_cast<size_t>(end - terms_.begin());
  }

  std::vector<ExpTerm> terms_;
};

ExpSum operator*(const ExpSum& a, const BigFloat& factor) {
  std::vector<ExpTerm> terms = a.Terms();
  for (ExpTerm& term : terms) term.coefficient = term.coefficient * factor;
  return ExpSum(std::move(terms));
}

ExpSum operator*(const ExpSum& a, const ExpSum& b) {
  std::vector<ExpTerm> terms;
  for (const ExpTerm& x : a.Terms()) {
    for (const ExpTerm& y : b.Terms()) {
      terms.push_back({x.exponent + y.exponent, x.coefficient * y.coefficient});
    }
  }
  return ExpSum(std::move(terms));
}

ExpSum operator+(const ExpSum& a, const ExpSum& b) {
  std::vector<ExpTerm> terms = a.Terms();
  terms.insert(terms.end(), b.Terms().begin(), b.Terms().end());
  return ExpSum(std::move(terms));
}

ExpSum operator-(const ExpSum& a, const ExpSum& b) {
  return a + b * BigFloat(-1);
}

/// e^((to - from) / temperature).
Interval ExpOfGap(const BigFloat& from, const BigFloat& to, double temperature,
                  int bits) {
  return surprisal::Exp(Interval(to - from, bits) /
                        Interval(temperature, bits));
}

/// a_0 + e^(t_1 - t_0) (a_1 + e^(t_2 - t_1) (a_2 + ...)): every inner sum has a
/// sign of its own, which no outer term drowns. What is too small to count is
/// only bounded.
Interval ExpSum::OverTop(double temperature, int bits) const {
  const std::int64_t bound = SizeBound();
  size_t k = TermsThatCount(temperature, bits, bound);
  Interval sum(0, bits);
  if (k < terms_.size()) {
    const BigFloat size = BigFloat::PowerOfTwo(bound);
    sum =
        Interval(-size, size, bits) *
        ExpOfGap(terms_[k - 1].exponent, terms_[k].exponent, temperature, bits);
  }
  while (k-- > 0) {
    sum = Interval(terms_[k].coefficient, bits) + sum;
    if (k == 0) break;
    sum = sum * ExpOfGap(terms_[k - 1].exponent, terms_[k].exponent,
                         temperature, bits);
  }
  return sum;
}

/// num / (den divisor), where den has positive coefficients and no exponent of
/// num is above its top. The limit is what the quotient would be if den had
/// its top term alone: a rational number, to which the rest only adds.
class ExpQuotient {
 public:
  ExpQuotient(const ExpSum& num, ExpSum den, const BigFloat& divisor,
              double temperature)
      : limit_(num.CoefficientOf(den.Top())),
        rest_(num * den.TopCoefficient() - den * limit_),
        den_(std::move(den)),
        divisor_(den_.TopCoefficient() * divisor),
        temperature_(temperature) {}

  Interval operator()(int bits) const {
    const Interval divisor(divisor_, bits);
    const Interval limit = Interval(limit_, bits) / divisor;
    if (rest_.IsZero()) return limit;
    const Interval rest =
        ExpOfGap(den_.Top(), rest_.Top(), temperature_, bits) *
        rest_.OverTop(temperature_, bits);
    return limit + rest / (den_.OverTop(temperature_, bits) * divisor);
  }

 private:
  BigFloat limit_;
  ExpSum rest_;
  ExpSum den_;
  BigFloat divisor_;
  double temperature_;
};

// --- Rows of logits ---

bool IsMasked(double logit) { return logit == -HUGE_VAL; }

/// sum_c e^(logit_c) over the finite logits `counts(c)` lets in.
template <class Counts>
ExpSum SumOfRow(InRow logits, const Counts& counts) {
  std::vector<ExpTerm> terms;
  for (size_t c = 0; c < logits.classes; ++c) {
    if (counts(c) && !IsMasked(logits[c])) terms.push_back({logits[c], 1});
  }
  return ExpSum(std::move(terms));
}

ExpSum SumOfRow(InRow logits) {
  return SumOfRow(logits, [](size_t) { return true; });
}

/// coefficient e^logit; 0 for a logit of -inf.
ExpSum Exponential(double logit, const BigFloat& coefficient) {
  if (IsMasked(logit)) return {};
  return ExpSum({{logit, coefficient}});
}

BigFloat SumOf(InRow row) {
  BigFloat sum;
  for (size_t c = 0; c < row.classes; ++c) sum = sum + row[c];
  return sum;
}

/// ln of a sum with integer coefficients over e^(its top).
Interval LogOverTop(const ExpSum& sum, double temperature, int bits) {
  if (sum.TopCoefficient() != BigFloat(1)) {
    return surprisal::Log(sum.OverTop(temperature, bits));
  }
  const ExpSum rest = sum.Rest();
  if (rest.IsZero()) return {0, bits};
  return surprisal::Log1p(ExpOfGap(sum.Top(), rest.Top(), temperature, bits) *
                          rest.OverTop(temperature, bits));
}

/// C / (S^2 temperature), sums that share their top, c_0 and n_0 there. The
/// quotient may tend to a rounding boundary, so what is beside its limit is
/// taken apart, with s = S - n_0:
/// C / S^2 = c_0 / n_0^2 + (A S - (n_0 C - c_0 S) s) / (n_0 S)^2,
/// where A, n_0 C - 2 c_0 S but for its top, is of the first order.
class PullbackAtTop {
 public:
  PullbackAtTop(const ExpSum& c, const ExpSum& s, double temperature)
      : limit_(c.TopCoefficient()),
        first_((c * s.TopCoefficient() - s * (limit_ * 2)).Rest()),
        excess_(c * s.TopCoefficient() - s * limit_),
        others_(s.Rest()),
        sum_(s),
        divisor_(s.TopCoefficient() * s.TopCoefficient() * temperature),
        temperature_(temperature) {
    if (OrdersCancel()) {
      squared_.emplace(c * ExpSum({{s.Top(), 1}}), s * s, temperature,
                       temperature);
    }
  }

  Interval operator()(int bits) const {
    if (squared_) return (*squared_)(bits);
    const Interval divisor(divisor_, bits);
    const Interval limit = Interval(limit_, bits) / divisor;
    if (others_.IsZero()) return limit;
    const Interval sum = sum_.OverTop(temperature_, bits);
    return limit + Rest(sum, bits) / (sum * sum * divisor);
  }

 private:
  bool HasFirst() const { return !first_.IsZero(); }
  bool HasSecond() const { return !excess_.IsZero() && !others_.IsZero(); }
  BigFloat FirstTop() const { return first_.Top() + sum_.Top(); }
  BigFloat SecondTop() const { return excess_.Top() + others_.Top(); }

  /// Whether the largest terms of both orders add up to 0: then only the square
  /// of S, which has a term for every pair of its own, shows what is left.
  bool OrdersCancel() const {
    return HasFirst() && HasSecond() && FirstTop() == SecondTop() &&
           first_.TopCoefficient() * sum_.TopCoefficient() ==
               excess_.TopCoefficient() * others_.TopCoefficient();
  }

  /// A S - (n_0 C - c_0 S) s, the larger order first.
  Interval Rest(const Interval& sum, int bits) const {
    const BigFloat origin = sum_.Top() + sum_.Top();
    const bool first_leads =
        HasFirst() && (!HasSecond() || FirstTop() >= SecondTop());
    const BigFloat lead = first_leads ? FirstTop() : SecondTop();
    Interval rest(0, bits);
    if (HasFirst()) {
      rest = ExpOfGap(lead, FirstTop(), temperature_, bits) *
             first_.OverTop(temperature_, bits) * sum;
    }
    if (HasSecond()) {
      rest = rest - ExpOfGap(lead, SecondTop(), temperature_, bits) *
                        excess_.OverTop(temperature_, bits) *
                        others_.OverTop(temperature_, bits);
    }
    return ExpOfGap(origin, lead, temperature_, bits) * rest;
  }

  BigFloat limit_;
  ExpSum first_;
  ExpSum excess_;
  ExpSum others_;
  ExpSum sum_;
  BigFloat divisor_;
  double temperature_;
  std::optional<ExpQuotient> squared_;
};

/// e^(logit / temperature) C / (S^2 temperature), rounded: what a softmax hands
/// down, C being sum_k (g - g_k) e^(t_k).
double RoundedPullback(ElementType type, double logit, const ExpSum& c,
                       const ExpSum& s, double temperature) {
  if (c.IsZero()) return 0;
  if (c.Top() == s.Top() && BigFloat(logit) == s.Top()) {
    return RoundTo(type, PullbackAtTop(c, s, temperature));
  }
  return RoundTo(type, [&](int bits) {
    const Interval sum = s.OverTop(temperature, bits);
    return ExpOfGap(s.Top() + s.Top(), c.Top() + logit, temperature, bits) *
           c.OverTop(temperature, bits) /
           (sum * sum * Interval(temperature, bits));
  });
}

/// sum_k coefficient(k) e^(logit_k) over the finite logits.
template <class Coefficient>
ExpSum WeightedSumOfRow(InRow logits, const Coefficient& coefficient) {
  std::vector<ExpTerm> terms;
  for (size_t k = 0; k < logits.classes; ++k) {
    if (!IsMasked(logits[k])) terms.push_back({logits[k], coefficient(k)});
  }
  return ExpSum(std::move(terms));
}

// --- Sums of logarithms ---

/// sum_i a_i ln x_i of distinct positive x_i, exactly.
class LogSum {
 public:
  void Add(const BigFloat& coefficient, double x) {
    BigFloat& sum = terms_[x];
    sum = sum + coefficient;
  }

  Interval Enclosed(int bits) const {
    Interval sum(0, bits);
    for (const auto& [x, coefficient] : terms_) {
      if (coefficient.IsZero()) continue;
      sum =
          sum + Interval(coefficient, bits) * surprisal::Log(Interval(x, bits));
    }
    return sum;
  }

  /// Whether the product of all x_i^a_i is 1, in a base of coprime factors.
  bool IsZero() const {
    std::vector<Power> powers;
    std::vector<std::uint64_t> odd_parts;
    BigFloat twos;
    for (const auto& [x, coefficient] : terms_) {
      const std::int64_t last = BigFloat(x).LastPlace();
      const double odd = BigFloat(x).Scaled(-last).Approximately();
      twos = twos + coefficient * static_cast<double>(last);
      powers.push_back({static_cast<std::uint64_t>(odd), coefficient});
      odd_parts.push_back(powers.back().base);
    }
    if (!twos.IsZero()) return false;
    const std::vector<std::uint64_t> base = CoprimeBase(std::move(odd_parts));
    return std::all_of(base.begin(), base.end(), [&](std::uint64_t factor) {
      return ExponentOf(factor, powers).IsZero();
    });
  }

 private:
  struct Power {
    std::uint64_t base;  ///< odd
    BigFloat exponent;
  };

  /// How often `factor`, of a coprime base, occurs in the product.
  static BigFloat ExponentOf(std::uint64_t factor,
                             const std::vector<Power>& powers) {
    BigFloat sum;
    for (const Power& power : powers) {
      for (std::uint64_t n = power.base; n % factor == 0; n /= factor) {
        sum = sum + power.exponent;
      }
    }
    return sum;
  }

  /// Pairwise coprime numbers above 1 of which all the given are products.
  static std::vector<std::uint64_t> CoprimeBase(
      std::vector<std::uint64_t> waiting) {
    std::vector<std::uint64_t> base;
    while (!waiting.empty()) {
      const std::uint64_t next = waiting.back();
      waiting.pop_back();
      const auto found = std::find_if(
          base.begin(), base.end(),
          [next](std::uint64_t b) { return std::gcd(b, next) > 1; });
      if (found == base.end()) {
        if (next != 1) base.push_back(next);
      } else if (*found != next) {
        const std::uint64_t other = std::exchange(*found, base.back());
        base.pop_back();
        const std::uint64_t common = std::gcd(other, next);
        waiting.insert(waiting.end(), {other / common, next / common, common});
      }
    }
    return base;
  }

  std::map<double, BigFloat> terms_;
};

/// The sum, rounded: 0, or transcendental.
double RoundedLogSum(ElementType type, const LogSum& sum) {
  if (sum.Enclosed(kFirstBits).MayBeZero() && sum.IsZero()) return 0;
  return RoundTo(type, [&](int bits) { return sum.Enclosed(bits); });
}

}  // namespace

double RoundTo(ElementType type,
               const std::function<Interval(int bits)>& enclose) {
  ++Stages().last;
  for (int bits = kFirstBits; bits <= kMostBits; bits *= 2) {
    if (const auto rounded = CommonRounding(type, enclose(bits))) {
      return *rounded;
    }
  }
  throw std::runtime_error(
      "2^20 bits do not decide how a result is rounded to " +
      std::string(NameOf(type)));
}

// --- Elementwise functions ---

double Exp(ElementType type, double x) { return ExpVjp(type, x, 1); }

double ExpVjp(ElementType type, double x, double upstream) {
  return RoundTo(type, [=](int bits) {
    return Interval(upstream, bits) * ExpOf(x, bits);
  });
}

double Expm1(ElementType type, double x) {
  if (x == 0) return x;
  return RoundTo(type, [=](int bits) {
    return surprisal::Expm1(Interval(std::min(x, 0x1p40), bits));
  });
}

double Expm1Vjp(ElementType type, double x, double upstream) {
  return ExpVjp(type, x, upstream);
}

double Log(ElementType type, double x) {
  return RoundTo(type,
                 [=](int bits) { return surprisal::Log(Interval(x, bits)); });
}

double LogVjp(ElementType type, double x, double upstream) {
  return RoundedRatio(type, upstream, x);
}

double Log1p(ElementType type, double x) {
  if (x == 0) return x;
  return RoundTo(type,
                 [=](int bits) { return surprisal::Log1p(Interval(x, bits)); });
}

double Log1pVjp(ElementType type, double x, double upstream) {
  return RoundedRatio(type, upstream, BigFloat(1) + x);
}

double Sigmoid(ElementType type, double x) { return SoftplusVjp(type, x, 1); }

double SigmoidVjp(ElementType type, double x, double upstream) {
  return RoundTo(type, [=](int bits) {
    const Interval e = ExpOf(-std::fabs(x), bits);
    const Interval sum = Interval(1, bits) + e;
    return Interval(upstream, bits) * e / (sum * sum);
  });
}

double Softplus(ElementType type, double x) {
  return RoundTo(type, [=](int bits) {
    return Interval(std::max(x, 0.0), bits) +
           surprisal::Log1p(ExpOf(-std::fabs(x), bits));
  });
}

double SoftplusVjp(ElementType type, double x, double upstream) {
  return RoundTo(type, [=](int bits) {
    const Interval e = ExpOf(-std::fabs(x), bits);
    const Interval g(upstream, bits);
    return (x < 0 ? g * e : g) / (Interval(1, bits) + e);
  });
}

double LogSigmoid(ElementType type, double x) { return -Softplus(type, -x); }

double LogSigmoidVjp(ElementType type, double x, double upstream) {
  return SoftplusVjp(type, -x, upstream);
}

// --- Rows of logits ---

double Softmax(ElementType type, InRow logits, double temperature, size_t c) {
  return RoundTo(type, ExpQuotient(Exponential(logits[c], 1), SumOfRow(logits),
                                   1, temperature));
}

double MaskedSoftmax(ElementType type, InRow logits,
                     StridedRow<const std::uint8_t> mask, double temperature,
                     size_t c) {
  if (mask[c] == 0) return 0;
  const ExpSum sum =
      SumOfRow(logits, [&mask](size_t k) { return mask[k] != 0; });
  return RoundTo(type,
                 ExpQuotient(Exponential(logits[c], 1), sum, 1, temperature));
}

double SoftmaxVjp(ElementType type, InRow logits, InRow upstream,
                  double temperature, size_t c) {
  if (IsMasked(logits[c])) return 0;
  const BigFloat own = upstream[c];
  const ExpSum sum = WeightedSumOfRow(
      logits, [&](size_t k) { return own - BigFloat(upstream[k]); });
  return RoundedPullback(type, logits[c], sum, SumOfRow(logits), temperature);
}

double LogSoftmax(ElementType type, InRow logits, double temperature,
                  size_t c) {
  const ExpSum sum = SumOfRow(logits);
  const BigFloat behind = logits[c] - sum.Top();
  return RoundTo(type, [&](int bits) {
    return Interval(behind, bits) / Interval(temperature, bits) -
           LogOverTop(sum, temperature, bits);
  });
}

double LogSoftmaxVjp(ElementType type, InRow logits, InRow upstream,
                     double temperature, size_t c) {
  const ExpSum sum = SumOfRow(logits);
  const ExpSum d =
      sum * BigFloat(upstream[c]) - Exponential(logits[c], SumOf(upstream));
  return RoundTo(type, ExpQuotient(d, sum, temperature, temperature));
}

double LogSumExp(ElementType type, InRow logits) {
  const ExpSum sum = SumOfRow(logits);
  return RoundTo(type, [&](int bits) {
    return Interval(sum.Top(), bits) + LogOverTop(sum, 1, bits);
  });
}

double LogSumExpGradient(ElementType type, InRow logits, double upstream,
                         size_t c) {
  return RoundTo(type, ExpQuotient(Exponential(logits[c], upstream),
                                   SumOfRow(logits), 1, 1));
}

double EntropyOfLogits(ElementType type, InRow logits) {
  const ExpSum sum = SumOfRow(logits);
  const ExpQuotient behind(
      WeightedSumOfRow(logits, [&](size_t k) { return sum.Top() - logits[k]; }),
      sum, 1, 1);
  return RoundTo(
      type, [&](int bits) { return LogOverTop(sum, 1, bits) + behind(bits); });
}

double EntropyOfLogitsGradient(ElementType type, InRow logits, double upstream,
                               size_t c) {
  if (IsMasked(logits[c])) return 0;
  const ExpSum sum = WeightedSumOfRow(logits, [&](size_t k) {
    return (BigFloat(logits[k]) - logits[c]) * upstream;
  });
  return RoundedPullback(type, logits[c], sum, SumOfRow(logits), 1);
}

// --- Probabilities ---

double Entropy(ElementType type, InRow probs) {
  return CrossEntropyFromProbs(type, probs, probs);
}

double EntropyGradient(ElementType type, double p, double upstream) {
  return KlDivergenceGradientP(type, p, 1, -upstream);
}

double CrossEntropyFromProbs(ElementType type, InRow p, InRow q) {
  LogSum sum;
  for (size_t c = 0; c < p.classes; ++c) {
    if (p[c] != 0) sum.Add(-p[c], q[c]);
  }
  return RoundedLogSum(type, sum);
}

double CrossEntropyFromProbsGradientP(ElementType type, double q,
                                      double upstream) {
  return RoundTo(type, [=](int bits) {
    return Interval(-upstream, bits) * surprisal::Log(Interval(q, bits));
  });
}

double CrossEntropyFromProbsGradientQ(ElementType type, double p, double q,
                                      double upstream) {
  if (p == 0) return 0;
  return RoundedRatio(type, BigFloat(-upstream) * p, q);
}

double CrossEntropyFromLogProbs(ElementType type, InRow p, InRow log_q) {
  BigFloat sum;
  for (size_t c = 0; c < p.classes; ++c) {
    if (p[c] != 0) sum = sum - BigFloat(p[c]) * log_q[c];
  }
  return RoundedRatio(type, sum, 1);
}

double KlDivergence(ElementType type, InRow p, InRow q) {
  LogSum sum;
  for (size_t c = 0; c < p.classes; ++c) {
    if (p[c] == 0) continue;
    sum.Add(p[c], p[c]);
    sum.Add(-p[c], q[c]);
  }
  return RoundedLogSum(type, sum);
}

double KlDivergenceGradientP(ElementType type, double p, double q,
                             double upstream) {
  return RoundTo(type, [=](int bits) {
    const Interval ratio = Interval(p, bits) / Interval(q, bits);
    return Interval(upstream, bits) *
           (Interval(1, bits) + surprisal::Log(ratio));
  });
}

double KlDivergenceGradientQ(ElementType type, double p, double q,
                             double upstream) {
  return CrossEntropyFromProbsGradientQ(type, p, q, upstream);
}

double KlDivergenceFromLogProbs(ElementType type, InRow log_p, InRow log_q) {
  const ExpSum sum = WeightedSumOfRow(
      log_p, [&](size_t c) { return BigFloat(log_p[c]) - log_q[c]; });
  if (sum.IsZero() || sum.Top().Sign() <= 0) {
    // The coefficient of e^0, if there is one, is what the sum tends to
    return RoundTo(type, ExpQuotient(sum, Exponential(0, 1), 1, 1));
  }
  const double top = sum.Top().Approximately();
  return RoundTo(
      type, [&](int bits) { return ExpOf(top, bits) * sum.OverTop(1, bits); });
}

double KlDivergenceFromLogProbsGradientP(ElementType type, double log_p,
                                         double log_q, double upstream) {
  if (IsMasked(log_p)) return 0;
  const BigFloat slope = (BigFloat(1) + log_p - log_q) * upstream;
  return RoundTo(type, [&](int bits) {
    return Interval(slope, bits) * ExpOf(log_p, bits);
  });
}

double KlDivergenceFromLogProbsGradientQ(ElementType type, double log_p,
                                         double upstream) {
  if (IsMasked(log_p)) return 0;
  return ExpVjp(type, log_p, -upstream);
}

namespace {

// --- Losses of labels ---

BigFloat WeightOf(std::span<const double> weights, size_t c) {
  return weights.empty() ? BigFloat(1) : BigFloat(weights[c]);
}

/// The sum of the labels' weights over the rows that count.
template <class Case>
BigFloat LabelWeight(const Case& args) {
  BigFloat sum;
  for (const Label label : args.labels) {
    if (label == args.ignore_index) continue;
    sum = sum + WeightOf(args.class_weights, static_cast<size_t>(label));
  }
  return sum;
}

/// K times the target of every class, K their number: no division is needed.
std::vector<BigFloat> ScaledTargets(const CrossEntropyCase& args, size_t row) {
  const size_t classes = args.logits.classes;
  const auto count = static_cast<double>(classes);
  const BigFloat kept = (BigFloat(1) - args.label_smoothing) * count;
  std::vector<BigFloat> targets(classes);
  for (size_t c = 0; c < classes; ++c) {
    const double target = args.targets.data != nullptr ? args.targets[row][c]
                          : args.labels[row] == static_cast<Label>(c) ? 1
                                                                      : 0;
    targets[c] = WeightOf(args.class_weights, c) *
                 (kept * target + args.label_smoothing);
  }
  return targets;
}

/// What a row of cross-entropy adds to a loss times K: `behind` + `total` ln S,
/// or infinity.
struct RowTerms {
  BigFloat behind;  ///< sum_c t_c (largest logit - logit_c)
  BigFloat total;   ///< sum_c t_c
  ExpSum sum;
  bool infinite = false;

  RowTerms(const CrossEntropyCase& args, size_t row)
      : sum(SumOfRow(args.logits[row])) {
    const std::vector<BigFloat> targets = ScaledTargets(args, row);
    const InRow logits = args.logits[row];
    for (size_t c = 0; c < logits.classes; ++c) {
      if (targets[c].IsZero()) continue;
      if (IsMasked(logits[c])) {
        infinite = true;
        continue;
      }
      total = total + targets[c];
      behind = behind + targets[c] * (sum.Top() - logits[c]);
    }
  }
};

/// The sum of the rows' losses, over K times `divisor`.
double LossOfRows(ElementType type, const std::vector<RowTerms>& rows,
                  const BigFloat& divisor) {
  BigFloat behind;
  for (const RowTerms& row : rows) {
    if (row.infinite) return HUGE_VAL;
    behind = behind + row.behind;
  }
  return RoundTo(type, [&](int bits) {
    Interval logs(0, bits);
    for (const RowTerms& row : rows) {
      logs = logs + Interval(row.total, bits) * LogOverTop(row.sum, 1, bits);
    }
    return (Interval(behind, bits) + logs) / Interval(divisor, bits);
  });
}

BigFloat Integer(size_t n) { return {static_cast<double>(n)}; }

/// What the reduction divides by.
BigFloat Divisor(const CrossEntropyCase& args) {
  if (args.reduction != Reduction::kMean) return {1};
  return args.targets.data != nullptr ? Integer(args.logits.rows)
                                      : LabelWeight(args);
}
BigFloat Divisor(const NllCase& args) {
  return args.reduction == Reduction::kMean ? LabelWeight(args) : BigFloat(1);
}
BigFloat Divisor(const BinaryCrossEntropyCase& args) {
  return args.reduction == Reduction::kMean
             ? Integer(args.inputs.rows) * Integer(args.inputs.classes)
             : BigFloat(1);
}

template <class Case>
bool IsIgnored(const Case& args, size_t row) {
  return !args.labels.empty() && args.labels[row] == args.ignore_index;
}

BigFloat LossOfRow(const NllCase& args, size_t row) {
  const auto label = static_cast<size_t>(args.labels[row]);
  const BigFloat weight = WeightOf(args.class_weights, label);
  if (weight.IsZero()) return {};
  return -weight * args.log_probs[row][label];
}

}  // namespace

double RowLoss(ElementType type, const CrossEntropyCase& args, size_t row) {
  return LossOfRows(type, {RowTerms(args, row)}, Integer(args.logits.classes));
}

double ReducedLoss(ElementType type, const CrossEntropyCase& args) {
  std::vector<RowTerms> rows;
  for (size_t r = 0; r < args.logits.rows; ++r) {
    if (!IsIgnored(args, r)) rows.emplace_back(args, r);
  }
  return LossOfRows(type, rows, Divisor(args) * Integer(args.logits.classes));
}

double LossGradient(ElementType type, const CrossEntropyCase& args, size_t row,
                    size_t c) {
  const std::vector<BigFloat> targets = ScaledTargets(args, row);
  BigFloat total;
  for (const BigFloat& target : targets) total = total + target;
  const ExpSum sum = SumOfRow(args.logits[row]);
  const ExpSum d = Exponential(args.logits[row][c], total) - sum * targets[c];
  const BigFloat divisor = Divisor(args) * Integer(args.logits.classes);
  return RoundTo(type, ExpQuotient(d, sum, divisor, 1));
}

double RowLoss(ElementType type, const NllCase& args, size_t row) {
  return RoundedRatio(type, LossOfRow(args, row), 1);
}

double ReducedLoss(ElementType type, const NllCase& args) {
  BigFloat sum;
  for (size_t r = 0; r < args.log_probs.rows; ++r) {
    if (!IsIgnored(args, r)) sum = sum + LossOfRow(args, r);
  }
  return RoundedRatio(type, sum, Divisor(args));
}

double LossGradient(ElementType type, const NllCase& args, size_t row,
                    size_t c) {
  if (args.labels[row] != static_cast<Label>(c)) return 0;
  return RoundedRatio(type, -WeightOf(args.class_weights, c), Divisor(args));
}

namespace {

// --- Binary cross-entropy ---

/// How much the positive and the negative case of one element count.
struct BinaryShares {
  BigFloat positive;  ///< w t
  BigFloat negative;  ///< 1 - t

  BinaryShares(const BinaryCrossEntropyCase& args, size_t row, size_t c) {
    const double target = args.targets[row][c];
    positive =
        WeightOf(args.pos_weight, args.pos_weight.size() == 1 ? 0 : c) * target;
    negative = BigFloat(1) - target;
  }
};

/// What one element adds to the loss: exact + sum of coefficient * log(of).
struct BinaryTerms {
  BigFloat exact;
  std::function<Interval(int bits)> logs;
};

/// w t ln(1 + e^-x) + (1 - t) ln(1 + e^x): with ln(1 + e^-|x|) both times, and
/// |x| beside it once.
BinaryTerms TermsOfLogit(double x, const BinaryShares& shares) {
  if (std::isinf(x)) return {0, [](int bits) { return Interval(0, bits); }};
  const BigFloat total = shares.positive + shares.negative;
  return {x < 0 ? shares.positive * -x : shares.negative * x,
          [total, x](int bits) {
            return Interval(total, bits) *
                   surprisal::Log1p(ExpOf(-std::fabs(x), bits));
          }};
}

/// -w t ln p - (1 - t) ln(1 - p); no share of an infinite logarithm is 0.
BinaryTerms TermsOfProb(double p, const BinaryShares& shares) {
  return {0, [p, shares](int bits) {
            Interval sum(0, bits);
            if (!shares.positive.IsZero()) {
              sum = sum - Interval(shares.positive, bits) *
                              surprisal::Log(Interval(p, bits));
            }
            if (!shares.negative.IsZero()) {
              sum = sum - Interval(shares.negative, bits) *
                              surprisal::Log1p(Interval(-p, bits));
            }
            return sum;
          }};
}

BinaryTerms TermsOf(const BinaryCrossEntropyCase& args, size_t row, size_t c) {
  const BinaryShares shares(args, row, c);
  const double x = args.inputs[row][c];
  return args.from_probs ? TermsOfProb(x, shares) : TermsOfLogit(x, shares);
}

double LossOfElements(ElementType type, const std::vector<BinaryTerms>& terms,
                      const BigFloat& divisor) {
  BigFloat exact;
  for (const BinaryTerms& term : terms) exact = exact + term.exact;
  return RoundTo(type, [&](int bits) {
    Interval logs(0, bits);
    for (const BinaryTerms& term : terms) logs = logs + term.logs(bits);
    return (Interval(exact, bits) + logs) / Interval(divisor, bits);
  });
}

/// ((1 - t) e^x - w t) / (1 + e^x).
double GradientOfLogit(ElementType type, double x, const BinaryShares& shares,
                       const BigFloat& divisor) {
  if (std::isinf(x)) {
    return RoundedRatio(type, x > 0 ? shares.negative : -shares.positive,
                        divisor);
  }
  const ExpSum num({{x, shares.negative}, {0, -shares.positive}});
  const ExpSum den({{x, 1}, {0, 1}});
  return RoundTo(type, ExpQuotient(num, den, divisor, 1));
}

/// (1 - t) / (1 - p) - w t / p as one quotient; a term whose numerator is 0 is
/// left out.
double GradientOfProb(ElementType type, double p, const BinaryShares& shares,
                      const BigFloat& divisor) {
  const BigFloat q = BigFloat(1) - p;
  if (shares.positive.IsZero() && shares.negative.IsZero()) return 0;
  if (shares.positive.IsZero()) {
    return RoundedRatio(type, shares.negative, q * divisor);
  }
  if (shares.negative.IsZero()) {
    return RoundedRatio(type, -shares.positive, divisor * p);
  }
  return RoundedRatio(type, shares.negative * p - shares.positive * q,
                      q * divisor * p);
}

}  // namespace

double ElementLoss(ElementType type, const BinaryCrossEntropyCase& args,
                   size_t row, size_t c) {
  return LossOfElements(type, {TermsOf(args, row, c)}, 1);
}

double ReducedLoss(ElementType type, const BinaryCrossEntropyCase& args) {
  std::vector<BinaryTerms> terms;
  for (size_t r = 0; r < args.inputs.rows; ++r) {
    for (size_t c = 0; c < args.inputs.classes; ++c) {
      terms.push_back(TermsOf(args, r, c));
    }
  }
  return LossOfElements(type, terms, Divisor(args));
}

double LossGradient(ElementType type, const BinaryCrossEntropyCase& args,
                    size_t row, size_t c) {
  const BinaryShares shares(args, row, c);
  const double x = args.inputs[row][c];
  return args.from_probs ? GradientOfProb(type, x, shares, Divisor(args))
                         : GradientOfLogit(type, x, shares, Divisor(args));
}

}  // namespace surprisal::certain
