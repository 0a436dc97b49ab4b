"""One document: a kind of deliverable, in one language, of one frozen content. Pure: no queries, no clock."""

import datetime
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext

from assessments import charts, scoring, values
from assessments.models import Activity, Basis, ObservationKind, Priority, StrategyConclusion
from assessments.requirements import Met
from foundation.fields import Texts
from projects.models import Function
from projects.permissions import Role
from reports.documents import contents, method, roadmap
from reports.documents.marks import Mark, Marks, Standing
from reports.documents.parts import (
    Aim,
    Answered,
    Bar,
    Criterion,
    Descriptor,
    Domain,
    Entry,
    Lever,
    NextStep,
    Observation,
    Piece,
    Pillar,
    Recommendation,
    Requirement,
    Response,
    Section,
    Source,
)
from reports.documents.texts import Label, Said, best_said, choice, in_language, label, page_words, said, together
from reports.faces import name_of, printable
from reports.models import Deliverable
from toolkit.models import SCORED, Horizon, Institution, Kind, Phase, SupportKind

PRIORITIES = list(Priority.values)
HORIZONS = list(Horizon.values)
OWN_TEXT = {Kind.TEXT, Kind.LINK}
LISTED = 3  # levers and recommendations in a summary's lists
LEAST_AXES = 3  # a radar of fewer has no area


