#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "say.h"
#include "stop.h"

#define SECOND UINT64_C(1000000000)

static uint64_t now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

static int columns(void)
{
	struct winsize size;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return 80;
	return size.ws_col < 200 ? size.ws_col : 200;
}

static void put_left(char *text, size_t room, uint64_t seconds)
{
	if (seconds >= 3600)
		snprintf(text, room, "%" PRIu64 ":%02u:%02u left", seconds / 3600,
			 (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
	else
		snprintf(text, room, "%u:%02u left", (unsigned)(seconds / 60), (unsigned)(seconds % 60));
}

/* `text` ends after at most `width` characters. */
static void cut(char *text, size_t width)
{
	size_t seen = 0;
	for (; *text != '\0'; text++)
		if (((unsigned char)*text & 0xc0) != 0x80 && seen++ == width) {
			*text = '\0';
			return;
		}
}

static void draw(struct progress *progress, uint64_t time)
{
	enum { BAR = 20, SHORT_BAR = 5 };
	char line[1024], name[512], rate[SIZE_TEXT], left[40] = "", bar[BAR + 1];
	size_t width = (size_t)columns() - 1, length = width < 70 ? SHORT_BAR : BAR;
	uint64_t done = atomic_load(&progress->done), elapsed = time - progress->start;
	if (done > progress->total)
		done = progress->total;
	double share = progress->total == 0 ? 1 : (double)done / (double)progress->total;
	double per_second = elapsed == 0 ? 0 : (double)done / ((double)elapsed / (double)SECOND);
	if (done == progress->total)
		snprintf(left, sizeof left, "to disk");
	else if (per_second > 0 && elapsed > SECOND / 2)
		put_left(left, sizeof left, (uint64_t)((double)(progress->total - done) / per_second) + 1);
	memset(bar, '-', length);
	memset(bar, '#', (size_t)(share * (double)length));
	bar[length] = '\0';
	size_text((uint64_t)per_second, rate);
	/* The end of a long path tells more than its beginning. */
	size_t len = strlen(progress->name), skip = len < sizeof name ? 0 : len - (sizeof name - 1);
	snprintf(name, sizeof name, "%s", progress->name + skip);
	make_safe(name);
	size_t fixed = length + 32, room = width > fixed + 8 ? width - fixed : 8, has = text_width(name);
	char *shown = name;
	for (; has > room; has--)
		for (shown++; ((unsigned char)*shown & 0xc0) == 0x80; shown++)
			;
	snprintf(line, sizeof line, "%s [%s] %3u%% %10s/s %s", shown, bar, (unsigned)(share * 100), rate,
		 left);
	cut(line, width);
	fprintf(stderr, "\r%s%*s", line, (int)(width - text_width(line)), "");
	fflush(stderr);
	progress->drawn = true;
}

static int advance(void *context, uint64_t more)
{
	struct progress *progress = context;
	atomic_fetch_add_explicit(&progress->done, more, memory_order_relaxed);
	if (!progress->shown)
		return stop_requested();
	uint64_t time = now();
	if (time >= atomic_load_explicit(&progress->next_draw, memory_order_relaxed)
	    && pthread_mutex_trylock(&progress->lock) == 0) {
		if (time >= atomic_load(&progress->next_draw)) {
			atomic_store(&progress->next_draw, time + SECOND / 10);
			draw(progress, time);
		}
		pthread_mutex_unlock(&progress->lock);
	}
	return stop_requested();
}

void progress_init(struct progress *progress, uint64_t total)
{
	uint64_t time = now();
	*progress = (struct progress){
		.advance = {.advance = advance, .context = progress},
		.shown = isatty(STDERR_FILENO) == 1,
		.total = total,
		.start = time,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.name = "",
	};
	/* What takes a moment needs no bar. */
	atomic_store(&progress->next_draw, time + SECOND / 5);
}

void progress_file(struct progress *progress, const char *name, uint64_t size)
{
	pthread_mutex_lock(&progress->lock);
	progress->before += progress->size;
	progress->size = size;
	progress->name = name;
	atomic_store(&progress->done, progress->before);
	pthread_mutex_unlock(&progress->lock);
}

void progress_hide(struct progress *progress)
{
	pthread_mutex_lock(&progress->lock);
	if (progress->drawn) {
		fprintf(stderr, "\r%*s\r", columns() - 1, "");
		fflush(stderr);
	}
	progress->drawn = false;
	pthread_mutex_unlock(&progress->lock);
}
