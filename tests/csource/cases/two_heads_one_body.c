#ifdef CONFIG_CLONE_BACKWARDS
SYSCALL_DEFINE5(clone, unsigned long, flags,
		 unsigned long, tls)
#elif defined(CONFIG_CLONE_BACKWARDS2)
SYSCALL_DEFINE5(clone, unsigned long, newsp)
#else
SYSCALL_DEFINE5(clone, int, nothing)
#endif
{
	return 0;
}

#ifdef A
static int pick(int a)
{
#else
static int pick(void)
{
#endif
	return 1;
}

static int after(void)
{
	return 2;
}
