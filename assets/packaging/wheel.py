"""wheel.py FOLDER VERSION MACHINE OUT: a Python wheel that carries the program, for `pip install` and `uvx`.

The name is weightscope-desktop; the command that it installs is weightscope. A wheel is a zip archive with a list of hashes.
"""

import base64
import hashlib
import sys
import zipfile
from pathlib import Path

folder, version, machine, out = Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])
name = f"weightscope_desktop-{version}"
tag = f"py3-none-manylinux_2_28_{machine}"
metadata = f"""Metadata-Version: 2.1
Name: weightscope-desktop
Version: {version}
Summary: An oscilloscope for the weights of neural networks: a desktop workbench and its command line
License: MIT OR Apache-2.0
Requires-Python: >=3.8
Description-Content-Type: text/markdown

{(folder / "README.md").read_text(encoding="utf-8")}"""
wheel = f"Wheel-Version: 1.0\nGenerator: weightscope\nRoot-Is-Purelib: false\nTag: {tag}\n"
files = [
    (f"{name}.data/scripts/weightscope", (folder / "weightscope").read_bytes(), 0o755),
    (f"{name}.dist-info/METADATA", metadata.encode(), 0o644),
    (f"{name}.dist-info/WHEEL", wheel.encode(), 0o644),
    (f"{name}.dist-info/licenses/THIRD-PARTY.txt", (folder / "THIRD-PARTY.txt").read_bytes(), 0o644),
]
record = []
with zipfile.ZipFile(out / f"{name}-{tag}.whl", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    def add(path, content, mode):
        # No clock in the file: the same program gives the same wheel.
        entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
        entry.external_attr = (0o100000 | mode) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, content)

    for path, content, mode in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record.append(f"{path},sha256={digest},{len(content)}\n")
        add(path, content, mode)
    record.append(f"{name}.dist-info/RECORD,,\n")
    add(f"{name}.dist-info/RECORD", "".join(record).encode(), 0o644)
