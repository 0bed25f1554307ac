#include "key_path.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Length of a URL scheme at the start of `value` that "://" follows, or 0. */
static size_t scheme_len(const char *value)
{
	size_t len = 0;
	if (!isalpha((unsigned char)value[0]))
		return 0;
	while (isalnum((unsigned char)value[len]) || (value[len] != '\0' && strchr("+-.", value[len]) != NULL))
		len++;
	return strncmp(value + len, "://", 3) == 0 ? len : 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Append `text` at *len of `path`; `escapes`: decode them. */
static int append(const char *text, bool escapes, char *path, size_t room, size_t *len,
		  struct ct_error *err)
{
	for (; *text != '\0'; text++) {
		char c = *text;
		if (escapes && c == '%') {
			int high = hex(text[1]), low = high < 0 ? -1 : hex(text[2]);
			if (low < 0 || (high == 0 && low == 0))
				return ct_fail(err, CT_E_KEY,
					       "'%.100s' is no percent escape: write %%25 for '%%' in a file: URL",
					       text);
			c = (char)(high << 4 | low);
			text += 2;
		}
		if (*len + 1 >= room)
			return ct_fail(err, CT_E_KEY, "the path is too long");
		path[(*len)++] = c;
	}
	path[*len] = '\0';
	return 0;
}

int ct_key_path(const char *value, const char *home, char *path, size_t room, struct ct_error *err)
{
	size_t len = 0, scheme = scheme_len(value);
	bool url = false;
	if (scheme > 0 && (scheme != 4 || strncasecmp(value, "file", 4) != 0))
		return ct_fail(err, CT_E_KEY, "'%.*s://' is not supported: use file:///path or a plain path",
			       (int)(scheme > 40 ? 40 : scheme), value);
	if (scheme > 0 || strncasecmp(value, "file:/", 6) == 0) {
		url = true;
		value += scheme > 0 ? strlen("file://") : strlen("file:");
		if (scheme > 0 && strncasecmp(value, "localhost/", 10) == 0)
			value += strlen("localhost");
	}
	if (value[0] == '\0')
		return ct_fail(err, CT_E_KEY, "names no file");
	if (room == 0)
		return ct_fail(err, CT_E_KEY, "the path is too long");
	if (value[0] == '~' && (value[1] == '/' || value[1] == '\0')) {
		if (home == NULL || home[0] == '\0')
			return ct_fail(err, CT_E_KEY, "'~' has no meaning without HOME: write the path out");
		if (append(home, false, path, room, &len, err) < 0)
			return -1;
		value++;
	}
	return append(value, url, path, room, &len, err);
}

bool ct_key_path_next(const char **list, char *directory, size_t room)
{
	while (**list != '\0') {
		const char *item = *list;
		size_t len = strcspn(item, ":");
		*list = item + len + (item[len] == ':');
		if (len == 0 || len >= room || item[0] != '/')
			continue;
		memcpy(directory, item, len);
		directory[len] = '\0';
		return true;
	}
	return false;
}

bool ct_key_path_below(const char *path, const char *directory)
{
	size_t len = strlen(directory);
	while (len > 0 && directory[len - 1] == '/')
		len--;
	return strncmp(path, directory, len) == 0 && path[len] == '/' && path[len + 1] != '\0';
}
