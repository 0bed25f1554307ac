/* A slow network file system, simulated: shows the files of a folder, read only; each read takes a round trip and
 * shares one line with all others.
 *
 *   slowfs FOLDER MOUNTPOINT LATENCY_US BYTES_PER_SECOND [fuse options]
 *
 * Requests wait for their round trip at the same time, as on a network; the line carries one byte after the other. */
#define FUSE_USE_VERSION 31
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct {
	int folder;
	int64_t latency_ns, bytes_per_second;
	pthread_mutex_t lock;
	int64_t line_free; /* when the line has carried everything so far */
} slow = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Wait as long as `bytes` take to come. */
static void carry(size_t bytes)
{
	int64_t began = now_ns();
	int64_t takes = (int64_t)((double)bytes * 1e9 / (double)slow.bytes_per_second);

	pthread_mutex_lock(&slow.lock);
	int64_t start = slow.line_free > began ? slow.line_free : began;
	slow.line_free = start + takes;
	int64_t until = slow.line_free + slow.latency_ns;
	pthread_mutex_unlock(&slow.lock);
	struct timespec t = {until / 1000000000, until % 1000000000};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static const char *below(const char *path)
{
	return path[1] ? path + 1 : ".";
}

static int slow_getattr(const char *path, struct stat *st, struct fuse_file_info *info)
{
	(void)info;
	return fstatat(slow.folder, below(path), st, 0) < 0 ? -errno : 0;
}

static int slow_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
			struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
	(void)offset;
	(void)info;
	(void)flags;
	int fd = openat(slow.folder, below(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return -errno;
	for (struct dirent *entry; (entry = readdir(dir));)
		fill(buffer, entry->d_name, NULL, 0, 0);
	closedir(dir);
	return 0;
}

static int slow_open(const char *path, struct fuse_file_info *info)
{
	int fd = openat(slow.folder, below(path), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	carry(0);
	info->fh = (uint64_t)fd;
	return 0;
}

static int slow_read(const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *info)
{
	(void)path;
	ssize_t got = pread((int)info->fh, buffer, size, offset);

	if (got < 0)
		return -errno;
	carry((size_t)got);
	return (int)got;
}

static int slow_release(const char *path, struct fuse_file_info *info)
{
	(void)path;
	close((int)info->fh);
	return 0;
}

static void *slow_init(struct fuse_conn_info *connection, struct fuse_config *config)
{
	/* As much read ahead as the kernel allows, and as many requests at once as an NFS client has slots. */
	connection->max_readahead = UINT_MAX;
	connection->max_background = 64;
	config->attr_timeout = config->entry_timeout = 60;
	/* What was read stays in memory when a file that has not changed is opened again, as with an NFS client. */
	config->auto_cache = 1;
	return NULL;
}

static const struct fuse_operations operations = {
	.getattr = slow_getattr,
	.readdir = slow_readdir,
	.open = slow_open,
	.read = slow_read,
	.release = slow_release,
	.init = slow_init,
};

int main(int argc, char **argv)
{
	if (argc < 5) {
		fprintf(stderr, "usage: slowfs FOLDER MOUNTPOINT LATENCY_US BYTES_PER_SECOND [fuse options]\n");
		return 2;
	}
	slow.folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	slow.latency_ns = atoll(argv[3]) * 1000;
	slow.bytes_per_second = atoll(argv[4]);
	if (slow.folder < 0 || slow.bytes_per_second <= 0) {
		perror(argv[1]);
		return 1;
	}
	/* Program, mount point, and what follows the four. */
	char **rest = calloc((size_t)argc + 2, sizeof *rest);
	int count = 0;
	if (!rest)
		return 1;
	rest[count++] = argv[0];
	rest[count++] = "-f";
	for (int i = 5; i < argc; i++)
		rest[count++] = argv[i];
	rest[count++] = argv[2];
	return fuse_main(count, rest, &operations, NULL);
}
