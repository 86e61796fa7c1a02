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

void Entropy(InRows probs, OutRow entropy, const Executor* executor) {
  CheckRows("probs", probs);
  CheckEntries("probs", probs, Domain::kProbabilities);
  CheckScalars("entropy", entropy, probs.rows, probs.type);
  ForPieces(executor, probs.rows, probs.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(EntropyRows)
              (probs.Slice(first, rows), entropy.Slice(first, rows));
            });
}

void EntropyGradient(InRows probs, InRow upstream, OutRows d_probs,
                     const Executor* executor) {
  CheckRows("probs", probs);
  CheckEntries("probs", probs, Domain::kProbabilities);
  CheckScalars("upstream", upstream, probs.rows, probs.type);
  CheckLike("d_probs", d_probs, probs);
  ForPieces(executor, probs.rows, probs.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(EntropyGradientRows)
              (probs.Slice(first, rows), upstream.Slice(first, rows),
               d_probs.Slice(first, rows));
            });
}

void EntropyOfLogits(InRows logits, OutRow entropy, const Executor* executor) {
  CheckRows("logits", logits);
  CheckScalars("entropy", entropy, logits.rows, logits.type);
  ForPieces(executor, logits.rows, logits.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(EntropyOfLogitsRows)
              (logits.Slice(first, rows), entropy.Slice(first, rows));
            });
}

void EntropyOfLogitsGradient(InRows logits, InRow upstream, OutRows d_logits,
                             const Executor* executor) {
  CheckRows("logits", logits);
  CheckScalars("upstream", upstream, logits.rows, logits.type);
  CheckLike("d_logits", d_logits, logits);
  ForPieces(executor, logits.rows, logits.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(EntropyOfLogitsGradientRows)
              (logits.Slice(first, rows), upstream.Slice(first, rows),
               d_logits.Slice(first, rows));
            });
}

}  // namespace surprisal
#endif  // HWY_ONCE
