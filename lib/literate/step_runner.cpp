// The one file of a chapter's program that holds doctest itself. Its signal
// handlers stay out: the narrator restores the terminal, and Ctrl-C during a
// long step should simply end the program.
#define DOCTEST_CONFIG_IMPLEMENT
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS
#include "literate/step_runner.h"

#include <doctest/doctest.h>

#include <string>

#include "literate/text.h"
#include "surprisal/common/error.h"

namespace surprisal::literate {
namespace {

// What the reporter has seen of the running case.
struct Report {
  Outcome outcome;
  int cases = 0;
  std::string title;
  int line = 0;
};
Report* current_report = nullptr;

class StepReporter : public doctest::IReporter {
 public:
  explicit StepReporter(const doctest::ContextOptions& /*options*/) {}

  void report_query(const doctest::QueryData& /*query*/) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats& /*stats*/) override {}
  void test_case_reenter(const doctest::TestCaseData& /*data*/) override {}
  void subcase_start(const doctest::SubcaseSignature& /*subcase*/) override {}
  void subcase_end() override {}
  void test_case_skipped(const doctest::TestCaseData& /*data*/) override {}

  void test_case_start(const doctest::TestCaseData& data) override {
    ++current_report->cases;
    current_report->title = data.m_name;
    current_report->line = static_cast<int>(data.m_line);
    file_ = data.m_file.c_str();
  }
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    current_report->outcome.checks += stats.numAssertsCurrentTest;
    current_report->outcome.failed += stats.numAssertsFailedCurrentTest;
    // A step can fail without a failed check: FAIL(), or an exception
    if (!stats.testCaseSuccess && current_report->outcome.failed == 0) {
      ++current_report->outcome.checks;
      ++current_report->outcome.failed;
    }
  }
  void test_case_exception(const doctest::TestCaseException& e) override {
    current_report->outcome.threw = true;
    AddFailure(file_, current_report->line, "the step threw an exception",
               e.error_string.c_str());
  }
  void log_assert(const doctest::AssertData& data) override {
    if (!data.m_failed) return;
    const std::string check = std::string(doctest::assertString(data.m_at)) +
                              "( " + data.m_expr + " ) failed";
    const bool threw = data.m_threw;
    AddFailure(data.m_file, data.m_line, check,
               threw ? "threw: " + std::string(data.m_exception.c_str())
                     : "values: " + std::string(data.m_decomp.c_str()));
  }
  void log_message(const doctest::MessageData& message) override {
    AddFailure(message.m_file, message.m_line, "message",
               message.m_string.c_str());
  }

 private:
  static void AddFailure(const std::string& file, int line,
                         const std::string& what, const std::string& detail) {
    Lines lines = {"    " + Styled(Style::kBad, "✗ " + what),
                   "      at " + file + ":" + std::to_string(line)};
    for (const std::string& text : SplitLines(detail))
      lines.push_back("      " + text);
    for (int i = 0; i < get_num_active_contexts(); ++i) {
      std::ostringstream context;
      get_active_contexts()[i]->stringify(&context);
      lines.push_back("      with " + context.str());
    }
    current_report->outcome.failures.push_back(std::move(lines));
  }

  std::string file_;
};

DOCTEST_REGISTER_REPORTER("surprisal_steps", 0, StepReporter);

}  // namespace

Outcome RunStepInDoctest(const Chapter& source, size_t step) {
  Report report;
  current_report = &report;
  doctest::Context context;
  const int place = static_cast<int>(step) + 1;
  context.setOption("reporters", "surprisal_steps");
  context.setOption("order-by", "file");  // and, in a file, by line
  context.setOption("first", place);
  context.setOption("last", place);
  context.run();
  const Step& expected = source.steps[step];
  if (report.cases == 0 || report.title != expected.title ||
      report.line != expected.line) {
    throw Error(source.path + ":" + std::to_string(expected.line) +
                ": STEP(\"" + expected.title +
                "\") is not the program's case " + std::to_string(place) +
                "; a chapter holds no TEST_CASE and no STEP inside #if");
  }
  return report.outcome;
}

}  // namespace surprisal::literate
