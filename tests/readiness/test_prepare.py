"""What a start does before anything serves, in processes of its own on a data folder of its own."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from readiness import prepare

ROOT = Path(__file__).resolve().parents[2]
BEFORE, AFTER = "tests.readiness.older.settings_before", "tests.readiness.older.settings_after"


def run(code: str, folder: Path, settings: str = "readiness.settings") -> subprocess.CompletedProcess[str]:
    """Python code in a process with those settings and that data folder."""
    environment = {**os.environ, "DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": settings}
    environment.pop("DATABASE_URL", None)
    code = f"import django; django.setup(); from readiness import prepare; {code}"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def bring_up_to_date(folder: Path, settings: str) -> subprocess.CompletedProcess[str]:
    return run("print(prepare.bring_up_to_date())", folder, settings)


def contents(database: Path) -> list[str]:
    connection = sqlite3.connect(database)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def test_an_older_database_is_copied_first_and_put_back_when_a_migration_fails(tmp_path):
    database = tmp_path / "readiness.sqlite3"
    assert bring_up_to_date(tmp_path, BEFORE).stdout.splitlines() == ["• Creating the database", "True"]
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO older_kept DEFAULT VALUES")
    connection.close()
    as_it_was = contents(database)

    failed = bring_up_to_date(tmp_path, AFTER)

    assert failed.returncode == 1
    assert "a migration failed, and the database is again as it was before this start" in failed.stderr
    assert "the third migration failed" in failed.stderr
    assert contents(database) == as_it_was
    [copy] = (tmp_path / "copies").iterdir()
    assert contents(copy) == as_it_was
    assert bring_up_to_date(tmp_path, BEFORE).stdout == "False\n"


def test_a_database_of_a_later_release_is_refused(tmp_path):
    bring_up_to_date(tmp_path, BEFORE)
    refused = bring_up_to_date(tmp_path, "tests.readiness.older.settings_other")
    assert refused.returncode == 1
    assert "the database was written by another release (it knows older.0001_first)" in refused.stderr


def test_a_new_database_that_cannot_be_made_leaves_nothing(tmp_path):
    assert bring_up_to_date(tmp_path, AFTER).returncode == 1
    assert [path.name for path in tmp_path.glob("readiness.sqlite3*")] == []


def test_a_postgresql_that_does_not_answer_is_said_in_a_sentence(tmp_path):
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"}
    result = subprocess.run(
        [sys.executable, "-m", "readiness.prepare"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "Readiness cannot start: the database does not answer: " in result.stderr
    assert "Traceback" not in result.stderr


def test_translations_are_compiled_only_when_their_source_is_newer(tmp_path, capsys):
    source = tmp_path / "fr" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Save"\nmsgstr "Enregistrer"\n'
    )
    prepare.compile_translations([tmp_path])
    assert capsys.readouterr().out == "• Compiling the translations of fr\n"
    assert b"Enregistrer" in source.with_suffix(".mo").read_bytes()
    prepare.compile_translations([tmp_path])
    assert capsys.readouterr().out == ""
    later = source.with_suffix(".mo").stat().st_mtime + 1
    os.utime(source, (later, later))
    prepare.compile_translations([tmp_path])
    assert capsys.readouterr().out == "• Compiling the translations of fr\n"


def test_translations_with_errors_stop_the_start(tmp_path):
    source = tmp_path / "fr" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text('#, python-format\nmsgid "%(count)s answers"\nmsgstr "%(nombre)s réponses"\n')
    with pytest.raises(prepare.CannotStart, match="has errors"):
        prepare.compile_translations([tmp_path])
    assert not source.with_suffix(".mo").exists()


def test_only_five_copies_are_kept(tmp_path, monkeypatch, settings):
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(prepare, "call_command", lambda *_, **__: None)
    database = tmp_path / "readiness.sqlite3"
    sqlite3.connect(database).close()
    for _ in range(7):
        prepare.migrate_a_copied(database)
    assert len(list((tmp_path / "copies").iterdir())) == 5


def test_a_record_survives_nonsense_in_its_file(tmp_path):
    path = tmp_path / "prepared.json"
    path.write_text("{nonsense")
    record = prepare.Record(path)
    assert not record.has("static", "a")
    record.set("static", "a")
    assert prepare.Record(path).has("static", "a")
