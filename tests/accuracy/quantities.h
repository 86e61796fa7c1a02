#ifndef SURPRISAL_TESTS_ACCURACY_QUANTITIES_H_
#define SURPRISAL_TESTS_ACCURACY_QUANTITIES_H_

#include <string>
#include <vector>

#include "accuracy/inputs.h"
#include "oracle/approx.h"
#include "oracle/definition.h"
#include "oracle/exact.h"
#include "oracle/filtered_rows.h"
#include "surprisal/common/rows.h"

/// What the accuracy table measures: each function, its value to within a bound
/// (for the filtered oracle), and its value in 100 digits.
namespace surprisal::accuracy {

/// A batch as a function of the library sees it.
struct Arguments {
  InRows first, second;
  InRow first_flat, second_flat;  ///< the same as one long row
  InRow upstream;
  std::span<const Label> labels;
  std::span<const double> weights;
  OutRows out;      ///< as `first`, for functions of elements
  OutRow out_flat;  ///< the same, or one per row, for functions of rows
};

/// Memory that approximations of row after row use again.
using Scratch = filtered::LogitsRow;

using ApproxFn = void (*)(const RowInput&, Scratch&, std::vector<Approx>&);
/// The results of one row, in 100 digits and in 500.
struct Oracles {
  std::vector<Exact> (*exact)(const RowInput&);
  std::vector<Wide> (*wide)(const RowInput&);
};
/// Rows whose first result lies next to where its rounding changes, or none.
using BuildFn = Batch (*)(const Recipe&, uint64_t number);

struct Quantity {
  std::string stem;
  std::string name;
  Content first, second;
  bool one_class;  ///< a function of one number, or of one of each argument
  bool per_row;    ///< one result per row, of the row scalars' type
  void (*run)(const Arguments&);
  ApproxFn approx;  ///< appends the results of one row
  Oracles oracles;
  BuildFn build;  ///< may be null

  Recipe For(ElementType type) const {
    return {type, first, second, one_class};
  }
  ElementType ResultType(ElementType type) const {
    return per_row && SizeOf(type) == 2 ? ElementType::kFloat32 : type;
  }
};

const std::vector<Quantity>& Quantities();

/// The batch's results, as doubles.
std::vector<double> Run(const Quantity& quantity, ElementType type,
                        const Batch& batch);

}  // namespace surprisal::accuracy

#endif  // SURPRISAL_TESTS_ACCURACY_QUANTITIES_H_
