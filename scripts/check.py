"""`make check`: the fast checks, all of them even when one fails; ends with the names of those that failed."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTHON = sys.executable

CHECKS: dict[str, list[str | Path]] = {
    "format": [BIN / "ruff", "format", "--check", "--quiet", "."],
    "lint": [BIN / "ruff", "check", "--quiet", "."],
    "types": [BIN / "mypy", "--no-error-summary"],
    "layers": [BIN / "lint-imports", "--no-cache"],
    "templates": [BIN / "djlint", "templates", "--lint", "--quiet"],
    "migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "deployment": [PYTHON, "manage.py", "check", "--deploy", "--fail-level=WARNING"],
    "translations": [PYTHON, "scripts/translations.py", "check"],
    "stylesheet": [PYTHON, "scripts/stylesheet.py", "check"],
    "tree": [PYTHON, "scripts/check_tree.py"],
    "framework": [PYTHON, "scripts/check_framework.py"],
}
# As the served mode sets them (docker-compose.yml).
SERVED = {"SITE_URL": "https://readiness.example", "BEHIND_PROXY": "yes", "SECRET_KEY": secrets.token_urlsafe(64)}


def main(wanted: list[str]) -> int:
    failed = []
    with tempfile.TemporaryDirectory(prefix="readiness-check-") as folder:
        environment = {**os.environ, "DATA_DIR": folder}
        for name in wanted or CHECKS:
            began = time.monotonic()
            result = subprocess.run(
                CHECKS[name], cwd=ROOT, env=environment | (SERVED if name == "deployment" else {}),
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
            print(f"{'✗' if result.returncode else '✓'} {name} ({time.monotonic() - began:.1f} s)", flush=True)
            if result.returncode:
                failed.append(name)
                print(result.stdout.decode(errors="replace"), flush=True)
    print(f"Failed: {', '.join(failed)}" if failed else "Everything checked is in order.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
