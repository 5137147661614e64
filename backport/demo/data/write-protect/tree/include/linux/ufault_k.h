/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel side of page faults that user space resolves.
 */
#ifndef _LINUX_UFAULT_K_H
#define _LINUX_UFAULT_K_H

#include <linux/mm.h>

#ifdef CONFIG_UFAULT

#include <uapi/linux/ufault.h>

#define UF_EVENT_FLAGS	(UF_FAULT_WRITE | UF_FAULT_WP)

int handle_ufault(struct vm_fault *vmf, unsigned long reason);

ssize_t ufault_copy(struct mm *dst_mm, unsigned long dst_start,
		    unsigned long src_start, unsigned long len);
ssize_t ufault_zero(struct mm *dst_mm, unsigned long dst_start,
		    unsigned long len);
int ufault_writeprotect(struct mm *dst_mm, unsigned long start,
			unsigned long len, bool enable);

static inline bool ufault_missing(const struct vma *vma)
{
	return vma->flags & VM_UFAULT_MISSING;
}

static inline bool ufault_wp(const struct vma *vma)
{
	return vma->flags & VM_UFAULT_WP;
}

static inline bool ufault_pte_wp(const struct vma *vma, pte_t pte)
{
	return ufault_wp(vma) && pte_uwp(pte);
}

static inline bool ufault_armed(const struct vma *vma)
{
	return vma->flags & (VM_UFAULT_MISSING | VM_UFAULT_WP);
}

#else /* CONFIG_UFAULT */

static inline int handle_ufault(struct vm_fault *vmf, unsigned long reason)
{
	return VM_FAULT_SIGBUS;
}

static inline bool ufault_missing(const struct vma *vma)
{
	return false;
}

static inline bool ufault_wp(const struct vma *vma)
{
	return false;
}

static inline bool ufault_pte_wp(const struct vma *vma, pte_t pte)
{
	return false;
}

static inline bool ufault_armed(const struct vma *vma)
{
	return false;
}

#endif /* CONFIG_UFAULT */

#endif /* _LINUX_UFAULT_K_H */
