#include "literate/tex.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

#include "surprisal/common/error.h"

namespace surprisal::literate {
namespace {

using Dictionary = std::map<std::string, std::string, std::less<>>;

const Dictionary& Letters() {
  static const Dictionary letters = {
      {"alpha", "α"},   {"beta", "β"},       {"gamma", "γ"},  {"delta", "δ"},
      {"epsilon", "ε"}, {"zeta", "ζ"},       {"eta", "η"},    {"theta", "θ"},
      {"kappa", "κ"},   {"lambda", "λ"},     {"mu", "μ"},     {"nu", "ν"},
      {"xi", "ξ"},      {"pi", "π"},         {"rho", "ρ"},    {"sigma", "σ"},
      {"tau", "τ"},     {"phi", "φ"},        {"chi", "χ"},    {"psi", "ψ"},
      {"omega", "ω"},   {"varepsilon", "ε"}, {"varphi", "φ"}, {"iota", "ι"},
      {"Gamma", "Γ"},   {"Delta", "Δ"},      {"Theta", "Θ"},  {"Lambda", "Λ"},
      {"Pi", "Π"},      {"Sigma", "Σ"},      {"Phi", "Φ"},    {"Psi", "Ψ"},
      {"Omega", "Ω"},   {"ell", "ℓ"},        {"infty", "∞"},  {"partial", "∂"},
      {"nabla", "∇"},   {"emptyset", "∅"},   {"dots", "…"},   {"ldots", "…"},
      {"cdots", "⋯"},   {"vdots", "⋮"},      {"prime", "′"},  {"top", "ᵀ"},
      {"lfloor", "⌊"},  {"rfloor", "⌋"},     {"lceil", "⌈"},  {"rceil", "⌉"},
      {"langle", "⟨"},  {"rangle", "⟩"},     {"{", "{"},      {"}", "}"},
      {"%", "%"},       {"_", "_"},          {"#", "#"},      {"$", "$"},
      {"&", "&"},       {"|", "‖"},          {"Vert", "‖"},   {"vert", "|"},
      {"forall", "∀"},  {"exists", "∃"},     {"circ", "∘"},   {"degree", "°"},
      {"lvert", "|"},   {"rvert", "|"},      {"lVert", "‖"},  {"rVert", "‖"}};
  return letters;
}

const Dictionary& Relations() {
  static const Dictionary relations = {{"cdot", "·"},
                                       {"times", "×"},
                                       {"div", "÷"},
                                       {"pm", "±"},
                                       {"mp", "∓"},
                                       {"odot", "⊙"},
                                       {"oplus", "⊕"},
                                       {"le", "≤"},
                                       {"leq", "≤"},
                                       {"ge", "≥"},
                                       {"geq", "≥"},
                                       {"ne", "≠"},
                                       {"neq", "≠"},
                                       {"approx", "≈"},
                                       {"equiv", "≡"},
                                       {"sim", "~"},
                                       {"propto", "∝"},
                                       {"ll", "≪"},
                                       {"gg", "≫"},
                                       {"in", "∈"},
                                       {"notin", "∉"},
                                       {"subset", "⊂"},
                                       {"cup", "∪"},
                                       {"cap", "∩"},
                                       {"to", "→"},
                                       {"rightarrow", "→"},
                                       {"leftarrow", "←"},
                                       {"mapsto", "↦"},
                                       {"Rightarrow", "⇒"},
                                       {"implies", "⇒"},
                                       {"iff", "⇔"},
                                       {"gets", "←"},
                                       {"mid", "|"},
                                       {"parallel", "‖"},
                                       {"Leftrightarrow", "⇔"},
                                       {"setminus", "∖"},
                                       {"colon", ":"},
                                       {"land", "∧"},
                                       {"lor", "∨"},
                                       {"simeq", "≃"},
                                       {"longrightarrow", "⟶"},
                                       {"lesssim", "≲"},
                                       {"gtrsim", "≳"}};
  return relations;
}

bool IsFunction(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "log",  "ln",   "exp",  "max", "min",    "sin",   "cos", "tan",
      "tanh", "det",  "lim",  "sup", "inf",    "Pr",    "arg", "dim",
      "gcd",  "sinh", "cosh", "ker", "argmax", "argmin"};
  return std::find(std::begin(kNames), std::end(kNames), name) !=
         std::end(kNames);
}

const Dictionary& BigOperators() {
  static const Dictionary operators = {
      {"sum", "Σ"}, {"prod", "∏"}, {"int", "∫"}, {"bigcup", "⋃"}};
  return operators;
}

const Dictionary& Spaces() {
  static const Dictionary spaces = {
      {",", " "},         {";", " "},           {":", " "},
      {"!", ""},          {" ", " "},           {"quad", "   "},
      {"qquad", "     "}, {"left", ""},         {"right", ""},
      {"big", ""},        {"Big", ""},          {"bigl", ""},
      {"bigr", ""},       {"Bigl", ""},         {"Bigr", ""},
      {"bigg", ""},       {"displaystyle", ""}, {"textstyle", ""},
      {"limits", ""},     {"nolimits", ""},     {"nonumber", ""}};
  return spaces;
}

const Dictionary& Superscripts() {
  static const Dictionary scripts = {
      {"0", "⁰"}, {"1", "¹"}, {"2", "²"}, {"3", "³"}, {"4", "⁴"}, {"5", "⁵"},
      {"6", "⁶"}, {"7", "⁷"}, {"8", "⁸"}, {"9", "⁹"}, {"+", "⁺"}, {"−", "⁻"},
      {"=", "⁼"}, {"(", "⁽"}, {")", "⁾"}, {"a", "ᵃ"}, {"b", "ᵇ"}, {"c", "ᶜ"},
      {"d", "ᵈ"}, {"e", "ᵉ"}, {"f", "ᶠ"}, {"g", "ᵍ"}, {"h", "ʰ"}, {"i", "ⁱ"},
      {"j", "ʲ"}, {"k", "ᵏ"}, {"l", "ˡ"}, {"m", "ᵐ"}, {"n", "ⁿ"}, {"o", "ᵒ"},
      {"p", "ᵖ"}, {"r", "ʳ"}, {"s", "ˢ"}, {"t", "ᵗ"}, {"u", "ᵘ"}, {"v", "ᵛ"},
      {"w", "ʷ"}, {"x", "ˣ"}, {"y", "ʸ"}, {"z", "ᶻ"}, {"N", "ᴺ"}, {"K", "ᴷ"},
      {"T", "ᵀ"}, {"D", "ᴰ"}, {"R", "ᴿ"}, {"M", "ᴹ"}, {"ᵀ", "ᵀ"}, {"′", "′"},
      {"*", "*"}, {"β", "ᵝ"}, {"θ", "ᶿ"}};
  return scripts;
}

const Dictionary& Subscripts() {
  static const Dictionary scripts = {
      {"0", "₀"}, {"1", "₁"}, {"2", "₂"}, {"3", "₃"}, {"4", "₄"}, {"5", "₅"},
      {"6", "₆"}, {"7", "₇"}, {"8", "₈"}, {"9", "₉"}, {"+", "₊"}, {"−", "₋"},
      {"=", "₌"}, {"(", "₍"}, {")", "₎"}, {"a", "ₐ"}, {"e", "ₑ"}, {"h", "ₕ"},
      {"i", "ᵢ"}, {"j", "ⱼ"}, {"k", "ₖ"}, {"l", "ₗ"}, {"m", "ₘ"}, {"n", "ₙ"},
      {"o", "ₒ"}, {"p", "ₚ"}, {"r", "ᵣ"}, {"s", "ₛ"}, {"t", "ₜ"}, {"u", "ᵤ"},
      {"v", "ᵥ"}, {"x", "ₓ"}, {"β", "ᵦ"}, {"γ", "ᵧ"}, {"ρ", "ᵨ"}};
  return scripts;
}

// `text` in small letters, if every character has one.
std::optional<std::string> Small(std::string_view text, const Dictionary& map) {
  std::string small;
  for (const std::string& point : CodePoints(text)) {
    if (point == " ") continue;
    const auto found = map.find(point);
    if (found == map.end()) return std::nullopt;
    small += found->second;
  }
  return small;
}

// Whether `text` reads as one thing next to a sign: no space outside brackets.
bool IsAtom(std::string_view text) {
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
    if (c == ' ' && depth == 0) return false;
  }
  return true;
}

