#include "vector_maker.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include "number.h"
#include "oracle/rounding.h"
#include "oracle/ulp.h"
#include "oracle_answers.h"
#include "surprisal/cross_entropy/cross_entropy_oracle.h"

namespace surprisal::conform {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> GivenInputs(const std::string& op, const Case& c) {
  std::vector<std::string> given;
  for (const auto& [name, values] : c.inputs) {
    if (name != "upstream") given.push_back(name);
  }
  const bool soft = c.inputs.contains("targets") || c.inputs.contains("q");
  if (op == "nll" || (op == "cross_entropy" && !soft)) {
    given.push_back("labels");
  }
  if (!c.mask.empty()) given.push_back("mask");
  return given;
}

/// The nearest number of type T.
template <class T>
Exact Rounded(const Exact& x) {
  return Exact(Format<T>::Widen(RoundTo<T>(x)));
}

/// Whether the judge finds fault with the number of type T nearest to `got`.
template <class T>
bool Wrong(const Case& c, const Exact& got, const Exact& right) {
  const T rounded = RoundTo<T>(got);
  if (c.max_ulp) return !(UlpError(rounded, right) <= *c.max_ulp);
  return UlpError(rounded, Rounded<T>(right)) != 0;
}

/// The softmax of the logits of `c`, with its options if they are softmax's.
std::vector<Exact> ProbsOf(const Case& c) {
  Case question = c;
  question.form = FindForm("softmax", {"logits"});
  return OracleAnswer(question, question.form->Value());
}

/// Whether p - 1 at the labels, from a p of the type, is wrong in some row: a
/// subject with that fault must fail the case.
template <class T>
bool DetectsProbMinusOne(const Case& c) {
  const Options& o = c.options;
  const auto d_logits = c.want.find("d_logits");
  if (c.labels.empty() || d_logits == c.want.end()) return false;
  if (o.label_smoothing != 0) return false;
  const CrossEntropyOptions counted = {.ignore_index = o.ignore_index,
                                       .class_weights = o.class_weights};
  const bool mean = o.reduction == Reduction::kMean;
  const Exact divisor = mean ? LabelWeight<Exact>(c.labels, counted) : Exact(1);
  const std::vector<Exact> probs = ProbsOf(c);
  for (size_t r = 0; r < c.labels.size() && divisor != 0; ++r) {
    if (c.labels[r] == o.ignore_index) continue;
    const auto label = static_cast<size_t>(c.labels[r]);
    const size_t at =
        (r / c.shape.pixels * c.shape.classes + label) * c.shape.pixels +
        r % c.shape.pixels;
    const Exact naive = (Rounded<T>(probs[at]) - 1) *
                        WeightOf<Exact>(o.class_weights, label) / divisor;
    if (Wrong<T>(c, naive, d_logits->second.values[at])) return true;
  }
  return false;
}

/// Whether the softmax of some row is wrong if no maximum is subtracted,
/// because an exponential or their sum leaves the range of the type: a subject
/// with that fault must fail the case.
template <class T>
bool DetectsUnshifted(const Case& c) {
  const auto probs = c.want.find("probs");
  if (probs == c.want.end() || !c.mask.empty()) return false;
  const auto& logits = c.Input("logits");
  const Exact smallest = ldexp(Exact(1), Format<T>::kMinExponent - 1);
  for (size_t r = 0; r < c.shape.Rows(); ++r) {
    const size_t first = r / c.shape.pixels * c.shape.classes * c.shape.pixels +
                         r % c.shape.pixels;
    const auto at = [&](size_t i) { return first + i * c.shape.pixels; };
    std::vector<Exact> terms;
    Exact sum = 0;
    for (size_t i = 0; i < c.shape.classes; ++i) {
      const Exact z = Exact(logits[at(i)]) / c.options.temperature;
      terms.push_back(Rounded<T>(exp(z)));
      sum += terms[i];
    }
    sum = Rounded<T>(sum);
    if (isnan(sum) || (sum >= smallest && !isinf(sum))) continue;
    for (size_t i = 0; i < c.shape.classes; ++i) {
      const Exact naive = sum == 0 ? NaN<Exact>() : Exact(terms[i] / sum);
      if (Wrong<T>(c, naive, probs->second.values[at(i)])) return true;
    }
  }
  return false;
}

void AddFlags(Case& c) {
  WithType(c.dtype, [&](auto zero) {
    using T = decltype(zero);
    if (DetectsProbMinusOne<T>(c)) c.flags.push_back("LabelGradient");
    if (DetectsUnshifted<T>(c)) c.flags.push_back("Unshifted");
  });
}

/// Digits enough to round the text to what `x` is rounded to.
std::string TextOf(const Exact& x, Dtype dtype) {
  return WithType(dtype, [&](auto zero) {
    using T = decltype(zero);
    for (const int digits : {40, 120}) {
      const std::string text = WriteNumber(x, digits);
      if (UlpError(RoundTo<T>(ReadNumber(text)), Rounded<T>(x)) == 0) {
        return text;
      }
    }
    return WriteNumber(x, 1100);
  });
}

/// The shortest decimal that is read as `x` again.
std::string TextOf(double x, Dtype dtype) {
  return dtype == Dtype::kF64 ? fmt::format("{}", x)
                              : fmt::format("{}", static_cast<float>(x));
}

/// A list in which runs of equal entries are written once.
template <class Entry>
Json ListOf(const std::vector<Entry>& entries) {
  constexpr std::ptrdiff_t kShortRun = 4;
  Json list = Json::array();
  for (auto begin = entries.begin(); begin != entries.end();) {
    const auto end = std::find_if(begin, entries.end(),
                                  [&](const Entry& e) { return e != *begin; });
    if (end - begin < kShortRun) {
      list.push_back(*begin++);
      continue;
    }
    list.push_back({{"repeat", {*begin, end - begin}}});
    begin = end;
  }
  return list;
}

template <class Number>
Json NumbersOf(const std::vector<Number>& numbers, Dtype dtype) {
  std::vector<std::string> texts;
  for (const Number& x : numbers) texts.push_back(TextOf(x, dtype));
  return ListOf(texts);
}

Json ShapeOf(const Case& c) {
  const Shape& s = c.shape;
  if (c.form->inputs.front() == "x") return Json::array({s.classes});
  if (s.pixels == 1) return Json::array({s.images, s.classes});
  // Pixels of two axes, where they can be.
  if (s.pixels % 2 == 0)
    return Json::array({s.images, s.classes, s.pixels / 2, 2});
  return Json::array({s.images, s.classes, s.pixels});
}

/// The options that differ from their defaults.
Json OptionsOf(const Case& c) {
  const Options& o = c.options;
  const Dtype scalar = ScalarOf(c.dtype);
  Json json = Json::object();
  if (o.reduction == Reduction::kNone) json["reduction"] = "none";
  if (o.reduction == Reduction::kSum) json["reduction"] = "sum";
  if (o.ignore_index != -100) json["ignore_index"] = o.ignore_index;
  if (!o.class_weights.empty()) {
    json["class_weights"] = NumbersOf(o.class_weights, scalar);
  }
  if (o.label_smoothing != 0) {
    json["label_smoothing"] = TextOf(o.label_smoothing, scalar);
  }
  if (!o.pos_weight.empty()) {
    json["pos_weight"] = NumbersOf(o.pos_weight, scalar);
  }
  if (o.temperature != 1) json["temperature"] = TextOf(o.temperature, scalar);
  if (o.from_log_probs) json["from_log_probs"] = true;
  return json;
}

Json WantOf(const Case& c) {
  if (c.error) return {{"error", *c.error}};
  Json json;
  for (const Output& output : c.form->outputs) {
    const auto found = c.want.find(output.name);
    if (found == c.want.end()) continue;
    json[output.name] =
        NumbersOf(found->second.values, c.TypeOf(output.extent));
  }
  return json;
}

Json ToJson(const Case& c) {
  Json json = {{"id", c.id}, {"comment", c.comment}, {"flags", c.flags}};
  json["op"] = c.form->op;
  json["dtype"] = NameOf(c.dtype);
  json["shape"] = ShapeOf(c);
  for (const std::string& name : c.form->inputs) {
    if (name == "labels") {
      json[name] = ListOf(c.labels);
    } else if (name == "mask") {
      json[name] = ListOf(c.mask);
    } else {
      json[name] = NumbersOf(c.Input(name), c.dtype);
    }
  }
  if (c.inputs.contains("upstream")) {
    json["upstream"] =
        NumbersOf(c.Input("upstream"), c.TypeOf(c.form->Value().extent));
  }
  const Json options = OptionsOf(c);
  if (!options.empty()) json["options"] = options;
  json["want"] = WantOf(c);
  const auto usual = c.dtype == Dtype::kF64 ? std::optional(1.0) : std::nullopt;
  if (c.max_ulp != usual)
    json["max_ulp"] = c.max_ulp ? Json(*c.max_ulp) : "exact";
  return json;
}

}  // namespace

