"""BP214 and BP215, each with near misses: arguments of another type, and locals that nothing uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.model import LineEvidence, Severity
from tests.checks.names_support import Files, judge
from tests.checks.places_support import swap
from tests.checks.test_names import COMMON, HEADER, SOURCE, STOP, patched

LOCKS = """\
typedef struct {
	volatile int held;
} spin_t;
typedef struct {
	volatile int readers;
} rw_t;
typedef spin_t spin_alias_t;
struct node;
void spin_lock(spin_t *lock);
void read_lock(rw_t *lock);
void any_lock(void *lock);
#define LOCK(x) (x)
"""


def with_lock(type: str, *more: tuple[str, str]) -> str:
    pairs = (("struct ring {", f"{LOCKS}struct ring {{"), ("\tint id;", f"\t{type} lock;\n\tint id;"))
    return swap(HEADER, *pairs, *more)


def locked(tmp_path: Path, call: str, upstream: str, target: str) -> list[str]:
    """The codes for a call on `d->lock` that is `upstream` there and `target` in the target."""
    up: Files = {"dev.h": with_lock(upstream)}
    here: Files = {"dev.h": with_lock(target)}
    return judge(tmp_path, COMMON, up, here, patched((STOP, f"\t{call}(&d->lock);\n{STOP}"))).codes


def test_a_member_of_another_type_is_passed_to_a_function_of_upstreams(tmp_path: Path) -> None:
    upstream, target = {"dev.h": with_lock("rw_t")}, {"dev.h": with_lock("spin_t")}
    patch = patched((STOP, f"\tread_lock(&d->lock);\n{STOP}"))
    found = judge(tmp_path, COMMON, upstream, target, patch).only("BP214")
    assert found.severity is Severity.ERROR and found.subject == "lock"
    assert "&d->lock is `spin_t` in the target and `rw_t` upstream, which read_lock() takes" in found.message
    shown = [(e.tree, e.path, e.text) for e in found.evidence if isinstance(e, LineEvidence)]
    assert shown == [
        ("target", "dev.h", b"\tspin_t lock;"),
        ("upstream", "dev.h", b"\trw_t lock;"),
        ("target", "dev.h", b"void read_lock(rw_t *lock);"),
    ]


@pytest.mark.parametrize(
    ("call", "upstream", "target"),
    [
        ("any_lock", "rw_t", "spin_t"),
        ("LOCK", "rw_t", "spin_t"),
        ("spin_lock", "spin_alias_t", "spin_t"),
        ("spin_lock", "const spin_t", "spin_t"),
        ("spin_lock", "spin_t", "unknown_t"),
        ("read_lock", "rw_t", "rw_t"),
    ],
    ids=["void", "macro", "alias", "qualifier", "unknown", "same"],
)
def test_types_that_make_no_difference(tmp_path: Path, call: str, upstream: str, target: str) -> None:
    assert locked(tmp_path, call, upstream, target) == []


def test_a_function_that_the_target_changed_along_with_the_member(tmp_path: Path) -> None:
    upstream = {"dev.h": with_lock("rw_t", ("#endif", "void take(rw_t *lock);\n#endif"))}
    target = {"dev.h": with_lock("spin_t", ("#endif", "void take(spin_t *lock);\n#endif"))}
    patch = patched((STOP, f"\ttake(&d->lock);\n{STOP}"))
    assert judge(tmp_path, COMMON, upstream, target, patch).codes == []


@pytest.mark.parametrize("call", ["LOCK", "__atomic_thing"])
def test_a_macro_or_a_builtin_on_a_number_that_is_a_struct_here(tmp_path: Path, call: str) -> None:
    upstream, target = {"dev.h": with_lock("int")}, {"dev.h": with_lock("spin_t")}
    patch = patched((STOP, f"\t{call}(&d->lock);\n{STOP}"))
    found = judge(tmp_path, COMMON, upstream, target, patch).only("BP214")
    assert found.severity is Severity.WARNING and "a plain number upstream" in found.message


def test_a_variable_of_another_struct(tmp_path: Path) -> None:
    """The same name is the device's ring upstream and the device itself in the target."""
    free = ("#endif", "void ring_free(struct ring *r);\n#endif")
    old = swap(SOURCE, ("int dev_close(struct dev *d)", "int dev_close(struct dev *it)"), ("d->id", "it->id"))
    old = swap(old, ("dev_stop(d);", "dev_stop(it);"))
    new = swap(SOURCE, ("int dev_close(struct dev *d)", "int dev_close(struct dev *d, struct ring *it)"))
    upstream, target = (
        {"dev.h": swap(HEADER, free), "dev.c": new},
        {"dev.h": swap(HEADER, free), "dev.c": old},
    )
    patch = {"dev.c": swap(new, ("\tcount--;\n", "\tcount--;\n\tring_free(it);\n"))}
    found = judge(tmp_path, COMMON, upstream, target, patch).only("BP214")
    assert (
        "it is `struct dev` in the target and `struct ring` upstream, which ring_free() takes"
        in found.message
    )


