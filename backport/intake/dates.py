"""Dates of mails, git and web pages as ISO 8601."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_MONTHS = {
    m: i // 3 + 1 for i in range(0, 36, 3) for m in ("janfebmaraprmayjunjulaugsepoctnovdec"[i : i + 3],)
}
_GIT = re.compile(
    r"(?:[A-Z][a-z]{2},?\s+)?(?P<month>[A-Z][a-z]{2})\s+(?P<day>\d{1,2})\s+(?P<time>\d\d:\d\d:\d\d)\s+(?P<year>\d{4})"
    r"(?:\s+(?P<zone>[+-]\d{4}))?$"
)
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(?:\.\d+)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?(?:\s*\(.*\))?$"
)
_DJANGO = re.compile(
    r"(?P<month>[A-Z][a-z]+)\.? (?P<day>\d{1,2}), (?P<year>\d{4})"
    r"(?:, (?:(?P<hour>\d{1,2})(?::(?P<minute>\d\d))? (?P<half>[ap])\.m\.|(?P<word>noon|midnight)))?(?: UTC)?$"
)


def iso_date(text: str) -> str:
    """The date as `2021-04-01T11:37:01-07:00`; the text itself where it is no date in a known form."""
    plain = " ".join(text.split())
    for reader in (_iso, _git, _django, _mail):
        try:
            found = reader(plain)
        except (ValueError, OverflowError, IndexError, TypeError):
            found = None
        if found is not None:
            return found
    return plain


def _iso(text: str) -> str | None:
    match = _ISO.fullmatch(text)
    if not match:
        return None
    if not match[2]:
        return datetime.fromisoformat(match[1]).date().isoformat()
    zone = match[4] or ""
    zone = "+00:00" if zone in ("Z", "UTC") else zone if ":" in zone or not zone else f"{zone[:3]}:{zone[3:]}"
    return datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or ':00'}{zone}").isoformat()


def _git(text: str) -> str | None:
    match = _GIT.fullmatch(text)
    if not match:
        return None
    hours, minutes, seconds = (int(x) for x in match["time"].split(":"))
    month = _MONTHS[match["month"].lower()]
    zone = _zone(match["zone"]) if match["zone"] else None
    when = datetime(int(match["year"]), month, int(match["day"]), hours, minutes, seconds, tzinfo=zone)
    return when.isoformat()


def _zone(text: str) -> timezone:
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:5])))


def _django(text: str) -> str | None:
    """The form of Patchwork's pages, in UTC: `Feb. 12, 2021, 9:53 p.m. UTC`."""
    match = _DJANGO.fullmatch(text)
    if not match or match["month"][:3].lower() not in _MONTHS:
        return None
    hour = int(match["hour"]) % 12 + (12 if match["half"] == "p" else 0) if match["hour"] else 0
    hour = 12 if match["word"] == "noon" else hour
    month = _MONTHS[match["month"][:3].lower()]
    when = datetime(int(match["year"]), month, int(match["day"]), hour, int(match["minute"] or 0), tzinfo=UTC)
    return when.isoformat()


def _mail(text: str) -> str | None:
    from email.utils import parsedate_to_datetime

    if not re.search(r"\d{1,2}:\d\d", text):
        return None
    return parsedate_to_datetime(text).isoformat()
