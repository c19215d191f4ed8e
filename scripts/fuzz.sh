#!/usr/bin/env bash
# Runs each fuzz target for the seconds given (default 60) from its corpus, with clang's libFuzzer, ASan and UBSan.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
cmake -S . -B build/fuzz -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_COMPILER=clang++ -DCIMBALOM_FUZZ=ON \
  -DCIMBALOM_TORCH=OFF -DCIMBALOM_SANITIZE=address,undefined,fuzzer-no-link >build/fuzz.configure.log 2>&1 || { cat build/fuzz.configure.log >&2; exit 1; }
cmake --build build/fuzz --target fuzz_targets -- --quiet
for corpus in tests/fuzz/corpus/*/; do
  name=fuzz_$(basename "$corpus")
  program=build/fuzz/$name
  found=build/fuzz/corpus/$name
  mkdir -p "$found"
  "$program" -max_total_time="$seconds" -rss_limit_mb=2048 "$found" "$corpus" >"build/$name.log" 2>&1 ||
    { tail -n 40 "build/$name.log" >&2; exit 1; }
  echo "$name: $(grep -Eo 'Done [0-9]+ runs' "build/$name.log")"
done
