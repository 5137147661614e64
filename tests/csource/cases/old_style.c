int main(argc, argv)
	int argc;
	char **argv;
{
	return 0;
}

max(a, b)
int a, b;
{
	return a > b ? a : b;
}
