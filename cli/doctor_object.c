/* One ELF file: what it imports, defines, and does without libc. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "elf_code.h"

enum { NAMES = 6 }; /* so many are listed */

struct defined {
	char list[200]; /* hooked names that the file defines */
	size_t count;
};

struct look {
	struct doctor_report *report;
	struct doctor_object *object;
	struct defined defined;
	bool asks_on;   /* it imports dlsym(): what it defines may hand on to the next definition */
	bool sanitizer; /* it is, or has in it, a sanitizer's run-time library, which hands on */
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

static bool begins(const char *path, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(base_name(path), names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

bool doctor_is_ours(const char *path)
{
	static const char *const names[] = {"libctshim.so"};
	return begins(path, names, 1);
}

bool doctor_is_libc(const char *path)
{
	static const char *const names[] = {"libc.so.6",       "libc-2.",       "ld-linux",   "ld-2.",
					    "libpthread.so.0", "libpthread-2.", "librt.so.1", "librt-2.",
					    "libdl.so.2",      "libanl.so.1",   "linux-vdso.so"};
	return begins(path, names, sizeof names / sizeof *names);
}

bool doctor_is_sanitizer(const char *path)
{
	static const char *const names[] = {"libasan.so", "libtsan.so", "liblsan.so", "libubsan.so", "libhwasan.so",
					    "libclang_rt."};
	return begins(path, names, sizeof names / sizeof *names);
}

static void note_import(struct look *look, const char *name)
{
	struct doctor_object *object = look->object;
	const struct io_call *call = io_call_find(name);
	look->asks_on = look->asks_on || strcmp(name, "dlsym") == 0 || strcmp(name, "dlvsym") == 0;
	if (call == NULL)
		return;
	for (size_t i = 0; i < object->count; i++)
		if (object->calls[i] == call)
			return;
	const struct io_call **grown = realloc(object->calls, (object->count + 1) * sizeof(*grown));
	if (grown == NULL) {
		look->report->failed = true;
		return;
	}
	object->calls = grown;
	object->calls[object->count++] = call;
}

static void note_definition(struct look *look, const char *name, const GElf_Sym *symbol)
{
	struct defined *defined = &look->defined;
	unsigned char type = GELF_ST_TYPE(symbol->st_info);
	look->sanitizer = look->sanitizer || strcmp(name, "__asan_init") == 0 || strcmp(name, "__tsan_init") == 0
			  || strcmp(name, "__msan_init") == 0 || strcmp(name, "__sanitizer_print_stack_trace") == 0;
	if ((type != STT_FUNC && type != STT_GNU_IFUNC) || GELF_ST_BIND(symbol->st_info) == STB_LOCAL
	    || GELF_ST_VISIBILITY(symbol->st_other) == STV_HIDDEN || !io_call_hooked(name) || !io_call_reads(name))
		return;
	size_t at = strlen(defined->list), len = strlen(name);
	const char *known = strstr(defined->list, name);
	if (known != NULL && (known[len] == '\0' || known[len] == ',') && (known == defined->list || known[-1] == ' '))
		return;
	if (defined->count < NAMES)
		snprintf(defined->list + at, sizeof defined->list - at, "%s%s", at > 0 ? ", " : "", name);
	else if (defined->count == NAMES)
		snprintf(defined->list + at, sizeof defined->list - at, ", ...");
	defined->count++;
}

/* The linker's own table has what the program defines for itself alone. */
static void note_linker_symbol(void *context, const char *name, const GElf_Sym *symbol)
{
	if (symbol->st_shndx != SHN_UNDEF)
		note_definition(context, name, symbol);
}

static void note_symbol(void *context, const char *name, const GElf_Sym *symbol)
{
	if (symbol->st_shndx == SHN_UNDEF)
		note_import(context, name);
	else
		note_definition(context, name, symbol);
}

/* The program comes before the library in the order of look-up, and so does what a file binds to itself. */
static void judge_definitions(struct look *look, const struct elf_image *image, bool main)
{
	const char *path = look->object->path, *list = look->defined.list;
	if (look->defined.count == 0 || look->sanitizer)
		return;
	if (main && look->asks_on)
		doctor_find(look->report, DOCTOR_WARNING, "own-definition", path,
			    "defines %s itself, before the library's; it may hand calls on (it uses dlsym), or not: "
			    "try it with --model", list);
	else if (main)
		doctor_find(look->report, DOCTOR_PROBLEM, "own-definition", path,
			    "defines %s itself, before the library's: what it reads that way stays encrypted: decrypt "
			    "the model for it", list);
	else if (image->symbolic)
		doctor_find(look->report, DOCTOR_WARNING, "symbolic", path,
			    "defines %s and is linked with -Bsymbolic: its own calls of these pass the library by",
			    list);
}

static void judge_code(struct look *look, const struct elf_image *image)
{
	const char *path = look->object->path;
	struct elf_code code;
	elf_code_scan(&code, image);
	if ((code.calls & CODE_URING) != 0)
		doctor_find(look->report, DOCTOR_WARNING, "io-uring", path,
			    "may set up io_uring without libc: the kernel then reads encrypted bytes: use mode memfd");
	if ((code.calls & CODE_AIO) != 0)
		doctor_find(look->report, DOCTOR_WARNING, "kernel-aio", path,
			    "may have the kernel read (io_submit): encrypted bytes: use mode memfd");
	if (look->sanitizer || doctor_is_sanitizer(path) || (code.calls & (CODE_OPENS | CODE_READS)) == 0)
		goto bind;
	if ((code.calls & CODE_OPENS) != 0)
		doctor_find(look->report, DOCTOR_WARNING, "system-calls", path,
			    "may open files by system calls of its own (%s and the like, %u in its code), past libc: "
			    "such files stay encrypted: try it with --model, or decrypt the model for it", code.first,
			    code.count);
	else if ((code.calls & CODE_URING) == 0)
		doctor_find(look->report, DOCTOR_WARNING, "system-calls", path,
			    "may read by system calls of its own (%s, %u in its code), past libc: use mode memfd",
			    code.first, code.count);
	look->report->bypass = true;
bind:
	if ((code.calls & (CODE_URING | CODE_AIO)) != 0)
		look->report->bypass = true;
	if (code.deep_binds > 0)
		doctor_find(look->report, DOCTOR_WARNING, "deepbind", path,
			    "may open libraries with RTLD_DEEPBIND (%u place%s in its code): these then find libc "
			    "before the library, and what they read stays encrypted", code.deep_binds,
			    code.deep_binds == 1 ? "" : "s");
}

static void judge_imports(struct look *look)
{
	for (size_t i = 0; i < look->object->count; i++) {
		const struct io_call *call = look->object->calls[i];
		if (call->fate != IO_PASSES)
			continue;
		look->report->bypass = look->report->bypass || call->memfd;
		doctor_find(look->report, DOCTOR_WARNING,
			    strncmp(call->name, "io_uring", 8) == 0 ? "io-uring" : "past-the-library",
			    look->object->path, "%s %s", call->name, call->text);
	}
}

static struct doctor_object *add_object(struct doctor_report *report, const char *shown)
{
	for (size_t i = 0; i < report->object_count; i++)
		if (strcmp(report->objects[i].path, shown) == 0)
			return NULL;
	struct doctor_object *grown = realloc(report->objects, (report->object_count + 1) * sizeof *grown);
	char *path = strdup(shown);
	if (grown != NULL)
		report->objects = grown;
	if (grown == NULL || path == NULL) {
		free(path);
		report->failed = true;
		return NULL;
	}
	grown[report->object_count] = (struct doctor_object){.path = path};
	return &grown[report->object_count++];
}

void doctor_object(struct doctor_report *report, const char *shown, const char *path, bool main)
{
	struct elf_image image;
	struct ct_error err;
	if (doctor_is_libc(shown) || doctor_is_ours(shown))
		return;
	struct doctor_object *object = add_object(report, shown);
	if (object == NULL)
		return;
	if (elf_image_open(&image, path, &err) < 0) {
		doctor_find(report, DOCTOR_WARNING, "unreadable", shown, "%s: what it does is not known", err.message);
		return;
	}
	struct look look = {.report = report, .object = object};
	if (image.kind.native) {
		if (!elf_image_symbols(&image, note_symbol, &look) && main)
			doctor_find(report, DOCTOR_WARNING, "no-symbols", shown,
				    "its table of imports cannot be read: what it uses is not known");
		if (main)
			elf_image_linker_symbols(&image, note_linker_symbol, &look);
		judge_definitions(&look, &image, main);
		judge_code(&look, &image);
		judge_imports(&look);
	}
	elf_image_close(&image);
}
