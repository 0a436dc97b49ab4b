"""Two answers to one question: what the save replies, what the page shows, and choosing without a script."""

import json

import pytest

from assessments.models import Answer, AnswerRevision
from projects.permissions import Role
from tests.assessments.pages.test_sheets import fields, of_kind, post, section_url
from tests.clients import signed_in
from tests.factories.assessments import answer
from tests.factories.projects import member
from toolkit.models import Institution, Kind

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(project):
    return signed_in(member(project, Role.CONTRIBUTOR))


@pytest.fixture
def ana(project):
    return signed_in(member(project, Role.COORDINATOR))


def buttons(html: str) -> list[dict[str, str]]:
    """What each button of the box puts into the fields."""
    raw = [part.split('"', 1)[0] for part in html.split('data-keep="')[1:]]
    return [dict(json.loads(each.replace("&quot;", '"'))) for each in raw]


def test_the_reply_has_both_texts_with_their_differences_marked(project, sheet, ana, ben):
    question = of_kind(sheet, Kind.TEXT)
    post(ben, project, question, value="The law of 2014", note="Theirs")
    box = post(ana, project, question, value="The law of 2016").json()["box"]
    assert "The law of <mark>2016</mark>" in box
    assert "The law of <mark>2014</mark>" in box
    assert 'data-head="1"' in box
    mine, theirs, both = buttons(box)
    code = question.code
    assert mine == {f"{code}:value": "The law of 2016"}
    assert theirs == {f"{code}:value": "The law of 2014", f"{code}:note": "Theirs"}
    assert both == {f"{code}:value": "The law of 2016\n\nThe law of 2014", f"{code}:note": "Theirs"}


def test_the_page_shows_the_same_box_until_the_person_saves_again(project, sheet, ana, ben):
    question = of_kind(sheet, Kind.TEXT)
    post(ben, project, question, value="The law of 2014")
    box = post(ana, project, question, value="The law of 2016").json()["box"]
    url = section_url(project, question)
    page = ana.get(url).content.decode()
    assert buttons(page) == buttons(box)
    assert "data-keep" not in ben.get(url).content.decode()
    post(ana, project, question, base=1, value="The law of 2014")
    assert "data-keep" not in ana.get(url).content.decode()


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind != Kind.RATING])
def test_what_a_button_puts_into_the_fields_is_read_as_the_same_answer(project, sheet, ana, ben, kind):
    question = of_kind(sheet, kind)
    options = [option.code for option in question.options.all()]
    columns = [option.code for option in question.options.all() if option.axis == "column"]
    rows = [option.code for option in question.options.all() if option.axis == "row"]
    typed = {
        Kind.CRITERION: {"value": "2", "basis": "seen"}, Kind.CHOICE: {"value": options[:1]},
        Kind.CHOICES: {"value": options[:2]}, Kind.YES_PARTLY_NO: {"value": "partly"},
        Kind.NUMBER: {"value": "1,234.5"}, Kind.PERCENTAGE: {"value": "12.5"},
        Kind.MONEY: {"amount": "1,000", "currency": "USD"}, Kind.DATE: {"value": "2026-05-31"},
        Kind.LINK: {"value": "https://valmara.example"}, Kind.TEXT: {"value": "été"},
        Kind.TABLE: {f"cell:{row}": columns[0] for row in rows},
    }[kind]  # fmt: skip
    typed = {**typed, "note": "A note", "confidential": "on"}
    post(ben, project, question, status="dont_know", value="dont_know")
    html = post(ana, project, question, **typed).json()["box"]
    raw = html.split('data-keep="')[1].split('"', 1)[0].replace("&quot;", '"')
    pairs: dict[str, list[str]] = {}
    for name, value in json.loads(raw):
        pairs.setdefault(name.partition(":")[2], []).append(value)
    reply = post(ana, project, question, base=1, **pairs)
    assert reply.status_code == 200
    refused, accepted = AnswerRevision.objects.order_by("pk")[1:]
    assert accepted.content() == refused.content()


