"""Of Bootstrap's stylesheet, what our pages use: `scripts/stylesheet.py write` after using another class of it.

Reads scripts/vendor/bootstrap.min.css (Bootstrap 5.3 as published) and writes static/vendor/bootstrap.css, a third of
it: on a slow line each kilobyte is a tenth of a second. Left out is a selector that names a class which stands nowhere
as a word: not in our templates, scripts and Python, nor in the form templates of crispy-forms. All else stays as it is.
`check` fails when something is used that was left out.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import crispy_bootstrap5

ROOT = Path(__file__).resolve().parent.parent
WHOLE, OURS = ROOT / "scripts" / "vendor" / "bootstrap.min.css", ROOT / "static" / "vendor" / "bootstrap.css"
APPS = ("accounts", "assessments", "foundation", "projects", "readiness", "reports", "toolkit")
WORD, BEGINNING = re.compile(r"[A-Za-z][\w-]*"), re.compile(r"([\w-]+-)\{[{%]")
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")


def main(action: str) -> int:
    made = "".join(kept(WHOLE.read_text(), *used()))
    if action == "write":
        OURS.write_text(made)
        return 0
    missing = sorted(set(CLASS.findall(made)) - set(CLASS.findall(OURS.read_text())))
    if missing:
        print(f"{OURS.relative_to(ROOT)} lacks {', '.join(missing)}: run scripts/stylesheet.py write")
    return 1 if missing else 0


def used() -> tuple[set[str], tuple[str, ...]]:
    """The words that may be classes; and how some begin whose end a template fills in."""
    forms = Path(crispy_bootstrap5.__file__).parent / "templates"
    pages = [path for folder in (ROOT / "templates", forms) for path in folder.rglob("*.html")]
    pages = [path for path in pages if "print" not in path.parts]
    texts = [path.read_text() for path in pages]
    beginnings = {found for text in texts for found in BEGINNING.findall(text)}
    texts += [path.read_text() for path in (ROOT / "static").glob("*.js")]
    # In Python a class stands between quotes.
    code = [path.read_text() for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
    texts += [quoted for text in code for quoted in re.findall(r"\"([^\"\n]*)\"", text)]
    return {word for text in texts for word in WORD.findall(text)}, tuple(beginnings)


def kept(css: str, words: set[str], beginnings: tuple[str, ...]) -> Iterator[str]:
    for head, body in rules(css):
        if not body:
            yield head  # a comment
        elif head.startswith(("@media", "@supports")):
            if inner := "".join(kept(body, words, beginnings)):
                yield f"{head}{{{inner}}}"
        elif head.startswith("@"):
            yield f"{head}{{{body}}}"
        else:
            asked = [selector for selector in selectors(head) if is_used(selector, words, beginnings)]
            if asked:
                yield f"{','.join(asked)}{{{body}}}"


def is_used(selector: str, words: set[str], beginnings: tuple[str, ...]) -> bool:
    needed = CLASS.findall(re.sub(r":not\([^)]*\)", "", selector))
    return all(name in words or name.startswith(beginnings) for name in needed)


def rules(css: str) -> Iterator[tuple[str, str]]:
    """Each rule's head and body; a comment is a head alone."""
    place = 0
    while place < len(css):
        if css.startswith("/*", place):
            end = css.index("*/", place) + 2
            yield css[place:end], ""
            place = end
            continue
        opened = css.find("{", place)
        if opened < 0:
            return
        depth, end = 1, opened + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        yield css[place:opened].strip(), css[opened + 1 : end - 1]
        place = end


def selectors(head: str) -> list[str]:
    """The selectors of a rule, parted at the commas that stand in no parentheses."""
    found, depth = [""], 0
    for letter in head:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
