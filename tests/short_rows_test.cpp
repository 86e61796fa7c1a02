// Batches of rows of few classes, of which a chunk is one run of elements: far
// from 0, masked and special rows beside plain ones have the oracle's bits, and
// are decided by the first stage.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "oracle/filtered.h"
#include "oracle/filtered_rows.h"
#include "row_testing.h"
#include "surprisal/common/stages.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/log_softmax/log_softmax_oracle.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"
#include "surprisal/log_sum_exp/log_sum_exp_oracle.h"
#include "surprisal/softmax/softmax.h"
#include "surprisal/softmax/softmax_oracle.h"

namespace surprisal::testing {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr CrossEntropyOptions kRowByRow = {.reduction = Reduction::kNone};

/// A logit: near 0, of any size, or as much below or above as exponentials of
/// results of 32 bits reach.
float AnyLogit(Random& random) {
  switch (random.Below(4)) {
    case 0:
      return static_cast<float>(random.Uniform(-1e-3, 1e-3));
    case 1:
      return random.AnyFinite<float>();
    case 2:
      return static_cast<float>(random.Uniform(-110, 110));
    default:
      return static_cast<float>(random.Uniform(-800, 800));
  }
}

/// A row around an offset.
std::vector<float> OffsetRow(Random& random, size_t classes) {
  static constexpr double kOffsets[] = {0, 150, 207, -209, 301, -1e4, 1e9};
  const double offset = kOffsets[random.Below(7)];
  std::vector<float> row(classes);
  for (float& z : row) {
    z = static_cast<float>(offset + random.Uniform(-60, 60));
  }
  return row;
}

/// The same or one of any logits, one in four of which may be masked; its
/// maximum is finite.
std::vector<float> FarRow(Random& random, size_t classes) {
  std::vector<float> row = OffsetRow(random, classes);
  const bool any = random.Below(3) == 0, masked = random.Below(3) == 0;
  const size_t kept = random.Below(classes);
  for (size_t c = 0; c < classes; ++c) {
    if (any) row[c] = AnyLogit(random);
    if (masked && c != kept && random.Below(4) == 0) row[c] = -kInf;
  }
  return row;
}

/// The same, or one with NaN or +inf, or of nothing but -inf.
std::vector<float> FarOrSpecialRow(Random& random, size_t classes) {
  std::vector<float> row = FarRow(random, classes);
  const size_t kind = random.Below(24);
  if (kind == 0) row[random.Below(classes)] = kNaN;
  if (kind == 1) row[random.Below(classes)] = kInf;
  if (kind == 2) row.assign(classes, -kInf);
  return row;
}

/// A table of such rows, and a label for each.
struct Table {
  std::vector<float> logits;
  std::vector<Label> labels;
  size_t rows, classes;

  template <class MakeRow>
  Table(Random& random, size_t row_count, size_t class_count,
        const MakeRow& make_row)
      : rows(row_count), classes(class_count) {
    for (size_t r = 0; r < rows; ++r) {
      const std::vector<float> row = make_row(random, classes);
      logits.insert(logits.end(), row.begin(), row.end());
      labels.push_back(static_cast<Label>(random.Below(classes)));
    }
  }

  Rows<const float> View() const { return {logits.data(), rows, classes}; }
  std::vector<double> Row(size_t r) const {
    return Widen(std::span(logits).subspan(r * classes, classes));
  }
};

/// What the kernels return for a table, or should.
struct Results {
  std::vector<float> probs, log_probs, d_logits, log_sum_exp, losses;

