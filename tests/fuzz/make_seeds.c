/* Write the inputs that fuzzing begins with: make_seeds FOLDER, which gets a folder for each target. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "forge.h"
#include "jwk.h"
#include "rego_builtin_rows.h"

static const char *top;

static void save(const char *target, int number, const void *bytes, size_t len)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", top, target);
	mkdir(path, 0777);
	snprintf(path, sizeof path, "%s/%s/seed-%d", top, target, number);
	FILE *file = fopen(path, "wb");
	if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) {
		perror(path);
		exit(1);
	}
}

static void save_text(const char *target, int number, const char *text)
{
	save(target, number, text, strlen(text));
}

static void models(void)
{
	static const struct forge_tensor tensors[] = {
		{"a", 10, true}, {"b\"\\", 0, true}, {"clear", 4, false}, {"c", 0, true}};
	static const struct forge ways[] = {
		{CT_AES_128_GCM, "2", .chunk_size = 4, .tensors = tensors, .count = COUNT(tensors)},
		{CT_AES_256_GCM, "1", .tensors = tensors, .count = COUNT(tensors)},
		{CT_CHACHA20_POLY1305, "2", .chunk_size = 64, .tensors = tensors, .count = 1, .foreign = true},
		{CT_AES_128_GCM, "2", .chunk_size = 3, .extra = "\"iv\":null,", .tensors = tensors, .count = 2},
	};
	static const struct tensor_spec plain[] = {
		{"x", "F32", "[2,3]", 24}, {"y", "F4", "[4]", 2}, {"z", "BF16", "[]", 2}, {"0", "U8", "[0]", 0}};
	struct memory file;
	for (size_t i = 0; i < COUNT(ways); i++) {
		uint8_t *data;
		forge(&ways[i], &file, &data);
		save("model", (int)i, file.bytes, file.size);
		save("header", (int)i, file.bytes, file.size);
		/* its header is JSON too */
		save("json", 100 + (int)i, file.bytes + 8, (size_t)memory_header_len(&file));
		free(data);
		memory_free(&file);
	}
	make_plain(&file, "{\"format\":\"pt\"}", plain, COUNT(plain), 1);
	save("model", 10, file.bytes, file.size);
	save("header", 10, file.bytes, file.size);
	memory_free(&file);
}

static void keys(void)
{
	struct ct_keyset set;
	test_keys(&set);
	for (int readers = 0; readers < 2; readers++) {
		struct ct_buffer text = {0};
		ct_jwk_put(&set, readers, &text);
		save("jwk", readers, text.data, text.len);
		ct_buffer_free(&text);
	}
	ct_keyset_clear(&set);
	save_text("jwk", 2,
		  "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\"kid\":\"s\","
		  "\"x\":\"-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8\"}");
	save_text("jwk", 3, "{\"kty\":\"oct\",\"alg\":\"A128GCM\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}");
}

static void policies(void)
{
	static const char *const texts[] = {
		"package m\n\ndefault allow := false\n\nallow if {\n\tinput.b.c == \"d\"\n\tsome x in input.a\n\tx > 1\n"
		"\tevery y in input.a { y < 9 }\n\tnot data.users.z\n}\n",
		"package m\nimport data.users as u\nallow if f(1)\nf(x) := y if { y := x + 1 } else := 2\n"
		"p[x].r[y] := z if { z := u[x].roles[y] }\nq contains x if x := p[_].r[_]\n",
		"package m\nallow { input.a[_] = x; x > 1 }\nq[x] { x := {a | a = input.a[_]} }\nr[k] = v { v = input.b[k] }\n",
		"package m\nallow if { x := $\"a {input.f} {[y | y := 1; y > 0]}\"; x != \"\" with input as {\"f\": 2} }\n"
		"a := {1: {2, 3}, \"x\": [null, `raw`, -1.5e3]}\nb := [1 | true] | {2}\n",
		"package m\nallow if { walk(input, [p, v]); v == 3; time.parse_rfc3339_ns(input.g) > 0; regex.match(`^a+$`, \"aa\");"
		" count(input.a) == 3 with count as 3 }\n",
	};
	for (size_t i = 0; i < COUNT(texts); i++)
		save_text("rego_text", (int)i, texts[i]);
	save_text("rego_rules", 0, "\1\2\3\4\5\6\7\10\11\1\2\3\4\5\6\7\10\11\12\13\14\15\16");
}

static void builtins(void)
{
	static const char searches[][2][64] = {
		{"(?i)^[a-z]+\\[[0-9]+\\]$", "foo[1]"}, {"(a|b)*?c{2,5}|\\bx\\B", "aabcccx"},
		{"\\p{Greek}+[^\\pL[:digit:]]", "\xce\xb1\xce\xb2 1"}, {"(?P<x>(a*)+|)$", "aaab"},
		{"{cat,b[!a-c]t,*.**}?", "b.t/x"}};
	for (size_t i = 0; i < COUNT(searches); i++) {
		char both[128];
		size_t len = strlen(searches[i][0]) + 1;
		memcpy(both, searches[i][0], len);
		strcpy(both + len, searches[i][1]);
		save("rego_regex", (int)i, both, len + strlen(both + len));
	}
	for (size_t i = 0; i < COUNT(builtin_rows); i++)
		save_text("rego_builtins", (int)i, builtin_rows[i].call);
}

/* A test, as what the seeds are made with may only run in one. */
START_TEST(seeds)
{
	mkdir(top, 0777);
	models();
	keys();
	policies();
	builtins();
	save_text("json", 0, "{\"a\":[0,1.5e-3,-12,true,false,null],\"\\u00e9\\ud83d\\ude00\":{\"b\\n\":\"\xc3\xa9\"}}");
	save_text("json", 1, "[[[[[[[[[[[[[[[[9007199254740992]]]]]]]]]]]]]]]]");
	save_text("json", 2, "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\xf0\x9f\x98\x80\"");
	save_text("base64", 0, "AAECAwQFBgcICQoLDA0ODw==");
	save_text("base64", 1, "-_-_-_-_-_8");
	save_text("base64", 2, "++//Zm8=");
}
END_TEST

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: make_seeds FOLDER\n");
		return 2;
	}
	top = argv[1];
	Suite *suite = suite_create("seeds");
	tcase_add_test(add_case(suite, "seeds"), seeds);
	return run_suite(suite);
}
