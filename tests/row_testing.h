#ifndef SURPRISAL_TESTS_ROW_TESTING_H_
#define SURPRISAL_TESTS_ROW_TESTING_H_

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "kernel_testing.h"
#include "oracle/definition.h"

/// What the tests of losses and divergences add: labels, weights, rows of
/// probabilities, and batches laid out in every way a view can describe.
namespace surprisal::testing {

/// Each label in [0, classes), every fifth or so `ignore_index`.
inline std::vector<Label> RandomLabels(Random& random, size_t rows,
                                       size_t classes,
                                       Label ignore_index = -100) {
  std::vector<Label> labels(rows);
  for (Label& label : labels) {
    label = static_cast<Label>(random.Below(classes));
    if (random.Below(5) == 0) label = ignore_index;
  }
  return labels;
}

/// Class weights between 0 (included) and 3, some of them not dyadic.
inline std::vector<double> RandomWeights(Random& random, size_t classes) {
  std::vector<double> weights(classes);
  for (double& weight : weights) {
    weight = random.Below(6) == 0 ? 0.0 : random.Uniform(0, 3);
  }
  return weights;
}

/// A row of `classes` probabilities that sum to 1 but for rounding: flat,
/// peaked or nearly one-hot, some entries exactly 0.
template <class T>
std::vector<T> RandomProbs(Random& random, size_t classes) {
  static constexpr double kPowers[] = {0.5, 1, 8, 60};
  const double power = kPowers[random.Below(4)];
  const bool zeros = random.Below(3) == 0;
  std::vector<double> shares(classes);
  double sum = 0;
  for (double& share : shares) {
    share = std::pow(random.Uniform(0.001, 1), power);
    if (zeros && random.Below(3) == 0) share = 0;
    sum += share;
  }
  if (sum == 0) shares[0] = sum = 1;
  std::vector<T> probs;
  for (const double share : shares)
    probs.push_back(static_cast<T>(share / sum));
  return probs;
}

/// Rows of probabilities that have proved hard, or that only look like
/// probabilities.
template <class T>
std::vector<NamedRow<T>> HardProbs() {
  using Limits = std::numeric_limits<T>;
  constexpr T kTiny = Limits::denorm_min(), kEpsilon = Limits::epsilon();
  return {{"certain", {1}},
          {"certain among others", {0, 1, 0}},
          {"even", {0.5, 0.5}},
          {"even beside the impossible", {0.5, 0.5, 0}},  // torchmetrics#1029
          {"a zero in the middle", {0.25, 0, 0.75}},      // tfp#241
          {"uniform past two vectors", std::vector<T>(37, T(1) / 37)},
          {"all but certain", {1 - kEpsilon / 2, kEpsilon / 2}},
          {"a subnormal chance", {1, kTiny}},
          {"nothing but subnormals", {kTiny, 3 * kTiny, 7 * kTiny}},
          {"the nearest to 1/e", {T(0.36787944117144233), T(0.632)}},
          {"nothing at all", {0, 0, 0}},
          {"counts", {2, 3, 0, 5}},
          {"entries above and below 1", {2, 0.25, 1}},
          {"huge entries", {Limits::max(), 1, 0}},
          {"NaN", {0.5, Limits::quiet_NaN(), 0.5}}};
}

/// The hard rows, and random ones of every length from 1 to 40.
template <class T>
std::vector<NamedRow<T>> TrialProbs(size_t random_rows = 240) {
  std::vector<NamedRow<T>> rows = HardProbs<T>();
  Random random(1948);
  for (size_t i = 0; i < random_rows; ++i) {
    rows.push_back({"random probabilities " + std::to_string(i),
                    RandomProbs<T>(random, 1 + i % 40)});
  }
  return rows;
}

/// Another distribution over as many classes: unrelated, or a near neighbour,
/// where a divergence cancels.
template <class T>
std::vector<T> OtherProbs(Random& random, const std::vector<T>& p) {
  if (random.Below(2) == 0) return RandomProbs<T>(random, p.size());
  std::vector<T> q = p;
  for (T& x : q) x = static_cast<T>(x * (1 - random.Uniform(0, 1e-3)));
  return q;
}

/// Checks that two lists of results are the same to the bit, NaN like NaN.
template <class T>
void CheckSameResults(std::span<const T> got, std::span<const T> want) {
  REQUIRE(got.size() == want.size());
  for (size_t index = 0; index < want.size(); ++index) {
    if (SameBits(got[index], want[index])) continue;
    if (std::isnan(ToDouble(got[index])) && std::isnan(ToDouble(want[index]))) {
      continue;
    }
    CAPTURE(index);
    const std::string got_text = Shown(got[index]);
    const std::string want_text = Shown(want[index]);
    CAPTURE(got_text);
    CHECK(got_text == want_text);
  }
}

/// What a kernel is handed: two tables, one label and one upstream gradient per
/// row, and room for whatever it returns.
template <class T>
struct Batch {
  Rows<const T> a;
  Rows<const T> b;
  std::span<const Label> labels;
  std::span<const T> upstream;
  Rows<T> first;         ///< shaped like `a`
  Rows<T> second;        ///< shaped like `a`
  std::span<T> scalars;  ///< [rows * classes], for as many as there are
};

/// The contents of a batch.
template <class T>
struct BatchValues {
  std::vector<std::vector<T>> a, b;
  std::vector<Label> labels;
  std::vector<T> upstream;
};

/// Where the elements of a view lie in their memory; by default one behind the
/// other.
struct Layout {
  size_t offset = 0;
  size_t gap = 0;
  size_t class_stride = 1;
};

/// Tables in guarded memory.
template <class T>
class GuardedBatch {
 public:
  GuardedBatch(const BatchValues<T>& values, const Layout& layout)
      : values_(values),
        a_(Place(values.a, layout)),
        b_(Place(values.b, layout)),
        first_(Empty(values.a, layout)),
        second_(Empty(values.a, layout)),
        scalars_(1, values.a.size() * values.a[0].size(), layout.offset) {}

