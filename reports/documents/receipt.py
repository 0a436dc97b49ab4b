"""The receipt of a submission as HTML, in the active language: one or two pages, nothing of what was answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.template.loader import render_to_string
from django.utils import formats, timezone
from django.utils.translation import gettext

from assessments.models import Submission
from assessments.outline import structure
from assessments.signatures import Signatory, signatories_of
from reports.documents.texts import Said, page_words, said
from reports.faces import printable


@dataclass(frozen=True)
class Part:
    """A section with its number of answers, and the questions that have none."""

    code: str  # "" where a section is of no lever
    name: str
    answered: int
    applicable: int
    missing: Sequence[str]


@dataclass(frozen=True)
class ReceiptPage:
    """What the template prints."""

    submission: Submission
    language: str

    @property
    def country(self) -> str:
        return str(self.submission.sheet.project.country.name.in_(self.language))

    @property
    def title(self) -> str:
        return gettext("Receipt of submission %(number)s") % {"number": self.submission.number}

    @property
    def instrument(self) -> str:
        return str(self.submission.sheet.instrument.name.in_(self.language))

    @property
    def received(self) -> str:
        """When it reached the server, to the second."""
        at = timezone.localtime(self.submission.signed_at, timezone.get_fixed_timezone(0))
        return gettext("%(day)s at %(time)s (UTC)") % {
            "day": formats.date_format(at, "DATE_FORMAT"),
            "time": formats.date_format(at, "H:i:s"),
        }

    @property
    def sha_groups(self) -> str:
        return " ".join(self.submission.sha256[start : start + 8] for start in range(0, 64, 8))

    @property
    def statement(self) -> Said | None:
        return self._said(self.submission.statement, self.submission.language)

    @property
    def reason(self) -> Said | None:
        asked = self.submission.request
        return self._said(asked.reason, asked.language) if asked else None

    def _said(self, text: str, language: str) -> Said | None:
        return said({"text": text, "language": language}, self.language) if text else None

    @cached_property
    def parts(self) -> list[Part]:
        asked = self.submission.request
        if asked is None:
            return []
        whole = structure(self.submission.sheet.instrument)
        missing: dict[int, list[str]] = {}
        for code in asked.missing:
            missing.setdefault(whole.questions[code].section_id, []).append(code)
        return [
            Part(
                section.code if section.lever else "",
                section.name.in_(self.language),
                *asked.sections[section.code],
                missing.get(section.pk, []),
            )
            for section in whole.sections
            if section.code in asked.sections
        ]

    @cached_property
    def signatories(self) -> list[Signatory]:
        return signatories_of(self.submission)

    @property
    def foot(self) -> str:
        return gettext("Framework %(framework)s · SHA-256 %(sha)s…") % {
            "framework": self.submission.sheet.project.framework,
            "sha": self.submission.sha256[:16],
        }

    @cached_property
    def page_words(self) -> tuple[str, str]:
        return page_words()


def html_of_receipt(submission: Submission, language: str) -> str:
    """What no bundled face holds is printed as its number."""
    context: dict[str, Any] = {"receipt": ReceiptPage(submission, language), "submission": submission}
    return str(printable(render_to_string("reports/print/receipt.html", context), set()))
