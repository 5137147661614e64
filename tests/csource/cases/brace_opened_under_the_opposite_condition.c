int f(int a)
{
#ifndef CONFIG_A
	a++;
#else
	while (a) {
#endif
	a--;
#ifdef CONFIG_A
	}
#endif
	return a;
}

int g(void)
{
	return 1;
}
