#ifndef SURPRISAL_TESTS_EXHAUSTIVE_SWEEP_H_
#define SURPRISAL_TESTS_EXHAUSTIVE_SWEEP_H_

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "hwy/targets.h"
#include "oracle/approx.h"
#include "oracle/enclosure.h"
#include "oracle/filtered.h"
#include "oracle/format.h"

/// A sweep asks a kernel about every value of an element type, or every n-th,
/// and compares the bits of its answers with the oracle's: on every SIMD
/// target, while the oracle is asked once.
namespace surprisal::exhaustive {

/// The number itself as bits.
template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 2, uint16_t, uint32_t>;

/// What is true of one quantity at x, in doubles, in long doubles and in 100
/// digits; `place` counts its results at that x.
struct Truth {
  Enclosure (*quick)(double x, size_t place);
  Approx (*close)(double x, size_t place);
  Exact (*exact)(double x, size_t place);
};

/// A kernel and the truth about it. T is the type of the inputs, R that of the
/// results.
template <class T, class R = T>
struct Quantity {
  std::string name;
  size_t classes;  ///< 1: the inputs are x, 2: the rows [x, 0]
  size_t results;  ///< per input, one behind the other
  void (*kernel)(std::span<const T> inputs, std::span<R> results);
  Truth truth;
  bool plus_zero = false;  ///< what is or underflows to 0 is +0
};

/// The bit patterns from, from + step, ... up to and including `to`.
struct Range {
  uint64_t from = 0;
  uint64_t to = 0xFFFFFFFF;
  uint64_t step = 1;

  uint64_t Count() const { return (to - from) / step + 1; }
};

/// A result that is not the oracle's.
struct Difference {
  uint64_t input_bits;
  double input;
  size_t place;
  double got;
  double want;
};

/// What a stretch of the work took.
struct Cost {
  double minutes = 0;      ///< by the clock on the wall
  double cpu_seconds = 0;  ///< of all threads together
};

struct TargetOutcome {
  int64_t target;
  uint64_t differences = 0;
  std::vector<Difference> first = {};  ///< at most kShown, in the order found
  Cost cost = {};
};

struct Outcome {
  uint64_t inputs = 0;
  FilterCount long_double = {};  ///< asked; of these needed 100 digits
  Cost oracle = {};
  std::vector<TargetOutcome> targets = {};

  uint64_t Differences() const {
    uint64_t sum = 0;
    for (const TargetOutcome& outcome : targets) sum += outcome.differences;
    return sum;
  }
};

/// How, and what to call after every block with the inputs and differences
/// there were so far.
struct Plan {
  Range range = {};
  std::vector<int64_t> targets = {};
  size_t threads = 1;
  std::function<void(uint64_t inputs, uint64_t differences)> progress = {};
};

inline constexpr size_t kBlock = size_t{1} << 20;  ///< inputs compared at once
inline constexpr size_t kPiece = size_t{1} << 14;  ///< inputs a thread takes
inline constexpr size_t kShown = 5;  ///< differences kept per target

/// Adds what `work` took to `cost`.
template <class Work>
void Measure(Cost& cost, const Work& work) {
  const std::clock_t cpu = std::clock();
  const auto start = std::chrono::steady_clock::now();
  work();
  cost.minutes += std::chrono::duration<double, std::ratio<60>>(
                      std::chrono::steady_clock::now() - start)
                      .count();
  cost.cpu_seconds += static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
}

/// Calls body(piece, first, last) for every piece of [0, count).
template <class Body>
void ForEachPiece(size_t count, size_t threads, const Body& body) {
  const size_t pieces = (count + kPiece - 1) / kPiece;
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t piece = next++; piece < pieces; piece = next++) {
      body(piece, piece * kPiece, std::min(count, (piece + 1) * kPiece));
    }
  };
  std::vector<std::jthread> others;
  for (size_t i = 1; i < std::min(threads, pieces); ++i) {
    others.emplace_back(work);
  }
  work();
}

/// The same bits, sign of zero included; any NaN is as good as any other.
template <class R>
bool IsSame(R got, R want) {
  if (std::bit_cast<BitsOf<R>>(got) == std::bit_cast<BitsOf<R>>(want)) {
    return true;
  }
  return std::isnan(Format<R>::Widen(got)) &&
         std::isnan(Format<R>::Widen(want));
}

