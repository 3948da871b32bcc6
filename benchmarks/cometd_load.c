/* Many CometD clients in one process, to measure a Bayeux server by: each signs in, handshakes, subscribes and connects for
 * ever, by long-polling or WebSocket, and times every event from its publishing.
 *
 *     cometd_load PORT PATH TRANSPORT CLIENTS CHANNEL [USER_FORMAT PASSWORD]
 *
 * TRANSPORT is "long-polling" or "websocket"; a %d in CHANNEL or USER_FORMAT is the client's number, from 0. With a user the
 * first request carries Basic credentials and all later ones the cookie of its answer, as browsers do. Events carry
 * "n":<number, one more each time> and "t":<CLOCK_MONOTONIC in ns at publishing>.
 *
 * Prints "ready" when every client waits for events. A line on standard input begins the measured stretch, the next one ends
 * it; then one line is printed: events, lost or disordered ones, failures, requests, and p50, p99 and maximum of the latency
 * in microseconds.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 64 * 1024, LATENCIES = 4 * 1024 * 1024, CONNECTING_MAX = 16 };
enum stage { UPGRADING, SHAKING, SUBSCRIBING, FIRST_CONNECT, CONNECTED };

struct client {
    int fd, number, used, waiting;
    enum stage stage;
    long expected;
    char id[96], cookie[256];
    char *in;
};

static struct client *clients;
static int epoll_fd, websocket_transport, client_count, waiting_count, started_count;
static const char *path, *channel_format, *user_format, *password;
static struct sockaddr_in address;
static uint32_t *latencies;
static long events, wrong, failures, requests;
static int measuring;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what) {
    fprintf(stderr, "cometd_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void base64(const char *text, char *out) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i += 3) {
        uint32_t bits = (uint8_t)text[i] << 16;
        if (i + 1 < length) bits |= (uint8_t)text[i + 1] << 8;
        if (i + 2 < length) bits |= (uint8_t)text[i + 2];
        *out++ = digits[bits >> 18];
        *out++ = digits[bits >> 12 & 63];
        *out++ = i + 1 < length ? digits[bits >> 6 & 63] : '=';
        *out++ = i + 2 < length ? digits[bits & 63] : '=';
    }
    *out = 0;
}

static void dial(struct client *c) {
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address)) die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event)) die("epoll_ctl");
    c->used = 0;
}

static void put(struct client *c, const char *bytes, size_t count) {
    if (write(c->fd, bytes, count) != (ssize_t)count) die("write");
}

static void credentials(struct client *c, char *out) {
    *out = 0;
    if (c->cookie[0]) {
        sprintf(out, "Cookie: %s\r\n", c->cookie);
    } else if (user_format) {
        char plain[256], encoded[512];
        int length = snprintf(plain, sizeof plain, user_format, c->number);
        snprintf(plain + length, sizeof plain - length, ":%s", password);
        base64(plain, encoded);
        sprintf(out, "Authorization: Basic %s\r\n", encoded);
    }
}

static void say(struct client *c, const char *body) {
    char out[4096], who[1024];
    size_t length = strlen(body);
    requests += measuring;
    if (!websocket_transport) {
        credentials(c, who);
        int size = snprintf(out, sizeof out,
            "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: cometd_load\r\nAccept: */*\r\n%s"
            "Content-Type: application/json;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n%s", path, who, length, body);
        put(c, out, size);
        return;
    }
    int at = 0;
    out[at++] = (char)0x81;
    if (length < 126) {
        out[at++] = (char)(0x80 | length);
    } else {
        out[at++] = (char)0xfe;
        out[at++] = (char)(length >> 8);
        out[at++] = (char)length;
    }
    memset(out + at, 0, 4); /* a mask of zeros is a mask */
    memcpy(out + at + 4, body, length);
    put(c, out, at + 4 + length);
}

static void upgrade(struct client *c) {
    char out[2048], who[1024];
    credentials(c, who);
    int size = snprintf(out, sizeof out,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n%s"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", path, who);
    put(c, out, size);
}

