#include "surprisal/kl_divergence/kl_divergence.h"

#include "surprisal/common/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "surprisal/kl_divergence/kl_divergence.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Second, for foreach_target:
#include "surprisal/kl_divergence/kl_divergence-inl.h"

HWY_BEFORE_NAMESPACE();
namespace surprisal {
namespace HWY_NAMESPACE {

void KlDivergenceF32(Rows<const float> p, Rows<const float> q,
                     std::span<float> kl_divergence) {
  KlDivergenceRows<float>(p, q, kl_divergence);
}
void KlDivergenceF64(Rows<const double> p, Rows<const double> q,
                     std::span<double> kl_divergence) {
  KlDivergenceRows<double>(p, q, kl_divergence);
}

void KlDivergenceFromLogProbsF32(Rows<const float> log_p,
                                 Rows<const float> log_q,
                                 std::span<float> kl_divergence) {
  KlDivergenceFromLogProbsRows<float>(log_p, log_q, kl_divergence);
}
void KlDivergenceFromLogProbsF64(Rows<const double> log_p,
                                 Rows<const double> log_q,
                                 std::span<double> kl_divergence) {
  KlDivergenceFromLogProbsRows<double>(log_p, log_q, kl_divergence);
}

void KlDivergenceGradientF32(Rows<const float> p, Rows<const float> q,
                             std::span<const float> upstream, Rows<float> d_p,
                             Rows<float> d_q) {
  KlDivergenceGradientRows<float>(p, q, upstream, d_p, d_q);
}
void KlDivergenceGradientF64(Rows<const double> p, Rows<const double> q,
                             std::span<const double> upstream, Rows<double> d_p,
                             Rows<double> d_q) {
  KlDivergenceGradientRows<double>(p, q, upstream, d_p, d_q);
}

void KlDivergenceFromLogProbsGradientF32(Rows<const float> log_p,
                                         Rows<const float> log_q,
                                         std::span<const float> upstream,
                                         Rows<float> d_log_p,
                                         Rows<float> d_log_q) {
  KlDivergenceFromLogProbsGradientRows<float>(log_p, log_q, upstream, d_log_p,
                                              d_log_q);
}
void KlDivergenceFromLogProbsGradientF64(Rows<const double> log_p,
                                         Rows<const double> log_q,
                                         std::span<const double> upstream,
                                         Rows<double> d_log_p,
                                         Rows<double> d_log_q) {
  KlDivergenceFromLogProbsGradientRows<double>(log_p, log_q, upstream, d_log_p,
                                               d_log_q);
}

}  // namespace HWY_NAMESPACE
}  // namespace surprisal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace surprisal {

HWY_EXPORT(KlDivergenceF32);

void KlDivergence(Rows<const float> p, Rows<const float> q,
                  std::span<float> kl_divergence) {
  CheckFloatingPointEnvironment();
  CheckSameShape("p", p, p.rows, p.classes);
  CheckSameShape("q", q, p.rows, p.classes);
  CheckEntries("p", p, Domain::kProbabilities);
  CheckEntries("q", q, Domain::kProbabilities);
  CheckSize("kl_divergence", kl_divergence.size(), p.rows);
  HWY_DYNAMIC_DISPATCH(KlDivergenceF32)(p, q, kl_divergence);
}

HWY_EXPORT(KlDivergenceF64);

void KlDivergence(Rows<const double> p, Rows<const double> q,
                  std::span<double> kl_divergence) {
  CheckFloatingPointEnvironment();
  CheckSameShape("p", p, p.rows, p.classes);
  CheckSameShape("q", q, p.rows, p.classes);
  CheckEntries("p", p, Domain::kProbabilities);
  CheckEntries("q", q, Domain::kProbabilities);
  CheckSize("kl_divergence", kl_divergence.size(), p.rows);
  HWY_DYNAMIC_DISPATCH(KlDivergenceF64)(p, q, kl_divergence);
}

HWY_EXPORT(KlDivergenceFromLogProbsF32);

void KlDivergenceFromLogProbs(Rows<const float> log_p, Rows<const float> log_q,
                              std::span<float> kl_divergence) {
  CheckFloatingPointEnvironment();
  CheckSameShape("log_p", log_p, log_p.rows, log_p.classes);
  CheckSameShape("log_q", log_q, log_p.rows, log_p.classes);
  CheckEntries("log_p", log_p, Domain::kLogProbabilities);
  CheckEntries("log_q", log_q, Domain::kLogProbabilities);
  CheckSize("kl_divergence", kl_divergence.size(), log_p.rows);
  HWY_DYNAMIC_DISPATCH(KlDivergenceFromLogProbsF32)
  (log_p, log_q, kl_divergence);
}

