/* test_output: the queue of pieces to a client's socket. */

#include "chunk.h"
#include "connection.h"
#include "conversation.h"
#include "front_worker.h"
#include "output.h"
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

static struct front_worker worker;
static struct client client;
static struct exchange x;
static int peer;

/* A scope with the settings of the conversation alone. */
static struct conf_scope *scope_of(int64_t sendfile)
{
    static struct conversation_settings s;
    static union {
        struct conf_scope scope;
        char room[sizeof(struct conf_scope) + sizeof(void *)];
    } u;

    s = (struct conversation_settings){.sendfile = sendfile,
                                       .send_timeout = 60000};
    CONF_OF(&u.scope, &conversation_module) = &s;
    return &u.scope;
}

static void begin(bool sendfile)
{
    int pair[2];

    CU_ASSERT_EQUAL_FATAL(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    memset(&worker, 0, sizeof worker);
    memset(&client, 0, sizeof client);
    memset(&x, 0, sizeof x);
    worker.loop = event_loop_new();
    client.worker = &worker;
    client.transport = &transport_plain;
    client.event.fd = pair[0];
    client.event.can_write = true;
    arena_init(&x.arena, 4096);
    x.client = &client;
    x.worker = &worker;
    x.scope = scope_of(sendfile);
    peer = pair[1];
}

static void end(void)
{
    output_clear(&x);
    timer_clear(worker.loop, &client.timer);
    event_loop_free(worker.loop);
    chunks_free(&worker);
    arena_free(&x.arena);
    close(client.event.fd);
    close(peer);
}

/* What has arrived at the other end. */
static const char *arrived(void)
{
    static char text[256];
    ssize_t n = read(peer, text, sizeof text - 1);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void test_order(void)
{
    struct piece sized = {.file = -1, .size = "ff\r\n"};

    sized.bytes = (struct span){sized.size, 4};
    begin(false);
    CU_ASSERT(output_bytes(&x, SPAN("a"), NULL));
    CU_ASSERT(output_add(&x, &sized));
    CU_ASSERT(output_bytes(&x, SPAN(""), NULL));
    CU_ASSERT(output_bytes(&x, SPAN("b"), NULL));
    CU_ASSERT_EQUAL(x.out.pieces, 3);
    CU_ASSERT_EQUAL(x.out.queued, 6);
    output_flush(&x);
    CU_ASSERT_STRING_EQUAL(arrived(), "aff\r\nb");
    CU_ASSERT_EQUAL(x.out.pieces, 0);
    CU_ASSERT_EQUAL(x.out.queued, 0);
    CU_ASSERT_EQUAL(x.out.sent, 6);
    CU_ASSERT_PTR_NULL(x.out.first);
    end();
}

/* A short part of a file is read, and leaves with what stands around it; a long
 * one stays a piece of a file. */
static void file_between(bool sendfile, size_t n, bool stays)
{
    static char file[40000], got[40010];
    size_t len = 0;
    ssize_t r;
    int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

    for (size_t i = 0; i < sizeof file; i++)
        file[i] = (char)('a' + i % 23);
    begin(sendfile);
    CU_ASSERT_EQUAL_FATAL(pwrite(fd, file, sizeof file, 0), sizeof file);
    CU_ASSERT(output_bytes(&x, SPAN("<"), NULL));
    CU_ASSERT(
        output_add(&x, &(struct piece){.file = fd, .offset = 2, .left = n}));
    CU_ASSERT_EQUAL(x.out.last->file >= 0, stays);
    CU_ASSERT(output_add(&x, &(struct piece){.file = fd, .offset = 9}));
    CU_ASSERT(output_bytes(&x, SPAN(">"), NULL));
    CU_ASSERT_EQUAL(x.out.pieces, 3);
    output_flush(&x);
    while ((r = read(peer, got + len, sizeof got - len)) > 0)
        len += (size_t)r;
    CU_ASSERT_EQUAL(len, n + 2);
    CU_ASSERT(got[0] == '<' && got[n + 1] == '>');
    CU_ASSERT_EQUAL(memcmp(got + 1, file + 2, n), 0);
    end();
    close(fd);
}

static void test_file(void)
{
    file_between(true, 3, false);
    file_between(true, 16384, false);
    file_between(true, 16385, true);
    file_between(false, 30000, true);
}

/* Pieces of one chunk of memory keep it until the last is gone. */
static void test_shared_chunk(void)
{
    struct front_chunk *chunk;

    begin(false);
    chunk = chunk_new(&worker);
    CU_ASSERT_PTR_NOT_NULL_FATAL(chunk);
    chunk_use(chunk);
    memcpy(chunk->bytes, "ab.cd", 5);
    CU_ASSERT(output_bytes(&x, (struct span){chunk->bytes, 2}, chunk));
    CU_ASSERT(output_bytes(&x, (struct span){chunk->bytes + 3, 2}, chunk));
    CU_ASSERT_EQUAL(chunk->users, 3);
    chunk_drop(&worker, chunk);
    CU_ASSERT_EQUAL(worker.spare_chunk_count, 0);
    output_flush(&x);
    CU_ASSERT_STRING_EQUAL(arrived(), "abcd");
    CU_ASSERT_EQUAL(worker.spare_chunk_count, BYTES_KEPT(1));
    if (worker.spare_chunk_count > 0) {
        CU_ASSERT_PTR_EQUAL(chunk_new(&worker), chunk);
        free(chunk);
    }
    end();
}

/* Many small pieces count as much as many bytes. */
static void test_full(void)
{
    int n = 0;

    begin(false);
    CU_ASSERT(!output_full(&x, 1));
    while (!output_full(&x, 1 << 20) && n < 100000)
        n += output_bytes(&x, SPAN("x"), NULL);
    CU_ASSERT(n > 100 && n < 10000);
    output_clear(&x);
    CU_ASSERT(!output_full(&x, 1));
    output_bytes(&x, SPAN("xy"), NULL);
    CU_ASSERT(output_full(&x, 2));
    CU_ASSERT(!output_full(&x, 3));
    end();
}

/* A socket that is full keeps the rest for later, and the clock runs. */
static void test_full_socket(void)
{
    static char much[4 << 20];

    begin(false);
    CU_ASSERT(output_bytes(&x, (struct span){much, sizeof much}, NULL));
    output_flush(&x);
    CU_ASSERT(!client.event.can_write);
    CU_ASSERT(x.out.queued > 0 && x.out.queued < sizeof much);
    CU_ASSERT(client.timer.when != 0);
    CU_ASSERT_EQUAL(x.out.sent + x.out.queued, sizeof much);
    while (read(peer, much, sizeof much) > 0)
        ;
    client.event.can_write = true;
    output_flush(&x);
    CU_ASSERT(x.out.sent > 0);
    end();
}

static unsigned sends, files;

/* A byte at a time; and what is no file passes by other names. */
static ssize_t slow_send(struct client *c, struct iovec *iov, size_t count,
                         bool more)
{
    struct iovec one = {iov[0].iov_base, 1};

    sends++;
    return transport_plain.send(c, &one, 1, more || count > 1);
}

static ssize_t slow_send_file(struct client *c, int file, off_t offset,
                              size_t n)
{
    files++;
    return transport_plain.send_file(c, file, offset, n < 9000 ? n : 9000);
}

/* Nothing leaves but by the connection's transport. */
static void test_transport(void)
{
    static const struct transport slow = {.send = slow_send,
                                          .send_file = slow_send_file};
    int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    char got[20100];
    size_t len = 0;
    ssize_t n;

    CU_ASSERT_EQUAL_FATAL(ftruncate(fd, 20000), 0);
    begin(true);
    client.transport = &slow;
    CU_ASSERT(output_bytes(&x, SPAN("ab"), NULL));
    CU_ASSERT(output_bytes(&x, SPAN("c"), NULL));
    CU_ASSERT(output_add(&x, &(struct piece){.file = fd, .left = 20000}));
    output_flush(&x);
    while ((n = read(peer, got + len, sizeof got - len)) > 0)
        len += (size_t)n;
    CU_ASSERT_EQUAL(len, 20003);
    CU_ASSERT_EQUAL(memcmp(got, "abc", 4), 0);
    CU_ASSERT(sends == 3 && files == 3);
    CU_ASSERT_PTR_NULL(x.out.first);
    end();
    close(fd);
}

UNIT_MAIN("output", {"order", test_order}, {"file", test_file},
          {"shared chunk", test_shared_chunk}, {"full", test_full},
          {"full socket", test_full_socket}, {"transport", test_transport})
