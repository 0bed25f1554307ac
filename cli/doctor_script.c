#include <stdio.h>
#include <string.h>

#include "doctor.h"

/* A heuristic on words: a script may say them without running them, or run them where it does not matter. */
static const struct {
	const char *words, *text;
} losers[] = {
	{"env -i", "clears the environment"},
	{"unset LD_PRELOAD", "unsets LD_PRELOAD"},
	{"LD_PRELOAD=", "sets LD_PRELOAD itself"},
	{"sudo ", "starts programs by sudo, which keeps no LD_PRELOAD"},
};

void doctor_script_text(struct doctor_report *report, const char *path)
{
	enum { LINES_MAX = 2000 };
	char line[2048];
	FILE *file = fopen(path, "re");
	for (int number = 1; file != NULL && number <= LINES_MAX && fgets(line, sizeof line, file) != NULL; number++) {
		const char *text = line + strspn(line, " \t");
		for (size_t i = 0; text[0] != '#' && i < sizeof losers / sizeof *losers; i++) {
			const char *found = strstr(text, losers[i].words);
			if (found == NULL || strstr(found, "libctshim.so") != NULL)
				continue;
			doctor_find(report, DOCTOR_WARNING, "script", path,
				    "line %d perhaps %s: what it starts there then runs without the library", number,
				    losers[i].text);
		}
	}
	if (file != NULL)
		fclose(file);
}
