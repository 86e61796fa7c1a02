#ifndef SURPRISAL_LITERATE_KEYS_H_
#define SURPRISAL_LITERATE_KEYS_H_

#include <functional>

namespace surprisal::literate {

/// What a reader may ask for.
enum class Key { kNext, kBack, kAgain, kQuit };

/// Where the narrator's keys come from.
using KeySource = std::function<Key()>;

/// Reads bytes until they make a key: space, enter, n or the right arrow; b,
/// backspace or the left arrow; a; q, Ctrl-C, Ctrl-D or the end of the input
/// (-1). Other bytes are ignored.
Key ParseKey(const std::function<int()>& next_byte);

/// Waits for a key on the terminal, in raw mode only while it waits. The
/// terminal's mode is restored on return, and before SIGINT, SIGTERM, SIGHUP
/// or SIGQUIT ends the program.
Key ReadTerminalKey();

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_KEYS_H_
