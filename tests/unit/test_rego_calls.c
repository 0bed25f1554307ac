/* All builtins, called with whatever there is: nothing breaks, and what comes back can be written and read. */
#include "rego/builtin.h"
#include "rego/builtin_family.h"
#include "rego_support.h"

static const struct rego_family *const families[] = {
#define FAMILY(name) &rego_family_##name,
#include "rego/builtin_list.h"
#undef FAMILY
};

static const char *const words[] = {
	"", "a", "abc", "A b\tc\n", "\u00e9\u20ac\U0001F600", "%d %s %v %q %x", "%[2]*.[1]*f|%-010.3e|%+#x|%!", "%", "1e5", "-0.5",
	"0x1p-2", "nan", "YQ==", "YW-_", "6a6B", "a=1&b=%20+&=;", "[1,{\"a\":null}]", "{", "10.0.0.0/8", "::1/64", "10.1.2.3",
	"fe80::1%eth0", "2024-02-29T23:59:60Z", "2006-01-02T15:04:05Z07:00", "Europe/Berlin", "1h30m", "1.2.3-rc.1+x", "10MiB", "1.5Ki",
	"f47ac10b-58cc-4372-a567-0e02b2c3d479", "http://u:p@h:8/p?q#f", "(a|b)*c{2,3}[^x]", "a**?[!b]{c,d}", "/a/0/~1", "a/b/c",
	"urn:uuid:x", "RFC3339", "\\", "\"", "sha256", "{{.a}}", ".", "/", "*", "\xc2\x80",
};

static const char *const numbers[] = {
	"0", "1", "-1", "2", "3", "10", "16", "64", "100", "0.5", "-2.75", "1e3", "9007199254740993", "9223372036854775807",
	"-9223372036854775808", "18446744073709551616", "1e40", "1e-40", "1e100000", "1e-100000", "1700000000000000000", "1e999999999",
};

static struct rego_value *invent(struct rego_work *work, struct rng *rng, unsigned depth);

static const struct rego_value *invent_word(struct rego_work *work, struct rng *rng)
{
	const char *word = words[rng_below(rng, COUNT(words))];
	if (rng_below(rng, 8) != 0)
		return rego_text(work, word);
	char bytes[8]; /* what base64.decode may give */
	rng_fill(rng, bytes, sizeof bytes);
	return rego_bytes(work, bytes, sizeof bytes);
}

static const struct rego_value *invent_object(struct rego_work *work, struct rng *rng, size_t count, unsigned depth)
{
	static const char *const keys[] = {"op", "path", "value", "from", "prefix", "indent", "pretty", "a", "b", "0"};
	struct rego_member *members = rego_alloc_array(work, count + 1, sizeof *members);
	for (size_t i = 0; i < count; i++) {
		members[i].key = rng_below(rng, 4) == 0 ? invent(work, rng, depth + 1)
							: rego_text(work, keys[rng_below(rng, COUNT(keys))]);
		members[i].value = invent(work, rng, depth + 1);
	}
	return rego_object(work, members, count);
}

static struct rego_value *invent(struct rego_work *work, struct rng *rng, unsigned depth)
{
	size_t count = (size_t)rng_below(rng, 5);
	const struct rego_value **items, *value = NULL;
	const char *text = numbers[rng_below(rng, COUNT(numbers))];
	switch (rng_below(rng, depth > 2 ? 6 : 10)) {
	case 0:
		value = (const struct rego_value *[]){&rego_null, &rego_true, &rego_false}[rng_below(rng, 3)];
		break;
	case 1:
	case 2:
		value = rego_json_read(work, text, strlen(text));
		break;
	case 3:
	case 4:
	case 5:
		value = invent_word(work, rng);
		break;
	case 6:
		value = invent_object(work, rng, count, depth);
		break;
	default:
		items = rego_alloc_array(work, count + 1, sizeof *items);
		for (size_t i = 0; i < count; i++)
			items[i] = invent(work, rng, depth + 1);
		value = rng_below(rng, 2) == 0 ? rego_array(work, items, count) : rego_set(work, items, count);
	}
	ck_assert_ptr_nonnull(value);
	return (struct rego_value *)(uintptr_t)value;
}

static void call_once(const struct rego_builtin *builtin, struct rng *rng, const struct rego_limits *limits)
{
	struct rego_error error;
	struct rego_work work;
	struct rego_environment environment = {.now = INT64_C(1700000000000000000)};
	const struct rego_value *args[8] = {NULL};
	ck_assert_uint_lt(builtin->arity, COUNT(args));
	rego_work_begin(&work, limits, &error);
	for (unsigned i = 0; i < builtin->arity; i++)
		args[i] = invent(&work, rng, 0);
	struct rego_call call = {.work = &work, .builtin = builtin, .environment = &environment};
	const struct rego_value *result = builtin->function(&call, args);
	if (rego_failed(&work)) {
		ck_assert_int_ge(error.code, REGO_LIMIT_MEMORY);
	} else if (result != NULL) {
		ck_assert_int_eq(call.failure, REGO_CALL_GOOD);
		const struct rego_value *json = rego_json_write(&work, result);
		ck_assert(json != NULL || error.code == REGO_LIMIT_STRING);
		bool read = json == NULL || rego_json_read(&work, json->string.bytes, json->string.len) != NULL;
		ck_assert_msg(read || error.code == REGO_LIMIT_STEPS, "%s: %s", builtin->name, error.message);
	} else if (call.failure != REGO_CALL_GOOD) {
		ck_assert_str_ne(call.message, "");
	}
	rego_work_end(&work);
}

START_TEST(anything)
{
	struct rng rng = rng_new("calls");
	struct rego_limits limits = test_limits;
	limits.steps = 200000;
	for (int round = 0; round < 400; round++)
		for (size_t i = 0; i < COUNT(families); i++)
			for (size_t j = 0; j < families[i]->count; j++)
				call_once(&families[i]->rows[j], &rng, &limits);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rego_calls");
	TCase *tcase = add_case(suite, "calls");
	tcase_add_test(tcase, anything);
	return run_suite(suite);
}
