/* The library's own heap, by itself: blocks do not overlap, keep what is written to them, are aligned, and come back; in
 * threads, and in children that are made at any moment. Ends with status 0, or says what is wrong. */
#include <pthread.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"

enum { KEPT = 200, ROUNDS = 1500 };

static void wrong(const char *what, size_t value)
{
	fprintf(stderr, "%s: %zu\n", what, value);
	_exit(1);
}

static size_t draw(unsigned long long *state, size_t below)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (size_t)((*state >> 24) % below);
}

/* Each block is filled with its own byte, and is so when it is given back. */
static void exercise(unsigned long long seed, int rounds)
{
	static _Thread_local struct {
		unsigned char *bytes, fill;
		size_t len;
	} kept[KEPT];
	for (int i = 0; i < rounds; i++) {
		size_t slot = draw(&seed, KEPT), len;
		switch (draw(&seed, 20)) {
		case 0:
			len = draw(&seed, 6 << 20);
			break;
		case 1:
			len = draw(&seed, 200000);
			break;
		default:
			len = draw(&seed, 3000);
		}
		for (size_t at = 0; at < kept[slot].len; at++)
			if (kept[slot].bytes[at] != kept[slot].fill)
				wrong("a block was changed", at);
		if (kept[slot].bytes != NULL && draw(&seed, 3) == 0) {
			size_t same = kept[slot].len < len ? kept[slot].len : len;
			kept[slot].bytes = __wrap_realloc(kept[slot].bytes, len);
			for (size_t at = 0; at < same; at++)
				if (kept[slot].bytes[at] != kept[slot].fill)
					wrong("realloc changed a block", at);
		} else {
			__wrap_free(kept[slot].bytes);
			int clear = draw(&seed, 2) == 0;
			kept[slot].bytes = clear ? __wrap_calloc(1, len) : __wrap_malloc(len);
			for (size_t at = 0; clear && at < len; at++)
				if (kept[slot].bytes[at] != 0)
					wrong("calloc left something", at);
		}
		if (kept[slot].bytes == NULL || (uintptr_t)kept[slot].bytes % alignof(max_align_t) != 0)
			wrong("no block, or one that is not aligned", len);
		kept[slot].len = len;
		kept[slot].fill = (unsigned char)(seed >> 32);
		memset(kept[slot].bytes, kept[slot].fill, len);
	}
	for (int i = 0; i < KEPT; i++) {
		__wrap_free(kept[i].bytes);
		kept[i].bytes = NULL;
		kept[i].len = 0;
	}
}

static void *thread(void *seed)
{
	exercise((uintptr_t)seed, ROUNDS);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[4];
	unsigned long long seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	if (__wrap_malloc(SIZE_MAX) != NULL || __wrap_malloc(SIZE_MAX - 20) != NULL || __wrap_calloc(SIZE_MAX / 2, 3) != NULL)
		wrong("more than there is", 0);
	char *text = __wrap_strdup("text");
	if (strcmp(text, "text") != 0)
		wrong("strdup", 0);
	__wrap_free(text);
	__wrap_free(NULL);
	exercise(seed, ROUNDS);
	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, thread, (void *)(seed + i));
	for (int i = 0; i < 100; i++) {
		int status;
		pid_t child = fork();
		if (child == 0) {
			alarm(20);
			shim_memory_after_fork();
			exercise(seed + (unsigned)i, 100);
			_exit(0);
		}
		waitpid(child, &status, 0);
		if (status != 0)
			wrong("a child", (size_t)status);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
