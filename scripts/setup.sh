#!/usr/bin/env bash
# Installs every Debian 12 package that is needed and builds preset `release` (or those given: PRESET or
# PRESET:TARGET,TARGET). The program is then build/release/cimbalom. Does nothing twice.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  g++ cmake ninja-build ccache pkg-config git ca-certificates
  libsystemc-dev libboost-dev libboost-iostreams-dev zlib1g-dev libssl-dev
  libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev
  libtorch-dev libonnx-dev libprotobuf-dev protobuf-compiler
  nlohmann-json3-dev libyaml-cpp-dev libcli11-dev libfmt-dev libhwy-dev
  clang clang-format clang-tidy gtkwave
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "setup: needs root or sudo to install: ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
  fi
  echo "setup: installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

mkdir -p build
for choice in "${@:-release}"; do
  preset=${choice%%:*}
  targets=()
  [ "$preset" = "$choice" ] || IFS=, read -r -a targets <<<"${choice#*:}"
  log="build/$preset.configure.log"
  # A build folder keeps its configuration; ninja configures again when a list file changed.
  [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  cmake --build --preset "$preset" ${targets[@]:+--target "${targets[@]}"} -- --quiet
done
