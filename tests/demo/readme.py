"""The parts of the README that follow from the program: its report, its rules and its settings.

`python -m tests.demo.readme` writes them anew; tests/test_docs.py fails when they are not what is there.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from backport.checks import all_rules
from backport.cli.main import main
from backport.settings import SETTINGS

README = Path(__file__).resolve().parents[2] / "README.md"
_REPORT = re.compile(r"(?<=<!-- report -->\n).*(?=\n<!-- end of report -->)", re.DOTALL)
_RULES = re.compile(r"(?<=^\| code \| severity \| finding \|\n\|---\|---\|---\|\n)(?:\|.*\n)*", re.MULTILINE)
_SETTINGS = re.compile(
    r"(?<=^\| setting \| value \| default \| in the environment \|\n\|---\|---\|---\|---\|\n)(?:\|.*\n)*",
    re.MULTILINE,
)


def printed() -> list[str]:
    """What `backport demo` prints on a terminal of 80 columns."""
    stdout = io.BytesIO()
    words = ["demo", "--width", "80"]
    if main(words, stdin=io.BytesIO(), stdout=stdout, stderr=io.StringIO(), environ={}):
        raise SystemExit("backport demo failed")
    return stdout.getvalue().decode().splitlines()


def excerpt(lines: list[str]) -> list[str]:
    """The parts of the demo's report that show what a report is, with `...` for what is left out."""

    def at(start: str, after: int = 0) -> int:
        return next(n for n in range(after, len(lines)) if lines[n].startswith(start))

    conflict = at("    hunk 18, ")
    following = at("  Next:")
    clean = at("Patch 3 of 5")
    return [
        *lines[: at("  include/uapi/")],
        "  ...",
        *lines[at("  mm/memory.c") : at("  mm/ufault.c")],
        "  ...",
        "",
        *lines[at("  Does not land") :][:1],
        "    ...",
        *lines[conflict : at("    hunk 19, ")],
        "    ...",
        "",
        *lines[following : lines.index("", following)],
        "",
        "...",
        "",
        *lines[clean : at("Patch 4 of 5") - 1],
    ]


def rules() -> str:
    return "".join(f"| {x.code} | {x.severity} | {x.title} |\n" for x in all_rules())


def settings() -> str:
    return "".join(
        "| "
        + " | ".join(
            (
                f"`{x.name}`",
                f"{x.help} ({x.type})",
                "" if x.default in ("", {}) else f"`{x.default}`",
                f"`{x.variable}`" if x.variable else "",
            )
        )
        + " |\n"
        for x in SETTINGS
    )


def rewritten(text: str) -> str:
    """The README with these parts as they are to be."""
    block = "\n".join(f"    {x}".rstrip() for x in excerpt(printed()))
    text = _REPORT.sub(lambda _: f"\n{block}\n", text)
    text = _RULES.sub(lambda _: rules(), text)
    return _SETTINGS.sub(lambda _: settings(), text)


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text("utf-8")), "utf-8")
