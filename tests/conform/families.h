#ifndef SURPRISAL_TESTS_CONFORM_FAMILIES_H_
#define SURPRISAL_TESTS_CONFORM_FAMILIES_H_

#include <string>
#include <vector>

#include "vector_maker.h"

namespace surprisal::conform {

/// One generated file: cases that are hard in the same way.
struct Family {
  std::string name;  ///< of the file, and of its ids
  std::string flag;  ///< on every case
  std::string source;
  void (*make)(VectorMaker& maker);
};

/// Families of rows (softmax, log-softmax, log-sum-exp), of losses, and others.
std::vector<Family> RowFamilies();
std::vector<Family> LossFamilies();
std::vector<Family> OtherFamilies();

using Values = std::vector<double>;

/// The nearest numbers of the type.
Values In(Dtype dtype, Values values);

/// The rows of testing::HardRows() for the type.
std::vector<testing::NamedRow<double>> HardRowsOf(Dtype dtype);

/// testing::RandomRow() for the type.
Values RandomLogits(testing::Random& random, Dtype dtype, size_t classes);

/// Uniform numbers of the type.
Values RandomValues(testing::Random& random, Dtype dtype, size_t count,
                    double low, double high);

/// A random distribution; its sum is 1 up to rounding.
Values RandomProbs(testing::Random& random, Dtype dtype, size_t classes);

std::vector<std::int32_t> RandomLabels(testing::Random& random, size_t count,
                                       size_t classes);

/// One row of these logits.
Case RowCase(const VectorMaker& maker, Dtype dtype, const std::string& comment,
             const Values& logits);

/// Adds a question about the logits for each of softmax, log_softmax and
/// log_sum_exp, and asks for gradients with a random upstream gradient.
void AddRowQuestions(VectorMaker& maker, const Case& logits);

}  // namespace surprisal::conform

#endif  // SURPRISAL_TESTS_CONFORM_FAMILIES_H_
