#include "surprisal/entropy/entropy.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/entropy/entropy.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/entropy/entropy-inl.h"

#if HWY_ONCE
namespace surprisal {
namespace {

void CheckRows(const char* what, const InRows& rows) {
  CheckFloatingPointEnvironment();
  CheckLike(what, rows, rows);
}

}  // namespace

HWY_EXPORT(EntropyRows);
HWY_EXPORT(EntropyGradientRows);
HWY_EXPORT(EntropyOfLogitsRows);
HWY_EXPORT(EntropyOfLogitsGradientRows);

void Entropy(InRows probs, OutRow entropy) {
  CheckRows("probs", probs);
  CheckEntries("probs", probs, Domain::kProbabilities);
  CheckScalars("entropy", entropy, probs.rows, probs.type);
  HWY_DYNAMIC_DISPATCH(EntropyRows)(probs, entropy);
}

void EntropyGradient(InRows probs, InRow upstream, OutRows d_probs) {
  CheckRows("probs", probs);
  CheckEntries("probs", probs, Domain::kProbabilities);
  CheckScalars("upstream", upstream, probs.rows, probs.type);
  CheckLike("d_probs", d_probs, probs);
  HWY_DYNAMIC_DISPATCH(EntropyGradientRows)(probs, upstream, d_probs);
}

void EntropyOfLogits(InRows logits, OutRow entropy) {
  CheckRows("logits", logits);
  CheckScalars("entropy", entropy, logits.rows, logits.type);
  HWY_DYNAMIC_DISPATCH(EntropyOfLogitsRows)(logits, entropy);
}

void EntropyOfLogitsGradient(InRows logits, InRow upstream, OutRows d_logits) {
  CheckRows("logits", logits);
  CheckScalars("upstream", upstream, logits.rows, logits.type);
  CheckLike("d_logits", d_logits, logits);
  HWY_DYNAMIC_DISPATCH(EntropyOfLogitsGradientRows)(logits, upstream, d_logits);
}

}  // namespace surprisal
#endif  // HWY_ONCE
