/* counted: a transport that counts. */

#include "unit.h"

#include "connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

static void test_counted(void)
{
    char path[] = "/tmp/strata-test-XXXXXX", text[16];
    struct iovec iov[2] = {{(char *)"abc", 3}, {(char *)"de", 2}};
    struct client c = {.transport = &transport_counted};
    int pair[2], file = mkstemp(path);

    CU_ASSERT_EQUAL_FATAL(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    CU_ASSERT_EQUAL_FATAL(write(file, "0123456789", 10), 10);
    unlink(path);
    c.event.fd = pair[0];
    CU_ASSERT_EQUAL(c.transport->receive(&c, text, sizeof text), -1);
    CU_ASSERT_EQUAL(errno, EAGAIN);
    CU_ASSERT_EQUAL(c.received, 0);
    CU_ASSERT_EQUAL(c.transport->send(&c, iov, 2, false), 5);
    CU_ASSERT_EQUAL(c.transport->send_file(&c, file, 2, 4), 4);
    CU_ASSERT_EQUAL(c.sent, 9);
    CU_ASSERT_EQUAL(read(pair[1], text, sizeof text), 9);
    CU_ASSERT_EQUAL(memcmp(text, "abcde2345", 9), 0);
    CU_ASSERT_EQUAL(write(pair[1], "hello", 5), 5);
    CU_ASSERT_EQUAL(c.transport->receive(&c, text, 2), 2);
    CU_ASSERT_EQUAL(c.transport->receive(&c, text, sizeof text), 3);
    CU_ASSERT_EQUAL(c.received, 5);
    c.transport->shut_down(&c);
    CU_ASSERT_EQUAL(read(pair[1], text, sizeof text), 0);
    close(pair[1]);
    CU_ASSERT_EQUAL(c.transport->send(&c, iov, 2, false), -1);
    CU_ASSERT_EQUAL(c.sent, 9);
    CU_ASSERT_EQUAL(c.received, 5);
    close(pair[0]);
    close(file);
}

UNIT_MAIN("counted", {"counted", test_counted})
