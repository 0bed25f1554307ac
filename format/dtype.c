#include "dtype.h"

#include <string.h>

static const struct {
	const char *name;
	uint8_t bits;
} types[] = {
	{"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
	{"I8", 8},      {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},
	{"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},    {"U32", 32},
	{"F32", 32},    {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64},
	/* Known to stock safetensors since 0.8. */
	{"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8},
};

int ct_dtype_parse(const char *name, ct_dtype *dtype)
{
	for (ct_dtype i = 0; i < sizeof types / sizeof *types; i++) {
		if (strcmp(types[i].name, name) == 0) {
			*dtype = i;
			return 0;
		}
	}
	return -1;
}

const char *ct_dtype_name(ct_dtype dtype)
{
	return types[dtype].name;
}

unsigned ct_dtype_bits(ct_dtype dtype)
{
	return types[dtype].bits;
}
