// SPDX-License-Identifier: GPL-2.0
/*
 * The descriptor through which a monitor learns of page faults.
 */
#include <linux/mm.h>
#include <linux/shm_fs.h>
#include <linux/ufault_k.h>

#define VM_UFAULT_MODES	(VM_UFAULT_MISSING | VM_UFAULT_WP | VM_UFAULT_MINOR)

struct ufault_wait {
	struct uf_msg msg;
	struct ufault_wait *next;
	bool woken;
};

struct ufault_ctx {
	spinlock_t lock;
	struct ufault_wait *pending;
	struct mm *mm;
	unsigned int features;
	bool released;
};

void ufault_sleep(struct ufault_wait *wait);
void ufault_wake_one(struct ufault_wait *wait);
u32 current_thread(void);

static struct uf_msg ufault_msg(unsigned long address, unsigned int flags,
				unsigned long reason, unsigned int features)
{
	struct uf_msg msg = { .event = UF_EVENT_FAULT };

	msg.address = address & PAGE_MASK;
	if (flags & FAULT_FLAG_WRITE)
		msg.flags |= UF_FAULT_WRITE;
	if (reason & VM_UFAULT_WP)
		msg.flags |= UF_FAULT_WP;
	if (reason & VM_UFAULT_MINOR)
		msg.flags |= UF_FAULT_MINOR;
	if (features & UF_FEATURE_THREAD_ID)
		msg.thread = current_thread();
	return msg;
}

/*
 * Tell the monitor of a fault and sleep until it wakes us. The fault is
 * taken again then, and finds the page.
 */
int handle_ufault(struct vm_fault *vmf, unsigned long reason)
{
	struct ufault_ctx *ctx = vmf->vma->ufault;
	struct ufault_wait wait = { .woken = false };

	BUG_ON(!(reason & VM_UFAULT_MODES));
	if (!ctx || ctx->released)
		return VM_FAULT_SIGBUS;

	wait.msg = ufault_msg(vmf->address, vmf->flags, reason, ctx->features);
	spin_lock(&ctx->lock);
	if (ctx->released) {
		/* nobody is left who could wake us */
		spin_unlock(&ctx->lock);
		return VM_FAULT_SIGBUS;
	}
	wait.next = ctx->pending;
	ctx->pending = &wait;
	spin_unlock(&ctx->lock);

	ufault_sleep(&wait);
	return VM_FAULT_RETRY;
}

static void ufault_wake(struct ufault_ctx *ctx, const struct uf_range *range)
{
	struct ufault_wait *wait;

	spin_lock(&ctx->lock);
	for (wait = ctx->pending; wait; wait = wait->next) {
		if (wait->msg.address < range->start ||
		    wait->msg.address >= range->start + range->len)
			continue;
		wait->woken = true;
		ufault_wake_one(wait);
	}
	spin_unlock(&ctx->lock);
}

static int validate_range(struct mm *mm, __u64 start, __u64 len)
{
	if (start & ~PAGE_MASK)
		return -EINVAL;
	if (len & ~PAGE_MASK)
		return -EINVAL;
	if (!len || start + len <= start)
		return -EINVAL;
	return 0;
}

static bool vma_can_register(const struct vma *vma, unsigned long vm_flags)
{
	/* huge pages have no bit for the protection */
	if ((vm_flags & VM_UFAULT_WP) && vma_is_huge(vma))
		return false;

	if (vm_flags & VM_UFAULT_MINOR) {
		if (!(vma_is_huge(vma) || vma_is_shm(vma)))
			return false;
	}

	return vma_is_anonymous(vma) || vma_is_huge(vma) || vma_is_shm(vma);
}

