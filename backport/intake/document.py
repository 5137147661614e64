"""One document of whatever form, as a series."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backport.errors import DamagedPatchError, InputError, NoDiffError, TooLargeError, UnsafePathError
from backport.intake import dep3, repairs
from backport.intake.mbox import is_mbox, read_mbox
from backport.intake.message import (
    Letter,
    failed_part,
    failed_patch,
    message_id,
    patch_of_letter,
    read_letter,
)
from backport.intake.mime import Mail, Part, read_mail
from backport.intake.text import Text
from backport.model import Patch, Repair, RepairKind, Series, Severity
from backport.provenance import read_subject, strip_subject

if TYPE_CHECKING:
    from backport.intake.thread import Message
    from backport.settings import Settings

_MAGIC = (
    (b"\x1f\x8b", "gzip data", "unpack it with gunzip"),
    (b"\xfd7zXZ", "xz data", "unpack it with unxz"),
    (b"BZh", "bzip2 data", "unpack it with bunzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd data", "unpack it with unzstd"),
    (b"PK\x03\x04", "a zip archive", "unpack it"),
    (b"\x89PNG", "a PNG picture", "give the patch as text"),
    (b"\xff\xd8\xff", "a JPEG picture", "give the patch as text"),
    (b"GIF8", "a GIF picture", "give the patch as text"),
    (b"%PDF", "a PDF document", "give the patch as text"),
    (b"\x7fELF", "a program", "give the patch as text"),
    (b"PACK", "a git pack", "give a patch, or commits of a repository"),
    (b"# v2 git bundle", "a git bundle", "fetch it into a repository and give its commits"),
    (b"# v3 git bundle", "a git bundle", "fetch it into a repository and give its commits"),
)
_BOMS = ((b"\xff\xfe", "utf-16-le", "UTF-16"), (b"\xfe\xff", "utf-16-be", "UTF-16"))
_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html)\b", re.IGNORECASE)
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4}\s*)+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\s*")


def read_document(data: bytes, name: str, *, settings: Settings) -> Series:
    """The patches of one document: a mail, an mbox with a thread, a web page's text, the output of
    git or diff, a distribution's patch.

    `name` is the document's in errors and values. Of several patches a damaged one is kept as a
    patch without files whose `unreadable` says why; a single damaged one raises. Raises
    TooLargeError, InputError for what is no text, NoDiffError, DamagedPatchError with the line,
    UnsafePathError."""
    if len(data) > settings.max_input_bytes:
        raise TooLargeError(
            f"{name} has {len(data)} bytes, the limit is {settings.max_input_bytes}", "raise max_input_bytes"
        )
    _refuse(data, name)
    data, mended = _as_utf8(data, name)
    text = Text.of(data)
    series = _read(_from_first_line(text), name)
    if not any(x.files or x.unreadable for x in series.patches):
        if b"\0" in data:
            raise InputError(f"{name} is not text: no patch can be read from it", "give the patch as text")
        raise NoDiffError(f"{name} holds no diff", "give a patch, a mail with a patch, or commits")
    patches = tuple(x for x in series.patches if x.files or x.unreadable)
    if mended:
        patches = (replace(patches[0], repairs=(*mended, *patches[0].repairs)), *patches[1:])
    return replace(series, patches=tuple(_with_lines(x, data) for x in patches))


def _with_lines(patch: Patch, data: bytes) -> Patch:
    """Each repair with the line that it speaks of, as it stands in the document: its evidence."""
    if not patch.repairs:
        return patch
    lines = data.split(b"\n")
    mended = tuple(
        replace(r, text=lines[r.line - 1].rstrip(b"\r")) if 0 < r.line <= len(lines) else r
        for r in patch.repairs
    )
    return replace(patch, repairs=mended)


# --- bytes -------------------------------------------------------------------------------------


def _refuse(data: bytes, name: str) -> None:
    for magic, what, hint in _MAGIC:
        if data.startswith(magic):
            raise InputError(f"{name} is {what}, not a patch", hint)
    if _HTML.match(data):
        raise InputError(f"{name} is the HTML of a page", "save the page as text, or get the raw patch")
    if not data.strip():
        raise NoDiffError(f"{name} is empty", "give a patch, a mail with a patch, or commits")


def _as_utf8(data: bytes, name: str) -> tuple[bytes, tuple[Repair, ...]]:
    """Text in UTF-16 (as PowerShell writes it) or in base64 as git servers hand it out, decoded."""

    def mended(what: str) -> tuple[Repair, ...]:
        return (repairs.repair(RepairKind.ENCODING, Severity.NOTE, [1], what),)

    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:], mended("a byte order mark stood before the first line")
    for mark, codec, shown in _BOMS:
        if data.startswith(mark):
            try:
                return data[2:].decode(codec).encode(), mended(f"the document was in {shown}")
            except UnicodeDecodeError:
                raise InputError(f"{name} is not text in {shown} throughout", "save it as UTF-8") from None
    if b" " not in data[:200] and len(data) > 80 and _BASE64.fullmatch(data):
        import base64

        return base64.b64decode(data), mended("the whole document was in base64: lines are those of the text")
    return data, ()


def _from_first_line(text: Text) -> Text:
    at = 0
    while at < len(text) and not text.lines[at].strip():
        at += 1
    return text.part(at)


# --- forms -------------------------------------------------------------------------------------


def _read(text: Text, name: str) -> Series:
    from backport.intake import gitlog, pages

    if is_mbox(text):
        mails = read_mbox(text)
        return _mails(
            mails, name, "mbox" if len(mails) > 1 or not _is_format_patch(mails[0]) else "format-patch"
        )
    if pages.is_patchwork(text.lines):
        return Series((pages.read_patchwork(text, name),))
    if gitlog.is_log(text):
        return _log(text, name)
    if dep3.is_headers(text):
        mail = read_mail(text)
        form = "mail" if mail.get("message-id") or mail.get("received") else "quilt"
        series = _mails([mail], name, form)
        if any(x.files or x.unreadable for x in series.patches):
            return _described(series, text)
    return Series((pages.read_page(text, name),))


def _is_format_patch(mail: Mail) -> bool:
    return bool(re.match(r"From [0-9a-f]{40,64} ", mail.from_line))


def _described(series: Series, text: Text) -> Series:
    """DEP-3 has a `Description:` in place of subject and message."""
    found = dep3.description(text)
    patch = series.patches[0]
    if found is None or patch.subject:
        return series
    body = "\n\n".join(x for x in (found[1], patch.body) if x)
    return replace(series, patches=(replace(patch, subject=strip_subject(found[0]), body=body),))


def _log(text: Text, name: str) -> Series:
    """A log, oldest commit first as patches are applied."""
    from backport.intake import gitlog

    found = list(gitlog.entries(text))
    patches = _each(
        [(lambda one=one: gitlog.read_entry(one, name)) for one in found],  # type: ignore[misc]
        lambda at, why: _unreadable(name, "git-log", f"commit of line {found[at].number(0)}", why),
    )
    notes = ("the log's order was turned: the oldest commit is first",) if len(patches) > 1 else ()
    return Series(tuple(reversed(patches)), notes=notes)


def _unreadable(name: str, form: str, subject: str, why: str) -> Patch:
    from backport.model import Person

    return Patch(subject, Person(""), "", "", (), document=name, form=form, unreadable=why)


def _each(readers: Sequence[Callable[[], Patch]], broken: Callable[[int, str], Patch]) -> list[Patch]:
    """All patches; of several a damaged one becomes a value, a single one raises."""
    found = []
    for at, read in enumerate(readers):
        try:
            found.append(read())
        except (DamagedPatchError, UnsafePathError) as error:
            if len(readers) == 1:
                raise
            found.append(broken(at, str(error)))
    return found


# --- mails -------------------------------------------------------------------------------------


def _mails(mails: Sequence[Mail], name: str, form: str) -> Series:
    """The series in these mails: a thread, a mailbox of patches, or one mail."""
    if len(mails) == 1:
        return Series(tuple(_patches_of(mails[0], name, form)))
    from backport.intake.thread import read_thread

    messages = [_message(mail, name, form) for mail in mails]
    series = read_thread([x for x in messages if x is not None])
    if not series.patches:
        # A diff in a reply is a suggestion; it is the patch where there is no other.
        lone = [m for x in mails for m in [_reply_patch(x, name, form)] if m is not None]
        series = Series(tuple(lone[:1]))
    return series


def read_mails(mails: Iterable[Mail], name: str, form: str) -> Series:
    """`_mails` for what other rooms of intake have split (a Maildir)."""
    return _mails(list(mails), name, form)


def _patches_of(mail: Mail, name: str, form: str) -> list[Patch]:
    failed = failed_part(mail)
    if failed is not None:
        return [failed_patch(mail, read_mail(*failed), name)]
    attached = [x for x in mail.parts if x.filename and _is_document(x)]
    if attached and not any(_has_diff(x) for x in mail.parts if x not in attached):
        documents = [inner for x in attached for inner in _attached(x)]
        if len(documents) == 1:
            # The mail around one attached patch says when and by whom it was sent, not more.
            return [_patch(documents[0], name, form)]
        return _each(
            [(lambda one=one: _patch(one, name, form)) for one in documents],  # type: ignore[misc]
            lambda at, why: _unreadable(name, form, documents[at].get("subject"), why),
        )
    return [_patch(mail, name, form)]


def _is_document(part: Part) -> bool:
    return is_mbox(part.text) or dep3.is_headers(part.text)


def _has_diff(part: Part) -> bool:
    return any(x.startswith((b"diff --git ", b"+++ ")) for x in part.text.lines)


def _attached(part: Part) -> list[Mail]:
    return read_mbox(part.text) if is_mbox(part.text) else [read_mail(part.text)]


def _patch(mail: Mail, name: str, form: str) -> Patch:
    return patch_of_letter(read_letter(mail), mail, name, form)


def _message(mail: Mail, name: str, form: str) -> Message | None:
    """A mail of several. A damaged patch stays in its place as an unreadable one."""
    from backport.intake.thread import Message

    if failed_part(mail) is not None:
        patch = _guarded(lambda: _patches_of(mail, name, form)[0], mail, name, form)
        return Message(mail, read_letter(mail), replace(read_subject(""), text=patch.subject), patch)
    letter = read_letter(mail)
    line = read_subject(letter.subject)
    if line.reply or (line.position is not None and line.position[0] == 0):
        return Message(mail, letter, line)
    if not line.patch and mail.get("in-reply-to") and not _is_inline_patch(letter):
        return Message(mail, letter, line)
    patch = _guarded(lambda: _patches_of(mail, name, form)[0], mail, name, form)
    return Message(mail, letter, line, patch if patch.files or patch.unreadable else None)


def _is_inline_patch(letter: Letter) -> bool:
    return any(x.startswith((b"diff --git ", b"--- a/")) for x in letter.rest.lines)


def _guarded(read: Callable[[], Patch], mail: Mail, name: str, form: str) -> Patch:
    try:
        return read()
    except (DamagedPatchError, UnsafePathError) as error:
        letter = read_letter(mail)
        unread = _unreadable(name, form, strip_subject(letter.subject), str(error))
        return replace(
            unread, author=letter.author, date=letter.date, body=letter.log, message_id=message_id(mail)
        )


def _reply_patch(mail: Mail, name: str, form: str) -> Patch | None:
    try:
        patch = _patch(mail, name, form)
    except (DamagedPatchError, UnsafePathError):
        return None
    return patch if patch.files else None


__all__ = ["Letter", "read_document", "read_mails"]
