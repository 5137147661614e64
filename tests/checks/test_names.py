"""BP201 to BP207: names that upstream has and the target has not, each with a near miss."""

from __future__ import annotations

from pathlib import Path

from backport.model import CommitEvidence, LineEvidence, Severity
from tests.checks.names_support import judge
from tests.checks.places_support import swap

HEADER = """\
#ifndef DEV_H
#define DEV_H
struct ring {
	int head;
	int tail;
};
struct dev {
	int id;
	struct ring *ring;
};
#define DEV_MAX 4
enum state {
	STATE_OFF,
	STATE_ON,
};
int dev_start(struct dev *d, int flags);
void dev_stop(struct dev *d);
#endif
"""
SOURCE = """\
#include "dev.h"

static int count;

int dev_open(struct dev *d)
{
	int ret;

	ret = dev_start(d, 0);
	if (ret)
		return ret;
	count++;
	return 0;
}

int dev_close(struct dev *d)
{
	int ret = 0;

	if (d->id > 3)
		goto out;
	dev_stop(d);
	count--;
out:
	return ret;
}
"""
COMMON = {"dev.h": HEADER, "dev.c": SOURCE}
STOP = "\tdev_stop(d);\n"


def patched(*pairs: tuple[str, str], source: str = SOURCE) -> dict[str, str | None]:
    return {"dev.c": swap(source, *pairs)}


def test_a_function_that_only_upstream_has(tmp_path: Path) -> None:
    upstream = {"dev.h": swap(HEADER, ("void dev_stop", "void dev_flush(struct dev *d);\nvoid dev_stop"))}
    found = judge(tmp_path, COMMON, upstream, {}, patched((STOP, f"\tdev_flush(d);\n{STOP}"))).only("BP201")
    assert found.severity is Severity.ERROR
    assert (found.subject, found.file, found.function, found.hunk) == ("dev_flush", "dev.c", "dev_close()", 1)
    assert found.line == found.target_line == 22
    (shown,) = [e for e in found.evidence if isinstance(e, LineEvidence) and e.tree == "upstream"]
    assert (shown.path, shown.text) == ("dev.h", b"void dev_flush(struct dev *d);")


def test_no_name_is_missing_that_the_patch_brings(tmp_path: Path) -> None:
    patch = {
        "dev.h": swap(HEADER, ("void dev_stop", "void dev_flush(struct dev *d);\nvoid dev_stop")),
        **patched((STOP, f"\tdev_flush(d);\n{STOP}")),
    }
    assert judge(tmp_path, COMMON, {}, {}, patch).codes == []


def test_nor_one_of_a_hunk_that_conflicts(tmp_path: Path) -> None:
    """The definition is brought, though its hunk has to be carried over by hand."""
    target = {"dev.h": swap(HEADER, ("int flags", "long flags"))}
    patch = {
        "dev.h": swap(HEADER, ("int flags);\n", "int flags, int more);\nvoid dev_flush(struct dev *d);\n")),
        **patched((STOP, f"\tdev_flush(d);\n{STOP}")),
    }
    assert "BP201" not in judge(tmp_path, COMMON, {}, target, patch).codes


def test_a_static_function_of_another_file_is_out_of_sight(tmp_path: Path) -> None:
    upstream = {"dev.h": swap(HEADER, ("void dev_stop", "void dev_flush(struct dev *d);\nvoid dev_stop"))}
    target = {"other.c": "static void dev_flush(struct dev *d)\n{\n}\n"}
    found = judge(tmp_path, COMMON, upstream, target, patched((STOP, f"\tdev_flush(d);\n{STOP}"))).only(
        "BP201"
    )
    assert "only in other.c:1" in found.message


def test_a_function_defined_elsewhere_in_the_target_is_there(tmp_path: Path) -> None:
    upstream = {"dev.h": swap(HEADER, ("void dev_stop", "void dev_flush(struct dev *d);\nvoid dev_stop"))}
    target = {"dev.h": swap(HEADER, ("#endif", "void dev_flush(struct dev *d);\n#endif"))}
    assert judge(tmp_path, COMMON, upstream, target, patched((STOP, f"\tdev_flush(d);\n{STOP}"))).codes == []