bool StartsWithSign(std::string_view text) {
  return text.starts_with("−") || text.starts_with("+");
}

std::string Grouped(const std::string& text) {
  return IsAtom(text) && !StartsWithSign(text) ? text : "(" + text + ")";
}

// The accented letter where Unicode has one, else a combining mark behind it.
std::string Accented(const std::string& accent, const std::string& base) {
  static const Dictionary hats = {
      {"y", "ŷ"}, {"a", "â"}, {"e", "ê"}, {"g", "ĝ"}, {"h", "ĥ"}, {"o", "ô"},
      {"s", "ŝ"}, {"u", "û"}, {"w", "ŵ"}, {"z", "ẑ"}, {"c", "ĉ"}};
  static const Dictionary marks = {
      {"hat", "\u0302"},     {"bar", "\u0304"},      {"tilde", "\u0303"},
      {"vec", "\u20D7"},     {"dot", "\u0307"},      {"overline", "\u0304"},
      {"widehat", "\u0302"}, {"widetilde", "\u0303"}};
  if (accent == "hat" && hats.contains(base)) return hats.at(base);
  return base + marks.at(accent);
}

std::string DoubleStruck(const std::string& letter) {
  static const Dictionary letters = {{"R", "ℝ"}, {"N", "ℕ"}, {"Z", "ℤ"},
                                     {"E", "𝔼"}, {"P", "ℙ"}, {"1", "𝟙"},
                                     {"Q", "ℚ"}, {"C", "ℂ"}, {"F", "𝔽"}};
  const auto found = letters.find(letter);
  if (found == letters.end()) {
    throw Error("\\mathbb{" + letter + "} is not among R N Z E P 1 Q C F");
  }
  return found->second;
}