VectorMaker::VectorMaker(std::string name, std::string flag, std::uint64_t seed)
    : name_(std::move(name)), flag_(std::move(flag)), random_(seed) {}

Case VectorMaker::New(Dtype dtype, const Shape& shape,
                      const std::string& comment) const {
  Case c;
  c.comment = comment;
  c.flags = {flag_};
  c.dtype = dtype;
  c.shape = shape;
  if (dtype == Dtype::kF64) c.max_ulp = 1;
  return c;
}

Case& VectorMaker::Append(const std::string& op, Case c) {
  c.form = FindForm(op, GivenInputs(op, c));
  if (c.form == nullptr) {
    throw std::logic_error(fmt::format("{}: no such question", op));
  }
  c.id =
      fmt::format("{}-{}-{}-{}", name_, op, NameOf(c.dtype), cases_.size() + 1);
  cases_.push_back(std::move(c));
  return cases_.back();
}

void VectorMaker::Add(const std::string& op, Case question) {
  Case& c = Append(op, std::move(question));
  const bool no_upstream =
      !c.form->optional.empty() && !c.inputs.contains("upstream");
  for (const Output& output : c.Outputs()) {
    if (no_upstream && output.name.starts_with("d_")) continue;
    c.want[output.name].values = OracleAnswer(c, output);
  }
  AddFlags(c);
}

void VectorMaker::AddError(const std::string& op, Case question,
                           const std::string& word) {
  Append(op, std::move(question)).error = word;
}

std::string WriteVectors(const std::string& source,
                         const std::vector<Case>& cases) {
  std::string text = fmt::format(
      "{{\"schema\":\"surprisal-vectors/1\",\n\"source\":{},\n\"cases\":[\n",
      Json(source).dump());
  for (const Case& c : cases) {
    text += ToJson(c).dump();
    text += &c == &cases.back() ? "\n" : ",\n";
  }
  return text + "]}\n";
}

}  // namespace surprisal::conform
