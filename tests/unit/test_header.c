/* The container: every rule of the header and the layout, each broken alone. */
#include <stdio.h>
#include <stdlib.h>

#include "header.h"
#include "support.h"

static int parse(struct ct_header *header, const char *text, uint64_t data, struct ct_error *err)
{
	size_t len = strlen(text);
	char *copy = malloc(len + 1);
	memcpy(copy, text, len);
	*err = (struct ct_error){0};
	int status = ct_header_parse(header, copy, len, 8 + len + data, err);
	free(copy);
	return status;
}

/* Data: 24 bytes. The order of the header is not that of the data. */
#define BASE                                                                                           \
	"{\"__metadata__\":{\"format\":\"pt\",\"note\":\"x\"},"                                        \
	"\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[8,24]},"                           \
	"\"b\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}}"
enum { BASE_DATA = 24 };

START_TEST(base)
{
	struct ct_header header;
	struct ct_error err;
	ck_assert_msg(parse(&header, BASE, BASE_DATA, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(header.length, strlen(BASE));
	ck_assert_uint_eq(header.count, 2);
	ck_assert_str_eq(header.tensors[0].name, "w");
	ck_assert_str_eq(ct_dtype_name(header.tensors[0].dtype), "F32");
	ck_assert_uint_eq(header.tensors[0].rank, 2);
	ck_assert_uint_eq(header.tensors[0].shape[0], 2);
	ck_assert_uint_eq(header.tensors[0].shape[1], 2);
	ck_assert_uint_eq(header.tensors[0].begin, 8);
	ck_assert_uint_eq(header.tensors[0].end, 24);
	ck_assert_str_eq(header.tensors[1].name, "b");
	ck_assert_uint_eq(header.data_order[0], 1);
	ck_assert_uint_eq(header.data_order[1], 0);
	ck_assert_uint_eq(header.name_order[0], 1);
	ck_assert_uint_eq(header.metadata_count, 2);
	ck_assert_str_eq(ct_header_get(&header, "format"), "pt");
	ck_assert_str_eq(ct_header_get(&header, "note"), "x");
	ck_assert_ptr_null(ct_header_get(&header, "Format"));
	ck_assert_ptr_eq(ct_header_find(&header, "w"), &header.tensors[0]);
	ck_assert_ptr_eq(ct_header_find(&header, "b"), &header.tensors[1]);
	ck_assert_ptr_null(ct_header_find(&header, "a"));
	ck_assert_ptr_null(ct_header_find(&header, "bb"));
	ck_assert_ptr_null(ct_header_find(&header, "x"));
	ck_assert_ptr_null(ct_header_find(&header, "__metadata__"));
	ct_header_clear(&header);
}
END_TEST

static const struct {
	const char *text;
	unsigned data;
} accepted[] = {
	{"{}", 0},
	{"{}    \t\r\n   ", 0},
	{" \n{ } ", 0},
	{"{\"__metadata__\":{}}", 0},
	{"{\"s\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}}", 8},
	{"{\"e\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0},
	{"{\"e\":{\"dtype\":\"F64\",\"shape\":[3,0,2],\"data_offsets\":[0,0]}}", 0},
	/* empty tensors at the start, between others, at the end; several at one place */
	{"{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
	 "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
	 "\"c\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[2,2]},"
	 "\"d\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[2,2]},"
	 "\"e\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]},"
	 "\"f\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[3,3]}}", 3},
	/* listed so that the empty one comes behind the one that begins where it lies */
	{"{\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
	 "\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 2},
	/* fields in another order, a name with escapes, an empty name */
	{"{\"\":{\"data_offsets\":[0,1],\"shape\":[1],\"dtype\":\"U8\"}}", 1},
	{"{\"\\u0061\\n\":{\"data_offsets\":[0,1],\"shape\":[1],\"dtype\":\"U8\"}}", 1},
	{"{\"f4\":{\"dtype\":\"F4\",\"shape\":[2],\"data_offsets\":[0,1]}}", 1},
	{"{\"f6\":{\"dtype\":\"F6_E2M3\",\"shape\":[4],\"data_offsets\":[0,3]}}", 3},
	{"{\"f6\":{\"dtype\":\"F6_E3M2\",\"shape\":[2,4],\"data_offsets\":[0,6]}}", 6},
	{"{\"dtype\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0},
};

START_TEST(acceptance)
{
	struct ct_header header;
	struct ct_error err;
	ck_assert_msg(parse(&header, accepted[_i].text, accepted[_i].data, &err) == 0, "%s",
		      err.message);
	ct_header_clear(&header);
}
END_TEST

/* Each replaces `from` in BASE. */
static const struct {
	const char *from, *to, *part;
} refused[] = {
	/* not an object; not JSON */
	{BASE, "[]", "header: not a JSON object"},
	{BASE, "\"w\"", "header: not a JSON object"},
	{BASE, "null", "header: not a JSON object"},
	{BASE, "", "header: the text ends too early"},
	{BASE, "        ", "header: the text ends too early"},
	{"]}}", "]}", "header: ',' or an end was expected"},
	{"]}}", "]}}x", "header: text behind the end"},
	{"]}}", "]}}{}", "header: text behind the end"},
	{"{\"__meta", "\f{\"__meta", "header: something that is not JSON"},
	/* keys */
	{"\"b\"", "\"w\"", "header: the key 'w' is there twice"},
	{"\"b\"", "\"\\u0077\"", "header: the key 'w' is there twice"},
	{"\"note\"", "\"format\"", "header: the key 'format' is there twice"},
	{"\"b\"", "\"__metadata__\"", "header: the key '__metadata__' is there twice"},
	{"\"dtype\":\"U8\"", "\"dtype\":\"U8\",\"dtype\":\"U8\"", "header: the key 'dtype' is there twice"},
	{"\"b\"", "\"b\\u0000\"", "\\u0000 in a string"},
	{"\"x\"", "\"x\\u0000\"", "\\u0000 in a string"},
	{"\"note\"", "\"\\u0000note\"", "\\u0000 in a string"},
	/* UTF-8 */
	{"\"b\"", "\"\xc0\xa2\"", "invalid UTF-8"},
	{"\"b\"", "\"\xe0\x80\xaf\"", "invalid UTF-8"},
	{"\"b\"", "\"\xed\xa0\x80\"", "invalid UTF-8"},
	{"\"b\"", "\"\xf8\x88\x80\x80\x80\"", "invalid UTF-8"},
	{"\"b\"", "\"\xe2\x82\"", "invalid UTF-8"},
	{"\"x\"", "\"\xc3\"", "invalid UTF-8"},
	{"\"b\"", "\"\\ud800\"", "surrogate"},
	/* integers */
	{"[0,8]", "[0.0,8]", "not an exact integer"},
	{"[0,8]", "[0,8.0]", "not an exact integer"},
	{"[0,8]", "[0,8e0]", "not an exact integer"},
	{"[0,8]", "[-0,8]", "not an exact integer"},
	{"[0,8]", "[0,-8]", "not an exact integer"},
	{"[0,8]", "[0,08]", "leading zero"},
	{"[8]", "[8.0]", "not an exact integer"},
	{"[8]", "[8e0]", "not an exact integer"},
	{"[8]", "[-8]", "not an exact integer"},
	{"[8]", "[08]", "leading zero"},
	{"[8]", "[9007199254740993]", "not an exact integer"},
	{"[8]", "[18446744073709551624]", "not an exact integer"},
	{"[0,8]", "[0,18446744073709551624]", "not an exact integer"},
	{"[8]", "[\"8\"]", "tensor 'b': a dimension is no number"},
	{"[8]", "[[8]]", "tensor 'b': a dimension is no number"},
	{"[8]", "[null]", "tensor 'b': a dimension is no number"},
	{"[8]", "[true]", "tensor 'b': a dimension is no number"},
	/* nesting */
	{"\"x\"", "[[[[[[[[[[[[[[[\"x\"]]]]]]]]]]]]]]]", "nested too deeply"},
	/* metadata */
	{"{\"format\":\"pt\",\"note\":\"x\"}", "[]", "header: __metadata__ is not an object"},
	{"{\"format\":\"pt\",\"note\":\"x\"}", "\"x\"", "header: __metadata__ is not an object"},
	{"{\"format\":\"pt\",\"note\":\"x\"}", "null", "header: __metadata__ is not an object"},
	{"\"x\"", "1", "header: __metadata__ 'note' is not a string"},
	{"\"x\"", "null", "header: __metadata__ 'note' is not a string"},
	{"\"x\"", "{}", "header: __metadata__ 'note' is not a string"},
	/* a tensor's fields */
	{"{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}", "[]", "tensor 'b': not an object"},
	{"{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}", "null", "tensor 'b': not an object"},
	{"{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}", "7", "tensor 'b': not an object"},
	{"{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}", "{}", "tensor 'b': no dtype"},
	{"\"U8\",", "\"U8\",\"extra\":1,", "tensor 'b': unknown field 'extra'"},
	{"\"U8\",", "\"U8\",\"Shape\":[8],", "tensor 'b': unknown field 'Shape'"},
	{"\"dtype\":\"U8\",", "", "tensor 'b': no dtype"},
	{"\"U8\"", "null", "tensor 'b': no dtype"},
	{"\"U8\"", "8", "tensor 'b': no dtype"},
	{"\"U8\"", "\"U9\"", "tensor 'b': unknown dtype 'U9'"},
	{"\"U8\"", "\"u8\"", "tensor 'b': unknown dtype 'u8'"},
	{"\"U8\"", "\"\"", "tensor 'b': unknown dtype ''"},
	{"\"shape\":[8],", "", "tensor 'b': no shape"},
	{"[8]", "8", "tensor 'b': no shape"},
	{"[8]", "null", "tensor 'b': no shape"},
	{"[8]", "{}", "tensor 'b': no shape"},
	{",\"data_offsets\":[0,8]", "", "tensor 'b': data_offsets are not two numbers"},
	{"[0,8]", "null", "tensor 'b': data_offsets are not two numbers"},
	{"[0,8]", "[]", "tensor 'b': data_offsets are not two numbers"},
	{"[0,8]", "[8]", "tensor 'b': data_offsets are not two numbers"},
	{"[0,8]", "[0,8,8]", "tensor 'b': data_offsets are not two numbers"},
	{"[0,8]", "[0,\"8\"]", "tensor 'b': data_offsets are not two numbers"},
	{"[0,8]", "[null,8]", "tensor 'b': data_offsets are not two numbers"},
	{"[0,8]", "{\"begin\":0,\"end\":8}", "tensor 'b': data_offsets are not two numbers"},
	{"[0,8]", "[8,0]", "tensor 'b': data_offsets run backwards"},
	/* sizes */
	{"[8]", "[7]", "tensor 'b': shape and type make 7 bytes, data_offsets say 8"},
	{"[8]", "[9]", "tensor 'b': shape and type make 9 bytes, data_offsets say 8"},
	{"[8]", "[]", "tensor 'b': shape and type make 1 bytes, data_offsets say 8"},
	{"[8]", "[0]", "tensor 'b': shape and type make 0 bytes, data_offsets say 8"},
	{"[8]", "[8,8]", "tensor 'b': shape and type make 64 bytes, data_offsets say 8"},
	{"\"U8\"", "\"U16\"", "tensor 'b': shape and type make 16 bytes, data_offsets say 8"},
	{"[8]", "[9007199254740992,9007199254740992]", "tensor 'b': the shape overflows"},
	/* 2^64 elements: 0 for who does not look */
	{"[8]", "[4294967296,4294967296]", "tensor 'b': the shape overflows"},
	/* 2^61 elements of 8 bits: the elements fit, the bits do not */
	{"[8]", "[1073741824,2147483648]", "tensor 'b': the shape overflows"},
	{"\"U8\",\"shape\":[8]", "\"F4\",\"shape\":[15]", "tensor 'b': its size is no whole number of bytes"},
	{"\"U8\",\"shape\":[8]", "\"F4\",\"shape\":[17]", "tensor 'b': its size is no whole number of bytes"},
	{"\"U8\",\"shape\":[8]", "\"F6_E2M3\",\"shape\":[11]", "its size is no whole number of bytes"},
	{"\"U8\",\"shape\":[8]", "\"F6_E3M2\",\"shape\":[10]", "its size is no whole number of bytes"},
	{"\"U8\",\"shape\":[8]", "\"F4\",\"shape\":[18]", "make 9 bytes, data_offsets say 8"},
	/* layout */
	{"[8],\"data_offsets\":[0,8]", "[7],\"data_offsets\":[1,8]", "tensor 'b': a hole before it"},
	{"[8],\"data_offsets\":[0,8]", "[7],\"data_offsets\":[0,7]", "tensor 'w': a hole before it"},
	{"[8],\"data_offsets\":[0,8]", "[9],\"data_offsets\":[0,9]", "tensor 'w': an overlap before it"},
	{"[8],\"data_offsets\":[0,8]", "[24],\"data_offsets\":[0,24]", "tensor 'w': an overlap before it"},
	{"\"b\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}",
	 "\"b\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
	 "\"c\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}", "tensor 'c': an overlap before it"},
	/* an empty tensor inside another one */
	{"\"b\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}",
	 "\"b\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
	 "\"c\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[4,4]}", "tensor 'c': an overlap before it"},
	/* an empty tensor behind the end of the data */
	{"\"b\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}",
	 "\"b\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
	 "\"c\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[25,25]}", "tensor 'c': a hole before it"},
};

START_TEST(refusal)
{
	struct ct_header header;
	struct ct_error err;
	char *text = replace(BASE, refused[_i].from, refused[_i].to);
	int status = parse(&header, text, BASE_DATA, &err);
	assert_error(status, &err, CT_E_FORMAT, refused[_i].part);
	ct_header_clear(&header);
	free(text);
}
END_TEST

START_TEST(data_size)
{
	struct ct_header header;
	struct ct_error err;
	assert_error(parse(&header, BASE, BASE_DATA - 1, &err), &err, CT_E_FORMAT,
		     "describes 24 bytes of data, the file has 23");
	ct_header_clear(&header);
	assert_error(parse(&header, BASE, BASE_DATA + 1, &err), &err, CT_E_FORMAT,
		     "describes 24 bytes of data, the file has 25");
	ct_header_clear(&header);
	assert_error(parse(&header, "{}", 1, &err), &err, CT_E_FORMAT, "describes 0 bytes");
	ct_header_clear(&header);
}
END_TEST

/* Every type, with its size. */
static const struct {
	const char *name;
	unsigned bits;
} types[] = {
	{"BOOL", 8}, {"F4", 4},   {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},   {"I8", 8},   {"F8_E5M2", 8},
	{"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16}, {"U16", 16}, {"F16", 16}, {"BF16", 16}, {"I32", 32},
	{"U32", 32}, {"F32", 32}, {"C64", 64},    {"F64", 64},    {"I64", 64}, {"U64", 64},
};

START_TEST(dtype)
{
	struct ct_header header;
	struct ct_error err;
	char text[200];
	unsigned bytes = types[_i].bits * 12 / 8;
	for (unsigned wrong = 0; wrong < 2; wrong++) {
		snprintf(text, sizeof text,
			 "{\"t\":{\"dtype\":\"%s\",\"shape\":[3,4],\"data_offsets\":[0,%u]}}",
			 types[_i].name, bytes + wrong);
		int status = parse(&header, text, bytes + wrong, &err);
		if (wrong) {
			assert_error(status, &err, CT_E_FORMAT, "shape and type make");
		} else {
			ck_assert_msg(status == 0, "%s", err.message);
			ck_assert_str_eq(ct_dtype_name(header.tensors[0].dtype), types[_i].name);
			ck_assert_uint_eq(ct_dtype_bits(header.tensors[0].dtype), types[_i].bits);
		}
		ct_header_clear(&header);
	}
}
END_TEST

/* --- the length in front of it, through ct_model_read() --- */

static void refuse_file(struct memory *file, enum ct_code code, const char *part)
{
	struct ct_error err = {0};
	struct ct_model *model = NULL;
	struct ct_source source = memory_source(file);
	assert_error(ct_model_read(&model, &source, &err), &err, code, part);
	ck_assert_ptr_null(model);
}

START_TEST(tiny_files)
{
	for (size_t size = 0; size < 8; size++) {
		struct memory file;
		memory_init(&file);
		memory_put(&file, "\0\0\0\0\0\0\0\0", size);
		refuse_file(&file, CT_E_FORMAT, "not a safetensors file: it has only");
		memory_free(&file);
	}
}
END_TEST

START_TEST(no_header)
{
	struct memory file;
	memory_file(&file, "", 0);
	refuse_file(&file, CT_E_FORMAT, "header: the text ends too early");
	memory_free(&file);
}
END_TEST

START_TEST(length_limit)
{
	static const uint64_t lengths[] = {100000001, UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX,
					   UINT64_MAX - 7};
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct memory file;
		memory_file(&file, "{}", 0);
		for (int j = 0; j < 8; j++)
			file.bytes[j] = (uint8_t)(lengths[i] >> (8 * j));
		refuse_file(&file, CT_E_FORMAT, "no header length up to 100000000");
		memory_free(&file);
	}
	/* At the limit it is only too long for the file. */
	struct memory file;
	memory_file(&file, "{}", 0);
	for (int j = 0; j < 8; j++)
		file.bytes[j] = (uint8_t)(UINT64_C(100000000) >> (8 * j));
	refuse_file(&file, CT_E_FORMAT, "ends inside its header");
	memory_free(&file);
	/* The parser alone keeps the limit too. */
	struct ct_header header;
	struct ct_error err;
	assert_error(ct_header_parse(&header, "{}", 100000001, 200000000, &err), &err, CT_E_FORMAT,
		     "over the limit");
}
END_TEST

START_TEST(length_at_limit)
{
	struct ct_header header;
	struct ct_error err;
	char *text = malloc(100000000);
	memset(text, ' ', 100000000);
	memcpy(text, "{}", 2);
	ck_assert_msg(ct_header_parse(&header, text, 100000000, 100000008, &err) == 0, "%s", err.message);
	ct_header_clear(&header);
	free(text);
}
END_TEST

START_TEST(truncated)
{
	struct memory file;
	memory_file(&file, BASE, BASE_DATA);
	size_t full = file.size;
	for (file.size = 8; file.size < full; file.size++)
		refuse_file(&file, CT_E_FORMAT,
			    file.size < 8 + strlen(BASE) ? "ends inside its header"
							 : "describes 24 bytes of data");
	memory_free(&file);
}
END_TEST

START_TEST(length_off_by_one)
{
	struct memory file;
	memory_file(&file, BASE, BASE_DATA);
	file.bytes[0]--; /* its last byte falls to the data */
	refuse_file(&file, CT_E_FORMAT, "header: ',' or an end was expected");
	file.bytes[0] = (uint8_t)(file.bytes[0] + 2); /* a data byte, 0, falls to it */
	refuse_file(&file, CT_E_FORMAT, "header: text behind the end");
	memory_free(&file);
}
END_TEST

START_TEST(read_fault)
{
	static const struct {
		uint64_t start, end;
	} faults[] = {{0, 1}, {7, 8}, {8, 9}, {40, 41}};
	for (size_t i = 0; i < COUNT(faults); i++) {
		struct memory file;
		memory_file(&file, BASE, BASE_DATA);
		file.fault_start = faults[i].start;
		file.fault_end = faults[i].end;
		file.fault_errno = 5;
		refuse_file(&file, CT_E_IO, "reading: ");
		memory_free(&file);
	}
}
END_TEST

START_TEST(many_tensors)
{
	struct ct_header header;
	struct ct_error err;
	enum { MANY = 3000 };
	struct memory text;
	memory_init(&text);
	for (unsigned i = 0; i < MANY; i++) {
		char entry[100];
		unsigned at = MANY - 1 - i; /* last in the header, first in the data */
		int len = snprintf(entry, sizeof entry,
				   "%c\"t%u\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%u,%u]}",
				   i == 0 ? '{' : ',', i * 7919 % MANY, at, at + 1);
		memory_put(&text, entry, (size_t)len);
	}
	memory_put(&text, "}", 2);
	ck_assert_msg(parse(&header, (char *)text.bytes, MANY, &err) == 0, "%s", err.message);
	for (unsigned i = 0; i < MANY; i++) {
		char name[12];
		snprintf(name, sizeof name, "t%u", i);
		const struct ct_tensor *tensor = ct_header_find(&header, name);
		ck_assert_ptr_nonnull(tensor);
		ck_assert_str_eq(tensor->name, name);
		ck_assert_uint_eq(header.tensors[header.data_order[i]].begin, i);
	}
	ck_assert_ptr_null(ct_header_find(&header, "t3000"));
	ct_header_clear(&header);
	memory_free(&text);
}
END_TEST

START_TEST(reserved)
{
	ck_assert(ct_header_reserved("__crypto_keys__"));
	ck_assert(ct_header_reserved("__encryption__"));
	ck_assert(ct_header_reserved("__policy__"));
	ck_assert(ct_header_reserved("__signature__"));
	ck_assert(!ct_header_reserved("__metadata__"));
	ck_assert(!ct_header_reserved("__Policy__"));
	ck_assert(!ct_header_reserved("__policy"));
	ck_assert(!ct_header_reserved(""));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("header");
	TCase *tcase = add_case(suite, "header");
	tcase_add_test(tcase, base);
	tcase_add_loop_test(tcase, acceptance, 0, COUNT(accepted));
	tcase_add_loop_test(tcase, refusal, 0, COUNT(refused));
	tcase_add_test(tcase, data_size);
	tcase_add_loop_test(tcase, dtype, 0, COUNT(types));
	tcase_add_test(tcase, tiny_files);
	tcase_add_test(tcase, no_header);
	tcase_add_test(tcase, length_limit);
	tcase_add_test(tcase, length_at_limit);
	tcase_add_test(tcase, truncated);
	tcase_add_test(tcase, length_off_by_one);
	tcase_add_test(tcase, read_fault);
	tcase_add_test(tcase, many_tensors);
	tcase_add_test(tcase, reserved);
	return run_suite(suite);
}
