"""The questionnaire on paper: boxes to tick and lines to write on, each question with its code."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.template.loader import render_to_string
from django.utils import formats, timezone
from django.utils.translation import gettext

from reports.copies.asked import Part, Questionnaire
from reports.documents.texts import page_words
from reports.faces import printable


@dataclass(frozen=True)
class Paper:
    """A copy as the template prints it."""

    questionnaire: Questionnaire

    @property
    def language(self) -> str:
        return self.questionnaire.language

    @property
    def title(self) -> str:
        return self.questionnaire.sheet.instrument.name.in_(self.language)

    @property
    def country(self) -> str:
        return self.questionnaire.sheet.project.country.name.in_(self.language)

    @property
    def parts(self) -> Sequence[Part]:
        return self.questionnaire.parts

    @property
    def state(self) -> str:
        """Which answers it holds."""
        if not self.questionnaire.is_filled:
            return gettext("Blank form")
        when = formats.date_format(timezone.localtime(self.questionnaire.taken_at), "DATETIME_FORMAT")
        return gettext("Answers as they stood on %(when)s (UTC)") % {"when": when}

    @property
    def foot(self) -> str:
        framework = self.questionnaire.sheet.project.framework
        return gettext("%(state)s · Framework %(framework)s") % {"state": self.state, "framework": framework}

    @cached_property
    def page_words(self) -> tuple[str, str]:
        return page_words()

    @property
    def rules(self) -> list[str]:
        """How it is filled in, on paper as on a screen."""
        return [
            gettext(
                "Each level of a criterion presupposes the ones below it: tick the highest of which everything is true "
                "and can be shown."
            ),
            gettext(
                "No answer is not a zero. If you do not know, or if the question does not apply, tick that box; say "
                "why it does not apply."
            ),
            gettext(
                "The code beside each question is the one on the site: it leads straight to the place where the answer "
                "is typed in."
            ),
        ]


def html_of(questionnaire: Questionnaire) -> str:
    """The copy as HTML, in the active language. What no bundled face holds is printed as its number."""
    html = render_to_string("reports/print/questionnaire.html", {"paper": Paper(questionnaire)})
    return str(printable(html, set()))
