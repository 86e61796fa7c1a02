#include "surprisal/kl_divergence/kl_divergence.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/kl_divergence/kl_divergence.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/kl_divergence/kl_divergence-inl.h"

#if HWY_ONCE
namespace surprisal {
namespace {

void CheckPair(const char* p_name, const InRows& p, const char* q_name,
               const InRows& q, Domain domain) {
  CheckFloatingPointEnvironment();
  CheckLike(p_name, p, p);
  CheckLike(q_name, q, p);
  CheckEntries(p_name, p, domain);
  CheckEntries(q_name, q, domain);
}

}  // namespace

HWY_EXPORT(KlDivergenceRows);
HWY_EXPORT(KlDivergenceFromLogProbsRows);
HWY_EXPORT(KlDivergenceGradientRows);
HWY_EXPORT(KlDivergenceFromLogProbsGradientRows);

void KlDivergence(InRows p, InRows q, OutRow kl_divergence,
                  const Executor* executor) {
  CheckPair("p", p, "q", q, Domain::kProbabilities);
  CheckScalars("kl_divergence", kl_divergence, p.rows, p.type);
  ForPieces(executor, p.rows, p.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(KlDivergenceRows)
              (p.Slice(first, rows), q.Slice(first, rows),
               kl_divergence.Slice(first, rows));
            });
}

void KlDivergenceFromLogProbs(InRows log_p, InRows log_q, OutRow kl_divergence,
                              const Executor* executor) {
  CheckPair("log_p", log_p, "log_q", log_q, Domain::kLogProbabilities);
  CheckScalars("kl_divergence", kl_divergence, log_p.rows, log_p.type);
  ForPieces(executor, log_p.rows, log_p.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(KlDivergenceFromLogProbsRows)
              (log_p.Slice(first, rows), log_q.Slice(first, rows),
               kl_divergence.Slice(first, rows));
            });
}

void KlDivergenceGradient(InRows p, InRows q, InRow upstream, OutRows d_p,
                          OutRows d_q, const Executor* executor) {
  CheckPair("p", p, "q", q, Domain::kProbabilities);
  CheckScalars("upstream", upstream, p.rows, p.type);
  CheckOptional("d_p", d_p, p);
  CheckOptional("d_q", d_q, p);
  ForPieces(executor, p.rows, p.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(KlDivergenceGradientRows)
              (p.Slice(first, rows), q.Slice(first, rows),
               upstream.Slice(first, rows), d_p.Slice(first, rows),
               d_q.Slice(first, rows));
            });
}

void KlDivergenceFromLogProbsGradient(InRows log_p, InRows log_q,
                                      InRow upstream, OutRows d_log_p,
                                      OutRows d_log_q,
                                      const Executor* executor) {
  CheckPair("log_p", log_p, "log_q", log_q, Domain::kLogProbabilities);
  CheckScalars("upstream", upstream, log_p.rows, log_p.type);
  CheckOptional("d_log_p", d_log_p, log_p);
  CheckOptional("d_log_q", d_log_q, log_p);
  ForPieces(executor, log_p.rows, log_p.classes,
            [&](size_t first, size_t rows, size_t /*piece*/) {
              HWY_DYNAMIC_DISPATCH(KlDivergenceFromLogProbsGradientRows)
              (log_p.Slice(first, rows), log_q.Slice(first, rows),
               upstream.Slice(first, rows), d_log_p.Slice(first, rows),
               d_log_q.Slice(first, rows));
            });
}

}  // namespace surprisal
#endif  // HWY_ONCE
