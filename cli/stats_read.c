#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stats.h"

/* The process that holds the lock on the file: its number; 0 when that is not seen from here, -1 when nobody does. */
static pid_t holder(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return -1;
	return lock.l_pid > 0 ? lock.l_pid : 0;
}

/* In a directory where everybody may write, a file is believed that its process's user, root, or we ourselves made. */
static bool is_trusted(const struct stat *st, pid_t pid)
{
	char place[32];
	struct stat process;
	if (st->st_uid == 0 || st->st_uid == geteuid())
		return true;
	snprintf(place, sizeof place, "/proc/%d", (int)pid);
	return pid > 0 && stat(place, &process) == 0 && process.st_uid == st->st_uid;
}

static void read_name(char *name, size_t room, pid_t pid)
{
	char place[32];
	snprintf(place, sizeof place, "/proc/%d/comm", (int)pid);
	FILE *file = pid > 0 ? fopen(place, "re") : NULL;
	name[0] = '\0';
	if (file == NULL)
		return;
	size_t len = fread(name, 1, room - 1, file);
	name[len] = '\0';
	name[strcspn(name, "\n")] = '\0';
	fclose(file);
}

static bool read_exactly(int fd, void *bytes, size_t len, size_t offset)
{
	return pread(fd, bytes, len, (off_t)offset) == (ssize_t)len;
}

/* A slot that is whole. False: it is free, or changes all the time. */
static bool read_slot(int fd, size_t number, struct shim_stats_slot *slot)
{
	enum { ATTEMPTS = 5 };
	size_t offset = number * sizeof *slot;
	for (int i = 0; i < ATTEMPTS; i++) {
		uint32_t after;
		if (!read_exactly(fd, slot, sizeof *slot, offset) || !read_exactly(fd, &after, sizeof after, offset))
			return false;
		if (slot->generation == after && after % 2 == 0)
			return slot->state == SHIM_STATS_OPEN || slot->state == SHIM_STATS_GONE;
	}
	return false;
}

static int add_model(struct stats_process *process, struct shim_stats_slot *slot, struct ct_error *err)
{
	struct stats_model *grown = realloc(process->models, (process->count + 1) * sizeof *grown);
	if (grown == NULL)
		return ct_fail_nomem(err);
	process->models = grown;
	struct stats_model *model = &grown[process->count++];
	model->open = slot->state == SHIM_STATS_OPEN;
	model->size = slot->size;
	model->sealed = slot->sealed;
	memcpy(model->path, slot->path, SHIM_STATS_PATH);
	model->path[SHIM_STATS_PATH] = '\0';
	for (size_t i = 0; i < SHIM_STATS; i++)
		model->counts[i] = slot->counts[i];
	/* What is given and taken at the same moment by two threads may be below nothing. */
	if (model->counts[SHIM_STAT_WINDOWS_NOW] > INT64_MAX)
		model->counts[SHIM_STAT_WINDOWS_NOW] = 0;
	if (model->counts[SHIM_STAT_RESIDENT_NOW] > INT64_MAX)
		model->counts[SHIM_STAT_RESIDENT_NOW] = 0;
	return 0;
}

static bool is_head(const struct shim_stats_head *head)
{
	return memcmp(head->magic, SHIM_STATS_MAGIC, sizeof head->magic) == 0 && head->version == SHIM_STATS_VERSION
	       && head->slots == SHIM_STATS_SLOTS - 1 && head->counts == SHIM_STATS;
}

static int add_process(struct stats_list *list, int fd, pid_t pid, struct ct_error *err)
{
	struct shim_stats_head head;
	struct shim_stats_slot slot;
	if (!read_exactly(fd, &head, sizeof head, 0) || !is_head(&head)) {
		list->unreadable++;
		return 0;
	}
	struct stats_process *grown = realloc(list->processes, (list->count + 1) * sizeof *grown);
	if (grown == NULL)
		return ct_fail_nomem(err);
	list->processes = grown;
	struct stats_process *process = &grown[list->count++];
	*process = (struct stats_process){.pid = pid, .own_pid = head.pid, .began = head.began};
	read_name(process->name, sizeof process->name, pid);
	for (size_t i = 1; i < SHIM_STATS_SLOTS; i++)
		if (read_slot(fd, i, &slot) && add_model(process, &slot, err) < 0)
			return -1;
	return 0;
}

static int read_file(struct stats_list *list, int dir, const char *name, pid_t wanted, struct ct_error *err)
{
	struct stat st;
	int status = 0, fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		list->unreadable += errno == EACCES;
		return 0;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		pid_t pid = holder(fd);
		if (pid >= 0 && (wanted == 0 || pid == wanted) && is_trusted(&st, pid))
			status = add_process(list, fd, pid, err);
	}
	close(fd);
	return status;
}

static int by_pid(const void *a, const void *b)
{
	const struct stats_process *one = a, *other = b;
	return one->pid != other->pid ? (one->pid < other->pid ? -1 : 1) : one->own_pid - other->own_pid;
}

int stats_read(struct stats_list *list, const char *dir, pid_t pid, struct ct_error *err)
{
	const size_t prefix = sizeof SHIM_STATS_PREFIX - 1;
	int status = 0;
	*list = (struct stats_list){0};
	DIR *folder = opendir(dir);
	if (folder == NULL)
		return ct_fail_sys(err, errno, "it cannot be read: give the directory that CTSHIM_STATS_DIR names");
	for (struct dirent *entry; status == 0 && (entry = readdir(folder)) != NULL;)
		if (strncmp(entry->d_name, SHIM_STATS_PREFIX, prefix) == 0 && entry->d_name[prefix] >= '0'
		    && entry->d_name[prefix] <= '9')
			status = read_file(list, dirfd(folder), entry->d_name, pid, err);
	closedir(folder);
	if (list->count > 0)
		qsort(list->processes, list->count, sizeof *list->processes, by_pid);
	return status;
}

void stats_clear(struct stats_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->processes[i].models);
	free(list->processes);
}

uint64_t stats_decrypted_bytes(const struct stats_model *model)
{
	const uint64_t *c = model->counts;
	return c[SHIM_STAT_READ_OPENED] + c[SHIM_STAT_MAPPING_OPENED] + c[SHIM_STAT_MEMORY_FILE_OPENED]
	       + c[SHIM_STAT_WINDOW_OPENED] + c[SHIM_STAT_PART_OPENED];
}

uint64_t stats_decrypted_messages(const struct stats_model *model)
{
	const uint64_t *c = model->counts;
	return c[SHIM_STAT_READ_MESSAGES_OPENED] + c[SHIM_STAT_MAPPING_MESSAGES_OPENED]
	       + c[SHIM_STAT_MEMORY_FILE_MESSAGES_OPENED] + c[SHIM_STAT_WINDOW_MESSAGES_OPENED]
	       + c[SHIM_STAT_PART_MESSAGES_OPENED];
}
