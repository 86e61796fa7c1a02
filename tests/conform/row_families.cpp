#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "families.h"
#include "oracle/exact.h"
#include "surprisal/log_sum_exp/log_sum_exp_oracle.h"

// Families of rows: softmax, log-softmax, log-sum-exp and their gradients.

namespace surprisal::conform {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// The smallest gap at which the last digit of 1 no longer sees e^-gap, and the
/// others around which results change: the end of normal numbers, of subnormal
/// ones.
Values GapsOf(Dtype dtype) {
  Values gaps = {0.5, 1, 3, 8, 12, 16, 16.942384719848633, 17.5, 20, 24, 30};
  const Values more = dtype == Dtype::kF64
                          ? Values{36, 36.7368, 37.5, 44, 60, 200, 700, 740}
                          : Values{40, 60, 80, 87, 88, 95, 100, 103};
  gaps.insert(gaps.end(), more.begin(), more.end());
  return In(dtype, gaps);
}

void MakeLseTail(VectorMaker& maker) {
  for (const Dtype dtype : kWideTypes) {
    for (const double gap : GapsOf(dtype)) {
      const std::string comment = fmt::format("0 and {:.5g} below", gap);
      Case two = RowCase(maker, dtype, comment, {0, -gap});
      maker.Add("log_sum_exp", two);
      maker.Add("log_softmax", two);
      two.labels = {0};
      maker.Add("cross_entropy", two);
      Case many = RowCase(maker, dtype, comment + ", four times",
                          {-gap, -gap, 0, -gap, -gap});
      maker.Add("log_sum_exp", many);
      many.labels = {2};
      maker.Add("cross_entropy", many);
    }
  }
}

void MakeUnderflow(VectorMaker& maker) {
  for (const Dtype dtype : kWideTypes) {
    const Values gaps =
        dtype == Dtype::kF64
            ? Values{707,    708.39, 708.4, 712, 720, 735,  744.4,
                     745.13, 745.14, 746,   800, 1e5, 1e300}
            : Values{86.5,   87.33,  87.34,  90,  95.5, 100, 103.27,
                     103.28, 103.97, 103.98, 104, 110,  1e5, 1e30};
    for (const double gap : In(dtype, gaps)) {
      const std::string comment = fmt::format("a gap of {:.6g}", gap);
      AddRowQuestions(maker, RowCase(maker, dtype, comment, {gap, 0}));
      Case elements = maker.New(dtype, {1, 2, 1}, comment);
      elements.inputs["x"] = {-gap, gap};
      elements.inputs["upstream"] = {1, 1};
      for (const char* op : {"exp", "sigmoid", "softplus", "log_sigmoid"}) {
        maker.Add(op, elements);
      }
    }
  }
}

/// Rows whose results are exact, or so near a tie that only a term far below
/// the last digit decides.
void MakeTie(VectorMaker& maker) {
  for (const Dtype dtype : kWideTypes) {
    for (const size_t classes : {1u, 2u, 3u, 4u, 7u, 8u, 16u, 31u, 64u}) {
      const auto comment = fmt::format("{} equal logits", classes);
      for (const double z : {0.0, -7.25}) {
        AddRowQuestions(maker,
                        RowCase(maker, dtype, comment, Values(classes, z)));
      }
    }
    const int digits = dtype == Dtype::kF64 ? 53 : 24;
    for (int below = -3; below <= 1; ++below) {
      const double x = std::ldexp(1, below - digits);
      const auto comment =
          fmt::format("2^{}: only x cubed decides", below - digits);
      for (const double sign : {1.0, -1.0, 3.0, -3.0}) {
        Case row = RowCase(maker, dtype, comment, {sign * x, 0});
        maker.Add("softmax", row);
        maker.Add("log_softmax", row);
        Case element = maker.New(dtype, {1, 1, 1}, comment);
        element.inputs["x"] = {sign * x};
        for (const char* op : {"exp", "log1p", "expm1", "sigmoid"}) {
          maker.Add(op, element);
        }
      }
    }
    for (const Values& row :
         {Values{std::ldexp(1, -16), -400}, Values{16777216, -1},
          Values{1 + std::ldexp(1, 1 - digits), -60},
          Values{9007199254740992, 0}, Values{4, -40}}) {
      AddRowQuestions(maker,
                      RowCase(maker, dtype, "a tail far below the last digit",
                              In(dtype, row)));
    }
  }
}

void MakeOffset(VectorMaker& maker) {
  for (const Dtype dtype : kWideTypes) {
    for (const double offset :
         {80., 88., 89., 100., 709., 710., 1000., 1e4, 1e7, 1e15, 1e30}) {
      for (const double sign : {1.0, -1.0}) {
        Values row = {0, 1, 2.5, -3};
        for (double& z : row) z += sign * offset;
        Case c = RowCase(maker, dtype,
                         fmt::format("an offset of {:g}", sign * offset),
                         In(dtype, row));
        AddRowQuestions(maker, c);
        maker.Add("entropy", c);
        c.labels = {1};
        maker.Add("cross_entropy", c);
      }
    }
  }
}

void MakeMask(VectorMaker& maker) {
  testing::Random& random = maker.random();
  for (const Dtype dtype : kWideTypes) {
    for (const size_t classes : {2u, 3u, 5u, 17u, 33u}) {
      for (const size_t kept : {size_t{1}, classes / 2, classes - 1}) {
        Values row = RandomLogits(random, dtype, classes);
        std::vector<std::uint8_t> mask(classes, 0);
        for (size_t i = 0; i < kept; ++i) mask[i * 7 % classes] = 1;
        Case masked = RowCase(maker, dtype, "an explicit mask", row);
        masked.mask = mask;
        maker.Add("softmax", masked);
        for (size_t i = 0; i < classes; ++i) {
          if (mask[i] == 0) row[i] = -kInf;
        }
        Case c =
            RowCase(maker, dtype,
                    fmt::format("{} of {} classes kept", kept, classes), row);
        AddRowQuestions(maker, c);
        maker.Add("entropy", c);
        for (const std::int32_t label :
             {0, static_cast<std::int32_t>(classes - 1)}) {
          c.labels = {label};
          maker.Add("cross_entropy", c);
        }
      }
    }
  }
}

void MakeNonFinite(VectorMaker& maker) {
  for (const Dtype dtype : kWideTypes) {
    for (const Values& row :
         {Values{kNaN, 0, 1}, Values{0, 1, kNaN}, Values{kInf, 0, 1},
          Values{0, kInf, kInf}, Values{-kInf, kInf, 0},
          Values{kNaN, kInf, -kInf}, Values{-kInf, -kInf, -kInf},
          Values{-kInf, kNaN, -kInf}}) {
      // The rows beside it must not notice.
      Values logits = {1, 2, 3};
      logits.insert(logits.end(), row.begin(), row.end());
      logits.insert(logits.end(), {3, -1, 0});
      Case c = maker.New(dtype, {3, 3, 1}, "the middle row has no softmax");
      c.inputs["logits"] = logits;
      AddRowQuestions(maker, c);
      Case entropy = c;
      entropy.inputs["upstream"] = {1, 1, 1};
      maker.Add("entropy", entropy);
      c.labels = {0, 1, 2};
      for (const Reduction reduction : {Reduction::kNone, Reduction::kMean}) {
        c.options.reduction = reduction;
        maker.Add("cross_entropy", c);
      }
    }
    Case elements = maker.New(dtype, {1, 5, 1}, "no number, and the ends");
    elements.inputs["x"] = {kNaN, kInf, -kInf, 0.0, -0.0};
    for (const char* op : {"exp", "log", "log1p", "expm1", "sigmoid",
                           "softplus", "log_sigmoid"}) {
      maker.Add(op, elements);
    }
  }
}

void MakeLongRow(VectorMaker& maker) {
  for (const Dtype dtype : kWideTypes) {
    for (const size_t classes : {300u, 1000u}) {
      const Values ramp = RandomLogits(maker.random(), dtype, classes);
      Case c = RowCase(maker, dtype, "a random row", ramp);
      maker.Add("log_sum_exp", c);
      maker.Add("entropy", c);
      c.labels = {static_cast<std::int32_t>(classes / 2)};
      c.options.reduction = Reduction::kSum;
      maker.Add("cross_entropy", c);
    }
    for (const double gap : {0.0, 1.0, 16.0, 25.0, 40.0, 103.0}) {
      Values row(1000, -gap);
      row[777] = 0;
      Case c = RowCase(
          maker, dtype,
          fmt::format("1000 classes, all but one {:g} behind", gap), row);
      maker.Add("log_sum_exp", c);
      maker.Add("softmax", c);
      maker.Add("log_softmax", c);
      c.labels = {777};
      maker.Add("cross_entropy", c);
    }
  }
}

void MakeTemperature(VectorMaker& maker) {
  testing::Random& random = maker.random();
  for (const Dtype dtype : kWideTypes) {
    for (const double temperature :
         {1e-30, 1e-3, 0.1, 0.5, 0.75, 1.5, 2.0, 3.0, 10.0, 1e3, 1e30}) {
      for (const size_t classes : {2u, 5u, 18u}) {
        Case c = RowCase(maker, dtype, fmt::format("at {:g}", temperature),
                         RandomLogits(random, dtype, classes));
        c.options.temperature = In(dtype, {temperature})[0];
        c.inputs["upstream"] = RandomValues(random, dtype, classes, -2, 2);
        maker.Add("softmax", c);
        maker.Add("log_softmax", c);
      }
    }
  }
}

/// Whether the log-sum-exp, a difference of numbers of the logits' size, loses
/// more than 50 bits: beyond the reach of a pair of doubles.
bool CancelsBeyondReach(const Values& logits) {
  const Exact exact = LogSumExpOracle(logits);
  return fabs(exact) < ldexp(Exact(std::fabs(logits[0])), -50);
}

/// Rows around the numbers of the type nearest to -ln classes.
void MakeNearZeroLse(VectorMaker& maker) {
  for (const Dtype dtype : kWideTypes) {
    for (const size_t classes : {2u, 3u, 5u, 8u, 10u, 33u}) {
      const double near = Nearest(-log(Exact(classes)), dtype);
      const double step =
          std::ldexp(1, std::ilogb(near) - (dtype == Dtype::kF64 ? 52 : 23));
      for (const int steps : {-4, -1, 0, 1, 64}) {
        Values row(classes, near);
        row[0] += steps * step;
        Case c = RowCase(maker, dtype,
                         fmt::format("{} classes of -ln {}, one moved by {} "
                                     "units in the last place",
                                     classes, classes, steps),
                         row);
        if (dtype == Dtype::kF64 && CancelsBeyondReach(row)) c.max_ulp = 8;
        c.inputs["upstream"] = {1};
        maker.Add("log_sum_exp", c);
      }
    }
  }
}

void MakeUpstream(VectorMaker& maker) {
  testing::Random& random = maker.random();
  for (const Dtype dtype : kWideTypes) {
    for (const size_t classes : {2u, 3u, 8u, 19u}) {
      const Values row = RandomLogits(random, dtype, classes);
      Values one_hot(classes, 0.0),
          far = RandomValues(random, dtype, classes, 1, 2);
      one_hot[classes - 1] = 1;
      far[0] = In(dtype, {1e30})[0];
      const std::pair<const char*, Values> upstreams[] = {
          {"one 1", one_hot},
          {"all equal: the softmax hands nothing down", Values(classes, 0.75)},
          {"all 0", Values(classes, 0.0)},
          {"random", RandomValues(random, dtype, classes, -3, 3)},
          {"tiny", RandomValues(random, dtype, classes, -1e-37, 1e-37)},
          {"one far larger than the others", far}};
      for (const auto& [name, upstream] : upstreams) {
        Case c = RowCase(maker, dtype, std::string("upstream: ") + name, row);
        c.inputs["upstream"] = upstream;
        maker.Add("softmax", c);
        maker.Add("log_softmax", c);
      }
    }
  }
}

}  // namespace

