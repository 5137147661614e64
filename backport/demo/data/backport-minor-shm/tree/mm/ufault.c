// SPDX-License-Identifier: GPL-2.0
/*
 * Filling of pages on behalf of a monitor.
 */
#include <linux/mm.h>
#include <linux/hugepage.h>
#include <linux/shm_fs.h>
#include <linux/ufault_k.h>

static struct vma *find_dst_vma(struct mm *dst_mm, unsigned long dst_start,
				unsigned long len)
{
	struct vma *vma = find_vma(dst_mm, dst_start);

	if (!vma || dst_start < vma->start || dst_start + len > vma->end)
		return NULL;
	/* only ranges that a monitor watches may be filled */
	if (!ufault_armed(vma))
		return NULL;
	return vma;
}

static int mfill_copy_pte(struct mm *dst_mm, struct vma *dst_vma,
			  unsigned long dst_addr,
			  unsigned long src_addr,
			  struct page **pagep)
{
	struct page *page;
	pte_t entry, *slot;
	void *data;
	int ret;

	if (!*pagep) {
		ret = -ENOMEM;
		page = alloc_page(GFP_KERNEL);
		if (!page)
			goto out;

		data = map_page(page);
		ret = copy_from_user(data, (void __user *)src_addr, PAGE_SIZE);
		unmap_page(data);
		if (unlikely(ret)) {
			ret = -ENOENT;
			*pagep = page;
			/* the caller keeps the page */
			goto out;
		}
	} else {
		page = *pagep;
		*pagep = NULL;
	}

	mark_page_uptodate(page);

	ret = -ENOMEM;
	if (mem_charge(page, dst_mm, GFP_KERNEL))
		goto out_release;

	entry = pte_mkdirty(mk_pte(page, dst_vma->prot));
	if (dst_vma->flags & VM_WRITE)
		entry = pte_mkwrite(entry);

	ret = -EEXIST;
	slot = pte_lock(dst_mm, dst_addr);
	if (!pte_none(*slot))
		goto out_unlock;

	dst_mm->rss_anon++;
	rmap_add_anon(page, dst_vma, dst_addr);
	lru_add(page);
	set_pte(slot, entry);

	pte_unlock(dst_mm, slot);
	ret = 0;
out:
	return ret;
out_unlock:
	pte_unlock(dst_mm, slot);
	mem_uncharge(page);
out_release:
	put_page(page);
	goto out;
}

static int mfill_zero_pte(struct mm *dst_mm, struct vma *dst_vma,
			  unsigned long dst_addr)
{
	struct page *page = alloc_page(GFP_KERNEL);
	pte_t *slot;

	if (!page)
		return -ENOMEM;
	clear_page_data(page);

	slot = pte_lock(dst_mm, dst_addr);
	if (!pte_none(*slot)) {
		pte_unlock(dst_mm, slot);
		put_page(page);
		return -EEXIST;
	}
	set_pte(slot, mk_pte(page, dst_vma->prot));
	pte_unlock(dst_mm, slot);
	return 0;
}

#ifdef CONFIG_HUGEPAGE
static ssize_t mfill_range_huge(struct mm *dst_mm, struct vma *dst_vma,
				unsigned long dst_start,
				unsigned long src_start,
				unsigned long len,
				enum mfill_mode mode)
{
	unsigned long done = 0;
	struct page *page = NULL;
	int err = -EINVAL;

	/* there is no huge zero page to map */
	if (mode == MFILL_ZERO)
		return -EINVAL;
	if ((dst_start | src_start | len) & (HUGE_SIZE - 1))
		return -EINVAL;

	while (done < len) {
		err = huge_mfill_pte(dst_mm, dst_vma, dst_start + done,
				     src_start + done, mode, &page);
		cond_resched();
		if (err)
			break;
		done += HUGE_SIZE;
	}
	if (page)
		put_page(page);
	return done ? (ssize_t)done : err;
}
#else
#define mfill_range_huge(dst_mm, dst_vma, dst_start, src_start, len, mode) \
	({ BUG(); 0; })
