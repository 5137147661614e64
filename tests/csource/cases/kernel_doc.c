/**
 * documented - it has a comment
 *
 * And a blank line in it.
 */
static int documented(void)
{
	return 0;
}

/* this one is apart */

int apart(void)
{
	return 0;
}

// one
// two
struct lined {
	int a;
};
