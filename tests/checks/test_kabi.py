"""The interface to modules: changes of it in a small kernel, and changes that are none."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from backport.checks.kabi.enums import changed_values, read_enum
from backport.checks.kabi.layout import compare
from backport.checks.kabi.members import read_record
from backport.cli.commands.check import _symbol_lists
from backport.errors import InputError
from backport.model import Finding, LineEvidence, Severity
from backport.settings import Settings
from tests.checks.origin_support import judged, message_patch, one
from tests.placement.support import target_of

HEADER = """\
#ifndef _LINUX_DEV_H
#define _LINUX_DEV_H

struct ring {
	void *base;
	u32 head;
	u32 tail;
};

/* What a driver sees. */
struct dev {
	struct list_head list;
	u32 flags;
	void *priv;
	struct ring *ring;
	const char *name;
	ANDROID_KABI_RESERVE(1);
	ANDROID_KABI_RESERVE(2);
};

struct box {
	spinlock_t lock;
	u16 kind;
	unsigned long state;
	u64 reserved[2];
};

union both {
	u64 wide;
	u8 bytes[8];
};

struct hidden {
	int one;
	int two;
};

struct many {
	unsigned int a : 3;
	unsigned int b : 5;
	int (*open)(struct dev *dev, int mode);
	union both both;
	struct box *box;
#ifdef CONFIG_MORE
	int more;
#endif
};

enum dev_state {
	DEV_OFF,
	DEV_ON,
	DEV_SLEEPS,
	DEV_STATE_MAX,
};

int dev_start(struct dev *dev, int how);
void dev_set(struct dev *dev,
		enum dev_state state);
extern struct many everything;
int not_exported(struct hidden *hidden);

#endif
"""
SOURCE = """\
#include "dev.h"

struct private {
	int one;
	int two;
};

int dev_start(struct dev *dev, int how)
{
	return dev->flags & how;
}
EXPORT_SYMBOL(dev_start);

void dev_set(struct dev *dev, enum dev_state state)
{
	dev->flags = state;
}
EXPORT_SYMBOL_GPL(dev_set);

int takes_private(struct private *private)
{
	return private->one;
}
EXPORT_SYMBOL(takes_private);

struct many everything;
EXPORT_SYMBOL(everything);

