"""What a start does before anything serves: translations, database, static files, framework, demonstration.

One process, because starting Django is most of the cost; each step says so when there is something to do, and a
second start, with nothing changed, says nothing.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from readiness import environment as env

COPIES_KEPT = 5


class CannotStart(Exception):
    """The start ends here; the text says why and what to do."""


def say(text: str) -> None:
    print(f"• {text}", flush=True)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readiness.settings")
    try:
        django.setup()
        prepare(demo=env.flag("DEMO", default=True))
    except (ImproperlyConfigured, CannotStart, CommandError) as error:
        sys.exit(f"\nReadiness cannot start: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def prepare(*, demo: bool) -> None:
    record = Record(settings.DATA_DIR / "prepared.json")
    compile_translations(settings.LOCALE_PATHS)
    changed = bring_up_to_date()
    if demo and not settings.DEMO_ALLOWED:
        say("The demonstration is not loaded into a PostgreSQL database, unless DEMO_ALLOWED=yes asks for it.")
        demo = False
    if not demo:
        call_command("create_administrator", verbosity=0)
    collect_static_files(record)
    load_contents(record, demo=demo, anew=changed)
    record.set("demo", "yes" if demo else "no")


class Record:
    """What earlier starts did, so that this one need not do it again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.done: dict[str, str] = json.loads(path.read_text())
        except (FileNotFoundError, ValueError):
            self.done = {}

    def has(self, step: str, value: str) -> bool:
        return self.done.get(step) == value

    def set(self, step: str, value: str) -> None:
        if self.has(step, value):
            return
        self.done[step] = value
        temporary = self.path.with_suffix(".part")
        temporary.write_text(json.dumps(self.done, indent=1, sort_keys=True))
        temporary.replace(self.path)


def fingerprint(paths: Iterable[Path], *also: object) -> str:
    """Changes when a file is added, removed or written, or when one of `also` is another."""
    digest = hashlib.sha256(repr(also).encode())
    for path in sorted(paths):
        stat = path.stat()
        digest.update(f"{path.relative_to(settings.BASE_DIR)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def files_below(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]


# ── Translations ─────────────────────────────────────────────────────────────
def compile_translations(folders: Iterable[Path]) -> None:
    for source in (path for folder in folders for path in folder.glob("*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        say(f"Compiling the translations of {source.parent.parent.name}")
        temporary = compiled.with_suffix(".part")
        try:
            subprocess.run(["msgfmt", "--check-format", "-o", temporary, source], check=True)
        except FileNotFoundError as error:
            raise CannotStart("msgfmt was not found, which compiles translations. Install gettext.") from error
        except subprocess.CalledProcessError as error:
            raise CannotStart(f"{source} has errors (above).") from error
        temporary.replace(compiled)


# ── Database ─────────────────────────────────────────────────────────────────
def bring_up_to_date() -> bool:
    """Apply the migrations that are missing; whether there were any. On SQLite, all or nothing."""
    try:
        executor = MigrationExecutor(connection)
    except DatabaseError as error:
        raise CannotStart(f"the database does not answer: {error}") from error
    unknown = unknown_migrations(executor)
    if unknown:
        raise CannotStart(
            f"the database was written by another release (it knows {', '.join(unknown)}). Start that release, or put "
            f"back an earlier copy from {copies_folder()}."
        )
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not missing:
        return False
    if connection.vendor != "sqlite":
        say(f"Updating the database: {len(missing)} migrations (a backup is for its operator to make)")
        call_command("migrate", interactive=False, verbosity=0)
    elif executor.loader.applied_migrations:
        say(f"Updating the database: {len(missing)} migrations")
        migrate_a_copied(Path(connection.settings_dict["NAME"]))
    else:
        say("Creating the database")
        migrate_a_new(Path(connection.settings_dict["NAME"]))
    return True


def unknown_migrations(executor: MigrationExecutor) -> list[str]:
    """Applied by a release that has migrations this one has not."""
    loader = executor.loader
    ours = loader.migrated_apps
    return sorted(
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if app in ours and (app, name) not in loader.disk_migrations
    )


def migrate_a_new(database: Path) -> None:
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except Exception as error:
        remove_database(database)
        raise CannotStart(f"the database could not be created: {error}") from error


def migrate_a_copied(database: Path) -> None:
    copy = copy_database(database)
    say(f"A copy of it as it was: {copy}")
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except BaseException as error:
        put_back(copy, database)
        raise CannotStart(
            f"a migration failed, and the database is again as it was before this start: {error or 'stopped'}"
        ) from error
    for old in sorted(copies_folder().glob("*.sqlite3"))[:-COPIES_KEPT]:
        old.unlink()


def copies_folder() -> Path:
    return Path(settings.DATA_DIR) / "copies"


def copy_database(database: Path) -> Path:
    """A consistent copy of an SQLite database, with what is still in its log."""
    copies_folder().mkdir(parents=True, exist_ok=True)
    copy = copies_folder() / f"{datetime.now(UTC):%Y-%m-%d-%H%M%S-%f}.sqlite3"
    temporary = copy.with_suffix(".part")
    source, target = sqlite3.connect(database), sqlite3.connect(temporary)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    temporary.replace(copy)
    return copy


def put_back(copy: Path, database: Path) -> None:
    temporary = database.with_suffix(".part")
    shutil.copyfile(copy, temporary)
    remove_database(database)
    temporary.replace(database)


def remove_database(database: Path) -> None:
    connections.close_all()
    for suffix in ("-wal", "-shm", ""):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


# ── Static files ─────────────────────────────────────────────────────────────
def collect_static_files(record: Record) -> None:
    lock = settings.BASE_DIR / "requirements" / "run.txt"
    found = fingerprint([*files_below(*settings.STATICFILES_DIRS), lock])
    if record.has("static", found) and (settings.STATIC_ROOT / "staticfiles.json").exists():
        return
    say("Collecting and compressing static files")
    call_command("collectstatic", interactive=False, verbosity=0)
    record.set("static", found)


# ── Countries, framework, demonstration ──────────────────────────────────────
def load_contents(record: Record, *, demo: bool, anew: bool) -> None:
    """Run the loaders, each of which changes only what differs; not at all when neither code nor files changed."""
    database: dict[str, Any] = connection.settings_dict
    folders = [settings.BASE_DIR / name for name in (*project_apps(), "fixtures", "locale")]
    found = fingerprint(
        files_below(*folders),
        demo,
        settings.DEMO_PASSWORD,
        database["ENGINE"],
        str(database["NAME"]),
        database["HOST"],
        database["PORT"],
    )
    if record.has("contents", found) and not anew:
        return
    record.set("contents", "begun")
    say("Loading the countries")
    call_command("load_countries", verbosity=0)
    for framework in sorted((settings.BASE_DIR / "fixtures" / "framework").glob("*.yaml")):
        say(f"Loading the framework {framework.name}")
        call_command("load_framework", framework, verbosity=0)
    if demo:
        say("Loading the demonstration")
        call_command("demo", verbosity=0)
    record.set("contents", found)


def project_apps() -> list[str]:
    return [name for name in settings.INSTALLED_APPS if (settings.BASE_DIR / name).is_dir()]


if __name__ == "__main__":
    main()
