/* Times starting a program: start COUNT PRELOAD PROGRAM [ARGUMENT]..., prints two medians in microseconds: of
 * COUNT starts without and COUNT with LD_PRELOAD=PRELOAD, one after the other in turn. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double start(char **argv)
{
	pid_t child;
	int status;
	double began = now();
	if (posix_spawnp(&child, argv[0], NULL, NULL, argv, environ) != 0
	    || waitpid(child, &status, 0) != child || status != 0) {
		fprintf(stderr, "start: %s did not run well\n", argv[0]);
		exit(1);
	}
	return now() - began;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	int count = argc > 3 ? atoi(argv[1]) : 0;
	if (count < 1)
		return 2;
	double *times[2] = {calloc((size_t)count, sizeof(double)), calloc((size_t)count, sizeof(double))};
	for (int i = -3; i < count; i++) /* the first few warm up */
		for (int with = 0; with < 2; with++) {
			if (with)
				setenv("LD_PRELOAD", argv[2], 1);
			else
				unsetenv("LD_PRELOAD");
			double took = start(argv + 3);
			if (i >= 0)
				times[with][i] = took;
		}
	for (int with = 0; with < 2; with++)
		qsort(times[with], (size_t)count, sizeof(double), compare);
	printf("%.1f %.1f\n", times[0][count / 2], times[1][count / 2]);
	return 0;
}
