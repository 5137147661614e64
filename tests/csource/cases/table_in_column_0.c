static struct phy_driver drivers[] = {
{
	.name = "one",
},
#ifdef CONFIG_TWO
{
	.name = "two",
},
#endif
{
	.name = "three",
} };

static const struct {
	int a;
} states[2][2] = {
{
	{ 1, 2 },
},
{
	{ 3, 4 },
}
};

module_phy_driver(drivers);

static int sloppy(int a)
{
	if (a)
{
	a++;
}
	return a;
}