/// One block of inputs, what the oracle says about it and what a kernel says.
template <class T, class R>
class Block {
 public:
  explicit Block(const Quantity<T, R>& quantity) : quantity_(quantity) {}

  /// Takes the inputs numbered [first, first + count) of the range, and asks
  /// the oracle about them.
  void AskOracle(const Range& range, uint64_t first, size_t count,
                 size_t threads, FilterCount& asked) {
    range_ = range;
    first_ = first;
    count_ = count;
    inputs_.assign(count * quantity_.classes, T{});
    want_.resize(count * quantity_.results);
    got_.resize(want_.size());
    std::vector<FilterCount> counts((count + kPiece - 1) / kPiece);
    ForEachPiece(count, threads, [&](size_t piece, size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) AskAbout(i, counts[piece]);
    });
    for (const FilterCount& piece : counts) {
      asked.asked += piece.asked;
      asked.escalated += piece.escalated;
    }
  }

  void RunKernel(size_t threads) {
    ForEachPiece(count_, threads, [&](size_t, size_t begin, size_t end) {
      const size_t classes = quantity_.classes, results = quantity_.results;
      quantity_.kernel(
          std::span(inputs_).subspan(begin * classes, (end - begin) * classes),
          std::span(got_).subspan(begin * results, (end - begin) * results));
    });
  }

  void Compare(TargetOutcome& outcome) const {
    for (size_t i = 0; i < want_.size(); ++i) {
      if (IsSame(got_[i], want_[i])) continue;
      ++outcome.differences;
      if (outcome.first.size() < kShown) outcome.first.push_back(At(i));
    }
  }

 private:
  BitsOf<T> InputBits(size_t i) const {
    return static_cast<BitsOf<T>>(range_.from + (first_ + i) * range_.step);
  }

  void AskAbout(size_t i, FilterCount& count) {
    const T input = std::bit_cast<T>(InputBits(i));
    inputs_[i * quantity_.classes] = input;
    const double x = Format<T>::Widen(input);
    for (size_t place = 0; place < quantity_.results; ++place) {
      R& want = want_[i * quantity_.results + place];
      const auto quick = CertainRounding<R>(quantity_.truth.quick(x, place));
      want = quick ? *quick : AskAgain(x, place, count);
      if (quantity_.plus_zero && Format<R>::Widen(want) == 0) want = R{};
    }
  }

  R AskAgain(double x, size_t place, FilterCount& count) const {
    const Truth& truth = quantity_.truth;
    return RoundFiltered<R>(
        truth.close(x, place), [&] { return truth.exact(x, place); }, &count);
  }

  Difference At(size_t i) const {
    const BitsOf<T> bits = InputBits(i / quantity_.results);
    return {bits, Format<T>::Widen(std::bit_cast<T>(bits)),
            i % quantity_.results, Format<R>::Widen(got_[i]),
            Format<R>::Widen(want_[i])};
  }

  const Quantity<T, R>& quantity_;
  Range range_ = {};
  uint64_t first_ = 0;
  size_t count_ = 0;
  std::vector<T> inputs_;
  std::vector<R> want_;
  std::vector<R> got_;
};

/// Compares a kernel with the oracle at every input of the range, on every
/// target of the plan. The target is one setting for the whole program: all
/// threads work on the same one. All targets are allowed again afterwards.
template <class T, class R>
Outcome Sweep(const Quantity<T, R>& quantity, const Plan& plan) {
  Outcome outcome = {.inputs = plan.range.Count()};
  for (const int64_t target : plan.targets) {
    outcome.targets.push_back({target});
  }
  Block<T, R> block(quantity);
  for (uint64_t first = 0; first < outcome.inputs; first += kBlock) {
    const size_t count = std::min<uint64_t>(kBlock, outcome.inputs - first);
    Measure(outcome.oracle, [&] {
      block.AskOracle(plan.range, first, count, plan.threads,
                      outcome.long_double);
    });
    for (TargetOutcome& target : outcome.targets) {
      hwy::SetSupportedTargetsForTest(target.target);
      Measure(target.cost, [&] { block.RunKernel(plan.threads); });
      block.Compare(target);
    }
    hwy::SetSupportedTargetsForTest(0);
    if (plan.progress) plan.progress(first + count, outcome.Differences());
  }
  return outcome;
}

}  // namespace surprisal::exhaustive

#endif  // SURPRISAL_TESTS_EXHAUSTIVE_SWEEP_H_
