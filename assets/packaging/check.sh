#!/usr/bin/env bash
# Checks what build.sh made: check.sh OUT_DIR. Ends with 1 and the reason at the first package that does not keep its word.
#
# Of each: that it is small enough, asks for no symbol above glibc 2.28 and for no library but those of glibc, says what it is, carries its
# licences, starts, and makes a first picture. The wheel is installed into a fresh environment of Python, by pip and by uv; the Debian package
# is unpacked, and its dependencies are looked up where there is apt. Needs binutils and Python with venv; installs nothing on the machine.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(realpath "${1:?usage: check.sh OUT_DIR}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "failed: $*" >&2; exit 1; }
# Nothing that is checked writes into the person's folders.
export HOME=$work/home WEIGHTSCOPE_RUNS=$work/runs
mkdir -p "$HOME"
unset DISPLAY WAYLAND_DISPLAY WAYLAND_SOCKET

MOST_BYTES=40000000
MOST_SECONDS=60
NEWEST=GLIBC_2.28
DISPLAYS='libX11|libxcb|libxkbcommon|libwayland|libvulkan|libEGL|libGL'

megabytes() { awk -v bytes="$(stat --format %s "$1")" 'BEGIN { printf "%.1f MB", bytes / 1e6 }'; }

# small FILE
small() { [ "$(stat --format %s "$1")" -le "$MOST_BYTES" ] || fail "larger than $((MOST_BYTES / 1000000)) MB ($(megabytes "$1")): $1"; }

