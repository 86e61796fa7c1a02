#ifndef SURPRISAL_LIVE_EMSCRIPTEN_STD_H_
#define SURPRISAL_LIVE_EMSCRIPTEN_STD_H_

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

// What of C++20 the oracle uses and the C++ library of Debian 12's emscripten
// lacks; included ahead of every source of the module.
namespace std {  // NOLINT(cert-dcl58-cpp): where the standard has it

#ifndef __cpp_lib_bit_cast
template <class To, class From>
To bit_cast(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof(to));
  return to;
}
#endif

#ifndef __cpp_lib_ranges
namespace ranges {
template <class Range, class Predicate>
bool any_of(const Range& range, Predicate predicate) {
  return std::any_of(std::begin(range), std::end(range), predicate);
}
template <class Range, class Predicate>
bool all_of(const Range& range, Predicate predicate) {
  return std::all_of(std::begin(range), std::end(range), predicate);
}
template <class Range>
auto max_element(const Range& range) {
  return std::max_element(std::begin(range), std::end(range));
}
}  // namespace ranges
#endif

}  // namespace std

#endif  // SURPRISAL_LIVE_EMSCRIPTEN_STD_H_