def test_a_header_that_the_file_does_not_include(tmp_path: Path) -> None:
    """The target's header of another driver has a macro of that name: it is not the one meant."""
    upstream = {
        "dev.h": swap(HEADER, ("#define DEV_MAX 4", "#define DEV_MAX 4\n#define dev_log(x) (void)(x)"))
    }
    target = {"far/log.h": "#define dev_log(x) (void)(x)\n"}
    found = judge(tmp_path, COMMON, upstream, target, patched((STOP, f"\tdev_log(d);\n{STOP}"))).only("BP202")
    assert "out of this file's sight" in found.message


def test_a_header_that_the_file_includes_by_another(tmp_path: Path) -> None:
    upstream = {
        "dev.h": swap(HEADER, ("#define DEV_MAX 4", "#define DEV_MAX 4\n#define dev_log(x) (void)(x)"))
    }
    target = {
        "far/log.h": "#define dev_log(x) (void)(x)\n",
        "dev.h": swap(HEADER, ("#define DEV_H\n", '#define DEV_H\n#include "far/log.h"\n')),
    }
    assert judge(tmp_path, COMMON, upstream, target, patched((STOP, f"\tdev_log(d);\n{STOP}"))).codes == []


def test_a_renamed_constant_comes_with_the_targets_name(tmp_path: Path) -> None:
    common = {**COMMON, "dev.h": HEADER, "dev.c": swap(SOURCE, ("d->id > 3", "d->id > DEV_MAX"))}
    upstream = {
        "dev.h": swap(HEADER, ("DEV_MAX", "DEV_LIMIT")),
        "dev.c": swap(SOURCE, ("d->id > 3", "d->id > DEV_LIMIT")),
    }
    patch = {"dev.c": swap(upstream["dev.c"], ("count++;", "if (d->id == DEV_LIMIT)\n\t\tcount++;"))}
    found = judge(tmp_path, common, upstream, {}, patch).only("BP202")
    assert found.subject == "DEV_LIMIT"
    assert found.suggestion == "the target has DEV_MAX where upstream has DEV_LIMIT"
    assert any(
        isinstance(e, LineEvidence) and e.tree == "target" and b"DEV_MAX" in e.text for e in found.evidence
    )
    assert not any(isinstance(e, CommitEvidence) for e in found.evidence)


def test_an_enumerator_and_a_type(tmp_path: Path) -> None:
    upstream = {
        "dev.h": swap(
            HEADER,
            ("\tSTATE_ON,\n", "\tSTATE_ON,\n\tSTATE_HALT,\n"),
            ("#define DEV_MAX", "typedef int dev_id;\n#define DEV_MAX"),
        )
    }
    patch = patched((STOP, f"\tif (d->id == (dev_id)STATE_HALT)\n\t\treturn 0;\n{STOP}"))
    found = judge(tmp_path, COMMON, upstream, {}, patch)
    assert [(f.code, f.subject) for f in found.findings] == [("BP202", "STATE_HALT"), ("BP203", "dev_id")]


def test_one_finding_for_all_uses_of_a_name(tmp_path: Path) -> None:
    upstream = {"dev.h": swap(HEADER, ("#define DEV_MAX 4", "#define DEV_MAX 4\n#define DEV_MIN 1"))}
    patch = patched(
        (STOP, f"\tif (d->id < DEV_MIN)\n\t\treturn DEV_MIN;\n{STOP}"), ("count++;", "count += DEV_MIN;")
    )
    found = judge(tmp_path, COMMON, upstream, {}, patch).only("BP202")
    assert found.message.endswith("(3 uses)")


def test_a_member_is_followed_through_its_types(tmp_path: Path) -> None:
    """Another struct of the target has a member of that name; the one that is meant has not."""
    upstream = {"dev.h": swap(HEADER, ("\tint tail;\n", "\tint tail;\n\tint size;\n"))}
    target = {"other.h": "struct other {\n\tint size;\n};\n"}
    found = judge(
        tmp_path, COMMON, upstream, target, patched((STOP, f"\tcount = d->ring->size;\n{STOP}"))
    ).only("BP204")
    assert found.message.startswith("struct ring has no member size in the target")
    assert {(e.tree, e.line) for e in found.evidence if isinstance(e, LineEvidence)} == {
        ("upstream", 6),
        ("target", 3),
    }


