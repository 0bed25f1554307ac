#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

void doctor_report_init(struct doctor_report *report, const char *name, const char *library)
{
	*report = (struct doctor_report){.name = name, .library = library};
}

void doctor_report_clear(struct doctor_report *report)
{
	for (size_t i = 0; i < report->finding_count; i++) {
		free(report->findings[i].subject);
		free(report->findings[i].text);
	}
	for (size_t i = 0; i < report->object_count; i++) {
		free(report->objects[i].path);
		free(report->objects[i].calls);
	}
	free(report->findings);
	free(report->objects);
	free(report->path);
	free(report->loader);
}

void doctor_find(struct doctor_report *report, enum doctor_level level, const char *id, const char *subject,
		 const char *format, ...)
{
	struct doctor_finding *grown, found = {.level = level, .id = id};
	va_list args;
	va_start(args, format);
	int len = vasprintf(&found.text, format, args);
	va_end(args);
	if (len < 0)
		found.text = NULL;
	found.subject = strdup(subject);
	grown = realloc(report->findings, (report->finding_count + 1) * sizeof *grown);
	if (grown != NULL)
		report->findings = grown;
	if (found.text == NULL || found.subject == NULL || grown == NULL) {
		free(found.text);
		free(found.subject);
		report->failed = true;
		return;
	}
	report->findings[report->finding_count++] = found;
}

bool doctor_has(const struct doctor_report *report, enum doctor_level level)
{
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i].level == level)
			return true;
	return false;
}

bool doctor_unknown(const struct doctor_report *report)
{
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i].level == DOCTOR_PROBLEM && strcmp(report->findings[i].id, "unreadable") == 0)
			return true;
	return false;
}

const char *doctor_recommend(const struct doctor_report *report, const char **reason)
{
	if (report->bypass) {
		*reason = "something in it may read past libc: open then gives a memory file with the plaintext";
		return "memfd";
	}
	*reason = "the default";
	return "lazy";
}
