#ifndef SURPRISAL_COMMON_UNDECIDED_H_
#define SURPRISAL_COMMON_UNDECIDED_H_

#include <algorithm>
#include <cstddef>
#include <vector>

namespace surprisal {

/// The elements of a row whose rounding a stage had to leave open.
class Undecided {
 public:
  void Note(size_t i) { places_.push_back(i); }
  bool Empty() const { return places_.empty(); }
  bool Has(size_t i) const {
    return std::find(places_.begin(), places_.end(), i) != places_.end();
  }
  const std::vector<size_t>& Places() const { return places_; }

 private:
  std::vector<size_t> places_;
};

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_UNDECIDED_H_
