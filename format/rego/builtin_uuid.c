/* uuid.rfc4122, uuid.parse, and rand.intn. What looks random is a function of the evaluation's seed and the operands, so
 * that one evaluation sees one value. */
#include <stdio.h>
#include <string.h>

#include "operand.h"

/* SipHash-2-4 with the seed as its key; `which` tells outputs apart. Policies must not foresee values, no more. */
static uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static void sip_rounds(uint64_t v[static 4], int rounds)
{
	while (rounds-- > 0) {
		v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
		v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
	}
}

static uint64_t draw(const struct rego_environment *environment, const struct rego_value *key, uint64_t which)
{
	uint64_t k[2], word;
	memcpy(k, environment->seed, sizeof k);
	uint64_t v[4] = {k[0] ^ 0x736f6d6570736575, k[1] ^ 0x646f72616e646f6d, k[0] ^ 0x6c7967656e657261,
			 k[1] ^ 0x7465646279746573};
	size_t len = key->string.len;
	for (size_t i = 0; i <= len + 8; i += 8) {
		if (i > len) {
			word = which ^ (uint64_t)len << 32;
		} else {
			word = 0;
			if (i < len)
				memcpy(&word, key->string.bytes + i, len - i < 8 ? len - i : 8);
		}
		v[3] ^= word;
		sip_rounds(v, 2);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static const struct rego_value *rand_intn(struct rego_call *call, const struct rego_value *const *args)
{
	int64_t below;
	if (!rego_operand(call, args, 1, REGO_STRING) || !rego_operand_int64(call, args, 2, &below)
	    || !rego_spend(call->work, args[0]->string.len))
		return NULL;
	uint64_t limit = below < 0 ? -(uint64_t)below : (uint64_t)below;
	if (limit == 0)
		return rego_integer(call->work, 0);
	return rego_integer(call->work, (int64_t)(draw(call->environment, args[0], limit << 1) % limit));
}

static const struct rego_value *uuid_rfc4122(struct rego_call *call, const struct rego_value *const *args)
{
	if (!rego_operand(call, args, 1, REGO_STRING) || !rego_spend(call->work, args[0]->string.len))
		return NULL;
	uint64_t high = draw(call->environment, args[0], 1), low = draw(call->environment, args[0], 3);
	high = (high & ~(uint64_t)0xf000) | 0x4000;
	low = (low & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
	char text[37];
	snprintf(text, sizeof text, "%08llx-%04llx-%04llx-%04llx-%012llx", (unsigned long long)(high >> 32),
		 (unsigned long long)(high >> 16 & 0xffff), (unsigned long long)(high & 0xffff),
		 (unsigned long long)(low >> 48), (unsigned long long)(low & 0xffffffffffff));
	return rego_text(call->work, text);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four forms: plain, in brackets of any kind, as a URN, and without hyphens. */
static bool parse(const char *text, size_t len, uint8_t uuid[static 16])
{
	static const char urn[] = "urn:uuid:";
	if (len == 36 + 9) {
		for (size_t i = 0; i < 9; i++) {
			if ((text[i] | (urn[i] == ':' ? 0 : 0x20)) != urn[i])
				return false;
		}
		text += 9;
	} else if (len == 38) {
		text++;
	} else if (len != 36 && len != 32) {
		return false;
	}
	for (size_t i = 0; i < 16; i++) {
		if (len != 32 && (i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			return false;
		int high = hex(text[0]), low = hex(text[1]);
		if (high < 0 || low < 0)
			return false;
		uuid[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	return true;
}

static uint64_t big_endian(const uint8_t *bytes, size_t len)
{
	uint64_t number = 0;
	while (len-- > 0)
		number = number << 8 | *bytes++;
	return number;
}

static const char *variant(uint8_t byte)
{
	if ((byte & 0xc0) == 0x80)
		return "RFC4122";
	if ((byte & 0xe0) == 0xc0)
		return "Microsoft";
	return (byte & 0xe0) == 0xe0 ? "Future" : "Reserved";
}

static void add(struct rego_work *work, struct rego_member *members, size_t *count, const char *key,
		const struct rego_value *value)
{
	members[(*count)++] = (struct rego_member){rego_text(work, key), value};
}

/* What versions 1 and 2 tell: when, where, for whom. */
static void add_origin(struct rego_work *work, struct rego_member *members, size_t *count, const uint8_t *uuid,
		       unsigned version)
{
	static const char *const kinds[] = {"global:unicast", "global:multicast", "local:unicast", "local:multicast"};
	static const char *const domains[] = {"Person", "Group", "Org"};
	int64_t ticks = (int64_t)(big_endian(uuid, 4) | big_endian(uuid + 4, 2) << 32
				  | (big_endian(uuid + 6, 2) & 0xfff) << 48);
	int64_t ns;
	char text[24];
	/* 100 ns each, since the Gregorian calendar began; what does not fit wraps. */
	ticks -= 122192928000000000;
	ns = (int64_t)((uint64_t)ticks * 100);
	add(work, members, count, "time", rego_integer(work, ns));
	snprintf(text, sizeof text, "%02x-%02x-%02x-%02x-%02x-%02x", uuid[10], uuid[11], uuid[12], uuid[13], uuid[14],
		 uuid[15]);
	add(work, members, count, "nodeid", rego_text(work, text));
	add(work, members, count, "macvariables", rego_text(work, kinds[uuid[10] & 3]));
	add(work, members, count, "clocksequence", rego_integer(work, (int64_t)(big_endian(uuid + 8, 2) & 0x3fff)));
	if (version != 2)
		return;
	add(work, members, count, "id", rego_integer(work, (int64_t)big_endian(uuid, 4)));
	snprintf(text, sizeof text, "Domain%u", uuid[9]);
	add(work, members, count, "domain", rego_text(work, uuid[9] < 3 ? domains[uuid[9]] : text));
}

static const struct rego_value *uuid_parse(struct rego_call *call, const struct rego_value *const *args)
{
	uint8_t uuid[16];
	struct rego_work *work = call->work;
	if (!rego_operand(call, args, 1, REGO_STRING))
		return NULL;
	if (!parse(args[0]->string.bytes, args[0]->string.len, uuid))
		return NULL;
	unsigned version = uuid[6] >> 4;
	struct rego_member *members = rego_alloc_array(work, 8, sizeof *members);
	if (!members)
		return NULL;
	size_t count = 0;
	add(work, members, &count, "version", rego_integer(work, version));
	add(work, members, &count, "variant", rego_text(work, variant(uuid[8])));
	if (version == 1 || version == 2)
		add_origin(work, members, &count, uuid, version);
	return rego_failed(work) ? NULL : rego_object(work, members, count);
}

static const struct rego_builtin rows[] = {
	{"rand.intn", 2, REGO_UNSTABLE, rand_intn},
	{"uuid.parse", 1, 0, uuid_parse},
	{"uuid.rfc4122", 1, REGO_UNSTABLE, uuid_rfc4122},
};

REGO_FAMILY(uuid, rows);
