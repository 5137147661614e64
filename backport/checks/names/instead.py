"""What the target uses instead of a name that it has not: at the aligned lines, and by likeness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher, get_close_matches
from itertools import pairwise

from backport.checks.names.aligned import anchored
from backport.checks.names.worlds import Judged, Worlds
from backport.csource.lexer import tokens
from backport.csource.uses import mentioned
from backport.index import Located
from backport.model import LineEvidence

_LONGEST = 400_000
_MOST_LINES = 40


def instead(
    worlds: Worlds, judged: Judged, name: str, defined: Sequence[Located]
) -> tuple[str, LineEvidence | None]:
    """A sentence on what stands in the name's place in the target with a line that shows it; "" where nothing
    is known."""
    aligned = _aligned(worlds, judged, name)
    if aligned is not None:
        other, evidence = aligned
        return f"the target has {other} where upstream has {name}", evidence
    like = _alike(worlds, name, defined)
    if like is not None:
        return f"{like.definition.name} in {like.path}:{like.definition.line} is the nearest name", None
    return "", None


def _aligned(worlds: Worlds, judged: Judged, name: str) -> tuple[str, LineEvidence] | None:
    """What stands in the target where the base has the name: lines of both files are matched, and tokens within."""
    base = worlds.context.base_text(judged.file.change.old_path)
    target = judged.before.data
    word = name.encode("utf-8", "surrogateescape")
    if not base or not target or word not in base or len(base) + len(target) > _LONGEST:
        return None
    if mentioned(judged.before, [name], ()):
        return None
    votes: Counter[bytes] = Counter()
    places: dict[bytes, int] = {}
    for other, line in _replaced(base.split(b"\n"), target.split(b"\n"), word):
        votes[other] += 1
        places.setdefault(other, line)
    ranked = votes.most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    best = ranked[0][0]
    text = best.decode("utf-8", "replace")
    return text, worlds.before.line(judged.path, places[best])


def _replaced(base: Sequence[bytes], target: Sequence[bytes], word: bytes) -> Iterator[tuple[bytes, int]]:
    """(name, line of the target) of the names that stand in the word's place in changed lines."""
    for first, last, start, end in _changed_blocks(base, target):
        lines = base[first:last]
        if not any(word in x for x in lines) or last - first > _MOST_LINES or end - start > _MOST_LINES:
            continue
        mine = _tokens(lines)
        theirs = _tokens(target[start:end])
        matcher = SequenceMatcher(None, [t for t, _ in mine], [t for t, _ in theirs], autojunk=False)
        for tag, a, b, c, d in matcher.get_opcodes():
            if tag == "replace" and b - a == d - c:
                for (one, _), (other, line) in zip(mine[a:b], theirs[c:d], strict=True):
                    if one == word and (other[:1].isalpha() or other[:1] == b"_"):
                        yield other, start + line


def _tokens(lines: Iterable[bytes]) -> list[tuple[bytes, int]]:
    return [(t.text, t.line) for t in tokens(b"\n".join(lines))]


def _changed_blocks(base: Sequence[bytes], target: Sequence[bytes]) -> Iterator[tuple[int, int, int, int]]:
    """Runs of differing lines between lines that stand once in each file, in the same order."""
    matches = [(-1, -1), *anchored(base, target), (len(base), len(target))]
    for (a, b), (c, d) in pairwise(matches):
        if c - a > 1 and d - b > 1:
            yield a + 1, c, b + 1, d


def _alike(worlds: Worlds, name: str, defined: Sequence[Located]) -> Located | None:
    """The most alike name of the same kind in the file of the target that upstream defines the name in."""
    for one in defined[:1]:
        provided = worlds.target.names.file(one.path)
        if provided is None:
            return None
        wanted = one.definition
        peers = {
            x.name: x
            for x in provided.definitions
            if x.kind is wanted.kind and (not wanted.within or x.within == wanted.within)
        }
        known = get_close_matches(name, sorted(peers), 1, 0.8)
        if known:
            return Located(one.path, peers[known[0]])
    return None