# linked PROGRAM: what it asks the machine for.
linked() {
  local newest needed
  newest=$(objdump -T "$1" | grep -o 'GLIBC_[0-9.]*' | sort --version-sort --unique | tail -n 1)
  [ "$(printf '%s\n%s\n' "$newest" "$NEWEST" | sort --version-sort | tail -n 1)" = "$NEWEST" ] || fail "asks for $newest, newer than $NEWEST: $1"
  needed=$(readelf --dynamic "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -Ev '^(libc|libm|libdl|libpthread|librt|ld-linux-[a-z0-9-]*)\.so' || true)
  [ -z "$needed" ] || fail "asks for libraries that are no part of glibc (${needed//$'\n'/, }): $1"
  ! readelf --sections "$1" | grep -q '\.symtab' || fail "is not stripped: $1"
  echo "  asks for no symbol above $newest"
}

# starts PROGRAM FEATURES: it says what it is, and makes a first picture.
starts() {
  local program=$1 features=$2 said run code=0
  said=$("$program" --version)
  [[ $said =~ ^weightscope\ [0-9]+\.[0-9]+\.[0-9]+\ \([0-9a-f]{12}\;\ "$features"\)$ ]] || fail "--version does not name version, commit and \"$features\": $said: $program"
  "$program" list presets | grep -q oscillation/quick || fail "lists no presets: $program"
  "$program" run oscillation/none >/dev/null 2>&1 || code=$?
  [ "$code" = 2 ] || fail "a preset that there is not ends with $code, not 2: $program"
  run=$work/run
  rm -rf "$run" "$work/figures"
  "$program" run oscillation/quick --set float_epochs=1 --set epochs=2 --quiet --out "$run" >/dev/null
  "$program" verify "$run" --quiet >/dev/null || fail "the run is not reproduced: $program"
  "$program" export "$run" --view all --format png --out "$work/figures" >/dev/null 2>&1
  find "$work/figures" -name '*.png' -size +1k | grep -q . || fail "no picture was made: $program"
  echo "  $said"
}

# refuses PROGRAM WORDS: without a window it ends with a sentence.
refuses() {
  local code=0 said
  said=$("$1" 2>&1) || code=$?
  [ "$code" != 0 ] && [[ $said == *"$2"* ]] || fail "asked for a window it says, with exit code $code: $said: $1"
}

# licensed FOLDER
licensed() {
  local file
  for file in LICENSE-MIT LICENSE-APACHE THIRD-PARTY.txt; do [ -s "$1/$file" ] || fail "carries no $file: $1"; done
  [ "$(grep -c '^====' "$1/THIRD-PARTY.txt")" -gt 100 ] || fail "THIRD-PARTY.txt holds hardly a notice: $1"
}

archives=("$out"/weightscope-*.tar.gz)
[ "${#archives[@]}" = 2 ] || fail "there are not two archives, of the program and of its command line: $out"
for archive in "${archives[@]}"; do
  echo "$(basename "$archive"), $(megabytes "$archive")"
  small "$archive"
  tar --extract --gzip --file "$archive" -C "$work"
  folder=$work/$(basename "$archive" .tar.gz)
  licensed "$folder"
  linked "$folder/weightscope"
  if [[ $folder == */weightscope-cli-* ]]; then
    starts "$folder/weightscope" "command line only"
    refuses "$folder/weightscope" "built without its window"
    # Libraries that a program opens by itself while it runs stand in it as words.
    ! grep -aEq "$DISPLAYS" "$folder/weightscope" || fail "the command line alone names a library of a display: $archive"
  else
    starts "$folder/weightscope" "window, gpu"
    refuses "$folder/weightscope" "there is no display"
    grep -aEq "$DISPLAYS" "$folder/weightscope" || fail "the program names no library of a display, so this check sees none: $archive"
  fi
done

wheels=("$out"/*.whl)
wheel=${wheels[0]}
[ -e "$wheel" ] || fail "there is no wheel: $out"
echo "$(basename "$wheel"), $(megabytes "$wheel")"
small "$wheel"
python3 -m venv "$work/venv"
begun=$SECONDS
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index "$wheel"
starts "$work/venv/bin/weightscope" "window, gpu"
took=$((SECONDS - begun))
[ "$took" -le "$MOST_SECONDS" ] || fail "$took s from pip install to the first picture, $MOST_SECONDS are allowed: $wheel"
echo "  $took s from pip install to the first picture"
[ "$("$work/venv/bin/weightscope-desktop" --version)" = "$("$work/venv/bin/weightscope" --version)" ] || fail "weightscope-desktop is another program: $wheel"
for file in LICENSE-MIT LICENSE-APACHE THIRD-PARTY.txt; do
  [ -s "$(echo "$work"/venv/lib/python*/site-packages/weightscope_desktop-*.dist-info/licenses/"$file")" ] || fail "carries no $file: $wheel"
done
"$work/venv/bin/pip" uninstall --quiet --yes weightscope-desktop
[ ! -e "$work/venv/bin/weightscope" ] || fail "pip leaves the program behind: $wheel"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/tools-check.txt"
said=$("$work/venv/bin/uv" tool run --quiet --offline --no-index --find-links "$out" weightscope-desktop --version) || fail "uvx does not start it: $wheel"
[[ $said == weightscope\ * ]] || fail "started by uvx it says: $said: $wheel"
echo "  started by uvx weightscope-desktop"

packages=("$out"/*.deb)
package=${packages[0]}
[ -e "$package" ] || fail "there is no Debian package: $out"
echo "$(basename "$package"), $(megabytes "$package")"
small "$package"
if command -v dpkg-deb >/dev/null; then
  dpkg-deb --extract "$package" "$work/deb"
  dpkg-deb --control "$package" "$work/deb/DEBIAN"
  (cd "$work/deb" && md5sum --quiet --check DEBIAN/md5sums) || fail "its files are not those of its list: $package"
  starts "$work/deb/usr/bin/weightscope" "window, gpu"
  for file in applications/weightscope.desktop icons/hicolor/256x256/apps/weightscope.png man/man1/weightscope.1.gz doc/weightscope/copyright doc/weightscope/THIRD-PARTY.txt.gz; do
    [ -s "$work/deb/usr/share/$file" ] || fail "carries no /usr/share/$file: $package"
  done
  ! command -v desktop-file-validate >/dev/null || desktop-file-validate "$work/deb/usr/share/applications/weightscope.desktop"
  if command -v apt-get >/dev/null && apt-cache show libx11-6 >/dev/null 2>&1; then
    apt-get install --simulate "$package" >"$work/apt" 2>&1 || { cat "$work/apt" >&2; fail "apt-get could not install it: $package"; }
    echo "  apt-get finds what it depends on"
  else
    echo "  skipped: no lists of apt, so its dependencies were not looked up"
  fi
else
  echo "  skipped: dpkg-deb is not installed"
fi

for image in "$out"/*.AppImage; do
  [ -e "$image" ] || continue
  echo "$(basename "$image"), $(megabytes "$image")"
  small "$image"
  (cd "$work" && "$image" --appimage-extract >/dev/null) || fail "it does not unpack itself: $image"
  starts "$work/squashfs-root/AppRun" "window, gpu"
done
echo "all packages keep their word"
