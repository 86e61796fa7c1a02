#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "kernel_testing.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"
#include "surprisal/common/tbb_executor.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/entropy/entropy.h"
#include "surprisal/kl_divergence/kl_divergence.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"
#include "surprisal/softmax/softmax.h"
#include "trial_inputs.h"

namespace surprisal::testing {
namespace {

/// The last piece, the two in front of it, the three in front of these, ...
class Backwards : public Executor {
 public:
  void Run(size_t count,
           const std::function<void(size_t, size_t)>& pieces) const override {
    ++runs_;
    size_t end = count;
    for (size_t size = 1; end > 0; ++size) {
      const size_t begin = end - std::min(size, end);
      pieces(begin, end);
      end = begin;
    }
  }

  size_t Runs() const { return runs_; }

 private:
  mutable size_t runs_ = 0;
};

/// Enough rows of 7 classes for several pieces, not all of one size.
constexpr size_t kClasses = 7;
const size_t kRows = 3 * RowsPerPiece(kClasses) + 5;

/// One batch of inputs for every function, and room for its results.
template <class T>
struct ManyRows {
  std::vector<T> logits, other, probs, upstream, first, second, scalars;
  std::vector<Label> labels;
  std::vector<std::uint8_t> mask;

  ManyRows() {
    Random random(77);
    for (size_t i = 0; i < kRows * kClasses; ++i) {
      logits.push_back(static_cast<T>(random.Uniform(-20, 20)));
      other.push_back(static_cast<T>(random.Uniform(-3, 3)));
      probs.push_back(static_cast<T>(random.Uniform(0, 1)));
      mask.push_back(static_cast<std::uint8_t>(random.Below(2)));
    }
    for (size_t r = 0; r < kRows; ++r) {
      upstream.push_back(static_cast<T>(random.Uniform(-2, 2)));
      labels.push_back(static_cast<Label>(random.Below(kClasses)));
    }
    first.resize(logits.size());
    second.resize(logits.size());
    scalars.resize(kRows);
  }

  Rows<const T> In(const std::vector<T>& x) const {
    return {x.data(), kRows, kClasses};
  }
  Rows<T> Out(std::vector<T>& x) const { return {x.data(), kRows, kClasses}; }

