#include "judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>

#include "number.h"
#include "oracle/rounding.h"
#include "oracle/ulp.h"
#include "oracle_answers.h"

namespace surprisal::conform {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// Memory nobody has written to: no NaN in any of the types, and no result of
/// any case.
constexpr std::uint8_t kUntouched = 0xC6;
constexpr size_t kGuard = 64;

Bytes Packed(const std::vector<double>& values, Dtype dtype) {
  return WithType(dtype, [&](auto zero) {
    using T = decltype(zero);
    Bytes bytes(std::max<size_t>(values.size(), 1) * sizeof(T));
    for (size_t i = 0; i < values.size(); ++i) {
      const T value = Format<T>::Narrow(values[i]);
      std::memcpy(&bytes[i * sizeof(T)], &value, sizeof(T));
    }
    return bytes;
  });
}

/// An output's memory, guards around it.
class OutputMemory {
 public:
  OutputMemory(const Case& c, const Output& output)
      : count_(c.Count(output.extent)),
        dtype_(c.TypeOf(output.extent)),
        bytes_(count_ * SizeOf(dtype_) + 2 * kGuard, kUntouched) {}

  void* Data() { return &bytes_[kGuard]; }

  bool GuardsStand() const {
    return AllUntouched(bytes_.begin(), bytes_.begin() + kGuard) &&
           AllUntouched(bytes_.end() - kGuard, bytes_.end());
  }

  bool Untouched() const { return AllUntouched(bytes_.begin(), bytes_.end()); }

  template <class T>
  T At(size_t i) const {
    T value;
    std::memcpy(&value, &bytes_[kGuard + i * sizeof(T)], sizeof(T));
    return value;
  }

 private:
  static bool AllUntouched(Bytes::const_iterator begin,
                           Bytes::const_iterator end) {
    return std::all_of(begin, end,
                       [](auto byte) { return byte == kUntouched; });
  }

  size_t count_;
  Dtype dtype_;
  Bytes bytes_;
};

/// The question of a case, without outputs, and the memory of its inputs.
class Question {
 public:
  explicit Question(const Case& c) : c_(c) {
    request_.op = c.form->op.c_str();
    request_.dtype = NameOf(c.dtype);
    request_.images = c.shape.images;
    request_.classes = c.shape.classes;
    request_.pixels = c.shape.pixels;
    for (const InputField& field : InputFields()) AddInput(field);
    // Never NULL, also where there are none.
    labels_.assign(c.labels.begin(), c.labels.end());
    labels_.reserve(1);
    if (Takes("labels")) request_.in.labels = labels_.data();
    mask_.assign(c.mask.begin(), c.mask.end());
    mask_.reserve(1);
    if (Takes("mask")) request_.in.mask = mask_.data();
    AddOptions();
  }

  Question(const Question&) = delete;

  const SurprisalRequest& Request() const { return request_; }

 private:
  bool Takes(const std::string& name) const {
    return std::ranges::find(c_.form->inputs, name) != c_.form->inputs.end();
  }

  void AddInput(const InputField& field) {
    const bool upstream = field.name == "upstream";
    if (upstream ? c_.form->optional.empty() : !Takes(field.name)) return;
    const Extent extent =
        upstream ? c_.form->Value().extent : Extent::kElements;
    const auto found = c_.inputs.find(field.name);
    const std::vector<double> values =
        found == c_.inputs.end() ? std::vector<double>(c_.Count(extent), 1.0)
                                 : found->second;
    Bytes& bytes = arrays_[field.name] = Packed(values, c_.TypeOf(extent));
    request_.in.*field.field = bytes.data();
  }

  void AddOptions() {
    static constexpr const char* kReductions[] = {"none", "mean", "sum"};
    const Options& o = c_.options;
    SurprisalOptions& options = request_.options;
    options.reduction = kReductions[static_cast<size_t>(o.reduction)];
    options.ignore_index = o.ignore_index;
    options.label_smoothing = o.label_smoothing;
    options.temperature = o.temperature;
    options.from_log_probs = o.from_log_probs;
    if (!o.class_weights.empty()) {
      options.class_weights = o.class_weights.data();
    }
    if (!o.pos_weight.empty()) options.pos_weight = o.pos_weight.data();
    options.pos_weights = o.pos_weight.size();
  }

  const Case& c_;
  SurprisalRequest request_ = {};
  std::map<std::string, Bytes> arrays_;
  std::vector<std::int32_t> labels_;
  std::vector<std::uint8_t> mask_;
};

/// "0x1.8p+0", as the type's own digits write it.
template <class T>
std::string Hex(T x) {
  char text[64];
  std::snprintf(text, sizeof(text), "%a", Format<T>::Widen(x));
  return text;
}

template <class T>
std::string Decimal(T x) {
  constexpr int kDigits = Format<T>::kPrecision * 3 / 10 + 2;
  return fmt::format("{:.{}g}", Format<T>::Widen(x), kDigits);
}

/// Puts one question, and says what is wrong with the answer.
class Examiner {
 public:
  Examiner(const Subject& subject, const Case& c, Verdict& verdict)
      : subject_(subject), c_(c), question_(c), verdict_(verdict) {
    for (const auto& [name, wanted] : c.want) {
      exact_[name] = wanted.values;
    }
    for (const Output& output : c.form->outputs) {
      const auto found = c.want.find(output.name);
      if (found != c.want.end() && found->second.from_oracle) {
        exact_[output.name] = OracleAnswer(c, output);
      }
    }
  }

