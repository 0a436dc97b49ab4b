"""What a document makes of a snapshot: pure, one language at a time."""

import copy
import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest

from reports import faces
from reports.documents import Document, acronyms, html_of, method, page, roadmap
from reports.documents.texts import best_said, opening, said, together
from reports.templatetags.printed import runs
from reports.templatetags.printed import said as said_filter

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]  # for `frozen`, gathered once


def test_a_text_in_another_language_is_marked():
    text = said({"text": "Bonjour", "language": "fr"}, "en")
    assert said_filter(text) == '<span lang="fr">Bonjour</span> <span class="mark">(original in French)</span>'


def test_a_text_in_the_documents_language_stands_alone():
    assert said_filter(said({"text": "a < b", "language": "en"}, "en")) == "a &lt; b"


def test_of_two_wordings_the_documents_language_is_taken():
    texts = [{"text": "Bonjour", "language": "fr"}, {"text": "Hello", "language": "en"}]
    assert best_said(texts, "en") == said(texts[1], "en")
    assert best_said(texts[:1], "en") == said(texts[0], "en")
    assert best_said([], "en") is None


def test_a_right_to_left_run_has_its_direction():
    assert runs("say «خدمات البريد» twice") == 'say «<span lang="ar" dir="rtl">خدمات البريد</span>» twice'


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("plain ≥ 3 → “é” ₣ Ж", "plain ≥ 3 → “é” ₣ Ж"),
        ("done 😀", "done [U+1F600]"),
        ("family 👩\u200d👧", "family [U+1F469]\u200d[U+1F467]"),
        ("heart ❤\ufe0f", "heart [U+2764]"),
        ("a\tb\x0bc", "a bc"),
    ],
)
def test_what_no_face_holds_is_named(written: str, printed: str):
    assert faces.printable(written, set()) == printed


@pytest.mark.parametrize("end", ["\n", "\n\n"])
def test_ten_thousand_lines_are_not_hundreds_of_pages(end: str):
    text = end.join(str(number) for number in range(6000))
    laid_out = said({"text": text, "language": "en"}, "en")
    assert laid_out is not None
    printed = runs(text).count("<br>"), len(laid_out.paragraphs)
    assert max(printed) <= 400
    assert runs(text).replace("<br>", " ").split() == [str(number) for number in range(6000)]
    assert " ".join(laid_out.paragraphs).split() == [str(number) for number in range(6000)]


def test_both_values_stand_side_by_side(compose: Callable[..., Document]):
    lever = compose("capability").levers[0]
    assert (lever.code, lever.own.mark.figure, lever.validated.mark.figure) == ("P1.1", "2.7*", "2.5")


def test_a_confidential_answer_says_only_that(compose: Callable[..., Document]):
    criterion = compose("capability").levers[0].criteria[2]
    assert (criterion.answered.is_confidential, criterion.answered.note, criterion.own.shown) == (True, None, "–")


def test_differences_carry_reason_and_reservation(compose: Callable[..., Document]):
    (difference,) = compose("capability").differences
    assert (difference.code, difference.reason.text, difference.response.is_reservation) == (
        "P1.1-2", "The licence names no digital service.", True,
    )  # fmt: skip


def test_not_applicable_is_listed_with_its_decision(compose: Callable[..., Document]):
    rows = compose("capability").not_applicable
    assert [(row.code, row.accepts_not_applicable) for row in rows] == [("P1.2-1", True), ("P3.4-1", None)]


def test_the_overall_level_is_there_only_if_the_manager_chose_so(
    compose: Callable[..., Document], frozen: dict[str, Any]
):
    assert compose("capability").overall is None
    chosen = compose("capability", project=frozen["project"] | {"show_overall": True})
    assert chosen.overall is not None


def test_a_pillar_below_its_share_has_no_level(compose: Callable[..., Document]):
    assert [pillar.validated.mark.figure for pillar in compose("capability").pillars] == ["–", "–", "–"]


def test_quick_wins_are_short_pressing_and_free(compose: Callable[..., Document]):
    assert [row.name for row in compose("toolkit").quick_wins] == ["R1"]


