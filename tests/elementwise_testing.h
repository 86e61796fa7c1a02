#ifndef SURPRISAL_TESTS_ELEMENTWISE_TESTING_H_
#define SURPRISAL_TESTS_ELEMENTWISE_TESTING_H_

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "kernel_testing.h"
#include "oracle/exact.h"
#include "oracle/rounding.h"
#include "surprisal/common/error.h"

/// What holds for every elementwise function, written once.
namespace surprisal::testing {

/// An elementwise function, its gradient, and the truth about both.
template <class T>
struct Elementwise {
  void (*function)(InRow x, OutRow y);
  void (*vjp)(InRow x, InRow upstream, OutRow d_x);
  Exact (*oracle)(double x);
  Exact (*vjp_oracle)(double x, double upstream);
};

/// CheckResults, and the signs of zeros.
template <class T>
void CheckElements(std::span<const T> x, std::span<const T> got,
                   const std::vector<Exact>& exact) {
  REQUIRE(got.size() == exact.size());
  for (size_t i = 0; i < exact.size(); ++i) {
    const std::string argument = Shown(x[i]);
    CAPTURE(argument);
    CheckResult(got[i], exact[i]);
    if (!isnan(exact[i])) CHECK(std::signbit(got[i]) == signbit(exact[i]));
  }
}

/// Upstream gradients of every size; the infinite ones have laws of their own.
template <class T>
std::vector<T> TrialUpstream(size_t count) {
  using Limits = std::numeric_limits<T>;
  Random random(31415);
  std::vector<T> upstream(count);
  for (size_t i = 0; i < count; ++i) {
    const T choices[] = {T(1),
                         T(-1),
                         static_cast<T>(random.Uniform(-3, 3)),
                         random.AnyFinite<T>(),
                         T(0),
                         T(-0.0),
                         Limits::denorm_min(),
                         Limits::max()};
    upstream[i] = choices[random.Below(std::size(choices))];
  }
  return upstream;
}

template <class T>
void CheckValues(const Elementwise<T>& tried) {
  const std::vector<T> x = TrialArguments<T>();
  std::vector<Exact> exact;
  for (const T argument : x) exact.push_back(tried.oracle(argument));
  ForEachTarget([&] {
    std::vector<T> y(x.size());
    tried.function(x, y);
    CheckElements<T>(x, y, exact);
  });
}

template <class T>
void CheckGradients(const Elementwise<T>& tried) {
  const std::vector<T> x = TrialArguments<T>();
  const std::vector<T> upstream = TrialUpstream<T>(x.size());
  std::vector<Exact> exact;
  for (size_t i = 0; i < x.size(); ++i) {
    exact.push_back(tried.vjp_oracle(x[i], upstream[i]));
  }
  ForEachTarget([&] {
    std::vector<T> d_x(x.size());
    tried.vjp(x, upstream, d_x);
    CheckElements<T>(x, d_x, exact);
  });
}

/// A short run of arguments, special values among them, in memory of any
/// offset.
template <class T>
struct ShortRun {
  std::vector<T> x, upstream, y, d_x;

