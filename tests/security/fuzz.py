"""What the fuzzing sends: the site's own forms, read from its pages, filled in, then broken; and what holds after."""

import itertools
import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_from_bytes, urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.messages import ERROR, get_messages
from django.core.cache import cache
from django.db import connection, models, transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import Resolver404, resolve, reverse
from django.utils import translation
from hypothesis import strategies as st

from assessments.models import Answer, AnswerRevision, AnswerSheet, RevisionKind
from assessments.progress import mend
from foundation.files import path_of
from foundation.models import StoredFile
from readiness.wsgi import CHARSET
from tests.access.test_matrix import ACCESS, PUBLIC, arguments
from tests.access.world import ROLES, World
from tests.guards import WRITES
from tests.security.pages import Field, forms_of

APPS = ("foundation", "accounts", "toolkit", "projects", "assessments", "reports")
APPEND_ONLY = {"AnswerRevision", "Submission", "SheetReturn", "ProjectEvent"}
SCRIPTS = {  # answered with 200 when something was saved
    "assessments:answer_save", "assessments:evidence_add", "assessments:upload_start", "assessments:upload_chunk",
    "assessments:upload_give_up",
}  # fmt: skip


def name_of(address: str) -> str:
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return ""


# ── Where it is sent ─────────────────────────────────────────────────────────


@dataclass(repr=False)
class Target:
    """An address in one of the worlds, with the forms that lead to it."""

    name: str
    url: str
    here: World
    signs: Mapping[str, str]  # role → sign of the matrix
    forms: list[list[Field]]

    def __repr__(self) -> str:
        return f"{self.name} {self.url}"


@dataclass
class Site:
    worlds: Mapping[str, World]
    keys: Mapping[tuple[str, str], str]  # world and role → the key of a session
    targets: Mapping[str, list[Target]]  # of POST, by name
    pages: Mapping[str, list[Target]]  # of GET, by name
    uuids: Sequence[str]  # of everything that has one, in all worlds
    before: "State"

    def client(self, target: Target, role: str) -> Client:
        client = SiteClient()
        if role != "visitor":
            world = next(name for name, here in self.worlds.items() if here is target.here)
            client.cookies[settings.SESSION_COOKIE_NAME] = self.keys[world, role]
        return client


class SiteClient(Client):
    """Through the server's own door, which reads everything as UTF-8 (readiness/wsgi.py)."""

    def request(self, **environ: Any) -> Any:
        environ["CONTENT_TYPE"] = CHARSET.sub("", environ.get("CONTENT_TYPE", ""))
        return super().request(**environ)


PUBLIC_GIVEN = {
    "account_reset_password_from_key": lambda here: ["1", "made-up-key"],
    "projects:invitation": lambda here: [here.invitation.token],
    "offline": lambda here: ["fr"],
}
ASKED = {"assessments:project_new": lambda here: f"?country={here.project.country.code}"}
SAME_FIELDS = {
    "assessments:answer_save": "assessments:section", "assessments:evidence_add": "assessments:section",
    "assessments:view_add": "assessments:proposal_add",
}  # fmt: skip
GIVEN_FIELDS = {  # of what a script sends, and of forms that these worlds show to nobody
    "accounts:session": [[(b"person", b""), (b"login", b"someone@valmara.example"), (b"password", b"wrong-password")]],
    "assessments:sections_sign": [
        [(b"name", b"Someone"), (b"function", b"Head"), (b"read", b"A.1=0123"), (b"agrees", b"on")]
    ],
    "reports:import_accept": [[(b"take", b"A.1-1"), (b"A.1-1:seen", b"1")]],
}
ANYBODY = dict.fromkeys((*ROLES, "visitor"), "+")


def targets_of(worlds: Mapping[str, World], method: str) -> dict[str, list[Target]]:
    """Every address of the matrix that takes the method, and the public ones, in each world."""
    found: dict[str, list[Target]] = {}
    for state, here in worlds.items():
        for (takes, entry), expected in ACCESS.items():
            if takes == method:
                row = expected if isinstance(expected, str) else expected[state == "released"]
                name = entry.partition(" of ")[0]
                signs = dict(zip((*ROLES, "visitor"), row, strict=True))
                url = reverse(name, args=arguments(entry, here)) + ASKED.get(name, lambda here: "")(here)
                found.setdefault(entry, []).append(Target(name, url, here, signs, []))
        for name in sorted(PUBLIC):
            url = reverse(name, args=PUBLIC_GIVEN.get(name, lambda here: [])(here))
            found.setdefault(name, []).append(Target(name, url, here, ANYBODY, []))
    return found


