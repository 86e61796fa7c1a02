// Runs every public function of the library over a fixed corpus and prints a
// hash of the bits that each returned, or compares them with a file: the same
// file everywhere, for what is correctly rounded has the same bits everywhere.
// It uses the standard library and the library itself only, so that it can be
// built for any instruction set.

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "corpus.h"
#include "hwy/targets.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"
#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/entropy/entropy.h"
#include "surprisal/exp/exp.h"
#include "surprisal/expm1/expm1.h"
#include "surprisal/kl_divergence/kl_divergence.h"
#include "surprisal/log/log.h"
#include "surprisal/log1p/log1p.h"
#include "surprisal/log_softmax/log_softmax.h"
#include "surprisal/log_sum_exp/log_sum_exp.h"
#include "surprisal/nll/nll.h"
#include "surprisal/sigmoid/sigmoid.h"
#include "surprisal/softmax/softmax.h"
#include "surprisal/softplus/softplus.h"

namespace surprisal::hash {
namespace {

/// FNV-1a of 64 bits over the results' bytes, lowest first. Every NaN counts as
/// the same one, -0 and +0 as two.
class Hash {
 public:
  template <class T>
  Hash& Add(const std::vector<T>& results) {
    using Bits = typename Element<T>::Bits;
    for (const T x : results) {
      auto bits = BitCast<Bits>(x);
      const auto size = static_cast<Bits>(bits & (Bits(-1) >> 1));
      if (size > kInfinityBits<T>) bits = kNaNBits<T>;
      for (size_t i = 0; i < sizeof(Bits); ++i) AddByte(bits >> (8 * i) & 0xff);
    }
    count_ += results.size();
    return *this;
  }

  std::string Text() const {
    char text[48];
    std::snprintf(text, sizeof(text), "%zu %08lx%08lx", count_,
                  static_cast<unsigned long>(state_ >> 32),
                  static_cast<unsigned long>(state_ & 0xffffffff));
    return text;
  }

 private:
  void AddByte(uint64_t byte) { state_ = (state_ ^ byte) * 0x100000001b3; }

  uint64_t state_ = 0xcbf29ce484222325;
  size_t count_ = 0;
};

using Lines = std::vector<std::string>;

/// What the functions of one element type are run on, and the lines that came
/// of it.
template <class T>
class Runner {
 public:
  using Scalar = typename Element<T>::Scalar;

  Runner(Lines& lines, const std::vector<Case<double>>& cases)
      : lines_(lines), arguments_(To<T>(Arguments())) {
    for (const Case<double>& x : cases) cases_.push_back(To<T>(x));
    Random random(31415);
    std::vector<double> upstream;
    for (size_t i = 0; i < arguments_.size(); ++i) {
      upstream.push_back(AnyUpstream(random));
    }
    upstream_ = To<T>(upstream);
  }

  /// fn(x, y) over the arguments.
  template <class Fn>
  void Map(const char* name, const Fn& fn) {
    std::vector<T> y(arguments_.size());
    fn(std::span<const T>(arguments_), std::span<T>(y));
    Line(name, Hash().Add(y));
  }

  /// fn(x, upstream, d_x) over the arguments.
  template <class Fn>
  void MapVjp(const char* name, const Fn& fn) {
    std::vector<T> d_x(arguments_.size());
    fn(std::span<const T>(arguments_), std::span<const T>(upstream_),
       std::span<T>(d_x));
    Line(name, Hash().Add(d_x));
  }

  /// fn(case, hash) for each case.
  template <class Fn>
  void Each(const std::string& name, const Fn& fn) {
    Hash hash;
    for (const Case<T>& x : cases_) fn(x, hash);
    Line(name, hash);
  }

  /// fn(case, y) with y of the case's shape.
  template <class Fn>
  void Elements(const std::string& name, const Fn& fn) {
    Each(name, [&](const Case<T>& x, Hash& hash) {
      std::vector<T> y(x.logits.size());
      fn(x, x.Out(y));
      hash.Add(y);
    });
  }

  /// fn(case, y) with count_of(case) row scalars.
  template <class Count, class Fn>
  void Scalars(const std::string& name, const Count& count_of, const Fn& fn) {
    Each(name, [&](const Case<T>& x, Hash& hash) {
      std::vector<Scalar> y(count_of(x));
      fn(x, std::span<Scalar>(y));
      hash.Add(y);
    });
  }

