/* Functions of libc's that are looked for in glibc 2.34, whatever glibc the library and the command are built on.
 * They are hidden: static libraries and our own objects refer to them here, and nobody else does. */
#include <features.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>

#if !__GLIBC_PREREQ(2, 34)
#error "ctshim needs glibc 2.34 or later, to build and to run"
#endif

/* Since 2.38 the headers turn strtol and the like into functions that older ones lack. Here they are those that
 * all have; C23's prefix 0b is not understood, which no caller asks for.
 * Under names of our own, since the headers would turn these too. */
extern long old_strtol(const char *, char **, int) __asm__("strtol");
extern unsigned long old_strtoul(const char *, char **, int) __asm__("strtoul");
extern long long old_strtoll(const char *, char **, int) __asm__("strtoll");
extern unsigned long long old_strtoull(const char *, char **, int) __asm__("strtoull");
extern int old_vsscanf(const char *, const char *, va_list) __asm__("__isoc99_vsscanf");

long __isoc23_strtol(const char *text, char **end, int base);
unsigned long __isoc23_strtoul(const char *text, char **end, int base);
long long __isoc23_strtoll(const char *text, char **end, int base);
unsigned long long __isoc23_strtoull(const char *text, char **end, int base);
intmax_t __isoc23_strtoimax(const char *text, char **end, int base);
uintmax_t __isoc23_strtoumax(const char *text, char **end, int base);
int __isoc23_vsscanf(const char *text, const char *format, va_list args);
int __isoc23_sscanf(const char *text, const char *format, ...);

long __isoc23_strtol(const char *text, char **end, int base)
{
	return old_strtol(text, end, base);
}

unsigned long __isoc23_strtoul(const char *text, char **end, int base)
{
	return old_strtoul(text, end, base);
}

long long __isoc23_strtoll(const char *text, char **end, int base)
{
	return old_strtoll(text, end, base);
}

unsigned long long __isoc23_strtoull(const char *text, char **end, int base)
{
	return old_strtoull(text, end, base);
}

intmax_t __isoc23_strtoimax(const char *text, char **end, int base)
{
	return old_strtoll(text, end, base);
}

uintmax_t __isoc23_strtoumax(const char *text, char **end, int base)
{
	return old_strtoull(text, end, base);
}

int __isoc23_vsscanf(const char *text, const char *format, va_list args)
{
	return old_vsscanf(text, format, args);
}

int __isoc23_sscanf(const char *text, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int count = old_vsscanf(text, format, args);
	va_end(args);
	return count;
}

/* stat and its kin came with 2.33, __xstat has been there always. Without these, and with what the Makefile
 * calls WEAK, an older glibc misses but one version, and says so in one line. */
#if defined(__x86_64__)
#define OLDEST "GLIBC_2.2.5"
enum { STAT_VERSION = 1 };
#elif defined(__aarch64__)
#define OLDEST "GLIBC_2.17"
enum { STAT_VERSION = 0 };
#endif

#ifdef OLDEST
extern int old_xstat(int, const char *, struct stat *);
extern int old_lxstat(int, const char *, struct stat *);
extern int old_fxstat(int, int, struct stat *);
__asm__(".symver old_xstat, __xstat@" OLDEST);
__asm__(".symver old_lxstat, __lxstat@" OLDEST);
__asm__(".symver old_fxstat, __fxstat@" OLDEST);

int stat(const char *path, struct stat *st)
{
	return old_xstat(STAT_VERSION, path, st);
}

int lstat(const char *path, struct stat *st)
{
	return old_lxstat(STAT_VERSION, path, st);
}

int fstat(int fd, struct stat *st)
{
	return old_fxstat(STAT_VERSION, fd, st);
}
#endif

/* libc_nonshared.a's refers to __register_atfork strongly; see WEAK in the Makefile. */
extern void *__dso_handle __attribute__((visibility("hidden")));
extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *);
int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));

int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
	return __register_atfork(prepare, parent, child, &__dso_handle);
}
