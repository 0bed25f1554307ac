/* The conformance program: every call that a program can make on a model's file, one line of output for
 * each, with all that a program could see of it. Run on a plain file without the library, and on its encrypted
 * twin with it, it prints the same lines.
 *
 * PROGRAM TOPIC FOLDER: runs one topic in FOLDER, which holds `model`, `link` to it, `other` (a plain file),
 * and model.1 … model.4, copies of the model to spoil. No address, id or time is ever printed. With EARLY it is a
 * library, which does the same when it is loaded, and then ends the process.
 *
 *     NAME | WHAT | result ERRNO | position | bytes:digest, "spilt" when bytes behind them changed too
 *
 * NAME and WHAT together, and their number where they come again, are a line's key. */
#ifndef CONFORM_H
#define CONFORM_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { UNTOUCHED = 0xa5, GUARD = 64 };

extern size_t size, page;       /* of the model, of memory */
extern size_t middle;           /* the offset of a page about half-way through the model */
extern unsigned char *room;     /* to read into; between steps all of it holds UNTOUCHED */
extern size_t room_size;        /* more than the model's size */
extern sigjmp_buf caught;       /* where a step goes on when its call raised a signal */

#define TOPIC(name)                                                             \
	static void topic_##name(void);                                         \
	__attribute__((constructor(1000))) static void add_##name(void)         \
	{                                                                       \
		static struct topic self = {#name, topic_##name, NULL};         \
		self.next = topics;                                             \
		topics = &self;                                                 \
	}                                                                       \
	static void topic_##name(void)

extern struct topic {
	const char *name;
	void (*run)(void);
	struct topic *next;
} *topics;

/* A call and what came of it. The value of a step is the call's. */
#define STEP(name, what, arguments) STEP_OF(#name, what, name arguments)
#define STEP_OF(name, what, call)                                         \
	(step_begin(name, what), sigsetjmp(caught, 1) == 0 ? step_end((long long)(call)) : step_died())

/* A call that returns no value, or one that is not to be printed. */
#define STEP_QUIETLY(name, what, arguments) STEP_OF(#name, what, (name arguments, 0))

/* A call that reads from `fd` into `room`. */
#define READ(fd, name, what, arguments) READ_OF(fd, #name, what, name arguments)
#define READ_OF(fd, name, what, call)                                     \
	(step_begin(name, what), sigsetjmp(caught, 1) == 0 ? read_end(fd, (long long)(call)) : step_died())

/* A call that gives an address: only whether it did is printed. The address, or MAP_FAILED. */
#define PLACE(name, what, arguments) PLACE_OF(#name, what, name arguments)
#define PLACE_OF(name, what, call)                                        \
	(step_begin(name, what), sigsetjmp(caught, 1) == 0 ? place_end(call) : (step_died(), MAP_FAILED))

/* A call that opens a stream. */
#define STREAM(name, what, arguments)                                     \
	(step_begin(#name, what), sigsetjmp(caught, 1) == 0 ? stream_end(name arguments) : (step_died(), NULL))

void step_begin(const char *name, const char *what);
long long step_end(long long result);
long long step_died(void);
long long read_end(int fd, long long result);
void *place_end(void *place);
FILE *stream_end(FILE *stream);

/* A line that is no call's: what was found by looking. */
__attribute__((format(printf, 3, 4))) void found(const char *name, const char *what, const char *format, ...);

/* The bytes at a place, as far as they can be read: "N:digest", or the signal and where it was raised. */
void look(const char *name, const char *what, const void *place, size_t len);

/* One byte written to; and the signal that this raised. */
void touch(const char *name, const char *what, volatile unsigned char *place);

/* 300 bytes of a file's middle by pread, then close. */
void glance(const char *name, const char *what, int fd);

/* Text in one of a few buffers that take turns. */
__attribute__((format(printf, 1, 2))) const char *text(const char *format, ...);

/* Ends the program; for what has nothing to do with the library, and must succeed. */
#define need(condition)                                                   \
	do {                                                              \
		if (!(condition))                                         \
			needed(__FILE__, __LINE__, #condition);           \
	} while (0)
__attribute__((noreturn)) void needed(const char *file, int line, const char *condition);

int open_model(void);
unsigned char *map_model(size_t len, int prot, int flags, size_t offset); /* of a descriptor closed at once */

/* A new file in the folder, open for reading and writing, of `len` bytes. */
int new_file(const char *name, size_t len);

/* A buffer of `len` bytes, of which the last `bad`, at most a page, lie where the protection is `prot`. */
unsigned char *bad_buffer(size_t len, size_t bad, int prot);

/* Runs `body` in a child and prints how it ended. */
void in_child(const char *name, const char *what, void (*body)(void));

#endif
