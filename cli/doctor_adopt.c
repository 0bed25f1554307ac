/* A model, as a running process would see it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor_model.h"

extern char **environ;

static bool is_setting(const char *item)
{
	return strncmp(item, "CTSHIM_", 7) == 0 || strncmp(item, "CRYPTOTENSOR_", 13) == 0
	       || strncmp(item, "HOME=", 5) == 0;
}

static void drop_settings(void)
{
	char name[256];
	for (char **at = environ; *at != NULL;) {
		size_t len = strcspn(*at, "=");
		if (!is_setting(*at) || len >= sizeof name) {
			at++;
			continue;
		}
		memcpy(name, *at, len);
		name[len] = '\0';
		unsetenv(name); /* which moves the others up */
	}
}

static void take_settings(FILE *file)
{
	char *item = NULL;
	size_t room = 0;
	while (getdelim(&item, &room, '\0', file) > 0) {
		char *value = strchr(item, '=');
		if (value == NULL || !is_setting(item))
			continue;
		*value = '\0';
		setenv(item, value + 1, 1);
	}
	if (item != NULL) /* it may have held keys */
		explicit_bzero(item, room);
	free(item);
}

int model_check_adopt(struct model_check *check, pid_t pid, struct ct_error *err)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return ct_fail_sys(err, errno, "the environment of process %d cannot be read", (int)pid);
	check->resolved = realpath(check->path, NULL);
	drop_settings();
	take_settings(file);
	fclose(file);
	free(check->disable);
	check->disable = getenv("CTSHIM_DISABLE") != NULL ? strdup(getenv("CTSHIM_DISABLE")) : NULL;
	model_check_expose(check, false);
	snprintf(path, sizeof path, "/proc/%d/cwd", (int)pid);
	if (chdir(path) < 0)
		return ct_fail_sys(err, errno, "the directory of process %d cannot be entered", (int)pid);
	return 0;
}
