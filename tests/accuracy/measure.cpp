#include "accuracy/measure.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "accuracy/with_type.h"
#include "hwy/targets.h"
#include "oracle/filtered.h"

namespace surprisal::accuracy {
namespace {

/// Results are further from a tie than that, or it is said to be one: below it
/// an Exact, of 335 bits, cannot tell.
constexpr double kTie = 0x1p-300;

/// What is smaller may be a sum that is exactly 0, by its 100 digits.
constexpr double kNothing = 1e-85;

/// How many of the hardest random rows have their neighbours tried, and how
/// many neighbours each.
constexpr size_t kHardest = 32;
constexpr uint64_t kNeighbours = 48;

/// A row's results in 100 digits, and rounded, computed only if asked for.
class ExactRow {
 public:
  ExactRow(const Quantity& quantity, const RowInput& input)
      : one_class_(quantity.one_class),
        oracles_(quantity.oracles),
        input_(input) {}

  const Exact& operator[](size_t place) {
    if (exact_.empty()) exact_ = oracles_.exact(input_);
    return exact_[place];
  }

  /// What looks like a tie is looked at in 500 digits: e^-300 may break it, or
  /// the 100 digits of 1/3 may have made it look broken. What is a tie by 500
  /// digits is one. (Functions of one number have no thirds, but tails such as
  /// e^-(2^39), which their oracles keep in any number of digits.)
  template <class R>
  R Rounded(size_t place) {
    const Exact& value = (*this)[place];
    if (one_class_ || !isfinite(value) || UlpsFromMidpoint<R>(value) >= kTie) {
      return RoundTo<R>(value);
    }
    if (wide_.empty()) wide_ = oracles_.wide(input_);
    const InUlps count = CountUlps<R>(value);
    const Exact size = ldexp(Exact(floor(count.units) + 0.5), count.exponent);
    const Exact tie = value < 0 ? Exact(-size) : size;
    const Wide beside = wide_[place] - Wide(tie);
    const Exact little = ldexp(size, -300);
    if (fabs(beside) < ldexp(Wide(size), -1600)) return RoundTo<R>(tie);
    return RoundTo<R>(beside < 0 ? Exact(tie - little) : Exact(tie + little));
  }

 private:
  bool one_class_;
  const Oracles& oracles_;
  const RowInput& input_;
  std::vector<Exact> exact_;
  std::vector<Wide> wide_;
};

/// How far the value is from where its rounding to R changes, in ulp; 0.5 for
/// what has no such distance.
template <class R>
double FromMidpoint(long double value) {
  if (value == 0 || !std::isfinite(value)) return 0.5;
  int exponent = 0;
  const long double magnitude = std::frexp(std::fabs(value), &exponent);
  if (exponent > Format<R>::kMaxExponent) return 0.5;
  const int lost = std::max(Format<R>::kMinExponent - exponent, 0);
  const long double units = std::ldexp(magnitude, Format<R>::kPrecision - lost);
  return static_cast<double>(std::fabs(units - std::floor(units) - 0.5L));
}

/// How much an error of `approx` is in these ulp, or more.
template <class R>
double ErrorInUlps(Approx approx) {
  const long double relative = approx.error / std::fabs(approx.value);
  return static_cast<double>(2 * std::ldexp(relative, Format<R>::kPrecision));
}

/// Judges results of type R.
template <class R>
class Judge {
 public:
  static constexpr bool kIsDouble = std::is_same_v<R, double>;

  Judge(const Quantity& quantity, ElementType type,
        const std::vector<int64_t>& targets, const RunFn& run)
      : quantity_(quantity), type_(type), targets_(targets), run_(run) {
    findings_.differences.assign(targets.size(), 0);
    findings_.worst.assign(targets.size(), Found{.ulp = -1});
  }

  const Findings& Result() const { return findings_; }

  /// The hardest results of the rows measured so far.
  const std::vector<Found>& Hardest() const { return hardest_; }

  /// Every result of the batch, or a single one.
  void Take(const Source& source, std::optional<size_t> row = {},
            std::optional<size_t> place = {}) {
    TakeFrom(Make(quantity_, type_, source), source, row, place);
  }

  /// The same where the batch has been made already.
  void TakeFrom(const Batch& batch, const Source& source,
                std::optional<size_t> row = {},
                std::optional<size_t> place = {}) {
    got_.clear();
    for (const int64_t target : targets_) {
      hwy::SetSupportedTargetsForTest(target);
      got_.push_back(run_(quantity_, type_, batch));
    }
    for (size_t r = 0; r < batch.rows; ++r) {
      if (row && r != *row) continue;
      Source of_row = source;
      if (source.family != Source::kNear) of_row.row = r;
      TakeRow(of_row, r, RowOf(batch, r), place);
    }
  }

  /// What is told of the hardest results, from 100 digits.
  void Sharpen() {
    for (Found& found : findings_.worst) {
      if (found.ulp < 0) continue;
      found.ulp = UlpError(Format<R>::Narrow(found.result), ExactOf(found));
    }
    Found& nearest = findings_.nearest;
    if (nearest.ulp < 0.5) {
      nearest.ulp = UlpsFromMidpoint<R>(ExactOf(nearest));
    }
  }

