#define ONE 1
#define do_while(x)		\
	do {			\
		use(x);		\
	} while (0)

#define OPEN_BRACE {
#define CLOSE_BRACE }

int f(void)
{
#define LOCAL 3
	return LOCAL;
#undef LOCAL
}
