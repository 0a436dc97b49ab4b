"""The UPU's member countries, loaded from fixtures/countries.csv."""

from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from projects.models import Country
from tests.factories.projects import CountryFactory

pytestmark = pytest.mark.django_db
HEAD = "code,name_fr,name_en,iso2,region,official_languages\n"


def load(*arguments: Path) -> str:
    out = StringIO()
    call_command("load_countries", *arguments, stdout=out)
    return out.getvalue()


def written(folder: Path, rows: str) -> Path:
    file = folder / "countries.csv"
    file.write_text(HEAD + rows, encoding="utf-8")
    return file


def test_all_192_members_are_loaded_with_names_regions_and_languages() -> None:
    assert load() == "192 countries are new, 0 were changed.\n"
    assert Country.objects.count() == 192
    ivory_coast = Country.objects.get(code="ci")
    assert (ivory_coast.iso2, ivory_coast.region, ivory_coast.languages) == ("CI", "africa", ["fr"])
    assert ivory_coast.name == {"fr": "Côte d’Ivoire (Rép.)", "en": "Côte d’Ivoire (Rep.)"}
    assert not ivory_coast.is_fictitious
    assert set(Country.objects.filter(iso2="").values_list("code", flat=True)) == {"aw-cw-sx", "gb-overseas"}
    assert len(Counter(Country.objects.values_list("region", flat=True))) == 7


def test_loading_again_changes_nothing() -> None:
    load()
    before = list(Country.objects.order_by("pk").values())
    assert load() == "0 countries are new, 0 were changed.\n"
    assert list(Country.objects.order_by("pk").values()) == before


def test_a_changed_name_is_brought_up_to_date_and_others_stay(tmp_path: Path) -> None:
    fictitious = CountryFactory()
    load(written(tmp_path, "cz,Tchèque (Rép.),Czech Rep.,CZ,europe_cis,en\n"))
    czechia = Country.objects.get(code="cz")
    assert (
        load(written(tmp_path, "cz,Tchéquie,Czechia,CZ,europe_cis,en fr\n")) == "0 countries are new, 1 were changed.\n"
    )
    found = Country.objects.get(code="cz")
    assert (found.pk, found.name, found.languages) == (czechia.pk, {"fr": "Tchéquie", "en": "Czechia"}, ["en", "fr"])
    assert list(Country.objects.filter(is_fictitious=True)) == [fictitious]


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ("cz,Tchéquie,Czechia,CZ,centre,en\n", "2: “centre” is not a region: africa, arab"),
        ("cz,Tchéquie,,CZ,europe_cis,en\n", "2: a code that no other country has, and both names, are needed."),
        (
            "cz,Tchéquie,Czechia,CZ,europe_cis,en\ncz,Autre,Other,CZ,arab,ar\n",
            "3: a code that no other country has, and both names, are needed.",
        ),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_loaded(tmp_path: Path, rows: str, complaint: str) -> None:
    file = written(tmp_path, rows)
    with pytest.raises(CommandError) as refusal:
        load(file)
    assert str(refusal.value).startswith(f"{file}:{complaint}")
    assert not Country.objects.exists()


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file or directory"):
        load(tmp_path / "none.csv")
