# cmake -DFOLDER=... -DOUTPUT=... -P embed.cmake: writes the .gz files of FOLDER
# into a C++ source that defines SampleFiles(). String literals compile in a
# fraction of a second where a list of a million integers takes many.
file(GLOB paths ${FOLDER}/*.gz)
list(SORT paths)
set(table "")
file(WRITE ${OUTPUT} "// Made by lib/digits/embed.cmake.\n"
     "#include \"digits/sample.h\"\n\nnamespace surprisal::digits {\nnamespace {\n")
foreach(path IN LISTS paths)
  get_filename_component(name ${path} NAME)
  string(MAKE_C_IDENTIFIER ${name} variable)
  file(SIZE ${path} size)
  file(READ ${path} hex HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" escaped "${hex}")
  file(APPEND ${OUTPUT} "const char ${variable}[] = \"${escaped}\";\n")
  string(APPEND table "      {\"${name}\", View(${variable}, ${size})},\n")
endforeach()
file(APPEND ${OUTPUT} "
std::span<const uint8_t> View(const char* bytes, size_t size) {
  return {reinterpret_cast<const uint8_t*>(bytes), size};
}

}  // namespace

std::span<const SampleFile, 4> SampleFiles() {
  static const std::array<SampleFile, 4> files = {{
${table}  }};
  return files;
}

}  // namespace surprisal::digits
")
