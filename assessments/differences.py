"""What became another between two texts, by words or by lines. Pure: no queries, no request."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

LARGEST = 1_000_000  # words of one times words of the other that are compared; above, the middle is told as replaced
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


class Mark(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class Stretch:
    """Some text, and what became of it."""

    mark: Mark
    text: str


def by_words(old: str, new: str) -> list[Stretch]:
    """Both texts as one, what only one of them says marked; joined without the removed it is the new text."""
    return _joined(_compare(_WORD.findall(old), _WORD.findall(new)))


def by_lines(old: Sequence[str], new: Sequence[str]) -> list[Stretch]:
    """The same of whole lines: a choice is chosen or not, never half."""
    return [Stretch(mark, line) for mark, line in _compare(old, new)]


def _compare(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Mark, str]]:
    start, end = _shared(old, new)
    yield from ((Mark.SAME, token) for token in old[:start])
    yield from _middle(old[start : len(old) - end], new[start : len(new) - end])
    yield from ((Mark.SAME, token) for token in old[len(old) - end :])


def _shared(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many tokens both begin and end with."""
    most = min(len(old), len(new))
    start = next((n for n in range(most) if old[n] != new[n]), most)
    most -= start
    end = next((n for n in range(most) if old[-1 - n] != new[-1 - n]), most)
    return start, end


def _middle(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Mark, str]]:
    if len(old) * len(new) > LARGEST:
        yield from ((Mark.REMOVED, token) for token in old)
        yield from ((Mark.ADDED, token) for token in new)
        return
    for step, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if step == "equal":
            yield from ((Mark.SAME, token) for token in old[old_from:old_to])
            continue
        yield from ((Mark.REMOVED, token) for token in old[old_from:old_to])
        yield from ((Mark.ADDED, token) for token in new[new_from:new_to])


def _joined(marked: Iterator[tuple[Mark, str]]) -> list[Stretch]:
    """Neighbours with the same mark as one; a space alone between two changes belongs to both."""
    removed, added = "", ""
    stretches: list[Stretch] = []

    def settle() -> None:
        nonlocal removed, added
        stretches.extend(Stretch(mark, text) for mark, text in ((Mark.REMOVED, removed), (Mark.ADDED, added)) if text)
        removed = added = ""

    tokens = list(marked)
    for position, (mark, token) in enumerate(tokens):
        following = tokens[position + 1][0] if position + 1 < len(tokens) else Mark.SAME
        if mark == Mark.REMOVED:
            removed += token
        elif mark == Mark.ADDED:
            added += token
        elif token.isspace() and (removed or added) and following != Mark.SAME:
            removed += token
            added += token
        else:
            settle()
            if stretches and stretches[-1].mark == Mark.SAME:
                stretches[-1] = Stretch(Mark.SAME, stretches[-1].text + token)
            else:
                stretches.append(Stretch(Mark.SAME, token))
    settle()
    return stretches
