#include "literate/text.h"

#include <cstdint>

namespace surprisal::literate {
namespace {

// Control characters that no source text contains.
constexpr char kOpen = '\x01';
constexpr char kClose = '\x02';
constexpr char kHardSpace = '\x03';

size_t SequenceLength(unsigned char lead) {
  if (lead >= 0xF0) return 4;
  if (lead >= 0xE0) return 3;
  return lead >= 0xC0 ? 2 : 1;
}

uint32_t Decode(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead;
  uint32_t code = lead & (0xFFu >> (sequence.size() + 1));
  for (const char c : sequence.substr(1)) {
    code = (code << 6) | (static_cast<unsigned char>(c) & 0x3F);
  }
  return code;
}

bool IsCombining(uint32_t code) {
  return (code >= 0x300 && code <= 0x36F) || (code >= 0x20D0 && code <= 0x20FF);
}

const char* Colour(char style) {
  switch (static_cast<Style>(style)) {
    case Style::kBold:
      return "\x1b[1m";
    case Style::kItalic:
      return "\x1b[3m";
    case Style::kCode:
      return "\x1b[36m";
    case Style::kTitle:
      return "\x1b[1;4m";
    case Style::kHeading:
      return "\x1b[1;34m";
    case Style::kDim:
      return "\x1b[2m";
    case Style::kKeyword:
      return "\x1b[35m";
    case Style::kString:
      return "\x1b[32m";
    case Style::kNumber:
      return "\x1b[33m";
    case Style::kGood:
      return "\x1b[32m";
    case Style::kBad:
      return "\x1b[1;31m";
    default:
      break;
  }
  // The 256-colour neighbours of the figures' palette (figure_svg.cpp).
  static constexpr const char* kClasses[10] = {
      "\x1b[38;5;68m",  "\x1b[38;5;214m", "\x1b[38;5;160m", "\x1b[38;5;247m",
      "\x1b[38;5;98m",  "\x1b[38;5;131m", "\x1b[38;5;202m", "\x1b[38;5;143m",
      "\x1b[38;5;243m", "\x1b[38;5;116m"};
  return kClasses[style - '0'];
}

// Follows the marks of `text`, so that `open` holds the styles still open.
void FollowMarks(std::string_view text, std::string& open) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == kOpen && i + 1 < text.size()) open += text[++i];
    if (text[i] == kClose && !open.empty()) open.pop_back();
  }
}

// Makes every line open and close its own styles.
void BalanceStyles(Lines& lines) {
  std::string open;
  for (std::string& line : lines) {
    std::string reopened;
    for (const char style : open) reopened += {kOpen, style};
    FollowMarks(line, open);
    line = reopened + line + std::string(open.size(), kClose);
  }
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  size_t i = 0;
  while (true) {
    i = text.find_first_not_of(" \t\n\r", i);
    if (i == std::string_view::npos) return words;
    const size_t end = std::min(text.find_first_of(" \t\n\r", i), text.size());
    words.push_back(text.substr(i, end - i));
    i = end;
  }
}

}  // namespace

Style ClassStyle(size_t i) { return static_cast<Style>('0' + i % 10); }

std::string Styled(Style style, std::string_view text) {
  return std::string{kOpen, static_cast<char>(style)} + std::string(text) +
         kClose;
}

std::string Unbreakable(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c == ' ' ? kHardSpace : c;
  return result;
}

std::vector<std::string> CodePoints(std::string_view text) {
  std::vector<std::string> points;
  for (size_t i = 0; i < text.size();) {
    const size_t length = SequenceLength(static_cast<unsigned char>(text[i]));
    points.emplace_back(text.substr(i, length));
    i += length;
  }
  return points;
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = SequenceLength(lead);
    if (text[i] == kOpen) {
      ++i;
    } else if (text[i] != kClose &&
               !IsCombining(Decode(text.substr(i, length)))) {
      ++width;
    }
    i += length;
  }
  return width;
}

std::string PadRight(std::string_view text, size_t width) {
  const size_t have = DisplayWidth(text);
  return std::string(text) + std::string(have < width ? width - have : 0, ' ');
}

std::string PadLeft(std::string_view text, size_t width) {
  const size_t have = DisplayWidth(text);
  return std::string(have < width ? width - have : 0, ' ') + std::string(text);
}

std::string Repeat(std::string_view text, size_t count) {
  std::string result;
  for (size_t i = 0; i < count; ++i) result += text;
  return result;
}

Lines Wrap(std::string_view text, size_t width, const Indent& indent) {
  Lines lines;
  std::string line = indent.first;
  bool empty = true;
  for (const std::string_view word : Words(text)) {
    if (!empty && DisplayWidth(line) + 1 + DisplayWidth(word) > width) {
      lines.push_back(line);
      line = indent.rest;
      empty = true;
    }
    if (!empty) line += ' ';
    line += word;
    empty = false;
  }
  if (!empty) lines.push_back(line);
  BalanceStyles(lines);
  return lines;
}

std::string Paint(std::string_view text, bool colour) {
  std::string result, open;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == kOpen && i + 1 < text.size()) {
      open += text[++i];
      if (colour) result += Colour(open.back());
    } else if (text[i] == kClose) {
      if (!open.empty()) open.pop_back();
      if (!colour) continue;
      result += "\x1b[0m";
      for (const char style : open) result += Colour(style);
    } else {
      result += text[i] == kHardSpace ? ' ' : text[i];
    }
  }
  return result;
}

Lines SplitLines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.emplace_back(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\n\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n\r") - first + 1);
}

}  // namespace surprisal::literate
