#!/usr/bin/env bash
# Builds and runs the programs in benchmarks/. Writes out/bench/NAME.json and the table out/bench/NAME.txt: every rate
# beside its bound in the same run (bare/...) and beside the last recorded time (benchmarks/results/NAME.txt).
# `--record` replaces what is recorded; other arguments go to the programs.
set -euo pipefail
cd "$(dirname "$0")/.."
record=false
[ "${1:-}" = --record ] && { record=true; shift; }
scripts/setup.sh release
cmake -S . -B build/release -DCIMBALOM_BENCHMARKS=ON >/dev/null
cmake --build build/release -- --quiet
mkdir -p out/bench
for program in build/release/*_benchmark; do
  name=$(basename "$program")
  recorded=benchmarks/results/$name.txt
  [ -f "$recorded" ] || recorded=/dev/null
  "$program" --benchmark_out="out/bench/$name.json" --benchmark_out_format=json "$@" >"out/bench/$name.log" 2>&1
  awk -f scripts/bench_table.awk "$recorded" "out/bench/$name.json" | tee "out/bench/$name.txt"
  if $record; then cp "out/bench/$name.txt" "benchmarks/results/$name.txt"; fi
done
