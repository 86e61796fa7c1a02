// Misuse of every public function: the message names the argument, the place,
// the value and the allowed range, and nothing is written.

#include <doctest/doctest.h>

#include <cfenv>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "hwy/base.h"
#include "surprisal/binary_cross_entropy/binary_cross_entropy.h"
#include "surprisal/common/error.h"
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

#if HWY_ARCH_X86
#include <xmmintrin.h>
#endif

namespace surprisal::testing {
namespace {

using Labels = std::vector<Label>;
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Where a call writes its results, and whether it has.
template <class T>
class Canvas {
 public:
  Rows<T> Matrix(size_t rows, size_t classes) {
    return {Take(rows * classes), rows, classes};
  }
  std::span<T> Span(size_t size) { return {Take(size), size}; }

  bool IsBlank() const {
    for (const T x : memory_) {
      if (x != kBlank) return false;
    }
    return true;
  }

 private:
  static constexpr T kBlank = T(-12345.5);

  T* Take(size_t size) {
    REQUIRE(next_ + size < memory_.size());
    next_ += size;
    return memory_.data() + next_ - size;
  }

  std::vector<T> memory_ = std::vector<T>(64, kBlank);
  size_t next_ = 0;
};

template <class T>
using Call = std::function<void(Canvas<T>&)>;

/// What the Error says that the call throws; empty if it throws none.
template <class T>
std::string ErrorOf(const Call<T>& call) {
  Canvas<T> out;
  std::string message;
  try {
    call(out);
  } catch (const Error& error) {
    message = error.what();
  }
  CHECK(out.IsBlank() == !message.empty());
  return message;
}

/// A table of two rows of three, and a label and an upstream for each: what the
/// functions below are rightly called with.
template <class T>
struct Arguments {
  std::vector<T> values = {T(0.25),  T(0.5), T(0.25),
                           T(0.125), T(0.5), T(0.375)};
  std::vector<T> logs = {-1, -2, -3, -4, -5, -6};
  std::vector<T> upstream = {1, 2};
  Labels labels = {2, 0};

