/* graph.reachable, graph.reachable_paths and walk. */
#include <string.h>

#include "operand.h"

static bool is_graph(struct rego_call *call, const struct rego_value *const *args)
{
	if (!rego_operand(call, args, 1, REGO_OBJECT))
		return false;
	if (rego_is_list(args[1]))
		return true;
	rego_wrong_type(call, 2, "one of {array, set}", args[1]);
	return false;
}

/* The place of a node in the graph's object, whose keys are sorted; its count: there is no such node. */
static size_t find(struct rego_work *work, const struct rego_value *graph, const struct rego_value *node)
{
	size_t low = 0, high = graph->object.count;
	while (low < high && !rego_failed(work)) {
		size_t middle = low + (high - low) / 2;
		int order = rego_compare(work, graph->object.members[middle].key, node);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return graph->object.count;
}

/* Neighbours of a node: what is neither array nor set has none. */
static size_t edges_of(const struct rego_value *graph, size_t node, const struct rego_value *const **edges)
{
	const struct rego_value *value = graph->object.members[node].value;
	*edges = rego_is_list(value) ? value->list.items : NULL;
	return *edges ? value->list.count : 0;
}

static const struct rego_value *graph_reachable(struct rego_call *call, const struct rego_value *const *args)
{
	struct rego_work *work = call->work;
	const struct rego_value *graph = args[0], *const *edges;
	if (!is_graph(call, args))
		return NULL;
	/* Nodes that were seen stand in `queue`, in the order of finding; those before `done` have been looked at. */
	size_t count = graph->object.count, seen = 0, done = 0;
	bool *known = rego_alloc(work, count + 1);
	size_t *queue = rego_alloc_array(work, count + 1, sizeof *queue);
	if (!known || !queue)
		return NULL;
	const struct rego_value *const *next = args[1]->list.items;
	size_t left = args[1]->list.count;
	for (;;) {
		for (; left > 0; next++, left--) {
			size_t node = find(work, graph, *next);
			if (!rego_spend(work, 1))
				return NULL;
			if (node < count && !known[node]) {
				known[node] = true;
				queue[seen++] = node;
			}
		}
		if (done == seen)
			break;
		left = edges_of(graph, queue[done++], &edges);
		next = edges;
	}
	const struct rego_value **items = rego_alloc_array(work, seen + 1, sizeof *items);
	if (!items)
		return NULL;
	for (size_t i = 0; i < seen; i++)
		items[i] = graph->object.members[queue[i]].key;
	return rego_set(work, items, seen);
}

struct paths {
	struct rego_work *work;
	const struct rego_value *graph;
	bool *on_path;                   /* by the graph's nodes */
	const struct rego_value **path; /* room for every node of the graph */
	size_t len;
	struct rego_list found;
};

static bool commit(struct paths *paths)
{
	const struct rego_value **items = rego_alloc_array(paths->work, paths->len + 1, sizeof *items);
	if (!items || !rego_spend(paths->work, paths->len + 1))
		return false;
	memcpy(items, paths->path, paths->len * sizeof *items);
	const struct rego_value *path = rego_array(paths->work, items, paths->len);
	return path && rego_list_add(paths->work, &paths->found, path);
}

/* All ways on from `node`. A path ends where nothing follows, before a node that is not in the graph, and before a node that
 * is on it. */
static bool extend(struct paths *paths, const struct rego_value *node)
{
	const struct rego_value *const *edges;
	if (!rego_descend(paths->work) || !rego_spend(paths->work, 1))
		return false;
	size_t place = find(paths->work, paths->graph, node);
	if (place == paths->graph->object.count || paths->on_path[place])
		return commit(paths);
	size_t count = edges_of(paths->graph, place, &edges);
	paths->path[paths->len++] = node;
	paths->on_path[place] = true;
	bool good = count > 0 || commit(paths);
	for (size_t i = 0; good && i < count; i++)
		good = extend(paths, edges[i]);
	paths->on_path[place] = false;
	paths->len--;
	return good;
}

static const struct rego_value *graph_reachable_paths(struct rego_call *call, const struct rego_value *const *args)
{
	struct rego_work *work = call->work;
	if (!is_graph(call, args))
		return NULL;
	size_t count = args[0]->object.count;
	struct paths paths = {.work = work, .graph = args[0]};
	paths.on_path = rego_alloc(work, count + 1);
	paths.path = rego_alloc_array(work, count + 1, sizeof *paths.path);
	if (!paths.on_path || !paths.path)
		return NULL;
	for (size_t i = 0; i < args[1]->list.count; i++) {
		const struct rego_value *node = args[1]->list.items[i];
		if (find(work, args[0], node) < count && !extend(&paths, node))
			return NULL;
	}
	return rego_failed(work) ? NULL : rego_set(work, paths.found.items, paths.found.count);
}

struct walk {
	struct rego_work *work;
	const struct rego_value *path[64]; /* deeper ones are in `more` */
	const struct rego_value **more;
	size_t len;
	struct rego_list found;
};

static bool visit(struct walk *walk, const struct rego_value *value);

static bool visit_member(struct walk *walk, const struct rego_value *key, const struct rego_value *value)
{
	walk->more[walk->len++] = key;
	bool good = visit(walk, value);
	walk->len--;
	return good;
}

/* Every value in `value` with the path to it, itself first. */
static bool visit(struct walk *walk, const struct rego_value *value)
{
	struct rego_work *work = walk->work;
	const struct rego_value **pair = rego_alloc_array(work, 2 + walk->len, sizeof *pair);
	if (!pair || !rego_descend(work) || !rego_spend(work, 1 + walk->len))
		return false;
	memcpy(pair + 2, walk->more, walk->len * sizeof *pair);
	pair[0] = rego_array(work, pair + 2, walk->len);
	pair[1] = value;
	const struct rego_value *both = pair[0] ? rego_array(work, pair, 2) : NULL;
	if (!both || !rego_list_add(work, &walk->found, both))
		return false;
	bool good = true;
	if (value->type == REGO_OBJECT) {
		for (size_t i = 0; good && i < value->object.count; i++)
			good = visit_member(walk, value->object.members[i].key, value->object.members[i].value);
	} else if (value->type == REGO_SET) {
		for (size_t i = 0; good && i < value->list.count; i++)
			good = visit_member(walk, value->list.items[i], value->list.items[i]);
	} else if (value->type == REGO_ARRAY) {
		for (size_t i = 0; good && i < value->list.count; i++) {
			const struct rego_value *index = rego_integer(work, (int64_t)i);
			good = index && visit_member(walk, index, value->list.items[i]);
		}
	}
	return good;
}

static const struct rego_value *walk_all(struct rego_call *call, const struct rego_value *const *args)
{
	struct walk walk = {.work = call->work};
	walk.more = args[0]->depth < 64 ? walk.path
					: rego_alloc_array(call->work, args[0]->depth + 1u, sizeof *walk.more);
	if (!walk.more || !visit(&walk, args[0]))
		return NULL;
	return rego_array(call->work, walk.found.items, walk.found.count);
}

static const struct rego_builtin rows[] = {
	{"graph.reachable", 2, 0, graph_reachable},
	{"graph.reachable_paths", 2, 0, graph_reachable_paths},
	{"walk", 1, REGO_RELATION, walk_all},
};

REGO_FAMILY(graph, rows);
