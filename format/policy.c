#include "policy.h"

#include <stdio.h>
#include <string.h>

enum { RULE_MAX = sizeof((struct ct_policy_facts *)NULL)->package + 8, PACKAGES_MAX = 64 };

void ct_policy_say(const struct rego_error *error, char *text, size_t room)
{
	char place[200] = "";
	if (error->line != 0)
		snprintf(place, sizeof place, "%s%sline %u, column %u: ", error->file, error->file[0] != '\0' ? ", " : "",
			 error->line, error->column);
	else if (error->file[0] != '\0')
		snprintf(place, sizeof place, "%s: ", error->file);
	snprintf(text, room, "%s%s: %s", place, rego_code_name(error->code), error->message);
	for (char *p = text; *p != '\0'; p++) /* it quotes what others wrote */
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
}

static void fail(struct ct_policy_verdict *verdict, const struct rego_error *error)
{
	verdict->outcome = CT_POLICY_ERROR;
	ct_policy_say(error, verdict->why, sizeof verdict->why);
}

/* The package's rule `allow`. False: the name is too long to be any rule's that is asked for. */
static bool name_rule(char rule[static RULE_MAX], const char *package)
{
	return package != NULL && snprintf(rule, RULE_MAX, "%s.allow", package) < RULE_MAX;
}

static bool has_rule(struct rego *rego, const char *rule)
{
	const char *name;
	for (size_t i = 0; (name = rego_rule_name(rego, i)) != NULL; i++)
		if (strcmp(name, rule) == 0)
			return true;
	return false;
}

/* Is `rule` boolean true? Anything else becomes the verdict. */
static bool ask(struct rego *rego, const char *rule, struct ct_policy_verdict *verdict)
{
	struct rego_error error;
	const char *json;
	if (rego_eval_rule(rego, rule, &json, &error) < 0) {
		fail(verdict, &error);
		return false;
	}
	if (json != NULL && strcmp(json, "true") == 0)
		return true;
	verdict->outcome = CT_POLICY_DENIES;
	if (json == NULL)
		snprintf(verdict->why, sizeof verdict->why, "%.135s is undefined", rule);
	else
		snprintf(verdict->why, sizeof verdict->why, "%.135s is %.60s%s", rule, json,
			 strcmp(json, "false") == 0 ? "" : ", which is not true");
	return false;
}

static void judge(struct rego *rego, const struct ct_policy_module *modules, size_t count,
		  const struct ct_policy_world *world, struct ct_policy_verdict *verdict)
{
	struct rego_error error;
	char rules[PACKAGES_MAX][RULE_MAX];
	size_t packages = 0, asked = 0;
	/* Modules of several packages need not all decide, and data is no rule. */
	bool look = count > 1 || world->data != NULL;
	rego_set_now(rego, world->now);
	rego_set_crypto(rego, world->crypto);
	for (size_t i = 0; i < count; i++) {
		const struct ct_policy_module *module = &modules[i];
		char rule[RULE_MAX];
		if (rego_add_module(rego, module->name, module->text, module->len, REGO_V1_OR_V0, &error) < 0) {
			fail(verdict, &error);
			return;
		}
		bool known = !name_rule(rule, rego_package(rego)); /* too long: has none that could be asked for */
		for (size_t p = 0; p < packages && !known; p++)
			known = strcmp(rules[p], rule) == 0;
		if (!known && packages == PACKAGES_MAX) {
			verdict->outcome = CT_POLICY_ERROR;
			snprintf(verdict->why, sizeof verdict->why, "more than %d packages", PACKAGES_MAX);
			return;
		}
		if (!known)
			strcpy(rules[packages++], rule);
	}
	if ((world->data != NULL && rego_set_data(rego, world->data, world->data_len, &error) < 0)
	    || (world->input != NULL && rego_set_input(rego, world->input, world->input_len, &error) < 0)
	    || rego_compile(rego, &error) < 0) {
		fail(verdict, &error);
		return;
	}
	for (size_t p = 0; p < packages; p++) {
		if (look && !has_rule(rego, rules[p]))
			continue;
		asked++;
		if (!ask(rego, rules[p], verdict))
			return;
	}
	if (asked > 0) {
		verdict->outcome = CT_POLICY_ALLOWS;
		return;
	}
	verdict->outcome = CT_POLICY_DENIES;
	snprintf(verdict->why, sizeof verdict->why, "%.135s is undefined", packages > 0 ? rules[0] : "allow");
}

void ct_policy_judge(const struct ct_policy_module *modules, size_t count, const struct ct_policy_world *world,
		     struct ct_policy_verdict *verdict)
{
	struct rego *rego = rego_new(NULL);
	*verdict = (struct ct_policy_verdict){.outcome = CT_POLICY_ERROR};
	if (rego == NULL) {
		strcpy(verdict->why, "out of memory");
		return;
	}
	judge(rego, modules, count, world, verdict);
	verdict->usage = rego_last_usage(rego);
	rego_free(rego);
}

int ct_policy_check(const char *module, struct ct_error *err)
{
	struct ct_policy_verdict verdict;
	struct ct_policy_module only = {.name = "", .text = module, .len = strlen(module)};
	if (ct_policy_is_default(module))
		return 0;
	ct_policy_judge(&only, 1, &(struct ct_policy_world){0}, &verdict);
	if (verdict.outcome == CT_POLICY_ALLOWS)
		return 0;
	return ct_fail(err, CT_E_POLICY, "its access policy denies loading: %s", verdict.why);
}

static int compile(struct rego *rego, const struct ct_policy_module *module, struct ct_policy_facts *facts,
		   struct rego_error *error)
{
	char rule[RULE_MAX];
	struct rego_error as_v0;
	*facts = (struct ct_policy_facts){0};
	if (rego_add_module(rego, module->name, module->text, module->len, REGO_V1, error) < 0) {
		if (rego_add_module(rego, module->name, module->text, module->len, REGO_V0, &as_v0) < 0)
			return -1;
		facts->v0 = true;
	}
	if (rego_compile(rego, error) < 0)
		return -1;
	snprintf(facts->package, sizeof facts->package, "%s", rego_package(rego));
	facts->has_allow = name_rule(rule, rego_package(rego)) && has_rule(rego, rule);
	return 0;
}

int ct_policy_compile(const struct ct_policy_module *module, struct ct_policy_facts *facts, struct rego_error *error)
{
	struct rego *rego = rego_new(NULL);
	if (rego == NULL) {
		*error = (struct rego_error){.code = REGO_NO_MEMORY, .message = "out of memory"};
		return -1;
	}
	int status = compile(rego, module, facts, error);
	rego_free(rego);
	return status;
}
