// The accuracy table's own test: that it sees a kernel that is wrong.

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

#include "accuracy/table.h"
#include "hwy/targets.h"

namespace surprisal::accuracy {
namespace {

const Quantity& Named(const std::string& name) {
  return *std::ranges::find(Quantities(), name, &Quantity::name);
}

std::vector<int64_t> BestTarget() {
  return {hwy::SupportedAndGeneratedTargets()[0]};
}

/// A softmax in float arithmetic, as many have it.
std::vector<double> FloatSoftmax(const Batch& batch) {
  std::vector<double> probs;
  for (size_t r = 0; r < batch.rows; ++r) {
    const RowInput row = RowOf(batch, r);
    const auto largest =
        static_cast<float>(*std::ranges::max_element(row.first));
    float sum = 0;
    for (const double z : row.first) {
      sum += std::exp(static_cast<float>(z) - largest);
    }
    for (const double z : row.first) {
      probs.push_back(std::exp(static_cast<float>(z) - largest) / sum);
    }
  }
  return probs;
}

/// The library but for Softmax.
std::vector<double> RunWithFloatSoftmax(const Quantity& quantity,
                                        ElementType type, const Batch& batch) {
  if (quantity.name != "Softmax") return Run(quantity, type, batch);
  return FloatSoftmax(batch);
}

/// Rounds twice, to double and then to the type: wrong only within 2^-29 of a
/// midpoint of two floats.
std::vector<double> RunRoundingTwice(const Quantity& quantity, ElementType type,
                                     const Batch& batch) {
  std::vector<double> results = Run(quantity, ElementType::kFloat64, batch);
  for (double& x : results) x = Nearest(type, x);
  return results;
}

TEST_CASE("the library's softmax has no difference, one in floats has many") {
  const Quantity& softmax = Named("Softmax");
  const Extent extent = {.results = 20000, .built = 20};
  const Findings right =
      Measure(softmax, ElementType::kFloat32, BestTarget(), extent);
  CHECK(right.results >= 20000);
  CHECK(right.differences[0] == 0);
  const Findings wrong = Measure(softmax, ElementType::kFloat32, BestTarget(),
                                 extent, RunWithFloatSoftmax);
  CHECK(wrong.results == right.results);
  CHECK(wrong.differences[0] > 1000);
}

TEST_CASE("rows built beside midpoints show what random rows do not") {
  for (const char* name : {"LogSumExp", "Softmax", "CrossEntropy, targets"}) {
    CAPTURE(std::string(name));
    const Quantity& quantity = Named(name);
    const Findings random =
        Measure(quantity, ElementType::kFloat32, BestTarget(),
                {.results = 5000, .built = 0}, RunRoundingTwice);
    const Findings built =
        Measure(quantity, ElementType::kFloat32, BestTarget(),
                {.results = 5000, .built = 60}, RunRoundingTwice);
    CHECK(built.differences[0] > random.differences[0] + 10);
    CHECK(built.nearest.ulp < 0x1p-70);
  }
}

TEST_CASE("a result of the wrong sign of zero or instead of NaN counts") {
  const Quantity& log = Named("Log");
  const auto run = [](const Quantity& quantity, ElementType type,
                      const Batch& batch) {
    std::vector<double> y = Run(quantity, type, batch);
    for (double& x : y) {
      if (std::isnan(x)) x = 0;
    }
    return y;
  };
  const Findings findings =
      Measure(log, ElementType::kFloat32, BestTarget(), {.results = 1000}, run);
  CHECK(findings.differences[0] > 300);
}

TEST_CASE("a double that is an ulp further off is found") {
  const Quantity& exp = Named("Exp");
  const auto run = [](const Quantity& quantity, ElementType type,
                      const Batch& batch) {
    std::vector<double> y = Run(quantity, type, batch);
    for (double& x : y) x = Next(type, x, 1);
    return y;
  };
  const Extent extent = {.results = 4000};
  const auto worst = [&](const RunFn& which) {
    return Measure(exp, ElementType::kFloat64, BestTarget(), extent, which)
        .worst[0]
        .ulp;
  };
  CHECK(worst(Run) <= 1);
  CHECK(worst(run) > 1.4);
}

TEST_CASE(
    "the page of a wrong kernel does not hold, and is told from a right "
    "one") {
  Selection selection = {.functions = {"Softmax"},
                         .types = {ElementType::kFloat32},
                         .targets = BestTarget(),
                         .extent = {.results = 1000, .built = 10},
                         .stages = false};
  const auto silent = [](const std::string&) {};
  const Page right = MakePage(selection, silent);
  CHECK(right.holds);
  CHECK(MakePage(selection, silent).text == right.text);
  CHECK_FALSE(MakePage(selection, silent, RunWithFloatSoftmax).holds);

  // Of the page nothing is wrong but that other functions are missing
  const auto about_softmax = [](const std::vector<std::string>& wrong) {
    return std::ranges::count_if(wrong, [](const std::string& line) {
      return line.starts_with("Softmax float32:");
    });
  };
  CHECK(about_softmax(CheckPage(right.text)) == 0);
  CHECK(about_softmax(CheckPage(right.text, RunRoundingTwice)) > 0);
  CHECK(CheckPage(right.text).size() == 4 * Quantities().size() - 1);
  std::string edited = right.text;
  const size_t at = edited.find("0x1.");
  REQUIRE(at != std::string::npos);
  edited[at + 4] = edited[at + 4] == '0' ? '1' : '0';
  CHECK(about_softmax(CheckPage(edited)) > 0);
}

}  // namespace
}  // namespace surprisal::accuracy
