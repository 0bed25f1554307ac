#include <stdio.h>
#include <string.h>

#include "doctor_out.h"
#include "say.h"

static const char *const levels[] = {"note", "warning", "problem"};
static const char *const fates[] = {"served", "needs no help", "goes past the library"};

/* Is it the first of the report's objects that imports it? */
static bool is_first(const struct doctor_report *report, size_t object, const struct io_call *call)
{
	for (size_t i = 0; i < object; i++)
		for (size_t k = 0; k < report->objects[i].count; k++)
			if (report->objects[i].calls[k] == call)
				return false;
	return true;
}

void doctor_count(const struct doctor_report *report, size_t counts[static 3])
{
	memset(counts, 0, 3 * sizeof *counts);
	for (size_t i = 0; i < report->object_count; i++)
		for (size_t k = 0; k < report->objects[i].count; k++)
			if (is_first(report, i, report->objects[i].calls[k]))
				counts[report->objects[i].calls[k]->fate]++;
}

static void put_label(const char *label)
{
	printf("  %-13s  ", label);
}

static void put_line(const char *label, const char *text)
{
	put_label(label);
	put_safe(stdout, text);
	putchar('\n');
}

static void put_calls(const struct doctor_report *report)
{
	for (enum io_fate fate = IO_SERVED; fate <= IO_PASSES; fate++)
		for (size_t i = 0; i < report->object_count; i++)
			for (size_t k = 0; k < report->objects[i].count; k++) {
				const struct io_call *call = report->objects[i].calls[k];
				if (call->fate == fate && is_first(report, i, call))
					printf("  %-34s%s%s%s\n", call->name, fates[fate],
					       call->text != NULL ? ": " : "",
					       call->text != NULL ? call->text : "");
			}
	for (size_t i = 0; i < report->object_count; i++)
		put_line(i == 0 ? "all files" : "", report->objects[i].path);
}

static void put_objects(const struct doctor_report *report)
{
	size_t counts[3];
	const char *reason, *mode = doctor_recommend(report, &reason);
	doctor_count(report, counts);
	put_label("looked at");
	printf("%zu file%s%s\n", report->object_count, report->object_count == 1 ? "" : "s",
	       report->kind == DOCTOR_PROCESS
		       ? ", all that is loaded"
		       : ": it and what it is linked with (what it loads later shows in its process)");
	put_label("I/O functions");
	printf("%zu imported: %zu served, %zu need no help, %zu go past the library\n",
	       counts[IO_SERVED] + counts[IO_HARMLESS] + counts[IO_PASSES], counts[IO_SERVED], counts[IO_HARMLESS],
	       counts[IO_PASSES]);
	put_label("serving mode");
	printf("%s (%s)\n", mode, reason);
}

static void put_verdict(const struct doctor_report *report)
{
	put_safe(stdout, report->name);
	if (doctor_unknown(report))
		puts(": cannot tell");
	else if (doctor_has(report, DOCTOR_PROBLEM))
		puts(report->kind == DOCTOR_PROCESS ? ": is not served" : ": cannot be served");
	else if (report->kind == DOCTOR_PROCESS)
		printf(": is served%s\n", doctor_has(report, DOCTOR_WARNING) ? ", perhaps not everywhere" : "");
	else
		printf(": can be served%s\n", doctor_has(report, DOCTOR_WARNING) ? ", perhaps not everywhere" : "");
}

void doctor_text(const struct doctor_report *report, bool all)
{
	put_safe(stdout, report->name);
	putchar('\n');
	if (report->path != NULL)
		put_line(report->kind == DOCTOR_LIBRARY  ? "library"
			 : report->kind == DOCTOR_SCRIPT ? "interpreter"
							 : "program",
			 report->path);
	if (report->loader != NULL)
		put_line("loader", report->loader);
	if (report->object_count > 0)
		put_objects(report);
	for (int level = DOCTOR_PROBLEM; level >= DOCTOR_NOTE; level--) {
		for (size_t i = 0; i < report->finding_count; i++) {
			const struct doctor_finding *finding = &report->findings[i];
			if ((int)finding->level != level)
				continue;
			put_label(levels[level]);
			put_safe(stdout, finding->subject);
			fputs(": ", stdout);
			put_safe(stdout, finding->text);
			putchar('\n');
		}
	}
	if (all)
		put_calls(report);
	put_verdict(report);
}

void model_check_text(const struct model_check *check)
{
	static const char *const statuses[] = {"ok", "warning", "FAILED"};
	put_safe(stdout, check->path);
	putchar('\n');
	for (size_t i = 0; i < check->count; i++) {
		const struct model_step *step = &check->steps[i];
		put_label(step->name);
		printf("%-7s  ", statuses[step->status]);
		put_safe(stdout, step->text);
		putchar('\n');
	}
	put_safe(stdout, check->path);
	puts(check->failed ? ": cannot be read" : ": can be read by programs under the library");
}
