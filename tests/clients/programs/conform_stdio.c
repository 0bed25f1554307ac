/* Streams: every way to get one, and what it reads. */
#include "conform.h"

/* What libc's own headers called by these names once. */
FILE *_IO_fopen(const char *path, const char *mode);
FILE *_IO_fdopen(int fd, const char *mode);

/* The beginning, the middle and the end; what lies below; then closed. */
static void read_stream(const char *name, const char *what, FILE *f)
{
	if (f == NULL)
		return;
	int fd = fileno(f);
	READ_OF(fd, name, text("%s: the beginning", what), fread(room, 1, 300, f));
	found(name, text("%s: ftello", what), "%lld", (long long)ftello(f));
	STEP_OF(name, text("%s: to the middle", what), fseeko(f, (off_t)middle, SEEK_SET));
	READ_OF(fd, name, text("%s: the middle", what), fread(room, 1, 5000, f));
	STEP_OF(name, text("%s: to the end", what), fseeko(f, -50, SEEK_END));
	READ_OF(fd, name, text("%s: the end", what), fread(room, 1, 300, f));
	found(name, text("%s: the end", what), "%d %d", feof(f), ferror(f));
	READ_OF(fd, name, text("%s: below it", what), pread(fd, room, 300, (off_t)middle + 1));
	void *place = PLACE_OF(name, text("%s: mapped", what), mmap(NULL, page, PROT_READ, MAP_SHARED, fd, (off_t)middle));
	STEP_OF(name, text("%s: fclose", what), fclose(f));
	look(name, text("%s: mapped, and closed", what), place, page);
}

/* One that is not looked at. */
static void shut(FILE *f)
{
	if (f != NULL)
		fclose(f);
}

#define STREAM_OF(name, what, arguments) read_stream(#name, what, STREAM(name, what, arguments))

TOPIC(streams)
{
	static const char *const modes[] = {"r", "rb", "re", "rm", "rc", "rbem", "r,ccs=UTF-8"};
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		STREAM_OF(fopen, modes[i], ("model", modes[i]));
		STREAM_OF(fopen64, modes[i], ("model", modes[i]));
		STREAM_OF(fdopen, modes[i], (open_model(), modes[i]));
	}
	STREAM_OF(_IO_fopen, "r", ("model", "r"));
	STREAM_OF(_IO_fdopen, "r", (open_model(), "r"));
	STREAM_OF(fopen, "through a link", ("link", "r"));
	STREAM_OF(fopen, "a plain file", ("other", "r"));
	STREAM_OF(fopen64, "a plain file to be changed", ("other", "r+"));
	shut(STREAM(fopen, "what is not there", ("nothing", "r")));
	shut(STREAM(fopen, "no mode", ("model", "")));
	shut(STREAM(fopen, "a mode that there is not", ("model", "q")));
	shut(STREAM(fopen64, "to be made, but it is there", ("model", "wx")));
	shut(STREAM(fopen, "the directory, for writing", (".", "w")));
	shut(STREAM(fopen, "to be changed", ("model", "r+")));
	shut(STREAM(fopen64, "to be added to", ("model", "a")));
	shut(STREAM(fopen, "to be added to, and read", ("model", "a+")));
}

TOPIC(streams_of_descriptors)
{
	int fd = open_model();
	need(lseek(fd, 1000, SEEK_SET) == 1000);
	FILE *f = STREAM(fdopen, "in the middle of things", (fd, "r"));
	found("fdopen", "in the middle of things: ftello", "%lld", (long long)ftello(f));
	READ_OF(fd, "fdopen", "in the middle of things: the bytes", fread(room, 1, 300, f));
	int twin = dup(fd);
	STEP(fseeko, "of a stream", (f, 5000, SEEK_SET));
	STEP(fflush, "of a stream", (f));
	READ(twin, read, "of the duplicate of a stream's descriptor", (twin, room, 100));
	fclose(f);
	READ(twin, read, "after the stream was closed", (twin, room, 100));
	close(twin);

	fd = open_model();
	STREAM(fdopen, "for writing", (fd, "w"));
	STREAM(fdopen, "for both", (fd, "r+"));
	STREAM(fdopen, "a mode that there is not", (fd, "q"));
	READ(fd, read, "after streams that could not be", (fd, room, 100));
	close(fd);
	shut(STREAM(fdopen, "a closed descriptor", (fd, "r")));
	shut(STREAM(fdopen, "-1", (-1, "r")));
	int ends[2];
	need(pipe(ends) == 0 && write(ends[1], "text", 4) == 4);
	f = STREAM(fdopen, "a pipe", (ends[0], "r"));
	close(ends[1]);
	STEP(getc, "of a pipe", (f));
	fclose(f);
}

TOPIC(streams_again)
{
	FILE *f = fopen("other", "r");
	need(f != NULL);
	STREAM_OF(freopen, "a model after a plain file", ("model", "r", f));
	f = fopen("other", "r");
	STREAM_OF(freopen64, "a model after a plain file", ("model", "rb", f));
	f = fopen("model", "r");
	STREAM_OF(freopen, "a plain file after a model", ("other", "r", f));
	f = fopen("model", "r");
	need(getc(f) >= 0);
	STREAM_OF(freopen, "the model again", ("model", "r", f));
	f = fopen("model", "r");
	STREAM_OF(freopen64, "the same file with another mode", (NULL, "re", f));
	f = fopen("model", "r");
	shut(STREAM(freopen, "what is not there", ("nothing", "r", f)));
	f = fopen("other", "r");
	shut(STREAM(freopen64, "to be changed", ("model", "r+", f)));
	FILE *spoilt = STREAM(freopen, "what is made anew", ("model.1", "w+", fopen("model", "r")));
	STEP(fputs, "to what was made anew", ("new content", spoilt));
	STEP(fflush, "what was made anew", (spoilt));
	READ_OF(fileno(spoilt), "pread", "of what was made anew", pread(fileno(spoilt), room, 100, 0));
	fclose(spoilt);
	spoilt = STREAM(fopen, "over a model", ("model.2", "w+"));
	STEP(fputs, "over a model", ("new content", spoilt));
	STEP(fseeko, "over a model", (spoilt, 4, SEEK_SET));
	READ_OF(fileno(spoilt), "fread", "over a model", fread(room, 1, 100, spoilt));
	fclose(spoilt);
}

static void from_standard_input(void)
{
	FILE *f = STREAM(freopen, "standard input", ("model", "r", stdin));
	READ_OF(0, "fread", "of standard input", fread(room, 1, 1000, f));
	STEP(getchar, "of standard input", ());
	int fd = open_model();
	STEP(dup2, "onto standard input's number", (fd, 0));
	close(fd);
	READ(0, read, "of standard input's number", (0, room, 100));
}

TOPIC(streams_input)
{
	in_child("freopen", "in a child", from_standard_input);
}
