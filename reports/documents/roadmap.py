"""The roadmap over time: recommendations laid on quarters by horizon and prerequisites. Pure.

Nobody has agreed dates yet when a toolkit is written, so the bars show horizons (METHODOLOGY 5.11), counted from the
quarter of the document. What a recommendation needs moves its start, and its due date only where its horizon would
leave less than a quarter of work after that.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

QUARTERS, MOST_QUARTERS = 10, 16
# By horizon: the first quarter, the first of the work, and the one in which it is due, counted from 0.
SPANS = {"short": (0, 0, 2), "medium": (0, 2, 6), "long": (2, 6, 10)}
OPEN_ENDED = "long"  # the horizon that no due date passes
LEAST_WORK = 1  # quarters, after what had to come first


@dataclass(frozen=True)
class Task:
    """What the roadmap needs to know of a recommendation."""

    number: int
    horizon: str
    needs: tuple[int, ...]


@dataclass(frozen=True)
class Cell:
    state: str  # "", prepare, work, due
    starts_year: bool


@dataclass(frozen=True)
class Quarter:
    year: int
    number: int  # 1 to 4


@dataclass(frozen=True)
class Year:
    year: int
    span: int


def quarters(start: datetime.date, count: int = QUARTERS) -> list[Quarter]:
    first = start.year * 4 + (start.month - 1) // 3
    return [Quarter(year=index // 4, number=index % 4 + 1) for index in range(first, first + count)]


def quarter(start: datetime.date, index: int) -> Quarter:
    return quarters(start, index + 1)[-1]


def needed_quarters(placed: dict[int, tuple[int, int, int]]) -> int:
    """As many that every recommendation's due quarter is on the chart, within what the page holds."""
    return min(max(QUARTERS, *(due + 1 for _begins, _work, due in placed.values()), 0), MOST_QUARTERS)


def years(columns: Sequence[Quarter]) -> list[Year]:
    found: dict[int, int] = {}
    for column in columns:
        found[column.year] = found.get(column.year, 0) + 1
    return [Year(year, span) for year, span in found.items()]


def ends(tasks: Sequence[Task]) -> dict[int, tuple[int, int, int]]:
    """By number: the first quarter, the first of the work, and the quarter in which it is due, counted from 0."""
    by_number = {task.number: task for task in tasks}
    placed: dict[int, tuple[int, int, int]] = {}

    def place(number: int, above: frozenset[int]) -> tuple[int, int, int]:
        if number not in placed:
            task = by_number[number]
            begins, work, due = SPANS[task.horizon]
            after = [place(need, above | {number})[2] for need in task.needs if need in by_number and need not in above]
            begins = max([begins, *after])
            placed[number] = (begins, max(begins, work), max([due, *(end + LEAST_WORK for end in after)]))
        return placed[number]

    for task in tasks:
        place(task.number, frozenset({task.number}))
    return placed


def is_late(task: Task, placed: dict[int, tuple[int, int, int]]) -> bool:
    """Whether what it needs makes it end after its horizon."""
    return task.horizon != OPEN_ENDED and placed[task.number][2] > SPANS[task.horizon][2]


def cells(task: Task, placed: dict[int, tuple[int, int, int]], columns: Sequence[Quarter]) -> list[Cell]:
    begins, work, due = placed[task.number]
    row = []
    for index, column in enumerate(columns):
        state = (
            "prepare" if begins <= index < work else "work" if work <= index < due else "due" if index == due else ""
        )
        row.append(Cell(state=state, starts_year=column.number == 1 and index > 0))
    return row
