int broken(int a)
{
	if (a) {
		a++;
	return a;
}

int next(void)
{
	return 0;
}

int last(void)
{
	return 1;
}
