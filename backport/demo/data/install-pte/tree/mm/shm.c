// SPDX-License-Identifier: GPL-2.0
/*
 * Shared memory objects: pages that live in the cache of an object with
 * nothing behind it.
 */
#include <linux/mm.h>
#include <linux/shm_fs.h>
#include <linux/pagemap.h>
#include <linux/percpu_counter.h>

#ifdef CONFIG_SHM

#define BLOCKS_PER_PAGE	(PAGE_SIZE / 512)

static const struct vm_ops shm_vm_ops;

/* Reserve room in the super block; false when the limit is reached. */
static bool shm_account_blocks(struct shm_inode *inode, long pages)
{
	struct shm_super *super = inode->super;

	if (super->max_blocks) {
		if (percpu_counter_sum(&super->used_blocks) + pages >
		    (long)super->max_blocks)
			return false;
		percpu_counter_add(&super->used_blocks, pages);
	}
	return true;
}

static void shm_unaccount_blocks(struct shm_inode *inode, long pages)
{
	struct shm_super *super = inode->super;

	if (super->max_blocks)
		percpu_counter_add(&super->used_blocks, -pages);
}

/*
 * Pages leave the cache behind our back when memory is short. Bring the
 * counts into line; the caller holds inode->lock.
 */
static void shm_recalc(struct shm_inode *inode)
{
	long freed = inode->alloced - inode->swapped - inode->cache.nr_pages;

	if (freed > 0) {
		inode->alloced -= freed;
		inode->blocks -= freed * BLOCKS_PER_PAGE;
		shm_unaccount_blocks(inode, freed);
	}
}

bool shm_has_room(struct shm_inode *inode, unsigned long pages)
{
	struct shm_super *super = inode->super;

	if (!super->max_blocks)
		return true;
	return percpu_counter_sum(&super->used_blocks) + pages <=
	       super->max_blocks;
}

/* How many pages an object may still take; -1 when there is no limit. */
long shm_room(struct shm_inode *inode)
{
	struct shm_super *super = inode->super;
	long used;

	if (!super->max_blocks)
		return -1;
	used = percpu_counter_sum(&super->used_blocks);
	return used < (long)super->max_blocks ? super->max_blocks - used : 0;
}

static struct page *shm_alloc_page(gfp_t gfp, struct shm_inode *inode,
				   pgoff_t index)
{
	struct page *page = alloc_page(gfp);

	if (page)
		page->index = index;
	return page;
}

static int shm_add_to_cache(struct page *page, struct page_cache *cache,
			    pgoff_t index)
{
	int err;

	page->cache = cache;
	err = cache_add(cache, page, index);
	if (err)
		page->cache = NULL;
	return err;
}

/*
 * Find or make the page at an index, and return it locked. A page that
 * comes back from swap is marked dirty, for its slot is freed at once.
 *
 * vma, vmf and fault_type are given by shm_fault() alone, other callers
 * pass NULL. When a monitor takes the fault, *fault_type says so and no page
 * is returned.
 */
static int shm_getpage_vmf(struct shm_inode *inode, pgoff_t index,
			   struct page **pagep, enum shm_want want,
			   struct vma *vma, struct vm_fault *vmf,
			   int *fault_type)
{
	struct page_cache *cache = &inode->cache;
	struct page *page;
	int err;

	if (index >= inode->size)
		return -EINVAL;
repeat:
	page = cache_find_lock(cache, index);
	if (page && page->cache != cache) {
		unlock_page(page);
		put_page(page);
		goto repeat;
	}

	if (page && vma && ufault_minor(vma)) {
		unlock_page(page);
		put_page(page);
		*fault_type = handle_ufault(vmf, VM_UFAULT_MINOR);
		return 0;
	}

	if (page && want == SHM_WRITE)
		mark_page_accessed(page);

	if (page || want == SHM_READ) {
		*pagep = page;
		return 0;
	}

	/* A hole: the monitor may want to fill it. */
	if (vma && ufault_missing(vma)) {
		*fault_type = handle_ufault(vmf, VM_UFAULT_MISSING);
		return 0;
	}

	if (!shm_account_blocks(inode, 1))
		return -ENOMEM;

	err = -ENOMEM;
	page = shm_alloc_page(GFP_KERNEL, inode, index);
	if (!page)
		goto out_unacct;
	lock_page(page);
	mark_page_swap_backed(page);

	err = mem_charge(page, vma ? vma->mm : NULL, GFP_KERNEL);
	if (err)
		goto out_release;
	err = shm_add_to_cache(page, cache, index);
	if (err)
		goto out_uncharge;
	lru_add(page);

	spin_lock(&inode->lock);
	inode->alloced++;
	inode->blocks += BLOCKS_PER_PAGE;
	shm_recalc(inode);
	spin_unlock(&inode->lock);

	clear_page_data(page);
	mark_page_uptodate(page);
	if (want == SHM_WRITE)
		mark_page_accessed(page);
	if (fault_type)
		*fault_type |= VM_FAULT_MAJOR;
	*pagep = page;
	return 0;

out_uncharge:
	mem_uncharge(page);
out_release:
	unlock_page(page);
	put_page(page);
out_unacct:
	shm_unaccount_blocks(inode, 1);
	if (err == -EEXIST)
		goto repeat;
	return err;
}