  /// fn(case, first, second), both of the case's shape.
  template <class Fn>
  void Pairs(const std::string& name, const Fn& fn) {
    Each(name, [&](const Case<T>& x, Hash& hash) {
      std::vector<T> first(x.logits.size()), second(first.size());
      fn(x, x.Out(first), x.Out(second));
      hash.Add(first).Add(second);
    });
  }

 private:
  void Line(const std::string& name, const Hash& hash) {
    lines_.push_back(std::string(Element<T>::kName) + " " + name + " " +
                     hash.Text());
  }

  Lines& lines_;
  std::vector<T> arguments_, upstream_;
  std::vector<Case<T>> cases_;
};

template <class T>
std::span<const typename Element<T>::Scalar> Upstream(const Case<T>& x) {
  return x.row_upstream;
}

constexpr auto RowsOf = [](const auto& x) { return x.rows; };

template <class T>
void RunElementwise(Runner<T>& run) {
  run.Map("Exp", [](auto x, auto y) { Exp(x, y); });
  run.Map("Log", [](auto x, auto y) { Log(x, y); });
  run.Map("Log1p", [](auto x, auto y) { Log1p(x, y); });
  run.Map("Expm1", [](auto x, auto y) { Expm1(x, y); });
  run.Map("Sigmoid", [](auto x, auto y) { Sigmoid(x, y); });
  run.Map("Softplus", [](auto x, auto y) { Softplus(x, y); });
  run.Map("LogSigmoid", [](auto x, auto y) { LogSigmoid(x, y); });
  run.MapVjp("ExpVjp", [](auto x, auto g, auto d) { ExpVjp(x, g, d); });
  run.MapVjp("LogVjp", [](auto x, auto g, auto d) { LogVjp(x, g, d); });
  run.MapVjp("Log1pVjp", [](auto x, auto g, auto d) { Log1pVjp(x, g, d); });
  run.MapVjp("Expm1Vjp", [](auto x, auto g, auto d) { Expm1Vjp(x, g, d); });
  run.MapVjp("SigmoidVjp", [](auto x, auto g, auto d) { SigmoidVjp(x, g, d); });
  run.MapVjp("SoftplusVjp",
             [](auto x, auto g, auto d) { SoftplusVjp(x, g, d); });
  run.MapVjp("LogSigmoidVjp",
             [](auto x, auto g, auto d) { LogSigmoidVjp(x, g, d); });
}

template <class T>
void RunLogSumExp(Runner<T>& run) {
  run.Scalars("LogSumExp", RowsOf,
              [](const Case<T>& x, auto y) { LogSumExp(x.In(x.logits), y); });
  run.Elements("LogSumExpGradient", [](const Case<T>& x, auto d) {
    LogSumExpGradient(x.In(x.logits), Upstream(x), d);
  });
}

template <class T>
void RunSoftmax(Runner<T>& run) {
  for (const double temperature : {1.0, 0.5, 0.7, 30.0}) {
    char suffix[32];
    std::snprintf(suffix, sizeof(suffix), ".temperature=%g", temperature);
    const std::string at = temperature == 1.0 ? "" : suffix;
    const SoftmaxOptions options = {.temperature = temperature};
    run.Elements("Softmax" + at, [&](const Case<T>& x, auto y) {
      Softmax(x.In(x.logits), y, options);
    });
    run.Elements("MaskedSoftmax" + at, [&](const Case<T>& x, auto y) {
      const Rows<const uint8_t> mask(x.mask.data(), x.rows, x.classes);
      MaskedSoftmax(x.In(x.logits), mask, y, options);
    });
    run.Elements("SoftmaxVjp" + at, [&](const Case<T>& x, auto d) {
      SoftmaxVjp(x.In(x.logits), x.In(x.upstream), d, options);
    });
    run.Elements("LogSoftmax" + at, [&](const Case<T>& x, auto y) {
      LogSoftmax(x.In(x.logits), y, options);
    });
    run.Elements("LogSoftmaxVjp" + at, [&](const Case<T>& x, auto d) {
      LogSoftmaxVjp(x.In(x.logits), x.In(x.upstream), d, options);
    });
  }
}

/// The same with the class axis in the middle, two pixels an image.
template <class T>
void RunClassAxis1(Runner<T>& run) {
  const auto view = []<class U>(U* data, const Case<T>& x) {
    const size_t pixels = x.rows % 2 == 0 ? 2 : 1;
    return Rows<U>::ClassAxis1(data, x.rows / pixels, x.classes, pixels);
  };
  run.Elements("Softmax.class_axis_1", [&](const Case<T>& x, Rows<T> y) {
    Softmax(view(x.logits.data(), x), view(y.data, x));
  });
  run.Elements(
      "CrossEntropyGradient.class_axis_1", [&](const Case<T>& x, Rows<T> d) {
        CrossEntropyGradient(view(x.logits.data(), x),
                             std::span<const Label>(x.labels), view(d.data, x));
      });
}

struct NamedReduction {
  const char* name;
  Reduction value;
};
constexpr NamedReduction kReductions[] = {{".none", Reduction::kNone},
                                          {".mean", Reduction::kMean},
                                          {".sum", Reduction::kSum}};

/// How many losses there are: one per row, or one in all.
auto LossesOf(Reduction reduction) {
  return [=](const auto& x) {
    return reduction == Reduction::kNone ? x.rows : size_t{1};
  };
}

template <class T>
void RunNll(Runner<T>& run) {
  for (const NamedReduction& named : kReductions) {
    const Reduction reduction = named.value;
    for (const bool weighted : {false, true}) {
      const std::string with =
          std::string(named.name) + (weighted ? ".weights" : "");
      const auto options = [=](const Case<T>& x) {
        NllOptions made = {.reduction = reduction};
        if (weighted) made.class_weights = x.class_weights;
        return made;
      };
      run.Scalars("Nll" + with, LossesOf(reduction),
                  [&](const Case<T>& x, auto loss) {
                    Nll(x.In(x.log_p), x.labels, loss, options(x));
                  });
      run.Elements("NllGradient" + with, [&](const Case<T>& x, auto d) {
        NllGradient(x.In(x.log_p), x.labels, d, options(x));
      });
    }
  }
}

/// Loss, gradient, and both in one pass, under the given options and with what
/// targets_of(case) returns: labels or target distributions.
template <class T, class Options, class Targets>
void RunCrossEntropyOf(Runner<T>& run, const std::string& with,
                       Reduction reduction, const Options& options_of,
                       const Targets& targets_of) {
  run.Scalars("CrossEntropy" + with, LossesOf(reduction),
              [&](const Case<T>& x, auto loss) {
                CrossEntropy(x.In(x.logits), targets_of(x), loss,
                             options_of(x));
              });
  run.Elements("CrossEntropyGradient" + with, [&](const Case<T>& x, auto d) {
    CrossEntropyGradient(x.In(x.logits), targets_of(x), d, options_of(x));
  });
  run.Each(
      "CrossEntropyWithGradient" + with, [&](const Case<T>& x, Hash& hash) {
        std::vector<typename Element<T>::Scalar> loss(LossesOf(reduction)(x));
        std::vector<T> d(x.logits.size());
        CrossEntropyWithGradient(x.In(x.logits), targets_of(x), std::span(loss),
                                 x.Out(d), options_of(x));
        hash.Add(loss).Add(d);
      });
}

template <class T>
void RunCrossEntropy(Runner<T>& run) {
  struct Variant {
    const char* name;
    bool weighted;
    double smoothing;
  };
  constexpr Variant kVariants[] = {{"", false, 0},
                                   {".weights", true, 0},
                                   {".smoothing", false, 0.1},
                                   {".weights.smoothing", true, 0.3}};
  for (const NamedReduction& named : kReductions) {
    const Reduction reduction = named.value;
    for (const Variant& variant : kVariants) {
      const std::string with = std::string(named.name) + variant.name;
      const auto options = [&](const Case<T>& x) {
        CrossEntropyOptions made = {.reduction = reduction};
        if (variant.weighted) made.class_weights = x.class_weights;
        made.label_smoothing = variant.smoothing;
        return made;
      };
      RunCrossEntropyOf(
          run, ".labels" + with, reduction, options,
          [](const Case<T>& x) { return std::span<const Label>(x.labels); });
      RunCrossEntropyOf(run, ".targets" + with, reduction, options,
                        [](const Case<T>& x) { return x.In(x.targets); });
    }
  }
}

template <class T>
void RunCrossEntropyOfPairs(Runner<T>& run) {
  run.Scalars("CrossEntropyFromProbs", RowsOf, [](const Case<T>& x, auto y) {
    CrossEntropyFromProbs(x.In(x.p), x.In(x.q), y);
  });
  run.Scalars("CrossEntropyFromLogProbs", RowsOf, [](const Case<T>& x, auto y) {
    CrossEntropyFromLogProbs(x.In(x.p), x.In(x.log_q), y);
  });
  run.Pairs("CrossEntropyFromProbsGradient", [](const Case<T>& x, auto d_p,
                                                auto d_q) {
    CrossEntropyFromProbsGradient(x.In(x.p), x.In(x.q), Upstream(x), d_p, d_q);
  });
}

template <class T>
void RunBinaryCrossEntropy(Runner<T>& run) {
  for (const NamedReduction& named : kReductions) {
    const Reduction reduction = named.value;
    for (const bool weighted : {false, true}) {
      const std::string with =
          std::string(named.name) + (weighted ? ".pos_weight" : "");
      const auto options = [=](const Case<T>& x) {
        BinaryCrossEntropyOptions made = {.reduction = reduction};
        if (weighted) made.pos_weight = x.class_weights;
        return made;
      };
      const auto count = [=](const Case<T>& x) {
        return reduction == Reduction::kNone ? x.logits.size() : size_t{1};
      };
      run.Scalars("BinaryCrossEntropy" + with, count,
                  [&](const Case<T>& x, auto loss) {
                    BinaryCrossEntropy(x.In(x.logits), x.In(x.unit_targets),
                                       loss, options(x));
                  });
      run.Elements("BinaryCrossEntropyGradient" + with,
                   [&](const Case<T>& x, auto d) {
                     BinaryCrossEntropyGradient(
                         x.In(x.logits), x.In(x.unit_targets), d, options(x));
                   });
      run.Scalars("BinaryCrossEntropyFromProbs" + with, count,
                  [&](const Case<T>& x, auto loss) {
                    BinaryCrossEntropyFromProbs(x.In(x.p), x.In(x.unit_targets),
                                                loss, options(x));
                  });
      run.Elements("BinaryCrossEntropyFromProbsGradient" + with,
                   [&](const Case<T>& x, auto d) {
                     BinaryCrossEntropyFromProbsGradient(
                         x.In(x.p), x.In(x.unit_targets), d, options(x));
                   });
    }
  }
}

template <class T>
void RunEntropy(Runner<T>& run) {
  run.Scalars("Entropy", RowsOf,
              [](const Case<T>& x, auto y) { Entropy(x.In(x.p), y); });
  run.Elements("EntropyGradient", [](const Case<T>& x, auto d) {
    EntropyGradient(x.In(x.p), Upstream(x), d);
  });
  run.Scalars("EntropyOfLogits", RowsOf, [](const Case<T>& x, auto y) {
    EntropyOfLogits(x.In(x.logits), y);
  });
  run.Elements("EntropyOfLogitsGradient", [](const Case<T>& x, auto d) {
    EntropyOfLogitsGradient(x.In(x.logits), Upstream(x), d);
  });
}

template <class T>
void RunKlDivergence(Runner<T>& run) {
  run.Scalars("KlDivergence", RowsOf, [](const Case<T>& x, auto y) {
    KlDivergence(x.In(x.p), x.In(x.q), y);
  });
  run.Scalars("KlDivergenceFromLogProbs", RowsOf, [](const Case<T>& x, auto y) {
    KlDivergenceFromLogProbs(x.In(x.log_p), x.In(x.log_q), y);
  });
  run.Pairs("KlDivergenceGradient", [](const Case<T>& x, auto d_p, auto d_q) {
    KlDivergenceGradient(x.In(x.p), x.In(x.q), Upstream(x), d_p, d_q);
  });
  run.Pairs("KlDivergenceFromLogProbsGradient",
            [](const Case<T>& x, auto d_p, auto d_q) {
              KlDivergenceFromLogProbsGradient(x.In(x.log_p), x.In(x.log_q),
                                               Upstream(x), d_p, d_q);
            });
}

/// Pieces of work on so many threads of their own.
class Threads : public Executor {
 public:
  explicit Threads(size_t threads) : threads_(threads) {}

