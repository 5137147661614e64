static int (*handler)(int, void *);

void (*get_handler(int which))(int)
{
	return NULL;
}

int (parenthesised)(int a)
{
	return a;
}

static void (*const calls[])(void) = {
	first,
	second,
};
