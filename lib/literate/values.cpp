#include "literate/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "surprisal/common/error.h"

namespace surprisal::literate {
namespace {

// Output stands deeper than the code above it.
const std::string kMargin(4, ' ');

// Where the decimal point is, or would be, in a printed number.
size_t PointOf(std::string_view number) {
  const size_t point = number.find_first_of(".e");
  return std::min(point, number.size());
}

bool LooksNumeric(std::string_view text) {
  const size_t start = text.starts_with('-') ? 1 : 0;
  return text.size() > start &&
         (std::isdigit(static_cast<unsigned char>(text[start])) != 0 ||
          text == "nan" || text.substr(start) == "inf");
}

// Pads numbers so that their points stand under each other.
void AlignPoints(std::vector<std::string*>& column) {
  size_t before = 0;
  for (const std::string* text : column) {
    if (LooksNumeric(*text)) before = std::max(before, PointOf(*text));
  }
  for (std::string* text : column) {
    if (!LooksNumeric(*text)) continue;
    *text = std::string(before - PointOf(*text), ' ') + *text;
  }
}

Lines PrintList(std::string_view name, const std::vector<Cell>& cells,
                const Format& format, size_t width) {
  const std::string head = kMargin + std::string(name) + " = ";
  std::vector<std::string> texts;
  size_t widest = 0, total = DisplayWidth(head);
  for (const Cell& cell : cells) {
    texts.push_back(cell.Print(format));
    total += DisplayWidth(texts.back()) + 2;
  }
  if (cells.empty()) return {head + "(empty)"};
  if (total - 2 <= width) {
    std::string line = head;
    for (size_t i = 0; i < texts.size(); ++i)
      line += (i > 0 ? "  " : "") + texts[i];
    return {line};
  }
  std::vector<std::string*> column;
  for (std::string& text : texts) column.push_back(&text);
  AlignPoints(column);
  for (const std::string& text : texts)
    widest = std::max(widest, DisplayWidth(text));
  // Five or ten to a line, so that places can be counted
  const size_t fit =
      std::max<size_t>(1, (width - kMargin.size()) / (widest + 2));
  const size_t per_line = fit >= 10 ? 10 : fit >= 5 ? 5 : fit;
  Lines lines = {kMargin + std::string(name) + " ="};
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i % per_line == 0) lines.push_back(kMargin);
    lines.back() += "  " + PadRight(texts[i], widest);
  }
  return lines;
}

using Texts = std::vector<std::vector<std::string>>;

// Makes the cells of each column equally wide; text to the left, numbers by
// their point.
std::vector<size_t> AlignColumns(Texts& texts, const Texts& headers) {
  std::vector<size_t> widths;
  for (const auto& row : headers) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    }
  }
  for (const auto& row : texts)
    widths.resize(std::max(widths.size(), row.size()));
  for (size_t i = 0; i < widths.size(); ++i) {
    std::vector<std::string*> column;
    for (auto& row : texts) {
      if (i < row.size()) column.push_back(&row[i]);
    }
    AlignPoints(column);
    size_t widest = 0;
    for (const std::string* text : column)
      widest = std::max(widest, DisplayWidth(*text));
    for (std::string* text : column) {
      *text = PadRight(*text, widest);
      if (LooksNumeric(Trim(*text))) *text = PadLeft(*text, widths[i]);
    }
    widths[i] = std::max(widths[i], widest);
  }
  return widths;
}

std::string JoinRow(const std::vector<std::string>& row,
                    const std::vector<size_t>& widths,
                    const std::vector<bool>& left) {
  std::string line = kMargin;
  for (size_t i = 0; i < row.size(); ++i) {
    line += "  " + (left[i] ? PadRight(row[i], widths[i])
                            : PadLeft(row[i], widths[i]));
  }
  return line;
}

Lines PrintTable(std::string_view name, const Table& table,
                 const Format& format) {
  Texts texts;
  for (const auto& row : table.rows) {
    texts.emplace_back();
    for (const Cell& cell : row) texts.back().push_back(cell.Print(format));
  }
  const Texts headers = table.columns.empty() ? Texts{} : Texts{table.columns};
  const std::vector<size_t> widths = AlignColumns(texts, headers);
  std::vector<bool> left(widths.size(), true);
  for (const auto& row : texts) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (LooksNumeric(Trim(row[i]))) left[i] = false;
    }
  }
  Lines lines = {kMargin + std::string(name) + ":"};
  if (!table.columns.empty()) {
    lines.push_back(JoinRow(table.columns, widths, left));
    size_t rule = 0;
    for (const size_t width : widths) rule += width + 2;
    lines.push_back(kMargin + "  " + Repeat("─", rule - 2));
  }
  for (const auto& row : texts) lines.push_back(JoinRow(row, widths, left));
  return lines;
}

void TrimRight(Lines& lines) {
  for (std::string& line : lines) {
    while (!line.empty() && line.back() == ' ') line.pop_back();
  }
}

std::optional<size_t> ParseIndex(std::string_view text) {
  size_t index = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return index;
}

// The pieces of "name[index][index]:digits".
struct Reference {
  std::string_view name;
  std::vector<std::string_view> indices;
  std::optional<int> digits;
};