  void Run(size_t count,
           const std::function<void(size_t, size_t)>& pieces) const override {
    std::atomic<size_t> next = 0;
    const auto work = [&] {
      for (size_t i = next++; i < count; i = next++) pieces(i, i + 1);
    };
    std::vector<std::thread> others;
    for (size_t t = 1; t < threads_; ++t) others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
  }

 private:
  size_t threads_;
};

/// Names what RunBig() runs.
constexpr char kBig[] = ".big";

/// The functions of rows on batches of many pieces.
void RunBig(Lines& lines, const Executor* executor) {
  using BigCase = Case<float>;
  Runner<float> run(lines, BigCases());
  const std::string big = kBig;
  run.Elements("Softmax" + big, [&](const BigCase& x, auto y) {
    Softmax(x.In(x.logits), y, {}, executor);
  });
  run.Elements("SoftmaxVjp" + big, [&](const BigCase& x, auto d) {
    SoftmaxVjp(x.In(x.logits), x.In(x.upstream), d, {}, executor);
  });
  run.Elements("LogSoftmax" + big, [&](const BigCase& x, auto y) {
    LogSoftmax(x.In(x.logits), y, {}, executor);
  });
  run.Elements("LogSoftmaxVjp" + big, [&](const BigCase& x, auto d) {
    LogSoftmaxVjp(x.In(x.logits), x.In(x.upstream), d, {}, executor);
  });
  run.Scalars("LogSumExp" + big, RowsOf, [&](const BigCase& x, auto y) {
    LogSumExp(x.In(x.logits), y, executor);
  });
  run.Scalars("EntropyOfLogits" + big, RowsOf, [&](const BigCase& x, auto y) {
    EntropyOfLogits(x.In(x.logits), y, executor);
  });
  for (const NamedReduction& named : kReductions) {
    const CrossEntropyOptions options = {.reduction = named.value};
    run.Each("CrossEntropyWithGradient" + big + named.name,
             [&](const BigCase& x, Hash& hash) {
               std::vector<float> loss(LossesOf(named.value)(x));
               std::vector<float> d(x.logits.size());
               CrossEntropyWithGradient(x.In(x.logits), x.labels,
                                        std::span(loss), x.Out(d), options,
                                        executor);
               hash.Add(loss).Add(d);
             });
  }
}

template <class T>
void RunAll(Lines& lines) {
  Runner<T> run(lines, Cases());
  RunElementwise(run);
  RunLogSumExp(run);
  RunSoftmax(run);
  RunClassAxis1(run);
  RunNll(run);
  RunCrossEntropy(run);
  RunCrossEntropyOfPairs(run);
  RunBinaryCrossEntropy(run);
  RunEntropy(run);
  RunKlDivergence(run);
}

Lines RunAllTypes() {
  Lines lines;
  RunAll<float>(lines);
  RunAll<double>(lines);
  RunAll<float16_t>(lines);
  RunAll<bfloat16_t>(lines);
  RunBig(lines, nullptr);
  return lines;
}

/// What threads can make a difference to.
Lines RunOnThreads(size_t threads) {
  Lines lines;
  const Threads executor(threads);
  RunBig(lines, &executor);
  return lines;
}

// Where only one target was compiled, Highway's library is not called for, nor
// need it exist (as for WebAssembly).
#if (HWY_TARGETS & (HWY_TARGETS - 1)) == 0
std::vector<int64_t> Targets() { return {HWY_TARGETS}; }
void Choose(int64_t /*target*/) {}
#else
std::vector<int64_t> Targets() { return hwy::SupportedAndGeneratedTargets(); }
void Choose(int64_t target) { hwy::SetSupportedTargetsForTest(target); }
#endif

struct Options {
  std::vector<std::string> targets;  ///< empty for all
  std::vector<size_t> threads;       ///< beside the calling one alone
  std::string expect;                ///< a file to compare with
  std::string update;                ///< a file to write
};

struct Result {
  std::string target;
  Lines lines;
  bool big = false;  ///< of RunBig() alone
};

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += " " + name;
  return text;
}

/// The SIMD targets asked for, each of which this machine must have.
std::vector<int64_t> Chosen(const std::vector<std::string>& wanted) {
  const std::vector<int64_t> all = Targets();
  std::vector<std::string> names;
  for (const int64_t target : all) names.push_back(hwy::TargetName(target));
  std::vector<int64_t> chosen;
  for (const std::string& name : wanted) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      throw std::runtime_error("--target " + name +
                               " is not one of:" + Joined(names));
    }
    chosen.push_back(all[static_cast<size_t>(found - names.begin())]);
  }
  return wanted.empty() ? all : chosen;
}

