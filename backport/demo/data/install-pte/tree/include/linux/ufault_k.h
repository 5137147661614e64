/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel side of page faults that user space resolves.
 */
#ifndef _LINUX_UFAULT_K_H
#define _LINUX_UFAULT_K_H

#include <linux/mm.h>

/* What a page is filled from. */
enum mfill_mode {
	MFILL_COPY,	/* a page of the monitor */
	MFILL_ZERO,	/* zeroes */
	MFILL_CONTINUE,	/* the page that is in the cache already */
};

#ifdef CONFIG_UFAULT

#include <uapi/linux/ufault.h>

#define UF_EVENT_FLAGS	(UF_FAULT_WRITE | UF_FAULT_WP | UF_FAULT_MINOR)

int handle_ufault(struct vm_fault *vmf, unsigned long reason);

int mfill_install_pte(struct mm *dst_mm, struct vma *dst_vma,
		      unsigned long dst_addr, struct page *page,
		      bool fresh, bool wp_copy);

ssize_t ufault_copy(struct mm *dst_mm, unsigned long dst_start,
		    unsigned long src_start, unsigned long len,
		    bool wp_copy);
ssize_t ufault_zero(struct mm *dst_mm, unsigned long dst_start,
		    unsigned long len);
ssize_t ufault_continue(struct mm *dst_mm, unsigned long start,
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

static inline bool ufault_minor(const struct vma *vma)
{
	return vma->flags & VM_UFAULT_MINOR;
}

static inline bool ufault_armed(const struct vma *vma)
{
	return vma->flags & (VM_UFAULT_MISSING | VM_UFAULT_WP |
			     VM_UFAULT_MINOR);
}

#else /* CONFIG_UFAULT */

static inline int handle_ufault(struct vm_fault *vmf, unsigned long reason)
{
	return VM_FAULT_SIGBUS;
}

static inline int mfill_install_pte(struct mm *dst_mm, struct vma *dst_vma,
				    unsigned long dst_addr, struct page *page,
				    bool fresh, bool wp_copy)
{
	return -EINVAL;
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

static inline bool ufault_minor(const struct vma *vma)
{
	return false;
}

static inline bool ufault_armed(const struct vma *vma)
{
	return false;
}

#endif /* CONFIG_UFAULT */

#endif /* _LINUX_UFAULT_K_H */