LOOKS = {  # who opens the pages for their forms: between them they see every button
    "open": ("coordinator", "contributor", "signatory", "manager", "visitor"),
    "submitted": ("expert", "manager"),
    "released": ("coordinator", "manager"),
    "signing": ("signatory",),
}


def build(worlds: Mapping[str, World]) -> Site:
    """Sign everyone in and read every page for its forms."""
    keys = {}
    for state, here in worlds.items():
        for role in ROLES:
            client = Client()
            client.force_login(here.people[role])
            keys[state, role] = client.cookies[settings.SESSION_COOKIE_NAME].value
    site = Site(worlds, keys, targets_of(worlds, "POST"), targets_of(worlds, "GET"), all_uuids(), State.now())
    forms: dict[str, list[list[Field]]] = {}
    for page in itertools.chain.from_iterable(site.pages.values()):
        state = next(name for name, here in worlds.items() if here is page.here)
        for role in LOOKS[state]:
            if page.signs[role] == "+":
                with closing(site.client(page, role).get(page.url)) as response:
                    if response.status_code == 200 and not response.streaming:
                        for form in forms_of(page.url, response.content.decode()):
                            if form.method == "post":
                                forms.setdefault(name_of(form.action), []).append(form.fields)
    for target in itertools.chain.from_iterable(site.targets.values()):
        found = GIVEN_FIELDS.get(target.name) or forms.get(SAME_FIELDS.get(target.name, target.name), [])
        target.forms = list({tuple(form): form for form in found}.values()) or [[]]
    return site


def all_uuids() -> list[str]:
    found = []
    for model in our_models():
        if any(column.name == "public_id" for column in model._meta.concrete_fields):
            found += [str(value) for value in model._base_manager.values_list("public_id", flat=True)]
    return sorted(found)


# ── What is sent ─────────────────────────────────────────────────────────────
XSS = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}{% debug %}"
HOSTILE = [
    text.encode("utf-8", "surrogatepass")
    for text in (
        "",
        " ",
        "\x00",
        "a\x00b",
        "\ud800",
        "a\udfffb",
        "\u202egnp.exe",
        "\ufeff",
        "\u2028\u2029",
        "e\u0301" * 300,
        "İstanbul ẞ ﬀ",
        "👩‍👩‍👧‍👦" * 40,
        "مرحبا",
        "a" * 151,
        "a" * 256,
        "a" * 501,
        "é" * 4001,
        "x" * 20_001,
        "\r\n" * 500,
        XSS,
        "' OR 1=1 --",
        "%s%n%(a)s{0}",
        "../../../../etc/passwd",
        "=cmd|' /C calc'!A0",
        "-1",
        "0",
        "00",
        "1e9",
        "1.5",
        "NaN",
        "Infinity",
        "9" * 30,
        "-9223372036854775809",
        "2147483648",
        "١٢٣",
        "½",
        "null",
        "true",
        "[]",
        "{}",
        "0001-01-01",
        "9999-12-31",
        "10000-01-01",
        "2026-02-30",
        "2026-12-01T10:00",
        "nobody",
        "a@b",
        "a@b.example" * 40,
        '"a b"@x.example',
        "javascript:alert(1)",
        "//evil.example",
        "https://user:pass@[::1]:99999/",
        "http://" + "a" * 600 + ".example",
        "00000000-0000-0000-0000-000000000000",
        "g" * 36,
        "on",
        "fr",
        "xx",
        "answered",
        "dont_know",
        "not_applicable",
        "coordinator",
        "administrator",
        "expert",
        "observer",
        "post",
        "ib",
    )
] + [b"\xff\xfe", b"\xc3\x28", b"%00", b"\xed\xa0\x80"]
values = st.one_of(
    st.sampled_from(HOSTILE), st.sampled_from(HOSTILE), st.text(max_size=30).map(lambda text: text.encode()),
    st.binary(max_size=20), st.integers().map(lambda number: str(number).encode()),
)  # fmt: skip
HEADERS: list[dict[str, str]] = [
    {}, {}, {}, {"Accept": "application/json"}, {"HX-Request": "true"}, {"Accept-Language": "xx-\x00, *;q=9, en;q=a"},
    {"Referer": "http://testserver//evil.example/\\x"}, {"Referer": "\x01"}, {"Accept": "*/*;q=x"},
    {"X-Forwarded-For": "a, b"}, {"Cookie": "language=../../etc; messages=x; theme=\x7f"},
]  # fmt: skip
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


@dataclass
class Sent:
    """A request, ready to go; its `repr` is what a failure shows."""

    role: str
    url: str
    body: bytes
    content_type: str
    headers: dict[str, str]
    is_own_url: bool


