#ifndef SURPRISAL_LIVE_LIVE_H_
#define SURPRISAL_LIVE_LIVE_H_

/// \file
/// What the site's live pages call: the kernels, the oracle and the network in
/// plain C types. em++ makes of it the module live.js, the tests a program.
///
/// Element types are 0 float32, 1 float64, 2 float16, 3 bfloat16. Numbers cross
/// as doubles, each a value of the type: round what a reader typed with
/// live_round() first. Rows have n numbers, n in [1, 4096]. Logarithms and
/// losses are in nats. Row scalars (a log-sum-exp, a loss, an entropy) of the
/// 16-bit types are floats, as the library returns them.
///
/// A function returns 1; or 0 if an argument is out of range, and then it has
/// written nothing.

// What em++ is to export, though nothing in the module calls it.
#define SURPRISAL_LIVE __attribute__((used, visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

// --- Numbers of a type ---

/// The nearest value of the type, ties to even; NaN for an unknown type.
SURPRISAL_LIVE double live_round(int type, double x);

/// The bits of x as a value of the type: "0x3f800000". `size` is that of
/// `text`, which ends with a 0.
SURPRISAL_LIVE int live_bits(int type, double x, char* text, int size);

// --- The kernels: every result correctly rounded ---

/// The temperature is finite and above 0.
SURPRISAL_LIVE int live_softmax(int type, const double* logits, int n,
                                double temperature, double* probs);
SURPRISAL_LIVE int live_log_softmax(int type, const double* logits, int n,
                                    double* log_probs);
SURPRISAL_LIVE int live_log_sum_exp(int type, const double* logits, int n,
                                    double* result);

/// The loss of the label, in [0, n), and its gradient.
SURPRISAL_LIVE int live_cross_entropy(int type, const double* logits, int n,
                                      int label, double* loss,
                                      double* d_logits);
SURPRISAL_LIVE int live_exp(int type, const double* x, int n, double* y);
SURPRISAL_LIVE int live_log(int type, const double* x, int n, double* y);

/// Distributions p and q: each number NaN, or finite and at least 0.
SURPRISAL_LIVE int live_entropy(int type, const double* p, int n,
                                double* result);
SURPRISAL_LIVE int live_cross_entropy_of(int type, const double* p,
                                         const double* q, int n,
                                         double* result);
SURPRISAL_LIVE int live_kl_divergence(int type, const double* p,
                                      const double* q, int n, double* result);

// --- Softmax as others compute it ---

/// Softmax in the arithmetic of the type: every operation is rounded to it, and
/// exp is correctly rounded, so that only the method is to blame. Method 0 is
/// naive, 1 is shifted by the maximum, 2 is online (one pass with a running
/// maximum, then the quotients), 3 is the library.
SURPRISAL_LIVE int live_softmax_by(int method, int type, const double* logits,
                                   int n, double* probs);

// --- The oracle ---

/// By the oracle's 100 digits: the error of each of the n given probabilities,
/// in units in the last place; inf where a NaN or an infinity is wrong.
SURPRISAL_LIVE int live_softmax_ulps(int type, const double* logits,
                                     const double* probs, int n, double* ulps);

/// Probability `index` in `digits` significant decimals, in [1, 60], written as
/// JavaScript's toPrecision() writes numbers: "0.0125", "1.25e-7"; "nan" for
/// what has none.
SURPRISAL_LIVE int live_oracle_softmax(const double* logits, int n, int index,
                                       int digits, char* text, int size);

/// The slope of the loss at logits[index] by a difference, in the arithmetic of
/// the type, 0 or 1: kind 0 forward, 1 central, 2 complex step (float64 only).
/// Losses are the library's, rounded once. The step is in (0, 1], and a value
/// of the type. `error` is the absolute distance of the derivative from the
/// oracle's.
SURPRISAL_LIVE int live_numeric_gradient(int kind, int type,
                                         const double* logits, int n, int label,
                                         int index, double step,
                                         double* derivative, double* error);

// --- The network that knows digits ---

/// Keeps a copy of 784 -> hidden -> 10 parameters: the weights of each input in
/// turn, then the biases, layer after layer. `hidden` follows from `count` and
/// is a multiple of 16.
SURPRISAL_LIVE int live_load_network(const float* weights, int count);

/// The ten raw outputs for an image of 28 x 28 pixels, 0 (paper) to 255 (ink);
/// 0 if no network is loaded.
SURPRISAL_LIVE int live_digit_logits(const unsigned char* pixels,
                                     float* logits);

#ifdef __cplusplus
}
#endif

#endif  // SURPRISAL_LIVE_LIVE_H_