  Rows<const T> Probs() const { return {values.data(), 2, 3}; }
  Rows<const T> Logs() const { return {logs.data(), 2, 3}; }
  std::span<const T> Flat() const { return values; }
};

template <class T>
struct NamedCall {
  std::string name;
  Call<T> call;
};

/// An elementwise function with its gradient.
template <class T, class F, class Vjp>
void AddElementwise(std::vector<NamedCall<T>>& calls, const std::string& name,
                    const F& f, const Vjp& vjp) {
  static const Arguments<T> a;
  calls.push_back({name, [f](Canvas<T>& out) { f(a.Flat(), out.Span(6)); }});
  calls.push_back({name + "Vjp", [vjp](Canvas<T>& out) {
                     vjp(a.Flat(), a.Flat(), out.Span(6));
                   }});
}

// An overload set as an object.
#define SURPRISAL_FUNCTION(name) [](auto... arguments) { name(arguments...); }

template <class T>
std::vector<NamedCall<T>> ElementwiseCalls() {
  std::vector<NamedCall<T>> calls;
  AddElementwise(calls, "Exp", SURPRISAL_FUNCTION(Exp),
                 SURPRISAL_FUNCTION(ExpVjp));
  AddElementwise(calls, "Expm1", SURPRISAL_FUNCTION(Expm1),
                 SURPRISAL_FUNCTION(Expm1Vjp));
  AddElementwise(calls, "Log", SURPRISAL_FUNCTION(Log),
                 SURPRISAL_FUNCTION(LogVjp));
  AddElementwise(calls, "Log1p", SURPRISAL_FUNCTION(Log1p),
                 SURPRISAL_FUNCTION(Log1pVjp));
  AddElementwise(calls, "Sigmoid", SURPRISAL_FUNCTION(Sigmoid),
                 SURPRISAL_FUNCTION(SigmoidVjp));
  AddElementwise(calls, "Softplus", SURPRISAL_FUNCTION(Softplus),
                 SURPRISAL_FUNCTION(SoftplusVjp));
  AddElementwise(calls, "LogSigmoid", SURPRISAL_FUNCTION(LogSigmoid),
                 SURPRISAL_FUNCTION(LogSigmoidVjp));
  return calls;
}

#undef SURPRISAL_FUNCTION

template <class T>
std::vector<NamedCall<T>> SoftmaxCalls() {
  static const Arguments<T> a;
  static const std::vector<std::uint8_t> mask = {1, 0, 1, 1, 1, 0};
  using Out = Canvas<T>&;
  return {
      {"Softmax", [](Out o) { Softmax(a.Logs(), o.Matrix(2, 3)); }},
      {"MaskedSoftmax",
       [](Out o) {
         MaskedSoftmax(a.Logs(), {mask.data(), 2, 3}, o.Matrix(2, 3));
       }},
      {"SoftmaxVjp",
       [](Out o) { SoftmaxVjp(a.Logs(), a.Probs(), o.Matrix(2, 3)); }},
      {"LogSoftmax", [](Out o) { LogSoftmax(a.Logs(), o.Matrix(2, 3)); }},
      {"LogSoftmaxVjp",
       [](Out o) { LogSoftmaxVjp(a.Logs(), a.Probs(), o.Matrix(2, 3)); }},
      {"LogSumExp", [](Out o) { LogSumExp(a.Logs(), o.Span(2)); }},
      {"LogSumExpGradient",
       [](Out o) { LogSumExpGradient(a.Logs(), a.upstream, o.Matrix(2, 3)); }},
  };
}

template <class T>
std::vector<NamedCall<T>> LossCalls() {
  static const Arguments<T> a;
  using Out = Canvas<T>&;
  return {
      {"Nll", [](Out o) { Nll(a.Logs(), a.labels, o.Span(1)); }},
      {"NllGradient",
       [](Out o) { NllGradient(a.Logs(), a.labels, o.Matrix(2, 3)); }},
      {"CrossEntropy of labels",
       [](Out o) { CrossEntropy(a.Logs(), a.labels, o.Span(1)); }},
      {"CrossEntropy of targets",
       [](Out o) { CrossEntropy(a.Logs(), a.Probs(), o.Span(1)); }},
      {"CrossEntropyGradient of labels",
       [](Out o) { CrossEntropyGradient(a.Logs(), a.labels, o.Matrix(2, 3)); }},
      {"CrossEntropyGradient of targets",
       [](Out o) {
         CrossEntropyGradient(a.Logs(), a.Probs(), o.Matrix(2, 3));
       }},
      {"CrossEntropyWithGradient of labels",
       [](Out o) {
         CrossEntropyWithGradient(a.Logs(), a.labels, o.Span(1),
                                  o.Matrix(2, 3));
       }},
      {"CrossEntropyWithGradient of targets",
       [](Out o) {
         CrossEntropyWithGradient(a.Logs(), a.Probs(), o.Span(1),
                                  o.Matrix(2, 3));
       }},
  };
}

template <class T>
std::vector<NamedCall<T>> BinaryCalls() {
  static const Arguments<T> a;
  using Out = Canvas<T>&;
  return {
      {"BinaryCrossEntropy",
       [](Out o) { BinaryCrossEntropy(a.Logs(), a.Probs(), o.Span(1)); }},
      {"BinaryCrossEntropyGradient",
       [](Out o) {
         BinaryCrossEntropyGradient(a.Logs(), a.Probs(), o.Matrix(2, 3));
       }},
      {"BinaryCrossEntropyFromProbs",
       [](Out o) {
         BinaryCrossEntropyFromProbs(a.Probs(), a.Probs(), o.Span(1));
       }},
      {"BinaryCrossEntropyFromProbsGradient",
       [](Out o) {
         BinaryCrossEntropyFromProbsGradient(a.Probs(), a.Probs(),
                                             o.Matrix(2, 3));
       }},
  };
}

template <class T>
std::vector<NamedCall<T>> DistributionCalls() {
  static const Arguments<T> a;
  using Out = Canvas<T>&;
  return {
      {"CrossEntropyFromProbs",
       [](Out o) { CrossEntropyFromProbs(a.Probs(), a.Probs(), o.Span(2)); }},
      {"CrossEntropyFromLogProbs",
       [](Out o) { CrossEntropyFromLogProbs(a.Probs(), a.Logs(), o.Span(2)); }},
      {"CrossEntropyFromProbsGradient",
       [](Out o) {
         CrossEntropyFromProbsGradient(a.Probs(), a.Probs(), a.upstream,
                                       o.Matrix(2, 3), o.Matrix(2, 3));
       }},
      {"Entropy", [](Out o) { Entropy(a.Probs(), o.Span(2)); }},
      {"EntropyGradient",
       [](Out o) { EntropyGradient(a.Probs(), a.upstream, o.Matrix(2, 3)); }},
      {"EntropyOfLogits", [](Out o) { EntropyOfLogits(a.Logs(), o.Span(2)); }},
      {"EntropyOfLogitsGradient",
       [](Out o) {
         EntropyOfLogitsGradient(a.Logs(), a.upstream, o.Matrix(2, 3));
       }},
      {"KlDivergence",
       [](Out o) { KlDivergence(a.Probs(), a.Probs(), o.Span(2)); }},
      {"KlDivergenceFromLogProbs",
       [](Out o) { KlDivergenceFromLogProbs(a.Logs(), a.Logs(), o.Span(2)); }},
      {"KlDivergenceGradient",
       [](Out o) {
         KlDivergenceGradient(a.Probs(), a.Probs(), a.upstream, o.Matrix(2, 3),
                              o.Matrix(2, 3));
       }},
      {"KlDivergenceFromLogProbsGradient",
       [](Out o) {
         KlDivergenceFromLogProbsGradient(a.Logs(), a.Logs(), a.upstream,
                                          o.Matrix(2, 3), o.Matrix(2, 3));
       }},
  };
}

/// Every public function, called as it should be.
template <class T>
std::vector<NamedCall<T>> AllCalls() {
  std::vector<NamedCall<T>> all = ElementwiseCalls<T>();
  for (const auto& calls : {SoftmaxCalls<T>(), LossCalls<T>(), BinaryCalls<T>(),
                            DistributionCalls<T>()}) {
    all.insert(all.end(), calls.begin(), calls.end());
  }
  return all;
}

TEST_CASE_TEMPLATE("every function takes what it should", T, float, double) {
  const auto calls = AllCalls<T>();
  CHECK(calls.size() == 44);
  for (const auto& [name, call] : calls) {
    CAPTURE(name);
    CHECK(ErrorOf<T>(call) == "");
  }
}

// ---- the floating-point environment

/// Sets a rounding mode for as long as it lives.
class RoundingMode {
 public:
  explicit RoundingMode(int mode) : before_(std::fegetround()) {
    std::fesetround(mode);
  }
  ~RoundingMode() { std::fesetround(before_); }

