/* Descriptors: duplicated, closed, used again. */
#include "conform.h"

#include <limits.h>
#include <linux/close_range.h>
#include <sys/file.h>
#include <sys/syscall.h>

int __close(int fd);
int __dup2(int fd, int to);
int __fcntl(int fd, int command, ...);

/* A duplicate reads on where the first stopped, at first and after it was closed. */
static void twins(const char *name, const char *what, int fd, int twin)
{
	if (twin < 0)
		return;
	READ_OF(twin, name, text("%s: a read of it", what), read(twin, room, 300));
	READ_OF(fd, name, text("%s: the first", what), read(fd, room, 300));
	void *place = PLACE_OF(name, text("%s: mapped", what), mmap(NULL, page, PROT_READ, MAP_SHARED, twin, (off_t)middle));
	look(name, text("%s: mapped", what), place, page);
	munmap(place, page);
	STEP_OF(name, text("%s: FD_CLOEXEC", what), fcntl(twin, F_GETFD));
	if (twin != fd)
		close(twin);
	READ_OF(fd, name, text("%s: after it was closed", what), read(fd, room, 300));
}

#define TWIN(name, what, arguments) twins(#name, what, fd, (int)STEP(name, what, arguments))

TOPIC(duplicates)
{
	int fd = open_model();
	TWIN(dup, "a model", (fd));
	TWIN(dup2, "a model", (fd, 50));
	TWIN(dup2, "onto itself", (fd, fd));
	TWIN(__dup2, "a model", (fd, 51));
	TWIN(dup3, "a model", (fd, 52, 0));
	TWIN(dup3, "with O_CLOEXEC", (fd, 53, O_CLOEXEC));
	TWIN(fcntl, "F_DUPFD", (fd, F_DUPFD, 60));
	TWIN(fcntl, "F_DUPFD_CLOEXEC", (fd, F_DUPFD_CLOEXEC, 60));
	TWIN(fcntl64, "F_DUPFD", (fd, F_DUPFD, 0));
	TWIN(__fcntl, "F_DUPFD_CLOEXEC", (fd, F_DUPFD_CLOEXEC, 61));
	TWIN(syscall, "dup", (SYS_dup, fd));
	TWIN(syscall, "dup3", (SYS_dup3, fd, 54, 0));
	TWIN(syscall, "fcntl", (SYS_fcntl, fd, F_DUPFD, 62));
#ifdef SYS_dup2
	TWIN(syscall, "dup2", (SYS_dup2, fd, 55));
#endif
	close(fd);
}

TOPIC(duplicates_over)
{
	int other = open("other", O_RDONLY), fd = open_model(), second = open_model();
	STEP(dup2, "a model over a plain file", (fd, other));
	READ(other, read, "of a model over a plain file", (other, room, 300));
	close(other);
	READ(fd, read, "of the first", (fd, room, 300));
	other = open("other", O_RDONLY);
	STEP(dup2, "a plain file over a model", (other, second));
	READ(second, read, "of a plain file over a model", (second, room, 300));
	STEP(dup3, "a model over it", (fd, second, O_CLOEXEC));
	READ(second, read, "of a model over it", (second, room, 300));
	STEP(dup2, "a closed descriptor over a model", (999, second));
	READ(second, read, "after what failed", (second, room, 300));
	STEP(dup3, "-1 over a model", (-1, second, 0));
	STEP(dup3, "with an unknown flag", (fd, second, 1));
	READ(second, read, "after what failed too", (second, room, 300));
	close(fd), close(second), close(other);
}

TOPIC(duplicates_refused)
{
	int fd = open_model();
	STEP(dup, "-1", (-1));
	STEP(dup, "a closed descriptor", (999));
	STEP(dup2, "to -1", (fd, -1));
	STEP(dup2, "to too high a number", (fd, INT_MAX));
	STEP(dup2, "a closed one onto itself", (999, 999));
	STEP(__dup2, "-1", (-1, 50));
	STEP(dup3, "onto itself", (fd, fd, 0));
	STEP(dup3, "with an unknown flag", (fd, 50, 1));
	STEP(fcntl, "F_DUPFD below 0", (fd, F_DUPFD, -1));
	STEP(fcntl, "F_DUPFD too high", (fd, F_DUPFD, INT_MAX));
	STEP(fcntl, "F_DUPFD of a closed descriptor", (999, F_DUPFD, 0));
	STEP(fcntl, "F_GETFL of a closed descriptor", (999, F_GETFL));
	STEP(fcntl, "what there is not", (fd, 12345));
	STEP(fcntl64, "of -1", (-1, F_GETFD));
	STEP(__fcntl, "of -1", (-1, F_GETFD));
	READ(fd, read, "after all that", (fd, room, 300));
	STEP(close, "the model", (fd));
}

