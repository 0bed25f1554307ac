/* Several models opened at once, each by a thread of its own, as often as is said: policy_threads TIMES MODEL EXPECTED...
 * Prints a line for each opening: "served" when all bytes are those of the expected file, "differs", or the error's name. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct job {
	const char *model, *expected;
	pthread_t thread;
};

static pthread_barrier_t barrier;
static int times;

static char *whole(int file, size_t *len)
{
	size_t room = 1 << 20;
	char *bytes = malloc(room);
	ssize_t got;
	for (*len = 0; (got = read(file, bytes + *len, room - *len)) > 0; *len += (size_t)got)
		if (*len + (size_t)got == room)
			bytes = realloc(bytes, room *= 2);
	return bytes;
}

static const char *open_one(const struct job *job, const char *wanted, size_t wanted_len)
{
	int file = open(job->model, O_RDONLY);
	if (file < 0)
		return strerrorname_np(errno);
	size_t len;
	char *bytes = whole(file, &len);
	const char *verdict = len == wanted_len && memcmp(bytes, wanted, len) == 0 ? "served" : "differs";
	free(bytes);
	close(file);
	return verdict;
}

static void *run(void *given)
{
	const struct job *job = given;
	size_t len;
	int file = open(job->expected, O_RDONLY);
	char *wanted = whole(file, &len);
	close(file);
	for (int i = 0; i < times; i++) {
		pthread_barrier_wait(&barrier);
		printf("%s\n", open_one(job, wanted, len));
	}
	free(wanted);
	return NULL;
}

int main(int argc, char **argv)
{
	int count = (argc - 2) / 2;
	struct job *jobs = calloc((size_t)count, sizeof *jobs);
	times = atoi(argv[1]);
	pthread_barrier_init(&barrier, NULL, (unsigned)count);
	for (int i = 0; i < count; i++) {
		jobs[i].model = argv[2 + 2 * i];
		jobs[i].expected = argv[3 + 2 * i];
		if (pthread_create(&jobs[i].thread, NULL, run, &jobs[i]) != 0)
			return 1;
	}
	for (int i = 0; i < count; i++)
		pthread_join(jobs[i].thread, NULL);
	free(jobs);
	return 0;
}
