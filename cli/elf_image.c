#include "elf_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf_library.h"

static const struct elf_library *lib;

static void copy_name(char to[static ELF_NAME_MAX], const char *from, size_t len)
{
	len = strnlen(from, len < ELF_NAME_MAX ? len : ELF_NAME_MAX - 1);
	memcpy(to, from, len);
	to[len] = '\0';
}

static void read_dynamic(struct elf_image *image, Elf_Data *data, size_t strings)
{
	GElf_Dyn entry;
	for (int i = 0; lib->gelf_getdyn(data, i, &entry) != NULL && entry.d_tag != DT_NULL; i++) {
		const char *name;
		switch (entry.d_tag) {
		case DT_SYMBOLIC:
			image->symbolic = true;
			break;
		case DT_FLAGS:
			image->symbolic = image->symbolic || (entry.d_un.d_val & DF_SYMBOLIC) != 0;
			break;
		case DT_FLAGS_1:
			image->pie = (entry.d_un.d_val & DF_1_PIE) != 0;
			break;
		case DT_SONAME:
			name = strings != 0 ? lib->elf_strptr(image->elf, strings, entry.d_un.d_val) : NULL;
			if (name != NULL)
				copy_name(image->soname, name, ELF_NAME_MAX);
			break;
		default:
			break;
		}
	}
}

static void read_segments(struct elf_image *image)
{
	size_t count = 0;
	GElf_Phdr segment;
	if (lib->elf_getphdrnum(image->elf, &count) != 0)
		return;
	for (size_t i = 0; i < count && lib->gelf_getphdr(image->elf, (int)i, &segment) != NULL; i++) {
		if (segment.p_type != PT_DYNAMIC)
			continue;
		Elf_Data *data = lib->elf_getdata_rawchunk(image->elf, (int64_t)segment.p_offset, segment.p_filesz,
							   ELF_T_DYN);
		image->dynamic = true;
		if (data != NULL && data->d_buf != NULL)
			read_dynamic(image, data, 0);
	}
}

static void read_sections(struct elf_image *image)
{
	size_t names;
	GElf_Shdr section;
	if (lib->elf_getshdrstrndx(image->elf, &names) != 0)
		return;
	for (Elf_Scn *at = NULL; (at = lib->elf_nextscn(image->elf, at)) != NULL;) {
		if (lib->gelf_getshdr(at, &section) == NULL)
			continue;
		const char *name = lib->elf_strptr(image->elf, names, section.sh_name);
		if (name != NULL && (strcmp(name, ".go.buildinfo") == 0 || strcmp(name, ".note.go.buildid") == 0))
			image->kind.go = true;
		if (section.sh_type != SHT_DYNAMIC)
			continue;
		Elf_Data *data = lib->elf_getdata(at, NULL);
		if (data != NULL)
			read_dynamic(image, data, section.sh_link);
	}
}

int elf_image_from(struct elf_image *image, int fd, struct ct_error *err)
{
	*image = (struct elf_image){.fd = fd};
	lib = elf_library();
	if (lib == NULL) {
		elf_image_close(image);
		return ct_fail(err, CT_E_ARGUMENT, "libelf.so.1 cannot be loaded: install it (Debian: libelf1)");
	}
	executable_read(&image->kind, fd);
	image->elf = lib->elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!image->kind.elf || image->elf == NULL || lib->elf_kind(image->elf) != ELF_K_ELF
	    || lib->gelf_getehdr(image->elf, &image->header) == NULL) {
		elf_image_close(image);
		return ct_fail(err, CT_E_FORMAT, "no ELF file, or a damaged one: is it a program?");
	}
	if (image->kind.native) {
		read_segments(image);
		read_sections(image);
	}
	return 0;
}

int elf_image_open(struct elf_image *image, const char *path, struct ct_error *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	*image = (struct elf_image){.fd = -1};
	if (fd < 0)
		return ct_fail_sys(err, errno, "cannot open it");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return ct_fail(err, CT_E_FORMAT, "not a regular file");
	}
	return elf_image_from(image, fd, err);
}

void elf_image_close(struct elf_image *image)
{
	if (image->elf != NULL)
		lib->elf_end(image->elf);
	if (image->fd >= 0)
		close(image->fd);
	image->elf = NULL;
	image->fd = -1;
}

static bool visit_symbols(const struct elf_image *image, GElf_Word table, elf_symbol_visit *visit, void *context)
{
	bool found = false;
	GElf_Shdr section;
	GElf_Sym symbol;
	for (Elf_Scn *at = NULL; (at = lib->elf_nextscn(image->elf, at)) != NULL;) {
		if (lib->gelf_getshdr(at, &section) == NULL || section.sh_type != table)
			continue;
		Elf_Data *data = lib->elf_getdata(at, NULL);
		for (int i = 1; data != NULL && lib->gelf_getsym(data, i, &symbol) != NULL; i++) {
			const char *name = lib->elf_strptr(image->elf, section.sh_link, symbol.st_name);
			found = true;
			if (name != NULL && name[0] != '\0')
				visit(context, name, &symbol);
		}
	}
	return found;
}

bool elf_image_symbols(const struct elf_image *image, elf_symbol_visit *visit, void *context)
{
	return visit_symbols(image, SHT_DYNSYM, visit, context);
}

void elf_image_linker_symbols(const struct elf_image *image, elf_symbol_visit *visit, void *context)
{
	visit_symbols(image, SHT_SYMTAB, visit, context);
}

void elf_image_relocations(const struct elf_image *image, elf_relocation_visit *visit, void *context)
{
	GElf_Shdr section, table;
	GElf_Rela entry;
	GElf_Sym symbol;
	for (Elf_Scn *at = NULL; (at = lib->elf_nextscn(image->elf, at)) != NULL;) {
		if (lib->gelf_getshdr(at, &section) == NULL || section.sh_type != SHT_RELA)
			continue;
		Elf_Data *data = lib->elf_getdata(at, NULL), *symbols = NULL;
		Elf_Scn *link = lib->elf_getscn(image->elf, section.sh_link);
		if (data == NULL || link == NULL || lib->gelf_getshdr(link, &table) == NULL
		    || table.sh_type != SHT_DYNSYM || (symbols = lib->elf_getdata(link, NULL)) == NULL)
			continue;
		for (int i = 0; lib->gelf_getrela(data, i, &entry) != NULL; i++) {
			size_t index = GELF_R_SYM(entry.r_info);
			if (index == 0 || index > INT32_MAX
			    || lib->gelf_getsym(symbols, (int)index, &symbol) == NULL)
				continue;
			const char *name = lib->elf_strptr(image->elf, table.sh_link, symbol.st_name);
			if (name != NULL)
				visit(context, name, entry.r_offset);
		}
	}
}

void elf_image_code(const struct elf_image *image, elf_code_visit *visit, void *context)
{
	GElf_Shdr section;
	for (Elf_Scn *at = NULL; (at = lib->elf_nextscn(image->elf, at)) != NULL;) {
		if (lib->gelf_getshdr(at, &section) == NULL || section.sh_type != SHT_PROGBITS
		    || (section.sh_flags & SHF_EXECINSTR) == 0)
			continue;
		Elf_Data *data = lib->elf_rawdata(at, NULL);
		if (data != NULL && data->d_buf != NULL)
			visit(context, data->d_buf, data->d_size, section.sh_addr);
	}
}
