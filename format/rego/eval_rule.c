/* Rules and functions: every definition counts, and their results must agree. */
#include "eval.h"

#include <string.h>

#define FIRST_SLOTS 120

/* Frames lie in blocks, each twice as large as the one below it. A block above the one in use stays for the next time. */
static const struct rego_value **push(struct rego_eval *eval, size_t count)
{
	struct rego_slots *block = eval->slots;
	if (block != NULL && block->size - block->at >= count) {
		block->at += count;
		return block->slots + block->at - count;
	}
	struct rego_slots *above = block != NULL ? block->above : NULL;
	if (above == NULL || above->size < count) {
		size_t size = block == NULL ? FIRST_SLOTS : block->size * 2;
		size = size < count ? count : size;
		above = rego_alloc(eval->work, sizeof *above + size * sizeof(struct rego_value *));
		if (above == NULL)
			return NULL;
		above->size = size;
		above->below = block;
		if (block != NULL)
			block->above = above;
	}
	above->at = count;
	eval->slots = above;
	return above->slots;
}

static void pop(struct rego_eval *eval, size_t count)
{
	eval->slots->at -= count;
	if (eval->slots->at == 0 && eval->slots->below != NULL)
		eval->slots = eval->slots->below;
}

static bool match_args(struct rego_eval *eval, struct rego_frame *frame, const struct rego_value *const *args)
{
	for (size_t i = 0; i < frame->clause->arg_count; i++)
		if (!rego_match(eval, frame, frame->clause->args[i], args[i]))
			return false;
	return true;
}

bool rego_run_clause(struct rego_eval *eval, const struct rego_clause *clause, const struct rego_value *const *args,
		     struct rego_collector *collector)
{
	if (!rego_descend(eval->work))
		return false;
	for (; clause != NULL; clause = clause->otherwise) {
		struct rego_frame frame = {push(eval, clause->slots), clause};
		struct rego_collector own = {.value = NULL};
		bool chained = clause->otherwise != NULL || clause->plan->end == REGO_END_VALUE;
		struct rego_collector *target = chained ? &own : collector;
		if (frame.slots == NULL)
			return false;
		eval->frames++;
		enum rego_flow flow = REGO_NEXT;
		if (match_args(eval, &frame, args))
			flow = rego_run(eval, &frame, clause->plan, 0, target);
		pop(eval, clause->slots);
		if (flow == REGO_FAILED || rego_failed(eval->work)) {
			rego_failed_at(eval, &frame, clause->rule != NULL ? clause->rule->place : (struct rego_place){0, 0});
			return false;
		}
		if (!own.found)
			continue;
		if (collector->value != NULL && !rego_equal(eval->work, collector->value, own.value)) {
			rego_fail(eval->work, REGO_CONFLICT, "%s",
				  clause->rule->function ? "functions must not produce multiple outputs for same inputs"
							 : "complete rules must not produce multiple outputs");
			rego_failed_at(eval, &frame, clause->rule->place);
			return false;
		}
		collector->value = own.value;
		collector->found = true;
		break;
	}
	return !rego_failed(eval->work);
}

static const struct rego_value *single_value(struct rego_eval *eval, const struct rego_node *node,
					     const struct rego_value *const *args)
{
	struct rego_collector collector = {.value = NULL};
	for (const struct rego_clause *clause = node->clauses; clause != NULL; clause = clause->next)
		if (!rego_run_clause(eval, clause, args, &collector))
			return NULL;
	if (!collector.found && node->standard != NULL && !rego_run_clause(eval, node->standard, args, &collector))
		return NULL;
	return collector.value;
}

static const struct rego_value *set_of(struct rego_eval *eval, const struct rego_node *node)
{
	struct rego_collector collector = {.value = NULL};
	for (const struct rego_clause *clause = node->clauses; clause != NULL; clause = clause->next)
		if (!rego_run_clause(eval, clause, NULL, &collector))
			return NULL;
	return rego_set(eval->work, collector.list.items, collector.list.count);
}

const struct rego_value *rego_rule_value(struct rego_eval *eval, const struct rego_node *node)
{
	if (node->kind == REGO_R_FUNCTION || !rego_descend(eval->work))
		return NULL;
	struct rego_memo *memo = rego_memo_of(eval, node);
	if (memo == NULL)
		return NULL;
	if (memo->state == REGO_MEMO_DONE)
		return memo->value;
	if (memo->state == REGO_MEMO_BUSY) {
		rego_fail(eval->work, REGO_RECURSION, "a rule depends on itself");
		return NULL;
	}
	memo->state = REGO_MEMO_BUSY;
	memo->value = node->kind == REGO_R_COMPLETE ? single_value(eval, node, NULL)
		      : node->kind == REGO_R_SET    ? set_of(eval, node)
						    : rego_entries_of(eval, node);
	memo->state = REGO_MEMO_DONE;
	return memo->value;
}

const struct rego_value *rego_call_function(struct rego_eval *eval, const struct rego_node *node,
					    const struct rego_value *const *args)
{
	return rego_descend(eval->work) ? single_value(eval, node, args) : NULL;
}