def test_levers_with_pressing_recommendations_come_first(compose: Callable[..., Document]):
    assert [lever.code for lever in compose("toolkit").levers_by_priority[:2]] == ["P1.1", "P3.4"]


def test_a_recommendation_never_stands_before_what_it_needs(compose: Callable[..., Document], frozen: dict[str, Any]):
    rows = copy.deepcopy(frozen["recommendations"])
    for row in rows:
        row["lever"] = "P1.1"
    rows[0]["needs"], rows[1]["needs"] = [rows[1]["number"]], []
    lever = compose("toolkit", recommendations=rows).levers[0]
    assert [row.name for row in lever.recommendations] == ["R2", "R1"]


def test_a_target_asks_only_what_is_missing(compose: Callable[..., Document]):
    lever = compose("toolkit").levers[0]
    assert lever.target is not None
    assert lever.target.reached == 3
    missing = [(row.code, [step.mark.reached for step in row.missing]) for row in lever.targets]
    assert missing == [("P1.1-2", [3]), ("P1.1-3", [])]  # P1.1-1 is at level 3; nobody validated P1.1-3


def test_before_validation_the_countrys_own_levels_are_counted_from(
    compose: Callable[..., Document], frozen: dict[str, Any]
):
    lever = compose(
        "toolkit", levels=frozen["levels"] | {"validated": frozen["levels"]["self"] | {"levers": {}}}
    ).levers[0]
    assert (lever.validated.value, lever.target and lever.target.reached) == (None, 3)
    assert lever.targets == []  # two are at level 3, and what the confidential one has is not printed


def test_a_lever_without_a_level_has_no_target(compose: Callable[..., Document]):
    lever = next(lever for lever in compose("toolkit").levers if lever.code == "P2.4")
    assert (lever.target, lever.next_step, lever.targets, lever.to_answer) == (None, None, [], 2)


def test_guidance_taken_word_for_word_is_printed_in_the_documents_language(
    compose: Callable[..., Document], frozen: dict[str, Any]
):
    row = copy.deepcopy(frozen["recommendations"][0])
    lever = next(
        lever
        for pillar in frozen["framework"]["pillars"]
        for lever in pillar["levers"]
        if lever["code"] == row["lever"]
    )
    guidance = lever["guidance"]["2"]["text"]
    taken = row | {"guidance": 2, "said": {"text": f" {guidance['fr']}\n", "language": "fr"}}
    changed = row | {"guidance": 2, "said": {"text": f"{guidance['fr']} Puis.", "language": "fr"}}
    first, second = compose("toolkit", recommendations=[taken, changed]).recommendations
    assert (first.said.text, first.said.is_foreign) == (guidance["en"], False)
    assert (second.said.text, second.said.is_foreign) == (changed["said"]["text"], True)


def test_contents_number_chapters_and_not_annexes(compose: Callable[..., Document]):
    chapters = [entry for entry in compose("strategy").contents if entry.depth == 1]
    assert [entry.number for entry in chapters[:3]] == ["1", "2", "3"]
    annexes = [entry for entry in chapters if entry.key.startswith("annex")]
    assert [(entry.number, entry.title[:9]) for entry in annexes] == [
        ("", "Annex A. "),
        ("", "Annex B. "),
        ("", "Annex C. "),
    ]


def test_without_an_outline_the_domains_are_proposed(compose: Callable[..., Document]):
    document = compose("strategy")
    assert document.outline == [domain.name for domain in document.domains]


def test_reconstructed_and_translated_labels_say_so(compose: Callable[..., Document]):
    labels = {lever.code: lever.label.remarks for lever in compose("capability").levers}
    assert labels["P1.1"] == ["unofficial translation"]
    assert labels["P3.2"] == ["reconstructed wording", "unofficial translation"]


# ── What is said of figures and sources ──────────────────────────────────────
def test_unsupported_names_the_series(compose: Callable[..., Document]):
    assert [(row.code, row.unsupported_in) for row in compose("capability").levers[0].unsupported] == [
        ("P1.1-2", "self-assessed")
    ]


