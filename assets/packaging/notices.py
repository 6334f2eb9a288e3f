"""notices.py --features LIST: licences of all crates that the program is built of, with the texts that lie beside their sources.

A crate without a text of its own is named with the words of its licence, and the program says so at the end on standard error.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

arguments = argparse.ArgumentParser()
arguments.add_argument("--features", default="gpu,window")
features = arguments.parse_args().features
given = ["--locked", "--no-default-features"] + (["--features", features] if features else [])


def cargo(*words):
    return subprocess.run(["cargo", *words], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


# What is linked in: no build scripts, no dependencies of tests.
tree = cargo("tree", *given, "-p", "weightscope", "--edges", "normal", "--prefix", "none", "--format", "{p}")
reached = {tuple(line.split()[:2]) for line in tree.splitlines() if line.strip()}
metadata = json.loads(cargo("metadata", "--locked", "--format-version", "1"))
packages = [one for one in metadata["packages"] if (one["name"], "v" + one["version"]) in reached]

texts, without = {}, []
for package in sorted(packages, key=lambda package: (package["name"], package["version"])):
    if package["source"] is None:
        continue
    named = f"{package['name']} {package['version']} ({package['license'] or 'see its text'})"
    folder = Path(package["manifest_path"]).parent
    begins = ("license", "licence", "copying", "notice", "unlicense", "ofl")
    found = sorted(path for path in folder.iterdir() if path.is_file() and path.name.lower().startswith(begins))
    if not found:
        without.append(named)
    for path in found:
        text = "\n".join(line.rstrip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()).strip()
        texts.setdefault(text, []).append(named)

print("Weightscope is licensed under MIT OR Apache-2.0. It is built of the crates below, each under the licence beside its name.\n")
for text, names in sorted(texts.items(), key=lambda one: one[1][0]):
    print("=" * 100)
    print("\n".join(dict.fromkeys(names)))
    print("-" * 100)
    print(text + "\n")
if without:
    print("=" * 100)
    print("Crates whose sources hold no text of their licence:\n" + "\n".join(without))
print(f"{len(reached)} crates, {len(texts)} texts, {len(without)} without one", file=sys.stderr)
