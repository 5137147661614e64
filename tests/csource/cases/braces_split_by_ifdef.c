static int first(int a)
{
#ifdef CONFIG_X
	if (a) {
#else
	if (!a) {
#endif
		a++;
	}
	return a;
}

static int second(int a)
{
#ifdef CONFIG_X
	if (a) {
#endif
		a--;
#ifdef CONFIG_X
	}
#endif
	return a;
}

static int third(int a)
{
#ifdef CONFIG_X
	if (a) {
		a--;
	} else
#endif
	{
		a++;
	}
	return a;
}

int fourth(void)
{
	return 0;
}
