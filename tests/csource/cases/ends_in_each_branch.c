int f(int a)
{
	a++;
#ifdef CONFIG_A
	return a;
}
#else
	return 0;
}
#endif

int g(void)
{
#ifdef CONFIG_B
	return 1;
}

int only_with_b(void)
{
#endif
	return 2;
}

int h(void)
{
	return 3;
}
