"""The forms and links of a page, each field with a value that could be meant. For the fuzzing and for the scanners."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

Field = tuple[bytes, bytes]


@dataclass
class Form:
    action: str
    method: str
    fields: list[Field] = field(default_factory=list)


FILLED = {"email": "someone@valmara.example", "date": "2026-12-01", "number": "1", "password": "a-long-enough-password"}


class FormReader(HTMLParser):
    """Collects the forms of a page, each field with a value that could be meant."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.here: Form | None = None
        self.select: tuple[Form, str, list[tuple[bool, str]]] | None = None
        self.seen_radios: set[tuple[int, str]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.here = Form(named.get("action") or self.page, named.get("method", "get").lower())
            self.forms.append(self.here)
            if "id" in named:
                self.by_id[named["id"]] = self.here
            return
        if tag == "option" and self.select:
            self.select[2].append(("selected" in named, named.get("value", "")))
            return
        form = self.by_id.get(named["form"]) if "form" in named else self.here
        name = named.get("name", "")
        if form is None:
            return
        if tag == "button" and "formaction" in named:
            self.forms.append(Form(named["formaction"], form.method, form.fields))
        elif tag == "select":
            self.select = (form, name, [])
        elif name and name != "csrfmiddlewaretoken" and tag in {"input", "textarea", "button"}:
            self.add(form, name, named.get("type", "text" if tag == "input" else tag), named)

    def add(self, form: Form, name: str, kind: str, named: Mapping[str, str]) -> None:
        if kind == "radio":
            if (id(form), name) in self.seen_radios:
                return
            self.seen_radios.add((id(form), name))
        value = named.get("value") or FILLED.get(kind, "" if kind in {"hidden", "file"} else "Some text, été")
        form.fields.append((name.encode(), value.encode()))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.here = None
        elif tag == "select" and self.select:
            form, name, options = self.select
            chosen = [value for selected, value in options if selected and value] or [v for _s, v in options if v]
            form.fields.append((name.encode(), (chosen or [""])[0].encode()))
            self.select = None


def forms_of(page: str, html: str) -> list[Form]:
    reader = FormReader(page)
    reader.feed(html)
    return reader.forms


def links_of(html: str) -> list[str]:
    reader = LinkReader()
    reader.feed(html)
    return reader.links


class LinkReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and (address := dict(attrs).get("href")):
            self.links.append(address)
