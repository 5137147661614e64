/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_HUGEPAGE_H
#define _LINUX_HUGEPAGE_H

#include <linux/mm.h>
#include <linux/ufault_k.h>

#define HUGE_SIZE	(PAGE_SIZE << 9)

int huge_fault(struct vm_fault *vmf);

int huge_mfill_pte(struct mm *dst_mm, struct vma *dst_vma,
		   unsigned long dst_addr, unsigned long src_addr,
		   enum mfill_mode mode, struct page **pagep);

#endif /* _LINUX_HUGEPAGE_H */