std::vector<Result> RunTargets(const Options& options) {
  std::vector<Result> results;
  for (const int64_t target : Chosen(options.targets)) {
    Choose(target);
    const std::string name = hwy::TargetName(target);
    results.push_back({name, RunAllTypes()});
    for (const size_t threads : options.threads) {
      results.push_back({name + ", " + std::to_string(threads) + " threads",
                         RunOnThreads(threads), true});
    }
  }
  return results;
}

/// What a line is about: its element type and name.
std::string KeyOf(const std::string& line) {
  return line.substr(0, line.find(' ', line.find(' ') + 1));
}

using File = std::map<std::string, std::string>;

File ReadFile(const std::string& path) {
  std::ifstream stream(path);
  if (!stream) throw std::runtime_error("cannot read " + path);
  File lines;
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line[0] != '#') lines[KeyOf(line)] = line;
  }
  return lines;
}

/// What of the file a result should say.
File Expected(const Result& result, File file) {
  std::erase_if(file, [&](const auto& line) {
    return result.big && line.first.find(kBig) == std::string::npos;
  });
  return file;
}

/// How many lines are not what the file says.
size_t CompareTarget(const Result& result, File expected) {
  size_t different = 0;
  for (const std::string& line : result.lines) {
    const auto found = expected.find(KeyOf(line));
    const std::string want = found == expected.end() ? "" : found->second;
    if (found != expected.end()) expected.erase(found);
    if (want == line) continue;
    ++different;
    std::cout << result.target << ": got  " << line << "\n"
              << result.target << ": want "
              << (want.empty() ? "nothing of that name" : want) << "\n";
  }
  for (const auto& [key, want] : expected) {
    ++different;
    std::cout << result.target << ": got  nothing of that name\n"
              << result.target << ": want " << want << "\n";
  }
  return different;
}

