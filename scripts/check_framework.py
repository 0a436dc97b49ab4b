"""Each committed framework file is `dump_framework`'s own output, byte for byte, from an empty database."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    files = sorted((ROOT / "fixtures" / "framework").glob("*.yaml"))
    if not files:
        print("fixtures/framework holds no framework.")
        return 1
    with tempfile.TemporaryDirectory(prefix="readiness-framework-") as folder:
        os.environ["DATA_DIR"] = folder
        manage("migrate", "--verbosity=0")
        return max(check(file) for file in files)


def check(file: Path) -> int:
    """0 when the file is its own dump. Its name is CODE-VERSION.yaml."""
    code, _, version = file.stem.rpartition("-")
    manage("load_framework", str(file))
    dumped = manage("dump_framework", code, version)
    if dumped == file.read_bytes():
        return 0
    print(f"{file.relative_to(ROOT)} is not what `manage.py dump_framework {code} {version}` writes:")
    subprocess.run(["diff", "-u", file, "-"], input=dumped, check=False)
    return 1


def manage(*arguments: str) -> bytes:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
