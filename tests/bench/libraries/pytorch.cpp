// PyTorch's operators on tensors that are there already, as its own autograd
// calls them; a result that an operator can put where it is told goes there.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

#include <tuple>

#include "bench/library.h"

namespace surprisal::bench {
namespace {

constexpr int64_t kClassAxis = 1;
constexpr int64_t kIgnoreIndex = -100;

/// A task's memory as tensors, and what lies between its operators.
struct Tensors {
  explicit Tensors(const Task& task)
      : quantity(task.quantity),
        type(task.type == ElementType::kFloat32 ? at::kFloat : at::kBFloat16) {
    const auto rows = static_cast<int64_t>(task.rows);
    const auto classes = static_cast<int64_t>(task.classes);
    logits = at::from_blob(const_cast<void*>(task.logits), {rows, classes},
                           at::TensorOptions(type));
    matrix = at::from_blob(task.matrix, {rows, classes}, type);
    scalars = at::from_blob(task.scalars, {rows}, at::kFloat);
    if (quantity < Quantity::kCrossEntropy) return;
    labels = at::empty({rows}, at::kLong);
    for (int64_t r = 0; r < rows; ++r) {
      labels.data_ptr<int64_t>()[r] = task.labels[r];
    }
    log_probs = at::empty({rows, classes}, type);
    total_weight = at::empty({}, type);
    if (quantity == Quantity::kCrossEntropy) return;
    d_log_probs = at::empty({rows, classes}, type);
    d_loss = at::ones({rows}, type);
  }

  Quantity quantity;
  at::ScalarType type;
  at::Tensor logits, matrix, scalars, labels, log_probs, total_weight,
      d_log_probs, d_loss;
};

void Loss(Tensors& t) {
  at::_log_softmax_out(t.log_probs, t.logits, kClassAxis, false);
  at::nll_loss_forward_out(t.scalars, t.total_weight, t.log_probs, t.labels, {},
                           at::Reduction::None, kIgnoreIndex);
}

void Gradient(Tensors& t) {
  at::nll_loss_backward_out(t.d_log_probs, t.d_loss, t.log_probs, t.labels, {},
                            at::Reduction::None, kIgnoreIndex, t.total_weight);
  at::_log_softmax_backward_data_out(t.matrix, t.d_log_probs, t.log_probs,
                                     kClassAxis, t.type);
}

void Compute(Tensors& t) {
  const at::NoGradGuard no_grad;
  switch (t.quantity) {
    case Quantity::kSoftmax:
      at::_softmax_out(t.matrix, t.logits, kClassAxis, false);
      return;
    case Quantity::kLogSoftmax:
      at::_log_softmax_out(t.matrix, t.logits, kClassAxis, false);
      return;
    case Quantity::kLogSumExp:
      at::logsumexp_out(t.scalars, t.logits, {kClassAxis});
      return;
    case Quantity::kCrossEntropy:
      return Loss(t);
    case Quantity::kCrossEntropyWithGradient:
      Loss(t);
      return Gradient(t);
  }
}

/// Of 16 bits it has bfloat16 on a CPU, and returns what there is one of per
/// row in the same type, where ours is a float.
bool Supports(const Task& task) {
  return task.type == ElementType::kFloat32 ||
         (task.type == ElementType::kBFloat16 && !HasScalars(task.quantity));
}

}  // namespace

Library PyTorchLibrary() {
  at::set_num_threads(1);
  return {"PyTorch", TORCH_VERSION, [](const Task& task) {
            if (!Supports(task)) return Computation();
            return Computation([t = Tensors(task)]() mutable { Compute(t); });
          }};
}

}  // namespace surprisal::bench
