"""BP114 and BP115: changes in a file that is not the patch's own, and code that the target has once more."""

from __future__ import annotations

from pathlib import Path

from backport.model import LineEvidence, Severity
from tests.checks.places_support import judge, swap

RING = """\
#include <linux/slab.h>
#include <linux/module.h>
#include "bus.h"

struct ring {
	unsigned int head;
	unsigned int tail;
	unsigned int size;
	void *slots[16];
};

int ring_push(struct ring *ring, void *item)
{
	unsigned int next = (ring->head + 1) % ring->size;

	if (next == ring->tail)
		return -ENOSPC;
	ring->slots[ring->head] = item;
	ring->head = next;
	return 0;
}

void *ring_pull(struct ring *ring)
{
	void *item;

	if (ring->head == ring->tail)
		return NULL;
	item = ring->slots[ring->tail];
	ring->tail = (ring->tail + 1) % ring->size;
	return item;
}
MODULE_LICENSE("GPL");
"""
BARRIER = ("\tring->slots[ring->head] = item;\n", "\tring->slots[ring->head] = item;\n\tsmp_wmb();\n")

LICENCE = (
    "/*\n"
    + "".join(f" * Line {n} of a long text on what may be done with this.\n" for n in range(24))
    + " */\n"
)

STACK = """\
static struct stack *stacks;

int stack_add(struct ring *ring, void *item)
{
	struct stack *stack = find_stack(ring, current);

	spin_lock(&stack->lock);
	ring->slots[ring->head] = item;
	ring->head = next;
	spin_unlock(&stack->lock);
	return stack->depth++ > MOST ? -E2BIG : 0;
}

bool stack_is_full(const struct stack *stack)
{
	return stack->depth == MOST || !stack->room;
}
"""


def test_a_file_that_git_takes_for_a_renamed_one(tmp_path: Path) -> None:
    """The target has no ring.c; stack.c resembles it by its licence, and has none of its functions."""
    found = judge(
        tmp_path,
        {"ring.c": LICENCE + RING},
        {"ring.c": LICENCE + swap(RING, BARRIER)},
        {"ring.c": None, "stack.c": LICENCE + STACK},
        path="stack.c",
    )
    assert "smp_wmb" in found.merged
    finding = found.only("BP114")
    assert finding.severity is Severity.WARNING and finding.subject == "stack.c"


def test_a_file_that_was_renamed_with_its_functions(tmp_path: Path) -> None:
    renamed = RING.replace("ring_", "queue_").replace("struct ring", "struct queue")
    found = judge(
        tmp_path,
        {"ring.c": RING},
        {"ring.c": swap(RING, BARRIER)},
        {"ring.c": None, "queue.c": renamed},
        path="queue.c",
    )
    assert "smp_wmb" in found.merged and found.codes == []


def test_a_file_that_only_moved(tmp_path: Path) -> None:
    found = judge(
        tmp_path, {"ring.c": RING}, {"ring.c": swap(RING, BARRIER)}, {"ring.c": None, "lib/ring.c": RING}
    )
    assert found.codes == []


# --- copies ---------------------------------------------------------------------------------------

LOOP = """\
	for (n = 0; n < dev->count; n++) {
		if (!dev->queue[n].live)
			continue;
		drain_queue(&dev->queue[n]);
		dev->queue[n].live = false;
	}
"""
FIXED = """\
	for (n = dev->count; n-- > 0;) {
		if (!queue_is_live(dev, n))
			continue;
		stop_queue(&dev->queue[n]);
		dev->queue[n].live = 0;
	}
"""
HELPER = f"static void quiet(struct dev *dev)\n{{\n\tint n;\n\n{LOOP}}}\n"
STOP = "int dev_stop(struct dev *dev)\n{\n\tquiet(dev);\n\treturn 0;\n}\n"
RESET = "int dev_reset(struct dev *dev)\n{\n\tquiet(dev);\n\tdev->resets++;\n\treturn 0;\n}\n"
BASE = f"{HELPER}\n{STOP}\n{RESET}"
NEW = BASE.replace(LOOP, FIXED)
OLD_RESET = RESET.replace("\tquiet(dev);\n", f"\tint n;\n\n{LOOP}")


def test_a_copy_that_upstream_made_one(tmp_path: Path) -> None:
    found = judge(tmp_path, BASE, NEW, f"{HELPER}\n{STOP}\n{OLD_RESET}")
    assert found.merged.count("drain_queue") == 1
    finding = found.only("BP115")
    assert finding.severity is Severity.NOTE and finding.subject == "dev_reset()"
    assert LineEvidence("target", "dev.c", 23, b"\tfor (n = 0; n < dev->count; n++) {") in finding.evidence


def test_a_copy_in_a_file_that_upstream_does_not_have(tmp_path: Path) -> None:
    target = {
        "dev.c": BASE,
        "dev_old.c": f"int old_stop(struct dev *dev)\n{{\n\tint n;\n\n{LOOP}\treturn 0;\n}}\n",
    }
    finding = judge(tmp_path, BASE, NEW, target).only("BP115")
    assert finding.severity is Severity.NOTE and finding.subject == "dev_old.c"


def test_copies_that_upstream_left_too(tmp_path: Path) -> None:
    base = f"{HELPER}\n{STOP}\n{OLD_RESET}"
    upstream = base.replace(HELPER, HELPER.replace(LOOP, FIXED))
    target = base.replace("resets++", "resets += 1")
    assert judge(tmp_path, base, upstream, target).codes == []


def test_copies_that_the_patch_changes_all(tmp_path: Path) -> None:
    base = f"{HELPER}\n{STOP}\n{OLD_RESET}"
    target = base.replace("resets++", "resets += 1")
    assert judge(tmp_path, base, base.replace(LOOP, FIXED), target).codes == []
