#!/usr/bin/env bash
# Runs each fuzz target for the seconds given (default 60) from its corpus, with clang's libFuzzer, ASan and UBSan.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
cmake -S . -B build/fuzz -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_COMPILER=clang++ -DCIMBALOM_FUZZ=ON \
  -DCIMBALOM_TORCH=OFF -DCIMBALOM_SANITIZE=address,undefined >build/fuzz.configure.log 2>&1 || { cat build/fuzz.configure.log >&2; exit 1; }
cmake --build build/fuzz --target fuzz_targets -- --quiet
for program in build/fuzz/fuzz_*; do
  [ -x "$program" ] && [ -f "$program" ] || continue
  name=$(basename "$program")
  found=build/fuzz/corpus/$name
  mkdir -p "$found"
  "$program" -max_total_time="$seconds" -rss_limit_mb=2048 "$found" "tests/fuzz/corpus/${name#fuzz_}" >"build/$name.log" 2>&1 ||
    { tail -n 40 "build/$name.log" >&2; exit 1; }
  echo "$name: $(grep -Eo 'Done [0-9]+ runs' "build/$name.log")"
done
