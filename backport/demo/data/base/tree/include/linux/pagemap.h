/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_PAGEMAP_H
#define _LINUX_PAGEMAP_H

#include <linux/mm.h>

struct page_cache {
	spinlock_t lock;
	unsigned long nr_pages;
};

struct page *cache_find(struct page_cache *cache, pgoff_t index);
struct page *cache_find_lock(struct page_cache *cache, pgoff_t index);
int cache_add(struct page_cache *cache, struct page *page, pgoff_t index);
void cache_remove(struct page_cache *cache, struct page *page);

#endif /* _LINUX_PAGEMAP_H */
