#include "accuracy/midpoints.h"

#include <cmath>

#include "accuracy/with_type.h"
#include "oracle/exact.h"
#include "oracle/rounding.h"
#include "trial_inputs.h"

namespace surprisal::accuracy {
namespace {

using testing::Random;

constexpr size_t kDrawn = 3;  ///< numbers of a row that are not spare

Random RandomOf(uint64_t number) {
  return Random(0x517cc1b727220a95 ^ (number * 0x9e3779b97f4a7c15));
}

/// Row scalars of 16-bit rows are floats.
ElementType ScalarType(ElementType type) {
  return SizeOf(type) == 2 ? ElementType::kFloat32 : type;
}

/// The next midpoint of the type's values above x (in the real numbers), x not
/// 0 and of the normal range.
Exact MidpointAbove(ElementType type, const Exact& x) {
  return WithType(type, [&]<class T>(T) {
    const InUlps count = CountUlps<T>(x);
    const Exact units = x < 0 ? Exact(-count.units) : count.units;
    return Exact(ldexp(Exact(floor(units - 0.5) + 1.5), count.exponent));
  });
}

/// The largest value of the type that is not above x.
double RoundDown(ElementType type, const Exact& x) {
  const double nearest = WithType(
      type, [&]<class T>(T) { return Format<T>::Widen(RoundTo<T>(x)); });
  return Exact(nearest) > x ? Next(type, nearest, -1) : nearest;
}

/// Rows of kDrawn numbers from `low` to `high`, and of spare ones.
Batch Drawn(const Recipe& recipe, Random& random, double low, double high) {
  const size_t spares = 1 + random.Below(5);
  Batch batch{.rows = 1, .classes = kDrawn + spares};
  for (size_t c = 0; c < batch.classes; ++c) {
    batch.first.push_back(Nearest(recipe.type, random.Uniform(low, high)));
  }
  batch.upstream = {Nearest(recipe.type, random.Uniform(0.5, 2))};
  batch.labels = {0};
  return batch;
}

/// What is made of R, the sum of exponentials still lacking.
using SumFn = Exact (*)(ElementType type, const std::vector<double>& row,
                        double upstream, const Exact& sum);

/// A row of logits whose exponentials add up to a little less than
/// wanted(their sum so far).
Batch FillSum(const Recipe& recipe, uint64_t number, SumFn wanted) {
  Random random = RandomOf(number);
  Batch batch = Drawn(recipe, random, -3, 3);
  Exact sum = 0;
  for (size_t c = 0; c < kDrawn; ++c) sum += exp(Exact(batch.first[c]));
  Exact lacking =
      wanted(recipe.type, batch.first, batch.upstream[0], sum) - sum;
  for (size_t c = kDrawn; c < batch.classes; ++c) {
    batch.first[c] = RoundDown(recipe.type, log(lacking));
    lacking -= exp(Exact(batch.first[c]));
  }
  return batch;
}

/// What a spare number x of class c adds to the result is slope(c) x, and
/// `lacking` what is to be added; all slopes have one sign.
template <class Slope>
void FillLinear(const Recipe& recipe, const Batch& batch, Exact lacking,
                const Slope& slope, std::vector<double>& values) {
  for (size_t c = kDrawn; c < batch.classes; ++c) {
    values[c] = RoundDown(recipe.type, lacking / slope(c));
    lacking -= slope(c) * values[c];
  }
}

/// The probabilities of the row's classes and its log-sum-exp.
struct SoftmaxOf {
  std::vector<Exact> probs = {};
  Exact log_sum_exp = 0;

