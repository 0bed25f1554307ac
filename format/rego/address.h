/* Addresses and networks of the Internet Protocol, as text and as numbers. Pure functions. */
#ifndef REGO_ADDRESS_H
#define REGO_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Version 4 is kept as ::ffff:a.b.c.d, so that addresses of both kinds have one order. */
struct rego_address {
	uint8_t bytes[16];
};

struct rego_network {
	struct rego_address address; /* as it was written: bits behind the prefix may be set */
	bool four;                   /* version 4: written as a.b.c.d */
	unsigned prefix;             /* of 32 bits in version 4, else of 128 */
};

/* No zone, no leading zeros in version 4. */
bool rego_address_parse(const char *text, size_t len, struct rego_address *address, bool *four);
bool rego_address_is_four(const struct rego_address *address); /* ::ffff:a.b.c.d */

/* "10.0.0.0/8" */
bool rego_network_parse(const char *text, size_t len, struct rego_network *network);

/* The shortest form (RFC 5952), NUL-terminated. */
enum { REGO_ADDRESS_TEXT = 48 };
void rego_address_text(const struct rego_address *address, char text[static REGO_ADDRESS_TEXT]);

void rego_network_range(const struct rego_network *network, struct rego_address *first, struct rego_address *last);
bool rego_network_has(const struct rego_network *network, const struct rego_address *address);

int rego_address_compare(const struct rego_address *a, const struct rego_address *b);
/* One more, one less; what would overflow stays. */
struct rego_address rego_address_next(struct rego_address address);
struct rego_address rego_address_previous(struct rego_address address);

/* How many of the last bits may vary so that a network begins at `first` and does not pass `last`. */
unsigned rego_address_host_bits(const struct rego_address *first, const struct rego_address *last);

#endif