std::string Calligraphic(const std::string& letter) {
  static const Dictionary letters = {{"L", "ℒ"}, {"H", "ℋ"}, {"O", "𝒪"},
                                     {"N", "𝒩"}, {"D", "𝒟"}, {"B", "ℬ"}};
  const auto found = letters.find(letter);
  return found == letters.end() ? letter : found->second;
}

// Appends pieces of a formula with the spaces that TeX would have put.
class Output {
 public:
  // A letter, digit or bracket: stands close, unless the last piece asked for
  // room behind it.
  void Close(std::string_view text) {
    if (text.empty()) return;
    const bool bracket = text[0] == '(' || text[0] == '[' || text[0] == ')' ||
                         text[0] == ',' || text[0] == ']';
    if (wants_space_ && !bracket) Space();
    text_ += text;
    wants_space_ = false;
  }
  // A function name, a fraction, a big operator: room on both sides.
  void Apart(std::string_view text) {
    if (EndsWithWord()) Space();
    if (wants_space_) Space();
    text_ += text;
    wants_space_ = true;
  }
  // What a binary operator may follow, unlike a function's name.
  void ApartOperand(std::string_view text) {
    Apart(text);
    after_operand_ = text_.size();
  }
  // A binary operator, or a sign where nothing stands to the left of it.
  void Operator(std::string_view text) {
    const bool sign = text == "−" || text == "+" || text == "±";
    if (sign && IsPrefixPosition()) {
      if (wants_space_) Space();
      text_ += text;
      wants_space_ = false;
      after_sign_ = text_.size();
      return;
    }
    Space();
    text_ += text;
    Space();
    wants_space_ = false;
    after_operator_ = text_.size();
  }
  void Script(std::string_view text) { text_ += text; }
  void Space() {
    if (!text_.empty() && text_.back() != ' ') text_ += ' ';
  }
  void WideSpace(std::string_view text) {
    text_ += text;
    wants_space_ = false;
  }
  const std::string& text() const { return text_; }