def test_a_member_that_the_target_has_or_a_macro_makes(tmp_path: Path) -> None:
    upstream = {"dev.h": swap(HEADER, ("\tint tail;\n", "\tint tail;\n\tint size;\n"))}
    target = {"dev.h": swap(HEADER, ("\tint tail;\n", "\tFIELD(int, size);\n\tint tail;\n"))}
    patch = patched((STOP, f"\tcount = d->ring->size;\n{STOP}"))
    assert judge(tmp_path, COMMON, upstream, target, patch).codes == []


def test_a_local_that_upstream_declared_before(tmp_path: Path) -> None:
    upstream = patched(
        ("\tint ret = 0;\n\n", "\tint ret = 0;\n\tstruct ring *r = d->ring;\n\n"),
        ("d->id > 3", "d->id > 3 && r"),
    )
    patch = {"dev.c": swap(str(upstream["dev.c"]), (STOP, f"\tr->head = 0;\n{STOP}"))}
    found = judge(tmp_path, COMMON, upstream, {}, patch).only("BP205")
    assert (
        found.message
        == "r is not declared in dev_close() of the target: upstream declares it in line 19 of the file"
    )
    assert "`struct ring *r`" in found.suggestion


def test_a_local_that_another_function_has_is_no_help(tmp_path: Path) -> None:
    upstream = patched(
        ("\tint ret = 0;\n\n", "\tint ret = 0;\n\tint left = 1;\n\n"), ("d->id > 3", "d->id > left")
    )
    target = patched(("\tint ret;\n", "\tint ret, left;\n"))
    patch = {"dev.c": swap(str(upstream["dev.c"]), ("\tcount--;\n", "\tcount -= left;\n"))}
    assert judge(tmp_path, COMMON, upstream, target, patch).only("BP205").function == "dev_close()"


def test_a_local_that_is_declared_too_far_inside(tmp_path: Path) -> None:
    upstream = patched(("\tint ret = 0;\n\n", "\tint ret = 0;\n\tint left = 1;\n\n"))
    target = patched(
        ("\tdev_stop(d);\n", "\tif (count) {\n\t\tint left = 2;\n\n\t\tcount = left;\n\t}\n\tdev_stop(d);\n")
    )
    patch = {"dev.c": swap(str(upstream["dev.c"]), ("out:\n", "\tret = left;\nout:\n"))}
    assert "too far inside" in judge(tmp_path, COMMON, upstream, target, patch).only("BP205").message


def test_locals_that_the_target_declares_otherwise(tmp_path: Path) -> None:
    """As a parameter, by a macro, at the top of the file: all of these declare."""
    upstream = patched(
        ("\tint ret = 0;\n\n", "\tint ret = 0;\n\tstruct ring *r = d->ring;\n\n"),
        ("d->id > 3", "d->id > 3 && r"),
    )
    patch = {"dev.c": swap(str(upstream["dev.c"]), (STOP, f"\tr->head = 0;\n{STOP}"))}
    for number, target in enumerate(
        (
            patched(("dev_close(struct dev *d)", "dev_close(struct dev *d, struct ring *r)")),
            patched(("\tint ret = 0;\n\n", "\tint ret = 0;\n\tDEFINE_RING(r);\n\n")),
            patched(("static int count;\n", "static int count;\nstatic struct ring *r;\n")),
        )
    ):
        assert "BP205" not in judge(tmp_path / str(number), COMMON, upstream, target, patch).codes


def test_a_label_of_upstreams_error_path(tmp_path: Path) -> None:
    upstream = patched(("out:\n", "undo:\n\tcount++;\nout:\n"))
    patch = {"dev.c": swap(str(upstream["dev.c"]), (STOP, f"\tif (!d->ring)\n\t\tgoto undo;\n{STOP}"))}
    found = judge(tmp_path, COMMON, upstream, {}, patch).only("BP206")
    assert found.subject == "undo"


def test_a_label_that_is_there(tmp_path: Path) -> None:
    patch = patched((STOP, f"\tif (!d->ring)\n\t\tgoto out;\n{STOP}"))
    assert judge(tmp_path, COMMON, {"x": "1"}, {}, patch).codes == []


