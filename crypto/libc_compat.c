/* What a newer glibc than 2.34 puts into objects compiled against it, ours and those in static
 * libraries: since 2.38 its headers turn strtol and the like into functions that older ones lack. Here they
 * are, hidden, for the same old functions; what nothing refers to does not get into the library.
 * The only difference: C23's prefix 0b is not understood, which no caller asks for. */
#include <stdarg.h>
#include <stdint.h>

/* Under names of our own, since the headers would turn these too. */
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
