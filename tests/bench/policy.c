/* What a typical policy costs: some twenty lines, input looked up, a helper rule, an address range, a time window. Prints
 * JSON: microseconds (the best of many rounds, and the middle one), bytes, steps.
 *
 *   bench-policy [ROUNDS [simple]]
 *   bench-policy usual|simple|input    prints that text instead */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rego/rego.h"

#define POLICY(networks, contains) \
	"package model\n" \
	"\n" \
	"import rego.v1\n" \
	"\n" \
	"default allow := false\n" \
	"\n" \
	"networks := " networks "\n" \
	"\n" \
	"roles := {\"inference\": {\"production\", \"staging\"}, \"evaluation\": {\"staging\"}}\n" \
	"\n" \
	"inside(address) if {\n" \
	"\tsome network in networks\n" \
	"\t" contains "\n" \
	"}\n" \
	"\n" \
	"in_time if {\n" \
	"\ttime.now_ns() >= time.parse_rfc3339_ns(\"2020-01-01T00:00:00Z\")\n" \
	"\ttime.now_ns() < time.parse_rfc3339_ns(\"2200-01-01T00:00:00Z\")\n" \
	"}\n" \
	"\n" \
	"allow if {\n" \
	"\tinput.environment in roles[input.process.user]\n" \
	"\tstartswith(input.model.path, \"/srv/models/\")\n" \
	"\tevery address in input.host.addresses { inside(address) }\n" \
	"\tin_time\n" \
	"}\n"

static const char usual[] =
	POLICY("[\"10.0.0.0/8\", \"192.0.2.0/24\", \"fd00::/8\"]", "net.cidr_contains(network, address)");
/* For engines that do not know networks. */
static const char simple[] = POLICY("[\"10.\", \"192.0.2.\", \"fd\"]", "startswith(address, network)");

static const char input[] =
	"{\"model\":{\"path\":\"/srv/models/m/model-00001-of-00004.safetensors\",\"size\":4976698672,\"enc_kid\":\"enc-1\","
	"\"sign_kid\":\"sign-1\",\"version\":2,\"cipher\":\"aes256gcm\",\"tensors\":291,\"encrypted_tensors\":291},"
	"\"process\":{\"pid\":4242,\"executable\":\"/usr/bin/python3.11\",\"argv\":[\"python3\",\"serve.py\",\"--port\",\"80\"],"
	"\"cwd\":\"/srv\",\"uid\":1000,\"gid\":1000,\"groups\":[1000,4242],\"user\":\"inference\",\"parent\":{\"pid\":1}},"
	"\"host\":{\"name\":\"inference-1\",\"kernel\":\"6.1.0\",\"arch\":\"x86_64\",\"addresses\":[\"10.20.3.4\","
	"\"192.0.2.17\",\"fd12:3456::1\"]},\"time\":{\"rfc3339\":\"2027-01-31T08:30:00Z\",\"ns\":1801384200000000000},"
	"\"timestamp\":\"2027-01-31T08:30:00Z\",\"environment\":\"production\",\"env\":{}}";

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void print(const char *name, double *times, size_t count)
{
	qsort(times, count, sizeof *times, by_size);
	printf("\"%s_us\": {\"best\": %.1f, \"median\": %.1f}, ", name, times[0], times[count / 2]);
}

int main(int argc, char **argv)
{
	const char *policy = argc > 1 && strcmp(argv[argc - 1], "simple") == 0 ? simple : usual;
	if (argc == 2 && (policy == simple || strcmp(argv[1], "usual") == 0))
		return fputs(policy, stdout) < 0;
	if (argc > 1 && strcmp(argv[1], "input") == 0)
		return fputs(input, stdout) < 0;
	size_t rounds = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 2000;
	double *compile = calloc(rounds + 1, sizeof *compile), *evaluate = calloc(rounds + 1, sizeof *evaluate),
	       *whole = calloc(rounds + 1, sizeof *whole);
	struct rego_usage compiled = {0}, evaluated = {0};
	struct rego_error error;
	for (size_t i = 0; i < rounds; i++) {
		bool allows = false;
		double start = now();
		struct rego *rego = rego_new(NULL);
		if (rego == NULL || rego_add_module(rego, "policy", policy, strlen(policy), REGO_V1_OR_V0, &error) < 0
		    || rego_compile(rego, &error) < 0)
			return fprintf(stderr, "policy.c: %s\n", error.message), 1;
		double middle = now();
		compiled = rego_last_usage(rego);
		if (rego_set_input(rego, input, strlen(input), &error) < 0
		    || rego_allows(rego, "data.model.allow", &allows, NULL, &error) < 0 || !allows)
			return fprintf(stderr, "policy.c: denied: %s\n", error.message), 1;
		double end = now();
		evaluated = rego_last_usage(rego);
		rego_free(rego);
		compile[i] = middle - start;
		evaluate[i] = end - middle;
		whole[i] = now() - start;
	}
	printf("{\"rounds\": %zu, ", rounds);
	print("compile", compile, rounds);
	print("evaluate", evaluate, rounds);
	print("whole", whole, rounds);
	printf("\"compile_bytes\": %zu, \"evaluate_bytes\": %zu, \"steps\": %llu}\n", compiled.memory, evaluated.memory,
	       (unsigned long long)evaluated.steps);
	free(compile);
	free(evaluate);
	free(whole);
	return 0;
}