  explicit SoftmaxOf(const std::vector<double>& logits) {
    Exact sum = 0;
    for (const double z : logits) probs.push_back(exp(Exact(z)));
    for (const Exact& e : probs) sum += e;
    for (Exact& p : probs) p /= sum;
    log_sum_exp = log(sum);
  }
};

/// Numbers for the drawn classes, 0 for the spare ones.
std::vector<double> DrawnThenZero(const Recipe& recipe, const Batch& batch,
                                  Random& random, double low, double high) {
  std::vector<double> values(batch.classes, 0.0);
  for (size_t c = 0; c < kDrawn; ++c) {
    values[c] = Nearest(recipe.type, random.Uniform(low, high));
  }
  return values;
}

/// Sets aside the spare classes of a row of probabilities.
Batch DrawnProbs(const Recipe& recipe, Random& random) {
  Batch batch = Drawn(recipe, random, 0.05, 0.3);
  for (size_t c = kDrawn; c < batch.classes; ++c) batch.first[c] = 0;
  return batch;
}

/// About the x near 0 with -x ln x = y: x = y / -ln x again and again.
Exact InverseEntropy(const Exact& y) {
  Exact x = y;
  for (int i = 0; i < 10; ++i) x = y / -log(x);
  return x;
}

}  // namespace

Batch BuildLogSumExp(const Recipe& recipe, uint64_t number) {
  return FillSum(recipe, number,
                 [](ElementType type, const std::vector<double>&, double,
                    const Exact& sum) {
                   return Exact(exp(MidpointAbove(ScalarType(type), log(sum))));
                 });
}

// e^z / sum falls as the sum grows: the midpoint above its negative is wanted.

Batch BuildSoftmax(const Recipe& recipe, uint64_t number) {
  return FillSum(recipe, number,
                 [](ElementType type, const std::vector<double>& row, double,
                    const Exact& sum) {
                   const Exact e = exp(Exact(row[0]));
                   return Exact(-e / MidpointAbove(type, -e / sum));
                 });
}

Batch BuildLogSumExpGradient(const Recipe& recipe, uint64_t number) {
  return FillSum(recipe, number,
                 [](ElementType type, const std::vector<double>& row,
                    double upstream, const Exact& sum) {
                   const Exact e = upstream * exp(Exact(row[0]));
                   return Exact(-e / MidpointAbove(type, -e / sum));
                 });
}

Batch BuildLogSoftmax(const Recipe& recipe, uint64_t number) {
  return FillSum(recipe, number,
                 [](ElementType type, const std::vector<double>& row, double,
                    const Exact& sum) {
                   const Exact z = row[0];
                   return Exact(exp(z + MidpointAbove(type, log(sum) - z)));
                 });
}

Batch BuildCrossEntropy(const Recipe& recipe, uint64_t number) {
  return FillSum(
      recipe, number,
      [](ElementType type, const std::vector<double>& row, double,
         const Exact& sum) {
        const Exact z = row[0];
        return Exact(exp(z + MidpointAbove(ScalarType(type), log(sum) - z)));
      });
}

Batch BuildCrossEntropyGradient(const Recipe& recipe, uint64_t number) {
  return FillSum(recipe, number,
                 [](ElementType type, const std::vector<double>& row, double,
                    const Exact& sum) {
                   const Exact e = exp(Exact(row[0]));
                   return Exact(e / (1 - MidpointAbove(type, 1 - e / sum)));
                 });
}

Batch BuildTargetsLoss(const Recipe& recipe, uint64_t number) {
  Random random = RandomOf(number);
  Batch batch = Drawn(recipe, random, -3, 3);
  batch.second = DrawnThenZero(recipe, batch, random, 0.1, 0.5);
  const SoftmaxOf row(batch.first);
  const auto slope = [&](size_t c) {
    return Exact(row.log_sum_exp - batch.first[c]);
  };
  Exact loss = 0;
  for (size_t c = 0; c < kDrawn; ++c) loss += batch.second[c] * slope(c);
  const Exact wanted = MidpointAbove(ScalarType(recipe.type), loss);
  FillLinear(recipe, batch, wanted - loss, slope, batch.second);
  return batch;
}

Batch BuildTargetsGradient(const Recipe& recipe, uint64_t number) {
  Random random = RandomOf(number);
  Batch batch = Drawn(recipe, random, -3, 3);
  batch.second = DrawnThenZero(recipe, batch, random, 0.1, 0.5);
  const SoftmaxOf row(batch.first);
  Exact sum = 0;
  for (size_t c = 0; c < kDrawn; ++c) sum += batch.second[c];
  const Exact d = sum * row.probs[0] - batch.second[0];
  FillLinear(
      recipe, batch, MidpointAbove(recipe.type, d) - d,
      [&](size_t) { return row.probs[0]; }, batch.second);
  return batch;
}

Batch BuildSoftmaxVjp(const Recipe& recipe, uint64_t number) {
  Random random = RandomOf(number);
  Batch batch = Drawn(recipe, random, -3, 3);
  batch.second = DrawnThenZero(recipe, batch, random, -2, 2);
  const SoftmaxOf row(batch.first);
  Exact mean = 0;
  for (size_t c = 0; c < kDrawn; ++c) mean += row.probs[c] * batch.second[c];
  const Exact d = row.probs[0] * (batch.second[0] - mean);
  FillLinear(
      recipe, batch, MidpointAbove(recipe.type, d) - d,
      [&](size_t c) { return Exact(-row.probs[0] * row.probs[c]); },
      batch.second);
  return batch;
}

Batch BuildLogSoftmaxVjp(const Recipe& recipe, uint64_t number) {
  Random random = RandomOf(number);
  Batch batch = Drawn(recipe, random, -3, 3);
  batch.second = DrawnThenZero(recipe, batch, random, -2, 2);
  const SoftmaxOf row(batch.first);
  Exact sum = 0;
  for (size_t c = 0; c < kDrawn; ++c) sum += batch.second[c];
  const Exact d = batch.second[0] - row.probs[0] * sum;
  FillLinear(
      recipe, batch, MidpointAbove(recipe.type, d) - d,
      [&](size_t) { return Exact(-row.probs[0]); }, batch.second);
  return batch;
}

Batch BuildFromProbs(const Recipe& recipe, uint64_t number) {
  Random random = RandomOf(number);
  Batch batch = DrawnProbs(recipe, random);
  batch.second = DrawnThenZero(recipe, batch, random, 0.05, 0.3);
  Exact sum = 0;
  for (size_t c = 0; c < batch.classes; ++c) {
    if (c >= kDrawn) batch.second[c] = 0.5;
    sum -= batch.first[c] * log(Exact(batch.second[c]));
  }
  const Exact wanted = MidpointAbove(ScalarType(recipe.type), sum);
  FillLinear(
      recipe, batch, wanted - sum, [](size_t) { return log(Exact(2)); },
      batch.first);
  return batch;
}

Batch BuildEntropy(const Recipe& recipe, uint64_t number) {
  Random random = RandomOf(number);
  Batch batch = DrawnProbs(recipe, random);
  Exact sum = 0;
  for (size_t c = 0; c < kDrawn; ++c) {
    sum -= batch.first[c] * log(Exact(batch.first[c]));
  }
  Exact lacking = MidpointAbove(ScalarType(recipe.type), sum) - sum;
  for (size_t c = kDrawn; c < batch.classes; ++c) {
    batch.first[c] = RoundDown(recipe.type, InverseEntropy(lacking));
    if (batch.first[c] <= 0) {
      batch.first[c] = 0;
      break;
    }
    lacking += batch.first[c] * log(Exact(batch.first[c]));
  }
  return batch;
}

Batch BuildDivergence(const Recipe& recipe, uint64_t number) {
  Random random = RandomOf(number);
  Batch batch = DrawnProbs(recipe, random);
  batch.second = DrawnThenZero(recipe, batch, random, 0.05, 0.3);
  Exact sum = 0;
  for (size_t c = 0; c < kDrawn; ++c) {
    sum += batch.first[c] * log(Exact(batch.first[c]) / batch.second[c]);
  }
  const Exact wanted = MidpointAbove(ScalarType(recipe.type), sum);
  FillLinear(
      recipe, batch, wanted - sum, [](size_t) { return log(Exact(4)); },
      batch.first);
  const double least = std::ldexp(1.0, FormatOf(recipe.type).min_exponent);
  for (size_t c = kDrawn; c < batch.classes; ++c) {
    // A spare number below the range of its quarter is none
    if (batch.first[c] < 4 * least) batch.first[c] = 0;
    batch.second[c] = batch.first[c] == 0 ? least : batch.first[c] / 4;
  }
  return batch;
}

}  // namespace surprisal::accuracy
