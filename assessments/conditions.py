"""Conditions on earlier answers: what is shown, what a warning looks at. Pure: values in, values out.

A condition is {"question": code, "operator": …, "value": …} (docs/framework.md). An answer that is hidden itself, not
given, "don't know" or "not applicable" satisfies no condition.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple


class Given(NamedTuple):
    """An answer as conditions see it; the shapes of `value` are AnswerValue's."""

    kind: str
    status: str  # blank, answered, dont_know, not_applicable
    value: Any


def holds(
    condition: Mapping[str, str], given: Mapping[str, Given], hidden: set[str] | frozenset[str] = frozenset()
) -> bool:
    """Whether the condition is satisfied by the answers."""
    answer = given.get(condition["question"])
    if answer is None or answer.status != "answered" or condition["question"] in hidden:
        return False
    operator, wanted = condition["operator"], condition.get("value", "")
    if operator == "answered":
        return True
    if operator == "is":
        return str(answer.value) == wanted
    if operator == "is_not":
        return str(answer.value) != wanted
    if operator == "includes":
        if isinstance(answer.value, Mapping):
            row, _colon, column = wanted.partition(":")
            return answer.value.get(row) == column
        return wanted in answer.value
    if operator == "at_least":
        return _amount(answer.value) >= Decimal(wanted)
    raise ValueError(f"unknown operator: {operator}")


def _amount(value: Any) -> Decimal:
    try:
        return Decimal(str(value["amount"] if isinstance(value, Mapping) else value))
    except (InvalidOperation, KeyError) as error:
        raise ValueError(f"not a number: {value!r}") from error


def hidden(rules: Sequence[tuple[str, Mapping[str, str] | None]], given: Mapping[str, Given]) -> set[str]:
    """The codes whose condition does not hold; `rules` are (code, condition) in the instrument's order.

    Conditions look at earlier questions only, so one pass settles chains: what depends on a hidden question is hidden.
    """
    found: set[str] = set()
    for code, condition in rules:
        if condition is not None and not holds(condition, given, found):
            found.add(code)
    return found