  /// All results in one row.
  std::vector<T> Results() const {
    std::vector<T> all = first;
    all.insert(all.end(), second.begin(), second.end());
    all.insert(all.end(), scalars.begin(), scalars.end());
    return all;
  }
};

template <class T>
using Call = std::function<void(ManyRows<T>&, const Executor*)>;

template <class T>
struct NamedCall {
  const char* name;
  Call<T> call;
};

template <class T>
std::vector<NamedCall<T>> RowCalls() {
  using M = ManyRows<T>;
  using E = const Executor*;
  return {
      {"softmax",
       [](M& m, E e) {
         Softmax(m.In(m.logits), m.Out(m.first), {}, e);
         SoftmaxVjp(m.In(m.logits), m.In(m.other), m.Out(m.second), {}, e);
       }},
      {"masked softmax",
       [](M& m, E e) {
         MaskedSoftmax(m.In(m.logits), {m.mask.data(), kRows, kClasses},
                       m.Out(m.first), {}, e);
       }},
      {"log-softmax",
       [](M& m, E e) {
         LogSoftmax(m.In(m.logits), m.Out(m.first), {}, e);
         LogSoftmaxVjp(m.In(m.logits), m.In(m.other), m.Out(m.second), {}, e);
       }},
      {"log-sum-exp",
       [](M& m, E e) {
         LogSumExp(m.In(m.logits), m.scalars, e);
         LogSumExpGradient(m.In(m.logits), m.upstream, m.Out(m.first), e);
       }},
      {"entropy",
       [](M& m, E e) {
         Entropy(m.In(m.probs), m.scalars, e);
         EntropyGradient(m.In(m.probs), m.upstream, m.Out(m.first), e);
       }},
      {"entropy of logits",
       [](M& m, E e) {
         EntropyOfLogits(m.In(m.logits), m.scalars, e);
         EntropyOfLogitsGradient(m.In(m.logits), m.upstream, m.Out(m.first), e);
       }},
      {"KL divergence",
       [](M& m, E e) {
         KlDivergence(m.In(m.probs), m.In(m.probs), m.scalars, e);
         KlDivergenceGradient(m.In(m.probs), m.In(m.probs), m.upstream,
                              m.Out(m.first), m.Out(m.second), e);
       }},
      {"cross-entropy of distributions",
       [](M& m, E e) {
         CrossEntropyFromProbs(m.In(m.probs), m.In(m.probs), m.scalars, e);
         CrossEntropyFromProbsGradient(m.In(m.probs), m.In(m.probs), m.upstream,
                                       m.Out(m.first), {}, e);
       }},
  };
}

/// Losses, with a reduction.
template <class T>
std::vector<NamedCall<T>> LossCalls(Reduction reduction) {
  using M = ManyRows<T>;
  using E = const Executor*;
  const size_t size = reduction == Reduction::kNone ? kRows : 1;
  const auto loss = [size](M& m) { return std::span(m.scalars).first(size); };
  const CrossEntropyOptions options = {.reduction = reduction};
  const CrossEntropyOptions smooth = {.reduction = reduction,
                                      .label_smoothing = 0.1};
  const BinaryCrossEntropyOptions binary = {.reduction = reduction};
  return {
      {"cross-entropy of labels",
       [=](M& m, E e) {
         CrossEntropyWithGradient(m.In(m.logits), m.labels, loss(m),
                                  m.Out(m.first), options, e);
       }},
      {"smoothed cross-entropy",
       [=](M& m, E e) {
         CrossEntropyWithGradient(m.In(m.logits), m.labels, loss(m),
                                  m.Out(m.first), smooth, e);
       }},
      {"cross-entropy of targets",
       [=](M& m, E e) {
         CrossEntropyWithGradient(m.In(m.logits), m.In(m.probs), loss(m),
                                  m.Out(m.first), options, e);
       }},
      {"binary cross-entropy",
       [=](M& m, E e) {
         if (reduction != Reduction::kNone) {
           BinaryCrossEntropy(m.In(m.logits), m.In(m.probs), loss(m), binary,
                              e);
         }
         BinaryCrossEntropyGradient(m.In(m.logits), m.In(m.probs),
                                    m.Out(m.first), binary, e);
       }},
  };
}

template <class T>
void CheckExecutors(const std::vector<NamedCall<T>>& calls) {
  const TbbExecutor one(1), two(2), seven(7);
  for (const auto& [call_name, call] : calls) {
    const std::string name = call_name;
    CAPTURE(name);
    ManyRows<T> alone;
    call(alone, nullptr);
    const std::vector<T> want = alone.Results();
    const Backwards backwards;
    const std::vector<const Executor*> executors = {&backwards, &one, &two,
                                                    &seven};
    for (const Executor* executor : executors) {
      ManyRows<T> threaded;
      call(threaded, executor);
      const std::vector<T> got = threaded.Results();
      CHECK(std::equal(got.begin(), got.end(), want.begin(), SameBits<T>));
    }
    CHECK(backwards.Runs() > 0);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("threads change no bit of any row", T, float, double) {
  CheckExecutors<T>(RowCalls<T>());
}

TEST_CASE_TEMPLATE("threads change no bit of any loss", T, float, double) {
  for (const Reduction reduction :
       {Reduction::kNone, Reduction::kMean, Reduction::kSum}) {
    CheckExecutors<T>(LossCalls<T>(reduction));
  }
}

TEST_CASE("the order of the rows changes no bit of a mean") {
  const ManyRows<float> rows;
  std::vector<size_t> order(kRows);
  std::iota(order.begin(), order.end(), size_t{0});
  Random random(78);
  float want = 0;
  CrossEntropy(rows.In(rows.logits), rows.labels, std::span(&want, 1));
  for (int shuffle = 0; shuffle < 3; ++shuffle) {
    for (size_t i = kRows; i > 1; --i) {
      std::swap(order[i - 1], order[random.Below(i)]);
    }
    ManyRows<float> shuffled;
    for (size_t r = 0; r < kRows; ++r) {
      std::copy_n(&rows.logits[order[r] * kClasses], kClasses,
                  &shuffled.logits[r * kClasses]);
      shuffled.labels[r] = rows.labels[order[r]];
    }
    float got = 0;
    CrossEntropy(shuffled.In(shuffled.logits), shuffled.labels,
                 std::span(&got, 1));
    CHECK(SameBits(got, want));
  }
}

TEST_CASE("an executor is asked only where there is more than one piece") {
  const Backwards backwards;
  std::vector<float> row = {1, 2, 3}, probs(3);
  Softmax(row, probs, {}, &backwards);
  CHECK(backwards.Runs() == 0);
}

}  // namespace surprisal::testing
