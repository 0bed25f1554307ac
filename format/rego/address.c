#include "address.h"

#include <stdio.h>
#include <string.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool parse_four(const char *text, size_t len, uint8_t bytes[static 4])
{
	size_t at = 0;
	for (int i = 0; i < 4; i++) {
		if (i && (at == len || text[at++] != '.'))
			return false;
		unsigned value = 0;
		size_t start = at;
		while (at < len && at - start < 3 && text[at] >= '0' && text[at] <= '9')
			value = value * 10 + (unsigned)(text[at++] - '0');
		if (at == start || value > 255 || (at - start > 1 && text[start] == '0'))
			return false;
		bytes[i] = (uint8_t)value;
	}
	return at == len;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_six(const char *text, size_t len, uint8_t bytes[static 16])
{
	size_t at = 0, filled = 0;
	int gap = -1;
	memset(bytes, 0, 16);
	if (len >= 2 && text[0] == ':' && text[1] == ':') {
		gap = 0;
		at = 2;
	}
	while (at < len) {
		size_t start = at;
		unsigned value = 0;
		if (filled == 16)
			return false;
		while (at < len && at - start < 5 && hex(text[at]) >= 0)
			value = value << 4 | (unsigned)hex(text[at++]);
		if (at == start || at - start > 4)
			return false;
		if (at < len && text[at] == '.') {
			if (filled > 12 || !parse_four(text + start, len - start, bytes + filled))
				return false;
			filled += 4;
			break;
		}
		bytes[filled++] = (uint8_t)(value >> 8);
		bytes[filled++] = (uint8_t)value;
		if (at == len)
			break;
		if (text[at++] != ':' || at == len)
			return false;
		if (text[at] == ':') {
			if (gap >= 0)
				return false;
			gap = (int)filled;
			at++;
		}
	}
	if (gap < 0)
		return filled == 16;
	if (filled == 16)
		return false;
	size_t tail = filled - (size_t)gap;
	memmove(bytes + 16 - tail, bytes + gap, tail);
	memset(bytes + gap, 0, 16 - filled);
	return true;
}

bool rego_address_parse(const char *text, size_t len, struct rego_address *address, bool *four)
{
	*four = len && !memchr(text, ':', len);
	if (!*four)
		return len > 1 && parse_six(text, len, address->bytes);
	memcpy(address->bytes, mapped, sizeof mapped);
	return parse_four(text, len, address->bytes + 12);
}

bool rego_address_is_four(const struct rego_address *address)
{
	return memcmp(address->bytes, mapped, sizeof mapped) == 0;
}

bool rego_network_parse(const char *text, size_t len, struct rego_network *network)
{
	const char *slash = len ? memchr(text, '/', len) : NULL;
	if (!slash || !rego_address_parse(text, (size_t)(slash - text), &network->address, &network->four))
		return false;
	const char *digit = slash + 1, *end = text + len;
	network->prefix = 0;
	if (digit == end)
		return false;
	for (; digit < end; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
		network->prefix = network->prefix * 10 + (unsigned)(*digit - '0');
		if (network->prefix > (network->four ? 32 : 128))
			return false;
	}
	return true;
}

void rego_address_text(const struct rego_address *address, char text[static REGO_ADDRESS_TEXT])
{
	const uint8_t *b = address->bytes;
	if (rego_address_is_four(address)) {
		snprintf(text, REGO_ADDRESS_TEXT, "%u.%u.%u.%u", b[12], b[13], b[14], b[15]);
		return;
	}
	/* The first of the longest runs of at least two zero groups becomes "::". */
	int best = -1, best_len = 1;
	for (int i = 0; i < 8;) {
		int run = 0;
		while (i + run < 8 && !b[2 * (i + run)] && !b[2 * (i + run) + 1])
			run++;
		if (run > best_len) {
			best = i;
			best_len = run;
		}
		i += run ? run : 1;
	}
	size_t at = 0;
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			text[at++] = ':';
			text[at++] = ':';
			i += best_len - 1;
			continue;
		}
		const char *colon = i && i != best + best_len ? ":" : "";
		if (best < 0 && i)
			colon = ":";
		at += (size_t)snprintf(text + at, REGO_ADDRESS_TEXT - at, "%s%x", colon,
				       (unsigned)(b[2 * i] << 8 | b[2 * i + 1]));
	}
	text[at] = 0;
}

/* The prefix among 128 bits. */
static unsigned whole_prefix(const struct rego_network *network)
{
	return network->four ? network->prefix + 96 : network->prefix;
}

void rego_network_range(const struct rego_network *network, struct rego_address *first, struct rego_address *last)
{
	unsigned prefix = whole_prefix(network);
	*first = *last = network->address;
	for (unsigned i = 0; i < 16; i++) {
		unsigned kept = prefix > 8 * i ? prefix - 8 * i : 0;
		uint8_t mask = (uint8_t)(0xff00u >> (kept < 8 ? kept : 8));
		first->bytes[i] &= mask;
		last->bytes[i] |= (uint8_t)~mask;
	}
}

bool rego_network_has(const struct rego_network *network, const struct rego_address *address)
{
	struct rego_address first, last;
	rego_network_range(network, &first, &last);
	/* ::/0 has no addresses of version 4. */
	bool four = network->four || (network->prefix >= 96 && rego_address_is_four(&network->address));
	return four == rego_address_is_four(address) && rego_address_compare(&first, address) <= 0
	       && rego_address_compare(address, &last) <= 0;
}

int rego_address_compare(const struct rego_address *a, const struct rego_address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

struct rego_address rego_address_next(struct rego_address address)
{
	struct rego_address next = address;
	for (int i = 16; i-- > 0;) {
		if (++next.bytes[i])
			return next;
	}
	return address;
}

struct rego_address rego_address_previous(struct rego_address address)
{
	struct rego_address previous = address;
	for (int i = 16; i-- > 0;) {
		if (previous.bytes[i]-- > 0)
			return previous;
	}
	return address;
}

unsigned rego_address_host_bits(const struct rego_address *first, const struct rego_address *last)
{
	unsigned bits = 0;
	struct rego_address end = *first;
	while (bits < 128) {
		unsigned byte = 15 - bits / 8, bit = 1u << bits % 8;
		if (first->bytes[byte] & bit)
			break;
		end.bytes[byte] = (uint8_t)(end.bytes[byte] | bit);
		if (rego_address_compare(&end, last) > 0)
			break;
		bits++;
	}
	return bits;
}
