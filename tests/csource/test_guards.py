"""The preprocessor conditions of each line."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backport.csource import guard_map
from tests.support.require import require_program


def texts(source: str, line: int) -> list[str]:
    return [x.text for x in guard_map(source.encode()).at(line)]


@pytest.mark.parametrize(
    ("directive", "text"),
    [
        ("#ifdef CONFIG_A", "defined(CONFIG_A)"),
        ("#ifndef CONFIG_A", "!defined(CONFIG_A)"),
        ("#if defined CONFIG_A", "defined(CONFIG_A)"),
        ("#  if  defined ( CONFIG_A )  /* why */", "defined(CONFIG_A)"),
        ("#if defined(A)&&!defined(B)", "defined(A) && !defined(B)"),
        ("#if IS_ENABLED(CONFIG_A) // c", "IS_ENABLED(CONFIG_A)"),
        ("#if LINUX_VERSION_CODE>=KERNEL_VERSION(6,1,0)", "LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)"),
        ("#if defined(A) || \\\n\tdefined(B)", "defined(A) || defined(B)"),
        ("/* c */ #ifdef A", "defined(A)"),
        ("#if 0", "0"),
    ],
)
def test_a_condition_is_normalised(directive: str, text: str) -> None:
    lines = directive.count("\n") + 1
    assert texts(f"{directive}\nx\n#endif\ny\n", lines + 1) == [text]
    assert texts(f"{directive}\nx\n#endif\ny\n", lines + 3) == []


SOURCE = """\
int a;
#ifdef A
int b;
# if B > 1
int c;
# elif defined(C)
int d;
# elifdef E
int e;
# else
int f;
# endif
#else
int g;
#endif
int h;
"""


@pytest.mark.parametrize(
    ("line", "guards"),
    [
        (1, []),
        (2, []),
        (3, ["defined(A)"]),
        (4, ["defined(A)"]),
        (5, ["defined(A)", "B > 1"]),
        (7, ["defined(A)", "!(B > 1) && defined(C)"]),
        (9, ["defined(A)", "!(B > 1) && !(defined(C)) && defined(E)"]),
        (11, ["defined(A)", "!(B > 1) && !(defined(C)) && !(defined(E))"]),
        (14, ["!(defined(A))"]),
        (15, []),
        (16, []),
    ],
)
def test_branches_are_written_out(line: int, guards: list[str]) -> None:
    assert texts(SOURCE, line) == guards


def test_a_guard_names_the_line_of_its_branch() -> None:
    assert [x.line for x in guard_map(SOURCE.encode()).at(9)] == [2, 8]


def test_directives_in_comments_strings_and_macros_are_none() -> None:
    source = (
        '/*\n#ifdef A\n*/\n// #ifdef B\nchar *s = "\\\n#ifdef C\\n";\n'
        "#define X \\\n#ifdef D\nint x; # ifdef E\nlast\n"
    )
    assert texts(source, 10) == []


@pytest.mark.parametrize(
    "opening", ["#ifndef X_H", "#if !defined(X_H)", "#if !defined X_H", "#pragma once\n#ifndef X_H"]
)
def test_an_include_guard_is_left_out(opening: str) -> None:
    source = f"/* licence */\n{opening}\n#define X_H\n\n#ifdef A\nint a;\n#endif\n#endif /* X_H */\n"
    line = source[: source.index("int a")].count("\n") + 1
    assert texts(source, line) == ["defined(A)"]


@pytest.mark.parametrize(
    "source",
    [
        "#ifndef X_H\n#define Y_H\nx\n#endif\n",
        "#ifndef X_H\n#define X_H\nx\n#else\ny\n#endif\n",
        "#ifndef X_H\n#define X_H\nx\n#endif\nint after;\n",
        "int a;\n#ifndef X_H\n#define X_H\n#endif\n",
    ],
)
def test_what_only_looks_like_an_include_guard_stays(source: str) -> None:
    assert texts(source, source[: source.index("#define")].count("\n") + 1) == ["!defined(X_H)"]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(["#if A", "#ifdef B", "#else", "#elif C", "#endif", "x", "/*", "*/", '"', "\\", "#"]),
        max_size=30,
    )
)
def test_any_lines_have_guards(lines: list[str]) -> None:
    found = guard_map("\n".join(lines).encode())
    for line in range(len(lines) + 2):
        guards = found.at(line)
        assert [x.line for x in guards] == sorted({x.line for x in guards})
        assert all(x.line < max(line, 1) for x in guards)


CONDITIONS = st.sampled_from(
    ["#if A", "#ifdef B", "#ifndef C", "#if defined(A) && !defined(B)", "#if !defined C"]
)


@st.composite
def nested(draw: st.DrawFn, depth: int = 0) -> list[str]:
    lines: list[str] = []
    for _ in range(draw(st.integers(0, 3))):
        if depth < 3 and draw(st.booleans()):
            lines += [draw(CONDITIONS), *draw(nested(depth + 1))]
            if draw(st.booleans()):
                lines += ["#elif defined(B)", *draw(nested(depth + 1))]
            if draw(st.booleans()):
                lines += ["#else", *draw(nested(depth + 1))]
            lines.append("#endif")
        else:
            lines.append("MARK")
    return lines


@settings(max_examples=25, deadline=None)
@given(nested(), st.frozensets(st.sampled_from(["A", "B", "C"])))
def test_guards_hold_exactly_where_the_preprocessor_keeps_a_line(
    lines: list[str], names: frozenset[str]
) -> None:
    gcc = require_program("gcc")
    source = "\n".join(f"MARK{n}" if x == "MARK" else x for n, x in enumerate(lines, 1)) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.c"
        path.write_text(source)
        defines = [f"-D{x}=1" for x in sorted(names)]
        done = subprocess.run([gcc, "-E", "-P", *defines, str(path)], capture_output=True, check=True)
    kept = {int(x[4:]) for x in done.stdout.decode().split()}
    found = guard_map(source.encode())
    assert kept == {
        n for n, x in enumerate(lines, 1) if x == "MARK" and all(holds(g.text, names) for g in found.at(n))
    }


def holds(text: str, names: frozenset[str]) -> bool:
    """The value of one of the conditions above."""
    for name in "ABC":
        text = text.replace(f"defined({name})", str(name in names))
    text = text.replace("A", str("A" in names)) if "A" in text else text
    python = text.replace("&&", " and ").replace("!", " not ")
    return bool(eval(python, {"__builtins__": {}}))