int Compare(const std::vector<Result>& results, const std::string& path) {
  const File file = ReadFile(path);
  int code = 0;
  for (const Result& result : results) {
    const File expected = Expected(result, file);
    const size_t different = CompareTarget(result, expected);
    std::cout << result.target << ": " << expected.size() << " hashes, "
              << different << " different" << std::endl;
    if (different != 0) code = 1;
  }
  return code;
}

/// Writes the lines, on which all targets must agree.
void Update(const std::vector<Result>& results, const std::string& path) {
  std::string text =
      "# Written by hash_corpus --update: element type, function and options, "
      "number of\n# results, hash of their bits. See hash_corpus.cpp.\n";
  for (size_t i = 0; i < results[0].lines.size(); ++i) {
    const std::string& line = results[0].lines[i];
    const bool same =
        std::all_of(results.begin(), results.end(), [&](const Result& result) {
          return result.big || result.lines[i] == line;
        });
    if (!same) {
      throw std::runtime_error("targets differ in " + KeyOf(line) +
                               "; nothing was written");
    }
    text += line + "\n";
  }
  std::ofstream stream(path);
  if (!(stream << text).flush()) {
    throw std::runtime_error("cannot write " + path);
  }
}

constexpr char kHelp[] =
    "Usage: hash_corpus [--target NAME]... [--threads N]... "
    "[--expect FILE | --update FILE]\n\n"
    "Prints a hash of what each function returns over a fixed corpus, for "
    "every\n"
    "SIMD target of this machine or those named.\n\n"
    "  --threads N    runs batches of many rows on N threads as well, 1 to "
    "1000\n"
    "  --expect FILE  compares with the file instead; differences are printed\n"
    "  --update FILE  writes the file instead: what is the same on all "
    "targets\n";