  explicit Results(const Table& table)
      : probs(table.logits.size()),
        log_probs(probs),
        d_logits(probs),
        log_sum_exp(table.rows),
        losses(table.rows) {}
};

Results KernelsOf(const Table& table) {
  Results results(table);
  const auto view = [&](std::vector<float>& to) {
    return Rows<float>(to.data(), table.rows, table.classes);
  };
  Softmax(table.View(), view(results.probs));
  LogSoftmax(table.View(), view(results.log_probs));
  LogSumExp(table.View(), results.log_sum_exp);
  CrossEntropyWithGradient(table.View(), table.labels, results.losses,
                           view(results.d_logits), kRowByRow);
  return results;
}

void AskOracle(const Table& table, size_t r, Results& want) {
  const std::vector<double> logits = table.Row(r);
  const Rows<const double> row(logits);
  const std::vector<Label> label = {table.labels[r]};
  const auto y = static_cast<size_t>(label[0]);
  const filtered::LogitsRow close(logits);
  want.log_sum_exp[r] = RoundFiltered<float>(
      close.LogSumExp(), [&] { return LogSumExpOracle(logits); });
  want.losses[r] = RoundFiltered<float>(close.CrossEntropy(y), [&] {
    return CrossEntropyOracle(row, label, kRowByRow)[0];
  });
  for (size_t c = 0; c < table.classes; ++c) {
    const size_t i = r * table.classes + c;
    want.probs[i] = RoundFiltered<float>(
        close.Softmax(c), [&] { return SoftmaxOracle(logits)[c]; });
    want.log_probs[i] = RoundFiltered<float>(
        close.LogSoftmax(c), [&] { return LogSoftmaxOracle(logits)[c]; });
    want.d_logits[i] = RoundFiltered<float>(
        close.CrossEntropyGradient(y, c),
        [&] { return CrossEntropyGradientOracle(row, label, kRowByRow)[c]; });
    if (want.d_logits[i] == 0) want.d_logits[i] = 0;  // by contract never -0
  }
}

void CheckTable(const Table& table) {
  Results want(table);
  for (size_t r = 0; r < table.rows; ++r) AskOracle(table, r, want);
  ForEachTarget([&] {
    const Results got = KernelsOf(table);
    CheckSameResults<float>(got.probs, want.probs);
    CheckSameResults<float>(got.log_probs, want.log_probs);
    CheckSameResults<float>(got.log_sum_exp, want.log_sum_exp);
    CheckSameResults<float>(got.losses, want.losses);
    CheckSameResults<float>(got.d_logits, want.d_logits);
  });
}

}  // namespace

TEST_CASE("rows of few classes have the oracle's bits however far from 0") {
  Random random(300);
  for (const size_t classes : {1, 2, 3, 5, 8, 10, 17, 33, 200}) {
    CAPTURE(classes);
    CheckTable(Table(random, 60000 / classes + 1, classes, FarOrSpecialRow));
  }
}

TEST_CASE("masked rows and rows far from 0 are decided by the first stage") {
  Random random(301);
  for (const size_t classes : {1, 2, 3, 10, 33}) {
    CAPTURE(classes);
    const Table table(random, 600, classes, FarRow);
    ForEachTarget([&] {
      const auto before = Stages().full;
      KernelsOf(table);
      CHECK(Stages().full - before < table.rows * (3 * classes + 2) / 20);
    });
  }
}

TEST_CASE("sums and means over rows far from 0 have the oracle's bits") {
  Random random(302);
  for (const size_t classes : {2, 3, 10}) {
    CAPTURE(classes);
    const Table table(random, 40, classes, OffsetRow);
    const std::vector<double> wide = Widen(table.logits);
    const Rows<const double> rows(wide.data(), table.rows, classes);
    const std::vector<double> weights = RandomWeights(random, classes);
    for (const Reduction reduction : {Reduction::kSum, Reduction::kMean}) {
      const CrossEntropyOptions options = {.reduction = reduction,
                                           .class_weights = weights};
      const Exact exact = CrossEntropyOracle(rows, table.labels, options)[0];
      const std::vector<float> want = {RoundTo<float>(exact)};
      ForEachTarget([&] {
        std::vector<float> loss(1);
        CrossEntropy(table.View(), table.labels, loss, options);
        CheckSameResults<float>(loss, want);
      });
    }
  }
}

}  // namespace surprisal::testing
