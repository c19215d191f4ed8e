#!/usr/bin/env bash
# Set-up, then every check: format, layering, release tests, lint of changed files, address sanitizer of the
# device layer and a system test.
# --all adds the slow tests, the whole tree under ASan+UBSan and TSan, and a minute of each fuzz target.
set -euo pipefail
cd "$(dirname "$0")/.."
all=false
for argument in "$@"; do
  case $argument in
    --all) all=true ;;
    *) echo "usage: scripts/test.sh [--all]" >&2; exit 2 ;;
  esac
done

scripts/setup.sh release

echo "== format"
git ls-files -z '*.cpp' '*.hpp' | xargs -0 clang-format --dry-run --Werror

echo "== layering"
scripts/check_layers.sh

echo "== tests"
labels=(-LE slow)
$all && labels=()
run_tests() {  # preset, further ctest arguments
  local preset=$1 log=build/$1.ctest.log
  shift
  ctest --test-dir "build/$preset" -j "$(nproc)" --output-on-failure "$@" >"$log" 2>&1 ||
    { grep -vE "^ *Start |\.\.  *Passed " "$log" | tail -n 200 >&2; exit 1; }
  grep -E 'tests passed|Total Test time' "$log"
}
run_tests release "${labels[@]}"

echo "== lint"
base=$(git merge-base HEAD origin/main 2>/dev/null || git rev-list --max-parents=0 HEAD | tail -n 1)
[ "$base" = "$(git rev-parse HEAD)" ] && base=$(git rev-parse -q --verify HEAD~1 || git rev-parse HEAD)
changed=$(git diff --name-only --diff-filter=d "$base" -- '*.cpp')
$all && changed=$(git ls-files '*.cpp')
scripts/lint.sh $changed

echo "== address sanitizer"
# By default the device layer and one system test; --all the whole tree.
if $all; then
  scripts/setup.sh asan
  run_tests asan
else
  scripts/setup.sh asan:device_tests,system_test
  run_tests asan -LE slow -L 'device|simulation'
fi

if $all; then
  echo "== thread sanitizer"
  scripts/setup.sh tsan
  run_tests tsan
  echo "== fuzz"
  scripts/fuzz.sh 60
fi

total=0
count() { total=$((total + $1)); }
for log in build/release.ctest.log build/asan.ctest.log build/tsan.ctest.log; do
  if [ -f "$log" ]; then count "$(sed -n 's/.*out of \([0-9]*\).*/\1/p' "$log" | tail -n 1)"; fi
done
echo "$total passed, 0 failed"
