"""METHODOLOGY section 5, rule by rule: tables, its worked checks, and properties that hold for any claims."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments import scoring
from assessments.requirements import Met
from assessments.scoring import Criterion, LeftOut, Node, Rule, level_of, shown

NA = Criterion("n", Fraction(1), None, left_out=LeftOut.NOT_APPLICABLE)
MEAN, TWO_THIRDS, ALL = Rule("mean"), Rule("mean", Fraction(2, 3)), Rule("mean", Fraction(1))
WEIGHTED = Rule("weighted_mean")


def claim(level, code="c", weight=1, basis="document"):
    left_out = None if level else LeftOut.BLANK
    return Criterion(code, Fraction(weight), level, basis if level else "", left_out)


def lever(code, *parts, rule=WEIGHTED):
    made = [part if isinstance(part, Criterion) else claim(part, f"{code}-{n}") for n, part in enumerate(parts)]
    return Node(code, Fraction(1), rule, made)


def pillar(code, *levels, rule=TWO_THIRDS):
    return Node(code, Fraction(1), rule, [lever(f"{code}.{n}", level) for n, level in enumerate(levels)])


def overall(*pillars, rule=ALL):
    return level_of(Node("", Fraction(1), rule, [pillar(f"P{n}", *levels) for n, levels in enumerate(pillars)]))


@pytest.mark.parametrize(
    ("pillars", "levels", "exact", "printed"),
    [  # METHODOLOGY 5, worked checks
        (([2, 3, 1], [3, 2, NA, 4], [4, 2, 3, 2]), [2, 3, Fraction(11, 4)], Fraction(31, 12), "2.6"),
        (([5, 5, 5], [1, 1, 1, 1], [1, 1, 1, 1]), [5, 1, 1], Fraction(7, 3), "2.3"),
        (([2, 3, 1], [3, None, None, 4], [4, 2, 3, 2]), [2, None, Fraction(11, 4)], None, None),
        (([2, 3, 1], [3, 2, 3, 4], [4, None, 3, 2]), [2, 3, 3], Fraction(8, 3), "2.7"),
    ],
)
def test_worked_checks_of_the_methodology(pillars, levels, exact, printed):
    result = overall(*pillars)
    assert [child.level for child in result.children] == levels
    assert result.level == exact
    assert result.shown == (Decimal(printed) if printed else None)


def test_pillar_with_a_blank_lever_is_provisional_three_of_four():
    result = level_of(pillar("P3", 4, None, 3, 2))
    assert (result.level, result.is_provisional, result.scored, result.applicable) == (3, True, 3, 4)


def test_pillar_with_an_accepted_not_applicable_lever_is_not_provisional():
    result = level_of(pillar("P2", 3, 2, NA, 4))
    assert (result.level, result.is_provisional, result.scored, result.applicable) == (3, False, 3, 3)
    assert result.parts[2].left_out is LeftOut.NOT_APPLICABLE


def test_pillar_under_two_thirds_has_no_level():
    result = level_of(pillar("P2", 3, None, None, 4))
    assert (result.level, result.shown, result.reached, result.is_provisional) == (None, None, None, False)


def test_overall_is_provisional_when_a_pillar_is():
    assert overall([2, 3, 1], [3, 2, 3, 4], [4, None, 3, 2]).is_provisional


def test_overall_needs_every_pillar():
    assert overall([2, 3, 1], [None] * 4, [4, 2, 3, 2]).level is None


def test_pillar_without_an_applicable_lever_leaves_the_overall():
    result = overall([2, 2, 2], [NA, NA], [4, 4])
    assert (result.level, result.scored, result.applicable) == (3, 2, 2)
    assert not result.children[1].is_applicable


def test_lever_is_the_weighted_mean_of_its_applicable_criteria():
    result = level_of(lever("L", claim(4, "a", 2), claim(1, "b"), NA, claim(None, "d")))
    assert result.level == 3
    assert [part.share for part in result.parts] == [Fraction(2, 3), Fraction(1, 3), None, None]
    assert [part.left_out for part in result.parts] == [None, None, LeftOut.NOT_APPLICABLE, LeftOut.BLANK]
    assert (result.scored, result.applicable, result.is_provisional) == (2, 3, False)


def test_weakest_link_is_the_lowest_scored_part():
    result = level_of(lever("L", 4, 2, None, 3, rule=Rule("weakest_link")))
    assert result.level == 2
    assert [part.share for part in result.parts] == [0, 1, None, 0]


def test_rule_none_gives_no_level():
    assert overall([2], [3], rule=Rule("none")).level is None


def test_unknown_rule_is_an_error():
    with pytest.raises(ValueError, match="unknown aggregation"):
        level_of(lever("L", 3, rule=Rule("median")))


def test_nothing_scored_is_no_level_never_0_or_1():
    result = level_of(lever("L", None, NA))
    assert (result.level, result.shown, result.weakest) == (None, None, None)
    assert level_of(Node("L", Fraction(1), MEAN, [])).level is None


def test_weakest_part_is_named():
    assert level_of(pillar("P", 3, 1, 2)).weakest.code == "P.1"


@pytest.mark.parametrize(
    ("exact", "printed"),
    [
        ("31/12", "2.6"),
        ("9/4", "2.3"),
        ("41/20", "2.1"),
        ("2", "2.0"),
        ("249/100", "2.5"),
        ("244/100", "2.4"),
        ("5/3", "1.7"),
    ],
)
def test_level_is_rounded_half_up_once(exact, printed):
    assert shown(Fraction(exact)) == Decimal(printed)


def test_reached_is_never_rounded_up():
    assert level_of(lever("L", 3, 3, 2)).reached == 2


@pytest.mark.parametrize(
    ("status", "level", "accepts", "left_out"),
    [
        ("answered", 3, None, None),
        ("blank", None, None, LeftOut.BLANK),
        ("dont_know", None, None, LeftOut.DONT_KNOW),
        ("not_applicable", None, None, LeftOut.NOT_APPLICABLE_OPEN),
        ("not_applicable", None, False, LeftOut.NOT_APPLICABLE_OPEN),
        ("not_applicable", None, True, LeftOut.NOT_APPLICABLE),
    ],
)
def test_self_assessed_claim(status, level, accepts, left_out):
    made = scoring.self_assessed(
        "c", Fraction(1), status=status, level=level, basis="document", accepts_not_applicable=accepts
    )
    assert (made.level, made.left_out) == (level, left_out)
    assert made.is_applicable is (left_out is not LeftOut.NOT_APPLICABLE)


@pytest.mark.parametrize(
    ("level", "accepts", "left_out"),
    [
        (2, None, None),
        (None, True, LeftOut.NOT_APPLICABLE),
        (None, False, LeftOut.NOT_VALIDATED),
        (None, None, LeftOut.NOT_VALIDATED),
    ],
)
def test_validated_value_is_the_experts_alone(level, accepts, left_out):
    made = scoring.validated("c", Fraction(1), level=level, basis="seen", accepts_not_applicable=accepts)
    assert (made.level, made.left_out) == (level, left_out)


@pytest.mark.parametrize(
    ("level", "basis", "unsupported"),
    [
        (1, "none", False),
        (2, "none", True),
        (2, "interview", True),
        (2, "", True),
        (2, "seen", False),
        (5, "document", False),
    ],
)
def test_claim_above_1_by_interview_or_nothing_is_unsupported(level, basis, unsupported):
    assert claim(level, basis=basis).is_unsupported is unsupported
    assert level_of(lever("L", claim(level, basis=basis))).is_unsupported is unsupported


def test_completeness_and_unsupported_share():
    count = scoring.completeness([claim(3), claim(2, basis="none"), claim(1, basis="none"), claim(None), NA])
    assert (count.answered, count.applicable, count.percent) == (3, 4, 75)
    assert (count.unsupported, count.claims_above_1, count.unsupported_percent) == (1, 2, 50)


@pytest.mark.parametrize(
    ("answered", "applicable", "printed"),
    [
        (0, 3, 0),
        (1, 3, 33),
        (2, 3, 67),
        (3, 3, 100),
        (1, 8, 13),
        (26, 28, 93),
        (1, 300, 1),
        (299, 300, 99),
        (0, 0, None),
    ],
)
def test_completeness_is_rounded_half_up_but_whole_only_when_it_is(answered: int, applicable: int, printed: int | None):
    assert scoring.answered_percent(answered, applicable) == printed


def test_completeness_of_nothing_is_blank():
    count = scoring.completeness([NA])
    assert (count.percent, count.unsupported_percent) == (None, None)


def test_criteria_strongest_weakest_and_find():
    result = level_of(pillar("P", 3, 1, 2, None))
    assert [criterion.code for criterion in scoring.criteria_of(result)] == ["P.0-0", "P.1-0", "P.2-0", "P.3-0"]
    assert [level.code for level in scoring.strongest(result.children, 2)] == ["P.0", "P.2"]
    assert [level.code for level in scoring.weakest(result.children, 2)] == ["P.1", "P.2"]
    assert result.find("P.2").level == 2
    assert result.find("nothing") is None


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        (["yes"], "yes"),
        (["yes", "partly"], "partly"),
        (["no", "yes"], "no"),
        (["no", "blank"], "no"),
        (["partly", "blank"], "blank"),
        (["yes", "dont_know"], "dont_know"),
        (["withheld", "partly"], "partly"),
        (["not_applicable", "yes"], "not_applicable"),
        ([], "blank"),
    ],
)
def test_gate_is_the_gravest_of_its_answers_and_a_no_warns_at_once(answers, state):
    assert scoring.gate(answers) == state


def test_gate_knows_every_word_of_a_requirement():
    assert sorted(scoring.GRAVEST_FIRST) == sorted(Met.values)


LEVELS = st.lists(st.one_of(st.none(), st.integers(1, 5)), min_size=1, max_size=6)
RULES = st.sampled_from([MEAN, TWO_THIRDS, ALL, WEIGHTED, Rule("weakest_link")])


@given(LEVELS, RULES)
def test_level_lies_between_its_parts(levels, rule):
    result = level_of(lever("L", *levels, rule=rule))
    scored = [level for level in levels if level]
    if result.level is not None:
        assert min(scored) <= result.level <= max(scored)
        assert sum(part.share or 0 for part in result.parts) == 1


@given(LEVELS, RULES, st.randoms())
def test_order_of_parts_changes_nothing(levels, rule, chance):
    mixed = list(levels)
    chance.shuffle(mixed)
    assert level_of(lever("L", *levels, rule=rule)).level == level_of(lever("L", *mixed, rule=rule)).level


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), RULES, st.integers(0, 5))
def test_raising_a_claim_never_lowers_the_level(levels, rule, at):
    raised = list(levels)
    raised[at % len(levels)] = min(5, raised[at % len(levels)] + 1)
    assert level_of(lever("L", *raised, rule=rule)).level >= level_of(lever("L", *levels, rule=rule)).level


@given(LEVELS, RULES)
def test_accepted_not_applicable_is_as_if_it_were_not_asked(levels, rule):
    assert level_of(lever("L", *levels, NA, rule=rule)).level == level_of(lever("L", *levels, rule=rule)).level


@given(LEVELS)
def test_blank_is_left_out_of_the_mean_not_counted_as_1(levels):
    scored = [level for level in levels if level]
    expected = Fraction(sum(scored), len(scored)) if scored else None
    assert level_of(lever("L", *levels)).level == expected


@given(st.fractions(1, 5))
def test_shown_is_within_half_a_tenth(level):
    assert abs(Fraction(shown(level)) - level) <= Fraction(1, 20)


@given(st.lists(st.tuples(st.sampled_from([None, 1, 2, 3, 4, 5]), st.sampled_from(["", "none", "interview", "seen"]))))
def test_unsupported_are_among_the_claims_above_1_among_the_answered(claims):
    count = scoring.completeness([claim(level, basis=basis) for level, basis in claims])
    assert count.unsupported <= count.claims_above_1 <= count.answered <= count.applicable


@given(st.lists(LEVELS, min_size=1, max_size=4))
def test_only_shown_rounds(pillars):
    result = overall(*pillars, rule=Rule("mean"))
    scored = [child.level for child in result.children if child.level is not None]
    assert result.level == (sum(scored) / len(scored) if scored else None)