int not_exported(struct hidden *hidden)
{
	return hidden->one;
}
"""
TREE = {"include/linux/dev.h": HEADER, "drivers/dev.c": SOURCE}
LIST = "android/abi_gki_aarch64_vendor"


def changed(
    *pairs: tuple[str, str],
    policy: str = "android",
    more: Mapping[str, str] | None = None,
    symbols: tuple[tuple[str, bytes], ...] = (),
    tree: Mapping[str, str] = TREE,
) -> list[Finding]:
    """The kABI findings of a patch that changes the small kernel."""
    files = {**tree, **(more or {})}
    diff = ""
    for path, old in tree.items():
        new = old
        for before, after in pairs:
            if before in new:
                assert new.count(before) == 1, before
                new = new.replace(before, after)
        lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
        diff += "".join(difflib.unified_diff(lines[0], lines[1], f"a/{path}", f"b/{path}"))
    assert diff
    target = target_of({path: text.encode() for path, text in files.items()})
    patch = message_patch("dev: change it", "", diff.encode())
    return [f for f in judged(patch, target, policy=policy, symbols=symbols) if f.code.startswith("BP52")]


# --- layouts that change ---------------------------------------------------------------------------

LAYOUTS = [
    (
        "\tvoid *priv;\n",
        "\tu64 extra;\n\tvoid *priv;\n",
        "member extra is added before priv, which moves priv, ring",
    ),
    ("\tvoid *priv;\n", "", "member priv is removed, which moves ring, name"),
    ("\tu32 flags;\n", "\tu64 flags;\n", "member flags changes its type from `u32` to `u64`"),
    (
        "\tvoid *priv;\n\tstruct ring *ring;\n",
        "\tstruct ring *ring;\n\tvoid *priv;\n",
        "members priv, ring move",
    ),
    (
        "\tANDROID_KABI_RESERVE(2);\n",
        "\tANDROID_KABI_RESERVE(2);\n\tint more;\n",
        "is added at the end, which makes",
    ),
    ("\tu32 tail;\n};\n\n/* What", "\tu32 tail;\n} __packed;\n\n/* What", "it now has __packed"),
    ("\tu64 wide;\n", "\tu64 wide;\n\tu64 pair[2];\n", "member pair is added"),
    (
        "unsigned int b : 5",
        "unsigned int b : 6",
        "member b changes its type from `unsigned int:5` to `unsigned int:6`",
    ),
    ("dev, int mode)", "dev, long mode)", "member open changes its type"),
    ("\tu64 reserved[2];\n", "\tvoid *next;\n\tu64 reserved[2];\n", "which makes the struct larger"),
    ("#ifdef CONFIG_MORE\n\tint more;\n#endif\n", "\tint more;\n", "member more no longer stands under"),
]


@pytest.mark.parametrize(("old", "new", "what"), LAYOUTS)
def test_a_layout_changes(old: str, new: str, what: str) -> None:
    found = changed((old, new))
    assert found and all(f.code == "BP521" and f.severity is Severity.WARNING for f in found)
    assert what in found[0].message
    assert any(isinstance(e, LineEvidence) and b"EXPORT_SYMBOL" in e.text for e in found[0].evidence)


def test_the_path_is_shown() -> None:
    finding = one(changed(("\tvoid *priv;\n", "\tu64 extra;\n\tvoid *priv;\n")), "BP521")
    assert finding.message.endswith(
        "reached by dev_start(struct dev *dev, int how) -> struct dev -> member extra"
    )
    assert (finding.function, finding.subject, finding.hunk) == ("struct dev", "struct dev", 1)
    assert HEADER.splitlines()[(finding.target_line or 0) - 1] == "struct dev {"


def test_pointers_are_followed_through_structs_and_variables() -> None:
    finding = one(changed(("\tu32 head;\n", "\tu64 first;\n\tu32 head;\n")), "BP521")
    assert "-> struct dev -> member ring -> struct ring -> member first" in finding.message
    finding = one(changed(("\tunsigned long state;\n", "\tu64 first;\n\tunsigned long state;\n")), "BP521")
    assert (
        "reached by everything -> struct many -> member box -> struct box -> member first" in finding.message
    )
    assert "unless" not in finding.message


# --- layouts that do not ---------------------------------------------------------------------------

KEPT = [
    ("\tu32 flags;\n", "\tu32 flags;\n\tu32 in_the_hole;\n"),
    ("\tANDROID_KABI_RESERVE(1);\n", "\tANDROID_KABI_USE(1, void *used);\n"),
    ("\tANDROID_KABI_RESERVE(1);\n", "\tANDROID_KABI_USE2(1, u32 used, u32 more);\n"),
    ("\tANDROID_KABI_RESERVE(2);\n", "\tu64 used;\n"),
    ("\tu64 reserved[2];\n", "\tvoid *used;\n\tu64 reserved[1];\n"),
    ("\tu8 bytes[8];\n", "\tu8 bytes[8];\n\tu32 halves[2];\n"),
    ("\tunsigned int b : 5;\n", "\tunsigned int b : 5;\n\tunsigned int c : 4;\n"),
    ("\tvoid *priv;\n", "\tvoid *priv;\t/* the driver's own */\n"),
    ("\tvoid *priv;\n", "\tvoid  *priv;\n\n"),
    ("\tvoid *priv;\n", "\tvoid *private_data;\n"),
    ("dev, int mode)", "device, int flags)"),
    ("\tu32 head;\n", "\t__u32 head;\n"),
    ("\tu32 head;\n", "#define HEADS \\\n\t(4 | \\\n\t 8)\n\tu32 head;\n"),
    ("struct hidden {\n\tint one;\n", "struct hidden {\n\tint zero;\n\tint one;\n"),
    ("struct private {\n\tint one;\n", "struct private {\n\tint zero;\n\tint one;\n"),
    ("struct ring {\n", "struct fresh {\n\tint one;\n};\n\nstruct ring {\n"),
]


@pytest.mark.parametrize(("old", "new"), KEPT)
def test_a_layout_is_kept(old: str, new: str) -> None:
    assert changed((old, new)) == []


def test_nothing_is_looked_at_on_a_plain_tree() -> None:
    for policy in ("plain", "stable"):
        assert changed(("\tvoid *priv;\n", ""), ("\tDEV_ON,\n", ""), policy=policy) == []


# --- the way out -----------------------------------------------------------------------------------


def test_reserved_room_is_named_as_it_is_used() -> None:
    finding = one(changed(("\tvoid *priv;\n", "\tvoid *priv;\n\tstruct ring *next;\n")), "BP521")
    assert "`ANDROID_KABI_USE(1, struct ring *next);`" in finding.suggestion
    assert any(
        isinstance(e, LineEvidence) and e.text == b"\tANDROID_KABI_RESERVE(1);" for e in finding.evidence
    )


def test_other_vendors_room() -> None:
    for reserve, use in (("RH_KABI_RESERVE(7)", "RH_KABI_USE(7, "), ("KABI_RESERVE(7)", "`KABI_USE(7, ")):
        header = HEADER.replace("ANDROID_KABI_RESERVE(1);", reserve)
        tree = {**TREE, "include/linux/dev.h": header}
        finding = one(changed(("\tvoid *priv;\n", "\tvoid *priv;\n\tint next;\n"), tree=tree), "BP521")
        assert use in finding.suggestion
        used = reserve.replace("RESERVE", "USE").replace("7", "7, int next")
        assert changed((f"\t{reserve}\n", f"\t{used}\n"), tree=tree) == []


def test_reserved_room_that_is_used_up_is_not_offered() -> None:
    header = HEADER.replace("ANDROID_KABI_RESERVE(1);", "ANDROID_KABI_USE(1, void *used);")
    header = header.replace("\tANDROID_KABI_RESERVE(2);\n", "")
    finding = one(
        changed(
            ("\tvoid *priv;\n", "\tvoid *priv;\n\tu64 next;\n"), tree={**TREE, "include/linux/dev.h": header}
        ),
        "BP521",
    )
    assert "reserved" not in finding.suggestion and "outside of the struct" in finding.suggestion


def test_a_hole_is_offered() -> None:
    header = HEADER.replace("\tANDROID_KABI_RESERVE(1);\n\tANDROID_KABI_RESERVE(2);\n", "")
    finding = one(
        changed(
            ("\tvoid *priv;\n", "\tvoid *priv;\n\tu32 next;\n"), tree={**TREE, "include/linux/dev.h": header}
        ),
        "BP521",
    )
    assert finding.suggestion == "put it before priv, where there is a hole that it fits in"


# --- enumerators -----------------------------------------------------------------------------------


def test_an_enumerator_changes_its_value() -> None:
    finding = one(changed(("\tDEV_ON,\n", "\tDEV_WAKES,\n\tDEV_ON,\n")), "BP522")
    assert "enum dev_state changes for modules: DEV_ON goes from 1 to 2, and 1 more" in finding.message
    assert "dev_set(struct dev *dev, enum dev_state state) -> enum dev_state" in finding.message
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\tDEV_SLEEPS,\n", "\tDEV_SLEEPS,\n\tDEV_DEAD,\n"),
        ("\tDEV_ON,\n", "\tDEV_ON = 1,\n"),
        ("\tDEV_ON,\n", "\tDEV_ON,\t\t/* it runs */\n"),
        ("\tDEV_ON,\n", "\tDEV_ON,\n#define DEV_ON DEV_ON\n"),
        ("\tDEV_STATE_MAX,\n", "\tDEV_STATE_MAX,\n\tDEV_ALIAS = DEV_ON,\n"),
    ],
)
def test_enumerators_that_stay(old: str, new: str) -> None:
    assert changed((old, new)) == []


# --- functions and exports -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "shape"),
    [
        (
            "dev_start(struct dev *dev, int how)\n",
            "dev_start(struct dev *dev, long how)\n",
            "(struct dev *, long)",
        ),
        (
            "int dev_start(struct dev *dev, int how)\n",
            "bool dev_start(struct dev *dev, int how)\n",
            "bool (struct dev",
        ),
        ("dev_start(struct dev *dev, int how)\n", "dev_start(struct dev *dev)\n", "`int (struct dev *)`"),
    ],
)
def test_a_signature_changes(old: str, new: str, shape: str) -> None:
    finding = one(changed((old, new)), "BP523")
    assert shape in finding.message and "EXPORT_SYMBOL(dev_start)" in finding.message
    assert (finding.function, finding.hunk) == ("dev_start()", 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dev_start(struct dev *dev, int how)\n", "dev_start(struct dev *device, int  flags)\n"),
        ("int not_exported(struct hidden *hidden)\n", "int not_exported(struct hidden *hidden, int x)\n"),
        ("\treturn dev->flags & how;\n", "\treturn dev->flags | how;\n"),
        (
            "int dev_start(struct dev *dev, int how)\n",
            "int __cold dev_start(struct dev __user *dev, int how)\n",
        ),
    ],
)
def test_a_signature_stays(old: str, new: str) -> None:
    assert changed((old, new)) == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("EXPORT_SYMBOL(dev_start);\n", "", "dev_start is no longer exported"),
        (
            "EXPORT_SYMBOL(dev_start)",
            "EXPORT_SYMBOL_GPL(dev_start)",
            "dev_start is exported to GPL modules only",
        ),
        ("EXPORT_SYMBOL_GPL(dev_set)", 'EXPORT_SYMBOL_NS_GPL(dev_set, "DEV")', "in the namespace DEV"),
    ],
)
def test_an_export_is_lost(old: str, new: str, what: str) -> None:
    finding = one(changed((old, new)), "BP524")
    assert what in finding.message and finding.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("EXPORT_SYMBOL_GPL(dev_set)", "EXPORT_SYMBOL(dev_set)"),
        ("EXPORT_SYMBOL(dev_start);\n", "EXPORT_SYMBOL( dev_start );\n"),
        ('#include "dev.h"\n', '#include "dev.h"\n\nEXPORT_SYMBOL(not_exported);\n'),
    ],
)
def test_an_export_is_kept(old: str, new: str) -> None:
    assert changed((old, new)) == []


def test_an_export_that_goes_to_another_file_is_kept() -> None:
    other = "int other;\nEXPORT_SYMBOL(other);\n"
    tree = {**TREE, "drivers/other.c": other}
    moved = (
        ("EXPORT_SYMBOL(dev_start);\n", ""),
        ("EXPORT_SYMBOL(other);\n", "EXPORT_SYMBOL(other);\nEXPORT_SYMBOL(dev_start);\n"),
    )
    assert changed(*moved, tree=tree) == []


# --- lists of symbols ------------------------------------------------------------------------------

MEMBER = ("\tvoid *priv;\n", "\tu64 extra;\n\tvoid *priv;\n")
LISTS = {
    LIST: "[abi_symbol_list]\n# common\n  printk\n  dev_start # ours\n",
    "gki/aarch64/symbols/vendor": "[abi_symbol_list]\n  dev_start\n",
    "redhat/kabi/kabi-module/kabi_x86_64/dev_start": "#1-\n",
    "redhat/kabi/kabi_stablelist_x86_64": "[rhel9_x86_64_stablelist]\n\tdev_start\n",
    "redhat/Module.kabi_x86_64": "0x12345678\tdev_start\tvmlinux\tEXPORT_SYMBOL\n",
    "kabi/x86_64/symvers-default": "0x12345678\tdev_start\tvmlinux\tEXPORT_SYMBOL\t\n",
}


@pytest.mark.parametrize("path", LISTS)
def test_a_symbol_of_a_list_in_the_tree(path: str) -> None:
    """On a tree with a list the rules are on under any policy, and an error says what is certain."""
    finding = one(changed(MEMBER, policy="plain", more={path: LISTS[path]}), "BP521")
    assert finding.severity is Severity.ERROR and path in finding.message


@pytest.mark.parametrize("path", LISTS)
def test_a_list_without_the_symbol(path: str) -> None:
    more = {path.replace("dev_start", "printk"): LISTS[path].replace("dev_start", "printk")}
    removed = ("EXPORT_SYMBOL(dev_start);\n", "")
    assert changed(MEMBER, removed, policy="android", more=more) == []


def test_what_is_no_list_is_not_read_as_one() -> None:
    more = {"android/abi_gki_aarch64.xml": "dev_start\n", "android/abi_gki_protected_exports": "dev_start\n"}
    assert one(changed(MEMBER, more=more), "BP521").severity is Severity.WARNING


@pytest.mark.parametrize(
    "data",
    [b"dev_start\n", b"[list]\n\tdev_start\n", b"# x\n0x1234 dev_start vmlinux EXPORT_SYMBOL\n"],
)
def test_a_list_that_was_given(data: bytes) -> None:
    for policy in ("plain", "android"):
        finding = one(changed(MEMBER, policy=policy, symbols=(("mine", data),)), "BP521")
        assert finding.severity is Severity.ERROR and "(mine)" in finding.message


def test_a_given_list_stands_before_the_trees() -> None:
    assert changed(MEMBER, more={LIST: LISTS[LIST]}, symbols=(("mine", b"printk\n"),)) == []


SYMVERS = "0x12345678\tdev_start\tdrivers/dev\tEXPORT_SYMBOL\t\n"


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("dev_* PASS\n", True),
        ("drivers/* PASS\n* FAIL\n", True),
        ("net/* PASS\n* FAIL\n", False),
        ("dev_start FAIL\n* PASS\n", False),
        ("vmlinux PASS\n", False),
        ("# dev_* PASS\n", False),
    ],
)
def test_severities_let_changes_pass(text: str, passes: bool) -> None:
    """The first pattern counts: one with a slash is of modules, another of symbols."""
    more = {"kabi/x86_64/symvers-default": SYMVERS, "kabi/severities": text}
    for change in (("EXPORT_SYMBOL(dev_start);\n", ""), MEMBER):
        assert (changed(change, more=more, policy="plain") == []) is passes


def test_severities_without_a_reference_hold_all_other_exports() -> None:
    for text, passes in (("drivers/dev* PASS\n", True), ("net/* PASS\n", False)):
        found = changed(("EXPORT_SYMBOL(dev_start);\n", ""), more={"kabi/severities": text}, policy="plain")
        assert (found == []) is passes


def test_an_unsure_change_is_no_error_even_under_a_list() -> None:
    unsure = ("\tunsigned long state;\n", "\tu16 first;\n\tunsigned long state;\n")
    finding = one(changed(unsure, more={LIST: "[abi_symbol_list]\n  everything\n"}), "BP521")
    assert finding.severity is Severity.WARNING and "unless" in finding.message


def test_exports_and_signatures_under_a_list() -> None:
    listed = {LIST: LISTS[LIST]}
    gone = one(changed(("EXPORT_SYMBOL(dev_start);\n", ""), more=listed), "BP524")
    assert gone.severity is Severity.ERROR and LIST in gone.message
    other = ("dev_start(struct dev *dev, int how)\n", "dev_start(struct dev *dev)\n")
    assert one(changed(other, more=listed), "BP523").severity is Severity.ERROR
    assert changed(("EXPORT_SYMBOL_GPL(dev_set);\n", ""), more=listed) == []


def test_a_qualifier_alone_is_no_error_even_under_a_list() -> None:
    """The checksum changes, the call does not."""
    const = ("int dev_start(struct dev *dev, int how)\n", "int dev_start(const struct dev *dev, int how)\n")
    assert one(changed(const, more={LIST: LISTS[LIST]}), "BP523").severity is Severity.WARNING


# --- what is read ----------------------------------------------------------------------------------

PIECES = [
    b"struct a {", b"union {", b"};", b"}", b"int x;", b"u32 a, *b[3];", b"int (*f)(struct a *, int);", b":3;", b"[",
    b"#ifdef X", b"#else", b"#endif", b"#define Y \\", b"ANDROID_KABI_RESERVE(1);", b"KABI_USE(1, int z)", b"enum e {",
    b"A,", b"B = 3,", b"C = A", b"/*", b"*/", b'"', b"DECLARE_BITMAP(m, 4);", b"__packed", b"(", b")", b",", b"\xff",
]  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_whatever_is_read_does_not_change_by_itself(pieces: list[bytes]) -> None:
    """Nothing is raised on broken text, and a struct or enum beside itself has no change."""
    data = b"struct a {\n" + b"\n".join(pieces) + b"\n};\n"
    record = read_record(data, 1)
    assert record is None or compare(record, record) == ()
    enum = read_enum(data, 1)
    assert list(changed_values(enum, enum)) == []


def test_lists_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("dev_start\n")
    assert _symbol_lists([str(tmp_path / "list")], Settings()) == (("list", b"dev_start\n"),)
    with pytest.raises(InputError, match=r"--kabi .*absent cannot be read"):
        _symbol_lists([str(tmp_path / "absent")], Settings())
