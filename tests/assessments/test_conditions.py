"""Conditions show and hide; a hidden answer satisfies nothing (issue 2, section 4)."""

import pytest

from assessments.conditions import Given, hidden, holds


def said(value, kind="choice", status="answered"):
    return Given(kind=kind, status=status, value=value)


@pytest.mark.parametrize(
    ("operator", "wanted", "answer", "expected"),
    [
        ("answered", None, said("a"), True),
        ("answered", None, said(None, status="dont_know"), False),
        ("answered", None, said(None, status="not_applicable"), False),
        ("answered", None, None, False),
        ("is", "a", said("a"), True),
        ("is", "b", said("a"), False),
        ("is_not", "b", said("a"), True),
        ("is_not", "b", None, False),
        ("includes", "a", said(["a", "b"], "choices"), True),
        ("includes", "c", said(["a", "b"], "choices"), False),
        ("includes", "r1:yes", said({"r1": "yes"}, "table"), True),
        ("includes", "r1:no", said({"r1": "yes"}, "table"), False),
        ("at_least", "3", said(3, "criterion"), True),
        ("at_least", "3", said(2, "criterion"), False),
        ("at_least", "2.5", said("2.50", "number"), True),
        ("at_least", "10", said({"amount": "9.99", "currency": "EUR"}, "money"), False),
    ],
)
def test_condition_holds(operator, wanted, answer, expected):
    condition = {"question": "Q", "operator": operator} | ({"value": wanted} if wanted else {})
    assert holds(condition, {"Q": answer} if answer else {}) is expected


def test_hidden_answer_satisfies_no_condition():
    assert not holds({"question": "Q", "operator": "answered"}, {"Q": said("a")}, {"Q"})


def test_hiding_is_passed_on_along_a_chain():
    rules = [
        ("A", None),
        ("B", {"question": "A", "operator": "is", "value": "yes"}),
        ("C", {"question": "B", "operator": "answered"}),
    ]
    answers = {"A": said("no"), "B": said("kept"), "C": said("kept too")}
    assert hidden(rules, answers) == {"B", "C"}
    assert hidden(rules, answers | {"A": said("yes")}) == set()


def test_unknown_operator_is_an_error():
    with pytest.raises(ValueError, match="unknown operator"):
        holds({"question": "Q", "operator": "like", "value": "a"}, {"Q": said("a")})


def test_amount_of_what_is_no_number_is_an_error():
    with pytest.raises(ValueError, match="not a number"):
        holds({"question": "Q", "operator": "at_least", "value": "3"}, {"Q": said("many", "text")})
