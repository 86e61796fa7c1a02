#ifndef SURPRISAL_TESTS_CONFORM_DTYPE_H_
#define SURPRISAL_TESTS_CONFORM_DTYPE_H_

#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "hwy/base.h"
#include "oracle/format.h"

namespace surprisal::conform {

/// The element types that vectors are written for.
enum class Dtype { kF32, kF64, kF16, kBF16 };

/// Their names, in the order of the enumeration.
inline const std::vector<std::string>& DtypeNames() {
  static const std::vector<std::string> names = {"f32", "f64", "f16", "bf16"};
  return names;
}

inline const char* NameOf(Dtype dtype) {
  return DtypeNames()[static_cast<size_t>(dtype)].c_str();
}

/// The type of what has one element per row, and of parameters.
inline Dtype ScalarOf(Dtype dtype) {
  return dtype == Dtype::kF64 ? Dtype::kF64 : Dtype::kF32;
}

/// body(T()) with the element type of that name.
template <class Body>
auto WithType(Dtype dtype, const Body& body) {
  switch (dtype) {
    case Dtype::kF64:
      return body(double());
    case Dtype::kF16:
      return body(hwy::float16_t());
    case Dtype::kBF16:
      return body(hwy::bfloat16_t());
    case Dtype::kF32:
      break;
  }
  return body(float());
}

inline size_t SizeOf(Dtype dtype) {
  return WithType(dtype, [](auto zero) { return sizeof(zero); });
}

}  // namespace surprisal::conform

#endif  // SURPRISAL_TESTS_CONFORM_DTYPE_H_
