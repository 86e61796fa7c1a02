#ifndef SURPRISAL_TESTS_CONFORM_OPERATION_H_
#define SURPRISAL_TESTS_CONFORM_OPERATION_H_

#include <string>
#include <vector>

#include "surprisal_subject.h"

namespace surprisal::conform {

/// How many elements an array has.
enum class Extent {
  kElements,     ///< as many as the shape has
  kRows,         ///< one per row; scalars
  kRowLoss,      ///< one per row, or one if reduced; scalars
  kElementLoss,  ///< one per element, or one if reduced; scalars
};

inline bool IsScalar(Extent extent) { return extent != Extent::kElements; }

/// An output that vectors may ask for.
struct Output {
  std::string name;  ///< in vectors; the operation's own if elementwise
  Extent extent;
  void* SurprisalOutputs::*field;
};

/// One way to ask an operation: its inputs, outputs and options.
struct Form {
  std::string op;
  std::vector<std::string> inputs;    ///< all needed
  std::vector<std::string> optional;  ///< mask, upstream
  std::vector<Output> outputs;        ///< the value, then the gradients
  std::vector<std::string> options;

  const Output& Value() const { return outputs.front(); }
};

/// Every form of every operation.
const std::vector<Form>& Forms();

/// The form of `op` that takes just these inputs (besides `upstream`), or NULL.
const Form* FindForm(const std::string& op,
                     const std::vector<std::string>& inputs);

/// The names of all inputs that hold floating-point elements, and where they
/// stand in a question.
struct InputField {
  std::string name;
  const void* SurprisalInputs::*field;
};
const std::vector<InputField>& InputFields();

/// What a case may be about.
const std::vector<std::string>& FlagNames();

}  // namespace surprisal::conform

#endif  // SURPRISAL_TESTS_CONFORM_OPERATION_H_