def test_a_macro_of_the_target_that_upstream_pastes_with_as_well(tmp_path: Path) -> None:
    """A pattern as wide as `dev_\\w+` explains no missing name where upstream has the pattern and defines the name."""
    wide = ("#endif", "#define GETTER(x) int dev_##x(struct dev *d)\n#endif")
    common = {"dev.h": swap(HEADER, wide), "dev.c": SOURCE}
    upstream = {
        "dev.h": swap(HEADER, wide, ("void dev_stop", "void dev_flush(struct dev *d);\nvoid dev_stop"))
    }
    patch = patched((STOP, f"\tdev_flush(d);\n{STOP}"))
    assert judge(tmp_path, common, upstream, {}, patch).codes == ["BP201"]


# --- BP215


RET = "\tint ret = 0;\n"


def test_a_local_that_the_patch_itself_uses(tmp_path: Path) -> None:
    """Near misses: its use is in a hunk that conflicts, and in the body of a macro."""
    new = swap(SOURCE, ("\tcount--;\n", "\tcount--;\n\tif (d->ring)\n\t\tcount += d->ring->head;\n"))
    after = swap(new, (RET, f"{RET}\tstruct ring *r = d->ring;\n"))
    after = swap(after, ("count += d->ring->head", "count += r->head"))
    target = {"dev.c": SOURCE.replace("count++", "count += 1")}
    assert "BP215" not in judge(tmp_path / "1", COMMON, {"dev.c": new}, target, {"dev.c": after}).codes

    used = swap(SOURCE, ("\tdev_stop(d);\n", "\tdev_stop(d);\n\tcount += LEFT;\n"))
    common = {"dev.h": swap(HEADER, ("#endif", "#define LEFT left\n#endif")), "dev.c": SOURCE}
    patch = {"dev.c": swap(used, (RET, f"{RET}\tint left = d->id;\n"))}
    assert judge(tmp_path / "2", common, {"dev.c": used}, {}, patch).codes == []


def test_a_local_that_only_a_line_of_upstream_uses(tmp_path: Path) -> None:
    """The last line of upstream's function uses it, far from the hunk, and the target never had that line."""
    long = SOURCE.replace("\tcount--;\n", "\tcount--;\n" + "".join(f"\tcount += {n};\n" for n in range(12)))
    common = {"dev.h": HEADER, "dev.c": swap(long, ("out:\n", "\tcount += extra(d);\nout:\n"))}
    upstream = {"dev.c": swap(long, ("out:\n", "\tcount += left;\nout:\n"))}
    target = {"dev.c": long}
    patch = {"dev.c": swap(upstream["dev.c"], (RET, f"{RET}\tint left = d->id;\n"))}
    found = judge(tmp_path / "1", common, upstream, target, patch).only("BP215")
    assert found.severity is Severity.WARNING and found.subject == "left"
    assert "nothing in dev_close() of the target uses left; upstream does in line 37" in found.message


@pytest.mark.parametrize("mark", ["__maybe_unused ", "__cleanup(put) "])
def test_a_local_that_says_that_it_may_be_unused(tmp_path: Path, mark: str) -> None:
    long = SOURCE.replace("\tcount--;\n", "\tcount--;\n" + "".join(f"\tcount += {n};\n" for n in range(12)))
    common = {"dev.h": HEADER, "dev.c": swap(long, ("out:\n", "\tcount += extra(d);\nout:\n"))}
    upstream = {"dev.c": swap(long, ("out:\n", "\tcount += left;\nout:\n"))}
    patch = {"dev.c": swap(upstream["dev.c"], (RET, f"{RET}\tint {mark}left = d->id;\n"))}
    assert "BP215" not in judge(tmp_path, common, upstream, {"dev.c": long}, patch).codes