static int ufault_register(struct ufault_ctx *ctx, unsigned long arg)
{
	struct uf_register __user *user = (void __user *)arg;
	struct uf_register reg;
	unsigned long vm_flags = 0;
	unsigned long start, end;
	struct vma *vma;
	int ret;

	if (copy_from_user(&reg, user, sizeof(reg) - sizeof(reg.ioctls)))
		return -EFAULT;

	ret = -EINVAL;
	if (!reg.mode)
		goto out;
	if (reg.mode & ~(UF_MODE_MISSING | UF_MODE_WP | UF_MODE_MINOR))
		goto out;
	if (reg.mode & UF_MODE_MISSING)
		vm_flags |= VM_UFAULT_MISSING;
	if (reg.mode & UF_MODE_WP)
		vm_flags |= VM_UFAULT_WP;
	if (reg.mode & UF_MODE_MINOR)
		vm_flags |= VM_UFAULT_MINOR;

	ret = validate_range(ctx->mm, reg.range.start, reg.range.len);
	if (ret)
		goto out;
	start = reg.range.start;
	end = start + reg.range.len;

	/* first look at all of the range, then change it */
	ret = -EINVAL;
	for (vma = find_vma(ctx->mm, start); vma && vma->start < end;
	     vma = vma->next) {
		if (!vma_can_register(vma, vm_flags))
			goto out;
		if (vma->ufault && vma->ufault != ctx)
			goto out;
	}

	reg.ioctls = UF_RANGE_IOCTLS;
	if (vm_flags & VM_UFAULT_MINOR)
		reg.ioctls |= (__u64)1 << _UFIO_CONTINUE;
	for (vma = find_vma(ctx->mm, start); vma && vma->start < end;
	     vma = vma->next) {
		vma->flags &= ~VM_UFAULT_MODES;
		vma->flags |= vm_flags;
		vma->ufault = ctx;
		if (vma_is_huge(vma))
			reg.ioctls = UF_RANGE_IOCTLS_HUGE;
	}

	ret = 0;
	if (copy_to_user(&user->ioctls, &reg.ioctls, sizeof(reg.ioctls)))
		ret = -EFAULT;
out:
	return ret;
}

static int ufault_unregister(struct ufault_ctx *ctx, unsigned long arg)
{
	struct uf_range range;
	struct vma *vma;
	int ret;

	if (copy_from_user(&range, (void __user *)arg, sizeof(range)))
		return -EFAULT;
	ret = validate_range(ctx->mm, range.start, range.len);
	if (ret)
		return ret;

	for (vma = find_vma(ctx->mm, range.start);
	     vma && vma->start < range.start + range.len; vma = vma->next) {
		if (vma->ufault != ctx)
			continue;
		if (ufault_wp(vma))
			ufault_writeprotect(ctx->mm, vma->start,
					    vma->end - vma->start, false);
		vma->flags &= ~VM_UFAULT_MODES;
		vma->ufault = NULL;
	}
	ufault_wake(ctx, &range);
	return 0;
}

static int ufault_ioctl_wake(struct ufault_ctx *ctx, unsigned long arg)
{
	struct uf_range range;
	int ret;

	if (copy_from_user(&range, (void __user *)arg, sizeof(range)))
		return -EFAULT;
	ret = validate_range(ctx->mm, range.start, range.len);
	if (!ret)
		ufault_wake(ctx, &range);
	return ret;
}

static int ufault_ioctl_copy(struct ufault_ctx *ctx, unsigned long arg)
{
	struct uf_copy __user *user = (void __user *)arg;
	struct uf_copy copy;
	struct uf_range range;
	long long done;
	int ret;

	if (copy_from_user(&copy, user, sizeof(copy) - sizeof(copy.copied)))
		return -EFAULT;
	ret = validate_range(ctx->mm, copy.dst, copy.len);
	if (ret)
		return ret;
	if (copy.mode & ~(UF_COPY_DONTWAKE | UF_COPY_WP))
		return -EINVAL;

	done = ufault_copy(ctx->mm, copy.dst, copy.src, copy.len,
			   copy.mode & UF_COPY_WP);
	if (copy_to_user(&user->copied, &done, sizeof(done)))
		return -EFAULT;
	if (done < 0)
		return done;

	range.start = copy.dst;
	range.len = done;
	if (!(copy.mode & UF_COPY_DONTWAKE))
		ufault_wake(ctx, &range);
	return range.len == copy.len ? 0 : -EAGAIN;
}