#endif

static int mfill_pte(struct mm *dst_mm, struct vma *dst_vma,
		     unsigned long dst_addr,
		     unsigned long src_addr,
		     struct page **page,
		     enum mfill_mode mode)
{
	int err;

	/*
	 * A private mapping gets a page of its own, a shared one a page in
	 * the cache of its object, where all that map it find it.
	 */
	if (!(dst_vma->flags & VM_SHARED)) {
		switch (mode) {
		case MFILL_COPY:
			err = mfill_copy_pte(dst_mm, dst_vma, dst_addr,
					     src_addr, page);
			break;
		case MFILL_ZERO:
			err = mfill_zero_pte(dst_mm, dst_vma, dst_addr);
			break;
		default:
			err = -EINVAL;
			break;
		}
	} else {
		err = shm_mfill_pte(dst_mm, dst_vma, dst_addr, src_addr,
				    mode, page);
	}

	return err;
}

/* Copy into a page that could not be copied under the lock. */
static int mfill_retry_copy(struct page *page, unsigned long src_addr)
{
	void *data = map_page(page);
	unsigned long left;

	left = copy_from_user(data, (void __user *)src_addr, PAGE_SIZE);
	unmap_page(data);
	return left ? -EFAULT : 0;
}

static ssize_t mfill_range(struct mm *dst_mm,
			   unsigned long dst_start,
			   unsigned long src_start,
			   unsigned long len,
			   enum mfill_mode mode)
{
	unsigned long src_addr, dst_addr;
	struct vma *dst_vma;
	struct page *page;
	ssize_t copied;
	int err;

	/*
	 * What comes from user space was checked by the caller; this is for
	 * callers within the kernel.
	 */
	BUG_ON(dst_start & ~PAGE_MASK);
	BUG_ON(len & ~PAGE_MASK);

	/* an empty range, or one that wraps, is the caller's bug */
	BUG_ON(src_start + len <= src_start);
	BUG_ON(dst_start + len <= dst_start);

	src_addr = src_start;
	dst_addr = dst_start;
	copied = 0;
	page = NULL;

	err = -ENOENT;
	dst_vma = find_dst_vma(dst_mm, dst_start, len);
	if (!dst_vma)
		goto out;

	err = -EINVAL;
	if (vma_is_shm(dst_vma) && !(dst_vma->flags & VM_SHARED))
		goto out;

	/* huge pages have a loop of their own */
	if (vma_is_huge(dst_vma))
		return mfill_range_huge(dst_mm, dst_vma, dst_start,
					src_start, len, mode);

	if (!vma_is_anonymous(dst_vma) && !vma_is_shm(dst_vma))
		goto out;
	if (!vma_is_shm(dst_vma) && mode == MFILL_CONTINUE)
		goto out;

	while (src_addr < src_start + len) {
		err = mfill_pte(dst_mm, dst_vma, dst_addr, src_addr,
				&page, mode);
		cond_resched();

		if (unlikely(err == -ENOENT)) {
			err = mfill_retry_copy(page, src_addr);
			if (err)
				break;
			continue;
		}
		if (err)
			break;

		dst_addr += PAGE_SIZE;
		src_addr += PAGE_SIZE;
		copied += PAGE_SIZE;
	}

out:
	if (page)
		put_page(page);
	return copied ? copied : err;
}

ssize_t ufault_copy(struct mm *dst_mm, unsigned long dst_start,
		    unsigned long src_start, unsigned long len)
{
	return mfill_range(dst_mm, dst_start, src_start, len, MFILL_COPY);
}

ssize_t ufault_zero(struct mm *dst_mm, unsigned long dst_start,
		    unsigned long len)
{
	return mfill_range(dst_mm, dst_start, 0, len, MFILL_ZERO);
}

ssize_t ufault_continue(struct mm *dst_mm, unsigned long start,
			unsigned long len)
{
	return mfill_range(dst_mm, start, 0, len, MFILL_CONTINUE);
}
