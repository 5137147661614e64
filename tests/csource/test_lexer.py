"""Tokens of whole files and of fragments."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backport.csource import TokenKind, is_comment_or_blank, line_tokens, tokens


def words(source: bytes) -> list[bytes]:
    return [x.text for x in tokens(source)]


def test_kinds_lines_and_offsets() -> None:
    found = tokens(b'#include "a.h"\nint a = 0x1fUL; /* c\n */ f(\'\\n\', "s\\"t") // end\n')
    assert [(x.kind, x.text, x.line, x.start) for x in found][:7] == [
        (TokenKind.DIRECTIVE, b"#include", 1, 0),
        (TokenKind.STRING, b'"a.h"', 1, 9),
        (TokenKind.NAME, b"int", 2, 15),
        (TokenKind.NAME, b"a", 2, 19),
        (TokenKind.PUNCT, b"=", 2, 21),
        (TokenKind.NUMBER, b"0x1fUL", 2, 23),
        (TokenKind.PUNCT, b";", 2, 29),
    ]
    assert [(x.text, x.line) for x in found][7:] == [
        (b"f", 3),
        (b"(", 3),
        (b"'\\n'", 3),
        (b",", 3),
        (b'"s\\"t"', 3),
        (b")", 3),
    ]


def test_operators_are_whole() -> None:
    assert words(b"a->b>>=c&&d...e##f<=g") == [
        b"a", b"->", b"b", b">>=", b"c", b"&&", b"d", b"...", b"e", b"##", b"f", b"<=", b"g",
    ]  # fmt: skip


def test_a_hash_within_a_line_is_no_directive() -> None:
    found = tokens(b"#define S(x) #x\n# define T \\\n #y\n")
    assert [x.text for x in found if x.kind is TokenKind.DIRECTIVE] == [b"#define", b"# define"]


def test_what_is_cut_off_at_an_edge_is_still_a_token_or_comment() -> None:
    assert words(b"a /* no end\n b") == [b"a"]
    assert words(b'"no end\nb') == [b'"no end', b"b"]
    assert words(b"'x\n'") == [b"'x", b"'"]


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200), st.text(alphabet="ab1\"'\\/* \n\t#.-+<>=", max_size=80).map(str.encode)
    )
)
@example(b"\\")
@example(b"/* \\\n*/ a // \\\n b\n c")
def test_every_byte_of_code_is_in_one_token(data: bytes) -> None:
    end, line_text = 0, 1
    for token in tokens(data):
        assert data[token.start : token.start + len(token.text)] == token.text
        assert token.start >= end
        between = data[end : token.start]
        assert _only_space(between), between
        assert token.line == data.count(b"\n", 0, token.start) + 1
        end, line_text = token.start + len(token.text), token.line
    assert _only_space(data[end:])
    assert line_text <= data.count(b"\n") + 1


def _only_space(text: bytes) -> bool:
    """Whether a text is white space, continuations and comments, by another way of reading."""
    position = 0
    while position < len(text):
        rest = text[position:]
        if rest.startswith(b"/*"):
            end = rest.find(b"*/", 2)
            position += len(rest) if end < 0 else end + 2
        elif rest.startswith(b"//"):
            size = 2
            while size < len(rest) and rest[size : size + 1] != b"\n":
                size += (
                    3 if rest[size : size + 3] == b"\\\r\n" else 2 if rest[size : size + 1] == b"\\" else 1
                )
            position += size
        elif rest[:1].isspace() or rest[:1] == b"\\":
            position += 1
        else:
            return False
    return True


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([b"int a; /* one", b" * two", b" */ b;"], [True, False, True]),
        ([b" * the middle of a comment", b" * goes on", b" */", b"int a;"], [False, False, False, True]),
        ([b"\t * alone"], [False]),
        ([b"plain words of a comment", b"without stars */", b"code();"], [False, False, True]),
        ([b"int x;", b"", b" * a new paragraph;", b" * more"], [True, False, False, False]),
        ([b"\tx = a", b"\t  * b;"], [True, True]),
        ([b"*p = 1;"], [True]),
        ([b"\t*value = 3;", b"\t**q = 1;"], [True, True]),
        ([b"// line", b"a(); // b", b"/* c */"], [False, True, False]),
        ([b'char *s = "/*";', b"code();"], [True, True]),
        ([b"", b"   ", b"\t\r"], [False, False, False]),
        ([b"a = b; */", b"c"], [False, True]),
        ([b" *", b" * x", b" */", b"int f(void)"], [False, False, False, True]),
        ([b"added();", b" * tail of a comment", b" */"], [True, False, False]),
    ],
)
def test_which_lines_of_a_fragment_hold_code(lines: list[bytes], code: list[bool]) -> None:
    assert [not x for x in is_comment_or_blank(lines)] == code
    assert [bool(x) for x in line_tokens(lines)] == code


def test_line_tokens_leave_comments_and_continuations_out() -> None:
    assert line_tokens([b"#define A(x) /* c */ \\", b"\tdo_it(x) // d", b"a->b = 'c';"]) == (
        (b"#", b"define", b"A", b"(", b"x", b")"),
        (b"do_it", b"(", b"x", b")"),
        (b"a", b"->", b"b", b"=", b"'c'", b";"),
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=30).map(lambda x: x.replace(b"\n", b"")), max_size=8))
def test_any_lines_have_tokens(lines: list[bytes]) -> None:
    rows = line_tokens(lines)
    assert len(rows) == len(lines)
    for line, row in zip(lines, rows, strict=True):
        position = 0
        for token in row:
            position = line.index(token, position) + len(token)
