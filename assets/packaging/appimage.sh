#!/usr/bin/env bash
# appimage.sh FOLDER RUNTIME OUT_FILE: an AppImage of the unpacked archive in FOLDER: RUNTIME with a squashfs image behind it.
# Needs mksquashfs (Debian: squashfs-tools). Where the runtime comes from stands in README.md.
set -euo pipefail
folder=$1 runtime=$2 file=$3
command -v mksquashfs >/dev/null || { echo "failed: mksquashfs is not installed (Debian: squashfs-tools)" >&2; exit 2; }
# "AI" and the version of the format stand at the place that the header of a program leaves free.
[ "$(od -An -tx1 -j 8 -N 3 "$runtime" 2>/dev/null | tr -d ' \n')" = 414902 ] ||
  { echo "failed: this is no runtime of AppImages of type 2: $runtime" >&2; exit 2; }
root=$(mktemp -d)
trap 'rm -rf "$root" "$root.squashfs"' EXIT
mkdir -p "$root/usr/bin"
cp -R "$folder/share" "$root/usr/share"
install -m 755 "$folder/weightscope" "$root/usr/bin/weightscope"
cp "$folder"/LICENSE-* "$folder/THIRD-PARTY.txt" "$root/"
cp "$folder/share/applications/weightscope.desktop" "$folder/share/icons/hicolor/256x256/apps/weightscope.png" "$root/"
ln -s weightscope.png "$root/.DirIcon"
ln -s usr/bin/weightscope "$root/AppRun"
mksquashfs "$root" "$root.squashfs" -root-owned -noappend -no-progress -quiet -comp gzip >/dev/null
cat "$runtime" "$root.squashfs" >"$file"
chmod 755 "$file"
