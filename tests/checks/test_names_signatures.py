"""BP208 to BP213: signatures, what stands twice, what is removed or left behind, each with a near miss."""

from __future__ import annotations

from pathlib import Path

from backport.model import LineEvidence, Severity
from tests.checks.names_support import judge
from tests.checks.places_support import swap
from tests.checks.test_names import COMMON, HEADER, SOURCE, STOP, patched


def header(*pairs: tuple[str, str]) -> str:
    return swap(HEADER, *pairs)


def test_a_call_with_upstreams_number_of_arguments(tmp_path: Path) -> None:
    upstream = {"dev.h": header(("void dev_stop", "void dev_sync(struct dev *d, int how);\nvoid dev_stop"))}
    target = {"dev.h": header(("void dev_stop", "void dev_sync(struct dev *d);\nvoid dev_stop"))}
    found = judge(tmp_path, COMMON, upstream, target, patched((STOP, f"\tdev_sync(d, 1);\n{STOP}"))).only(
        "BP208"
    )
    assert found.severity is Severity.ERROR
    assert "takes 1 argument in the target and 2 arguments upstream" in found.message
    assert {(e.tree, e.path, e.line) for e in found.evidence if isinstance(e, LineEvidence)} == {
        ("target", "dev.h", 17),
        ("upstream", "dev.h", 17),
    }


def test_calls_that_fit(tmp_path: Path) -> None:
    """Variadic functions, macros of as many arguments, commas within an argument, no arguments at all."""
    upstream = {
        "dev.h": header(
            ("#endif", "void say(int a, int b, int c);\nint one(int a);\nint none(void);\n#endif")
        )
    }
    target = {
        "dev.h": header(("#endif", "void say(int a, ...);\n#define one(x) (x)\nint none(void);\n#endif"))
    }
    patch = patched((STOP, f"\tsay(1, none(), 3);\n\tone((int[]){{1, 2}}[0]);\n{STOP}"))
    assert judge(tmp_path, COMMON, upstream, target, patch).codes == []


def test_parameters_in_another_order(tmp_path: Path) -> None:
    upstream = {"dev.h": header(("#endif", "void copy(int dst, int src, int len);\n#endif"))}
    target = {"dev.h": header(("#endif", "void copy(int src, int dst, int len);\n#endif"))}
    found = judge(tmp_path, COMMON, upstream, target, patched((STOP, f"\tcopy(1, 2, 3);\n{STOP}"))).only(
        "BP209"
    )
    assert "(src, dst, len) in the target, (dst, src, len) upstream" in found.message


def test_a_value_that_the_target_does_not_return(tmp_path: Path) -> None:
    upstream = {"dev.h": header(("#endif", "int dev_sync(struct dev *d);\n#endif"))}
    target = {"dev.h": header(("#endif", "void dev_sync(struct dev *d);\n#endif"))}
    used = judge(tmp_path / "1", COMMON, upstream, target, patched((STOP, f"\tret = dev_sync(d);\n{STOP}")))
    assert "returns nothing in the target" in used.only("BP209").message
    unused = judge(tmp_path / "2", COMMON, upstream, target, patched((STOP, f"\tdev_sync(d);\n{STOP}")))
    assert unused.codes == []


def test_another_struct_is_asked_for(tmp_path: Path) -> None:
    upstream = {"dev.h": header(("#endif", "void dev_sync(struct dev *d);\n#endif"))}
    target = {"dev.h": header(("#endif", "void dev_sync(struct ring *r);\n#endif"))}
    found = judge(tmp_path, COMMON, upstream, target, patched((STOP, f"\tdev_sync(d);\n{STOP}"))).only(
        "BP209"
    )
    assert found.severity is Severity.WARNING


def test_a_parameter_whose_struct_has_another_name_here(tmp_path: Path) -> None:
    """The target's variable has the type that its function wants."""
    upstream = {"dev.h": header(("#endif", "void dev_sync(struct dev *d);\n#endif"))}
    target = {
        "dev.h": header(("#endif", "struct old { int id; };\nvoid dev_sync(struct old *d);\n#endif")),
        "dev.c": swap(SOURCE, ("dev_close(struct dev *d)", "dev_close(struct old *d)")),
    }
    assert judge(tmp_path, COMMON, upstream, target, patched((STOP, f"\tdev_sync(d);\n{STOP}"))).codes == []


