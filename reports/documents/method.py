"""How levels come about, in words, from the framework's own rules (METHODOLOGY 5)."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext


def rules(framework: Mapping[str, Any]) -> list[str]:
    """One sentence a rule: of levers, of pillars, of the least share, of the whole."""
    pillars = framework["pillars"]
    sentences = [
        _lever_rule(rule) for rule in sorted({lever["aggregation"] for pillar in pillars for lever in pillar["levers"]})
    ]
    sentences += [_pillar_rule(rule) for rule in sorted({pillar["aggregation"] for pillar in pillars})]
    sentences += [_share_rule(share) for share in sorted({pillar["minimum_share"] for pillar in pillars} - {"0"})]
    return [*sentences, _overall_rule(framework["aggregation"])]


def _share_rule(share: str) -> str:
    return gettext(
        "A pillar with less than %(share)s of its applicable levers scored has no level; with some of them blank its"
        " level is provisional."
    ) % {"share": share}


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


def acronyms() -> list[tuple[str, str]]:
    """Those that the documents use, in order."""
    entries = [
        (
            gettext("DO"),
            gettext("designated operator: the entity that the country designated to run its postal services"),
        ),
        (gettext("DRE"), gettext("digital readiness for e-commerce")),
        (gettext("IB"), gettext("International Bureau of the Universal Postal Union")),
        (gettext("ICT"), gettext("information and communication technologies")),
        (gettext("MSME"), gettext("micro, small and medium-sized enterprises")),
        (gettext("PTC"), gettext("Postal Technology Centre of the International Bureau")),
        (gettext("UPU"), gettext("Universal Postal Union")),
        (
            "SHA-256",
            gettext("checksum: two documents with the same one were made from the same state of the assessment"),
        ),
    ]
    return sorted(entries, key=lambda entry: entry[0].casefold())
