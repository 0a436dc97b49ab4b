"""The commands load_framework and dump_framework."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.factories.toolkit import DRE, HARBOUR, dre, published_framework
from toolkit import outline
from toolkit.actions import load
from toolkit.models import FrameworkVersion, Guidance, Lever, Option, Question, Section, Warning

pytestmark = pytest.mark.django_db


def run(command: str, *arguments: Any) -> tuple[str, str, str]:
    """What the command writes, its complaints, and the sentence it ends with when it fails."""
    out, err, end = StringIO(), StringIO(), ""
    try:
        call_command(command, *arguments, stdout=out, stderr=err)
    except CommandError as error:
        end = str(error)
    return out.getvalue(), err.getvalue(), end


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    """The small framework's file with replacements, each of which must be possible."""
    text = HARBOUR.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = folder / "framework.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(("file", "code", "version"), [(HARBOUR, "harbour", "1.0"), (DRE, "dre", "2026.1")])
def test_a_loaded_file_is_dumped_byte_for_byte(file: Path, code: str, version: str) -> None:
    run("load_framework", file)
    assert run("dump_framework", code, version) == (file.read_text(encoding="utf-8"), "", "")


def test_loading_says_what_was_loaded() -> None:
    assert run("load_framework", HARBOUR) == ("HARBOUR 1.0 is loaded: 17 questions.\n", "", "")


def test_the_same_file_again_changes_nothing() -> None:
    run("load_framework", HARBOUR)
    before = list(Question.objects.order_by("pk").values())
    assert run("load_framework", HARBOUR) == (
        "HARBOUR 1.0 is loaded already, with the same content. Nothing was changed.\n", "", "",
    )  # fmt: skip
    assert list(Question.objects.order_by("pk").values()) == before


def test_the_same_content_in_another_order_is_the_same(tmp_path: Path) -> None:
    run("load_framework", HARBOUR)
    file = written(tmp_path, ("version: '1.0'\n", ""))
    file.write_text(file.read_text(encoding="utf-8") + "version: '1.0'\n", encoding="utf-8")
    assert run("load_framework", file)[0] == (
        "HARBOUR 1.0 is loaded already, with the same content. Nothing was changed.\n"
    )


def test_a_changed_file_under_a_published_number_is_refused(tmp_path: Path) -> None:
    published_framework()
    file = written(tmp_path, ("Rien n’est encore en place.", "Rien encore."))
    assert run("load_framework", file) == (
        "",
        "",
        f"{file}: HARBOUR 1.0 is published with other content, which never changes. "
        "Give the file a new version number. Nothing was changed.",
    )
    assert FrameworkVersion.objects.get().levels.get(number=1).text.in_("fr") == "Rien n’est encore en place."


def test_a_broken_file_reports_every_line_and_changes_nothing(tmp_path: Path) -> None:
    file = written(tmp_path, ("    en: Moored\n", ""), ("weight: '2'", "weight: '0'"))
    lines = file.read_text(encoding="utf-8").split("\n")
    name, lever, criterion = (
        lines.index("- number: 1") + 2,
        lines.index("    weight: '0'") + 1,
        lines.index("      weight: '0'") + 1,
    )
    assert run("load_framework", file) == (
        "",
        f"{file}:{name}: levels/0/name: the English text is missing\n"
        f"{file}:{lever}: pillars/0/levers/1/weight: the weight must be above 0\n"
        f"{file}:{criterion}: instruments/0/sections/1/questions/1/weight: the weight must be above 0\n",
        f"3 problems in {file}. Nothing was changed.",
    )
    assert not FrameworkVersion.objects.exists()


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    assert run("load_framework", missing) == ("", "", f"{missing} cannot be read: No such file or directory.")


def test_a_new_version_is_compared_with_the_loaded_ones(tmp_path: Path) -> None:
    published_framework()
    file = written(
        tmp_path,
        ("version: '1.0'", "version: '1.1'"),
        ("Quelle part des entrées se fait à la voile?", "Qui tient la barre?"),
    )
    _out, complaints, end = run("load_framework", file)
    assert complaints.endswith(
        "instruments/0/sections/0/questions/3/text: G-4 asks “Quelle part des entrées se fait à la voile?” in 1.0: "
        "give this question a new code, or say “replaces: G-4” if only the words have changed\n"
    )
    assert end == f"1 problem in {file}. Nothing was changed."
    assert [str(framework) for framework in FrameworkVersion.objects.order_by("version")] == ["HARBOUR 1.0"]


def test_a_wording_corrected_is_a_new_version_beside_the_old(tmp_path: Path) -> None:
    published_framework()
    file = written(tmp_path, ("version: '1.0'", "version: '1.0.1'"), ("Quels navires entrent", "Quels bateaux entrent"))
    run("load_framework", file)
    texts = Question.objects.filter(code="G-3").order_by("section__instrument__framework__version")
    assert [question.text.in_("fr") for question in texts] == [
        "Quels navires entrent au port?",
        "Quels bateaux entrent au port?",
    ]


def test_dumping_what_is_not_loaded_names_what_is() -> None:
    assert run("dump_framework", "dre", "1") == ("", "", "dre 1 is not loaded. Loaded: none.")
    published_framework()
    assert run("dump_framework", "dre", "1") == ("", "", "dre 1 is not loaded. Loaded: harbour 1.0.")


def test_loading_is_all_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(_rows: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Warning.objects, "bulk_create", full_disk)
    with pytest.raises(OSError, match="no space left"):
        load(HARBOUR.read_bytes())
    assert not FrameworkVersion.objects.exists()


def test_rows_hold_what_the_file_says() -> None:
    framework = published_framework()
    assert (framework.aggregation, framework.minimum_share, framework.languages) == ("weakest_link", "1", ["fr", "en"])
    lever = Lever.objects.get(code="A.1", pillar__framework=framework)
    assert (lever.support_kind, lever.support_text.in_("en")) == ("on_request", "Advice on request")
    assert [(step.from_level, step.tool and step.tool.code) for step in Guidance.objects.filter(lever=lever)] == [
        (1, "A.1-T1"), (2, None), (3, "A.1-T2"),
    ]  # fmt: skip
    table = Question.objects.get(code="A.1-4")
    assert [(option.axis, option.code) for option in Option.objects.filter(question=table)] == [
        ("column", "crane"), ("column", "store"), ("column", "none"), ("row", "north"), ("row", "south"),
    ]  # fmt: skip
    assert Section.objects.get(code="A.1").lever == lever


def test_a_framework_is_read_in_few_queries(django_assert_num_queries: Any) -> None:
    framework = dre()
    with django_assert_num_queries(4):
        levers = [lever for pillar in outline.pillars(framework) for lever in pillar.levers.all()]
        assert sum(len(lever.guidance.all()) + len(lever.tools.all()) for lever in levers) == 44 + 12
    with django_assert_num_queries(5):
        sections = [part for instrument in outline.instruments(framework) for part in instrument.sections.all()]
        assert sum(len(section.questions.all()) for section in sections) == 129