std::vector<Family> RowFamilies() {
  return {{"lse_tail", "LseTail",
           "Confident rows: what is left of the sum, or of 1 - p, is far below "
           "the last digit of 1.",
           MakeLseTail},
          {"underflow", "Underflow",
           "Results that are subnormal, or underflow, or almost do.",
           MakeUnderflow},
          {"tie", "Tie",
           "Results that are exact, or ties but for a term far below the last "
           "digit.",
           MakeTie},
          {"offset", "Offset",
           "Rows with an offset, which the softmax does not see.", MakeOffset},
          {"mask", "Mask",
           "Rows with masked classes: a logit of -inf, or a mask.", MakeMask},
          {"non_finite", "NonFinite",
           "NaN and infinities: what a row makes of them, and its neighbours "
           "do not.",
           MakeNonFinite},
          {"long_row", "LongRow", "Rows of 300 and 1000 classes.", MakeLongRow},
          {"temperature", "Temperature", "Logits divided by a temperature.",
           MakeTemperature},
          {"near_zero_lse", "NearZeroLse",
           "Log-sum-exps next to 0: the logits' rounding errors are all there "
           "is.",
           MakeNearZeroLse},
          {"upstream", "Upstream",
           "Vector-Jacobian products under upstream gradients of every kind.",
           MakeUpstream}};
}

}  // namespace surprisal::conform
