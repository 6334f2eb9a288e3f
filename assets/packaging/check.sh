#!/usr/bin/env bash
# check.sh OUT_DIR: what the packages must keep: size, oldest glibc, and that each of them starts.
set -euo pipefail
out=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "failed: $*"; exit 1; }

for archive in "$out"/*.tar.gz; do
  megabytes=$(($(stat --format %s "$archive") / 1000000))
  [ "$megabytes" -le 40 ] || fail "$archive has $megabytes MB, 40 are allowed"
  folder=$work/$(basename "$archive" .tar.gz)
  tar --extract --gzip --file "$archive" -C "$work"
  newest=$(objdump -T "$folder/weightscope" | grep -o 'GLIBC_[0-9.]*' | sort --version-sort --unique | tail -n 1)
  [ "$(printf '%s\nGLIBC_2.28\n' "$newest" | sort --version-sort | tail -n 1)" = GLIBC_2.28 ] || fail "$archive asks for $newest"
  said=$("$folder/weightscope" --version)
  "$folder/weightscope" list labs >/dev/null
  [ "$(grep -c . "$folder/THIRD-PARTY.txt")" -gt 1000 ] || fail "$archive: hardly a notice"
  echo "$(basename "$archive"): $megabytes MB, $newest at most, $said"
done
# The command line alone names no library of a display.
if ldd "$work"/weightscope-cli-*/weightscope | grep -E 'libX|libwayland|libxkb|libvulkan|libGL'; then
  fail "the command line asks for a library of a display"
fi
for wheel in "$out"/*.whl; do
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet --no-index "$wheel"
  echo "$(basename "$wheel"): $(($(stat --format %s "$wheel") / 1000000)) MB, $("$work/venv/bin/weightscope" --version)"
  "$work/venv/bin/weightscope" run minimal/none 2>/dev/null && fail "a preset that does not exist was run"
  "$work/venv/bin/weightscope" check oscillation/quick >/dev/null
done
for package in "$out"/*.deb; do
  [ -e "$package" ] || continue
  dpkg-deb --extract "$package" "$work/deb"
  echo "$(basename "$package"): $(($(stat --format %s "$package") / 1000000)) MB, $("$work/deb/usr/bin/weightscope" --version)"
done