 private:
  bool IsPrefixPosition() const {
    return text_.empty() || text_.size() == after_operator_ ||
           text_.back() == '(' || text_.back() == '[' ||
           (wants_space_ && text_.size() != after_operand_);
  }
  bool EndsWithWord() const {
    if (text_.empty() || text_.size() == after_sign_) return false;
    const auto c = static_cast<unsigned char>(text_.back());
    return std::isalnum(c) != 0 || c >= 0x80 || c == ')' || c == ']';
  }

  std::string text_;
  bool wants_space_ = false;
  size_t after_operator_ = std::string::npos;
  size_t after_sign_ = std::string::npos;
  size_t after_operand_ = std::string::npos;
};

class Converter {
 public:
  explicit Converter(std::string_view tex) : tex_(tex) {}

  // Converts up to `end`: '\0' the end of the text, '}' or ']' of a group, '&'
  // the end of a cell of an environment.
  std::string Convert(char end) {
    Output out;
    while (!AtEnd() && !IsEnd(end)) One(out);
    if (end == '}' || end == ']') {
      if (AtEnd()) throw Error("formula with an open '{' or '['");
      ++at_;
    }
    return out.text();
  }

  // The rows of a displayed formula, each split at '&'.
  std::vector<Lines> Rows() {
    std::vector<Lines> rows(1);
    while (true) {
      rows.back().push_back(Convert('&'));
      if (AtEnd()) return rows;
      if (Accept("\\\\")) {
        rows.emplace_back();
      } else if (!Accept("&")) {
        SkipEnvironmentMark();
        if (Trim(rows.back().back()).empty()) rows.back().pop_back();
      }
    }
  }

 private:
  bool AtEnd() const { return at_ >= tex_.size(); }
  bool Sees(std::string_view s) const {
    return tex_.substr(at_, s.size()) == s;
  }
  bool Accept(std::string_view s) {
    if (!Sees(s)) return false;
    at_ += s.size();
    return true;
  }
  void SkipSpace() {
    while (!AtEnd() && std::isspace(static_cast<unsigned char>(tex_[at_]))) {
      ++at_;
    }
  }
  bool IsEnd(char end) const {
    if (end != '&') return tex_[at_] == end;
    return tex_[at_] == '&' || Sees("\\\\") || IsAlignedMark();
  }
  bool IsAlignedMark() const {
    return Sees("\\begin{aligned}") || Sees("\\end{aligned}") ||
           Sees("\\begin{align*}") || Sees("\\end{align*}");
  }
  void SkipEnvironmentMark() {
    at_ = std::min(tex_.find('}', at_), tex_.size() - 1) + 1;
  }

  void One(Output& out) {
    const char c = tex_[at_];
    if (c == '\\') {
      ++at_;
      Command(Name(), out);
    } else if (std::isspace(static_cast<unsigned char>(c))) {
      ++at_;
    } else if (c == '{') {
      ++at_;
      out.Close(Convert('}'));
    } else if (c == '}') {
      throw Error("formula with '}' where no '{' is open");
    } else if (c == '^' || c == '_') {
      ++at_;
      out.Script(Script(c, Argument()));
    } else {
      Character(out);
    }
  }

  void Character(Output& out) {
    const std::string point = CodePoints(tex_.substr(at_))[0];
    at_ += point.size();
    if (point == "-") {
      out.Operator("−");
    } else if (point == "'") {
      out.Script("′");
    } else if (point == ",") {
      out.Close(",");
      out.Space();
    } else if (point == "~") {
      out.Space();
    } else if (point == "+" || point == "=" || point == "<" || point == ">" ||
               point == ":") {
      out.Operator(point);
    } else {
      out.Close(point);
    }
  }

