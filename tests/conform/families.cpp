#include "families.h"

namespace surprisal::conform {

Values In(Dtype dtype, Values values) {
  for (double& x : values) x = Nearest(Exact(x), dtype);
  return values;
}

std::vector<testing::NamedRow<double>> HardRowsOf(Dtype dtype) {
  if (dtype == Dtype::kF64) return testing::HardRows<double>();
  std::vector<testing::NamedRow<double>> rows;
  for (const auto& row : testing::HardRows<float>()) {
    rows.push_back({row.name, In(dtype, testing::Widen(row.values))});
  }
  return rows;
}

Values RandomLogits(testing::Random& random, Dtype dtype, size_t classes) {
  if (dtype == Dtype::kF64) return testing::RandomRow<double>(random, classes);
  return In(dtype, testing::Widen(testing::RandomRow<float>(random, classes)));
}

Values RandomValues(testing::Random& random, Dtype dtype, size_t count,
                    double low, double high) {
  Values values(count);
  for (double& x : values) x = random.Uniform(low, high);
  return In(dtype, values);
}

Values RandomProbs(testing::Random& random, Dtype dtype, size_t classes) {
  Values probs(classes);
  double sum = 0;
  for (double& p : probs) {
    const double u = random.Uniform(0, 1);
    // Powers make some classes rare.
    p = u * u * u * u;
    sum += p;
  }
  for (double& p : probs) p /= sum;
  return In(dtype, probs);
}

std::vector<std::int32_t> RandomLabels(testing::Random& random, size_t count,
                                       size_t classes) {
  std::vector<std::int32_t> labels(count);
  for (std::int32_t& y : labels) {
    y = static_cast<std::int32_t>(random.Below(classes));
  }
  return labels;
}

Case RowCase(const VectorMaker& maker, Dtype dtype, const std::string& comment,
             const Values& logits) {
  Case c = maker.New(dtype, {1, logits.size(), 1}, comment);
  c.inputs["logits"] = logits;
  return c;
}

void AddRowQuestions(VectorMaker& maker, const Case& logits) {
  Case c = logits;
  testing::Random& random = maker.random();
  c.inputs["upstream"] =
      RandomValues(random, c.dtype, c.shape.Elements(), -2, 2);
  maker.Add("softmax", c);
  maker.Add("log_softmax", c);
  c.inputs["upstream"] =
      RandomValues(random, ScalarOf(c.dtype), c.shape.Rows(), -2, 2);
  maker.Add("log_sum_exp", c);
}

}  // namespace surprisal::conform
