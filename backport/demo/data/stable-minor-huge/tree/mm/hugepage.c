// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings made of huge pages.
 */
#include <linux/hugepage.h>
#include <linux/pagemap.h>
#include <linux/ufault_k.h>
#include <linux/shm_fs.h>

static pgoff_t huge_index(const struct vma *vma, unsigned long address)
{
	return linear_index(vma, address & ~(HUGE_SIZE - 1)) >> 9;
}

static int huge_install(struct mm *mm, struct vma *vma, unsigned long address,
			struct page *page)
{
	pte_t *slot = pte_lock(mm, address);
	pte_t entry = mk_pte(page, vma->prot);

	if (!pte_none(*slot)) {
		pte_unlock(mm, slot);
		return -EEXIST;
	}
	if (vma->flags & VM_WRITE)
		entry = pte_mkwrite(pte_mkdirty(entry));
	set_pte(slot, entry);
	mm->rss_file += HUGE_SIZE >> PAGE_SHIFT;
	pte_unlock(mm, slot);
	return 0;
}

int huge_fault(struct vm_fault *vmf)
{
	struct vma *vma = vmf->vma;
	struct page_cache *cache = &vma->shm->cache;
	pgoff_t index = huge_index(vma, vmf->address);
	struct page *page;
	int ret;

	page = cache_find_lock(cache, index);
	if (!page) {
		if (ufault_missing(vma))
			return handle_ufault(vmf, VM_UFAULT_MISSING);
		page = alloc_page(GFP_KERNEL);
		if (!page)
			return VM_FAULT_OOM;
		clear_page_data(page);
		lock_page(page);
		if (cache_add(cache, page, index)) {
			unlock_page(page);
			put_page(page);
			return VM_FAULT_RETRY;
		}
	} else if (ufault_minor(vma)) {
		unlock_page(page);
		put_page(page);
		return handle_ufault(vmf, VM_UFAULT_MINOR);
	}

	ret = huge_install(vma->mm, vma, vmf->address, page);
	unlock_page(page);
	return ret ? VM_FAULT_NOPAGE : 0;
}

#ifdef CONFIG_UFAULT
/*
 * Fill one huge page for a monitor. With *pagep set the copy was made
 * before, without the lock.
 */
int huge_mfill_pte(struct mm *dst_mm, struct vma *dst_vma,
		   unsigned long dst_addr, unsigned long src_addr,
		   enum mfill_mode mode, struct page **pagep)
{
	bool is_continue = mode == MFILL_CONTINUE;
	struct page_cache *cache = &dst_vma->shm->cache;
	pgoff_t index = huge_index(dst_vma, dst_addr);
	struct page *page;
	int ret;

	if (is_continue) {
		page = cache_find_lock(cache, index);
		if (!page)
			return -EFAULT;
	} else if (!*pagep) {
		page = alloc_page(GFP_KERNEL);
		if (!page)
			return -ENOMEM;
		ret = copy_from_user(map_page(page), (void __user *)src_addr,
				     HUGE_SIZE);
		unmap_page(page);
		if (ret) {
			*pagep = page;
			return -ENOENT;
		}
	} else {
		page = *pagep;
		*pagep = NULL;
	}

	if (!is_continue) {
		lock_page(page);
		mark_page_uptodate(page);
		ret = cache_add(cache, page, index);
		if (ret)
			goto out_release;
	}

	ret = huge_install(dst_mm, dst_vma, dst_addr, page);
	if (ret)
		goto out_remove;
	unlock_page(page);
	return 0;

out_remove:
	if (!is_continue)
		cache_remove(cache, page);
out_release:
	unlock_page(page);
	put_page(page);
	return ret;
}
#endif /* CONFIG_UFAULT */
