// The exhaustive tests, tested: they find what is wrong, say where, and leave
// no input out.

#include "exhaustive/sweep.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "exhaustive/program.h"
#include "exhaustive/quantities.h"
#include "hwy/targets.h"

namespace surprisal::exhaustive {
namespace {

constexpr uint64_t kOne = 0x3F800000;
constexpr uint64_t kInfinity = 0x7F800000;
constexpr uint64_t kMinus = 0x80000000;

using In = std::span<const float>;
using Out = std::span<float>;

uint32_t Bits(float x) { return std::bit_cast<uint32_t>(x); }

std::vector<int64_t> AllTargets() {
  return hwy::SupportedAndGeneratedTargets();
}

Truth ExpTruth() { return OfNumber<enclosed::Exp, filtered::Exp, ExpOracle>(); }

/// Exp, but that `spoil` has its way with every result.
template <float (*kSpoil)(float x, float y)>
Quantity<float> SpoiltExp() {
  return {"exp", 1, 1,
          [](In x, Out y) {
            Exp(x, y);
            for (size_t i = 0; i < x.size(); ++i) y[i] = kSpoil(x[i], y[i]);
          },
          ExpTruth()};
}

float NextAtTwo(float x, float y) {
  return x == 2 ? std::nextafter(y, 9.0f) : y;
}

TEST_CASE("one result a bit off is found, and what it should have been") {
  const Plan plan = {{Bits(1.5f), Bits(2.5f)}, AllTargets(), 2};
  const Outcome outcome = Sweep(SpoiltExp<NextAtTwo>(), plan);
  CHECK(outcome.inputs == Bits(2.5f) - Bits(1.5f) + 1);
  REQUIRE(outcome.targets.size() == plan.targets.size());
  for (const TargetOutcome& target : outcome.targets) {
    CHECK(target.differences == 1);
    REQUIRE(target.first.size() == 1);
    CHECK(target.first[0].input == 2);
    CHECK(target.first[0].input_bits == Bits(2.0f));
    CHECK(target.first[0].want == 0x1.d8e64cp+2f);
    CHECK(target.first[0].got == 0x1.d8e64ep+2f);
  }
}

float MinusZero(float, float y) { return y == 0 ? -0.0f : y; }
float OtherNaN(float, float y) { return std::isnan(y) ? -y : y; }
float NaNForInfinity(float, float y) { return std::isinf(y) ? NAN : y; }
float LargestForNaN(float, float y) { return std::isnan(y) ? 3e38f : y; }

TEST_CASE("the sign of zero counts, the kind of NaN does not") {
  const auto differences = [](const Quantity<float>& quantity, uint64_t bits) {
    return Sweep(quantity, {{bits, bits}, {AllTargets()[0]}}).Differences();
  };
  CHECK(differences(SpoiltExp<MinusZero>(), kMinus | kInfinity) == 1);
  CHECK(differences(SpoiltExp<OtherNaN>(), kInfinity + 1) == 0);
  CHECK(differences(SpoiltExp<NaNForInfinity>(), kInfinity) == 1);
  CHECK(differences(SpoiltExp<LargestForNaN>(), kInfinity + 1) == 1);
}

/// Taken while all targets are allowed: later the list is that of one.
const std::vector<int64_t>& Targets() {
  static const std::vector<int64_t> targets = AllTargets();
  return targets;
}

float WrongOnTheLastTarget(float, float y) {
  return hwy::SupportedTargets() == Targets().back() ? -y : y;
}

TEST_CASE("a target that is wrong is told from those that are right") {
  const Outcome outcome =
      Sweep(SpoiltExp<WrongOnTheLastTarget>(), {{kOne, kOne + 99}, Targets()});
  for (const TargetOutcome& target : outcome.targets) {
    const bool wrong = target.target == Targets().back();
    CHECK(target.differences == (wrong ? 100 : 0));
    CHECK(target.first.size() == (wrong ? kShown : 0));
  }
}

// Inputs and questions, counted. ---------------------------------------------

std::atomic<uint64_t> count_of_inputs, sum_of_inputs, count_of_questions;

/// The identity, and who asked for it.
Quantity<float> CountedIdentity() {
  return {"identity",
          1,
          1,
          [](In x, Out y) {
            for (size_t i = 0; i < x.size(); ++i) {
              y[i] = x[i];
              sum_of_inputs += Bits(x[i]);
            }
            count_of_inputs += x.size();
          },
          {[](double x, size_t) {
             ++count_of_questions;
             return Enclosure{x, x};
           },
           nullptr, nullptr}};
}

void CheckCounts(const Range& range, size_t targets, size_t threads) {
  count_of_inputs = sum_of_inputs = count_of_questions = 0;
  uint64_t last = 0;
  const Plan plan = {range, std::vector<int64_t>(targets, AllTargets()[0]),
                     threads, [&](uint64_t inputs, uint64_t differences) {
                       CHECK(inputs > last);
                       CHECK(differences == 0);
                       last = inputs;
                     }};
  const Outcome outcome = Sweep(CountedIdentity(), plan);
  uint64_t count = 0, sum = 0;
  for (uint64_t bits = range.from; bits <= range.to; bits += range.step) {
    ++count;
    sum += bits;
  }
  CHECK(outcome.inputs == count);
  CHECK(last == count);
  CHECK(count_of_questions == count);
  CHECK(count_of_inputs == count * targets);
  CHECK(sum_of_inputs == sum * targets);
  CHECK(outcome.long_double.asked == 0);
}

TEST_CASE("every input of the range goes to every target, the oracle once") {
  const uint64_t to = 0xFFFFFFFF;
  for (const size_t threads : {1, 2, 7}) {
    CAPTURE(threads);
    CheckCounts({to - 2 * kBlock - 5, to}, 2, threads);
    CheckCounts({to - 3 * kBlock, to, 3}, 1, threads);
    CheckCounts({0, 2 * kPiece}, 3, threads);
    CheckCounts({to, to, 8191}, 1, threads);
  }
}

TEST_CASE("a sample of every so many takes every so many") {
  CheckCounts({0, 0xFFFFFFFF, 104729}, 1, 2);
  CHECK(Range{}.Count() == uint64_t{1} << 32);
}

TEST_CASE("what the first filters leave open is asked for in 100 digits") {
  Quantity<float> quantity = SpoiltExp<NextAtTwo>();
  quantity.truth.quick = [](double, size_t) { return Enclosure{0, 9}; };
  const Plan plan = {{kOne, kOne + 9}, {AllTargets()[0]}};
  CHECK(Sweep(quantity, plan).long_double.asked == 10);
  CHECK(Sweep(quantity, plan).long_double.escalated == 0);
  quantity.truth.close = [](double, size_t) { return Approx{0, 9}; };
  const Outcome outcome = Sweep(quantity, plan);
  CHECK(outcome.long_double.escalated == 10);
  CHECK(outcome.Differences() == 0);
}

// The kernels where the numbers end. -----------------------------------------

template <class R>
void CheckAtTheEnds(const Quantity<float, R>& quantity) {
  const std::string name = quantity.name;
  CAPTURE(name);
  for (const uint64_t sign : {uint64_t{0}, kMinus}) {
    for (const uint64_t end : {uint64_t{300}, kOne, kInfinity}) {
      const Plan plan = {{(sign | end) - 300, (sign | end) + 300},
                         AllTargets()};
      const Outcome outcome = Sweep(quantity, plan);
      for (const TargetOutcome& target : outcome.targets) {
        const std::string target_name = hwy::TargetName(target.target);
        CAPTURE(target_name);
        CHECK(target.differences == 0);
      }
    }
  }
}

TEST_CASE("at zero, one, infinity and NaN every kernel has the right bits") {
  for (const auto& quantity : QuantitiesOf<float>()) CheckAtTheEnds(quantity);
  for (const auto& quantity : SlopesOf<float>()) CheckAtTheEnds(quantity);
  for (const auto& quantity : RowQuantitiesOf<float, float>()) {
    CheckAtTheEnds(quantity);
  }
}

// The program. ---------------------------------------------------------------

/// What a run of the program printed and returned.
struct Run {
  int code;
  std::string out;
  std::string err;
};

std::string ReadAll(std::FILE* file) {
  std::rewind(file);
  std::string text;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) {
    text += static_cast<char>(c);
  }
  return text;
}

Run RunWith(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "exhaustive");
  std::vector<Entry> entries;
  Append(entries, "float",
         std::vector{SpoiltExp<NextAtTwo>(), CountedIdentity()});
  using File = std::unique_ptr<std::FILE, decltype(&std::fclose)>;
  const File out(std::tmpfile(), &std::fclose);
  const File err(std::tmpfile(), &std::fclose);
  const int code = RunProgram(static_cast<int>(arguments.size()),
                              arguments.data(), entries, out.get(), err.get());
  return {code, ReadAll(out.get()), ReadAll(err.get())};
}

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("the program shows a wrong result in hex and fails") {
  const Run run = RunWith({"--from", "0x3fffff00", "--to", "0x40000100"});
  CHECK(run.code == 1);
  CHECK(Holds(run.out,
              "at 0x1p+1 (bits 0x40000000), result 0: "
              "got 0x1.d8e64ep+2, want 0x1.d8e64cp+2"));
  CHECK(Holds(run.err, "1 of 2 functions (50%): exp float, 513 inputs, "));
  CHECK(Holds(run.err,
              "2 of 2 functions (100%): identity float, 513 inputs, "
              "0 differences"));
}

