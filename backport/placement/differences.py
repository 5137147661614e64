"""What the target has where a hunk expects, or leaves, something else."""

from __future__ import annotations

from collections.abc import Sequence

from backport.model import Difference
from backport.placement.align import Alignment
from backport.placement.lines import keys
from backport.placement.target import TargetText


def differences(image: Sequence[bytes], alignment: Alignment, target: TargetText) -> tuple[Difference, ...]:
    """The stretches between equal lines in which an image of a hunk and the target differ."""
    if not alignment.equal:
        return ()
    pairs = sorted(alignment.equal.items())
    result: list[Difference] = []
    previous = (-1, pairs[0][1] - pairs[0][0] - 1 if pairs[0][0] else pairs[0][1] - 1)
    end = (len(image), pairs[-1][1] + (len(image) - pairs[-1][0]))
    for needle_at, target_at in [*pairs, end]:
        expected = image[previous[0] + 1 : needle_at]
        found = target.lines[max(previous[1] + 1, 0) : max(min(target_at, len(target.lines)), 0)]
        if [e for e in keys(expected) if e] != [f for f in keys(found) if f]:
            result.append(
                Difference(
                    max(previous[1] + 2, 1),
                    tuple(line.rstrip(b"\r\n") for line in expected),
                    tuple(line.rstrip(b"\r\n") for line in found),
                )
            )
        previous = (needle_at, target_at)
    return tuple(result)
