/* Runs the cases of a folder (opa/VERSION/CLASS/TOPIC.jsonl, regorus/TOPIC.jsonl) against the engine, and prints a table
 * by class and the failures by name.
 *
 *   run_cases FOLDER SKIPS [COUNTS]
 *
 * SKIPS has a line "FOLDER/TOPIC.jsonl FILE CASE: reason" for each case that is not expected to pass. COUNTS is a file to which
 * "passed N", "failed N" and "skipped N" are appended. RUN_CASES_ONLY in the environment selects by a part of the name.
 * Exit status: 0 when all pass that are not skipped, 77 where there is no folder. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cases.h"

#define MOST_CLASSES 32

struct class {
	char name[32];
	unsigned passed, failed, skipped;
};

static struct class classes[MOST_CLASSES];
static size_t class_count;
static char *skips;
static const char *only;

static struct class *find_class(const char *name)
{
	for (size_t i = 0; i < class_count; i++)
		if (strcmp(classes[i].name, name) == 0)
			return &classes[i];
	if (class_count == MOST_CLASSES)
		exit(2);
	snprintf(classes[class_count].name, sizeof classes[0].name, "%s", name);
	return &classes[class_count++];
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return NULL;
	size_t size = 0, capacity = 1 << 16;
	char *text = malloc(capacity + 1);
	for (size_t got; text != NULL && (got = fread(text + size, 1, capacity - size, file)) > 0;) {
		size += got;
		if (size == capacity) {
			capacity *= 2;
			text = realloc(text, capacity + 1);
		}
	}
	fclose(file);
	if (text != NULL)
		text[size] = '\0';
	return text;
}

static bool is_skipped(const char *topic, const struct case_name *name)
{
	char line[512];
	int len = snprintf(line, sizeof line, "\n%s %s %d:", topic, name->file, name->number);
	return skips != NULL && len < (int)sizeof line && strstr(skips, line) != NULL;
}

static void run_line(const char *topic, const char *class_name, const char *line, size_t len)
{
	struct case_name name;
	char why[2048] = "";
	enum case_result result = run_case(topic, line, len, &name, why, sizeof why);
	struct class *class = find_class(strncmp(topic, "regorus", 7) != 0 ? class_name
					 : name.rejects ? "regorus rejections" : "regorus results");
	if (only != NULL && strstr(name.note, only) == NULL && strstr(topic, only) == NULL)
		return;
	if (result == CASE_SKIPPED || (result == CASE_FAILED && is_skipped(topic, &name))) {
		class->skipped++;
		return;
	}
	if (result == CASE_PASSED) {
		class->passed++;
		if (is_skipped(topic, &name))
			printf("  passes now: %s %s %d\n", topic, name.file, name.number);
		return;
	}
	class->failed++;
	printf("  FAILED %s %s (%s %d): %s\n", topic, name.note, name.file, name.number, why);
}

static void run_file(const char *folder, const char *topic, const char *class_name)
{
	char path[1024];
	snprintf(path, sizeof path, "%s/%s", folder, topic);
	char *text = read_file(path);
	if (text == NULL) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(2);
	}
	for (char *line = text, *end; *line != '\0'; line = end) {
		end = strchr(line, '\n');
		end = end != NULL ? end + 1 : line + strlen(line);
		if (end - line > 2)
			run_line(topic, class_name, line, (size_t)(end - line));
	}
	free(text);
}

static int is_topic(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');
	return dot != NULL && strcmp(dot, ".jsonl") == 0;
}

static unsigned run_folder(const char *folder, const char *below, const char *class_name)
{
	char path[1024];
	struct dirent **names;
	snprintf(path, sizeof path, "%s/%s", folder, below);
	int count = scandir(path, &names, is_topic, alphasort);
	for (int i = 0; i < count; i++) {
		char topic[512];
		snprintf(topic, sizeof topic, "%s%s%s", below, *below != '\0' ? "/" : "", names[i]->d_name);
		run_file(folder, topic, class_name);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return count > 0 ? (unsigned)count : 0;
}

int main(int argc, char **argv)
{
	static const char *const versions[] = {"v1", "v0"}, *const kinds[] = {"a", "b1", "b2", "b3"};
	struct class total = {.name = "all"};
	if (argc < 3)
		return 2;
	only = getenv("RUN_CASES_ONLY");
	char *listed = read_file(argv[2]);
	if (listed != NULL && (skips = malloc(strlen(listed) + 2)) != NULL)
		sprintf(skips, "\n%s", listed);
	unsigned files = run_folder(argv[1], "", "own");
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < 4; k++) {
			char below[64], name[32];
			snprintf(below, sizeof below, "opa/%s/%s", versions[i], kinds[k]);
			snprintf(name, sizeof name, "%s %s", versions[i], kinds[k]);
			files += run_folder(argv[1], below, name);
		}
	}
	files += run_folder(argv[1], "regorus", "regorus");
	free(skips);
	free(listed);
	if (files == 0) {
		printf("rego cases: skipped: there are none in %s\n", argv[1]);
		return 77;
	}
	printf("  %-20s %7s %7s %7s\n", "class", "passed", "failed", "skipped");
	for (size_t i = 0; i <= class_count; i++) {
		const struct class *class = i < class_count ? &classes[i] : &total;
		printf("  %-20s %7u %7u %7u\n", class->name, class->passed, class->failed, class->skipped);
		total.passed += i < class_count ? class->passed : 0;
		total.failed += i < class_count ? class->failed : 0;
		total.skipped += i < class_count ? class->skipped : 0;
	}
	FILE *counts = argc > 3 ? fopen(argv[3], "a") : NULL;
	if (counts != NULL) {
		fprintf(counts, "passed %u\nfailed %u\nskipped %u\n", total.passed, total.failed, total.skipped);
		fclose(counts);
	}
	return total.failed != 0;
}
