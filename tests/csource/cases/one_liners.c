int a(void) { return 0; }
int b(void) { if (1) { return 2; } return 0; } int c(void) { return 3; }
static inline void d(void) {}
int e(void) {
	return 1; }
int f(void)
{ return 2; }
