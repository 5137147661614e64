static int a(void)
{
	return 0;
}
EXPORT_SYMBOL(a)
module_init(a)

/* the function below is not named module_init */
static int b(void)
{
	return 1;
}

BTF_SET_START(deny)
BTF_ID_UNUSED
#ifdef CONFIG_SMP
BTF_ID(func, migrate_disable)
BTF_ID(func, migrate_enable)
#endif
BTF_SET_END(deny)

static const char *c(void)
{
	return "}";
}
