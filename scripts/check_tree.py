"""What the files themselves must hold: locks without addresses, one list of packages, nothing of one machine."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = [ROOT / "requirements" / f"{name}.txt" for name in ("run", "test", "security")]
REGISTRY = re.compile(r"https?://[^ \"']*(pypi|pythonhosted|npmjs|debian\.org)")
MACHINE = re.compile(r"(^|[^A-Za-z0-9._-])/(work|farm|root|home)/")
NEIGHBOUR = re.compile(r"\.\./shared")


def main() -> int:
    found = [*locks(), *requirements(), *installs(), *places()]
    print("\n".join(found))
    return 1 if found else 0


def locks() -> Iterator[str]:
    for lock in LOCKS:
        for number, line in enumerate(lock.read_text().splitlines(), 1):
            if "://" in line or line.startswith("-"):
                yield f"{lock.relative_to(ROOT)}:{number}: a lock holds names, versions and hashes only: {line.strip()}"
    run, test = (pins(lock) for lock in LOCKS[:2])
    for line in sorted(run - test):
        yield f"requirements/test.txt: {line} of run.txt is missing; `make lock` writes both."


def pins(lock: Path) -> set[str]:
    return set(re.findall(r"^([a-z0-9._-]+(?:\[.*\])?==\S+)", lock.read_text(), re.MULTILINE))


def requirements() -> Iterator[str]:
    """pyproject.toml, which says why, and run.in name the same packages, each of them locked."""
    declared = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"])
    asked = {
        line.strip() for line in (ROOT / "requirements" / "run.in").read_text().splitlines() if not line.startswith("#")
    }
    for name in sorted(declared ^ asked):
        yield f"{name} stands in only one of pyproject.toml and requirements/run.in."
    for source, lock in (("run.in", LOCKS[0]), ("test.in", LOCKS[1]), ("security.in", LOCKS[2])):
        locked = {line.partition("==")[0] for line in pins(lock)}
        for line in (ROOT / "requirements" / source).read_text().splitlines():
            name = re.split(r"[=<>\[]", line)[0].strip().lower()
            if name and not name.startswith(("#", "-")) and name not in locked:
                yield f"requirements/{lock.name}: {name} of {source} is missing; `make lock` writes it."


def installs() -> Iterator[str]:
    """pip takes what a lock names and nothing else: asked for more, it would find what is new since."""
    for name in ("scripts/install.sh", "Dockerfile"):
        commands = re.findall(r"pip install\b.*", (ROOT / name).read_text().replace("\\\n", " "))
        for command in commands:
            missing = [option for option in ("--require-hashes", "--no-deps") if option not in command]
            if missing:
                yield f"{name}: `pip install` without {' and '.join(missing)}."
        if not commands:
            yield f"{name}: no `pip install` was found, so that nothing holds how it installs."


def places() -> Iterator[str]:
    for path in tracked_files():
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), 1):
            if REGISTRY.search(line):
                yield f"{path.relative_to(ROOT)}:{number}: the address of a package registry."
            if MACHINE.search(line):
                yield f"{path.relative_to(ROOT)}:{number}: a path of one machine."
            if NEIGHBOUR.search(line) and path.suffix != ".md":
                yield f"{path.relative_to(ROOT)}:{number}: a folder outside the project."


def tracked_files() -> Iterator[Path]:
    """Texts of ours: not this file, which holds the patterns, and nothing vendored or binary."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        ours = path != Path(__file__).resolve() and "vendor" not in path.parts and path.is_file()
        if ours and b"\0" not in path.read_bytes()[:8000]:
            yield path


if __name__ == "__main__":
    sys.exit(main())
