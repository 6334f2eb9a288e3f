#!/usr/bin/env bash
# Builds the packages from a checkout: build.sh [OUT_DIR] (default target/packages).
#
# archive (tar.gz), Python wheel, Debian package, and an archive of the command line alone, each with the notices of all licences.
# Needs cargo, python3 with venv, dpkg-deb for the Debian package (skipped with a word where it is not there), and the package registries.
# The programs ask for no symbol above glibc 2.28: they are linked with the linker of Zig against that version, whatever the machine has.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$(realpath -m "${1:-target/packages}")
machine=$(uname -m)
target=$machine-unknown-linux-gnu
export WEIGHTSCOPE_COMMIT=${WEIGHTSCOPE_COMMIT:-$(git rev-parse --short=12 HEAD 2>/dev/null || echo "unknown commit")}
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
here=assets/packaging
rm -rf "$out"
mkdir -p "$out"

echo "== tools"
tools=target/packaging
[ -x "$tools/bin/cargo-zigbuild" ] || { python3 -m venv "$tools"; "$tools/bin/pip" install --quiet cargo-zigbuild ziglang; }
export PATH=$PWD/$tools/bin:$PATH

# program FEATURES NAME: builds the program and puts it, without symbols for debuggers, under this name.
program() {
  cargo-zigbuild build --locked --release --target "$target.2.28" -p weightscope --no-default-features --features "$1"
  mkdir -p "$(dirname "$2")"
  cp "target/$target/release/weightscope" "$2"
  strip "$2"
}

echo "== programs"
program "gpu,window" "$out/weightscope-$version-$machine/weightscope"
program "" "$out/weightscope-cli-$version-$machine/weightscope"

echo "== notices"
python3 "$here/notices.py" --features gpu,window >"$out/weightscope-$version-$machine/THIRD-PARTY.txt"
python3 "$here/notices.py" --features "" >"$out/weightscope-cli-$version-$machine/THIRD-PARTY.txt"

echo "== archives"
for folder in "weightscope-$version-$machine" "weightscope-cli-$version-$machine"; do
  cp README.md CHANGELOG.md "$out/$folder/"
  [ "$folder" = "weightscope-cli-$version-$machine" ] ||
    cp assets/weightscope.desktop assets/icons/weightscope.png assets/icons/weightscope.svg "$out/$folder/"
  tar --create --gzip --file "$out/$folder.tar.gz" --owner 0 --group 0 --sort name -C "$out" "$folder"
done

echo "== wheel"
python3 "$here/wheel.py" "$out/weightscope-$version-$machine" "$version" "$machine" "$out"

echo "== Debian package"
if command -v dpkg-deb >/dev/null; then
  "$here/deb.sh" "$out/weightscope-$version-$machine" "$version" "$machine" "$out"
else
  echo "skipped: dpkg-deb is not installed"
fi
"$here/check.sh" "$out"