int shm_getpage(struct shm_inode *inode, pgoff_t index, struct page **pagep,
		enum shm_want want)
{
	return shm_getpage_vmf(inode, index, pagep, want, NULL, NULL, NULL);
}

static int shm_fault(struct vm_fault *vmf)
{
	struct vma *vma = vmf->vma;
	int ret = VM_FAULT_LOCKED;
	int err;

	vmf->page = NULL;
	err = shm_getpage_vmf(vma->shm, vmf->pgoff, &vmf->page, SHM_CACHE,
			      vma, vmf, &ret);
	if (err)
		return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
	return ret;
}

static void shm_map_pages(struct vm_fault *vmf, pgoff_t first, pgoff_t last)
{
	struct page_cache *cache = &vmf->vma->shm->cache;
	pgoff_t index;

	for (index = first; index <= last; index++) {
		struct page *page = cache_find(cache, index);

		if (!page)
			continue;
		if (index == vmf->pgoff)
			vmf->page = page;
		put_page(page);
	}
}

void shm_truncate(struct shm_inode *inode, pgoff_t from)
{
	struct page_cache *cache = &inode->cache;
	pgoff_t index;

	for (index = from; index < inode->size; index++) {
		struct page *page = cache_find_lock(cache, index);

		if (!page)
			continue;
		cache_remove(cache, page);
		unlock_page(page);
		put_page(page);
		cond_resched();
	}

	spin_lock(&inode->lock);
	inode->size = from;
	shm_recalc(inode);
	spin_unlock(&inode->lock);
}

void shm_zero_setup(struct vma *vma, struct shm_inode *inode)
{
	vma->shm = inode;
	vma->ops = &shm_vm_ops;
}

bool vma_is_shm(const struct vma *vma)
{
	return vma->ops == &shm_vm_ops;
}

int shm_mfill_pte(struct mm *dst_mm, struct vma *dst_vma,
		  unsigned long dst_addr, unsigned long src_addr,
		  enum mfill_mode mode, bool wp_copy, struct page **pagep)
{
	bool is_continue = mode == MFILL_CONTINUE;
	struct shm_inode *inode = dst_vma->shm;
	struct page_cache *cache = &inode->cache;
	pgoff_t index = linear_index(dst_vma, dst_addr);
	struct page *page;
	void *data;
	int ret;

	ret = -ENOMEM;
	if (!is_continue && !shm_account_blocks(inode, 1))
		goto out;

	if (is_continue) {
		ret = -EFAULT;
		page = cache_find_lock(cache, index);
		if (!page)
			goto out;
	} else if (!*pagep) {
		page = shm_alloc_page(GFP_KERNEL, inode, index);
		if (!page)
			goto out_unacct;

		if (mode == MFILL_COPY) {
			data = map_page(page);
			ret = copy_from_user(data, (void __user *)src_addr,
					     PAGE_SIZE);
			unmap_page(data);

			/* fall back to a copy without the lock */
			if (unlikely(ret)) {
				*pagep = page;
				shm_unaccount_blocks(inode, 1);
				/* the caller keeps the page */
				return -ENOENT;
			}
		} else {
			clear_page_data(page);
		}
	} else {
		page = *pagep;
		*pagep = NULL;
	}

	if (!is_continue) {
		BUG_ON(page->cache);
		lock_page(page);
		mark_page_swap_backed(page);
		mark_page_uptodate(page);
	}

	ret = -EFAULT;
	if (unlikely(index >= inode->size))
		goto out_release;

	/* a page that is in the cache was charged when it came there */
	if (!is_continue) {
		ret = mem_charge(page, dst_mm, GFP_KERNEL);
		if (ret)
			goto out_release;

		ret = shm_add_to_cache(page, cache, index);
		if (ret)
			goto out_uncharge;
	}

	ret = mfill_install_pte(dst_mm, dst_vma, dst_addr, page,
				!is_continue, wp_copy);
	if (ret)
		goto out_remove;

	if (!is_continue) {
		spin_lock(&inode->lock);
		inode->alloced++;
		inode->blocks += BLOCKS_PER_PAGE;
		shm_recalc(inode);
		spin_unlock(&inode->lock);
	}

	unlock_page(page);
	ret = 0;
out:
	return ret;
out_remove:
	if (is_continue)
		goto out_release;
	cache_remove(cache, page);
out_uncharge:
	mem_uncharge(page);
out_release:
	unlock_page(page);
	put_page(page);
out_unacct:
	if (!is_continue)
		shm_unaccount_blocks(inode, 1);
	goto out;
}

static const struct vm_ops shm_vm_ops = {
	.fault		= shm_fault,
	.map_pages	= shm_map_pages,
};

#endif /* CONFIG_SHM */