@st.composite
def mutated(draw: st.DrawFn, fields: list[Field]) -> list[Field]:
    """The fields with up to four of them broken; now and then as they are."""
    fields = list(fields)
    for _time in range(draw(st.integers(0, 4))):
        act = draw(st.sampled_from(["value", "value", "value", "drop", "repeat", "add", "rename", "swap"]))
        place = draw(st.integers(0, max(len(fields) - 1, 0)))
        if act == "add" or not fields:
            fields.append((draw(st.one_of(st.sampled_from([b"by", b"id", b"next", b"state"]), values)), draw(values)))
        elif act == "value":
            fields[place] = (fields[place][0], draw(values))
        elif act == "drop":
            del fields[place]
        elif act == "repeat":
            fields.append((fields[place][0], draw(values)))
        elif act == "rename":
            fields[place] = (draw(values), fields[place][1])
        else:
            other = draw(st.integers(0, len(fields) - 1))
            fields[place] = (fields[place][0], fields[other][1])
    return fields


def encoded(fields: list[Field]) -> bytes:
    return b"&".join(f"{quote_from_bytes(name)}={quote_from_bytes(value)}".encode() for name, value in fields)


def multipart(fields: list[Field], files: Sequence[tuple[bytes, bytes, bytes, bytes]] = ()) -> bytes:
    """`files`: field, file name, content type, content."""
    parts = [b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % pair for pair in fields]
    parts += [
        b'--b\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\nContent-Type: %b\r\n\r\n%b\r\n' % file
        for file in files
    ]
    return b"".join(parts) + b"--b--\r\n"


FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"


@st.composite
def bodies(draw: st.DrawFn, fields: list[Field]) -> tuple[bytes, str]:
    """The fields as a browser sends them, or as none would."""
    kind = draw(st.sampled_from(["form"] * 8 + ["multipart", "files", "broken", "json", "type", "bytes", "many"]))
    if kind == "form":
        return encoded(fields), FORM
    if kind == "multipart":
        return multipart(fields), MULTIPART
    if kind == "files":  # every text as a file
        return multipart([], [(name, b"a.txt", b"text/plain", value) for name, value in fields]), MULTIPART
    if kind == "broken":
        whole = multipart(fields, [(b"file", b"a", b"text/plain", b"x")])
        at = draw(st.integers(0, len(whole)))
        return draw(st.sampled_from([whole[:at], whole[at:], whole.replace(b"\r\n", b"\n"), whole * 2])), draw(
            st.sampled_from([MULTIPART, "multipart/form-data", "multipart/form-data; boundary=" + "x" * 300,
                             "multipart/form-data; boundary=é"])
        )  # fmt: skip
    if kind == "json":
        named = {name.decode(errors="replace"): value.decode(errors="replace") for name, value in fields}
        return json.dumps(draw(st.sampled_from([named, [named], None, "x"]))).encode(), "application/json"
    if kind == "many":
        return b"a=1&" * 2001 + encoded(fields), FORM
    if kind == "type":
        types = ["", "text/plain", FORM + "; charset=utf-16", FORM + "; charset=base64", "a/b/c", "x" * 500]
        return encoded(fields), draw(st.sampled_from(types))
    return draw(st.binary(max_size=200)), draw(st.sampled_from([FORM, MULTIPART, "application/json"]))


@st.composite
def addresses(draw: st.DrawFn, url: str, uuids: Sequence[str]) -> str:
    """The address itself, mostly; or with another thing's id, or a part that is no code."""
    if draw(st.integers(0, 5)):
        return url
    found = UUID.findall(url)
    if found and draw(st.booleans()):
        other = draw(st.one_of(st.sampled_from(uuids), st.uuids().map(str)))
        return url.replace(draw(st.sampled_from(found)), other)
    parts = url.split("/")
    place = draw(st.integers(1, max(len(parts) - 2, 1)))
    parts[place] = quote(draw(values)[:300], safe="")
    return "/".join(parts)


@st.composite
def requests(draw: st.DrawFn, site: Site, target: Target) -> Sent:
    allowed = [role for role, sign in target.signs.items() if sign == "+"]
    role = draw(st.sampled_from(allowed * 4 + list(target.signs)))
    fields = [(name, str(uuid.uuid4()).encode() if name.endswith(b":save_id") else value)
              for name, value in draw(st.sampled_from(target.forms))]  # fmt: skip
    body, content_type = draw(bodies(draw(mutated(fields))))
    url = draw(addresses(target.url, site.uuids))
    return Sent(role, url, body, content_type, draw(st.sampled_from(HEADERS)), url == target.url)


