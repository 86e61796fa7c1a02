#ifndef SURPRISAL_TESTS_ACCURACY_WITH_TYPE_H_
#define SURPRISAL_TESTS_ACCURACY_WITH_TYPE_H_

#include "surprisal/common/element.h"

namespace surprisal::accuracy {

/// `body(T())` for the T of that name.
template <class Body>
auto WithType(ElementType type, const Body& body) {
  switch (type) {
    case ElementType::kFloat32:
      return body(float());
    case ElementType::kFloat16:
      return body(float16_t());
    case ElementType::kBFloat16:
      return body(bfloat16_t());
    default:
      return body(double());
  }
}

}  // namespace surprisal::accuracy

#endif  // SURPRISAL_TESTS_ACCURACY_WITH_TYPE_H_
