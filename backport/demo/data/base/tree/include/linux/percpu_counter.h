/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_PERCPU_COUNTER_H
#define _LINUX_PERCPU_COUNTER_H

#include <linux/kernel.h>

struct percpu_counter {
	long count;
};

void percpu_counter_add(struct percpu_counter *counter, long amount);
long percpu_counter_sum(const struct percpu_counter *counter);

#endif /* _LINUX_PERCPU_COUNTER_H */
