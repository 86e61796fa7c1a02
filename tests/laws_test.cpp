// What holds between kernels. Where both sides are correctly rounded values of
// one real number they must have the same bits; where a rounded value goes
// through another function, the bound is what that rounding can do, and is
// reached.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "near_middle.h"
#include "row_testing.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"
#include "surprisal/common/stages.h"
#include "surprisal/common/streaming.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/entropy/entropy.h"
#include "surprisal/exp/exp.h"
#include "surprisal/kl_divergence/kl_divergence.h"
#include "surprisal/log/log.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"
#include "surprisal/nll/nll.h"
#include "surprisal/sigmoid/sigmoid.h"
#include "surprisal/softmax/softmax.h"
#include "surprisal/softplus/softplus.h"

namespace surprisal::testing {
namespace {

using Labels = std::vector<Label>;

// One row in, one scalar or row out.

template <class T>
T CrossEntropyOf(const std::vector<T>& logits, Label label) {
  T loss = 0;
  CrossEntropy(Rows<const T>(logits), Labels{label}, std::span<T>(&loss, 1),
               {.reduction = Reduction::kNone});
  return loss;
}

template <class T>
std::vector<T> CrossEntropyGradientOf(const std::vector<T>& logits,
                                      Label label) {
  std::vector<T> d(logits.size());
  CrossEntropyGradient(Rows<const T>(logits), Labels{label}, Rows<T>(d));
  return d;
}

template <class T>
T CrossEntropyFromProbsOf(const std::vector<T>& p, const std::vector<T>& q) {
  T h = 0;
  CrossEntropyFromProbs(Rows<const T>(p), Rows<const T>(q),
                        std::span<T>(&h, 1));
  return h;
}

template <class T>
T EntropyOfLogitsOf(const std::vector<T>& logits) {
  T h = 0;
  EntropyOfLogits(Rows<const T>(logits), std::span<T>(&h, 1));
  return h;
}

template <class T>
std::vector<T> EntropyOfLogitsGradientOf(const std::vector<T>& logits) {
  const T one[] = {1};
  std::vector<T> d(logits.size());
  EntropyOfLogitsGradient(Rows<const T>(logits), one, Rows<T>(d));
  return d;
}

template <class T>
std::vector<T> OneHot(size_t classes, size_t at, T value = 1) {
  std::vector<T> row(classes, T(0));
  row[at] = value;
  return row;
}

/// Everything that is known of one row of logits and one label.
template <class T>
std::vector<T> AllOf(const std::vector<T>& logits, Label label) {
  std::vector<T> all = {CrossEntropyOf(logits, label),
                        EntropyOfLogitsOf(logits)};
  for (const auto& row : {Softmax(logits), LogSoftmax(logits),
                          CrossEntropyGradientOf(logits, label),
                          EntropyOfLogitsGradientOf(logits)}) {
    all.insert(all.end(), row.begin(), row.end());
  }
  return all;
}

/// The unit in the last place of x, as the ruler has it: half of it is what a
/// rounding to x can have moved.
template <class T>
Exact UlpOf(T x) {
  constexpr int kLeast = std::numeric_limits<T>::min_exponent - 1;
  const int exponent = x == 0 ? kLeast : std::max(std::ilogb(x), kLeast);
  return ldexp(Exact(1), exponent + 1 - std::numeric_limits<T>::digits);
}

template <class T>
void CheckSame(T got, T want) {
  CheckSameResults<T>(std::span<const T>(&got, 1),
                      std::span<const T>(&want, 1));
}

template <class T>
bool IsRegular(const std::vector<T>& row) {
  return !std::isnan(Softmax(row)[0]);
}

/// Runs body(logits, label) on every trial row and target.
template <class T, class Body>
void ForEachRow(const Body& body) {
  Random random(61);
  for (const auto& [name, logits] : TrialRows<T>()) {
    CAPTURE(name);
    const auto label = static_cast<Label>(random.Below(logits.size()));
    ForEachTarget([&, &row = logits] { body(row, label); });
  }
}

/// The same for the rows that have a softmax.
template <class T, class Body>
void ForEachRegularRow(const Body& body) {
  ForEachRow<T>([&](const std::vector<T>& logits, Label label) {
    if (IsRegular(logits)) body(logits, label);
  });
}

// ---- one kernel, two inputs

TEST_CASE_TEMPLATE("a shift of all logits changes no bit", T, float, double) {
  Random random(62);
  for (size_t trial = 0; trial < 200; ++trial) {
    CAPTURE(trial);
    const size_t classes = 1 + trial % 40;
    std::vector<T> logits(classes), shifted(classes);
    const T shift =
        static_cast<T>(random.Uniform(-4096, 4096) > 0 ? 3072.5 : -8000);
    for (size_t c = 0; c < classes; ++c) {
      // Multiples of 2^-8 below 2^7: the sums are exact in float
      logits[c] =
          static_cast<T>(std::round(random.Uniform(-25600, 25600)) / 256);
      shifted[c] = logits[c] + shift;
      REQUIRE(shifted[c] - shift == logits[c]);
    }
    const auto label = static_cast<Label>(random.Below(classes));
    ForEachTarget([&] {
      CheckSameResults<T>(AllOf(shifted, label), AllOf(logits, label));
    });
  }
}

/// Reverses and rotates a row of logits: everything must follow.
template <class T>
void CheckPermuted(const std::vector<T>& logits, Label label) {
  const size_t classes = logits.size();
  std::vector<size_t> from(classes);
  std::iota(from.begin(), from.end(), size_t{0});
  std::ranges::reverse(from);
  std::ranges::rotate(from,
                      from.begin() + static_cast<std::ptrdiff_t>(classes / 3));
  std::vector<T> permuted(classes);
  Label new_label = 0;
  for (size_t c = 0; c < classes; ++c) {
    permuted[c] = logits[from[c]];
    if (from[c] == static_cast<size_t>(label))
      new_label = static_cast<Label>(c);
  }
  std::vector<T> want = AllOf(logits, label);
  const std::vector<T> original = want;
  for (size_t i = 2; i < want.size(); ++i) {
    const size_t row = (i - 2) / classes, c = (i - 2) % classes;
    want[i] = original[2 + row * classes + from[c]];
  }
  CheckSameResults<T>(AllOf(permuted, new_label), want);
  CheckSame(LogSumExp(permuted), LogSumExp(logits));
}

TEST_CASE_TEMPLATE("permuting the classes permutes the results", T, float,
                   double) {
  ForEachRow<T>([](const std::vector<T>& logits, Label label) {
    CheckPermuted(logits, label);
  });
}

/// What the first logits of a long row say nothing of.
std::vector<std::vector<float>> Surprises() {
  const float inf = std::numeric_limits<float>::infinity();
  return {{},
          {30.0F},
          {60.0F},
          {207.0F},
          {209.0F},
          {-650.0F},
          {-800.0F},
          {1e30F, 1e30F},
          {std::nanf("")},
          {-inf, 3.0F, std::nanf(""), -800.0F},
          {inf},
          std::vector<float>(5000, -inf),
          std::vector<float>(8990, -inf),
          std::vector<float>(5000, -720.0F)};
}

TEST_CASE("a surprise late in a long row is no other than an early one") {
  Random random(67);
  constexpr size_t kClasses = 9001;
  for (const float offset : {0.0F, 190.0F, -190.0F, 500.0F}) {
    CAPTURE(offset);
    for (const std::vector<float>& surprise : Surprises()) {
      const size_t plain = kClasses - surprise.size();
      CAPTURE(plain);
      std::vector<float> row;
      while (row.size() < plain) {
        row.push_back(offset + static_cast<float>(random.Uniform(-9, 9)));
      }
      row.insert(row.end(), surprise.begin(), surprise.end());
      const auto label = static_cast<Label>(random.Below(kClasses));
      ForEachTarget([&] { CheckPermuted(row, label); });
    }
  }
}

TEST_CASE("a row is overwritten by its results only when all are known") {
  Random random(71);
  // What comes so near to a middle is left open by all but the full stage
  const std::vector<float> logits =
      RowNearMiddle(random, 300, 3, false, ProbOf, ProbOf);
  ForEachTarget([&] {
    std::vector<float> row = logits;
    const std::vector<float> want = Softmax(row);
    const auto full = Stages().full;
    Softmax(Rows<const float>(row), Rows<float>(row));
    CHECK(Stages().full > full);
    CheckSameResults<float>(row, want);
  });
}

/// A batch of which each row begins one logit after the one before; NaN only in
/// the last ones.
std::vector<float> OverlappingRows(size_t rows, size_t classes) {
  Random random(23);
  std::vector<float> logits;
  while (logits.size() < rows + classes) {
    logits.push_back(static_cast<float>(random.Uniform(-9, 9)));
  }
  logits[rows + classes - 9] = std::nanf("");
  return logits;
}

TEST_CASE("a batch too large for the caches has the bits of its rows") {
  constexpr size_t kRows = 1049, kClasses = 4001;
  static_assert(kRows * kClasses > kStreamedElements &&
                kClasses > kStreamedClasses);
  const std::vector<float> logits = OverlappingRows(kRows, kClasses);
  const Rows<const float> view(logits.data(), kRows, kClasses, 1);
  const Labels labels(kRows, 4000);
  const auto compare = [&](auto batch, auto single) {
    GuardedRows<float> results(kRows, kClasses, 3);
    batch(results.View());
    results.CheckGuards();
    for (size_t r = 0; r < kRows; ++r) {
      const auto first = logits.begin() + static_cast<std::ptrdiff_t>(r);
      const std::vector<float> row(first, first + kClasses);
      CheckSameResults<float>(results.Row(r), single(row));
    }
  };
  ForEachTarget([&] {
    compare([&](Rows<float> to) { Softmax(view, to); },
            [](const auto& row) { return Softmax(row); });
    compare([&](Rows<float> to) { LogSoftmax(view, to); },
            [](const auto& row) { return LogSoftmax(row); });
    compare(
        [&](Rows<float> to) {
          CrossEntropyGradient(view, labels, to,
                               {.reduction = Reduction::kSum});
        },
        [](const auto& row) { return CrossEntropyGradientOf(row, 4000); });
  });
}

TEST_CASE_TEMPLATE("a temperature of 2 halves the logits", T, float, double) {
  ForEachRow<T>([](const std::vector<T>& logits, Label) {
    std::vector<T> halves = logits;
    for (T& z : halves) z /= 2;
    for (size_t c = 0; c < halves.size(); ++c) {
      if (halves[c] * 2 != logits[c]) return;  // a subnormal lost its last bit
    }
    CheckSameResults<T>(Softmax(logits, {.temperature = 2}), Softmax(halves));
    CheckSameResults<T>(LogSoftmax(logits, {.temperature = 2}),
                        LogSoftmax(halves));
  });
}

TEST_CASE_TEMPLATE("a larger logit never has the smaller probability", T, float,
                   double) {
  ForEachRegularRow<T>([](const std::vector<T>& logits, Label) {
    const auto probs = Softmax(logits), log_probs = LogSoftmax(logits);
    std::vector<size_t> order(logits.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::sort(order, {}, [&](size_t c) { return logits[c]; });
    for (size_t i = 1; i < order.size(); ++i) {
      CHECK(probs[order[i - 1]] <= probs[order[i]]);
      CHECK(log_probs[order[i - 1]] <= log_probs[order[i]]);
    }
  });
}

TEST_CASE("every target computes the same bits") {
  for (const auto& [name, row] : TrialRows<double>()) {
    CAPTURE(name);
    const std::vector<float> narrow(row.begin(), row.end());
    const auto want = AllOf(row, 0);
    const auto want_narrow = AllOf(narrow, 0);
    ForEachTarget([&, &logits = row] {
      CheckSameResults<double>(AllOf(logits, 0), want);
      CheckSameResults<float>(AllOf(narrow, 0), want_narrow);
    });
  }
}

// ---- softmax and its logarithm

TEST_CASE_TEMPLATE(
    "exp of the log-softmax is the softmax, but for the rounding of the "
    "logarithm",
    T, float, double) {
  double closest = 0;
  ForEachRegularRow<T>([&](const std::vector<T>& logits, Label) {
    const auto probs = Softmax(logits), log_probs = LogSoftmax(logits);
    const auto back = Exp(log_probs);
    for (size_t c = 0; c < probs.size(); ++c) {
      if (std::isinf(log_probs[c])) {
        CHECK(probs[c] == 0);
        continue;
      }
      // Half an ulp of the logarithm is a factor, and both sides are rounded
      const Exact moved = UlpOf(log_probs[c]) / 2 * Exact(probs[c]);
      const Exact allowed =
          Exact(1.001) * moved + UlpOf(probs[c]) +
          (back[c] > probs[c] ? UlpOf(back[c]) : Exact(0)) / 2;
      const Exact off = abs(Exact(back[c]) - Exact(probs[c]));
      CHECK(off <= allowed);
      if (moved > UlpOf(probs[c])) {
        closest = std::max(closest, static_cast<double>(Exact(off / allowed)));
      }
    }
  });
  CHECK(closest > 0.75);
}

TEST_CASE_TEMPLATE("probabilities sum to 1 but for their own roundings", T,
                   float, double) {
  double closest = 0;
  ForEachRegularRow<T>([&](const std::vector<T>& logits, Label) {
    Exact off = -1, allowed = 0;
    for (const T p : Softmax(logits)) {
      off += p;
      allowed += UlpOf(p) / 2;
    }
    CHECK(abs(off) <= allowed * Exact(1.001));
    if (logits.size() < 6) {
      closest =
          std::max(closest, static_cast<double>(Exact(abs(off) / allowed)));
    }
  });
  CHECK(closest > 0.5);
}

TEST_CASE_TEMPLATE("a mask is a logit of -inf", T, float, double) {
  Random random(63);
  for (const auto& [name, row] : TrialRows<T>()) {
    CAPTURE(name);
    if (HasNaN(Widen(row))) continue;
    std::vector<std::uint8_t> mask(row.size());
    std::vector<T> masked = row;
    for (size_t c = 0; c < row.size(); ++c) {
      mask[c] = random.Below(3) != 0;
      if (mask[c] == 0) masked[c] = -std::numeric_limits<T>::infinity();
    }
    if (std::ranges::count(mask, 0) == std::ssize(mask)) continue;
    ForEachTarget([&, &logits = row] {
      std::vector<T> probs(logits.size());
      MaskedSoftmax(Rows<const T>(logits), Rows<const std::uint8_t>(mask),
                    Rows<T>(probs));
      std::vector<T> want = Softmax(masked);
      for (size_t c = 0; c < want.size(); ++c) {
        if (mask[c] == 0) want[c] = 0;  // even beside NaN
      }
      CheckSameResults<T>(probs, want);
    });
  }
}

// ---- four routes to one loss

TEST_CASE_TEMPLATE(
    "cross-entropy, minus log-softmax, and NLL of it are one number", T, float,
    double) {
  ForEachRow<T>([](const std::vector<T>& logits, Label label) {
    const T loss = CrossEntropyOf(logits, label);
    const auto log_probs = LogSoftmax(logits);
    const T minus = -log_probs[static_cast<size_t>(label)];
    CHECK((loss == minus || (std::isnan(loss) && std::isnan(minus))));
    T nll = 0;
    Nll(Rows<const T>(log_probs), Labels{label}, std::span<T>(&nll, 1));
    CheckSame(nll, loss);
  });
}

TEST_CASE_TEMPLATE("a label is a one-hot target", T, float, double) {
  ForEachRow<T>([](const std::vector<T>& logits, Label label) {
    const auto target = OneHot<T>(logits.size(), static_cast<size_t>(label));
    T loss = 0;
    std::vector<T> d(logits.size());
    CrossEntropyWithGradient(Rows<const T>(logits), Rows<const T>(target),
                             std::span<T>(&loss, 1), Rows<T>(d));
    CheckSame(loss, CrossEntropyOf(logits, label));
    const auto want = CrossEntropyGradientOf(logits, label);
    for (size_t c = 0; c < d.size(); ++c) {
      CHECK((d[c] == want[c] || (std::isnan(d[c]) && std::isnan(want[c]))));
    }
  });
}

TEST_CASE_TEMPLATE("a one-hot distribution picks its logarithm", T, float,
                   double) {
  ForEachRegularRow<T>([](const std::vector<T>& logits, Label label) {
    const auto p = OneHot<T>(logits.size(), static_cast<size_t>(label));
    const auto q = Softmax(logits), log_q = LogSoftmax(logits);
    const T surprisal = CrossEntropyFromProbsOf(p, q);
    CheckSame(KlDivergence(p, q), surprisal);
    CHECK(surprisal == -Log(q)[static_cast<size_t>(label)]);
    T from_logs = 0;
    CrossEntropyFromLogProbs(Rows<const T>(p), Rows<const T>(log_q),
                             std::span<T>(&from_logs, 1));
    CheckSame(from_logs, CrossEntropyOf(logits, label));
  });
}

// ---- entropy and divergence

/// Probabilities that are whole 2^-bits and sum to exactly 1.
template <class T>
std::vector<T> DyadicProbs(Random& random, size_t classes, int bits) {
  std::vector<uint64_t> cuts = {0, uint64_t{1} << bits};
  while (cuts.size() < classes + 1)
    cuts.push_back(random.Bits() >> (64 - bits));
  std::ranges::sort(cuts);
  std::vector<T> probs;
  for (size_t c = 0; c < classes; ++c) {
    const auto share = static_cast<double>(cuts[c + 1] - cuts[c]);
    probs.push_back(static_cast<T>(std::ldexp(share, -bits)));
  }
  return probs;
}

/// The same with a little moved from one class to another.
template <class T>
std::vector<T> Nudged(std::vector<T> probs, int bits) {
  const auto from =
      static_cast<size_t>(std::ranges::max_element(probs) - probs.begin());
  const auto unit = static_cast<T>(std::ldexp(1.0, -bits));
  probs[from] -= unit;
  probs[(from + 1) % probs.size()] += unit;
  return probs;
}

/// Runs body(p, q) on pairs of exactly normalised distributions, half of them
/// neighbours, on every target.
template <class T, class Body>
void ForEachPair(const Body& body) {
  const int bits = sizeof(T) == 4 ? 20 : 40;
  Random random(64);
  for (size_t trial = 0; trial < 240; ++trial) {
    CAPTURE(trial);
    const auto p = DyadicProbs<T>(random, 2 + trial % 39, bits);
    const auto q = trial % 2 == 0 ? Nudged(p, bits)
                                  : DyadicProbs<T>(random, p.size(), bits);
    ForEachTarget([&] { body(p, q); });
  }
}

TEST_CASE_TEMPLATE("a divergence from itself is exactly 0", T, float, double) {
  for (const auto& [name, p] : TrialProbs<T>()) {
    CAPTURE(name);
    if (HasNaN(Widen(p))) continue;
    ForEachTarget([&, &probs = p] {
      CheckSame(KlDivergence(probs, probs), T(0));
      CHECK(SameBits(KlDivergence(probs, probs), T(0)));
    });
  }
}

TEST_CASE_TEMPLATE("a divergence is positive between any two distributions", T,
                   float, double) {  // Gibbs' inequality
  ForEachPair<T>([](const std::vector<T>& p, const std::vector<T>& q) {
    if (p == q) return;
    CHECK(KlDivergence(p, q) > 0);
    CHECK(KlDivergence(q, p) > 0);
  });
}

TEST_CASE_TEMPLATE("the divergence is the cross-entropy less the entropy", T,
                   float, double) {
  double closest = 0;
  ForEachPair<T>([&](const std::vector<T>& p, const std::vector<T>& q) {
    const T divergence = KlDivergence(p, q), entropy = Entropy(p);
    const T cross_entropy = CrossEntropyFromProbsOf(p, q);
    if (std::isinf(cross_entropy)) {
      CHECK(std::isinf(divergence));
      return;
    }
    const Exact off =
        abs(Exact(cross_entropy) - Exact(entropy) - Exact(divergence));
    const Exact allowed =
        Exact(1.001) *
        (UlpOf(cross_entropy) + UlpOf(entropy) + UlpOf(divergence)) / 2;
    CHECK(off <= allowed);
    closest = std::max(closest, static_cast<double>(Exact(off / allowed)));
  });
  CHECK(closest > 0.75);
}

TEST_CASE_TEMPLATE("the entropy of K equal logits is ln K", T, float, double) {
  ForEachTarget([&] {
    for (size_t classes = 1; classes <= 300; ++classes) {
      CAPTURE(classes);
      const std::vector<T> logits(classes, T(-3.75));
      const T log_k = Log(std::vector<T>{T(classes)})[0];
      CHECK(EntropyOfLogitsOf(logits) == log_k);
      CHECK(CrossEntropyOf(logits, 0) == log_k);
      if (std::has_single_bit(classes)) {
        CHECK(Entropy(std::vector<T>(classes, T(1) / T(classes))) == log_k);
      }
    }
  });
}

TEST_CASE(
    "the entropy of logits is that of their softmax, but for its rounding") {
  double closest = 0;
  ForEachRegularRow<double>([&](const std::vector<double>& logits, Label) {
    const auto probs = Softmax(logits);
    const double from_logits = EntropyOfLogitsOf(logits),
                 from_probs = Entropy(probs);
    Exact allowed = (UlpOf(from_logits) + UlpOf(from_probs)) / 2;
    for (const double p : probs) {  // dH = -(1 + ln p) dp
      if (p > 0) allowed += UlpOf(p) / 2 * std::abs(1 + std::log(p));
    }
    // A rounding of p = 0 itself hides up to p ln p of half the smallest number
    allowed = allowed * Exact(1.001) + Exact(0x1p-1060) * Exact(logits.size());
    const Exact off = abs(Exact(from_logits) - Exact(from_probs));
    CHECK(off <= allowed);
    closest = std::max(closest, static_cast<double>(Exact(off / allowed)));
  });
  CHECK(closest > 0.5);
}

// ---- two classes

/// Runs body(x, pair) with pair = {x, 0} for every finite trial argument.
template <class T, class Body>
void ForEachPairOfLogits(const Body& body) {
  const auto x = TrialArguments<T>(1500);
  ForEachTarget([&] {
    for (size_t i = 0; i < x.size(); ++i) {
      if (!std::isfinite(x[i])) continue;
      CAPTURE(x[i]);
      body(x[i], std::vector<T>{x[i], 0});
    }
  });
}

TEST_CASE_TEMPLATE("the sigmoid is the softmax of x and 0", T, float, double) {
  ForEachPairOfLogits<T>([](T x, const std::vector<T>& pair) {
    const std::vector<T> one = {x};
    CHECK(Sigmoid(one)[0] == Softmax(pair)[0]);
    CHECK(LogSigmoid(one)[0] == LogSoftmax(pair)[0]);
    CHECK(Softplus(one)[0] == LogSumExp(pair));
  });
}

TEST_CASE_TEMPLATE("binary cross-entropy is the cross-entropy of x and 0", T,
                   float, double) {
  ForEachPairOfLogits<T>([](T x, const std::vector<T>& pair) {
    const std::vector<T> one = {x};
    for (const T target : {T(0), T(1), T(0.25)}) {
      T binary = 0, loss = 0;
      std::vector<T> d_x(1), d_pair(2);
      const std::vector<T> yes = {target}, shares = {target, 1 - target};
      BinaryCrossEntropy(Rows<const T>(one), Rows<const T>(yes),
                         std::span<T>(&binary, 1));
      BinaryCrossEntropyGradient(Rows<const T>(one), Rows<const T>(yes),
                                 Rows<T>(d_x));
      CrossEntropyWithGradient(Rows<const T>(pair), Rows<const T>(shares),
                               std::span<T>(&loss, 1), Rows<T>(d_pair));
      CheckSame(binary, loss);
      CHECK(d_x[0] == d_pair[0]);
    }
  });
}

// ---- gradients

TEST_CASE_TEMPLATE("a row's gradient sums to 0 but for its own roundings", T,
                   float, double) {
  double closest = 0;
  ForEachRegularRow<T>([&](const std::vector<T>& logits, Label label) {
    for (const auto& d : {CrossEntropyGradientOf(logits, label),
                          EntropyOfLogitsGradientOf(logits)}) {
      Exact sum = 0, allowed = 0;
      for (const T x : d) {
        sum += x;
        allowed += UlpOf(x) / 2;
      }
      CHECK(abs(sum) <= allowed * Exact(1.001));
      if (d.size() < 6)
        closest =
            std::max(closest, static_cast<double>(Exact(abs(sum) / allowed)));
    }
  });
  CHECK(closest > 0.5);
}

TEST_CASE_TEMPLATE("the gradient of cross-entropy is the VJP of log-softmax", T,
                   float, double) {
  ForEachRegularRow<T>([](const std::vector<T>& logits, Label label) {
    const auto upstream =
        OneHot<T>(logits.size(), static_cast<size_t>(label), -1);
    const auto want = CrossEntropyGradientOf(logits, label);
    std::vector<T> d(logits.size());
    LogSoftmaxVjp(Rows<const T>(logits), Rows<const T>(upstream), Rows<T>(d));
    for (size_t c = 0; c < d.size(); ++c) CHECK(d[c] == want[c]);
  });
}

TEST_CASE_TEMPLATE("the chain rule holds from NLL through log-softmax", T,
                   float, double) {
  const std::vector<T> logits = {1, T(-0.5), 3, 0, 2, 2};
  const Labels labels = {1, 2};
  ForEachTarget([&] {
    std::vector<T> log_probs(6), d_log_probs(6), d_logits(6), want(6);
    const Rows<const T> rows(logits.data(), 2, 3);
    const auto view = [](std::vector<T>& x) { return Rows<T>(x.data(), 2, 3); };
    LogSoftmax(rows, view(log_probs));
    NllGradient(view(log_probs), labels, view(d_log_probs));
    LogSoftmaxVjp(rows, view(d_log_probs), view(d_logits));
    CrossEntropyGradient(rows, labels, view(want));
    CHECK(d_logits == want);  // each weighs 1/2: exact
  });
}

TEST_CASE_TEMPLATE("the gradient of log-sum-exp is the softmax", T, float,
                   double) {
  const T one[] = {1};
  ForEachRegularRow<T>([&](const std::vector<T>& logits, Label) {
    std::vector<T> d(logits.size());
    LogSumExpGradient(Rows<const T>(logits), one, Rows<T>(d));
    CheckSameResults<T>(d, Softmax(logits));
  });
}

TEST_CASE_TEMPLATE("the gradient of softplus is the sigmoid", T, float,
                   double) {
  const auto x = TrialArguments<T>();
  const std::vector<T> ones(x.size(), T(1));
  ForEachTarget([&] {
    std::vector<T> d(x.size());
    SoftplusVjp(std::span(x), std::span(ones), std::span(d));
    CheckSameResults<T>(d, Sigmoid(x));
  });
}

// ---- batches

/// Forty rows of eleven logits, one behind the other, with a label each.
template <class T>
struct Batch40 {
  static constexpr size_t kRows = 40, kClasses = 11;
  std::vector<T> logits;
  Labels labels;

  Batch40() {
    Random random(65);
    for (size_t r = 0; r < kRows; ++r) {
      const auto row = RandomRow<T>(random, kClasses);
      logits.insert(logits.end(), row.begin(), row.end());
    }
    labels = RandomLabels(random, kRows, kClasses);
  }

  T Loss(const CrossEntropyOptions& options, size_t first = 0,
         size_t rows = kRows) const {
    T loss = 0;
    CrossEntropy(
        Rows<const T>(logits.data() + first * kClasses, rows, kClasses),
        std::span(labels).subspan(first, rows), std::span<T>(&loss, 1),
        options);
    return loss;
  }

  std::vector<T> Losses() const {
    std::vector<T> losses(kRows);
    CrossEntropy(Rows<const T>(logits.data(), kRows, kClasses), labels, losses,
                 {.reduction = Reduction::kNone});
    return losses;
  }
};

TEST_CASE_TEMPLATE("the sum is that of the losses but for their own roundings",
                   T, float, double) {
  const Batch40<T> batch;
  ForEachTarget([&] {
    const T sum = batch.Loss({.reduction = Reduction::kSum});
    Exact off = -Exact(sum), allowed = UlpOf(sum) / 2;
    for (const T loss : batch.Losses()) {
      off += loss;
      allowed += UlpOf(loss) / 2;
    }
    CHECK(abs(off) <= allowed * Exact(1.001));
    const Exact parts =
        Exact(batch.Loss({.reduction = Reduction::kSum}, 0, 15)) +
        Exact(batch.Loss({.reduction = Reduction::kSum}, 15, 25));
    CHECK(abs(parts - Exact(sum)) <= UlpOf(sum) * Exact(1.5));
  });
}

TEST_CASE_TEMPLATE("the mean of 32 losses is their sum over 32", T, float,
                   double) {
  Batch40<T> batch;
  for (Label& label : batch.labels) label = std::max(label, 0);
  ForEachTarget([&] {
    const T sum = batch.Loss({.reduction = Reduction::kSum}, 0, 32);
    CheckSame(batch.Loss({}, 0, 32), sum / 32);
  });
}

TEST_CASE_TEMPLATE("reordering the rows changes no bit of the mean", T, float,
                   double) {
  const Batch40<T> batch;
  Batch40<T> reversed;
  for (size_t r = 0; r < batch.kRows; ++r) {
    const size_t from = batch.kRows - 1 - r;
    reversed.labels[r] = batch.labels[from];
    std::copy_n(batch.logits.begin() +
                    static_cast<std::ptrdiff_t>(from * batch.kClasses),
                batch.kClasses,
                reversed.logits.begin() +
                    static_cast<std::ptrdiff_t>(r * batch.kClasses));
  }
  ForEachTarget([&] { CheckSame(reversed.Loss({}), batch.Loss({})); });
}

TEST_CASE_TEMPLATE("to ignore a row is to leave it out", T, float, double) {
  const Batch40<T> batch;
  Batch40<T> ignoring = batch;
  std::ranges::fill_n(ignoring.labels.begin(), 13, -100);
  ForEachTarget([&] {
    for (const double smoothing : {0.0, 0.1}) {
      CrossEntropyOptions options;
      options.label_smoothing = smoothing;
      CheckSame(ignoring.Loss(options), batch.Loss(options, 13, 27));
    }
  });
}

TEST_CASE_TEMPLATE("equal weights do not change a mean", T, float, double) {
  const Batch40<T> batch;
  const std::vector<double> weights(batch.kClasses, 0.7);
  ForEachTarget([&] {
    CheckSame(batch.Loss({.class_weights = weights}), batch.Loss({}));
  });
}

TEST_CASE_TEMPLATE("full smoothing makes all labels alike", T, float, double) {
  ForEachRegularRow<T>([](const std::vector<T>& logits, Label label) {
    const auto loss = [&](Label y) {
      T value = 0;
      CrossEntropy(Rows<const T>(logits), Labels{y}, std::span<T>(&value, 1),
                   {.label_smoothing = 1});
      return value;
    };
    CheckSame(loss(label), loss(0));
  });
}

}  // namespace
}  // namespace surprisal::testing
