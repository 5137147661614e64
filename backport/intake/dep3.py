"""Headers of patches that distributions keep: DEP-3 fields, and mail headers without a mail."""

from __future__ import annotations

import re

from backport.intake.mime import header_end
from backport.intake.text import Text, decode

_MAIL = re.compile(
    rb"(?:from|to|cc|subject|date|message-id|in-reply-to|references|received|return-path|delivered-to|sender"
    rb"|reply-to|mime-version|content-[\w-]+|user-agent|precedence|status|envelope-to|authentication-results"
    rb"|(?:x|list|arc|dkim)-[\w-]+|received-spf|thread-[\w-]+|autocrypt|errors-to|resent-[\w-]+|bcc|lines|patch-mainline"
    rb"|git-commit|git-repo):",
    re.IGNORECASE,
)
_DEP3 = re.compile(
    rb"(?:description|subject|author|from|origin|forwarded|bug(?:-[\w]+)?|last-update|applied-upstream|reviewed-by"
    rb"|acked-by|date|signed-off-by|patch-name|patch-mainline|git-commit|references):",
    re.IGNORECASE,
)
_MARKS = (b"subject:", b"from:", b"date:", b"message-id:", b"description:", b"author:", b"origin:")


def is_headers(text: Text) -> bool:
    """Whether the text begins with the header lines of a mail or of a distribution's patch."""
    if not text.lines or not (_MAIL.match(text.lines[0]) or _DEP3.match(text.lines[0])):
        return False
    head = [x.lower() for x in text.lines[: header_end(text)]]
    return any(x.startswith(_MARKS) for x in head)


def description(text: Text) -> tuple[str, str] | None:
    """Subject and message of a DEP-3 `Description:` (the synopsis, and the indented lines below)."""
    end = header_end(text)
    lines = [decode(x) for x in text.lines[:end]]
    start = next((i for i, x in enumerate(lines) if x.lower().startswith("description:")), None)
    if start is None:
        return None
    body: list[str] = []
    for line in lines[start + 1 :]:
        if line[:1] not in (" ", "\t"):
            break
        body.append("" if line.strip() == "." else line.strip())
    return lines[start].partition(":")[2].strip(), "\n".join(body).strip("\n")
