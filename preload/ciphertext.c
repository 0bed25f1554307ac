#include "ciphertext.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "detect.h"
#include "near.h"
#include "raw.h"

static int read_ciphertext(void *context, void *bytes, size_t len, uint64_t offset,
			   struct ct_error *err)
{
	int fd = ((const struct shim_ciphertext *)context)->fd;
	size_t done = 0;
	while (done < len) {
		ssize_t got = raw_pread(fd, (char *)bytes + done, len - done, (int64_t)(offset + done));
		if (got == -EINTR)
			continue;
		if (got <= 0) {
			memset(bytes, 0, done); /* the program's own buffer, perhaps */
			return got < 0 ? ct_fail_sys(err, (int)-got, "reading the encrypted file")
				       : ct_fail_sys(err, EIO, "the encrypted file became shorter");
		}
		done += (size_t)got;
	}
	return 0;
}

/* A program may hand in any address, and is to get EFAULT, not a signal. Only the kernel can tell: it is
 * asked to read one byte of the file to each page. */
static int check_writable(void *context, void *bytes, size_t len, struct ct_error *err)
{
	enum { PAGE = 4096, MANY = CT_DETECT_SIZE_MIN }; /* the file has that many bytes */
	struct iovec parts[MANY];
	uintptr_t at = (uintptr_t)bytes, end = at + len;
	int fd = ((const struct shim_ciphertext *)context)->fd;
	while (at < end) {
		long count = 0;
		for (; at < end && count < MANY; at = (at / PAGE + 1) * PAGE)
			parts[count++] = (struct iovec){(void *)at, 1};
		long got = SHIM_RAW(SYS_preadv, fd, parts, count, 0, 0, 0);
		if (got == count)
			continue;
		struct stat st;
		if (got >= 0 && raw_fstat(fd, &st) == 0 && st.st_size < count)
			return ct_fail_sys(err, EIO, "the encrypted file became shorter");
		/* Nothing will be read to the pages before: those bytes go away again. */
		uintptr_t bad = (uintptr_t)parts[got > 0 ? got : 0].iov_base;
		for (at = (uintptr_t)bytes; at < bad; at = (at / PAGE + 1) * PAGE)
			*(char *)at = 0;
		return ct_fail_sys(err, got < 0 ? (int)-got : EFAULT, "writing to the program's buffer");
	}
	return 0;
}

struct ct_source shim_source(struct shim_ciphertext *ciphertext, uint64_t size)
{
	return (struct ct_source){.read_at = read_ciphertext, .check_writable = check_writable, .near = shim_near,
				  .context = ciphertext, .size = size};
}
