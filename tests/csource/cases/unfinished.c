int whole(void)
{
	return 0;
}

int cut(int a)
{
	if (a) {
		return 1;