def test_choices_are_put_together_and_single_ones_are_not(project, sheet, ana, ben):
    several = of_kind(sheet, Kind.CHOICES)
    options = [option.code for option in several.options.all() if option.code != "none"]
    post(ben, project, several, value=options[:1])
    box = post(ana, project, several, value=options[1:2]).json()["box"]
    raw = box.split('data-keep="')[3].split('"', 1)[0].replace("&quot;", '"')
    assert json.loads(raw) == [[f"{several.code}:value", code] for code in (options[1], options[0])]
    single = of_kind(sheet, Kind.CHOICE)
    codes = [option.code for option in single.options.all()]
    post(ben, project, single, value=codes[0])
    assert len(buttons(post(ana, project, single, value=codes[1]).json()["box"])) == 2


def test_another_page_of_the_same_person_is_said_to_be_one(project, sheet, ana):
    question = of_kind(sheet, Kind.TEXT)
    post(ana, project, question, value="On the phone")
    box = post(ana, project, question, value="At the desk").json()["box"]
    assert "You saved another answer meanwhile, on another page or device." in box


@pytest.mark.parametrize(("keep", "stands"), [("mine", "mine"), ("theirs", "theirs"), ("both", "mine\n\ntheirs")])
def test_one_chooses_without_a_script_and_everything_stays_in_the_history(project, sheet, ana, keep, stands):
    question = of_kind(sheet, Kind.TEXT)
    answer(project, question.code, "theirs")
    ana.post(section_url(project, question), fields(question, value="mine"))
    posted = fields(question, base=1, value="theirs") | {f"{question.code}:keep": keep}
    assert ana.post(section_url(project, question), posted).status_code == 302
    assert Answer.objects.get(question=question).value == stands
    assert list(AnswerRevision.objects.order_by("pk").values_list("value", "kind")) == [
        ("theirs", "accepted"), ("mine", "refused"), (stands, "accepted"),
    ]  # fmt: skip
    assert "data-keep" not in ana.get(section_url(project, question)).content.decode()


def test_what_was_mended_beside_the_box_counts_as_mine(project, sheet, ana):
    question = of_kind(sheet, Kind.TEXT)
    answer(project, question.code, "theirs")
    ana.post(section_url(project, question), fields(question, value="mine"))
    posted = fields(question, base=1, value="mine, mended") | {f"{question.code}:keep": "mine"}
    ana.post(section_url(project, question), posted)
    assert Answer.objects.get(question=question).value == "mine, mended"


def test_a_choice_over_what_changed_again_is_a_conflict_again(project, sheet, ana):
    question = of_kind(sheet, Kind.TEXT)
    answer(project, question.code, "theirs")
    ana.post(section_url(project, question), fields(question, value="mine"))
    answer(project, question.code, "theirs, mended")
    posted = fields(question, base=1, value="theirs") | {f"{question.code}:keep": "mine"}
    assert ana.post(section_url(project, question), posted).status_code == 422
    assert Answer.objects.get(question=question).value == "theirs, mended"


def test_what_another_institution_keeps_confidential_is_in_no_box(project, sheet, ana):
    question = of_kind(sheet, Kind.TEXT)
    regulator = signed_in(member(project, Role.CONTRIBUTOR, institution=Institution.REGULATOR))
    post(regulator, project, question, value="First")
    post(ana, project, question, value="Mine")
    post(regulator, project, question, base=1, value="SECRET", confidential="on")
    page = ana.get(section_url(project, question)).content.decode()
    assert "SECRET" not in page
    assert "data-keep" not in page


def test_nothing_is_taken_from_whoever_is_not_signed_in_here(project, sheet, ana, ben):
    question = of_kind(sheet, Kind.TEXT)
    here = ana.session["_auth_user_id"]
    person = type(member(project, Role.OBSERVER)).objects.get(pk=here)
    url = section_url(project, question).split("sections/")[0] + f"answers/{question.code}/"
    for sender, expected in ((str(person.public_id), 200), ("0b53b2b9-0000-4000-8000-000000000000", 401), ("x", 401)):
        reply = ana.post(url, fields(question, value="a"), headers={"X-Person": sender, "Accept": "application/json"})
        assert reply.status_code == expected
    assert reply.json() == {"problem": "other_person"}
    assert AnswerRevision.objects.count() == 1


def test_a_number_is_read_in_the_language_it_was_typed_in(project, sheet, ana):
    question = of_kind(sheet, Kind.NUMBER)
    reply = post(ana, project, question, value="1,5", language="fr")
    assert (reply.status_code, Answer.objects.get(question=question).value) == (200, "1.5")
    assert AnswerRevision.objects.get().language == "fr"
    assert post(ana, project, question, base=1, value="2.5", language="xx").status_code == 200
