#ifndef THING_H
#define THING_H

#ifdef __cplusplus
extern "C" {
#endif

struct thing {
	int a;
};

static inline int thing_get(const struct thing *t) { return t->a; }
static inline void thing_put(struct thing *t) {}

int thing_new(void);

#ifdef __cplusplus
}
#endif
#endif
