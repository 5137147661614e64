#if 0
int old(void)
{
	return 0;
}
#else
int new(void)
{
	return 1;
}
#endif

int half(void)
{
#if 0
	{{{
#endif
	return 0;
}
