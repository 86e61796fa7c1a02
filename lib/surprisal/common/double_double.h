#ifndef SURPRISAL_COMMON_DOUBLE_DOUBLE_H_
#define SURPRISAL_COMMON_DOUBLE_DOUBLE_H_

namespace surprisal {

/// A row scalar of about 106 bits: hi + lo, |lo| at most half an ulp of hi.
struct DoubleDouble {
  double hi = 0.0;
  double lo = 0.0;
};

}  // namespace surprisal

#endif  // SURPRISAL_COMMON_DOUBLE_DOUBLE_H_
