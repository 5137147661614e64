"""The lexical pieces of C that every scanner of this room is made of, as regular expressions over bytes.

Each piece matches in one step and never goes back (possessive), so that no input makes it slow, and each
ends at the end of the data where its own end is missing.
"""

from __future__ import annotations

import re
from functools import cache

BLOCK_COMMENT = rb"/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/)?"
LINE_COMMENT = rb"//[^\n\\]*+(?:\\(?:\r?\n|.|\Z)[^\n\\]*+)*+"
STRING = rb'"[^"\\\n]*+(?:\\(?:\r?\n|.|\Z)[^"\\\n]*+)*+"?'
CHAR = rb"'[^'\\\n]*+(?:\\(?:\r?\n|.|\Z)[^'\\\n]*+)*+'?"
CLOSED_STRING = rb'"[^"\\\n]*+(?:\\(?:\r?\n|.)[^"\\\n]*+)*+"'
CLOSED_CHAR = rb"'[^'\\\n]*+(?:\\(?:\r?\n|.)[^'\\\n]*+)*+'"
SPLICE = rb"\\[ \t\r]*+\n"
"""A line that is continued: gcc takes blanks between the backslash and the line's end, too."""

DIRECTIVE = (
    rb"#(?:[^\n\\/\"']++|"
    + SPLICE
    + rb"|\\|"
    + BLOCK_COMMENT
    + rb"|"
    + LINE_COMMENT
    + rb"|/|"
    + CLOSED_STRING
    + rb"|"
    + CLOSED_CHAR
    + rb"|[\"'])*+"
)
"""A directive up to the end of its last line, comments that span lines included."""


def compile_union(*pieces: bytes) -> re.Pattern[bytes]:
    """One pattern of all `pieces`, tried in order."""
    return re.compile(rb"|".join(pieces), re.DOTALL)


EVENT = compile_union(BLOCK_COMMENT, LINE_COMMENT, STRING, CHAR, DIRECTIVE, rb"[{}();]")
"""What the top level of a file is cut at."""

BODY_EVENT = compile_union(BLOCK_COMMENT, LINE_COMMENT, STRING, CHAR, DIRECTIVE, rb"[{}]")
"""What matters within braces."""


@cache
def directive_event() -> re.Pattern[bytes]:
    """What matters where only directives are looked for. Compiled when it is asked for: most patches do
    without, and it is one of the three that take a millisecond each."""
    return compile_union(BLOCK_COMMENT, LINE_COMMENT, STRING, CHAR, DIRECTIVE)


KEYWORD = re.compile(rb"#(?:[ \t]|" + BLOCK_COMMENT + rb")*+([A-Za-z_]*+)")
COMMENT = compile_union(BLOCK_COMMENT, LINE_COMMENT)
SPLICE_RE = re.compile(SPLICE)
