#!/usr/bin/env bash
# deb.sh FOLDER VERSION MACHINE OUT: a Debian package of the unpacked archive.
set -euo pipefail
folder=$1 version=$2 machine=$3 out=$4
case $machine in x86_64) architecture=amd64 ;; aarch64) architecture=arm64 ;; *) architecture=$machine ;; esac
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
install -D -m 755 "$folder/weightscope" "$root/usr/bin/weightscope"
install -D -m 644 "$folder/weightscope.desktop" "$root/usr/share/applications/weightscope.desktop"
install -D -m 644 "$folder/weightscope.png" "$root/usr/share/icons/hicolor/256x256/apps/weightscope.png"
install -D -m 644 "$folder/weightscope.svg" "$root/usr/share/icons/hicolor/scalable/apps/weightscope.svg"
install -D -m 644 "$folder/THIRD-PARTY.txt" "$root/usr/share/doc/weightscope/copyright"
mkdir -p "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<CONTROL
Package: weightscope
Version: $version
Architecture: $architecture
Maintainer: The Weightscope authors
Section: science
Priority: optional
Depends: libc6 (>= 2.28)
Recommends: libvulkan1, mesa-vulkan-drivers, libxkbcommon0, libxkbcommon-x11-0, libwayland-client0, libx11-6, libxcursor1, libxi6, libxrandr2
Installed-Size: $(du -sk "$root" | cut -f1)
Description: oscilloscope for the weights of neural networks
 A desktop workbench that trains and inspects models and shows, live, how their weights move.
CONTROL
dpkg-deb --root-owner-group --build "$root" "$out/weightscope_${version}_$architecture.deb" >/dev/null
