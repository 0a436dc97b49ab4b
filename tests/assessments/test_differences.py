"""What became another between two texts (pure)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.differences import Mark, by_lines, by_words


def shown(stretches):
    """`-removed-` and `+added+`, the rest as it is."""
    signs = {Mark.SAME: "", Mark.ADDED: "+", Mark.REMOVED: "-"}
    return "".join(f"{signs[stretch.mark]}{stretch.text}{signs[stretch.mark]}" for stretch in stretches)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", ""),
        ("same", "same", "same"),
        ("", "new", "+new+"),
        ("old", "", "-old-"),
        ("The law of 2019", "The law of 2021", "The law of -2019-+2021+"),
        ("We have a plan", "We have a good plan", "We have a +good +plan"),
        ("one two three", "four five three", "-one two-+four five+ three"),
        ("a.\nb", "a.\nb\nc", "a.\nb+\nc+"),
        ("un été", "un hiver", "un -été-+hiver+"),
    ],
)
def test_words(old, new, expected):
    assert shown(by_words(old, new)) == expected


def test_lines_are_added_or_removed_whole():
    old, new = ["Post offices", "Lockers"], ["Post offices", "At home"]
    assert [(stretch.mark, stretch.text) for stretch in by_lines(old, new)] == [
        (Mark.SAME, "Post offices"),
        (Mark.REMOVED, "Lockers"),
        (Mark.ADDED, "At home"),
    ]


@given(st.text(max_size=80), st.text(max_size=80))
def test_without_the_removed_it_is_the_new_text_and_without_the_added_the_old(old, new):
    stretches = by_words(old, new)
    assert "".join(stretch.text for stretch in stretches if stretch.mark != Mark.REMOVED) == new
    assert "".join(stretch.text for stretch in stretches if stretch.mark != Mark.ADDED) == old


def test_the_longest_texts_are_compared_quickly():
    """Two texts of 20,000 characters with nothing in common but their words."""
    words = ["the", "post", "office", "of", "the", "country", "and", "its", "customers", "in", "every", "town"]
    old = " ".join(words[n % 12] for n in range(3_600))
    new = " ".join(words[(n * 7 + n // 5) % 12] for n in range(3_600))
    began = time.process_time()
    by_words(old, new)
    by_words(old[:2_800], new[:2_800])
    assert time.process_time() - began < 3
