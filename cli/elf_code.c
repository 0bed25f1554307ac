#include "elf_code.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

/* How far before a call its number may be set, in bytes. */
enum { REACH = 48 };

static const struct {
	long number;
	unsigned kind;
	const char *name;
} calls[] = {
#ifdef SYS_open
	{SYS_open, CODE_OPENS, "open"},
	{SYS_creat, CODE_OPENS, "creat"},
#endif
	{SYS_openat, CODE_OPENS, "openat"},
	{SYS_openat2, CODE_OPENS, "openat2"},
	{SYS_read, CODE_READS, "read"},
	{SYS_pread64, CODE_READS, "pread64"},
	{SYS_readv, CODE_READS, "readv"},
	{SYS_preadv, CODE_READS, "preadv"},
	{SYS_preadv2, CODE_READS, "preadv2"},
	{SYS_mmap, CODE_READS, "mmap"},
	{SYS_sendfile, CODE_READS, "sendfile"},
	{SYS_splice, CODE_READS, "splice"},
	{SYS_copy_file_range, CODE_READS, "copy_file_range"},
	{SYS_io_uring_setup, CODE_URING, "io_uring_setup"},
	{SYS_io_submit, CODE_AIO, "io_submit"},
};

static void note_call(struct elf_code *code, long number)
{
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		if (calls[i].number != number)
			continue;
		code->calls |= calls[i].kind;
		code->count++;
		if (code->first[0] == '\0')
			snprintf(code->first, sizeof code->first, "%s", calls[i].name);
	}
}

#if defined(__x86_64__)

static uint32_t read_u32(const uint8_t *at)
{
	uint32_t value;
	memcpy(&value, at, sizeof value);
	return value;
}

/* The length of a ModRM byte and what belongs to it; `left` bytes are there. 0 when they are too few. */
static size_t modrm_length(const uint8_t *at, size_t left)
{
	if (left == 0)
		return 0;
	unsigned mod = *at >> 6, low = *at & 7;
	size_t len = 1;
	if (mod != 3 && low == 4) {
		if (left < 2)
			return 0;
		len += mod == 0 && (at[1] & 7) == 5 ? 5u : 1u;
	}
	len += mod == 1 ? 1u : mod == 2 || (mod == 0 && low == 5) ? 4u : 0u;
	return len <= left ? len : 0;
}

/* One of the instructions that fill registers before a system call: its length, or 0. *number is what it sets the
 * call's number to, if it does. */
static size_t step(const uint8_t *at, size_t left, long *number)
{
	size_t prefix = left > 0 && (*at & 0xf0) == 0x40;
	uint8_t rex = prefix ? *at : 0x40;
	at += prefix;
	left -= prefix;
	if (left < 2)
		return 0;
	if ((*at & 0xf8) == 0xb8) { /* mov register, immediate */
		size_t len = (rex & 8) != 0 ? 9 : 5;
		if (left < len)
			return 0;
		if (*at == 0xb8 && (rex & 1) == 0)
			*number = (long)read_u32(at + 1);
		return prefix + len;
	}
	if (*at == 0xc7 && (at[1] & 0xf8) == 0xc0 && left >= 6) {
		if (at[1] == 0xc0 && (rex & 1) == 0)
			*number = (long)read_u32(at + 2);
		return prefix + 6;
	}
	if (*at != 0x31 && *at != 0x33 && *at != 0x89 && *at != 0x8b && *at != 0x8d && *at != 0x63)
		return 0;
	if ((*at == 0x31 || *at == 0x33) && at[1] == 0xc0 && (rex & 5) == 0)
		*number = 0; /* xor eax, eax */
	size_t rest = modrm_length(at + 1, left - 1);
	return rest == 0 ? 0 : prefix + 1 + rest;
}

/* The number of the call at `end`, if instructions that only fill registers lead from where it is set to there. */
static long number_before(const uint8_t *start, const uint8_t *end)
{
	const uint8_t *from = end - start > REACH ? end - REACH : start;
	for (const uint8_t *begin = end - 1; begin >= from; begin--) {
		long number = -1, first = -1;
		const uint8_t *at = begin;
		while (at < end) {
			size_t len = step(at, (size_t)(end - at), &number);
			if (len == 0)
				break;
			if (at == begin)
				first = number;
			at += len;
		}
		if (at == end && first >= 0)
			return number;
	}
	return -1;
}

