"""What every template holds to: used, no inline script or style on the web, whole sentences trimmed."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = {
    path.relative_to(ROOT / "templates").as_posix(): path.read_text() for path in (ROOT / "templates").rglob("*.html")
}
WEB = {name: text for name, text in TEMPLATES.items() if not name.startswith("reports/print/")}
# Named by a library, not by our code.
NAMED_ELSEWHERE = re.compile(r"^(account|allauth|bootstrap5|django)/|^(400|403|404|429|500)\.html$")


def found(pattern: str, templates: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, match) for name, text in templates.items() for match in re.findall(pattern, text)]


def test_every_template_is_used():
    """By its whole name, or, where a view composes the folder, by its file's name."""
    code = [
        path.read_text()
        for app in ROOT.glob("*/__init__.py")
        for path in app.parent.rglob("*.py")
        if "tests" not in path.parts
    ]
    written = "\n".join([*TEMPLATES.values(), *code]).replace("'", '"')
    unused = [
        name
        for name in TEMPLATES
        if not NAMED_ELSEWHERE.match(name)
        and not any(way in written for way in (name, f'"{Path(name).name}"', f'"{Path(name).stem}"'))
    ]
    assert unused == []


def test_web_templates_have_no_inline_script_or_style():
    """The Content-Security-Policy would refuse it."""
    assert found(r"<script(?![^>]*\bsrc=)[^>]*>", WEB) == []
    assert found(r"<style\b|\sstyle=|\son[a-z]+=\"|href=\"javascript:", WEB) == []


def test_web_templates_load_nothing_from_elsewhere():
    assert found(r"(?:src|href)=\"(?:https?:)?//[^\"]*", WEB) == []


def test_sentences_are_trimmed():
    assert [
        block for block in found(r"{%\s*blocktrans(?:late)?\b[^%]*%}", TEMPLATES) if " trimmed" not in block[1]
    ] == []


def test_a_comment_ends_on_its_line():
    """Else Django shows it to everyone."""
    assert found(r"(?m)\{#(?:(?!#\}).)*$", TEMPLATES) == []
