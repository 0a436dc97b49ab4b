"""How levels come about, in words, from the framework's own rules (METHODOLOGY 5)."""

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext


def rules(framework: Mapping[str, Any], weights: Collection[str]) -> list[str]:
    """One sentence a rule: of levers, of pillars, of the least share, of the whole. `weights`: of the criteria."""
    pillars = framework["pillars"]
    made = {lever["aggregation"] for pillar in pillars for lever in pillar["levers"]}
    if len(weights) < 2:  # a weighted mean of equal weights is a mean
        made = {"mean" if rule == "weighted_mean" else rule for rule in made}
    sentences = [_lever_rule(rule) for rule in sorted(made)]
    sentences += [_pillar_rule(rule) for rule in sorted({pillar["aggregation"] for pillar in pillars})]
    sentences += [_share_rule(share) for share in sorted({pillar["minimum_share"] for pillar in pillars} - {"0"})]
    return [*sentences, _overall_rule(framework["aggregation"])]


def _share_rule(share: str) -> str:
    return gettext(
        "A pillar has a level only if at least %(share)s of its applicable levers have one; with some of them blank its"
        " level is provisional."
    ) % {"share": share_words(share)}


def share_words(share: str) -> str:
    return {"1/2": gettext("half"), "2/3": gettext("two thirds"), "3/4": gettext("three quarters")}.get(share, share)


def strategy_rules(checklist: Mapping[str, Any]) -> list[str]:
    """How the domains of the checklist and the strategy as a whole come about."""
    sections = checklist["sections"]
    sentences = [_domain_rule(rule) for rule in sorted({section["aggregation"] for section in sections})]
    sentences += [
        gettext("A domain has a level only if at least %(share)s of its applicable items are rated.")
        % {"share": share_words(share)}
        for share in sorted({section.get("minimum_share", "0") for section in sections} - {"0"})
    ]
    sentences.append(_strategy_rule(checklist["aggregation"]))
    share = checklist.get("minimum_share", "0")
    if share != "0" and checklist["aggregation"] != "none":
        sentences.append(
            gettext(
                "It has a level only if at least %(share)s of its applicable domains have one; with some of them blank"
                " its level is provisional."
            )
            % {"share": share_words(share)}
        )
    return sentences


def _domain_rule(rule: str) -> str:
    return {
        "mean": gettext("A domain’s level is the mean of its rated items."),
        "weighted_mean": gettext("A domain’s level is the weighted mean of its rated items."),
        "weakest_link": gettext("A domain’s level is that of its weakest rated item."),
    }.get(rule, gettext("Domains have no level of their own."))


def _strategy_rule(rule: str) -> str:
    return {
        "mean": gettext("The level of the strategy as a whole is the mean of its domains, each counting the same."),
        "weighted_mean": gettext("The level of the strategy as a whole is the weighted mean of its domains."),
        "weakest_link": gettext("The level of the strategy as a whole is that of its weakest domain."),
    }.get(rule, gettext("The strategy as a whole has no level."))


def _lever_rule(rule: str) -> str:
    return {
        "mean": gettext("A lever’s level is the mean of its applicable criteria."),
        "weighted_mean": gettext("A lever’s level is the weighted mean of its applicable criteria."),
        "weakest_link": gettext("A lever’s level is that of its weakest applicable criterion."),
    }.get(rule, gettext("Levers have no level of their own."))


def _pillar_rule(rule: str) -> str:
    return {
        "mean": gettext("A pillar’s level is the mean of its levers."),
        "weighted_mean": gettext("A pillar’s level is the weighted mean of its levers."),
        "weakest_link": gettext("A pillar’s level is that of its weakest lever."),
    }.get(rule, gettext("Pillars have no level of their own."))


def _overall_rule(rule: str) -> str:
    if rule == "none":
        return gettext("There is no overall level.")
    made = {
        "mean": gettext("The overall level is the mean of the pillars, each counting the same."),
        "weighted_mean": gettext("The overall level is the weighted mean of the pillars."),
        "weakest_link": gettext("The overall level is that of the weakest pillar."),
    }[rule]
    printed = gettext("It is printed only if the International Bureau’s project manager chose so.")
    return f"{made} {printed}"