class Document:
    """What the templates of one deliverable show. Make it under `translation.override(language)`."""

    def __init__(
        self,
        content: Mapping[str, Any],
        *,
        kind: str,
        language: str,
        version: int,
        sha256: str,
        taken_at: datetime.datetime,
        released_at: datetime.datetime | None,
    ) -> None:
        replaced: set[str] = set()
        self.content = printable(content, replaced)
        self.replaced = [name_of(character) for character in sorted(replaced)]
        self.kind, self.language, self.version, self.sha256 = Deliverable(kind), language, version, sha256
        self.project, self.framework = self.content["project"], self.content["framework"]
        self.source_language = self.framework["languages"][0]
        zone = ZoneInfo(self.project["time_zone"])
        self.taken_at = taken_at.astimezone(zone)
        self.released_at = released_at.astimezone(zone) if released_at else None
        self.marks = Marks(self.framework["levels"], language)

    # ── Identity ─────────────────────────────────────────────────────────────
    def say(self, texts: Mapping[str, str]) -> str:
        return in_language(texts, self.language)

    @property
    def is_draft(self) -> bool:
        return self.released_at is None

    @property
    def mark(self) -> str:
        """The word across every page of what is not released; "" once it is."""
        return gettext("DRAFT") if self.is_draft else ""

    @property
    def number(self) -> int:
        return list(Deliverable).index(self.kind) + 1

    @property
    def title(self) -> str:
        """The deliverable's published name (METHODOLOGY 4)."""
        return {
            Deliverable.CAPABILITY: gettext("Digital capability assessment for digital readiness for e-commerce"),
            Deliverable.TOOLKIT: gettext("Transformation toolkit for digital readiness for e-commerce (levers)"),
            Deliverable.STRATEGY: gettext("Postal digital strategy assessment"),
        }[self.kind]

    @property
    def is_title_reconstructed(self) -> bool:
        """Half of the toolkit's published name is our filling of a gap."""
        return self.kind == Deliverable.TOOLKIT

    @property
    def series(self) -> str:
        return self.say(self.framework["name"])

    @property
    def country(self) -> str:
        return self.say(self.project["country"])

    @property
    def operator(self) -> str:
        return self.project["operator"]

    @property
    def cycle(self) -> str:
        """The UPU's cycle, in the project's own wording."""
        return gettext("UPU cycle %(cycle)s") % {"cycle": self.project["cycle"]}

    @property
    def is_fictitious(self) -> bool:
        return self.project["is_fictitious"]

    @property
    def date(self) -> datetime.date:
        """Of the release; of the state it shows while it is a draft."""
        return (self.released_at or self.taken_at).date()

    @property
    def date_text(self) -> str:
        return day_text(self.date)

    @property
    def taken_text(self) -> str:
        return gettext("%(date)s, %(time)s (%(zone)s)") % {
            "date": day_text(self.taken_at.date()),
            "time": formats.date_format(self.taken_at, "TIME_FORMAT"),
            "zone": self.project["time_zone"],
        }

    @property
    def taken_iso(self) -> str:
        return iso(self.taken_at)

    @property
    def dated_iso(self) -> str:
        return iso(self.released_at or self.taken_at)

    @property
    def framework_label(self) -> str:
        return self.framework["label"]

    @property
    def handed_over(self) -> str:
        """The date of the release to the country, once there is one."""
        return day_text(parse_day(self.project["released_on"]))

    @property
    def version_text(self) -> str:
        wording = gettext("Version %(version)s, draft") if self.is_draft else gettext("Version %(version)s")
        return wording % {"version": self.version}

    @property
    def round_text(self) -> str:
        number = self.project["round"]
        if number == 1:
            return gettext("first assessment")
        if number == 2:
            return gettext("second assessment")
        return gettext("assessment no. %(number)s") % {"number": number}

    @property
    def foot(self) -> str:
        return gettext("%(version)s, %(date)s · Framework %(framework)s · SHA-256 %(sha)s…") % {
            "version": self.version_text, "date": self.date_text, "framework": self.framework["label"],
            "sha": self.sha256[:16],
        }  # fmt: skip

    @property
    def sha_groups(self) -> str:
        return " ".join(self.sha256[start : start + 8] for start in range(0, len(self.sha256), 8))

    @property
    def page_words(self) -> tuple[str, str]:
        return page_words()

    @property
    def notice(self) -> str:
        return self.say(self.framework["notice"])

    @property
    def is_translated(self) -> bool:
        return self.language != self.source_language

    # ── Contents ─────────────────────────────────────────────────────────────
    @cached_property
    def contents(self) -> list[Entry]:
        """The headings, in the order of the pages."""
        return contents.entries(self)

    @cached_property
    def entries(self) -> dict[str, Entry]:
        return {entry.key: entry for entry in self.contents}

    # ── What experts wrote for this document ─────────────────────────────────
    def _editorial(self, slot: str) -> Said | None:
        return best_said(self.content["editorial"].get(self.kind.value, {}).get(slot, []), self.language)

    @cached_property
    def message(self) -> Said | None:
        return self._editorial("message")

    @cached_property
    def context(self) -> Said | None:
        return self._editorial("context")

    @cached_property
    def conclusion(self) -> Said | None:
        return self._editorial("conclusion")

    @cached_property
    def has_introductions(self) -> bool:
        return any(pillar.introduction for pillar in self.pillars)

    # ── Answers ──────────────────────────────────────────────────────────────
    def _answered(self, question: Mapping[str, Any]) -> Answered:
        answer = question["answer"] or {"status": "blank", "is_confidential": False}
        is_own_text = question["kind"] in OWN_TEXT
        value = in_row_order(question, answer.get("value"))
        own_language = answer.get("language", "") if question["kind"] == Kind.TEXT else ""  # an address has none
        return Answered(
            code=question["code"],
            label=self.say(question["short"]) or self.say(question["text"]),
            text=self.say(question["text"]),
            kind=question["kind"],
            lines=[] if is_own_text else self._lines(question, value),
            said=said({"text": str(value), "language": own_language}, self.language) if is_own_text and value else None,
            status=answer["status"],
            is_confidential=answer["is_confidential"],
            basis=basis_words(answer.get("basis", ""), question),
            reason=said(answer.get("reason"), self.language),
            note=said(answer.get("note"), self.language),
            evidence=[Piece(piece["title"], piece["url"], piece["is_late"]) for piece in question["evidence"]],
            withheld_evidence=question["withheld_evidence"],
            is_complement=not question["is_core"],
        )

    def _lines(self, question: Mapping[str, Any], value: Any) -> list[str]:
        if question["kind"] == Kind.RATING and value is not None:  # it has no descriptors of its own
            return [f"{value}. {self.marks.mark(value).name}"]
        return values.in_words(_question_like(question), value, self.language)

    def _own_mark(self, question: Mapping[str, Any]) -> Mark:
        answer = question["answer"] or {}
        value = answer.get("value") if answer.get("status") == "answered" else None
        return self.marks.mark(value, is_unsupported=is_unsupported(value, answer.get("basis", "")))

    def _criterion(self, question: Mapping[str, Any], lever: str, target: int, *, is_own: bool) -> Criterion:
        """`target`: the level that the lever aims at, 0 for none; `is_own`: counted from the country's own level."""
        decision = question["validated"] or {}
        level = decision.get("level")
        own, validated = (
            self._own_mark(question),
            self.marks.mark(level, is_unsupported=is_unsupported(level, decision.get("basis", ""))),
        )
        numbers = sorted(self.marks.levels)
        today = own if is_own else validated
        following = next((number for number in numbers if number > today.reached), 0) if today.reached else 0
        texts = {option["code"]: self.say(option["text"]) for option in question["options"]}
        descriptors = [
            Descriptor(
                mark=self.marks.mark(number),
                text=texts.get(str(number), ""),
                is_self=number == own.reached,
                is_validated=number == level,
                is_next=number == following,
                is_missing=0 < today.reached < number <= target,
            )
            for number in numbers
        ]
        return Criterion(
            answered=self._answered(question),
            lever=lever,
            own=own,
            validated=validated,
            is_validated=bool(question["validated"]),
            validated_basis=basis_words(decision.get("basis", ""), question),
            accepts_not_applicable=decision.get("accepts_not_applicable"),
            reason=said(decision.get("reason"), self.language),
            response=self._response(decision.get("response")),
            differs=question["differs"],
            today=today,
            descriptors=descriptors,
        )

    def _response(self, response: Mapping[str, Any] | None) -> Response | None:
        if not response:
            return None
        return Response(
            is_reservation=response["kind"] == "reservation",
            said=said(response["text"], self.language),
            signature=gettext("%(name)s, %(date)s")
            % {"name": response["name"], "date": day_text(parse_day(response["on"]))},
        )

    @cached_property
    def sections(self) -> list[Section]:
        """The questionnaire whole, for the annex."""
        return [
            Section(
                section["code"],
                self.say(section["name"]),
                [self._answered(entry) for entry in section["questions"]],
                section.get("not_asked", []),
            )
            for section in self.content["questionnaire"]["sections"]
        ]

    @property
    def not_asked(self) -> list[str]:
        """The codes of the questions that an earlier answer made needless."""
        return [code for section in self.sections for code in section.not_asked]

    @cached_property
    def _sections_of_lever(self) -> dict[str, list[Mapping[str, Any]]]:
        found: dict[str, list[Mapping[str, Any]]] = {}
        for section in self.content["questionnaire"]["sections"]:
            found.setdefault(section["lever"], []).append(section)
        return found

    @cached_property
    def requirements(self) -> list[Requirement]:
        return [
            Requirement(
                code=entry["code"],
                label=self._label(entry["name"], entry["certainty"]),
                text=self.say(entry["text"]),
                answers=[
                    self._answered(question) for code, question in self._general_questions if code == entry["code"]
                ],
                state=self._gate(entry["code"]),
            )
            for entry in self.framework["requirements"]
        ]

    def _gate(self, code: str) -> str:
        """Yes, partly or no, in words, as the project's page says it (METHODOLOGY 5.9)."""
        answers = [
            question["answer"] for _about, question in self._general_questions if question["requirement"] == code
        ]
        return choice(Met, scoring.gate(_met(answer) for answer in answers))

    @cached_property
    def general_facts(self) -> list[Answered]:
        """What was answered outside levers and requirements: the country's context."""
        return [
            self._answered(question) for code, question in self._general_questions if not code and question["answer"]
        ]

    @cached_property
    def _general_questions(self) -> list[tuple[str, Mapping[str, Any]]]:
        """The questions outside levers, each with the requirement it is about: its own, or the one asked before it."""
        found = []
        for section in self._sections_of_lever.get("", []):
            about = ""
            for question in section["questions"]:
                about = question["requirement"] or about
                found.append((about, question))
        return found

    # ── Levers and pillars ───────────────────────────────────────────────────
    def _label(self, texts: Mapping[str, str], certainty: str) -> Label:
        return label(texts, certainty, self.language, self.source_language)

    @cached_property
    def pillars(self) -> list[Pillar]:
        return [self._pillar(position, entry) for position, entry in enumerate(self.framework["pillars"], 1)]

    def _pillar(self, position: int, entry: Mapping[str, Any]) -> Pillar:
        own, validated = self._standings("pillars", entry["code"])
        return Pillar(
            key=f"pillar-{entry['code']}",
            code=entry["code"],
            number=str(position),
            label=self._label(entry["name"], entry["certainty"]),
            note=self.say(entry["note"]),
            own=own,
            validated=validated,
            levers=[self._lever(lever, position, entry) for lever in entry["levers"]],
            introduction=self._editorial(f"pillar:{entry['code']}"),
        )

    def _standings(self, group: str, code: str) -> tuple[Standing, Standing]:
        """Self-assessed and validated: two figures, never blended."""
        series = self.content["levels"]
        return tuple(
            self.marks.standing(series[name][group].get(code), starred=group == "levers")
            for name in ("self", "validated")
        )  # type: ignore[return-value]

    @cached_property
    def levers(self) -> list[Lever]:
        return [lever for pillar in self.pillars for lever in pillar.levers]

    def _lever(self, entry: Mapping[str, Any], position: int, pillar: Mapping[str, Any]) -> Lever:
        own, validated = self._standings("levers", entry["code"])
        questions = [
            question for section in self._sections_of_lever.get(entry["code"], []) for question in section["questions"]
        ]
        kind = entry["support"]["kind"]
        standing = validated if validated.value is not None else own
        target = self._target(standing)
        adopted = {row["guidance"] for row in self.content["recommendations"] if row["lever"] == entry["code"]}
        return Lever(
            key=f"lever-{entry['code']}",
            code=entry["code"],
            label=self._label(entry["name"], entry["certainty"]),
            short=self.say(entry["short"]),
            pillar=pillar["code"],
            pillar_title=gettext("Pillar %(number)s. %(name)s")
            % {"number": position, "name": self.say(pillar["name"])},
            own=own,
            validated=validated,
            standing=standing,
            target=self.marks.mark(target) if target else None,
            criteria=[
                self._criterion(question, entry["code"], target, is_own=standing is own)
                for question in questions
                if question["kind"] in SCORED
            ],
            facts=[self._answered(question) for question in questions if question["kind"] not in SCORED],
            observations=[row for row in self.observations if row.lever == entry["code"]],
            recommendations=in_order([row for row in self.recommendations if row.lever == entry["code"]]),
            tools=[self._label(tool["name"], tool["certainty"]) for tool in entry["tools"]],
            support=self._label(entry["support"]["text"], entry["support"]["certainty"]),
            support_kind=kind,
            support_word=choice(SupportKind, kind) if kind else "",
            next_step=self._next_step(entry, standing.mark.reached) if target else None,
            is_next_step_adopted=standing.mark.reached in adopted,
        )

    def _target(self, standing: Standing) -> int:
        """The level after the one reached; 0 at the highest, and where there is no level to count from."""
        reached = standing.mark.reached
        return next((number for number in sorted(self.marks.levels) if number > reached), 0) if reached else 0

    def _next_step(self, entry: Mapping[str, Any], reached: int) -> NextStep | None:
        guidance = entry["guidance"].get(str(reached))
        if guidance is None:
            return None
        tools = {tool["code"]: self._label(tool["name"], tool["certainty"]) for tool in entry["tools"]}
        return NextStep(
            text=self.say(guidance["text"]),
            tool=tools.get(guidance["tool"]),
            who=choice(Institution, guidance["who"]),
            horizon=choice(Horizon, guidance["horizon"]),
        )

    @cached_property
    def overall(self) -> tuple[Standing, Standing] | None:
        """Only where the project's manager chose to print it (METHODOLOGY 5.8)."""
        series = self.content["levels"]
        if not self.project["show_overall"] or self.framework["aggregation"] == "none":
            return None
        own, validated = (self.marks.standing(series[name]["overall"], starred=False) for name in ("self", "validated"))
        return own, validated

    @cached_property
    def radar(self) -> charts.Radar | None:
        """Both series over all levers; None where there are too few for a figure."""
        if len(self.levers) < LEAST_AXES:
            return None
        own, validated = (
            [None if standing.value is None else float(standing.value) for standing in series]
            for series in ([lever.own for lever in self.levers], [lever.validated for lever in self.levers])
        )
        return charts.radar(validated, own, max(self.marks.levels))

    @property
    def radar_title(self) -> str:
        """What the drawing says, read aloud: every value."""
        rows = [
            gettext("%(lever)s: validated %(validated)s, self-assessed %(own)s")
            % {"lever": lever.code, "validated": lever.validated.mark.figure, "own": lever.own.mark.figure}
            for lever in self.levers
        ]
        return gettext("Levels of the levers. %(values)s.") % {"values": "; ".join(rows)}

    @property
    def radar_axes(self) -> list[tuple[charts.Dot, Lever]]:
        return list(zip(self.radar.axes, self.levers, strict=True)) if self.radar else []

    @property
    def radar_labels(self) -> list[tuple[charts.Label, Lever]]:
        return list(zip(self.radar.labels, self.levers, strict=True)) if self.radar else []

    @property
    def radar_ticks(self) -> list[tuple[int, float]]:
        """The levels along the upright axis, in per cent from the top."""
        highest = max(self.marks.levels)
        reach = charts.RADIUS / charts.SIZE * 100
        return [(number, round(50 - reach * number / highest, 1)) for number in sorted(self.marks.levels)]

    @property
    def completeness(self) -> str:
        """Printed beside every level (METHODOLOGY 5.4)."""
        count = self.content["levels"]["self"]["completeness"]
        return gettext("%(answered)s of %(applicable)s applicable criteria have a self-assessed level (%(share)s).") % {
            "answered": count["answered"], "applicable": count["applicable"], "share": share_text(count["percent"]),
        }  # fmt: skip

    @property
    def validated_share(self) -> str:
        count = self.content["levels"]["validated"]["completeness"]
        return gettext("%(answered)s of %(applicable)s have a validated one (%(share)s).") % {
            "answered": count["answered"], "applicable": count["applicable"], "share": share_text(count["percent"]),
        }  # fmt: skip

    @property
    def unsupported(self) -> list[str]:
        """The share of unsupported claims among those above the lowest level, in each series (METHODOLOGY 5.6)."""
        own = gettext("Self-assessed: %(count)s of %(claims)s levels above the lowest are unsupported (%(share)s).")
        validated = gettext("Validated: %(count)s of %(claims)s levels above the lowest are unsupported (%(share)s).")
        sentences = []
        for name, sentence in (("self", own), ("validated", validated)):
            count = self.content["levels"][name]["completeness"]
            share = share_text(count["unsupported_percent"])
            sentences.append(sentence % {"count": count["unsupported"], "claims": count["claims"], "share": share})
        return sentences

    @cached_property
    def criteria(self) -> list[Criterion]:
        return [criterion for lever in self.levers for criterion in lever.criteria]

    @cached_property
    def not_applicable(self) -> list[Criterion]:
        return [criterion for criterion in self.criteria if criterion.answered.status == "not_applicable"]

    @cached_property
    def differences(self) -> list[Criterion]:
        return [criterion for criterion in self.criteria if criterion.differs]

    @property
    def reservations(self) -> list[Criterion]:
        return [entry for entry in self.differences if entry.response and entry.response.is_reservation]

    @cached_property
    def blank_levers(self) -> list[Lever]:
        return [lever for lever in self.levers if lever.validated.value is None]

    @cached_property
    def strongest(self) -> list[Lever]:
        return self._by_level(reverse=True)

    @cached_property
    def weakest(self) -> list[Lever]:
        return self._by_level(reverse=False)

    def _by_level(self, *, reverse: bool) -> list[Lever]:
        """At most three levers, the framework's order deciding between equals; never a lever without a level."""
        scored = [lever for lever in self.levers if lever.validated.value is not None]
        return sorted(scored, key=lambda lever: lever.validated.value or Fraction(0), reverse=reverse)[:LISTED]

    @property
    def strongest_tie(self) -> str:
        return self._tie(self.strongest)

    @property
    def weakest_tie(self) -> str:
        return self._tie(self.weakest)

    def _tie(self, listed: Sequence[Lever]) -> str:
        """The levers at the level of the last one listed, where the list holds only some of them."""
        equal = [lever for lever in self.levers if listed and lever.validated.value == listed[-1].validated.value]
        if all(lever in listed for lever in equal):
            return ""
        return gettext("%(levers)s, tied") % {"levers": together([lever.code for lever in equal])}

    # ── Observations and recommendations ─────────────────────────────────────
    @cached_property
    def observations(self) -> list[Observation]:
        return [
            Observation(
                kind=row["kind"], kind_word=choice(ObservationKind, row["kind"]), lever=row["lever"],
                question=row["question"], about=self._question_labels.get(row["question"], ""),
                said=self._certain(row["said"]),
            )
            for row in self.content["observations"]
        ]  # fmt: skip

    @cached_property
    def _question_labels(self) -> dict[str, str]:
        return {entry.code: entry.label for section in self.sections for entry in section.answers}

    def _certain(self, entry: Mapping[str, str]) -> Said:
        found = said(entry, self.language)
        assert found is not None
        return found

    @cached_property
    def recommendations(self) -> list[Recommendation]:
        levers = {lever["code"]: lever for pillar in self.framework["pillars"] for lever in pillar["levers"]}
        return [self._recommendation(row, levers[row["lever"]]) for row in self.content["recommendations"]]

    def _recommendation(self, row: Mapping[str, Any], lever: Mapping[str, Any]) -> Recommendation:
        tool = next((tool for tool in lever["tools"] if tool["code"] == row["tool"]), None)
        kind = lever["support"]["kind"]
        return Recommendation(
            number=row["number"],
            name=f"R{row['number']}",
            lever=row["lever"],
            lever_short=self.say(lever["short"]),
            said=self._recommended(row, lever),
            priority=row["priority"],
            priority_word=choice(Priority, row["priority"]),
            horizon=row["horizon"],
            horizon_word=choice(Horizon, row["horizon"]),
            owner=choice(Institution, row["owner"]),
            owner_detail=said(row["owner_detail"], self.language),
            resources=said(row["resources"], self.language),
            activities=[choice(Activity, tag) for tag in row["tags"]],
            tools=[self._label(entry["name"], entry["certainty"]) for entry in ([tool] if tool else lever["tools"])],
            support=choice(SupportKind, kind) if kind else "",
            needs=row["needs"],
        )

    def _recommended(self, row: Mapping[str, Any], lever: Mapping[str, Any]) -> Said:
        """What the experts wrote; the framework's own words, where they took them as they are, in this language."""
        guidance = lever["guidance"].get(str(row["guidance"]), {"text": {}})
        taken = guidance["text"].get(row["said"]["language"], "").strip()
        if taken and row["said"]["text"].strip() == taken:
            return Said(text=self.say(guidance["text"]), language=self.language, is_foreign=False)
        return self._certain(row["said"])

    @cached_property
    def quick_wins(self) -> list[Recommendation]:
        """What can start within 90 days: short horizon, high or medium priority, nothing needed first."""
        return [
            row
            for row in sorted(self.recommendations, key=rank)
            if row.horizon == Horizon.SHORT and row.priority != Priority.LOW and not row.needs
        ]

    @cached_property
    def levers_by_priority(self) -> list[Lever]:
        """The levers with the most pressing recommendations first, then those with the lowest level."""

        def key(lever: Lever) -> tuple[int, Fraction]:
            best = min((PRIORITIES.index(row.priority) for row in lever.recommendations), default=len(PRIORITIES))
            return best, lever.validated.value if lever.validated.value is not None else Fraction(0)

        return sorted(self.levers, key=key)

    @cached_property
    def recommendations_by_pillar(self) -> list[tuple[Pillar, list[Recommendation]]]:
        rows = [
            (pillar, [row for row in self.recommendations if row.lever in {lever.code for lever in pillar.levers}])
            for pillar in self.pillars
        ]
        return [(pillar, found) for pillar, found in rows if found]

    @cached_property
    def observations_by_lever(self) -> list[tuple[Lever, list[Observation]]]:
        """With the levers on which the country entered a reservation; its words stand with them."""
        return [(lever, list(lever.observations)) for lever in self.levers if lever.observations or lever.reservations]

    # ── Roadmap ──────────────────────────────────────────────────────────────
    @cached_property
    def roadmap_quarters(self) -> list[roadmap.Quarter]:
        return roadmap.quarters(self.date, roadmap.needed_quarters(self._roadmap_ends))

    @property
    def roadmap_years(self) -> list[roadmap.Year]:
        return roadmap.years(self.roadmap_quarters)

    @property
    def roadmap_width(self) -> int:
        """Columns in all: the recommendation, the quarters, when it is due, who acts."""
        return len(self.roadmap_quarters) + 3

    @cached_property
    def _roadmap_tasks(self) -> dict[int, roadmap.Task]:
        return {row.number: roadmap.Task(row.number, row.horizon, tuple(row.needs)) for row in self.recommendations}

    @cached_property
    def _roadmap_ends(self) -> dict[int, tuple[int, int, int]]:
        return roadmap.ends(list(self._roadmap_tasks.values()))

    @cached_property
    def roadmap_groups(self) -> list[tuple[str, list[Bar]]]:
        rows = [
            (horizon, in_order([row for row in self.recommendations if row.horizon == horizon])) for horizon in HORIZONS
        ]
        return [(choice(Horizon, horizon), [self._bar(row) for row in found]) for horizon, found in rows if found]

    def _bar(self, row: Recommendation) -> Bar:
        task, placed = self._roadmap_tasks[row.number], self._roadmap_ends
        due = roadmap.quarter(self.date, placed[row.number][2])
        return Bar(
            row=row,
            cells=roadmap.cells(task, placed, self.roadmap_quarters),
            due=gettext("Q%(number)s %(year)s") % {"number": due.number, "year": due.year},
            is_late=roadmap.is_late(task, placed),
        )

    @property
    def chains(self) -> list[Recommendation]:
        """Recommendations that wait for others."""
        return [row for row in self.recommendations if row.needs]

    @cached_property
    def support_groups(self) -> list[tuple[str, str, list[Lever]]]:
        """The levers by how the UPU's support is given: kind, words, levers."""
        return [
            (kind, choice(SupportKind, kind), found)
            for kind in SupportKind.values
            if (found := [lever for lever in self.levers if lever.support_kind == kind])
        ]

    # ── Strategy ─────────────────────────────────────────────────────────────
    @cached_property
    def strategy(self) -> Mapping[str, Any]:
        return self.content["strategy"] or {"has_text": None, "conclusion": ""}

    @property
    def strategy_rules(self) -> list[str]:
        return method.strategy_rules(self.content["checklist"]) if self.content["checklist"] else []

    def strategy_said(self, field: str) -> Said | None:
        return said(self.strategy.get(field), self.language)

    @property
    def strategy_title(self) -> Said | None:
        return self.strategy_said("title")

    @property
    def strategy_status(self) -> Said | None:
        return self.strategy_said("status")

    @property
    def strategy_findings(self) -> Said | None:
        return self.strategy_said("findings")

    @property
    def strategy_date(self) -> str:
        return day_text(parse_day(self.strategy.get("dated_on")))

    @property
    def strategy_conclusion(self) -> str:
        code = self.strategy["conclusion"]
        return choice(StrategyConclusion, code) if code else ""

    @property
    def outline(self) -> list[str]:
        """One heading a line; the domains' names where there is no outline and a strategy has to be drawn up."""
        written = self.strategy.get("outline")
        if written:
            return [line.strip() for line in written["text"].splitlines() if line.strip()]
        return [domain.name for domain in self.domains]

    @property
    def outline_said(self) -> Said | None:
        return self.strategy_said("outline")

    @cached_property
    def domains(self) -> list[Domain]:
        checklist = self.content["checklist"]
        return [self._domain(section) for section in checklist["sections"]] if checklist else []

    def _domain(self, section: Mapping[str, Any]) -> Domain:
        return Domain(
            key=f"domain-{section['code']}",
            code=section["code"],
            name=self.say(section["name"]),
            text=self.say(section["text"]),
            standing=self.marks.standing(self.content["levels"]["domains"].get(section["code"])),
            items=[self._answered(question) for question in section["questions"]],
            marks=[
                self._own_mark(question) if question["kind"] in SCORED else self.marks.mark(None)
                for question in section["questions"]
            ],
        )

    @cached_property
    def strategy_standing(self) -> Standing:
        return self.marks.standing(self.content["levels"]["strategy"], starred=False)

    @cached_property
    def strategy_lever(self) -> Lever | None:
        """The one that the checklist looks into: what the country answered on it stands beside (METHODOLOGY 7)."""
        code = (self.content["checklist"] or {}).get("lever")
        return next((lever for lever in self.levers if lever.code == code), None)

    @cached_property
    def strategy_recommendations(self) -> list[Recommendation]:
        """Those of the pillar that the strategy belongs to; all of them where no lever is the strategy's."""
        if self.strategy_lever is None:
            return self.recommendations
        own = next(pillar for pillar in self.pillars if pillar.code == self.strategy_lever.pillar)
        codes = {lever.code for lever in own.levers}
        return [row for row in self.recommendations if row.lever in codes]

    @cached_property
    def aims(self) -> list[Aim]:
        return [
            Aim(
                national=self._certain(aim["national"]), postal=said(aim["postal"], self.language),
                gap=said(aim["gap"], self.language),
            )
            for aim in self.content["aims"]
        ]  # fmt: skip

    # ── People and sources ───────────────────────────────────────────────────
    def _sources(self, kind: str) -> list[Source]:
        return [
            Source(
                title=self._certain(source["title"]), detail=said(source["detail"], self.language),
                dated_on=day_text(parse_day(source["dated_on"])),
            )
            for source in self.content["sources"]
            if source["kind"] == kind
        ]  # fmt: skip

    @property
    def persons(self) -> list[Source]:
        return self._sources("person")

    @property
    def documents(self) -> list[Source]:
        return self._sources("document")

    @property
    def experts(self) -> list[str]:
        return [member["name"] for member in self.project["team"] if member["role"] == Role.EXPERT]

    @property
    def national_team(self) -> list[tuple[str, str, str]]:
        return [
            (
                member["name"],
                choice(Role, member["role"])
                if member["role"] == Role.COORDINATOR
                else choice(Function, member["function"]),
                choice(Institution, member["institution"]),
            )
            for member in self.project["team"]
            if member["role"] in {Role.COORDINATOR, Role.CONTRIBUTOR, Role.SIGNATORY}
        ]

    @property
    def visits(self) -> list[str]:
        return [
            gettext("%(start)s to %(end)s") % {
                "start": day_text(parse_day(visit["starts_on"])), "end": day_text(parse_day(visit["ends_on"])),
            }
            for visit in self.project["visits"]
        ]  # fmt: skip

    @property
    def submission(self) -> str:
        """Who signed the questionnaire, and when."""
        signed = self.content["questionnaire"]["submission"]
        if not signed:
            return ""
        function = self._certain({"text": signed["function"], "language": signed.get("language", "")})
        marked = f"{function.text} ({function.mark})" if function.is_foreign else function.text
        return gettext("Questionnaire signed by %(name)s, %(function)s, on %(date)s.") % {
            "name": signed["name"], "function": marked, "date": day_text(parse_day(signed["signed_on"])),
        }  # fmt: skip

    @property
    def institution_signatures(self) -> list[str]:
        """What each institution signed of its own sections, and did not; snapshots of before do not say."""
        return [signed_by(row) for row in self.content["questionnaire"].get("signatories", [])]

    # ── Method ───────────────────────────────────────────────────────────────
    @property
    def level_lines(self) -> list[tuple[Mark, str]]:
        """Each level's marks with what it means, and the mark of no level at the end."""
        lines = [
            (self.marks.mark(number), self.say(level["text"])) for number, level in sorted(self.marks.levels.items())
        ]
        return [
            *lines,
            (self.marks.mark(None), gettext("Nothing could be scored. This is neither a zero nor the lowest level.")),
        ]

    @property
    def steps(self) -> list[tuple[str, Label, str]]:
        return [
            (choice(Phase, step["phase"]), self._label(step["name"], step["certainty"]), self.say(step["output"]))
            for step in self.framework["steps"]
        ]

    @property
    def rules(self) -> list[str]:
        questions = [entry for section in self.content["questionnaire"]["sections"] for entry in section["questions"]]
        return method.rules(self.framework, {entry["weight"] for entry in questions if entry["kind"] in SCORED})