def test_who_takes_the_lock(tmp_path: Path) -> None:
    body = "static void dev_sync(struct dev *d)\n{\n%s\td->id++;\n%s}\n"
    locked = body % ("\tspin_lock(&d->lock);\n", "\tspin_unlock(&d->lock);\n")
    upstream = {
        "sync.h": locked,
        "dev.h": header(("#define DEV_MAX 4", '#define DEV_MAX 4\n#include "sync.h"')),
    }
    target = {**upstream, "sync.h": body % ("", "")}
    patch = patched((STOP, f"\tdev_sync(d);\n{STOP}"))
    found = judge(tmp_path / "1", COMMON, upstream, target, patch).only("BP210")
    assert found.severity is Severity.NOTE
    assert found.message.startswith(
        "dev_sync() calls spin_lock(), spin_unlock() upstream, and not in the target"
    )
    assert judge(tmp_path / "2", COMMON, upstream, upstream, patch).codes == []


def test_a_local_that_the_target_has_already(tmp_path: Path) -> None:
    target = patched(("\tint ret = 0;\n\n", "\tint ret = 0;\n\tint left = 2;\n\n"))
    patch = patched(
        ("int dev_close(struct dev *d)\n{\n", "int dev_close(struct dev *d)\n{\n\tint left = 1;\n"),
        ("\tcount--;\n", "\tcount -= left;\n"),
    )
    found = [f for f in judge(tmp_path, COMMON, {"x": "1"}, target, patch).findings if f.code == "BP211"]
    assert [f.message for f in found] == [
        "local variable left stands twice in dev_close(): the target has it in line 19 already"
    ]


def test_the_same_name_in_another_block_is_no_double(tmp_path: Path) -> None:
    target = patched((STOP, "\tif (count) {\n\t\tint left = 2;\n\n\t\tcount = left;\n\t}\n" + STOP))
    patch = patched(
        ("int dev_close(struct dev *d)\n{\n", "int dev_close(struct dev *d)\n{\n\tint left = 1;\n"),
        ("\tcount--;\n", "\tcount -= left;\n"),
    )
    assert "BP211" not in judge(tmp_path, COMMON, {"x": "1"}, target, patch).codes


def test_a_function_and_an_enumerator_that_stand_twice(tmp_path: Path) -> None:
    helper = "static int left(void)\n{\n\treturn 1;\n}\n\n"
    target = {
        **patched(("static int count;\n\n", f"static int count;\n\n{helper}")),
        "dev.h": header(("enum state {\n", "enum state {\n\tSTATE_NEW,\n")),
    }
    patch = {
        **patched(("int dev_close", f"{helper}int dev_close"), ("\tcount--;\n", "\tcount -= left();\n")),
        "dev.h": header(("\tSTATE_ON,\n", "\tSTATE_ON,\n\tSTATE_NEW,\n")),
    }
    (judged,) = judge(tmp_path, COMMON, {"x": "1"}, target, patch).report.targets[0].patches
    found = [(f.code, f.subject) for f in judged.findings if f.code in ("BP113", "BP211")]
    # The whole function is told once, by the rule on changes that are made a second time.
    assert ("BP211", "STATE_NEW") in found and ("BP113", "left()") in found
    assert ("BP211", "left") not in found


def test_two_branches_of_an_if_are_no_double(tmp_path: Path) -> None:
    target = patched(
        (
            "static int count;\n\n",
            "static int count;\n\n#ifdef SMALL\nstatic int left(void)\n{\n\treturn 1;\n}\n#endif\n\n",
        )
    )
    patch = patched(
        ("int dev_close", "#ifndef SMALL\nstatic int left(void)\n{\n\treturn 2;\n}\n#endif\n\nint dev_close")
    )
    assert judge(tmp_path, COMMON, {"x": "1"}, target, patch).codes == []


