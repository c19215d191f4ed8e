#!/usr/bin/env bash
# Builds and runs the programs in benchmarks/ and writes out/bench/NAME.json; ratios are within one run.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh release
cmake -S . -B build/release -DCIMBALOM_BENCHMARKS=ON >/dev/null
cmake --build build/release -- --quiet
mkdir -p out/bench
for program in build/release/*_benchmark; do
  name=$(basename "$program")
  "$program" --benchmark_out="out/bench/$name.json" --benchmark_out_format=json "$@"
done
