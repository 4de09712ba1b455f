#!/usr/bin/env python3
"""What the documentation says is true: its commands run, its options exist, its links lead somewhere.

A block that begins with ```sh tested is run by bash in a copy of the tree, block after block of one file in
one copy; it must exit 0. A block ```console has lines `$ command` and is only for reading. Options: each word
--like-this in the manual's section of a subcommand must stand in the subcommand's --help, and the other way round.
Links: a relative one must name a file, and after # a heading of it.
"""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"^```(\w+) tested\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
LIMIT_S = 120


def documents():
    files = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))
    return [file for file in files if file.is_file()]


def without_code(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def anchors(text):
    """Headings as the names that links use."""
    found = set()
    for heading in re.findall(r"^#+ +(.*)$", without_code(text), re.M):
        plain = re.sub(r"[^\w\- ]", "", heading.lower()).strip()
        found.add(plain.replace(" ", "-"))
    return found


def links(file):
    for target in LINK.findall(without_code(file.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        other = (file.parent / path).resolve() if path else file
        if not other.exists():
            yield f"{file.relative_to(ROOT)}: the link to {target} leads nowhere"
        elif anchor and other.suffix == ".md" and anchor not in anchors(other.read_text(encoding="utf-8")):
            yield f"{file.relative_to(ROOT)}: {path or 'the page'} has no heading for #{anchor}"


def copy_of_tree(folder, assay):
    """The tracked files, and the program where a release build puts it."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, check=False)
    names = [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    if not names:  # no git repository: an unpacked archive
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
                 if path.is_file() and "build" not in path.relative_to(ROOT).parts]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    bin_folder = folder / "build/release/bin"
    bin_folder.mkdir(parents=True)
    for program in assay.parent.iterdir():
        (bin_folder / program.name).symlink_to(program)


def run_block(script, folder):
    """What is wrong, or None."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
    env["XDG_STATE_HOME"] = str(folder / "state")  # runs without -o
    process = subprocess.Popen(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=env, text=True, errors="replace",
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    try:
        out, _ = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, _ = process.communicate()
        return f"not done after {LIMIT_S} s\n{out[-2000:]}"
    return f"exit {process.returncode}\n{out[-2000:]}" if process.returncode else None


def blocks(file, assay):
    text = file.read_text(encoding="utf-8")
    found = list(BLOCK.finditer(text))
    if not found:
        return 0, []
    wrong = []
    with tempfile.TemporaryDirectory(prefix="assay-test-docs-") as scratch:
        copy_of_tree(Path(scratch), assay)
        for block in found:
            line = text.count("\n", 0, block.start()) + 1
            problem = run_block(block[2], Path(scratch))
            if problem:
                wrong.append(f"{file.relative_to(ROOT)}:{line}: {problem}")
    return len(found), wrong


def options_of_help(assay, command):
    done = subprocess.run([assay, *command, "--help"], capture_output=True, text=True, timeout=30)
    if done.returncode:
        raise SystemExit(f"assay {' '.join(command)} --help: exit {done.returncode}\n{done.stderr}")
    # The left column of an option's first line: descriptions may speak of options of others.
    columns = re.findall(r"^  (-\S.*?)(?:  |$)", done.stdout, re.M)
    return {option for column in columns for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", column)}


def manual(assay):
    """Sections `## assay COMMAND` of the manual against --help."""
    file = ROOT / "docs/manual.md"
    sections = re.split(r"^## ", file.read_text(encoding="utf-8"), flags=re.M)[1:]
    described = 0
    for section in sections:
        title = re.match(r"`?assay ([a-z ]+?)`?\n", section)
        if not title:
            continue
        described += 1
        said = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", section)) - {"--help", "--"}
        real = options_of_help(assay, title[1].split()) - {"--help"}
        for option in sorted(said - real):
            yield f"docs/manual.md: assay {title[1]} has no option {option}"
        for option in sorted(real - said):
            yield f"docs/manual.md: {option} of assay {title[1]} is not described"
    if not described:
        yield "docs/manual.md: no section describes a command"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--assay", type=Path, default=ROOT / "build/release/bin/assay", help="the program")
    options = parser.parse_args()
    assay = options.assay.resolve()
    wrong, count = [], 0
    for file in documents():
        wrong += links(file)
        ran, problems = blocks(file, assay)
        count += ran
        wrong += problems
    wrong += manual(assay)
    for problem in wrong:
        print(problem)
    print(f"{len(documents())} documents, {count} blocks run, {len(wrong)} problems")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
