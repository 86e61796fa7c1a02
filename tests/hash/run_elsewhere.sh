#!/usr/bin/env bash
# The hash file on other instruction sets: run_elsewhere.sh --help.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
readonly here
readonly root=${here%/tests/hash}

# What a build needs: its name, Debian package, the program or file that shows
# it is there, and what it is for.
tools() {
  cat <<'TABLE'
arm    g++-aarch64-linux-gnu  aarch64-linux-gnu-g++  compiles for 64-bit Arm
arm    qemu-user-static       qemu-aarch64-static    runs what was compiled
arm    libhwy-dev:arm64       /usr/lib/aarch64-linux-gnu/libhwy.so  Highway for Arm
wasm   emscripten             em++                   compiles for WebAssembly
wasm   nodejs                 node                   runs what was compiled
clang  clang-19               clang++-19             compiles for this machine
TABLE
}

# Each run: its name, the build it needs, and which of Highway's targets are
# run, for SVE after the bytes of a vector. One build for Arm holds all its
# targets; Highway chooses among them when the program runs.
runs() {
  cat <<'TABLE'
neon      arm    16  NEON
sve_128   arm    16  SVE
sve_256   arm    32  SVE
sve_512   arm    64  SVE
sve2_128  arm    16  SVE2
sve2_256  arm    32  SVE2
sve2_512  arm    64  SVE2
wasm      wasm   16  EMU128
clang     clang
TABLE
}

help() {
  cat <<HELP
Usage: run_elsewhere.sh [--install] [--build DIR] [RUN...]
       run_elsewhere.sh --ready

Compiles the library and the hash program for other instruction sets, runs them
under an emulator, and compares what every function returned, bit for bit, with
$here/expected_hashes.txt.
Without RUN, all of them:

$(runs | awk '{ printf "  %-9s %s\n", $1, $2 == "clang" ? "this machine, every SIMD target, by clang++-19" : $2 == "wasm" ? "WebAssembly SIMD, by emscripten, under node" : "Arm " ($1 == "neon" ? "NEON" : $4 " with vectors of " 8 * $3 " bits") ", by g++, under qemu" }')

  --install    installs missing Debian packages (it asks for Debian's arm64
               packages beside this machine's own)
  --build DIR  where to build, by default build/elsewhere in the source tree
  --ready      only lists the runs for which all tools are there
HELP
}

say() { printf '%s\n' "$*" >&2; }

die() {
  say "run_elsewhere.sh: $*"
  exit 2
}

# ------------------------------------------------------------------- tools --

has() {
  case $1 in
    /*) [[ -e $1 ]] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

# missing_packages BUILD...: of the table, what is not there.
missing_packages() {
  local build package probe
  while read -r build package probe _; do
    [[ " $* " == *" $build "* ]] || continue
    has "$probe" || echo "$package"
  done < <(tools)
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

install_packages() {
  say "Installing $*"
  [[ "$*" != *:arm64* ]] || as_root dpkg --add-architecture arm64
  as_root apt-get update -q >&2
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "$@" >&2
}

# provide_tools BUILD...: refuses, or installs if that was asked for.
provide_tools() {
  local missing=()
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  if [[ -n $install ]]; then
    install_packages "${missing[@]}"
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]} == 0)) || die "still missing: ${missing[*]}"
    return
  fi
  say "These Debian packages are missing; --install installs them:"
  die "${missing[*]}"
}

# ------------------------------------------------------------------- build --

configure_arm() {
  cmake "$@" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
    -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ \
    -DCMAKE_CXX_FLAGS=-march=armv8-a+crypto
}

# The program reads the expected hashes itself, from node's file system.
configure_wasm() {
  emcmake cmake "$@" -Dhwy_DIR="$here/elsewhere/wasm" \
    -DCMAKE_CXX_FLAGS="-msimd128 -fexceptions" \
    -DCMAKE_EXE_LINKER_FLAGS="-sNODERAWFS=1 -sENVIRONMENT=node \
-sWASM_ASYNC_COMPILATION=0 -sEXIT_RUNTIME=1 -sALLOW_MEMORY_GROWTH=1"
}

configure_clang() { cmake "$@" -DCMAKE_CXX_COMPILER=clang++-19; }

# build_program BUILD: configured once, then whatever is out of date. Another
# run of this script may be at the same folder.
build_program() (
  folder=$build_root/$1
  exec {lock}>"$build_root/$1.lock"
  flock "$lock"
  if [[ ! -f $folder/build.ninja ]]; then
    say "Configuring in $folder"
    "configure_$1" -S "$here/elsewhere" -B "$folder" -G Ninja \
      -DCMAKE_BUILD_TYPE=Release >"$build_root/configure_$1.txt" 2>&1 || {
      cat "$build_root/configure_$1.txt" >&2
      rm -rf "$folder"
      die "configuring for $1 failed"
    }
  fi
  ninja -C "$folder" hash_corpus >&2 || die "building for $1 failed"
)

# --------------------------------------------------------------------- run --

# run_program BUILD VECTOR_BYTES OPTION...
run_program() {
  local folder=$build_root/$1 bytes=$2
  case $1 in
    arm)
      qemu-aarch64-static -cpu "max,sve-default-vector-length=$bytes" \
        "$folder/hash_corpus" "${@:3}"
      ;;
    wasm) node "$folder/hash_corpus.js" "${@:3}" ;;
    clang) "$folder/hash_corpus" "${@:3}" ;;
  esac
}

# do_run NAME: 0 if every hash is as expected.
do_run() {
  local name build bytes targets target options=()
  read -r name build bytes targets < <(runs | grep "^$1 ")
  for target in $targets; do options+=(--target "$target"); done
  # What Debian's emscripten makes has no threads
  [[ $build == wasm ]] || options+=(--threads 1 --threads 2 --threads 7)
  local start=$SECONDS code=0
  run_program "$build" "${bytes:-0}" "${options[@]}" \
    --expect "$here/expected_hashes.txt" | sed "s/^/$name: /" || code=1
  echo "$name: $((SECONDS - start)) s"
  return "$code"
}

builds_of() {
  local name
  for name in "$@"; do runs | awk -v name="$name" '$1 == name { print $2 }'; done |
    sort -u
}

list_ready() {
  local name build
  while read -r name build _; do
    [[ -n $(missing_packages "$build") ]] || echo "$name"
  done < <(runs)
}

# parse ARGUMENT...: fills install, build_root and names.
parse() {
  while (($#)); do
    case $1 in
      -h | --help) help && exit ;;
      --ready) list_ready && exit ;;
      --install) install=yes ;;
      --build)
        (($# > 1)) || die "--build needs a value"
        build_root=$2 && shift
        ;;
      -*) die "unknown option '$1'; see --help" ;;
      *)
        [[ -n $(builds_of "$1") ]] ||
          die "'$1' is not one of: $(runs | awk '{ printf "%s ", $1 }')"
        names+=("$1")
        ;;
    esac
    shift
  done
  ((${#names[@]})) || mapfile -t names < <(runs | awk '{ print $1 }')
}

main() {
  local install="" build_root=$root/build/elsewhere names=() builds name code=0
  parse "$@"
  mapfile -t builds < <(builds_of "${names[@]}")
  provide_tools "${builds[@]}"
  # Debian's emscripten finds its JavaScript there; a node of another origin
  # would not look.
  export NODE_PATH=${NODE_PATH-/usr/share/nodejs}
  mkdir -p "$build_root"
  for name in "${builds[@]}"; do build_program "$name"; done
  for name in "${names[@]}"; do do_run "$name" || code=1; done
  exit "$code"
}

main "$@"
