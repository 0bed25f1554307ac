/* with: other worlds. What was found out in one is not true in another. */
#include "eval.h"

#include <string.h>

struct rego_memo *rego_memo_of(struct rego_eval *eval, const struct rego_node *node)
{
	struct rego_world *world = eval->world;
	size_t size = eval->program->node_count * sizeof *world->memos;
	if (world->memos == NULL) {
		if (eval->free_memos != NULL) {
			world->memos = (void *)eval->free_memos;
			eval->free_memos = eval->free_memos->next;
			memset(world->memos, 0, size);
		} else if ((world->memos = rego_alloc(eval->work, size)) == NULL) {
			return NULL;
		}
	}
	return &world->memos[node->index];
}

static void give_back(struct rego_eval *eval, struct rego_world *world)
{
	if (world == NULL || world->memos == NULL)
		return;
	struct rego_memo_list *list = (void *)world->memos;
	world->memos = NULL;
	list->next = eval->free_memos;
	eval->free_memos = list;
}

struct rego_world *rego_plain_world(struct rego_eval *eval)
{
	struct rego_world *world = eval->world;
	if (world->plain == NULL) {
		world->plain = rego_alloc(eval->work, sizeof *world);
		if (world->plain == NULL)
			return NULL;
		*world->plain = *world;
		world->plain->memos = NULL;
		world->plain->plain = NULL;
		world->plain->mock_count = 0;
	}
	return world->plain;
}

/* `document` with `value` at the path; what stands in the way and is no object gives way. */
static const struct rego_value *put(struct rego_eval *eval, struct rego_frame *frame, const struct rego_value *document,
				    struct rego_operand *const *path, size_t count, const struct rego_value *value)
{
	if (count == 0)
		return value;
	if (!rego_descend(eval->work))
		return NULL;
	const struct rego_value *key = rego_value_of(eval, frame, path[0]);
	bool object = document != NULL && document->type == REGO_OBJECT;
	size_t size = object ? document->object.count : 0;
	struct rego_member *members = rego_alloc_array(eval->work, size + 1, sizeof *members);
	if (key == NULL || members == NULL || !rego_spend(eval->work, size / 8))
		return NULL;
	const struct rego_value *old = object ? rego_get(eval->work, document, key) : NULL;
	if (size > 0)
		memcpy(members, document->object.members, size * sizeof *members);
	members[size].key = key;
	members[size].value = put(eval, frame, old, path + 1, count - 1, value);
	return members[size].value != NULL ? rego_object(eval->work, members, size + 1) : NULL;
}

static bool hide(struct rego_eval *eval, struct rego_world *world, const struct rego_node *node)
{
	if (node == NULL)
		return true;
	const struct rego_node **hidden = rego_alloc_array(eval->work, world->hidden_count + 1, sizeof(struct rego_node *));
	if (hidden == NULL)
		return false;
	if (world->hidden_count > 0)
		memcpy(hidden, world->hidden, world->hidden_count * sizeof(struct rego_node *));
	hidden[world->hidden_count++] = node;
	world->hidden = hidden;
	return true;
}

static bool add_mock(struct rego_eval *eval, struct rego_world *world, const struct rego_replacement *what,
		     const struct rego_value *value)
{
	struct rego_mock *mocks = rego_alloc_array(eval->work, world->mock_count + 1, sizeof *mocks);
	if (mocks == NULL)
		return false;
	if (world->mock_count > 0)
		memcpy(mocks, world->mocks, world->mock_count * sizeof *mocks);
	mocks[world->mock_count++] = (struct rego_mock){what, value};
	world->mocks = mocks;
	return true;
}

/* Where only a path below a package is replaced, the rules elsewhere in it stay. */
static bool replace(struct rego_eval *eval, struct rego_frame *frame, struct rego_world *world,
		    const struct rego_replacement *what)
{
	const struct rego_value *value = what->value != NULL ? rego_value_of(eval, frame, what->value) : NULL;
	if (what->value != NULL && value == NULL)
		return false;
	switch (what->target) {
	case REGO_WITH_INPUT:
		world->input = put(eval, frame, world->input, what->path, what->path_count, value);
		return world->input != NULL;
	case REGO_WITH_DATA:
		world->data = put(eval, frame, world->data, what->path, what->path_count, value);
		return world->data != NULL && hide(eval, world, what->node);
	default:
		return add_mock(eval, world, what, value);
	}
}

enum rego_flow rego_with_step(struct rego_eval *eval, struct rego_frame *frame, const struct rego_plan *plan, size_t at,
			      struct rego_collector *collector)
{
	const struct rego_step *step = plan->steps[at];
	struct rego_world *outside = eval->world, world = *outside;
	world.memos = NULL;
	world.plain = NULL;
	if (!rego_descend(eval->work))
		return REGO_FAILED;
	for (size_t i = 0; i < step->replacement_count; i++)
		if (!replace(eval, frame, &world, &step->replacements[i]))
			return REGO_FAILED;
	struct rego_collector behind = {.plan = plan, .at = at + 1, .outer = collector, .world = outside};
	eval->world = &world;
	enum rego_flow flow = rego_run(eval, frame, step->block, 0, &behind);
	eval->world = outside;
	give_back(eval, &world);
	give_back(eval, world.plain);
	return flow;
}
