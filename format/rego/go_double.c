/* Doubles as text. The digits come from libc; its decimal point, which depends on the locale, is never looked at. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "go_format.h"

#define MOST_DIGITS 770 /* that a double has before only zeros follow */

/* 0.d1d2d3... * 10^point, without zeros at the end. */
struct digits {
	char text[MOST_DIGITS + 32];
	int count, point;
	bool negative;
};

/* `count` digits after the first one. */
static void print_digits(struct digits *digits, double value, int count)
{
	char text[MOST_DIGITS + 64];
	snprintf(text, sizeof text, "%.*e", count < MOST_DIGITS ? count : MOST_DIGITS, value);
	digits->negative = text[0] == '-';
	digits->count = 0;
	const char *at = text;
	for (; *at != 'e'; at++)
		if (*at >= '0' && *at <= '9')
			digits->text[digits->count++] = *at;
	digits->point = atoi(at + 1) + 1;
	while (digits->count > 0 && digits->text[digits->count - 1] == '0')
		digits->count--;
	if (digits->count == 0)
		digits->point = 0;
}

/* Reads digits without any point. */
static double value_of(const struct digits *digits)
{
	char text[MOST_DIGITS + 64];
	int saved = errno;
	snprintf(text, sizeof text, "%s%.*se%d", digits->negative ? "-" : "", digits->count, digits->text,
		 digits->point - digits->count);
	double value = strtod(text, NULL);
	errno = saved;
	return value;
}

static void shortest_digits(struct digits *digits, double value)
{
	int count = 0;
	do
		print_digits(digits, value, count);
	while (count++ < 17 && value_of(digits) != value);
}

static bool add_exponent(struct rego_buffer *out, char letter, int exponent)
{
	char text[16];
	int len = snprintf(text, sizeof text, "%c%c%02d", letter, exponent < 0 ? '-' : '+', abs(exponent));
	return rego_buffer_add(out, text, (size_t)len);
}

/* d.ddde+dd with `precision` digits after the point. */
static bool add_scientific(struct rego_buffer *out, const struct digits *digits, int precision, char letter)
{
	rego_buffer_byte(out, digits->count > 0 ? digits->text[0] : '0');
	if (precision > 0) {
		int real = digits->count - 1 < precision ? digits->count - 1 : precision;
		real = real < 0 ? 0 : real;
		rego_buffer_byte(out, '.');
		rego_buffer_add(out, digits->text + 1, (size_t)real);
		rego_buffer_repeat(out, '0', (size_t)(precision - real));
	}
	return add_exponent(out, letter, digits->count > 0 ? digits->point - 1 : 0);
}

static char digit_at(const struct digits *digits, int i)
{
	return i >= 0 && i < digits->count ? digits->text[i] : '0';
}

/* Plainly, with `precision` digits after the point. */
static bool add_plain(struct rego_buffer *out, const struct digits *digits, int precision)
{
	for (int i = 0; i < digits->point; i++)
		rego_buffer_byte(out, digit_at(digits, i));
	if (digits->point <= 0)
		rego_buffer_byte(out, '0');
	if (precision > 0)
		rego_buffer_byte(out, '.');
	int real = digits->count - digits->point < precision ? digits->count - digits->point : precision;
	real = real < 0 ? 0 : real;
	for (int i = 0; i < real; i++)
		rego_buffer_byte(out, digit_at(digits, digits->point + i));
	return rego_buffer_repeat(out, '0', (size_t)(precision - real));
}

static bool add_general(struct rego_buffer *out, double value, char letter, int precision)
{
	struct digits digits;
	int limit = 6; /* for numbers whose digits are as many as needed */
	if (precision < 0) {
		shortest_digits(&digits, value);
	} else {
		precision = precision == 0 ? 1 : precision;
		print_digits(&digits, value, precision - 1);
		limit = precision > digits.count && digits.count >= digits.point ? digits.count : precision;
	}
	if (digits.negative)
		rego_buffer_byte(out, '-');
	if (digits.count > 0 && (digits.point - 1 < -4 || digits.point - 1 >= limit))
		return add_scientific(out, &digits, digits.count - 1, letter);
	return add_plain(out, &digits, digits.count > digits.point ? digits.count - digits.point : 0);
}

/* Hexadecimal, as libc has it but for the point and an exponent of two digits. */
static bool add_hexadecimal(struct rego_buffer *out, double value, char verb, int precision)
{
	char text[MOST_DIGITS + 64];
	if (precision < 0)
		snprintf(text, sizeof text, "%a", value);
	else
		snprintf(text, sizeof text, "%.*a", precision < 60 ? precision : 60, value);
	char *at = text;
	bool point = false;
	for (; *at != 'p'; at++) {
		bool plain = *at == '-' || *at == 'x' || (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'f');
		if (!plain && point)
			continue; /* a decimal point of several bytes */
		point = point || !plain;
		char c = plain ? *at : '.';
		rego_buffer_byte(out, verb == 'X' && c >= 'a' ? (char)(c - 32) : c);
	}
	if (precision > 60)
		rego_buffer_repeat(out, '0', (size_t)precision - 60);
	return add_exponent(out, verb == 'X' ? 'P' : 'p', atoi(at + 1));
}

/* mantissa p exponent, both decimal. */
static bool add_binary(struct rego_buffer *out, double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1);
	int exponent = (int)(bits >> 52 & 0x7FF);
	if (exponent == 0)
		exponent = 1;
	else
		mantissa |= UINT64_C(1) << 52;
	char text[48];
	int len = snprintf(text, sizeof text, "%s%llup%+d", value < 0 ? "-" : "", (unsigned long long)mantissa,
			   exponent - 1075);
	return rego_buffer_add(out, text, (size_t)len);
}

/* As many digits as stand before the point, and `places` behind it. */
static void round_to_places(struct digits *digits, double value, int places)
{
	print_digits(digits, value, MOST_DIGITS);
	int kept = digits->point + places;
	if (digits->count <= kept)
		return;
	if (kept > 0) {
		print_digits(digits, value, kept - 1);
		return;
	}
	/* Less than one unit of the last place; the half of one goes to the even neighbour, which is zero. */
	bool up = kept == 0 && (digits->text[0] > '5' || (digits->text[0] == '5' && digits->count > 1));
	digits->text[0] = '1';
	digits->count = up;
	digits->point = up ? digits->point + 1 : 0;
}

bool rego_go_double(struct rego_buffer *out, double value, char verb, int precision)
{
	struct digits digits;
	if (verb == 'b')
		return add_binary(out, value);
	if (verb == 'x' || verb == 'X')
		return add_hexadecimal(out, value, verb, precision);
	if (verb == 'g' || verb == 'G')
		return add_general(out, value, verb == 'g' ? 'e' : 'E', precision);
	if (precision < 0) {
		shortest_digits(&digits, value);
		precision = verb == 'f' ? digits.count - digits.point : digits.count - 1;
		precision = precision < 0 ? 0 : precision;
	} else if (verb != 'f') {
		print_digits(&digits, value, precision);
	} else {
		round_to_places(&digits, value, precision);
	}
	if (digits.negative)
		rego_buffer_byte(out, '-');
	return verb == 'f' ? add_plain(out, &digits, precision)
			   : add_scientific(out, &digits, precision, verb == 'E' ? 'E' : 'e');
}
