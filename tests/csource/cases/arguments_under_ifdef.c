static int f(struct a *a,
#ifdef CONFIG_B
	     struct b *b,
#else
	     struct c *c,
#endif
	     int d)
{
	return d;
}

static
#ifdef CONFIG_X
inline
#endif
int g(void)
{
	return 0;
}
