"""`make test`: the whole suite, in three parts, with servers of its own; ends with pytest's summary over all of them.

1. Everything that needs no server, on SQLite, two processes.
2. The unit, action, page and matrix tests again, on a private PostgreSQL.
3. The tests that drive a browser or start servers, two files at a time: they wait more than they work.

Arguments are handed to each part (`scripts/test.py -k answers`).
"""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import servers  # noqa: E402

NOTHING_COLLECTED = 5
COVERAGE = ["--cov", "--cov-report="]


def main(arguments: list[str]) -> int:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="readiness-tests-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        parts = [
            part(folder, "SQLite", ["-n", "2", "-m", "not browser and not server", *COVERAGE], arguments),
            part_on_postgresql(folder, arguments),
            part(
                folder,
                "Browser and servers",
                ["-n", "2", "--dist", "loadfile", "-m", "browser or server", *COVERAGE, "--cov-append"],
                arguments,
            ),
        ]
        print_coverage(folder)
    print("\n" + "\n".join(f"{title:<20} {line_of(counts)}" for title, _, counts in parts))
    total = sum((counts for _, _, counts in parts), Counter[str]())
    print_last_line(total, time.monotonic() - began)
    return 0 if all(code == 0 for _, code, _ in parts) and total["passed"] else 1


def part_on_postgresql(folder: Path, arguments: list[str]) -> tuple[str, int, Counter[str]]:
    chosen = ["-n", "2", "-m", "not pdf and not browser and not server", "-p", "no:cov"]
    with servers.postgresql(folder) as url:
        return part(folder, "PostgreSQL", chosen, arguments, DATABASE_URL=url)


def part(
    folder: Path, title: str, chosen: list[str], arguments: list[str], **environment: str
) -> tuple[str, int, Counter[str]]:
    """Run one part; its title, its exit code (0 when nothing was chosen by the arguments) and its counts."""
    print(f"\n──── {title} " + "─" * (70 - len(title)), flush=True)
    results = folder / f"{title}.xml"
    variables = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    variables |= {"DATA_DIR": str(folder / "var"), "COVERAGE_FILE": str(folder / "coverage"), **environment}
    command = [
        sys.executable,
        "-m",
        "pytest",
        f"--junitxml={results}",
        f"--basetemp={folder / title[:4]}",
        *chosen,
        *arguments,
    ]
    code = subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode
    return title, 0 if code == NOTHING_COLLECTED else code, counts_of(results)


def counts_of(results: Path) -> Counter[str]:
    if not results.exists():
        return Counter({"error": 1})
    counts: Counter[str] = Counter()
    for suite in ElementTree.parse(results).getroot().iter("testsuite"):
        number = {key: int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped")}
        counts["failed"] += number["failures"]
        counts["error"] += number["errors"]
        counts["skipped"] += number["skipped"]
        counts["passed"] += number["tests"] - number["failures"] - number["errors"] - number["skipped"]
    return counts


def line_of(counts: Counter[str]) -> str:
    words = [f"{counts[word]} {word}" for word in ("failed", "passed", "skipped", "error") if counts[word]]
    return ", ".join(words) or "no tests"


def print_coverage(folder: Path) -> None:
    variables = {**os.environ, "COVERAGE_FILE": str(folder / "coverage"), "DATA_DIR": str(folder / "var")}
    subprocess.run([sys.executable, "-m", "coverage", "report"], cwd=ROOT, env=variables, check=False)


def print_last_line(total: Counter[str], seconds: float) -> None:
    """As pytest writes it."""
    text = f" {line_of(total)} in {seconds:.2f}s ({timedelta(seconds=int(seconds))}) "
    print(f"\n{text:=^80}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
