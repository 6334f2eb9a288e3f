#!/usr/bin/env python3
"""manual.py PROGRAM VERSION: the page of the manual, out of what the program's own `--help` says, so that they cannot disagree."""

import subprocess
import sys


def escaped(text):
    """A line as the manual takes it: nothing of it is an instruction."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text.startswith((".", "'")) else text


def main(program, version):
    said = subprocess.run([program, "--help"], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    lines = [
        f'.TH WEIGHTSCOPE 1 "" "weightscope {version}" "User Commands"',
        ".SH NAME",
        "weightscope \\- oscilloscope for the weights of neural networks",
        ".SH SYNOPSIS",
        ".B weightscope",
        "[COMMAND]",
        ".SH DESCRIPTION",
        "Without a command the window opens. \\fBweightscope COMMAND \\-\\-help\\fR says more of each command.",
        ".PP",
        ".nf",
        *[escaped(line.rstrip()) for line in said.splitlines()],
        ".fi",
        ".SH EXIT STATUS",
        "0 done, 1 the run failed, 2 the request was wrong, 75 (sweep run) the task is saved or in work elsewhere, 130 cancelled.",
    ]
    print("\n".join(lines))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: manual.py PROGRAM VERSION")
    main(sys.argv[1], sys.argv[2])
