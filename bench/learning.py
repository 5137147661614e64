"""What is learned of a branch's backports, and how often it is right for later ones.

    python -m bench.learning --repo REPO --branch 20.11 [--branch ...] [--most 2000] [--step 25] [--known] [--wrong]

The backports are gone through from the oldest on. Before each `--step` of them the rewrites are learned from all that
are older, and then held against these: a rewrite is right where the maintainer made it, and wrong where he kept the old
side or made something else of it. With `--known` a rewrite counts only where the program would make it: the target
before the backport has not the old name, or the support is overwhelming, and has the new one of a prefix.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from backport.adapt.learning import LEAST, Learner
from backport.adapt.observed import Observation
from backport.adapt.rewrites import Rewrite, RewriteKind, is_name
from backport.adapt.votes import Votes, call_word, rewrites_of
from backport.git import Repository


@dataclass(frozen=True)
class Event:
    """A rewrite that was learned before a backport in which its left side stands."""

    rule: Rewrite
    backport: str
    right: bool
    old: str
    new: str


@dataclass
class Table:
    """Right and wrong by kind and by support."""

    counts: Counter[tuple[str, str, bool]] = field(default_factory=Counter)

    def add(self, event: Event) -> None:
        support = event.rule.support
        group = "2" if support == 2 else "3-4" if support < 5 else "5-19" if support < 20 else "20+"
        self.counts[event.rule.kind, group, event.right] += 1

    def shown(self) -> Iterator[str]:
        for kind, group in sorted({(k, g) for k, g, _ in self.counts}):
            right, wrong = self.counts[kind, group, True], self.counts[kind, group, False]
            yield f"{kind:8} {group:5} {right:5} right {wrong:5} wrong {right / (right + wrong):7.1%}"
        right = sum(n for (_, _, r), n in self.counts.items() if r)
        total = self.counts.total()
        yield f"{'all':14} {right:5} right {total - right:5} wrong {right / max(1, total):7.1%}"


def events(seen: Sequence[Observation], step: int, known: Known | None) -> Iterator[Event]:
    """The rewrites and what became of them, over backports from the oldest on."""
    votes = Votes()
    for at in range(0, len(seen), step):
        block = seen[at : at + step]
        rules = rewrites_of(votes, LEAST)
        found = [event for one in block for event in judged(rules, one)]
        yield from found if known is None else known.made(block[0].backport, found)
        for one in block:
            votes.tell(one.backport, one.made, one.kept)


def judged(rules: Sequence[Rewrite], one: Observation) -> Iterator[Event]:
    """The rewrites whose left side stands in a backport's upstream commit."""
    kept = set(one.kept)
    made: dict[tuple[str, tuple[str, ...]], set[tuple[str, ...]]] = {}
    for kind, old, new in one.made:
        made.setdefault((kind, old), set()).add(new)
    done = set()
    for rule in rules:
        if rule.kind is RewriteKind.PREFIX:
            yield from _prefixed(rule, one, made)
            continue
        if (rule.kind, rule.old) in done:
            continue  # of a path that has several the program takes the one that the target has
        done.add((rule.kind, rule.old))
        forms = {x.new for x in rules if (x.kind, x.old) == (rule.kind, rule.old)}
        news = made.get((rule.kind, rule.old))
        if news is not None:
            yield Event(rule, one.backport, news <= forms, _word(rule), "")
        elif _word(rule) in kept:
            yield Event(rule, one.backport, False, _word(rule), "")


def _word(rule: Rewrite) -> str:
    return next(iter(rule.gone), "") or call_word(rule.old)


def _prefixed(
    rule: Rewrite, one: Observation, made: dict[tuple[str, tuple[str, ...]], set[tuple[str, ...]]]
) -> Iterator[Event]:
    prefix = rule.old[0]
    for (kind, old), new in made.items():
        if kind == RewriteKind.NAME and old[0].startswith(prefix):
            wanted = rule.new[0] + old[0][len(prefix) :]
            yield Event(rule, one.backport, new == {(wanted,)}, old[0], wanted)
    for name in one.kept:
        if name.startswith(prefix) and is_name(name):
            yield Event(rule, one.backport, False, name, rule.new[0] + name[len(prefix) :])


class Known:
    """What the targets before backports have."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    def made(self, backport: str, found: Sequence[Event]) -> list[Event]:
        """Those of the events that the program would bring about on the target before a backport."""
        commit = self.repository.commit(backport)
        assert commit is not None
        words = {x for e in found for x in (e.old, e.new) if x}
        there = self._there(self.repository.tree_of(commit.parents[0]), words)
        return [e for e in found if self._is_made(e, there)]

    @staticmethod
    def _is_made(event: Event, there: set[str]) -> bool:
        if event.new and event.new not in there:
            return False
        return event.old not in there or (event.rule.overwhelming and event.rule.kind is not RewriteKind.PATH)

    def _there(self, tree: str, words: set[str]) -> set[str]:
        """The words that stand in a tree, and the folders and headers that are in it."""
        names = {x for x in words if is_name(x)}
        stdin = "".join(f"{x}\n" for x in sorted(names)).encode()
        done = (
            self.repository.git("grep", "-h", "-o", "-w", "-F", "-f", "-", tree, stdin=stdin)
            if names
            else None
        )
        found = set(done.out.decode("utf-8", "replace").split()) if done else set()
        heads = {x.rpartition("/")[2] for x, _, _ in self.repository.ls(tree)} if words - names else set()
        for word in words - names:
            if word.endswith("/"):
                here = self.repository.entry(tree, word[:-1]) is not None
            else:
                here = word in heads or word.partition("/")[0] in found
            found |= {word} if here else set()
        return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", required=True)
    parser.add_argument("--branch", action="append", required=True)
    parser.add_argument("--most", type=int, default=2000)
    parser.add_argument("--step", type=int, default=25)
    parser.add_argument("--known", action="store_true", help="only what the program would make")
    parser.add_argument("--wrong", action="store_true", help="list the wrong ones")
    arguments = parser.parse_args()
    repository = Repository.open(arguments.repo)
    known = Known(repository)
    for branch in arguments.branch:
        start = time.perf_counter()
        learner = Learner(repository)
        seen = learner.observations(repository.resolve(branch), most=arguments.most)
        read = time.perf_counter() - start
        start = time.perf_counter()
        rules = learner.rewrites(repository.resolve(branch), most=arguments.most)
        again = time.perf_counter() - start
        print(
            f"{branch}: {len(seen)} backports read in {read:.1f} s, again in {again:.2f} s, {len(rules)} rewrites"
        )
        table = Table()
        for event in events(seen[::-1], arguments.step, known if arguments.known else None):
            table.add(event)
            if arguments.wrong and not event.right:
                rule = event.rule
                print(f"  {event.backport[:12]} {rule.shown()} {rule.support}-{rule.against} {event.old}")
        print("\n".join(table.shown()))


if __name__ == "__main__":
    main()
