/* int commented(void)
{
} */
static const char *text = "int f(void) {";

char brace(void)
{
	/* } */
	// }
	char c = '{';
	const char *s = "}\"}";

	return '}';
}

int after(void)
{
	return 0;
}
