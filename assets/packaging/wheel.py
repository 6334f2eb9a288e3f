#!/usr/bin/env python3
"""wheel.py FOLDER VERSION MACHINE OUT: a Python wheel that carries the program, for `pip install` and `uvx`.

FOLDER is the unpacked archive. The wheel is called weightscope-desktop; the command that it installs is `weightscope`, and under its own name
as well, which is what `uvx weightscope-desktop` starts. A wheel is a zip archive with a list of hashes, so the standard library is enough.
The same program gives the same bytes: no clock and no name of the machine enters.
"""

import base64
import hashlib
import sys
import zipfile
from pathlib import Path

# Beside it lies the program itself; where a tool links commands into another folder, the link is followed.
SAME = b'#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/weightscope" "$@"\n'


def main(folder, version, machine, out):
    name = f"weightscope_desktop-{version}"
    tag = f"py3-none-manylinux_2_28_{machine}"
    licences = ["LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY.txt"]
    metadata = "\n".join([
        "Metadata-Version: 2.4",
        "Name: weightscope-desktop",
        f"Version: {version}",
        "Summary: An oscilloscope for the weights of neural networks: a desktop workbench and its command line",
        "License-Expression: MIT OR Apache-2.0",
        *[f"License-File: {licence}" for licence in licences],
        "Requires-Python: >=3.8",
        "Classifier: Environment :: X11 Applications",
        "Classifier: Intended Audience :: Science/Research",
        "Classifier: Operating System :: POSIX :: Linux",
        "Classifier: Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Description-Content-Type: text/markdown",
        "",
        (folder / "README.md").read_text(encoding="utf-8"),
    ])
    wheel = f"Wheel-Version: 1.0\nGenerator: weightscope assets/packaging/wheel.py\nRoot-Is-Purelib: false\nTag: {tag}\n"
    share = f"{name}.data/data/share"
    files = [
        (f"{name}.data/scripts/weightscope", (folder / "weightscope").read_bytes(), 0o755),
        (f"{name}.data/scripts/weightscope-desktop", SAME, 0o755),
        *[
            (f"{share}/{path.relative_to(folder / 'share')}", path.read_bytes(), 0o644)
            for path in sorted((folder / "share").rglob("*"))
            if path.is_file()
        ],
        *[(f"{name}.dist-info/licenses/{licence}", (folder / licence).read_bytes(), 0o644) for licence in licences],
        (f"{name}.dist-info/METADATA", metadata.encode(), 0o644),
        (f"{name}.dist-info/WHEEL", wheel.encode(), 0o644),
    ]
    record = []
    with zipfile.ZipFile(out / f"{name}-{tag}.whl", "w") as archive:
        for path, content, mode in files:
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{path},sha256={digest},{len(content)}\n")
            add(archive, path, content, mode)
        record.append(f"{name}.dist-info/RECORD,,\n")
        add(archive, f"{name}.dist-info/RECORD", "".join(record).encode(), 0o644)


def add(archive, path, content, mode):
    entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
    entry.create_system = 3  # Unix, so that the mode below is one of its files
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content, compresslevel=9)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit("usage: wheel.py FOLDER VERSION MACHINE OUT")
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4]))
