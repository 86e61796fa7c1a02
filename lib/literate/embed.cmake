# cmake -D NAME=... -D PATH=... -D SOURCE=... -D OUTPUT=... -P embed.cmake
# Writes OUTPUT, a C++ file that holds the bytes of SOURCE whatever they are.
file(READ "${SOURCE}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "((0x..,)(0x..,)?(0x..,)?(0x..,)?(0x..,)?(0x..,)?(0x..,)?(0x..,)?)"
       "\\1\n" bytes "${bytes}")
file(WRITE "${OUTPUT}" "#include \"literate/embedded.h\"

namespace surprisal::literate {
namespace {
constexpr unsigned char kBytes[] = {
${bytes}0};
}  // namespace

const Embedded kEmbedded = {\"${NAME}\", \"${PATH}\", kBytes, sizeof(kBytes) - 1};
}  // namespace surprisal::literate
")
