#!/usr/bin/env bash
# The device layer compiles without SystemC: no target of it may see SystemC's or TLM's headers.
# The compiler lists the headers each device-layer source really includes; one from SystemC fails the check.
set -euo pipefail
cd "$(dirname "$0")/.."
database=build/release/compile_commands.json
[ -f "$database" ] || { echo "layers: no $database, run scripts/setup.sh" >&2; exit 1; }
sources=$(git ls-files 'models/arithmetic/*.cpp' 'models/energy/*.cpp' 'models/registers/*.cpp' 'models/*/*_config.cpp' \
  'models/*/*_cost.cpp' 'models/*/*_core*.cpp' 'platform/configuration/*.cpp' 'sw/onnx/*.cpp' 'sw/graph/*.cpp' \
  'sw/datasets/*.cpp' 'sw/quantization/*.cpp' 'sw/compiler/*.cpp' 'sw/driver/*.cpp' 'sw/report/*.cpp' 'sw/codesign/*.cpp' \
  'sw/pruning/*.cpp' 'sw/package/*.cpp' 'sw/estimate/*.cpp' 'sw/validate/*.cpp')
blocked=build/no_systemc
mkdir -p "$blocked"
for header in systemc systemc.h tlm tlm.h; do
  echo '#error the device layer must not include SystemC' >"$blocked/$header"
done
count=0
for source in $sources; do
  # -iquote/-I before every other path: a device-layer file that includes SystemC meets the #error.
  command=$(grep -A2 -B2 "\"file\": \".*/$source\"" "$database" | sed -n 's/.*"command": "\(.*\)",*$/\1/p' | head -n 1 | sed 's/\\"/"/g')
  [ -n "$command" ] || { echo "layers: $source is not built" >&2; exit 1; }
  command=$(sed -E 's/ -o [^ ]+//; s/ -c / -fsyntax-only -c /; s/^[^ ]*ccache //' <<<"$command")
  first=${command%% *}
  if ! (cd build/release && eval "$first -MM -MG -I'$PWD/$blocked' ${command#* }" >"../layers.d" 2>"../layers.err"); then
    cat build/layers.err >&2
    exit 1
  fi
  if grep -qE '(^|[ /])(systemc|tlm)(\.h)?( |$|\\)' build/layers.d || grep -q no_systemc build/layers.d; then
    echo "layers: $source reaches SystemC" >&2
    exit 1
  fi
  count=$((count + 1))
done
echo "$count device-layer sources, none reaches SystemC"
