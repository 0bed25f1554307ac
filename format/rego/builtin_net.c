/* net.cidr_*: networks of the Internet Protocol. */
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "operand.h"

static bool parse_network(struct rego_call *call, const struct rego_value *value, struct rego_network *network)
{
	if (value->type != REGO_STRING) {
		rego_wrong_type(call, 1, "string", value);
		return false;
	}
	if (!rego_spend(call->work, 1))
		return false;
	if (!rego_network_parse(value->string.bytes, value->string.len, network)) {
		rego_builtin_failed(call, "invalid CIDR address: %.*s", REGO_SHOWN(value));
		return false;
	}
	return true;
}

/* Is `inner`, an address or a network, in `outer`? */
static bool contains(struct rego_call *call, const struct rego_value *outer, const struct rego_value *inner, bool *has)
{
	struct rego_network network, other;
	struct rego_address first, last;
	bool four;
	if (!parse_network(call, outer, &network))
		return false;
	if (inner->type != REGO_STRING) {
		rego_wrong_type(call, 1, "string", inner);
		return false;
	}
	if (rego_address_parse(inner->string.bytes, inner->string.len, &first, &four)) {
		*has = rego_network_has(&network, &first);
		return true;
	}
	if (!rego_network_parse(inner->string.bytes, inner->string.len, &other)) {
		rego_builtin_failed(call, "not a valid textual representation of an IP address or CIDR: %.*s",
				    REGO_SHOWN(inner));
		return false;
	}
	rego_network_range(&other, &first, &last);
	*has = rego_network_has(&network, &first) && rego_network_has(&network, &last);
	return true;
}

static const struct rego_value *net_cidr_contains(struct rego_call *call, const struct rego_value *const *args)
{
	bool has;
	return contains(call, args[0], args[1], &has) ? rego_boolean(has) : NULL;
}

static const struct rego_value *net_cidr_intersects(struct rego_call *call, const struct rego_value *const *args)
{
	struct rego_network a, b;
	struct rego_address first_a, first_b, last;
	if (!parse_network(call, args[0], &a) || !parse_network(call, args[1], &b))
		return NULL;
	rego_network_range(&a, &first_a, &last);
	rego_network_range(&b, &first_b, &last);
	return rego_boolean(rego_network_has(&a, &first_b) || rego_network_has(&b, &first_a));
}

static const struct rego_value *net_cidr_is_valid(struct rego_call *call, const struct rego_value *const *args)
{
	struct rego_network network;
	(void)call;
	return rego_boolean(args[0]->type == REGO_STRING
			    && rego_network_parse(args[0]->string.bytes, args[0]->string.len, &network));
}

/* An operand of net.cidr_contains_matches is a string, or a collection of strings or of arrays that begin with one. */
struct candidates {
	const struct rego_value *value;
	unsigned operand;
};

static size_t candidate_count(const struct rego_value *value)
{
	if (value->type == REGO_STRING)
		return 1;
	if (value->type == REGO_OBJECT)
		return value->object.count;
	return rego_is_list(value) ? value->list.count : 0;
}

/* Number `i`: what to look at, and by what name the result calls it. */
static bool candidate(struct rego_call *call, struct candidates from, size_t i, const struct rego_value **cidr,
		      const struct rego_value **index)
{
	const struct rego_value *value = from.value;
	if (value->type == REGO_STRING) {
		*cidr = *index = value;
		return true;
	}
	if (value->type == REGO_OBJECT) {
		*cidr = value->object.members[i].value;
		*index = value->object.members[i].key;
	} else {
		*cidr = *index = value->list.items[i];
		if (value->type == REGO_ARRAY && !(*index = rego_integer(call->work, (int64_t)i)))
			return false;
	}
	if ((*cidr)->type == REGO_ARRAY && (*cidr)->list.count > 0) {
		*cidr = (*cidr)->list.items[0];
		return true;
	}
	if ((*cidr)->type == REGO_STRING)
		return true;
	rego_builtin_failed(call, "operand %u: element must be string or non-empty array", from.operand);
	return false;
}

static const struct rego_value *net_cidr_contains_matches(struct rego_call *call, const struct rego_value *const *args)
{
	struct candidates outer = {args[0], 1}, inner = {args[1], 2};
	struct rego_list found = {0};
	const struct rego_value *cidr, *index, *other, *other_index;
	for (size_t i = 0; i < candidate_count(args[0]); i++) {
		if (!candidate(call, outer, i, &cidr, &index))
			return NULL;
		for (size_t j = 0; j < candidate_count(args[1]); j++) {
			bool has;
			if (!candidate(call, inner, j, &other, &other_index) || !contains(call, cidr, other, &has))
				return NULL;
			if (!has)
				continue;
			const struct rego_value **pair = rego_alloc_array(call->work, 2, sizeof *pair);
			if (!pair)
				return NULL;
			pair[0] = index;
			pair[1] = other_index;
			const struct rego_value *both = rego_array(call->work, pair, 2);
			if (!both || !rego_list_add(call->work, &found, both))
				return NULL;
		}
	}
	return rego_set(call->work, found.items, found.count);
}

static const struct rego_value *net_cidr_expand(struct rego_call *call, const struct rego_value *const *args)
{
	struct rego_network network;
	struct rego_work *work = call->work;
	struct rego_address address, last;
	char text[REGO_ADDRESS_TEXT];
	if (!parse_network(call, args[0], &network))
		return NULL;
	unsigned bits = (network.four ? 32 : 128) - network.prefix;
	if (bits >= 32 || (size_t)1 << bits > work->limits.collection) {
		rego_fail(work, REGO_LIMIT_COLLECTION, "a network of 2^%u addresses is too large to expand", bits);
		return NULL;
	}
	size_t count = (size_t)1 << bits;
	const struct rego_value **items = rego_alloc_array(work, count, sizeof *items);
	if (!items || !rego_spend(work, count))
		return NULL;
	rego_network_range(&network, &address, &last);
	for (size_t i = 0; i < count; i++, address = rego_address_next(address)) {
		rego_address_text(&address, text);
		if (!(items[i] = rego_text(work, text)))
			return NULL;
	}
	return rego_set(work, items, count);
}

