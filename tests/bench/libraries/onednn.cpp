// oneDNN's softmax primitives. It has no loss: that is picked from the
// log-probabilities, and its gradient is their backward pass on minus one-hot.

#include <omp.h>

#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/library.h"

namespace surprisal::bench {
namespace {

using Forward = dnnl::softmax_v2_forward;
using Backward = dnnl::softmax_v2_backward;
using dnnl::memory;

constexpr int kClassAxis = 1;

dnnl::algorithm AlgorithmOf(Quantity quantity) {
  return quantity == Quantity::kSoftmax ? dnnl::algorithm::softmax_accurate
                                        : dnnl::algorithm::softmax_log;
}

/// The primitives for a task, with memory of their own for what lies between.
class Primitives {
 public:
  explicit Primitives(const Task& task)
      : task_(task),
        shape_({static_cast<memory::dim>(task.rows),
                static_cast<memory::dim>(task.classes)},
               task.type == ElementType::kFloat32 ? memory::data_type::f32
                                                  : memory::data_type::bf16,
               memory::format_tag::ab),
        logits_(shape_, engine_, const_cast<void*>(task.logits)),
        matrix_(shape_, engine_, task.matrix),
        forward_pd_({dnnl::prop_kind::forward_training,
                     AlgorithmOf(task.quantity), shape_, shape_, kClassAxis},
                    engine_),
        forward_(forward_pd_) {
    if (task.quantity < Quantity::kCrossEntropy) return;
    log_probs_ = memory(shape_, engine_);
    if (task.quantity != Quantity::kCrossEntropyWithGradient) return;
    d_log_probs_.resize(task.rows * task.classes);
    backward_ = Backward(Backward::primitive_desc(
        {dnnl::algorithm::softmax_log, shape_, shape_, shape_, kClassAxis},
        engine_, forward_pd_));
  }

  void Compute() {
    const bool loss = task_.quantity >= Quantity::kCrossEntropy;
    memory& out = loss ? log_probs_ : matrix_;
    forward_.execute(stream_, {{DNNL_ARG_SRC, logits_}, {DNNL_ARG_DST, out}});
    stream_.wait();
    if (loss) PickLosses();
    if (task_.quantity == Quantity::kCrossEntropyWithGradient) GoBack();
  }

 private:
  size_t AtLabel(size_t row) const {
    return row * task_.classes + static_cast<size_t>(task_.labels[row]);
  }

  void PickLosses() {
    const auto* log_probs =
        static_cast<const float*>(log_probs_.get_data_handle());
    for (size_t r = 0; r < task_.rows; ++r) {
      task_.scalars[r] = -log_probs[AtLabel(r)];
    }
  }

  /// All but the labels' places is 0 before and after.
  void GoBack() {
    for (size_t r = 0; r < task_.rows; ++r) d_log_probs_[AtLabel(r)] = -1;
    memory d_log_probs(shape_, engine_, d_log_probs_.data());
    backward_.execute(stream_, {{DNNL_ARG_DST, log_probs_},
                                {DNNL_ARG_DIFF_DST, d_log_probs},
                                {DNNL_ARG_DIFF_SRC, matrix_}});
    stream_.wait();
    for (size_t r = 0; r < task_.rows; ++r) d_log_probs_[AtLabel(r)] = 0;
  }

  Task task_;
  dnnl::engine engine_ = dnnl::engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream_ = dnnl::stream(engine_);
  memory::desc shape_;
  memory logits_, matrix_, log_probs_;
  std::vector<float> d_log_probs_;
  Forward::primitive_desc forward_pd_;
  Forward forward_;
  Backward backward_;
};

bool Supports(const Task& task) {
  return task.quantity != Quantity::kLogSumExp &&
         (task.type == ElementType::kFloat32 ||
          (task.type == ElementType::kBFloat16 && !HasScalars(task.quantity)));
}

}  // namespace

Library OneDnnLibrary() {
  omp_set_num_threads(1);
  const dnnl_version_t& version = *dnnl_version();
  return {"oneDNN",
          std::to_string(version.major) + "." + std::to_string(version.minor) +
              "." + std::to_string(version.patch),
          [](const Task& task) {
            if (!Supports(task)) return Computation();
            const auto primitives = std::make_shared<Primitives>(task);
            return Computation([primitives] { primitives->Compute(); });
          }};
}

}  // namespace surprisal::bench