def test_a_level_of_some_parts_only_is_partial(compose: Callable[..., Document]):
    own, validated = compose("capability").levers[0].own, compose("capability").levers[0].validated
    assert [(row.share, row.is_partial) for row in (own, validated)] == [("3 of 3", False), ("2 of 3", True)]


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"1"}, "A lever’s level is the mean of its applicable criteria."),
        ({"1", "2"}, "A lever’s level is the weighted mean of its applicable criteria."),
    ],
)
def test_a_mean_of_equal_weights_is_called_a_mean(frozen: dict[str, Any], weights: set[str], sentence: str):
    assert method.rules(frozen["framework"], weights)[0] == sentence


def test_the_strategys_level_is_explained(compose: Callable[..., Document]):
    assert compose("strategy").strategy_rules == [
        "A domain’s level is the mean of its rated items.",
        "The level of the strategy as a whole is the mean of its domains, each counting the same.",
        "It has a level only if at least two thirds of its applicable domains have one; with some of them blank its"
        " level is provisional.",
    ]


def test_a_document_is_attached_only_where_a_piece_is(compose: Callable[..., Document]):
    levers = compose("capability").levers
    assert [lever.criteria[0].answered.basis for lever in (levers[0], levers[3])] == [
        "A document, attached",
        "A document",  # P2.1-1 has no evidence
    ]


def test_an_address_has_no_language(compose: Callable[..., Document], frozen: dict[str, Any]):
    questionnaire = copy.deepcopy(frozen["questionnaire"])
    link = next(row for part in questionnaire["sections"] for row in part["questions"] if row["kind"] == "text")
    link["kind"] = "link"
    link["answer"] = {
        "status": "answered", "is_confidential": False, "value": "https://post.example/", "basis": "", "reason": None,
        "note": None, "language": "fr",
    }  # fmt: skip
    sections = compose("capability", questionnaire=questionnaire).sections
    (answer,) = [row for part in sections for row in part.answers if row.code == link["code"]]
    assert answer.said is not None
    assert (answer.said.text, answer.said.is_foreign) == ("https://post.example/", False)


def test_questions_that_an_answer_made_needless_are_named(compose: Callable[..., Document], frozen: dict[str, Any]):
    hidden = [code for part in frozen["questionnaire"]["sections"] for code in part["not_asked"]]
    asked = {row["code"] for part in frozen["questionnaire"]["sections"] for row in part["questions"]}
    assert "P1.1-6" in hidden
    assert set(hidden) & asked == set()
    assert compose("capability").not_asked == hidden


def test_the_signatorys_function_is_marked_where_it_is_foreign(
    compose: Callable[..., Document], frozen: dict[str, Any]
):
    signed = frozen["questionnaire"]["submission"] | {"name": "A. B.", "function": "Directrice", "language": "fr"}
    document = compose("capability", questionnaire=frozen["questionnaire"] | {"submission": signed})
    assert document.submission.startswith("Questionnaire signed by A. B., Directrice (original in French), on ")


def test_only_acronyms_in_the_text_are_explained():
    html = '<p title="PTC">UPU, SHA-256 00ff, l’OD et les MPME; undo<!-- EAD --></p>'
    assert [short for short, _meaning in acronyms.explained(html)] == ["MPME", "OD", "SHA-256", "UPU"]


@pytest.mark.parametrize("kind", ["capability", "toolkit", "strategy"])
def test_every_document_explains_its_own_acronyms(compose: Callable[..., Document], kind: str):
    html = html_of(compose(kind))
    listed = set(re.findall(r'<th scope="row"><b>([A-Z][A-Z0-9-]+)</b></th>', html))
    assert {"DRE", "UPU"} <= listed
    assert page.ACRONYMS not in html


# ── Roadmap ──────────────────────────────────────────────────────────────────
def test_quarters_start_with_the_documents_own():
    columns = roadmap.quarters(datetime.date(2026, 11, 23), 3)
    assert [(column.year, column.number) for column in columns] == [(2026, 4), (2027, 1), (2027, 2)]
    assert [(year.year, year.span) for year in roadmap.years(columns)] == [(2026, 1), (2027, 2)]