def question_targets(site: Site) -> list[Target]:
    """The save address of every question of both sheets, each with the fields that its section shows for it."""
    found = []
    for target in site.targets["assessments:answer_save"] + site.targets["assessments:answer_save of the checklist"]:
        for code in sorted({name.partition(b":")[0] for form in target.forms for name, _value in form if b":" in name}):
            fields = [[pair for pair in form if pair[0].startswith(code + b":")] for form in target.forms]
            url = re.sub(r"/answers/[^/]+/", f"/answers/{code.decode()}/", target.url)
            found.append(Target(target.name, url, target.here, target.signs, [form for form in fields if form]))
    return found


STARTS = [
    b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    b"PK\x03\x04", b"MZ",
    b"\x7fELF", b"<html><script>alert(1)</script>", b"<?xml version='1.0'?><svg onload='alert(1)'/>",
    b"<?php system(1);",
    b"#!/bin/sh\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"Rar!\x1a\x07\x00", b"\x1f\x8b", b"=1+1,2\n", b"",
    b"\x00" * 300, b"plain\n",
]  # fmt: skip
FILE_NAMES = [
    b"a.pdf", b"../../../etc/passwd", b"..\\..\\a.exe", b"/etc/passwd", b"C:\\a.pdf", b".htaccess", b"a.php.pdf",
    b"a.pdf\x00.exe",
    "a\u202egnp.exe".encode(), b"x" * 600 + b".pdf", b"", b" ", b"con.txt", b"a;b.pdf", b"a%0d%0aX: y.pdf",
    b"&lt;script&gt;.html",
    "r\u00e9sum\u00e9 \u4e2d.docx".encode(), b"\xff\xfe.pdf", b"a.svg", b"a.html", b"..", b"=cmd|' /C calc'!A0.csv",
]  # fmt: skip


@st.composite
def uploads(draw: st.DrawFn, code: bytes) -> bytes:
    """A form of up to three files for the question, with or without a link."""
    count = draw(st.integers(0, 3))
    files = [
        (
            code + draw(st.sampled_from([b":file", b":file", b":file", b":link", b":file2"])),
            draw(st.sampled_from(FILE_NAMES)),
            draw(st.sampled_from([b"application/pdf", b"text/html", b"image/svg+xml", b"", b"a/b; charset=utf-16"])),
            draw(st.sampled_from(STARTS)) + draw(st.binary(max_size=60)),
        )
        for _file in range(count)
    ]
    links = draw(st.lists(st.tuples(st.sampled_from([code + b":link", code + b":link-title"]), values), max_size=2))
    return multipart(links, files)


YAML_VALUES = [b"[]", b"{}", b"null", b"1", b"yes", b"&a [*a]", b"!!python/name:os", b"|", b"'"]
YAML_LINES = [b"---", b"...", b"%YAML 9", b"? [a, b]\n: c", b"a: &x [*x, *x]", b"<<: 1", b"- " * 3000]


@st.composite
def framework_files(draw: st.DrawFn, text: str) -> bytes:
    """The text of a framework file, broken in up to four places: bytes, lines, values, whole structures."""
    source = text.encode()
    for _time in range(draw(st.integers(0, 4))):
        lines = source.split(b"\n")
        place = draw(st.integers(0, len(lines) - 1))
        act = draw(
            st.sampled_from(["value", "value", "value", "drop", "double", "move", "indent", "bytes", "cut", "yaml"])
        )
        if act == "value":
            key, colon, _value = lines[place].partition(b":")
            new = draw(
                st.one_of(
                    values, st.sampled_from([b"[]", b"{}", b"null", b"1", b"yes", b"&a [*a]", b"!!python/name:os"])
                )
            )
            lines[place] = key + colon + b" " + new
        elif act == "drop":
            del lines[place : place + draw(st.integers(1, 30))]
        elif act == "double":
            lines[place:place] = lines[place : place + draw(st.integers(1, 30))]
        elif act == "move":
            lines.append(lines.pop(place))
        elif act == "indent":
            lines[place] = b"  " + lines[place]
        elif act == "bytes":
            lines[place] = lines[place][:3] + draw(st.binary(max_size=6)) + lines[place][3:]
        elif act == "cut":
            lines = lines[: place + 1]
        else:
            lines.insert(
                place,
                draw(st.sampled_from([b"---", b"...", b"%YAML 9", b"? [a, b]\n: c", b"a: &x [*x, *x]", b"<<: 1"])),
            )
        source = b"\n".join(lines)
    return source