  Batch<T> View() {
    return {a_.ConstView(),
            b_.ConstView(),
            values_.labels,
            values_.upstream,
            first_.View(),
            second_.View(),
            {scalars_.View().data, scalars_.View().classes}};
  }

  /// The first table of results is the first table of inputs.
  Batch<T> InPlace() {
    Batch<T> view = View();
    view.first = a_.View();
    in_place_ = true;
    return view;
  }

  void CheckGuards() const {
    for (const GuardedRows<T>* rows :
         {&a_, &b_, &first_, &second_, &scalars_}) {
      rows->CheckGuards();
    }
  }

  /// Everything the kernel may have written.
  std::vector<T> Results() const {
    std::vector<T> results = scalars_.Row(0);
    for (size_t r = 0; r < values_.a.size(); ++r) {
      for (const auto* rows : {in_place_ ? &a_ : &first_, &second_}) {
        const std::vector<T> row = rows->Row(r);
        results.insert(results.end(), row.begin(), row.end());
      }
    }
    return results;
  }

 private:
  using Values = std::vector<std::vector<T>>;

  static GuardedRows<T> Empty(const Values& shape, const Layout& layout) {
    return GuardedRows<T>(shape.size(), shape[0].size(), layout.offset,
                          layout.gap, layout.class_stride);
  }
  static GuardedRows<T> Place(const Values& values, const Layout& layout) {
    GuardedRows<T> rows = Empty(values, layout);
    for (size_t r = 0; r < values.size(); ++r) rows.Fill(r, values[r]);
    return rows;
  }

  const BatchValues<T>& values_;
  GuardedRows<T> a_, b_, first_, second_, scalars_;
  bool in_place_ = false;
};

/// The results of a kernel whose tables are (images, classes, pixels), read and
/// written without a transpose; ordered as GuardedBatch::Results().
template <class T, class Kernel>
std::vector<T> ClassAxis1Results(const BatchValues<T>& values,
                                 const Kernel& kernel) {
  const size_t rows = values.a.size(), classes = values.a[0].size();
  REQUIRE(rows % 2 == 0);
  std::vector<T> a(rows * classes), b(a), first(a), second(a), scalars(a);
  const auto view = [&](std::vector<T>& table) {
    return Rows<T>::ClassAxis1(table.data(), 2, classes, rows / 2);
  };
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < classes; ++c) {
      view(a)[r][c] = values.a[r][c];
      view(b)[r][c] = values.b[r][c];
    }
  }
  scalars.assign(scalars.size(), T(-12345.5));
  first = second = scalars;
  kernel(Batch<T>{view(a), view(b), values.labels, values.upstream, view(first),
                  view(second), scalars});
  std::vector<T> results = scalars;
  for (size_t r = 0; r < rows; ++r) {
    for (auto* table : {&first, &second}) {
      for (size_t c = 0; c < classes; ++c) {
        results.push_back(view(*table)[r][c]);
      }
    }
  }
  return results;
}

/// Checks that a kernel writes nothing but its results, and the same bits
/// wherever the tables lie.
template <class T, class Kernel>
void CheckLayouts(const BatchValues<T>& values, const Kernel& kernel) {
  static constexpr Layout kLayouts[] = {
      {1, 0, 1}, {3, 5, 1}, {2, 1, 2}, {0, 4, 3}};
  GuardedBatch<T> contiguous(values, {});
  kernel(contiguous.View());
  const std::vector<T> want = contiguous.Results();
  contiguous.CheckGuards();
  for (const Layout& layout : kLayouts) {
    CAPTURE(layout.class_stride);
    GuardedBatch<T> placed(values, layout);
    kernel(placed.View());
    placed.CheckGuards();
    CheckSameResults<T>(placed.Results(), want);
  }
  CheckSameResults<T>(ClassAxis1Results(values, kernel), want);
}

/// Checks that a kernel that may overwrite its first input does so rightly.
template <class T, class Kernel>
void CheckInPlace(const BatchValues<T>& values, const Kernel& kernel) {
  for (const Layout& layout : {Layout{}, Layout{1, 2, 2}}) {
    GuardedBatch<T> apart(values, layout), within(values, layout);
    kernel(apart.View());
    kernel(within.InPlace());
    within.CheckGuards();
    CheckSameResults<T>(within.Results(), apart.Results());
  }
}

/// Runs `check` on batches of six rows of every length from 1 to 40 (past two
/// of the widest vectors), on every target. `make_a(random, classes)` and
/// `make_b(random, classes)` return a row.
template <class T, class MakeA, class MakeB, class Check>
void ForEachLength(const MakeA& make_a, const MakeB& make_b,
                   const Check& check) {
  Random random(4040);
  for (size_t classes = 1; classes <= 40; ++classes) {
    CAPTURE(classes);
    BatchValues<T> values;
    for (size_t r = 0; r < 6; ++r) {
      values.a.push_back(make_a(random, classes));
      values.b.push_back(make_b(random, classes));
      values.upstream.push_back(static_cast<T>(random.Uniform(-2, 2)));
    }
    values.labels = RandomLabels(random, 6, classes);
    ForEachTarget([&] { check(values); });
  }
}

}  // namespace surprisal::testing

#endif  // SURPRISAL_TESTS_ROW_TESTING_H_
