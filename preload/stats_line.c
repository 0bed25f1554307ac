#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stats.h"

struct line {
	char *text;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *line, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int len = vsnprintf(line->text + line->len, SHIM_STATS_LINE - line->len, format, args);
	va_end(args);
	if (len > 0)
		line->len += (size_t)len;
	if (line->len > SHIM_STATS_LINE - 1)
		line->len = SHIM_STATS_LINE - 1;
}

/* "86.7 MiB". Without floating point, whose comma is the program's locale's. */
static void put_size(struct line *line, uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	unsigned unit = 0;
	if (bytes < 1024) {
		put(line, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
		return;
	}
	uint64_t tenths = bytes / 1024 * 10 + bytes % 1024 * 10 / 1024;
	for (; tenths >= 10240 && units[unit + 1] != '\0'; unit++)
		tenths /= 1024;
	put(line, "%" PRIu64 ".%" PRIu64 " %ciB", tenths / 10, tenths % 10, units[unit]);
}

static void put_count(struct line *line, uint64_t count, const char *what, uint64_t bytes, const char **between)
{
	if (count == 0)
		return;
	put(line, "%s%" PRIu64 " %s%s of ", *between, count, what, count == 1 ? "" : "s");
	put_size(line, bytes);
	*between = ", ";
}

static void put_served(struct line *line, const uint64_t c[static SHIM_STATS])
{
	const char *between = " (";
	put(line, "served ");
	put_size(line, c[SHIM_STAT_READ_BYTES] + c[SHIM_STAT_MAPPING_BYTES] + c[SHIM_STAT_MEMORY_FILE_BYTES]
			       + c[SHIM_STAT_WINDOW_BYTES]);
	put_count(line, c[SHIM_STAT_READS], "read", c[SHIM_STAT_READ_BYTES], &between);
	put_count(line, c[SHIM_STAT_MAPPINGS], "mapping", c[SHIM_STAT_MAPPING_BYTES], &between);
	put_count(line, c[SHIM_STAT_LAZY_MAPPINGS], "lazy mapping", c[SHIM_STAT_LAZY_BYTES], &between);
	put_count(line, c[SHIM_STAT_MEMORY_FILES], "memory file", c[SHIM_STAT_MEMORY_FILE_BYTES], &between);
	if (between[0] == ',')
		put(line, ")");
	if (c[SHIM_STAT_FAILURES] != 0)
		put(line, ", %" PRIu64 " failed", c[SHIM_STAT_FAILURES]);
}

static void put_decrypted(struct line *line, const uint64_t c[static SHIM_STATS])
{
	uint64_t bytes = c[SHIM_STAT_READ_OPENED] + c[SHIM_STAT_MAPPING_OPENED] + c[SHIM_STAT_MEMORY_FILE_OPENED]
			 + c[SHIM_STAT_WINDOW_OPENED] + c[SHIM_STAT_PART_OPENED];
	uint64_t messages = c[SHIM_STAT_READ_MESSAGES_OPENED] + c[SHIM_STAT_MAPPING_MESSAGES_OPENED]
			    + c[SHIM_STAT_MEMORY_FILE_MESSAGES_OPENED] + c[SHIM_STAT_WINDOW_MESSAGES_OPENED]
			    + c[SHIM_STAT_PART_MESSAGES_OPENED];
	uint64_t ns = c[SHIM_STAT_NANOSECONDS];
	put(line, "; decrypted ");
	put_size(line, bytes);
	if (bytes == 0)
		return;
	put(line, " in %" PRIu64 " message%s, ", messages, messages == 1 ? "" : "s");
	if (bytes == c[SHIM_STAT_FIRST_OPENED]) {
		put(line, "each once");
	} else {
		put_size(line, bytes - c[SHIM_STAT_FIRST_OPENED]);
		put(line, " of it again");
	}
	if (c[SHIM_STAT_PART_OPENED] != 0) {
		put(line, ", ");
		put_size(line, c[SHIM_STAT_PART_OPENED]);
		put(line, " for parts");
	}
	if (ns != 0) {
		put(line, ", ");
		put_size(line, (uint64_t)((double)bytes * 1e9 / (double)ns));
		put(line, "/s a thread");
	}
}

static void put_windows(struct line *line, const uint64_t c[static SHIM_STATS])
{
	uint64_t ahead = c[SHIM_STAT_WINDOWS_AHEAD], hits = c[SHIM_STAT_FAULTS_WAITED] + c[SHIM_STAT_AHEAD_PASSED];
	uint64_t filled = c[SHIM_STAT_WINDOWS_BY_FAULT] + ahead + c[SHIM_STAT_WINDOWS_BY_CALL];
	if (filled == 0 && c[SHIM_STAT_FAULTS] == 0)
		return;
	put(line, "; %" PRIu64 " window%s filled", filled, filled == 1 ? "" : "s");
	put(line, " (%" PRIu64 " touched, %" PRIu64 " ahead, %" PRIu64 " for calls), %" PRIu64 " fault%s",
	    c[SHIM_STAT_WINDOWS_BY_FAULT], ahead, c[SHIM_STAT_WINDOWS_BY_CALL], c[SHIM_STAT_FAULTS],
	    c[SHIM_STAT_FAULTS] == 1 ? "" : "s");
	if (ahead != 0)
		put(line, ", read-ahead seen in use: %" PRIu64, hits < ahead ? hits : ahead);
}

void shim_stats_line(char text[static SHIM_STATS_LINE], const uint64_t counts[static SHIM_STATS])
{
	struct line line = {text, 0};
	put_served(&line, counts);
	put_decrypted(&line, counts);
	put_windows(&line, counts);
	if (counts[SHIM_STAT_RESIDENT_MOST] != 0) {
		put(&line, "; at most ");
		put_size(&line, counts[SHIM_STAT_RESIDENT_MOST]);
		put(&line, " in memory");
	}
}
