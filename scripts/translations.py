"""French texts of the interface: `write` brings locale/ up to the code's texts, `check` says what is missing.

English is the source: its texts are the message ids. The check works on a copy, so that it changes nothing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = Path("locale/fr/LC_MESSAGES/django.po")
NOT_SOURCE = ("tests", "scripts", "docs", "fixtures", "var", "node_modules")
SHOWN = 40
HEADER = r"""# French texts of the interface. `make messages` brings this file up to the code.
msgid ""
msgstr ""
"Project-Id-Version: Readiness\n"
"Language: fr\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\n"
"""


def main(action: str) -> int:
    return {"write": write, "check": check}[action]()


def write() -> int:
    (ROOT / CATALOGUE).parent.mkdir(parents=True, exist_ok=True)
    make_messages(ROOT)
    print("\n".join([f"{CATALOGUE} is up to date.", *problems(ROOT / CATALOGUE)]))
    return 0


def check() -> int:
    with tempfile.TemporaryDirectory(prefix="readiness-translations-") as name:
        copy = Path(name)
        for path in source_files():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, copy / path)
        if not (copy / CATALOGUE).exists():
            print(f"{CATALOGUE} is missing. `make messages` writes it.")
            return 1
        before = entries(copy / CATALOGUE)
        make_messages(copy)
        after = entries(copy / CATALOGUE)
        found = problems(copy / CATALOGUE)
        if stale := before - after:
            found.append(f"{len(stale)} texts are no longer in the code (`make messages` removes them): {shown(stale)}")
        if missing := after - before:
            found.append(f"{len(missing)} texts of the code are not in {CATALOGUE} (`make messages` adds them).")
    print("\n".join(found))
    return 1 if found else 0


def source_files() -> list[Path]:
    kinds = ["*.py", "*.html", "*.txt", "*.po"]
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *kinds]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [Path(path) for path in listed.split("\0") if path and (ROOT / path).is_file()]


def make_messages(root: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "manage.py", "makemessages", "--locale=fr", "--add-location=file", "--no-obsolete"]
        command += [f"--ignore={name}/*" for name in NOT_SOURCE]
        variables = {**os.environ, "DATA_DIR": folder}
        subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL, env=variables)
    settle_header(root / CATALOGUE)


def settle_header(catalogue: Path) -> None:
    """The file changes only with its texts: no date, no tool's name in the header."""
    _, _, texts = catalogue.read_text().partition("\n\n")
    catalogue.write_text(f"{HEADER}\n{texts}")


def problems(catalogue: Path) -> list[str]:
    found = []
    for option, words in (("--untranslated", "have no French"), ("--only-fuzzy", "are marked fuzzy")):
        if texts := entries(catalogue, option):
            found.append(f"{len(texts)} texts {words}: {shown(texts)}")
    checked = subprocess.run(
        ["msgfmt", "--check", "-o", os.devnull, catalogue], capture_output=True, text=True, check=False
    )
    if checked.returncode:
        found.append(checked.stderr.strip())
    return found


def entries(catalogue: Path, *options: str) -> set[str]:
    """The message ids of a catalogue (with their context), or of those that msgattrib selects."""
    chosen = subprocess.run(
        ["msgattrib", "--no-obsolete", "--no-wrap", "--no-location", *options, catalogue],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    blocks = (re.sub(r"^#.*\n", "", block, flags=re.MULTILINE) for block in chosen.split("\n\n"))
    identities = (re.split(r"^msgstr", block, maxsplit=1, flags=re.MULTILINE)[0].strip() for block in blocks)
    return {identity for identity in identities if identity and identity != 'msgid ""'}


def shown(texts: set[str]) -> str:
    lines = [re.sub(r'^msgid |"\n"|\n', " ", text).strip() for text in sorted(texts)]
    more = [f"… and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "".join(f"\n    {line}" for line in [*lines[:SHOWN], *more])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
