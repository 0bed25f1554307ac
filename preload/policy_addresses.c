/* The machine's addresses, asked of the kernel by netlink: getifaddrs() allocates and locks. */
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "json_put.h"
#include "policy_fields.h"
#include "raw.h"

enum { MESSAGES = 16 * 1024 }; /* the kernel sends no longer parts */

static int ask(int fd)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg message;
	} request = {
		.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)), .nlmsg_type = RTM_GETADDR,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = 1},
		.message = {.ifa_family = AF_UNSPEC},
	};
	struct timeval patience = {.tv_sec = 1};
	SHIM_RAW(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience, 0);
	return SHIM_RAW(SYS_sendto, fd, &request, request.header.nlmsg_len, 0, NULL, 0) > 0 ? 0 : -1;
}

static bool is_loopback(int family, const uint8_t *address)
{
	static const uint8_t loopback6[16] = {[15] = 1};
	return family == AF_INET ? address[0] == 127 : memcmp(address, loopback6, 16) == 0;
}

static void put_address(struct ct_buffer *json, const struct nlmsghdr *header)
{
	const struct ifaddrmsg *message = NLMSG_DATA(header);
	size_t left = header->nlmsg_len - NLMSG_LENGTH(sizeof *message);
	const uint8_t *local = NULL, *address = NULL; /* of a point-to-point link, the second is the other end's */
	char text[INET6_ADDRSTRLEN];
	size_t want = message->ifa_family == AF_INET ? 4 : 16;
	if (message->ifa_family != AF_INET && message->ifa_family != AF_INET6)
		return;
	for (const struct rtattr *at = IFA_RTA(message); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		if (RTA_PAYLOAD(at) != want)
			continue;
		if (at->rta_type == IFA_LOCAL)
			local = RTA_DATA(at);
		else if (at->rta_type == IFA_ADDRESS)
			address = RTA_DATA(at);
	}
	if (local == NULL)
		local = address;
	if (local != NULL && !is_loopback(message->ifa_family, local)
	    && inet_ntop(message->ifa_family, local, text, sizeof text) != NULL)
		shim_json_text(json, NULL, text);
}

/* True when the last message was among them; *failed: the list is not whole. */
static bool take(struct ct_buffer *json, const char *bytes, size_t len, bool *failed)
{
	for (const struct nlmsghdr *at = (const void *)bytes; NLMSG_OK(at, len); at = NLMSG_NEXT(at, len)) {
		if ((at->nlmsg_flags & NLM_F_DUMP_INTR) != 0 || at->nlmsg_type == NLMSG_ERROR)
			*failed = true;
		if (at->nlmsg_type == NLMSG_DONE || at->nlmsg_type == NLMSG_ERROR)
			return true;
		if (at->nlmsg_type == RTM_NEWADDR && at->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifaddrmsg)))
			put_address(json, at);
	}
	return false;
}

/* The list, or false: half of one would be a lie. */
static bool list(struct ct_buffer *json)
{
	_Alignas(struct nlmsghdr) char bytes[MESSAGES];
	bool failed = false, done = false;
	int fd = (int)SHIM_RAW(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE, 0, 0, 0);
	if (fd < 0)
		return false;
	failed = ask(fd) < 0;
	while (!failed && !done) {
		ssize_t len = SHIM_RAW(SYS_recvfrom, fd, bytes, sizeof bytes, 0, NULL, NULL);
		if (len == -EINTR)
			continue;
		failed = len <= 0;
		if (!failed)
			done = take(json, bytes, (size_t)len, &failed);
	}
	raw_close(fd);
	return !failed;
}

void shim_put_addresses(struct ct_buffer *json)
{
	struct ct_buffer addresses = {0};
	shim_json_begin(&addresses, NULL, '[');
	bool whole = list(&addresses);
	shim_json_end(&addresses, ']');
	if (whole && !addresses.failed)
		shim_json_value(json, "addresses", addresses.data, addresses.len);
	ct_buffer_free(&addresses);
}