  std::string Name() {
    size_t end = at_;
    while (end < tex_.size() &&
           std::isalpha(static_cast<unsigned char>(tex_[end]))) {
      ++end;
    }
    if (end == at_ && end < tex_.size()) ++end;
    const std::string name(tex_.substr(at_, end - at_));
    at_ = end;
    return name;
  }

  // A braced group, a command with its arguments, or one character.
  std::string Argument() {
    SkipSpace();
    if (AtEnd()) throw Error("formula that ends where an argument should be");
    if (Accept("{")) return Convert('}');
    Output out;
    One(out);
    return out.text();
  }

  // A braced group as it stands: for \text and names.
  std::string RawArgument() {
    SkipSpace();
    const size_t end = tex_.find('}', at_);
    if (!Accept("{") || end == std::string_view::npos) {
      throw Error("formula with \\text or a name without {...}");
    }
    const std::string raw(tex_.substr(at_, end - at_));
    at_ = end + 1;
    return raw;
  }

  static std::string Script(char kind, std::string text) {
    if (text.find(',') != std::string::npos) std::erase(text, ' ');
    const auto small = Small(text, kind == '^' ? Superscripts() : Subscripts());
    if (small) return *small;
    const bool bare =
        CodePoints(text).size() == 1 ||
        (IsAtom(text) && text.find_first_of(",/") == std::string::npos &&
         !StartsWithSign(text));
    return kind + (bare ? text : "(" + text + ")");
  }

  void Command(const std::string& name, Output& out) {
    if (const auto letter = Letters().find(name); letter != Letters().end()) {
      out.Close(letter->second);
    } else if (const auto op = Relations().find(name);
               op != Relations().end()) {
      out.Operator(op->second);
    } else if (const auto space = Spaces().find(name);
               space != Spaces().end()) {
      SpaceOrSize(name, space->second, out);
    } else if (IsFunction(name)) {
      Function(name, out);
    } else if (const auto big = BigOperators().find(name);
               big != BigOperators().end()) {
      out.Apart(big->second + Limits());
    } else {
      Structure(name, out);
    }
  }

  void SpaceOrSize(const std::string& name, const std::string& space,
                   Output& out) {
    if (space == " ") {
      out.Space();
    } else {
      out.WideSpace(space);
    }
    if (name == "left" || name == "right") Accept(".");
  }

  void Function(const std::string& name, Output& out) {
    std::string text = name;
    SkipSpace();
    while (Sees("_") || Sees("^")) {
      const char kind = tex_[at_++];
      text += Script(kind, Argument());
      SkipSpace();
    }
    out.Apart(text);
  }

  // The limits of a sum: small letters, or "(j=1…C)" where there are none.
  std::string Limits() {
    std::string lower, upper;
    for (SkipSpace(); Sees("_") || Sees("^") || Sees("\\limits"); SkipSpace()) {
      if (Accept("\\limits")) continue;
      std::string& limit = tex_[at_++] == '_' ? lower : upper;
      limit = Argument();
    }
    const auto low = Small(lower, Subscripts());
    const auto high = Small(upper, Superscripts());
    if (low && high) return *low + *high;
    if (upper.empty()) return Script('_', lower);
    std::erase(lower, ' ');
    return "(" + lower + "…" + upper + ")";
  }

  void Structure(const std::string& name, Output& out) {
    if (name == "frac" || name == "dfrac" || name == "tfrac") {
      const std::string over = Grouped(Argument());
      const std::string under = Argument();
      const bool small = IsAtom(over) && IsAtom(under);
      out.ApartOperand(over + (small ? "/" : " / ") + Denominator(under));
    } else if (name == "sqrt") {
      const std::string root = Argument();
      const bool one = CodePoints(root).size() == 1;
      out.Close("√" + (one ? root : "(" + root + ")"));
    } else if (name == "text" || name == "mathrm" || name == "mathit" ||
               name == "textbf" || name == "mathtt" || name == "textit") {
      out.Close(RawArgument());
    } else if (name == "operatorname") {
      Accept("*");
      Function(RawArgument(), out);
    } else if (name == "underbrace") {
      Underbrace(out);
    } else if (name == "begin") {
      out.Apart(Environment(RawArgument()));
    } else {
      Letter(name, out);
    }
  }