 private:
  int before_;
};

TEST_CASE_TEMPLATE("every function refuses to round any way but to nearest", T,
                   float, double) {
  for (const auto& [name, call] : AllCalls<T>()) {
    CAPTURE(name);
    for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
      CAPTURE(mode);
      const Call<T> elsewhere = [&, &function = call](Canvas<T>& out) {
        const RoundingMode set(mode);
        function(out);
      };
      CHECK(ErrorOf<T>(elsewhere) ==
            "the rounding mode is not to nearest even, the only one allowed");
    }
    CHECK(std::fegetround() == FE_TONEAREST);
    CHECK(ErrorOf<T>(call) == "");
  }
}

#if HWY_ARCH_X86
/// Sets bits of the control register for as long as it lives.
class ControlBits {
 public:
  explicit ControlBits(unsigned bits) : before_(_mm_getcsr()) {
    _mm_setcsr(before_ | bits);
  }
  ~ControlBits() { _mm_setcsr(before_); }

 private:
  unsigned before_;
};

TEST_CASE_TEMPLATE("every function refuses to flush subnormal numbers", T,
                   float, double) {
  constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;
  for (const auto& [name, call] : AllCalls<T>()) {
    CAPTURE(name);
    for (const unsigned bits : {kFlushToZero, kDenormalsAreZero}) {
      CAPTURE(bits);
      const Call<T> elsewhere = [&, &function = call](Canvas<T>& out) {
        const ControlBits set(bits);
        function(out);
      };
      CHECK(ErrorOf<T>(elsewhere) ==
            "subnormal numbers are flushed to zero in this thread (FTZ or DAZ "
            "is on); they must be kept");
    }
    CHECK(ErrorOf<T>(call) == "");
  }
}
#endif

// ---- sizes and shapes

TEST_CASE_TEMPLATE("results of another size are refused", T, float, double) {
  const Arguments<T> a;
  const std::vector<T> x(3);
  using Out = Canvas<T>&;
  CHECK(ErrorOf<T>([&](Out o) { Exp(std::span(x), o.Span(2)); }) ==
        "y has 2 elements where 3 are needed");
  CHECK(ErrorOf<T>([&](Out o) {
          LogVjp(std::span(x), std::span(x).first(1), o.Span(3));
        }) == "upstream has 1 elements where 3 are needed");
  CHECK(ErrorOf<T>([&](Out o) {
          SigmoidVjp(std::span(x), std::span(x), o.Span(4));
        }) == "d_x has 4 elements where 3 are needed");
  CHECK(ErrorOf<T>([&](Out o) { LogSumExp(a.Logs(), o.Span(3)); }) ==
        "log_sum_exp has 3 elements where 2 are needed");
  CHECK(ErrorOf<T>([&](Out o) { Entropy(a.Probs(), o.Span(3)); }) ==
        "entropy has 3 elements where 2 are needed");
  CHECK(ErrorOf<T>([&](Out o) {
          KlDivergence(a.Probs(), a.Probs(), o.Span(0));
        }) == "kl_divergence has 0 elements where 2 are needed");
  CHECK(ErrorOf<T>([&](Out o) {
          CrossEntropyFromProbs(a.Probs(), a.Probs(), o.Span(1));
        }) == "cross_entropy has 1 elements where 2 are needed");
}

TEST_CASE_TEMPLATE("a loss has one element, or one for each row", T, float,
                   double) {
  const Arguments<T> a;
  using Out = Canvas<T>&;
  const CrossEntropyOptions none = {.reduction = Reduction::kNone};
  CHECK(ErrorOf<T>([&](Out o) {
          CrossEntropy(a.Logs(), a.labels, o.Span(2));
        }) == "loss has 2 elements where 1 are needed");
  CHECK(ErrorOf<T>([&](Out o) {
          CrossEntropy(a.Logs(), a.labels, o.Span(1), none);
        }) == "loss has 1 elements where 2 are needed");
  CHECK(ErrorOf<T>([&](Out o) {
          CrossEntropyWithGradient(a.Logs(), a.Probs(), o.Span(3),
                                   o.Matrix(2, 3), none);
        }) == "loss has 3 elements where 2 are needed");
  CHECK(ErrorOf<T>([&](Out o) { Nll(a.Logs(), a.labels, o.Span(0)); }) ==
        "loss has 0 elements where 1 are needed");
  CHECK(ErrorOf<T>([&](Out o) {
          BinaryCrossEntropy(a.Logs(), a.Probs(), o.Span(2),
                             {.reduction = Reduction::kNone});
        }) == "loss has 2 elements where 6 are needed");
}

TEST_CASE_TEMPLATE("tables of another shape are refused", T, float, double) {
  const Arguments<T> a;
  using Out = Canvas<T>&;
  const Rows<const T> other(a.values.data(), 3, 2);
  CHECK(ErrorOf<T>([&](Out o) { Softmax(a.Logs(), o.Matrix(3, 2)); }) ==
        "probs has shape [3, 2] where [2, 3] is needed");
  CHECK(ErrorOf<T>([&](Out o) { LogSoftmax(a.Logs(), o.Matrix(2, 2)); }) ==
        "log_probs has shape [2, 2] where [2, 3] is needed");
  CHECK(ErrorOf<T>([&](Out o) {
          SoftmaxVjp(a.Logs(), other, o.Matrix(2, 3));
        }) == "upstream has shape [3, 2] where [2, 3] is needed");
  CHECK(ErrorOf<T>([&](Out o) { CrossEntropy(a.Logs(), other, o.Span(1)); }) ==
        "targets has shape [3, 2] where [2, 3] is needed");
  CHECK(ErrorOf<T>([&](Out o) {
          CrossEntropyGradient(a.Logs(), a.labels, o.Matrix(1, 3));
        }) == "d_logits has shape [1, 3] where [2, 3] is needed");
  CHECK(ErrorOf<T>([&](Out o) {
          NllGradient(a.Logs(), a.labels, o.Matrix(2, 4));
        }) == "d_log_probs has shape [2, 4] where [2, 3] is needed");
  CHECK(ErrorOf<T>([&](Out o) {
          BinaryCrossEntropyFromProbsGradient(a.Probs(), a.Probs(),
                                              o.Matrix(3, 2));
        }) == "d_probs has shape [3, 2] where [2, 3] is needed");
}

TEST_CASE_TEMPLATE("a second distribution of another shape is refused", T,
                   float, double) {
  const Arguments<T> a;
  using Out = Canvas<T>&;
  const Rows<const T> longer(a.values.data(), 1, 3);
  CHECK(ErrorOf<T>([&](Out o) {
          KlDivergence(a.Probs(), longer, o.Span(2));
        }) == "q has shape [1, 3] where [2, 3] is needed");
  CHECK(ErrorOf<T>([&](Out o) {
          KlDivergenceFromLogProbs(a.Logs(), longer, o.Span(2));
        }) == "log_q has shape [1, 3] where [2, 3] is needed");
  CHECK(ErrorOf<T>([&](Out o) {
          KlDivergenceGradient(a.Probs(), a.Probs(), a.upstream, {},
                               o.Matrix(2, 2));
        }) == "d_q has shape [2, 2] where [2, 3] is needed");
  CHECK(ErrorOf<T>([&](Out o) {
          CrossEntropyFromProbsGradient(a.Probs(), a.Probs(), a.upstream,
                                        o.Matrix(2, 2), {});
        }) == "d_p has shape [2, 2] where [2, 3] is needed");
  CHECK(ErrorOf<T>([&](Out o) {
          EntropyGradient(a.Probs(), std::span(a.upstream).first(1),
                          o.Matrix(2, 3));
        }) == "upstream has 1 elements where 2 are needed");
}

TEST_CASE_TEMPLATE("rows of no class are refused, no rows are fine", T, float,
                   double) {
  using Out = Canvas<T>&;
  const Rows<const T> classless(nullptr, 2, 0), rowless(nullptr, 0, 3);
  const std::vector<T> upstream(2);
  CHECK(ErrorOf<T>([&](Out o) { Softmax(classless, o.Matrix(2, 0)); }) ==
        "logits has 0 classes where at least 1 is needed");
  CHECK(ErrorOf<T>([&](Out o) { LogSumExp(classless, o.Span(2)); }) ==
        "logits has 0 classes where at least 1 is needed");
  CHECK(ErrorOf<T>([&](Out o) {
          CrossEntropy(classless, classless, o.Span(1));
        }) == "logits has 0 classes where at least 1 is needed");
  CHECK(ErrorOf<T>([&](Out o) {
          Nll(classless, Labels{0, 0}, o.Span(1));
        }) == "log_probs has 0 classes where at least 1 is needed");
  CHECK(ErrorOf<T>([&](Out o) {
          BinaryCrossEntropyFromProbs(classless, classless, o.Span(1));
        }) == "probs has 0 classes where at least 1 is needed");
  CHECK(ErrorOf<T>([&](Out o) { Entropy(classless, o.Span(2)); }) ==
        "probs has 0 classes where at least 1 is needed");
  CHECK(ErrorOf<T>([&](Out o) {
          KlDivergence(classless, classless, o.Span(2));
        }) == "p has 0 classes where at least 1 is needed");
  CHECK(ErrorOf<T>([&](Out o) {
          KlDivergenceFromLogProbs(classless, classless, o.Span(2));
        }) == "log_p has 0 classes where at least 1 is needed");
  CHECK(ErrorOf<T>([&](Out o) {
          CrossEntropyFromProbs(classless, classless, o.Span(2));
        }) == "p has 0 classes where at least 1 is needed");
  Canvas<T> out;
  Softmax(rowless, out.Matrix(0, 3));
  LogSumExp(rowless, out.Span(0));
  Entropy(rowless, out.Span(0));
  CHECK(out.IsBlank());
}

// ---- values

TEST_CASE_TEMPLATE("labels outside the classes are refused", T, float, double) {
  const std::vector<T> logits(40);
  const Rows<const T> rows(logits.data(), 4, 10);
  using Out = Canvas<T>&;
  const auto refused = [&](const Labels& labels) {
    const std::string message =
        ErrorOf<T>([&](Out o) { CrossEntropy(rows, labels, o.Span(1)); });
    CHECK(ErrorOf<T>([&](Out o) {
            CrossEntropyGradient(rows, labels, o.Matrix(4, 10));
          }) == message);
    CHECK(ErrorOf<T>([&](Out o) {
            CrossEntropyWithGradient(rows, labels, o.Span(1), o.Matrix(4, 10));
          }) == message);
    CHECK(ErrorOf<T>([&](Out o) { Nll(rows, labels, o.Span(1)); }) == message);
    CHECK(ErrorOf<T>([&](Out o) {
            NllGradient(rows, labels, o.Matrix(4, 10));
          }) == message);
    return message;
  };
  CHECK(refused({0, 1, 2, 12}) == "labels[3] = 12 is outside [0, 10)");
  CHECK(refused({0, 10, 2, 12}) == "labels[1] = 10 is outside [0, 10)");
  CHECK(refused({-1, 0, 0, 0}) == "labels[0] = -1 is outside [0, 10)");
  CHECK(refused({0, 0, -100, 2147483647}) ==
        "labels[3] = 2147483647 is outside [0, 10)");
  CHECK(refused({0, 0, 0}) == "labels has 3 elements where 4 are needed");
  CHECK(ErrorOf<T>([&](Out o) {  // pytorch#12670
          CrossEntropy(rows, Labels{0, -4, -1, 0}, o.Span(1),
                       {.ignore_index = -1});
        }) == "labels[1] = -4 is outside [0, 10)");
}

TEST_CASE_TEMPLATE("class weights are finite and not negative", T, float,
                   double) {
  const Arguments<T> a;
  using Out = Canvas<T>&;
  const auto refused = [&](const std::vector<double>& weights) {
    const std::string message = ErrorOf<T>([&](Out o) {
      CrossEntropy(a.Logs(), a.labels, o.Span(1), {.class_weights = weights});
    });
    CHECK(ErrorOf<T>([&](Out o) {
            CrossEntropyGradient(a.Logs(), a.Probs(), o.Matrix(2, 3),
                                 {.class_weights = weights});
          }) == message);
    CHECK(ErrorOf<T>([&](Out o) {
            Nll(a.Logs(), a.labels, o.Span(1), {.class_weights = weights});
          }) == message);
    CHECK(ErrorOf<T>([&](Out o) {
            NllGradient(a.Logs(), a.labels, o.Matrix(2, 3),
                        {.class_weights = weights});
          }) == message);
    return message;
  };
  CHECK(refused({1, 1, -0.5}) == "class_weights[2] = -0.5 is outside [0, inf)");
  CHECK(refused({1, kNaN, 1}) == "class_weights[1] = nan is outside [0, inf)");
  CHECK(refused({kInf, 1, 1}) == "class_weights[0] = inf is outside [0, inf)");
  CHECK(refused({1, 1}) == "class_weights has 2 elements where 3 are needed");
}

TEST_CASE_TEMPLATE("label smoothing is in [0, 1]", T, float, double) {
  const Arguments<T> a;
  using Out = Canvas<T>&;
  const auto refused = [&](double smoothing) {
    const CrossEntropyOptions options = {.label_smoothing = smoothing};
    const std::string message = ErrorOf<T>(
        [&](Out o) { CrossEntropy(a.Logs(), a.labels, o.Span(1), options); });
    CHECK(ErrorOf<T>([&](Out o) {
            CrossEntropyGradient(a.Logs(), a.Probs(), o.Matrix(2, 3), options);
          }) == message);
    return message;
  };
  CHECK(refused(-0.1) == "label_smoothing = -0.1 is outside [0, 1]");
  CHECK(refused(1.5) == "label_smoothing = 1.5 is outside [0, 1]");
  CHECK(refused(kNaN) == "label_smoothing = nan is outside [0, 1]");
}

TEST_CASE_TEMPLATE("a temperature is finite and above 0", T, float, double) {
  const Arguments<T> a;
  using Out = Canvas<T>&;
  const auto refused = [&](double temperature) {
    const SoftmaxOptions options = {.temperature = temperature};
    const std::string message =
        ErrorOf<T>([&](Out o) { Softmax(a.Logs(), o.Matrix(2, 3), options); });
    const std::vector<std::uint8_t> mask(6, 1);
    CHECK(
        ErrorOf<T>([&](Out o) {
          MaskedSoftmax(a.Logs(), {mask.data(), 2, 3}, o.Matrix(2, 3), options);
        }) == message);
    CHECK(ErrorOf<T>([&](Out o) {
            SoftmaxVjp(a.Logs(), a.Probs(), o.Matrix(2, 3), options);
          }) == message);
    CHECK(ErrorOf<T>([&](Out o) {
            LogSoftmax(a.Logs(), o.Matrix(2, 3), options);
          }) == message);
    CHECK(ErrorOf<T>([&](Out o) {
            LogSoftmaxVjp(a.Logs(), a.Probs(), o.Matrix(2, 3), options);
          }) == message);
    return message;
  };
  CHECK(refused(0) == "temperature = 0 is outside (0, inf)");
  CHECK(refused(-1) == "temperature = -1 is outside (0, inf)");
  CHECK(refused(kNaN) == "temperature = nan is outside (0, inf)");
  CHECK(refused(kInf) == "temperature = inf is outside (0, inf)");
}

/// A table of two rows of three with one value in the second row, last column.
template <class T>
std::vector<T> TableWith(double value) {
  return {T(0.5), T(0.5), 0, T(0.25), T(0.5), static_cast<T>(value)};
}

TEST_CASE_TEMPLATE("target distributions are finite and not negative", T, float,
                   double) {
  const Arguments<T> a;
  using Out = Canvas<T>&;
  const auto refused = [&](double value) {
    const auto table = TableWith<T>(value);
    const Rows<const T> targets(table.data(), 2, 3);
    const std::string message =
        ErrorOf<T>([&](Out o) { CrossEntropy(a.Logs(), targets, o.Span(1)); });
    CHECK(ErrorOf<T>([&](Out o) {
            CrossEntropyGradient(a.Logs(), targets, o.Matrix(2, 3));
          }) == message);
    CHECK(ErrorOf<T>([&](Out o) {
            CrossEntropyWithGradient(a.Logs(), targets, o.Span(1),
                                     o.Matrix(2, 3));
          }) == message);
    return message;
  };
  CHECK(refused(-0.5) == "targets[1][2] = -0.5 is outside [0, inf)");
  CHECK(refused(kNaN) == "targets[1][2] = nan is outside [0, inf)");
  CHECK(refused(kInf) == "targets[1][2] = inf is outside [0, inf)");
}

TEST_CASE_TEMPLATE("binary targets are in [0, 1]", T, float, double) {
  const Arguments<T> a;
  using Out = Canvas<T>&;
  const auto refused = [&](double value) {
    const auto table = TableWith<T>(value);
    const Rows<const T> targets(table.data(), 2, 3);
    const std::string message = ErrorOf<T>(
        [&](Out o) { BinaryCrossEntropy(a.Logs(), targets, o.Span(1)); });
    CHECK(ErrorOf<T>([&](Out o) {
            BinaryCrossEntropyGradient(a.Logs(), targets, o.Matrix(2, 3));
          }) == message);
    CHECK(ErrorOf<T>([&](Out o) {
            BinaryCrossEntropyFromProbs(a.Probs(), targets, o.Span(1));
          }) == message);
    CHECK(ErrorOf<T>([&](Out o) {
            BinaryCrossEntropyFromProbsGradient(a.Probs(), targets,
                                                o.Matrix(2, 3));
          }) == message);
    return message;
  };
  CHECK(refused(-0.5) == "targets[1][2] = -0.5 is outside [0, 1]");
  CHECK(refused(1.5) == "targets[1][2] = 1.5 is outside [0, 1]");
  CHECK(refused(kNaN) == "targets[1][2] = nan is outside [0, 1]");
}

TEST_CASE_TEMPLATE("binary probabilities are in [0, 1] or NaN", T, float,
                   double) {
  const Arguments<T> a;
  using Out = Canvas<T>&;
  const auto refused = [&](double value) {
    const auto table = TableWith<T>(value);
    const Rows<const T> probs(table.data(), 2, 3);
    const std::string message = ErrorOf<T>([&](Out o) {
      BinaryCrossEntropyFromProbs(probs, a.Probs(), o.Span(1));
    });
    CHECK(ErrorOf<T>([&](Out o) {
            BinaryCrossEntropyFromProbsGradient(probs, a.Probs(),
                                                o.Matrix(2, 3));
          }) == message);
    return message;
  };
  CHECK(refused(-0.5) == "probs[1][2] = -0.5 is outside [0, 1]");
  CHECK(refused(1.5) == "probs[1][2] = 1.5 is outside [0, 1]");
  CHECK(refused(kNaN) == "");
}

TEST_CASE_TEMPLATE("pos_weight is one number or one for each class", T, float,
                   double) {
  const Arguments<T> a;
  using Out = Canvas<T>&;
  const auto refused = [&](const std::vector<double>& weights) {
    const BinaryCrossEntropyOptions options = {.pos_weight = weights};
    const std::string message = ErrorOf<T>([&](Out o) {
      BinaryCrossEntropy(a.Logs(), a.Probs(), o.Span(1), options);
    });
    CHECK(ErrorOf<T>([&](Out o) {
            BinaryCrossEntropyFromProbsGradient(a.Probs(), a.Probs(),
                                                o.Matrix(2, 3), options);
          }) == message);
    return message;
  };
  CHECK(refused({1, 2}) == "pos_weight has 2 elements where 3 are needed");
  CHECK(refused({1, 2, -3}) == "pos_weight[2] = -3 is outside [0, inf)");
  CHECK(refused({kNaN}) == "pos_weight[0] = nan is outside [0, inf)");
  CHECK(refused({kInf, 1, 1}) == "pos_weight[0] = inf is outside [0, inf)");
  CHECK(refused({2}) == "");
}

TEST_CASE_TEMPLATE("probabilities are finite and not negative, or NaN", T,
                   float, double) {
  const Arguments<T> a;
  using Out = Canvas<T>&;
  for (const double value : {-0.5, kInf, kNaN}) {
    CAPTURE(value);
    const auto table = TableWith<T>(value);
    const Rows<const T> bad(table.data(), 2, 3);
    const std::string tail = value < 0 ? "[1][2] = -0.5 is outside [0, inf)"
                                       : "[1][2] = inf is outside [0, inf)";
    const auto check = [&](const std::string& argument, const Call<T>& call) {
      CHECK(ErrorOf<T>(call) == (value == value ? argument + tail : ""));
    };
    check("probs", [&](Out o) { Entropy(bad, o.Span(2)); });
    check("probs",
          [&](Out o) { EntropyGradient(bad, a.upstream, o.Matrix(2, 3)); });
    check("p", [&](Out o) { KlDivergence(bad, a.Probs(), o.Span(2)); });
    check("q", [&](Out o) { KlDivergence(a.Probs(), bad, o.Span(2)); });
    check("q", [&](Out o) {
      KlDivergenceGradient(a.Probs(), bad, a.upstream, o.Matrix(2, 3), {});
    });
    check("p",
          [&](Out o) { CrossEntropyFromProbs(bad, a.Probs(), o.Span(2)); });
    check("p",
          [&](Out o) { CrossEntropyFromLogProbs(bad, a.Logs(), o.Span(2)); });
    check("q", [&](Out o) {
      CrossEntropyFromProbsGradient(a.Probs(), bad, a.upstream, {},
                                    o.Matrix(2, 3));
    });
  }
}

TEST_CASE_TEMPLATE("log-probabilities are anything but +inf", T, float,
                   double) {
  const Arguments<T> a;
  using Out = Canvas<T>&;
  for (const double value : {-kInf, 3.0, kNaN, kInf}) {
    CAPTURE(value);
    const auto table = TableWith<T>(value);
    const Rows<const T> logs(table.data(), 2, 3);
    const std::string tail =
        value == kInf ? "[1][2] = inf is outside [-inf, inf)" : "";
    const auto check = [&](const std::string& argument, const Call<T>& call) {
      CHECK(ErrorOf<T>(call) == (tail.empty() ? "" : argument + tail));
    };
    check("log_p",
          [&](Out o) { KlDivergenceFromLogProbs(logs, a.Logs(), o.Span(2)); });
    check("log_q",
          [&](Out o) { KlDivergenceFromLogProbs(a.Logs(), logs, o.Span(2)); });
    check("log_q",
          [&](Out o) { CrossEntropyFromLogProbs(a.Probs(), logs, o.Span(2)); });
    check("log_p", [&](Out o) {
      KlDivergenceFromLogProbsGradient(logs, a.Logs(), a.upstream, {},
                                       o.Matrix(2, 3));
    });
  }
}

}  // namespace
}  // namespace surprisal::testing
