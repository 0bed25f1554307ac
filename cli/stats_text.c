#include <inttypes.h>
#include <stdio.h>

#include "say.h"
#include "stats.h"

static const char *size(uint64_t bytes)
{
	static char texts[4][SIZE_TEXT];
	static unsigned turn;
	return size_text(bytes, texts[turn++ % 4]);
}

static void put_label(const char *label)
{
	printf("    %-11s ", label);
}

/* ", 3 reads (12.0 KiB)" */
static void put_count(uint64_t count, const char *what, uint64_t bytes, const char **between)
{
	if (count == 0)
		return;
	printf("%s%" PRIu64 " %s%s (%s)", *between, count, what, count == 1 ? "" : "s", size(bytes));
	*between = ", ";
}

static void put_served(const uint64_t *c)
{
	const char *between = "";
	put_label("handed out");
	put_count(c[SHIM_STAT_READS], "read", c[SHIM_STAT_READ_BYTES], &between);
	put_count(c[SHIM_STAT_MAPPINGS], "mapping", c[SHIM_STAT_MAPPING_BYTES], &between);
	put_count(c[SHIM_STAT_LAZY_MAPPINGS], "lazy mapping", c[SHIM_STAT_LAZY_BYTES], &between);
	put_count(c[SHIM_STAT_MEMORY_FILES], "memory file", c[SHIM_STAT_MEMORY_FILE_BYTES], &between);
	puts(between[0] == '\0' ? "nothing" : "");
	if (c[SHIM_STAT_FAILURES] == 0)
		return;
	put_label("failed");
	printf("%" PRIu64 " (the log has the reason)\n", c[SHIM_STAT_FAILURES]);
}

static void put_decrypted(const struct stats_model *model)
{
	const uint64_t *c = model->counts;
	uint64_t bytes = stats_decrypted_bytes(model), first = c[SHIM_STAT_FIRST_OPENED], ns = c[SHIM_STAT_NANOSECONDS];
	put_label("decrypted");
	if (bytes == 0) {
		puts("nothing");
		return;
	}
	uint64_t messages = stats_decrypted_messages(model);
	printf("%s of %s in %" PRIu64 " message%s", size(first), size(model->sealed), messages, messages == 1 ? "" : "s");
	if (first >= bytes)
		fputs(", each once", stdout);
	else
		printf(", and %s again (%.2f times)", size(bytes - first),
		       first > 0 ? (double)bytes / (double)first : 0.0);
	if (ns > 0)
		printf("; %s/s on each thread", size((uint64_t)((double)bytes * 1e9 / (double)ns)));
	putchar('\n');
	if (c[SHIM_STAT_PART_OPENED] == 0)
		return;
	put_label("");
	printf("%s of it for parts of messages\n", size(c[SHIM_STAT_PART_OPENED]));
}

static void put_windows(const uint64_t *c)
{
	uint64_t ahead = c[SHIM_STAT_WINDOWS_AHEAD], seen = c[SHIM_STAT_AHEAD_PASSED] + c[SHIM_STAT_FAULTS_WAITED];
	put_label("windows");
	printf("%" PRIu64 " filled: %" PRIu64 " where touched, %" PRIu64 " ahead, %" PRIu64 " for calls; %" PRIu64
	       " there, at most %" PRIu64 "\n",
	       c[SHIM_STAT_WINDOWS_BY_FAULT] + ahead + c[SHIM_STAT_WINDOWS_BY_CALL], c[SHIM_STAT_WINDOWS_BY_FAULT],
	       ahead, c[SHIM_STAT_WINDOWS_BY_CALL], c[SHIM_STAT_WINDOWS_NOW], c[SHIM_STAT_WINDOWS_MOST]);
	put_label("faults");
	printf("%" PRIu64 ": %" PRIu64 " waited for a window under way, %" PRIu64 " found it there\n",
	       c[SHIM_STAT_FAULTS], c[SHIM_STAT_FAULTS_WAITED], c[SHIM_STAT_FAULTS_LATE]);
	if (seen > ahead)
		seen = ahead; /* several readers of one part wait for each other */
	put_label("read-ahead");
	printf("%" PRIu64 " asked for, %" PRIu64 " filled, %" PRIu64 " too late; %" PRIu64 " seen in use, %" PRIu64
	       " not (yet)\n",
	       c[SHIM_STAT_AHEAD_ASKED], ahead, c[SHIM_STAT_AHEAD_LATE], seen, ahead - seen);
}

static void put_model(const struct stats_model *model)
{
	const uint64_t *c = model->counts;
	fputs("  ", stdout);
	put_safe(stdout, model->path);
	printf(": %s%s\n", size(model->size), model->open ? "" : ", let go of");
	put_served(c);
	put_decrypted(model);
	if (c[SHIM_STAT_LAZY_MAPPINGS] > 0)
		put_windows(c);
	if (c[SHIM_STAT_RESIDENT_MOST] == 0)
		return;
	put_label("mapped");
	printf("%s of plaintext, at most %s\n", size(c[SHIM_STAT_RESIDENT_NOW]), size(c[SHIM_STAT_RESIDENT_MOST]));
}

void stats_text(const struct stats_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct stats_process *process = &list->processes[i];
		if (i > 0)
			putchar('\n');
		if (process->pid > 0)
			printf("process %d", (int)process->pid);
		else
			printf("process %d of another PID namespace", (int)process->own_pid);
		if (process->name[0] != '\0') {
			fputs(" (", stdout);
			put_safe(stdout, process->name);
			putchar(')');
		}
		putchar('\n');
		for (size_t m = 0; m < process->count; m++)
			put_model(&process->models[m]);
	}
}