/* One network, or several that were merged: then `merged`, and the range tells. */
struct range {
	struct rego_address first, last;
	struct rego_network network;
	bool merged;
};

/* A heap sort by the last address, then by the first. */
static int order(const struct range *a, const struct range *b)
{
	int last = rego_address_compare(&a->last, &b->last);
	return last ? last : rego_address_compare(&a->first, &b->first);
}

static void sift(struct range *ranges, size_t root, size_t count)
{
	for (size_t child; (child = 2 * root + 1) < count; root = child) {
		if (child + 1 < count && order(&ranges[child], &ranges[child + 1]) < 0)
			child++;
		if (order(&ranges[root], &ranges[child]) >= 0)
			return;
		struct range swap = ranges[root];
		ranges[root] = ranges[child];
		ranges[child] = swap;
	}
}

static void sort(struct range *ranges, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift(ranges, i, count);
	for (size_t i = count; i-- > 1;) {
		struct range swap = ranges[0];
		ranges[0] = ranges[i];
		ranges[i] = swap;
		sift(ranges, 0, i);
	}
}

static bool read_range(struct rego_call *call, const struct rego_value *value, struct range *range)
{
	bool four;
	struct rego_network *network = &range->network;
	if (value->type != REGO_STRING) {
		rego_builtin_failed(call, "element must be string");
		return false;
	}
	if (rego_address_parse(value->string.bytes, value->string.len, &network->address, &four)) {
		if (!four && !rego_address_is_four(&network->address)) {
			rego_builtin_failed(call, "IPv6 invalid: needs prefix length");
			return false;
		}
		/* Without a prefix, the one of its class. */
		uint8_t lead = network->address.bytes[12];
		network->four = true;
		network->prefix = lead < 0x80 ? 8 : lead < 0xc0 ? 16 : 24;
		rego_network_range(network, &range->first, &range->last);
		return rego_spend(call->work, 1);
	}
	if (!parse_network(call, value, network))
		return false;
	rego_network_range(network, &range->first, &range->last);
	network->address = range->first;
	return true;
}

static bool add_network(struct rego_work *work, struct rego_list *list, const struct rego_address *address,
			unsigned prefix)
{
	char text[REGO_ADDRESS_TEXT + 8];
	rego_address_text(address, text);
	size_t len = strlen(text);
	snprintf(text + len, sizeof text - len, "/%u", prefix);
	const struct rego_value *value = rego_text(work, text);
	return value && rego_list_add(work, list, value);
}

/* The fewest networks that make up the range. */
static bool add_range(struct rego_work *work, struct rego_list *list, const struct range *range)
{
	struct rego_address first = range->first, last, begin;
	bool four = rego_address_is_four(&range->first) && rego_address_is_four(&range->last);
	for (;;) {
		unsigned bits = rego_address_host_bits(&first, &range->last);
		if (four && bits > 32)
			bits = 32;
		if (!add_network(work, list, &first, (four ? 32 : 128) - bits))
			return false;
		struct rego_network network = {first, false, 128 - bits};
		rego_network_range(&network, &begin, &last);
		if (rego_address_compare(&last, &range->last) >= 0)
			return true;
		first = rego_address_next(last);
	}
}

static const struct rego_value *net_cidr_merge(struct rego_call *call, const struct rego_value *const *args)
{
	struct rego_work *work = call->work;
	if (!rego_is_list(args[0]))
		return rego_builtin_failed(call, "operand must be an array");
	size_t count = args[0]->list.count;
	struct range *ranges = rego_alloc_array(work, count + 1, sizeof *ranges);
	struct rego_list list = {0};
	if (!ranges)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (!read_range(call, args[0]->list.items[i], &ranges[i]))
			return NULL;
	}
	if (!rego_spend(work, count * 32))
		return NULL;
	sort(ranges, count);
	/* From the last one on, each swallows those that it touches. */
	for (size_t i = count; i-- > 0;) {
		struct range range = ranges[i];
		struct rego_address before = rego_address_previous(range.first);
		static const struct rego_address least_four = {{[10] = 0xff, [11] = 0xff}};
		if (rego_address_compare(&range.first, &least_four) == 0)
			before = range.first;
		if (i > 0 && rego_address_compare(&before, &ranges[i - 1].last) <= 0) {
			struct range *previous = &ranges[i - 1];
			if (rego_address_compare(&range.first, &previous->first) < 0)
				previous->first = range.first;
			previous->last = range.last;
			previous->merged = true;
		} else if (!(range.merged ? add_range(work, &list, &range)
					  : add_network(work, &list, &range.network.address, range.network.prefix))) {
			return NULL;
		}
	}
	return rego_set(work, list.items, list.count);
}

static const struct rego_builtin rows[] = {
	{"net.cidr_contains", 2, 0, net_cidr_contains},
	{"net.cidr_contains_matches", 2, 0, net_cidr_contains_matches},
	{"net.cidr_expand", 1, 0, net_cidr_expand},
	{"net.cidr_intersects", 2, 0, net_cidr_intersects},
	{"net.cidr_is_valid", 1, 0, net_cidr_is_valid},
	{"net.cidr_merge", 1, 0, net_cidr_merge},
	{"net.cidr_overlap", 2, REGO_DEPRECATED, net_cidr_contains},
};

REGO_FAMILY(net, rows);
