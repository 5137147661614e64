struct outer {
	struct inner {
		int a;
	} in;
	union {
		int b;
		long c;
	};
};

union both {
	int a;
};

enum colour { RED, GREEN };

enum {
	ANON_A,
};

typedef struct {
	int counter;
} counter_t;

typedef struct named {
	int x;
} named_t;

typedef int (*callback_t)(struct outer *o, void *data);

struct forward;

struct outer make_outer(void)
{
	struct outer o = { 0 };
	return o;
}

struct outer *find_outer(int id)
{
	return NULL;
}
