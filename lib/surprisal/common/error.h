#ifndef SURPRISAL_COMMON_ERROR_H_
#define SURPRISAL_COMMON_ERROR_H_

#include <stdexcept>
#include <string>

/// The exact path from a classifier's raw logits to its loss and gradient.
namespace surprisal {

/// \defgroup error Errors
/// What a misuse throws, and when: before anything has been written.
/// @{

/// Thrown on every misuse, before anything is written. The text names the
/// argument, the place, the value and the allowed range:
/// "labels[3] = 12 is outside [0, 10)".
class Error : public std::invalid_argument {
 public:
  explicit Error(const std::string& what) : std::invalid_argument(what) {}
};

/// @}

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_ERROR_H_