def is_unsupported(level: int | None, basis: str) -> bool:
    return scoring.Criterion("", Fraction(1), level, basis).is_unsupported


def basis_words(basis: str, question: Mapping[str, Any]) -> str:
    """What a claim rests on; a document is "attached" only where there is a piece."""
    if basis == Basis.NONE:
        return gettext("None")
    if basis == Basis.DOCUMENT and not question["evidence"] and not question["withheld_evidence"]:
        return gettext("A document")
    return choice(Basis, basis) if basis else ""


def _met(answer: Mapping[str, Any] | None) -> str:
    """What an answer says of a requirement, as `scoring.gate` reads it."""
    if answer is None:
        return Met.BLANK.value
    if answer["is_confidential"]:
        return Met.WITHHELD.value
    return str(answer["value"] if answer["status"] == "answered" else answer["status"])


def in_row_order(question: Mapping[str, Any], value: Any) -> Any:
    """A table's answer in the order of its rows: canonical JSON sorts keys."""
    if question["kind"] != Kind.TABLE or not isinstance(value, dict):
        return value
    rows = [option["code"] for option in question["options"] if option["axis"] == "row"]
    return {row: value[row] for row in rows if row in value}


def rank(row: Recommendation) -> tuple[int, int, int]:
    return PRIORITIES.index(row.priority), HORIZONS.index(row.horizon), row.number