  explicit ShortRun(const Elementwise<T>& tried)
      : x(TrialArguments<T>(80)), upstream(TrialUpstream<T>(x.size())) {
    y.resize(x.size());
    d_x.resize(x.size());
    tried.function(x, y);
    tried.vjp(x, upstream, d_x);
  }
};

/// The first `count` elements of `from`, guarded.
template <class T>
GuardedRows<T> Guarded(const std::vector<T>& from, size_t count,
                       size_t offset) {
  GuardedRows<T> guarded(1, count, offset);
  guarded.Fill(0, std::span(from).first(count));
  return guarded;
}

template <class T>
std::span<T> SpanOf(GuardedRows<T>& row) {
  return {row.View().data, row.View().classes};
}

/// The row holds the first elements of `want`, bit for bit, between guards.
template <class T>
void CheckSameBits(const GuardedRows<T>& got, const std::vector<T>& want) {
  const std::vector<T> row = got.Row(0);
  CHECK(std::equal(row.begin(), row.end(), want.begin(), SameBits<T>));
  got.CheckGuards();
}

template <class T>
void CheckLengths(const Elementwise<T>& tried) {
  ForEachTarget([&] {
    const ShortRun<T> whole(tried);
    for (size_t count = 0; count <= 40; ++count) {
      for (size_t offset = 0; offset < 4; ++offset) {
        CAPTURE(count);
        CAPTURE(offset);
        GuardedRows<T> x = Guarded(whole.x, count, offset);
        GuardedRows<T> upstream = Guarded(whole.upstream, count, offset + 1);
        GuardedRows<T> y(1, count, 3 - offset), d_x(1, count, offset + 2);
        tried.function(SpanOf(x), SpanOf(y));
        tried.vjp(SpanOf(x), SpanOf(upstream), SpanOf(d_x));
        CheckSameBits(y, whole.y);
        CheckSameBits(d_x, whole.d_x);
        CheckSameBits(x, whole.x);
        CheckSameBits(upstream, whole.upstream);
      }
    }
  });
}

template <class T>
void CheckInPlace(const Elementwise<T>& tried) {
  ForEachTarget([&] {
    const ShortRun<T> whole(tried);
    for (size_t count = 1; count <= 40; ++count) {
      CAPTURE(count);
      GuardedRows<T> y = Guarded(whole.x, count, 1);
      tried.function(SpanOf(y), SpanOf(y));
      CheckSameBits(y, whole.y);

      GuardedRows<T> x = Guarded(whole.x, count, 1);
      GuardedRows<T> upstream = Guarded(whole.upstream, count, 2);
      tried.vjp(SpanOf(x), SpanOf(upstream), SpanOf(upstream));
      CheckSameBits(upstream, whole.d_x);
      upstream.Fill(0, std::span(whole.upstream).first(count));
      tried.vjp(SpanOf(x), SpanOf(upstream), SpanOf(x));
      CheckSameBits(x, whole.d_x);
    }
  });
}

template <class T>
void CheckSizeErrors(const Elementwise<T>& tried) {
  const std::vector<T> three(3, T(0.5)), two(2, T(0.5));
  const T untouched = T(-12345.5);
  std::vector<T> out_two(2, untouched), out_three(3, untouched),
      out_four(4, untouched);
  CHECK_THROWS_WITH_AS(tried.function(three, out_two),
                       "y has 2 elements where 3 are needed", Error);
  CHECK_THROWS_WITH_AS(tried.function(three, out_four),
                       "y has 4 elements where 3 are needed", Error);
  CHECK_THROWS_WITH_AS(tried.vjp(three, two, out_three),
                       "upstream has 2 elements where 3 are needed", Error);
  CHECK_THROWS_WITH_AS(tried.vjp(three, three, out_two),
                       "d_x has 2 elements where 3 are needed", Error);
  for (const std::vector<T>& out : {out_two, out_three, out_four}) {
    CHECK(std::ranges::count(out, untouched) ==
          static_cast<std::ptrdiff_t>(out.size()));
  }
}

/// NaN comes out where NaN goes in, as the argument or from upstream, and stays
/// in its lane.
template <class T>
void CheckNaN(const Elementwise<T>& tried) {
  const T nan = std::numeric_limits<T>::quiet_NaN();
  ForEachTarget([&] {
    for (size_t place = 0; place < 17; ++place) {
      std::vector<T> x(17, T(0.75)), ones(17, T(1)), y(17), d_x(17);
      x[place] = nan;
      tried.function(x, y);
      tried.vjp(x, ones, d_x);
      std::vector<T> regular(17, T(0.75)), upstream(17, T(1)), d_regular(17);
      upstream[place] = nan;
      tried.vjp(regular, upstream, d_regular);
      for (size_t i = 0; i < x.size(); ++i) {
        CAPTURE(i);
        CHECK(std::isnan(y[i]) == (i == place));
        CHECK(std::isnan(d_x[i]) == (i == place));
        CHECK(std::isnan(d_regular[i]) == (i == place));
      }
    }
  });
}

/// All of the above; the names of the laws are the sub-cases.
template <class T>
void CheckElementwiseLaws(const Elementwise<T>& tried) {
  SUBCASE("values are the oracle's on every target") { CheckValues(tried); }
  SUBCASE("gradients are the oracle's on every target") {
    CheckGradients(tried);
  }
  SUBCASE("neither length nor offset matters and nothing else is touched") {
    CheckLengths(tried);
  }
  SUBCASE("the result may lie where an input was") { CheckInPlace(tried); }
  SUBCASE("NaN stays NaN in its own lane") { CheckNaN(tried); }
  SUBCASE("unequal sizes are refused and nothing is written") {
    CheckSizeErrors(tried);
  }
}

/// f(x) on every target; for the special values, one at a time.
template <class T, class Function>
void CheckSpecial(const Function& function, T x, T want) {
  ForEachTarget([&] {
    const std::string argument = Shown(x);
    CAPTURE(argument);
    T got = T(-12345.5);
    function(std::span<const T>(&x, 1), std::span<T>(&got, 1));
    const std::string got_text = Shown(got), want_text = Shown(want);
    CAPTURE(got_text);
    CAPTURE(want_text);
    CHECK((SameBits(got, want) || (std::isnan(got) && std::isnan(want))));
  });
}

}  // namespace surprisal::testing

#endif  // SURPRISAL_TESTS_ELEMENTWISE_TESTING_H_
