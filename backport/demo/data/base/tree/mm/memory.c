// SPDX-License-Identifier: GPL-2.0
/*
 * Faults: from an address without a translation to a page.
 */
#include <linux/mm.h>
#include <linux/hugepage.h>
#include <linux/ufault_k.h>

static unsigned long fault_around_bytes = 16 * PAGE_SIZE;

static int finish_fault(struct vm_fault *vmf)
{
	struct vma *vma = vmf->vma;
	pte_t entry = mk_pte(vmf->page, vma->prot);

	if (vmf->flags & FAULT_FLAG_WRITE)
		entry = pte_mkwrite(pte_mkdirty(entry));

	vmf->pte = pte_lock(vma->mm, vmf->address);
	if (!pte_none(*vmf->pte)) {
		pte_unlock(vma->mm, vmf->pte);
		return VM_FAULT_NOPAGE;
	}
	set_pte(vmf->pte, entry);
	vma->mm->rss_file++;
	rmap_add_file(vmf->page);
	pte_unlock(vma->mm, vmf->pte);
	return 0;
}

static int do_anonymous_page(struct vm_fault *vmf)
{
	struct vma *vma = vmf->vma;
	struct page *page;
	pte_t entry;

	if (ufault_missing(vma))
		return handle_ufault(vmf, VM_UFAULT_MISSING);

	page = alloc_page(GFP_KERNEL);
	if (!page)
		return VM_FAULT_OOM;
	clear_page_data(page);
	if (mem_charge(page, vma->mm, GFP_KERNEL)) {
		put_page(page);
		return VM_FAULT_OOM;
	}

	entry = pte_mkdirty(mk_pte(page, vma->prot));
	if (vma->flags & VM_WRITE)
		entry = pte_mkwrite(entry);

	vmf->pte = pte_lock(vma->mm, vmf->address);
	set_pte(vmf->pte, entry);
	vma->mm->rss_anon++;
	rmap_add_anon(page, vma, vmf->address);
	lru_add(page);
	pte_unlock(vma->mm, vmf->pte);
	return 0;
}

static int call_fault(struct vm_fault *vmf)
{
	int ret = vmf->vma->ops->fault(vmf);

	if (ret & (VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_NOPAGE |
		   VM_FAULT_RETRY))
		return ret;
	if (!(ret & VM_FAULT_LOCKED))
		lock_page(vmf->page);
	return ret;
}

/*
 * Map what the page cache has around the address, so that the next
 * accesses do not fault. Stays within the mapping.
 */
static int do_fault_around(struct vm_fault *vmf)
{
	struct vma *vma = vmf->vma;
	pgoff_t window = fault_around_bytes >> PAGE_SHIFT;
	pgoff_t first = vmf->pgoff - (vmf->pgoff & (window - 1));
	pgoff_t last = first + window - 1;

	if (first < vma->pgoff)
		first = vma->pgoff;
	if (last > linear_index(vma, vma->end - 1))
		last = linear_index(vma, vma->end - 1);

	vma->ops->map_pages(vmf, first, last);
	if (!vmf->pte || pte_none(*vmf->pte))
		return 0;
	return VM_FAULT_NOPAGE;
}

static int do_read_fault(struct vm_fault *vmf)
{
	struct vma *vma = vmf->vma;
	int ret;

	/*
	 * A read looks around first: the neighbours are likely to be in the
	 * page cache, and a batch costs little more than one page.
	 */
	if (vma->ops->map_pages && fault_around_bytes >> PAGE_SHIFT > 1) {
		ret = do_fault_around(vmf);
		if (ret)
			return ret;
	}

	ret = call_fault(vmf);
	if (ret & ~(VM_FAULT_LOCKED | VM_FAULT_MAJOR))
		return ret;

	ret |= finish_fault(vmf);
	unlock_page(vmf->page);
	return ret;
}

static int do_shared_fault(struct vm_fault *vmf)
{
	int ret = call_fault(vmf);

	if (ret & ~(VM_FAULT_LOCKED | VM_FAULT_MAJOR))
		return ret;

	ret |= finish_fault(vmf);
	unlock_page(vmf->page);
	return ret;
}

static int do_wp_page(struct vm_fault *vmf)
{
	struct vma *vma = vmf->vma;

	vmf->pte = pte_lock(vma->mm, vmf->address);
	set_pte(vmf->pte, pte_mkwrite(pte_mkdirty(*vmf->pte)));
	pte_unlock(vma->mm, vmf->pte);
	return 0;
}

int handle_pte_fault(struct vm_fault *vmf)
{
	struct vma *vma = vmf->vma;

	vmf->pgoff = linear_index(vma, vmf->address);
	if (vmf->pte && !pte_none(*vmf->pte)) {
		if (vmf->flags & FAULT_FLAG_WRITE)
			return do_wp_page(vmf);
		return 0;
	}
	if (vma_is_huge(vma))
		return huge_fault(vmf);
	if (vma_is_anonymous(vma))
		return do_anonymous_page(vmf);
	if (vmf->flags & FAULT_FLAG_WRITE)
		return do_shared_fault(vmf);
	return do_read_fault(vmf);
}