def test_an_included_file(tmp_path: Path) -> None:
    upstream = {"include/linux/ring.h": "#define RING 1\n"}
    patch = patched(
        ('#include "dev.h"\n', '#include "dev.h"\n#include <linux/ring.h>\n#include <stdlib.h>\n')
    )
    found = judge(tmp_path, COMMON, upstream, {"include/net/ring.h": "#define RING 1\n"}, patch).only("BP207")
    assert (found.subject, found.suggestion) == ("linux/ring.h", "the target has include/net/ring.h")


def test_comments_strings_and_words_of_the_compiler_are_no_names(tmp_path: Path) -> None:
    upstream = {"dev.h": swap(HEADER, ("#define DEV_MAX 4", "#define DEV_MAX 4\n#define DEV_MIN 1"))}
    text = '\t/* DEV_MIN */\n\tif (__builtin_expect(d->id, 0)) /* use DEV_MIN\n\t\t* DEV_MIN */\n\t\tputs("DEV_MIN");\n'
    assert judge(tmp_path, COMMON, upstream, {}, patched((STOP, text + STOP))).codes == []


def test_a_name_that_the_target_pastes_together(tmp_path: Path) -> None:
    upstream = {"dev.h": swap(HEADER, ("#endif", "int dev_get_id(struct dev *d);\n#endif"))}
    target = {
        "dev.h": swap(
            HEADER, ("#endif", "#define GETTER(x) int dev_get_##x(struct dev *d);\nGETTER(id)\n#endif")
        )
    }
    patch = patched((STOP, f"\tcount = dev_get_id(d);\n{STOP}"))
    assert judge(tmp_path, COMMON, upstream, target, patch).alarms == []


def test_what_is_already_there_gives_no_alarm(tmp_path: Path) -> None:
    upstream = {"dev.h": swap(HEADER, ("void dev_stop", "void dev_flush(struct dev *d);\nvoid dev_stop"))}
    patch = patched((STOP, f"\tdev_flush(d);\n{STOP}"))
    assert judge(tmp_path, COMMON, upstream, patch, patch).alarms == []


def test_alone_a_name_that_nothing_mentions_is_a_warning(tmp_path: Path) -> None:
    upstream = {"dev.h": swap(HEADER, ("void dev_stop", "void dev_flush(struct dev *d);\nvoid dev_stop"))}
    patch = patched((STOP, f"\tdev_flush(d);\n\tmemset(d, 0, sizeof(*d));\n{STOP}"))
    found = judge(tmp_path, COMMON, upstream, {}, patch, alone=True)
    assert [(f.code, f.severity, f.subject) for f in found.findings] == [
        ("BP201", Severity.WARNING, "dev_flush")
    ]
    assert "upstream's tree is not at hand" in found.findings[0].message


def test_alone_a_member_and_a_local(tmp_path: Path) -> None:
    patch = patched((STOP, f"\tif (d->ring->fresh)\n\t\tbacklog = 1;\n{STOP}"))
    found = judge(tmp_path, COMMON, {"x": "1"}, {}, patch, alone=True)
    assert [(f.code, f.subject) for f in found.findings] == [("BP204", "fresh"), ("BP205", "backlog")]


def test_a_header_of_another_architecture_is_in_sight(tmp_path: Path) -> None:
    """The include may mean either folder's header; one of them has the macro by a file of its own."""
    plain = swap(SOURCE, ('#include "dev.h"\n', '#include "dev.h"\n#include <barrier.h>\n'))
    common = {
        "dev.h": HEADER,
        "dev.c": plain,
        "a/x86/barrier.h": "#define mb() 1\n",
        "a/arm/barrier.h": "#define mb() 2\n",
    }
    upstream = {"a/x86/barrier.h": "#define mb() 1\n#define io_mb() 1\n"}
    target = {
        "a/arm/barrier.h": '#include "barrier_32.h"\n#define mb() 2\n',
        "a/arm/barrier_32.h": "#define io_mb() 2\n",
    }
    patch = patched((STOP, f"\tio_mb();\n{STOP}"), source=plain)
    assert judge(tmp_path, common, upstream, target, patch).codes == []