  static std::string Denominator(const std::string& under) {
    const bool product = under.find("·") != std::string::npos ||
                         under.find('/') != std::string::npos ||
                         DisplayWidth(under) > 1;
    const bool plain = std::all_of(under.begin(), under.end(), [](char c) {
      return std::isdigit(static_cast<unsigned char>(c)) != 0;
    });
    if (plain || !product) return under;
    return IsAtom(under) && IsOneName(under) ? under : "(" + under + ")";
  }
  // One letter with scripts, or a call such as f(x): "1/ŷₖ", but "1/(2n)".
  static bool IsOneName(std::string_view text) {
    if (text.starts_with("∂")) text.remove_prefix(std::string("∂").size());
    if (text.find('(') != std::string_view::npos) return false;
    for (size_t i = 1; i < text.size(); ++i) {
      if (std::isalnum(static_cast<unsigned char>(text[i])) &&
          text[i - 1] != '_' && text[i - 1] != '^') {
        return false;
      }
    }
    return true;
  }

  void Underbrace(Output& out) {
    out.Close(Argument());
    SkipSpace();
    if (Accept("_")) out.Close(" [" + Argument() + "]");
  }

  void Letter(const std::string& name, Output& out) {
    if (name == "mathbb") {
      out.Close(DoubleStruck(Argument()));
    } else if (name == "mathcal") {
      out.Close(Calligraphic(Argument()));
    } else if (name == "mathbf" || name == "boldsymbol" || name == "bm") {
      out.Close(Argument());
    } else if (name == "hat" || name == "bar" || name == "tilde" ||
               name == "vec" || name == "dot" || name == "overline" ||
               name == "widehat" || name == "widetilde") {
      out.Close(Accented(name, Argument()));
    } else {
      throw Error("unknown TeX command \\" + name);
    }
  }

  // Matrices and cases in one line: "[a b; c d]", "{a if x; b else}".
  std::string Environment(const std::string& name) {
    const std::string end = "\\end{" + name + "}";
    const size_t stop = tex_.find(end, at_);
    if (stop == std::string_view::npos) throw Error("formula without " + end);
    Converter inner(tex_.substr(at_, stop - at_));
    at_ = stop + end.size();
    const bool cases = name == "cases";
    if (!cases && name != "pmatrix" && name != "bmatrix" && name != "matrix") {
      throw Error("unknown TeX environment " + name);
    }
    std::string text;
    for (const Lines& row : inner.Rows()) {
      if (!text.empty()) text += "; ";
      for (size_t i = 0; i < row.size(); ++i) {
        text += (i > 0 ? "  " : "") + std::string(Trim(row[i]));
      }
    }
    return cases ? "{ " + text + " }" : "[" + text + "]";
  }

  std::string_view tex_;
  size_t at_ = 0;
};

std::string WithoutTrailingSpace(std::string text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

std::string TexToUnicode(std::string_view tex) {
  return std::string(Trim(Converter(tex).Convert('\0')));
}

Lines TexToLines(std::string_view tex) {
  std::vector<Lines> rows = Converter(tex).Rows();
  std::vector<size_t> widths;
  for (Lines& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      row[i] = Trim(row[i]);
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    }
  }
  Lines lines;
  for (const Lines& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      line += (last ? row[i] : PadRight(row[i], widths[i]) + " ");
    }
    line = WithoutTrailingSpace(line);
    if (!Trim(line).empty()) lines.push_back(line);
  }
  return lines;
}

}  // namespace surprisal::literate
