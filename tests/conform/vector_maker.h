#ifndef SURPRISAL_TESTS_CONFORM_VECTOR_MAKER_H_
#define SURPRISAL_TESTS_CONFORM_VECTOR_MAKER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "dtype.h"
#include "trial_inputs.h"
#include "vectors.h"

namespace surprisal::conform {

/// The types that most families of vectors are made for; the 16-bit types have
/// a family of their own.
inline constexpr Dtype kWideTypes[] = {Dtype::kF32, Dtype::kF64};

/// Collects the cases of one generated file: names them, finds their flags and
/// their right answers.
class VectorMaker {
 public:
  /// `name` begins every id; `flag` is on every case.
  VectorMaker(std::string name, std::string flag, std::uint64_t seed);

  /// A case without inputs, of one row unless said otherwise.
  Case New(Dtype dtype, const Shape& shape, const std::string& comment) const;

  /// Asks `op` all that the inputs of the case allow: the value, and gradients
  /// where an upstream gradient is there or 1. The answers are the oracles'.
  void Add(const std::string& op, Case c);

  /// Asks `op` for an error whose text contains `word`.
  void AddError(const std::string& op, Case c, const std::string& word);

  testing::Random& random() { return random_; }
  const std::vector<Case>& cases() const { return cases_; }

 private:
  Case& Append(const std::string& op, Case c);

  std::string name_, flag_;
  testing::Random random_;
  std::vector<Case> cases_;
};

/// A file of vectors as text: one case a line.
std::string WriteVectors(const std::string& source,
                         const std::vector<Case>& cases);

}  // namespace surprisal::conform

#endif  // SURPRISAL_TESTS_CONFORM_VECTOR_MAKER_H_
