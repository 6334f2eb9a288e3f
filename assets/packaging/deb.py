#!/usr/bin/env python3
"""deb.py FOLDER VERSION MACHINE OUT: a Debian package of the unpacked archive in FOLDER.

A Debian package is an `ar` archive of two packed tar archives, so the standard library is enough. The same program gives the same bytes:
times are those of SOURCE_DATE_EPOCH, else 1970.
"""

import gzip
import hashlib
import io
import lzma
import os
import sys
import tarfile
from pathlib import Path

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# The window finds its libraries while it starts, so the program itself does not name them: libraries of X11 and of Wayland, a driver.
DEPENDS = [
    "libc6 (>= 2.28)",
    "libx11-6",
    "libx11-xcb1",
    "libxcursor1",
    "libxi6",
    "libxkbcommon0",
    "libxkbcommon-x11-0",
    "libwayland-client0",
    "libvulkan1 | libegl1",
]
RECOMMENDS = ["mesa-vulkan-drivers"]
SUGGESTS = ["xdg-desktop-portal"]


def main(folder, version, machine, out):
    architecture = ARCHITECTURES.get(machine, machine)
    time = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    doc = "usr/share/doc/weightscope"
    files = {
        "usr/bin/weightscope": ((folder / "weightscope").read_bytes(), 0o755),
        f"{doc}/copyright": (copyright_of(folder), 0o644),
        f"{doc}/THIRD-PARTY.txt.gz": (packed(folder / "THIRD-PARTY.txt"), 0o644),
        f"{doc}/changelog.gz": (packed(folder / "CHANGELOG.md"), 0o644),
        f"{doc}/README.md": ((folder / "README.md").read_bytes(), 0o644),
    }
    for path in sorted((folder / "share").rglob("*")):
        if path.is_file():
            place = f"usr/share/{path.relative_to(folder / 'share')}"
            # Pages of the manual are packed in Debian.
            is_page = path.suffix == ".1"
            files[f"{place}.gz" if is_page else place] = (packed(path) if is_page else path.read_bytes(), 0o644)
    kilobytes = sum(-(-len(content) // 1024) for content, _ in files.values())
    control = "\n".join([
        "Package: weightscope",
        f"Version: {version}",
        f"Architecture: {architecture}",
        "Maintainer: The Weightscope authors",
        "Section: science",
        "Priority: optional",
        f"Depends: {', '.join(DEPENDS)}",
        f"Recommends: {', '.join(RECOMMENDS)}",
        f"Suggests: {', '.join(SUGGESTS)}",
        f"Installed-Size: {kilobytes}",
        "Description: oscilloscope for the weights of neural networks",
        " A desktop workbench that trains and inspects models by published methods and",
        " shows, live, how their weights move; with a command line that does the same",
        " without a window.",
        "",
    ])
    sums = "".join(f"{hashlib.md5(content).hexdigest()}  {place}\n" for place, (content, _) in sorted(files.items()))
    about = {"control": (control.encode(), 0o644), "md5sums": (sums.encode(), 0o644)}
    members = [
        ("debian-binary", b"2.0\n"),
        ("control.tar.xz", tar(about, time)),
        ("data.tar.xz", tar(files, time)),
    ]
    with open(out / f"weightscope_{version}_{architecture}.deb", "wb") as package:
        package.write(b"!<arch>\n")
        for name, content in members:
            package.write(f"{name:<16}{time:<12}{0:<6}{0:<6}{0o100644:<8o}{len(content):<10}`\n".encode())
            package.write(content + b"\n" * (len(content) % 2))


def copyright_of(folder):
    texts = [(folder / name).read_text(encoding="utf-8") for name in ("LICENSE-MIT", "LICENSE-APACHE")]
    head = "Weightscope is licensed under MIT OR Apache-2.0, at your choice.\nWhat it is built of stands, with its licences, in THIRD-PARTY.txt.gz.\n"
    return "\n".join([head, *texts]).encode()


def packed(path):
    return gzip.compress(path.read_bytes(), compresslevel=9, mtime=0)


def tar(files, time):
    """Files with their folders, owned by root, packed."""
    folders = {str(parent) for place in files for parent in Path(place).parents if str(parent) != "."}
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for place in sorted(folders | files.keys()):
            content, mode = files.get(place, (None, 0o755))
            entry = tarfile.TarInfo(f"./{place}")
            entry.mtime, entry.mode, entry.uname, entry.gname = time, mode, "root", "root"
            if content is None:
                entry.type = tarfile.DIRTYPE
                archive.addfile(entry)
            else:
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return lzma.compress(plain.getvalue(), preset=6)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit("usage: deb.py FOLDER VERSION MACHINE OUT")
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4]))
