SYSCALL_DEFINE3(readahead, int, fd, loff_t, offset, size_t, count)
{
	return ksys_readahead(fd, offset, count);
}

#if defined(CONFIG_COMPAT) && defined(__ARCH_WANT_COMPAT_READAHEAD)
COMPAT_SYSCALL_DEFINE4(readahead, int, fd, compat_arg_u64_dual(offset), size_t, count)
{
	return ksys_readahead(fd, compat_arg_u64_glue(offset), count);
}
#endif

static BPF_CALL_2(bpf_twice, u64, a,
		  u64, b)
{
	return a * 2;
}

DEFINE_IDTENTRY(exc_overflow)
{
	do_error_trap();
}

TEST_F(userfaultfd, minor)
{
	ASSERT_EQ(1, 1);
}
