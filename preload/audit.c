#include "audit.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <time.h>

#include "digest.h"
#include "json_put.h"
#include "raw.h"
#include "whole_file.h"

enum { PATIENCE = 1000 }; /* ms that a reader who does not keep up is waited for */

static void put_digest(struct ct_buffer *line, const char *key, const struct ct_crypto *crypto, const char *text, size_t len)
{
	uint8_t digest[CT_SHA256_LEN];
	char hex[2 * CT_SHA256_LEN + 1];
	struct ct_error unused;
	if (len == 0 || ct_sha256(crypto, text, len, digest, &unused) < 0)
		return;
	for (size_t i = 0; i < sizeof digest; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	shim_json_text(line, key, hex);
}

static void put_process(struct ct_buffer *line)
{
	char path[PATH_MAX];
	struct utsname name;
	shim_json_begin(line, "process", '{');
	shim_json_u64(line, "pid", (unsigned long)raw_getpid());
	if (shim_link_read("/proc/self/exe", path, sizeof path))
		shim_json_text(line, "executable", path);
	shim_json_u64(line, "uid", (unsigned long)SHIM_RAW(SYS_geteuid, 0, 0, 0, 0, 0, 0));
	shim_json_end(line, '}');
	if (SHIM_RAW(SYS_uname, &name, 0, 0, 0, 0, 0) == 0)
		shim_json_text(line, "host", name.nodename);
}

static void put_line(struct ct_buffer *line, const struct shim_policy_open *open, const struct ct_model *model,
		     const struct shim_decision *decision)
{
	char time[SHIM_TIME_MAX];
	const struct ct_buffer *operator_policy = decision->operator_policy;
	shim_policy_time(time, decision->now);
	shim_json_begin(line, NULL, '{');
	shim_json_text(line, "time", time);
	shim_json_text(line, "decision", decision->allowed ? "allow" : "deny");
	if (!decision->allowed) {
		shim_json_text(line, "by", decision->by);
		shim_json_text(line, "why", decision->why);
	}
	shim_json_begin(line, "model", '{');
	shim_json_text(line, "path", open->path);
	shim_json_u64(line, "size", model->file_size);
	shim_json_text(line, "enc_kid", model->manifest.master.kid);
	shim_json_text(line, "sign_kid", model->manifest.signer.kid);
	shim_json_end(line, '}');
	put_process(line);
	shim_json_begin(line, "policy", '{');
	put_digest(line, "file", open->crypto, decision->file_policy, strlen(decision->file_policy));
	put_digest(line, "operator", open->crypto, operator_policy->data, operator_policy->len);
	shim_json_end(line, '}');
	shim_json_end(line, '}');
}

/* 0, or -errno. Without this a pipe whose reader sleeps would hold the program up for ever, and one that has no reader
 * would end it. */
static int wait_for_room(int fd)
{
	struct pollfd one = {.fd = fd, .events = POLLOUT};
	struct timespec patience = {.tv_sec = PATIENCE / 1000};
	long ready = SHIM_RAW(SYS_ppoll, &one, 1, &patience, NULL, 8, 0);
	if (ready <= 0)
		return ready < 0 ? (int)ready : -EAGAIN;
	if ((one.revents & POLLNVAL) != 0)
		return -EBADF;
	return (one.revents & (POLLERR | POLLHUP)) != 0 ? -EPIPE : 0;
}

/* 0 or -errno. */
static int write_line(int fd, const struct ct_buffer *line)
{
	ssize_t put;
	do {
		put = wait_for_room(fd);
		if (put == 0)
			put = raw_write(fd, line->data, line->len);
	} while (put == -EINTR);
	if (put < 0)
		return (int)put;
	return (size_t)put == line->len ? 0 : -ENOSPC;
}

static int to_file(const char *path, const struct ct_buffer *line)
{
	int fd = raw_openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0)
		return fd;
	int status = write_line(fd, line);
	raw_close(fd);
	return status;
}

/* The number behind "fd:", or -1. */
static int parse_number(const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && number <= INT_MAX ? (int)number : -1;
}

static int send_to(const char *path, int type, const struct ct_buffer *message, size_t len)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = PATIENCE / 1000};
	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	int fd = (int)SHIM_RAW(SYS_socket, AF_UNIX, type | SOCK_CLOEXEC, 0, 0, 0, 0);
	if (fd < 0)
		return fd;
	SHIM_RAW(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience, 0);
	int status = (int)SHIM_RAW(SYS_connect, fd, &address, sizeof address, 0, 0, 0);
	if (status == 0) {
		long put = SHIM_RAW(SYS_sendto, fd, message->data, len, MSG_NOSIGNAL, NULL, 0);
		status = put < 0 ? (int)put : (size_t)put == len ? 0 : -ENOSPC;
	}
	raw_close(fd);
	return status;
}

/* As syslog(3) does, but for the time of day, which the daemon knows: facility authpriv, a denial is a warning. */
static int to_syslog(const char *path, const struct ct_buffer *line, bool allowed)
{
	enum { AUTHPRIV = 10 << 3, WARNING = 4, INFO = 6 };
	struct ct_buffer message = {0};
	char head[64];
	int status = -ENOMEM;
	snprintf(head, sizeof head, "<%d>ctshim[%d]: ", AUTHPRIV | (allowed ? INFO : WARNING), (int)raw_getpid());
	ct_buffer_puts(&message, head);
	ct_buffer_put(&message, line->data, line->len - 1); /* no line end */
	if (!message.failed) {
		status = send_to(path, SOCK_DGRAM, &message, message.len);
		if (status == -EPROTOTYPE) /* with the NUL, which parts messages in a stream */
			status = send_to(path, SOCK_STREAM, &message, message.len + 1);
	}
	ct_buffer_free(&message);
	return status;
}

static int write_out(const char *where, const struct ct_buffer *line, bool allowed)
{
	static const char number[] = "fd:", log[] = "syslog";
	if (strncmp(where, number, sizeof number - 1) == 0) {
		int fd = parse_number(where + sizeof number - 1);
		return fd >= 0 ? write_line(fd, line) : -EBADF;
	}
	if (strcmp(where, log) == 0)
		return to_syslog("/dev/log", line, allowed);
	if (strncmp(where, "syslog:", sizeof log) == 0)
		return to_syslog(where + sizeof log, line, allowed);
	return to_file(where, line);
}

int shim_audit(const struct shim_policy_open *open, const struct ct_model *model,
	       const struct shim_policy_config *config, const struct shim_decision *decision, struct ct_error *err)
{
	struct ct_buffer line = {0};
	put_line(&line, open, model, decision);
	ct_buffer_puts(&line, "\n");
	int status = ct_buffer_check(&line, err) < 0 ? -ENOMEM : write_out(config->audit, &line, decision->allowed);
	ct_buffer_free(&line);
	if (status == 0)
		return 0;
	return ct_fail(err, CT_E_POLICY, "CTSHIM_AUDIT: the decision cannot be recorded in %.200s (%s)", config->audit,
		       status == -EAGAIN ? "its reader does not keep up" : strerror(-status));
}
