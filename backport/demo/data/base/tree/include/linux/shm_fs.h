/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_SHM_FS_H
#define _LINUX_SHM_FS_H

#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/percpu_counter.h>

/* what the kernel keeps of a shared memory object */

struct shm_super {
	unsigned long max_blocks;
	struct percpu_counter used_blocks;
};

struct shm_inode {
	spinlock_t lock;
	unsigned long alloced;
	unsigned long swapped;
	unsigned long blocks;
	pgoff_t size;
	struct page_cache cache;
	struct shm_super *super;
};

enum shm_want {
	SHM_READ,	/* no page where there is none */
	SHM_CACHE,	/* allocate, the caller fills it */
	SHM_WRITE,	/* allocate and mark accessed */
};

int shm_getpage(struct shm_inode *inode, pgoff_t index, struct page **pagep,
		enum shm_want want);
void shm_truncate(struct shm_inode *inode, pgoff_t from);
bool shm_has_room(struct shm_inode *inode, unsigned long pages);

#ifdef CONFIG_SHM
void shm_zero_setup(struct vma *vma, struct shm_inode *inode);
#else
static inline void shm_zero_setup(struct vma *vma, struct shm_inode *inode)
{
}
#endif

#ifdef CONFIG_SHM
extern int shm_mfill_copy_pte(struct mm *dst_mm, struct vma *dst_vma,
			      unsigned long dst_addr,
			      unsigned long src_addr,
			      struct page **pagep);
extern int shm_mfill_zero_pte(struct mm *dst_mm, struct vma *dst_vma,
			      unsigned long dst_addr);
#else
#define shm_mfill_copy_pte(dst_mm, dst_vma, dst_addr, src_addr, pagep) \
	({ BUG(); 0; })
#define shm_mfill_zero_pte(dst_mm, dst_vma, dst_addr) \
	({ BUG(); 0; })
#endif

#endif /* _LINUX_SHM_FS_H */