static void handshake(struct client *c) {
    c->stage = SHAKING;
    say(c, "[{\"channel\":\"/meta/handshake\",\"version\":\"1.0\",\"supportedConnectionTypes\":[\"websocket\",\"long-polling\"],\"id\":\"1\"}]");
}

static void start(struct client *c) {
    dial(c);
    c->stage = UPGRADING;
    if (websocket_transport) upgrade(c);
    else handshake(c);
}

static void subscribe(struct client *c) {
    char name[128], body[512];
    snprintf(name, sizeof name, channel_format, c->number);
    snprintf(body, sizeof body,
        "[{\"channel\":\"/meta/subscribe\",\"clientId\":\"%s\",\"subscription\":\"%s\",\"id\":\"2\"}]", c->id, name);
    c->stage = SUBSCRIBING;
    say(c, body);
}

static void meta_connect(struct client *c, int at_once) {
    char body[512];
    snprintf(body, sizeof body, "[{\"channel\":\"/meta/connect\",\"clientId\":\"%s\",\"connectionType\":\"%s\",\"id\":\"3\"%s}]",
        c->id, websocket_transport ? "websocket" : "long-polling", at_once ? ",\"advice\":{\"timeout\":0}" : "");
    c->stage = at_once ? FIRST_CONNECT : CONNECTED;
    say(c, body);
    if (!at_once && !c->waiting) {
        c->waiting = 1;
        waiting_count++;
        if (started_count < client_count) start(&clients[started_count++]);
    }
}

static void count_events(struct client *c, char *text) {
    for (char *at = text; (at = strstr(at, "\"n\":")); at++) {
        long number = strtol(at + 4, NULL, 10);
        char *sent = strstr(at, "\"t\":");
        if (!sent) die("an event without its time");
        if (measuring) {
            if (c->expected && number != c->expected) wrong++;
            if (events < LATENCIES) latencies[events] = (now_ns() - strtoll(sent + 4, NULL, 10)) / 1000;
            events++;
        }
        c->expected = number + 1;
    }
}

/* One array of messages has come. */
static void obey(struct client *c, char *text) {
    if (strstr(text, "\"successful\":false")) {
        failures++;
        fprintf(stderr, "cometd_load: %.300s\n", text);
    }
    count_events(c, text);
    switch (c->stage) {
    case SHAKING: {
        char *id = strstr(text, "\"clientId\":\"");
        if (!id || sscanf(id, "\"clientId\":\"%90[^\"]", c->id) != 1) {
            fprintf(stderr, "cometd_load: no client id in %.300s\n", text);
            exit(1);
        }
        subscribe(c);
        break;
    }
    case SUBSCRIBING:
        if (strstr(text, "/meta/subscribe")) meta_connect(c, 1);
        break;
    default:
        if (strstr(text, "/meta/connect")) meta_connect(c, 0);
    }
}

/* Takes one HTTP answer from the buffer; its size, or 0 when it is not whole. */
static int take_answer(struct client *c) {
    char *end = memmem(c->in, c->used, "\r\n\r\n", 4);
    if (!end) return 0;
    *end = 0;
    if (c->stage == UPGRADING) {
        if (strncmp(c->in, "HTTP/1.1 101", 12)) {
            fprintf(stderr, "cometd_load: %.300s\n", c->in);
            exit(1);
        }
        return end + 4 - c->in;
    }
    char *length = strcasestr(c->in, "\r\ncontent-length:");
    if (!length) die("an answer without its length");
    int body = atoi(length + 17), size = end + 4 - c->in + body;
    *end = '\r';
    return size <= c->used ? size : 0;
}

