#!/usr/bin/env bash
# Set-up, then the main job on the embedded default: baseline against co-designed, in about two minutes. Arguments go to
# `cimbalom run`; with a network, package or policy among them nothing is added.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh release
out=out
arguments=("$@")
for ((i = 0; i + 1 < ${#arguments[@]}; i++)); do
  [ "${arguments[i]}" = --out ] && out=${arguments[i + 1]}
done
[[ " $* " == *" --out "* ]] || arguments+=(--out "$out")
[[ " $* " =~ " --"(model|package|policy)[\ =] ]] || arguments+=(--policy builtin)
build/release/cimbalom run "${arguments[@]}"
echo "report: $out/report.json (beside it layers.csv and resolved.yaml)"
