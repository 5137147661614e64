/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <linux/kernel.h>

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))

#define VM_READ			0x00000001UL
#define VM_WRITE		0x00000002UL
#define VM_SHARED		0x00000008UL
#define VM_HUGE			0x00000100UL
#define VM_UFAULT_MISSING	0x00000200UL

#define VM_FAULT_OOM	0x0001
#define VM_FAULT_SIGBUS	0x0002
#define VM_FAULT_MAJOR	0x0004
#define VM_FAULT_NOPAGE	0x0100
#define VM_FAULT_LOCKED	0x0200
#define VM_FAULT_RETRY	0x0400

#define FAULT_FLAG_WRITE	0x01

typedef struct { unsigned long val; } pte_t;

struct page_cache;
struct shm_inode;
struct ufault_ctx;
struct vm_fault;

struct page {
	unsigned long flags;
	struct page_cache *cache;
	pgoff_t index;
};

struct mm {
	spinlock_t page_table_lock;
	long rss_file;
	long rss_anon;
};

struct vm_ops {
	int (*fault)(struct vm_fault *vmf);
	void (*map_pages)(struct vm_fault *vmf, pgoff_t first, pgoff_t last);
};

struct vma {
	unsigned long start;
	unsigned long end;
	unsigned long flags;
	unsigned long prot;
	pgoff_t pgoff;
	struct mm *mm;
	struct shm_inode *shm;
	const struct vm_ops *ops;
	struct ufault_ctx *ufault;
	struct vma *next;
};

struct vm_fault {
	struct vma *vma;
	unsigned int flags;
	unsigned long address;
	pgoff_t pgoff;
	struct page *page;
	pte_t *pte;
};

static inline bool vma_is_huge(const struct vma *vma)
{
	return vma->flags & VM_HUGE;
}

static inline bool vma_is_anonymous(const struct vma *vma)
{
	return !vma->ops;
}

#ifdef CONFIG_SHM
bool vma_is_shm(const struct vma *vma);
#else
static inline bool vma_is_shm(const struct vma *vma)
{
	return false;
}
#endif

static inline pgoff_t linear_index(const struct vma *vma, unsigned long address)
{
	return ((address - vma->start) >> PAGE_SHIFT) + vma->pgoff;
}

static inline bool pte_none(pte_t pte)
{
	return !pte.val;
}

pte_t mk_pte(struct page *page, unsigned long prot);
pte_t pte_mkdirty(pte_t pte);
pte_t pte_mkwrite(pte_t pte);
pte_t *pte_lock(struct mm *mm, unsigned long address);
void pte_unlock(struct mm *mm, pte_t *pte);
void set_pte(pte_t *slot, pte_t pte);

struct page *alloc_page(gfp_t gfp);
void put_page(struct page *page);
void lock_page(struct page *page);
void unlock_page(struct page *page);
void clear_page_data(struct page *page);
void *map_page(struct page *page);
void unmap_page(void *address);
void mark_page_accessed(struct page *page);
void mark_page_uptodate(struct page *page);
void mark_page_swap_backed(struct page *page);
void lru_add(struct page *page);
void rmap_add_file(struct page *page);
void rmap_add_anon(struct page *page, struct vma *vma, unsigned long address);

int mem_charge(struct page *page, struct mm *mm, gfp_t gfp);
void mem_uncharge(struct page *page);

struct vma *find_vma(struct mm *mm, unsigned long address);
int handle_pte_fault(struct vm_fault *vmf);

#endif /* _LINUX_MM_H */
