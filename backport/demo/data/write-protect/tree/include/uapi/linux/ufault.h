/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UAPI_LINUX_UFAULT_H
#define _UAPI_LINUX_UFAULT_H

typedef unsigned long long __u64;
typedef unsigned int __u32;

#define UF_API			((__u64)0xBA)

#define UF_API_FEATURES		(UF_FEATURE_PAGEFAULT_WP |	\
				 UF_FEATURE_MISSING_HUGE |	\
				 UF_FEATURE_MISSING_SHM |	\
				 UF_FEATURE_THREAD_ID)
#define UF_API_IOCTLS				\
	((__u64)1 << _UFIO_REGISTER |		\
	 (__u64)1 << _UFIO_UNREGISTER |		\
	 (__u64)1 << _UFIO_API)
#define UF_RANGE_IOCTLS				\
	((__u64)1 << _UFIO_WAKE |		\
	 (__u64)1 << _UFIO_COPY |		\
	 (__u64)1 << _UFIO_ZERO |		\
	 (__u64)1 << _UFIO_WRITEPROTECT)
#define UF_RANGE_IOCTLS_HUGE			\
	((__u64)1 << _UFIO_WAKE |		\
	 (__u64)1 << _UFIO_COPY)

/* Numbers of the ioctls; each takes a pointer to the structure below. */
#define _UFIO_REGISTER		0x00
#define _UFIO_UNREGISTER	0x01
#define _UFIO_WAKE		0x02
#define _UFIO_COPY		0x03
#define _UFIO_ZERO		0x04
#define _UFIO_WRITEPROTECT	0x06
#define _UFIO_API		0x3F

/* What a monitor reads from the descriptor. */
struct uf_msg {
	__u64 event;
	__u64 flags;
	__u64 address;
	__u32 thread;
	__u32 reserved;
};

#define UF_EVENT_FAULT		0x12

/* flags of UF_EVENT_FAULT */
#define UF_FAULT_WRITE		(1 << 0)
#define UF_FAULT_WP		(1 << 1)

struct uf_api {
	/* the version that the monitor speaks */
	__u64 api;
	/*
	 * The monitor asks for these, the kernel answers with all that it
	 * has. A feature that the kernel lacks fails the call.
	 */
#define UF_FEATURE_MISSING_HUGE		(1 << 0)
#define UF_FEATURE_MISSING_SHM		(1 << 1)
#define UF_FEATURE_THREAD_ID		(1 << 2)
#define UF_FEATURE_PAGEFAULT_WP		(1 << 3)
	__u64 features;

	__u64 ioctls;
};

struct uf_range {
	__u64 start;
	__u64 len;
};

struct uf_register {
	struct uf_range range;
#define UF_MODE_MISSING		((__u64)1 << 0)
#define UF_MODE_WP		((__u64)1 << 1)
	__u64 mode;

	/* the kernel answers with the ioctls of the range */
	__u64 ioctls;
};

struct uf_copy {
	__u64 dst;
	__u64 src;
	__u64 len;
#define UF_COPY_DONTWAKE	((__u64)1 << 0)
	__u64 mode;

	/* bytes that were copied, or a negative error */
	long long copied;
};

struct uf_zero {
	struct uf_range range;
#define UF_ZERO_DONTWAKE	((__u64)1 << 0)
	__u64 mode;

	long long zeroed;
};

struct uf_writeprotect {
	struct uf_range range;
	/* without UF_WRITEPROTECT_WP the protection is taken away */
#define UF_WRITEPROTECT_WP		((__u64)1 << 0)
#define UF_WRITEPROTECT_DONTWAKE	((__u64)1 << 1)
	__u64 mode;
};

#endif /* _UAPI_LINUX_UFAULT_H */
