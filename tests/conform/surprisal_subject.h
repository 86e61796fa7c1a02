#ifndef SURPRISAL_TESTS_CONFORM_SURPRISAL_SUBJECT_H_
#define SURPRISAL_TESTS_CONFORM_SURPRISAL_SUBJECT_H_

/** \file
 * What an implementation provides to be judged by `./suite conform`: a shared
 * library with three functions in plain C: surprisal_subject_version,
 * surprisal_subject_name and surprisal_subject_answer. The last does the work:
 * it receives a question, and writes the answer to every output that is not
 * NULL.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SURPRISAL_SUBJECT_VERSION 1

/** What surprisal_subject_answer returns. */
enum {
  SURPRISAL_ANSWERED = 0,     /**< every output asked for is written */
  SURPRISAL_MISUSED = 1,      /**< the question is refused, nothing written */
  SURPRISAL_NOT_SUPPORTED = 2 /**< this subject does not do that */
};

/** What is given; NULL where the question does not have it. Arrays are of shape
 * (images, classes, pixels) unless said otherwise. */
typedef struct SurprisalInputs {
  const void* x;         /**< elementwise operations */
  const void* logits;    /**< in nats */
  const void* log_probs; /**< nll */
  const void* p;         /**< entropy, binary_cross_entropy; p of (p, q) */
  const void* q;         /**< kl_divergence and cross_entropy of (p, q) */
  const void* targets;   /**< soft or binary targets */
  const int32_t* labels; /**< [rows] */
  const uint8_t* mask;   /**< softmax: 0 leaves an element out */
  /** The gradient with respect to the operation's value, shaped and typed as
   * that value; never NULL for a gradient but for those of a loss, where it
   * is 1. */
  const void* upstream;
} SurprisalInputs;

/** Numbers are representable in dtype (in float for the 16-bit types). */
typedef struct SurprisalOptions {
  const char* reduction;       /**< "none", "mean" (default) or "sum" */
  int32_t ignore_index;        /**< -100 by default */
  const double* class_weights; /**< [classes], or NULL for all 1 */
  double label_smoothing;      /**< 0 by default */
  const double* pos_weight;    /**< [pos_weights], or NULL for all 1 */
  size_t pos_weights;          /**< 0, 1 or classes */
  double temperature;          /**< 1 by default */
  /** Not 0: p and q (kl_divergence), or q alone (cross_entropy), are
   * log-probabilities. */
  int from_log_probs;
} SurprisalOptions;

/** Where the answers go; NULL where none is asked for. Arrays are of shape
 * (images, classes, pixels) unless said otherwise. */
typedef struct SurprisalOutputs {
  void* y;             /**< elementwise operations */
  void* probs;         /**< softmax */
  void* log_probs;     /**< log_softmax */
  void* log_sum_exp;   /**< [rows], scalars */
  void* entropy;       /**< [rows], scalars */
  void* kl_divergence; /**< [rows], scalars */
  /** Scalars: [1] for "mean" and "sum". For "none", and for cross_entropy of
   * (p, q), [rows]; for "none" of binary_cross_entropy one per element. */
  void* loss;
  /* Gradients with respect to the input of that name. */
  void* d_x;
  void* d_logits;
  void* d_log_probs;
  void* d_p;
  void* d_q;
} SurprisalOutputs;

/**
 * One question.
 *
 * Arrays are dense: element (n, c, d) of one of shape (images, classes, pixels)
 * is number (n * classes + c) * pixels + d. A batch of rows has pixels = 1; a
 * batch of images has a row per pixel, and its class axis is the second. Row
 * n * pixels + d of the rows = images * pixels has that place in an array of
 * one element per row. Elementwise operations have one image and one pixel. Any
 * of the sizes may be 0.
 *
 * `dtype` is "f32", "f64", "f16" (IEEE binary16) or "bf16", the type of all
 * elements but those called scalars, which are float for both 16-bit types.
 */
typedef struct SurprisalRequest {
  /** exp log log1p expm1 sigmoid softplus log_sigmoid log_sum_exp softmax
   * log_softmax nll cross_entropy binary_cross_entropy entropy kl_divergence */
  const char* op;
  const char* dtype;
  size_t images, classes, pixels;
  SurprisalInputs in;
  SurprisalOptions options;
  SurprisalOutputs out;
} SurprisalRequest;

/** SURPRISAL_SUBJECT_VERSION, as it was compiled. */
int surprisal_subject_version(void);

/** Who is judged: a name for the report. */
const char* surprisal_subject_name(void);

/**
 * Answers one question. On SURPRISAL_MISUSED a text that ends with a 0 byte and
 * names the argument at fault goes to `message`, which has room for
 * `message_size` bytes. Nothing outside the outputs may be written, and no
 * exception may leave.
 */
int surprisal_subject_answer(const SurprisalRequest* request, char* message,
                             size_t message_size);

/**
 * Provided by the judge, not by the subject: the answer of this project's own
 * library. A subject may pass on to it what it does not do itself, or does not
 * want to be judged by.
 */
int surprisal_library_answer(const SurprisalRequest* request, char* message,
                             size_t message_size);

#ifdef __cplusplus
}
#endif

#endif /* SURPRISAL_TESTS_CONFORM_SURPRISAL_SUBJECT_H_ */