HWY_EXPORT(KlDivergenceFromLogProbsF64);

void KlDivergenceFromLogProbs(Rows<const double> log_p,
                              Rows<const double> log_q,
                              std::span<double> kl_divergence) {
  CheckFloatingPointEnvironment();
  CheckSameShape("log_p", log_p, log_p.rows, log_p.classes);
  CheckSameShape("log_q", log_q, log_p.rows, log_p.classes);
  CheckEntries("log_p", log_p, Domain::kLogProbabilities);
  CheckEntries("log_q", log_q, Domain::kLogProbabilities);
  CheckSize("kl_divergence", kl_divergence.size(), log_p.rows);
  HWY_DYNAMIC_DISPATCH(KlDivergenceFromLogProbsF64)
  (log_p, log_q, kl_divergence);
}

HWY_EXPORT(KlDivergenceGradientF32);

void KlDivergenceGradient(Rows<const float> p, Rows<const float> q,
                          std::span<const float> upstream, Rows<float> d_p,
                          Rows<float> d_q) {
  CheckFloatingPointEnvironment();
  CheckSameShape("p", p, p.rows, p.classes);
  CheckSameShape("q", q, p.rows, p.classes);
  CheckEntries("p", p, Domain::kProbabilities);
  CheckEntries("q", q, Domain::kProbabilities);
  CheckSize("upstream", upstream.size(), p.rows);
  CheckOptional("d_p", d_p, p.rows, p.classes);
  CheckOptional("d_q", d_q, p.rows, p.classes);
  HWY_DYNAMIC_DISPATCH(KlDivergenceGradientF32)(p, q, upstream, d_p, d_q);
}

HWY_EXPORT(KlDivergenceGradientF64);

void KlDivergenceGradient(Rows<const double> p, Rows<const double> q,
                          std::span<const double> upstream, Rows<double> d_p,
                          Rows<double> d_q) {
  CheckFloatingPointEnvironment();
  CheckSameShape("p", p, p.rows, p.classes);
  CheckSameShape("q", q, p.rows, p.classes);
  CheckEntries("p", p, Domain::kProbabilities);
  CheckEntries("q", q, Domain::kProbabilities);
  CheckSize("upstream", upstream.size(), p.rows);
  CheckOptional("d_p", d_p, p.rows, p.classes);
  CheckOptional("d_q", d_q, p.rows, p.classes);
  HWY_DYNAMIC_DISPATCH(KlDivergenceGradientF64)(p, q, upstream, d_p, d_q);
}

HWY_EXPORT(KlDivergenceFromLogProbsGradientF32);

void KlDivergenceFromLogProbsGradient(Rows<const float> log_p,
                                      Rows<const float> log_q,
                                      std::span<const float> upstream,
                                      Rows<float> d_log_p,
                                      Rows<float> d_log_q) {
  CheckFloatingPointEnvironment();
  CheckSameShape("log_p", log_p, log_p.rows, log_p.classes);
  CheckSameShape("log_q", log_q, log_p.rows, log_p.classes);
  CheckEntries("log_p", log_p, Domain::kLogProbabilities);
  CheckEntries("log_q", log_q, Domain::kLogProbabilities);
  CheckSize("upstream", upstream.size(), log_p.rows);
  CheckOptional("d_log_p", d_log_p, log_p.rows, log_p.classes);
  CheckOptional("d_log_q", d_log_q, log_p.rows, log_p.classes);
  HWY_DYNAMIC_DISPATCH(KlDivergenceFromLogProbsGradientF32)
  (log_p, log_q, upstream, d_log_p, d_log_q);
}

HWY_EXPORT(KlDivergenceFromLogProbsGradientF64);

void KlDivergenceFromLogProbsGradient(Rows<const double> log_p,
                                      Rows<const double> log_q,
                                      std::span<const double> upstream,
                                      Rows<double> d_log_p,
                                      Rows<double> d_log_q) {
  CheckFloatingPointEnvironment();
  CheckSameShape("log_p", log_p, log_p.rows, log_p.classes);
  CheckSameShape("log_q", log_q, log_p.rows, log_p.classes);
  CheckEntries("log_p", log_p, Domain::kLogProbabilities);
  CheckEntries("log_q", log_q, Domain::kLogProbabilities);
  CheckSize("upstream", upstream.size(), log_p.rows);
  CheckOptional("d_log_p", d_log_p, log_p.rows, log_p.classes);
  CheckOptional("d_log_q", d_log_q, log_p.rows, log_p.classes);
  HWY_DYNAMIC_DISPATCH(KlDivergenceFromLogProbsGradientF64)
  (log_p, log_q, upstream, d_log_p, d_log_q);
}

}  // namespace surprisal
#endif  // HWY_ONCE