# ── What holds after ─────────────────────────────────────────────────────────


def our_models() -> list[type[models.Model]]:
    return [model for label in APPS for model in apps.get_app_config(label).get_models()]


Rows = dict[Any, tuple[Any, ...]]


@dataclass
class State:
    """Every row of every table of ours."""

    tables: dict[str, Rows]

    @classmethod
    def now(cls) -> "State":
        tables = {}
        for model in our_models():
            columns = [column.attname for column in model._meta.concrete_fields]
            tables[model.__name__] = {
                row[0]: row[1:] for row in model._base_manager.order_by("pk").values_list("pk", *columns)
            }
        return cls(tables)

    def differences(self, other: "State") -> dict[str, tuple[list[Any], list[Any]]]:
        """By table: the rows that only the first has, and those that only the second has."""
        return {
            name: (
                [row for pk, row in rows.items() if other.tables[name].get(pk) != row],
                [row for pk, row in other.tables[name].items() if rows.get(pk) != row],
            )
            for name, rows in self.tables.items()
            if rows != other.tables[name]
        }


@contextmanager
def noticing_writes() -> Iterator[list[str]]:
    """The statements that change something other than a session."""
    written: list[str] = []

    def notice(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().split(None, 1)[0].upper() in WRITES and "django_session" not in sql:
            written.append(sql[:100])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(notice):
        yield written


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens is rolled back, files and counts included."""
    files = set(Path(settings.FILES_DIR).rglob("*"))
    try:
        with translation.override("en"), transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        for file in set(Path(settings.FILES_DIR).rglob("*")) - files:
            if file.is_file():
                file.unlink()
        cache.clear()


def saved(name: str, response: HttpResponseBase) -> bool | None:
    """Whether the reply says that something was saved; None where it may have been in part (DESIGN, a save)."""
    if response.status_code in {301, 302}:
        return not any(message.level >= ERROR for message in get_messages(response.wsgi_request))  # type: ignore[attr-defined]
    if name == "assessments:answer_save" and response.status_code == 409:
        return None  # kept beside what stands
    if name == "assessments:section" and response.status_code == 422:
        return None  # each answer of the form is a save of its own
    if name.startswith("account_") and response.headers.get("Content-Type") == "application/json":
        return None  # allauth's own words for scripts
    return name in SCRIPTS and response.status_code == 200


def require_whole(site: Site, name: str, response: HttpResponseBase, written: list[str]) -> None:
    """What was refused changed nothing; what was accepted left no half."""
    if not written:
        return
    now = State.now()
    changes = site.before.differences(now)
    if saved(name, response) is False:
        assert changes == {}, f"{response.status_code} and yet changed: {changes}"
    require_invariants(site.before, now, changes)


def require_invariants(before: State, now: State, changes: Mapping[str, Any]) -> None:
    connection.check_constraints()
    for model in our_models():
        gone, new = changes.get(model.__name__, ([], []))
        if model.__name__ in APPEND_ONLY or model._meta.app_label == "toolkit":
            assert gone == [], f"{model.__name__} is never changed: {gone}"
        for row in new:
            require_fits(model, row)
    for sheet in AnswerSheet.objects.order_by("pk"):
        assert mend(sheet.pk, write=False) == []
    last: dict[tuple[int, int], AnswerRevision] = {}
    kept = AnswerRevision.objects.exclude(kind__in=[RevisionKind.REFUSED, RevisionKind.LATE])
    for revision in kept.order_by("number"):
        last[revision.sheet_id, revision.question_id] = revision
    heads = {(answer.sheet_id, answer.question_id): answer for answer in Answer.objects.order_by("pk")}
    assert {place: (row.number, row.content()) for place, row in last.items()} == {
        place: (row.number, row.content()) for place, row in heads.items()
    }
    new_files = StoredFile.objects.exclude(pk__in=before.tables["StoredFile"])
    assert {path_of(file): file.size for file in new_files} == {
        path: path.stat().st_size for path in Path(settings.FILES_DIR).rglob("*") if path.is_file()
    }


def require_fits(model: type[models.Model], row: Sequence[Any]) -> None:
    """What SQLite would keep and PostgreSQL would not: too long a text, a NUL byte, half a character."""
    for column, value in zip(model._meta.concrete_fields, row, strict=True):
        text = value if isinstance(value, str) else json.dumps(value) if isinstance(value, (dict, list)) else ""
        text.encode()
        assert "\x00" not in text
        assert "\\u0000" not in text
        if column.max_length and isinstance(value, str):
            assert len(value) <= column.max_length, f"{model.__name__}.{column.name} is too long: {value[:60]!r}"
