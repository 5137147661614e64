int f(void)
{
#ifdef A
	int a; \
	int b;
#endif
	return 0;
}

int g(void)
{
	return 1;
}
