/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KERNEL_H
#define _LINUX_KERNEL_H

typedef _Bool bool;
#define true	1
#define false	0
#define NULL	((void *)0)

typedef unsigned int u32;
typedef unsigned long long u64;
typedef long ssize_t;
typedef unsigned long pgoff_t;
typedef unsigned int gfp_t;

#define GFP_KERNEL	0u

#define EPERM		1
#define ENOENT		2
#define EAGAIN		11
#define ENOMEM		12
#define EFAULT		14
#define EEXIST		17
#define EINVAL		22
#define ENOTTY		25

#define __user
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define BUG()		__builtin_trap()
#define BUG_ON(x)	do { if (unlikely(x)) BUG(); } while (0)

typedef struct { int held; } spinlock_t;

void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);

unsigned long copy_from_user(void *to, const void __user *from, unsigned long n);
unsigned long copy_to_user(void __user *to, const void *from, unsigned long n);
void *kzalloc(unsigned long size, gfp_t gfp);
void kfree(const void *object);
void cond_resched(void);

#endif /* _LINUX_KERNEL_H */
