"""Where code may have gone: a renamed file, or another file to which a function moved.

Looks at names only: the same base name elsewhere in the tree, and files that hold the hunk's own telling names.
What is found is a candidate; the caller judges it by the hunk's lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from posixpath import basename, dirname, join, normpath

from backport.model import FileChange, Hunk
from backport.placement.ground import Ground
from backport.placement.lines import images, keys
from backport.placement.target import TargetText

_NAME = re.compile(rb"[A-Za-z_]\w*")
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
_CALL = re.compile(rb"\b([A-Za-z_]\w{4,})\s*\(")

MOST_WORDS = 12
MOST_FILES = 3
MOST_MATCHES = 20_000


def telling_names(hunks: Iterable[Hunk], scopes: Iterable[str] = ()) -> list[bytes]:
    """Names by which a change can be found: what it is in, what it calls or defines, the longest first."""
    counts: Counter[bytes] = Counter()
    for hunk in hunks:
        for line in hunk.lines:
            counts.update(set(_CALL.findall(line.text)))
            counts.update(n for n in _NAME.findall(line.text) if len(n) >= 10 and b"_" in n)
    own = [name.encode() for name in scopes if name]
    ranked = sorted(counts, key=lambda n: (-min(len(n), 24), -counts[n], n))
    return list(dict.fromkeys([*own, *ranked]))[:MOST_WORDS]


def files_with(names: Sequence[bytes], ground: Ground, text: TargetText) -> list[str]:
    """The files near a file that hold most of the names, best first: those of its folder and those that it
    includes. Files that hold only one of several names are left out."""
    wanted = set(names)
    held: dict[str, set[bytes]] = {}
    matches = ground.tree.search(list(names), [dirname(text.path)])
    for match in islice(matches, MOST_MATCHES):
        held.setdefault(match.path, set()).update(wanted.intersection(_NAME.findall(match.text)))
    for path in included(text):
        if path not in held and (header := ground.text(path)) is not None:
            held[path] = wanted.intersection(_NAME.findall(header.data))
    held.pop(text.path, None)
    enough = min(2, len(names))
    ranked = sorted((p for p in held if len(held[p]) >= enough), key=lambda p: (-len(held[p]), p))
    return ranked[:MOST_FILES]


def included(text: TargetText) -> Iterator[str]:
    """The headers that a file includes, as paths of a kernel tree (not all of them need exist)."""
    for quote, name in _INCLUDE.findall(text.data):
        path = name.decode("utf-8", "surrogateescape")
        if quote == b'"':
            yield normpath(join(dirname(text.path), path))
        else:
            yield f"include/{path}"


def renamed_file(change: FileChange, ground: Ground) -> TargetText | None:
    """The file that `change.old_path` became: the most like it among those of the same base name and
    those that hold the change's names. None where none is like it enough."""
    path = change.old_path or change.new_path
    candidates = [p for p in (change.new_path,) if p and p != path]
    candidates += [p for p in ground.tree.paths() if basename(p) == basename(path) and p != path][:20]
    candidates += files_with(telling_names(change.hunks), ground, TargetText(path, b""))
    wanted = Counter(k for h in change.hunks for k in keys(images(h).old) if len(k) > 3)
    best: tuple[float, str] | None = None
    for candidate in dict.fromkeys(candidates):
        text = ground.text(candidate)
        if text is None or not wanted:
            continue
        share = sum(k in text.key_index for k in wanted) / len(wanted)
        if share >= ground.similarity and (best is None or share > best[0]):
            best = (share, candidate)
    return ground.text(best[1]) if best else None