Reference ParseReference(std::string_view text) {
  Reference reference;
  if (const size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    const auto digits = ParseIndex(text.substr(colon + 1));
    if (!digits || *digits < 1 || *digits > 17) {
      throw Error("digits \"" + std::string(text.substr(colon + 1)) +
                  "\" are outside [1, 17]");
    }
    reference.digits = static_cast<int>(*digits);
    text = text.substr(0, colon);
  }
  const size_t open = text.find('[');
  reference.name = Trim(text.substr(0, open));
  for (size_t at = open; at < text.size();) {
    const size_t close = text.find(']', at);
    if (text[at] != '[' || close == std::string_view::npos) {
      throw Error("brackets are not of the form [index]");
    }
    reference.indices.push_back(text.substr(at + 1, close - at - 1));
    at = close + 1;
  }
  return reference;
}

const Cell& Element(const std::vector<Cell>& cells, std::string_view index,
                    std::string_view what) {
  const auto place = ParseIndex(index);
  if (!place || *place >= cells.size()) {
    throw Error(
        fmt::format("{} {} is outside [0, {})", what, index, cells.size()));
  }
  return cells[*place];
}

const std::vector<Cell>& Row(const Table& table, std::string_view key) {
  const auto place = ParseIndex(key);
  if (place && *place < table.rows.size()) return table.rows[*place];
  for (const auto& row : table.rows) {
    if (!row.empty() && row[0].is_text() && row[0].Print({}) == key) return row;
  }
  throw Error(fmt::format("row {} is neither a row's name nor in [0, {})", key,
                          table.rows.size()));
}

const Cell& TableCell(const Table& table, std::string_view row,
                      std::string_view column) {
  const auto named =
      std::find(table.columns.begin(), table.columns.end(), column);
  const std::string place = std::to_string(named - table.columns.begin());
  return Element(Row(table, row), named == table.columns.end() ? column : place,
                 "column");
}

std::string ResolveIn(const Value& value, const Reference& reference,
                      const Format& format) {
  const auto& indices = reference.indices;
  const auto expect = [&](size_t count, std::string_view kind) {
    if (indices.size() == count) return;
    throw Error(fmt::format("{} takes {} index(es), not {}", kind, count,
                            indices.size()));
  };
  if (const auto* cell = std::get_if<Cell>(&value)) {
    expect(0, "a single value");
    return cell->Print(format);
  }
  if (const auto* table = std::get_if<Table>(&value)) {
    expect(2, "a table");
    return TableCell(*table, indices[0], indices[1]).Print(format);
  }
  const auto& cells = std::get<std::vector<Cell>>(value);
  if (!indices.empty()) {
    expect(1, "a list");
    return Element(cells, indices[0], "index").Print(format);
  }
  std::string text;
  for (const Cell& cell : cells)
    text += (text.empty() ? "" : ", ") + cell.Print(format);
  return text;
}

}  // namespace

std::string PrintNumber(double value, const Format& format) {
  if (std::isnan(value)) return "nan";  // the sign of a NaN varies
  if (format.hex) return fmt::format("{:a}", value);
  const std::string text = fmt::format("{:.{}g}", value, format.digits);
  // "2500" reads better than "2.5e+03"
  constexpr double kPlainBelow = 1e6;
  const bool plain =
      text.find("e+") == std::string::npos || std::abs(value) >= kPlainBelow;
  return plain ? text : fmt::format("{:.0f}", std::stod(text));
}

std::string Cell::Print(const Format& format) const {
  if (const auto* number = std::get_if<double>(&value_))
    return PrintNumber(*number, format);
  if (const auto* integer = std::get_if<int64_t>(&value_))
    return fmt::to_string(*integer);
  return std::get<std::string>(value_);
}

Lines PrintValue(std::string_view name, const Value& value,
                 const Format& format, size_t width) {
  Lines lines;
  if (const auto* cell = std::get_if<Cell>(&value)) {
    lines = {kMargin + std::string(name) + " = " + cell->Print(format)};
  } else if (const auto* cells = std::get_if<std::vector<Cell>>(&value)) {
    lines = PrintList(name, *cells, format, width);
  } else {
    lines = PrintTable(name, std::get<Table>(value), format);
  }
  TrimRight(lines);
  return lines;
}

void ValueBook::Add(size_t step, std::string_view name, Value value,
                    Format format) {
  if (name.empty() || name.find_first_of("[]{}:\n") != std::string_view::npos) {
    throw Error("the name of a shown value, \"" + std::string(name) +
                "\", is empty or has one of []{}: in it");
  }
  if (format.digits < 1 || format.digits > 17) {
    throw Error(fmt::format("digits = {} of \"{}\" is outside [1, 17]",
                            format.digits, name));
  }
  const auto [entry, added] = entries_.try_emplace(
      std::string(name), Entry{step, std::move(value), format});
  if (!added) {
    throw Error(fmt::format("\"{}\" was already shown by step {}", name,
                            entry->second.step + 1));
  }
}

void ValueBook::Forget(size_t step) {
  std::erase_if(entries_,
                [&](const auto& entry) { return entry.second.step == step; });
}

std::string ValueBook::Resolve(std::string_view placeholder) const {
  const std::string name = "{{" + std::string(placeholder) + "}}: ";
  try {
    const Reference reference = ParseReference(placeholder);
    const auto entry = entries_.find(reference.name);
    if (entry == entries_.end()) {
      std::string known;
      for (const auto& [key, unused] : entries_)
        known += (known.empty() ? "" : ", ") + key;
      throw Error("no value of that name was shown before; there is: " +
                  (known.empty() ? "none" : known));
    }
    Format format = entry->second.format;
    if (reference.digits) format = {*reference.digits, false};
    return ResolveIn(entry->second.value, reference, format);
  } catch (const Error& error) {
    throw Error(name + error.what());
  }
}

}  // namespace surprisal::literate
