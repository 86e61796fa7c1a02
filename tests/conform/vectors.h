#ifndef SURPRISAL_TESTS_CONFORM_VECTORS_H_
#define SURPRISAL_TESTS_CONFORM_VECTORS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "dtype.h"
#include "operation.h"
#include "oracle/exact.h"
#include "surprisal/common/rows.h"

namespace surprisal::conform {

/// A file that is not one of vectors; the text names the place.
class InvalidVectors : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// (N, C, d1, ..., dk), with all the d in one.
struct Shape {
  size_t images = 1;
  size_t classes = 1;
  size_t pixels = 1;

  size_t Rows() const { return images * pixels; }
  size_t Elements() const { return images * classes * pixels; }
};

/// The options of all operations, and their defaults.
struct Options {
  Reduction reduction = Reduction::kMean;
  std::int32_t ignore_index = -100;
  std::vector<double> class_weights = {};
  double label_smoothing = 0;
  std::vector<double> pos_weight = {};
  double temperature = 1;
  bool from_log_probs = false;
};

/// What one output must be.
struct Wanted {
  bool from_oracle = false;  ///< the values are this suite's own business
  std::vector<Exact> values = {};
};

/// One case: a question and its right answer. Every number of the question is
/// one of the dtype (of float, if it is a scalar of a 16-bit type).
struct Case {
  std::string id;
  std::string comment = {};
  std::vector<std::string> flags = {};
  const Form* form = nullptr;
  Dtype dtype = Dtype::kF32;
  Shape shape = {};
  std::map<std::string, std::vector<double>> inputs = {};
  std::vector<std::int32_t> labels = {};
  std::vector<std::uint8_t> mask = {};
  Options options = {};
  /// By the output's name; empty if an error is asked for.
  std::map<std::string, Wanted> want = {};
  std::optional<std::string> error = {};  ///< a word of its text
  std::optional<double> max_ulp = {};     ///< none: the correct rounding

  bool HasFlag(const std::string& flag) const;

  /// How many elements an array of that extent has here.
  size_t Count(Extent extent) const;

  /// The outputs that may be asked for under the case's options: those of the
  /// form, but no gradient of a cross-entropy from log-probabilities.
  std::vector<Output> Outputs() const;

  Dtype TypeOf(Extent extent) const {
    return IsScalar(extent) ? ScalarOf(dtype) : dtype;
  }

  const std::vector<double>& Input(const std::string& name) const {
    return inputs.at(name);
  }
};

/// The double that stands for the nearest number of the type: ties to even, one
/// rounding.
double Nearest(const Exact& number, Dtype dtype);

struct VectorFile {
  std::string path;
  std::string source;
  std::vector<Case> cases;
};

/// The vectors in `text`; throws InvalidVectors, naming `path`, the case and the
/// place in it.
VectorFile ParseVectors(const std::string& text, const std::string& path);

/// The same of a file.
VectorFile ReadVectors(const std::string& path);

}  // namespace surprisal::conform

#endif  // SURPRISAL_TESTS_CONFORM_VECTORS_H_
