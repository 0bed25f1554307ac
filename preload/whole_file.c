#include "whole_file.h"

#include "raw.h"

static int slurp(int fd, size_t most, struct ct_buffer *text)
{
	char piece[4096];
	for (size_t had = text->len;;) {
		ssize_t got = SHIM_RAW(SYS_read, fd, piece, sizeof piece, 0, 0, 0);
		if (got == -EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		if (text->len - had + (size_t)got > most)
			return -EFBIG;
		ct_buffer_put(text, piece, (size_t)got);
		if (text->failed)
			return -ENOMEM;
	}
}

int shim_file_slurp(const char *path, size_t most, struct ct_buffer *text)
{
	int fd = raw_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	ct_buffer_put(text, "", 0);
	int status = slurp(fd, most, text);
	raw_close(fd);
	return status;
}

bool shim_link_read(const char *path, char *target, size_t room)
{
	ssize_t len = raw_readlink(path, target, room - 1);
	if (len <= 0 || (size_t)len >= room - 1)
		return false;
	target[len] = '\0';
	return true;
}