static int ufault_ioctl_zero(struct ufault_ctx *ctx, unsigned long arg)
{
	struct uf_zero __user *user = (void __user *)arg;
	struct uf_zero zero;
	struct uf_range range;
	long long done;
	int ret;

	if (copy_from_user(&zero, user, sizeof(zero) - sizeof(zero.zeroed)))
		return -EFAULT;
	ret = validate_range(ctx->mm, zero.range.start, zero.range.len);
	if (ret)
		return ret;
	if (zero.mode & ~UF_ZERO_DONTWAKE)
		return -EINVAL;

	done = ufault_zero(ctx->mm, zero.range.start, zero.range.len);
	if (copy_to_user(&user->zeroed, &done, sizeof(done)))
		return -EFAULT;
	if (done < 0)
		return done;

	range.start = zero.range.start;
	range.len = done;
	if (!(zero.mode & UF_ZERO_DONTWAKE))
		ufault_wake(ctx, &range);
	return range.len == zero.range.len ? 0 : -EAGAIN;
}

static int ufault_ioctl_continue(struct ufault_ctx *ctx, unsigned long arg)
{
	struct uf_continue __user *user = (void __user *)arg;
	struct uf_continue cont;
	struct uf_range range;
	long long done;
	int ret;

	if (copy_from_user(&cont, user, sizeof(cont) - sizeof(cont.mapped)))
		return -EFAULT;
	ret = validate_range(ctx->mm, cont.range.start, cont.range.len);
	if (ret)
		return ret;

	done = ufault_continue(ctx->mm, cont.range.start, cont.range.len);
	if (copy_to_user(&user->mapped, &done, sizeof(done)))
		return -EFAULT;
	if (done < 0)
		return done;

	range.start = cont.range.start;
	range.len = done;
	if (!(cont.mode & UF_CONTINUE_DONTWAKE))
		ufault_wake(ctx, &range);
	return range.len == cont.range.len ? 0 : -EAGAIN;
}

static int ufault_ioctl_writeprotect(struct ufault_ctx *ctx, unsigned long arg)
{
	struct uf_writeprotect wp;
	int ret;

	if (copy_from_user(&wp, (void __user *)arg, sizeof(wp)))
		return -EFAULT;
	ret = validate_range(ctx->mm, wp.range.start, wp.range.len);
	if (ret)
		return ret;
	if (wp.mode & ~(UF_WRITEPROTECT_WP | UF_WRITEPROTECT_DONTWAKE))
		return -EINVAL;

	ret = ufault_writeprotect(ctx->mm, wp.range.start, wp.range.len,
				  wp.mode & UF_WRITEPROTECT_WP);
	if (!ret && !(wp.mode & (UF_WRITEPROTECT_WP | UF_WRITEPROTECT_DONTWAKE)))
		ufault_wake(ctx, &wp.range);
	return ret;
}

/* Agree on the version and the features; comes before all other calls. */
static int ufault_api(struct ufault_ctx *ctx, unsigned long arg)
{
	struct uf_api __user *user = (void __user *)arg;
	struct uf_api api;
	__u64 wanted;

	if (copy_from_user(&api, user, sizeof(api)))
		return -EFAULT;
	wanted = api.features;
	if (api.api != UF_API || (wanted & ~(__u64)UF_API_FEATURES))
		return -EINVAL;

	/* tell of all features, not only of those asked for */
	api.features = UF_API_FEATURES;
	api.ioctls = UF_API_IOCTLS;
	if (copy_to_user(user, &api, sizeof(api)))
		return -EFAULT;
	ctx->features = wanted;
	return 0;
}

int ufault_ioctl(struct ufault_ctx *ctx, unsigned int cmd, unsigned long arg);

int ufault_ioctl(struct ufault_ctx *ctx, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case _UFIO_API:
		return ufault_api(ctx, arg);
	case _UFIO_REGISTER:
		return ufault_register(ctx, arg);
	case _UFIO_UNREGISTER:
		return ufault_unregister(ctx, arg);
	case _UFIO_WAKE:
		return ufault_ioctl_wake(ctx, arg);
	case _UFIO_COPY:
		return ufault_ioctl_copy(ctx, arg);
	case _UFIO_ZERO:
		return ufault_ioctl_zero(ctx, arg);
	case _UFIO_CONTINUE:
		return ufault_ioctl_continue(ctx, arg);
	case _UFIO_WRITEPROTECT:
		return ufault_ioctl_writeprotect(ctx, arg);
	}
	return -ENOTTY;
}
