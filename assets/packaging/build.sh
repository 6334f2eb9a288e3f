#!/usr/bin/env bash
# Builds all packages from a checkout and checks them: build.sh [OUT_DIR] (default: target/packages).
#
#   weightscope-VERSION-MACHINE-linux.tar.gz       the program
#   weightscope-cli-VERSION-MACHINE-linux.tar.gz   its command line alone, for machines without a display or a driver
#   weightscope_desktop-VERSION-….whl              a Python wheel that carries the program
#   weightscope_VERSION_ARCHITECTURE.deb           a Debian package
#   Weightscope-VERSION-MACHINE.AppImage           only where WEIGHTSCOPE_APPIMAGE_RUNTIME names a runtime, see README.md
#
# Needs cargo, Python 3.11 with venv, and the package registries of both; nothing else of the machine enters. Programs are linked by Zig
# against glibc 2.28, whatever the machine has. CARGO_TARGET_DIR and CARGO_BUILD_JOBS are kept to.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=assets/packaging
[ "$(uname -s)" = Linux ] || { echo "failed: packages are built on Linux, this is $(uname -s)" >&2; exit 2; }
out=$(realpath -m "${1:-target/packages}")
built=$(realpath -m "${CARGO_TARGET_DIR:-target}")
machine=$(uname -m)
target=$machine-unknown-linux-gnu
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
WEIGHTSCOPE_COMMIT=${WEIGHTSCOPE_COMMIT:-$(git rev-parse --short=12 HEAD 2>/dev/null || echo "unknown commit")}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export WEIGHTSCOPE_COMMIT SOURCE_DATE_EPOCH CARGO_INCREMENTAL=0 CARGO_PROFILE_RELEASE_STRIP=symbols
# Makes the program smaller, not faster, and takes minutes: only packages have it.
export CARGO_PROFILE_RELEASE_LTO=thin
full=weightscope-$version-$machine-linux
cli=weightscope-cli-$version-$machine-linux
rm -rf "$out"
mkdir -p "$out/$full" "$out/$cli"

echo "== tools"
tools=$built/packaging-tools
[ -x "$tools/bin/cargo-zigbuild" ] || {
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --requirement "$here/tools.txt"
}
PATH=$tools/bin:$PATH

echo "== licences"
python3 "$here/notices.py" --features gpu,window --target "$target" >"$out/$full/THIRD-PARTY.txt"
python3 "$here/notices.py" --features "" --target "$target" >"$out/$cli/THIRD-PARTY.txt"

# program FEATURES FOLDER: builds the program without the default features but with these, into a folder.
program() {
  echo "== program (${1:-command line only})"
  cargo zigbuild --locked --release --target "$target.2.28" -p weightscope --no-default-features --features "$1"
  install -m 755 "$built/$target/release/weightscope" "$2/weightscope"
  cp README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "$2/"
  mkdir -p "$2/share/man/man1"
  python3 "$here/manual.py" "$2/weightscope" "$version" >"$2/share/man/man1/weightscope.1"
}
program gpu,window "$out/$full"
program "" "$out/$cli"
install -D -m 644 assets/weightscope.desktop "$out/$full/share/applications/weightscope.desktop"
install -D -m 644 assets/icons/weightscope.png "$out/$full/share/icons/hicolor/256x256/apps/weightscope.png"
install -D -m 644 assets/icons/weightscope.svg "$out/$full/share/icons/hicolor/scalable/apps/weightscope.svg"

echo "== archives"
for folder in "$full" "$cli"; do
  tar --create --sort name --owner 0 --group 0 --numeric-owner --mode u+rw,go+r-w --mtime "@$SOURCE_DATE_EPOCH" -C "$out" "$folder" |
    gzip --best --no-name >"$out/$folder.tar.gz"
done

echo "== wheel"
python3 "$here/wheel.py" "$out/$full" "$version" "$machine" "$out"
echo "== Debian package"
python3 "$here/deb.py" "$out/$full" "$version" "$machine" "$out"
echo "== AppImage"
if [ -n "${WEIGHTSCOPE_APPIMAGE_RUNTIME:-}" ]; then
  "$here/appimage.sh" "$out/$full" "$WEIGHTSCOPE_APPIMAGE_RUNTIME" "$out/Weightscope-$version-$machine.AppImage"
else
  echo "skipped: WEIGHTSCOPE_APPIMAGE_RUNTIME names no runtime"
fi
rm -rf "${out:?}/$full" "${out:?}/$cli"

"$here/check.sh" "$out"
