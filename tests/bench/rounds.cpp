#include "bench/rounds.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "hwy/targets.h"

namespace surprisal::bench {
namespace {

using Times = std::vector<std::vector<Seconds>>;

/// Takes down the times; a benchmark's name is its contender's number.
class Recorder : public benchmark::BenchmarkReporter {
 public:
  explicit Recorder(Times& times) : times_(times) {}

  bool ReportContext(const Context&) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const auto calls = static_cast<double>(run.iterations);
      times_[std::stoul(run.run_name.function_name)].push_back(
          {run.cpu_accumulated_time / calls,
           run.real_accumulated_time / calls});
    }
  }

 private:
  Times& times_;
};

void Register(size_t number, const Contender& contender, double min_seconds) {
  const auto body = [&contender](benchmark::State& state) {
    hwy::SetSupportedTargetsForTest(contender.target);
    for (auto _ : state) {
      contender.compute();
      benchmark::ClobberMemory();
    }
    hwy::SetSupportedTargetsForTest(0);
  };
  benchmark::RegisterBenchmark(std::to_string(number).c_str(), body)
      ->MinTime(min_seconds);
}

}  // namespace

std::vector<std::vector<Seconds>> MeasureRounds(
    const std::vector<Contender>& contenders, const Extent& extent) {
  const size_t count = contenders.size();
  Times times(count);
  Recorder recorder(times);
  for (size_t round = 0; round < extent.rounds; ++round) {
    benchmark::ClearRegisteredBenchmarks();
    for (size_t i = 0; i < count; ++i) {
      const size_t number = (round + i) % count;
      Register(number, contenders[number], extent.min_seconds);
    }
    if (benchmark::RunSpecifiedBenchmarks(&recorder, "all") != count) {
      throw std::runtime_error("Google Benchmark did not run all benchmarks");
    }
  }
  benchmark::ClearRegisteredBenchmarks();
  return times;
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  const size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

}  // namespace surprisal::bench
