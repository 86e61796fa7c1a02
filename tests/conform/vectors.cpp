#include "vectors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "number.h"
#include "oracle/rounding.h"

namespace surprisal::conform {
namespace {

using Json = nlohmann::json;
using Strings = std::vector<std::string>;

/// More than any row worth writing down; keeps a slip of the pen in `shape` or
/// `repeat` from taking all memory.
constexpr size_t kMaxElements = size_t{1} << 26;

[[noreturn]] void Refuse(const std::string& place, const std::string& what) {
  throw InvalidVectors(place + ": " + what);
}

bool Contains(const Strings& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// Error unless `name` is one of `names`.
void CheckName(const std::string& place, const std::string& kind,
               const std::string& name, const Strings& names) {
  if (Contains(names, name)) return;
  if (names.empty()) Refuse(place, fmt::format("unknown {} '{}'", kind, name));
  Refuse(place, fmt::format("unknown {} '{}'; it is one of: {}", kind, name,
                            fmt::join(names, " ")));
}

const Json& Member(const Json& object, const std::string& key,
                   const std::string& place) {
  if (!object.is_object()) Refuse(place, "is not an object");
  const auto found = object.find(key);
  if (found == object.end()) Refuse(place, "lacks '" + key + "'");
  return *found;
}

void CheckKeys(const Json& object, const Strings& allowed,
               const std::string& place) {
  if (!object.is_object()) Refuse(place, "is not an object");
  for (const auto& [key, value] : object.items()) {
    CheckName(place, "key", key, allowed);
  }
}

std::string TextOf(const Json& json, const std::string& place) {
  if (!json.is_string()) {
    Refuse(place, "is " + json.dump() + " where a string is needed");
  }
  return json.get<std::string>();
}

template <class Integer>
Integer IntegerOf(const Json& json, const std::string& place) {
  using Limits = std::numeric_limits<Integer>;
  if (json.is_number_integer()) {
    const auto value = json.get<std::int64_t>();
    const bool wraps = json.is_number_unsigned() && value < 0;
    if (!wraps && value >= static_cast<std::int64_t>(Limits::min()) &&
        value <= static_cast<std::int64_t>(Limits::max())) {
      return static_cast<Integer>(value);
    }
  }
  Refuse(place, fmt::format("is {} where an integer in [{}, {}] is needed",
                            json.dump(), Limits::min(), Limits::max()));
}

Exact NumberOf(const Json& json, const std::string& place) {
  try {
    return ReadNumber(TextOf(json, place));
  } catch (const std::invalid_argument& error) {
    Refuse(place, error.what());
  }
}

/// Appends what one entry of a list stands for: read(entry), or that several
/// times for {"repeat": [entry, times]}.
template <class V, class Read>
void AppendEntry(std::vector<V>& values, const Json& entry,
                 const std::string& place, size_t room, const Read& read) {
  size_t times = 1;
  const Json* value = &entry;
  if (entry.is_object()) {
    CheckKeys(entry, {"repeat"}, place);
    const Json& repeat = Member(entry, "repeat", place);
    if (!repeat.is_array() || repeat.size() != 2) {
      Refuse(place, "\"repeat\" needs [value, times]");
    }
    times = IntegerOf<std::uint32_t>(repeat[1], place + ".repeat[1]");
    value = &repeat[0];
  }
  if (times > room) Refuse(place, "is one more than the shape has room for");
  values.insert(values.end(), times, read(*value, place));
}

/// A list with exactly `count` values.
template <class Read>
auto ListOf(const Json& json, const std::string& place, size_t count,
            const Read& read) {
  std::vector<decltype(read(json, place))> values;
  if (!json.is_array()) Refuse(place, "is not a list");
  for (size_t i = 0; i < json.size(); ++i) {
    AppendEntry(values, json[i], fmt::format("{}[{}]", place, i),
                count - values.size(), read);
  }
  if (values.size() == count) return values;
  Refuse(place, fmt::format("has {} values where the shape needs {}",
                            values.size(), count));
}

Shape ShapeOf(const Json& json, const std::string& place, bool elementwise) {
  if (!json.is_array()) Refuse(place, "is not a list");
  std::vector<size_t> sizes;
  size_t elements = 1;
  for (size_t i = 0; i < json.size(); ++i) {
    const std::string at = fmt::format("{}[{}]", place, i);
    sizes.push_back(IntegerOf<std::uint32_t>(json[i], at));
    if (sizes[i] != 0 && elements > kMaxElements / sizes[i]) {
      Refuse(at, fmt::format("makes more than {} elements", kMaxElements));
    }
    elements *= std::max<size_t>(sizes[i], 1);
  }
  Shape shape;
  size_t product = 1;
  for (const size_t size : sizes) product *= size;
  if (elementwise) return {1, product, 1};
  if (sizes.empty()) Refuse(place, "is empty; at least [classes] is needed");
  if (sizes.size() == 1) return {1, sizes[0], 1};
  shape.images = sizes[0];
  shape.classes = sizes[1];
  for (size_t i = 2; i < sizes.size(); ++i) shape.pixels *= sizes[i];
  return shape;
}

/// What a question may be made of: arrays by name, labels, mask.
Strings InputNames() {
  Strings names = {"labels", "mask"};
  for (const InputField& field : InputFields()) names.push_back(field.name);
  return names;
}

Strings OpNames() {
  Strings names;
  for (const Form& form : Forms()) {
    if (!Contains(names, form.op)) names.push_back(form.op);
  }
  return names;
}

/// Reads one case; `place_` names it.
class CaseReader {
 public:
  CaseReader(const Json& json, std::string place)
      : json_(json), place_(std::move(place)) {}

  Case Read() {
    ReadHeading();
    ReadForm();
    c_.shape = ShapeOf(Member(json_, "shape", place_), At("shape"),
                       c_.form->inputs.front() == "x");
    for (const std::string& name : c_.form->inputs) ReadInput(name);
    if (json_.contains("upstream")) ReadInput("upstream");
    if (json_.contains("options")) ReadOptions();
    ReadWant();
    ReadMaxUlp();
    return c_;
  }

 private:
  std::string At(const std::string& name) const { return place_ + "." + name; }

  void ReadHeading() {
    c_.id = TextOf(Member(json_, "id", place_), At("id"));
    if (c_.id.empty()) Refuse(At("id"), "is empty");
    place_ += " (" + c_.id + ")";
    Strings allowed = InputNames();
    for (const char* key : {"id", "comment", "flags", "op", "dtype", "shape",
                            "options", "want", "max_ulp"}) {
      allowed.push_back(key);
    }
    CheckKeys(json_, allowed, place_);
    if (json_.contains("comment")) {
      c_.comment = TextOf(json_["comment"], At("comment"));
    }
    if (json_.contains("flags")) ReadFlags(json_["flags"]);
    const std::string dtype =
        TextOf(Member(json_, "dtype", place_), At("dtype"));
    CheckName(At("dtype"), "dtype", dtype, DtypeNames());
    c_.dtype = static_cast<Dtype>(std::ranges::find(DtypeNames(), dtype) -
                                  DtypeNames().begin());
  }

  void ReadFlags(const Json& flags) {
    if (!flags.is_array()) Refuse(At("flags"), "is not a list");
    for (const Json& flag : flags) {
      c_.flags.push_back(TextOf(flag, At("flags")));
      CheckName(At("flags"), "flag", c_.flags.back(), FlagNames());
    }
  }

  /// The form of the operation that takes just the inputs given.
  void ReadForm() {
    const std::string op = TextOf(Member(json_, "op", place_), At("op"));
    CheckName(At("op"), "op", op, OpNames());
    Strings given, forms;
    for (const std::string& name : InputNames()) {
      if (json_.contains(name) && name != "upstream") given.push_back(name);
    }
    c_.form = FindForm(op, given);
    for (const Form& form : Forms()) {
      if (form.op != op) continue;
      forms.push_back(fmt::format("{}", fmt::join(form.inputs, " and ")));
    }
    if (c_.form == nullptr) {
      Refuse(place_,
             fmt::format("{} takes {}; given are: {}", op,
                         fmt::join(forms, ", or "), fmt::join(given, " ")));
    }
    if (json_.contains("upstream") && c_.form->optional.empty()) {
      Refuse(At("upstream"), "a loss has the upstream gradient 1");
    }
  }

  void ReadInput(const std::string& name) {
    const Json& list = Member(json_, name, place_);
    if (name == "labels") {
      c_.labels =
          ListOf(list, At(name), c_.shape.Rows(), IntegerOf<std::int32_t>);
    } else if (name == "mask") {
      c_.mask =
          ListOf(list, At(name), c_.shape.Elements(), IntegerOf<std::uint8_t>);
    } else {
      const Extent extent =
          name == "upstream" ? c_.form->Value().extent : Extent::kElements;
      c_.inputs[name] =
          Numbers(list, At(name), c_.Count(extent), c_.TypeOf(extent));
    }
  }

  static std::vector<double> Numbers(const Json& list, const std::string& place,
                                     size_t count, Dtype dtype) {
    return ListOf(list, place, count,
                  [dtype](const Json& json, const std::string& at) {
                    return Nearest(NumberOf(json, at), dtype);
                  });
  }

  double Parameter(const Json& json, const std::string& place) const {
    return Nearest(NumberOf(json, place), ScalarOf(c_.dtype));
  }

  void ReadOptions() {
    const Json& options = json_["options"];
    if (!options.is_object()) Refuse(At("options"), "is not an object");
    for (const auto& [key, value] : options.items()) {
      CheckName(At("options"), "option", key, c_.form->options);
      ReadOption(key, value, At("options." + key));
    }
  }

  void ReadOption(const std::string& key, const Json& value,
                  const std::string& place) {
    Options& options = c_.options;
    const Dtype scalar = ScalarOf(c_.dtype);
    if (key == "reduction") {
      const Strings names = {"none", "mean", "sum"};
      const std::string name = TextOf(value, place);
      CheckName(place, "reduction", name, names);
      options.reduction = name == "none"   ? Reduction::kNone
                          : name == "mean" ? Reduction::kMean
                                           : Reduction::kSum;
    } else if (key == "ignore_index") {
      options.ignore_index = IntegerOf<std::int32_t>(value, place);
    } else if (key == "class_weights") {
      options.class_weights = Numbers(value, place, c_.shape.classes, scalar);
    } else if (key == "pos_weight") {
      const bool one =
          value.is_array() && value.size() == 1 && value[0].is_string();
      options.pos_weight =
          Numbers(value, place, one ? 1 : c_.shape.classes, scalar);
    } else if (key == "label_smoothing") {
      options.label_smoothing = Parameter(value, place);
    } else if (key == "temperature") {
      options.temperature = Parameter(value, place);
    } else if (!value.is_boolean()) {
      Refuse(place, "is " + value.dump() + " where true or false is needed");
    } else {
      options.from_log_probs = value.get<bool>();
    }
  }

  void ReadWant() {
    const Json& want = Member(json_, "want", place_);
    if (!want.is_object() || want.empty()) {
      Refuse(At("want"), "asks for nothing");
    }
    if (want.contains("error")) {
      CheckKeys(want, {"error"}, At("want"));
      c_.error = TextOf(want["error"], At("want.error"));
      return;
    }
    Strings names;
    for (const Output& output : c_.Outputs()) names.push_back(output.name);
    for (const auto& [key, value] : want.items()) {
      CheckName(At("want"), "output", key, names);
    }
    for (const Output& output : c_.Outputs()) {
      if (want.contains(output.name)) ReadOutput(output, want[output.name]);
    }
  }

  void ReadOutput(const Output& output, const Json& json) {
    Wanted& wanted = c_.want[output.name];
    wanted.from_oracle = json == "oracle";
    if (wanted.from_oracle) return;
    wanted.values = ListOf(json, At("want." + output.name),
                           c_.Count(output.extent), NumberOf);
  }

  void ReadMaxUlp() {
    if (c_.dtype == Dtype::kF64) c_.max_ulp = 1;
    const auto found = json_.find("max_ulp");
    if (found == json_.end()) return;
    if (*found == "exact") {
      c_.max_ulp.reset();
    } else if (found->is_number() && found->get<double>() >= 0) {
      c_.max_ulp = found->get<double>();
    } else {
      Refuse(At("max_ulp"), "is " + found->dump() +
                                " where a number of at least 0, or \"exact\", "
                                "is needed");
    }
  }

  const Json& json_;
  std::string place_;
  Case c_;
};

/// Refuses a key that stands twice in one object, of which JSON would quietly
/// keep the second.
class UniqueKeys {
 public:
  explicit UniqueKeys(std::string path) : path_(std::move(path)) {}

  bool operator()(int, Json::parse_event_t event, const Json& parsed) {
    if (event == Json::parse_event_t::object_start) seen_.emplace_back();
    if (event == Json::parse_event_t::object_end) seen_.pop_back();
    if (is_id_) id_ = ": in or after the case " + parsed.dump();
    if (event == Json::parse_event_t::key) Check(parsed.get<std::string>());
    is_id_ = event == Json::parse_event_t::key && parsed == "id";
    return true;
  }

 private:
  void Check(const std::string& key) {
    if (seen_.back().insert(key).second) return;
    Refuse(path_ + id_, "the key '" + key + "' stands twice in one object");
  }

  std::string path_, id_;
  bool is_id_ = false;
  std::vector<std::set<std::string>> seen_;
};

Json ParseJson(const std::string& text, const std::string& path) {
  try {
    return Json::parse(text, UniqueKeys(path));
  } catch (const Json::parse_error& error) {
    const std::string what = error.what();
    Refuse(path, what.substr(std::min(what.find("] ") + 2, what.size())));
  }
}

}  // namespace

bool Case::HasFlag(const std::string& flag) const {
  return Contains(flags, flag);
}

size_t Case::Count(Extent extent) const {
  const bool none = options.reduction == Reduction::kNone;
  switch (extent) {
    case Extent::kElements:
      return shape.Elements();
    case Extent::kRows:
      return shape.Rows();
    case Extent::kRowLoss:
      return none ? shape.Rows() : 1;
    case Extent::kElementLoss:
      return none ? shape.Elements() : 1;
  }
  return 0;
}

std::vector<Output> Case::Outputs() const {
  if (form->op == "cross_entropy" && options.from_log_probs) {
    return {form->Value()};
  }
  return form->outputs;
}

double Nearest(const Exact& number, Dtype dtype) {
  return WithType(dtype, [&](auto zero) {
    using T = decltype(zero);
    return Format<T>::Widen(RoundTo<T>(number));
  });
}

VectorFile ParseVectors(const std::string& text, const std::string& path) {
  const Json json = ParseJson(text, path);
  CheckKeys(json, {"schema", "source", "cases"}, path);
  const std::string schema =
      TextOf(Member(json, "schema", path), path + ": schema");
  CheckName(path, "schema", schema, {"surprisal-vectors/1"});
  VectorFile file = {
      path, TextOf(Member(json, "source", path), path + ": source"), {}};
  const Json& cases = Member(json, "cases", path);
  if (!cases.is_array()) Refuse(path, "cases is not a list");
  std::set<std::string> ids;
  for (size_t i = 0; i < cases.size(); ++i) {
    const std::string place = fmt::format("{}: cases[{}]", path, i);
    file.cases.push_back(CaseReader(cases[i], place).Read());
    const std::string& id = file.cases.back().id;
    if (!ids.insert(id).second) {
      Refuse(place, "the id '" + id + "' is taken by a case before it");
    }
  }
  return file;
}

VectorFile ReadVectors(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) Refuse(path, "cannot be read");
  return ParseVectors(text.str(), path);
}

}  // namespace surprisal::conform