TOPIC(flags)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 100}, all = {.l_type = F_WRLCK};
	int fd = open_model();
	STEP(fcntl, "F_SETFL to nothing", (fd, F_SETFL, 0));
	STEP(fcntl, "F_SETFL to O_APPEND and O_NONBLOCK", (fd, F_SETFL, O_APPEND | O_NONBLOCK));
	STEP(fcntl, "F_GETFL", (fd, F_GETFL));
	STEP(fcntl, "F_SETFL to O_NOATIME", (fd, F_SETFL, O_NOATIME));
	STEP(fcntl64, "F_GETFL", (fd, F_GETFL));
	STEP(fcntl, "F_SETFD", (fd, F_SETFD, 0));
	STEP(__fcntl, "F_GETFD", (fd, F_GETFD));
	STEP(fcntl, "F_SETLK for reading", (fd, F_SETLK, &lock));
	STEP(fcntl, "F_SETLK for writing", (fd, F_SETLK, &all));
	STEP(fcntl, "F_GETLK", (fd, F_GETLK, &lock));
	STEP(fcntl64, "F_OFD_GETLK", (fd, F_OFD_GETLK, &(struct flock){.l_type = F_RDLCK}));
	STEP(fcntl, "F_SETLK without an address", (fd, F_SETLK, NULL));
	STEP(flock, "LOCK_SH", (fd, LOCK_SH | LOCK_NB));
	STEP(flock, "LOCK_UN", (fd, LOCK_UN));
	STEP(fcntl, "F_GETPIPE_SZ", (fd, F_GETPIPE_SZ));
	STEP(fcntl, "F_SETFL to O_DIRECT", (fd, F_SETFL, O_DIRECT));
	STEP(fcntl, "F_GETFL after O_DIRECT", (fd, F_GETFL));
	STEP(fcntl, "F_SETFL back", (fd, F_SETFL, 0));
	READ(fd, read, "after all that", (fd, room, 300));
	close(fd);
}

TOPIC(closing)
{
	int fd = open_model();
	STEP(close, "the model", (fd));
	STEP(close, "once more", (fd));
	READ(fd, read, "of what is closed", (fd, room, 100));
	fd = open("other", O_RDONLY);
	READ(fd, read, "of the number, a plain file's", (fd, room, 100));
	STEP(__close, "a plain file", (fd));
	fd = open_model();
	READ(fd, read, "of the number, a model's", (fd, room, 100));
	STEP(__close, "a model", (fd));
	STEP(__close, "once more", (fd));
	fd = open_model();
	STEP(syscall, "close", (SYS_close, fd));
	READ(fd, read, "of what syscall closed", (fd, room, 100));
	STEP(close, "-1", (-1));
	STEP(close, "INT_MAX", (INT_MAX));
	STEP(__close, "-1", (-1));
}

TOPIC(closing_ranges)
{
	int fd = open_model();
	need(dup2(fd, 70) == 70 && dup2(fd, 71) == 71 && dup2(fd, 72) == 72);
	STEP(close_range, "backwards", (72, 70, 0));
	STEP(close_range, "with an unknown flag", (70, 72, 64));
	READ(70, read, "after ranges that were refused", (70, room, 300));
	STEP(close_range, "to be closed by exec", (71, 72, CLOSE_RANGE_CLOEXEC));
	STEP(fcntl, "F_GETFD of one to be closed by exec", (72, F_GETFD));
	READ(72, read, "of one to be closed by exec", (72, room, 300));
	STEP(close_range, "one", (71, 71, 0));
	READ(71, read, "of one that is closed", (71, room, 300));
	READ(70, read, "of its neighbour", (70, room, 300));
	STEP(close_range, "where nothing is", (500, 600, 0));
	STEP(close_range, "with a table of its own", (70, ~0u, CLOSE_RANGE_UNSHARE));
	READ(72, read, "of what a range closed", (72, room, 300));
	READ(fd, read, "of the first", (fd, room, 300));
	need(dup2(fd, 70) == 70);
	STEP(syscall, "close_range", (SYS_close_range, 70, 80, 0));
	READ(70, read, "of what a raw call closed", (70, room, 300));
	need(dup2(fd, 70) == 70 && dup2(fd, 75) == 75);
	STEP_QUIETLY(closefrom, "71", (71));
	READ(75, read, "of what closefrom closed", (75, room, 300));
	READ(70, read, "of what it left", (70, room, 300));
	STEP_QUIETLY(closefrom, "70", (70));
	int other = open("other", O_RDONLY);
	STEP(dup2, "a plain file to a number that closefrom closed", (other, 70));
	READ(70, read, "of a plain file there", (70, room, 300));
	close(70), close(other), close(fd);
}