 private:
  Exact ExactOf(const Found& found) const {
    const Batch batch = Make(quantity_, type_, found.source);
    const bool near = found.source.family == Source::kNear;
    const RowInput input = RowOf(batch, near ? 0 : found.source.row);
    return quantity_.oracles.exact(input)[found.place];
  }

  void TakeRow(const Source& source, size_t row, const RowInput& input,
               std::optional<size_t> only) {
    approx_.clear();
    quantity_.approx(input, scratch_, approx_);
    ExactRow exact(quantity_, input);
    const size_t begin = row * approx_.size();
    for (size_t i = 0; i < approx_.size(); ++i) {
      if (only && i != *only) continue;
      ++findings_.results;
      at_ = {.ulp = 0.5, .source = source, .place = i};
      if constexpr (kIsDouble) {
        TakeDouble(begin + i, approx_[i], exact, input);
      } else {
        TakeNarrow(begin + i, approx_[i], exact, input);
      }
    }
  }

  void TakeDouble(size_t index, Approx approx, ExactRow& exact,
                  const RowInput& input) {
    for (size_t t = 0; t < targets_.size(); ++t) {
      Found& worst = findings_.worst[t];
      const double limit = std::max(worst.ulp, 0.52);
      FilterCount count;
      const double ulp = UlpErrorFiltered(
          got_[t][index], approx, [&] { return exact[at_.place]; }, limit,
          &count);
      findings_.escalated += count.escalated;
      if (!(ulp > worst.ulp)) continue;
      worst = at_;
      worst.ulp = ulp;
      Fill(worst, got_[t][index], input);
    }
  }

  void TakeNarrow(size_t index, Approx approx, ExactRow& exact,
                  const RowInput& input) {
    const std::optional<R> certain = CertainRounding<R>(approx);
    const R want = certain ? *certain : exact.template Rounded<R>(at_.place);
    const double wide = Format<R>::Widen(want);
    for (size_t t = 0; t < targets_.size(); ++t) {
      const double got = got_[t][index];
      if (Same(got, wide)) continue;
      if (got != 0 || wide != 0) {
        Differ(t, got, wide, input);
      } else if (fabs(exact[at_.place]) > kNothing) {
        ++findings_.zero_signs;
      }
    }
    if (!certain) ++findings_.escalated;
    Distance(approx, !certain, exact);
    if (at_.ulp >= Threshold()) return;
    Fill(at_, wide, input);
    if (at_.ulp < findings_.nearest.ulp) findings_.nearest = at_;
    Remember();
  }

  void Differ(size_t target, double got, double want, const RowInput& input) {
    if (++findings_.differences[target] > 3) return;
    std::string text = fmt::format(
        "{}: {}: got {:a}, want {:a}, label {}, upstream {:a}, row",
        hwy::TargetName(targets_[target]), Text(at_.source, at_.place), got,
        want, input.label, input.upstream);
    for (const auto& values : {input.first, input.second}) {
      for (size_t c = 0; c < std::min<size_t>(values.size(), 8); ++c) {
        text += fmt::format(" {:a}", values[c]);
      }
      text += ";";
    }
    findings_.examples.push_back(text);
  }

  /// NaN is NaN; zeros have signs.
  static bool Same(double got, double want) {
    if (std::isnan(want)) return std::isnan(got);
    return got == want && std::signbit(got) == std::signbit(want);
  }

  /// Sets at_.ulp, from 100 digits where it may be among the smallest.
  void Distance(Approx approx, bool open, ExactRow& exact) {
    const double roughly = FromMidpoint<R>(approx.value);
    const double unsure = ErrorInUlps<R>(approx);
    if (!open && roughly - unsure >= Threshold()) return;
    if (!open && unsure < roughly * 0x1p-10) {
      at_.ulp = roughly;
      return;
    }
    const Exact& value = exact[at_.place];
    if (!isfinite(value) || value == 0) return;
    at_.ulp = UlpsFromMidpoint<R>(value);
    if (at_.ulp >= kTie) return;
    ++findings_.ties;
    at_.ulp = 0.5;
  }

  double Threshold() const {
    return hardest_.size() < kHardest ? 0.5 : hardest_.back().ulp;
  }

  /// Keeps the hardest in order.
  void Remember() {
    const auto place = std::upper_bound(
        hardest_.begin(), hardest_.end(), at_,
        [](const Found& a, const Found& b) { return a.ulp < b.ulp; });
    hardest_.insert(place, at_);
    if (hardest_.size() > kHardest) hardest_.pop_back();
  }

  static void Fill(Found& found, double result, const RowInput& input) {
    found.result = result;
    found.first.assign(input.first.begin(), input.first.end());
    found.second.assign(input.second.begin(), input.second.end());
  }