TEST_CASE("the program succeeds where the bits are right") {
  const std::string target = hwy::TargetName(AllTargets()[0]);
  const Run run = RunWith({"--function", "exp", "--step", "1000003", "--target",
                           target.c_str(), "--threads", "1"});
  CHECK(run.code == 0);
  CHECK(Holds(run.err,
              "1 of 1 functions (100%): exp float, 4295 inputs, "
              "0 differences"));
  CHECK(Holds(run.out, target));
  CHECK_FALSE(Holds(run.out, "got"));
}

TEST_CASE("the report as JSON holds what the table says") {
  const char* path = "sweep_test_report.json";  // where the test is run
  const Run run = RunWith({"--function", "exp", "--from", "0x3fffff00", "--to",
                           "0x40000100", "--json", path});
  CHECK(run.code == 1);
  const auto report = nlohmann::json::parse(std::ifstream(path));
  std::filesystem::remove(path);
  REQUIRE(report.size() == 1);
  CHECK(report[0]["function"] == "exp");
  CHECK(report[0]["inputs"] == 513);
  CHECK(report[0]["targets"].size() == AllTargets().size());
  CHECK(report[0]["targets"][0]["differences"] == 1);
  CHECK(report[0]["targets"][0]["first"].size() == 1);
}

TEST_CASE("a wrong command line names the option and what is allowed") {
  const auto complaint = [](std::vector<const char*> arguments) {
    const Run run = RunWith(std::move(arguments));
    CHECK(run.code > 1);
    CHECK(run.out.empty());
    return run.err;
  };
  CHECK(Holds(complaint({"--from", "5", "--to", "3"}),
              "--to: 0x3 is below --from, 0x5"));
  CHECK(Holds(complaint({"--function", "sine"}), "sine not in {exp,identity}"));
  CHECK(Holds(complaint({"--target", "ABACUS"}), "ABACUS"));
  CHECK(Holds(complaint({"--step", "0"}), "--step"));
  CHECK(Holds(complaint({"--json", "/no/such/folder/report.json"}),
              "cannot write /no/such/folder/report.json"));
}

}  // namespace
}  // namespace surprisal::exhaustive
