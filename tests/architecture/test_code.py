"""What the code holds to: names, no hidden effects, addresses by public ids, one verb an address."""

import ast
import re
from pathlib import Path

from django.urls import URLPattern, get_resolver

ROOT = Path(__file__).resolve().parents[2]
APPS = ("readiness", "foundation", "accounts", "toolkit", "projects", "assessments", "reports")
MODULES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text())
    for app in APPS
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
}
FORBIDDEN_MODULES = {"utils", "helpers", "common", "core", "misc", "base", "services", "managers", "handlers"}
FORBIDDEN_CLASSES = re.compile(r"(Service|Handler|Helper|Utils)$")
FORBIDDEN_VARIABLES = {"data", "info", "obj"}
SIGNALS = {"receiver", "pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed"}


def nodes(kind: type[ast.AST]) -> list[tuple[str, ast.AST]]:
    """Every node of the kind in the code, with the name of its module."""
    return [(name, node) for name, tree in MODULES.items() for node in ast.walk(tree) if isinstance(node, kind)]


def test_modules_and_classes_say_what_they_are():
    forbidden = {name for name in MODULES if Path(name).stem in FORBIDDEN_MODULES}
    assert forbidden == {"foundation/postgresql/base.py"}  # Django looks for a backend under that name
    assert [(name, node.name) for name, node in nodes(ast.ClassDef) if FORBIDDEN_CLASSES.search(node.name)] == []


def test_variables_say_what_they_hold():
    """Arguments of a library's own methods (`get_prep_value(self, value)`) keep the library's names."""
    stored = [(name, node.id) for name, node in nodes(ast.Name) if isinstance(node.ctx, ast.Store)]
    assert [(name, variable) for name, variable in stored if variable in FORBIDDEN_VARIABLES] == []


def test_nothing_happens_behind_your_back():
    """No receivers of model signals, no effects in save()."""
    imported = [(name, alias.name) for name, node in nodes(ast.ImportFrom) for alias in node.names]
    assert [(name, imported_name) for name, imported_name in imported if imported_name in SIGNALS] == []
    functions = [(name, node.name) for name, node in nodes(ast.FunctionDef)]
    assert [name for name, function in functions if function == "save" and "models" in name] == []


def routes() -> list[tuple[str, str]]:
    """Every route of ours with its name."""

    def walk(patterns: list, prefix: str) -> list[tuple[str, str]]:
        found = []
        for entry in patterns:
            route = prefix + str(entry.pattern)
            found += [(route, entry.name)] if isinstance(entry, URLPattern) else walk(entry.url_patterns, route)
        return found

    return walk(get_resolver().url_patterns, "")


def test_addresses_carry_no_row_numbers():
    assert [route for route, _ in routes() if "<int:pk" in route or re.search(r"<int:\w*id>", route)] == []


def test_every_address_has_a_name():
    assert [route for route, name in routes() if not name] == []
