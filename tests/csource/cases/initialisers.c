static const struct file_operations fops = {
	.open	= my_open,
#ifdef CONFIG_COMPAT
	.compat_ioctl = my_ioctl,
#endif
	.release = my_release,
};

static struct { int a; } anonymous = { 1 };

struct point {
	int x, y;
} __packed;

static const int table[] = { 1, 2, 3 };
DEFINE_MUTEX(big_lock);
static DEFINE_PER_CPU(struct point, here);
DEFINE_SHOW_ATTRIBUTE(clients);
int plain;
extern int external(struct point *p);
