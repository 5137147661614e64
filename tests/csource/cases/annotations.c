static void lock_it(struct thing *t)
	__acquires(&t->lock)
	__releases(RCU)
{
	spin_lock(&t->lock);
}

static int __init
thing_init(void)
{
	return 0;
}

static __always_inline __attribute__((no_instrument_function)) int quick(int x)
{
	return x;
}

__printf(2, 3)
void say(struct thing *t, const char *fmt, ...)
{
}

static __realloc_size(2) void *
grow(const void *p, size_t n)
{
	return NULL;
}

int __smb_init(int command)
{
	return command;
}

static asmlinkage __visible noinstr void __weird_name(struct pt_regs *regs)
{
}
