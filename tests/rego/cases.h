/* One case: read, run, compared. */
#ifndef CASES_H
#define CASES_H

#include <stdbool.h>
#include <stddef.h>

enum case_result { CASE_PASSED, CASE_FAILED, CASE_SKIPPED };

struct case_name {
	char note[256], file[256];
	int number;
	bool rejects; /* an error at compile time is wanted */
};

/* `topic` tells the form: regorus/... or the other. `why` says what was wrong. */
enum case_result run_case(const char *topic, const char *line, size_t len, struct case_name *name, char *why, size_t size);

#endif