static void find_calls(void *context, const uint8_t *code, size_t len, uint64_t address)
{
	static const uint8_t syscall_code[] = {0x0f, 0x05};
	const uint8_t *at = code, *end = code + len;
	(void)address;
	while ((at = memmem(at, (size_t)(end - at), syscall_code, sizeof syscall_code)) != NULL) {
		note_call(context, number_before(code, at));
		at++;
	}
}

struct plt {
	struct elf_code *code;
	uint64_t slots[2]; /* where the loader writes dlopen()'s address */
	uint64_t stubs[4]; /* what jumps there */
	size_t slot_count, stub_count;
};

static void find_slot(void *context, const char *name, uint64_t address)
{
	struct plt *plt = context;
	if (strcmp(name, "dlopen") == 0 && plt->slot_count < 2)
		plt->slots[plt->slot_count++] = address;
}

static bool is_slot(const struct plt *plt, uint64_t address)
{
	for (size_t i = 0; i < plt->slot_count; i++)
		if (plt->slots[i] == address)
			return true;
	return false;
}

/* jmp *slot(%rip), perhaps behind endbr64 and a bnd prefix: each of these may be what is called. */
static void find_stubs(void *context, const uint8_t *code, size_t len, uint64_t address)
{
	struct plt *plt = context;
	for (size_t i = 0; i + 6 <= len; i++) {
		if (code[i] != 0xff || code[i + 1] != 0x25 || plt->stub_count == 4
		    || !is_slot(plt, address + i + 6 + (uint64_t)(int64_t)(int32_t)read_u32(code + i + 2)))
			continue;
		size_t start = i > 0 && code[i - 1] == 0xf2 ? i - 1 : i;
		if (start >= 4 && memcmp(code + start - 4, "\xf3\x0f\x1e\xfa", 4) == 0)
			start -= 4;
		plt->stubs[plt->stub_count++] = address + start;
	}
}

static bool is_dlopen(const struct plt *plt, const uint8_t *code, size_t i, size_t len, uint64_t address)
{
	if (code[i] == 0xff && i + 6 <= len && code[i + 1] == 0x15)
		return is_slot(plt, address + i + 6 + (uint64_t)(int64_t)(int32_t)read_u32(code + i + 2));
	if (code[i] != 0xe8 || i + 5 > len)
		return false;
	uint64_t target = address + i + 5 + (uint64_t)(int64_t)(int32_t)read_u32(code + i + 1);
	for (size_t k = 0; k < plt->stub_count; k++)
		if (plt->stubs[k] == target)
			return true;
	return false;
}

/* mov esi, flags shortly before the call. */
static void find_deep_binds(void *context, const uint8_t *code, size_t len, uint64_t address)
{
	struct plt *plt = context;
	for (size_t i = 0; i < len; i++) {
		if (!is_dlopen(plt, code, i, len, address))
			continue;
		for (size_t back = 5; back <= 32 && back <= i; back++) {
			if (code[i - back] != 0xbe)
				continue;
			uint32_t flags = read_u32(code + i - back + 1);
			if (flags < 0x10000) {
				plt->code->deep_binds += (flags & RTLD_DEEPBIND) != 0;
				break;
			}
		}
	}
}

#elif defined(__aarch64__)

static void find_calls(void *context, const uint8_t *code, size_t len, uint64_t address)
{
	(void)address;
	for (size_t i = 0; i + 4 <= len; i += 4) {
		uint32_t word;
		memcpy(&word, code + i, 4);
		if (word != 0xd4000001) /* svc #0 */
			continue;
		for (size_t back = 4; back <= REACH && back <= i; back += 4) {
			memcpy(&word, code + i - back, 4);
			if ((word & 0x7fe0001f) == 0x52800008) { /* mov w8, number */
				note_call(context, (long)(word >> 5 & 0xffff));
				break;
			}
		}
	}
}

#else

static void find_calls(void *context, const uint8_t *code, size_t len, uint64_t address)
{
	(void)context, (void)code, (void)len, (void)address;
}

#endif

void elf_code_scan(struct elf_code *code, const struct elf_image *image)
{
	*code = (struct elf_code){0};
	elf_image_code(image, find_calls, code);
#if defined(__x86_64__)
	struct plt plt = {.code = code};
	elf_image_relocations(image, find_slot, &plt);
	if (plt.slot_count == 0)
		return;
	elf_image_code(image, find_stubs, &plt);
	elf_image_code(image, find_deep_binds, &plt);
#endif
}
