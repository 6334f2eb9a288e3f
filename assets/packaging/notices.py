#!/usr/bin/env python3
"""Licences of everything that the program is built of.

notices.py [--features LIST] [--target TRIPLE]   writes the notices to standard output
notices.py --check                               checks the program with its window and the command line alone

A crate is named with its licence, its authors and where its sources are, above the texts that lie beside those sources. Where a crate brings
no text, that of its licence stands there from `licences/`, over the names of its authors. Exit code 1, with the names, where a licence is
not on the list of `deny.toml` or a text is missing. Needs Python 3.11 and cargo, which fetches crates that are not there yet.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# How the files are called that hold licences, and folders whose contents are not linked in.
BEGINS = ("license", "licence", "copying", "copyright", "notice", "unlicense", "ofl")
ENDINGS = ("", ".txt", ".md", ".rst")
NOT_LINKED = {"tests", "test", "testdata", "examples", "example", "benches", "fuzz", "target"}
# Texts for crates without one of their own, the preferred one first.
STANDARD = {
    "Apache-2.0": ROOT / "LICENSE-APACHE",
    "MIT": HERE / "licences/MIT.txt",
    "MPL-2.0": HERE / "licences/MPL-2.0.txt",
    "Apache-2.0 WITH LLVM-exception": HERE / "licences/Apache-2.0-WITH-LLVM-exception.txt",
}
# What is linked in and is no crate of the registry.
BESIDES = [
    ("Rust standard library (MIT OR Apache-2.0), by the Rust project, https://github.com/rust-lang/rust", "Apache-2.0"),
    ("compiler runtime of Zig (MIT), by the Zig contributors, https://ziglang.org", "MIT"),
    ("LLVM libunwind (Apache-2.0 WITH LLVM-exception), by the LLVM project, https://llvm.org", "Apache-2.0 WITH LLVM-exception"),
]
# Of a crate, but not by its licence.
WITHIN = {"egui_material_icons": ("Material Symbols, fonts in egui_material_icons (Apache-2.0), by Google, https://github.com/google/material-design-icons", "Apache-2.0")}
RULE = "=" * 100


def cargo(*words):
    return subprocess.run(["cargo", *words], check=True, stdout=subprocess.PIPE, encoding="utf-8", cwd=ROOT).stdout


def linked(features, target):
    """Packages that are linked in: no build scripts, no dependencies of tests."""
    given = ["--no-default-features"] + (["--features", features] if features else [])
    shown = ["--edges", "normal", "--prefix", "none", "--format", "{p}"]
    tree = cargo("tree", "--locked", "-p", "weightscope", "--target", target, *given, *shown)
    reached = {tuple(line.split()[:2]) for line in tree.splitlines() if line.strip()}
    metadata = json.loads(cargo("metadata", "--locked", "--format-version", "1", "--filter-platform", target))
    ours = (package for package in metadata["packages"] if package["source"] is not None)
    packages = [package for package in ours if (package["name"], "v" + package["version"]) in reached]
    return sorted(packages, key=lambda package: (package["name"], package["version"]))


def choices(expression):
    """The sets of licences that an SPDX expression lets one choose from: `A OR (B AND C)` is [{A}, {B, C}]."""
    words = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    place = 0

    def peek():
        return words[place] if place < len(words) else None

    def take():
        nonlocal place
        place += 1
        return words[place - 1]

    def either():
        found = both()
        while peek() == "OR":
            take()
            found = found + both()
        return found

    def both():
        found = one()
        while peek() == "AND":
            take()
            right = one()
            found = [left | other for left in found for other in right]
        return found

    def one():
        if peek() == "(":
            take()
            found = either()
            if take() != ")":
                raise ValueError(f"no closing bracket: {expression}")
            return found
        name = take()
        if peek() == "WITH":
            take()
            name = f"{name} WITH {take()}"
        return [frozenset([name])]

    found = either()
    if peek() is not None:
        raise ValueError(f"not understood: {expression}")
    return found


def own_texts(package):
    """Texts beside the sources of a crate."""
    folder = Path(package["manifest_path"]).parent
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.name.lower()
        inside = path.relative_to(folder).parts[:-1]
        is_text = name.startswith(BEGINS) and path.suffix.lower() in ENDINGS and path.is_file()
        # A name such as LICENSE-Apache-2.0 seems to end in ".0".
        is_text = is_text or (name.startswith(("license-", "licence-")) and path.is_file() and path.suffix[1:].isdigit())
        if is_text and not NOT_LINKED & set(inside):
            found.append(read(path))
    return [text for text in found if text]


def read(path):
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(line.rstrip() for line in lines).strip()


def named(package):
    authors = ", ".join(re.sub(r"\s*<[^>]*>", "", author) for author in package["authors"]) or f"the authors of {package['name']}"
    where = package["repository"] or f"https://crates.io/crates/{package['name']}"
    return f"{package['name']} {package['version']} ({package['license'] or 'see its text'}), by {authors}, {where}"


def gather(packages, allowed):
    """Texts with what they are of: own texts, standard texts by licence; and what is wrong."""
    own, standard, wrong = {}, {}, []
    for package in packages:
        name = named(package)
        texts = own_texts(package)
        fitting = []
        if package["license"]:
            fitting = [choice for choice in choices(package["license"]) if choice <= allowed]
            if not fitting:
                wrong.append(f"its licence is not on the list of deny.toml: {name}")
        elif not texts:
            wrong.append(f"it names no licence: {name}")
        for text in texts:
            # The same words, wrapped in another way, are one text.
            own.setdefault(" ".join(text.split()), (text, []))[1].append(name)
        if not texts and fitting:
            known = [choice for choice in fitting if choice <= STANDARD.keys()]
            if known:
                chosen = min(known, key=lambda choice: [list(STANDARD).index(one) for one in sorted(choice)])
                for one in chosen:
                    standard.setdefault(one, []).append(name)
            else:
                wrong.append(f"neither its sources nor licences/ hold the text of its licence: {name}")
        if package["name"] in WITHIN:
            words, licence = WITHIN[package["name"]]
            standard.setdefault(licence, []).append(words)
    for words, licence in BESIDES:
        standard.setdefault(licence, []).append(words)
    return own, standard, wrong


def embedded():
    """What is compiled in from `assets/`, with the words that lie beside it."""
    for path in sorted((ROOT / "assets/fonts").glob("*-LICENSE.txt")):
        yield f"Font in assets/fonts: {path.name.removesuffix('-LICENSE.txt')}", read(path)
    for path in sorted((ROOT / "assets").glob("*/README.md")):
        if path.parent != HERE:
            yield f"Files in assets/{path.parent.name}", read(path)


def written(own, standard):
    """The notices as one text."""
    parts = [
        "Weightscope is licensed under MIT OR Apache-2.0, see LICENSE-MIT and LICENSE-APACHE. It is built of what is listed here, each under\n"
        "the licence beside its name; the sources of each crate are at https://crates.io/crates/NAME, unchanged."
    ]
    for name, text in embedded():
        parts.append(f"{name}\n{'-' * 100}\n{text}")
    for text, names in sorted(own.values(), key=lambda one: one[1][0]):
        parts.append("\n".join(dict.fromkeys(names)) + f"\n{'-' * 100}\n{text}")
    for licence, names in sorted(standard.items()):
        names = "\n".join(dict.fromkeys(names))
        parts.append(f"Under {licence}, without a text of their own beside their sources:\n{names}\n{'-' * 100}\n{read(STANDARD[licence])}")
    return f"\n\n{RULE}\n".join(parts) + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--features", default="gpu,window", help="features of the program, separated by commas")
    arguments.add_argument("--target", default="x86_64-unknown-linux-gnu", help="the machine that it is built for")
    arguments.add_argument("--check", action="store_true", help="writes nothing; the program with its window, and the command line alone")
    given = arguments.parse_args()
    allowed = frozenset(tomllib.loads((ROOT / "deny.toml").read_text(encoding="utf-8"))["licenses"]["allow"])
    failed = False
    for features in ["gpu,window", ""] if given.check else [given.features]:
        packages = linked(features, given.target)
        own, standard, wrong = gather(packages, allowed)
        if not given.check:
            sys.stdout.write(written(own, standard))
        without = sum(len(names) for names in standard.values()) - len(BESIDES)
        print(f"{features or 'command line only'}: {len(packages)} crates, {len(own)} texts of their own, {without} named under a standard text", file=sys.stderr)
        for words in wrong:
            print(f"failed: {words}", file=sys.stderr)
        failed = failed or bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