  void Ask(const std::vector<Output>& outputs) {
    std::vector<OutputMemory> memory;
    for (const Output& output : outputs) memory.emplace_back(c_, output);
    SurprisalRequest request = question_.Request();
    for (size_t i = 0; i < outputs.size(); ++i) {
      request.out.*outputs[i].field = memory[i].Data();
    }
    char message[1024] = "";
    const int code = subject_.answer(&request, message, sizeof(message));
    message[sizeof(message) - 1] = 0;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (memory[i].GuardsStand()) continue;
      Add({outputs[i].name, 0, "nothing outside it written",
           "memory before or behind it changed"});
    }
    if (code == SURPRISAL_NOT_SUPPORTED) {
      verdict_.supported = false;
      Add({"", 0, "an answer", "not supported"});
    } else if (c_.error) {
      JudgeRefusal(code, message, outputs, memory);
    } else if (code == SURPRISAL_ANSWERED) {
      for (size_t i = 0; i < outputs.size(); ++i) {
        Compare(outputs[i], memory[i]);
      }
    } else {
      Add({"", 0, "an answer",
           fmt::format("refused (code {}): {}", code, message)});
    }
  }

 private:
  /// The same finding once, though it is made in two questions.
  void Add(const Finding& finding) {
    for (const Finding& other : verdict_.findings) {
      if (other.output == finding.output && other.index == finding.index &&
          other.got == finding.got) {
        return;
      }
    }
    verdict_.findings.push_back(finding);
  }

  void JudgeRefusal(int code, const std::string& message,
                    const std::vector<Output>& outputs,
                    const std::vector<OutputMemory>& memory) {
    const std::string asked =
        fmt::format("an error that names '{}'", *c_.error);
    if (code == SURPRISAL_ANSWERED) {
      Add({outputs.front().name, 0, asked, "an answer"});
    } else if (message.find(*c_.error) == std::string::npos) {
      Add({outputs.front().name, 0, asked, "the error '" + message + "'"});
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (code == SURPRISAL_ANSWERED || memory[i].Untouched()) continue;
      Add({outputs[i].name, 0, "an output left as it was", "a changed one"});
    }
  }

  void Compare(const Output& output, const OutputMemory& memory) {
    WithType(c_.TypeOf(output.extent), [&](auto zero) {
      using T = decltype(zero);
      const std::vector<Exact>& exact = exact_.at(output.name);
      for (size_t i = 0; i < exact.size(); ++i) {
        CompareElement(output, i, memory.At<T>(i), exact[i]);
      }
    });
  }

  template <class T>
  void CompareElement(const Output& output, size_t index, T got,
                      const Exact& exact) {
    const double value = Format<T>::Widen(got);
    if (output.name == "loss" && value == 0 && std::signbit(value)) {
      Add({output.name, index, "a loss, which is never -0", "-0", "-0x0p+0",
           0});
      return;
    }
    const double ulp = UlpError(got, exact);
    const double rounded = Format<T>::Widen(RoundTo<T>(exact));
    if (value == rounded || (std::isnan(value) && std::isnan(rounded))) return;
    if (c_.max_ulp && ulp <= *c_.max_ulp) return;
    Add({output.name, index, WriteNumber(exact, 20), Decimal(got), Hex(got),
         ulp});
  }

  const Subject& subject_;
  const Case& c_;
  const Question question_;
  std::map<std::string, std::vector<Exact>> exact_;
  Verdict& verdict_;
};

/// What the case asks for; of a question to be refused, everything.
std::vector<Output> AskedOutputs(const Case& c) {
  std::vector<Output> outputs = c.Outputs();
  if (!c.error) {
    std::erase_if(outputs, [&](const Output& output) {
      return !c.want.contains(output.name);
    });
  }
  return outputs;
}

}  // namespace

std::string Finding::Text() const {
  std::string text =
      output.empty() ? "" : fmt::format("{}[{}]: ", output, index);
  text += "asked " + asked + ", got ";
  if (got_hex.empty()) return text + got;
  return text + fmt::format("{} ({}), {:.4g} ulp off", got_hex, got, ulp);
}

Verdict Judge(const Subject& subject, const Case& c) {
  Verdict verdict;
  Examiner examiner(subject, c, verdict);
  const std::vector<Output> outputs = AskedOutputs(c);
  examiner.Ask(outputs);
  if (outputs.size() == 1 || !verdict.supported) return verdict;
  for (const Output& output : outputs) examiner.Ask({output});
  return verdict;
}

}  // namespace surprisal::conform