static void read_http(struct client *c) {
    int size;
    while ((size = take_answer(c))) {
        if (c->stage == UPGRADING) {
            memmove(c->in, c->in + size, c->used -= size);
            handshake(c);
            return;
        }
        static char body[BUFFER];
        char *end = memmem(c->in, c->used, "\r\n\r\n", 4), *cookie = strcasestr(c->in, "\r\nset-cookie:");
        if (cookie && cookie < end) sscanf(cookie + 13, " %250[^;\r]", c->cookie);
        int closes = (cookie = strcasestr(c->in, "\r\nconnection: close")) && cookie < end;
        int length = size - (end + 4 - c->in);
        memcpy(body, end + 4, length);
        body[length] = 0;
        memmove(c->in, c->in + size, c->used -= size);
        if (closes) {
            close(c->fd);
            dial(c);
        }
        obey(c, body);
    }
}

static void read_frames(struct client *c) {
    static char body[BUFFER];
    int at = 0;
    while (c->used - at >= 2) {
        uint8_t *head = (uint8_t *)c->in + at;
        int length = head[1] & 127, header = 2;
        if (length == 126) {
            if (c->used - at < 4) break;
            length = head[2] << 8 | head[3];
            header = 4;
        } else if (length == 127) {
            die("a frame too large");
        }
        if (c->used - at < header + length) break;
        at += header + length;
        if ((head[0] & 15) == 1) {
            memcpy(body, head + header, length);
            body[length] = 0;
            obey(c, body);
        } else if ((head[0] & 15) == 8) {
            failures++;
            fprintf(stderr, "cometd_load: closed with %d %.*s\n", head[header] << 8 | head[header + 1], length - 2, head + header + 2);
        } else if ((head[0] & 15) == 9) {
            char pong[140] = {(char)0x8a, (char)(0x80 | length)};
            memcpy(pong + 6, head + header, length);
            put(c, pong, 6 + length);
        }
    }
    memmove(c->in, c->in + at, c->used -= at);
}

static void receive(struct client *c) {
    ssize_t count = read(c->fd, c->in + c->used, BUFFER - c->used - 1);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
        if (!websocket_transport && c->used == 0 && !c->waiting) return;
        failures++;
        fprintf(stderr, "cometd_load: client %d was cut off in stage %d\n", c->number, c->stage);
        epoll_ctl(epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
        return;
    }
    c->used += count;
    c->in[c->used] = 0;
    if (c->stage == UPGRADING || !websocket_transport) read_http(c);
    if (c->stage != UPGRADING && websocket_transport) read_frames(c);
}

static int ascending(const void *one, const void *other) {
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return (a > b) - (a < b);
}

static void report(void) {
    long count = events < LATENCIES ? events : LATENCIES;
    qsort(latencies, count, sizeof *latencies, ascending);
    printf("%ld %ld %ld %ld %u %u %u\n", events, wrong, failures, requests, count ? latencies[count / 2] : 0,
        count ? latencies[count * 99 / 100] : 0, count ? latencies[count - 1] : 0);
}

int main(int argc, char **argv) {
    if (argc != 6 && argc != 8) return 2;
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    path = argv[2];
    websocket_transport = !strcmp(argv[3], "websocket");
    client_count = atoi(argv[4]);
    channel_format = argv[5];
    if (argc == 8) user_format = argv[6], password = argv[7];
    clients = calloc(client_count, sizeof *clients);
    latencies = malloc(LATENCIES * sizeof *latencies);
    epoll_fd = epoll_create1(0);
    struct epoll_event input = {.events = EPOLLIN}, ready[256];
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &input);
    for (int i = 0; i < client_count; i++) {
        clients[i].number = i;
        clients[i].in = malloc(BUFFER);
    }
    while (started_count < client_count && started_count < CONNECTING_MAX) start(&clients[started_count++]);
    for (int told = 0;;) {
        int count = epoll_wait(epoll_fd, ready, 256, -1);
        for (int i = 0; i < count; i++) {
            char line[16];
            if (ready[i].data.ptr) {
                receive(ready[i].data.ptr);
            } else if (read(0, line, sizeof line) <= 0 || measuring) {
                report();
                return 0;
            } else {
                measuring = 1;
            }
        }
        if (!told && waiting_count == client_count) {
            told = 1;
            puts("ready");
            fflush(stdout);
        }
    }
}