  const Quantity& quantity_;
  ElementType type_;
  std::vector<int64_t> targets_;
  RunFn run_;
  Findings findings_;
  std::vector<Found> hardest_;
  std::vector<std::vector<double>> got_;  // per target
  std::vector<Approx> approx_;
  Scratch scratch_;
  Found at_ = {.ulp = 0.5};
};

template <class R>
Findings MeasureAs(const Quantity& quantity, ElementType type,
                   const std::vector<int64_t>& targets, const Extent& extent,
                   const RunFn& run) {
  Judge<R> judge(quantity, type, targets, run);
  for (uint64_t i = 0; judge.Result().results < extent.results; ++i) {
    judge.Take({.family = Source::kRandom, .number = i});
  }
  // Only random rows have been kept so far: look around the hardest of them
  const std::vector<Found> hardest = judge.Hardest();
  for (const Found& found : hardest) {
    const Recipe recipe = quantity.For(type);
    const Batch batch = RandomBatch(recipe, found.source.number);
    for (uint64_t step = 0; step < kNeighbours; ++step) {
      Source source = found.source;
      source.family = Source::kNear;
      source.step = step;
      judge.TakeFrom(Neighbour(batch, source.row, step, recipe), source);
    }
  }
  for (uint64_t i = 0; i < kSpecialBatches; ++i) {
    judge.Take({.family = Source::kSpecial, .number = i});
  }
  for (uint64_t i = 0; quantity.build != nullptr && i < extent.built; ++i) {
    judge.Take({.family = Source::kBuilt, .number = i});
  }
  judge.Sharpen();
  hwy::SetSupportedTargetsForTest(0);
  return judge.Result();
}

template <class R>
Findings RemeasureAs(const Quantity& quantity, ElementType type,
                     const std::vector<int64_t>& targets, const Source& source,
                     size_t place, const RunFn& run) {
  Judge<R> judge(quantity, type, targets, run);
  const size_t row = source.family == Source::kNear ? 0 : source.row;
  judge.Take(source, row, place);
  judge.Sharpen();
  hwy::SetSupportedTargetsForTest(0);
  return judge.Result();
}

/// Adds what a batch takes.
void Count(const Quantity& quantity, ElementType type, const Batch& batch,
           Taken& taken) {
  Stages() = {};
  taken.results += Run(quantity, type, batch).size();
  taken.stages.full += Stages().full;
  taken.stages.last += Stages().last;
}

}  // namespace

std::string Text(const Source& source, size_t place) {
  static constexpr const char* kNames[] = {"random", "special", "built",
                                           "near"};
  std::string text = fmt::format("{} {}.{}.{}", kNames[source.family],
                                 source.number, source.row, place);
  if (source.family == Source::kNear) text += fmt::format(".{}", source.step);
  return text;
}

Batch Make(const Quantity& quantity, ElementType type, const Source& source) {
  const Recipe recipe = quantity.For(type);
  switch (source.family) {
    case Source::kSpecial:
      return SpecialBatch(recipe, source.number);
    case Source::kBuilt:
      return quantity.build(recipe, source.number);
    case Source::kNear:
      return Neighbour(RandomBatch(recipe, source.number), source.row,
                       source.step, recipe);
    default:
      return RandomBatch(recipe, source.number);
  }
}

Findings Measure(const Quantity& quantity, ElementType type,
                 const std::vector<int64_t>& targets, const Extent& extent,
                 const RunFn& run) {
  return WithType(quantity.ResultType(type), [&]<class R>(R) {
    return MeasureAs<R>(quantity, type, targets, extent, run);
  });
}

Findings Remeasure(const Quantity& quantity, ElementType type,
                   const std::vector<int64_t>& targets, const Source& source,
                   size_t place, const RunFn& run) {
  return WithType(quantity.ResultType(type), [&]<class R>(R) {
    return RemeasureAs<R>(quantity, type, targets, source, place, run);
  });
}

Taken StagesOfRandom(const Quantity& quantity, ElementType type,
                     size_t classes) {
  constexpr uint64_t kFew = 1 << 16;
  const uint64_t many = SizeOf(type) == 2 ? 1 << 18 : 1 << 22;
  const size_t rows = std::max<size_t>(kFew / classes, 1);
  Taken taken;
  uint64_t drawn = 0;
  for (uint64_t i = 0;; ++i) {
    Count(quantity, type, NormalBatch(quantity.For(type), rows, classes, i),
          taken);
    drawn += rows * classes;
    const bool often = taken.stages.full > taken.results / 16;
    if (drawn >= (often ? kFew / 2 : many)) return taken;
  }
}

Taken StagesOfHard(const Quantity& quantity, ElementType type) {
  Taken taken;
  for (uint64_t i = 0; i < kSpecialBatches; ++i) {
    Count(quantity, type, SpecialBatch(quantity.For(type), i), taken);
  }
  for (uint64_t i = 0; quantity.build != nullptr && i < 100; ++i) {
    Count(quantity, type, quantity.build(quantity.For(type), i), taken);
  }
  return taken;
}

}  // namespace surprisal::accuracy