size_t ThreadsOf(const std::string& text) {
  const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
  const size_t threads =
      digits && !text.empty() && text.size() < 5 ? std::stoul(text) : 0;
  if (threads >= 1 && threads <= 1000) return threads;
  throw std::runtime_error("--threads " + text + " is outside [1, 1000]");
}

Options Parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) throw std::runtime_error(name + " needs a value");
    if (name == "--target") {
      options.targets.push_back(argv[i + 1]);
    } else if (name == "--threads") {
      options.threads.push_back(ThreadsOf(argv[i + 1]));
    } else if (name == "--expect") {
      options.expect = argv[i + 1];
    } else if (name == "--update") {
      options.update = argv[i + 1];
    } else {
      throw std::runtime_error("unknown option " + name);
    }
  }
  return options;
}

int Main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--help") {
    std::cout << kHelp;
    return 0;
  }
  const Options options = Parse(argc, argv);
  const std::vector<Result> results = RunTargets(options);
  if (!options.expect.empty()) return Compare(results, options.expect);
  if (!options.update.empty()) {
    Update(results, options.update);
    return 0;
  }
  for (const Result& result : results) {
    std::cout << "# " << result.target << "\n";
    for (const std::string& line : result.lines) std::cout << line << "\n";
  }
  return 0;
}

}  // namespace
}  // namespace surprisal::hash

int main(int argc, char** argv) {
  try {
    return surprisal::hash::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "hash_corpus: " << error.what() << "\n";
    return 2;
  }
}