def test_a_task_starts_when_what_it_needs_is_due():
    tasks = [roadmap.Task(1, "short", ()), roadmap.Task(2, "short", (1,))]
    assert roadmap.ends(tasks) == {1: (0, 0, 2), 2: (2, 2, 3)}
    assert [roadmap.is_late(task, roadmap.ends(tasks)) for task in tasks] == [False, True]


def test_what_comes_first_moves_a_due_date_only_past_its_horizon():
    tasks = [roadmap.Task(1, "short", ()), roadmap.Task(2, "medium", (1,)), roadmap.Task(3, "medium", (2,))]
    placed = roadmap.ends(tasks)
    assert placed == {1: (0, 0, 2), 2: (2, 2, 6), 3: (6, 6, 7)}
    assert [roadmap.is_late(task, placed) for task in tasks] == [False, False, True]


def test_the_roadmap_says_when_each_is_due_and_names_it_by_its_own_words(compose: Callable[..., Document]):
    bars = [bar for _horizon, found in compose("toolkit").roadmap_groups for bar in found]
    assert [(bar.row.name, bar.row.lever, bar.row.title, bar.due) for bar in bars] == [
        ("R1", "P1.1", "Change two articles of the licence", "Q1 2027"),
        ("R2", "P3.4", "Open the shop to merchants", "Q1 2028"),
    ]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("List the rules: licence, prices. Then ask.", "List the rules"),
        ("Publier la version 2.0 du guide", "Publier la version 2.0 du guide"),
        ("one two four, three five", "one two four…"),
        ("Réviser la licence.\nPuis…", "Réviser la…"),
    ],
)
def test_a_title_is_the_first_clause_cut_at_a_word(text: str, title: str):
    assert opening(text, 14 if "one" in text or "viser" in text else 60) == title


def test_names_stand_together_in_a_sentence():
    assert [together(names) for names in (["R1"], ["R1", "R4"], ["R1", "R4", "R11"])] == [
        "R1",
        "R1 and R4",
        "R1, R4 and R11",
    ]


def test_a_tie_at_the_third_place_is_said(compose: Callable[..., Document], frozen: dict[str, Any]):
    levers = dict(frozen["levels"]["validated"]["levers"])
    for code, value in {"P1.1": "2", "P1.2": "3", "P1.3": "3", "P2.1": "3", "P2.2": "3"}.items():
        levers[code] = levers["P1.1"] | {"value": value}
    document = compose(
        "capability", levels=frozen["levels"] | {"validated": frozen["levels"]["validated"] | {"levers": levers}}
    )
    assert document.strongest_tie == "P1.2, P1.3, P2.1 and P2.2, tied"
    assert document.weakest_tie == "P1.2, P1.3, P2.1 and P2.2, tied"
    assert compose("capability").strongest_tie == ""


def test_a_circle_of_needs_ends():
    tasks = [roadmap.Task(1, "short", (2,)), roadmap.Task(2, "short", (1,))]
    assert set(roadmap.ends(tasks)) == {1, 2}


def test_cells_say_preparation_work_and_due():
    task = roadmap.Task(1, "medium", ())
    columns = roadmap.quarters(datetime.date(2026, 1, 1), 8)
    states = [cell.state for cell in roadmap.cells(task, roadmap.ends([task]), columns)]
    assert states == ["prepare", "prepare", "work", "work", "work", "work", "due", ""]


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (None, "Not answered yet"),
        ({"status": "answered", "is_confidential": False, "value": "partly"}, "Partly"),
        ({"status": "answered", "is_confidential": True}, "Confidential"),
        ({"status": "dont_know", "is_confidential": False, "value": None}, "Don’t know"),
    ],
)
def test_a_requirement_says_what_the_projects_page_says(
    frozen: dict[str, Any], compose: Callable[..., Document], answer: dict[str, Any] | None, word: str
):
    questionnaire = copy.deepcopy(frozen["questionnaire"])
    asked = [entry for part in questionnaire["sections"] for entry in part["questions"] if entry["requirement"]]
    for entry in asked:
        entry["answer"] = answer and {"basis": "", "reason": None, "note": None, "language": "en"} | answer
    states = {entry.state for entry in compose("capability", questionnaire=questionnaire).requirements}
    assert states == {word}