def in_order(rows: Sequence[Recommendation]) -> list[Recommendation]:
    """By priority and horizon, but never before what a recommendation needs."""
    waiting = sorted(rows, key=rank)
    ordered: list[Recommendation] = []
    while waiting:
        open_numbers = {row.number for row in waiting}
        ready = next((row for row in waiting if not open_numbers & set(row.needs)), waiting[0])
        waiting.remove(ready)
        ordered.append(ready)
    return ordered


def signed_by(row: Mapping[str, Any]) -> str:
    sentences = {
        "signed": gettext("%(institution)s has signed its sections: %(sections)s."),
        "changed": gettext("%(institution)s signed these sections, and they were changed since: %(sections)s."),
        "unsigned": gettext("%(institution)s has not signed its sections: %(sections)s. This blocks nothing."),
    }
    name = choice(Institution, row["institution"])
    return " ".join(
        sentence % {"institution": name, "sections": ", ".join(row[state])}
        for state, sentence in sentences.items()
        if row[state]
    )


def parse_day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


def share_text(percent: int | None) -> str:
    """A share in whole per cent; "–" of nothing."""
    return "–" if percent is None else gettext("%(share)s%%") % {"share": percent}


def day_text(day: datetime.date | None) -> str:
    return formats.date_format(day, "DATE_FORMAT") if day else ""


def iso(moment: datetime.datetime) -> str:
    """UTC to the second, as PDF metadata has it."""
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _question_like(question: Mapping[str, Any]) -> Any:
    """The question as `values.in_words` reads it."""
    options = [
        SimpleNamespace(axis=option["axis"], code=option["code"], text=Texts(option["text"]))
        for option in question["options"]
    ]
    return SimpleNamespace(
        kind=question["kind"], unit=Texts(question["unit"]), options=SimpleNamespace(all=lambda: options)
    )
