#include "literate/keys.h"

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace surprisal::literate {
namespace {

termios saved_mode;  // valid while RawMode lives
constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

// Async-signal-safe: restores the terminal, then lets the signal end us.
void RestoreAndDie(int signal) {
  tcsetattr(STDIN_FILENO, TCSANOW, &saved_mode);
  ::signal(signal, SIG_DFL);
  raise(signal);
}

class RawMode {
 public:
  RawMode() {
    if (tcgetattr(STDIN_FILENO, &saved_mode) != 0) return;
    active_ = true;
    for (size_t i = 0; i < std::size(kSignals); ++i) {
      struct sigaction action = {};
      action.sa_handler = RestoreAndDie;
      sigaction(kSignals[i], &action, &old_[i]);
    }
    termios raw = saved_mode;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  ~RawMode() {
    if (!active_) return;
    tcsetattr(STDIN_FILENO, TCSANOW, &saved_mode);
    for (size_t i = 0; i < std::size(kSignals); ++i) {
      sigaction(kSignals[i], &old_[i], nullptr);
    }
  }
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;

 private:
  bool active_ = false;
  struct sigaction old_[std::size(kSignals)] = {};
};

int ReadByte() {
  unsigned char byte = 0;
  ssize_t count = 0;
  do {
    count = read(STDIN_FILENO, &byte, 1);
  } while (count < 0 && errno == EINTR);
  return count == 1 ? byte : -1;
}

}  // namespace

Key ParseKey(const std::function<int()>& next_byte) {
  constexpr int kEscape = 27, kCtrlC = 3, kCtrlD = 4, kBackspace = 8,
                kDelete = 127;
  while (true) {
    int byte = next_byte();
    // Arrows arrive as ESC [ C and ESC [ D, or with O in the middle
    if (byte == kEscape) {
      byte = next_byte();
      if (byte == '[' || byte == 'O') {
        byte = next_byte();
        if (byte == 'C') return Key::kNext;
        if (byte == 'D') return Key::kBack;
        while (byte >= '0' && byte <= ';') byte = next_byte();
        if (byte != -1) continue;
      }
    }
    switch (byte) {
      case ' ':
      case '\r':
      case '\n':
      case 'n':
        return Key::kNext;
      case 'b':
      case kBackspace:
      case kDelete:
        return Key::kBack;
      case 'a':
        return Key::kAgain;
      case 'q':
      case kCtrlC:
      case kCtrlD:
      case -1:
        return Key::kQuit;
      default:
        break;
    }
  }
}

Key ReadTerminalKey() {
  const RawMode raw;
  return ParseKey(ReadByte);
}

}  // namespace surprisal::literate
