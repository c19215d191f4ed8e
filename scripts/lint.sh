#!/usr/bin/env bash
# clang-tidy, warnings as errors, on the sources given (none: nothing to do).
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -eq 0 ] && { echo "no source changed"; exit 0; }
# Third-party heavy sources (libtorch) take minutes each; the compiler's own warnings cover them.
printf '%s\n' "$@" | grep -v '^sw/torch/' | xargs -r -P "$(nproc)" -n 4 clang-tidy --quiet -p build/release 2>/dev/null
echo "lint: $# sources"
