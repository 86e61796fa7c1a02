#include "accuracy/inputs.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "accuracy/with_type.h"
#include "oracle/format.h"
#include "trial_inputs.h"

namespace surprisal::accuracy {
namespace {

using testing::Random;

/// Batches of different numbers share nothing (the multiplier of SplitMix64).
Random RandomOf(uint64_t family, uint64_t number) {
  return Random((family << 56) ^ (number * 0x9e3779b97f4a7c15));
}

/// Any finite number of the type, all exponents alike.
double AnyFinite(ElementType type, Random& random) {
  return WithType(type, [&]<class T>(T) -> double {
    using Bits = std::conditional_t<
        sizeof(T) == 8, uint64_t,
        std::conditional_t<sizeof(T) == 4, uint32_t, uint16_t>>;
    for (;;) {
      const auto bits = static_cast<Bits>(random.Bits());
      const double x = Format<T>::Widen(std::bit_cast<T>(bits));
      if (std::isfinite(x)) return x;
    }
  });
}

/// A finite number of the type: what overflows becomes its largest.
double Finite(ElementType type, double x) {
  const double largest = FormatOf(type).largest;
  return Nearest(type, std::clamp(x, -largest, largest));
}

/// Numbers of all exponents, around 1, and over the ranges of e^x.
double Argument(ElementType type, Random& random) {
  switch (random.Below(4)) {
    case 0:
      return AnyFinite(type, random);
    case 1:
      return Nearest(type, random.Uniform(-2, 2));
    case 2:
      return Nearest(type, random.Uniform(-110, 110));
    default:
      return Nearest(type, random.Uniform(-760, 760));
  }
}

/// Adds one row of `classes` numbers.
using AddRow = void (*)(ElementType, Random&, size_t, std::vector<double>&);

void AddArguments(ElementType type, Random& random, size_t classes,
                  std::vector<double>& to) {
  for (size_t c = 0; c < classes; ++c) to.push_back(Argument(type, random));
}

/// Logits of growing spread, some rows far from 0, of whole numbers, with one
/// class ahead or one masked.
void AddLogits(ElementType type, Random& random, size_t classes,
               std::vector<double>& to) {
  static constexpr double kSpreads[] = {0.01, 1, 5, 20, 50};
  const double spread = kSpreads[random.Below(5)];
  const double offset = random.Below(4) == 0 ? random.Uniform(-1e4, 1e4) : 0.0;
  const bool whole = random.Below(16) == 0;
  const size_t begin = to.size();
  for (size_t c = 0; c < classes; ++c) {
    const double x = random.Uniform(-spread, spread);
    to.push_back(Nearest(type, offset + (whole ? std::round(x) : x)));
  }
  double& one = to[begin + random.Below(classes)];
  const size_t kind = random.Below(16);
  if (kind < 4) one = Nearest(type, one + 30);
  if (kind == 4 && classes > 1) one = -std::numeric_limits<double>::infinity();
}

/// One class alone, numbers of one size, of all sizes, or hardly different.
void AddUpstream(ElementType type, Random& random, size_t classes,
                 std::vector<double>& to) {
  const size_t kind = random.Below(8);
  const double scale = std::ldexp(1.0, static_cast<int>(random.Below(20)) - 10);
  const size_t begin = to.size();
  for (size_t c = 0; c < classes; ++c) {
    double g = random.Uniform(-2, 2);
    if (kind == 0) g = 0;
    if (kind == 1) g = scale * g;
    if (kind == 2) g = 1 + g * 1e-5;
    to.push_back(kind == 3 ? AnyFinite(type, random) : Nearest(type, g));
  }
  if (kind == 0) to[begin + random.Below(classes)] = 1;
}

/// Positive numbers that sum to about 1; small ones among them.
void AddPositive(ElementType type, Random& random, size_t classes,
                 std::vector<double>& to) {
  const size_t begin = to.size();
  const bool uneven = random.Below(2) == 0;
  double sum = 0;
  for (size_t c = 0; c < classes; ++c) {
    double p = random.Uniform(0x1p-20, 1);
    if (uneven) p = std::ldexp(p, -static_cast<int>(random.Below(20)));
    to.push_back(p);
    sum += p;
  }
  const double least = std::ldexp(1.0, FormatOf(type).min_exponent);
  for (size_t i = begin; i < to.size(); ++i) {
    to[i] = std::max(Nearest(type, to[i] / sum), least);
  }
}

void AddProbs(ElementType type, Random& random, size_t classes,
              std::vector<double>& to) {
  const size_t begin = to.size();
  AddPositive(type, random, classes, to);
  if (random.Below(8) == 0) to[begin + random.Below(classes)] = 0;
}

void AddLogProbs(ElementType type, Random& random, size_t classes,
                 std::vector<double>& to) {
  const double size = random.Below(4) == 0 ? 100 : 8;
  for (size_t c = 0; c < classes; ++c) {
    to.push_back(Nearest(type, -random.Uniform(0, size)));
  }
}

void AddTargets(ElementType type, Random& random, size_t classes,
                std::vector<double>& to) {
  const bool sparse = classes > 1 && random.Below(4) == 0;
  for (size_t c = 0; c < classes; ++c) {
    const bool zero = sparse && random.Below(2) == 0;
    to.push_back(zero ? 0 : Nearest(type, random.Uniform(0, 1)));
  }
}

AddRow RowMaker(Content content) {
  switch (content) {
    case Content::kArguments:
      return AddArguments;
    case Content::kLogits:
      return AddLogits;
    case Content::kUpstream:
      return AddUpstream;
    case Content::kProbs:
      return AddProbs;
    case Content::kPositive:
      return AddPositive;
    case Content::kLogProbs:
      return AddLogProbs;
    default:
      return AddTargets;
  }
}

std::vector<double> MakeRows(ElementType type, Content content, size_t rows,
                             size_t classes, Random& random) {
  std::vector<double> values;
  if (content == Content::kNothing) return values;
  // A probability by itself need not be 1
  const bool alone = classes == 1 && (content == Content::kProbs ||
                                      content == Content::kPositive);
  const AddRow add = alone ? AddTargets : RowMaker(content);
  values.reserve(rows * classes);
  for (size_t r = 0; r < rows; ++r) add(type, random, classes, values);
  const double least = std::ldexp(1.0, FormatOf(type).min_exponent);
  if (alone && content == Content::kPositive) {
    for (double& p : values) p = std::max(p, least);
  }
  return values;
}

/// Weights belong to classes, not to rows.
void ShareWeights(const Recipe& recipe, Batch& batch) {
  if (recipe.second != Content::kWeights) return;
  const std::vector<double> second = batch.second;
  for (size_t i = 0; i < second.size(); ++i) {
    batch.second[i] = second[i % batch.classes];
  }
}

/// What there is beside `first`.
void Complete(const Recipe& recipe, Random& random, Batch& batch) {
  batch.second =
      MakeRows(recipe.type, recipe.second, batch.rows, batch.classes, random);
  ShareWeights(recipe, batch);
  for (size_t r = 0; r < batch.rows; ++r) {
    batch.labels.push_back(static_cast<Label>(random.Below(batch.classes)));
    batch.upstream.push_back(Nearest(recipe.type, random.Uniform(-2, 2)));
  }
}

Batch MakeBatch(const Recipe& recipe, size_t rows, size_t classes,
                Random& random) {
  Batch batch{.rows = rows, .classes = classes};
  batch.first = MakeRows(recipe.type, recipe.first, rows, classes, random);
  Complete(recipe, random, batch);
  return batch;
}

/// Two logits whose difference has one bit more than the type: as often as not
/// a tie, which the third, at least 100 below, breaks.
std::vector<double> TieLogits(ElementType type, Random& random) {
  const double a = Nearest(type, random.Uniform(32, 64));
  const double b = Nearest(type, -random.Uniform(64, 128));
  return {a, b, Nearest(type, b - random.Uniform(0, 20))};
}

/// One of the kinds of hard rows of logits.
std::vector<double> SpecialLogits(ElementType type, Random& random) {
  const double x = Nearest(type, random.Uniform(-20, 20));
  const double gap = Nearest(type, -random.Uniform(80, 120));
  switch (random.Below(8)) {
    case 0:  // Exact values
      return std::vector<double>(1 + random.Below(17), x);
    case 1:
      return TieLogits(type, random);
    case 2:  // Hardly different
      return {x, Next(type, x, 1), x, Next(type, x, -1)};
    case 3:  // A gap of 100
      return {0, gap};
    case 4:
      return {0, gap, 0, gap};
    case 5:  // Exact but for what e^-100 adds
      return {x, x, Nearest(type, x + gap)};
    case 6:  // Log-sum-exps near 0
      return {Nearest(type, -0.6931471805599453),
              Nearest(type, -0.6931471805599453)};
    default:  // Softmax near 1/2 + x/4
      return {Nearest(type,
                      3 * std::ldexp(1.0, -static_cast<int>(random.Below(24)))),
              0};
  }
}

/// The rows cover whole numbers and powers of two, exact in every function.
double SpecialNumber(ElementType type, Random& random) {
  const double power =
      Finite(type, std::ldexp(1.0, static_cast<int>(random.Below(300)) - 150));
  switch (random.Below(6)) {
    case 0:
      return 0;
    case 1:
      return 1;
    case 2:
      return power;
    case 3:
      return -power;
    case 4:
      return Next(type, power, random.Below(2) == 0 ? 1 : -1);
    default:
      return std::round(random.Uniform(-110, 110));
  }
}

/// Numbers of the content's range from any.
double InRange(ElementType type, Content content, double x) {
  const double size = std::fabs(x);
  const double least = std::ldexp(1.0, FormatOf(type).min_exponent);
  switch (content) {
    case Content::kProbs:
      return std::min(size, 1.0);
    case Content::kPositive:
      return std::clamp(size, least, 1.0);
    case Content::kLogProbs:
      return -size;
    case Content::kTargets:
    case Content::kWeights:
      return std::min(size, 1.0);
    default:
      return x;
  }
}

/// Rows of `second` that cancel or are exact: constant, or special numbers.
std::vector<double> SpecialSecond(const Recipe& recipe, size_t classes,
                                  Random& random) {
  const bool constant = random.Below(2) == 0;
  const double one = SpecialNumber(recipe.type, random);
  std::vector<double> values;
  for (size_t c = 0; c < classes; ++c) {
    const double x = constant ? one : SpecialNumber(recipe.type, random);
    values.push_back(InRange(recipe.type, recipe.second, x));
  }
  return values;
}

std::vector<double> SpecialFirst(const Recipe& recipe, Random& random) {
  if (recipe.first == Content::kLogits) {
    return SpecialLogits(recipe.type, random);
  }
  std::vector<double> values(recipe.one_class ? 1 : 1 + random.Below(8));
  for (double& x : values) {
    x = InRange(recipe.type, recipe.first, SpecialNumber(recipe.type, random));
  }
  return values;
}

}  // namespace

RowInput RowOf(const Batch& batch, size_t row) {
  const auto part = [&](const std::vector<double>& values) {
    if (values.empty()) return std::span<const double>();
    return std::span(values).subspan(row * batch.classes, batch.classes);
  };
  return {part(batch.first), part(batch.second), batch.upstream[row],
          batch.labels[row]};
}

double Nearest(ElementType type, double x) {
  return WithType(
      type, [&]<class T>(T) { return Format<T>::Widen(Format<T>::Narrow(x)); });
}

double Next(ElementType type, double x, int steps) {
  if (!std::isfinite(x)) return x;
  const FloatFormat format = FormatOf(type);
  const int exponent = x == 0 ? format.min_exponent
                              : std::max(std::ilogb(x), format.min_exponent);
  const double ulp = std::ldexp(1.0, exponent + 1 - format.precision);
  return Finite(type, x + steps * ulp);
}

Batch RandomBatch(const Recipe& recipe, uint64_t number) {
  Random random = RandomOf(1, number);
  if (recipe.one_class) return MakeBatch(recipe, 4096, 1, random);
  static constexpr size_t kShort[] = {2, 2, 2, 3, 3, 5, 7, 10};
  const size_t kind = random.Below(256);
  if (kind == 0) {
    return MakeBatch(recipe, 1, 1000 + random.Below(31000), random);
  }
  if (kind < 8) return MakeBatch(recipe, 16, 11 + random.Below(90), random);
  if (kind == 8) return MakeBatch(recipe, 64, 1, random);
  return MakeBatch(recipe, 64, kShort[kind % 8], random);
}

Batch SpecialBatch(const Recipe& recipe, uint64_t number) {
  Random random = RandomOf(2, number);
  Batch batch;
  const std::vector<double> row = SpecialFirst(recipe, random);
  batch.classes = row.size();
  batch.rows = 1 + random.Below(20);
  for (size_t r = 0; r < batch.rows; ++r) {
    std::vector<double> values = row;
    if (r > 0 && recipe.first != Content::kLogits) {
      for (double& x : values) {
        x = InRange(recipe.type, recipe.first,
                    SpecialNumber(recipe.type, random));
      }
    }
    batch.first.insert(batch.first.end(), values.begin(), values.end());
  }
  Complete(recipe, random, batch);
  if (recipe.second == Content::kNothing) return batch;
  for (size_t r = 0; r < batch.rows; r += 2) {
    const auto values = SpecialSecond(recipe, batch.classes, random);
    std::copy(
        values.begin(), values.end(),
        batch.second.begin() + static_cast<std::ptrdiff_t>(r * batch.classes));
  }
  ShareWeights(recipe, batch);
  return batch;
}

Batch Neighbour(const Batch& batch, size_t row, uint64_t step,
                const Recipe& recipe) {
  const RowInput input = RowOf(batch, row);
  Batch made{.rows = 1, .classes = batch.classes};
  made.first.assign(input.first.begin(), input.first.end());
  made.second.assign(input.second.begin(), input.second.end());
  made.upstream = {input.upstream};
  made.labels = {input.label};
  double& moved = made.first[step / 8 % made.classes];
  const int distance = static_cast<int>(step % 8) - 4;
  moved =
      InRange(recipe.type, recipe.first,
              Next(recipe.type, moved, distance < 0 ? distance : distance + 1));
  return made;
}

Batch NormalBatch(const Recipe& recipe, size_t rows, size_t classes,
                  uint64_t number) {
  Random random = RandomOf(3, number);
  const bool arguments = recipe.first == Content::kArguments;
  if (recipe.first != Content::kLogits && !arguments) {
    return MakeBatch(recipe, rows, classes, random);
  }
  Batch batch{.rows = rows, .classes = classes};
  for (size_t i = 0; i < rows * classes; ++i) {
    // The sum of four, of variance 1/3: no library function, the same bits
    // everywhere
    const uint64_t bits = random.Bits();
    double sum = -2;
    for (int k = 0; k < 4; ++k) {
      sum += static_cast<double>(bits >> (16 * k) & 0xffff) * 0x1p-16;
    }
    const double x = 3 * 1.7320508075688772 * sum;
    batch.first.push_back(Nearest(recipe.type, arguments ? std::fabs(x) : x));
  }
  Complete(recipe, random, batch);
  return batch;
}

}  // namespace surprisal::accuracy
