void walk(struct list_head *head)
{
	struct item *i, *n;

	for_each_item(i, head) {
		use(i);
	}
	list_for_each_entry_safe(i, n, head, list)
	{
		drop(i);
	}
hash_for_each(table, i) {
	use(i);
}
}
