#include <cstddef>

// In the module, an error would be the end: nobody would read what it says. So
// the numbers in its text are left out, and with them all of printf.
extern "C" int snprintf(char* text, std::size_t size, const char* /*format*/,
                        ...) {
  if (size > 0) *text = 0;
  return 0;
}
