#include "operation.h"

#include <algorithm>

namespace surprisal::conform {
namespace {

using In = SurprisalInputs;
using Out = SurprisalOutputs;
using Strings = std::vector<std::string>;

Output Gradient(const std::string& name, void* Out::*field) {
  return {name, Extent::kElements, field};
}

Form Elementwise(const std::string& op) {
  return {op,
          {"x"},
          {"upstream"},
          {{op, Extent::kElements, &Out::y}, Gradient("d_x", &Out::d_x)},
          {}};
}

Output Loss(Extent extent) { return {"loss", extent, &Out::loss}; }

const Strings kUpstream = {"upstream"};

std::vector<Form> ElementwiseForms() {
  std::vector<Form> forms;
  for (const char* op :
       {"exp", "log", "log1p", "expm1", "sigmoid", "softplus", "log_sigmoid"}) {
    forms.push_back(Elementwise(op));
  }
  return forms;
}

std::vector<Form> RowForms() {
  const Output log_sum_exp = {"log_sum_exp", Extent::kRows, &Out::log_sum_exp};
  const Output entropy = {"entropy", Extent::kRows, &Out::entropy};
  const Output kl = {"kl_divergence", Extent::kRows, &Out::kl_divergence};
  const Output probs = {"probs", Extent::kElements, &Out::probs};
  const Output log_probs = {"log_probs", Extent::kElements, &Out::log_probs};
  const Output d_logits = Gradient("d_logits", &Out::d_logits);
  const Output d_p = Gradient("d_p", &Out::d_p);
  const Output d_q = Gradient("d_q", &Out::d_q);
  const Strings temperature = {"temperature"}, logs = {"from_log_probs"};
  return {{"log_sum_exp", {"logits"}, kUpstream, {log_sum_exp, d_logits}, {}},
          {"softmax", {"logits"}, kUpstream, {probs, d_logits}, temperature},
          {"softmax", {"logits", "mask"}, {}, {probs}, temperature},
          {"log_softmax",
           {"logits"},
           kUpstream,
           {log_probs, d_logits},
           temperature},
          {"entropy", {"p"}, kUpstream, {entropy, d_p}, {}},
          {"entropy", {"logits"}, kUpstream, {entropy, d_logits}, {}},
          {"kl_divergence", {"p", "q"}, kUpstream, {kl, d_p, d_q}, logs},
          {"cross_entropy",
           {"p", "q"},
           kUpstream,
           {Loss(Extent::kRows), d_p, d_q},
           logs}};
}

std::vector<Form> LossForms() {
  const Output loss = Loss(Extent::kRowLoss);
  const Output element_loss = Loss(Extent::kElementLoss);
  const Output d_logits = Gradient("d_logits", &Out::d_logits);
  const Output d_log_probs = Gradient("d_log_probs", &Out::d_log_probs);
  const Output d_p = Gradient("d_p", &Out::d_p);
  const Strings nll = {"reduction", "ignore_index", "class_weights"};
  const Strings soft = {"reduction", "class_weights", "label_smoothing"};
  const Strings binary = {"reduction", "pos_weight"};
  Strings sparse = nll;
  sparse.push_back("label_smoothing");
  return {{"nll", {"log_probs", "labels"}, {}, {loss, d_log_probs}, nll},
          {"cross_entropy", {"logits", "labels"}, {}, {loss, d_logits}, sparse},
          {"cross_entropy", {"logits", "targets"}, {}, {loss, d_logits}, soft},
          {"binary_cross_entropy",
           {"logits", "targets"},
           {},
           {element_loss, d_logits},
           binary},
          {"binary_cross_entropy",
           {"p", "targets"},
           {},
           {element_loss, d_p},
           binary}};
}

std::vector<Form> AllForms() {
  std::vector<Form> forms = ElementwiseForms();
  for (const auto& more : {RowForms(), LossForms()}) {
    forms.insert(forms.end(), more.begin(), more.end());
  }
  return forms;
}

}  // namespace

const std::vector<Form>& Forms() {
  static const std::vector<Form> forms = AllForms();
  return forms;
}

const Form* FindForm(const std::string& op, const Strings& inputs) {
  for (const Form& form : Forms()) {
    if (form.op == op && std::ranges::is_permutation(form.inputs, inputs)) {
      return &form;
    }
  }
  return nullptr;
}

const std::vector<InputField>& InputFields() {
  static const std::vector<InputField> fields = {{"x", &In::x},
                                                 {"logits", &In::logits},
                                                 {"log_probs", &In::log_probs},
                                                 {"p", &In::p},
                                                 {"q", &In::q},
                                                 {"targets", &In::targets},
                                                 {"upstream", &In::upstream}};
  return fields;
}

const Strings& FlagNames() {
  static const Strings names = {
      "Binary",    "PerPixel",    "Elementwise",   "Entropy",     "Error",
      "Ignore",    "Kl",          "LabelGradient", "LongRow",     "LseTail",
      "Mask",      "NearZeroLse", "NonFinite",     "Offset",      "Plain",
      "Reduction", "SixteenBit",  "Smoothing",     "SoftTargets", "Temperature",
      "Tie",       "Underflow",   "Unshifted",     "Upstream",    "Weights"};
  return names;
}

}  // namespace surprisal::conform