def test_a_definition_that_the_target_still_uses(tmp_path: Path) -> None:
    target = {"user.c": '#include "dev.h"\n\nint user(void)\n{\n\treturn DEV_MAX;\n}\n'}
    patch = {"dev.h": header(("#define DEV_MAX 4\n", ""))}
    found = judge(tmp_path / "1", COMMON, {"x": "1"}, target, patch).only("BP212")
    (shown,) = found.evidence
    assert isinstance(shown, LineEvidence)
    assert (shown.path, shown.line, shown.text) == ("user.c", 5, b"\treturn DEV_MAX;")
    assert judge(tmp_path / "2", COMMON, {"x": "1"}, {"y": "1"}, patch).codes == []


def test_a_definition_that_the_user_has_by_itself(tmp_path: Path) -> None:
    target = {"user.c": "#define DEV_MAX 5\nint user(void)\n{\n\treturn DEV_MAX;\n}\n"}
    patch = {"dev.h": header(("#define DEV_MAX 4\n", ""))}
    assert judge(tmp_path, COMMON, {"x": "1"}, target, patch).codes == []


def test_callers_that_keep_the_old_parameters(tmp_path: Path) -> None:
    target = {"user.c": '#include "dev.h"\n\nint user(struct dev *d)\n{\n\treturn dev_start(d, 2);\n}\n'}
    patch = {
        "dev.h": header(
            ("int dev_start(struct dev *d, int flags);", "int dev_start(struct dev *d, int flags, int mode);")
        ),
        **patched(("dev_start(d, 0)", "dev_start(d, 0, 1)")),
    }
    found = judge(tmp_path / "1", COMMON, {"x": "1"}, target, patch).only("BP213")
    assert found.message.endswith("1 call of the target does not fit: user.c:5")
    assert judge(tmp_path / "2", COMMON, {"x": "1"}, {"y": "1"}, patch).codes == []


def test_alone_callers_and_users_are_warnings(tmp_path: Path) -> None:
    target = {
        "user.c": '#include "dev.h"\n\nint user(struct dev *d)\n{\n\treturn dev_start(d, DEV_MAX);\n}\n'
    }
    patch = {
        "dev.h": header(("int flags);", "int flags, int mode);"), ("#define DEV_MAX 4\n", "")),
        **patched(("dev_start(d, 0)", "dev_start(d, 0, 1)")),
    }
    found = judge(tmp_path, COMMON, {"x": "1"}, target, patch, alone=True)
    assert [(f.code, f.severity) for f in found.findings] == [
        ("BP212", Severity.WARNING),
        ("BP213", Severity.WARNING),
    ]


def test_structs_within_a_struct_have_members_of_their_own(tmp_path: Path) -> None:
    inner = "struct dev {\n\tstruct {\n\t\tint length;\n\t} read;\n"
    more = "\tstruct {\n\t\tint length;\n\t} flush;\n"
    common = {**COMMON, "dev.h": header(("struct dev {\n", inner))}
    patch = {"dev.h": header(("struct dev {\n", inner + more))}
    assert judge(tmp_path, common, {"x": "1"}, {"y": "1"}, patch, alone=True).codes == []


def test_an_argument_that_a_macro_pastes_is_part_of_a_name(tmp_path: Path) -> None:
    macro = (
        "#define STATE_IS(name, NAME) \\\nstatic inline int is_ ## name(void) { return STATE_ ## NAME; }\n"
    )
    patch = {"dev.h": header(("void dev_stop", f"{macro}STATE_IS(on, LATELY_ON)\nvoid dev_stop"))}
    assert judge(tmp_path, COMMON, {"x": "1"}, {"y": "1"}, patch, alone=True).codes == []


def test_a_returned_call_brings_no_function(tmp_path: Path) -> None:
    patch = patched(("\tcount--;\n", "\tcount--;\n\treturn dev_absent_helper(count);\n"))
    found = judge(tmp_path, COMMON, {"x": "1"}, {"y": "1"}, patch, alone=True)
    assert found.only("BP201").subject == "dev_absent_helper"
